//! What came in, what went out, and what was touched that is not ours.

use super::Findings;
use super::story::Story;
use crate::recording::Recording;
use serde_json::Value;
use std::collections::BTreeMap;

/// What every secret of the double contains.
const SECRET: &str = "this-is-secret";

pub(super) fn judge(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    for edge in &recording.edges {
        if let Some(status) = edge.status.filter(|status| *status < 400) {
            found.add(7, "", format!("{} was answered {status}", edge.what));
        }
        for wrote in &edge.wrote {
            found.add(7, "", format!("{} came to {wrote}", edge.what));
        }
    }
    for breach in &recording.breaches {
        found.add(4, "", breach);
    }
    let last = recording.pictures.last();
    for (name, attached) in last.into_iter().flat_map(|picture| &picture.attached) {
        if attached.iter().any(|policy| policy != "standing" && !recording.planted.contains(policy)) {
            found.add(4, "", format!("{attached:?} is still attached to {name}"));
        }
        if !attached.contains("standing") {
            found.add(4, "", format!("what stood on {name} was taken off"));
        }
    }
    // What was first at such a name is theirs: whoever came before is not planted on.
    for name in &recording.planted_roles {
        let first = recording.pictures.iter().find_map(|picture| picture.roles.get(name));
        if first != last.and_then(|last| last.roles.get(name)) {
            found.add(4, name, "somebody else's role is not as it was");
        }
    }
    let bytes = recording.streams.values().flatten().map(|entry| String::from_utf8_lossy(&entry.bytes).into_owned());
    let states = recording.states.values().map(Value::to_string);
    if recording.said.iter().cloned().chain(bytes).chain(states).any(|text| text.contains(SECRET)) {
        found.add(11, "", "a secret is in the record, in Slack, on the bus, or in an answer that is for none");
    }
    once(recording, found);
    for (stream, story) in stories {
        let unpublished =
            story.entries.iter().find(|entry| !recording.published.contains(&(stream.clone(), entry.seq)));
        if let Some(entry) = unpublished {
            found.add(5, stream, format!("{} ({}) never reached the bus", entry.name, entry.seq));
        }
    }
    if recording.poison.0 != recording.poison.1 {
        let (sent, aside) = recording.poison;
        found.add(5, "", format!("{sent} records can't be read; {aside} were set aside for people"));
    }
    for (id, story) in stories.iter().filter(|(id, _)| id.starts_with("req_")) {
        let Some(last) = story.entries.last() else { continue };
        let state = recording.states.get(id);
        if state.and_then(|state| state["version"].as_u64()) != Some(last.seq) {
            found.add(5, id, "its state is not of its last entry");
        }
    }
}

/// What takes effect once, took effect once.
fn once(recording: &Recording, found: &mut Findings) {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for said in recording.asked.values() {
        if let Some(word) = recording.once.get(said) {
            *count.entry(word).or_default() += 1;
        }
    }
    for (word, times) in count.into_iter().filter(|(_, times)| *times > 1) {
        found.add(8, "", format!("one message made {times} requests: {word}"));
    }
}
