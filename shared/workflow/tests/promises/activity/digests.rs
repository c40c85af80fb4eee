//! What digests prove: final after them, a gap without, and a tampered file shows.

use super::records::{ACCOUNT, digest_key, own, packed, text};
use super::scene::{BUCKET, Scene};
use crate::support::HALF_AN_HOUR;
use model::digest::Digest;
use model::time::Time;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trail::place::Place;
use workflow::double::World;
use workflow::ports::{PublicKey, ReadObject as _};

const FINGERPRINT: &str = "31e8b5433410dfb61a9dc45cc65b22ff";
const KEY: &[u8] = b"the region's key";

/// A trail's digests, each of an hour, the first of which begins half an hour before the grant.
pub(crate) struct Digests<'s> {
    scene: &'s Scene,
    previous: Option<(String, String, String)>,
}

impl<'s> Digests<'s> {
    pub(crate) fn of(scene: &'s Scene) -> Self {
        let key = PublicKey { fingerprint: FINGERPRINT.to_owned(), der: KEY.to_vec() };
        scene.world().sign_with("us-east-1", key);
        Self { scene, previous: None }
    }

    fn until(scene: &Scene, nth: u64) -> Time {
        scene.at(HALF_AN_HOUR + nth * 3_600)
    }

    pub(crate) fn place(scene: &Scene, nth: u64) -> Place {
        Place::of(BUCKET, &digest_key(Self::until(scene, nth))).unwrap()
    }

    /// The object of a file as it lies in the bucket, unpacked.
    fn stated(&self, key: &str) -> String {
        struct All(Vec<u8>);
        impl workflow::ports::TakeBytes for All {
            async fn take(&mut self, piece: &[u8]) -> Result<bool, workflow::ports::Fault> {
                self.0.extend_from_slice(piece);
                Ok(true)
            }
        }
        let mut all = All(Vec::new());
        self.scene.site.must(self.scene.world().read_object(BUCKET, key, &mut all)).unwrap().unwrap();
        let mut inside = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(all.0.as_slice()), &mut inside).unwrap();
        Digest::of(&inside).to_string()
    }

    /// Delivers the `nth` digest, which lists `files` as they are now.
    pub(crate) fn sign(&mut self, nth: u64, files: &[&str]) -> String {
        let (from, until) = (Self::until(self.scene, nth), Self::until(self.scene, nth));
        let from = Time::from_second(from.as_second() - 3_600).unwrap();
        let key = digest_key(until);
        let files: Vec<Value> = files
            .iter()
            .map(|file| json!({"s3Bucket": BUCKET, "s3Object": file, "hashValue": self.stated(file), "hashAlgorithm": "SHA-256"}))
            .collect();
        let (previous_key, previous_hash, previous_signature) = match self.previous.clone() {
            Some((key, hash, signature)) => (json!(key), json!(hash), json!(signature)),
            None => (Value::Null, Value::Null, Value::Null),
        };
        let inside = json!({
            "awsAccountId": ACCOUNT,
            "digestStartTime": from.to_string(),
            "digestEndTime": until.to_string(),
            "digestS3Bucket": BUCKET,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": if previous_key.is_null() { Value::Null } else { json!(BUCKET) },
            "previousDigestS3Object": previous_key,
            "previousDigestHashValue": previous_hash,
            "previousDigestHashAlgorithm": "SHA-256",
            "previousDigestSignature": previous_signature,
            "logFiles": files,
        })
        .to_string();
        let hash = Digest::of(inside.as_bytes()).to_string();
        let before = previous_signature.as_str().unwrap_or("null");
        let signature = hex(&World::signature(KEY, format!("{until}\n{BUCKET}/{key}\n{hash}\n{before}").as_bytes()));
        let metadata = BTreeMap::from([("signature".to_owned(), signature.clone())]);
        self.scene.world().put_object(BUCKET, &key, packed(inside.as_bytes()), metadata);
        self.previous = Some((key.clone(), hash, signature));
        key
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

/// A grant with one file of calls, and the time passed at which its digests are all there.
fn with_a_file() -> (Scene, String) {
    let scene = Scene::new();
    let key = scene.deliver(5, "all", &[own(&scene.id, "own-1", scene.at(20))]);
    scene.take(&key).unwrap().unwrap();
    (scene, key)
}

#[test]
fn provisional_after_the_delay_and_final_after_the_digests() {
    let (scene, file) = with_a_file();
    scene.settle();
    assert_eq!(scene.summaries(), [], "it goes on");
    scene.settled();
    assert_eq!(scene.summaries(), [("provisional".to_owned(), 1)]);
    let mut digests = Digests::of(&scene);
    for nth in 0..3 {
        scene.pass(HALF_AN_HOUR + nth * 3_600 + 600);
        let files: Vec<&str> = std::iter::once(file.as_str()).filter(|_| nth == 0).collect();
        let key = digests.sign(nth, &files);
        scene.take(&key).unwrap().unwrap();
        scene.take(&key).unwrap().unwrap();
        scene.settle();
        assert_eq!(scene.summaries().len(), if nth < 2 { 1 } else { 2 });
    }
    assert_eq!(scene.summaries()[1], ("final".to_owned(), 1));
    assert_eq!(scene.rules().len(), 0);
    // Nothing is expected any more.
    scene.pass(6 * 3_600);
    assert_eq!(scene.settle(), 0);
    assert_eq!(scene.world().kept(&scene.id).unwrap().0.activity.due, None);
    // And yet, should something come, it is told.
    scene.file(400, "late", &[own(&scene.id, "own-2", scene.at(200))]);
    scene.pass(8 * 3_600);
    scene.settle();
    assert_eq!(scene.summaries()[2], ("final".to_owned(), 2));
}

#[test]
fn a_digest_reads_the_file_that_nothing_told_of() {
    let scene = Scene::new();
    let file = scene.deliver(5, "all", &[own(&scene.id, "own-1", scene.at(20))]);
    let key = Digests::of(&scene).sign(0, &[&file]);
    scene.take(&key).unwrap().unwrap();
    assert_eq!(scene.calls(), ["own-1"]);
    assert_eq!(scene.world().digests_judged()[0].proof.verdict.findings, []);
}

#[test]
fn a_digest_that_never_comes_is_a_gap() {
    let (scene, file) = with_a_file();
    let mut digests = Digests::of(&scene);
    for (nth, files) in [(0, vec![file.as_str()]), (1, vec![])] {
        let key = digests.sign(nth, &files);
        scene.take(&key).unwrap().unwrap();
    }
    scene.settled();
    assert_eq!(scene.rules().len(), 0, "it may come still");
    for hour in 2..9 {
        scene.pass(hour * 3_600);
        scene.settle();
    }
    let outcome = scene.outcome();
    assert_eq!(outcome.recorded.len(), 1, "once, however often it is summed up: {:?}", outcome.recorded);
    let (rule, subject, severity) = &outcome.recorded[0];
    assert_eq!((rule.as_str(), severity.as_str()), ("coverage_gap", "medium"));
    assert!(subject.starts_with("digest_overdue us-east-1"), "{subject}");
    assert!(scene.summaries().iter().all(|(completeness, _)| completeness == "provisional"));
}

#[test]
fn a_file_that_was_changed_is_a_finding_of_high_severity() {
    let scene = Scene::new();
    let file = scene.deliver(5, "all", &[own(&scene.id, "own-1", scene.at(20))]);
    let key = Digests::of(&scene).sign(0, &[&file]);
    let forged = packed(&text(&[own(&scene.id, "forged", scene.at(30))]));
    // Read before it was changed: what counts is what was delivered.
    let before = scene.fork();
    before.take(&file).unwrap().unwrap();
    before.world().put_object(BUCKET, &file, forged.clone(), BTreeMap::new());
    before.take(&file).unwrap().unwrap();
    before.take(&key).unwrap().unwrap();
    assert_eq!(before.calls(), ["own-1"]);
    assert_eq!(before.world().digests_judged()[0].proof.verdict.findings, []);
    // Read after that.
    scene.world().put_object(BUCKET, &file, forged, BTreeMap::new());
    scene.take(&file).unwrap().unwrap();
    scene.take(&key).unwrap().unwrap();
    scene.settled();
    let recorded = scene.outcome().recorded;
    assert!(
        recorded.iter().any(|(rule, subject, severity)| rule == "coverage_gap"
            && severity == "high"
            && subject.starts_with("file_hash_mismatch")),
        "{recorded:?}"
    );
}

#[test]
fn a_file_that_was_cut_when_it_was_read_is_read_again_on_the_digests_word() {
    let scene = Scene::new();
    let records = [own(&scene.id, "own-1", scene.at(20)), own(&scene.id, "own-2", scene.at(30))];
    let file = scene.deliver(5, "all", &records);
    let key = Digests::of(&scene).sign(0, &[&file]);
    let whole = packed(&text(&records));
    scene.world().put_object(BUCKET, &file, whole[..whole.len() / 2].to_vec(), BTreeMap::new());
    scene.take(&file).unwrap().unwrap();
    assert!(!scene.world().files_read()[0].whole);
    scene.world().put_object(BUCKET, &file, whole, BTreeMap::new());
    scene.take(&key).unwrap().unwrap();
    assert!(scene.world().files_read()[0].whole);
    assert_eq!(scene.calls(), ["own-1", "own-2"]);
    assert_eq!(scene.world().digests_judged()[0].proof.verdict.findings, []);
}

#[test]
fn a_file_that_was_removed_is_missing() {
    let scene = Scene::new();
    let file = scene.deliver(5, "all", &[own(&scene.id, "own-1", scene.at(20))]);
    let key = Digests::of(&scene).sign(0, &[&file]);
    scene.world().remove_object(BUCKET, &file);
    scene.take(&key).unwrap().unwrap();
    scene.settled();
    let recorded = scene.outcome().recorded;
    assert!(recorded.iter().any(|(_, subject, _)| subject.starts_with("file_missing")), "{recorded:?}");
}

#[test]
fn a_digest_that_somebody_else_signed_proves_nothing() {
    let (scene, file) = with_a_file();
    let key = Digests::of(&scene).sign(0, &[&file]);
    let metadata = BTreeMap::from([("signature".to_owned(), hex(b"somebody else's"))]);
    scene.world().set_metadata(BUCKET, &key, metadata);
    scene.take(&key).unwrap().unwrap();
    scene.settled();
    let recorded = scene.outcome().recorded;
    assert!(
        recorded.iter().any(|(_, subject, severity)| subject.starts_with("bad_signature") && severity == "high"),
        "{recorded:?}"
    );
}

#[test]
fn what_is_no_digest_proves_nothing_and_stops_nothing() {
    let (scene, _) = with_a_file();
    let key = digest_key(Digests::until(&scene, 0));
    for bytes in [packed(b"{}"), b"no gzip".to_vec(), Vec::new()] {
        scene.world().put_object(BUCKET, &key, bytes, BTreeMap::new());
        scene.take(&key).unwrap().unwrap();
    }
    assert_eq!(scene.world().digests_judged(), []);
}
