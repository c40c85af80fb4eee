//! More time: a button on what the requester was sent, and the modal that it opens.

use crate::said::{self, BARRED, DENIED_BY_POLICY, NOT_FOUND, SENT_ALREADY, UNAVAILABLE, UNKNOWN_CALLER};
use crate::{Ports, ask, door, press};
use lambda::http::Answer;
use lambda::problem::Problem;
use model::identity::Actor;
use model::lifecycle::Phase;
use model::names::{PersonId, RequestId};
use model::policy::Policy;
use model::refusal::Refusal;
use serde_json::{Map, Value, json};
use slack::ask::AskForm;
use slack::ids::field;
use slack::payload::{Press, Submitted};
use slack::render::{ask as form, extend};
use workflow::ports::Stored;
use workflow::submission::{Extension, SubmitError};

/// Opens the modal for the requester of a live grant; everybody else, and whoever is too late, is told so.
pub(crate) async fn open<P: Ports>(ports: &P, policy: &Policy, actor: &Actor, press: &Press) {
    let Ok(found) = workflow::reading::one(ports, actor, &press.request).await else {
        return press::tell(ports, press, &UNAVAILABLE.message()).await;
    };
    let Some(stored) = found else { return press::tell(ports, press, &NOT_FOUND.message()).await };
    if let Some(refusal) = refusal(&stored, actor, ports.now()) {
        let message = said::refused(policy, actor, &refusal, &stored, ports.now());
        return press::tell(ports, press, &message).await;
    }
    let request = &stored.state.request;
    let entitlement = policy.catalog().entitlement(request.entitlement.as_str());
    let (Some(entitlement), Some(trigger_id)) = (entitlement, &press.trigger_id) else {
        return press::tell(ports, press, &NOT_FOUND.message()).await;
    };
    if let Err(not) = ports.open(trigger_id, &extend::view(request, entitlement)).await {
        tracing::warn!(request.id = %request.id, error.code = %not.code, "the form for more time was not opened");
        press::tell(ports, press, &UNAVAILABLE.message()).await;
    }
}

/// Why there is nothing to extend for `actor`, if so. Whether it is granted is judged when it is asked for.
fn refusal(stored: &Stored, actor: &Actor, now: model::time::Time) -> Option<Refusal> {
    if stored.state.request.requester != actor.person {
        return Some(Refusal::NotTheRequester { action: "extend" });
    }
    let live = matches!(&stored.state.phase, Phase::Active { plan, .. } if plan.window.contains(now));
    (!live).then(|| Refusal::NotActive { status: stored.state.status() })
}

/// Takes the modal: a new request that follows on from the old one.
pub(crate) async fn submitted<P: Ports>(
    ports: &P,
    submitted: &Submitted,
    id: &RequestId,
    typed: &AskForm,
) -> Result<Answer, Problem> {
    let Ok(policy) = ports.policy().await else { return Ok(ask::shown(&UNAVAILABLE.view())) };
    let Some(actor) = door::person(&policy, &submitted.user) else { return Ok(ask::shown(&UNKNOWN_CALLER.view())) };
    let extension = Extension {
        duration_seconds: typed.duration_seconds.unwrap_or_default(),
        justification: typed.justification.clone().unwrap_or_default(),
        ticket: typed.ticket.clone(),
    };
    // A modal is one wish, however often it is sent.
    let key = format!("slack-view-{}", submitted.view.id).parse().ok();
    match workflow::submission::extend(ports, &actor, id, &extension, key).await {
        Ok(stored) if stored.state.denied_by_policy() => Ok(ask::shown(&DENIED_BY_POLICY.view())),
        Ok(stored) => {
            let request = &stored.state.request;
            let names = |person: &PersonId| said::slack_user(&policy, person);
            let asked = ask::asked(&policy, request, ports.now());
            Ok(ask::shown(&form::sent(request, stored.state.status(), &asked, &names)))
        }
        Err(SubmitError::Invalid(errors)) => {
            let mut by_block = Map::new();
            for error in errors {
                let block = match error.field {
                    "durationSeconds" => field::DURATION,
                    "ticketId" => field::TICKET,
                    // What else is wrong is none of these fields' matter, and still has to be said.
                    _ => field::JUSTIFICATION,
                };
                by_block.insert(block.to_owned(), json!(model::text::inert(&error.message, 600)));
            }
            Ok(Answer::json(200, &json!({"response_action": "errors", "errors": Value::Object(by_block)})))
        }
        Err(SubmitError::Refused { refusal, stored }) => {
            let message = said::refused(&policy, &actor, &refusal, &stored, ports.now());
            Ok(ask::shown(&slack::render::notice::view("Countersign", &message)))
        }
        Err(SubmitError::Barred) => Ok(ask::shown(&BARRED.view())),
        Err(SubmitError::NotAnchored(refusal)) => {
            let message = slack::render::answer::not_given(&refusal);
            Ok(ask::shown(&slack::render::notice::view(press::OUTCOME, &message)))
        }
        Err(SubmitError::TooMany(why)) => {
            let message = slack::render::answer::too_many(&why);
            Ok(ask::shown(&slack::render::notice::view(press::OUTCOME, &message)))
        }
        Err(SubmitError::NotFound) => Ok(ask::shown(&NOT_FOUND.view())),
        Err(SubmitError::KeyReused) => Ok(ask::shown(&SENT_ALREADY.view())),
        Err(SubmitError::Replayed) => Err(Problem::replayed()),
        Err(SubmitError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(ask::shown(&UNAVAILABLE.view()))
        }
    }
}
