//! Countersigning with a note, or for less: a modal that opens from the details. The button on the card stays one press.

use crate::said::{self, NOT_FOUND, UNAVAILABLE, UNKNOWN_CALLER};
use crate::{Ports, ask, door, home, press};
use lambda::http::Answer;
use lambda::problem::Problem;
use model::digest::Digest;
use model::identity::Actor;
use model::names::{PersonId, RequestId};
use model::policy::Policy;
use model::submission::FieldError;
use model::text::Note;
use serde_json::{Map, Value, json};
use slack::ask::{ApprovalForm, narrower};
use slack::ids::field;
use slack::payload::{Place, Press, Submitted};
use slack::render::{approve, notice};
use slack::signature::Verified;
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act_on, refusal};

/// Opens the modal for somebody who may countersign it now; everybody else is told why not.
pub(crate) async fn open<P: Ports>(ports: &P, policy: &Policy, actor: &Actor, press: &Press) {
    let Ok(found) = workflow::reading::one(ports, actor, &press.request).await else {
        return press::tell(ports, press, &UNAVAILABLE.message()).await;
    };
    let Some(stored) = found else { return press::tell(ports, press, &NOT_FOUND.message()).await };
    // What they see next is what it is now, whatever they saw before.
    let plain = Wanted::approve(stored.state.terms().digest());
    if let Some(refusal) = refusal(policy, actor, &plain, &stored, ports.now()) {
        return press::tell(ports, press, &said::refused(policy, actor, &refusal, &stored, ports.now())).await;
    }
    let names = |person: &PersonId| said::slack_user(policy, person);
    let form = approve::view(&stored.state, &names);
    let shown = match (&press.place, &press.trigger_id) {
        // The details give way to it.
        (Place::View(view), _) if view.kind == slack::ids::view::DETAILS => {
            ports.update(&view.id, view.hash.as_deref(), &form).await
        }
        (_, Some(trigger_id)) => ports.open(trigger_id, &form).await.map(drop),
        (_, None) => return,
    };
    if let Err(not) = shown {
        tracing::warn!(request.id = %press.request, error.code = %not.code, "the form to countersign was not shown");
        press::tell(ports, press, &UNAVAILABLE.message()).await;
    }
}

/// Takes the modal.
pub(crate) async fn submitted<P: Ports>(
    ports: &P,
    verified: &Verified,
    submitted: &Submitted,
    id: &RequestId,
    digest: Digest,
    typed: &ApprovalForm,
) -> Result<Answer, Problem> {
    let (policy, read) = futures_util::join!(ports.policy(), ports.load(id));
    let (Ok(policy), Ok(read)) = (policy, read) else { return Ok(ask::shown(&UNAVAILABLE.view())) };
    let Some(actor) = door::person(&policy, &submitted.user) else { return Ok(ask::shown(&UNKNOWN_CALLER.view())) };
    let Some(stored) = read else { return Ok(ask::shown(&NOT_FOUND.view())) };
    let (note, narrower) = match (note(typed), narrower(typed, stored.state.terms())) {
        (Ok(note), Ok(narrower)) => (note, narrower),
        // What was chosen was part of terms that are gone: the vote is refused for its digest, and nothing else of it
        // is looked at.
        (_, Err(_)) if digest != stored.state.terms().digest() => (None, model::terms::Narrower::default()),
        (note, narrower) => {
            let errors = note.err().into_iter().chain(narrower.err().into_iter().flatten());
            return Ok(wrong(errors));
        }
    };
    let wanted = Wanted::Approve { digest, note, narrower: Some(narrower) };
    let once = door::once(ports, verified);
    let shown = |view: &slack::blocks::View| ask::shown(view);
    match act_on(ports, &policy, Some(stored), &actor, id, &wanted, Some(once)).await {
        Ok(_) => {
            home::publish(ports, &submitted.user).await;
            Ok(Answer::received())
        }
        Err(CommandError::Refused { refusal: model::refusal::Refusal::NotNarrower(why), .. }) => {
            let (field, code) = match why {
                model::terms::NotNarrower::Duration { .. } => ("durationSeconds", "invalid_duration"),
                model::terms::NotNarrower::Outside(_)
                | model::terms::NotNarrower::Scope(_)
                | model::terms::NotNarrower::TooLarge(_)
                | model::terms::NotNarrower::TooOften => ("note", "not_narrower"),
            };
            Ok(wrong([FieldError { field, code, message: why.to_string() }]))
        }
        Err(CommandError::Refused { refusal, stored }) => {
            let message = said::refused(&policy, &actor, &refusal, &stored, ports.now());
            Ok(shown(&notice::view(press::OUTCOME, &message)))
        }
        Err(CommandError::NotFound(_)) => Ok(shown(&NOT_FOUND.view())),
        Err(CommandError::Replayed) => Err(Problem::replayed()),
        Err(CommandError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(shown(&UNAVAILABLE.view()))
        }
    }
}

fn note(typed: &ApprovalForm) -> Result<Option<Note>, FieldError> {
    let text = typed.note.as_deref().map(str::trim).filter(|text| !text.is_empty());
    text.map(Note::new).transpose().map_err(|error| FieldError {
        field: "note",
        code: "invalid_note",
        message: format!("the note {error}; leave it empty, or say it in short"),
    })
}

/// Each error at its field. What is wrong with a list that has no field is said at the note, which is always there.
fn wrong(errors: impl IntoIterator<Item = FieldError>) -> Answer {
    let mut by_block = Map::new();
    for error in errors {
        let block = if error.field == "durationSeconds" { field::DURATION } else { field::NOTE };
        by_block.insert(block.to_owned(), json!(model::text::inert(&error.message, 600)));
    }
    Answer::json(200, &json!({"response_action": "errors", "errors": Value::Object(by_block)}))
}
