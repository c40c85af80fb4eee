//! Calls that nobody who may had sent, or not so. They are about requests that nobody else does anything about, or carry a
//! tag that must never be on record, or do what a rule forbids to whoever does it.

use end_to_end::chat::Message;
use serde_json::{Value, json};

use super::honest::approval;
use super::{APPROVERS, Acts, Aim, ENGINEERS, Open, Sent};
use crate::calls::{Way, ask, get, post};
use crate::ledger::Asked;

impl Acts {
    pub(super) fn hostile(&self) -> Option<Sent> {
        match self.below(18) {
            nth @ 0..4 => self.not_slack(nth),
            nth @ 4..8 => self.not_by_slack(nth),
            nth @ 8..13 => self.not_a_request(nth),
            nth => self.not_theirs(nth),
        }
    }

    fn bait(&self) -> Option<Open> {
        let baits = self.board().baits.clone();
        self.one(&baits)
    }

    /// A tag that must not be on record.
    fn forbidden(&self, person: &str) -> String {
        self.tag("chaos-read", Asked { hostile: true, person: person.to_owned(), ..Asked::default() })
    }

    fn user(&self, person: &str) -> String {
        self.stage.outputs.person(person).map(|person| person.slack_user_id.clone()).unwrap_or_default()
    }

    /// Commands that Slack did not sign just now, or not for us.
    fn not_slack(&self, nth: u64) -> Option<Sent> {
        let tag = self.forbidden("alice");
        let (kind, tamper) = wrong(nth)?;
        let way = Way::Command { user: self.user("alice"), text: format!("chaos-read 2m {tag}"), tamper };
        Some(Sent { kind, way, aim: Aim::Nothing })
    }

    /// Presses that Slack did not sign just now, or not for us.
    fn not_by_slack(&self, nth: u64) -> Option<Sent> {
        let card = Box::new(self.card()?);
        let (_, tamper) = wrong(nth.checked_sub(4)?)?;
        let way = Way::Press { user: self.user(self.one(&APPROVERS)?), card, button: "approve", tamper };
        Some(Sent { kind: "forged press", way, aim: Aim::Nothing })
    }

    /// The card of a bait.
    fn card(&self) -> Option<Message> {
        let board = self.board();
        board.baits.iter().rev().find_map(|bait| board.cards.get(&bait.id).cloned())
    }

    /// What is no request, or nobody's.
    fn not_a_request(&self, nth: u64) -> Option<Sent> {
        let person = self.one(&ENGINEERS)?;
        let tag = self.forbidden(person);
        let (kind, way) = match nth {
            8 => ("body too long", long(ask(person, "chaos-read", 90, &tag))),
            9 => ("malformed JSON", broken(ask(person, "chaos-read", 90, &tag))),
            10 => ("not signed", ask("nobody", "chaos-read", 90, &tag)),
            11 => ("signed with another secret", ask("forged", "chaos-read", 90, &tag)),
            _ => {
                // The key of a request that was made, with something else.
                let asks = self.board().asks.clone();
                let ledger = self.ledger();
                let is_made = |tag: &str| ledger.asked.get(tag).is_some_and(|asked| !asked.answered.is_empty());
                let used = asks.into_iter().rev().find(|(_, tag)| is_made(tag)).map(|(sent, _)| sent.way)?;
                let Way::Api { person, key, .. } = used else { return None };
                let Way::Api { path, body, .. } = ask(person, "chaos-read", 91, &tag) else { return None };
                ("a used key with another body", Way::Api { person, path, body, key })
            }
        };
        Some(Sent { kind, way, aim: Aim::Nothing })
    }

    /// What is signed rightly, by somebody who may not.
    fn not_theirs(&self, nth: u64) -> Option<Sent> {
        let bait = self.bait()?;
        let other = ENGINEERS.into_iter().find(|person| *person != bait.requester)?;
        let (kind, way) = match nth {
            13 => ("self-approval", approval(bait.requester, &bait.id, &bait.digest)),
            14 => ("a stranger approves", approval("mallory", &bait.id, &bait.digest)),
            15 => {
                let granted = self.granted()?;
                ("approval of another digest", approval(self.one(&APPROVERS)?, &bait.id, &granted.digest))
            }
            16 if self.below(2) == 0 => {
                ("another cancels", post(other, format!("/v1/requests/{}/cancel", bait.id), &json!({})))
            }
            16 => ("a stranger looks", get("mallory", format!("/v1/requests/{}", bait.id))),
            _ => {
                let granted = self.granted()?;
                let thief = ENGINEERS.into_iter().find(|person| *person != granted.requester)?;
                let path = format!("/v1/requests/{}/credentials", granted.id);
                ("credentials of another", Way::Api { person: thief, path, body: Some(String::new()), key: None })
            }
        };
        Some(Sent { kind, way, aim: Aim::Nothing })
    }
}

/// What the local Slack is to do wrong.
fn wrong(nth: u64) -> Option<(&'static str, Value)> {
    match nth {
        0 => Some(("forged signature", json!({"secret": "ffffffffffffffffffffffffffffffff"}))),
        1 => Some(("old time stamp", json!({"timestampOffsetSeconds": -400}))),
        2 => Some(("foreign workspace", json!({"teamId": "T0FOREIGN1"}))),
        3 => Some(("no signature", json!({"signature": ""}))),
        _ => None,
    }
}

fn long(way: Way) -> Way {
    with_body(way, |body| format!("{body}{}", " ".repeat(300 * 1_024)))
}

fn broken(way: Way) -> Way {
    with_body(way, |body| body.trim_end_matches('}').to_owned())
}

fn with_body(way: Way, change: impl FnOnce(&str) -> String) -> Way {
    match way {
        Way::Api { person, path, body, key } => Way::Api { person, path, body: body.map(|body| change(&body)), key },
        other @ (Way::Command { .. } | Way::Press { .. }) => other,
    }
}
