//! What is known of accounts, each a partition with its state and its chain.

use super::items::{self, number, number_of, text, text_of};
use super::{Item, Table, Write, keys};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use model::account::Account;
use model::names::AccountId;
use record::chain::Head;
use uuid::Uuid;
use workflow::ports::{AccountCommit, CommitAccount, CommitError, Fault, LoadAccount, StoredAccount};

const LOAD: &str = "read what is known of the account";
const STORE: &str = "note what was found in an account";

fn state(commit: &AccountCommit) -> Result<Item, Fault> {
    let StoredAccount { account, head, at } = &commit.next;
    let snapshot = serde_json::to_string(account).map_err(|_| Fault::new(STORE, "unwritable_state"))?;
    Ok(items::item(
        keys::account_state(&commit.id),
        [
            ("format", number(items::FORMAT)),
            ("version", number(head.seq)),
            ("head", text(head.hash.to_string())),
            ("at", text(at.to_string())),
            ("snapshot", text(snapshot)),
        ],
    ))
}

fn stored(id: &AccountId, item: &Item) -> Option<StoredAccount> {
    if number_of(item, "format") != Some(items::FORMAT) {
        return None;
    }
    let account: Account = serde_json::from_str(text_of(item, "snapshot")?).ok()?;
    if account.id != *id {
        return None;
    }
    let head = Head { seq: number_of(item, "version")?, hash: text_of(item, "head")?.parse().ok()? };
    Some(StoredAccount { account, head, at: text_of(item, "at")?.parse().ok()? })
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
        let item = state(&commit)?;
        let mut writes = vec![match commit.expected {
            0 => Write::new(&self.name, item),
            expected => Write {
                condition: Some("#version = :expected"),
                names: &[("#version", "version")],
                values: vec![(":expected", number(expected))],
                ..Write::over(&self.name, item)
            },
        }];
        for link in &commit.links {
            writes.push(Write::new(&self.name, items::link(keys::account_entry(&commit.id, link.seq), link)));
        }
        let writes: Result<Vec<TransactWriteItem>, Fault> =
            writes.into_iter().map(|write| Ok(TransactWriteItem::builder().put(write.build(STORE)?).build())).collect();
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes?))
            // What the SDK sends again takes effect once.
            .client_request_token(Uuid::now_v7().to_string())
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() {
            let lost = |code: &str| matches!(code, "None" | "ConditionalCheckFailed" | "TransactionConflict");
            if cancelled.cancellation_reasons().iter().all(|reason| reason.code().is_none_or(lost)) {
                return Err(CommitError::Conflict);
            }
        }
        Err(fault(STORE, &error).into())
    }
}
