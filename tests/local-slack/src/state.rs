//! Everything the local Slack remembers: conversations, messages, calls, and what was handed out with a time limit.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::acting::Flight;
use crate::clock::{Micros, micros, ts};
use crate::faults::Faults;
use crate::limits;
use crate::message::{Message, MessageFilter};
use crate::rates::Rates;
use crate::views::View;
use crate::workspace::{self, Channel, PEOPLE};

/// Where Countersign is and what the local Slack enforces. Settable while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Base URL of Countersign's HTTP API; `/slack/commands` is put after it.
    pub api_url: Option<String>,
    /// `Host` header to send there, when it differs from the URL's.
    pub api_host: Option<String>,
    /// Whether rate limits are enforced.
    pub rate_limits: bool,
    /// Messages into one channel at once before the limit of one a second bites.
    pub message_burst: u32,
    /// How long after an attempt at an event the next one comes, in milliseconds: one entry for each retry.
    pub retry_delays_ms: Vec<u64>,
    /// How long an app may take to answer, in milliseconds. A trigger id lives as long if that is longer than Slack's own
    /// time.
    pub answer_within_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_url: None,
            api_host: None,
            rate_limits: true,
            message_burst: limits::CHANNEL_MESSAGE_BURST,
            retry_delays_ms: limits::EVENT_RETRIES.map(|delay| micros(delay) / 1_000).to_vec(),
            answer_within_ms: micros(limits::ANSWER_WITHIN) / 1_000,
        }
    }
}

/// A change of [`Settings`]; what is not named stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsChange {
    /// See [`Settings::api_url`].
    pub api_url: Option<String>,
    /// See [`Settings::api_host`]; an empty text takes it away.
    pub api_host: Option<String>,
    /// See [`Settings::rate_limits`].
    pub rate_limits: Option<bool>,
    /// See [`Settings::message_burst`].
    pub message_burst: Option<u32>,
    /// See [`Settings::retry_delays_ms`].
    pub retry_delays_ms: Option<Vec<u64>>,
}

/// One Web API call that came in.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// When, as a `ts`.
    pub at: String,
    /// The method.
    pub method: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// The error answered, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether it was made to fail on request.
    pub fault: bool,
}

/// A trigger id handed out.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub(crate) user: String,
    /// The modal it was made in.
    pub(crate) view: Option<String>,
    pub(crate) expires: Micros,
    pub(crate) used: bool,
}

/// An attempt at an event that is still to come.
#[derive(Debug)]
pub(crate) struct Retry {
    pub(crate) event_id: String,
    pub(crate) user: &'static str,
    /// 1 for the first retry.
    pub(crate) attempt: usize,
    pub(crate) due: Micros,
}

/// A response URL handed out.
#[derive(Debug, Clone)]
pub(crate) struct ResponseUrl {
    pub(crate) user: String,
    pub(crate) channel: String,
    /// The message whose button was pressed, if it was a button.
    pub(crate) message: Option<String>,
    pub(crate) expires: Micros,
    pub(crate) uses: u32,
}

/// The local Slack's memory. All of its methods are given the time.
#[derive(Debug)]
pub(crate) struct Slack {
    pub(crate) settings: Settings,
    pub(crate) channels: Vec<Channel>,
    pub(crate) messages: Vec<Message>,
    pub(crate) views: Vec<View>,
    pub(crate) triggers: HashMap<String, Trigger>,
    pub(crate) response_urls: HashMap<String, ResponseUrl>,
    pub(crate) faults: Faults,
    pub(crate) rates: Rates,
    /// Requests to Countersign under way.
    pub(crate) flights: Vec<Flight>,
    pub(crate) retries: Vec<Retry>,
    /// What external menus have offered, by view or message, block and action.
    offers: HashMap<[String; 3], Vec<Value>>,
    calls: VecDeque<Call>,
    last: Micros,
    /// Makes identifiers of this run differ from those of another.
    seed: Micros,
    made: u64,
}

impl Slack {
    pub(crate) fn new(settings: Settings, now: Micros) -> Self {
        Self {
            settings,
            channels: workspace::channels(),
            messages: Vec::new(),
            views: Vec::new(),
            triggers: HashMap::new(),
            response_urls: HashMap::new(),
            faults: Faults::default(),
            rates: Rates::default(),
            flights: Vec::new(),
            retries: Vec::new(),
            offers: HashMap::new(),
            calls: VecDeque::new(),
            last: now,
            seed: now,
            made: 0,
        }
    }

    /// Forgets everything that happened; settings stay, and timestamps go on rising.
    pub(crate) fn reset(&mut self, now: Micros) {
        let last = self.last.max(now);
        let flights = std::mem::take(&mut self.flights);
        *self = Self { last, flights, made: self.made, ..Self::new(self.settings.clone(), now) };
    }

    /// Changes the settings.
    pub(crate) fn change(&mut self, change: SettingsChange) {
        if let Some(api_url) = change.api_url {
            self.settings.api_url = Some(api_url).filter(|url| !url.is_empty());
        }
        if let Some(api_host) = change.api_host {
            self.settings.api_host = Some(api_host).filter(|host| !host.is_empty());
        }
        self.settings.rate_limits = change.rate_limits.unwrap_or(self.settings.rate_limits);
        self.settings.message_burst = change.message_burst.unwrap_or(self.settings.message_burst);
        if let Some(delays) = change.retry_delays_ms {
            self.settings.retry_delays_ms = delays;
        }
    }

    /// A timestamp no earlier one equals.
    pub(crate) fn next_ts(&mut self, now: Micros) -> String {
        self.last = now.max(self.last.saturating_add(1));
        ts(self.last)
    }

    /// An identifier no earlier one equals, not to be guessed from another.
    pub(crate) fn next_secret(&mut self) -> String {
        use sha2::{Digest as _, Sha256};
        let number = self.next_number();
        hex::encode(Sha256::digest(format!("{}/{number}", self.seed))).chars().take(24).collect()
    }

    /// A number no earlier one equals.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.made = self.made.saturating_add(1);
        self.made
    }

    /// A trigger id for `user`, shaped as Slack's: number, number, text. `view` is the modal it is made in.
    pub(crate) fn issue_trigger(&mut self, user: &str, view: Option<&str>, now: Micros) -> String {
        let id = format!("{}.{}.{}", now / 1_000, self.seed / 1_000_000, self.next_secret());
        let lifetime = micros(limits::TRIGGER_LIFETIME).max(self.settings.answer_within_ms.saturating_mul(1_000));
        let expires = now.saturating_add(lifetime);
        self.triggers
            .insert(id.clone(), Trigger { user: user.to_owned(), view: view.map(str::to_owned), expires, used: false });
        id
    }

    /// The path of a response URL for `user` in `channel`. `kind` is `commands` or `actions`, as in Slack's own.
    pub(crate) fn issue_response_url(
        &mut self,
        kind: &str,
        user: &str,
        channel: &str,
        message: Option<&str>,
        now: Micros,
    ) -> String {
        let path = format!("/{kind}/{}/{}/{}", workspace::TEAM_ID, now / 1_000, self.next_secret());
        let url = ResponseUrl {
            user: user.to_owned(),
            channel: channel.to_owned(),
            message: message.map(str::to_owned),
            expires: now.saturating_add(micros(limits::RESPONSE_URL_LIFETIME)),
            uses: 0,
        };
        self.response_urls.insert(path.clone(), url);
        path
    }

    /// Notes what an external menu has offered. What it offered before stays good: a person may have chosen of it.
    pub(crate) fn note_offer(&mut self, container: &str, block: &str, action: &str, options: Vec<Value>) {
        let known = self.offers.entry([container, block, action].map(str::to_owned)).or_default();
        known.retain(|known| !options.iter().any(|option| option.get("value") == known.get("value")));
        known.extend(options);
    }

    /// What an external menu has offered.
    pub(crate) fn offered(&self, container: &str, block: &str, action: &str) -> Vec<Value> {
        self.offers.get(&[container, block, action].map(str::to_owned)).cloned().unwrap_or_default()
    }

    /// Finds a conversation by id, or a public channel by name.
    pub(crate) fn channel(&self, which: &str) -> Option<&Channel> {
        let name = which.trim_start_matches('#');
        self.channels.iter().find(|channel| {
            channel.id == which || (channel.kind == workspace::ChannelKind::Public && channel.name == name)
        })
    }

    /// Opens the app's conversation with people; says whether it was open before.
    pub(crate) fn open(&mut self, user_ids: &[&str]) -> (Channel, bool) {
        let channel = workspace::conversation(user_ids);
        let already = self.channels.iter().any(|known| known.id == channel.id);
        if !already {
            self.channels.push(channel.clone());
        }
        (channel, already)
    }

    /// Finds a message that is still there.
    pub(crate) fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.is_at(channel, ts))
    }

    /// Finds a message to change it.
    pub(crate) fn message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.is_at(channel, ts))
    }

    /// The messages a filter lets through, oldest first.
    pub(crate) fn messages(&self, filter: &MessageFilter) -> Vec<Message> {
        let seen_by =
            filter.user.as_deref().map(|user| workspace::find_person(user).map_or(user, |person| person.user_id));
        self.messages
            .iter()
            .filter(|message| {
                filter
                    .channel
                    .as_deref()
                    .is_none_or(|which| self.channel(which).is_some_and(|channel| channel.id == message.channel))
            })
            .filter(|message| filter.since.as_deref().is_none_or(|since| message.changed.as_str() > since))
            .filter(|message| {
                seen_by.is_none_or(|user| {
                    self.channel(&message.channel).is_some_and(|channel| channel.has(user))
                        && message.ephemeral_for.as_deref().is_none_or(|one| one == user)
                })
            })
            .cloned()
            .collect()
    }

    /// Notes a Web API call.
    pub(crate) fn note_call(&mut self, call: Call) {
        if self.calls.len() >= limits::CALLS_KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// The calls that came in, oldest first.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    /// All of it but the messages, for a reader. It holds no secret.
    pub(crate) fn describe(&self) -> Value {
        json!({
            "team": {"id": workspace::TEAM_ID, "domain": workspace::TEAM_DOMAIN},
            "appId": workspace::APP_ID,
            "botUserId": workspace::BOT_USER_ID,
            "botId": workspace::BOT_ID,
            "users": PEOPLE,
            "channels": self.channels,
            "messageCount": self.messages.len(),
            "views": self.views,
            "calls": self.calls,
            "faults": self.faults.pending(),
            "settings": self.settings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, Slack};

    #[test]
    fn timestamps_rise_even_within_one_microsecond_and_over_a_reset() {
        let mut slack = Slack::new(Settings::default(), 1_700_000_000_000_000);
        let first = slack.next_ts(1_700_000_000_000_000);
        let second = slack.next_ts(1_700_000_000_000_000);
        slack.reset(1_600_000_000_000_000);
        let third = slack.next_ts(1_600_000_000_000_000);
        assert!(first < second && second < third, "{first} {second} {third}");
    }
}
