//! Whether what a digest says holds: its signature, its link to the one before, and every file that it lists.

use crate::digest::{ALGORITHM, Digest, Link, LogFile};
use model::text::inert;
use model::time::Time;
use serde::{Deserialize, Serialize};

/// Most findings that are kept of one digest; the rest is counted.
pub const MOST_FINDINGS: usize = 50;

/// What is known of one listed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Nothing: it was not read yet.
    Waiting,
    /// The bucket has no such object.
    Missing,
    /// It was put aside, with this code.
    Quarantined(String),
    /// It was read to its end, and this is the SHA-256 of what is inside the gzip, in hexadecimal.
    Read(String),
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The signature is absent, malformed, or not of these bytes at this place.
    BadSignature,
    /// CloudTrail has no key of that fingerprint in that region at that time.
    UnknownKey,
    /// It lies elsewhere than where it was delivered, or is of another account than its key says.
    WrongObject,
    /// The one before is not the one that it was made after.
    ChainBroken,
    /// It is the first of a chain though there were digests before: logging or validation was off in between.
    ChainStart,
    /// It begins after the one before had ended.
    Gap,
    /// A file that it lists is not in the bucket.
    FileMissing,
    /// A file that it lists holds something else than was delivered.
    FileHashMismatch,
    /// A file that it lists could not be read.
    FileNotRead,
}

impl Code {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadSignature => "bad_signature",
            Self::UnknownKey => "unknown_key",
            Self::WrongObject => "wrong_object",
            Self::ChainBroken => "chain_broken",
            Self::ChainStart => "chain_start",
            Self::Gap => "gap",
            Self::FileMissing => "file_missing",
            Self::FileHashMismatch => "file_hash_mismatch",
            Self::FileNotRead => "file_not_read",
        }
    }

    /// Whether it is about the time before the digest, so that the digest's own time can still be whole.
    pub fn is_about_before(self) -> bool {
        matches!(self, Self::ChainStart | Self::Gap)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    pub code: Code,
    /// The file it is about, or the digest; at most 300 characters.
    pub subject: String,
    /// In a sentence.
    pub sentence: String,
}

/// How far the time of a digest is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Every record delivered in it was read, and none was changed.
    Validated,
    /// Files that it lists are still to be read.
    Waiting,
    /// See the findings.
    Doubtful,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// In a word.
    pub state: State,
    /// What is wrong, the digest itself first; at most [`MOST_FINDINGS`].
    pub findings: Vec<Finding>,
    /// How many more findings there were.
    pub more: usize,
    /// How many files are still to be read.
    pub waiting: usize,
}

/// What a digest is held against.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The signature in hexadecimal, from the object's metadata.
    pub signature: Option<&'a str>,
    /// The key of the digest's fingerprint, PKCS #1 in DER, from `ListPublicKeys` of the digest's region.
    pub key: Option<&'a [u8]>,
    /// The newest known digest of the same trail, account, region and kind that ended before this one began or just then.
    /// `None`: none is known, which is not suspicious in itself.
    pub before: Option<&'a Link>,
}

/// Judges `digest`. Never remembers: the same evidence gives the same verdict, so that it is made anew whenever a file was
/// read or an earlier digest came late.
///
/// `verifies` is RSA with PKCS #1 v1.5 and SHA-256: key (PKCS #1, DER), message, signature.
pub fn judge(
    digest: &Digest,
    evidence: Evidence<'_>,
    reading: impl Fn(&LogFile) -> Reading,
    verifies: impl Fn(&[u8], &[u8], &[u8]) -> bool,
) -> Verdict {
    let mut findings = Found::default();
    let own = &digest.place.object.key;
    if digest.delivered != digest.place.object || digest.account != digest.place.account {
        findings.add(Code::WrongObject, own, "lies elsewhere than CloudTrail delivered it");
    }
    match signature(digest, evidence, verifies) {
        Ok(()) => {}
        Err((code, why)) => findings.add(code, own, &why),
    }
    chain(digest, evidence.before, &mut findings);
    let mut waiting = 0_usize;
    for file in &digest.files {
        let key = &file.object.key;
        match reading(file) {
            Reading::Waiting => waiting = waiting.saturating_add(1),
            Reading::Missing => findings.add(Code::FileMissing, key, "was delivered and is gone"),
            Reading::Quarantined(why) => {
                findings.add(Code::FileNotRead, key, &format!("could not be read: {}", inert(&why, 60)));
            }
            Reading::Read(sha256) if sha256.eq_ignore_ascii_case(&file.sha256) => {}
            Reading::Read(_) => {
                findings.add(Code::FileHashMismatch, key, "holds something else than was delivered");
            }
        }
    }
    let state = if findings.doubtful {
        State::Doubtful
    } else if waiting > 0 {
        State::Waiting
    } else {
        State::Validated
    };
    Verdict { state, findings: findings.kept, more: findings.more, waiting }
}

fn signature(
    digest: &Digest,
    evidence: Evidence<'_>,
    verifies: impl Fn(&[u8], &[u8], &[u8]) -> bool,
) -> Result<(), (Code, String)> {
    let bad = |why: &str| Err((Code::BadSignature, why.to_owned()));
    if digest.algorithm != ALGORITHM {
        return bad("is signed with an algorithm that CloudTrail does not use");
    }
    let Some(signature) = evidence.signature else {
        return bad("has no signature in its metadata");
    };
    let Ok(signature) = hex::decode(signature) else {
        return bad("has a signature that is not hexadecimal");
    };
    let Some(key) = evidence.key else {
        let fingerprint = inert(&digest.fingerprint, 64);
        return Err((
            Code::UnknownKey,
            format!("was signed with the key {fingerprint}, which CloudTrail does not know"),
        ));
    };
    if verifies(key, digest.to_sign().as_bytes(), &signature) { Ok(()) } else { bad("is not what CloudTrail signed") }
}

fn chain(digest: &Digest, before: Option<&Link>, findings: &mut Found) {
    let Some(before) = before else { return };
    let own = &digest.place.object.key;
    let since = |until: Time| format!("nothing is proven between {until} and {}", digest.from);
    let Some(previous) = &digest.previous else {
        let why = format!("begins a chain anew: logging or its validation was off, and {}", since(before.until));
        return findings.add(Code::ChainStart, own, &why);
    };
    if previous.object == before.object {
        if previous.sha256 != before.sha256 || !previous.signature.eq_ignore_ascii_case(&before.signature) {
            findings.add(Code::ChainBroken, own, "was made after another digest than the one before it");
        }
        // Backfill digests are made when needed: theirs is no time without gaps.
        if before.until < digest.from && !digest.place.backfill {
            findings.add(Code::Gap, own, &format!("does not follow on: {}", since(before.until)));
        }
    } else if before.until == digest.from {
        findings.add(Code::ChainBroken, own, "names another digest than the one before it");
    }
    // Else the one it names is not known (yet): its time is not covered, and coverage says so.
}

#[derive(Default)]
struct Found {
    kept: Vec<Finding>,
    more: usize,
    doubtful: bool,
}

impl Found {
    fn add(&mut self, code: Code, subject: &str, why: &str) {
        self.doubtful |= !code.is_about_before();
        if self.kept.len() >= MOST_FINDINGS {
            self.more = self.more.saturating_add(1);
            return;
        }
        let subject = inert(subject, 300);
        let what = match code {
            Code::FileMissing | Code::FileHashMismatch | Code::FileNotRead => "The trail's file",
            Code::BadSignature
            | Code::UnknownKey
            | Code::WrongObject
            | Code::ChainBroken
            | Code::ChainStart
            | Code::Gap => "The digest",
        };
        let sentence = format!("{what} {subject} {why}.");
        self.kept.push(Finding { code, subject, sentence });
    }
}
