//! The system's own streams, each a partition with what is known and its chain.

use super::out;
use crate::table::items::{self, Item};
use crate::table::{Table, Write, keys};
use model::stream::{Place, Stream, SystemStream};
use model::system::Known;
use workflow::ports::{CommitError, CommitSystem, Fault, LoadSystem, StoredSystem, SystemCommit};

const LOAD: &str = "read what is known of the system";
const STORE: &str = "put on record what happened to the system";

/// What is stored of a stream.
pub(crate) fn read_system(stream: SystemStream, item: &Item) -> Result<StoredSystem, Fault> {
    let read = items::read_snapshot::<Known>(item).map(|(known, head, at)| StoredSystem { known, head, at });
    read.ok_or_else(|| {
        let stream = stream.as_str();
        tracing::error!(stream, alarm = "unreadable_state", "what is known of {stream} can't be read");
        Fault::new(LOAD, "unreadable_state")
    })
}

/// The key of what is known.
pub(crate) fn system_state(stream: SystemStream) -> (String, String) {
    keys::stream_state(&Stream::System(stream))
}

/// Everything that a change puts, for a transaction.
pub(crate) fn system_writes<'a>(table: &'a str, commit: &SystemCommit) -> Result<Vec<Write<'a>>, Fault> {
    let StoredSystem { known, head, at } = &commit.next;
    let stream = Stream::System(commit.stream);
    let state = items::snapshot(STORE, system_state(commit.stream), known, *head, *at)?;
    let mut writes = vec![Write::versioned(table, state, commit.expected)];
    for link in &commit.links {
        let place = Place { stream: stream.clone(), seq: link.seq };
        writes.push(Write::new(table, items::link(keys::event(&place), link)));
        writes.push(Write::over(table, out(&stream, link, *at)));
    }
    Ok(writes)
}

impl LoadSystem for Table {
    async fn load_system(&self, stream: SystemStream) -> Result<Option<StoredSystem>, Fault> {
        let Some(item) = self.get(LOAD, system_state(stream)).await? else { return Ok(None) };
        read_system(stream, &item).map(Some)
    }
}

impl CommitSystem for Table {
    async fn commit_system(&self, commit: SystemCommit) -> Result<(), CommitError> {
        self.put_all(STORE, system_writes(&self.name, &commit)?).await
    }
}
