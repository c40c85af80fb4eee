//! Calls that nobody who may had sent, or not so. They are about requests that nobody else does anything about, or carry a
//! tag that must never be on record, or do what a rule forbids to whoever does it.

use super::{Acts, Aim, Open, Sent};
use crate::load::ledger::Asked;
use crate::load::people::{APPROVERS, BOTH, ENGINEERS, approver, arn, countersigns, engineer, slack_user};
use crate::mail::{TEAM, To};
use crate::people::{api, command, press, slack};
use crate::site::SECRETS;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::time::Time;
use serde_json::{Value, json};

const APPROVE: &str = "POST /v1/requests/{id}/approve";
const PRESS: &str = "POST /slack/interactions";

impl Acts {
    fn bait(&self) -> Option<Open> {
        let baits = self.board().baits.clone();
        self.one(&baits)
    }

    /// A tag that must not be on record.
    fn forbidden(&self, person: &str) -> String {
        self.tag("logs-read", Asked { hostile: true, person: person.to_owned(), ..Asked::default() })
    }

    /// A press of Approve about a bait, by somebody who may.
    fn pressed(&self, bait: &Open, person: &str, digest: &str) -> String {
        press(&slack_user(person), "approve", &format!("{}:{digest}", bait.id), "", self.next())
    }

    fn at(&self, seconds: i64) -> Time {
        let now = self.pool.world().aws_now();
        Time::from_second(now.as_second() + seconds).unwrap_or(now)
    }

    pub(super) fn hostile(&self) -> Option<Sent> {
        let kinds = 16;
        let nth = self.below(kinds);
        if nth < 5 {
            return self.not_slack(nth);
        }
        if nth < 9 {
            return self.not_a_request(nth);
        }
        self.not_theirs(nth)
    }

    /// What Slack did not sign just now, or not for us.
    fn not_slack(&self, nth: usize) -> Option<Sent> {
        let bait = self.bait()?;
        let body = self.pressed(&bait, &approver(self.below(APPROVERS)), &self.digest(&bait.id));
        let now = self.at(0);
        let (kind, event) = match nth {
            0 => ("forged signature", slack(PRESS, &body, "ffffffffffffffffffffffffffffffff", now)),
            1 => ("old time stamp", slack(PRESS, &body, SECRETS[0], self.at(-400))),
            2 => ("time stamp to come", slack(PRESS, &body, SECRETS[0], self.at(400))),
            3 => ("foreign workspace", slack(PRESS, &body.replace(TEAM, "T0FOREIGN1"), SECRETS[0], now)),
            _ => {
                let mut event = slack(PRESS, &body.replace("approve", "details"), SECRETS[0], now);
                event["body"] = json!(STANDARD.encode(&body));
                ("body changed once it was signed", event)
            }
        };
        Some(Sent { kind, to: To::Conversation, event, aim: Aim::Nothing })
    }

    /// What is no request, or too much of one.
    fn not_a_request(&self, nth: usize) -> Option<Sent> {
        let person = engineer(self.below(8));
        let tag = self.forbidden(&person);
        let body = json!({"entitlement": "logs-read", "durationSeconds": 120, "justification": tag});
        let ask = |body: &Value| api("POST /v1/requests", &arn(&person), "", body, Some(&tag.replace(' ', "-")));
        let (kind, to, event) = match nth {
            5 => {
                let mut event = ask(&body);
                event["body"] = json!(format!("{body}{}", " ".repeat(300 * 1_024)));
                ("body too long, API", To::Intake, event)
            }
            6 => {
                let mut event = ask(&body);
                event["body"] = json!(body.to_string().trim_end_matches('}'));
                ("malformed JSON", To::Intake, event)
            }
            7 => {
                let text = format!("logs-read 2m {tag} {}", "x".repeat(300 * 1_024));
                let body = command(TEAM, &slack_user(&person), &text, self.next());
                ("body too long, Slack", To::Conversation, slack("POST /slack/commands", &body, SECRETS[0], self.at(0)))
            }
            _ => {
                // The key of a request that was made, with something else.
                let used = self.board().sent.iter().rev().find(|sent| sent.kind == "ask, API").cloned()?;
                let mut event = used.event;
                event["body"] = json!(body.to_string());
                if !matches!(&used.aim, Aim::Ask(tag) if self.is_answered(tag)) {
                    return None;
                }
                ("a used key with another body", To::Intake, event)
            }
        };
        Some(Sent { kind, to, event, aim: Aim::Nothing })
    }

    fn is_answered(&self, tag: &str) -> bool {
        self.ledger().asked.get(tag).is_some_and(|asked| !asked.answered.is_empty())
    }

    /// What is signed rightly, by somebody who may not.
    fn not_theirs(&self, nth: usize) -> Option<Sent> {
        let bait = self.bait()?;
        let digest = self.digest(&bait.id);
        let own = json!({"digest": digest});
        let call = |route: &str, signer: &str, body: &Value| api(route, signer, &bait.id, body, None);
        let stranger =
            (BOTH..ENGINEERS).map(engineer).find(|person| !countersigns(person) && *person != bait.requester)?;
        let pressing = |kind, person: &str, digest: &str| {
            let body = self.pressed(&bait, person, digest);
            Sent { kind, to: To::Conversation, event: slack(PRESS, &body, SECRETS[0], self.at(0)), aim: Aim::Nothing }
        };
        let (kind, to, event) = match nth {
            9 => ("self-approval, API", To::Approval, call(APPROVE, &arn(&bait.requester), &own)),
            10 => return Some(pressing("self-approval, Slack", &bait.requester, &digest)),
            11 => {
                let other = self.granted()?;
                let body = json!({"digest": self.digest(&other.id)});
                ("stale digest, API", To::Approval, call(APPROVE, &arn(&self.other(&bait.requester)), &body))
            }
            12 => {
                let other = self.digest(&self.granted()?.id);
                return Some(pressing("stale digest, Slack", &self.other(&bait.requester), &other));
            }
            13 => match self.below(3) {
                0 => ("wrong person approves, API", To::Approval, call(APPROVE, &arn("mallory"), &own)),
                1 => return Some(pressing("wrong person approves, Slack", &stranger, &digest)),
                _ => ("a session that says it is somebody", To::Approval, call(APPROVE, "role/eve/bob", &own)),
            },
            14 if self.below(2) == 0 => {
                let route = "POST /v1/requests/{id}/cancel";
                ("wrong person cancels", To::Approval, call(route, &arn(&stranger), &json!({})))
            }
            14 => {
                let body = json!({"digest": digest, "durationSeconds": 3_600});
                ("approval of more than was asked for", To::Approval, call(APPROVE, &arn(&approver(1)), &body))
            }
            _ => {
                let open = self.granted()?;
                let thief = (BOTH..ENGINEERS).map(engineer).find(|person| *person != open.requester)?;
                let route = "POST /v1/requests/{id}/credentials";
                ("credentials of another", To::Credentials, api(route, &arn(&thief), &open.id, &json!({}), None))
            }
        };
        Some(Sent { kind, to, event, aim: Aim::Nothing })
    }
}
