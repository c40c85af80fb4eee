//! The log's key is changed: what who pinned which key finds before, meanwhile and after, and what if somebody signs with
//! the retired one.

use crate::log::{Files, Key, NextKey, ORIGIN, Publisher};
use crate::story::{Leaf, rechained};
use crate::untouched::{STORY, rsa};
use crate::{Where, expect};
use record::checkpoint::Checkpoint;
use record::note::{Kind, Note};
use record::tree::{Edge, leaf};
use serde_json::{Value, json};
use verify::{Code, Outcome, Trusted, Verdict, verify};

fn next() -> Key {
    Key::new(5, ORIGIN, Kind::Ed25519)
}

/// The record with a change of key in it from the middle on, and the leaf that says so.
fn changed(from: &Key, to: &Key) -> (Vec<Leaf>, u64) {
    let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
    let beats = |value: &Value| value["event"]["type"] == "heartbeat";
    let middle = values.len() / 2 + values[values.len() / 2..].iter().position(beats).unwrap();
    let mut change = values[middle].clone();
    change["event"] =
        json!({"type": "keyChanged", "data": {"from": from.public.to_string(), "to": to.public.to_string()}});
    values.insert(middle + 1, change);
    let leaves = rechained(values);
    let index = leaves.iter().position(|leaf| leaf.kind() == "keyChanged").unwrap();
    (leaves, u64::try_from(index).unwrap())
}

/// Its folder; `both`: the former key goes on signing.
fn folder(both: bool) -> (Files, u64) {
    let (leaves, index) = changed(&Key::log(), &next());
    let next = NextKey { key: next(), after: index, both };
    (Publisher { next: Some(next), ..Publisher::default() }.folder(&leaves), index)
}

/// What comes of it for who pinned these lines for the log, and has them in the folder too.
fn judged(files: &Files, log: &[String]) -> Verdict {
    let witness = format!("witness {}\n", Key::witness().public);
    let lines: Vec<String> = log.iter().map(|key| format!("log {key}\n")).collect();
    let keys = lines.concat() + &witness;
    let mut files = files.clone();
    files.insert("keys".to_owned(), keys.clone().into_bytes());
    verify(&files, &Trusted { keys: Some(&keys), as_of: None, known: &[], rsa: &rsa }).unwrap()
}

fn lines() -> (String, String) {
    (Key::log().public.to_string(), next().public.to_string())
}

#[track_caller]
fn only_the_change_is_noted(verdict: &Verdict, index: u64) {
    let codes: Vec<(Code, Option<u64>)> =
        verdict.findings.iter().map(|finding| (finding.code, finding.at.index)).collect();
    assert_eq!((verdict.outcome, codes), (Outcome::Intact, vec![(Code::KeyChanged, Some(index))]));
    let sentence = &verdict.findings[0].sentence;
    let (old, new) = lines();
    assert!(sentence.contains(&old) && sentence.contains(&new), "all of it, to be pinned: {sentence}");
}

#[test]
fn while_both_sign_whoever_pinned_the_former_key_still_verifies() {
    let (files, index) = folder(true);
    let (old, new) = lines();
    let verdict = judged(&files, std::slice::from_ref(&old));
    only_the_change_is_noted(&verdict, index);
    assert_eq!(verdict.figures.signed_by.len(), 1);
    let verdict = judged(&files, &[old, new.clone()]);
    only_the_change_is_noted(&verdict, index);
    assert_eq!(verdict.figures.signed_by.len(), 2, "both are said");
    // The new key alone does not vouch for what was before it.
    let anchor = files.keys().find(|path| path.starts_with("anchors/")).unwrap().clone();
    expect("the new key alone", &judged(&files, &[new]), Code::CheckpointUnsigned, &Where::File(anchor));
}

#[test]
fn afterwards_it_takes_the_new_key() {
    let (files, index) = folder(false);
    let (old, new) = lines();
    let verdict = judged(&files, std::slice::from_ref(&old));
    expect("the former key alone", &verdict, Code::CheckpointUnsigned, &Where::File("log/checkpoint".to_owned()));
    only_the_change_is_noted(&judged(&files, &[old.clone(), new.clone()]), index);
    // Retired, by size: what it signed before stays believed.
    only_the_change_is_noted(&judged(&files, &[format!("{old} until {}", index + 1), new]), index);
}

fn root(leaves: &[Leaf]) -> Edge {
    let mut edge = Edge::EMPTY;
    for one in leaves {
        edge.append(leaf(&one.bytes)).unwrap();
    }
    edge
}

fn put(files: &mut Files, path: &str, note: &Note) {
    files.insert(path.to_owned(), note.to_string().into_bytes());
}

/// Whoever got hold of the retired key signs the very log, or a part of it that goes beyond its time.
#[test]
fn what_only_a_retired_key_signed_is_found() {
    let (old, new) = lines();
    let (leaves, index) = changed(&Key::log(), &next());
    for both in [true, false] {
        for path in ["log/checkpoint", "saved/shown-to-me"] {
            let (mut files, _) = folder(both);
            let edge = root(&leaves);
            let checkpoint = Checkpoint::new(ORIGIN, edge.size(), edge.root()).unwrap();
            put(&mut files, path, &Key::log().signed(&checkpoint));
            let verdict = judged(&files, &[old.clone(), new.clone()]);
            expect("signed by the retired key", &verdict, Code::RetiredKey, &Where::File(path.to_owned()));
            let place = Where::File(path.to_owned());
            let retired = [format!("{old} until {}", index + 1), new.clone()];
            expect("pinned as retired", &judged(&files, &retired), Code::RetiredKey, &place);
        }
    }
}

/// The retired key signs another history, in which no key was ever changed: that key being pinned as retired, it is found
/// without any other copy.
#[test]
fn a_history_without_the_change_is_found_by_who_pinned_when_it_was_retired() {
    let (old, new) = lines();
    let (_, index) = changed(&Key::log(), &next());
    let files = Publisher::default().folder(&STORY.leaves);
    let verdict = judged(&files, &[format!("{old} until {}", index + 1), new]);
    expect("another history", &verdict, Code::RetiredKey, &Where::File("log/checkpoint".to_owned()));
}

#[test]
fn a_change_goes_on_from_the_key_that_the_log_had() {
    let (old, new) = lines();
    let other = Key::new(6, ORIGIN, Kind::Ed25519);
    let (leaves, index) = changed(&other, &next());
    let next = NextKey { key: next(), after: index, both: true };
    let files = Publisher { next: Some(next), ..Publisher::default() }.folder(&leaves);
    let verdict = judged(&files, &[old, new]);
    expect("from another key", &verdict, Code::ImpossibleEvent, &Where::Leaf(index));
}

/// Deployments go on from what the log knew: one that was taken out or put in by who can rewrite the record shows.
#[test]
fn a_deployment_says_what_ran_before_it() {
    let deployed = |value: &&mut Value| value["event"]["type"] == "deploymentSeen";
    for (nth, change) in [
        (1, json!({"sha256": "never", "architecture": "arm64", "modified": ""})),
        (2, json!({"sha256": "first", "architecture": "arm64", "modified": ""})),
    ] {
        let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
        let value = values.iter_mut().filter(deployed).nth(nth).unwrap();
        value["event"]["data"]["previous"] = change;
        let seq = value["seq"].as_u64().unwrap();
        let files = Publisher::default().folder(&rechained(values));
        let (old, _) = lines();
        let place = Where::Entry("sys_deployment".to_owned(), seq);
        expect("other code before it", &judged(&files, &[old]), Code::ImpossibleEvent, &place);
    }
    let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
    let value = values.iter_mut().find(deployed).unwrap();
    value["event"]["data"] = json!({"code": {"sha256": "first"}});
    let files = Publisher::default().folder(&rechained(values));
    let place = Where::Entry("sys_deployment".to_owned(), 1);
    expect("of no function", &judged(&files, &[lines().0]), Code::MalformedEvent, &place);
}
