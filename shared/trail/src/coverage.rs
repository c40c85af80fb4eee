//! How much of a grant's time is known: which sources, regions and hours are in, and what is not.
//!
//! A gap is told, never passed over in silence. What is `final` rests on CloudTrail's own proof: signed digests that cover
//! the time without a hole, every file that they list read and unchanged.
//!
//! It says nothing about other accounts that a chain of sessions may have led to, and nothing about regions that nobody
//! watches, except where a call of the grant was seen in one.

mod gap;
mod spans;
#[cfg(test)]
mod tests;

pub use gap::{Gap, MOST_GAPS, RULE};
pub use spans::{Proof, Span, SpanState};

use crate::coverage::gap::Gaps;
use model::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long after a grant's end what is known becomes a first answer, in seconds. CloudTrail delivers files "within an
/// average of about 5 minutes", and `LookupEvents` knows a call after some 15.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>.
pub const PROVISIONAL_AFTER: u64 = 15 * 60;

/// How long after the last session's end deliveries still count as of the grant, in seconds: the digest's own hour.
pub const TAIL: u64 = 3_600;

/// How long one digest's time is, in seconds.
pub const DIGEST_PERIOD: u64 = 3_600;

/// How late a digest may be before its absence is a gap, in seconds. AWS says "every hour" and names no limit; two hours
/// keep a slow delivery from being reported, and a missing one from being forgotten.
pub const DIGEST_LATE: u64 = 2 * 3_600;

/// A source of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Files of the trail.
    Trail,
    /// Events on the default bus.
    Bus,
    /// `LookupEvents`.
    Lookup,
    /// A log group of CloudWatch Logs.
    Logs,
}

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFacts {
    /// Which.
    pub source: Source,
    /// Whether it is set up for the grant's account.
    pub set_up: bool,
    /// How many of the grant's calls came from it.
    pub calls: u64,
    /// When it was last asked to the end; only [`Source::Lookup`] is asked.
    pub asked_at: Option<Time>,
}

/// How a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SourceState {
    /// Not set up.
    Off,
    /// Set up, nothing came from it yet.
    Awaited,
    /// Something came from it, or it was asked after the end.
    In,
}

/// A source, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceIn {
    /// Which.
    pub source: Source,
    /// How it stands.
    pub state: SourceState,
    /// How many of the grant's calls came from it.
    pub calls: u64,
}

/// Which management events the trail's selectors record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Management {
    /// Reads and writes.
    All,
    /// No reads.
    WritesOnly,
    /// No writes.
    ReadsOnly,
    /// None.
    Nothing,
    /// The selectors were not read.
    Unknown,
}

/// Which data events are recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "are", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Data {
    /// None: the selectors ask for none.
    NotRecorded {},
    /// Those that the selectors ask for.
    Recorded {
        /// Resource types: `AWS::S3::Object`.
        types: Vec<String>,
    },
    /// Some came; which are recorded is not known.
    Seen {},
    /// None came; which are recorded is not known.
    Unknown {},
}

/// What kinds of calls would have been seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kinds {
    /// Calls of control planes.
    pub management: Management,
    /// Calls on data.
    pub data: Data,
    /// Both, in sentences.
    pub sentence: String,
}

/// What was read of the files delivered in one hour to one region of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hour {
    /// The region.
    pub region: String,
    /// The full hour, by the time of delivery in the files' keys.
    pub from: Time,
    /// Files that were read to their end.
    pub files: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes inside the gzip.
    pub bytes: u64,
    /// Files that were put aside.
    pub quarantined: u64,
    /// When the last of them was read.
    pub read_at: Time,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// When the grant's access began.
    pub starts_at: Time,
    /// When it ended, or will.
    pub ends_at: Time,
    /// How long after [`Asked::ends_at`] the usual delay is over, in seconds: [`PROVISIONAL_AFTER`].
    pub provisional_after: u64,
    /// When the last session that was handed out under it can have ended; not before [`Asked::ends_at`].
    pub last_session_ends_at: Time,
    /// The regions that are watched.
    pub regions: &'a [String],
    /// Regions in which calls of the grant were seen.
    pub seen_in: &'a BTreeSet<String>,
    /// The sources.
    pub sources: &'a [SourceFacts],
    /// Which management events the trail records.
    pub management: Management,
    /// Resource types whose data events the trail's selectors ask for; `None`: not known.
    pub data_selected: Option<&'a [String]>,
    /// Whether any data event came, of whatever grant.
    pub data_seen: bool,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The grant goes on, or ended a moment ago.
    Collecting,
    /// [`Asked::provisional_after`] its end: most is known, nothing is proven.
    Provisional,
    /// Validated digests cover all of its time in all regions that are watched, and there is no gap.
    Final,
}

/// One region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// Its name.
    pub region: String,
    /// Whether its whole time is validated.
    pub validated: bool,
    /// Files read in its time.
    pub files: u64,
    /// Records in them, of whatever grant or none.
    pub records: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Files put aside.
    pub quarantined: u64,
    /// When the last was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Time>,
    /// Its time, piece by piece.
    pub spans: Vec<Span>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// In a word.
    pub state: State,
    /// The beginning of the time that has to be covered.
    pub from: Time,
    /// Its end: [`TAIL`] after the last session's.
    pub until: Time,
    /// When at the latest either all of it is proven or what is missing is a gap.
    pub final_by: Time,
    /// The sources.
    pub sources: Vec<SourceIn>,
    /// What would have been seen.
    pub kinds: Kinds,
    /// The regions that are watched.
    pub regions: Vec<Region>,
    /// What is missing, at most [`MOST_GAPS`].
    pub gaps: Vec<Gap>,
    /// How many more gaps there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_gaps: usize,
}

/// What is known at `now`, given what was read and what digests prove.
///
/// `proofs` may be of several trails that deliver into one bucket: each that has a digest in a region has to cover the time
/// by itself, so that a second trail can't stand in for one that was stopped.
pub fn coverage(asked: &Asked<'_>, read: &[Hour], proofs: &[Proof], now: Time) -> Coverage {
    let from = asked.starts_at;
    let last_session_ends_at = asked.last_session_ends_at.max(asked.ends_at);
    let until = last_session_ends_at.plus(TAIL);
    let mut gaps = Gaps::default();
    let has_trail = asked.sources.iter().any(|facts| facts.source == Source::Trail && facts.set_up);
    if !has_trail {
        gaps.no_trail(from, until);
    }
    let mut regions = Vec::new();
    if has_trail {
        for region in asked.regions {
            regions.push(of_region(region, (from, until), read, proofs, now, &mut gaps));
        }
    }
    for region in asked.seen_in.iter().filter(|seen| !asked.regions.contains(seen)) {
        gaps.not_watched(region, from, until);
    }
    let proven = !regions.is_empty() && regions.iter().all(|region| region.validated) && gaps.is_empty();
    let state = if proven && now >= last_session_ends_at {
        State::Final
    } else if now >= asked.ends_at.plus(asked.provisional_after) {
        State::Provisional
    } else {
        State::Collecting
    };
    let (gaps, more_gaps) = gaps.told();
    Coverage {
        state,
        from,
        until,
        final_by: until.plus(DIGEST_PERIOD).plus(DIGEST_LATE),
        sources: asked.sources.iter().map(|facts| of_source(facts, asked, read)).collect(),
        kinds: kinds(asked),
        regions,
        gaps,
        more_gaps,
    }
}

fn of_region(
    region: &str,
    (from, until): (Time, Time),
    read: &[Hour],
    proofs: &[Proof],
    now: Time,
    gaps: &mut Gaps,
) -> Region {
    let (spans, validated) = spans::of(region, (from, until), proofs, now, gaps);
    let mut told = Region {
        region: region.to_owned(),
        validated,
        files: 0,
        records: 0,
        bytes: 0,
        quarantined: 0,
        read_at: None,
        spans,
    };
    for hour in read {
        if hour.region != region || hour.from >= until || hour.from.plus(3_600) <= from {
            continue;
        }
        told.files = told.files.saturating_add(hour.files);
        told.records = told.records.saturating_add(hour.records);
        told.bytes = told.bytes.saturating_add(hour.bytes);
        told.quarantined = told.quarantined.saturating_add(hour.quarantined);
        told.read_at = told.read_at.max(Some(hour.read_at));
        if hour.quarantined > 0 {
            gaps.quarantined(region, hour);
            told.validated = false;
        }
    }
    told
}

fn of_source(facts: &SourceFacts, asked: &Asked<'_>, read: &[Hour]) -> SourceIn {
    let came = match facts.source {
        Source::Trail => facts.calls > 0 || !read.is_empty(),
        Source::Bus | Source::Logs => facts.calls > 0,
        // Asked earlier, it can't have known the last calls.
        Source::Lookup => facts.asked_at.is_some_and(|at| at >= asked.ends_at.plus(asked.provisional_after)),
    };
    let state = match (facts.set_up, came) {
        (false, _) => SourceState::Off,
        (true, false) => SourceState::Awaited,
        (true, true) => SourceState::In,
    };
    SourceIn { source: facts.source, state, calls: facts.calls }
}

fn kinds(asked: &Asked<'_>) -> Kinds {
    let data = match asked.data_selected {
        Some([]) if !asked.data_seen => Data::NotRecorded {},
        Some([_, ..]) => Data::Recorded { types: asked.data_selected.unwrap_or_default().to_vec() },
        Some([]) | None if asked.data_seen => Data::Seen {},
        Some([]) | None => Data::Unknown {},
    };
    let control = match asked.management {
        Management::All => "Calls of control planes are recorded.",
        Management::WritesOnly => "Of calls of control planes only writes are recorded: reads were not seen.",
        Management::ReadsOnly => "Of calls of control planes only reads are recorded: writes were not seen.",
        Management::Nothing => "Calls of control planes are not recorded.",
        Management::Unknown => {
            "Calls of control planes are recorded as far as the trail is told to, which is not known."
        }
    };
    let on_data = match &data {
        Data::NotRecorded {} => {
            "Calls on data (objects, items, invocations) are not recorded: what was read or written there was not seen."
                .to_owned()
        }
        Data::Recorded { types } => {
            let shown: Vec<String> = types.iter().take(10).map(|kind| model::text::inert(kind, 60)).collect();
            format!("Calls on data are recorded for what the trail selects of {}.", shown.join(", "))
        }
        Data::Seen {} => "Some calls on data are recorded; for which resources is not known.".to_owned(),
        Data::Unknown {} => "Whether calls on data are recorded is not known; none has been seen.".to_owned(),
    };
    Kinds { management: asked.management, data, sentence: format!("{control} {on_data}") }
}

// Serde asks for a reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde's `skip_serializing_if` takes")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
