//! The slash command.

use crate::said::{self, BARRED, DENIED_BY_POLICY, NOT_FOUND, UNAVAILABLE, UNKNOWN_CALLER};
use crate::{Installation, Ports, ask, door};
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::identity::Actor;
use model::names::{PersonId, RequestId};
use model::policy::Policy;
use model::submission::{Wish, reachable};
use model::text::FreeText;
use slack::blocks::Message;
use slack::command::Command;
use slack::payload::{Action, GivenCommand, SlashCommand};
use slack::render::{answer as say, unsaid};
use slack::signature::Verified;
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act};
use workflow::ports::Guard;
use workflow::reading;
use workflow::submission::{SubmitError, submit};

/// Answers a slash command: 200 and a sentence that only the person sees, as Slack wants it.
pub(crate) async fn answer<P: Ports>(
    ports: &P,
    here: &Installation,
    verified: &Verified,
    call: &Call,
) -> Result<Answer, Problem> {
    let given = match SlashCommand::read(&call.body, &here.workspace).map_err(door::unreadable)? {
        SlashCommand::SslCheck => return Ok(Answer::received()),
        SlashCommand::Given(given) => given,
    };
    // Alone, it opens the form.
    if let (true, Some(trigger_id)) = (given.text.trim().is_empty(), &given.trigger_id) {
        if ask::open(ports, &given.user, trigger_id, None).await {
            return Ok(Answer::received());
        }
        // Slack did not take the form: what can be typed still works.
        return Ok(Answer::json(200, &say::help().as_answer()));
    }
    let message = carry_out(ports, here, verified, &given).await?;
    Ok(Answer::json(200, &message.as_answer()))
}

async fn carry_out<P: Ports>(
    ports: &P,
    here: &Installation,
    verified: &Verified,
    given: &GivenCommand,
) -> Result<Message, Problem> {
    let Ok(policy) = ports.policy().await else { return Ok(UNAVAILABLE.message()) };
    let Some(actor) = door::person(&policy, &given.user) else { return Ok(UNKNOWN_CALLER.message()) };
    let once = door::once(ports, verified);
    match slack::command::parse(&given.text) {
        Err(errors) => Ok(say::field_errors(&errors)),
        Ok(Command::Help) => Ok(say::help()),
        Ok(Command::List) => Ok(say::entitlements(policy.requestable(&actor, ports.now()))),
        Ok(Command::Status(id)) => status(ports, &policy, &actor, &id).await,
        Ok(Command::Request(wish)) => match reachable(&policy, &wish, &here.accounts) {
            Ok(()) => request(ports, &actor, &wish, once).await,
            Err(error) => Ok(say::field_errors(&[error])),
        },
        Ok(Command::Cancel(id)) => decide(ports, &policy, &actor, &id, (Action::Cancel, &Wanted::Cancel), once).await,
        Ok(Command::Revoke { request, reason }) => {
            let reason = reason.or_else(|| FreeText::new(unsaid::ENDED_WITH_COMMAND).ok());
            match reason {
                Some(reason) => {
                    let wanted = Wanted::Revoke { reason };
                    decide(ports, &policy, &actor, &request, (Action::Revoke, &wanted), once).await
                }
                None => Ok(UNAVAILABLE.message()),
            }
        }
    }
}

async fn status<P: Ports>(ports: &P, policy: &Policy, actor: &Actor, id: &RequestId) -> Result<Message, Problem> {
    let names = |person: &PersonId| said::slack_user(policy, person);
    Ok(match reading::one(ports, actor, id).await {
        Ok(Some(stored)) => say::status(&stored.state, &names),
        Ok(None) => NOT_FOUND.message(),
        Err(_) => UNAVAILABLE.message(),
    })
}

async fn request<P: Ports>(ports: &P, actor: &Actor, wish: &Wish, once: Guard) -> Result<Message, Problem> {
    match submit(ports, actor, wish, None, Some(once)).await {
        Ok(stored) => Ok(if stored.state.denied_by_policy() {
            DENIED_BY_POLICY.message()
        } else {
            say::accepted(&stored.state.request, stored.state.status())
        }),
        Err(SubmitError::Invalid(errors)) => Ok(say::field_errors(&errors)),
        Err(SubmitError::Replayed) => Err(Problem::replayed()),
        Err(SubmitError::Barred) => Ok(BARRED.message()),
        Err(SubmitError::NotAnchored(refusal)) => Ok(say::not_given(&refusal)),
        Err(SubmitError::TooMany(why)) => Ok(say::too_many(&why)),
        // A command has no key and extends nothing.
        Err(SubmitError::KeyReused | SubmitError::NotFound | SubmitError::Refused { .. }) => Ok(UNAVAILABLE.message()),
        Err(SubmitError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(UNAVAILABLE.message())
        }
    }
}

/// Does what `actor` wants, and says how it went.
pub(crate) async fn decide<P: Ports>(
    ports: &P,
    policy: &Policy,
    actor: &Actor,
    id: &RequestId,
    (action, wanted): (Action, &Wanted),
    once: Guard,
) -> Result<Message, Problem> {
    let names = |person: &PersonId| said::slack_user(policy, person);
    match act(ports, actor, id, wanted, Some(once)).await {
        Ok(done) => Ok(say::done(action, &done.stored.state, &names)),
        Err(CommandError::Refused { refusal, stored }) => {
            Ok(said::refused(policy, actor, &refusal, &stored, ports.now()))
        }
        Err(CommandError::NotFound(_)) => Ok(NOT_FOUND.message()),
        Err(CommandError::Replayed) => Err(Problem::replayed()),
        Err(CommandError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(UNAVAILABLE.message())
        }
    }
}
