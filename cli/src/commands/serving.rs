//! `exec --refresh`: a command that outlives one session. While it runs, fresh sessions are served to it, and to nobody
//! else, on a loopback port, in the way that AWS's tools know from containers.

use crate::api::Api;
use crate::failure::{Exit, Failure};
use crate::grants::Credentials;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use model::names::RequestId;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;

/// A session with less left than this is not served again, in seconds: AWS's tools ask for the next one this long before
/// the end of theirs at the latest.
const SPARE: u64 = 600;

/// What the server knows.
struct Served {
    api: Api,
    id: RequestId,
    token: String,
    /// The session that was served last. Only here, and only while the command runs: one for all processes that it starts.
    last: Mutex<Credentials>,
}

/// Runs the command and serves it; ends with its exit code, or with 128 and the signal that ended it, as a shell does.
///
/// # Errors
/// There is no access, no answer, no port, or no such command.
pub(crate) async fn run(api: Api, id: RequestId, mut command: Command) -> Result<u8, Failure> {
    let failed = |what: &str, error: &std::io::Error| Failure::new(Exit::Failed, "not_run", format!("{what}: {error}"));
    // Asked for before anything starts: who has no access is told so, and nothing runs.
    let last = Mutex::new(Credentials::issue(&api, &id).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| failed("no loopback port", &error))?;
    let address = listener.local_addr().map_err(|error| failed("no loopback port", &error))?;
    let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    command
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{address}/session"))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", &token)
        // Keys in these files would be taken first.
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_CONFIG_FILE", "/dev/null");
    let served = Arc::new(Served { api, id, token, last });
    let router = Router::new().route("/session", get(session)).with_state(served);
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let program = command.get_program().display().to_string();
    let ended = wait(command).await.map_err(|error| failed(&format!("can't run {program}"), &error));
    serving.abort();
    ended.map(code)
}

/// Starts the command and passes signals on until it ends.
async fn wait(command: Command) -> std::io::Result<ExitStatus> {
    // A terminal sends these to the command too; it alone decides what they mean.
    let (mut interrupt, mut quit) = (signal(SignalKind::interrupt())?, signal(SignalKind::quit())?);
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let mut child = tokio::process::Command::from(command).spawn()?;
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let pass = |signal: Signal| {
        if let Some(id) = id {
            // Gone already is what was wanted.
            let _ = kill_process(id, signal);
        }
    };
    loop {
        tokio::select! {
            ended = child.wait() => return ended,
            _ = interrupt.recv() => {}
            _ = quit.recv() => {}
            _ = terminate.recv() => pass(Signal::TERM),
            _ = hangup.recv() => pass(Signal::HUP),
        }
    }
}

fn code(ended: ExitStatus) -> u8 {
    let number = ended.code().or_else(|| ended.signal().map(|signal| signal.saturating_add(128)));
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}

/// The document that AWS's tools read from a container's endpoint.
async fn session(State(served): State<Arc<Served>>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let given = headers.get(header::AUTHORIZATION).map_or(&b""[..], header::HeaderValue::as_bytes);
    if !same(given, served.token.as_bytes()) {
        return (StatusCode::FORBIDDEN, Json(json!({"code": "Forbidden", "message": "this is for one command only"})));
    }
    let mut last = served.last.lock().await;
    if Api::now().seconds_until(last.expiration) < SPARE {
        match Credentials::issue(&served.api, &served.id).await {
            Ok(fresh) => *last = fresh,
            Err(failure) => {
                let status = if failure.exit == Exit::Unreachable { 503 } else { 403 };
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
                return (status, Json(json!({"code": failure.code, "message": failure.sentence})));
            }
        }
    }
    let document = json!({
        "AccessKeyId": last.access_key_id,
        "SecretAccessKey": last.secret_access_key,
        "Token": last.session_token,
        "Expiration": last.expiration,
    });
    (StatusCode::OK, Json(document))
}

/// Compares without telling by its duration where a difference is.
fn same(given: &[u8], wanted: &[u8]) -> bool {
    let differing = given.iter().zip(wanted).fold(0, |differing, (one, other)| differing | (one ^ other));
    given.len() == wanted.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        assert!(same(b"abc", b"abc"));
        for wrong in [&b""[..], b"ab", b"abd", b"abcd"] {
            assert!(!same(wrong, b"abc"), "{wrong:?}");
        }
    }

    #[test]
    fn a_signal_ends_as_a_shell_tells_it() {
        assert_eq!(code(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(code(ExitStatus::from_raw(15)), 143);
    }
}
