//! The record nobody can rewrite: every event is in the log within seconds, the log is signed, anchored and witnessed, and
//! nobody takes anything out of it.

mod anchored;
mod deployed;
mod exported;
mod restored;
mod untouchable;

use std::time::{Duration, Instant};

use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use end_to_end::waiting::until;

use crate::orders_db_debug;

/// From an event's commit to the signed checkpoint that covers it, at most, on a machine that other tests keep busy. Less than
/// the minute after which the timer looks for what was not told of. What it takes by itself is measured by `cargo xtask bench
/// log`.
const WITHIN: Duration = Duration::from_secs(30);

/// The leaves that the entries of `trail` are, once all of them are logged.
async fn logged(log: &Log, trail: &Trail) -> Result<Vec<u64>, Failure> {
    let mut indexes = Vec::new();
    for seq in 1..=trail.head.seq {
        let index = until("it is logged", Duration::from_secs(90), || log.index(&trail.request, seq));
        indexes.push(index.await?);
    }
    Ok(indexes)
}

#[tokio::test]
async fn a_grants_whole_life_is_in_the_log_within_seconds() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let log = Log::of(&stage)?;
    let before = log.checkpoint().await?;
    let id = orders_db_debug(&stage).await?;
    stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
    let stored = Instant::now();
    let trail = Trail::fetch(&stage.alice, &id).await?;
    let indexes = logged(&log, &trail).await?;
    let took = stored.elapsed();
    assert!(took <= WITHIN, "it took {took:?} until all {} events were logged", indexes.len());
    // In the order of the stream, and proven by the files alone.
    assert!(indexes.is_sorted(), "{indexes:?}");
    let checkpoint = until("the checkpoint is there", Duration::from_mins(1), || async {
        let checkpoint = log.checkpoint().await?;
        Ok(indexes.iter().all(|index| *index < checkpoint.checkpoint.size()).then_some(checkpoint))
    });
    let checkpoint = checkpoint.await?;
    for (index, entry) in indexes.iter().zip(&trail.entries) {
        log.includes(&checkpoint, *index, entry).await?;
    }
    let mut forged = trail.entries.last().cloned().unwrap_or_default();
    forged.push(b' ');
    assert!(log.includes(&checkpoint, indexes.last().copied().unwrap_or_default(), &forged).await.is_err());
    log.goes_on(&before, &checkpoint).await
}

#[tokio::test]
async fn a_checkpoint_is_anchored_and_cosigned_by_who_runs_nothing_here() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let log = Log::of(&stage)?;
    let trail = Trail::fetch(&stage.alice, &crate::logs_read(&stage).await?).await?;
    let newest = logged(&log, &trail).await?.into_iter().max().unwrap_or_default();
    let size = until("it is cosigned", Duration::from_mins(3), || async {
        log.minute().await?;
        let size = log.anchored_size().await?;
        Ok((size > newest).then_some(size))
    })
    .await?;
    let anchor = log.anchor(&format!("anchors/{size:020}")).await?.ok_or_else(|| Failure::new("there is no anchor"))?;
    assert_eq!(log.opened(&anchor)?.checkpoint.size(), size);
    let cosigned = log.anchor(&format!("cosigned/{size:020}")).await?;
    let cosigned = log.opened(&cosigned.ok_or_else(|| Failure::new("nobody cosigned it"))?)?;
    assert_eq!(cosigned.checkpoint, log.opened(&anchor)?.checkpoint);
    let witness: Vec<&str> = cosigned.cosigned.iter().map(|by| by.key.name()).collect();
    assert_eq!(witness, [stage.outputs.log_archive.get("WitnessName").map_or("", String::as_str)]);
    Ok(())
}
