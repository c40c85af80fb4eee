//! What went wrong, as the API says it: `application/problem+json` (RFC 9457) with a stable code.

use crate::http::{Answer, CallError};
use model::refusal::{Refusal, RefusalKind};
use model::submission::FieldError;
use serde_json::{Value, json};
use workflow::command::CommandError;
use workflow::ports::{Fault, Stored};
use workflow::submission::SubmitError;
use workflow::sweep::SweepError;

/// A problem to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// A stable code.
    pub code: &'static str,
    /// A sentence for a person.
    pub detail: String,
    /// Field by field, if fields are wrong.
    pub errors: Vec<FieldError>,
    /// The request it is about.
    pub request: Option<String>,
    /// Where that request is.
    pub request_status: Option<&'static str>,
}

impl Problem {
    /// A problem without further parts.
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), request: None, request_status: None }
    }

    /// The caller's identity belongs to nobody in the catalog.
    pub fn unknown_caller() -> Self {
        Self::new(
            403,
            "unknown_caller",
            "your identity belongs to no person in the catalog; ask its operators to add it",
        )
    }

    /// No such request, or none the caller may know of.
    pub fn not_found() -> Self {
        Self::new(404, "request_not_found", "there is no such request, or you may not see it")
    }

    /// No such route.
    pub fn no_route() -> Self {
        Self::new(404, "no_route", "there is nothing at this address")
    }

    /// A service this one depends on did not do its part.
    pub fn unavailable() -> Self {
        Self::new(
            503,
            "unavailable",
            "a service this depends on did not answer; nothing is half done, try again in a moment",
        )
    }

    /// Fields are wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
        let code = match errors.as_slice() {
            [only] => only.code,
            _ => "invalid_request",
        };
        Self { errors, ..Self::new(422, code, detail) }
    }

    /// The body is not the JSON it has to be.
    pub fn invalid_body(why: &str) -> Self {
        Self::new(400, "invalid_body", format!("the body is not what this call takes: {why}"))
    }

    /// A refused command.
    pub fn refused(refusal: &Refusal, stored: &Stored) -> Self {
        let status = match refusal.kind() {
            RefusalKind::Forbidden => 403,
            RefusalKind::Conflict => 409,
            RefusalKind::TooOften => 429,
        };
        // Where the request is, is nobody's business who may not act on it.
        let request_status = match refusal.kind() {
            RefusalKind::Forbidden | RefusalKind::TooOften => None,
            RefusalKind::Conflict => Some(stored.state.status().as_str()),
        };
        Self {
            request: Some(stored.state.request.id.to_string()),
            request_status,
            ..Self::new(status, refusal.code(), refusal.to_string())
        }
    }

    /// The answer.
    pub fn answer(&self) -> Answer {
        let mut body = json!({
            "type": format!("urn:countersign:problem:{}", self.code),
            "title": title(self.status),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        });
        if let Some(body) = body.as_object_mut() {
            if !self.errors.is_empty() {
                let errors: Vec<Value> = self
                    .errors
                    .iter()
                    .map(|error| json!({"field": error.field, "code": error.code, "message": error.message}))
                    .collect();
                body.insert("errors".to_owned(), Value::from(errors));
            }
            if let Some(id) = &self.request {
                body.insert("requestId".to_owned(), json!(id));
            }
            if let Some(status) = self.request_status {
                body.insert("requestStatus".to_owned(), json!(status));
            }
        }
        Answer::problem(self.status, &body)
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Malformed",
        401 => "Not authenticated",
        403 => "Not allowed",
        404 => "Not found",
        409 => "Conflict",
        413 => "Too large",
        422 => "Not acceptable as it is",
        429 => "Too many",
        503 => "Unavailable",
        _ => "Failed",
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::TooLarge(_) => Self::new(413, "body_too_large", error.to_string()),
            CallError::Undecodable => Self::invalid_body(&error.to_string()),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        tracing::error!(error.code = %fault.code, "unavailable: {fault}");
        Self::unavailable()
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(_) => Self::not_found(),
            CommandError::Refused { refusal, stored } => Self::refused(&refusal, &stored),
            CommandError::Replayed => Self::replayed(),
            CommandError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Invalid(errors) => Self::invalid(errors),
            SubmitError::KeyReused => Self::new(409, "idempotency_key_reused", error.to_string()),
            SubmitError::Replayed => Self::replayed(),
            SubmitError::NotFound => Self::not_found(),
            SubmitError::Refused { refusal, stored } => Self::refused(&refusal, &stored),
            SubmitError::Barred => Self::new(403, "barred", error.to_string()),
            SubmitError::NotAnchored(refusal) => Self::new(409, refusal.code(), refusal.to_string()),
            SubmitError::TooMany(why) => Self::new(429, "too_many_requests", why.to_string()),
            SubmitError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<SweepError> for Problem {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::NotFound => Self::new(404, "sweep_not_found", "there is no such sweep, or you may not see it"),
            SweepError::Refused(refusal) => {
                let status = if refusal.forbids() { 403 } else { 409 };
                Self::new(status, refusal.code(), refusal.to_string())
            }
            SweepError::Unavailable(fault) => fault.into(),
        }
    }
}

impl Problem {
    /// The signed message took effect before.
    pub fn replayed() -> Self {
        Self::new(401, "replayed", "this message was received before")
    }
}
