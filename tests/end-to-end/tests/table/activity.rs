//! Steps with what is kept of activity: calls in parts, keys, habits, uses, and which files and digests were read.

use std::collections::{BTreeMap, BTreeSet};

use end_to_end::failure::Failure;
use model::names::RequestId;
use trail::coverage::Proof;
use trail::digest::verdict::{State, Verdict};
use trail::digest::{Link, Object};
use trail::shrink::{Recorded, Use};
use trail::summary::Summary;
use workflow::ports::{
    Activity, ActivityCommit, CommitActivity as _, DigestRead, FileRead, FindDueActivity as _, Habits, KeepUses as _,
    KnowDigests as _, KnowFiles as _, KnowHabits as _, LiveKeys as _, LoadActivity as _, LoadUses as _, StoredActivity,
};

use crate::both::ask;
use crate::times::{about, before, lasting};
use crate::walk::{ENTITLEMENTS, Walk, named};

/// Regions, one the beginning of another.
const REGIONS: [&str; 3] = ["eu-west-1", "us-east", "us-east-1"];

/// What parts are called by, one the beginning of another.
pub(crate) const SLOTS: [&str; 4] = ["0", "01", "1", "a-"];

pub(crate) const ACCOUNT: &str = "111111111111";

/// Of which grants something is kept, in every version.
pub(crate) type Activities = BTreeMap<RequestId, Vec<StoredActivity>>;

impl Walk<'_> {
    /// Activity is kept or read.
    pub(crate) async fn act(&mut self) -> Result<(), Failure> {
        match self.dice.below(10) {
            0..4 => self.keep_activity().await,
            4 => self.read_parts().await,
            5 => self.find_activity().await,
            6 => self.habit().await,
            7 => self.use_of_entitlement().await,
            8 => self.file().await,
            _ => self.digest().await,
        }
    }

    async fn keep_activity(&mut self) -> Result<(), Failure> {
        let known: Vec<RequestId> = self.activities.keys().cloned().collect();
        let id = match self.dice.one(&known) {
            Some(id) if self.dice.below(3) > 0 => id.clone(),
            _ => self.request()?,
        };
        let versions = self.activities.get(&id).cloned().unwrap_or_default();
        let ahead = |kept: &mut StoredActivity, more: u64| kept.version = kept.version.saturating_add(more);
        let expected = self.version(&versions, ahead).map_or(0, |kept| kept.version);
        let now = self.now();
        let due = (self.dice.below(2) == 0).then(|| now.plus(lasting(&mut self.dice)));
        let summary = Summary { calls: self.dice.below(9), last: Some(now), ..Summary::default() };
        let next = Activity { summary, due, ..Activity::default() };
        let count = if self.dice.below(12) == 0 { self.dice.below(4).saturating_add(97) } else { self.dice.below(4) };
        let mut parts = BTreeMap::new();
        for nth in 0..count {
            let slot = self.dice.one(&SLOTS).copied().unwrap_or_default();
            parts.insert(format!("{slot}#{nth:03}"), self.dice.number().to_be_bytes().to_vec());
        }
        let key = format!("ASIA{:02}", self.dice.below(9));
        let keys = if self.dice.below(2) == 0 { BTreeMap::from([(key, now.plus(900))]) } else { BTreeMap::new() };
        let commit = ActivityCommit { id: id.clone(), expected, next: next.clone(), parts, keys };
        let outcome = ask!(self.both, commit_activity(commit.clone()))?;
        if outcome.is_ok() {
            let kept = StoredActivity { activity: next, version: expected.saturating_add(1) };
            self.activities.entry(id).or_default().push(kept);
        }
        self.came_to(&outcome);
        Ok(())
    }

    async fn read_parts(&mut self) -> Result<(), Failure> {
        let known: Vec<RequestId> = self.activities.keys().cloned().collect();
        let Some(id) = self.dice.one(&known).cloned() else { return Ok(()) };
        let slots: BTreeSet<String> =
            (0..self.dice.below(4)).filter_map(|_| self.dice.one(&SLOTS).map(|slot| (*slot).to_owned())).collect();
        ask!(self.both, parts(&id, &slots))?.ok();
        let from = self.dice.one(&SLOTS).copied().filter(|slot| *slot != "0");
        let limit = self.limit();
        ask!(self.both, parts_from(&id, from, limit))?.ok();
        Ok(())
    }

    async fn find_activity(&mut self) -> Result<(), Failure> {
        let (until, limit) = (self.now().plus(lasting(&mut self.dice)), self.limit());
        ask!(self.both, due_activity(until, limit))?.ok();
        ask!(self.both, live_keys())?.ok();
        let id = self.request()?;
        ask!(self.both, activity(&id))?.ok();
        Ok(())
    }

    async fn habit(&mut self) -> Result<(), Failure> {
        let person = self.person()?;
        if self.dice.below(2) == 0 {
            let services = BTreeSet::from([format!("s{}", self.dice.below(9))]);
            let habits = Habits { services, addresses: BTreeSet::new() };
            ask!(self.both, keep_habits(&person, &habits))?.ok();
        }
        ask!(self.both, habits(&person))?.ok();
        Ok(())
    }

    async fn use_of_entitlement(&mut self) -> Result<(), Failure> {
        let entitlement = named(self.dice.one(&ENTITLEMENTS).copied().unwrap_or_default())?;
        let id = self.request()?;
        let at = about(self.now(), &mut self.dice);
        let used = Use::of(id.clone(), &Summary::default(), Recorded::default());
        ask!(self.both, keep_use(&entitlement, &id, at, &used))?.ok();
        let limit = self.limit();
        ask!(self.both, uses(&entitlement, limit))?.ok();
        Ok(())
    }

    async fn file(&mut self) -> Result<(), Failure> {
        let region = self.dice.one(&REGIONS).copied().unwrap_or_default();
        let delivered_at = about(self.now(), &mut self.dice);
        let file = FileRead {
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            delivered_at,
            bucket: "trail".to_owned(),
            key: format!("AWSLogs/{}.json.gz", self.dice.below(5)),
            sha256: "0".repeat(64),
            records: self.dice.below(9),
            bytes: 1,
            calls: 0,
            data_calls: 0,
            broken: Vec::new(),
            whole: true,
            read_at: delivered_at.plus(60),
        };
        ask!(self.both, note_file(&file))?.ok();
        let within = delivered_at.as_second().rem_euclid(3_600);
        let hour = before(delivered_at, u64::try_from(within).unwrap_or_default());
        ask!(self.both, files(ACCOUNT, region, hour))?.ok();
        Ok(())
    }

    async fn digest(&mut self) -> Result<(), Failure> {
        let (from, until) = (self.now(), self.now().plus(self.dice.below(3)));
        let proof = Proof {
            region: self.dice.one(&REGIONS).copied().unwrap_or_default().to_owned(),
            trail: self.dice.one(&["all", "data"]).copied().unwrap_or_default().to_owned(),
            from,
            until,
            backfill: self.dice.below(2) == 0,
            verdict: Verdict { state: State::Validated, findings: Vec::new(), more: 0, waiting: 0 },
        };
        let object = Object { bucket: "trail".to_owned(), key: format!("digest {}", self.dice.below(9)) };
        let link = Link { object, sha256: "0".repeat(64), signature: "0".repeat(64), from, until };
        let digest = DigestRead { account: ACCOUNT.to_owned(), proof, link };
        ask!(self.both, note_digest(&digest))?.ok();
        let (from, until) = (before(from, self.dice.below(3)), before(until, self.dice.below(3)));
        ask!(self.both, digests(ACCOUNT, from, until))?.ok();
        Ok(())
    }
}
