//! `audit verify`: a folder and keys, and one verdict.

use super::Pinned;
use super::folder::Disk;
use crate::failure::{Answer, Exit, Failure};
use ::verify::{Figures, Known, NoVerdict, Outcome, Severity, Trusted, Verdict};
use clap::Args;
use model::text::inert;
use record::tree::Hash;
use serde_json::json;
use std::path::PathBuf;

/// Findings that people are shown; the JSON has all.
const SHOWN: usize = 200;

/// A folder, and whose word counts.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The folder, as `audit fetch` and `audit export` write it: log/, anchors/, cosigned/, table/. With what you put
    /// there yourself: trail/, CloudTrail's files; saved/, checkpoints that you kept.
    folder: PathBuf,
    /// Without any key the folder's own are taken, which proves nothing about who wrote it.
    #[command(flatten)]
    pinned: Pinned,
    /// What you saw of the log once, as its size and root: `<size>:<root>`, the root in base64 as in a checkpoint, or in
    /// hexadecimal. The entries have to give it. Once for each.
    #[arg(long, value_name = "SIZE:ROOT", value_parser = known)]
    known: Vec<Known>,
    /// When the folder was fetched, such as 2026-11-20T19:00:00Z: a log that had fallen silent by then is found.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
}

/// Judges the folder. Calls nothing.
///
/// # Errors
/// There is no verdict: something can't be read, or no key is known.
pub(crate) fn verify(wanted: &Verify) -> Result<Answer, Failure> {
    let disk = Disk::open(&wanted.folder)?;
    let keys = wanted.pinned.text()?;
    let trusted = Trusted {
        keys: keys.as_deref(),
        as_of: wanted.as_of.as_deref(),
        known: &wanted.known,
        rsa: &aws::trail::verifies,
    };
    let verdict = ::verify::verify(&disk, &trusted).map_err(|error| match error {
        NoVerdict::Folder(error) => error.into(),
        NoVerdict::NoKey => Failure::new(Exit::Usage, "no_key", error.to_string())
            .advise("Give --keys a file with the line `log <verifier key>`, got from somebody you trust."),
        NoVerdict::NotATime => Failure::new(Exit::Usage, "invalid_time", error.to_string()),
    })?;
    let exit = match verdict.outcome {
        Outcome::Intact => Exit::Done,
        Outcome::Doubtful | Outcome::Broken => Exit::Failed,
    };
    let told = serde_json::to_value(&verdict)
        .map_err(|error| Failure::new(Exit::Failed, "unwritable_verdict", error.to_string()))?;
    Ok(Answer { human: human(&verdict), json: json!(told), exit })
}

/// A size and a root.
fn known(text: &str) -> Result<Known, String> {
    let read = || {
        let (size, root) = text.split_once(':')?;
        let root = Hash::from_base64(root).or_else(|_| root.parse()).ok()?;
        Some(Known { size: size.parse().ok()?, root })
    };
    read().ok_or_else(|| "expected <size>:<root>, the root as a checkpoint has it".to_owned())
}

fn human(verdict: &Verdict) -> String {
    let count = |severity| verdict.findings.iter().filter(|finding| finding.severity == severity).count();
    let [broken, doubtful, notes] = [Severity::Broken, Severity::Doubtful, Severity::Note].map(count);
    let mut lines = vec![format!("{}: {broken} broken, {doubtful} doubtful, {notes} notes", verdict.outcome.as_str())];
    for finding in verdict.findings.iter().take(SHOWN) {
        let (weight, code, at) = (finding.severity.as_str(), finding.code, finding.at.to_string());
        lines.push(format!("{weight:<9} {code:<28} {at}\n          {}", inert(&finding.sentence, 500)));
    }
    let left = u64::try_from(verdict.findings.len().saturating_sub(SHOWN)).unwrap_or(u64::MAX);
    let more = left.saturating_add(verdict.more);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.push(looked_at(&verdict.figures));
    lines.join("\n")
}

/// How much was looked at, on a few lines.
fn looked_at(figures: &Figures) -> String {
    let Figures {
        origin,
        signed_by,
        size,
        root,
        newest_at,
        streams,
        requests,
        grants,
        approvals,
        credentials,
        checkpoints,
        cosigned,
        tiles,
        table_entries,
        words_checked,
        words_erased,
        trail_digests,
        trail_records,
        trail_calls,
    } = figures;
    let signed = if signed_by.is_empty() { "nobody who is pinned".to_owned() } else { signed_by.join(", ") };
    let newest = newest_at.as_deref().unwrap_or("never");
    format!(
        "log {}: {size} entries, newest {newest}, root {root}\n\
         its checkpoint is signed by {}\n\
         {streams} streams: {requests} requests, {approvals} countersignatures, {grants} grants, {credentials} credentials\n\
         {checkpoints} other checkpoints ({cosigned} cosigned), {tiles} hash tiles, {table_entries} entries of the table\n\
         words: {words_checked} as they were said, {words_erased} erased\n\
         CloudTrail: {trail_digests} digests, {trail_records} records, {trail_calls} calls under a grant",
        inert(origin, 255),
        inert(&signed, 1_000),
    )
}
