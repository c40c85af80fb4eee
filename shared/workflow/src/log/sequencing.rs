//! From what is gathered to the log's next signed head.
//!
//! INVARIANT (one root for a size): what is signed is the batch that is staged for its first leaf, and staged is only one.
//! Whoever finds another one staged goes on with that.

use super::apply::{apply, edge_files};
use super::gather::{Gathered, Hint, Hints, Leaf, gather};
use super::{PART, Sequencing, broken, keys};
use crate::ports::{Batch, CommitError, Fault, LogHead, LogSettings, ReadLog, Sign, SignAsFormer};
use crate::system::append;
use model::stream::{Stream, SystemStream};
use model::system::{Defect, Event, Known, MOST_DEFECTS};
use model::time::Time;
use record::checkpoint::{self, Checkpoint};
use record::note::{Note, Signature, VerifierKey};
use record::tree::{Edge, leaf};
use std::collections::{BTreeMap, BTreeSet};

const DOING: &str = "bring entries into the log";

/// Batches of one run, at most: what is left is found by the next one.
const BATCHES: u32 = 40;

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// How many leaves it logged.
    pub leaves: u64,
    /// In how many batches.
    pub batches: u64,
}

/// What of the streams that a round looked at it did not log.
enum More {
    /// Nothing.
    None,
    /// What there was no room for.
    Rest,
    /// It may be all of it: another batch was logged, or the log's own stream has something new.
    All,
}

/// What one round did.
enum Round {
    /// It logged so many leaves.
    Logged {
        leaves: usize,
        /// What is known to wait.
        more: More,
    },
    /// Somebody else was faster.
    Overtaken,
    /// There was nothing, and what the round itself put on record, if it did, is for the next.
    Nothing { more: bool },
}

/// Streams that a run finds by itself, at most.
const STREAMS: u32 = 1_000;

/// Brings into the log what there was news of, by stream and up to which place (0: not known), and whatever else is known to
/// wait: who was told of a part of it does the work for all. A batch that somebody left unfinished is finished first.
///
/// # Errors
/// If something outside failed; what was begun is finished by the next run.
pub async fn sequence<P: Sequencing>(ports: &P, told: BTreeMap<Stream, u64>) -> Result<Ran, Fault> {
    let hints = told.into_iter().map(|(stream, told)| (stream, Hint { told, reaches: 0 })).collect();
    Box::pin(run(ports, hints, true)).await
}

/// With `look`, what else waits is asked for, at the same time as the head.
pub(super) async fn run<P: Sequencing>(ports: &P, mut hints: Hints, look: bool) -> Result<Ran, Fault> {
    let mut ran = Ran::default();
    let mut fault = None;
    for nth in 0..BATCHES {
        let (before, waiting) = futures_util::join!(Box::pin(settled(ports)), async {
            if look && nth == 0 { ports.unlogged(STREAMS).await } else { Ok(Vec::new()) }
        });
        let before = before?;
        match waiting {
            Ok(waiting) => waiting.into_iter().for_each(|stream| {
                // Whoever told of it may not know all.
                hints.insert(stream, Hint::default());
            }),
            // The index is there for speed alone: what it shows is told of as well, or found by the timer.
            Err(fault) => tracing::warn!(error.code = %fault.code, "what else waits is not known: {fault}"),
        }
        let found = gather(ports, &hints, ports.now()).await?;
        fault = fault.or_else(|| found.fault.clone());
        let rest = found.rest.clone();
        match Box::pin(round(ports, before, found, &mut hints)).await? {
            Round::Logged { leaves, more } => {
                ran.leaves = ran.leaves.saturating_add(u64::try_from(leaves).unwrap_or(u64::MAX));
                ran.batches = ran.batches.saturating_add(1);
                match more {
                    More::None => break,
                    More::Rest => hints.retain(|stream, _| rest.contains(stream)),
                    More::All => {}
                }
            }
            Round::Overtaken => ports.pause(50).await,
            Round::Nothing { more: true } => {}
            Round::Nothing { more: false } => break,
        }
    }
    match fault {
        Some(fault) => Err(fault),
        None => Ok(ran),
    }
}

/// The head of the log, signed by us and with its last batch where everybody can read it.
async fn settled<P: Sequencing>(ports: &P) -> Result<Option<LogHead>, Fault> {
    for _ in 0..3 {
        let Some(mut head) = ports.log_head().await? else { return Ok(None) };
        signed_by_us(ports, &head)?;
        if head.applied {
            return Ok(Some(head));
        }
        let batch = ports.batch(head.batch).await?;
        let batch = batch.filter(|batch| batch.note.as_ref() == Some(&head.note) && batch.size() == head.edge.size());
        let batch = batch.ok_or_else(|| broken(DOING, "batch_missing", "its last batch is not there"))?;
        let (bytes, files) = futures_util::join!(ports.entries_at(&batch.places), edge_files(ports, batch.first));
        let bytes = as_staged(&batch, bytes?)?;
        if Box::pin(apply(ports, &head, &batch, &bytes, &files?)).await? {
            head.applied = true;
            return Ok(Some(head));
        }
    }
    Err(Fault::new(DOING, "contention"))
}

/// Whether the log is still where it was.
async fn stands<P: ReadLog>(ports: &P, before: Option<&LogHead>) -> Result<bool, Fault> {
    let now = ports.log_head().await?;
    Ok(now.as_ref().map(|now| &now.note) == before.map(|before| &before.note))
}

/// Whoever may write the table could make another head; without the key they can't sign it.
pub(super) fn signed_by_us<P: LogSettings>(ports: &P, head: &LogHead) -> Result<(), Fault> {
    let signed = checkpoint::open(head.note.as_bytes(), &keys(ports)?);
    let is_ours = signed.is_ok_and(|signed| {
        let said = &signed.checkpoint;
        said.origin() == ports.origin() && said.size() == head.edge.size() && *said.root() == head.edge.root()
    });
    if is_ours { Ok(()) } else { Err(broken(DOING, "unsound_log_head", "its head is not what its key signed")) }
}

/// The entries of a batch, if they are what was staged.
fn as_staged(batch: &Batch, bytes: Vec<Option<Vec<u8>>>) -> Result<Vec<Vec<u8>>, Fault> {
    let bytes: Vec<Vec<u8>> = bytes.into_iter().flatten().collect();
    let same =
        bytes.len() == batch.leaves.len() && bytes.iter().zip(&batch.leaves).all(|(bytes, hash)| leaf(bytes) == *hash);
    let what = "entries of the batch that is staged are gone or changed; the table's backup has them";
    if same { Ok(bytes) } else { Err(broken(DOING, "staged_entry_changed", what)) }
}

async fn round<P: Sequencing>(
    ports: &P,
    before: Option<LogHead>,
    found: Gathered,
    hints: &mut Hints,
) -> Result<Round, Fault> {
    // Whoever logs meanwhile marks what they logged: then what was read of several items is not of one moment.
    if !found.defects.is_empty() && !stands(ports, before.as_ref()).await? {
        return Ok(Round::Overtaken);
    }
    let told = Box::pin(tell(ports, &found)).await?;
    if told {
        hints.entry(Stream::System(SystemStream::Log)).or_default();
    }
    if found.leaves.is_empty() {
        return Ok(Round::Nothing { more: told || !found.rest.is_empty() });
    }
    let edge = before.as_ref().map_or(Edge::EMPTY, |head| head.edge.clone());
    let batch = put_together(&edge, &found.leaves, ports.now())?;
    let ours = ports.stage(&batch).await?;
    // What is signed is what lies there, not what was meant to.
    let (lying, bytes) = futures_util::join!(ports.batch(batch.first), async {
        if ours { ports.entries_at(&batch.places).await } else { Ok(Vec::new()) }
    });
    let lying = if model::seeded!("sign-what-was-meant") { Ok(Some(batch.clone())) } else { lying };
    let Some(lying) = lying?.filter(|lying| lying.note.is_none()) else { return Ok(Round::Overtaken) };
    let bytes = if lying == batch && ours { bytes? } else { ports.entries_at(&lying.places).await? };
    let bytes = as_staged(&lying, bytes)?;
    let after = grown(&edge, &lying)?;
    let (note, files) = futures_util::join!(sign(ports, &after), edge_files(ports, lying.first));
    let (note, files) = (note?, files?);
    let head = LogHead {
        origin: ports.origin().to_owned(),
        edge: after,
        note: note.clone(),
        at: before.as_ref().map_or(Time::EPOCH, |head| head.at).max(ports.now()),
        batch: lying.first,
        applied: false,
    };
    let leaves = lying.leaves.len();
    let batch = Batch { note: Some(note), ..lying };
    if !moved(ports, &head, &batch, before.as_ref()).await? {
        return Ok(Round::Overtaken);
    }
    tracing::info!(log.size = head.edge.size(), log.leaves = leaves, "the log has {} leaves", head.edge.size());
    Box::pin(apply(ports, &head, &batch, &bytes, &files)).await?;
    let more = match (told || !ours, found.rest.is_empty()) {
        (true, _) => More::All,
        (false, false) => More::Rest,
        (false, true) => More::None,
    };
    Ok(Round::Logged { leaves, more })
}

/// Puts on record what is wrong, once each, and passes over what is gone. Whether anything was put on record.
async fn tell<P: Sequencing>(ports: &P, found: &Gathered) -> Result<bool, Fault> {
    if found.defects.is_empty() {
        return Ok(false);
    }
    for Defect { code, entry } in &found.defects {
        tracing::error!(
            error.code = code.as_str(), alarm = "log_defect", entry = %entry,
            "{entry} is not as it has to be: {}; the log goes on", code.as_str(),
        );
    }
    let told = append(ports, PART, SystemStream::Log, |stored, _| match stored.map(|stored| &stored.known) {
        Some(Known::Log { defects, .. }) => {
            let room = MOST_DEFECTS.saturating_sub(defects.len()).min(MOST_AT_ONCE);
            let new: BTreeSet<&Defect> = found.defects.iter().filter(|defect| !defects.contains(*defect)).collect();
            new.into_iter().take(room).map(|defect| Event::DefectFound { defect: defect.clone() }).collect()
        }
        // The log's own stream begins with the timer; until then the alarm says it.
        Some(Known::Policy { .. } | Known::Deployment { .. }) | None => Vec::new(),
    })
    .await?;
    for place in &found.gone {
        ports.pass_over(place).await?;
    }
    Ok(told)
}

/// Events of one commit: each is two items of a transaction, which has a hundred.
const MOST_AT_ONCE: usize = 40;

fn full() -> Fault {
    Fault::new(DOING, "log_full")
}

fn put_together(edge: &Edge, leaves: &[Leaf], at: Time) -> Result<Batch, Fault> {
    let mut batch = Batch {
        first: edge.size(),
        places: leaves.iter().map(|leaf| leaf.place.clone()).collect(),
        leaves: leaves.iter().map(|one| leaf(&one.bytes)).collect(),
        before: edge.root(),
        root: edge.root(),
        at,
        note: None,
    };
    let mut after = edge.clone();
    batch.leaves.iter().try_for_each(|leaf| after.append(*leaf)).map_err(|_| full())?;
    batch.root = after.root();
    Ok(batch)
}

/// The edge after a batch, if it has the root that was staged.
fn grown(edge: &Edge, batch: &Batch) -> Result<Edge, Fault> {
    let mut after = edge.clone();
    batch.leaves.iter().try_for_each(|leaf| after.append(*leaf)).map_err(|_| full())?;
    let fits = batch.first == edge.size() && batch.before == edge.root() && batch.root == after.root();
    let what = "the batch that is staged does not go on from its head";
    if fits { Ok(after) } else { Err(broken(DOING, "unsound_batch", what)) }
}

/// The signed checkpoint of a tree. What a key gives back is verified: nothing is published that would not be. Both keys
/// sign at once, if there are two; the log waits for its own alone.
async fn sign<P: Sign + SignAsFormer + LogSettings>(ports: &P, edge: &Edge) -> Result<String, Fault> {
    let unsound = |what: &str| broken(DOING, "unsound_signature", what);
    let keys = keys(ports)?;
    let checkpoint = Checkpoint::new(ports.origin(), edge.size(), edge.root());
    let checkpoint = checkpoint.map_err(|_| Fault::new(DOING, "invalid_origin"))?;
    let body = checkpoint.to_string();
    let (own, former) = (keys.first().ok_or_else(|| unsound("it has no key"))?, keys.get(1));
    let (signature, formers) = futures_util::join!(ports.sign(body.as_bytes()), async {
        if former.is_some() { Some(ports.sign_as_former(body.as_bytes()).await) } else { None }
    });
    let signature = signature?;
    let note = checkpoint.note().and_then(|note| note.with(Signature::ed25519(own, &signature)));
    let note = note.map_err(|_| unsound("its checkpoint is no note"))?;
    let signed = |note: &Note, key: &VerifierKey| {
        let opened = checkpoint::open(note.to_string().as_bytes(), std::slice::from_ref(key));
        opened.is_ok_and(|signed| signed.checkpoint == checkpoint)
    };
    if !signed(&note, own) {
        return Err(unsound("its key does not sign as it should"));
    }
    let (Some(former), Some(answer)) = (former, formers) else { return Ok(note.to_string()) };
    let both = answer.ok().and_then(|signature| note.clone().with(Signature::ed25519(former, &signature)).ok());
    if let Some(both) = both.filter(|both| signed(both, former)) {
        return Ok(both.to_string());
    }
    // Who knows that one alone has to see a signature of it, or learn why there is none. Nobody else has to wait.
    tracing::error!(
        error.code = "former_key_silent",
        alarm = "former_key_silent",
        "the log's former key did not sign {}: who knows no other key can't verify it",
        checkpoint.size(),
    );
    Ok(note.to_string())
}

/// Makes `head` the log's. `false`: somebody else was faster. If the answer is lost, the log itself tells.
async fn moved<P: Sequencing>(
    ports: &P,
    head: &LogHead,
    batch: &Batch,
    before: Option<&LogHead>,
) -> Result<bool, Fault> {
    match ports.move_head(head, batch, before.map(|before| before.note.as_str())).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict) => Ok(false),
        Err(CommitError::Unavailable(fault)) => match ReadLog::log_head(ports).await? {
            Some(now) if now.note == head.note => Ok(true),
            Some(_) | None => Err(fault),
        },
        Err(
            CommitError::Replayed
            | CommitError::KeyUsed
            | CommitError::Barred(_)
            | CommitError::SlotTaken
            | CommitError::NotAnchored,
        ) => Err(Fault::new(DOING, "contention")),
    }
}
