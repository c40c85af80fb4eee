//! What people do who may: ask, countersign, decide otherwise, fetch credentials, look; twice, and once more.

use super::{Acts, Aim, NEWEST, Open, REMEMBERED, Sent, push, repeat};
use crate::load::ledger::Asked;
use crate::load::people::{APPROVERS, BOTH, ENGINEERS, NEEDED, approver, arn, engineer, slack_user};
use crate::mail::{TEAM, To};
use crate::people::{api, command, press, slack};
use crate::site::SECRETS;
use model::names::RequestId;
use serde_json::json;

impl Acts {
    fn signed(&self, kind: &'static str, route: &str, body: &str, aim: Aim) -> Sent {
        let event = slack(route, body, SECRETS[0], self.pool.world().aws_now());
        Sent { kind, to: To::Conversation, event, aim }
    }

    pub(super) fn tag(&self, entitlement: &str, asked: Asked) -> String {
        let tag = format!("{entitlement} for load {:06}", self.next());
        self.ledger().asked.insert(tag.clone(), asked);
        tag
    }

    /// Somebody asks, through either door.
    pub(super) fn ask(&self) -> Sent {
        let (name, _) = NEEDED[self.below(3)];
        // What needs nobody is no bait.
        let bait = name != "logs-read" && self.below(100) < 15;
        let person = engineer(if self.below(4) == 0 { self.below(BOTH) } else { self.below(ENGINEERS) });
        let tag = self.tag(name, Asked { person: person.clone(), bait, ..Asked::default() });
        let minutes = 2 + self.below(2);
        let sent = if self.below(2) == 0 {
            let body = json!({"entitlement": name, "durationSeconds": minutes * 60, "justification": tag});
            let event = api("POST /v1/requests", &arn(&person), "", &body, Some(&tag.replace(' ', "-")));
            Sent { kind: "ask, API", to: To::Intake, event, aim: Aim::Ask(tag) }
        } else {
            let body = command(TEAM, &slack_user(&person), &format!("{name} {minutes}m {tag}"), self.next());
            self.signed("ask, Slack", "POST /slack/commands", &body, Aim::Ask(tag))
        };
        push(&mut self.board().sent, sent.clone(), REMEMBERED);
        sent
    }

    /// What somebody sees who looks at a request now.
    pub(super) fn digest(&self, id: &str) -> String {
        let id: Option<RequestId> = id.parse().ok();
        let stored = id.and_then(|id| self.pool.world().stored(&id));
        stored.map(|stored| stored.state.terms().digest().to_string()).unwrap_or_default()
    }

    /// Somebody who may countersign what this person asked for.
    pub(super) fn other(&self, requester: &str) -> String {
        let nth = self.below(APPROVERS + BOTH);
        let person = if nth < APPROVERS { approver(nth) } else { engineer(nth - APPROVERS) };
        if person == requester { approver(0) } else { person }
    }

    fn approval(&self, open: &Open, person: &str, kinds: [&'static str; 2]) -> Sent {
        let (id, digest) = (open.id.as_str(), self.digest(&open.id));
        let aim = Aim::Do(open.id.clone(), person.to_owned(), "approvalGiven");
        self.ledger().sent.insert((open.id.clone(), person.to_owned(), "approvalGiven"));
        if self.below(2) == 0 {
            let route = "POST /v1/requests/{id}/approve";
            let event = api(route, &arn(person), id, &json!({"digest": digest}), None);
            return Sent { kind: kinds[0], to: To::Approval, event, aim };
        }
        let body = press(&slack_user(person), "approve", &format!("{id}:{digest}"), "", self.next());
        self.signed(kinds[1], "POST /slack/interactions", &body, aim)
    }

    pub(super) fn approve(&self) -> Option<Sent> {
        let (open, person) = {
            let nth = self.below(self.board().waits.len());
            let person = self.other(&self.board().waits.get(nth)?.requester.clone());
            let mut board = self.board();
            let open = &mut board.waits[nth];
            open.approvals += 1;
            let open = open.clone();
            if open.approvals > open.needed + 1 {
                board.waits.swap_remove(nth);
                push(&mut board.granted, open.clone(), NEWEST);
            }
            push(&mut board.approved, (open.clone(), person.clone()), REMEMBERED);
            (open, person)
        };
        let sent = self.approval(&open, &person, ["approve, API", "approve, Slack"]);
        push(&mut self.board().sent, sent.clone(), REMEMBERED);
        Some(sent)
    }

    /// Somebody presses twice, or has done so before.
    pub(super) fn double_click(&self) -> Vec<(Sent, u64)> {
        let nth = self.below(self.board().approved.len());
        let found = self.board().approved.get(nth).cloned();
        let Some((open, person)) = found else { return vec![(self.ask(), 0)] };
        let kinds = ["double click, API", "double click, Slack"];
        let both = [self.approval(&open, &person, kinds), self.approval(&open, &person, kinds)];
        both.into_iter().zip([0, self.dice.lock().unwrap().seconds(300_000)]).collect()
    }

    /// What was sent before comes once more, byte for byte: Slack with its headers of a retry, the API with its key.
    pub(super) fn again(&self) -> Option<Sent> {
        let sent = self.board().sent.clone();
        let mut sent = self.one(&sent)?;
        if sent.to == To::Conversation {
            repeat(&mut sent.event, 1);
            sent.kind = "the same again, Slack";
        } else {
            sent.kind = "the same again, API";
        }
        Some(sent)
    }

    pub(super) fn decide(&self, how: &'static str) -> Option<Sent> {
        let (open, person) = {
            let nth = self.below(self.board().waits.len());
            let mut board = self.board();
            if board.waits.len() < 20 {
                return None;
            }
            let open = board.waits.swap_remove(nth);
            drop(board);
            let person = if how == "cancel" { open.requester.clone() } else { self.other(&open.requester) };
            (open, person)
        };
        let (event, body) = match how {
            "cancel" => ("requestCancelled", json!({})),
            _ => ("requestDenied", json!({"reason": "not now, please"})),
        };
        self.ledger().sent.insert((open.id.clone(), person.clone(), event));
        let route = format!("POST /v1/requests/{{id}}/{how}");
        let aim = Aim::Do(open.id.clone(), person.clone(), event);
        let event = api(&route, &arn(&person), &open.id, &body, None);
        Some(Sent { kind: if how == "cancel" { "cancel" } else { "deny" }, to: To::Approval, event, aim })
    }

    pub(super) fn granted(&self) -> Option<Open> {
        let granted = self.board().granted.clone();
        self.one(&granted)
    }

    pub(super) fn revoke(&self) -> Option<Sent> {
        let open = self.granted()?;
        let person = approver(self.below(APPROVERS));
        self.ledger().sent.insert((open.id.clone(), person.clone(), "revocationStarted"));
        let body = json!({"reason": "enough of it"});
        let event = api("POST /v1/requests/{id}/revoke", &arn(&person), &open.id, &body, None);
        let aim = Aim::Do(open.id, person, "revocationStarted");
        Some(Sent { kind: "revoke", to: To::Approval, event, aim })
    }

    pub(super) fn fetch(&self) -> Option<Sent> {
        let open = self.granted()?;
        let route = "POST /v1/requests/{id}/credentials";
        let event = api(route, &arn(&open.requester), &open.id, &json!({}), None);
        Some(Sent { kind: "credentials", to: To::Credentials, event, aim: Aim::Fetch(open.id) })
    }

    pub(super) fn look(&self) -> Option<Sent> {
        let open = self.granted()?;
        let event = api("GET /v1/requests/{id}", &arn(&open.requester), &open.id, &json!({}), None);
        Some(Sent { kind: "look", to: To::Intake, event, aim: Aim::Look })
    }
}
