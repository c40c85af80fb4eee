//! What would become of it is shown as the form is filled in.

use super::*;
use model::policy::{Bundle, Policy};
use serde_json::json;
use std::sync::Arc;
use workflow::double::World;

/// Chooses one of the actions or resources that can be left out.
pub(super) async fn narrow(site: &Site, form: &str, pattern: &str) {
    let block = site.block(form, "permissions").unwrap();
    let view = site.view(form);
    let found = view["blocks"].as_array().unwrap().iter().find(|found| found["block_id"] == block.as_str()).unwrap();
    let options = found["element"]["options"].as_array().unwrap();
    let option = options.iter().find(|option| option["text"]["text"] == pattern).unwrap();
    site.choose(ALICE, form, "permissions", json!({"selected_options": [option]})).await;
}

#[tokio::test]
async fn it_says_the_risk_and_who_is_asked() {
    let site = Site::new();
    let form = site.form_for(ALICE, "orders-db-debug").await;
    assert!(site.view_says(&form, "medium") && site.view_says(&form, BOB) && site.view_says(&form, CAROL));
    assert!(!site.view_says(&form, DAVE) && !site.view_says(&form, ALICE));
    let form = site.form_for(ALICE, "logs-read").await;
    assert!(site.view_says(&form, "by itself") && !site.view_says(&form, BOB), "{}", site.view(&form));
}

#[tokio::test]
async fn less_is_less_of_a_risk() {
    let site = Site::new();
    let form = site.form_for(ALICE, "orders-db-debug").await;
    narrow(&site, &form, "dynamodb:GetItem").await;
    assert!(!site.view_says(&form, "medium"), "{}", site.view(&form));
    assert_eq!(site.held(&form, "permissions")["selected_options"].as_array().map(Vec::len), Some(1));
    site.choose(ALICE, &form, "permissions", json!({"selected_options": []})).await;
    assert!(site.view_says(&form, "medium"), "nothing chosen is all of it");
}

/// The sample bundle, in which nobody may have `orders-db-debug` for more than an hour.
fn an_hour_at_most() -> Arc<Policy> {
    let bundle = World::sample_bundle();
    let more = r#"
        @id("an-hour-at-most")
        forbid (principal, action == Countersign::Action::"request",
            resource == Countersign::Entitlement::"orders-db-debug")
        when { context.durationSeconds > 3600 };
    "#;
    Arc::new(Policy::load(&Bundle { policies: format!("{}{more}", bundle.policies), ..bundle }).unwrap())
}

#[tokio::test]
async fn a_longer_time_is_judged_anew() {
    let site = Site::new();
    site.world.set_policy(Some(an_hour_at_most()));
    let form = site.form_for(ALICE, "orders-db-debug").await;
    assert!(!site.view_says(&form, "refuses"));
    site.choose(ALICE, &form, "duration", json!({"selected_option": acts::option("7200")})).await;
    assert!(site.view_says(&form, "refuses"), "{}", site.view(&form));
    assert_eq!(site.held(&form, "duration")["selected_option"]["value"], "7200");
    site.choose(ALICE, &form, "duration", json!({"selected_option": acts::option("900")})).await;
    assert!(!site.view_says(&form, "refuses"));
}

#[tokio::test]
async fn what_policy_refuses_in_the_end_is_denied_and_on_record() {
    let site = Site::new();
    site.world.set_policy(Some(an_hour_at_most()));
    let form = site.form_for(ALICE, "orders-db-debug").await;
    site.choose(ALICE, &form, "duration", json!({"selected_option": acts::option("7200")})).await;
    site.put(&form, "justification", &json!({"value": "all afternoon"}));
    site.submit(ALICE, &form).await;
    assert!(site.view_says(&form, "denied_by_policy"), "{}", site.view(&form));
    let ids = site.world.ids();
    assert_eq!(ids.len(), 1);
    assert_eq!(status(&site, &ids[0]), "denied");
    assert!(record(&site, &ids[0]).contains("an-hour-at-most"));
}

#[tokio::test]
async fn what_cannot_be_judged_yet_says_what_to_change() {
    let site = Site::new();
    let form = site.form_for(ALICE, "prod-admin").await;
    site.choose(ALICE, &form, "permissions", json!({"value": "iam:CreateUser"})).await;
    assert!(site.view_says(&form, "Not yet"), "{}", site.view(&form));
    site.choose(ALICE, &form, "permissions", json!({"value": "s3:GetObject"})).await;
    assert!(!site.view_says(&form, "Not yet") && site.view_says(&form, "What will happen"));
}
