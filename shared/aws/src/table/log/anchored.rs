//! What is anchored, and when: told to every copy that what begins access is conditioned on.

use super::{ANCHOR, anchor, anchored_at, read_anchor};
use crate::table::items::{self, text};
use crate::table::{Table, Write, keys, taken};
use crate::time::jittered;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use futures_util::{StreamExt as _, TryStreamExt as _};
use model::time::Time;
use workflow::ports::{ANCHOR_COPIES, Anchor, CommitError, Fault, KeepAnchor};

/// How often a copy is told while transactions hold it, and the wait before the second time, in milliseconds.
const ATTEMPTS: u32 = 6;
const WAIT: u64 = 20;

/// Copies that are told at the same time. Each call takes a connection of its own, and all of them begin their time when they
/// are sent: where calls are slow, all at once would be late together, every time.
const AT_ONCE: usize = 16;

impl Table {
    /// Tells a copy when the log was anchored, unless it knows of later.
    async fn tell_copy(&self, copy: u8, at: Time) -> Result<(), Fault> {
        let mut wait = WAIT;
        for _ in 0..ATTEMPTS {
            let put = self
                .client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(anchored_at(copy, at)))
                .condition_expression("attribute_not_exists(pk) OR #at <= :at")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":at", text(at.to_string()))
                .send()
                .await;
            let held = |error: &PutItemError| error.is_transaction_conflict_exception();
            if !put.as_ref().is_err_and(|error| error.as_service_error().is_some_and(held)) {
                return taken(ANCHOR, put).map(|_| ());
            }
            tokio::time::sleep(jittered(wait)).await;
            wait = wait.saturating_mul(2);
        }
        Err(Fault::new(ANCHOR, "TransactionConflict"))
    }
}

impl KeepAnchor for Table {
    async fn keep_anchor(&self, next: &Anchor, before: Option<&Anchor>) -> Result<bool, Fault> {
        if before.is_none_or(|before| before.at < next.at) {
            let told = futures_util::stream::iter((0..ANCHOR_COPIES).map(|copy| self.tell_copy(copy, next.at)));
            told.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        }
        let write = match before {
            None => Write::new(&self.name, anchor(next)),
            Some(before) => Write {
                condition: Some("#size = :size AND #at = :at AND #submitted = :submitted"),
                names: &[("#size", "size"), ("#at", "at"), ("#submitted", "submitted")],
                values: vec![
                    (":size", items::number(before.size)),
                    (":at", text(before.at.to_string())),
                    (":submitted", items::number(before.submitted)),
                ],
                ..Write::over(&self.name, anchor(next))
            },
        };
        match self.put_all(ANCHOR, vec![write]).await {
            Ok(()) => Ok(true),
            Err(CommitError::Unavailable(fault)) => Err(fault),
            // A transaction that begins access holds it for a moment, or another worker was faster.
            Err(_) => {
                let now = self.get(ANCHOR, keys::log_anchor()).await?;
                let now = now.map(|item| read_anchor(&item).ok_or_else(|| super::unreadable(ANCHOR))).transpose()?;
                if now.as_ref() == Some(next) {
                    return Ok(true);
                }
                if now.as_ref() == before { Err(Fault::new(ANCHOR, "TransactionConflict")) } else { Ok(false) }
            }
        }
    }
}
