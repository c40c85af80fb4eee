//! Against the local Slack, which refuses what Slack refuses.

use super::*;
use crate::payload::{Action, Interaction, Place, SlashCommand};
use crate::render::answer::{help, not_done};
use crate::sample::{card, request};
use crate::signature::Signatures;
use crate::workspace::Workspace;
use local_slack::{Command, Fault, LocalSlack, MessageFilter, Options, Press, SettingsChange, Tamper};
use model::time::Time;
use std::time::Instant;

mod roots;
mod views;

const TOKEN: &str = "xoxb-test-1";

async fn start() -> (LocalSlack, Client) {
    let slack = LocalSlack::start(Options::new(TOKEN, "0123456789abcdef0123456789abcdef")).await.unwrap();
    let client = Client::new(&slack.api_url(), TOKEN.into()).unwrap();
    (slack, client)
}

fn approvals() -> SlackChannel {
    "C0APPROVALS".parse().unwrap()
}

fn alice() -> SlackUser {
    "T0COUNTER1/U0ALICE01".parse().unwrap()
}

fn fault(method: &str) -> Fault {
    Fault { method: method.to_owned(), times: 1, ..Fault::default() }
}

#[tokio::test]
async fn a_message_is_posted_and_answered_in_its_thread() {
    let (slack, client) = start().await;
    let card = client.post_message(&approvals(), &help(), None).await.unwrap();
    client.post_message(&approvals(), &help(), Some(&card.ts)).await.unwrap();
    let messages = slack.messages(&MessageFilter::default());
    assert_eq!(messages[0].ts, card.ts);
    assert_eq!(messages[1].thread_ts.as_deref(), Some(card.ts.as_str()));
    assert_eq!(messages[0].text, help().text());
}

#[tokio::test]
async fn a_message_is_replaced_where_it_is() {
    let (slack, client) = start().await;
    let posted = client.post_message(&approvals(), &card(), None).await.unwrap();
    client.update_message(&posted.channel, &posted.ts, &help()).await.unwrap();
    let messages = slack.messages(&MessageFilter::default());
    assert_eq!((messages.len(), messages[0].ts.as_str()), (1, posted.ts.as_str()));
    assert_eq!(messages[0].text, help().text());
    let header = |message: &Message| message.blocks()[0]["text"]["text"].clone();
    assert_eq!(messages[0].blocks[0]["text"]["text"], header(&help()));

    let gone = client.update_message(&approvals(), "1.1", &help()).await.unwrap_err();
    assert_eq!(gone, WebError::Refused(SlackError::MessageNotFound));
    let nowhere = client.update_message(&"C0NOWHERE1".parse().unwrap(), &posted.ts, &help()).await.unwrap_err();
    assert_eq!(nowhere, WebError::Refused(SlackError::ChannelNotFound));
    slack.fail(Fault { status: Some(429), retry_after: Some(1), ..fault("chat.update") });
    let started = Instant::now();
    client.update_message(&posted.channel, &posted.ts, &card()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_person_is_written_to_directly() {
    let (slack, client) = start().await;
    let dm = client.open_dm(&alice()).await.unwrap();
    assert!(dm.as_str().starts_with('D'));
    client.post_message(&dm, &help(), None).await.unwrap();
    let messages = slack.messages(&MessageFilter::default());
    assert_eq!(messages[0].channel, dm.as_str());
}

#[tokio::test]
async fn slacks_refusals_keep_their_names() {
    let (slack, client) = start().await;
    for (channel, error) in [("C0NOWHERE1", SlackError::ChannelNotFound), ("C0GENERAL1", SlackError::NotInChannel)] {
        let refused = client.post_message(&channel.parse().unwrap(), &help(), None).await.unwrap_err();
        assert_eq!(refused, WebError::Refused(error));
        assert!(!refused.is_retryable());
    }
    slack.fail(Fault { error: Some("fatal_error".to_owned()), ..fault("chat.postMessage") });
    assert!(client.post_message(&approvals(), &help(), None).await.unwrap_err().is_retryable());
    slack.fail(Fault { error: Some("<b>x</b>".to_owned()), ..fault("chat.postMessage") });
    let odd = client.post_message(&approvals(), &help(), None).await.unwrap_err();
    assert_eq!(odd.code(), "unknown");
    let stranger = Client::new(&slack.api_url(), "xoxb-other".into()).unwrap();
    let refused = stranger.post_message(&approvals(), &help(), None).await.unwrap_err();
    assert_eq!(refused, WebError::Refused(SlackError::InvalidAuth));
    let shown = format!("{refused:?} {refused} {stranger:?}");
    assert!(!shown.contains("xoxb"), "{shown}");
}

#[tokio::test]
async fn trouble_is_waited_out_within_bounds() {
    let (slack, client) = start().await;
    slack.fail(Fault { status: Some(503), times: 2, ..fault("chat.postMessage") });
    client.post_message(&approvals(), &help(), None).await.unwrap();
    assert_eq!(slack.calls().len(), 3);
    assert_eq!(slack.messages(&MessageFilter::default()).len(), 1);

    slack.fail(Fault { status: Some(503), times: 3, ..fault("chat.postMessage") });
    let failed = client.post_message(&approvals(), &help(), None).await.unwrap_err();
    assert_eq!(failed, WebError::Status { status: 503 });
    assert!(failed.is_retryable());
    assert_eq!(slack.calls().len(), 6);
}

#[tokio::test]
async fn rate_limits_are_kept() {
    let (slack, client) = start().await;
    slack.fail(Fault { status: Some(429), retry_after: Some(1), ..fault("chat.postMessage") });
    let started = Instant::now();
    client.post_message(&approvals(), &help(), None).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));

    slack.fail(Fault { status: Some(429), retry_after: Some(30), ..fault("chat.postMessage") });
    let started = Instant::now();
    let limited = client.post_message(&approvals(), &help(), None).await.unwrap_err();
    assert_eq!(limited, WebError::RateLimited { retry_after: Duration::from_secs(30) });
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_call_with_unknown_outcome_is_not_repeated() {
    let (slack, _) = start().await;
    let client = Client::with(&slack.api_url(), &TOKEN.into(), Duration::from_millis(200), None).unwrap();
    slack.fail(Fault { delay_ms: 2_000, ..fault("chat.postMessage") });
    let started = Instant::now();
    let late = client.post_message(&approvals(), &help(), None).await.unwrap_err();
    assert_eq!(late, WebError::Unreachable { why: "no answer in time" });
    assert!(late.is_retryable() && started.elapsed() < Duration::from_millis(1_900));
}

#[tokio::test]
async fn nobody_listening_is_said_plainly() {
    let (slack, _) = start().await;
    let api_url = slack.api_url();
    drop(slack);
    let client = Client::new(&api_url, TOKEN.into()).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let failed = client.open_dm(&alice()).await.unwrap_err();
    assert_eq!(failed.code(), "slack_unreachable");
}

/// The whole way: a command as Slack sends it, verified, read, and answered at its response URL.
#[tokio::test]
async fn a_command_is_verified_read_and_answered() {
    let (slack, client) = start().await;
    // Nobody listens there; the request that Slack sent is kept all the same.
    slack.change(SettingsChange { api_url: Some("http://127.0.0.1:9".to_owned()), ..SettingsChange::default() });
    let command = Command {
        user: "alice".to_owned(),
        command: "/access".to_owned(),
        text: "logs-read 30m <why> & how".to_owned(),
        ..Command::default()
    };
    let sent = slack.command(&command).await.unwrap().request;
    let signatures = Signatures::new(vec!["0123456789abcdef0123456789abcdef".into()]).unwrap();
    let now = Time::from_second(sent.timestamp.parse().unwrap()).unwrap();
    signatures.verify(now, Some(&sent.timestamp), Some(&sent.signature), sent.body.as_bytes()).unwrap();
    let ours = Workspace::new(vec!["T0COUNTER1".to_owned()], "A0COUNTER1".to_owned());
    let SlashCommand::Given(given) = SlashCommand::read(sent.body.as_bytes(), &ours).unwrap() else { panic!() };
    assert_eq!(given.response_url, None, "an address that is not Slack's is never called");
    let ours = ours.with_local_slack(&slack.api_url());
    let SlashCommand::Given(given) = SlashCommand::read(sent.body.as_bytes(), &ours).unwrap() else { panic!() };
    assert_eq!(given.user, alice());
    client.respond(given.response_url.as_ref().unwrap(), &help()).await.unwrap();
    let messages = slack.messages(&MessageFilter::default());
    assert_eq!(messages[0].ephemeral_for.as_deref(), Some("U0ALICE01"));
}

/// And a card, posted, pressed and read back.
#[tokio::test]
async fn a_press_brings_back_what_the_card_was_about() {
    let (slack, client) = start().await;
    let card = client.post_message(&approvals(), &card(), None).await.unwrap();
    slack.change(SettingsChange { api_url: Some("http://127.0.0.1:9".to_owned()), ..SettingsChange::default() });
    let press = Press {
        user: "bob".to_owned(),
        channel: "C0APPROVALS".to_owned(),
        ts: card.ts.clone(),
        action_id: "deny".to_owned(),
        ..Press::default()
    };
    let sent = slack.press(&press).await.unwrap().request;
    let ours =
        Workspace::new(vec!["T0COUNTER1".to_owned()], "A0COUNTER1".to_owned()).with_local_slack(&slack.api_url());
    let Interaction::Pressed(pressed) = Interaction::read(sent.body.as_bytes(), &ours).unwrap() else { panic!() };
    assert_eq!((pressed.action, &pressed.request, pressed.digest), (Action::Deny, &request().id, request().digest()));
    assert_eq!(pressed.user.as_str(), "T0COUNTER1/U0BOB00001");
    assert_eq!(pressed.place, Place::Message { channel: Some(approvals()), ts: Some(card.ts) });
    client.respond(pressed.response_url.as_ref().unwrap(), &help()).await.unwrap();
    let stranger = Tamper { user_team_id: Some("T0OTHER".to_owned()), ..Tamper::default() };
    let sent = slack.press(&Press { tamper: stranger, ..press }).await.unwrap().request;
    assert_eq!(Interaction::read(sent.body.as_bytes(), &ours).unwrap_err().code(), "foreign_person");
}

#[tokio::test]
async fn a_spent_response_url_is_an_error_without_its_address() {
    let (slack, client) = start().await;
    let ours = Workspace::new(vec![], String::new()).with_local_slack(&slack.api_url());
    let url = ours.response_url(&format!("{}/commands/secret-part", slack.url())).unwrap();
    let failed = client.respond(&url, &not_done("x", "y")).await.unwrap_err();
    assert!(!failed.is_retryable());
    assert!(!format!("{failed:?} {failed}").contains("secret-part"));
}

#[test]
fn a_client_is_not_made_to_leak() {
    let code = |url: &str, token: &str| Client::new(url, token.into()).map(drop).map_err(|error| error.to_string());
    assert!(code("https://slack.com/api", TOKEN).is_ok());
    for (url, token) in [
        ("http://slack.com/api", TOKEN),
        ("slack.com/api", TOKEN),
        ("https://slack.com/api", "xoxp-1"),
        ("https://slack.com/api", "xoxb-1\r\nx: y"),
        ("https://slack.com/api", ""),
    ] {
        let error = code(url, token).unwrap_err();
        assert!(token.is_empty() || !error.contains(token), "{error}");
    }
}

/// The local Slack checks every block it is sent.
#[tokio::test]
async fn slack_takes_every_message() {
    let (slack, client) = start().await;
    slack.change(SettingsChange { rate_limits: Some(false), ..SettingsChange::default() });
    for message in crate::render::tests::everything(&format!("<!channel> {}", "🔑&".repeat(2_000)), "prod & <more>", 40)
    {
        client.post_message(&approvals(), &message, None).await.unwrap();
    }
}
