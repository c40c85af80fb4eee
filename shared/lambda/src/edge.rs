//! What every function with an HTTP door does with a call, whichever it is.

use crate::http::{Answer, Call};
use crate::problem::Problem;
use model::identity::Actor;
use workflow::ports::Policies;

/// The answer, or the problem as one. A problem is logged here, once, by its code.
pub fn answered(outcome: Result<Answer, Problem>) -> Answer {
    outcome.unwrap_or_else(|problem| {
        let (status, code) = (problem.status, problem.code);
        tracing::warn!(status, error.code = code, "answered {status} {code}");
        problem.answer()
    })
}

/// The person behind an API call.
///
/// # Errors
/// If the identity that API Gateway verified belongs to nobody in the catalog.
pub async fn caller<P: Policies>(ports: &P, call: &Call) -> Result<Actor, Problem> {
    let policy = ports.policy().await?;
    call.caller.as_deref().and_then(|arn| policy.catalog().by_caller(arn)).ok_or_else(Problem::unknown_caller)
}
