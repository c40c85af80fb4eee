//! The record, by the program that auditors have; and what that can't know: who may what, and which calls came when.

use super::Findings;
use super::story::Story;
use crate::policies::LIMITS;
use crate::recording::Recording;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use verify::{Code, Severity, Trusted};

/// How old a policy may be that a worker decides by, in seconds: it is read when it begins, and it lives so long.
const HELD: i64 = 60;

pub(super) fn judge(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    verified(recording, found);
    chains(stories, found);
    approvers(recording, stories, found);
    limits(recording, stories, found);
    clicks(recording, stories, found);
    anchors(recording, stories, found);
    roots(recording, found);
}

/// What the verifier finds. It has the log, the anchors and the table, and trusts none of them.
fn verified(recording: &Recording, found: &mut Findings) {
    let trusted = Trusted { keys: None, as_of: None, known: &[], rsa: &|_, _, _| false };
    let verdict = match verify::verify(&recording.folder, &trusted) {
        Ok(verdict) => verdict,
        Err(why) => return found.add(6, "", format!("the log can't be verified: {why}")),
    };
    for finding in verdict.findings {
        if finding.severity == Severity::Note || expected(finding.code) {
            continue;
        }
        let of = finding.at.stream.clone().unwrap_or_default();
        found.add(promise(finding.code), &of, format!("{} ({}): {}", finding.code, finding.at, finding.sentence));
    }
}

/// What faults alone bring about, and breaks nothing.
pub(crate) fn expected(code: Code) -> bool {
    // The log was out of order for a while, and caught up.
    matches!(code, Code::Silence | Code::LoggedLate | Code::NotCosigned | Code::SummaryMissing)
}

fn promise(code: Code) -> usize {
    match code {
        Code::SelfApproval
        | Code::DoubledApproval
        | Code::ApprovalOfSomethingElse
        | Code::LateApproval
        | Code::TooFewApprovals
        | Code::ApproversDiffer
        | Code::ApprovedByNobody
        | Code::StaleApproval
        | Code::DigestDiffers
        | Code::TermsDigestDiffers
        | Code::TermsWidened
        | Code::ForgedCause
        | Code::BarredPersonActed
        | Code::BadConfirmation => 0,
        Code::WindowDiffers
        | Code::OutsideWindow
        | Code::CredentialsOutsideWindow
        | Code::CredentialsOutliveWindow
        | Code::AccessPastItsWindow => 1,
        Code::EndedTooEarly | Code::DenyRemovedEarly | Code::SweepLeftAccess | Code::StoppedWithoutOrder => 3,
        Code::CredentialsWithoutIntent | Code::CredentialsOfAnother | Code::CredentialsOfRole => 10,
        Code::KeyIssuedTwice => 8,
        Code::OpenPastItsTime | Code::EndUnverified => 9,
        Code::CheckpointMissing
        | Code::CheckpointMalformed
        | Code::CheckpointUnsigned
        | Code::CheckpointBehind
        | Code::TwoRoots
        | Code::Inconsistent
        | Code::RootMismatch
        | Code::BundleMissing
        | Code::BundleMalformed
        | Code::BundleDiffers
        | Code::TileMissing
        | Code::TileDiffers
        | Code::Misnamed
        | Code::CosignatureMissing
        | Code::WitnessRefused
        | Code::WitnessCouldNotJudge
        | Code::FromTheFuture => 6,
        _ => 5,
    }
}

/// What was committed, held against itself before any log had it.
fn chains(stories: &BTreeMap<String, Story>, found: &mut Findings) {
    for (stream, story) in stories {
        let mut before = 0;
        for (place, entry) in (1..).zip(&story.entries) {
            if entry.seq != place || entry.stream != *stream {
                found.add(5, stream, format!("its place {place} holds {}/{}", entry.stream, entry.seq));
            }
            if entry.prev.len() != 64 || entry.says < before {
                found.add(5, stream, format!("its place {place} does not follow the one before it"));
            }
            before = entry.says;
        }
        let started = story.entries.iter().filter(|entry| entry.name == "provisioningStarted").count();
        if started > 1 {
            found.add(8, stream, "access was begun more than once");
        }
    }
}

/// Who countersigned was among those who may, by a policy that could still be known.
fn approvers(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    let may = |at: i64, who: &str, group: fn(&crate::recording::InForce) -> &BTreeSet<String>| {
        let ends = recording.in_force.iter().skip(1).map(|next| next.since).chain([i64::MAX]);
        recording
            .in_force
            .iter()
            .zip(ends)
            .any(|(policy, end)| policy.since <= at && at - HELD <= end && group(policy).contains(who))
    };
    for (id, story) in stories.iter().filter(|(id, _)| id.starts_with("req_")) {
        for entry in &story.entries {
            let who = entry.cause["person"].as_str().unwrap_or_default();
            match entry.name.as_str() {
                "approvalGiven" | "termsNarrowed" if !may(entry.at, who, |policy| &policy.approvers) => {
                    found.add(0, id, format!("{who} countersigned, and may not"));
                }
                "credentialsRequested" if !may(entry.at, who, |policy| &policy.engineers) => {
                    found.add(0, id, format!("{who} had credentials, and could not ask any more"));
                }
                _ => {}
            }
        }
        let given: Vec<&str> = story
            .entries
            .iter()
            .filter(|entry| entry.name == "approvalGiven")
            .filter_map(|entry| entry.data["person"].as_str())
            .collect();
        let requester = story.first("requestSubmitted").and_then(|entry| entry.cause["person"].as_str());
        if given.iter().any(|person| Some(*person) == requester) {
            found.add(0, id, "the requester countersigned");
        }
        // All of them still may when access is begun.
        if let (Some(start), Some(requester)) = (story.first("provisioningStarted"), requester)
            && start.cause["person"].is_string()
        {
            let last = story.entries.iter().rposition(|entry| entry.name == "termsNarrowed").unwrap_or(0);
            let counted = story.entries.iter().skip(last).filter(|entry| entry.name == "approvalGiven");
            for person in counted.filter_map(|entry| entry.data["person"].as_str()) {
                if !may(start.at, person, |policy| &policy.approvers) {
                    found.add(0, id, format!("access was begun on the word of {person}, who may not any more"));
                }
            }
            if !may(start.at, requester, |policy| &policy.engineers) {
                found.add(0, id, format!("access was begun for {requester}, who may not ask any more"));
            }
        }
    }
}

/// Who countersigned sent that, having seen this very digest.
fn clicks(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    for (id, story) in stories.iter().filter(|(id, _)| id.starts_with("req_")) {
        for entry in story.entries.iter().filter(|entry| entry.name == "approvalGiven") {
            // Who narrows what they saw countersigns what is left.
            let narrows = story.entries.iter().any(|other| other.name == "termsNarrowed" && other.order == entry.order);
            let text = |name: &str| entry.data[name].as_str().unwrap_or_default().to_owned();
            let click = (text("person"), id.clone(), text("digest"));
            if !narrows && !recording.clicks.contains(&click) {
                found.add(0, id, format!("{} never sent an approval of {}", click.0, click.2));
            }
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
    let kept: Vec<(u64, i64)> = recording
        .calls
        .iter()
        .filter(|call| call.verb == "KeepAnchor" && call.order > 0)
        .map(|call| (call.order, call.at))
        .collect();
    for (id, story) in stories {
        let Some(begun) = story.first("provisioningStarted") else { continue };
        // A worker decides when it begins to, and may be a minute late.
        let since = begun.at - COUNTS - HELD - 2 * recording.skew;
        if !kept.iter().any(|(order, at)| *order < begun.order && *at >= since) {
            found.add(6, id, "access was begun while the log was not anchored");
        }
    }
}

/// Nobody asks or countersigns more often than the catalog lets them.
fn limits(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    let mut acts: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for entry in stories.values().flat_map(|story| &story.entries) {
        if let (name @ ("requestSubmitted" | "approvalGiven"), Some(who)) =
            (entry.name.as_str(), entry.cause["person"].as_str())
        {
            acts.entry((name, who)).or_default().push(entry.says);
        }
    }
    for ((name, who), mut times) in acts {
        times.sort_unstable();
        let most = if name == "requestSubmitted" { LIMITS[0] } else { LIMITS[2] };
        // Slots are held until a time that a worker's clock said.
        let hour = 3_600 - 2 * recording.skew;
        if times.windows(most + 1).any(|window| window[most] - window[0] < hour) {
            found.add(8, who, format!("{name} more than {most} times within an hour"));
        }
    }
}

/// Every checkpoint that was ever signed is one of the tree over the leaves as they lie there: no two trees, and none cut.
fn roots(recording: &Recording, found: &mut Findings) {
    let leaves = leaves(recording);
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
    for (size, leaf) in (1_u64..).zip(&leaves) {
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
