//! The log: one tree, over everything, and in time. What is late has to have a reason: nothing ran that should have.

use super::Findings;
use super::record::HELD;
use super::story::{Story, seconds};
use crate::recording::{Recording, Run};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How far times of two workers may differ, in seconds: each may be as wrong as is tolerated.
const CLOCKS_DIFFER: i64 = 4;

/// How long the log may say nothing, in seconds: then its timer puts a heartbeat on record. Source: `docs/record.md`.
const SILENT_FOR: i64 = 300;

/// Within how many seconds an entry is sealed once everything has healed, and within how many what was there before: a
/// submission that the witness was never told of is followed by another with the next heartbeat.
const SEALED_WITHIN: i64 = 300;
const CAUGHT_UP_WITHIN: i64 = 900;

/// After so many runs that went well, with a witness that had answered what was asked before each, it has cosigned what
/// was there before the first: one submits, one learns of a refusal and submits anew, and one learns of the answer.
const ROUNDS: usize = 4;

pub(super) fn judge(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    let leaves = leaves(recording);
    anchors(recording, stories, found);
    roots(recording, &leaves, found);
    in_time(recording, &leaves, found);
}

/// Sizes that were put on file, each with the call that did it and when; of a larger one after a smaller the larger.
struct Sizes(Vec<(u64, i64, u64)>);

impl Sizes {
    fn of(recording: &Recording, verb: &str, kept: impl Fn(&str, &str) -> Option<u64>) -> Self {
        let calls = recording.calls.iter().filter(|call| call.order > 0 && call.verb == verb);
        let mut all: Vec<_> =
            calls.filter_map(|call| Some((call.order, call.at, kept(&call.on, &call.detail)?))).collect();
        all.sort_unstable();
        let mut most = 0;
        for (.., size) in &mut all {
            most = most.max(*size);
            *size = most;
        }
        Self(all)
    }

    fn named(recording: &Recording, verb: &str, folder: &str) -> Self {
        Self::of(recording, verb, |on, _| on.strip_prefix(folder)?.parse().ok())
    }

    /// The largest after so many calls.
    fn by(&self, order: u64) -> u64 {
        let at = self.0.partition_point(|(at, ..)| *at <= order);
        at.checked_sub(1).map_or(0, |last| self.0[last].2)
    }

    /// When the entry at this place of the log was first covered.
    fn covered_at(&self, index: u64) -> Option<i64> {
        self.0.get(self.0.partition_point(|(.., size)| *size <= index)).map(|(_, at, _)| *at)
    }
}

/// Whatever was to be logged when a run began that went well is anchored when it has ended, and cosigned some runs later.
/// Once nothing goes wrong any more, nothing is late.
fn in_time(recording: &Recording, leaves: &[Vec<u8>], found: &mut Findings) {
    let committed: HashMap<&[u8], (u64, i64)> =
        recording.streams.values().flatten().map(|entry| (entry.bytes.as_slice(), (entry.order, entry.at))).collect();
    let known = (0_u64..).zip(leaves).filter_map(|(index, leaf)| Some((*committed.get(leaf.as_slice())?, index)));
    let mut places: Vec<(u64, i64, u64)> = known.map(|((order, at), index)| (order, at, index)).collect();
    places.sort_unstable();
    let anchored = Sizes::named(recording, "PutAnchor", "anchors/");
    // By how many leaves the log has to cover what there was when a run began.
    let covers: Vec<u64> = places
        .iter()
        .scan(0, |most, (.., index)| {
            *most = (*most).max(index + 1);
            Some(*most)
        })
        .collect();
    let needed = |run: &Run| {
        let seen = run.began_at - recording.outbox_lag - CLOCKS_DIFFER;
        let before = places.partition_point(|(order, at, _)| *order < run.began && *at <= seen);
        before.checked_sub(1).map_or(0, |last| covers[last])
    };
    for run in &recording.log_runs {
        if anchored.by(run.ended) < needed(run) {
            found.add(
                6,
                "",
                format!("a run of the log went well, and {} entries were not anchored by it", needed(run)),
            );
        }
    }
    moved(recording, found);
    let cosigned = Sizes::named(recording, "Answer", "cosigned/");
    if recording.witnessed {
        let kept = Sizes::of(recording, "KeepAnchor", |on, detail| {
            detail.starts_with("cosigned").then(|| on.parse().ok()).flatten()
        });
        for runs in recording.log_runs.windows(ROUNDS).filter(|runs| runs.iter().all(|run| run.answered)) {
            if kept.by(runs[ROUNDS - 1].ended) < needed(&runs[0]) {
                found.add(6, "", "the log and its witness ran, and what was there is not cosigned");
            }
        }
    }
    let sealed = if recording.witnessed { &cosigned } else { &anchored };
    for (_, at, index) in &places {
        let (since, within) = match recording.healed {
            Some((_, healed)) if *at < healed => (healed, CAUGHT_UP_WITHIN),
            Some(_) | None => (*at, SEALED_WITHIN),
        };
        let late = sealed.covered_at(*index).map(|then| then - since);
        if late.is_none_or(|late| late > within) {
            let how = late.map_or("never".to_owned(), |late| format!("{late} s late"));
            found.add(6, "", format!("nothing is wrong any more, and entry {index} was sealed {how}"));
            break;
        }
    }
}

/// The log goes on at the latest with the first run that goes well after it has been silent.
fn moved(recording: &Recording, found: &mut Findings) {
    let moves = Sizes::of(recording, "MoveHead", |on, _| on.parse().ok());
    for run in &recording.log_runs {
        let last =
            moves.0.partition_point(|(order, ..)| *order <= run.ended).checked_sub(1).map(|last| moves.0[last].1);
        if last.is_none_or(|last| last < run.began_at - SILENT_FOR - CLOCKS_DIFFER) {
            found.add(
                6,
                "",
                "a run of the log went well, and the log said nothing for longer than its heartbeat takes",
            );
        }
    }
}

/// Nothing begins to be granted while the log is not anchored.
fn anchors(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    /// How long an anchor counts, in seconds. Source: `docs/record.md`.
    const COUNTS: i64 = 900;
    if !recording.anchored {
        return;
    }
    // Where there is a witness, what it has not cosigned is no anchor yet.
    let counts = if recording.witnessed { "cosigned " } else { "alone " };
    let kept = recording.calls.iter().filter(|call| call.verb == "KeepAnchor" && call.order > 0);
    let kept: Vec<(u64, i64)> =
        kept.filter_map(|call| Some((call.order, seconds(call.detail.strip_prefix(counts)?)?))).collect();
    for (id, story) in stories {
        let Some(begun) = story.first("provisioningStarted") else { continue };
        // A worker decides when it begins to, and may be a minute late.
        let since = begun.at - COUNTS - HELD - 2 * recording.skew;
        if !kept.iter().any(|(order, at)| *order < begun.order && *at >= since) {
            found.add(6, id, "access was begun while the log was not anchored");
        }
    }
}

/// Every checkpoint that was ever signed is one of the tree over the leaves as they lie there: no two trees, and none cut.
fn roots(recording: &Recording, leaves: &[Vec<u8>], found: &mut Findings) {
    let mut roots: BTreeMap<u64, String> = BTreeMap::new();
    for body in &recording.signed {
        let mut lines = body.lines().skip(1);
        let size = lines.next().and_then(|size| size.parse::<u64>().ok());
        if let (Some(size), Some(root)) = (size, lines.next())
            && roots.insert(size, root.to_owned()).is_some_and(|before| before != root)
        {
            found.add(6, "", format!("two roots were signed for {size} entries"));
        }
    }
    // The roots of the full subtrees that the leaves so far come to, the largest first. Source: RFC 6962, section 2.1.
    let mut stack: Vec<(u64, [u8; 32])> = Vec::new();
    for (size, leaf) in (1_u64..).zip(leaves) {
        let mut node = (1, hash(&[&[0], leaf]));
        while let Some((width, left)) = stack.last().copied().filter(|(width, _)| *width == node.0) {
            stack.pop();
            node = (width * 2, hash(&[&[1], &left, &node.1]));
        }
        stack.push(node);
        if let Some(signed) = roots.get(&size) {
            let root = stack.iter().rev().map(|(_, root)| *root).reduce(|right, left| hash(&[&[1], &left, &right]));
            if root.map(|root| STANDARD.encode(root)).as_ref() != Some(signed) {
                found.add(6, "", format!("the root that was signed for {size} entries is not theirs"));
            }
        }
    }
    if let Some(beyond) = roots.keys().find(|size| **size > leaves.len() as u64) {
        found.add(6, "", format!("a tree of {beyond} entries was signed; {} are there", leaves.len()));
    }
    let logged: BTreeSet<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
    for (stream, committed) in &recording.streams {
        if let Some(missing) = committed.iter().position(|entry| !logged.contains(entry.bytes.as_slice())) {
            found.add(6, stream, format!("its place {} is not in the log", missing + 1));
        }
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize().into()
}

/// The leaves as they lie in the log's bundles. Source: C2SP tlog-tiles.
fn leaves(recording: &Recording) -> Vec<Vec<u8>> {
    // Of each bundle the widest.
    let mut bundles: BTreeMap<&str, (u64, &Vec<u8>)> = BTreeMap::new();
    for (path, bytes) in &recording.folder {
        let Some(name) = path.strip_prefix("log/tile/entries/") else { continue };
        let (bundle, width) = match name.split_once(".p/") {
            Some((bundle, width)) => (bundle, width.parse().unwrap_or(0)),
            None => (name, 256),
        };
        let held = bundles.entry(bundle).or_insert((width, bytes));
        if held.0 < width {
            *held = (width, bytes);
        }
    }
    let mut leaves = Vec::new();
    for (_, bytes) in bundles.into_values() {
        let mut rest = bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            leaves.push(after.get(..length).unwrap_or_default().to_vec());
            rest = after.get(length..).unwrap_or_default();
        }
    }
    leaves
}
