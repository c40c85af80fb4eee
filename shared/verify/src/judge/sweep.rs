//! Orders to end everything of a scope: each by itself, and then held against the requests of its scope.

use super::persons::Persons;
use super::request::Request;
use super::{CLOCKS_DIFFER, QUARANTINE};
use crate::codes::Code;
use crate::entry::Entry;
use crate::finding::{At, Found, shown};
use crate::time::text;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Nowhere,
    Proposed,
    Running,
    Finished,
    Reinstated,
}

/// A panic or an offboarding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    place: Place,
    /// `panic` or `offboarded`, as requests that it ended say it.
    kind: &'static str,
    scope: Value,
    proposer: Option<String>,
    until: Option<i64>,
    since: Option<i64>,
    finished: Option<(i64, u64, u64)>,
    reinstated: Option<i64>,
}

impl Order {
    /// Takes in the next entry.
    pub(crate) fn take(&mut self, entry: &Entry, index: u64, found: &mut Found) {
        let mut find = |code, sentence: String| found.add(code, At::entry(index, &entry.stream, entry.seq), sentence);
        let next = match (entry.kind.as_str(), self.place) {
            ("panicProposed", Place::Nowhere) => Place::Proposed,
            ("panicStarted", Place::Nowhere | Place::Proposed) | ("offboardingStarted", Place::Nowhere) => {
                Place::Running
            }
            ("sweepFinished", Place::Running) => Place::Finished,
            ("personReinstated", Place::Finished) if self.kind == "offboarded" => Place::Reinstated,
            // It says nothing of when or how the order was carried out.
            ("wordsErased", Place::Finished | Place::Reinstated) => return,
            // Nobody confirmed it in time: it is over too.
            ("wordsErased", Place::Proposed) if self.until.is_some_and(|until| entry.at >= until) => return,
            (
                "panicProposed" | "panicStarted" | "offboardingStarted" | "sweepFinished" | "personReinstated"
                | "wordsErased",
                _,
            ) => {
                return find(Code::ImpossibleEvent, format!("`{}` can't follow in this order.", entry.kind));
            }
            _ => {
                let kind = shown(&entry.kind);
                return find(Code::UnknownEvent, format!("`{kind}` is no event of an order that this program knows."));
            }
        };
        let by = entry.text("by").filter(|_| entry.kind.starts_with("panic"));
        if entry.kind.starts_with("panic") && (by.is_none() || entry.by() != by) {
            find(Code::ForgedCause, "The order says one person, and was caused by another, or by none.".to_owned());
        }
        match next {
            Place::Proposed => {
                self.kind = "panic";
                self.scope = entry.data.get("scope").cloned().unwrap_or_default();
                (self.proposer, self.until) = (by.map(str::to_owned), entry.time("until"));
            }
            Place::Running => {
                if self.place == Place::Proposed {
                    let late = self.until.is_none_or(|until| entry.at >= until);
                    if self.proposer.as_deref() == by || late {
                        let sentence = "It was confirmed by who had proposed it, or too late.";
                        find(Code::BadConfirmation, sentence.to_owned());
                    }
                    if entry.data.get("scope") != Some(&self.scope) {
                        find(Code::BadConfirmation, "Something else was confirmed than had been proposed.".to_owned());
                    }
                }
                self.since = Some(entry.at);
                if entry.kind == "offboardingStarted" {
                    self.kind = "offboarded";
                    let person = entry.data.get("person").cloned().unwrap_or_default();
                    self.scope = serde_json::json!({"kind": "person", "person": person});
                } else {
                    self.kind = "panic";
                    self.scope = entry.data.get("scope").cloned().unwrap_or_default();
                }
            }
            Place::Finished => {
                if self.since.is_none_or(|since| entry.at.saturating_sub(since) < QUARANTINE) {
                    find(
                        Code::ImpossibleEvent,
                        format!("It is finished sooner than {QUARANTINE} s after its beginning."),
                    );
                }
                self.finished = Some((entry.at, index, entry.seq));
            }
            Place::Reinstated => self.reinstated = Some(entry.at),
            Place::Nowhere => {}
        }
        self.place = next;
    }

    fn covers(&self, request: &Request) -> bool {
        let part = |name: &str| self.scope.get(name).and_then(Value::as_str);
        match part("kind") {
            Some("all") => true,
            Some("person") => part("person") == Some(&request.requester),
            Some("account") => part("account") == Some(&request.account),
            _ => false,
        }
    }

    /// Whether it can have stopped `request` at `at`.
    fn stops(&self, request: &Request, kind: &str, at: i64) -> bool {
        let begun = self.since.is_some_and(|since| {
            at.saturating_add(CLOCKS_DIFFER) >= since && request.submitted_at <= since.saturating_add(CLOCKS_DIFFER)
        });
        let over = self.finished.is_some_and(|(finished, ..)| at > finished.saturating_add(CLOCKS_DIFFER));
        self.kind == kind && begun && !over && self.covers(request)
    }
}

/// Holds orders and requests against each other.
pub(crate) fn compare(
    orders: &BTreeMap<String, Order>,
    requests: &BTreeMap<String, Request>,
    persons: &Persons,
    found: &mut Found,
) {
    for (id, request) in requests {
        let Some(stopped) = &request.stopped else { continue };
        if !orders.values().any(|order| order.stops(request, &stopped.kind, stopped.at)) {
            let sentence = format!("It was ended by `{}`, and no such order was in force.", shown(&stopped.kind));
            found.add(Code::StoppedWithoutOrder, At::entry(stopped.index, id, stopped.seq), sentence);
        }
    }
    for (id, order) in orders {
        if let (Some(since), Some((at, index, seq))) = (order.since, order.finished) {
            let left = |request: &&Request| {
                let before = request.submitted_at < since.saturating_sub(CLOCKS_DIFFER);
                let open = request.closed_at.is_none_or(|closed| closed > at.saturating_add(CLOCKS_DIFFER));
                before && open && order.covers(request)
            };
            let left = requests.values().filter(left).count();
            if left > 0 {
                let sentence = format!("It is finished, and {left} requests of its scope were not ended by then.");
                found.add(Code::SweepLeftAccess, At::entry(index, id, seq), sentence);
            }
        }
        let barred = order.scope.get("person").and_then(Value::as_str).filter(|_| order.kind == "offboarded");
        if let (Some(person), Some(since)) = (barred, order.since) {
            let from = since.saturating_add(CLOCKS_DIFFER);
            let until = order.reinstated.map_or(i64::MAX, |at| at.saturating_sub(CLOCKS_DIFFER));
            for act in persons.acts(person).filter(|act| act.at > from && act.at < until) {
                let sentence = format!("{} was barred at {}, and had a part in this.", shown(person), text(since));
                found.add(Code::BarredPersonActed, At { seq: Some(act.seq), ..At::index(act.index) }, sentence);
            }
        }
    }
}
