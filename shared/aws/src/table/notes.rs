//! Which messages were sent, and where.

use super::{Item, Table, items, keys, taken};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use model::digest::Digest;
use model::names::RequestId;
use model::time::Time;
use uuid::Uuid;
use workflow::ports::{Claim, Fault, Note, RememberNotes, Sent};

const CLAIM: &str = "claim a message";
const RELEASE: &str = "give up a message";
const NOTE: &str = "note a message";
const NOTES: &str = "find the messages";

/// How long a claim keeps others from sending, in seconds: longer than a sending may take.
const CLAIM_LASTS: i64 = 60;

impl RememberNotes for Table {
    async fn claim(&self, id: &RequestId, seq: u64, target: &str, now: Time) -> Result<Claim, Fault> {
        let claimant = Uuid::now_v7().to_string();
        let attributes = [("claimedAt", items::number(now.as_second())), ("claimant", items::text(claimant.as_str()))];
        let stale = now.as_second().saturating_sub(CLAIM_LASTS);
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(items::item(keys::note(id, seq, target), attributes)))
            .condition_expression("attribute_not_exists(pk) OR (attribute_not_exists(#ts) AND attribute_not_exists(unreachable) AND claimedAt < :stale)")
            .expression_attribute_names("#ts", "ts")
            .expression_attribute_values(":stale", items::number(stale))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(Claim::Ours) };
        if let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() {
            let of = |name| failed.item().and_then(|item| items::text_of(item, name));
            return Ok(if of("ts").is_some() {
                Claim::Posted
            } else if of("unreachable").is_some() {
                Claim::Unreachable
            } else if of("claimant") == Some(claimant.as_str()) {
                // Ours after all: the SDK repeated a call whose answer was lost.
                Claim::Ours
            } else {
                Claim::Held
            });
        }
        Err(fault(CLAIM, &error))
    }

    async fn release(&self, id: &RequestId, seq: u64, target: &str, claimed_at: Time) -> Result<(), Fault> {
        // As if it had been claimed long ago: this takes no permission to delete.
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(items::item(keys::note(id, seq, target), [("claimedAt", items::number(0))])))
            .condition_expression(
                "attribute_not_exists(#ts) AND attribute_not_exists(unreachable) AND claimedAt = :claimed",
            )
            .expression_attribute_names("#ts", "ts")
            .expression_attribute_values(":claimed", items::number(claimed_at.as_second()))
            .send()
            .await;
        taken(RELEASE, put).map(|_| ())
    }

    async fn note(&self, id: &RequestId, seq: u64, target: &str, sent: &Sent) -> Result<(), Fault> {
        let key = keys::note(id, seq, target);
        let item = match sent {
            Sent::Posted { channel, ts, shown } => items::item(
                key,
                [
                    ("channel", items::text(channel.as_str())),
                    ("ts", items::text(ts.as_str())),
                    ("shown", items::text(shown.to_string())),
                ],
            ),
            Sent::Unreachable { code } => items::item(key, [("unreachable", items::text(code.as_str()))]),
        };
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await;
        put.map(|_| ()).map_err(|error| fault(NOTE, &error))
    }

    async fn notes(&self, id: &RequestId) -> Result<Vec<Note>, Fault> {
        let mut notes = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .query()
                .consistent_read(true)
                .key_condition_expression("pk = :notes")
                .expression_attribute_values(":notes", items::text(keys::notes(id)))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| fault(NOTES, &error))?;
            notes.extend(page.items().iter().filter_map(noted));
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(notes);
            }
        }
    }
}

/// What an item says; `None` if it is a claim only.
fn noted(item: &Item) -> Option<Note> {
    let (seq, target) = items::text_of(item, "sk")?.split_once('#')?;
    let of = |name| items::text_of(item, name).map(str::to_owned);
    let sent = match (of("channel"), of("ts"), of("unreachable")) {
        // Of a message whose content was not noted nothing is known: it counts as showing something else.
        (Some(channel), Some(ts), _) => {
            let shown = of("shown").and_then(|shown| shown.parse().ok()).unwrap_or_else(|| Digest::of(b""));
            Sent::Posted { channel, ts, shown }
        }
        (_, _, Some(code)) => Sent::Unreachable { code },
        _ => return None,
    };
    Some(Note { seq: seq.parse().ok()?, target: target.to_owned(), sent })
}
