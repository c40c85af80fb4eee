//! Telling readers that something changed: a number that rises, and a stream of it.

use std::convert::Infallible;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;

use crate::server::Shared;
use crate::state::Slack;

/// The state while one caller has it. Whoever takes it to change it is taken to have changed it.
pub(crate) struct Held<'a> {
    slack: MutexGuard<'a, Slack>,
    changes: &'a watch::Sender<u64>,
    changed: bool,
}

impl<'a> Held<'a> {
    pub(crate) fn new(slack: MutexGuard<'a, Slack>, changes: &'a watch::Sender<u64>) -> Self {
        Self { slack, changes, changed: false }
    }
}

impl Deref for Held<'_> {
    type Target = Slack;

    fn deref(&self) -> &Slack {
        &self.slack
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Slack {
        self.changed = true;
        &mut self.slack
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.changed {
            self.changes.send_modify(|number| *number = number.saturating_add(1));
        }
    }
}

/// `GET /_local/changes`: one event now and one for each change; changes in quick succession may share one.
pub(crate) async fn stream(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let mut changes = shared.changes.subscribe();
    changes.mark_changed();
    let events = unfold(changes, |mut changes| async {
        changes.changed().await.ok()?;
        let number = *changes.borrow_and_update();
        Some((Ok(Event::default().data(number.to_string())), changes))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
