//! Denying asks why, and counts anyway.

use super::slack::Trouble;
use super::*;
use model::lifecycle::Phase;
use serde_json::json;

/// Who denied a request, and why.
fn denied(site: &Site, id: &RequestId) -> (String, String) {
    let phase = site.world.stored(id).unwrap().state.phase;
    let Phase::Denied { by: Some(by), reason, .. } = phase else { panic!("{phase:?}") };
    (by.to_string(), reason.shown().to_owned())
}

#[tokio::test]
async fn whoever_may_deny_is_asked_why() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    assert_eq!(site.press(BOB, "deny", &id).await.body, "");
    let (kind, form) = site.front();
    assert_eq!((kind.as_str(), status(&site, &id)), ("deny", "pending"), "not before that is said");
    assert!(site.view_says(&form, "orders are stuck") && site.side().told.is_empty());
    site.put(&form, "reason", &json!({"value": "not *today* <!here>"}));
    assert_eq!(site.submit(BOB, &form).await, json!(null), "the modal closes");
    assert_eq!(denied(&site, &id), ("bob".to_owned(), "not *today* <!here>".to_owned()));
}

#[tokio::test]
async fn others_are_refused_and_it_is_on_record() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    for (user, code) in [(ALICE, "not_permitted"), (DAVE, "not_an_approver"), (MALLORY, "not_an_approver")] {
        let before = record(&site, &id).matches("commandRefused").count();
        site.press(user, "deny", &id).await;
        let told = site.take_told();
        assert!(told.contains(code) && !told.contains("orders are stuck"), "{user}: {told}");
        assert_eq!(record(&site, &id).matches("commandRefused").count(), before + 1, "{user}");
    }
    assert!(site.side().opened.is_empty(), "nobody was asked why");
    site.press(STRANGER, "deny", &id).await;
    assert!(site.take_told().contains("unknown_caller"));
    assert_eq!(status(&site, &id), "pending");
}

#[tokio::test]
async fn if_slack_opens_no_form_it_is_denied_all_the_same() {
    for trouble in [Trouble::Refused("expired_trigger_id"), Trouble::Down, Trouble::TooSlow] {
        let site = Site::new();
        let id = asked(&site, "orders-db-debug").await;
        site.trouble(Some(trouble));
        site.press(BOB, "deny", &id).await;
        assert_eq!(denied(&site, &id), ("bob".to_owned(), ::slack::render::unsaid::DENIED.to_owned()), "{trouble:?}");
        assert!(site.take_told().contains("You denied"));
        site.trouble(None);
        // The form came after all: whoever fills it in is told that it is done.
        if site.side().opened.is_empty() {
            continue;
        }
        let (_, form) = site.front();
        site.put(&form, "reason", &json!({"value": "not today"}));
        site.submit(BOB, &form).await;
        assert!(site.view_says(&form, "already_decided") && site.view_says(&form, BOB), "{}", site.view(&form));
    }
}

#[tokio::test]
async fn the_reason_is_checked_in_place() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    site.press(BOB, "deny", &id).await;
    let (_, form) = site.front();
    for nothing in [json!(null), json!(""), json!(" \n "), json!("\u{200b}")] {
        site.put(&form, "reason", &json!({"value": nothing}));
        let answer = site.submit(BOB, &form).await;
        assert_eq!(answer["errors"].as_object().unwrap().keys().collect::<Vec<_>>(), ["reason"], "{answer}");
        assert_eq!(status(&site, &id), "pending");
    }
    site.put(&form, "reason", &json!({"value": "not today"}));
    site.submit(BOB, &form).await;
    assert_eq!(status(&site, &id), "denied");
}

#[tokio::test]
async fn whoever_was_asked_why_has_to_be_one_who_may_deny() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    site.press(BOB, "deny", &id).await;
    let (_, form) = site.front();
    site.put(&form, "reason", &json!({"value": "not today"}));
    for (user, code) in [(ALICE, "not_permitted"), (MALLORY, "not_an_approver"), (STRANGER, "unknown_caller")] {
        let copy = format!("{form}{user}");
        let kept = site.side().views[&form].clone();
        site.side().views.insert(copy.clone(), kept);
        site.submit(user, &copy).await;
        assert!(site.view_says(&copy, code), "{}", site.view(&copy));
    }
    assert_eq!(status(&site, &id), "pending");
}

#[tokio::test]
async fn a_reason_sent_twice_denies_once() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    site.press(BOB, "deny", &id).await;
    let (_, form) = site.front();
    site.put(&form, "reason", &json!({"value": "not today"}));
    let lost = site.send(acts::INTERACTIONS, site.submission(BOB, &form)).await;
    assert_eq!(lost.status_code, 200);
    site.submit(BOB, &form).await;
    assert!(site.view_says(&form, "already_decided"), "{}", site.view(&form));
    assert_eq!(record(&site, &id).matches("requestDenied").count(), 1);
}

#[tokio::test]
async fn nobody_is_asked_why_once_it_is_decided() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    site.press(CAROL, "approve", &id).await;
    site.take_told();
    site.press(BOB, "deny", &id).await;
    assert!(site.side().opened.is_empty());
    let told = site.take_told();
    assert!(told.contains(CAROL) && told.contains("already_decided"), "{told}");
}
