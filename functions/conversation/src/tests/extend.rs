//! More time is a new request that follows on from the old one.

use super::acts::option;
use super::*;
use serde_json::json;

#[tokio::test]
async fn more_time_is_asked_for_from_what_was_sent() {
    let site = Site::new();
    let id = live(&site, "orders-db-debug").await;
    site.press(ALICE, "extend", &id).await;
    let (kind, form) = site.front();
    assert_eq!(kind, "extend");
    site.put(&form, "duration", &json!({"selected_option": option("900")}));
    site.put(&form, "justification", &json!({"value": "two more are stuck"}));
    let before = site.world.ids().len();
    let sent = site.signed("POST /slack/interactions", site.submission(ALICE, &form));
    for _ in 0..2 {
        assert_eq!(site.deliver(&sent).await.status_code, 200);
    }
    assert_eq!(site.world.ids().len(), before + 1, "one modal is one request");
    let newer = site.world.ids().into_iter().find(|other| *other != id).unwrap();
    let request = site.world.stored(&newer).unwrap().state.request;
    assert_eq!((request.extends.as_ref(), request.duration_seconds), (Some(&id), 900));
    assert_eq!(request.permissions, site.world.stored(&id).unwrap().state.request.permissions);
    assert_eq!(status(&site, &newer), "pending", "it is countersigned anew");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field() {
    let site = Site::new();
    let id = live(&site, "orders-db-debug").await;
    site.press(ALICE, "extend", &id).await;
    let (_, form) = site.front();
    site.put(&form, "ticket", &json!({"value": "no ticket!"}));
    site.put(&form, "justification", &json!({"value": "\u{200b}"}));
    let answer = site.submit(ALICE, &form).await;
    let mut blocks: Vec<&String> = answer["errors"].as_object().unwrap().keys().collect();
    blocks.sort();
    assert_eq!(blocks, ["justification", "ticket"], "{answer}");
    assert_eq!(site.world.ids().len(), 1);
}

#[tokio::test]
async fn only_whoever_holds_it_now_is_asked_for_how_long() {
    let site = Site::new();
    let waiting = asked(&site, "orders-db-debug").await;
    site.press(ALICE, "extend", &waiting).await;
    assert!(site.take_told().contains("Not done"), "there is nothing yet");
    let id = live(&site, "orders-db-debug").await;
    for user in [BOB, MALLORY, STRANGER] {
        site.press(user, "extend", &id).await;
        assert!(site.take_told().contains("Not done"), "{user}");
    }
    assert!(site.side().opened.is_empty());
    // It ended while the form was open.
    site.press(ALICE, "extend", &id).await;
    let (_, form) = site.front();
    site.put(&form, "justification", &json!({"value": "two more are stuck"}));
    site.press(ALICE, "revoke", &id).await;
    let before = site.world.ids().len();
    let answer = site.submit(ALICE, &form).await;
    assert!(answer.to_string().contains("Not done"), "{answer}");
    assert_eq!(site.world.ids().len(), before);
}
