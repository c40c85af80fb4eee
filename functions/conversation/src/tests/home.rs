//! The Home tab, and the events that Slack sends.

use super::acts::{EVENTS, home_opened};
use super::slack::Trouble;
use super::*;
use serde_json::json;

#[tokio::test]
async fn it_shows_what_is_mine_what_waits_and_what_i_may_have() {
    let site = Site::new();
    let waits = asked(&site, "orders-db-debug").await;
    let live = asked(&site, "logs-read").await;
    workflow::provision::provision(&site.world, "grant", &live, None).await.unwrap();
    let over = asked(&site, "orders-db-debug").await;
    site.press(ALICE, "cancel", &over).await;

    let hers = site.home(ALICE).await;
    assert!(site.view_says(&hers, &site.value_of(&waits)) && site.view_says(&hers, &site.value_of(&live)));
    assert!(!site.view_says(&hers, over.as_str()), "that is over");
    assert!(site.view_says(&hers, "prod-admin") && site.view_says(&hers, "Nobody waits for your countersignature"));
    for (action, id) in [("cancel", &waits), ("revoke", &live)] {
        assert!(has_button(&site, &hers, action, id), "{action}");
    }

    let his = site.home(BOB).await;
    assert!(has_button(&site, &his, "approve", &waits) && has_button(&site, &his, "deny", &waits));
    assert!(!site.view_says(&his, live.as_str()) && !site.view_says(&his, over.as_str()));
    assert!(site.view_says(&his, "There is nothing you may ask for"));

    for (user, says) in [(MALLORY, "There is nothing you may ask for"), (STRANGER, "belongs to no person")] {
        let theirs = site.home(user).await;
        assert!(!site.view_says(&theirs, "req_") && site.view_says(&theirs, says), "{}", site.view(&theirs));
    }
}

/// Ten of a queue are read: a tenth that nothing comes after is the last, an eleventh is told of.
#[tokio::test]
async fn there_is_more_if_there_is_more() {
    let site = Site::new();
    for waits in 1..=11 {
        asked(&site, "orders-db-debug").await;
        let home = site.home(BOB).await;
        assert_eq!(site.view_says(&home, "more"), waits > 10, "{waits}: {}", site.view(&home));
    }
}

/// Whether a view has this button about that request.
fn has_button(site: &Site, view: &str, action: &str, id: &RequestId) -> bool {
    let value = site.value_of(id);
    let view = site.view(view);
    let blocks = view["blocks"].as_array().unwrap();
    let elements = blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
    elements.into_iter().any(|element| element["action_id"] == action && element["value"] == value.as_str())
}

#[tokio::test]
async fn a_press_in_it_shows_it_anew_and_says_how_it_went() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let home = site.home(BOB).await;
    site.press_in(BOB, &home, "approve", json!(site.value_of(&id))).await;
    assert_eq!(status(&site, &id), "provisioning");
    assert_eq!(site.side().published, [BOB, BOB]);
    assert!(!site.view_says(&home, id.as_str()), "it does not wait for him any more");
    let (kind, said) = site.front();
    assert_eq!(kind, "notice");
    assert!(site.view_says(&said, "You countersigned"), "{}", site.view(&said));
    assert!(site.side().told.is_empty(), "there is nowhere to tell it");
}

#[tokio::test]
async fn a_refusal_in_it_is_said_too() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let home = site.home(CAROL).await;
    site.press(BOB, "approve", &id).await;
    site.take_told();
    site.press_in(CAROL, &home, "approve", json!(site.value_of(&id))).await;
    let (_, said) = site.front();
    assert!(site.view_says(&said, "already_decided") && site.view_says(&said, BOB), "{}", site.view(&said));
    assert!(!site.view_says(&home, id.as_str()), "and the tab shows what is");
    let home = site.home(MALLORY).await;
    site.press_in(MALLORY, &home, "details", json!(site.value_of(&id))).await;
    let (_, said) = site.front();
    assert!(site.view_says(&said, "request_not_found"));
}

#[tokio::test]
async fn denying_from_it_asks_why_and_then_shows_it_anew() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let home = site.home(BOB).await;
    site.press_in(BOB, &home, "deny", json!(site.value_of(&id))).await;
    let (kind, form) = site.front();
    assert_eq!(kind, "deny");
    assert!(site.view_says(&home, id.as_str()), "not yet");
    site.put(&form, "reason", &json!({"value": "not today"}));
    site.submit(BOB, &form).await;
    assert!(!site.view_says(&home, id.as_str()));
}

#[tokio::test]
async fn it_can_be_refreshed() {
    let site = Site::new();
    let home = site.home(BOB).await;
    let id = asked(&site, "orders-db-debug").await;
    assert!(!site.view_says(&home, id.as_str()));
    let answer = site.press_in(BOB, &home, "refresh", json!(null)).await;
    assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
    assert!(site.view_says(&home, id.as_str()));
}

#[tokio::test]
async fn the_address_is_confirmed() {
    let site = Site::new();
    let asked = json!({"token": "x", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY", "type": "url_verification"});
    let answer = site.send(EVENTS, asked.to_string()).await;
    assert_eq!(answer.status_code, 200);
    assert_eq!(answer.body, json!({"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY"}).to_string());
    assert!(site.is_untouched());
}

#[tokio::test]
async fn other_events_are_taken_and_do_nothing() {
    let site = Site::new();
    let mut other = home_opened(ALICE, "home");
    other["event"] = json!({"type": "message", "user": ALICE, "text": "approve", "channel": "C0APPROVALS"});
    for event in [other, home_opened(ALICE, "messages")] {
        let answer = site.send(EVENTS, event.to_string()).await;
        assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
    }
    assert!(site.is_untouched());
}

#[tokio::test]
async fn an_event_is_asked_for_again_if_that_may_help() {
    let site = Site::new();
    let event = home_opened(ALICE, "home").to_string();
    for (trouble, status) in [(Trouble::Down, 503), (Trouble::TooSlow, 503), (Trouble::Refused("not_enabled"), 200)] {
        site.trouble(Some(trouble));
        assert_eq!(site.send(EVENTS, event.clone()).await.status_code, status, "{trouble:?}");
    }
    site.trouble(None);
    assert_eq!(site.send(EVENTS, event).await.status_code, 200);
    assert_eq!(site.side().published.last().map(String::as_str), Some(ALICE));
}

#[tokio::test]
async fn what_cannot_be_read_is_said_in_it() {
    let site = Site::new();
    site.world.break_down(workflow::double::Verb::List, workflow::double::Trouble::FaultBefore);
    let home = site.home(BOB).await;
    assert!(site.view_says(&home, "did not answer"), "{}", site.view(&home));
    site.world.heal();
    site.world.set_policy(None);
    let home = site.home(BOB).await;
    assert!(site.view_says(&home, "did not answer") && site.view_says(&home, "refresh"));
}
