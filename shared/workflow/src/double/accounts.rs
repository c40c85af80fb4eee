//! The store of what is known of accounts.

use super::{Verb, World};
use crate::ports::{AccountCommit, CommitAccount, CommitError, Fault, LoadAccount, Observation, StoredAccount};
use model::names::AccountId;
use model::stream::Stream;

impl World {
    /// From now on what is found in a new account is only observed for so many seconds.
    pub fn set_observation(&self, seconds: u64) {
        self.lock().observe_seconds = seconds;
    }

    /// What is known of an account, past the gate.
    pub fn stored_account(&self, id: &AccountId) -> Option<StoredAccount> {
        self.lock().store.accounts.get(id).map(|(stored, _)| stored.clone())
    }

    /// The bytes of an account's chain, in order, past the gate.
    pub fn account_chain(&self, id: &AccountId) -> Vec<Vec<u8>> {
        self.lock().store.accounts.get(id).map(|(_, entries)| entries.clone()).unwrap_or_default()
    }
}

impl Observation for World {
    fn observe_seconds(&self) -> u64 {
        self.lock().observe_seconds
    }
}

impl LoadAccount for World {
    async fn load_account(&self, id: &AccountId) -> Result<Option<StoredAccount>, Fault> {
        self.call(Verb::LoadAccount, id, "", |inner| Ok(inner.store.accounts.get(id).map(|(stored, _)| stored.clone())))
            .await
    }
}

impl CommitAccount for World {
    async fn commit_account(&self, commit: AccountCommit) -> Result<(), CommitError> {
        let names: Vec<String> = commit.links.iter().map(|link| link.name.clone()).collect();
        self.call(Verb::CommitAccount, commit.id.clone(), names.join(","), |inner| {
            let moment = inner.elapsed();
            let accounts = &mut inner.store.accounts;
            let version = accounts.get(&commit.id).map_or(0, |(stored, _)| stored.head.seq);
            if version != commit.expected {
                return Err(CommitError::Conflict);
            }
            let stream = Stream::Account(commit.id.clone());
            inner.log.put_out(&stream, &commit.links, commit.next.at, moment);
            let mut entries = accounts.remove(&commit.id).map(|(_, entries)| entries).unwrap_or_default();
            entries.extend(commit.links.into_iter().map(|link| link.bytes));
            accounts.insert(commit.id, (commit.next, entries));
            Ok(())
        })
        .await
    }
}
