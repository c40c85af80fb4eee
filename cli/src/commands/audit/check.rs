//! `audit check`: a proof and keys, and nothing else.

use super::{Pinned, given, told};
use crate::failure::{Answer, Exit, Failure};
use clap::Args;
use record::proof::{LONGEST_PROOF, TlogProof};
use std::path::PathBuf;

/// A proof, and whose word counts.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The proof: a .tlog-proof file.
    proof: PathBuf,
    #[command(flatten)]
    pinned: Pinned,
    /// Only if a witness of these keys vouches for the checkpoint too.
    #[arg(long)]
    witnessed: bool,
}

/// Checks signatures and inclusion, and says what the entry is.
///
/// # Errors
/// A file can't be read, or it is not proven: why not.
pub(crate) fn check(wanted: &Check) -> Result<Answer, Failure> {
    let keys = wanted.pinned.keys()?;
    let refused = |code: &str, why: String| {
        Failure::new(Exit::Failed, code, format!("not proven: {}: {why}", wanted.proof.display()))
    };
    let proof = TlogProof::parse(&given(&wanted.proof, LONGEST_PROOF)?);
    let proof = proof.map_err(|error| refused(error.code(), error.to_string()))?;
    let checked = proof.check(&keys).map_err(|error| refused(error.code(), error.to_string()))?;
    if wanted.witnessed && checked.signed.cosigned.is_empty() {
        return Err(refused("not_witnessed", "no witness whose key was given vouches for the checkpoint".to_owned()));
    }
    let (human, mut json) = told(&proof, &checked);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("proven".to_owned(), true.into());
    }
    Ok(Answer::new(format!("proven\n\n{human}"), json))
}
