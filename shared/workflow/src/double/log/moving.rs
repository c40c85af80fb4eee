//! The log goes on, and what of it is anchored.

use crate::double::{Verb, World};
use crate::ports::{Anchor, Batch, CommitError, Fault, KeepAnchor, LogHead, MoveLog, ReadLog};

impl ReadLog for World {
    async fn log_head(&self) -> Result<Option<LogHead>, Fault> {
        self.call(Verb::LogHead, "", "", |inner| {
            let Some(head) = inner.log.head.clone() else { return Ok(None) };
            inner.as_read(head, |reader, how, head| reader.log_head(how, head)).map(Some)
        })
        .await
    }

    async fn batch(&self, first: u64) -> Result<Option<Batch>, Fault> {
        self.call(Verb::Batch, first, "", |inner| Ok(inner.log.batches.get(&first).cloned())).await
    }

    async fn anchor(&self) -> Result<Option<Anchor>, Fault> {
        self.call(Verb::Anchor, "", "", |inner| {
            let Some(anchor) = inner.log.anchor.clone() else { return Ok(None) };
            inner.as_read(anchor, |reader, how, anchor| reader.anchor(how, anchor)).map(Some)
        })
        .await
    }
}

impl MoveLog for World {
    async fn stage(&self, batch: &Batch) -> Result<bool, Fault> {
        self.call(Verb::Stage, batch.first, "", |inner| {
            if let Some(staged) = inner.log.batches.get(&batch.first) {
                return Ok(staged == batch);
            }
            inner.log.batches.insert(batch.first, batch.clone());
            Ok(true)
        })
        .await
    }

    async fn move_head(&self, next: &LogHead, batch: &Batch, before: Option<&str>) -> Result<(), CommitError> {
        self.call(Verb::MoveHead, next.edge.size(), "", |inner| {
            let moment = inner.elapsed();
            let log = &mut inner.log;
            let fits = |staged: &Batch| staged.root == batch.root && staged.note.is_none();
            let staged = log.batches.get(&batch.first).is_some_and(fits);
            let stands = log.head.as_ref().is_none_or(|head| head.applied);
            if log.head.as_ref().map(|head| head.note.as_str()) != before || !staged || !stands {
                return Err(CommitError::Conflict);
            }
            log.head = Some(next.clone());
            log.batches.insert(batch.first, batch.clone());
            let waited = batch.places.iter().filter_map(|place| log.waited(place, moment)).collect::<Vec<_>>();
            log.waits.signed.extend(waited);
            Ok(())
        })
        .await
    }

    async fn applied(&self, head: &LogHead) -> Result<bool, Fault> {
        self.call(Verb::Applied, head.edge.size(), "", |inner| match &mut inner.log.head {
            Some(now) if now.note == head.note => {
                now.applied = true;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        })
        .await
    }
}

impl KeepAnchor for World {
    async fn keep_anchor(&self, anchor: &Anchor, before: Option<&Anchor>) -> Result<bool, Fault> {
        // By which witness or none, and how fresh: access waits for that.
        let detail = format!("{} {}", if anchor.cosigned { "cosigned" } else { "alone" }, anchor.at);
        self.call(Verb::KeepAnchor, anchor.size, detail, |inner| {
            let log = &mut inner.log;
            // Every copy is told first, and stays so also if another anchor is there by now.
            if before.is_none_or(|before| before.at < anchor.at) {
                log.anchored_at = log.anchored_at.max(Some(anchor.at));
            }
            let which = |anchor: &Anchor| (anchor.size, anchor.at, anchor.submitted);
            if log.anchor.as_ref().map(which) != before.map(which) {
                // Told again: it is there.
                return Ok(log.anchor.as_ref() == Some(anchor));
            }
            log.anchor = Some(anchor.clone());
            Ok(true)
        })
        .await
    }
}
