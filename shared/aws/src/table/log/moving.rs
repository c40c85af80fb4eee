//! The log goes on: a batch is staged, becomes the head, and is where everybody can read it.

use super::{MOVE, batch, head};
use crate::table::items::text;
use crate::table::{ABSENT, Table, Write, taken};
use workflow::ports::{Batch, CommitError, Fault, LogHead, MoveLog, ReadLog as _};

impl MoveLog for Table {
    async fn stage(&self, staged: &Batch) -> Result<bool, Fault> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(batch(staged)))
            .condition_expression(ABSENT)
            .send()
            .await;
        if taken(MOVE, put)? {
            return Ok(true);
        }
        // What is there may be ours: an attempt whose answer was lost.
        Ok(self.batch(staged.first).await?.as_ref() == Some(staged))
    }

    async fn move_head(&self, next: &LogHead, staged: &Batch, before: Option<&str>) -> Result<(), CommitError> {
        let moved = match before {
            None => Write::new(&self.name, head(next)),
            Some(note) => Write {
                condition: Some("#note = :note AND #applied = :true"),
                names: &[("#note", "note"), ("#applied", "applied")],
                values: vec![(":note", text(note)), (":true", aws_sdk_dynamodb::types::AttributeValue::Bool(true))],
                ..Write::over(&self.name, head(next))
            },
        };
        let signed = Write {
            condition: Some("#root = :root AND attribute_not_exists(#note)"),
            names: &[("#root", "root"), ("#note", "note")],
            values: vec![(":root", text(staged.root.to_string()))],
            ..Write::over(&self.name, batch(staged))
        };
        self.put_all(MOVE, vec![moved, signed]).await
    }

    async fn applied(&self, of: &LogHead) -> Result<bool, Fault> {
        let done = LogHead { applied: true, ..of.clone() };
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(head(&done)))
            .condition_expression("#note = :note")
            .expression_attribute_names("#note", "note")
            .expression_attribute_values(":note", text(of.note.as_str()))
            .send()
            .await;
        taken(MOVE, put)
    }
}
