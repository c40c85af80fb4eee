//! The form opens at once and follows what is chosen in it.

use super::slack::Trouble;
use super::*;
use serde_json::{Value, json};

#[tokio::test]
async fn access_alone_opens_the_form_and_fills_it_once() {
    let site = Site::new();
    site.side().dawdles = 5;
    let form = site.form(ALICE).await;
    let shown = site.side();
    assert_eq!(shown.opened, [("notice".to_owned(), form.clone())], "it says that it is loading");
    assert_eq!(shown.policy_reads, [1], "the policy is fetched while Slack opens the form");
    assert_eq!(shown.updated, [(form.clone(), Some("1795201200.2".to_owned()))], "by the hash that Slack gave");
    assert_eq!(shown.views[&form].shape["callback_id"], "ask");
    assert_eq!(shown.views[&form].values.keys().collect::<Vec<_>>(), ["entitlement"]);
}

#[tokio::test]
async fn the_shortcut_and_the_button_open_it_too() {
    let site = Site::new();
    assert_eq!(site.shortcut(ALICE, "ask_for_access").await.status_code, 200);
    let (_, form) = site.front();
    assert_eq!(site.view(&form)["callback_id"], "ask");
    assert_eq!(site.shortcut(ALICE, "something_else").await.status_code, 400);
    let home = site.home(ALICE).await;
    site.press_in(ALICE, &home, "ask", json!("orders-db-debug")).await;
    let (_, form) = site.front();
    assert_eq!(site.held(&form, "entitlement")["selected_option"]["value"], "orders-db-debug");
    assert!(site.block(&form, "justification").is_some(), "and what follows from it is there");
}

#[tokio::test]
async fn if_slack_opens_nothing_the_help_comes_back() {
    for trouble in [Trouble::Refused("expired_trigger_id"), Trouble::Down, Trouble::TooSlow] {
        let site = Site::new();
        site.trouble(Some(trouble));
        let said = site.commands(ALICE, "").await;
        assert!(said.contains("/access list") && said.contains("\"ephemeral\""), "{trouble:?}: {said}");
    }
}

#[tokio::test]
async fn a_form_that_is_not_filled_any_more_stays() {
    let site = Site::new();
    let form = site.form(ALICE).await;
    // Two choices, one right after the other: Slack sends the second before the first is answered.
    let first = site.chosen(ALICE, &form, "entitlement", &json!({"selected_option": acts::option("logs-read")}));
    site.choose_entitlement(ALICE, &form, "orders-db-debug").await;
    let answer = site.send(acts::INTERACTIONS, first).await;
    assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
    assert_eq!(site.block(&form, "duration").as_deref(), Some("duration.orders-db-debug"));
}

#[tokio::test]
async fn whoever_is_unknown_reads_why() {
    let site = Site::new();
    let form = site.form(STRANGER).await;
    assert!(site.view_says(&form, "unknown_caller"), "{}", site.view(&form));
    assert_eq!(site.view(&form)["callback_id"], "notice");
    let asks = site.commands(STRANGER, "orders-db-debug 30m orders are stuck").await;
    assert!(asks.contains("unknown_caller") && site.world.ids().is_empty());
}

#[tokio::test]
async fn if_the_policy_cannot_be_read_the_form_says_so() {
    let site = Site::new();
    let form = site.form_for(ALICE, "orders-db-debug").await;
    site.world.set_policy(None);
    let other = site.form(ALICE).await;
    assert!(site.view_says(&other, "unavailable"), "{}", site.view(&other));
    // A choice changes nothing then, and sending says why.
    let before = site.view(&form);
    site.choose(ALICE, &form, "duration", json!({"selected_option": acts::option("900")})).await;
    assert_eq!(site.view(&form), before);
    site.submit(ALICE, &form).await;
    assert!(site.view_says(&form, "unavailable"));
}

#[tokio::test]
async fn what_one_may_not_ask_for_is_not_shown() {
    let site = Site::new();
    for person in [MALLORY, BOB] {
        for entitlement in ["orders-db-debug", "nothing-of-that-name"] {
            let form = site.form_for(person, entitlement).await;
            assert_eq!(site.block(&form, "duration"), None, "the chooser");
            assert!(!site.view_says(&form, "dynamodb"), "{}", site.view(&form));
        }
        let home = site.home(person).await;
        site.press_in(person, &home, "ask", json!("prod-admin")).await;
        let (_, form) = site.front();
        assert_eq!(site.block(&form, "duration"), None, "nor by a button that was made up");
    }
}

#[tokio::test]
async fn the_form_follows_the_entitlement() {
    let site = Site::new();
    let form = site.form_for(ALICE, "orders-db-debug").await;
    let fields = ["duration", "permissions", "ticket", "justification"];
    for field in fields {
        assert_eq!(site.block(&form, field), Some(format!("{field}.orders-db-debug")));
    }
    assert_eq!(site.block(&form, "resources"), None, "with one table there is nothing to choose");
    assert_eq!(offered(&site, &form, "duration").last(), Some(&json!("7200")), "no longer than it allows");
    site.choose_entitlement(ALICE, &form, "prod-admin").await;
    for field in fields.into_iter().chain(["resources"]) {
        assert_eq!(site.block(&form, field), Some(format!("{field}.prod-admin")));
    }
    assert_eq!(site.held(&form, "permissions")["type"], "plain_text_input", "wildcards are narrowed in words");
    assert_eq!(offered(&site, &form, "duration").last(), Some(&json!("3600")));
}

/// The values that a menu offers.
fn offered(site: &Site, view: &str, field: &str) -> Vec<Value> {
    let block = site.block(view, field).unwrap();
    let view = site.view(view);
    let found = view["blocks"].as_array().unwrap().iter().find(|found| found["block_id"] == block.as_str()).unwrap();
    found["element"]["options"].as_array().unwrap().iter().map(|option| option["value"].clone()).collect()
}

#[tokio::test]
async fn what_was_typed_outlasts_another_choice() {
    let site = Site::new();
    let form = site.form_for(ALICE, "logs-read").await;
    site.put(&form, "justification", &json!({"value": "checkout errors since 18:40"}));
    site.put(&form, "ticket", &json!({"value": "OPS-7"}));
    site.choose(ALICE, &form, "duration", json!({"selected_option": acts::option("14400")})).await;
    site.choose_entitlement(ALICE, &form, "orders-db-debug").await;
    assert_eq!(site.held(&form, "justification")["value"], "checkout errors since 18:40");
    assert_eq!(site.held(&form, "ticket")["value"], "OPS-7");
    // Four hours are more than this one allows; what is chosen, and what is foreseen for it, is the same.
    assert_eq!(site.held(&form, "duration")["selected_option"]["value"], "3600");
    assert!(site.view_says(&form, "What will happen"), "{}", site.view(&form));
}

#[tokio::test]
async fn choosing_the_same_again_forgets_nothing() {
    let site = Site::new();
    let form = site.form_for(ALICE, "orders-db-debug").await;
    preview::narrow(&site, &form, "dynamodb:GetItem").await;
    let before = site.view(&form);
    site.choose_entitlement(ALICE, &form, "orders-db-debug").await;
    assert_eq!(site.view(&form), before, "Slack keeps what was chosen, so what is foreseen has to be of that");
}
