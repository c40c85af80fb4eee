//! What those who call know: what they sent, what they were answered, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use end_to_end::cloud::Cloud;

/// Something that was asked for: a tag that is its justification, and nobody else's.
#[derive(Debug, Default, Clone)]
pub(crate) struct Asked {
    /// Who asked.
    pub(crate) person: String,
    /// Whether nobody who may had sent it as it was: nothing may come of it.
    pub(crate) hostile: bool,
    /// Whether only hostile calls are about it: nothing may become of it.
    pub(crate) bait: bool,
    /// The requests that answers named.
    pub(crate) answered: BTreeSet<String>,
}

/// Who did what to which request: the request, the person, the event that it is on record.
pub(crate) type Deed = (String, String, &'static str);

/// A session that somebody was given.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Of this request.
    pub(crate) request: String,
    /// With its credentials.
    pub(crate) cloud: Cloud,
    /// When it has to end.
    pub(crate) expires_at: SystemTime,
}

/// What is remembered.
#[derive(Debug, Default, Clone)]
pub(crate) struct Ledger {
    /// By tag.
    pub(crate) asked: BTreeMap<String, Asked>,
    /// What was sent by who may.
    pub(crate) sent: BTreeSet<Deed>,
    /// What was answered with success.
    pub(crate) done: BTreeSet<Deed>,
    /// Hostile calls that were answered as if they were none, and sessions that lived too long.
    pub(crate) admitted: Vec<String>,
    /// How often each kind of call was made, and then what was answered, by status or code; `none`: nothing.
    pub(crate) kinds: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// How long answers took since they were due, in milliseconds, by door.
    pub(crate) waits: BTreeMap<&'static str, Vec<u64>>,
    /// Calls that were sent again, as nothing was answered.
    pub(crate) repeated: u64,
    /// Calls that were never answered, whatever was tried.
    pub(crate) unanswered: u64,
    /// Calls of those who may not.
    pub(crate) hostile: u64,
    /// Sessions that were given.
    pub(crate) sessions: Vec<Session>,
    /// Of them, those that IAM let do what they were for.
    pub(crate) used: u64,
    /// Of them, those that IAM was seen to deny right after their end.
    pub(crate) denied_in_time: u64,
}

impl Ledger {
    /// Another call of this kind has come to this.
    pub(crate) fn count(&mut self, kind: &'static str, what: String) {
        let times = self.kinds.entry(kind).or_default().entry(what).or_default();
        *times = times.saturating_add(1);
    }

    /// Calls in all, those that were sent again included.
    pub(crate) fn calls(&self) -> u64 {
        self.kinds.values().flat_map(BTreeMap::values).fold(0, |sum, times| sum.saturating_add(*times))
    }
}

/// The value that so many of a thousand are not above; 0 of none.
pub(crate) fn percentile(values: &[u64], permille: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = sorted.len().saturating_mul(permille).div_ceil(1_000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}
