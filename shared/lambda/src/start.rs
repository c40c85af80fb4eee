//! Start-up, and the boundary around every invocation.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// What Lambda is told of a failure: a code, nothing else. The cause was logged here, once.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Failed {
    /// A stable code.
    pub code: String,
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failed({})", self.code)
    }
}

impl From<Failed> for lambda_runtime::Diagnostic {
    fn from(failed: Failed) -> Self {
        Self { error_type: failed.code.clone(), error_message: failed.code }
    }
}

/// An error and its causes, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Logs a failed start and gives Lambda its sentence.
pub fn cannot_start(error: &dyn std::error::Error) -> Error {
    let text = chain(error);
    tracing::error!(error = %text, "the function cannot start: {text}");
    Error::from(text)
}

/// Starts the logs: JSON lines where Lambda asks for them.
pub fn logs() {
    lambda_runtime::tracing::init_default_subscriber();
}

/// Runs `handle` for every event until Lambda stops the function.
///
/// # Errors
/// If the runtime API can't be reached.
pub async fn run<A, E, R, H, F>(app: A, handle: H) -> Result<(), Error>
where
    A: Send + Sync + 'static,
    E: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
    H: Fn(Arc<A>, E) -> F + Send + Sync + Clone + 'static,
    F: Future<Output = Result<R, Failed>> + Send + 'static,
{
    let app = Arc::new(app);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| {
        let (app, handle) = (Arc::clone(&app), handle.clone());
        async move { handle(app, event.payload).await }
    }))
    .await
}

/// Logs a failed invocation once and gives Lambda its code.
pub fn failed(code: &str, error: &dyn std::error::Error) -> Failed {
    let text = chain(error);
    tracing::error!(error.code = code, error = %text, "the invocation failed: {text}");
    Failed { code: code.to_owned() }
}
