//! What is verified before anything is read: Slack's signature over the exact bytes.

use crate::SlackSide;
use lambda::http::Call;
use lambda::problem::Problem;
use model::identity::Actor;
use model::names::SlackUser;
use model::policy::Policy;
use slack::payload::PayloadError;
use slack::signature::Verified;
use workflow::ports::{Clock, Guard};

/// For how long a signed message is remembered, in seconds: three times as long as it is accepted.
const REMEMBERED: u64 = 900;

/// Slack's signature on `call`. What it did not sign gets an HTTP error and leaves nothing behind.
pub(crate) async fn verify<P: SlackSide + Clock>(ports: &P, call: &Call) -> Result<Verified, Problem> {
    let signatures = ports.signatures().await?;
    signatures
        .verify(ports.now(), call.header("x-slack-request-timestamp"), call.header("x-slack-signature"), &call.body)
        .map_err(|error| Problem::new(401, error.code(), error.to_string()))
}

pub(crate) fn unreadable(error: PayloadError) -> Problem {
    let status = if error.is_foreign() { 401 } else { 400 };
    Problem::new(status, error.code(), error.to_string())
}

/// What makes the verified message take effect once.
pub(crate) fn once<P: Clock>(ports: &P, verified: &Verified) -> Guard {
    Guard::Replay { key: verified.replay_key, forget_at: ports.now().plus(REMEMBERED) }
}

/// The person behind a Slack user of our workspace.
pub(crate) fn person(policy: &Policy, user: &SlackUser) -> Option<Actor> {
    let actor = policy.catalog().by_slack(user);
    if actor.is_none() {
        tracing::warn!(
            error.code = "unknown_caller",
            "a Slack user of our workspace belongs to no person in the catalog"
        );
    }
    actor
}
