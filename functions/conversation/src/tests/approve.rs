//! Countersigning with a note, or for less.

use super::acts::option;
use super::*;
use model::lifecycle::Phase;
use serde_json::json;

/// What somebody has in front of them who pressed the button in the details.
async fn form(site: &Site, user: &str, id: &RequestId) -> String {
    site.press(user, "details", id).await;
    let (kind, view) = site.front();
    assert_eq!(kind, "details");
    assert!(site.view_says(&view, "\"action_id\":\"approve_with\""));
    let answer = site.press_in(user, &view, "approve_with", json!(site.value_of(id))).await;
    assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
    view
}

#[tokio::test]
async fn an_approver_says_something_and_gives_less() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let form = form(&site, BOB, &id).await;
    assert!(site.view_says(&form, "\"callback_id\":\"approve\""), "the details give way to it");
    site.put(&form, "note", &json!({"value": "only *look* <!here>"}));
    site.put(&form, "duration", &json!({"selected_option": option("900")}));
    let look = site.view(&form).pointer("/blocks/4/element/options/0").cloned().unwrap();
    site.put(&form, "permissions", &json!({"selected_options": [look]}));
    assert_eq!(site.submit(BOB, &form).await, json!(null), "the modal closes");
    let state = site.world.stored(&id).unwrap().state;
    let Phase::Provisioning { approvals, plan, .. } = &state.phase else { panic!("{:?}", state.phase) };
    assert_eq!(approvals[0].note.as_ref().unwrap().shown(), "only *look* <!here>");
    assert_eq!(approvals[0].digest, state.terms().digest());
    assert_eq!(state.terms().permissions(), ["dynamodb:GetItem"]);
    assert_eq!(state.terms().resources(), &state.request.resources[..]);
    assert_eq!(plan.window.starts_at().seconds_until(plan.window.expires_at()), 900);
    assert_ne!(state.terms().digest(), state.request.digest());
    assert!(record(&site, &id).contains("termsNarrowed"));
}

#[tokio::test]
async fn sent_as_it_comes_it_is_the_button() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let form = form(&site, BOB, &id).await;
    assert_eq!(site.submit(BOB, &form).await, json!(null));
    let state = site.world.stored(&id).unwrap().state;
    assert_eq!((state.status().as_str(), &state.narrowed), ("provisioning", &None));
    assert!(!record(&site, &id).contains("termsNarrowed"));
}

#[tokio::test]
async fn whoever_may_not_is_told_and_sees_no_form() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    for (user, code) in [(ALICE, "self_approval"), (DAVE, "not_an_approver")] {
        site.press(user, "approve_with", &id).await;
        let told = site.take_told();
        assert!(told.contains(code), "{user}: {told}");
    }
    site.press(MALLORY, "approve_with", &id).await;
    assert!(site.take_told().contains("request_not_found"));
    assert!(site.side().opened.is_empty());
    assert_eq!(status(&site, &id), "pending");
}

#[tokio::test]
async fn whoever_is_handed_the_form_has_to_be_one_who_may() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let form = form(&site, BOB, &id).await;
    for (user, code) in [(ALICE, "self_approval"), (MALLORY, "not_an_approver"), (STRANGER, "unknown_caller")] {
        let copy = format!("{form}{user}");
        let kept = site.side().views[&form].clone();
        site.side().views.insert(copy.clone(), kept);
        site.submit(user, &copy).await;
        assert!(site.view_says(&copy, code), "{}", site.view(&copy));
    }
    assert_eq!(status(&site, &id), "pending");
}

#[tokio::test]
async fn mistakes_are_said_in_place() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let form = form(&site, BOB, &id).await;
    let longer = json!({"selected_option": option("3600")});
    for (field, state) in [("note", json!({"value": "x".repeat(501)})), ("duration", longer)] {
        let before = site.held(&form, field);
        site.put(&form, field, &state);
        let answer = site.submit(BOB, &form).await;
        assert_eq!(answer["errors"].as_object().unwrap().keys().collect::<Vec<_>>(), [field], "{answer}");
        assert_eq!(status(&site, &id), "pending");
        site.put(&form, field, &before);
    }
    // An option that the form never had.
    site.put(&form, "permissions", &json!({"selected_options": [option("0123456789abcdef0123456789abcdef")]}));
    assert!(site.submit(BOB, &form).await["errors"]["note"].as_str().unwrap().contains("changed meanwhile"));
    assert_eq!(status(&site, &id), "pending");
}

/// Two approvers: what was on the card before it was narrowed is not what would be granted.
#[tokio::test]
async fn a_button_of_before_is_refused() {
    let site = Site::new();
    let id = asked(&site, "prod-admin").await;
    site.press(BOB, "approve", &id).await;
    assert!(site.take_told().contains("You countersigned"));
    let before = site.value_of(&id);
    let form = form(&site, CAROL, &id).await;
    site.put(&form, "duration", &json!({"selected_option": option("900")}));
    site.submit(CAROL, &form).await;
    assert_eq!(status(&site, &id), "pending", "one of two, since bob has not seen it");
    let stale = acts::pressed(BOB, "approve", &before, &acts::trigger());
    site.send(acts::INTERACTIONS, acts::in_form(&stale)).await;
    let told = site.take_told();
    assert!(told.contains("stale_digest") && told.contains("Narrowed"), "{told}");
    assert_eq!(status(&site, &id), "pending");
    site.press(BOB, "approve", &id).await;
    assert_eq!(status(&site, &id), "provisioning");
}
