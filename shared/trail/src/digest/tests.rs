use super::verdict::{Code, Evidence, Finding, Reading, State, Verdict, judge};
use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Write;

const KEY: &[u8] = b"the region's key";
const PREFIX: &str = "org/AWSLogs/o-abc1234567/111122223333/CloudTrail-Digest/eu-west-1/2026/11/20/";

/// Stands in for RSA, which `shared/aws` tests: a keyed hash.
fn sign(key: &[u8], message: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(key).chain_update(message).finalize().to_vec()
}

fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    sign(key, message) == signature
}

fn at(end: &str) -> Object {
    let name = format!("111122223333_CloudTrail-Digest_eu-west-1_my_trail_us-east-1_{end}.json.gz");
    Object { bucket: "logs".to_owned(), key: format!("{PREFIX}{name}") }
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn written(hour: u8, previous: Option<&Link>) -> Value {
    let next = hour.saturating_add(1);
    let object = at(&format!("20261120T{next:02}0131Z"));
    json!({
        "awsAccountId": "111122223333",
        "digestStartTime": format!("2026-11-20T{hour:02}:01:31Z"),
        "digestEndTime": format!("2026-11-20T{next:02}:01:31Z"),
        "digestS3Bucket": object.bucket,
        "digestS3Object": object.key,
        "digestPublicKeyFingerprint": "31E8b5433410dfb61a9dc45cc65b22ff",
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": null,
        "oldestEventTime": null,
        "previousDigestS3Bucket": previous.map(|link| link.object.bucket.clone()),
        "previousDigestS3Object": previous.map(|link| link.object.key.clone()),
        "previousDigestHashValue": previous.map(|link| link.sha256.clone()),
        "previousDigestHashAlgorithm": previous.map(|_| "SHA-256"),
        "previousDigestSignature": previous.map(|link| link.signature.clone()),
        "aFieldOfTomorrow": {"digestEndTime": "never"},
        "logFiles": [file("a"), file("b")],
    })
}

fn file(name: &str) -> Value {
    json!({
        "s3Bucket": "logs",
        "s3Object": format!("org/AWSLogs/o-abc1234567/111122223333/CloudTrail/eu-west-1/2026/11/20/{name}.json.gz"),
        "hashValue": hex::encode(Sha256::digest(name)).to_ascii_uppercase(),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": "2026-11-20T10:20:00Z",
        "oldestEventTime": "2026-11-20T10:10:00Z",
    })
}

fn read(value: &Value) -> Digest {
    let object = Object {
        bucket: value["digestS3Bucket"].as_str().unwrap().to_owned(),
        key: value["digestS3Object"].as_str().unwrap().to_owned(),
    };
    Digest::parse(value.to_string().as_bytes(), &object).unwrap()
}

fn signed(digest: &Digest) -> String {
    hex::encode(sign(KEY, digest.to_sign().as_bytes()))
}

/// The digest of `hour`, made after `previous`, and what its successor holds it against.
fn digest(hour: u8, previous: Option<&Link>) -> (Digest, Link) {
    let digest = read(&written(hour, previous));
    let link = digest.link(&signed(&digest));
    (digest, link)
}

fn whole(file: &LogFile) -> Reading {
    Reading::Read(file.sha256.clone())
}

fn verdict(digest: &Digest, before: Option<&Link>) -> Verdict {
    let signature = signed(digest);
    judge(digest, Evidence { signature: Some(&signature), key: Some(KEY), before }, whole, verifies)
}

fn codes(verdict: &Verdict) -> Vec<Code> {
    verdict.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn signed_is_what_aws_documents() {
    let value = written(10, None);
    let inside = value.to_string();
    let digest = read(&value);
    let key = at("20261120T110131Z").key;
    let hash = hex::encode(Sha256::digest(inside));
    assert_eq!(digest.to_sign(), format!("2026-11-20T11:01:31Z\nlogs/{key}\n{hash}\nnull"));
    let (_, link) = self::digest(10, None);
    let (next, _) = self::digest(11, Some(&link));
    assert!(next.to_sign().ends_with(&format!("\n{}", link.signature)), "{}", next.to_sign());
}

#[test]
fn the_key_says_whose_it_is() {
    let (digest, _) = digest(10, None);
    assert_eq!(
        (digest.place.account.as_str(), digest.place.region.as_str(), digest.place.trail.as_str()),
        ("111122223333", "eu-west-1", "my_trail")
    );
    let plain = |key: &str| Place::of(&Object { bucket: "logs".to_owned(), key: key.to_owned() });
    let file = "111122223333_CloudTrail-Digest_eu-west-1_t_eu-west-1_20261120T110131Z";
    let day = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/11/20";
    assert!(!plain(&format!("{day}/{file}.json.gz")).unwrap().backfill);
    assert!(plain(&format!("{day}/{file}_backfill.json.gz")).unwrap().backfill);
    for foreign in [
        format!("{day}/{file}.json"),
        format!("{day}/{}.json.gz", file.replace("111122223333", "444455556666")),
        format!("{day}/{}.json.gz", file.replace("eu-west-1_t", "us-east-1_t")),
        format!("111122223333/CloudTrail-Digest/eu-west-1/2026/11/20/{file}.json.gz"),
        format!("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/20/{file}.json.gz"),
        format!("AWSLogs/11112222/CloudTrail-Digest/eu-west-1/2026/11/20/{file}.json.gz"),
        String::new(),
    ] {
        assert_eq!(plain(&foreign), None, "{foreign}");
    }
}

#[test]
fn a_chain_with_all_its_files_is_validated() {
    let (first, link) = digest(10, None);
    assert_eq!(verdict(&first, None).state, State::Validated);
    let (second, _) = digest(11, Some(&link));
    let verdict = verdict(&second, Some(&link));
    assert_eq!((verdict.state, verdict.findings), (State::Validated, vec![]));
}

#[test]
fn an_hour_in_which_nothing_was_delivered_is_validated_too() {
    let mut value = written(10, None);
    value["logFiles"] = json!([]);
    assert_eq!(verdict(&read(&value), None).state, State::Validated);
}

#[test]
fn each_thing_that_does_not_hold_has_its_code() {
    let (_, link) = digest(10, None);
    let (second, _) = digest(11, Some(&link));
    let good = signed(&second);
    let evidence = Evidence { signature: Some(&good), key: Some(KEY), before: Some(&link) };
    let other = hex::encode(sign(b"another key", second.to_sign().as_bytes()));
    for (signature, key, code) in [
        (None, Some(KEY), Code::BadSignature),
        (Some("not hexadecimal"), Some(KEY), Code::BadSignature),
        (Some(""), Some(KEY), Code::BadSignature),
        (Some(other.as_str()), Some(KEY), Code::BadSignature),
        (Some(good.as_str()), None, Code::UnknownKey),
    ] {
        let verdict = judge(&second, Evidence { signature, key, ..evidence }, whole, verifies);
        assert_eq!((codes(&verdict), verdict.state), (vec![code], State::Doubtful), "{signature:?}");
    }
    let one = |reading: Reading| {
        let verdict = judge(
            &second,
            evidence,
            |file| if file.object.key.ends_with("/a.json.gz") { reading.clone() } else { whole(file) },
            verifies,
        );
        (codes(&verdict), verdict.state)
    };
    assert_eq!(one(Reading::Missing), (vec![Code::FileMissing], State::Doubtful));
    assert_eq!(one(Reading::Quarantined("cut_gzip".to_owned())), (vec![Code::FileNotRead], State::Doubtful));
    assert_eq!(one(Reading::Read("00".repeat(32))), (vec![Code::FileHashMismatch], State::Doubtful));
    assert_eq!(one(Reading::Waiting), (vec![], State::Waiting));
}

#[test]
fn a_digest_that_was_changed_or_moved_is_found_out() {
    let (_, link) = digest(10, None);
    let honest = written(11, Some(&link));
    let signature = signed(&read(&honest));
    let mut changed = honest.clone();
    changed["logFiles"].as_array_mut().unwrap().pop();
    let evidence = Evidence { signature: Some(&signature), key: Some(KEY), before: Some(&link) };
    assert_eq!(codes(&judge(&read(&changed), evidence, whole, verifies)), [Code::BadSignature]);

    let elsewhere = at("20261120T130131Z");
    let moved = Digest::parse(honest.to_string().as_bytes(), &elsewhere).unwrap();
    assert_eq!(codes(&judge(&moved, evidence, whole, verifies)), [Code::WrongObject]);

    let mut foreign = honest.clone();
    foreign["awsAccountId"] = json!("444455556666");
    let foreign = read(&foreign);
    let signature = signed(&foreign);
    let evidence = Evidence { signature: Some(&signature), ..evidence };
    assert_eq!(codes(&judge(&foreign, evidence, whole, verifies)), [Code::WrongObject]);
}

#[test]
fn a_chain_tells_of_what_was_taken_out() {
    let (_, ten) = digest(10, None);
    let (_, eleven) = digest(11, Some(&ten));
    let (twelve, _) = digest(12, Some(&eleven));
    // The one between is not known yet: this one's own time is proven, coverage sees the hour without a digest.
    assert_eq!(verdict(&twelve, Some(&ten)).state, State::Validated);

    let forged = Link { sha256: "00".repeat(32), ..eleven.clone() };
    assert_eq!(codes(&verdict(&twelve, Some(&forged))), [Code::ChainBroken]);
    let forged = Link { signature: "00".to_owned(), ..eleven.clone() };
    assert_eq!(codes(&verdict(&twelve, Some(&forged))), [Code::ChainBroken]);
    let swapped = Link { object: at("20261120T999999Z"), ..eleven.clone() };
    assert_eq!(codes(&verdict(&twelve, Some(&swapped))), [Code::ChainBroken]);

    let (late, _) = digest(14, Some(&eleven));
    let verdict_of_late = verdict(&late, Some(&eleven));
    assert_eq!((codes(&verdict_of_late), verdict_of_late.state), (vec![Code::Gap], State::Validated));
    let (anew, _) = digest(14, None);
    let verdict_of_anew = verdict(&anew, Some(&eleven));
    assert_eq!((codes(&verdict_of_anew), verdict_of_anew.state), (vec![Code::ChainStart], State::Validated));
    insta::assert_snapshot!(verdict_of_anew.findings[0].sentence);
}

#[test]
fn keys_are_asked_for_by_the_time_of_signing() {
    let (plain, _) = digest(10, None);
    let window = Some((time("2026-11-20T10:01:31Z"), time("2026-11-20T11:01:31Z")));
    assert_eq!(plain.keys_between(None), window);
    let mut value = written(10, None);
    value["digestS3Object"] = json!(at("20261120T110131Z_backfill").key);
    let backfill = read(&value);
    assert_eq!(backfill.keys_between(None), None);
    let window = Some((time("2026-11-24T07:00:00Z"), time("2026-11-24T09:00:00Z")));
    assert_eq!(backfill.keys_between(Some(time("2026-11-24T08:00:00Z"))), window);
    // The last backfill digest was long ago.
    let before = Link { until: time("2026-01-01T00:00:00Z"), ..plain.link("00") };
    assert_eq!(codes(&verdict(&backfill, Some(&before))), [Code::ChainStart]);
}

#[test]
fn what_is_no_digest_is_told_by_code() {
    let object = at("20261120T110131Z");
    let parse = |value: &Value| Digest::parse(value.to_string().as_bytes(), &object).map_err(Broken::code);
    let good = written(10, None);
    assert!(parse(&good).is_ok());
    for (pointer, bad) in [
        ("/digestStartTime", json!("yesterday")),
        ("/digestEndTime", json!("2026-11-20T10:01:31Z")),
        ("/logFiles", json!(null)),
        ("/logFiles/0/hashValue", json!("00")),
        ("/logFiles/0/hashAlgorithm", json!("MD5")),
        ("/previousDigestSignature", json!("00")),
        ("/awsAccountId", json!(1)),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).unwrap() = bad;
        assert_eq!(parse(&value), Err("bad_digest"), "{pointer}");
    }
    assert_eq!(parse(&json!([])), Err("bad_digest"));
    let elsewhere = Object { bucket: "logs".to_owned(), key: "AWSLogs/readme.txt".to_owned() };
    let foreign = Digest::parse(good.to_string().as_bytes(), &elsewhere);
    assert_eq!(foreign.map_err(Broken::code), Err("foreign_object"));
}

#[test]
fn what_is_inside_the_gzip_is_bounded_and_whole() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zipped = gzip(b"{\"logFiles\":[]}");
    assert_eq!(open(&zipped).unwrap(), b"{\"logFiles\":[]}");
    assert_eq!(open(&zipped[..zipped.len().saturating_sub(9)]), Err(Broken::Gzip));
    assert_eq!(open(b"{}"), Err(Broken::Gzip));
    let bomb = gzip(&vec![b' '; 100_001]);
    assert!(bomb.len() < 1_000);
    assert_eq!(inflated(&bomb, 100_000), Err(Broken::TooLong));
    assert_eq!(inflated(&bomb, 100_001).unwrap().len(), 100_001);
}

#[test]
fn a_thousand_missing_files_are_fifty_findings_and_a_number() {
    let mut value = written(10, None);
    value["logFiles"] = (0..1_000).map(|n| file(&n.to_string())).collect();
    let digest = read(&value);
    let signature = signed(&digest);
    let evidence = Evidence { signature: Some(&signature), key: Some(KEY), before: None };
    let verdict = judge(&digest, evidence, |_| Reading::Missing, verifies);
    assert_eq!((verdict.findings.len(), verdict.more, verdict.state), (50, 950, State::Doubtful));
}

#[test]
fn a_hostile_name_stays_one_line() {
    let mut value = written(10, None);
    value["logFiles"][0]["s3Object"] = json!(format!("a\n\u{202e}{}", "x".repeat(4_000)));
    let digest = read(&value);
    let signature = signed(&digest);
    let evidence = Evidence { signature: Some(&signature), key: Some(KEY), before: None };
    let verdict = judge(&digest, evidence, |_| Reading::Missing, verifies);
    let Finding { subject, sentence, .. } = &verdict.findings[0];
    assert!(subject.chars().count() <= 300 && sentence.chars().count() < 400);
    assert!(!sentence.contains(['\n', '\u{202e}']));
}

proptest! {
    #[test]
    fn no_byte_of_a_signed_digest_can_change(position in any::<prop::sample::Index>(), with in any::<u8>()) {
        let value = written(10, None);
        let signature = signed(&read(&value));
        let mut inside = value.to_string().into_bytes();
        let position = position.index(inside.len());
        prop_assume!(inside[position] != with);
        inside[position] = with;
        if let Ok(digest) = Digest::parse(&inside, &at("20261120T110131Z")) {
            let evidence = Evidence { signature: Some(&signature), key: Some(KEY), before: None };
            prop_assert_eq!(judge(&digest, evidence, whole, verifies).state, State::Doubtful);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), key in "\\PC{0,120}") {
        let _ = open(&bytes);
        let _ = Digest::parse(&bytes, &Object { bucket: String::new(), key });
    }
}
