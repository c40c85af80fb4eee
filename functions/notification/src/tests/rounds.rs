//! Approvers are asked again, then others; the requester is warned.

use super::*;
use workflow::reconcile::reconcile;

/// Lets `seconds` pass and reconciliation run.
async fn later(site: &Site, seconds: u64) {
    site.world.pass(seconds);
    reconcile(&site.world, &[workflow::double::home()]).await.unwrap();
    site.deliver_all().await;
}

#[tokio::test]
async fn approvers_are_reminded_under_the_card() {
    let (site, _, asked) = Site::asked_under(Some(with("    reminders: [10m, 20m]\n"))).await;
    site.deliver(&asked).await.unwrap();
    site.take_posted();
    later(&site, 599).await;
    assert_eq!(site.take_posted(), [""; 0]);
    later(&site, 60).await;
    assert_eq!(site.take_posted(), [CHANNEL]);
    assert!(site.shows(CHANNEL, "Reminder") && site.is_one_thread(CHANNEL));
    later(&site, 60).await;
    assert_eq!(site.take_posted(), [""; 0]);
    later(&site, 600).await;
    assert_eq!(site.take_posted(), [CHANNEL]);
    assert!(site.shows(CHANNEL, "Reminder 2"));
}

#[tokio::test]
async fn who_wants_it_is_asked_and_reminded_directly() {
    let (site, id, asked) = Site::asked_under(Some(with("    askDirectly: true\n    reminders: [10m]\n"))).await;
    site.deliver(&asked).await.unwrap();
    assert_eq!(site.take_posted(), [CHANNEL, BOB, CAROL, ALICE]);
    later(&site, 600).await;
    assert_eq!(site.take_posted(), [CHANNEL, BOB, CAROL]);
    // All of it is brought up to date, in every place.
    site.take_updated();
    site.does("carol", &id, site.vote(&id)).await;
    site.deliver_all().await;
    for channel in [CHANNEL, BOB, CAROL] {
        assert!(!site.shows(channel, "\"action_id\":\"approve\""), "{channel}");
    }
}

#[tokio::test]
async fn the_next_group_is_asked_when_nobody_answers() {
    let lines =
        "    askDirectly: true\n    reminders: []\n    escalation: [{after: 15m, to: [leads], channel: C0LEADS}]\n";
    let (site, id, asked) = Site::asked_under(Some(with_approvers("on-call, leads", lines))).await;
    site.deliver(&asked).await.unwrap();
    assert_eq!(site.take_posted(), [CHANNEL, BOB, ALICE], "only those on call");
    later(&site, 900).await;
    assert_eq!(site.take_posted(), [CHANNEL, "C0LEADS", CAROL]);
    assert!(site.shows(CHANNEL, "`leads`"));
    assert!(site.shows("C0LEADS", "\"approve\"") && site.shows(CAROL, "\"approve\""));
    site.does("carol", &id, site.vote(&id)).await;
    site.deliver_all().await;
    assert!(!site.shows("C0LEADS", "\"action_id\":\"approve\""));
}

#[tokio::test]
async fn nobody_is_reminded_of_what_is_decided() {
    let (site, id, asked) = Site::asked_under(Some(with("    reminders: [10m]\n"))).await;
    site.deliver(&asked).await.unwrap();
    site.world.pass(600);
    reconcile(&site.world, &[workflow::double::home()]).await.unwrap();
    let late = site.world.take_news();
    site.does("bob", &id, Wanted::Deny { reason: FreeText::new("no").unwrap() }).await;
    site.deliver_all().await;
    site.take_posted();
    for news in late {
        site.deliver(&event(&news)).await.unwrap();
    }
    assert_eq!(site.take_posted(), [""; 0]);
}

#[tokio::test]
async fn a_requester_is_warned_before_the_end() {
    let (site, id, asked) = Site::asked().await;
    site.deliver(&asked).await.unwrap();
    site.does("bob", &id, site.vote(&id)).await;
    workflow::provision::provision(&site.world, "grant", &id, None).await.unwrap();
    site.deliver_all().await;
    site.take_posted();
    later(&site, 1_500).await;
    assert_eq!(site.take_posted(), [ALICE]);
    assert!(site.shows(ALICE, "ends "));
}
