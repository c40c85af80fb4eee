//! Sweeps, each a partition with its state and its chain; and who is barred, an item for each person.

use super::items::{self, number, number_of, text, text_of};
use super::{Item, Table, Write, keys};
use crate::fault::{fault, unsendable};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use model::names::{PersonId, SweepId};
use model::sweep::{Phase, Sweep};
use record::chain::Head;
use uuid::Uuid;
use workflow::ports::{
    Bar, Barring, CommitError, CommitSweep, Fault, FindSweeps, LoadSweep, ReadBar, StoredSweep, SweepCommit,
};

const LOAD: &str = "read the sweep";
const STORE: &str = "store the sweep";
const LIST: &str = "list sweeps";
const BAR: &str = "read whether somebody is barred";

/// What keeps a transaction from somebody who is barred. An item stays when the bar is lifted.
const NOT_BARRED: &str = "attribute_not_exists(pk) OR #lifted = :true";

const LIFTED: &str = "lifted";

fn state(commit: &SweepCommit) -> Result<Item, Fault> {
    let StoredSweep { sweep, head, at } = &commit.next;
    let snapshot = serde_json::to_string(sweep).map_err(|_| Fault::new(STORE, "unwritable_state"))?;
    let mut item = items::item(
        keys::sweep_state(&commit.id),
        [
            ("format", number(items::FORMAT)),
            ("version", number(head.seq)),
            ("head", text(head.hash.to_string())),
            ("at", text(at.to_string())),
            ("snapshot", text(snapshot)),
        ],
    );
    if let Phase::Running { since } = sweep.phase {
        item.insert("duePk".to_owned(), text(keys::SWEEPS));
        item.insert("dueSk".to_owned(), text(format!("{since}#{}", commit.id)));
    }
    Ok(item)
}

fn stored(id: &SweepId, item: &Item) -> Option<StoredSweep> {
    if number_of(item, "format") != Some(items::FORMAT) {
        return None;
    }
    let sweep: Sweep = serde_json::from_str(text_of(item, "snapshot")?).ok()?;
    if sweep.id != *id {
        return None;
    }
    let head = Head { seq: number_of(item, "version")?, hash: text_of(item, "head")?.parse().ok()? };
    Some(StoredSweep { sweep, head, at: text_of(item, "at")?.parse().ok()? })
}

fn bar(item: &Item) -> Option<Bar> {
    let lifted = *item.get(LIFTED)?.as_bool().ok()?;
    Some(Bar { sweep: text_of(item, "sweep")?.parse().ok()?, lifted })
}

impl Table {
    /// The part of a transaction that fails if `person` is barred.
    pub(super) fn unbarred(&self, person: &PersonId) -> Result<TransactWriteItem, Fault> {
        let (pk, sk) = keys::bar(person);
        let check = ConditionCheck::builder()
            .table_name(&self.name)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .condition_expression(NOT_BARRED)
            .expression_attribute_names("#lifted", LIFTED)
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .build()
            .map_err(unsendable(super::commit::STORE))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    fn sweep_writes(&self, commit: &SweepCommit) -> Result<Vec<TransactWriteItem>, Fault> {
        let item = state(commit)?;
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
            writes.push(Write::new(&self.name, items::link(keys::sweep_entry(&commit.id, link.seq), link)));
        }
        if let Some((person, barring)) = &commit.bar {
            let mark = items::item(
                keys::bar(person),
                [
                    ("sweep", text(commit.id.as_str())),
                    ("at", text(commit.next.at.to_string())),
                    (LIFTED, AttributeValue::Bool(*barring == Barring::Lift)),
                ],
            );
            writes.push(match barring {
                Barring::Bar => Write {
                    condition: Some(NOT_BARRED),
                    names: &[("#lifted", LIFTED)],
                    values: vec![(":true", AttributeValue::Bool(true))],
                    ..Write::over(&self.name, mark)
                },
                Barring::Lift => Write {
                    condition: Some("#sweep = :sweep AND #lifted = :false"),
                    names: &[("#lifted", LIFTED), ("#sweep", "sweep")],
                    values: vec![(":sweep", text(commit.id.as_str())), (":false", AttributeValue::Bool(false))],
                    ..Write::over(&self.name, mark)
                },
            });
        }
        writes.into_iter().map(|write| Ok(TransactWriteItem::builder().put(write.build(STORE)?).build())).collect()
    }
}

impl LoadSweep for Table {
    async fn load_sweep(&self, id: &SweepId) -> Result<Option<StoredSweep>, Fault> {
        let Some(item) = self.get(LOAD, keys::sweep_state(id)).await? else { return Ok(None) };
        stored(id, &item).map(Some).ok_or_else(|| {
            tracing::error!(sweep.id = %id, alarm = "unreadable_state", "the stored state of {id} can't be read");
            Fault::new(LOAD, "unreadable_state")
        })
    }
}

impl CommitSweep for Table {
    async fn commit_sweep(&self, commit: SweepCommit) -> Result<(), CommitError> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(self.sweep_writes(&commit)?))
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

impl FindSweeps for Table {
    async fn running_sweeps(&self, limit: u32) -> Result<Vec<SweepId>, Fault> {
        let page = self
            .query()
            .index_name("by-due")
            .key_condition_expression("duePk = :sweeps")
            .expression_attribute_values(":sweeps", text(keys::SWEEPS))
            .scan_index_forward(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault(LIST, &error))?;
        Ok(page.items().iter().filter_map(|item| keys::sweep(text_of(item, "pk")?)).collect())
    }
}

impl ReadBar for Table {
    async fn bar(&self, person: &PersonId) -> Result<Option<Bar>, Fault> {
        match self.get(BAR, keys::bar(person)).await? {
            None => Ok(None),
            Some(item) => bar(&item).map(Some).ok_or_else(|| Fault::new(BAR, "unreadable_bar")),
        }
    }
}
