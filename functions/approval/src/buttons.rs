//! Slack's buttons. Who pressed which, for which request, having seen which digest: nothing else
//! is taken from a press.

use crate::SlackSide;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::text::FreeText;
use slack::blocks::Message;
use slack::payload::{Action, Interaction};
use slack::render::answer as say;
use slack::workspace::Workspace;
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act};
use workflow::ports::{Clock, CommitRequest, Guard, LoadRequest, Policies};

/// For how long a signed message is remembered, in seconds: three times as long as it is accepted.
const REMEMBERED: u64 = 900;

/// Answers a press: privately, to whoever pressed.
pub(crate) async fn answer<P>(ports: &P, workspace: &Workspace, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + CommitRequest + Clock + SlackSide,
{
    let signatures = ports.signatures().await?;
    let verified = signatures
        .verify(ports.now(), call.header("x-slack-request-timestamp"), call.header("x-slack-signature"), &call.body)
        .map_err(|error| Problem::new(401, error.code(), error.to_string()))?;
    let press = Interaction::read(&call.body, workspace).map_err(|error| {
        let status = if error.is_foreign() { 401 } else { 400 };
        Problem::new(status, error.code(), error.to_string())
    })?;
    let once = Guard::Replay { key: verified.replay_key, forget_at: ports.now().plus(REMEMBERED) };
    let message = carry_out(ports, &press, once).await?;
    if let Some(url) = &press.response_url {
        ports.tell(url, &message).await;
    }
    Ok(Answer::received())
}

async fn carry_out<P>(ports: &P, press: &Interaction, once: Guard) -> Result<Message, Problem>
where
    P: Policies + LoadRequest + CommitRequest + Clock,
{
    let Ok(policy) = ports.policy().await else { return Ok(unavailable()) };
    let Some(actor) = policy.catalog().by_slack(&press.user) else {
        tracing::warn!(
            error.code = "unknown_caller",
            "a Slack user of our workspace belongs to no person in the catalog"
        );
        return Ok(say::not_done(
            "unknown_caller",
            "your Slack user belongs to no person in the catalog; ask its operators to add it",
        ));
    };
    let Some(wanted) = wanted(press) else { return Ok(unavailable()) };
    match act(ports, &actor, &press.request, &wanted, Some(once)).await {
        Ok(done) => Ok(say::done(&done.stored.state.request, done.stored.state.status())),
        Err(CommandError::Refused { refusal, .. }) => Ok(say::refusal(&refusal)),
        Err(CommandError::NotFound(_)) => {
            Ok(say::not_done("request_not_found", "there is no such request, or you may not see it"))
        }
        Err(CommandError::Replayed) => Err(Problem::replayed()),
        Err(CommandError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(unavailable())
        }
    }
}

fn wanted(press: &Interaction) -> Option<Wanted> {
    Some(match press.action {
        Action::Approve => Wanted::Approve { digest: press.digest },
        Action::Deny => Wanted::Deny { reason: FreeText::new("denied with the button in Slack").ok()? },
        Action::Cancel => Wanted::Cancel,
        Action::Revoke => Wanted::Revoke { reason: FreeText::new("ended with the button in Slack").ok()? },
    })
}

fn unavailable() -> Message {
    say::not_done(
        "unavailable",
        "a service this depends on did not answer; nothing is half done, try again in a moment",
    )
}
