//! Sweeps, each a partition with its state and its chain; and who is barred, an item for each person.

use super::items::{self, text, text_of};
use super::{Item, Table, Write, keys, log};
use crate::fault::{fault, unsendable};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use model::names::{PersonId, SweepId};
use model::stream::Stream;
use model::sweep::{Phase, Sweep};
use model::time::Time;
use workflow::ports::{
    Bar, Barring, CommitError, CommitSweep, Fault, FindChanged, FindSweeps, LoadSweep, ReadBar, StoredSweep,
    SweepCommit,
};

const LOAD: &str = "read the sweep";
const STORE: &str = "store the sweep";
const LIST: &str = "list sweeps";
const CHANGED: &str = "list what changed";
const BAR: &str = "read whether somebody is barred";

/// What keeps a transaction from somebody who is barred. An item stays when the bar is lifted.
const NOT_BARRED: &str = "attribute_not_exists(pk) OR #lifted = :true";

const LIFTED: &str = "lifted";

fn state(commit: &SweepCommit) -> Result<Item, Fault> {
    let StoredSweep { sweep, head, at } = &commit.next;
    let mut item = items::snapshot(STORE, keys::sweep_state(&commit.id), sweep, *head, *at)?;
    items::changed(&mut item, keys::CHANGED_SWEEPS, *at, &Stream::Sweep(commit.id.clone()));
    if let Phase::Running { since } = sweep.phase {
        item.insert("duePk".to_owned(), text(keys::SWEEPS));
        item.insert("dueSk".to_owned(), text(format!("{since}#{}", commit.id)));
    }
    Ok(item)
}

fn stored(id: &SweepId, item: &Item) -> Option<StoredSweep> {
    let (sweep, head, at) = items::read_snapshot::<Sweep>(item)?;
    (sweep.id == *id).then_some(StoredSweep { sweep, head, at })
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

    fn sweep_writes(&self, commit: &SweepCommit) -> Result<Vec<Write<'_>>, Fault> {
        let mut writes = vec![Write::versioned(&self.name, state(commit)?, commit.expected)];
        for link in &commit.links {
            writes.push(Write::new(&self.name, items::link(keys::sweep_entry(&commit.id, link.seq), link)));
            let stream = Stream::Sweep(commit.id.clone());
            writes.push(Write::over(&self.name, log::out(&stream, link, commit.next.at)));
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
        Ok(writes)
    }
}

impl LoadSweep for Table {
    async fn load_sweep(&self, id: &SweepId) -> Result<Option<StoredSweep>, Fault> {
        let Some(item) = self.get(LOAD, keys::sweep_state(id)).await? else { return Ok(None) };
        sound(id, &item).map(Some)
    }
}

/// A sweep, from the item that holds it.
pub(super) fn sound(id: &SweepId, item: &Item) -> Result<StoredSweep, Fault> {
    stored(id, item).ok_or_else(|| {
        tracing::error!(sweep.id = %id, alarm = "unreadable_state", "the stored state of {id} can't be read");
        Fault::new(LOAD, "unreadable_state")
    })
}

impl CommitSweep for Table {
    async fn commit_sweep(&self, commit: SweepCommit) -> Result<(), CommitError> {
        self.put_all(STORE, self.sweep_writes(&commit)?).await
    }
}

impl FindSweeps for Table {
    async fn running_sweeps(&self, limit: u32) -> Result<Vec<SweepId>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
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

impl FindChanged for Table {
    async fn changed(&self, since: Time, limit: u32) -> Result<Vec<Stream>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let of = |partition: &'static str| async move {
            let page = self
                .query()
                .index_name("by-status")
                .key_condition_expression("statusPk = :changed AND statusSk >= :since")
                .expression_attribute_values(":changed", text(partition))
                .expression_attribute_values(":since", text(since.to_string()))
                .scan_index_forward(false)
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| fault(CHANGED, &error))?;
            let keys = page.items().iter().filter_map(|item| text_of(item, "statusSk"));
            Ok::<Vec<String>, Fault>(keys.map(str::to_owned).collect())
        };
        let (sweeps, accounts) = futures_util::join!(of(keys::CHANGED_SWEEPS), of(keys::CHANGED_ACCOUNTS));
        let mut all: Vec<String> = sweeps?.into_iter().chain(accounts?).collect();
        all.sort_by(|one, other| other.cmp(one));
        all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(all.iter().filter_map(|key| keys::changed_stream(key)).collect())
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
