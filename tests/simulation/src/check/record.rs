//! The record, by the program that auditors have; and what that can't know: who may what, and which calls came when.

use super::Findings;
use super::story::{Story, texts};
use crate::policies::LIMITS;
use crate::recording::{Click, Recording};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use verify::{Code, Severity, Trusted};

/// How old a policy may be that a worker decides by, in seconds: it is read when it begins, and it lives so long.
pub(super) const HELD: i64 = 60;

pub(super) fn judge(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    verified(recording, found);
    chains(stories, found);
    approvers(recording, stories, found);
    limits(recording, stories, found);
    clicks(recording, stories, found);
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

/// What faults alone bring about, and breaks nothing: the log was out of order for a while, and caught up. Whether it had
/// to be is judged in `log`, by what ran.
fn expected(code: Code) -> bool {
    matches!(code, Code::Silence | Code::LoggedLate)
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

/// Who countersigned sent that, having seen this very digest; and what is granted from then on is what they left of it.
fn clicks(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    for (id, story) in stories.iter().filter(|(id, _)| id.starts_with("req_")) {
        let Some(mut terms) = story.first("requestSubmitted").map(|entry| Shown::of(&entry.data["request"])) else {
            continue;
        };
        let mut narrowed: Option<(u64, Shown)> = None;
        for entry in &story.entries {
            match entry.name.as_str() {
                "termsNarrowed" => narrowed = Some((entry.order, Shown::of(&entry.data))),
                "approvalGiven" => {
                    let left = narrowed.take().filter(|(order, _)| *order == entry.order).map(|(_, left)| left);
                    let person = entry.data["person"].as_str().unwrap_or_default();
                    let after = left.unwrap_or_else(|| terms.clone());
                    let sent = recording.clicks.iter().any(|click| {
                        (click.person.as_str(), &click.id, &click.digest) == (person, id, &terms.digest)
                            && terms.less(click) == (after.permissions.clone(), after.seconds)
                    });
                    if !sent || after.resources != terms.resources {
                        found.add(0, id, format!("{person} never sent an approval of {}", after.digest));
                    }
                    if entry.data["digest"].as_str() != Some(&after.digest) {
                        found.add(0, id, format!("{person} countersigned something else than {}", after.digest));
                    }
                    terms = after;
                }
                _ => {}
            }
        }
    }
}

/// What is to be granted, as an entry shows it.
#[derive(Debug, Clone)]
struct Shown {
    permissions: Vec<String>,
    resources: Vec<String>,
    seconds: u64,
    digest: String,
}

impl Shown {
    fn of(value: &Value) -> Self {
        Self {
            permissions: texts(value.get("permissions")),
            resources: texts(value.get("resources")),
            seconds: value["durationSeconds"].as_u64().unwrap_or_default(),
            digest: value["digest"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// What somebody leaves of it.
    fn less(&self, click: &Click) -> (Vec<String>, u64) {
        let permissions = click.permissions.as_ref().unwrap_or(&self.permissions);
        (permissions.clone(), click.seconds.unwrap_or(self.seconds))
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
