//! The store of sweeps, and of who is barred.

use super::{Verb, World};
use crate::ports::{
    Bar, Barring, CommitError, CommitSweep, Fault, FindChanged, FindSweeps, LoadSweep, LoadSweepEntries, ReadBar,
    StoredEntry, StoredSweep, SweepCommit,
};
use model::names::{PersonId, SweepId};
use model::stream::Stream;
use model::sweep::Phase;
use model::time::Time;
use record::words::Beside;

impl World {
    /// A sweep as it is now, past the gate.
    pub fn stored_sweep(&self, id: &SweepId) -> Option<StoredSweep> {
        self.lock().store.sweeps.get(id).map(|(stored, _)| stored.clone())
    }

    /// All sweeps, in order.
    pub fn sweep_ids(&self) -> Vec<SweepId> {
        self.lock().store.sweeps.keys().cloned().collect()
    }

    /// The bytes of a sweep's chain, in order, past the gate.
    pub fn sweep_chain(&self, id: &SweepId) -> Vec<Vec<u8>> {
        self.lock().store.sweeps.get(id).map(|(_, entries)| bytes(entries)).unwrap_or_default()
    }

    /// What persons said in a sweep's chain, past the gate.
    pub fn sweep_words(&self, id: &SweepId) -> Beside {
        let inner = self.lock();
        let entries = inner.store.sweeps.get(id).map(|(_, entries)| entries.as_slice()).unwrap_or_default();
        entries.iter().flat_map(|entry| entry.words.clone()).collect()
    }
}

/// The bytes of a chain.
pub(super) fn bytes(entries: &[StoredEntry]) -> Vec<Vec<u8>> {
    entries.iter().map(|entry| entry.bytes.clone()).collect()
}

impl LoadSweepEntries for World {
    async fn sweep_entries(&self, id: &SweepId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault> {
        self.call(Verb::SweepEntries, id, "", |inner| {
            let count = |of: u64| usize::try_from(of).unwrap_or(usize::MAX);
            let entries = inner.store.sweeps.get(id).map(|(_, entries)| entries.as_slice()).unwrap_or_default();
            Ok(entries.iter().skip(count(after)).take(count(u64::from(limit))).cloned().collect())
        })
        .await
    }
}

impl FindChanged for World {
    async fn changed(&self, since: Time, limit: u32) -> Result<Vec<Stream>, Fault> {
        self.call(Verb::Changed, "", "", |inner| {
            let sweeps = inner.store.sweeps.iter().map(|(id, (stored, _))| (stored.at, Stream::Sweep(id.clone())));
            let accounts =
                inner.store.accounts.iter().map(|(id, (stored, _))| (stored.at, Stream::Account(id.clone())));
            let mut all: Vec<(Time, Stream)> = sweeps.chain(accounts).filter(|(at, _)| *at >= since).collect();
            all.sort_by(|one, other| other.cmp(one));
            Ok(all.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|(_, stream)| stream).collect())
        })
        .await
    }
}

impl LoadSweep for World {
    async fn load_sweep(&self, id: &SweepId) -> Result<Option<StoredSweep>, Fault> {
        self.call(Verb::LoadSweep, id, "", |inner| {
            let Some((stored, _)) = inner.store.sweeps.get(id) else { return Ok(None) };
            let stored = stored.clone();
            inner.as_read(stored, |reader, how, stored| reader.sweep(how, id, stored)).map(Some)
        })
        .await
    }
}

impl CommitSweep for World {
    async fn commit_sweep(&self, commit: SweepCommit) -> Result<(), CommitError> {
        let names: Vec<String> = commit.links.iter().map(|link| link.name.clone()).collect();
        self.call(Verb::CommitSweep, commit.id.clone(), names.join(","), |inner| {
            let moment = inner.elapsed();
            let store = &mut inner.store;
            let version = store.sweeps.get(&commit.id).map_or(0, |(stored, _)| stored.head.seq);
            let barred =
                |person: &PersonId| store.bars.get(person).filter(|bar| !bar.lifted).map(|bar| bar.sweep.clone());
            let bar_fits = match &commit.bar {
                None => true,
                Some((person, Barring::Bar)) => barred(person).is_none(),
                Some((person, Barring::Lift)) => barred(person).as_ref() == Some(&commit.id),
            };
            if version != commit.expected || !bar_fits {
                return Err(CommitError::Conflict);
            }
            if let Some((person, barring)) = commit.bar {
                store.bars.insert(person, Bar { sweep: commit.id.clone(), lifted: barring == Barring::Lift });
            }
            let stream = Stream::Sweep(commit.id.clone());
            inner.log.put_out(&stream, &commit.links, commit.next.at, moment);
            let mut entries = store.sweeps.remove(&commit.id).map(|(_, entries)| entries).unwrap_or_default();
            entries.extend(commit.links.into_iter().map(StoredEntry::from));
            store.sweeps.insert(commit.id, (commit.next, entries));
            Ok(())
        })
        .await
    }
}

impl FindSweeps for World {
    async fn running_sweeps(&self, limit: u32) -> Result<Vec<SweepId>, Fault> {
        self.call(Verb::RunningSweeps, "", "", |inner| {
            let sweeps = inner.store.sweeps.iter();
            let mut running: Vec<(Time, &SweepId)> = sweeps
                .filter_map(|(id, (stored, _))| match stored.sweep.phase {
                    Phase::Running { since } => Some((since, id)),
                    Phase::Proposed { .. } | Phase::Finished { .. } | Phase::Reinstated { .. } => None,
                })
                .collect();
            running.sort();
            Ok(running
                .into_iter()
                .take(usize::try_from(limit).unwrap_or(usize::MAX))
                .map(|(_, id)| id.clone())
                .collect())
        })
        .await
    }
}

impl ReadBar for World {
    async fn bar(&self, person: &PersonId) -> Result<Option<Bar>, Fault> {
        self.call(Verb::ReadBar, person, "", |inner| Ok(inner.store.bars.get(person).cloned())).await
    }
}
