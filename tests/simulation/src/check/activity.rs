//! What was done under grants: each call is told of under its own request, once, and under no other.

use super::Findings;
use super::story::Story;
use crate::recording::Recording;
use std::collections::BTreeMap;

/// How far the clocks of workers and of CloudTrail may differ, in seconds, and a second for a time without fractions.
const CLOCKS_DIFFER: i64 = 3;

pub(super) fn judge(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    for (id, shown) in &recording.activity {
        let mut told = shown.clone();
        told.sort();
        let mut used: Vec<String> =
            recording.used.iter().filter(|call| call.request == *id).map(|call| call.id.clone()).collect();
        used.sort();
        if told != used {
            let missing: Vec<&String> = used.iter().filter(|call| !told.contains(call)).collect();
            let (done, shown) = (used.len(), told.len());
            found.add(13, id, format!("{done} calls were made under it, and {shown} are told; not: {missing:?}"));
        }
    }
    for call in &recording.used {
        let Some(story) = stories.get(&call.request) else { continue };
        let ended = story.first("grantEnded").map(|entry| entry.says + 1);
        let end = story.window.map(|(_, end)| end).into_iter().chain(ended).min();
        let finds = |entry: &super::story::Entry| {
            entry.name == "activityFinding"
                && entry.data.pointer("/finding/rule").is_some_and(|rule| rule == "after_end")
        };
        if end.is_some_and(|end| call.at > end + CLOCKS_DIFFER) && !story.entries.iter().any(finds) {
            found.add(13, &call.request, format!("{} was tried after its end, and nothing says so", call.id));
        }
    }
}
