//! Files beside CloudTrail's that no digest lists: too new for one, or put there by somebody else, who chooses their names and
//! what is in them.

use crate::calls::{
    DIGESTS, HOURS, LOGS, OTHER, call, calls, first, gzip, key_of, keys, nth, opening, region, stamp, with,
};
use crate::log::Files;
use crate::untouched::judged;
use crate::{Where, expect};
use serde_json::{Value, json};
use verify::Code;

/// A file of these calls, delivered then, and its path in the trail.
fn file(folder: &str, delivered: i64, calls: &[Value]) -> (String, Vec<u8>) {
    let region = folder.split('/').nth(3).unwrap_or("us-east-1");
    let name = format!("111111111111_CloudTrail_{region}_{}_extra.json.gz", stamp(delivered));
    (format!("trail/{folder}/20/{name}"), gzip(&json!({"Records": calls}).to_string()))
}

/// One with one call.
fn more(folder: &str, at: i64) -> (String, Vec<u8>) {
    file(folder, at + 300, &[call("more", at, None, OTHER, "ASIAOTHER")])
}

/// When the last digest of the trail ends.
fn end() -> i64 {
    first() + HOURS * 3_600
}

#[test]
fn a_file_that_no_digest_can_list_yet_was_not_put_there() {
    let europe = LOGS.replace("us-east-1", "eu-west-1");
    let mut files = with(&calls());
    files.extend(region("eu-west-1", 3, &[]));
    let late = [more(LOGS, end() - 600), more(&europe, first() + 5 * 3_600)];
    for (path, bytes) in late {
        let mut files = files.clone();
        files.insert(path, bytes);
        assert_eq!(judged(&files).findings, []);
    }
    // But where digests have passed it by, there are none at all, or no file of CloudTrail's lies.
    let nowhere = LOGS.replace("us-east-1", "ap-south-1");
    for folder in [LOGS, &europe, &nowhere, "AWSLogs", "elsewhere"] {
        let (path, bytes) = more(folder, first() + 3_700);
        let mut files = files.clone();
        files.insert(path.clone(), bytes);
        expect(folder, &judged(&files), Code::TrailUnlisted, &Where::File(path));
    }
}

/// What could make a file look too new for the digests that there are.
#[test]
fn neither_name_nor_records_alone_make_a_file_too_new() {
    let (early, late) = (first() + 3_700, end() + 600);
    let other = |at: i64| call(&format!("more-{at}"), at, None, OTHER, "ASIAOTHER");
    let (path, bytes) = file(LOGS, late, &[other(late)]);
    let unnamed = path.replace(&stamp(late), "new");
    for (name, (path, bytes)) in [
        ("a late record among early ones", file(LOGS, early, &[other(early), other(late)])),
        ("early records under a late name", file(LOGS, late, &[other(early)])),
        ("no record at all", file(LOGS, early, &[])),
        ("late, under no name of CloudTrail's", (unnamed, bytes)),
    ] {
        let mut files = with(&calls());
        files.insert(path.clone(), bytes);
        expect(name, &judged(&files), Code::TrailUnlisted, &Where::File(path));
    }
}

#[test]
fn a_file_that_no_digest_lists_has_not_seen_what_one_would_have_listed() {
    let (used, key) = key_of("used");
    let (_, _, at) = keys().into_iter().find(|(_, known, _)| *known == key).unwrap();
    let left: Vec<Value> = calls().into_iter().filter(|call| !call.to_string().contains(&key)).collect();
    // Too new to be listed by all that it says, and of a key that was handed out long before.
    let (path, bytes) =
        file(LOGS, end() + 600, &[opening("x", at, &used, &key), call("y", end(), None, OTHER, "ASIAOTHER")]);
    let mut files = with(&left);
    files.insert(path, bytes);
    expect("made to be seen", &judged(&files), Code::IssuedKeyUnseen, &Where::Stream(used));
}

/// Where the digests end before the files do, as they do in every copy.
#[test]
fn a_key_that_was_handed_out_since_the_last_digest_is_seen_in_the_files_after_it() {
    let whole = with(&calls());
    let newest = keys().into_iter().map(|(_, _, at)| at).max().unwrap();
    let passed = usize::try_from((newest - first()) / 3_600).unwrap();
    let mut files: Files = whole.clone();
    for hour in passed..usize::try_from(HOURS).unwrap() {
        let digest = nth(&whole, DIGESTS, hour);
        files.remove(&format!("{digest}.signature"));
        files.remove(&digest);
    }
    assert!(files.len() < whole.len());
    assert_eq!(judged(&files).findings, []);
}
