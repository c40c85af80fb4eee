//! Buttons about a request: who presses them is told how it went, and nobody else.

use super::slack::Trouble;
use super::*;
use serde_json::json;

#[tokio::test]
async fn whoever_countersigns_is_told_where_it_is() {
    let site = Site::new();
    let id = asked(&site, "prod-admin").await;
    site.press(BOB, "approve", &id).await;
    assert!(site.take_told().contains("You countersigned"));
    assert_eq!(status(&site, &id), "pending");
    site.press(CAROL, "approve", &id).await;
    assert!(site.take_told().contains("You countersigned"));
    assert_eq!(status(&site, &id), "provisioning");
}

#[tokio::test]
async fn a_late_approver_is_told_who_did_it() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    site.press(BOB, "approve", &id).await;
    site.take_told();
    site.press(CAROL, "approve", &id).await;
    let told = site.take_told();
    assert!(told.contains(BOB) && told.contains("already_decided"), "{told}");
    // Whoever may not see it is not told who.
    site.press(MALLORY, "approve", &id).await;
    let told = site.take_told();
    assert!(!told.contains(BOB) && !told.contains("orders-db-debug"), "{told}");
}

#[tokio::test]
async fn whoever_may_not_see_it_is_told_nothing_about_it() {
    let site = Site::new();
    let waits = asked(&site, "orders-db-debug").await;
    let approved = asked(&site, "orders-db-debug").await;
    site.press(BOB, "approve", &approved).await;
    let cancelled = asked(&site, "orders-db-debug").await;
    site.press(ALICE, "cancel", &cancelled).await;
    let live = asked(&site, "logs-read").await;
    workflow::provision::provision(&site.world, "grant", &live, None).await.unwrap();
    site.side().told.clear();
    for id in [&waits, &approved, &cancelled, &live] {
        for action in ["approve", "deny", "cancel", "revoke", "details"] {
            site.press(MALLORY, action, id).await;
            let told = site.take_told();
            for words in [ALICE, BOB, "orders-db-debug", "logs-read", "are stuck"] {
                assert!(!told.contains(words), "{action}: {told}");
            }
        }
    }
    assert!(site.side().opened.is_empty());
}

#[tokio::test]
async fn one_may_not_countersign_twice() {
    let site = Site::new();
    let id = asked(&site, "prod-admin").await;
    site.press(BOB, "approve", &id).await;
    site.take_told();
    site.press(BOB, "approve", &id).await;
    assert!(site.take_told().contains("already_approved"));
    assert_eq!(site.world.stored(&id).unwrap().state.approvals().len(), 1);
}

#[tokio::test]
async fn what_was_shown_is_what_is_countersigned() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let other = asked(&site, "logs-read").await;
    let value = site.value_of(&other).replace(other.as_str(), id.as_str());
    let press = acts::in_form(&acts::pressed(BOB, "approve", &value, &acts::trigger()));
    site.send(acts::INTERACTIONS, press).await;
    assert!(site.take_told().contains("stale_digest"));
    assert_eq!(status(&site, &id), "pending");
}

#[tokio::test]
async fn cancelling_and_ending_are_for_those_who_may() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    site.press(BOB, "cancel", &id).await;
    assert!(site.take_told().contains("not_the_requester"));
    site.press(ALICE, "cancel", &id).await;
    assert!(site.take_told().contains("You cancelled"));
    assert_eq!(status(&site, &id), "cancelled");

    let id = asked(&site, "logs-read").await;
    workflow::provision::provision(&site.world, "grant", &id, None).await.unwrap();
    assert_eq!(status(&site, &id), "active");
    site.press(MALLORY, "revoke", &id).await;
    assert!(!site.take_told().contains("You ended"));
    assert_eq!(status(&site, &id), "active");
    site.press(ALICE, "revoke", &id).await;
    assert!(site.take_told().contains("You ended"));
    assert_eq!(status(&site, &id), "revoking");
}

#[tokio::test]
async fn details_are_for_those_who_may_see() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let digest = site.world.stored(&id).unwrap().state.request.digest().to_string();
    for user in [ALICE, BOB, CAROL, DAVE] {
        site.press(user, "details", &id).await;
        let (kind, view) = site.front();
        assert_eq!(kind, "details", "{user}");
        for words in ["dynamodb:UpdateItem", "table/orders", "engineers-may-ask", &digest] {
            assert!(site.view_says(&view, words), "{user} does not see {words}");
        }
    }
    let opened = site.side().opened.len();
    site.press(MALLORY, "details", &id).await;
    let told = site.take_told();
    let unknown = "req_0198c0ffee0070008000000000000099";
    let value = site.value_of(&id).replace(id.as_str(), unknown);
    site.send(acts::INTERACTIONS, acts::in_form(&acts::pressed(BOB, "details", &value, &acts::trigger()))).await;
    assert_eq!(site.take_told(), told, "what one may not see and what does not exist are the same");
    assert!(told.contains("request_not_found"));
    site.press(STRANGER, "details", &id).await;
    assert!(site.take_told().contains("unknown_caller"));
    assert_eq!(site.side().opened.len(), opened);
}

#[tokio::test]
async fn a_button_in_a_modal_is_answered_in_one() {
    let site = Site::new();
    let id = asked(&site, "logs-read").await;
    workflow::provision::provision(&site.world, "grant", &id, None).await.unwrap();
    site.press(ALICE, "details", &id).await;
    let (_, details) = site.front();
    site.press_in(ALICE, &details, "revoke", json!(site.value_of(&id))).await;
    assert_eq!(status(&site, &id), "revoking");
    let (kind, said) = site.front();
    assert_eq!(kind, "notice");
    assert!(site.view_says(&said, "You ended"), "{}", site.view(&said));
    assert!(site.side().published.is_empty() && site.side().told.is_empty());
}

#[tokio::test]
async fn what_was_done_is_done_though_slack_is_down() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    site.trouble(Some(Trouble::Down));
    assert_eq!(site.press(BOB, "approve", &id).await.status_code, 200);
    assert_eq!(status(&site, &id), "provisioning");
}

#[tokio::test]
async fn without_a_policy_nothing_is_done_and_that_is_said() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let before = record(&site, &id);
    site.world.set_policy(None);
    for action in ["approve", "deny", "cancel", "revoke", "details"] {
        site.press(BOB, action, &id).await;
        assert!(site.take_told().contains("unavailable"), "{action}");
    }
    assert_eq!(record(&site, &id), before);
}

#[tokio::test]
async fn what_can_be_typed_does_the_same() {
    let site = Site::new();
    assert!(site.commands(ALICE, "help").await.contains("/access list"));
    assert!(site.commands(ALICE, "list").await.contains("orders-db-debug"));
    assert!(!site.commands(MALLORY, "list").await.contains("orders-db-debug"));
    let said = site.commands(ALICE, "orders-db-debug 30m orders are stuck").await;
    let id = site.world.ids().remove(0);
    assert!(said.contains(id.as_str()) && said.contains("waits to be countersigned"), "{said}");
    assert!(site.commands(BOB, &format!("status {id}")).await.contains("orders-db-debug"));
    assert!(site.commands(MALLORY, &format!("status {id}")).await.contains("request_not_found"));
    assert!(site.commands(MALLORY, &format!("cancel {id}")).await.contains("Not done"));
    assert!(site.commands(ALICE, &format!("cancel {id}")).await.contains("You cancelled"));
    assert!(site.commands(ALICE, "orders-db-debug 9h too long").await.contains("durationSeconds"));
    assert!(site.commands(MALLORY, "orders-db-debug 30m let me in").await.contains("denied_by_policy"));
    assert_eq!(site.world.ids().len(), 2);
}
