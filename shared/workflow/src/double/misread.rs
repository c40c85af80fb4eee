//! Items of the table that are damaged when they are read.

use super::{Inner, World};
use crate::ports::{Anchor, Fault, LogHead, Stored, StoredEntry, StoredSweep, Unlogged};
use model::names::SweepId;
use model::stream::Stream;
use record::chain::Link;
use record::entry::EntryHash;
use std::fmt;
use std::sync::Arc;

/// What the table's own readers make of damaged items. The world holds none: whoever simulates the table has them. `how`
/// says in which way an item is damaged.
pub trait Misread: fmt::Debug + Send + Sync {
    /// A request's state.
    ///
    /// # Errors
    /// It can't be read.
    fn request(&self, how: u64, stored: &Stored) -> Result<Stored, Fault>;
    /// A sweep's state.
    ///
    /// # Errors
    /// It can't be read.
    fn sweep(&self, how: u64, id: &SweepId, stored: &StoredSweep) -> Result<StoredSweep, Fault>;
    /// One entry of a chain.
    ///
    /// # Errors
    /// It can't be read.
    fn entry(&self, how: u64, stream: &Stream, link: &Link) -> Result<StoredEntry, Fault>;
    /// What the outbox says of an entry.
    fn unlogged(&self, how: u64, stream: &Stream, out: &Unlogged) -> Unlogged;
    /// Where the log is.
    ///
    /// # Errors
    /// It can't be read.
    fn log_head(&self, how: u64, head: &LogHead) -> Result<LogHead, Fault>;
    /// What of the log is anchored.
    ///
    /// # Errors
    /// It can't be read.
    fn anchor(&self, how: u64, anchor: &Anchor) -> Result<Anchor, Fault>;
}

impl World {
    /// What is read damaged is read by `reader`.
    pub fn read_by(&self, reader: Arc<dyn Misread>) {
        self.lock().reader = Some(reader);
    }
}

impl Inner {
    /// `item`, as it is read: damaged, if it is to be and `read` knows how.
    pub(super) fn as_read<T>(
        &mut self,
        item: T,
        read: impl FnOnce(&dyn Misread, u64, &T) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match (self.misread.take(), self.reader.clone()) {
            (Some(how), Some(reader)) => read(&*reader, how, &item),
            (Some(_) | None, _) => Ok(item),
        }
    }

    /// One of several, as [`Inner::as_read`].
    pub(super) fn one_as_read<T>(
        &mut self,
        mut items: Vec<T>,
        read: impl FnOnce(&dyn Misread, u64, &T) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let drawn = self.misread.and_then(|how| usize::try_from(how >> 40).ok());
        if let Some(nth) = drawn.and_then(|drawn| drawn.checked_rem(items.len())) {
            let item = items.swap_remove(nth);
            items.push(self.as_read(item, read)?);
            let last = items.len().saturating_sub(1);
            items.swap(nth, last);
        }
        Ok(items)
    }
}

/// An entry as it was written.
pub(super) fn link(entry: &StoredEntry) -> Link {
    let StoredEntry { seq, bytes, words } = entry.clone();
    Link { seq, name: String::new(), hash: EntryHash::of(&bytes), bytes, words }
}
