//! What stands for AWS and for Slack while functions are measured: it answers as they do where nothing goes wrong, keeps
//! what it is given, and counts what it is asked. It decides nothing and verifies no signature, so it takes little of the
//! time that it is beside.

use crate::http::{Reply, Request, serve};
use crate::table::Table;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const TABLE: &str = "countersign";
pub(crate) const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/countersign-system/countersign-boundary";
pub(crate) const SIGNING_SECRET: &str = "5c1f0a7e9b2d4f6380a1c3e5d7092b4f";

const IAM: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo`. Source: RFC 8410, section 4.
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What is kept.
#[derive(Debug, Clone, Default)]
struct Kept {
    table: Table,
    /// Inline policies, by role and name.
    policies: BTreeMap<(String, String), String>,
    schedules: BTreeMap<String, Vec<u8>>,
    objects: BTreeMap<String, Vec<u8>>,
}

/// A call: what was asked, and when it came and was answered.
#[derive(Debug, Clone)]
struct Called {
    what: String,
    came: Instant,
    answered: Instant,
}

#[derive(Debug, Default)]
struct World {
    kept: Kept,
    /// What is gone back to.
    marked: Kept,
    called: Vec<Called>,
    /// Calls that were not understood.
    unknown: Vec<String>,
    /// How long each answer takes.
    delay: Duration,
}

/// The stand-in.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    pub(crate) port: u16,
    world: Arc<Mutex<World>>,
}

impl Aws {
    /// # Errors
    /// No port is free.
    pub(crate) fn start() -> Result<Self, String> {
        let world: Arc<Mutex<World>> = Arc::default();
        let serving = Arc::clone(&world);
        let port = serve(move |request| {
            let came = Instant::now();
            let (delay, what, reply) = {
                let mut world = lock(&serving);
                let (what, reply) = answer(&mut world.kept, &request);
                if reply.is_none() {
                    world.unknown.push(what.clone());
                }
                (world.delay, what, reply.unwrap_or_else(|| Reply::new(501, "text/plain", "not known here")))
            };
            if !delay.is_zero() {
                std::thread::sleep(delay);
            }
            lock(&serving).called.push(Called { what, came, answered: Instant::now() });
            reply
        });
        Ok(Self { port: port.map_err(|error| error.to_string())?, world })
    }

    pub(crate) fn with_table<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        work(&mut lock(&self.world).kept.table)
    }

    /// From now on [`Aws::rewind`] comes back to what is kept now.
    pub(crate) fn mark(&self) {
        let mut world = lock(&self.world);
        world.marked = world.kept.clone();
    }

    /// All is as it was when it was marked, so that the same can be done once more.
    pub(crate) fn rewind(&self) {
        let mut world = lock(&self.world);
        world.kept = world.marked.clone();
        world.called.clear();
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        lock(&self.world).delay = delay;
    }

    /// The calls since it was last asked, in rounds: what is in flight together is one. What is not known here is an error.
    pub(crate) fn rounds(&self) -> Result<Vec<Vec<String>>, String> {
        let mut world = lock(&self.world);
        if !world.unknown.is_empty() {
            return Err(format!("the stand-in for AWS does not know {}", world.unknown.join(", ")));
        }
        let mut called = std::mem::take(&mut world.called);
        called.sort_by_key(|call| call.came);
        let mut rounds: Vec<Vec<String>> = Vec::new();
        let mut until: Option<Instant> = None;
        for call in called {
            match (rounds.last_mut(), until) {
                (Some(round), Some(end)) if call.came < end => round.push(call.what),
                _ => rounds.push(vec![call.what]),
            }
            until = until.max(Some(call.answered));
        }
        Ok(rounds)
    }

    /// The key of the last object whose path begins so, without its bucket.
    pub(crate) fn newest(&self, prefix: &str) -> Option<String> {
        let world = lock(&self.world);
        let path = world.kept.objects.keys().rev().find(|path| path.starts_with(prefix))?;
        path.splitn(3, '/').nth(2).map(str::to_owned)
    }

    /// A public key of KMS, all of whose keys are the same here.
    pub(crate) fn public_key() -> [u8; 32] {
        key().verifying_key().to_bytes()
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn body(value: &Value) -> Reply {
    Reply::new(200, "application/json", value.to_string())
}

/// What was asked, in words, and the answer if there is one.
fn answer(kept: &mut Kept, request: &Request) -> (String, Option<Reply>) {
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    if let Some(target) = request.header("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap_or_default();
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let answered = match target.split('.').next() {
            Some("DynamoDB_20120810") => kept.table.answer(operation, &asked),
            _ => json_service(operation, &asked),
        };
        return (operation.to_owned(), answered.map(|answer| body(&answer)));
    }
    if let Some(method) = path.strip_prefix("/slack/") {
        return (format!("Slack {method}"), Some(body(&slack(method))));
    }
    if let Some(name) = path.strip_prefix("/schedules/") {
        let (what, reply) = schedule(kept, &request.method, name, &request.body);
        return (what.to_owned(), Some(reply));
    }
    if request.method == "POST" && path == "/" {
        let asked: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
        let action = asked.get("Action").cloned().unwrap_or_default();
        let reply = query(kept, &action, &asked);
        return (action, reply);
    }
    if path.starts_with("/2015-03-31/functions/") {
        let code = json!({"CodeSha256": STANDARD.encode([7; 32]), "Architectures": ["arm64"],
            "LastModified": "2026-11-20T19:00:00.000+0000"});
        return ("GetFunctionConfiguration".to_owned(), Some(body(&code)));
    }
    match request.method.as_str() {
        "GET" => ("GetObject".to_owned(), Some(object(kept, &path))),
        "PUT" => {
            let tag = format!("\"{}\"", kept.objects.len());
            kept.objects.insert(path, request.body.clone());
            let mut reply = Reply::new(200, "application/xml", "");
            reply.headers.push(("etag", tag));
            ("PutObject".to_owned(), Some(reply))
        }
        method => (format!("{method} {path}"), None),
    }
}

/// Secrets Manager, KMS and EventBridge.
fn json_service(operation: &str, asked: &Value) -> Option<Value> {
    match operation {
        "GetSecretValue" => {
            let secret = json!({"signingSecrets": [SIGNING_SECRET], "botToken": "xoxb-speed-countersign"});
            Some(json!({"Name": "countersign/slack", "SecretString": secret.to_string()}))
        }
        "GetPublicKey" => {
            let der = [PREFIX.as_slice(), &Aws::public_key()].concat();
            Some(
                json!({"PublicKey": STANDARD.encode(der), "KeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "SIGN_VERIFY"}),
            )
        }
        "Sign" => {
            let message = STANDARD.decode(asked.get("Message")?.as_str()?).ok()?;
            let signature = key().sign(&message).to_bytes();
            Some(json!({"Signature": STANDARD.encode(signature), "SigningAlgorithm": "ED25519_SHA_512"}))
        }
        "PutEvents" => {
            let taken: Vec<Value> = asked.get("Entries")?.as_array()?.iter().map(|_| json!({"EventId": "1"})).collect();
            Some(json!({"FailedEntryCount": 0, "Entries": taken}))
        }
        _ => None,
    }
}

fn slack(method: &str) -> Value {
    match method {
        "api/chat.postMessage" => json!({"ok": true, "channel": "C0APPROVALS", "ts": "1795201200.000001"}),
        "api/conversations.open" => json!({"ok": true, "channel": {"id": "D0ALICE01"}}),
        "api/views.open" => json!({"ok": true, "view": {"id": "V0VIEW0001", "hash": "1569362015.55b5e41b"}}),
        _ => json!({"ok": true}),
    }
}

fn schedule(kept: &mut Kept, method: &str, name: &str, sent: &[u8]) -> (&'static str, Reply) {
    match method {
        "POST" => {
            kept.schedules.insert(name.to_owned(), sent.to_vec());
            (
                "CreateSchedule",
                body(&json!({"ScheduleArn": format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{name}")})),
            )
        }
        "GET" => {
            let none = || {
                let mut reply = Reply::new(404, "application/json", r#"{"Message":"there is none"}"#);
                reply.headers.push(("x-amzn-errortype", "ResourceNotFoundException".to_owned()));
                reply
            };
            let found = kept.schedules.get(name).cloned();
            let reply = found.map_or_else(none, |schedule| Reply::new(200, "application/json", schedule));
            ("GetSchedule", reply)
        }
        _ => {
            kept.schedules.remove(name);
            ("DeleteSchedule", body(&json!({})))
        }
    }
}

fn object(kept: &Kept, path: &str) -> Reply {
    match kept.objects.get(path) {
        Some(bytes) => {
            let mut reply = Reply::new(200, "application/octet-stream", bytes.clone());
            reply.headers.push(("etag", "\"1\"".to_owned()));
            reply
        }
        None => Reply::new(404, "application/xml", "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"),
    }
}

/// IAM and STS, which speak XML.
fn query(kept: &mut Kept, action: &str, asked: &BTreeMap<String, String>) -> Option<Reply> {
    let given = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (role, name) = (given("RoleName"), given("PolicyName"));
    let xmlns = if action == "AssumeRole" { STS } else { IAM };
    let result = match action {
        "AssumeRole" => "<Credentials><AccessKeyId>ASIASPEED0000000001</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
             <SessionToken>token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>\
             <PackedPolicySize>41</PackedPolicySize>"
            .to_owned(),
        "GetRole" => format!(
            "<Role><Path>/countersign-base/</Path><RoleName>{role}</RoleName><RoleId>AROASPEED0000000001</RoleId>\
             <Arn>arn:aws:iam::{ACCOUNT}:role/countersign-base/{role}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
             <AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument><PermissionsBoundary>\
             <PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>{BOUNDARY}</PermissionsBoundaryArn>\
             </PermissionsBoundary></Role>"
        ),
        "GetRolePolicy" => {
            let Some(document) = kept.policies.get(&(role.clone(), name.clone())) else {
                let error = format!(
                    "<ErrorResponse xmlns=\"{IAM}\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>\
                     <Message>there is none</Message></Error><RequestId>1</RequestId></ErrorResponse>"
                );
                return Some(Reply::new(404, "text/xml", error));
            };
            let document: String = form_urlencoded::byte_serialize(document.as_bytes()).collect();
            format!(
                "<RoleName>{role}</RoleName><PolicyName>{name}</PolicyName><PolicyDocument>{}</PolicyDocument>",
                // IAM writes a space as %20.
                document.replace('+', "%20")
            )
        }
        "PutRolePolicy" => {
            kept.policies.insert((role, name), given("PolicyDocument"));
            String::new()
        }
        "DeleteRolePolicy" => {
            kept.policies.remove(&(role, name));
            String::new()
        }
        "ListRoles" => "<Roles/><IsTruncated>false</IsTruncated>".to_owned(),
        "ListPolicies" => "<Policies/><IsTruncated>false</IsTruncated>".to_owned(),
        "ListAttachedRolePolicies" => "<AttachedPolicies/><IsTruncated>false</IsTruncated>".to_owned(),
        "ListRolePolicies" => {
            let names = kept.policies.keys().filter(|(on, _)| *on == role);
            let names: Vec<String> = names.map(|(_, name)| format!("<member>{name}</member>")).collect();
            let names = names.concat();
            format!("<PolicyNames>{names}</PolicyNames><IsTruncated>false</IsTruncated>")
        }
        "SimulatePrincipalPolicy" | "SimulateCustomPolicy" => {
            "<EvaluationResults><member><EvalActionName>x</EvalActionName><EvalDecision>explicitDeny</EvalDecision></member>\
             </EvaluationResults><IsTruncated>false</IsTruncated>"
                .to_owned()
        }
        _ => return None,
    };
    let text = format!(
        "<{action}Response xmlns=\"{xmlns}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    );
    Some(Reply::new(200, "text/xml", text))
}
