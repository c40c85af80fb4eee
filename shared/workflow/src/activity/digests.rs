//! Digests of a trail: whether every file that was delivered was read, and none changed since.

use super::Ports;
use super::file::{hour, read};
use crate::ports::{DigestRead, Fault, FileRead, ObjectFacts, PublicKey, TakeBytes};
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use trail::coverage::Proof;
use trail::digest::verdict::{Evidence, Reading, State, judge};
use trail::digest::{self, Digest, Link, LogFile, Object};
use trail::place::Place;

const READ: &str = "read a digest";

/// Largest digest that is taken in, compressed, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// How far back the digest before is looked for, in seconds. What comes longer after it begins a chain anew.
const BACK: u64 = 7 * 86_400;

/// Files that are read at once on a digest's word, because nothing told of them; more are for the next run.
const MOST_MISSED: usize = 200;

/// Takes in a digest: reads what it lists and was not read, judges it, and notes what it proves.
///
/// # Errors
/// If something outside did not do its part, or files are left to be read: taking it in again does the rest.
pub async fn take<P: Ports>(ports: &P, place: &Place) -> Result<(), Fault> {
    let Some((bytes, facts)) = whole(ports, place).await? else { return Ok(()) };
    let signature = facts.metadata.get(digest::SIGNATURE);
    let object = Object { bucket: place.bucket.clone(), key: place.key.clone() };
    let parsed = digest::open(&bytes).and_then(|inside| Digest::parse(&inside, &object));
    let digest = match parsed {
        Ok(digest) => digest,
        Err(broken) => {
            // Its hour stays unproven, which coverage tells.
            tracing::error!(alarm = "broken_digest", s3.key = %place.key, error.code = broken.code(), "a digest can't be read: {broken}");
            return Ok(());
        }
    };
    let made_at = facts.metadata.get(digest::BACKFILL_MADE_AT).and_then(|at| at.parse().ok());
    let (files, key, before) =
        futures_util::try_join!(files(ports, &digest), public_key(ports, &digest, made_at), before(ports, &digest))?;
    let reading = |file: &LogFile| match files.get(&file.object.key) {
        None => Reading::Waiting,
        Some(None) => Reading::Missing,
        Some(Some(read)) if read.whole => Reading::Read(read.sha256.clone()),
        Some(Some(read)) => Reading::Quarantined(read.broken.first().cloned().unwrap_or_default()),
    };
    let evidence = Evidence {
        signature: signature.map(String::as_str),
        key: key.as_ref().map(|key| key.der.as_slice()),
        before: before.as_ref(),
    };
    let verdict = judge(&digest, evidence, reading, |key, message, signature| ports.verifies(key, message, signature));
    let left = verdict.state == State::Waiting;
    if verdict.state == State::Doubtful || !verdict.findings.is_empty() {
        tracing::error!(alarm = "doubtful_digest", s3.key = %place.key, findings = ?verdict.findings, "a digest does not prove its hour");
    }
    let link = digest.link(signature.map_or("", String::as_str));
    let proof = Proof {
        region: digest.place.region.clone(),
        trail: digest.place.trail.clone(),
        from: digest.from,
        until: digest.until,
        backfill: digest.place.backfill,
        verdict,
    };
    ports.note_digest(&DigestRead { account: digest.account.clone(), proof, link }).await?;
    if left { Err(Fault::new(READ, "files_left")) } else { Ok(()) }
}

/// Collects an object, as long as it is no longer than [`LARGEST`].
#[derive(Default)]
struct Whole(Vec<u8>);

impl TakeBytes for Whole {
    async fn take(&mut self, piece: &[u8]) -> Result<bool, Fault> {
        let fits = self.0.len().saturating_add(piece.len()) <= LARGEST;
        if fits {
            self.0.extend_from_slice(piece);
        }
        Ok(fits)
    }
}

/// The object, and what it carries beside; `None`: there is none.
async fn whole<P: Ports>(ports: &P, place: &Place) -> Result<Option<(Vec<u8>, ObjectFacts)>, Fault> {
    let mut bytes = Whole::default();
    let found = ports.read_object(&place.bucket, &place.key, &mut bytes).await?;
    Ok(found.map(|facts| (bytes.0, facts)))
}

/// What is known of each file it lists; no entry: not read yet.
async fn files<P: Ports>(ports: &P, digest: &Digest) -> Result<BTreeMap<String, Option<FileRead>>, Fault> {
    let listed = digest.files.iter().filter_map(|file| Place::of(&file.object.bucket, &file.object.key));
    // Files of another account or bucket are not this digest's to prove.
    let own = |place: &Place| place.account == digest.account && place.bucket == digest.place.object.bucket;
    let places: Vec<Place> = listed.filter(own).collect();
    let hours: BTreeSet<(String, Time)> =
        places.iter().map(|place| (place.region.clone(), hour(place.delivered_at))).collect();
    let mut known: BTreeMap<String, Option<FileRead>> = BTreeMap::new();
    for (region, hour) in &hours {
        let read = ports.files(&digest.account, region, *hour).await?;
        known.extend(read.into_iter().map(|file| (file.key.clone(), Some(file))));
    }
    let stated: BTreeMap<&str, &str> =
        digest.files.iter().map(|file| (file.object.key.as_str(), file.sha256.as_str())).collect();
    // One that was cut, or held something else, when it was read may be there by now as it was delivered.
    let is_as_stated = |place: &Place, read: &FileRead| {
        read.whole && stated.get(place.key.as_str()).is_some_and(|sha256| read.sha256.eq_ignore_ascii_case(sha256))
    };
    let as_stated =
        |place: &Place| known.get(&place.key).and_then(Option::as_ref).is_some_and(|read| is_as_stated(place, read));
    let missed: Vec<&Place> = places.iter().filter(|place| !as_stated(place)).collect();
    if !missed.is_empty() {
        tracing::warn!(missed = missed.len(), "a digest lists files that were not read as it states them");
    }
    for place in missed.into_iter().take(MOST_MISSED) {
        known.insert(place.key.clone(), read(ports, place).await?);
    }
    Ok(known)
}

async fn public_key<P: Ports>(ports: &P, digest: &Digest, made_at: Option<Time>) -> Result<Option<PublicKey>, Fault> {
    let Some((from, until)) = digest.keys_between(made_at) else { return Ok(None) };
    let keys = ports.digest_keys(&digest.place.region, from, until).await?;
    Ok(keys.into_iter().find(|key| key.fingerprint.eq_ignore_ascii_case(&digest.fingerprint)))
}

/// The newest digest of the same chain that had ended before this one began.
async fn before<P: Ports>(ports: &P, digest: &Digest) -> Result<Option<Link>, Fault> {
    let back = digest.from.as_second().saturating_sub(i64::try_from(BACK).unwrap_or(0));
    let from = Time::from_second(back).unwrap_or(Time::EPOCH);
    let known = ports.digests(&digest.account, from, digest.from).await?;
    let same = known.into_iter().filter(|one| {
        one.proof.region == digest.place.region
            && one.proof.trail == digest.place.trail
            && one.proof.backfill == digest.place.backfill
    });
    Ok(same.max_by_key(|one| one.proof.until).map(|one| one.link))
}
