//! CloudTrail beside the record: its files and digests changed, and calls that the record does not bear out.

use crate::log::{Files, Publisher};
use crate::story::{Leaf, rechained};
use crate::untouched::{FOLDER, STORY, judged};
use crate::{Where, expect, missed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::time::Time;
use record::entry::EntryHash;
use serde_json::{Value, json};
use std::io::Write as _;
use verify::Code;

pub(crate) const LOGS: &str = "AWSLogs/111111111111/CloudTrail/us-east-1/2026/11";
pub(crate) const DIGESTS: &str = "AWSLogs/111111111111/CloudTrail-Digest/us-east-1/2026/11";
/// For how many hours there are digests.
pub(crate) const HOURS: i64 = 9;
pub(crate) const BASE: &str = "arn:aws:iam::111111111111:role/countersign-base/countersign-sample";
pub(crate) const OTHER: &str = "arn:aws:iam::111111111111:role/other";
const OUR_GRANT: &str = "arn:aws:iam::111111111111:role/countersign-system/countersign-grant";
const OUR_PROVISIONER: &str = "arn:aws:iam::222222222222:role/countersign-system/countersign-provisioner";

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The hash of a text, in hexadecimal.
fn sha256(text: &str) -> String {
    EntryHash::of(text.as_bytes()).to_string()
}

fn time(at: i64) -> Time {
    Time::from_second(at).unwrap()
}

/// A time to the minute, as CloudTrail names files: `20261120T1905Z`.
pub(crate) fn stamp(at: i64) -> String {
    let text = time(at).to_string().replace(['-', ':'], "");
    format!("{}Z", text.split_at(13).0)
}

/// A call of a session.
pub(crate) fn call(id: &str, at: i64, grant: Option<&str>, role: &str, key: &str) -> Value {
    let mut session = json!({"sessionIssuer": {"type": "Role", "arn": role}});
    if let Some(grant) = grant {
        session["sourceIdentity"] = json!(grant);
    }
    json!({
        "eventID": id, "awsRegion": "us-east-1", "eventTime": time(at), "eventName": "GetItem",
        "eventSource": "dynamodb.amazonaws.com", "userIdentity": {"type": "AssumedRole", "accessKeyId": key, "sessionContext": session},
    })
}

/// The opening of a session.
pub(crate) fn opening(id: &str, at: i64, grant: &str, key: &str) -> Value {
    json!({
        "eventID": id, "awsRegion": "us-east-1", "eventTime": time(at), "eventName": "AssumeRole",
        "eventSource": "sts.amazonaws.com", "userIdentity": {"type": "AssumedRole", "accessKeyId": "ASIAFUNCTION"},
        "requestParameters": {"roleArn": BASE, "roleSessionName": grant, "sourceIdentity": grant},
        "responseElements": {"credentials": {"accessKeyId": key}},
    })
}

/// The same caller, opening a session of another role under a grant's id.
fn opens(mut call: Value, role: &str, grant: &str, key: &str) -> Value {
    call["eventName"] = json!("AssumeRole");
    call["eventSource"] = json!("sts.amazonaws.com");
    call["requestParameters"] = json!({"roleArn": role, "roleSessionName": grant});
    call["responseElements"] = json!({"credentials": {"accessKeyId": key}, "sourceIdentity": grant});
    call
}

/// A key that the record hands out: its request, its id, and when.
pub(crate) fn keys() -> Vec<(String, String, i64)> {
    let issued = STORY.leaves.iter().filter(|leaf| leaf.kind() == "credentialsIssued");
    issued
        .map(|leaf| {
            let key = leaf.value()["event"]["data"]["accessKeyId"].as_str().unwrap().to_owned();
            (leaf.stream.clone(), key, leaf.at)
        })
        .collect()
}

/// The role whose sessions are handed out for a request.
fn role(id: &str) -> String {
    let leaf = STORY.leaves.iter().find(|leaf| leaf.stream == id).unwrap().value();
    let mechanism = &leaf["event"]["data"]["request"]["mechanism"];
    mechanism["baseRole"].as_str().or(mechanism["targetRole"].as_str()).unwrap_or(BASE).to_owned()
}

/// What CloudTrail recorded of all sessions.
pub(crate) fn calls() -> Vec<Value> {
    let mut calls = Vec::new();
    for (number, (id, key, at)) in keys().into_iter().enumerate() {
        calls.push(opening(&format!("open-{number}"), at, &id, &key));
        calls.push(call(&format!("call-{number}"), at + 20, Some(&id), &role(&id), &key));
    }
    let ((used, key), (starts, expires)) = (key_of("used"), window("used"));
    // Countersign's own, in another account, under the request's id: also after the end.
    calls.push(opens(call("enter", starts, None, OUR_GRANT, "ASIAGRANT"), OUR_PROVISIONER, &used, "ASIAOURS"));
    calls.push(call("make", starts + 1, Some(&used), OUR_PROVISIONER, "ASIAOURS"));
    calls.push(call("take-out", expires + 90, Some(&used), OUR_PROVISIONER, "ASIAOURS"));
    // The holder's, on into another role: a source identity goes along.
    calls.push(opens(call("chain", starts + 90, Some(&used), &role(&used), &key), OTHER, &used, "ASIACHAINED"));
    calls.push(call("chained", starts + 91, Some(&used), OTHER, "ASIACHAINED"));
    // Somebody's, of a role of their own, who calls it as they like.
    calls.push(opens(call("called-so", starts - 20, None, OTHER, "ASIAOTHER"), OTHER, &used, "ASIATHEIRS"));
    // Somebody else's, so that the trail goes on.
    let (first, last) = (STORY.leaves[0].at, STORY.leaves[STORY.leaves.len() - 1].at);
    for at in (first..last).step_by(600) {
        calls.push(call(&format!("other-{at}"), at, None, OTHER, "ASIAOTHER"));
    }
    calls
}

/// When CloudTrail's first digest begins.
pub(crate) fn first() -> i64 {
    STORY.leaves[0].at / 3_600 * 3_600
}

/// CloudTrail's part of a folder.
fn trail(calls: &[Value]) -> Files {
    region("us-east-1", HOURS, calls)
}

/// That of a Region: a file and a digest for each hour.
pub(crate) fn region(name: &str, hours: i64, calls: &[Value]) -> Files {
    let (logs, digests) = (LOGS.replace("us-east-1", name), DIGESTS.replace("us-east-1", name));
    let mut files = Files::new();
    let public = STANDARD.encode(b"a key");
    let keys = json!({"PublicKeyList": [{"Value": public, "Fingerprint": "f1"}]});
    files.insert(format!("trail/keys/{name}.json"), keys.to_string().into_bytes());
    let mut before: Option<(String, String, String)> = None;
    for hour in 0..hours {
        let (from, until) = (first() + hour * 3_600, first() + (hour + 1) * 3_600);
        let at = |call: &&Value| {
            (from..until).contains(&call["eventTime"].as_str().unwrap().parse::<Time>().unwrap().as_second())
        };
        let records: Vec<&Value> = calls.iter().filter(at).collect();
        let day: String = time(from).to_string().chars().skip(8).take(2).collect();
        let mut listed = Vec::new();
        if !records.is_empty() {
            let text = json!({"Records": records}).to_string();
            let key = format!("{logs}/{day}/111111111111_CloudTrail_{name}_{}_{hour}.json.gz", stamp(until - 60));
            listed.push(
                json!({"s3Bucket": "trail", "s3Object": key, "hashValue": sha256(&text), "hashAlgorithm": "SHA-256"}),
            );
            files.insert(format!("trail/{key}"), gzip(&text));
        }
        let key = format!("{digests}/{day}/111111111111_CloudTrail-Digest_{name}_all_us-east-1_{hour}.json.gz");
        let mut digest = json!({
            "awsAccountId": "111111111111", "digestStartTime": time(from), "digestEndTime": time(until),
            "digestS3Bucket": "trail", "digestS3Object": key, "digestPublicKeyFingerprint": "f1",
            "digestSignatureAlgorithm": "SHA256withRSA", "logFiles": listed,
        });
        if let Some((object, hash, signature)) = &before {
            digest["previousDigestS3Bucket"] = json!("trail");
            digest["previousDigestS3Object"] = json!(object);
            digest["previousDigestHashValue"] = json!(hash);
            digest["previousDigestHashAlgorithm"] = json!("SHA-256");
            digest["previousDigestSignature"] = json!(signature);
        }
        let text = digest.to_string();
        let previous = before.as_ref().map_or("null", |(_, _, signature)| signature);
        let message = format!("{}\ntrail/{key}\n{}\n{previous}", time(until), sha256(&text));
        let signature = EntryHash::of(&[b"a key", message.as_bytes()].concat()).to_string();
        let signature = hex::encode(signature);
        files.insert(format!("trail/{key}"), gzip(&text));
        files.insert(format!("trail/{key}.signature"), signature.clone().into_bytes());
        before = Some((key, sha256(&text), signature));
    }
    files
}

pub(crate) fn with(calls: &[Value]) -> Files {
    let mut files = FOLDER.clone();
    files.extend(trail(calls));
    files
}

/// The `nth` digest, or file of calls.
pub(crate) fn nth(files: &Files, folder: &str, nth: usize) -> String {
    let of = format!("trail/{folder}/");
    files.keys().filter(|path| path.starts_with(&of) && !path.ends_with(".signature")).nth(nth).unwrap().clone()
}

fn window(name: &str) -> (i64, i64) {
    let id = &STORY.ids[name];
    let leaf =
        STORY.leaves.iter().find(|leaf| leaf.stream == *id && leaf.kind() == "provisioningStarted").unwrap().value();
    let window = &leaf["event"]["data"]["plan"]["window"];
    let at = |name: &str| window[name].as_str().unwrap().parse::<Time>().unwrap().as_second();
    (at("startsAt"), at("expiresAt"))
}

pub(crate) fn key_of(name: &str) -> (String, String) {
    let (id, key, _) = keys().into_iter().find(|(id, ..)| *id == STORY.ids[name]).unwrap();
    (id, key)
}

#[test]
fn nothing_is_found_beside_what_cloudtrail_says() {
    let verdict = judged(&with(&calls()));
    assert_eq!(verdict.findings, []);
    let figures = &verdict.figures;
    // Those of handed out keys, and two of a chain; none of Countersign's own, and none of whoever calls theirs so.
    assert_eq!(
        (figures.trail_digests, figures.trail_calls),
        (9, u64::try_from(keys().len()).unwrap() + 2),
        "{figures:?}"
    );
}

#[test]
fn every_change_of_cloudtrails_files_is_found() {
    type Change = (&'static str, fn(&mut Files) -> (Code, String));
    const CHANGES: &[Change] = &[
        ("an hour's digest is gone", |files| {
            let (gone, next) = (nth(files, DIGESTS, 2), nth(files, DIGESTS, 3));
            files.remove(&gone);
            (Code::TrailGap, next)
        }),
        ("a file is gone", |files| {
            let (gone, digest) = (nth(files, LOGS, 1), nth(files, DIGESTS, 1));
            files.remove(&gone);
            (Code::TrailBroken, digest)
        }),
        ("a file is edited", |files| {
            let (path, digest) = (nth(files, LOGS, 1), nth(files, DIGESTS, 1));
            files.insert(path, gzip("{\"Records\":[]}"));
            (Code::TrailBroken, digest)
        }),
        ("a file is added", |files| {
            let at = STORY.leaves[0].at + 600;
            let path = format!("trail/{LOGS}/20/111111111111_CloudTrail_us-east-1_{}_extra.json.gz", stamp(at + 300));
            let text = json!({"Records": [call("more", at, None, BASE, "ASIAOTHER")]}).to_string();
            files.insert(path.clone(), gzip(&text));
            (Code::TrailUnlisted, path)
        }),
        ("a file is garbage", |files| {
            let path = nth(files, LOGS, 1);
            files.insert(path.clone(), b"hello".to_vec());
            (Code::TrailUnreadable, path)
        }),
        ("a digest is edited", |files| {
            let path = nth(files, DIGESTS, 1);
            let text = trail::digest::open(&files[&path]).unwrap();
            let text = String::from_utf8(text).unwrap().replacen("SHA256withRSA\"", "SHA256withRSA\",\"more\":1", 1);
            files.insert(path.clone(), gzip(&text));
            (Code::TrailBroken, path)
        }),
        ("a digest's signature is another", |files| {
            let path = nth(files, DIGESTS, 1);
            files.insert(format!("{path}.signature"), b"00ff".to_vec());
            (Code::TrailBroken, path)
        }),
        ("the signatures are gone", |files| {
            files.retain(|path, _| !path.ends_with(".signature"));
            (Code::TrailUnsigned, "trail/".to_owned())
        }),
        ("the public keys are gone", |files| {
            files.remove("trail/keys/us-east-1.json");
            (Code::TrailUnsigned, "trail/".to_owned())
        }),
    ];
    let whole = with(&calls());
    let missed = CHANGES.iter().filter_map(|(name, change)| {
        let mut files = whole.clone();
        let (code, path) = change(&mut files);
        missed(name, &judged(&files), code, &Where::File(path))
    });
    let missed: Vec<String> = missed.collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn calls_that_the_record_does_not_bear_out_are_found() {
    let ((used, used_key), (policy, policy_key)) = (key_of("used"), key_of("policy"));
    let ((starts, expires), (_, over)) = (window("used"), window("policy"));
    let (base, target) = (role(&used), role(&policy));
    let ended = STORY.leaves.iter().find(|leaf| leaf.stream == policy && leaf.kind() == "tombstonePlaced").unwrap().at;
    assert!(ended + 150 < over);
    let nobody = "req_00000000000000000000000000000000";
    let refused = |mut call: Value| {
        call["errorCode"] = json!("AccessDenied");
        call
    };
    let cases = [
        (
            "before the window",
            call("x", starts - 60, Some(&used), &base, &used_key),
            Code::CallOutsideWindow,
            used.clone(),
        ),
        (
            "after the window",
            call("x", expires + 61, Some(&used), &base, &used_key),
            Code::CallOutsideWindow,
            used.clone(),
        ),
        (
            "just after the window",
            call("x", expires + 30, Some(&used), &base, &used_key),
            Code::CallAtTheEdge,
            used.clone(),
        ),
        (
            "refused after the window",
            refused(call("x", expires + 61, Some(&used), &base, &used_key)),
            Code::CallRefused,
            used.clone(),
        ),
        (
            "by a key alone, after the window",
            call("x", expires + 61, Some(&used), "arn:aws:iam::1:role/other", &used_key),
            Code::CallOutsideWindow,
            used.clone(),
        ),
        (
            "after its early end",
            call("x", ended + 130, Some(&policy), &target, &policy_key),
            Code::CallAfterEnd,
            policy.clone(),
        ),
        (
            "of a grant that there is not",
            call("x", starts, Some(nobody), &base, "ASIAX"),
            Code::CallOfUnknownGrant,
            nobody.to_owned(),
        ),
        (
            "with a key that was not handed out",
            call("x", starts + 300, Some(&used), &base, "ASIAX"),
            Code::KeyNotIssued,
            used.clone(),
        ),
        (
            "by a role that looks like one of Countersign's own, after the window",
            call("x", expires + 61, Some(&used), "arn:aws:iam::1:role/a:role/countersign-system/b", "ASIAX"),
            Code::CallOutsideWindow,
            used.clone(),
        ),
        (
            "another record of a call",
            call("call-0", starts + 300, Some(&used), &base, &used_key),
            Code::CallForged,
            used.clone(),
        ),
    ];
    for (name, more, code, stream) in cases {
        expect(name, &beside(more), code, &Where::Stream(stream));
    }
}

/// What is found beside all calls and another one.
fn beside(more: Value) -> verify::Verdict {
    let mut calls = calls();
    calls.push(more);
    judged(&with(&calls))
}

#[test]
fn sessions_that_the_record_does_not_bear_out_are_found() {
    let ((used, key), (starts, _)) = (key_of("used"), window("used"));
    let target = role(&STORY.ids["policy"]);
    let cases = [
        ("not handed out", opening("x", starts + 300, &used, "ASIAX")),
        (
            "of another role that is handed out",
            opens(call("x", starts + 300, None, OTHER, "ASIAOTHER"), &target, &used, "ASIAX"),
        ),
        (
            "opened by Countersign, of a role that it does not hand out",
            opens(call("x", starts + 300, None, OUR_GRANT, "ASIAGRANT"), OTHER, &used, "ASIAX"),
        ),
        (
            "opened by the holder, of a role of Countersign's own",
            opens(call("x", starts + 300, Some(&used), &role(&used), &key), OUR_PROVISIONER, &used, "ASIAX"),
        ),
    ];
    for (name, more) in cases {
        expect(name, &beside(more), Code::KeyNotIssued, &Where::Stream(used.clone()));
    }
}

#[test]
fn a_key_that_cloudtrail_never_saw_is_found() {
    let (used, key) = key_of("used");
    let calls: Vec<Value> = calls().into_iter().filter(|call| !call.to_string().contains(&key)).collect();
    expect("unseen", &judged(&with(&calls)), Code::IssuedKeyUnseen, &Where::Stream(used));
}

#[test]
fn an_intent_whose_answer_was_lost_excuses_one_session_and_no_more() {
    let (used, _) = key_of("used");
    let (_, lost, at) = keys().into_iter().rfind(|(id, ..)| *id == used).unwrap();
    let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
    let issued = values.iter_mut().find(|value| value["event"]["data"]["accessKeyId"] == *lost).unwrap();
    issued["event"] = json!({"type": "credentialsFailed", "data": {"code": "timeout"}});
    let mut files = Publisher::default().folder(&rechained(values));
    // It was opened, and nobody had it.
    let mut calls: Vec<Value> =
        calls().into_iter().filter(|call| call["userIdentity"]["accessKeyId"] != *lost).collect();
    files.extend(trail(&calls));
    assert_eq!(judged(&files).findings, []);
    calls.push(opening("x", at + 10, &used, "ASIAX"));
    files.extend(trail(&calls));
    expect("a second one", &judged(&files), Code::KeyNotIssued, &Where::Stream(used));
}
