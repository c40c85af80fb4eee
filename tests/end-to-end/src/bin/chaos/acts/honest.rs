//! What people do who may: ask, countersign, decide otherwise, fetch credentials, look; twice, and once more.

use serde_json::json;

use super::{APPROVERS, Acts, Aim, ENGINEERS, NEEDED, Open, Sent, push};
use crate::calls::{Way, ask, get, post};
use crate::ledger::Asked;

impl Acts {
    /// A tag that nothing else has.
    pub(super) fn tag(&self, entitlement: &str, asked: Asked) -> String {
        let tag = format!("{entitlement} in chaos {:06}", self.next());
        self.ledger().asked.insert(tag.clone(), asked);
        tag
    }

    fn slack_user(&self, person: &str) -> String {
        self.stage.outputs.person(person).map(|person| person.slack_user_id.clone()).unwrap_or_default()
    }

    /// Somebody asks, through either door.
    pub(super) fn ask(&self) -> Sent {
        let (name, needs) = self.one(&NEEDED).unwrap_or(("chaos-read", 0));
        // What needs nobody is no bait.
        let bait = needs > 0 && self.below(100) < 15;
        let by_slack = self.below(3) == 0;
        let person = if by_slack { "alice" } else { self.one(&ENGINEERS).unwrap_or("alice") };
        let tag = self.tag(name, Asked { person: person.to_owned(), bait, ..Asked::default() });
        if by_slack {
            let way =
                Way::Command { user: self.slack_user(person), text: format!("{name} 2m {tag}"), tamper: json!({}) };
            return Sent { kind: "ask, Slack", way, aim: Aim::Ask(tag) };
        }
        let way = ask(person, name, self.below(40).saturating_add(70), &tag);
        let sent = Sent { kind: "ask, API", way, aim: Aim::Ask(tag.clone()) };
        push(&mut self.board().asks, (sent.clone(), tag));
        sent
    }

    /// The same call once more, with its key.
    pub(super) fn again(&self) -> Option<Sent> {
        let asks: Vec<Sent> = self.board().asks.iter().map(|(sent, _)| sent.clone()).collect();
        self.one(&asks).map(|sent| Sent { kind: "ask again, API", ..sent })
    }

    fn waiting(&self) -> Option<Open> {
        let waits = self.board().waits.clone();
        self.one(&waits)
    }

    /// Somebody who may is about to do this to a request.
    fn may(&self, open: &Open, person: &str, does: &'static str) -> Aim {
        let deed = (open.id.clone(), person.to_owned(), does);
        self.ledger().sent.insert(deed.clone());
        Aim::Do(deed)
    }

    /// Somebody countersigns, by either door.
    pub(super) fn approve(&self) -> Option<Sent> {
        let (open, person) = (self.waiting()?, self.one(&APPROVERS)?);
        let card = self.board().cards.get(&open.id).cloned();
        let aim = self.may(&open, person, "approvalGiven");
        match card {
            Some(card) if self.below(3) == 0 => {
                let (user, card) = (self.slack_user(person), Box::new(card));
                let way = Way::Press { user, card, button: "approve", tamper: json!({}) };
                Some(Sent { kind: "press Approve", way, aim })
            }
            _ => Some(Sent { kind: "approve, API", way: approval(person, &open.id, &open.digest), aim }),
        }
    }

    /// The same person clicks twice, or two do at once.
    pub(super) fn twice(&self) -> Vec<Sent> {
        let Some(sent) = self.approve() else { return vec![self.ask()] };
        vec![sent.clone(), sent]
    }

    pub(super) fn deny(&self) -> Option<Sent> {
        let (open, person) = (self.waiting()?, self.one(&APPROVERS)?);
        let way = post(person, format!("/v1/requests/{}/deny", open.id), &json!({"reason": "not now"}));
        Some(Sent { kind: "deny", way, aim: self.may(&open, person, "requestDenied") })
    }

    pub(super) fn cancel(&self) -> Option<Sent> {
        let open = self.waiting()?;
        let way = post(open.requester, format!("/v1/requests/{}/cancel", open.id), &json!({}));
        Some(Sent { kind: "cancel", way, aim: self.may(&open, open.requester, "requestCancelled") })
    }

    pub(super) fn revoke(&self) -> Option<Sent> {
        let (open, person) = (self.granted()?, self.one(&APPROVERS)?);
        let way = post(person, format!("/v1/requests/{}/revoke", open.id), &json!({"reason": "enough of it"}));
        Some(Sent { kind: "revoke", way, aim: self.may(&open, person, "revocationStarted") })
    }

    pub(super) fn granted(&self) -> Option<Open> {
        let granted = self.board().granted.clone();
        self.one(&granted)
    }

    /// The requester fetches credentials, if that is how one gets in.
    pub(super) fn fetch(&self) -> Option<Sent> {
        let granted: Vec<Open> = self.board().granted.clone();
        let sessions: Vec<Open> = granted.into_iter().filter(|open| open.entitlement != "chaos-admin").collect();
        let open = self.one(&sessions)?;
        let path = format!("/v1/requests/{}/credentials", open.id);
        let way = Way::Api { person: open.requester, path, body: Some(String::new()), key: None };
        Some(Sent { kind: "credentials", way, aim: Aim::Fetch(open.id, open.requester) })
    }

    pub(super) fn look(&self) -> Option<Sent> {
        let open = self.granted().or_else(|| self.waiting())?;
        let way = get(open.requester, format!("/v1/requests/{}", open.id));
        Some(Sent { kind: "look", way, aim: Aim::Look })
    }
}

/// Countersigning by the API.
pub(super) fn approval(person: &'static str, id: &str, digest: &str) -> Way {
    post(person, format!("/v1/requests/{id}/approve"), &json!({"digest": digest}))
}
