//! The functions themselves, with the in-memory world behind them.

mod api;
mod events;
mod gateway;
mod slack;
mod table;

pub(crate) use api::{api_body, api_event};
pub(crate) use events::{activity_event, bus_event, scheduler_event, stream_batch};
pub(crate) use slack::slack_event;
pub(crate) use table::table_item;

use crate::made::MADE;
use lambda::http::Answer;
use model::lifecycle::State;
use serde_json::Value;
use std::future::Future;
use tokio::runtime::{Builder, Runtime};
use workflow::double::World;

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_time().build().expect("a runtime of this thread alone");
}

/// The status and code that an input is answered with, by what it is sent as. `None`: it is sent as nothing known.
pub(crate) fn refusal(kind: &str, data: &[u8]) -> Option<String> {
    let answer = match kind {
        "submission" => api::sent("POST /v1/requests", "alice", data),
        "approval" => api::sent("POST /v1/requests/{id}/approve", "bob", data),
        "denial" => api::sent("POST /v1/requests/{id}/deny", "bob", data),
        "panic" => api::sent("POST /v1/panic", "bob", data),
        "slack-command" => slack::sent(0, data),
        "slack-interaction" => slack::sent(1, data),
        "slack-option" => slack::sent(2, data),
        "slack-event" => slack::sent(3, data),
        "slack-signature" => slack::headed(data),
        _ => None,
    }?;
    let body = assert_answer(&answer);
    let code = body["code"].as_str().unwrap_or("taken");
    Some(format!("{} {code}", answer.status_code))
}

/// One of several, by a byte.
fn chosen<T: Copy>(several: &[T], byte: u8) -> T {
    several.iter().cycle().nth(usize::from(byte)).copied().expect("there is one")
}

/// Drives what may wait for time.
fn driven<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// The world of the story, in which nothing has been called yet.
fn world() -> World {
    let world = MADE.world.fork();
    world.forget_calls();
    world
}

/// Nothing was changed: no call was made that writes.
fn assert_untouched(world: &World, why: &str) {
    let writes: Vec<_> = world.calls().into_iter().filter(|call| call.verb.writes()).collect();
    assert!(writes.is_empty(), "{why}, and still {writes:?}");
    assert_eq!(world.breaches(), Vec::<String>::new());
}

/// What every answer has to be, whatever it answers: not a failure of ours, JSON of the form that it says, and without
/// anybody's credentials.
fn assert_answer(answer: &Answer) -> Value {
    assert!((200..500).contains(&answer.status_code), "{} {}", answer.status_code, answer.body);
    let kind = answer.headers.get("content-type").map(String::as_str).unwrap_or_default();
    let body: Value = if answer.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&answer.body).expect("an answer is JSON")
    };
    if answer.status_code >= 400 {
        assert_eq!(kind, "application/problem+json");
        let code = body["code"].as_str().unwrap_or_default();
        let stable = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(!code.is_empty() && code.chars().all(stable), "{}", answer.body);
        let detail = body["detail"].as_str().unwrap_or_default();
        assert!(!detail.is_empty() && !detail.chars().any(char::is_control), "{detail:?}");
        assert_eq!(body["status"], answer.status_code);
        // What went wrong says nothing of how this is made.
        assert!(!answer.body.contains("src/") && answer.body.len() <= 64 * 1024, "{}", answer.body);
    }
    body
}

/// Where the requests of the story are.
fn standing(world: &World) -> [Option<State>; 3] {
    [&MADE.pending, &MADE.active, &MADE.denied].map(|id| world.stored(id).map(|stored| stored.state))
}
