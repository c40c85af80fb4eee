//! What happens to the system itself: its policy, its code, its log. Each has a stream of the record of its own.

use crate::digest::Digest;
use crate::stream::{Place, SystemStream};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Changes that one publication lists; more are counted. An entry holds 60,000 bytes.
pub const MOST_CHANGES: usize = 250;

/// Defects that are remembered, so that each is recorded once; what is beyond is only logged.
pub const MOST_DEFECTS: usize = 500;

/// Functions whose deployment is put on record at once; the rest follows. Each is two items of a transaction, which has a
/// hundred.
pub const MOST_FUNCTIONS: usize = 40;

/// Heads of streams in one entry of a summary. An entry holds 60,000 bytes.
pub const HEADS_PER_ENTRY: usize = 350;

/// How a named thing of the bundle changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is there and another.
    Changed,
}

/// What kind of thing of the bundle changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// An entitlement.
    Entitlement,
    /// A group of persons.
    Group,
    /// A person, with identities and groups.
    Person,
    /// A schedule of who is on call.
    Schedule,
    /// A Cedar policy, by its `@id`.
    Policy,
    /// Something that there is one of: `limits`, `floors`, `sessionNames`, `schema`.
    Setting,
}

/// One change of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Of what.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub how: How,
}

/// What is wrong with an entry, as the sequencer found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefectCode {
    /// It was committed, and is not there any more.
    EntryMissing,
    /// Its bytes are not those that were committed.
    EntryChanged,
    /// Its bytes are not those of an entry at its place.
    NotAnEntry,
    /// It does not name the hash of the entry before it.
    LinkBroken,
    /// It was not in the outbox: found by the record, or by what follows it. It was logged late.
    OutboxMissing,
    /// The outbox holds a place that its stream never reached.
    OutboxForeign,
}

impl DefectCode {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntryMissing => "entry_missing",
            Self::EntryChanged => "entry_changed",
            Self::NotAnEntry => "not_an_entry",
            Self::LinkBroken => "link_broken",
            Self::OutboxMissing => "outbox_missing",
            Self::OutboxForeign => "outbox_foreign",
        }
    }
}

/// A defect: what, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Defect {
    /// What is wrong.
    pub code: DefectCode,
    /// With which entry.
    pub entry: Place,
}

/// Where a stream ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// Which stream.
    pub stream: crate::stream::Stream,
    /// Its last place.
    pub seq: u64,
    /// The hash of the entry there.
    pub hash: String,
}

/// What of a function runs, as Lambda says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Code {
    /// SHA-256 of the package of its code, in base64. Source: Lambda API reference, `FunctionConfiguration`.
    pub sha256: String,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// When code or settings were changed last, as Lambda writes it: code that was there for a while and is gone again
    /// shows by it alone.
    pub modified: String,
}

impl Code {
    /// What Lambda says, bounded.
    pub fn new(sha256: &str, architecture: &str, modified: &str) -> Self {
        let bounded = |text: &str| crate::text::inert(text, 100);
        Self { sha256: bounded(sha256), architecture: bounded(architecture), modified: bounded(modified) }
    }
}

/// What happened.
///
/// INVARIANT (append-only schema): as for the events of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Another bundle is in force.
    PolicyPublished {
        /// Its digest.
        digest: Digest,
        /// The one before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<Digest>,
        /// Who says they published it: a name or an address.
        by: String,
        /// What is different, at most [`MOST_CHANGES`].
        changes: Vec<Change>,
        /// How many more changes there are.
        more: u64,
    },
    /// Of one function other code runs than before, or by other settings.
    DeploymentSeen {
        /// Its name.
        function: String,
        /// What runs; absent: there is no such function any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Code>,
        /// What ran when it was looked at before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<Code>,
        /// What whoever deployed the stack last calls that, such as a commit, as the audit function was told: it says
        /// nothing of where this code comes from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<String>,
    },
    /// The log began.
    LogStarted {
        /// What it is called.
        origin: String,
        /// Its public key, as a verifier key.
        key: String,
    },
    /// Nothing else was logged for a while.
    Heartbeat {
        /// How many leaves there were.
        size: u64,
    },
    /// Where all streams ended that changed since the summary before.
    DailySummary {
        /// The day that is over: `2026-11-20`.
        day: String,
        /// Which part of the summary this is, from 1.
        part: u32,
        /// How many parts it has.
        parts: u32,
        /// Whether there were more streams than a summary takes.
        cut: bool,
        /// The streams of this part.
        streams: Vec<StreamHead>,
    },
    /// An entry is not as it has to be. It was logged as it is, if it is there at all.
    DefectFound {
        /// What and where.
        #[serde(flatten)]
        defect: Defect,
    },
    /// The log signs with another key.
    KeyChanged {
        /// The key before.
        from: String,
        /// The key from now on.
        to: String,
    },
}

impl Event {
    /// The names of all of them, as in the record and on the bus.
    pub const NAMES: [&'static str; 7] =
        ["policyPublished", "deploymentSeen", "logStarted", "heartbeat", "dailySummary", "defectFound", "keyChanged"];

    /// The stream it belongs to.
    pub fn stream(&self) -> SystemStream {
        match self {
            Self::PolicyPublished { .. } => SystemStream::Policy,
            Self::DeploymentSeen { .. } => SystemStream::Deployment,
            Self::LogStarted { .. }
            | Self::Heartbeat { .. }
            | Self::DailySummary { .. }
            | Self::DefectFound { .. }
            | Self::KeyChanged { .. } => SystemStream::Log,
        }
    }
}

/// What is known of one of the system's streams after its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stream", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Known {
    /// Of [`SystemStream::Policy`].
    Policy {
        /// The bundle in force.
        digest: Digest,
    },
    /// Of [`SystemStream::Deployment`].
    Deployment {
        /// What of each function runs, by name.
        functions: BTreeMap<String, Code>,
    },
    /// Of [`SystemStream::Log`].
    Log {
        /// The log's public key.
        key: String,
        /// When the last summary was made; when the log began, before there was one.
        summarised_at: Time,
        /// What was found broken, at most [`MOST_DEFECTS`].
        defects: BTreeSet<Defect>,
    },
}

impl Known {
    /// What is known after `event`, which happened at `at`; `None`: it can't follow.
    pub fn evolve(before: Option<Self>, event: &Event, at: Time) -> Option<Self> {
        match (before, event) {
            (None | Some(Self::Policy { .. }), Event::PolicyPublished { digest, .. }) => {
                Some(Self::Policy { digest: *digest })
            }
            (None, Event::DeploymentSeen { .. }) => {
                Self::evolve(Some(Self::Deployment { functions: BTreeMap::new() }), event, at)
            }
            (Some(Self::Deployment { mut functions }), Event::DeploymentSeen { function, code, previous, .. }) => {
                let before = match code {
                    Some(code) => functions.insert(function.clone(), code.clone()),
                    None => functions.remove(function),
                };
                (before == *previous && before != *code).then_some(Self::Deployment { functions })
            }
            (None, Event::LogStarted { key, .. }) => {
                Some(Self::Log { key: key.clone(), summarised_at: at, defects: BTreeSet::new() })
            }
            (Some(known @ Self::Log { .. }), Event::Heartbeat { .. }) => Some(known),
            (Some(Self::Log { key, defects, .. }), Event::DailySummary { .. }) => {
                Some(Self::Log { key, summarised_at: at, defects })
            }
            (Some(Self::Log { key, summarised_at, mut defects }), Event::DefectFound { defect }) => {
                let is_new = defects.len() < MOST_DEFECTS && defects.insert(defect.clone());
                is_new.then_some(Self::Log { key, summarised_at, defects })
            }
            (Some(Self::Log { key, summarised_at, defects }), Event::KeyChanged { from, to }) if *from == key => {
                Some(Self::Log { key: to.clone(), summarised_at, defects })
            }
            (None | Some(_), _) => None,
        }
    }
}

/// The event of another bundle coming into force, listing what is different.
pub fn policy_published(digest: Digest, previous: Option<Digest>, by: &str, mut changes: Vec<Change>) -> Event {
    let more = changes.len().saturating_sub(MOST_CHANGES);
    changes.truncate(MOST_CHANGES);
    let more = u64::try_from(more).unwrap_or(u64::MAX);
    Event::PolicyPublished { digest, previous, by: crate::text::inert(by, 200), changes, more }
}

/// The events of what differs from what is known, at most [`MOST_FUNCTIONS`]. `names` are all functions that there are to
/// be, `seen` what was found of those that could be looked at: `None`, if there was none. `release` is what whoever
/// deployed the stack last calls that.
pub fn deployments_seen(
    known: Option<&Known>,
    names: &BTreeSet<String>,
    seen: &BTreeMap<String, Option<Code>>,
    release: Option<&str>,
) -> Vec<Event> {
    let none = BTreeMap::new();
    let before = match known {
        Some(Known::Deployment { functions }) => functions,
        Some(Known::Policy { .. } | Known::Log { .. }) | None => &none,
    };
    let gone = before.keys().filter(|name| !names.contains(*name)).map(|name| (name, None));
    let found = seen.iter().filter(|(name, _)| names.contains(*name)).map(|(name, code)| (name, code.clone()));
    let differs = gone.chain(found).filter(|(name, code)| before.get(*name) != code.as_ref());
    let events = differs.map(|(name, code)| Event::DeploymentSeen {
        function: name.clone(),
        code,
        previous: before.get(name).cloned(),
        release: release.map(|release| crate::text::inert(release, 200)),
    });
    events.take(MOST_FUNCTIONS).collect()
}

/// The events of a summary made at `now`, if one is due: the first time on a day that the last one is not of.
pub fn summary_due(summarised_at: Time, now: Time) -> Option<String> {
    let day = |time: Time| time.to_string().chars().take(10).collect::<String>();
    let (last, today) = (day(summarised_at), day(now));
    (now > summarised_at && last != today).then_some(last)
}

/// The entries of a summary of `day`: at least one, also if nothing changed.
pub fn summary(day: &str, heads: &[StreamHead], cut: bool) -> Vec<Event> {
    let parts: Vec<&[StreamHead]> = if heads.is_empty() { vec![&[]] } else { heads.chunks(HEADS_PER_ENTRY).collect() };
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let numbered = (1u32..).zip(parts);
    numbered
        .map(|(part, streams)| Event::DailySummary {
            day: day.to_owned(),
            part,
            parts: count,
            cut,
            streams: streams.to_vec(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn defect(seq: u64) -> Event {
        let entry = Place { stream: "sys_policy".parse().unwrap(), seq };
        Event::DefectFound { defect: Defect { code: DefectCode::LinkBroken, entry } }
    }

    fn started() -> Known {
        let event = Event::LogStarted { origin: "o".to_owned(), key: "k".to_owned() };
        Known::evolve(None, &event, at("2026-11-20T12:00:00Z")).unwrap()
    }

    #[test]
    fn a_defect_is_recorded_once_and_so_many() {
        let now = at("2026-11-20T12:00:00Z");
        let mut known = Known::evolve(Some(started()), &defect(1), now).unwrap();
        assert!(Known::evolve(Some(known.clone()), &defect(1), now).is_none());
        for seq in 2..=500 {
            known = Known::evolve(Some(known), &defect(seq), now).unwrap();
        }
        assert!(Known::evolve(Some(known), &defect(501), now).is_none());
        assert!(Known::evolve(None, &defect(1), now).is_none(), "before there is a log");
    }

    #[test]
    fn a_summary_is_of_each_day_that_is_over() {
        let last = at("2026-11-20T12:00:00Z");
        assert_eq!(summary_due(last, at("2026-11-20T23:59:59Z")), None);
        assert_eq!(summary_due(last, at("2026-11-21T00:00:00Z")).as_deref(), Some("2026-11-20"));
        assert_eq!(summary_due(last, at("2026-11-19T00:00:00Z")), None, "a clock that is behind");
        assert_eq!(summary("2026-11-20", &[], false).len(), 1);
        let stream: crate::stream::Stream = "req_0198c0ffee00700080000000deadbeef".parse().unwrap();
        let heads = vec![StreamHead { stream, seq: 999_999, hash: "a".repeat(64) }; HEADS_PER_ENTRY + 1];
        let events = summary("2026-11-20", &heads, false);
        assert_eq!(events.len(), 2);
        // Room for what an entry has around its event.
        assert!(events.iter().all(|event| serde_json::to_vec(event).unwrap().len() < 58_000));
    }

    fn code(hash: &str) -> Code {
        Code::new(hash, "arm64", "2026-11-20T12:00:00.000+0000")
    }

    #[test]
    fn a_deployment_is_told_of_each_function_that_differs() {
        let now = at("2026-11-20T12:00:00Z");
        let named = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let seen = |pairs: &[(&str, Option<&str>)]| -> BTreeMap<String, Option<Code>> {
            pairs.iter().map(|(name, hash)| ((*name).to_owned(), hash.map(code))).collect()
        };
        let all = named(&["a", "b", "c"]);
        let first = deployments_seen(None, &all, &seen(&[("a", Some("1")), ("b", Some("1")), ("c", None)]), None);
        assert_eq!(first.len(), 2, "of a function that never was there is nothing to tell: {first:?}");
        let mut known = None;
        for event in &first {
            known = Some(Known::evolve(known, event, now).unwrap());
        }
        // What could not be looked at is not gone.
        let same = seen(&[("b", Some("1"))]);
        assert_eq!(deployments_seen(known.as_ref(), &all, &same, None), []);
        let events = deployments_seen(
            known.as_ref(),
            &named(&["b", "c"]),
            &seen(&[("b", Some("2")), ("c", Some("1"))]),
            Some("v2"),
        );
        let told: Vec<(&str, bool, bool)> = events
            .iter()
            .map(|event| {
                let Event::DeploymentSeen { function, code, previous, release } = event else {
                    panic!("{event:?}");
                };
                assert_eq!(release.as_deref(), Some("v2"));
                (function.as_str(), code.is_some(), previous.is_some())
            })
            .collect();
        assert_eq!(told, [("a", false, true), ("b", true, true), ("c", true, false)]);
        // Told once, and of nothing else than what was known.
        let after = Known::evolve(known, &events[1], now).unwrap();
        assert!(Known::evolve(Some(after), &events[1], now).is_none());
    }

    #[test]
    fn code_that_was_there_for_a_while_shows() {
        let later = Code { modified: "2026-11-20T12:05:00.000+0000".to_owned(), ..code("1") };
        let (names, seen) = (BTreeSet::from(["a".to_owned()]), BTreeMap::from([("a".to_owned(), Some(later))]));
        let known = Known::Deployment { functions: BTreeMap::from([("a".to_owned(), code("1"))]) };
        assert_eq!(deployments_seen(Some(&known), &names, &seen, None).len(), 1);
    }

    #[test]
    fn the_longest_publication_fits_an_entry() {
        let long = Change { part: Part::Entitlement, name: "n".repeat(64), how: How::Changed };
        let event = policy_published(Digest::of(b"a"), Some(Digest::of(b"b")), &"w".repeat(500), vec![long; 1_000]);
        assert!(serde_json::to_vec(&event).unwrap().len() < 58_000);
        assert!(matches!(event, Event::PolicyPublished { more: 750, .. }));
    }

    #[test]
    fn events_are_named_as_they_are_written() {
        let text = String::new;
        let events = [
            policy_published(Digest::of(b"a"), None, "", Vec::new()),
            Event::DeploymentSeen { function: text(), code: Some(code("a")), previous: None, release: None },
            Event::LogStarted { origin: text(), key: text() },
            Event::Heartbeat { size: 1 },
            summary("2026-11-20", &[], false).remove(0),
            defect(1),
            Event::KeyChanged { from: text(), to: text() },
        ];
        for (event, name) in events.iter().zip(Event::NAMES) {
            let value = serde_json::to_value(event).unwrap();
            assert_eq!(value["type"], name);
            assert_eq!(serde_json::from_value::<Event>(value).unwrap(), *event);
        }
    }
}
