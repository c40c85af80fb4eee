//! What a witness of the log goes through, in the account that the log is anchored in.

use super::{CheckpointFound, Fault, Put};
use record::note::VerifierKey;
use std::future::Future;

port! {
    /// The bucket that the log is anchored in, from the witness's side.
    Submissions {
        /// What is asked at `key` (`submissions/…`), if anything.
        fn submission(key: &str) -> Result<Option<Vec<u8>>, Fault>;
        /// The newest checkpoint that was cosigned, if there is one.
        fn remembered() -> Result<Option<CheckpointFound>, Fault>;
        /// Remembers a newer one in the place of version `instead_of`; `None`: where nothing is yet. `false`: another one
        /// is there by now, and stays.
        fn remember(note: &str, instead_of: Option<&str>) -> Result<bool, Fault>;
        /// Puts `bytes` at `key` (`cosigned/…`, `refused/…`), unless something is there.
        fn answer(key: &str, bytes: &[u8]) -> Result<Put, Fault>;
    }
}

/// Who a witness is, and whose checkpoints it looks at.
pub trait WitnessSettings: Send + Sync {
    /// Its own key: what its cosignatures are made in the name of.
    fn own_key(&self) -> &VerifierKey;
    /// The keys of the log; two while one is being changed.
    fn log_keys(&self) -> &[VerifierKey];
}
