//! A stand-in for the API on a loopback port: it answers what it was told to, and remembers what it was asked.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// A call that came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) call: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

#[derive(Debug, Default)]
struct Inner {
    answers: HashMap<String, VecDeque<(u16, Value)>>,
    came: Vec<Came>,
}

/// The stand-in.
#[derive(Debug, Clone)]
pub(crate) struct StandIn {
    inner: Arc<Mutex<Inner>>,
    pub(crate) url: String,
    pub(crate) home: Arc<tempfile::TempDir>,
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = format!("{method} {}", uri.path());
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut inner = inner.lock().unwrap();
    let query = uri.query().unwrap_or_default().to_owned();
    inner.came.push(Came { call: call.clone(), query, headers, body });
    let Some(answers) = inner.answers.get_mut(&call) else {
        return (StatusCode::NOT_FOUND, json!({"message": "Not Found"}).to_string()).into_response();
    };
    // The last answer stays.
    let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
    let (status, body) = next.unwrap();
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, url, home: Arc::new(tempfile::tempdir().unwrap()) }
    }

    /// What is answered to a call (`GET /v1/…`), one after the other; the last answer stays.
    pub(crate) fn on(&self, call: &str, answers: &[(u16, Value)]) -> &Self {
        self.inner.lock().unwrap().answers.insert(call.to_owned(), answers.iter().cloned().collect());
        self
    }

    /// All calls that came.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.inner.lock().unwrap().came.clone()
    }

    /// The built program, as a person with keys in the environment and nothing else of this machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.home.path()).current_dir(self.home.path());
        command.env("COUNTERSIGN_API_URL", &self.url).env("AWS_REGION", "eu-central-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIAALICE").env("AWS_SECRET_ACCESS_KEY", "alices-secret");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.args(arguments);
        command
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments)).await
    }
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What is on stdout, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// Runs a command to its end, without stopping the stand-in meanwhile.
pub(crate) async fn ran(mut command: Command) -> Ran {
    command.stdin(std::process::Stdio::null());
    let done: Output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    Ran {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// The request that all tests are about.
pub(crate) const ID: &str = "req_0198c0ffee0070000000000000000004";

/// Its path.
pub(crate) fn path(rest: &str) -> String {
    format!("/v1/requests/{ID}{rest}")
}

/// It, in this status.
pub(crate) fn request(status: &str) -> Value {
    json!({"id": ID, "status": status, "digest": "7e508a13a6416c63aecf5e31aa8c481e0fc4a38381c970e048dfd3331204a5ba",
        "version": 1, "requester": "alice", "entitlement": "orders-db-debug", "account": "111111111111",
        "environment": "prod", "mechanism": "session", "permissions": ["dynamodb:GetItem"],
        "resources": ["arn:aws:dynamodb:us-east-1:111111111111:table/orders"], "durationSeconds": 1800,
        "justification": "Order 4711 hangs", "ticketId": null, "risk": "medium",
        "riskReasons": [{"code": "write_access", "level": "medium", "sentence": "Changes things in production."}],
        "quorum": {"needed": 1, "groups": ["approvers"]}, "approvals": [],
        "submittedAt": "2026-11-20T19:35:05Z", "updatedAt": "2026-11-20T19:35:05Z", "lapsesAt": "2026-11-20T20:35:05Z"})
}

/// A session.
pub(crate) fn session() -> Value {
    json!({"Version": 1, "AccessKeyId": "ASIAGRANT", "SecretAccessKey": "grants-secret", "SessionToken": "grants-token",
        "Expiration": "2026-11-20T20:05:05Z"})
}

/// A problem, as the API says it.
pub(crate) fn problem(status: u16, code: &str, detail: &str) -> (u16, Value) {
    (
        status,
        json!({"type": format!("urn:countersign:problem:{code}"), "status": status, "code": code, "detail": detail}),
    )
}
