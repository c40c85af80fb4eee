//! The streams of the log: each a chain of its own, and what its entries say is judged.

use crate::codes::Code;
use crate::entry::{Entry, hash_of};
use crate::finding::{At, Found, shown};
use crate::judge::path::Place;
use crate::judge::persons::Persons;
use crate::judge::request::Request;
use crate::judge::sweep::{Order, compare};
use crate::judge::system::{Accounts, System, account};
use crate::time::text;
use std::collections::{BTreeMap, HashMap};

/// How long after its time something that is due may still not have been done, in seconds.
const GRACE: i64 = 900;

/// How long after an end IAM may take to bear it out, in seconds.
const VERIFIED_WITHIN: i64 = 3_600;

/// A stream so far: the hash of each of its entries, and the time of the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain {
    /// By place, from 1.
    hashes: BTreeMap<u64, [u8; 32]>,
    /// The last place.
    seq: u64,
    at: i64,
}

impl Chain {
    /// The last place.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// The last place, and the hash of the entry there.
    pub(crate) fn end(&self) -> (u64, [u8; 32]) {
        (self.seq, self.hash(self.seq).copied().unwrap_or_default())
    }

    /// The hash of the entry at `seq`.
    pub(crate) fn hash(&self, seq: u64) -> Option<&[u8; 32]> {
        self.hashes.get(&seq)
    }
}

/// All streams.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    pub(crate) chains: HashMap<String, Chain>,
    pub(crate) requests: BTreeMap<String, Request>,
    orders: BTreeMap<String, Order>,
    accounts: Accounts,
    pub(crate) system: System,
    persons: Persons,
}

impl Streams {
    /// Takes in the next leaf's entry.
    pub(crate) fn take(&mut self, entry: &Entry, bytes: &[u8], index: u64, found: &mut Found) {
        let at = At::entry(index, &entry.stream, entry.seq);
        let chain = self.chains.entry(entry.stream.clone()).or_default();
        let next = chain.seq().saturating_add(1);
        if entry.seq != next {
            let sentence = format!("It says place {}; the next of its stream is {next}.", entry.seq);
            found.add(Code::OutOfPlace, at, sentence);
            if entry.seq < next {
                // A second one, or an old one: nothing goes on from it.
                return;
            }
            // What is missing is found once: the stream goes on from here.
        } else if chain.hash(chain.seq).unwrap_or(&[0; 32]) != &entry.prev {
            found.add(Code::Unlinked, at, "It does not name the hash of the entry before it.");
        } else if entry.at < chain.at {
            let sentence = format!("It says {}; the entry before it says {}.", text(entry.at), text(chain.at));
            found.add(Code::Backwards, at, sentence);
        }
        chain.hashes.insert(entry.seq, hash_of(bytes));
        (chain.seq, chain.at) = (entry.seq, entry.at);
        self.judge(entry, index, found);
    }

    fn judge(&mut self, entry: &Entry, index: u64, found: &mut Found) {
        let known = |map: &str| entry.stream.starts_with(map);
        if known("req_") {
            let request = self.requests.entry(entry.stream.clone()).or_default();
            request.take(entry, index, found, &mut self.persons);
        } else if known("swp_") {
            self.orders.entry(entry.stream.clone()).or_default().take(entry, index, found);
        } else if known("acc_") {
            account(&mut self.accounts, entry, index, found);
        } else if matches!(entry.stream.as_str(), "sys_policy" | "sys_deployment" | "sys_log") {
            self.system.take(entry, index, found);
        } else if entry.seq == 1 {
            let sentence = format!("`{}` is no stream that this program knows.", shown(&entry.stream));
            found.add(Code::UnknownStream, At::entry(index, &entry.stream, 1), sentence);
        }
    }

    /// What only shows once everything is read, `newest` being the newest time in the log.
    pub(crate) fn finish(&self, newest: i64, found: &mut Found) {
        let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        found.figures.streams = count(self.chains.len());
        found.figures.requests = count(self.requests.len());
        compare(&self.orders, &self.requests, &self.persons, found);
        let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
        for (id, request) in &self.requests {
            for key in &request.keys {
                if let Some(other) = keys.insert(&key.id, id) {
                    let sentence = format!("{} was handed out before, for {}.", shown(&key.id), shown(other));
                    found.add(Code::KeyIssuedTwice, At::entry(key.index, id, key.seq), sentence);
                }
            }
            let seq = self.chains.get(id).map_or(0, Chain::seq);
            overdue(request, newest, |code, sentence| found.add(code, At::entry(request.index, id, seq), sentence));
        }
        self.summaries(newest, found);
    }

    /// What days' summaries say is what the log holds.
    fn summaries(&self, newest: i64, found: &mut Found) {
        let mut said: Vec<i64> = self.system.started.into_iter().chain(self.system.summaries.iter().copied()).collect();
        said.push(newest);
        for (before, after) in said.iter().zip(said.iter().skip(1)) {
            // Made on the first occasion of a day.
            if after.saturating_sub(*before) > GRACE.saturating_add(86_400) {
                let sentence = format!("No day between {} and {} has a summary.", text(*before), text(*after));
                found.add(Code::SummaryMissing, At::stream("sys_log"), sentence);
            }
        }
        for head in &self.system.heads {
            let logged = self.chains.get(&head.stream).and_then(|chain| chain.hash(head.seq)).map(hex::encode);
            // What was stored just before is logged just after.
            let awaited = logged.is_none() && newest <= head.at.saturating_add(GRACE);
            if logged.as_deref() != Some(&head.hash) && !awaited {
                let at =
                    At { index: Some(head.index), stream: Some(head.stream.clone()), seq: Some(head.seq), path: None };
                let what = if logged.is_some() {
                    "another entry than the log holds there"
                } else {
                    "an entry that the log does not hold"
                };
                found.add(Code::SummaryDiffers, at, format!("The summary sys_log/{} names {what}.", head.of));
            }
        }
    }
}

/// What should have happened by now.
fn overdue(request: &Request, newest: i64, mut find: impl FnMut(Code, String)) {
    let late = |due: i64, grace: i64| newest > due.saturating_add(grace);
    match request.place {
        Place::Pending if late(request.lapses_at(), GRACE) => {
            find(
                Code::OpenPastItsTime,
                format!("It could be countersigned until {}, and waits.", text(request.lapses_at())),
            );
        }
        Place::Approved if request.approved_at().is_some_and(|at| late(at, GRACE.saturating_mul(2))) => {
            find(Code::OpenPastItsTime, "It was approved, and nothing came of it, not even that it lapsed.".to_owned());
        }
        Place::Provisioning | Place::Active | Place::Revoking => {
            if let Some((_, over)) = request.window.filter(|(_, over)| late(*over, GRACE)) {
                find(
                    Code::AccessPastItsWindow,
                    format!("Its window was over at {}, and its end is not recorded.", text(over)),
                );
            }
        }
        Place::Ended if !request.verified && request.ended_at.is_some_and(|at| late(at, VERIFIED_WITHIN)) => {
            find(Code::EndUnverified, "It is said to have ended, and nothing says that IAM bears it out.".to_owned());
        }
        Place::Pending | Place::Approved | Place::Ended | Place::Nowhere | Place::Closed => {}
    }
}
