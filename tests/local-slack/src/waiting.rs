//! What is pending, for a reader with a clock.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::clock::{Micros, now, ts};
use crate::limits;
use crate::server::Shared;
use crate::state::Slack;

/// `GET /_local/waiting`.
pub(crate) async fn waiting(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.slack().waiting(now()))
}

impl Slack {
    /// What is pending. All times are Slack's `ts`.
    pub(crate) fn waiting(&self, now: Micros) -> Value {
        let requests = self.flights.iter().map(|flight| {
            json!({"path": flight.path, "user": flight.who, "since": ts(flight.since),
                "withinMs": self.settings.answer_within_ms})
        });
        let retries = self.retries.iter().map(|retry| {
            json!({"eventId": retry.event_id, "event": "app_home_opened", "user": retry.user,
                "attempt": retry.attempt, "due": ts(retry.due)})
        });
        let mut triggers: Vec<_> =
            self.triggers.values().filter(|trigger| !trigger.used && trigger.expires >= now).collect();
        triggers.sort_by_key(|trigger| trigger.expires);
        let triggers = triggers
            .into_iter()
            .map(|trigger| json!({"user": trigger.user, "viewId": trigger.view, "until": ts(trigger.expires)}));
        let mut urls: Vec<_> = self
            .response_urls
            .values()
            .filter(|url| url.expires >= now && url.uses < limits::RESPONSE_URL_USES)
            .collect();
        urls.sort_by_key(|url| url.expires);
        let urls = urls.into_iter().map(|url| {
            json!({"user": url.user, "channel": url.channel, "ts": url.message,
                "usesLeft": limits::RESPONSE_URL_USES.saturating_sub(url.uses), "until": ts(url.expires)})
        });
        let mut limited: Vec<(&str, Micros)> = self.rates.refused(now).collect();
        limited.sort_unstable();
        let split = |(key, until): &(&str, Micros)| {
            let (method, channel) = key.split_once('/').map_or((*key, None), |(method, id)| (method, Some(id)));
            json!({"method": method, "channel": channel, "until": ts(*until)})
        };
        let (channels, methods): (Vec<Value>, Vec<Value>) =
            limited.iter().map(split).partition(|limited| limited.get("channel").is_some_and(Value::is_string));
        json!({
            "now": ts(now),
            "requests": requests.collect::<Value>(),
            "eventRetries": retries.collect::<Value>(),
            "triggers": triggers.collect::<Value>(),
            "responseUrls": urls.collect::<Value>(),
            "rateLimited": channels,
            "rateLimitedMethods": methods,
        })
    }
}
