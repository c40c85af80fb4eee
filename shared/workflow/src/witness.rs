//! A witness of the transparency log, in the account that the log is anchored in: it remembers the newest tree that it
//! vouched for, and vouches for no other that does not begin with all of that one. It trusts the log in nothing: what
//! the log shows is judged by `record::witness` alone. Source: C2SP tlog-witness.

use crate::ports::{CheckpointFound, Clock, Fault, Put, Sign, Submissions, WitnessSettings};
use record::checkpoint::Checkpoint;
use record::note::{Note, Signature};
use record::tree::Hash;
use record::witness::{Cosign, LONGEST_SUBMISSION, Refusal, Submission, judge};

/// How often a submission is judged anew because somebody else's was remembered meanwhile.
const ATTEMPTS: u32 = 8;

const REMEMBER: &str = "remember a checkpoint";

crate::together! {
    /// What a witness needs.
    pub Ports: Submissions, Sign, Clock, WitnessSettings,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is cosigned; the answer is in the bucket.
    Cosigned {
        /// How many leaves the tree has.
        size: u64,
    },
    /// It is not; the reason is in the bucket.
    Refused(Refusal),
    /// Nothing was asked there.
    Nothing,
}

/// The name of a submission's object, without its folder: the size in 20 digits. `None`: it is no submission's.
fn named(key: &str) -> Option<(&str, u64)> {
    let name = key.strip_prefix("submissions/")?;
    let digits = name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Some((name, name.parse().ok()?)) } else { None }
}

/// Takes what is asked at `key`, and answers it. Done twice, it answers the same and the first answer stays.
///
/// # Errors
/// The bucket or the key did not do its part: the event has to come again.
pub async fn take<P: Ports>(ports: &P, key: &str) -> Result<Outcome, Fault> {
    let Some((name, size)) = named(key) else { return Ok(Outcome::Nothing) };
    let Some(bytes) = ports.submission(key).await? else { return Ok(Outcome::Nothing) };
    match vouch(ports, &bytes, size).await? {
        Ok(cosign) => {
            let note = cosigned(ports, &cosign).await?;
            // One that is there is as good: it was made for the same tree, when this event came before.
            let _: Put = ports.answer(&format!("cosigned/{name}"), note.as_bytes()).await?;
            Ok(Outcome::Cosigned { size })
        }
        Err(refusal) => {
            let said = format!("{} {}\n", refusal.status(), refusal.body().trim_end());
            let _: Put = ports.answer(&format!("refused/{name}"), said.as_bytes()).await?;
            Ok(Outcome::Refused(refusal))
        }
    }
}

/// Judges what is asked by what is remembered, and remembers it before anything is signed.
async fn vouch<P: Ports>(ports: &P, bytes: &[u8], size: u64) -> Result<Result<Cosign, Refusal>, Fault> {
    if bytes.len() > LONGEST_SUBMISSION {
        return Ok(Err(Refusal::Malformed));
    }
    let submission = match Submission::parse(bytes) {
        Ok(submission) => submission,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // An answer is found by the size in its name.
    if Checkpoint::parse(submission.note.text()).is_ok_and(|checkpoint| checkpoint.size() != size) {
        return Ok(Err(Refusal::Malformed));
    }
    for _ in 0..ATTEMPTS {
        let found = ports.remembered().await?;
        let known = found.as_ref().map(known).transpose()?.filter(|_| !model::seeded!("the-witness-forgets"));
        let submission = again(&submission, known);
        let cosign = match judge(known, &submission, ports.log_keys()) {
            Ok(cosign) => cosign,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let new = (cosign.checkpoint().size(), *cosign.checkpoint().root());
        if known == Some(new) {
            return Ok(Ok(cosign));
        }
        let version = found.as_ref().map(|found| found.version.as_str());
        if ports.remember(&cosign.signed.note.to_string(), version).await? {
            return Ok(Ok(cosign));
        }
        // Somebody else's is remembered by now, or this very one by a put whose answer was lost: judged anew.
    }
    Err(Fault::new(REMEMBER, "conflict"))
}

/// The tree that is remembered; it was judged before it was. What can't be read is no ground to begin anew: whoever broke
/// it would be let in.
fn known(found: &CheckpointFound) -> Result<(u64, Hash), Fault> {
    let unreadable = || Fault::new("read what is remembered", "unreadable");
    let note = Note::parse(found.note.as_bytes()).map_err(|_| unreadable())?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|_| unreadable())?;
    Ok((checkpoint.size(), *checkpoint.root()))
}

/// A submission of the very tree that is remembered needs no proof: a worker that died after it remembered and before it
/// answered left that, and the event comes again.
fn again(submission: &Submission, known: Option<(u64, Hash)>) -> Submission {
    let checkpoint = Checkpoint::parse(submission.note.text()).ok();
    let asked = checkpoint.map(|checkpoint| (checkpoint.size(), *checkpoint.root()));
    match known {
        Some((size, _)) if asked == known => Submission { old: size, proof: Vec::new(), note: submission.note.clone() },
        _ => submission.clone(),
    }
}

/// The checkpoint with a cosignature of now.
async fn cosigned<P: Ports>(ports: &P, cosign: &Cosign) -> Result<String, Fault> {
    // A clock before 1970 is no clock; 0 says that there is no time. Source: C2SP tlog-cosignature.
    let time = u64::try_from(ports.now().as_second()).ok().filter(|time| *time > 0);
    let time = time.ok_or_else(|| Fault::new("tell the time", "before_1970"))?;
    let signature = ports.sign(cosign.message(time).as_bytes()).await?;
    let signature = Signature::cosignature(ports.own_key(), time, &signature);
    let note = cosign.signed.note.clone().with(signature).map_err(|_| Fault::new("cosign", "too_many_signatures"))?;
    Ok(note.to_string())
}
