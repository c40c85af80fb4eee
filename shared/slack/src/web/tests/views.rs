//! Modals and Home tabs, and the whole way there and back: opened, changed, sent and read.

use super::*;
use crate::ask::Selection;
use crate::ids;
use crate::payload::{AppEvent, Asked, Chosen, Submission, Submitted, Suggestion};
use crate::render::{ask, deny, home, notice};
use crate::sample::{entitlement, names, pending, person, state, time};
use local_slack::{AskOptions, Home, Outcome, Shortcut, Submit};
use serde_json::Value;

/// A local Slack that sends what people do to where nobody listens; what it sent is kept all the same.
async fn start_sending() -> (LocalSlack, Client, Workspace) {
    let (slack, client) = start().await;
    slack.change(SettingsChange { api_url: Some("http://127.0.0.1:9".to_owned()), ..SettingsChange::default() });
    let ours = Workspace::new(vec!["T0COUNTER1".to_owned()], "A0COUNTER1".to_owned());
    let ours = ours.with_local_slack(&slack.api_url());
    (slack, client, ours)
}

/// A trigger of alice's, just made.
async fn trigger(slack: &LocalSlack, ours: &Workspace) -> String {
    let act = Shortcut { user: "alice".to_owned(), callback_id: ids::SHORTCUT_ASK.to_owned(), ..Shortcut::default() };
    let sent = slack.shortcut(&act).await.unwrap();
    let Interaction::Asked(Asked { user, trigger_id, entitlement: None }) = read(&sent, ours) else { panic!() };
    assert_eq!(user, alice());
    trigger_id
}

fn read(sent: &Outcome, ours: &Workspace) -> Interaction {
    Interaction::read(sent.request.body.as_bytes(), ours).unwrap()
}

fn modals(slack: &LocalSlack) -> Vec<Value> {
    slack.views("alice").unwrap()["modals"].as_array().unwrap().clone()
}

fn refused<T: std::fmt::Debug>(result: Result<T, WebError>) -> SlackError {
    let WebError::Refused(error) = result.unwrap_err() else { panic!("not refused") };
    error
}

fn home_of_alice() -> crate::blocks::View {
    home::view(&home::Home {
        person: &person("alice"),
        mine: &[],
        more_mine: false,
        waiting: &[],
        more_waiting: false,
        allowed: &[&entitlement("prod")],
        now: time("2026-11-20T19:00:00Z"),
        names: &names,
    })
}

#[tokio::test]
async fn a_modal_is_opened_at_once_and_replaced() {
    let (slack, client, ours) = start_sending().await;
    let trigger = trigger(&slack, &ours).await;
    let opened = client.open_view(&trigger, &ask::loading()).await.unwrap();
    assert_eq!(modals(&slack)[0]["id"], opened.id.as_str());
    let replaced = client.update_view(&opened.id, Some(&opened.hash), &ask::choose(None)).await.unwrap();
    assert_eq!(replaced.id, opened.id);
    assert_ne!(replaced.hash, opened.hash);
    assert_eq!(modals(&slack)[0]["callback_id"], ids::view::ASK);
    let late = client.update_view(&opened.id, Some(&opened.hash), &ask::loading()).await;
    assert_eq!(refused(late), SlackError::HashConflict);
    client.update_view(&opened.id, None, &ask::loading()).await.unwrap();
    let gone = client.update_view("V0GONE0001", None, &ask::loading()).await;
    assert_eq!(refused(gone), SlackError::NotFound);
    assert_eq!(refused(client.open_view(&trigger, &ask::loading()).await), SlackError::ExchangedTriggerId);
    assert_eq!(refused(client.open_view("1.2.x", &ask::loading()).await), SlackError::InvalidTriggerId);
    assert_eq!(refused(client.open_view("1.2.x", &home_of_alice()).await), SlackError::InvalidArguments);
}

#[tokio::test]
async fn a_trigger_is_not_tried_twice() {
    let (slack, client, ours) = start_sending().await;
    for failure in [
        Fault { status: Some(503), ..fault("views.open") },
        Fault { status: Some(429), retry_after: Some(1), ..fault("views.open") },
        Fault { error: Some("internal_error".to_owned()), ..fault("views.open") },
    ] {
        let trigger = trigger(&slack, &ours).await;
        let before = slack.calls().len();
        slack.fail(failure);
        let started = Instant::now();
        let failed = client.open_view(&trigger, &ask::loading()).await.unwrap_err();
        assert!(failed.is_retryable(), "{failed}");
        assert!(started.elapsed() < Duration::from_secs(1), "{failed}");
        assert_eq!(slack.calls().len(), before + 1, "{failed}");
    }
}

#[tokio::test]
async fn somebody_who_waits_is_told_in_time() {
    let (slack, client, ours) = start_sending().await;
    let trigger = trigger(&slack, &ours).await;
    slack.fail(Fault { delay_ms: 4_000, ..fault("views.open") });
    let started = Instant::now();
    let late = client.open_view(&trigger, &ask::loading()).await.unwrap_err();
    assert_eq!(late, WebError::Unreachable { why: "no answer in time" });
    assert!(started.elapsed() < Duration::from_millis(2_500));
}

#[tokio::test]
async fn what_is_shown_already_is_tried_again_a_little() {
    let (slack, client, _) = start_sending().await;
    slack.fail(Fault { status: Some(503), ..fault("views.publish") });
    client.publish_home(&alice(), &home_of_alice()).await.unwrap();
    assert_eq!(slack.calls().len(), 2);
    slack.fail(Fault { status: Some(429), retry_after: Some(2), ..fault("views.publish") });
    let limited = client.publish_home(&alice(), &home_of_alice()).await.unwrap_err();
    assert_eq!(limited, WebError::RateLimited { retry_after: Duration::from_secs(2) });
    assert_eq!(slack.calls().len(), 3);
}

#[tokio::test]
async fn nobody_listening_is_said_in_time() {
    let (slack, _) = start().await;
    let api_url = slack.api_url();
    drop(slack);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let client = Client::new(&api_url, TOKEN.into()).unwrap();
    let started = Instant::now();
    assert_eq!(client.open_view("1.2.x", &ask::loading()).await.unwrap_err().code(), "slack_unreachable");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_home_tab_is_shown_and_used() {
    let (slack, client, ours) = start_sending().await;
    let act = Home { user: "alice".to_owned(), ..Home::default() };
    for _ in 0..2 {
        let sent = slack.home(&act).await.unwrap().request;
        let event = AppEvent::read(sent.body.as_bytes(), &ours).unwrap();
        let AppEvent::HomeOpened { user, event_id } = event else { panic!("{event:?}") };
        assert!(user == alice() && !event_id.is_empty());
        client.publish_home(&alice(), &home_of_alice()).await.unwrap();
    }
    let view = slack.views("alice").unwrap()["home"].clone();
    assert_eq!(view["callback_id"], ids::view::HOME);
    let act = Press {
        user: "alice".to_owned(),
        view_id: view["id"].as_str().map(str::to_owned),
        action_id: "refresh".to_owned(),
        ..Press::default()
    };
    assert!(matches!(read(&slack.press(&act).await.unwrap(), &ours), Interaction::Refreshed(_)));
    let act = Press { action_id: "ask".to_owned(), ..act };
    let Interaction::Asked(asked) = read(&slack.press(&act).await.unwrap(), &ours) else { panic!() };
    client.open_view(&asked.trigger_id, &ask::choose(None)).await.unwrap();
    assert_eq!(modals(&slack).len(), 1);
    let nobody = "T0COUNTER1/U0NOBODY01".parse().unwrap();
    assert_eq!(refused(client.publish_home(&nobody, &home_of_alice()).await), SlackError::InvalidArguments);
}

#[tokio::test]
async fn a_form_is_filled_in_and_sent() {
    let (slack, client, ours) = start_sending().await;
    let trigger = trigger(&slack, &ours).await;
    let opened = client.open_view(&trigger, &ask::choose(Some(&entitlement("prod")))).await.unwrap();
    let typed = AskOptions {
        user: "alice".to_owned(),
        view_id: Some(opened.id.clone()),
        action_id: ids::field::ENTITLEMENT.to_owned(),
        value: "ord".to_owned(),
        ..AskOptions::default()
    };
    let sent = slack.options(&typed).await.unwrap().request;
    let suggestion = Suggestion::read(sent.body.as_bytes(), &ours).unwrap();
    assert_eq!((suggestion.field.as_str(), suggestion.typed.as_str()), (ids::field::ENTITLEMENT, "ord"));

    let (entitlement, form) = (entitlement("prod"), crate::ask::AskForm::default());
    let preview = Err(vec![]);
    let view = ask::AskView { entitlement: &entitlement, form: &form, preview: &preview, names: &names };
    client.update_view(&opened.id, Some(&opened.hash), &ask::form(&view)).await.unwrap();
    let act = Press {
        user: "alice".to_owned(),
        view_id: Some(opened.id.clone()),
        action_id: ids::field::DURATION.to_owned(),
        option_value: Some("900".to_owned()),
        ..Press::default()
    };
    let Interaction::Chosen(Chosen { view, field, form, .. }) = read(&slack.press(&act).await.unwrap(), &ours) else {
        panic!()
    };
    assert_eq!((view.id.as_str(), field.as_str()), (opened.id.as_str(), ids::field::DURATION));
    assert_eq!(form.duration_seconds, Some(900));
    assert_eq!(form.entitlement.as_deref(), Some(entitlement.name.as_str()));

    let block = |field| ids::block(field, entitlement.name.as_str());
    let ticket = json!({"ticket": {"type": "plain_text_input", "value": "OPS-7"}});
    let why = json!({"justification": {"type": "plain_text_input", "value": "orders are stuck <!channel> 🔑"}});
    let values = Map::from_iter([(block(ids::field::JUSTIFICATION), why), (block(ids::field::TICKET), ticket)]);
    let act = Submit { user: "alice".to_owned(), view_id: opened.id.clone(), values, ..Submit::default() };
    let sent = slack.submit(&act).await.unwrap();
    assert_eq!(sent.errors, Map::new());
    let Interaction::Submitted(Submitted { user, view, what }) = read(&sent, &ours) else { panic!() };
    assert_eq!((user, view.kind.as_str()), (alice(), ids::view::ASK));
    let Submission::Ask(form) = what else { panic!() };
    assert_eq!(form.justification.as_deref(), Some("orders are stuck <!channel> 🔑"));
    assert_eq!((form.duration_seconds, form.permissions), (Some(900), Selection::All));
}

#[tokio::test]
async fn a_denial_comes_back_with_what_it_is_about() {
    let (slack, client, ours) = start_sending().await;
    let trigger = trigger(&slack, &ours).await;
    let opened = client.open_view(&trigger, &deny::view(&state(pending(&[])), &names)).await.unwrap();
    let why = json!({"reason": {"type": "plain_text_input", "value": "not tonight"}});
    let values = Map::from_iter([(ids::field::REASON.to_owned(), why)]);
    let act = Submit { user: "alice".to_owned(), view_id: opened.id, values, ..Submit::default() };
    let Interaction::Submitted(sent) = read(&slack.submit(&act).await.unwrap(), &ours) else { panic!() };
    let about = Submission::Deny {
        request: request().id.clone(),
        digest: request().digest(),
        reason: "not tonight".to_owned(),
    };
    assert_eq!(sent.what, about);
}

#[tokio::test]
async fn a_notice_is_shown_over_a_modal() {
    let (slack, client, ours) = start_sending().await;
    let trigger = trigger(&slack, &ours).await;
    client.open_view(&trigger, &notice::view("Not done", &help())).await.unwrap();
    assert_eq!(modals(&slack)[0]["callback_id"], ids::view::NOTICE);
}
