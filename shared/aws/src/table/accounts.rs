//! What is known of accounts, each a partition with its state and its chain.

use super::{Item, Table, Write, items, keys, log};
use model::account::Account;
use model::names::AccountId;
use model::stream::Stream;
use workflow::ports::{AccountCommit, CommitAccount, CommitError, Fault, LoadAccount, StoredAccount};

const LOAD: &str = "read what is known of the account";
const STORE: &str = "note what was found in an account";

fn stored(id: &AccountId, item: &Item) -> Option<StoredAccount> {
    let (account, head, at) = items::read_snapshot::<Account>(item)?;
    (account.id == *id).then_some(StoredAccount { account, head, at })
}

impl LoadAccount for Table {
    async fn load_account(&self, id: &AccountId) -> Result<Option<StoredAccount>, Fault> {
        let Some(item) = self.get(LOAD, keys::account_state(id)).await? else { return Ok(None) };
        stored(id, &item).map(Some).ok_or_else(|| {
            tracing::error!(aws.account = %id, alarm = "unreadable_state", "what is known of {id} can't be read");
            Fault::new(LOAD, "unreadable_state")
        })
    }
}

impl CommitAccount for Table {
    async fn commit_account(&self, commit: AccountCommit) -> Result<(), CommitError> {
        let StoredAccount { account, head, at } = &commit.next;
        let mut item = items::snapshot(STORE, keys::account_state(&commit.id), account, *head, *at)?;
        items::changed(&mut item, keys::CHANGED_ACCOUNTS, *at, &Stream::Account(commit.id.clone()));
        let mut writes = vec![Write::versioned(&self.name, item, commit.expected)];
        for link in &commit.links {
            writes.push(Write::new(&self.name, items::link(keys::account_entry(&commit.id, link.seq), link)));
            writes.push(Write::over(&self.name, log::out(&Stream::Account(commit.id.clone()), link, *at)));
        }
        self.put_all(STORE, writes).await
    }
}
