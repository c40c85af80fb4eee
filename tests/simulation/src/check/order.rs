//! What was called outside, and what had to be in the record before.

use super::Findings;
use super::story::Story;
use crate::recording::{Called, Recording};
use std::collections::{BTreeMap, BTreeSet};

const INTENT: &[&str] = &["provisioningStarted"];
const END: &[&str] = &["revocationStarted"];

/// Holds each call that took effect against what was committed before it.
pub(super) fn judge(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    let mut done: Vec<&Called> = recording.calls.iter().filter(|call| call.order > 0).collect();
    done.sort_by_key(|call| call.order);
    let mut armed: BTreeSet<&str> = BTreeSet::new();
    for call in done {
        let of = call.detail.strip_prefix("countersign-kill-").filter(|of| of.starts_with("req_")).unwrap_or(&call.on);
        let before = |names: &[&str]| stories.get(of).is_some_and(|story| story.has_before(names, call.order));
        let known = stories.contains_key(of);
        match call.verb.as_str() {
            "Arm" => {
                if !before(INTENT) {
                    found.add(10, of, "a schedule was made without an intent in the record");
                }
                armed.insert(of);
            }
            "CreateRole" | "PutRolePolicy" | "CreatePolicy" | "AttachPolicy" if known => {
                if !before(INTENT) {
                    found.add(10, of, format!("{} without an intent in the record", call.verb));
                }
                let lets_in =
                    matches!((call.verb.as_str(), call.detail.as_str()), ("PutRolePolicy" | "CreatePolicy", "grant"));
                if lets_in && !armed.contains(of) {
                    found.add(2, of, "a policy that lets somebody in was written before there was a schedule");
                }
                if call.detail == "tombstone" && !before(END) {
                    found.add(10, of, "a deny was written without an intent in the record");
                }
            }
            "PutKill" if known && !before(END) => {
                found.add(10, of, "a deny on a base role was written without an intent in the record");
            }
            "ReplacePolicy" | "RemoveRole" | "RemovePolicy" if known && !before(END) => {
                found.add(10, of, format!("{} without an intent in the record", call.verb));
            }
            _ => {}
        }
    }
    sessions(recording, found);
}

/// Each session was had by a worker that had put its own intent on record before, and used it for nothing else.
fn sessions(recording: &Recording, found: &mut Findings) {
    let mut by_itself: BTreeSet<usize> =
        (0..recording.calls.len()).filter(|at| recording.calls[*at].verb == "Assume").collect();
    for worker in &recording.fetches {
        let mut intent: Option<&str> = None;
        for at in worker.iter().flat_map(|(from, to)| *from..*to).filter_map(|at| usize::try_from(at).ok()) {
            let Some(call) = recording.calls.get(at) else { continue };
            match call.verb.as_str() {
                "Commit" if call.order > 0 && call.detail == "credentialsRequested" => intent = Some(&call.on),
                "Assume" => {
                    by_itself.remove(&at);
                    if intent.take() != Some(&call.on) && call.order > 0 {
                        found.add(10, &call.on, "a session was had without an intent of its own in the record");
                    }
                }
                _ => {}
            }
        }
    }
    for at in by_itself {
        found.add(10, &recording.calls[at].on, "a session was had by something that hands out no credentials");
    }
}
