//! A world, and what the functions reach besides: Slack, the bus, the witness's side of the log.

use crate::dice::Dice;
use crate::plan::{Fault as Kind, Hits};
use conversation::{NotShown, SlackSide};
use ed25519_dalek::{Signer as _, SigningKey};
use model::names::{SlackChannel, SlackUser};
use notification::NoteError;
use record::note::VerifierKey;
use slack::blocks::{Message, View};
use slack::signature::Signatures;
use slack::web::{OpenedView, Posted, SlackError, WebError};
use slack::workspace::ResponseUrl;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use workflow::double::World;
use workflow::ports::{Fault, LogSettings as _, PublishEvents, Published, Sign, WitnessSettings};

/// What Slack signs with at first, and what it signs with later.
pub(crate) const SECRETS: [&str; 2] = ["5c1f0a7e9b2d4f6380a1c3e5d7092b4f", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"];

/// What of Slack and the bus changes.
#[derive(Debug)]
pub(crate) struct Side {
    /// Which of these goes wrong, and how often of a thousand times.
    pub(crate) partial: usize,
    pub(crate) slack_down: usize,
    pub(crate) dice: Dice,
    /// What is valid now: the secrets, the newest first.
    pub(crate) secrets: Vec<&'static str>,
    /// What the bus took, in order.
    pub(crate) bus: Vec<Published>,
    /// What Slack shows: by conversation and time stamp.
    pub(crate) messages: BTreeMap<(String, String), String>,
    /// Everything that was ever shown or told to anybody.
    pub(crate) said: Vec<String>,
    /// Whether that is only looked through for secrets, and not kept: there is too much of it.
    pub(crate) brief: bool,
    /// How often what was said held a secret, if it was not kept.
    pub(crate) secrets_said: u64,
    /// What whoever gave a call was told besides its answer, by the call's number.
    pub(crate) told: BTreeMap<u64, String>,
    number: u64,
}

impl Side {
    /// Somebody is shown or told this.
    fn say(&mut self, text: String) {
        if self.brief {
            self.secrets_said += u64::from(World::is_secret(text.as_bytes()));
        } else {
            self.said.push(text);
        }
    }
}

tokio::task_local! {
    /// The number of the call that a worker answers, where somebody wants to know what it was told.
    pub(crate) static CALL: u64;
}

/// A world with everything around it.
pub(crate) struct Site {
    pub(crate) world: World,
    hits: Arc<Hits>,
    side: Mutex<Side>,
}

aws::delegate! {
    Site {
        world: LoadRequest, LoadRequests, CommitRequest, LoadEntries, ListRequests, FindByKey, RememberNotes, Policies,
            Clock, Identifiers;
    }
}

impl Site {
    pub(crate) fn new(world: World, hits: Arc<Hits>, dice: Dice) -> Self {
        let side = Side {
            partial: 0,
            slack_down: 0,
            dice,
            secrets: vec![SECRETS[0]],
            bus: Vec::new(),
            messages: BTreeMap::new(),
            said: Vec::new(),
            brief: false,
            secrets_said: 0,
            told: BTreeMap::new(),
            number: 0,
        };
        Self { world, hits, side: Mutex::new(side) }
    }

    pub(crate) fn side(&self) -> MutexGuard<'_, Side> {
        self.side.lock().unwrap()
    }

    /// Whether Slack does what it is asked to, and whether it says so.
    fn slack(&self) -> (bool, bool) {
        let mut side = self.side();
        let rate = side.slack_down;
        if !side.dice.permille(rate) {
            return (true, true);
        }
        self.hits.count(Kind::SlackDown);
        (side.dice.percent(40), false)
    }
}

fn down() -> NotShown {
    NotShown { code: "http_503".to_owned(), passes: true }
}

impl SlackSide for Site {
    async fn signatures(&self) -> Result<Signatures, Fault> {
        let secrets = self.side().secrets.iter().map(|secret| (*secret).to_owned().into()).collect();
        Signatures::new(secrets).map_err(|_| Fault::new("read the secret", "malformed"))
    }

    async fn tell(&self, _: &ResponseUrl, message: &Message) {
        let (done, _) = self.slack();
        if done {
            let text = serde_json::to_string(message).unwrap();
            let mut side = self.side();
            if let Ok(call) = CALL.try_with(|call| *call) {
                side.told.insert(call, text.clone());
            }
            side.say(text);
        }
    }

    async fn open(&self, _: &str, view: &View) -> Result<OpenedView, NotShown> {
        let (done, said) = self.slack();
        let mut side = self.side();
        if done {
            side.say(view.shape().to_string());
        }
        side.number += 1;
        let number = side.number;
        let opened = OpenedView { id: format!("V{number}"), hash: number.to_string() };
        if said { Ok(opened) } else { Err(down()) }
    }

    async fn update(&self, _: &str, _: Option<&str>, view: &View) -> Result<(), NotShown> {
        let (done, said) = self.slack();
        if done {
            self.side().say(view.shape().to_string());
        }
        if said { Ok(()) } else { Err(down()) }
    }

    async fn publish_home(&self, _: &SlackUser, view: &View) -> Result<(), NotShown> {
        let (done, said) = self.slack();
        if done {
            self.side().say(view.shape().to_string());
        }
        if said { Ok(()) } else { Err(down()) }
    }
}

impl Site {
    fn refuse(&self) -> NoteError {
        let limited = WebError::RateLimited { retry_after: Duration::from_secs(1) };
        let unreachable = WebError::Unreachable { why: "answer" };
        NoteError::Slack(if self.side().dice.percent(50) { limited } else { unreachable })
    }
}

impl notification::Post for Site {
    async fn post(&self, channel: &SlackChannel, message: &Message, _: Option<&str>) -> Result<Posted, NoteError> {
        let (done, said) = self.slack();
        let text = serde_json::to_string(message).unwrap();
        let ts = {
            let mut side = self.side();
            side.number += 1;
            let ts = format!("1795201200.{:06}", side.number);
            if done {
                let kept = if side.brief { String::new() } else { text.clone() };
                side.say(text);
                side.messages.insert((channel.to_string(), ts.clone()), kept);
            }
            ts
        };
        if said { Ok(Posted { channel: channel.clone(), ts }) } else { Err(self.refuse()) }
    }

    async fn update(&self, channel: &SlackChannel, ts: &str, message: &Message) -> Result<(), NoteError> {
        let (done, said) = self.slack();
        let text = serde_json::to_string(message).unwrap();
        if done {
            let mut side = self.side();
            let at = (channel.to_string(), ts.to_owned());
            if !side.messages.contains_key(&at) {
                return Err(WebError::Refused(SlackError::MessageNotFound).into());
            }
            let kept = if side.brief { String::new() } else { text.clone() };
            side.say(text);
            side.messages.insert(at, kept);
        }
        if said { Ok(()) } else { Err(self.refuse()) }
    }

    async fn direct(&self, user: &SlackUser) -> Result<SlackChannel, NoteError> {
        let (_, said) = self.slack();
        let id = user.as_str().rsplit('/').next().unwrap_or_default().replacen('U', "D", 1);
        if said { Ok(id.parse().unwrap()) } else { Err(self.refuse()) }
    }
}

impl PublishEvents for Site {
    async fn publish(&self, events: &[Published]) -> Result<Vec<usize>, Fault> {
        self.world.turn().await;
        let mut side = self.side();
        let rate = side.partial;
        if !events.is_empty() && side.dice.permille(rate) {
            self.hits.count(Kind::PartialBatch);
            if side.dice.percent(30) {
                // Taken, and nobody is told.
                let taken = side.dice.below(events.len() + 1);
                side.bus.extend(events.iter().take(taken).cloned());
                return Err(Fault::new("publish events", "timeout"));
            }
            let refused: Vec<usize> = (0..events.len()).filter(|_| side.dice.percent(40)).collect();
            let taken = events.iter().enumerate().filter(|(at, _)| !refused.contains(at));
            side.bus.extend(taken.map(|(_, event)| event.clone()));
            return Ok(refused);
        }
        side.bus.extend(events.iter().cloned());
        Ok(Vec::new())
    }
}

/// The witness, in its own account.
pub(crate) struct Vouching {
    site: Arc<Site>,
    key: SigningKey,
    own: VerifierKey,
    logs: Vec<VerifierKey>,
}

impl Vouching {
    /// `None`: there is none.
    pub(crate) fn new(site: &Arc<Site>) -> Option<Self> {
        let own = site.world.witness_key()?.parse().unwrap();
        let logs = vec![site.world.log_key().parse().unwrap()];
        Some(Self { site: Arc::clone(site), key: SigningKey::from_bytes(&[2; 32]), own, logs })
    }

    fn world(&self) -> &World {
        &self.site.world
    }
}

impl Sign for Vouching {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        self.world().turn().await;
        Ok(self.key.sign(message).to_bytes())
    }
}

impl WitnessSettings for Vouching {
    fn own_key(&self) -> &VerifierKey {
        &self.own
    }

    fn log_keys(&self) -> &[VerifierKey] {
        &self.logs
    }
}

impl workflow::ports::Clock for Vouching {
    fn now(&self) -> model::time::Time {
        self.world().now()
    }

    async fn pause(&self, milliseconds: u64) {
        self.world().pause(milliseconds).await;
    }
}

impl workflow::ports::Submissions for Vouching {
    async fn submission(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.world().submission(key).await
    }

    async fn remembered(&self) -> Result<Option<workflow::ports::CheckpointFound>, Fault> {
        self.world().remembered().await
    }

    async fn remember(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        workflow::ports::Submissions::remember(self.world(), note, instead_of).await
    }

    async fn answer(&self, key: &str, bytes: &[u8]) -> Result<workflow::ports::Put, Fault> {
        self.world().answer(key, bytes).await
    }
}
