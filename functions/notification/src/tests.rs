//! Events to messages, with a Slack that refuses and a secret that is replaced.

use crate::bot::{Bot, Call, Tokens};
use crate::{NoteError, Post, handle};
use aws::secrets::SlackSecret;
use lambda::start::Failed;
use model::identity::{Actor, Identity};
use model::names::{RequestId, SlackChannel, SlackUser};
use model::submission::Wish;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use slack::blocks::Message;
use slack::web::{Posted, SlackError, WebError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use workflow::double::{Trouble, Verb, World};
use workflow::ports::{Claim, Clock as _, Fault, RememberNotes as _};

const CARD: &str = "C0APPROVALS";
const DIRECT: &str = "D0ALICE01";

/// A world, and a Slack that refuses posts into some channels.
struct Site {
    world: World,
    refusing: Mutex<BTreeMap<&'static str, WebError>>,
    posted: Mutex<Vec<String>>,
}

aws::delegate! {
    Site {
        world: LoadRequest, RememberNotes, Policies, Clock;
    }
}

impl Post for Site {
    async fn post(&self, channel: &SlackChannel, _: &Message, _: Option<&str>) -> Result<Posted, NoteError> {
        if let Some(error) = self.refusing.lock().unwrap().get(channel.as_str()) {
            return Err(error.clone().into());
        }
        self.posted.lock().unwrap().push(channel.to_string());
        Ok(Posted { channel: channel.clone(), ts: "1795201200.000100".to_owned() })
    }

    async fn direct(&self, _: &SlackUser) -> Result<SlackChannel, NoteError> {
        Ok(DIRECT.parse().unwrap())
    }
}

impl Site {
    /// A site in which alice has just asked for something that bob has to countersign, and the
    /// event that says so.
    async fn asked() -> (Self, RequestId, Value) {
        let world = World::new("2026-11-20T12:00:00Z".parse().unwrap());
        let alice = Actor {
            person: "alice".parse().unwrap(),
            identity: Identity::Api { principal: "arn:aws:iam::111111111111:user/alice".to_owned() },
            mfa: false,
        };
        let wish = Wish {
            entitlement: "orders-db-debug".to_owned(),
            duration_seconds: 1_800,
            justification: "orders are stuck".to_owned(),
            ..Wish::default()
        };
        let stored = workflow::submission::submit(&world, &alice, &wish, None, None).await.unwrap();
        let id = stored.state.request.id.clone();
        let news = world.take_news().remove(0);
        let entry: Value = serde_json::from_slice(&news.bytes).unwrap();
        let event = json!({"detail": {"requestId": id, "seq": news.seq, "event": entry}});
        (Self { world, refusing: Mutex::default(), posted: Mutex::default() }, id, event)
    }

    fn refuse(&self, channel: &'static str, error: WebError) {
        self.refusing.lock().unwrap().insert(channel, error);
    }

    /// Delivers the event; gives the outcome and where something was posted.
    async fn deliver(&self, event: &Value) -> (Result<(), Failed>, Vec<String>) {
        let outcome = handle(self, event.clone()).await;
        (outcome, std::mem::take(&mut *self.posted.lock().unwrap()))
    }
}

fn not_sent() -> Result<(), Failed> {
    Err(Failed { code: "message_not_sent".to_owned() })
}

#[tokio::test]
async fn an_event_delivered_twice_is_told_once() {
    let (site, _, event) = Site::asked().await;
    assert_eq!(site.deliver(&event).await, (Ok(()), vec![CARD.to_owned(), DIRECT.to_owned()]));
    assert_eq!(site.deliver(&event).await, (Ok(()), vec![]));
}

#[tokio::test]
async fn what_slack_refuses_for_good_is_a_failure_after_all_others_were_told() {
    for error in
        [SlackError::NotInChannel, SlackError::ChannelNotFound, SlackError::MissingScope, SlackError::InvalidAuth]
    {
        let (site, _, event) = Site::asked().await;
        site.refuse(CARD, WebError::Refused(error));
        assert_eq!(site.deliver(&event).await, (not_sent(), vec![DIRECT.to_owned()]));
        // Somebody invites the bot, and the very next delivery finds the claim given up.
        site.refusing.lock().unwrap().clear();
        assert_eq!(site.deliver(&event).await, (Ok(()), vec![CARD.to_owned()]));
    }
}

#[tokio::test]
async fn what_somebody_else_is_about_to_send_is_looked_at_again() {
    let (site, id, event) = Site::asked().await;
    let claimed = site.world.claim(&id, 1, "card", site.world.now()).await;
    assert_eq!(claimed, Ok(Claim::Ours), "by a worker that dies now");
    assert_eq!(site.deliver(&event).await, (not_sent(), vec![DIRECT.to_owned()]));
    site.world.pass(61);
    assert_eq!(site.deliver(&event).await, (Ok(()), vec![CARD.to_owned()]));
}

#[tokio::test]
async fn a_claim_that_could_not_be_given_up_lapses() {
    let (site, _, event) = Site::asked().await;
    site.refuse(CARD, WebError::Status { status: 503 });
    site.world.break_down(Verb::Release, Trouble::FaultBefore);
    assert_eq!(site.deliver(&event).await, (not_sent(), vec![DIRECT.to_owned()]));
    site.world.heal();
    site.refusing.lock().unwrap().clear();
    assert_eq!(site.deliver(&event).await, (not_sent(), vec![]));
    site.world.pass(61);
    assert_eq!(site.deliver(&event).await, (Ok(()), vec![CARD.to_owned()]));
}

fn secret(token: &str) -> Arc<SlackSecret> {
    Arc::new(SlackSecret { signing_secrets: Vec::new(), bot_token: SecretString::from(token.to_owned()) })
}

/// A secret as it is held, and as it would be read anew.
#[derive(Clone)]
struct Rotation(Arc<Mutex<(Arc<SlackSecret>, Option<&'static str>)>>);

impl Rotation {
    fn of(held: &str) -> Self {
        Self(Arc::new(Mutex::new((secret(held), None))))
    }

    fn replaced_by(&self, stored: &'static str) {
        self.0.lock().unwrap().1 = Some(stored);
    }
}

impl Tokens for Rotation {
    async fn secret(&self) -> Result<Arc<SlackSecret>, Fault> {
        Ok(Arc::clone(&self.0.lock().unwrap().0))
    }

    async fn after(&self, refused: &Arc<SlackSecret>) -> Result<Arc<SlackSecret>, Fault> {
        let mut inner = self.0.lock().unwrap();
        assert!(Arc::ptr_eq(&inner.0, refused));
        let stored = inner.1.ok_or_else(|| Fault::new("read the Slack secret", "AccessDenied"))?;
        inner.0 = secret(stored);
        Ok(Arc::clone(&inner.0))
    }
}

/// What Slack was called with: `connect xoxb-…` or `call xoxb-…`.
type Log = Arc<Mutex<Vec<String>>>;

/// Slack, for one token; it takes `xoxb-new` only.
#[derive(Clone)]
struct Caller(String, Log);

impl Caller {
    fn called(&self) -> Result<(), WebError> {
        self.1.lock().unwrap().push(format!("call {}", self.0));
        if self.0 == "xoxb-new" { Ok(()) } else { Err(WebError::Refused(SlackError::InvalidAuth)) }
    }
}

impl Call for Caller {
    async fn post(&self, channel: &SlackChannel, _: &Message, _: Option<&str>) -> Result<Posted, WebError> {
        self.called()?;
        Ok(Posted { channel: channel.clone(), ts: "1.2".to_owned() })
    }

    async fn direct(&self, _: &SlackUser) -> Result<SlackChannel, WebError> {
        self.called()?;
        Ok(DIRECT.parse().unwrap())
    }
}

fn bot(rotation: &Rotation) -> (Bot<Rotation, Caller>, Log) {
    let log = Log::default();
    let calls = Arc::clone(&log);
    let bot = Bot::new(rotation.clone(), move |token: SecretString| {
        let token = token.expose_secret().to_owned();
        calls.lock().unwrap().push(format!("connect {token}"));
        Ok(Caller(token, Arc::clone(&calls)))
    });
    (bot, log)
}

fn alice() -> SlackUser {
    "T0COUNTER1/U0ALICE01".parse().unwrap()
}

#[tokio::test]
async fn a_token_that_was_replaced_is_read_anew() {
    let rotation = Rotation::of("xoxb-old");
    rotation.replaced_by("xoxb-new");
    let (bot, log) = bot(&rotation);
    assert!(bot.direct(&alice()).await.is_ok());
    assert!(bot.direct(&alice()).await.is_ok());
    let expected = ["connect xoxb-old", "call xoxb-old", "connect xoxb-new", "call xoxb-new", "call xoxb-new"];
    assert_eq!(*log.lock().unwrap(), expected, "one client for as long as the secret is the same");
}

#[tokio::test]
async fn a_token_that_is_the_only_one_is_refused_once() {
    let refused = Err(NoteError::Slack(WebError::Refused(SlackError::InvalidAuth)));
    let rotation = Rotation::of("xoxb-old");
    let (bot, log) = bot(&rotation);
    let unread = Err(Fault::new("read the Slack secret", "AccessDenied").into());
    assert_eq!(bot.direct(&alice()).await, unread);
    rotation.replaced_by("xoxb-old");
    assert_eq!(bot.direct(&alice()).await, refused);
    assert_eq!(*log.lock().unwrap(), ["connect xoxb-old", "call xoxb-old", "call xoxb-old"]);
}
