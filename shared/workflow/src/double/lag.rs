//! Reads that are behind: of IAM, which shows what was written only after a while, here and there; and of the indexes.

use super::cloud::Cloud;
use super::{Inner, World};
use crate::ports::Fault;
use model::time::Time;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// What IAM looked like before each of the last writes.
#[derive(Debug, Default, Clone)]
pub(super) struct Past {
    /// How long after a write a read may not show it, in seconds.
    longest: u64,
    /// When something was written, and what there was until then.
    before: VecDeque<(Time, Arc<Cloud>)>,
    drawn: u64,
    /// Whether each document is behind by itself, in lists too, and for what writes to it.
    unordered: bool,
    /// How often a read was answered from the past.
    behind: u64,
    /// How often a list left out, or still had, what others that changed later were shown without.
    disordered: u64,
}

impl Past {
    /// How far behind the next read is, in seconds: each one by itself, so that a later read may show less than an earlier.
    fn draw(&mut self) -> u64 {
        // splitmix64: the same for every run.
        self.drawn = self.drawn.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.drawn ^ (self.drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 33).checked_rem(self.longest.saturating_add(1)).unwrap_or_default()
    }
}

impl World {
    /// From now on reads of IAM may not show what was written within the last `seconds`; 0: they show everything.
    pub fn set_iam_lag(&self, seconds: u64) {
        let past = &mut self.lock().past;
        past.longest = seconds;
        if seconds == 0 {
            past.before.clear();
        }
    }

    /// As [`World::set_iam_lag`], of each document by itself: a list may have what was made last and not what was made
    /// before, and what writes to a document may not find it yet.
    pub fn set_iam_unordered(&self, seconds: u64) {
        self.set_iam_lag(seconds);
        self.lock().past.unordered = seconds > 0;
    }

    /// How often a list or a write was answered so.
    pub fn iam_disordered(&self) -> u64 {
        self.lock().past.disordered
    }

    /// How often a read of IAM was answered from the past.
    pub fn iam_behind(&self) -> u64 {
        self.lock().past.behind
    }

    /// From now on lists by person, status and queue, and of what is due, show only what was stored so many seconds ago.
    pub fn set_index_lag(&self, seconds: u64) {
        self.lock().store.index_lag = seconds;
    }

    /// How often a list was behind what is stored.
    pub fn index_behind(&self) -> u64 {
        self.lock().store.index_behind
    }
}

impl Inner {
    /// Before a call takes effect: keeps what IAM looks like, if that may still be shown later.
    pub(super) fn remember_cloud(&mut self, nth: u64) {
        if self.past.longest == 0 || !self.gate.verb(nth).is_some_and(super::Verb::writes_cloud) {
            return;
        }
        let (now, longest) = (self.now, self.past.longest);
        self.past.before.retain(|(at, _)| at.plus(longest) >= now);
        self.past.before.push_back((now, Arc::new(self.cloud.clone())));
    }

    /// IAM as a read shows it.
    pub(super) fn seen<T>(&mut self, read: impl FnOnce(&Cloud) -> T) -> T {
        let behind = if self.past.longest == 0 { 0 } else { self.past.draw() };
        let now = self.now;
        // Written later than that: not shown.
        let before = self.past.before.iter().find(|(at, _)| at.plus(behind) > now).map(|(_, cloud)| Arc::clone(cloud));
        match before {
            Some(cloud) => {
                self.past.behind = self.past.behind.saturating_add(1);
                read(&cloud)
            }
            None => read(&self.cloud),
        }
    }

    /// The names of documents as a list shows them.
    pub(super) fn seen_names(&mut self, names: impl Fn(&Cloud) -> BTreeSet<String>) -> Vec<String> {
        if !self.past.unordered {
            return self.seen(&names).into_iter().collect();
        }
        let now = names(&self.cloud);
        let all: BTreeSet<String> =
            self.past.before.iter().flat_map(|(_, cloud)| names(cloud)).chain(now.clone()).collect();
        let shown: Vec<String> =
            all.into_iter().filter(|name| self.seen(|cloud| names(cloud).contains(name))).collect();
        let as_is = shown.len() == now.len() && shown.iter().all(|name| now.contains(name));
        self.past.disordered = self.past.disordered.saturating_add(u64::from(!as_is));
        shown
    }

    /// A write to a document that is there, and that IAM may not find yet.
    pub(super) fn finds(&mut self, doing: &'static str, is_there: impl Fn(&Cloud) -> bool) -> Result<(), Fault> {
        if !self.past.unordered || !is_there(&self.cloud) || self.seen(is_there) {
            return Ok(());
        }
        self.past.disordered = self.past.disordered.saturating_add(1);
        Err(Fault::new(doing, "NoSuchEntity"))
    }
}
