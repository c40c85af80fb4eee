//! Slack's slash command.

use crate::{Installation, SigningSecrets};
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::identity::Actor;
use model::names::{PersonId, RequestId, SlackUser};
use model::policy::Policy;
use model::submission::{Wish, reachable};
use model::text::FreeText;
use slack::blocks::Message;
use slack::command::Command;
use slack::payload::{GivenCommand, PayloadError, SlashCommand};
use slack::render::answer as say;
use slack::signature::{SignatureError, Verified};
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act};
use workflow::ports::{Clock, CommitRequest, FindByKey, Guard, Identifiers, LoadRequest, Policies};
use workflow::reading;
use workflow::submission::{SubmitError, submit};

/// For how long a signed message is remembered, in seconds: three times as long as it is accepted.
const REMEMBERED: u64 = 900;

/// Answers a slash command. What is not verified gets an HTTP error and leaves nothing behind; all
/// else gets 200 and a sentence that only the person sees, as Slack wants it.
pub(crate) async fn answer<P>(ports: &P, here: &Installation, call: &Call) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + CommitRequest + FindByKey + Clock + Identifiers + SigningSecrets,
{
    let signatures = ports.signatures().await?;
    let verified = signatures
        .verify(ports.now(), call.header("x-slack-request-timestamp"), call.header("x-slack-signature"), &call.body)
        .map_err(unsigned)?;
    let given = match SlashCommand::read(&call.body, &here.workspace).map_err(unreadable)? {
        SlashCommand::SslCheck => return Ok(Answer::received()),
        SlashCommand::Given(given) => given,
    };
    let message = carry_out(ports, here, &verified, &given).await?;
    Ok(Answer::json(200, &message.as_answer()))
}

fn unsigned(error: SignatureError) -> Problem {
    Problem::new(401, error.code(), error.to_string())
}

fn unreadable(error: PayloadError) -> Problem {
    let status = if error.is_foreign() { 401 } else { 400 };
    Problem::new(status, error.code(), error.to_string())
}

async fn carry_out<P>(
    ports: &P,
    here: &Installation,
    verified: &Verified,
    given: &GivenCommand,
) -> Result<Message, Problem>
where
    P: Policies + LoadRequest + CommitRequest + FindByKey + Clock + Identifiers,
{
    let Ok(policy) = ports.policy().await else { return Ok(unavailable()) };
    let Some(actor) = policy.catalog().by_slack(&given.user) else {
        tracing::warn!(
            error.code = "unknown_caller",
            "a Slack user of our workspace belongs to no person in the catalog"
        );
        return Ok(say::not_done(
            "unknown_caller",
            "your Slack user belongs to no person in the catalog; ask its operators to add it",
        ));
    };
    let once = Guard::Replay { key: verified.replay_key, forget_at: ports.now().plus(REMEMBERED) };
    match slack::command::parse(&given.text) {
        Err(errors) => Ok(say::field_errors(&errors)),
        Ok(Command::Help) => Ok(say::help()),
        Ok(Command::List) => Ok(say::entitlements(policy.requestable(&actor, ports.now()))),
        Ok(Command::Status(id)) => status(ports, &policy, &actor, &id).await,
        Ok(Command::Request(wish)) => match reachable(&policy, &wish, &here.account) {
            Ok(()) => request(ports, &actor, &wish, once).await,
            Err(error) => Ok(say::field_errors(&[error])),
        },
        Ok(Command::Cancel(id)) => decide(ports, &actor, &id, &Wanted::Cancel, once).await,
        Ok(Command::Revoke { request, reason }) => {
            let reason = reason.or_else(|| FreeText::new("ended with /access revoke").ok());
            match reason {
                Some(reason) => decide(ports, &actor, &request, &Wanted::Revoke { reason }, once).await,
                None => Ok(unavailable()),
            }
        }
    }
}

fn unavailable() -> Message {
    say::not_done(
        "unavailable",
        "a service this depends on did not answer; nothing is half done, try again in a moment",
    )
}

fn not_found() -> Message {
    say::not_done("request_not_found", "there is no such request, or you may not see it")
}

async fn status<P: Policies + LoadRequest + Clock>(
    ports: &P,
    policy: &Policy,
    actor: &Actor,
    id: &RequestId,
) -> Result<Message, Problem> {
    let names = |person: &PersonId| slack_user(policy, person);
    Ok(match reading::one(ports, actor, id).await {
        Ok(Some(stored)) => say::status(&stored.state, &names),
        Ok(None) => not_found(),
        Err(_) => unavailable(),
    })
}

fn slack_user(policy: &Policy, person: &PersonId) -> Option<SlackUser> {
    policy.catalog().person(person).and_then(|person| person.slack.first().cloned())
}

async fn request<P>(ports: &P, actor: &Actor, wish: &Wish, once: Guard) -> Result<Message, Problem>
where
    P: Policies + LoadRequest + CommitRequest + FindByKey + Clock + Identifiers,
{
    match submit(ports, actor, wish, None, Some(once)).await {
        Ok(stored) => Ok(if stored.state.denied_by_policy() {
            say::not_done("denied_by_policy", "policy does not let you ask for this; the attempt is on record")
        } else {
            say::accepted(&stored.state.request, stored.state.status())
        }),
        Err(SubmitError::Invalid(errors)) => Ok(say::field_errors(&errors)),
        Err(SubmitError::Replayed) => Err(Problem::replayed()),
        Err(SubmitError::KeyReused) => Ok(unavailable()),
        Err(SubmitError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(unavailable())
        }
    }
}

async fn decide<P>(ports: &P, actor: &Actor, id: &RequestId, wanted: &Wanted, once: Guard) -> Result<Message, Problem>
where
    P: Policies + LoadRequest + CommitRequest + Clock,
{
    match act(ports, actor, id, wanted, Some(once)).await {
        Ok(done) => Ok(say::done(&done.stored.state.request, done.stored.state.status())),
        Err(CommandError::Refused { refusal, .. }) => Ok(say::refusal(&refusal)),
        Err(CommandError::NotFound(_)) => Ok(not_found()),
        Err(CommandError::Replayed) => Err(Problem::replayed()),
        Err(CommandError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(unavailable())
        }
    }
}
