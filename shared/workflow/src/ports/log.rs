//! What the transparency log goes through outside the table: its key, its bucket, and where its checkpoints are anchored.

use super::Fault;
use std::future::Future;

/// What came of putting an object at a path where nothing may be yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    Written,
    /// Something was there already, and is as it was. Whoever put it compares.
    Exists,
}

/// The log's newest checkpoint, as it lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFound {
    /// The signed note.
    pub note: String,
    /// Which version of the object it is (its `ETag`); opaque.
    pub version: String,
}

port! {
    /// Signs with the log's key.
    Sign {
        /// The Ed25519 signature over `message`, which is a checkpoint's body.
        fn sign(message: &[u8]) -> Result<[u8; 64], Fault>;
    }
}

port! {
    /// Signs with the key that the log had before, while that is to sign as well.
    SignAsFormer {
        /// The Ed25519 signature over `message`, which is a checkpoint's body.
        fn sign_as_former(message: &[u8]) -> Result<[u8; 64], Fault>;
    }
}

port! {
    /// The log's bucket: tiles, bundles of entries, and the newest checkpoint. Source: C2SP tlog-tiles.
    LogObjects {
        /// The tile or bundle at `path` (`tile/0/x001/234.p/8`), if there is one.
        fn tile(path: &str) -> Result<Option<Vec<u8>>, Fault>;
        /// Puts it there, unless something is.
        fn put_tile(path: &str, bytes: &[u8]) -> Result<Put, Fault>;
        /// The newest checkpoint, if there is one.
        fn checkpoint() -> Result<Option<CheckpointFound>, Fault>;
        /// Puts a newer one in the place of version `instead_of`; `None`: where nothing is yet. `false`: another one is
        /// there by now, and stays.
        fn put_checkpoint(note: &str, instead_of: Option<&str>) -> Result<bool, Fault>;
    }
}

port! {
    /// The bucket that nobody can take anything out of: anchors, what is submitted to the witness, and its answers.
    Anchors {
        /// Puts `bytes` at `key` (`anchors/…`, `submissions/…`), unless something is there.
        fn put_anchor(key: &str, bytes: &[u8]) -> Result<Put, Fault>;
        /// What is at `key` (`anchors/…`, `submissions/…`, `cosigned/…`, `refused/…`), if anything.
        fn anchored(key: &str) -> Result<Option<Vec<u8>>, Fault>;
    }
}

/// What a log is called, and whose signatures count.
pub trait LogSettings: Send + Sync {
    /// The log's origin, which is the name of its key: `<stack>.<account>.<region>/countersign`.
    fn origin(&self) -> &str;
    /// The log's public key, as a verifier key's text: `<name>+<8 hexadecimal digits>+<base64>`. Source: C2SP signed-note.
    fn log_key(&self) -> &str;
    /// The key that it had before, while that signs as well: for whoever knows no other yet, and because what it signed last
    /// has to be gone on from.
    fn former_key(&self) -> Option<&str>;
    /// The witness's, if there is one: then a checkpoint is anchored only once it is cosigned.
    fn witness_key(&self) -> Option<&str>;
}
