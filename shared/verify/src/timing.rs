//! Whether the log was kept in time: what the witness's clock says of entries, and when nothing was said at all.

use crate::checkpoints::Checkpoints;
use crate::codes::Code;
use crate::finding::{At, Found};
use crate::time::text;

/// How long after its time an entry has to be cosigned, in seconds.
const COSIGNED_WITHIN: i64 = 300;

/// How far clocks of workers and of the witness may differ, in seconds.
const CLOCKS_DIFFER: i64 = 60;

/// The log says something every five minutes; so long may it be silent, in seconds.
const SILENT_FOR: i64 = 900;

/// When each leaf was cosigned first.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    /// Sizes, in order, each with the first time at which that many leaves, or more, were cosigned, and its name.
    cosigned: Vec<(u64, i64, String)>,
    /// Which of them covers the leaf that comes next.
    covers: usize,
    /// Of that one: how many leaves were late, the first of them, and by how much the latest.
    late: Option<(u64, u64, i64)>,
    /// The first leaf that no witness vouches for, and its time.
    bare: Option<(u64, i64)>,
    /// Whether there is a witness.
    witnessed: bool,
    /// The newest checkpoint that was anchored, as its path.
    anchored: Option<String>,
    /// The newest time so far.
    pub(crate) newest: Option<i64>,
}

impl Timing {
    pub(crate) fn new(checkpoints: &Checkpoints, witnessed: bool) -> Self {
        let times = checkpoints.others.iter().filter_map(|one| Some((one.size, one.cosigned_at?, one.path.clone())));
        let mut cosigned: Vec<(u64, i64, String)> = times.collect();
        let mut first = i64::MAX;
        for (_, time, _) in cosigned.iter_mut().rev() {
            first = first.min(*time);
            *time = first;
        }
        let anchored = checkpoints.anchored.map(|size| format!("anchors/{size:020}"));
        Self { cosigned, witnessed, anchored, ..Self::default() }
    }

    /// Takes in the time that leaf `index` says.
    pub(crate) fn take(&mut self, index: u64, at: i64, found: &mut Found) {
        if let Some(newest) = self.newest.filter(|newest| at.saturating_sub(*newest) > SILENT_FOR) {
            let sentence =
                format!("Nothing was logged between {} and {}, not even a heartbeat.", text(newest), text(at));
            found.add(Code::Silence, At::index(index), sentence);
        }
        self.newest = self.newest.max(Some(at));
        while self.cosigned.get(self.covers).is_some_and(|(size, ..)| *size <= index) {
            self.late(found);
            self.covers = self.covers.saturating_add(1);
        }
        let Some((_, time, _)) = self.cosigned.get(self.covers) else {
            self.bare = self.bare.or(Some((index, at)));
            return;
        };
        let after = time.saturating_sub(at);
        if after < CLOCKS_DIFFER.saturating_neg() {
            let sentence =
                format!("It says {}, and was cosigned at {}, before it can have been there.", text(at), text(*time));
            found.add(Code::FromTheFuture, At::index(index), sentence);
        }
        if after > COSIGNED_WITHIN {
            let (count, first, most) = self.late.unwrap_or((0, index, 0));
            self.late = Some((count.saturating_add(1), first, most.max(after)));
        }
    }

    /// Tells of what was late of one cosigned checkpoint.
    fn late(&mut self, found: &mut Found) {
        if let (Some((count, first, most)), Some((_, _, path))) = (self.late.take(), self.cosigned.get(self.covers)) {
            let sentence =
                format!("{count} entries from here on were cosigned late, up to {most} s after they were made.");
            found.add(Code::LoggedLate, At { index: Some(first), ..At::path(path) }, sentence);
        }
    }

    /// What only shows at the end; `as_of` is when the log was fetched, if that is known.
    pub(crate) fn finish(&mut self, as_of: Option<i64>, found: &mut Found) {
        self.late(found);
        let Some(newest) = self.newest else { return };
        if let Some((index, at)) = self.bare.filter(|_| self.witnessed) {
            // What is newer may be on its way.
            if newest.saturating_sub(at) > COSIGNED_WITHIN {
                let at = At { index: Some(index), path: self.anchored.clone(), ..At::default() };
                found.add(Code::NotCosigned, at, "No witness vouches for the entries from here on.");
            }
        }
        found.figures.newest_at = Some(text(newest));
        if as_of.is_some_and(|as_of| as_of.saturating_sub(newest) > SILENT_FOR) {
            let last = found.figures.size.checked_sub(1);
            let sentence = format!("Nothing was logged since {}, not even a heartbeat.", text(newest));
            found.add(Code::Silence, At { index: last, ..At::default() }, sentence);
        }
    }
}
