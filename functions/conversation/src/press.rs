//! Buttons. Who pressed which, for which request, having seen which digest: nothing else is taken from a press.

use crate::said::{self, NOT_FOUND, UNAVAILABLE, UNKNOWN_CALLER};
use crate::{Ports, approve, commands, door, extend, home};
use lambda::http::Answer;
use lambda::problem::Problem;
use model::event::Event;
use model::identity::Actor;
use model::lifecycle::Phase;
use model::names::{PersonId, RequestId};
use model::policy::Policy;
use model::text::FreeText;
use serde_json::json;
use slack::blocks::Message;
use slack::payload::{Action, Place, Press, Submitted};
use slack::render::{deny, details, notice, unsaid};
use slack::signature::Verified;
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act};
use workflow::ports::{Stored, StoredEntry};
use workflow::reading;

/// The title of a modal that says how it went.
pub(crate) const OUTCOME: &str = "Countersign";

/// Answers a press: privately, to whoever pressed.
pub(crate) async fn answer<P: Ports>(ports: &P, verified: &Verified, press: &Press) -> Result<Answer, Problem> {
    let Ok(policy) = ports.policy().await else {
        tell(ports, press, &UNAVAILABLE.message()).await;
        return Ok(Answer::received());
    };
    let Some(actor) = door::person(&policy, &press.user) else {
        tell(ports, press, &UNKNOWN_CALLER.message()).await;
        return Ok(Answer::received());
    };
    let wanted = match press.action {
        Action::Details => {
            show(ports, &policy, &actor, press).await;
            return Ok(Answer::received());
        }
        Action::ApproveWith => {
            approve::open(ports, &policy, &actor, press).await;
            return Ok(Answer::received());
        }
        Action::Extend => {
            extend::open(ports, &policy, &actor, press).await;
            return Ok(Answer::received());
        }
        Action::Deny => {
            if asked_why(ports, &policy, &actor, press).await {
                return Ok(Answer::received());
            }
            // Whoever may not deny is told so. And whoever pressed meant it: if Slack opens no form, that it
            // is denied counts more than why.
            FreeText::new(unsaid::DENIED).ok().map(|reason| Wanted::Deny { reason })
        }
        Action::Approve => Some(Wanted::approve(press.digest)),
        Action::Cancel => Some(Wanted::Cancel),
        Action::Revoke => FreeText::new(unsaid::ENDED_WITH_BUTTON).ok().map(|reason| Wanted::Revoke { reason }),
        // Not buttons about a request.
        Action::Ask | Action::Refresh => None,
    };
    let message = match wanted {
        Some(wanted) => {
            let once = door::once(ports, verified);
            commands::decide(ports, &policy, &actor, &press.request, (press.action, &wanted), once).await?
        }
        None => UNAVAILABLE.message(),
    };
    tell(ports, press, &message).await;
    Ok(Answer::received())
}

/// Tells who pressed how it went: where they pressed.
pub(crate) async fn tell<P: Ports>(ports: &P, press: &Press, message: &Message) {
    match (&press.place, &press.response_url) {
        (Place::Message { .. }, Some(url)) => ports.tell(url, message).await,
        (Place::View(view), _) => {
            // A Home tab and a modal have no private messages: the tab shows what is, and a modal says what was.
            let said = async {
                if let Some(trigger_id) = &press.trigger_id {
                    let shown = notice::view(OUTCOME, message);
                    if let Err(not) = ports.open(trigger_id, &shown).await {
                        tracing::warn!(error.code = %not.code, "whoever pressed was not told the outcome");
                    }
                }
            };
            let refreshed = async {
                if view.kind == slack::ids::view::HOME {
                    home::publish(ports, &press.user).await;
                }
            };
            futures_util::join!(said, refreshed);
        }
        (Place::Message { .. }, None) => {}
    }
}

/// Opens the form that asks why, for somebody who may deny it now.
async fn asked_why<P: Ports>(ports: &P, policy: &Policy, actor: &Actor, press: &Press) -> bool {
    let Some(trigger_id) = &press.trigger_id else { return false };
    let Ok(Some(stored)) = ports.load(&press.request).await else { return false };
    let request = &stored.state.request;
    let now = ports.now();
    let deniable = matches!(stored.state.phase, Phase::Pending { .. })
        && request.requester != actor.person
        && policy.may_approve(actor, request, now).granted;
    if !deniable {
        return false;
    }
    let names = |person: &PersonId| said::slack_user(policy, person);
    match ports.open(trigger_id, &deny::view(&stored.state, &names)).await {
        Ok(_) => true,
        Err(not) => {
            tracing::warn!(request.id = %request.id, error.code = %not.code, "the form that asks why was not opened");
            false
        }
    }
}

/// Takes the form that says why a request is denied.
pub(crate) async fn denied<P: Ports>(
    ports: &P,
    verified: &Verified,
    submitted: &Submitted,
    request: &RequestId,
    reason: &str,
) -> Result<Answer, Problem> {
    let shown = |view: &slack::blocks::View| Answer::json(200, &json!({"response_action": "update", "view": view}));
    let Ok(policy) = ports.policy().await else { return Ok(shown(&UNAVAILABLE.view())) };
    let Some(actor) = door::person(&policy, &submitted.user) else { return Ok(shown(&UNKNOWN_CALLER.view())) };
    let reason = match FreeText::new(reason) {
        Ok(reason) => reason,
        Err(error) => {
            let sentence = format!("The reason {error}; say in a sentence why.");
            return Ok(Answer::json(
                200,
                &json!({"response_action": "errors", "errors": {slack::ids::field::REASON: sentence}}),
            ));
        }
    };
    let wanted = Wanted::Deny { reason };
    let once = door::once(ports, verified);
    match act(ports, &actor, request, &wanted, Some(once)).await {
        Ok(_) => {
            // The tab it was pressed in, if it was one, shows it any more otherwise.
            home::publish(ports, &submitted.user).await;
            Ok(Answer::received())
        }
        Err(CommandError::Refused { refusal, stored }) => {
            Ok(shown(&notice::view(OUTCOME, &said::refused(&policy, &actor, &refusal, &stored, ports.now()))))
        }
        Err(CommandError::NotFound(_)) => Ok(shown(&NOT_FOUND.view())),
        Err(CommandError::Replayed) => Err(Problem::replayed()),
        Err(CommandError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(shown(&UNAVAILABLE.view()))
        }
    }
}

/// Shows everything about a request to somebody who may see it.
async fn show<P: Ports>(ports: &P, policy: &Policy, actor: &Actor, press: &Press) {
    let (found, first) =
        futures_util::join!(reading::one(ports, actor, &press.request), ports.entries(&press.request, 0, 1));
    let stored = match found {
        Ok(Some(stored)) => stored,
        Ok(None) => return tell(ports, press, &NOT_FOUND.message()).await,
        Err(_) => return tell(ports, press, &UNAVAILABLE.message()).await,
    };
    let rules = first.map(|entries| rules(&stored, &entries)).unwrap_or_default();
    let Some(trigger_id) = &press.trigger_id else { return };
    let names = |person: &PersonId| said::slack_user(policy, person);
    let view = details::view(&details::Details { state: &stored.state, rules: &rules, names: &names });
    if let Err(not) = ports.open(trigger_id, &view).await {
        tracing::warn!(request.id = %press.request, error.code = %not.code, "the details were not shown");
    }
}

/// The policies that determined the decision, as the record's first entry has them.
fn rules(stored: &Stored, entries: &[StoredEntry]) -> Vec<String> {
    let id = &stored.state.request.id;
    let bytes: Vec<Vec<u8>> = entries.iter().map(|entry| entry.bytes.clone()).collect();
    let first = record::chain::verify(id.as_str(), &bytes, None).ok().and_then(|entries| entries.into_iter().next());
    match first.and_then(|entry| serde_json::from_value(entry.event).ok()) {
        Some(Event::RequestSubmitted { request, rules }) if request.digest() == stored.state.request.digest() => rules,
        _ => Vec::new(),
    }
}
