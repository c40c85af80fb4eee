//! Events to messages, with a Slack that keeps what it is sent and refuses some of it.

mod live;
mod rounds;
mod slack;

use crate::{NoteError, Ports, handle};
use ::slack::blocks::Message;
use ::slack::web::{Posted, SlackError, WebError};
use lambda::start::Failed;
use model::identity::{Actor, Identity};
use model::names::{RequestId, SlackChannel, SlackUser};
use model::policy::{Bundle, Policy};
use model::submission::Wish;
use model::text::FreeText;
use serde_json::{Value, json};
use slack::Site;
use std::sync::Arc;
use workflow::decisions::{Wanted, act};
use workflow::double::{News, Trouble, Verb, World};
use workflow::ports::{Claim, Clock as _, RememberNotes as _, Sent};

const CHANNEL: &str = "C0APPROVALS";
/// Where the stand-in posts what is for one person.
const ALICE: &str = "D0ALICE01";
const BOB: &str = "D0BOB00001";
const CAROL: &str = "D0CAROL001";

fn person(id: &str) -> Actor {
    let principal = format!("arn:aws:iam::111111111111:user/{id}");
    Actor { person: id.parse().unwrap(), identity: Identity::Api { principal }, mfa: false }
}

fn event(news: &News) -> Value {
    let entry: Value = serde_json::from_slice(&news.bytes).unwrap();
    json!({"detail": {"requestId": news.id, "seq": news.seq, "event": entry}})
}

fn not_sent() -> Result<(), Failed> {
    Err(Failed { code: "message_not_sent".to_owned() })
}

/// The sample catalog, whose `orders-db-debug` has these lines on who is asked when, and no others.
fn with(lines: &str) -> Arc<Policy> {
    with_approvers("approvers", lines)
}

/// The same, with other approvers: bob is on call, carol is a lead.
fn with_approvers(approvers: &str, lines: &str) -> Arc<Policy> {
    let sample = World::sample_bundle();
    let at = "    description: Look at and repair single orders\n";
    let (before, after) = sample.catalog.split_once(at).unwrap();
    let after = after.replacen("    approvers: [approvers]", &format!("    approvers: [{approvers}]"), 1);
    let settings = ["    reminders:", "    askDirectly:", "    escalation:", "    warnBefore:"];
    let after: Vec<&str> =
        after.lines().filter(|line| !settings.iter().any(|setting| line.starts_with(setting))).collect();
    let members = "  approvers: [bob, carol]\n";
    let before = before.replace(members, &format!("{members}  on-call: [bob]\n  leads: [carol]\n"));
    let catalog = format!("{before}{at}{lines}{}\n", after.join("\n"));
    Arc::new(Policy::load(&Bundle { catalog, ..sample }).unwrap())
}

#[tokio::test]
async fn an_event_delivered_twice_is_told_once() {
    let (site, _, asked) = Site::asked().await;
    assert_eq!(site.deliver(&asked).await, Ok(()));
    assert_eq!(site.take_posted(), [CHANNEL, ALICE]);
    assert_eq!(site.deliver(&asked).await, Ok(()));
    assert_eq!(site.take_posted(), [""; 0]);
    assert_eq!(site.take_updated(), [""; 0], "what shows the same is not sent again");
}

#[tokio::test]
async fn a_dead_channel_is_noted_and_approvers_are_asked_directly() {
    for error in [SlackError::NotInChannel, SlackError::ChannelNotFound, SlackError::IsArchived] {
        let (site, id, asked) = Site::asked().await;
        site.refuse(CHANNEL, WebError::Refused(error.clone()));
        assert_eq!(site.deliver(&asked).await, Ok(()));
        // Alice: what she asked for, and that the channel can't be posted to.
        assert_eq!(site.take_posted(), [ALICE, BOB, CAROL, ALICE]);
        assert!(site.shows(BOB, "\"approve\""));
        let notes = site.world.notes(&id).await.unwrap();
        let unreachable = Sent::Unreachable { code: error.code().to_owned() };
        assert!(notes.iter().any(|note| note.target == "card-C0APPROVALS" && note.sent == unreachable));
        assert_eq!(site.deliver(&asked).await, Ok(()));
        assert_eq!(site.take_posted(), [""; 0], "it is not tried again with each delivery");
    }
}

#[tokio::test]
async fn a_requester_who_takes_no_messages_is_told_about_in_the_channel() {
    let (site, _, asked) = Site::asked().await;
    site.refuse(ALICE, WebError::Refused(SlackError::CannotDmBot));
    assert_eq!(site.deliver(&asked).await, Ok(()));
    assert_eq!(site.take_posted(), [CHANNEL, CHANNEL]);
    assert!(site.shows(CHANNEL, "cannot_dm_bot"));
}

#[tokio::test]
async fn what_slack_refuses_for_other_reasons_is_a_failure_after_all_others_were_told() {
    let later = WebError::RateLimited { retry_after: std::time::Duration::from_secs(30) };
    for error in [WebError::Refused(SlackError::MissingScope), WebError::Refused(SlackError::InvalidAuth), later] {
        let (site, _, asked) = Site::asked().await;
        site.refuse(CHANNEL, error);
        assert_eq!(site.deliver(&asked).await, not_sent());
        assert_eq!(site.take_posted(), [ALICE]);
        // It works again, and the very next delivery finds the claim given up.
        site.allow_all();
        assert_eq!(site.deliver(&asked).await, Ok(()));
        assert_eq!(site.take_posted(), [CHANNEL]);
    }
}

#[tokio::test]
async fn what_somebody_else_is_about_to_send_is_looked_at_again() {
    let (site, id, asked) = Site::asked().await;
    let claimed = site.world.claim(&id, 1, "card-C0APPROVALS", site.world.now()).await;
    assert_eq!(claimed, Ok(Claim::Ours), "by a worker that dies now");
    assert_eq!(site.deliver(&asked).await, not_sent());
    assert_eq!(site.take_posted(), [ALICE]);
    site.world.pass(61);
    assert_eq!(site.deliver(&asked).await, Ok(()));
    assert_eq!(site.take_posted(), [CHANNEL]);
}

#[tokio::test]
async fn a_claim_that_could_not_be_given_up_lapses() {
    let (site, _, asked) = Site::asked().await;
    site.refuse(CHANNEL, WebError::Status { status: 503 });
    site.world.break_down(Verb::Release, Trouble::FaultBefore);
    assert_eq!(site.deliver(&asked).await, not_sent());
    site.world.heal();
    site.allow_all();
    site.take_posted();
    assert_eq!(site.deliver(&asked).await, not_sent());
    assert_eq!(site.take_posted(), [""; 0]);
    site.world.pass(61);
    assert_eq!(site.deliver(&asked).await, Ok(()));
    assert_eq!(site.take_posted(), [CHANNEL]);
}
