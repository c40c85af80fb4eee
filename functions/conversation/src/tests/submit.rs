//! The form is sent: what is wrong is said where it is wrong, and one form makes one request.

use super::*;
use model::policy::{Bundle, Policy};
use serde_json::{Value, json};
use std::sync::Arc;
use workflow::double::{Trouble, Verb, World};

const WHY: &str = "order-1002 is stuck <!channel>";

/// A form of alice's for `entitlement` with a justification.
async fn complete(site: &Site, entitlement: &str) -> String {
    let form = site.form_for(ALICE, entitlement).await;
    site.put(&form, "justification", &json!({"value": WHY}));
    form
}

/// The one request that there is.
fn only(site: &Site) -> RequestId {
    let ids = site.world.ids();
    assert_eq!(ids.len(), 1, "{ids:?}");
    ids[0].clone()
}

#[tokio::test]
async fn what_was_chosen_and_typed_is_asked_for() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    preview::narrow(&site, &form, "dynamodb:GetItem").await;
    site.choose(ALICE, &form, "duration", json!({"selected_option": acts::option("900")})).await;
    site.put(&form, "ticket", &json!({"value": "OPS-7"}));
    site.submit(ALICE, &form).await;
    let id = only(&site);
    let stored = site.world.stored(&id).unwrap();
    let request = &stored.state.request;
    assert_eq!((request.entitlement.as_str(), request.duration_seconds), ("orders-db-debug", 900));
    assert_eq!((request.requester.as_str(), request.justification.shown()), ("alice", WHY));
    assert_eq!(request.permissions, ["dynamodb:GetItem"]);
    assert_eq!(request.ticket.as_ref().map(model::names::TicketId::as_str), Some("OPS-7"));
    assert!(site.view_says(&form, id.as_str()), "{}", site.view(&form));
    assert!(!site.view_says(&form, "<!channel>"));
}

#[tokio::test]
async fn who_is_asked_is_said() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    site.submit(ALICE, &form).await;
    assert_eq!(status(&site, &only(&site)), "pending");
    assert!(site.view_says(&form, BOB) && site.view_says(&form, CAROL), "{}", site.view(&form));
    let site = Site::new();
    let form = complete(&site, "logs-read").await;
    site.submit(ALICE, &form).await;
    assert_eq!(status(&site, &only(&site)), "provisioning");
    assert!(site.view_says(&form, "by itself") && !site.view_says(&form, BOB));
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_is_stored() {
    let site = Site::new();
    let form = site.form_for(ALICE, "prod-admin").await;
    site.put(&form, "justification", &json!({"value": "\u{200b}\u{202e}"}));
    site.put(&form, "ticket", &json!({"value": "no ticket!"}));
    site.put(&form, "permissions", &json!({"value": "iam:CreateUser"}));
    site.put(&form, "resources", &json!({"value": "not an arn"}));
    let answer = site.submit(ALICE, &form).await;
    let blocks: Vec<&String> = answer["errors"].as_object().unwrap().keys().collect();
    let expected = ["justification", "permissions", "ticket"].map(|field| format!("{field}.prod-admin"));
    assert!(expected.iter().all(|block| blocks.contains(&block)), "{answer}");
    assert!(site.world.ids().is_empty());
    // Put right, the same form makes the request.
    site.put(&form, "justification", &json!({"value": WHY}));
    for field in ["ticket", "permissions", "resources"] {
        site.put(&form, field, &json!({"value": null}));
    }
    site.submit(ALICE, &form).await;
    assert_eq!(status(&site, &only(&site)), "pending");
}

#[tokio::test]
async fn a_time_or_an_action_that_is_not_offered_is_refused_at_its_field() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    for (field, state) in [
        ("duration", json!({"selected_option": acts::option("7201")})),
        ("duration", json!({"selected_option": acts::option("0")})),
        ("permissions", json!({"selected_options": [acts::option("0123456789abcdef0123456789abcdef")]})),
    ] {
        let before = site.held(&form, field);
        site.put(&form, field, &state);
        let answer = site.submit(ALICE, &form).await;
        let blocks: Vec<&String> = answer["errors"].as_object().unwrap().keys().collect();
        assert_eq!(blocks, [&format!("{field}.orders-db-debug")], "{answer}");
        site.put(&form, field, &before);
    }
    assert!(site.world.ids().is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_the_entitlement_is_said_there() {
    let site = Site::new();
    let form = complete(&site, "logs-read").await;
    let elsewhere = Installation { workspace: HERE.workspace.clone(), accounts: vec!["222222222222".parse().unwrap()] };
    let answer = site.submit_at(&elsewhere, ALICE, &form).await;
    let errors = answer["errors"].as_object().unwrap();
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["entitlement"], "{answer}");
    assert!(errors["entitlement"].as_str().unwrap().contains("111111111111"), "{answer}");
    assert!(site.world.ids().is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_a_field_that_is_not_there_is_said_at_one_that_is() {
    let site = Site::new();
    let sample = World::sample_bundle();
    // One table, which leaves no choice, and more actions than fit into a session's policy.
    let (before, after) = sample.catalog.split_once("      - dynamodb:UpdateItem\n").unwrap();
    let more: Vec<String> = (0..60).map(|n| format!("      - dynamodb:Query{n}LongerThanAnyOther\n")).collect();
    let catalog = format!("{before}      - dynamodb:UpdateItem\n{}{after}", more.concat());
    site.world.set_policy(Some(Arc::new(Policy::load(&Bundle { catalog, ..sample }).unwrap())));
    let form = complete(&site, "orders-db-debug").await;
    let answer = site.submit(ALICE, &form).await;
    assert!(answer.to_string().contains("session policy"), "{answer}");
    assert!(site.world.ids().is_empty());
}

#[tokio::test]
async fn one_form_makes_one_request_however_often_it_is_sent() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    let first = site.submission(ALICE, &form);
    let second = site.submission(ALICE, &form);
    assert_ne!(first, second, "each press is a message of its own");
    let mut answers = Vec::new();
    for body in [first, second] {
        answers.push(site.send(acts::INTERACTIONS, body).await.body);
        site.world.pass(5);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].contains(only(&site).as_str()));
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    // It is stored, and nobody hears of it.
    site.world.break_down(Verb::Commit, Trouble::FaultAfter);
    let lost = site.send(acts::INTERACTIONS, site.submission(ALICE, &form)).await;
    site.world.heal();
    assert_eq!(lost.status_code, 200);
    site.submit(ALICE, &form).await;
    assert!(site.view_says(&form, only(&site).as_str()), "{}", site.view(&form));
    // What became of it meanwhile is what is shown.
    let id = only(&site);
    site.press(BOB, "approve", &id).await;
    let again = complete(&site, "orders-db-debug").await;
    assert_ne!(again, form);
    site.submit(ALICE, &again).await;
    assert_eq!(site.world.ids().len(), 2, "another form is another wish");
}

#[tokio::test]
async fn another_wish_from_the_same_form_is_refused() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    let first = site.submission(ALICE, &form);
    site.put(&form, "justification", &json!({"value": "something else"}));
    assert_eq!(site.send(acts::INTERACTIONS, first).await.status_code, 200);
    site.submit(ALICE, &form).await;
    assert!(site.view_says(&form, "sent_already"), "{}", site.view(&form));
    assert_eq!(site.world.stored(&only(&site)).unwrap().state.request.justification.shown(), WHY);
}

#[tokio::test]
async fn what_policy_does_not_let_one_ask_for_is_denied() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    // Slack says that it was mallory who sent it.
    site.submit(MALLORY, &form).await;
    assert!(site.view_says(&form, "denied_by_policy"), "{}", site.view(&form));
    assert_eq!(status(&site, &only(&site)), "denied", "the attempt is on record");
    let form = complete(&site, "orders-db-debug").await;
    site.submit(STRANGER, &form).await;
    assert!(site.view_says(&form, "unknown_caller"));
    only(&site);
}

#[tokio::test]
async fn a_form_sent_before_it_was_complete_is_shown_whole() {
    let site = Site::new();
    let form = site.form(ALICE).await;
    // Chosen, and sent before the update came.
    site.put(&form, "entitlement", &json!({"selected_option": acts::option("orders-db-debug")}));
    let answer = site.submit(ALICE, &form).await;
    assert_eq!(answer["response_action"], "update");
    assert!(site.block(&form, "justification").is_some() && site.world.ids().is_empty());
    site.put(&form, "justification", &json!({"value": WHY}));
    site.submit(ALICE, &form).await;
    assert_eq!(status(&site, &only(&site)), "pending");
}

#[tokio::test]
async fn a_form_sent_too_early_for_what_one_may_not_have_is_refused_where_it_was_chosen() {
    let site = Site::new();
    for entitlement in ["orders-db-debug", "nothing-of-that-name"] {
        let form = site.form(MALLORY).await;
        site.put(&form, "entitlement", &json!({"selected_option": acts::option(entitlement)}));
        let answer = site.submit(MALLORY, &form).await;
        assert_eq!(answer["errors"].as_object().unwrap().keys().collect::<Vec<_>>(), ["entitlement"], "{answer}");
        assert!(!answer.to_string().contains("logs-read"), "{answer}");
    }
    let form = site.form(ALICE).await;
    let answer = site.submit(ALICE, &form).await;
    assert_eq!(answer["errors"].as_object().unwrap().keys().collect::<Vec<_>>(), ["entitlement"], "nothing chosen");
    assert!(site.world.ids().is_empty());
}

#[tokio::test]
async fn a_form_whose_fields_are_of_another_choice_is_not_taken() {
    let site = Site::new();
    let form = complete(&site, "logs-read").await;
    // Another was chosen, and the form sent before it followed.
    site.put(&form, "entitlement", &json!({"selected_option": acts::option("prod-admin")}));
    let answer = site.submit(ALICE, &form).await;
    assert!(answer["errors"]["entitlement"].as_str().unwrap().contains("caught up"), "{answer}");
    assert!(site.world.ids().is_empty());
}

#[tokio::test]
async fn what_cannot_be_stored_is_said_and_can_be_sent_again() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    site.world.break_down(Verb::Commit, Trouble::FaultBefore);
    let answer: Value =
        serde_json::from_str(&site.send(acts::INTERACTIONS, site.submission(ALICE, &form)).await.body).unwrap();
    assert!(answer.to_string().contains("unavailable") && site.world.ids().is_empty());
    assert_eq!(local_slack::check_view_shape(&answer["view"]), [""; 0]);
}

#[tokio::test]
async fn closing_the_form_is_taken_and_does_nothing() {
    let site = Site::new();
    let form = complete(&site, "orders-db-debug").await;
    let closed = site.submission(ALICE, &form).replace("view_submission", "view_closed");
    let answer = site.send(acts::INTERACTIONS, closed).await;
    assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
    assert!(site.world.ids().is_empty());
}
