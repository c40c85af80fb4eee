//! The log's newest checkpoint, put where nobody can take it out, and cosigned, if there is a witness.

use super::apply::tiles;
use super::sequencing::signed_by_us;
use super::{Anchoring, broken, key, keys};
use crate::ports::{Anchor, Anchors, Fault, LogHead, LogObjects, LogSettings, Put};
use model::time::Time;
use record::checkpoint;
use record::note::{Note, VerifierKey};
use record::proof::Consistency;
use record::witness::Submission;

const DOING: &str = "anchor the log";

/// How often a witness's answer is looked for within one run, and how long is waited before, in milliseconds.
const LOOKS: u32 = 6;
const WAIT: u64 = 500;

/// What came of anchoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchored {
    /// The newest checkpoint is anchored.
    Yes,
    /// It is where nobody can take it out; the witness has not answered yet.
    Waits,
    /// The witness does not vouch for it.
    Refused,
    /// There is nothing to anchor.
    Nothing,
}

/// What a witness said of a checkpoint.
enum Answer {
    Cosigned,
    /// It refused; of one that is stale, the size it knows.
    Refused {
        knows: Option<u64>,
    },
    None,
}

/// Anchors the newest checkpoint that everybody can read.
///
/// # Errors
/// If something outside failed, or the anchors are not what the log left there.
pub async fn anchor<P: Anchoring>(ports: &P) -> Result<Anchored, Fault> {
    let (head, stored) = futures_util::join!(ports.log_head(), ports.anchor());
    let Some(head) = head?.filter(|head| head.applied) else { return Ok(Anchored::Nothing) };
    // What is put there nobody can take out.
    signed_by_us(ports, &head)?;
    match ports.witness_key() {
        Some(witness) => Box::pin(with_witness(ports, &key(witness)?, &head, stored?)).await,
        None => alone(ports, &head, stored?).await,
    }
}

async fn alone<P: Anchoring>(ports: &P, head: &LogHead, stored: Option<Anchor>) -> Result<Anchored, Fault> {
    let size = head.edge.size();
    if stored.as_ref().is_some_and(|stored| stored.size >= size) {
        return Ok(Anchored::Yes);
    }
    put(ports, &format!("anchors/{size:020}"), head.note.as_bytes()).await?;
    let next = Anchor { size, at: ports.now(), cosigned: false, submitted: size };
    keep(ports, &next, stored.as_ref()).await?;
    Ok(Anchored::Yes)
}

async fn with_witness<P: Anchoring>(
    ports: &P,
    witness: &VerifierKey,
    head: &LogHead,
    stored: Option<Anchor>,
) -> Result<Anchored, Fault> {
    let size = head.edge.size();
    let mut known = stored.clone().unwrap_or(Anchor { size: 0, at: Time::EPOCH, cosigned: false, submitted: 0 });
    let mut stored = stored;
    // A log that had no witness before: that one begins with nothing.
    let mut old = if known.cosigned { known.size } else { 0 };
    if known.submitted > old {
        match answer(ports, witness, known.submitted).await? {
            Answer::Cosigned => {
                old = known.submitted;
                known = Anchor { size: known.submitted, at: ports.now(), cosigned: true, ..known };
                keep(ports, &known, stored.as_ref()).await?;
                stored = Some(known.clone());
            }
            Answer::Refused { knows } => {
                // It vouches for what it knows: of two that were submitted before it answered, for the first. Without that
                // one, a log that is busier than its witness is fast would never be anchored again.
                let newer = knows.filter(|knows| known.size < *knows && *knows <= size);
                if let Some(newer) = newer
                    && matches!(answer(ports, witness, newer).await?, Answer::Cosigned)
                {
                    known = Anchor { size: newer, at: ports.now(), cosigned: true, ..known };
                    keep(ports, &known, stored.as_ref()).await?;
                    stored = Some(known.clone());
                }
                if size <= known.submitted {
                    return Ok(Anchored::Refused);
                }
                old = knows.unwrap_or(old);
            }
            Answer::None => {}
        }
    }
    if known.cosigned && known.size >= size {
        return Ok(Anchored::Yes);
    }
    if known.submitted < size {
        let submission = submission(ports, head, old.min(size)).await?;
        put(ports, &format!("anchors/{size:020}"), head.note.as_bytes()).await?;
        put_submission(ports, size, &submission).await?;
        known.submitted = size;
        keep(ports, &known, stored.as_ref()).await?;
        stored = Some(known.clone());
    }
    for _ in 0..LOOKS {
        match answer(ports, witness, size).await? {
            Answer::Cosigned => {
                let next = Anchor { size, at: ports.now(), cosigned: true, submitted: size };
                keep(ports, &next, stored.as_ref()).await?;
                return Ok(Anchored::Yes);
            }
            Answer::Refused { .. } => return Ok(Anchored::Refused),
            Answer::None => ports.pause(WAIT).await,
        }
    }
    Ok(Anchored::Waits)
}

/// Puts an object where it stays for ever. The same again is no matter; another one is.
async fn put<P: Anchors>(ports: &P, at: &str, bytes: &[u8]) -> Result<(), Fault> {
    match ports.put_anchor(at, bytes).await? {
        Put::Written => Ok(()),
        Put::Exists if ports.anchored(at).await?.as_deref() == Some(bytes) => Ok(()),
        Put::Exists => Err(broken(DOING, "anchor_differs", &format!("{at} is there, and is another"))),
    }
}

/// What is submitted may be there already, from the size that was thought known then: that one is answered.
async fn put_submission<P: Anchors>(ports: &P, size: u64, submission: &Submission) -> Result<(), Fault> {
    let at = format!("submissions/{size:020}");
    ports.put_anchor(&at, submission.to_string().as_bytes()).await.map(|_| ())
}

/// Another worker's anchor may be there by now: then that one counts.
async fn keep<P: Anchoring>(ports: &P, next: &Anchor, before: Option<&Anchor>) -> Result<(), Fault> {
    if ports.keep_anchor(next, before).await? {
        tracing::info!(log.size = next.size, log.submitted = next.submitted, "the log is anchored up to {}", next.size);
        return Ok(());
    }
    Err(Fault::new(DOING, "contention"))
}

/// The checkpoint with the proof that it goes on from the tree of `old` leaves.
async fn submission<P: LogObjects>(ports: &P, head: &LogHead, old: u64) -> Result<Submission, Fault> {
    let size = head.edge.size();
    let tiles = tiles(ports, Consistency::tiles(old, size)).await?;
    let proof = Consistency::read(&tiles, old, size)
        .map_err(|error| broken(DOING, "unsound_tiles", &format!("no proof can be made: {error}")))?;
    let note = Note::parse(head.note.as_bytes()).map_err(|_| broken(DOING, "unsound_log_head", "its checkpoint"))?;
    Ok(Submission { old, proof: proof.path, note })
}

/// What the witness said of the checkpoint of `size` leaves.
async fn answer<P: Anchors + LogSettings>(ports: &P, witness: &VerifierKey, size: u64) -> Result<Answer, Fault> {
    if let Some(bytes) = ports.anchored(&format!("cosigned/{size:020}")).await? {
        let mut trusted = keys(ports)?;
        trusted.push(witness.clone());
        let signed = checkpoint::open(&bytes, &trusted);
        let vouches = signed.is_ok_and(|signed| {
            let cosigned = signed.cosigned.iter().any(|cosigned| cosigned.key == *witness);
            cosigned && signed.checkpoint.size() == size && signed.checkpoint.origin() == ports.origin()
        });
        return if vouches {
            Ok(Answer::Cosigned)
        } else {
            Err(broken(DOING, "unsound_cosignature", "the witness's answer does not verify"))
        };
    }
    let Some(bytes) = ports.anchored(&format!("refused/{size:020}")).await? else { return Ok(Answer::None) };
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.split_whitespace();
    let status = words.next().unwrap_or_default();
    let knows = if status == "409" { words.next().and_then(|size| size.parse().ok()) } else { None };
    tracing::error!(error.code = "witness_refused", alarm = "witness_refused", status, "the witness refused {size}");
    Ok(Answer::Refused { knows })
}
