//! The simulated table, which most other tests run on, beside a real one: the in-memory double of `workflow` and the table of
//! `aws` on the local cloud's DynamoDB are asked the same, and have to answer the same.
//!
//! A walk is a sequence of random calls of the ports that both have, from small pools of names and times, so that they get
//! into each other's way; at its end what can be read is read from both. It begins with a table of its own, as whatever a
//! table holds once is shared by all who use it: where the log is, and who is in which index.
//!
//! `cargo xtask test` goes some 2,000 steps. `COUNTERSIGN_TABLE_STEPS=100000` goes as many, with other seeds behind the usual
//! ones; `COUNTERSIGN_TABLE_SEED=s` goes the walk of that seed alone, as a failure names it.
//!
//! What the ports leave open is not compared: the words of a cursor, and how a fault says what was being done. Left out are
//! reads of what is damaged (`tests/simulation/src/damage.rs` has them) and whatever happens at the same time: transactions
//! in each other's way, indexes that lag. DynamoDB may delete what has a `ttl` any time after it; the double forgets the marks
//! of signatures at once and nothing else, so here somebody deletes those, and nothing else.

mod activity;
mod both;
mod log;
mod others;
mod place;
mod reading;
mod requests;
mod rest;
mod times;
mod walk;

use std::collections::BTreeSet;
use std::env;

use both::told_apart;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use futures_util::StreamExt as _;
use place::Place;
use walk::Walk;
use workflow::ports::{CommitError, Fault};

/// Steps of a walk.
const STEPS: u64 = 500;

/// Walks of a run, unless more steps are asked for.
const WALKS: u64 = 4;

/// Walks at the same time, each in its own place: what takes time is the way there and back, not the answer.
const AT_ONCE: usize = 4;

/// What commits have to come to somewhere on the usual walks: else these compare less than they should.
const OUTCOMES: [&str; 8] =
    ["stored", "Conflict", "Replayed", "KeyUsed", "SlotTaken", "Barred", "NotAnchored", "ValidationException"];

fn number(name: &str) -> Result<Option<u64>, Failure> {
    let Some(value) = env::var_os(name) else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Failure::new(format!("{name} is no number")))
}

/// Goes the walk of `seed`; what commits came to on it.
async fn go(stage: &Stage, seed: u64) -> Result<BTreeSet<&'static str>, Failure> {
    let place = Place::make(stage, seed).await?;
    let mut walk = Walk::new(&place, seed)?;
    let went = walk.go(STEPS).await;
    // Whatever came of it, the table goes.
    let gone = place.gone().await;
    went.map_err(|failure| {
        Failure::new(format!("{failure}\nCOUNTERSIGN_TABLE_SEED={seed} goes there again, step {} of it", walk.step))
    })?;
    gone.map(|()| walk.outcomes)
}

#[tokio::test]
async fn the_simulated_table_answers_as_dynamodb_does() -> Result<(), Failure> {
    let stage = Stage::find()?;
    if let Some(seed) = number("COUNTERSIGN_TABLE_SEED")? {
        return Box::pin(go(&stage, seed)).await.map(|_| ());
    }
    let walks = number("COUNTERSIGN_TABLE_STEPS")?.map_or(WALKS, |steps| steps.div_ceil(STEPS));
    let mut outcomes = BTreeSet::new();
    let went = futures_util::stream::iter((1..=walks).map(|seed| Box::pin(go(&stage, seed)))).buffer_unordered(AT_ONCE);
    // To the end, each of them: its place goes with it.
    for went in went.collect::<Vec<_>>().await {
        outcomes.extend(went?);
    }
    let missing: Vec<&&str> = OUTCOMES.iter().filter(|outcome| !outcomes.contains(**outcome)).collect();
    assert!(missing.is_empty() || walks < WALKS, "no commit came to {missing:?}");
    Ok(())
}

#[test]
fn answers_that_differ_are_told_apart() {
    let fault = |doing, code: &str| Fault::new(doing, code);
    assert!(told_apart(&Ok::<_, Fault>(1), &Ok(1)).is_none());
    assert!(
        told_apart(&Err::<u64, _>(fault("read", "a")), &Err(fault("look up", "a"))).is_none(),
        "the same in other words"
    );
    assert!(told_apart(&Ok::<_, Fault>(1), &Ok(2)).is_some());
    assert!(told_apart(&Err::<u64, _>(fault("read", "a")), &Err(fault("read", "b"))).is_some());
    assert!(told_apart(&Ok::<u64, Fault>(1), &Err(fault("read", "a"))).is_some());
    assert!(told_apart(&Err::<(), _>(CommitError::Conflict), &Err(CommitError::Replayed)).is_some());
    let unavailable = |doing| Err::<(), _>(CommitError::Unavailable(fault(doing, "a")));
    assert!(told_apart(&unavailable("store"), &unavailable("keep")).is_none());
}
