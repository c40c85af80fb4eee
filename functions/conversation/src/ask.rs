//! The form in which access is asked for: opened at once, filled step by step, checked where it is sent.

use crate::said::{self, BARRED, DENIED_BY_POLICY, SENT_ALREADY, UNAVAILABLE, UNKNOWN_CALLER};
use crate::{Installation, Ports, door, press};
use lambda::http::Answer;
use lambda::problem::Problem;
use model::catalog::Entitlement;
use model::identity::Actor;
use model::names::{GroupName, PersonId, SlackUser};
use model::policy::Policy;
use model::request::Request;
use model::submission::{FieldError, Wish, preview, reachable};
use model::time::Time;
use serde_json::{Value, json};
use slack::ask::{self, AskForm};
use slack::blocks::View;
use slack::ids::field;
use slack::limits::OPTIONS;
use slack::payload::{Chosen, Submitted, Suggestion};
use slack::render::{answer, ask as form, notice};
use slack::signature::Verified;
use workflow::submission::{SubmitError, submit};

/// Opens the form; `false` if Slack did not take it. A `trigger_id` lasts three seconds: it is used for a form that says
/// it is loading, while the policy is fetched.
pub(crate) async fn open<P: Ports>(ports: &P, user: &SlackUser, trigger_id: &str, entitlement: Option<&str>) -> bool {
    let loading = form::loading();
    let (opened, policy) = futures_util::join!(ports.open(trigger_id, &loading), ports.policy());
    let opened = match opened {
        Ok(opened) => opened,
        Err(not) => {
            tracing::warn!(error.code = %not.code, "the form was not opened");
            return false;
        }
    };
    let view = match policy {
        Ok(policy) => match door::person(&policy, user) {
            Some(actor) => first(&policy, &actor, entitlement, ports.now()),
            None => UNKNOWN_CALLER.view(),
        },
        Err(fault) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            UNAVAILABLE.view()
        }
    };
    if let Err(not) = ports.update(&opened.id, Some(&opened.hash), &view).await {
        tracing::warn!(error.code = %not.code, "the form stays as it is");
    }
    true
}

/// The form as it begins: for `entitlement`, if it is one that this person may ask for.
fn first(policy: &Policy, actor: &Actor, entitlement: Option<&str>, now: model::time::Time) -> View {
    let known = entitlement.filter(|name| !name.is_empty()).and_then(|name| policy.catalog().entitlement(name));
    match known.filter(|entitlement| policy.may_request(actor, entitlement, now)) {
        Some(entitlement) => filled(policy, actor, entitlement, &AskForm::default(), now),
        None => form::choose(None),
    }
}

/// The form with what was chosen so far, and what would become of it.
fn filled(policy: &Policy, actor: &Actor, entitlement: &Entitlement, so_far: &AskForm, now: model::time::Time) -> View {
    let so_far = AskForm { entitlement: Some(entitlement.name.to_string()), ..so_far.clone() };
    let judged = ask::wish(&so_far, entitlement).and_then(|wish| preview(policy, actor, &wish, now));
    let names = |person: &PersonId| said::slack_user(policy, person);
    form::form(&form::AskView { entitlement, form: &so_far, preview: &judged, names: &names })
}

/// Something was chosen in the form: what follows from it is shown.
pub(crate) async fn chosen<P: Ports>(ports: &P, chosen: &Chosen) {
    let view = match ports.policy().await {
        Ok(policy) => match door::person(&policy, &chosen.user) {
            Some(actor) => {
                let now = ports.now();
                let name = chosen.form.entitlement.as_deref().unwrap_or_default();
                match policy
                    .catalog()
                    .entitlement(name)
                    .filter(|entitlement| policy.may_request(&actor, entitlement, now))
                {
                    Some(entitlement) => filled(&policy, &actor, entitlement, &kept(chosen, entitlement), now),
                    None => form::choose(None),
                }
            }
            None => UNKNOWN_CALLER.view(),
        },
        Err(fault) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            return;
        }
    };
    // Something else was chosen meanwhile, if the hash does not hold any more: then that is shown.
    if let Err(not) = ports.update(&chosen.view.id, chosen.view.hash.as_deref(), &view).await {
        tracing::warn!(error.code = %not.code, "the form stays as it is");
    }
}

/// What was chosen and typed before outlasts the choice of another entitlement, as long as that one allows the time. If
/// the same was chosen again Slack keeps its fields as they are, and what is foreseen has to be of them.
fn kept(chosen: &Chosen, entitlement: &Entitlement) -> AskForm {
    let fits = |seconds: &u64| chosen.field != field::ENTITLEMENT || *seconds <= entitlement.max_duration_seconds;
    AskForm { duration_seconds: chosen.form.duration_seconds.filter(fits), ..chosen.form.clone() }
}

/// What can be asked for and matches what was typed, the best first.
pub(crate) async fn options<P: Ports>(ports: &P, suggestion: &Suggestion) -> Result<Answer, Problem> {
    let none = || Answer::json(200, &ask::options(&[]));
    if suggestion.field != field::ENTITLEMENT {
        return Ok(none());
    }
    let policy = ports.policy().await?;
    let Some(actor) = door::person(&policy, &suggestion.user) else { return Ok(none()) };
    let now = ports.now();
    let mut found: Vec<_> = policy
        .catalog()
        .entitlements()
        .filter_map(|entitlement| Some((ask::matches(&suggestion.typed, entitlement)?, entitlement)))
        .collect();
    // Stable: names stay in order within a rank. What policy says is asked last, and only as often as needed.
    found.sort_by_key(|(rank, _)| *rank);
    let allowed: Vec<&Entitlement> = found
        .into_iter()
        .map(|(_, entitlement)| entitlement)
        .filter(|entitlement| policy.may_request(&actor, entitlement, now))
        .take(OPTIONS)
        .collect();
    Ok(Answer::json(200, &ask::options(&allowed)))
}

/// Takes the form. What is wrong is said at its field; nothing is stored then.
pub(crate) async fn submitted<P: Ports>(
    ports: &P,
    here: &Installation,
    verified: &Verified,
    submitted: &Submitted,
    form: &AskForm,
) -> Result<Answer, Problem> {
    let Ok(policy) = ports.policy().await else { return Ok(shown(&UNAVAILABLE.view())) };
    let Some(actor) = door::person(&policy, &submitted.user) else { return Ok(shown(&UNKNOWN_CALLER.view())) };
    let name = form.entitlement.clone().unwrap_or_default();
    let wish = match policy.catalog().entitlement(&name) {
        // Sent before what follows from the choice was there: there is no field that an error could stand at.
        Some(entitlement)
            if form.duration_seconds.is_none() && policy.may_request(&actor, entitlement, ports.now()) =>
        {
            return Ok(shown(&filled(&policy, &actor, entitlement, form, ports.now())));
        }
        Some(entitlement) => ask::wish(form, entitlement),
        // Judging says that there is none, and what there is.
        None => Ok(Wish { entitlement: name.clone(), ..Wish::default() }),
    };
    let wish = match wish
        .and_then(|wish| reachable(&policy, &wish, &here.accounts).map(|()| wish).map_err(|error| vec![error]))
    {
        Ok(wish) => wish,
        Err(errors) => return Ok(wrong(&errors, policy.catalog().entitlement(&name))),
    };
    // A modal is one wish, however often it is sent: Slack says that it failed when an answer is lost.
    let key = format!("slack-view-{}", submitted.view.id).parse().ok();
    let once = door::once(ports, verified);
    match submit(ports, &actor, &wish, key, Some(once)).await {
        Ok(stored) if stored.state.denied_by_policy() => Ok(shown(&DENIED_BY_POLICY.view())),
        Ok(stored) => {
            let request = &stored.state.request;
            let asked = asked(&policy, request, ports.now());
            let names = |person: &PersonId| said::slack_user(&policy, person);
            Ok(shown(&form::sent(request, stored.state.status(), &asked, &names)))
        }
        Err(SubmitError::Invalid(errors)) => Ok(wrong(&errors, policy.catalog().entitlement(&name))),
        Err(SubmitError::Replayed) => Err(Problem::replayed()),
        Err(SubmitError::KeyReused) => Ok(shown(&SENT_ALREADY.view())),
        Err(SubmitError::Barred) => Ok(shown(&BARRED.view())),
        Err(SubmitError::NotAnchored(refusal)) => {
            Ok(shown(&notice::view(press::OUTCOME, &answer::not_given(&refusal))))
        }
        Err(SubmitError::TooMany(why)) => Ok(shown(&notice::view(press::OUTCOME, &answer::too_many(&why)))),
        // A form extends nothing.
        Err(SubmitError::NotFound | SubmitError::Refused { .. }) => Ok(shown(&UNAVAILABLE.view())),
        Err(SubmitError::Unavailable(fault)) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            Ok(shown(&UNAVAILABLE.view()))
        }
    }
}

/// The form was sent while what follows from another choice was still on its way.
pub(crate) fn stale() -> Answer {
    let sentence = "The form had not caught up with your choice. Look at it again, and then ask.";
    Answer::json(200, &json!({"response_action": "errors", "errors": {field::ENTITLEMENT: sentence}}))
}

/// Who is asked first to countersign `request`.
pub(crate) fn asked(policy: &Policy, request: &Request, now: Time) -> Vec<PersonId> {
    let groups: Vec<GroupName> = request.notices.asked(&request.quorum.groups, 0).into_iter().cloned().collect();
    let members = policy.catalog().members(&groups, now).map(|person| person.id.clone());
    members.filter(|person| *person != request.requester && request.quorum.needed > 0).collect()
}

pub(crate) fn shown(view: &View) -> Answer {
    Answer::json(200, &json!({"response_action": "update", "view": view}))
}

fn wrong(errors: &[FieldError], entitlement: Option<&Entitlement>) -> Answer {
    let body: Value = ask::errors(errors, entitlement);
    Answer::json(200, &body)
}
