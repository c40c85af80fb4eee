//! Packs that somebody changed, and records of things that must never happen.

use crate::packs::{TOOL, numbers, pack, parameters};
use crate::story::{given, rewritten, streams};
use evidence::pack::{ENTRIES, Files, MANIFEST, check, make};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The pack with one file changed, and the manifest made to fit, as a forger would.
fn forged(path: &str, change: impl Fn(&str) -> String) -> Files {
    let mut files = pack("soc2-cc6.1");
    let before = String::from_utf8(files[path].clone()).unwrap();
    let text = change(&before);
    assert_ne!(before, text, "{path}");
    let mut manifest: Value = serde_json::from_slice(&files[MANIFEST]).unwrap();
    for listed in manifest["files"].as_array_mut().unwrap() {
        if listed["path"] == path {
            listed["sha256"] = json!(hex::encode(Sha256::digest(text.as_bytes())));
            listed["bytes"] = json!(text.len());
        }
    }
    files.insert(path.to_owned(), text.into_bytes());
    files.insert(MANIFEST.to_owned(), manifest.to_string().into_bytes());
    files
}

#[track_caller]
fn finds(files: &Files, code: &str, place: &str) {
    let found = check(files, TOOL, None);
    assert!(found.iter().any(|one| one.code == code && one.place == place), "{code} {place}: {found:#?}");
}

#[test]
fn every_changed_file_is_found_whatever_the_manifest_says() {
    let paths: Vec<String> =
        pack("soc2-cc6.1").into_keys().filter(|path| path != MANIFEST && path != ENTRIES).collect();
    for path in paths {
        finds(&forged(&path, |text| text.replacen('e', "f", 1)), "file_differs", &path);
        let mut cut = pack("soc2-cc6.1");
        cut.remove(&path);
        finds(&cut, "file_missing", &path);
        let mut changed = pack("soc2-cc6.1");
        changed.get_mut(&path).unwrap().push(b' ');
        finds(&changed, "digest_differs", &path);
    }
    let mut more = pack("soc2-cc6.1");
    more.insert("sample/extra.jsonl".to_owned(), Vec::new());
    finds(&more, "file_not_listed", "sample/extra.jsonl");
    finds(&more, "file_not_given", "sample/extra.jsonl");
}

#[test]
fn a_changed_number_is_told_with_its_name() {
    let said = |name: &str| format!("data-number=\"{name}\" data-value=\"4\">4<");
    let more = |name: &str| format!("data-number=\"{name}\" data-value=\"5\">5<");
    finds(
        &forged("report.html", |html| html.replacen(&said("grants"), &more("grants"), 1)),
        "number_differs",
        "report.html grants",
    );
    // Its words alone, by a report of another version of the program.
    let words =
        forged("report.html", |html| html.replacen(&said("grants"), "data-number=\"grants\" data-value=\"4\">40<", 1));
    let told: Vec<_> = check(&words, "another", None).into_iter().map(|one| one.place).collect();
    assert_eq!(told, ["report.html grants"]);
    let mut files = pack("soc2-cc6.1");
    let mut manifest: Value = serde_json::from_slice(&files[MANIFEST]).unwrap();
    manifest["numbers"]["exceptions"] = json!(0);
    files.insert(MANIFEST.to_owned(), manifest.to_string().into_bytes());
    finds(&files, "number_differs", "manifest.json exceptions");
}

#[test]
fn entries_that_were_changed_dropped_or_doubled_break_their_chain() {
    let lines = |change: fn(&mut Vec<String>)| {
        forged(ENTRIES, move |text| {
            let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
            change(&mut lines);
            lines.concat()
        })
    };
    for change in [|lines: &mut Vec<String>| drop(lines.remove(1)), |lines: &mut Vec<String>| lines.swap(0, 1)] {
        let found = check(&lines(change), TOOL, None);
        assert!(!found.is_empty());
    }
    let cut = lines(|lines| drop(lines.remove(1)));
    finds(&cut, "number_differs", "manifest.json exceptions.broken_chain");
    finds(&lines(|lines| lines.push("{}\n".to_owned())), "unreadable_entry", ENTRIES);
    assert_eq!(check(&Files::new(), TOOL, None)[0].code, "no_manifest");
}

/// How often each test fails on a record that was rewritten.
fn exceptions(id: &str, nth: usize, change: impl Fn(&mut Vec<Value>)) -> Vec<(String, u64)> {
    let files = make(&rewritten(&streams()[nth], change), &parameters(id), &Files::new()).unwrap();
    assert_eq!(check(&files, TOOL, None), []);
    let (before, after) = (numbers(&pack(id)), numbers(&files));
    let differs = |(name, value): (&String, &Value)| {
        let test = name.strip_prefix("exceptions.")?;
        let more = value.as_u64()?.checked_sub(before[name].as_u64()?).filter(|more| *more > 0)?;
        Some((test.to_owned(), more))
    };
    after.as_object().unwrap().iter().filter_map(differs).collect()
}

fn event<'a>(entries: &'a mut [Value], name: &str) -> &'a mut Value {
    entries.iter_mut().find(|entry| entry["event"]["type"] == name).unwrap()
}

fn test(code: &str) -> Vec<(String, u64)> {
    vec![(code.to_owned(), 1)]
}

#[test]
fn a_self_approval_is_an_exception_and_counts_for_nothing() {
    let found = exceptions("soc2-cc6.1", 1, |entries| {
        event(entries, "approvalGiven")["event"]["data"]["person"] = json!("alice");
    });
    assert_eq!(found, [test("missing_quorum"), test("self_approval")].concat());
}

#[test]
fn an_approval_of_something_else_counts_for_nothing() {
    let found = exceptions("soc2-cc6.1", 1, |entries| {
        let digest = &mut event(entries, "approvalGiven")["event"]["data"]["digest"];
        *digest = json!(digest.as_str().unwrap().replace(|c: char| c.is_ascii_digit(), "0"));
    });
    assert_eq!(found, test("missing_quorum"));
}

#[test]
fn one_person_twice_is_one() {
    let found = exceptions("soc2-cc6.1", 2, |entries| {
        let last = entries.iter_mut().rfind(|entry| entry["event"]["type"] == "approvalGiven").unwrap();
        last["event"]["data"]["person"] = json!("carol");
    });
    assert_eq!(found, test("missing_quorum"));
}

#[test]
fn a_window_longer_than_what_was_countersigned() {
    let found = exceptions("soc2-cc6.1", 1, |entries| {
        event(entries, "provisioningStarted")["event"]["data"]["plan"]["window"]["expiresAt"] =
            json!("2026-11-20T15:00:00Z");
    });
    assert_eq!(found, test("over_longest"));
}

#[test]
fn ends_that_are_late_missing_or_unverified() {
    let found = exceptions("soc2-cc6.1", 1, |entries| {
        entries.retain(|entry| entry["event"]["type"] != "verifiedEnded");
        let started = event(entries, "grantEnded");
        started["at"] = json!("2026-11-20T12:31:00Z");
        entries.sort_by_key(|entry| entry["at"].as_str().unwrap().to_owned());
    });
    assert_eq!(found, test("ended_late"));
    let found = exceptions("soc2-cc6.1", 1, |entries| {
        let end = entries.iter().position(|entry| entry["event"]["type"] == "grantEnded").unwrap();
        entries.truncate(end);
    });
    assert_eq!(found, test("overdue"));
    let found =
        exceptions("soc2-cc6.1", 1, |entries| entries.retain(|entry| entry["event"]["type"] != "verifiedEnded"));
    assert_eq!(found, test("unverified_end"));
}

#[test]
fn access_after_an_offboarding() {
    let sweep = streams().into_iter().find(|stream| stream.starts_with("swp_")).unwrap();
    let place = streams().iter().position(|stream| *stream == sweep).unwrap();
    let found = exceptions("nist-ac-2", place, |entries| {
        for entry in entries {
            entry["at"] = json!("2026-11-20T13:00:00Z");
        }
    });
    assert_eq!(found, test("after_offboarding"));
}

#[test]
fn policy_alone_is_not_enough_for_what_is_risky() {
    let found = exceptions("soc2-cc6.2", 0, |entries| {
        event(entries, "requestSubmitted")["event"]["data"]["request"]["risk"]["level"] = json!("critical");
    });
    assert_eq!(found, test("unreviewed_risk"));
}

#[test]
fn a_broken_chain_is_an_exception() {
    let mut broken = given();
    let stream = streams()[1].clone();
    broken.retain(|given| given.stream != stream || given.seq != 3);
    let files = make(&broken, &parameters("soc2-cc6.1"), &Files::new()).unwrap();
    assert_eq!(numbers(&files)["exceptions.broken_chain"], 1);
    assert!(String::from_utf8_lossy(&files["exceptions.csv"]).contains(&stream));
}
