//! Messages are brought up to date wherever they are, and end up showing what is.

use super::slack::Meanwhile;
use super::*;
use workflow::ending::end;
use workflow::provision::provision;

#[tokio::test]
async fn the_card_follows_the_request_from_the_vote_to_the_end() {
    let (site, id, asked) = Site::asked().await;
    assert_eq!(site.deliver(&asked).await, Ok(()));
    let card = |text: &str| site.first_in(CHANNEL).contains(text);
    assert!(card("\"approve\"") && card("\"deny\"") && card("\"details\""));
    site.does("bob", &id, site.vote(&id)).await;
    site.deliver_all().await;
    assert!(!card("\"approve\"") && !card("\"deny\"") && card("U0BOB00001"), "{}", site.first_in(CHANNEL));
    provision(&site.world, "grant", &id, None).await.unwrap();
    site.deliver_all().await;
    assert!(card("\"revoke\""), "whoever may can end it from here");
    assert!(site.shows(ALICE, "countersign exec"));
    site.does("alice", &id, Wanted::Revoke { reason: FreeText::new("done <!channel>").unwrap() }).await;
    site.deliver_all().await;
    assert!(!card("\"revoke\""));
    Box::pin(end(&site.world, "revocation", &id)).await.unwrap();
    site.world.pass(80);
    Box::pin(end(&site.world, "revocation", &id)).await.unwrap();
    site.deliver_all().await;
    assert!(card("verified"), "{}", site.first_in(CHANNEL));
    // Nothing that was posted offers what is over, to anybody.
    for action in ["approve", "deny", "cancel", "revoke"] {
        for channel in [CHANNEL, ALICE] {
            assert!(!site.shows(channel, &format!("\"action_id\":\"{action}\"")), "{action} in {channel}");
        }
    }
    assert!(site.is_one_thread(CHANNEL));
}

#[tokio::test]
async fn a_card_that_is_posted_too_late_shows_what_has_happened_meanwhile() {
    let (site, id, asked) = Site::asked().await;
    // After the state was read, and before Slack has the card.
    site.meanwhile(Meanwhile::Denied(id));
    assert_eq!(site.deliver(&asked).await, Ok(()));
    assert!(!site.first_in(CHANNEL).contains("\"approve\""), "{}", site.first_in(CHANNEL));
    assert!(!site.first_in(ALICE).contains("\"cancel\""));
}

#[tokio::test]
async fn whoever_writes_last_has_looked_after_writing() {
    let (site, id, asked) = Site::asked().await;
    assert_eq!(site.deliver(&asked).await, Ok(()));
    site.does("bob", &id, site.vote(&id)).await;
    let first = site.world.take_news();
    // While the card is being changed to what the vote made of it, access comes to be.
    site.meanwhile(Meanwhile::Provisioned(id));
    assert_eq!(site.deliver(&event(&first[0])).await, Ok(()));
    assert!(site.first_in(CHANNEL).contains("\"revoke\""), "{}", site.first_in(CHANNEL));
    // What comes after finds everything as it should be.
    site.take_updated();
    for news in first.iter().skip(1) {
        assert_eq!(site.deliver(&event(news)).await, Ok(()));
    }
    assert_eq!(site.take_updated(), [""; 0]);
}

#[tokio::test]
async fn a_card_that_somebody_took_away_is_let_go() {
    let (site, id, asked) = Site::asked().await;
    assert_eq!(site.deliver(&asked).await, Ok(()));
    let gone = Sent::Posted {
        channel: CHANNEL.to_owned(),
        ts: "1.1".to_owned(),
        shown: model::digest::Digest::of(b"another"),
    };
    site.world.note(&id, 1, "card-C0APPROVALS", &gone).await.unwrap();
    site.does("bob", &id, site.vote(&id)).await;
    site.deliver_all().await;
    assert_eq!(site.take_updated(), [ALICE]);
}
