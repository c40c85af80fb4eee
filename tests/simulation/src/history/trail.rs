//! What sessions of grants do, and what CloudTrail tells of it: on the bus at once, in files some minutes later, each hour
//! with a digest, and when it is asked.

use super::History;
use crate::mail::{Letter, To};
use crate::people::api;
use crate::plan::Fault;
use crate::recording::Used;
use crate::worker::Done;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::lifecycle::Phase;
use model::time::Time;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;
use workflow::double::{Session, World};
use workflow::ports::PublicKey;

const BUCKET: &str = "trail";
const ACCOUNT: &str = "111111111111";
const FINGERPRINT: &str = "31e8b5433410dfb61a9dc45cc65b22ff";
const KEY: &[u8] = b"the region's key";

/// A file that CloudTrail delivered.
#[derive(Debug)]
struct File {
    key: String,
    /// Of what is inside the gzip, as it was delivered.
    sha256: String,
    at: Time,
}

/// CloudTrail's side.
#[derive(Debug)]
pub(super) struct Trail {
    /// Records that are in no file yet.
    pending: Vec<Value>,
    files: Vec<File>,
    /// Keys of the digests that were delivered.
    digests: Vec<String>,
    /// Key, hash and signature of the last digest.
    previous: Option<(String, String, String)>,
    next_digest: Time,
    number: u64,
}

impl Trail {
    pub(super) fn new(world: &World) -> Self {
        world.sign_with("us-east-1", PublicKey { fingerprint: FINGERPRINT.to_owned(), der: KEY.to_vec() });
        let now = world.aws_now().as_second();
        let next_digest = Time::from_second(now - now.rem_euclid(3_600) + 3_600).unwrap();
        let (pending, files, digests) = (Vec::new(), Vec::new(), Vec::new());
        Self { pending, files, digests, previous: None, next_digest, number: 0 }
    }
}

/// A call of a session, as CloudTrail writes it.
fn record(session: &Session, id: &str, at: Time, denied: bool) -> Value {
    let role = session.base_role.to_string();
    let name = role.rsplit('/').next().unwrap_or_default();
    let request = session.request.as_str();
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": format!("AROAEXAMPLE:{request}"),
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{request}"),
            "accountId": ACCOUNT,
            "accessKeyId": session.access_key_id,
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": role, "userName": name},
                "sourceIdentity": request,
            },
        },
        "eventTime": at.to_string(),
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "DescribeTable",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.30",
        "requestParameters": {"tableName": "orders"},
        "responseElements": null,
        "eventID": id,
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "eventCategory": "Management",
        "recipientAccountId": ACCOUNT,
    });
    if denied {
        record["errorCode"] = json!("AccessDenied");
    }
    record
}

/// As EventBridge hands it on.
fn handed(source: &str, kind: &str, detail: &Value) -> Value {
    json!({"version": "0", "source": source, "detail-type": kind, "detail": detail})
}

fn created(bucket: &str, key: &str) -> Value {
    handed("aws.s3", "Object Created", &json!({"bucket": {"name": bucket}, "object": {"key": key}}))
}

fn called(source: &str, record: &Value) -> Value {
    handed(source, "AWS API Call via CloudTrail", record)
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// The key of an object that is delivered at `at`. Source: CloudTrail user guide, names of log files and of digests.
fn key(kind: &str, at: Time, digits: usize, rest: &str) -> String {
    let at = at.to_string();
    let (date, clock) = at.split_once('T').unwrap();
    let clock: String = clock.chars().filter(char::is_ascii_digit).take(digits).collect();
    let (path, day) = (date.replace('-', "/"), date.replace('-', ""));
    let rest = rest.replace('@', &format!("{day}T{clock}Z"));
    format!("AWSLogs/{ACCOUNT}/{kind}/us-east-1/{path}/{ACCOUNT}_{kind}_us-east-1_{rest}.json.gz")
}

impl History {
    /// What sessions do, and what CloudTrail tells, between two steps of everything else.
    pub(super) fn trail_goes_on(&mut self) {
        if self.trail.is_none() {
            return;
        }
        match self.later.below(100) {
            0..40 => self.somebody_uses(),
            40..46 => self.deliver_file(),
            46..50 => self.forge_activity(),
            _ => {}
        }
    }

    /// The same while everything comes to rest: sessions are used for as long as there are any.
    pub(super) fn trail_comes_to_rest(&mut self, goes_on: bool) {
        if goes_on && self.later.percent(50) {
            self.somebody_uses();
        }
        self.deliver_file();
    }

    /// The holder of a session does something.
    fn somebody_uses(&mut self) {
        let (now, sessions) = (self.now(), self.site.world.sessions());
        let open: Vec<Session> = sessions.into_iter().filter(|session| now < session.expires_at).collect();
        let Some(session) = self.later.one(&open).cloned() else { return };
        let Some(state) = self.site.world.stored(&session.request).map(|stored| stored.state) else { return };
        let over = state.plan().is_none_or(|plan| now >= plan.window.expires_at());
        let denied = over || matches!(state.phase, Phase::Revoking { .. } | Phase::Ended { .. });
        let Some(trail) = &mut self.trail else { return };
        trail.number += 1;
        let id = format!("call-{}", trail.number);
        let record = record(&session, &id, now, denied);
        trail.pending.push(record.clone());
        self.site.world.remember(&record);
        let (request, at) = (session.request.to_string(), now.as_second());
        self.recording.used.push(Used { id: id.clone(), request, at });
        self.say(|| format!("somebody uses {} with {}: {id}", session.request, session.access_key_id));
        if self.later.percent(60) {
            self.tell_activity(format!("call {id}"), called("aws.dynamodb", &record));
        }
    }

    /// On its way as everything else is, and drawn for itself.
    fn tell_activity(&mut self, what: String, event: Value) {
        let (now, lost) = (self.now(), self.plan.has(Fault::Lost) && self.later.percent(25));
        if lost && !self.healed {
            self.hits.count(Fault::Lost);
            return;
        }
        let mut letter = Letter::new(To::Activity, what, event, now);
        if self.plan.has(Fault::TrailTwice) && self.later.percent(30) {
            self.hits.count(Fault::TrailTwice);
            let mut again = letter.clone();
            again.due = now.plus(self.later.seconds(400));
            self.letters.push(again);
        }
        if self.plan.has(Fault::TrailLate) && self.later.percent(30) {
            self.hits.count(Fault::TrailLate);
            letter.due = now.plus(self.later.seconds(3_000));
        }
        self.letters.push(letter);
    }

    /// CloudTrail delivers some of what it has, in no order; sometimes what it delivered before, too.
    fn deliver_file(&mut self) {
        let now = self.now();
        let Some(trail) = &mut self.trail else { return };
        let mut records = Vec::new();
        let keeps_some = !self.healed && self.later.percent(50);
        while !trail.pending.is_empty() {
            let at = self.later.below(trail.pending.len());
            records.push(trail.pending.swap_remove(at));
            if keeps_some && self.later.percent(40) {
                break;
            }
        }
        if records.is_empty() {
            return;
        }
        if self.plan.has(Fault::TrailTwice) && self.later.percent(30) {
            self.hits.count(Fault::TrailTwice);
            trail.pending.extend(records.first().cloned());
        }
        trail.number += 1;
        let key = key("CloudTrail", now, 4, &format!("@_f{}", trail.number));
        let text = json!({"Records": records}).to_string();
        let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        self.site.world.put_object(BUCKET, &key, packed(&text), BTreeMap::new());
        trail.files.push(File { key: key.clone(), sha256, at: now });
        self.say(|| format!("CloudTrail delivers {} records as {key}", records.len()));
        self.tell_activity(format!("file {key}"), created(BUCKET, &key));
    }

    /// Somebody tells of calls that nobody made: in a bucket of their own, or on the bus, in the name of no service of AWS.
    fn forge_activity(&mut self) {
        if !self.plan.has(Fault::TrailForged) || self.healed {
            return;
        }
        let sessions = self.site.world.sessions();
        let Some(session) = self.later.one(&sessions) else { return };
        self.hits.count(Fault::TrailForged);
        let now = self.now();
        let forged = record(session, &format!("forged-{}", self.later.number()), now, false);
        let event = if self.later.percent(50) {
            let key = key("CloudTrail", now, 4, "@_forged");
            let text = json!({"Records": [forged]}).to_string();
            self.site.world.put_object("theirs", &key, packed(&text), BTreeMap::new());
            created("theirs", &key)
        } else {
            called("theirs.dynamodb", &forged)
        };
        let mut letter = Letter::new(To::Activity, "forged activity", event, now);
        letter.forged = true;
        self.letters.push(letter);
    }

    /// Every hour a digest lists what was delivered in it.
    pub(super) fn deliver_digests(&mut self) {
        let now = self.now();
        while let Some(trail) = &mut self.trail
            && trail.next_digest <= now
        {
            let until = trail.next_digest;
            let from = Time::from_second(until.as_second() - 3_600).unwrap();
            trail.next_digest = until.plus(3_600);
            let key = key("CloudTrail-Digest", until, 6, "main_us-east-1_@");
            let files = trail.files.iter().filter(|file| from <= file.at && file.at < until);
            let files: Vec<Value> = files
                .map(|file| {
                    json!({"s3Bucket": BUCKET, "s3Object": file.key, "hashValue": file.sha256, "hashAlgorithm": "SHA-256"})
                })
                .collect();
            let (before_key, before_hash, before) = match trail.previous.clone() {
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
                "previousDigestS3Bucket": if before_key.is_null() { Value::Null } else { json!(BUCKET) },
                "previousDigestS3Object": before_key,
                "previousDigestHashValue": before_hash,
                "previousDigestHashAlgorithm": "SHA-256",
                "previousDigestSignature": before,
                "logFiles": files,
            })
            .to_string();
            let hash = hex::encode(Sha256::digest(inside.as_bytes()));
            let signed = format!("{until}\n{BUCKET}/{key}\n{hash}\n{}", before.as_str().unwrap_or("null"));
            let signature = hex::encode(World::signature(KEY, signed.as_bytes()));
            trail.previous = Some((key.clone(), hash, signature.clone()));
            // An hour that is not told of: the next digest does not go on from the last that came.
            if self.plan.has(Fault::TrailGap) && self.later.percent(50) {
                self.hits.count(Fault::TrailGap);
                continue;
            }
            // Anybody can write what a digest says, and nobody its signature.
            let forged = self.plan.has(Fault::TrailForged) && self.later.percent(30);
            if forged {
                self.hits.count(Fault::TrailForged);
            }
            let signature = if forged { "00".repeat(32) } else { signature };
            let metadata = BTreeMap::from([("signature".to_owned(), signature)]);
            self.site.world.put_object(BUCKET, &key, packed(&inside), metadata);
            trail.digests.push(key.clone());
            self.tell_activity(format!("digest {key}"), created(BUCKET, &key));
        }
    }

    /// What CloudTrail still has comes, and what nobody took from the queue of failures is tried anew.
    pub(super) fn heal_trail(&mut self) {
        self.deliver_file();
        let Some(trail) = &self.trail else { return };
        let read: Vec<String> =
            self.site.world.files_read().into_iter().filter(|file| file.whole).map(|file| file.key).collect();
        let files = trail.files.iter().map(|file| file.key.clone()).filter(|key| !read.contains(key));
        let keys: Vec<String> = files.chain(trail.digests.iter().cloned()).collect();
        for key in keys {
            self.tell_activity(format!("again {key}"), created(BUCKET, &key));
        }
    }

    /// A grant whose activity is still to be summed up.
    pub(super) fn unsettled(&self) -> Option<String> {
        let trail = self.trail.as_ref()?;
        if !trail.pending.is_empty() {
            return Some("CloudTrail has more".to_owned());
        }
        let world = &self.site.world;
        let open = |id: &model::names::RequestId| {
            world.kept(id).is_some_and(|(kept, _)| {
                kept.activity.looked_up.is_none() || kept.activity.due.is_some_and(|due| due <= world.aws_now())
            })
        };
        let id = world.ids().into_iter().find(|id| open(id))?;
        Some(format!("what was done under {id} is not summed up"))
    }

    /// What an auditor is shown of each request: all pages.
    pub(super) fn ask_activity(&mut self) {
        if self.trail.is_none() {
            return;
        }
        self.site.world.set_policy(Some(self.version.policy()));
        for id in self.site.world.ids() {
            let mut shown = Vec::new();
            let mut cursor: Option<String> = None;
            for _ in 0..100 {
                let mut event = api("GET /v1/requests/{id}/activity", "user/dave", id.as_str(), &json!({}), None);
                event["queryStringParameters"] = json!({"limit": "20"});
                if let Some(cursor) = &cursor {
                    event["queryStringParameters"]["cursor"] = json!(cursor);
                }
                let now = self.now();
                let Some(Done::Answered(answer)) =
                    self.at_once(Letter::new(To::Activity, "an auditor asks", event, now))
                else {
                    break;
                };
                let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
                if answer.status_code != 200 {
                    shown.push(format!("{}", answer.status_code));
                }
                let items = body["items"].as_array().into_iter().flatten();
                shown.extend(items.map(|item| item["call"]["id"].as_str().unwrap_or_default().to_owned()));
                cursor = body["cursor"].as_str().map(str::to_owned);
                if cursor.is_none() {
                    break;
                }
            }
            self.recording.activity.insert(id.to_string(), shown);
        }
    }
}
