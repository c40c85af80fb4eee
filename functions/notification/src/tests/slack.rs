//! A Slack in memory, and a world whose events are delivered.

use super::*;
use std::collections::BTreeMap;
use std::sync::Mutex;
use workflow::ports::Policies;

/// What happens just before Slack takes a call.
pub(super) enum Meanwhile {
    /// Bob denies it.
    Denied(RequestId),
    /// Access comes to be.
    Provisioned(RequestId),
}

/// A message: where, which one, under which, and what it shows.
type Kept = (String, String, Option<String>, String);

/// A world, and a Slack that refuses posts into some channels.
pub(super) struct Site {
    pub(super) world: World,
    refusing: Mutex<BTreeMap<&'static str, WebError>>,
    /// Every message there is.
    messages: Mutex<Vec<Kept>>,
    posted: Mutex<Vec<String>>,
    updated: Mutex<Vec<String>>,
    meanwhile: Mutex<Option<Meanwhile>>,
}

aws::delegate! {
    Site {
        world: LoadRequest, LoadRequests, ListRequests, RememberNotes, Policies, Clock;
    }
}

impl crate::Post for Site {
    async fn post(&self, channel: &SlackChannel, message: &Message, thread: Option<&str>) -> Result<Posted, NoteError> {
        self.something_happens().await;
        if let Some(error) = self.refusing.lock().unwrap().get(channel.as_str()) {
            return Err(error.clone().into());
        }
        let mut messages = self.messages.lock().unwrap();
        let ts = format!("1795201200.{:06}", messages.len());
        let text = serde_json::to_string(message).unwrap();
        messages.push((channel.to_string(), ts.clone(), thread.map(str::to_owned), text));
        self.posted.lock().unwrap().push(channel.to_string());
        Ok(Posted { channel: channel.clone(), ts })
    }

    async fn update(&self, channel: &SlackChannel, ts: &str, message: &Message) -> Result<(), NoteError> {
        self.something_happens().await;
        let mut messages = self.messages.lock().unwrap();
        let found = messages.iter_mut().find(|(at, known, ..)| at == channel.as_str() && known == ts);
        let Some((_, _, _, shown)) = found else { return Err(WebError::Refused(SlackError::MessageNotFound).into()) };
        *shown = serde_json::to_string(message).unwrap();
        self.updated.lock().unwrap().push(channel.to_string());
        Ok(())
    }

    async fn direct(&self, user: &SlackUser) -> Result<SlackChannel, NoteError> {
        let id = user.as_str().rsplit('/').next().unwrap().replacen('U', "D", 1);
        if let Some(error) = self.refusing.lock().unwrap().get(id.as_str()) {
            return Err(error.clone().into());
        }
        Ok(id.parse().unwrap())
    }
}

impl Site {
    /// A site in which alice has just asked for something that bob or carol has to countersign, and the event that says
    /// so.
    pub(super) async fn asked() -> (Self, RequestId, Value) {
        Self::asked_under(None).await
    }

    /// The same, under another policy than the sample's.
    pub(super) async fn asked_under(policy: Option<Arc<Policy>>) -> (Self, RequestId, Value) {
        let world = World::new("2026-11-20T12:00:00Z".parse().unwrap());
        if policy.is_some() {
            world.set_policy(policy);
        }
        let wish = Wish {
            entitlement: "orders-db-debug".to_owned(),
            duration_seconds: 1_800,
            justification: "orders are stuck".to_owned(),
            ..Wish::default()
        };
        let stored = workflow::submission::submit(&world, &person("alice"), &wish, None, None).await.unwrap();
        let site = Self {
            world,
            refusing: Mutex::default(),
            messages: Mutex::default(),
            posted: Mutex::default(),
            updated: Mutex::default(),
            meanwhile: Mutex::default(),
        };
        let asked = event(&site.world.take_news().remove(0));
        (site, stored.state.request.id.clone(), asked)
    }

    pub(super) fn refuse(&self, channel: &'static str, error: WebError) {
        self.refusing.lock().unwrap().insert(channel, error);
    }

    pub(super) fn allow_all(&self) {
        self.refusing.lock().unwrap().clear();
    }

    /// Lets it happen once, just before the next call of Slack.
    pub(super) fn meanwhile(&self, what: Meanwhile) {
        *self.meanwhile.lock().unwrap() = Some(what);
    }

    async fn something_happens(&self) {
        let what = self.meanwhile.lock().unwrap().take();
        match what {
            Some(Meanwhile::Denied(id)) => {
                Box::pin(self.does("bob", &id, Wanted::Deny { reason: FreeText::new("not today").unwrap() })).await;
            }
            Some(Meanwhile::Provisioned(id)) => {
                Box::pin(workflow::provision::provision(&self.world, "grant", &id, None)).await.unwrap();
            }
            None => {}
        }
    }

    pub(super) async fn deliver(&self, event: &Value) -> Result<(), Failed> {
        assert_is_ports(self);
        Box::pin(handle(self, event.clone())).await
    }

    /// Delivers everything that has happened.
    pub(super) async fn deliver_all(&self) {
        for news in self.world.take_news() {
            assert_eq!(self.deliver(&event(&news)).await, Ok(()), "{}", news.name);
        }
    }

    /// Where something was posted since this was asked last.
    pub(super) fn take_posted(&self) -> Vec<String> {
        std::mem::take(&mut *self.posted.lock().unwrap())
    }

    /// Where something was changed since this was asked last.
    pub(super) fn take_updated(&self) -> Vec<String> {
        std::mem::take(&mut *self.updated.lock().unwrap())
    }

    /// Whether a message in `channel` shows `text`.
    pub(super) fn shows(&self, channel: &str, text: &str) -> bool {
        self.messages.lock().unwrap().iter().any(|(at, _, _, shown)| at == channel && shown.contains(text))
    }

    /// What the first message in `channel` shows.
    pub(super) fn first_in(&self, channel: &str) -> String {
        self.messages.lock().unwrap().iter().find(|(at, ..)| at == channel).unwrap().3.clone()
    }

    /// Whether every later message in `channel` is under the first.
    pub(super) fn is_one_thread(&self, channel: &str) -> bool {
        let messages = self.messages.lock().unwrap();
        let mut there = messages.iter().filter(|(at, ..)| at == channel);
        let first = there.next().map(|(_, ts, ..)| ts.clone());
        there.all(|(_, _, thread, _)| *thread == first)
    }

    /// What a person does.
    pub(super) async fn does(&self, who: &str, id: &RequestId, wanted: Wanted) {
        act(&self.world, &person(who), id, &wanted, None).await.unwrap();
    }

    /// The vote that counts.
    pub(super) fn vote(&self, id: &RequestId) -> Wanted {
        Wanted::Approve { digest: self.world.stored(id).unwrap().state.request.digest() }
    }
}

fn assert_is_ports<P: Ports + Policies>(_: &P) {}
