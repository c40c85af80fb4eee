//! Entries of the table that the log does not hold: too new for it, or nothing that it could take in.

use crate::log::{Files, pinned};
use crate::story::Leaf;
use crate::untouched::{FOLDER, STORY, judged, rsa};
use crate::{Where, expect};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::time::Time;
use record::chain::{Head, append};
use record::entry::EntryHash;
use serde_json::{Value, json};
use verify::{Code, Outcome, Trusted, verify};

/// The last entry of a request's stream.
fn last(name: &str) -> &'static Leaf {
    STORY.leaves.iter().rfind(|leaf| leaf.stream == STORY.ids[name]).unwrap()
}

/// When the log ends, and so many seconds after that.
fn after_the_log(seconds: i64) -> String {
    Time::from_second(STORY.leaves[STORY.leaves.len() - 1].at + seconds).unwrap().to_string()
}

/// The entry after one in its stream.
fn following(before: &Leaf, at: &str) -> Leaf {
    let head = Head { seq: before.seq, hash: EntryHash::of(&before.bytes) };
    let cause = json!({"kind": "person", "person": "mallory"});
    let event = json!({"type": "commandRefused", "data": {"command": "deny", "code": "overtaken"}});
    Leaf::of(append(head, &before.stream, at, cause, event).unwrap().0.bytes)
}

/// Puts an entry into the table at a place of a stream, and the stream's state to it.
fn put(files: &mut Files, entry: &Leaf, stream: &str, seq: u64) {
    let item = json!({"event": STANDARD.encode(&entry.bytes), "words": {}});
    files.insert(format!("table/streams/{stream}/{seq:06}.json"), item.to_string().into_bytes());
    let state = json!({"version": seq, "head": EntryHash::of(&entry.bytes).to_string()});
    files.insert(format!("table/states/{stream}.json"), state.to_string().into_bytes());
}

fn codes(verdict: &verify::Verdict) -> Vec<Code> {
    verdict.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn what_follows_and_is_too_new_is_a_note() {
    let mut files = FOLDER.clone();
    let first = following(last("denied"), &after_the_log(10));
    let second = following(&first, &after_the_log(20));
    for entry in [&first, &second] {
        put(&mut files, entry, &entry.stream, entry.seq);
    }
    let verdict = judged(&files);
    assert_eq!((verdict.outcome, codes(&verdict)), (Outcome::Intact, vec![Code::NotYetLogged; 2]));
}

#[test]
fn what_the_log_could_not_take_in_is_not_excused_by_being_new() {
    let before = last("denied");
    let (new, next) = (after_the_log(10), before.seq + 1);
    let other = Leaf { bytes: b"{}".to_vec(), ..before.clone() };
    let cases: [(&str, Leaf, u64); 5] = [
        ("of a far time", following(before, "2036-11-20T19:00:00Z"), next),
        ("long due", following(before, &after_the_log(-1_000)), next),
        ("linked to another entry", following(&other, &new), next),
        ("of another stream", following(last("cancelled"), &new), next),
        ("with one left out before it", following(before, &new), next + 1),
    ];
    for (name, entry, seq) in cases {
        let mut files = FOLDER.clone();
        put(&mut files, &entry, &before.stream, seq);
        expect(name, &judged(&files), Code::NotLogged, &Where::Entry(before.stream.clone(), seq));
    }
}

#[test]
fn who_says_when_the_folder_was_fetched_knows_what_was_new_then() {
    let entry = following(last("denied"), &after_the_log(3_000));
    let mut files = FOLDER.clone();
    put(&mut files, &entry, &entry.stream, entry.seq);
    let pinned = pinned();
    let fetched = |as_of: Option<&str>| {
        codes(&verify(&files, &Trusted { keys: Some(&pinned), as_of, known: &[], rsa: &rsa }).unwrap())
    };
    assert_eq!(fetched(None), [Code::NotLogged]);
    // That the log was silent until then is found as well.
    assert_eq!(fetched(Some(&after_the_log(3_010))), [Code::Silence, Code::NotYetLogged]);
    let far: Value = json!(after_the_log(100));
    assert_eq!(fetched(far.as_str()), [Code::NotLogged]);
}
