//! CloudTrail's digest files: which files of a trail were delivered in an hour, and the proof that nobody changed, removed
//! or added one since.
//!
//! A digest is signed over its own place, its own bytes and the signature of the one before, so that a trail's digests are
//! a chain. All hashes are SHA-256 of what is inside the gzip, for log files and for digests alike.
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>,
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html> ("calculate its
//! SHA-256 hash value on its uncompressed content"), and `awscli/customizations/cloudtrail/validation.py` of aws-cli, whose
//! `_create_string_to_sign` hashes the inflated digest.

pub mod place;
#[cfg(test)]
mod tests;
pub mod verdict;

use crate::digest::place::Place;
use flate2::read::MultiGzDecoder;
use model::time::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Read;

/// Longest digest that is read, in bytes inside the gzip. A line of it takes some 400, so these are 80,000 files in an hour.
pub const LONGEST_DIGEST: u64 = 32 * 1024 * 1024;

/// The object's metadata that holds the signature, in hexadecimal; S3 writes it `x-amz-meta-signature`.
pub const SIGNATURE: &str = "signature";

/// The object's metadata that says when a backfill digest was made: what its key has to be looked for by.
pub const BACKFILL_MADE_AT: &str = "backfill-generation-timestamp";

/// The only algorithm that CloudTrail signs with.
pub const ALGORITHM: &str = "SHA256withRSA";

/// A digest file as it lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Where it lies, and whose it is: read from its key, which the signature covers.
    pub place: Place,
    /// `awsAccountId`.
    pub account: String,
    /// `digestStartTime`: the files listed were delivered from then on. Not on the full hour.
    pub from: Time,
    /// `digestEndTime`: and before then.
    pub until: Time,
    /// `digestS3Bucket` and `digestS3Object`: where it was delivered.
    pub delivered: Object,
    /// `digestPublicKeyFingerprint`: MD5 of the key's DER, in hexadecimal.
    pub fingerprint: String,
    /// `digestSignatureAlgorithm`.
    pub algorithm: String,
    /// `newestEventTime` of all files; absent if there are none.
    pub newest: Option<Time>,
    /// `oldestEventTime` of all files; absent if there are none.
    pub oldest: Option<Time>,
    /// The one before; absent in the first after logging or validation was switched on.
    pub previous: Option<Previous>,
    /// The files delivered in that time.
    pub files: Vec<LogFile>,
    /// SHA-256 of the digest itself, in hexadecimal.
    pub sha256: String,
    /// `digestEndTime` as written, since those bytes are signed.
    until_text: String,
}

/// A bucket and a key in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

/// What a digest says of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// `previousDigestS3Bucket` and `previousDigestS3Object`.
    pub object: Object,
    /// `previousDigestHashValue`, in hexadecimal.
    pub sha256: String,
    /// `previousDigestSignature`, in hexadecimal, as written, since those bytes are signed.
    pub signature: String,
}

/// What is kept of a digest so that its successor can be held against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Where it lies.
    pub object: Object,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// Its signature, in hexadecimal.
    pub signature: String,
    /// Its beginning.
    pub from: Time,
    /// Its end.
    pub until: Time,
}

/// One of `logFiles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogFile {
    /// `s3Bucket` and `s3Object`.
    #[serde(flatten)]
    pub object: Object,
    /// `hashValue`: of what is inside the gzip, in hexadecimal.
    pub sha256: String,
    /// `newestEventTime`.
    pub newest: Option<Time>,
    /// `oldestEventTime`.
    pub oldest: Option<Time>,
}

/// Why something is not a digest that can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Not gzip, or cut.
    #[error("the digest is not gzip, or is cut")]
    Gzip,
    /// More than [`LONGEST_DIGEST`] inside.
    #[error("the digest holds more than {LONGEST_DIGEST} bytes")]
    TooLong,
    /// Not the JSON that a digest is.
    #[error("the digest is not JSON of the documented form")]
    Form,
    /// Its key is not one under which digests are delivered.
    #[error("the digest's key is not of the documented form")]
    Place,
    /// A hash is not SHA-256 in hexadecimal: there is no other algorithm.
    #[error("the digest names a hash that is not SHA-256")]
    Hash,
}

impl Broken {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Gzip => "cut_gzip",
            Self::TooLong => "too_large",
            Self::Form | Self::Hash => "bad_digest",
            Self::Place => "foreign_object",
        }
    }
}

/// As in the file. Whatever else is in it is ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    aws_account_id: String,
    digest_start_time: Time,
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    newest_event_time: Option<Time>,
    oldest_event_time: Option<Time>,
    previous_digest_s3_bucket: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Vec<WrittenFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenFile {
    s3_bucket: String,
    s3_object: String,
    hash_value: String,
    hash_algorithm: String,
    newest_event_time: Option<Time>,
    oldest_event_time: Option<Time>,
}

/// What is inside a digest's gzip.
///
/// # Errors
/// If it is not whole, or holds more than [`LONGEST_DIGEST`].
pub fn open(object: &[u8]) -> Result<Vec<u8>, Broken> {
    inflated(object, LONGEST_DIGEST)
}

fn inflated(object: &[u8], most: u64) -> Result<Vec<u8>, Broken> {
    let mut inside = Vec::new();
    MultiGzDecoder::new(object).take(most.saturating_add(1)).read_to_end(&mut inside).map_err(|_| Broken::Gzip)?;
    if u64::try_from(inside.len()).is_ok_and(|length| length <= most) { Ok(inside) } else { Err(Broken::TooLong) }
}

impl Digest {
    /// Reads the digest `inside` (see [`open`]) that lies at `object`.
    ///
    /// # Errors
    /// If it is not one.
    pub fn parse(inside: &[u8], object: &Object) -> Result<Self, Broken> {
        let place = Place::of(object).ok_or(Broken::Place)?;
        let written: Written = serde_json::from_slice(inside).map_err(|_| Broken::Form)?;
        let until = written.digest_end_time.parse().map_err(|_| Broken::Form)?;
        if until <= written.digest_start_time {
            return Err(Broken::Form);
        }
        let previous = match (
            written.previous_digest_s3_bucket,
            written.previous_digest_s3_object,
            written.previous_digest_hash_value,
            written.previous_digest_signature,
        ) {
            (Some(bucket), Some(key), Some(hash), Some(signature)) => {
                let algorithm = written.previous_digest_hash_algorithm.unwrap_or_default();
                let sha256 = checked(&hash, &algorithm)?;
                Some(Previous { object: Object { bucket, key }, sha256, signature })
            }
            (None, None, None, None) => None,
            // Half a link is none: what it leaves out could not be held against anything.
            _ => return Err(Broken::Form),
        };
        let files = written.log_files.into_iter().map(LogFile::try_from).collect::<Result<_, _>>()?;
        Ok(Self {
            place,
            account: written.aws_account_id,
            from: written.digest_start_time,
            until,
            delivered: Object { bucket: written.digest_s3_bucket, key: written.digest_s3_object },
            fingerprint: written.digest_public_key_fingerprint.to_ascii_lowercase(),
            algorithm: written.digest_signature_algorithm,
            newest: written.newest_event_time,
            oldest: written.oldest_event_time,
            previous,
            files,
            sha256: hex::encode(Sha256::digest(inside)),
            until_text: written.digest_end_time,
        })
    }

    /// What is signed: the end, where it was delivered, its hash, and the signature before or `null`, in lines.
    pub fn to_sign(&self) -> String {
        format!(
            "{}\n{}/{}\n{}\n{}",
            self.until_text,
            self.delivered.bucket,
            self.delivered.key,
            self.sha256,
            self.previous.as_ref().map_or("null", |previous| previous.signature.as_str())
        )
    }

    /// What its successor is held against, given its own signature from the object's metadata.
    pub fn link(&self, signature: &str) -> Link {
        Link {
            object: self.place.object.clone(),
            sha256: self.sha256.clone(),
            signature: signature.to_ascii_lowercase(),
            from: self.from,
            until: self.until,
        }
    }

    /// From when until when the keys are to be asked for that may have signed it, given [`BACKFILL_MADE_AT`]. `None` if
    /// it is a backfill digest that doesn't say so: there is no way to find its key.
    pub fn keys_between(&self, made_at: Option<Time>) -> Option<(Time, Time)> {
        if !self.place.backfill {
            return Some((self.from, self.until));
        }
        let made_at = made_at?;
        let an_hour_before = made_at.as_second().saturating_sub(3_600).max(0);
        Some((Time::from_second(an_hour_before).unwrap_or(Time::EPOCH), made_at.plus(3_600)))
    }
}

impl TryFrom<WrittenFile> for LogFile {
    type Error = Broken;
    fn try_from(written: WrittenFile) -> Result<Self, Broken> {
        Ok(Self {
            sha256: checked(&written.hash_value, &written.hash_algorithm)?,
            object: Object { bucket: written.s3_bucket, key: written.s3_object },
            newest: written.newest_event_time,
            oldest: written.oldest_event_time,
        })
    }
}

/// A hash in lower case.
fn checked(hash: &str, algorithm: &str) -> Result<String, Broken> {
    let is_sha256 = algorithm == "SHA-256" && hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_sha256 { Ok(hash.to_ascii_lowercase()) } else { Err(Broken::Hash) }
}
