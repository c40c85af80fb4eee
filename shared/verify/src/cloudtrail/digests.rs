//! CloudTrail's own proof that no file of it was changed, removed or added.
//!
//! A digest's signature lies in the object's metadata, which a folder has no place for: it is expected in a file beside the
//! digest, named as it is with `.signature` after it. The public keys are expected in `trail/keys/`, as
//! `aws cloudtrail list-public-keys` prints them; whoever audits asks AWS for these, and not the one who is audited.

use super::{Rsa, TRAIL, record};
use crate::codes::Code;
use crate::finding::{At, Found, shown};
use crate::folder::Folder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use trail::digest::verdict::{self, Evidence, Reading};
use trail::digest::{Digest, Link, LogFile, Object, open};
use trail::place::Place;

/// What digests list.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Paths of files.
    pub(super) files: BTreeSet<String>,
    /// Until when there are digests, in seconds since 1970, by account and Region.
    newest: BTreeMap<(String, String), i64>,
}

impl Listed {
    /// Until when there are digests that would list the file at `path`. Where none is of its account and Region, or its
    /// path names none: any digests.
    pub(super) fn until(&self, path: &str) -> Option<i64> {
        let own = place(path).and_then(|place| self.newest.get(&place));
        own.or_else(|| self.newest.values().max()).copied()
    }
}

/// Account and Region of a file: `…/<account>/CloudTrail/<region>/<year>/<month>/<day>/<file>`.
fn place(path: &str) -> Option<(String, String)> {
    let mut parts = path.rsplit('/').skip(4);
    let (region, _, account) = (parts.next()?, parts.next()?, parts.next()?);
    Some((account.to_owned(), region.to_owned()))
}

/// When the file at `path` was delivered, by its name: `<account>_CloudTrail_<region>_<time>_…`. `None`: none of CloudTrail's
/// is named so.
pub(super) fn delivered(path: &str) -> Option<i64> {
    let place = Place::of("", path.strip_prefix(TRAIL)?)?;
    Some(place.delivered_at.as_second())
}

/// Judges all digests, chain by chain.
pub(super) fn judge<F: Folder>(
    folder: &F,
    paths: &[String],
    rsa: Rsa<'_>,
    found: &mut Found,
) -> Result<Listed, F::Error> {
    let mut listed = Listed::default();
    let keys = keys(folder, found)?;
    let mut digests = Vec::new();
    for path in paths {
        let bytes = folder.read(path)?.unwrap_or_default();
        let Some(digest) = read(path, &bytes) else {
            found.add(Code::TrailBroken, At::path(path), "It is not a digest of CloudTrail's.");
            continue;
        };
        let signature = folder.read(&format!("{path}.signature"))?;
        let signature = signature.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        digests.push((path, digest, signature));
    }
    digests.sort_by_key(|(_, digest, _)| digest.until);
    let mut before: BTreeMap<(String, String, String, bool), Link> = BTreeMap::new();
    let mut unproven = 0_u64;
    for (path, digest, signature) in &digests {
        let place = &digest.place;
        let chain = (place.account.clone(), place.region.clone(), place.trail.clone(), place.backfill);
        let mut readings: HashMap<&str, Reading> = HashMap::new();
        for file in &digest.files {
            let path = format!("{TRAIL}{}", file.object.key);
            let reading = match folder.read(&path)? {
                None => Reading::Missing,
                Some(bytes) => match record::sha256(&bytes) {
                    Some(sha256) => Reading::Read(sha256),
                    None => Reading::Quarantined("not gzip".to_owned()),
                },
            };
            readings.insert(&file.object.key, reading);
            listed.files.insert(path);
        }
        let key = keys.get(&digest.fingerprint);
        let evidence =
            Evidence { signature: signature.as_deref(), key: key.map(Vec::as_slice), before: before.get(&chain) };
        let reading = |file: &LogFile| readings.get(file.object.key.as_str()).cloned().unwrap_or(Reading::Missing);
        for finding in verdict::judge(digest, evidence, reading, rsa).findings {
            let code = match finding.code {
                verdict::Code::ChainStart | verdict::Code::Gap => Code::TrailGap,
                verdict::Code::BadSignature if signature.is_none() => Code::TrailUnsigned,
                verdict::Code::UnknownKey => Code::TrailUnsigned,
                verdict::Code::BadSignature
                | verdict::Code::WrongObject
                | verdict::Code::ChainBroken
                | verdict::Code::FileMissing
                | verdict::Code::FileHashMismatch
                | verdict::Code::FileNotRead => Code::TrailBroken,
            };
            if code == Code::TrailUnsigned {
                unproven = unproven.saturating_add(1);
            } else {
                found.add(code, At::path(path), shown(&finding.sentence));
            }
        }
        // One that was taken out is named by the next, and known by nobody.
        let gap = before.get(&chain).filter(|before| before.until < digest.from && !place.backfill);
        if let Some(gap) = gap {
            let sentence = format!("No digest is of the time between {} and {}.", gap.until, digest.from);
            found.add(Code::TrailGap, At::path(path), sentence);
        }
        found.figures.trail_digests = found.figures.trail_digests.saturating_add(1);
        let newest = listed.newest.entry((place.account.clone(), place.region.clone())).or_insert(i64::MIN);
        *newest = digest.until.as_second().max(*newest);
        before.insert(chain, digest.link(signature.as_deref().unwrap_or_default()));
    }
    if unproven > 0 {
        let sentence = format!(
            "{unproven} digests can't be checked: their signatures or CloudTrail's public keys are not in the folder."
        );
        found.add(Code::TrailUnsigned, At::path(TRAIL), sentence);
    }
    Ok(listed)
}

/// Reads the digest at `path`, as lying in the bucket that it names itself: which bucket that is, the folder can't say.
fn read(path: &str, bytes: &[u8]) -> Option<Digest> {
    let inside = open(bytes).ok()?;
    let said: Value = serde_json::from_slice(&inside).ok()?;
    let bucket = said.get("digestS3Bucket")?.as_str()?.to_owned();
    Digest::parse(&inside, &Object { bucket, key: path.strip_prefix(TRAIL)?.to_owned() }).ok()
}

/// CloudTrail's public keys, by fingerprint.
fn keys<F: Folder>(folder: &F, found: &mut Found) -> Result<HashMap<String, Vec<u8>>, F::Error> {
    let mut keys = HashMap::new();
    for path in folder.list("trail/keys/")? {
        let value: Option<Value> = folder.read(&path)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let list = value.as_ref().and_then(|value| value.get("PublicKeyList")?.as_array());
        if list.is_none() {
            found.add(Code::TrailUnreadable, At::path(&path), "It is not what `list-public-keys` prints.");
        }
        for key in list.into_iter().flatten() {
            let text = |name: &str| key.get(name).and_then(Value::as_str);
            let der = text("Value").and_then(|value| STANDARD.decode(value).ok());
            if let (Some(fingerprint), Some(der)) = (text("Fingerprint"), der) {
                keys.insert(fingerprint.to_ascii_lowercase(), der);
            }
        }
    }
    Ok(keys)
}
