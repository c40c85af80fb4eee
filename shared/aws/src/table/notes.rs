//! Which messages were sent, and where.

use super::{Table, items, keys};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use model::names::RequestId;
use model::time::Time;
use uuid::Uuid;
use workflow::ports::{Claim, Fault, RememberNotes};

const CLAIM: &str = "claim a message";
const RELEASE: &str = "give up a message";
const POSTED: &str = "note a posted message";
const WHERE: &str = "find a posted message";

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
            .condition_expression("attribute_not_exists(pk) OR (attribute_not_exists(#ts) AND claimedAt < :stale)")
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
            .condition_expression("attribute_not_exists(#ts) AND claimedAt = :claimed")
            .expression_attribute_names("#ts", "ts")
            .expression_attribute_values(":claimed", items::number(claimed_at.as_second()))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(())
            }
            Err(error) => Err(fault(RELEASE, &error)),
        }
    }

    async fn posted(&self, id: &RequestId, seq: u64, target: &str, channel: &str, ts: &str) -> Result<(), Fault> {
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(items::item(
                keys::note(id, seq, target),
                [("channel", items::text(channel)), ("ts", items::text(ts))],
            )))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault(POSTED, &error))
    }

    async fn where_posted(&self, id: &RequestId, seq: u64, target: &str) -> Result<Option<(String, String)>, Fault> {
        let found = self.get(WHERE, keys::note(id, seq, target)).await?;
        Ok(found.and_then(|item| {
            Some((items::text_of(&item, "channel")?.to_owned(), items::text_of(&item, "ts")?.to_owned()))
        }))
    }
}
