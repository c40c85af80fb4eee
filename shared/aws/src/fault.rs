//! From an SDK error to a [`Fault`]: the service's code, nothing of its message, which may hold data.

use crate::watch::{CLOCK_DIFFERS, is_clock};
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId as _;
use std::error::Error;
use workflow::ports::Fault;

/// The fault that `error` was while `doing`. Logged here once, with what AWS's support asks for.
pub(crate) fn fault<E: ProvideErrorMetadata + Error + 'static>(
    doing: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> Fault {
    let fault = Fault::new(doing, code(error));
    tracing::warn!(
        error.code = %fault.code,
        aws.request_id = error.request_id().unwrap_or_default(),
        http.status = error.raw_response().map(|response| response.status().as_u16()),
        "{fault}",
    );
    fault
}

/// The code of `error`; services that say the same differently are made to agree.
pub(crate) fn code<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    if let Some(answer) = error.as_service_error() {
        return match answer.code() {
            Some("AccessDeniedException") => "AccessDenied".to_owned(),
            Some(code) => code.to_owned(),
            None => "unknown".to_owned(),
        };
    }
    let word = if let SdkError::DispatchFailure(failure) = error {
        if failure.is_timeout() { "timeout" } else { "unreachable" }
    } else if matches!(error, SdkError::TimeoutError(_)) {
        "timeout"
    } else if matches!(error, SdkError::ResponseError(_)) {
        if is_clock(error) { CLOCK_DIFFERS } else { "unreadable_answer" }
    } else {
        "unsendable"
    };
    word.to_owned()
}

/// A call could not even be put together.
pub(crate) fn unsendable(doing: &'static str) -> impl Fn(BuildError) -> Fault {
    move |error| {
        tracing::error!(error = %error, "could not put the call together");
        Fault::new(doing, "unsendable")
    }
}
