//! Entries of any streams, where these end, and the system's own.

use super::nth;
use crate::double::misread::link;
use crate::double::{Inner, Verb, World};
use crate::ports::{
    CommitError, CommitSystem, Fault, LoadSystem, ReadStreams, StoredEntry, StoredSystem, SystemCommit,
};
use model::stream::{Place, Stream, SystemStream};
use model::time::Time;
use record::chain::{Head, Link};
use record::words::Beside;

impl Inner {
    pub(in crate::double) fn chain_of(&self, stream: &Stream) -> Option<Vec<Vec<u8>>> {
        if let Some((_, _, entries)) = self.log.loose.get(stream) {
            return Some(entries.clone());
        }
        match stream {
            Stream::System(stream) => self.log.systems.get(stream).map(|(_, entries)| entries.clone()),
            Stream::Account(_) | Stream::Request(_) | Stream::Sweep(_) => self.store.chain_of(stream),
        }
    }

    /// One entry, as it was committed.
    fn entry_at(&self, place: &Place) -> Option<&Vec<u8>> {
        let nth = nth(place.seq.checked_sub(1)?);
        if let Some((_, _, entries)) = self.log.loose.get(&place.stream) {
            return entries.get(nth);
        }
        match &place.stream {
            Stream::System(stream) => self.log.systems.get(stream)?.1.get(nth),
            Stream::Account(_) | Stream::Request(_) | Stream::Sweep(_) => self.store.entry_at(&place.stream, nth),
        }
    }

    /// Appends to a stream of which nothing but its entries is kept.
    pub(in crate::double) fn append_loose(&mut self, stream: &Stream, links: Vec<Link>) {
        let (at, moment) = (self.now, self.elapsed());
        self.log.put_out(stream, &links, at, moment);
        let kept = self.log.loose.entry(stream.clone()).or_insert((Head::START, at, Vec::new()));
        for link in links {
            kept.0 = Head { seq: link.seq, hash: link.hash };
            kept.2.push(link.bytes);
        }
        kept.1 = at;
    }
}

impl ReadStreams for World {
    async fn entries_at(&self, places: &[Place]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        self.call(Verb::EntriesAt, "", places.len(), |inner| {
            let lies = |place: &Place| match inner.log.tampered.get(place) {
                Some(bytes) => bytes.clone(),
                None => inner.entry_at(place).cloned(),
            };
            let found: Vec<Option<Vec<u8>>> = places.iter().map(lies).collect();
            // Which of them is damaged follows from how.
            let at = inner.misread.and_then(|how| usize::try_from(how >> 40).ok()?.checked_rem(places.len()));
            let damaged = at.and_then(|at| Some((at, places.get(at)?, found.get(at)?.clone()?)));
            let Some((at, place, bytes)) = damaged else { return Ok(found) };
            let entry = StoredEntry { seq: place.seq, bytes, words: Beside::new() };
            // What can't be read is not there, for whoever reads many.
            let read = inner.as_read(entry, |reader, how, entry| reader.entry(how, &place.stream, &link(entry)));
            let read = read.ok().map(|entry| entry.bytes);
            Ok(found.into_iter().enumerate().map(|(nth, bytes)| if nth == at { read.clone() } else { bytes }).collect())
        })
        .await
    }

    async fn stream_end(&self, stream: &Stream) -> Result<Option<(Head, Time)>, Fault> {
        self.call(Verb::StreamEnd, stream, "", |inner| {
            if inner.log.damaged.contains(stream) {
                return Err(Fault::new("read entries of streams", "unreadable_state"));
            }
            if let Some((head, at, _)) = inner.log.loose.get(stream) {
                return Ok(Some((*head, *at)));
            }
            Ok(match stream {
                Stream::System(stream) => inner.log.systems.get(stream).map(|(stored, _)| (stored.head, stored.at)),
                Stream::Account(_) | Stream::Request(_) | Stream::Sweep(_) => inner.store.end_of(stream),
            })
        })
        .await
    }
}

impl LoadSystem for World {
    async fn load_system(&self, stream: SystemStream) -> Result<Option<StoredSystem>, Fault> {
        self.call(Verb::LoadSystem, stream.as_str(), "", |inner| {
            Ok(inner.log.systems.get(&stream).map(|(stored, _)| stored.clone()))
        })
        .await
    }
}

impl CommitSystem for World {
    async fn commit_system(&self, commit: SystemCommit) -> Result<(), CommitError> {
        let names: Vec<String> = commit.links.iter().map(|link| link.name.clone()).collect();
        self.call(Verb::CommitSystem, commit.stream.as_str(), names.join(","), |inner| {
            let moment = inner.elapsed();
            let log = &mut inner.log;
            let version = log.systems.get(&commit.stream).map_or(0, |(stored, _)| stored.head.seq);
            if version != commit.expected {
                return Err(CommitError::Conflict);
            }
            log.put_out(&Stream::System(commit.stream), &commit.links, commit.next.at, moment);
            let mut entries = log.systems.remove(&commit.stream).map(|(_, entries)| entries).unwrap_or_default();
            entries.extend(commit.links.into_iter().map(|link| link.bytes));
            log.systems.insert(commit.stream, (commit.next, entries));
            Ok(())
        })
        .await
    }
}
