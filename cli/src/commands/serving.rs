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
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// A session with less left than this is not served again, in seconds: AWS's tools ask for the next one this long before
/// the end of theirs at the latest.
const SPARE: u64 = 600;

/// What the server knows.
struct Served {
    api: Arc<Api>,
    id: RequestId,
    token: String,
    /// The session that was served last. Only here, and only while the command runs: one for all processes that it starts.
    last: Mutex<Credentials>,
}

/// Sessions that are served; for as long as this exists.
pub(super) struct Serving {
    address: SocketAddr,
    token: String,
    task: JoinHandle<std::io::Result<()>>,
}

/// Begins to serve.
///
/// # Errors
/// There is no access, no answer, or no port.
pub(super) async fn start(api: Arc<Api>, id: RequestId) -> Result<Serving, Failure> {
    let failed = |error: std::io::Error| Failure::new(Exit::Failed, "not_run", format!("no loopback port: {error}"));
    // Asked for before anything starts: who has no access is told so, and nothing runs.
    let last = Mutex::new(Credentials::issue(&api, &id).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let served = Arc::new(Served { api, id, token: token.clone(), last });
    let router = Router::new().route("/session", get(session)).with_state(served);
    let task = tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(Serving { address, token, task })
}

impl Serving {
    /// What a command has to find in its environment to be served.
    pub(super) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{}/session", self.address)),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", self.token.clone()),
            // Keys in these files would be taken first.
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ]
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
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
}
