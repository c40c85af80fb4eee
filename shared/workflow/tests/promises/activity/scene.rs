//! A grant, and what CloudTrail tells of it.

use super::records::{file_key, packed, text};
use crate::invariants;
use crate::support::{HALF_AN_HOUR, Kind, Site};
use model::names::RequestId;
use model::time::Time;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trail::entry::Entry;
use trail::ledger::decode;
use trail::summary::Summary;
use workflow::activity::{file, ingest, settle};
use workflow::double::{Trail, World};
use workflow::ports::Fault;

pub(crate) const BUCKET: &str = "trail";

pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) id: RequestId,
    pub(crate) start: Time,
}

/// What came out, without what may depend on the order: how entries lie in their parts, and which of many calls show a
/// finding.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) summary: Summary,
    pub(crate) entries: Vec<Entry>,
    /// Rule, subject and severity: as kept, and as the record has them.
    pub(crate) found: Vec<(String, String, String)>,
    pub(crate) recorded: Vec<(String, String, String)>,
}

impl Scene {
    /// A grant that Alice holds, of half an hour.
    pub(crate) fn new() -> Self {
        Self::of(Site::new())
    }

    pub(crate) fn with_trail(trail: Trail) -> Self {
        let mut site = Site::new();
        let world = Arc::into_inner(site.world).unwrap().with_trail(trail);
        site.world = Arc::new(world);
        Self::of(site)
    }

    pub(crate) fn of(site: Site) -> Self {
        let id = site.active(Kind::Session, HALF_AN_HOUR);
        let start = site.window(&id).starts_at();
        site.world.forget_calls();
        Self { site, id, start }
    }

    pub(crate) fn fork(&self) -> Self {
        Self { site: self.site.fork(), id: self.id.clone(), start: self.start }
    }

    pub(crate) fn world(&self) -> &World {
        &self.site.world
    }

    /// So many seconds after the beginning.
    pub(crate) fn at(&self, seconds: u64) -> Time {
        self.start.plus(seconds)
    }

    /// Puts a file with these records where CloudTrail does.
    pub(crate) fn deliver(&self, minute: u64, name: &str, records: &[Value]) -> String {
        let key = file_key(self.at(minute * 60), name);
        self.world().put_object(BUCKET, &key, packed(&text(records)), BTreeMap::new());
        key
    }

    /// Takes in an object; `None`: the worker died.
    pub(crate) fn take(&self, key: &str) -> Option<Result<(), Fault>> {
        self.site.run(file::take(self.world(), BUCKET, key))
    }

    /// As [`Scene::take`], of a worker that nothing happens to.
    #[track_caller]
    pub(crate) fn file(&self, minute: u64, name: &str, records: &[Value]) {
        let key = self.deliver(minute, name, records);
        self.take(&key).unwrap().unwrap();
    }

    /// An event of the bus.
    #[track_caller]
    pub(crate) fn event(&self, record: &Value) {
        let bytes = record.to_string();
        self.site.must(ingest::one(self.world(), bytes.as_bytes())).unwrap();
    }

    /// Lets time pass until so many seconds after the beginning.
    pub(crate) fn pass(&self, seconds: u64) {
        self.site.pass_until(self.at(seconds));
    }

    /// What the timer does.
    #[track_caller]
    pub(crate) fn settle(&self) -> usize {
        self.site.must(settle::due(self.world())).unwrap()
    }

    /// To the quarter of an hour after the end, and summed up.
    #[track_caller]
    pub(crate) fn settled(&self) {
        self.pass(HALF_AN_HOUR + 901);
        self.site.must(settle::expect(self.world(), &self.id)).unwrap();
        self.settle();
    }

    pub(crate) fn summary(&self) -> Summary {
        self.world().kept(&self.id).unwrap().0.activity.summary
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let parts = self.world().kept(&self.id).map(|(_, parts)| parts).unwrap_or_default();
        let mut entries: Vec<Entry> = parts.values().flat_map(|part| decode(part).unwrap()).collect();
        entries.sort_by(|one, other| (one.call.at, &one.call.id).cmp(&(other.call.at, &other.call.id)));
        entries
    }

    /// Ids of the calls that are kept.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.entries().into_iter().map(|entry| entry.call.id).collect()
    }

    /// The data of the record's events of one name.
    pub(crate) fn recorded(&self, name: &str) -> Vec<Value> {
        let chain = invariants::invariant_chain(self.world(), &self.id);
        let of_name = chain.iter().filter(|entry| entry.event_name() == name);
        of_name.map(|entry| entry.event["data"].clone()).collect()
    }

    /// The summaries of the record: how complete, and of how many calls.
    pub(crate) fn summaries(&self) -> Vec<(String, u64)> {
        let summaries = self.recorded("activitySummarised");
        let activity = summaries.iter().map(|data| &data["activity"]);
        activity
            .map(|said| (said["completeness"].as_str().unwrap().to_owned(), said["calls"].as_u64().unwrap()))
            .collect()
    }

    /// The rules that found something, as the record has it.
    pub(crate) fn rules(&self) -> BTreeSet<String> {
        self.outcome().recorded.into_iter().map(|(rule, _, _)| rule).collect()
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let mut summary = self.summary();
        let kept = std::mem::take(&mut summary.findings);
        let kept = kept.into_iter().map(|one| (one.rule, one.subject, one.severity.as_str().to_owned()));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let recorded = self.recorded("activityFinding");
        let recorded = recorded.iter().map(|data| {
            let one = &data["finding"];
            (text(&one["rule"]), text(&one["subject"]), text(&one["severity"]))
        });
        let (mut found, mut recorded): (Vec<_>, Vec<_>) = (kept.collect(), recorded.collect());
        found.sort();
        recorded.sort();
        Outcome { summary, entries: self.entries(), found, recorded }
    }
}
