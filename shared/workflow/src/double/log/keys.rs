//! The keys that sign, of software, as the settings name them.

use super::{ORIGIN, WITNESS};
use crate::double::{Verb, World};
use crate::ports::{Fault, LogSettings, Sign, SignAsFormer};
use ed25519_dalek::{Signer as _, SigningKey};
use record::note::{Kind, VerifierKey};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

pub(super) static LOG_KEY: LazyLock<String> =
    LazyLock::new(|| verifier(ORIGIN, Kind::Ed25519, &signing(1)).to_string());
pub(super) static NEXT_KEY: LazyLock<String> =
    LazyLock::new(|| verifier(ORIGIN, Kind::Ed25519, &signing(3)).to_string());
static WITNESS_KEY: LazyLock<String> = LazyLock::new(|| verifier(WITNESS, Kind::Cosignature, &signing(2)).to_string());

/// Which keys sign.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Keys {
    /// The first alone.
    First,
    /// The next, and the first as well.
    Both,
    /// The next alone.
    Next,
}

pub(super) fn signing(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

#[expect(clippy::expect_used, reason = "the names are fixed here; a slip fails the first test")]
pub(super) fn verifier(name: &str, kind: Kind, key: &SigningKey) -> VerifierKey {
    VerifierKey::new(name, kind, key.verifying_key().as_bytes()).expect("a verifier key")
}

impl World {
    /// Changes the log's key, as whoever deploys does. While `both`, the former one signs as well.
    pub fn change_log_key(&self, both: bool) {
        self.log_key.store(if both { Keys::Both } else { Keys::Next } as u8, Ordering::Relaxed);
    }

    /// The log's first key, as a verifier key.
    pub fn first_log_key(&self) -> &str {
        &LOG_KEY
    }

    /// From now on a checkpoint is anchored only once it is cosigned.
    pub fn set_witness(&self, present: bool) {
        self.witness.store(present, Ordering::Relaxed);
    }
}

impl LogSettings for World {
    fn origin(&self) -> &str {
        ORIGIN
    }

    fn log_key(&self) -> &str {
        if self.log_key.load(Ordering::Relaxed) == Keys::First as u8 { &LOG_KEY } else { &NEXT_KEY }
    }

    fn former_key(&self) -> Option<&str> {
        (self.log_key.load(Ordering::Relaxed) == Keys::Both as u8).then_some(LOG_KEY.as_str())
    }

    fn witness_key(&self) -> Option<&str> {
        self.witness.load(Ordering::Relaxed).then_some(WITNESS_KEY.as_str())
    }
}

impl Sign for World {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        self.call(Verb::Sign, "", "", |inner| {
            inner.log.signed.push(String::from_utf8_lossy(message).into_owned());
            let is_first = self.log_key.load(Ordering::Relaxed) == Keys::First as u8;
            Ok(signing(if is_first { 1 } else { 3 }).sign(message).to_bytes())
        })
        .await
    }
}

impl SignAsFormer for World {
    async fn sign_as_former(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        self.call(Verb::SignAsFormer, "", "", |_| Ok(signing(1).sign(message).to_bytes())).await
    }
}
