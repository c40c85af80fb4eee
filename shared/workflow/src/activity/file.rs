//! A file of the trail: read once as it is delivered, in a stream, whatever its size.
//!
//! Records are taken in while the file is being read, a bounded number at a time. Whether the file is whole shows only at
//! its end. What stood before damage is told from the first byte on, record by record, so it counts as it is, also if the
//! rest turns out to be cut; the file is then noted as not whole, which is a gap in what is known, and is read again when
//! it comes again or a digest names it. What seems to stand behind damage does not count.
//!
//! A session that shows nothing of its grant is known by its key, which another record tells. If a file tells of one, it
//! is read again, for the calls with that key that were passed over before.

use super::ingest::{Record, Taken, batch};
use super::{Ports, digests};
use crate::ports::{Fault, FileRead, TakeBytes};
use model::time::Time;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use trail::entry::Origin;
use trail::place::{Kind, Place};
use trail::scan::{Bounds, Found, Reading, Sink};

/// Records that are taken in at once; each takes a few kilobytes.
const HELD: usize = 2_000;

/// Bytes of originals that are held at most before they are copied.
const HELD_BYTES: usize = 4 * 1024 * 1024;

/// Compressed bytes that are read before what was found in them is put away: 16 MB come out of them at most, which is
/// what deflate can do.
const STEP: usize = 16 * 1024;

/// How often one file is read at most: once, and once for each further link of a chain of sessions that is told of in
/// reverse. What is beyond is asked of the event history.
const MOST_READINGS: u32 = 4;

/// What is said of one broken file at most.
const MOST_BROKEN: usize = 20;

/// Takes in an object of the trail's bucket: a file of records, or a digest. Others are left alone.
///
/// A file that was read whole is not read again: whoever changes it later changes nothing of what is known, and what is
/// noted is the hash of what was read.
///
/// # Errors
/// If something outside did not do its part; taking it in again does the rest.
pub async fn take<P: Ports>(ports: &P, bucket: &str, key: &str) -> Result<(), Fault> {
    if ports.bucket() != Some(bucket) {
        tracing::error!(alarm = "foreign_bucket", s3.bucket = bucket, "an object of a bucket that is not the trail's");
        return Ok(());
    }
    match Place::of(bucket, key) {
        Some(place) if place.kind == Kind::Records => {
            let known = ports.files(&place.account, &place.region, hour(place.delivered_at)).await?;
            if known.iter().any(|file| file.key == key && file.whole) {
                return Ok(());
            }
            read(ports, &place).await.map(|_| ())
        }
        Some(place) if place.kind == Kind::Digest => digests::take(ports, &place).await,
        Some(_) => Ok(()),
        None => {
            tracing::warn!(
                s3.key = key,
                error.code = "foreign_object",
                "an object in the trail's bucket is not of a trail"
            );
            Ok(())
        }
    }
}

/// What the reader finds: sent on, to be taken in between two steps.
struct Collecting<'p> {
    place: &'p Place,
    /// Those that are known, and those that came out of whatever session the file told of.
    keys: BTreeSet<String>,
    found: Sender<Record>,
    tells_of_keys: bool,
    copies: bool,
    broken: Vec<String>,
    untrusted: u64,
}

impl Sink for Collecting<'_> {
    fn wants_key(&self, id: &str) -> bool {
        self.keys.contains(id)
    }

    fn record(&mut self, found: Found<'_>) {
        if found.after_damage {
            // It may be text inside of a broken record that somebody made look like one.
            self.untrusted = self.untrusted.saturating_add(1);
            self.say("after_damage", found.offset);
            return;
        }
        let (bucket, key) = (self.place.bucket.clone(), self.place.key.clone());
        let length = u64::try_from(found.bytes.len()).unwrap_or(u64::MAX);
        match Record::read(found.bytes, Origin::Trail { bucket, key, offset: found.offset, length }) {
            Ok(mut record) => {
                record.original = self.copies.then(|| found.bytes.to_vec());
                if let Some(opened) = record.call.opened.as_ref().filter(|opened| !opened.access_key_id.is_empty()) {
                    // Whose it is shows later; what follows with it is handed on meanwhile.
                    self.keys.insert(opened.access_key_id.clone());
                    self.tells_of_keys = true;
                }
                // The other end outlives this one.
                let _ = self.found.send(record);
            }
            Err(code) => self.say(code, found.offset),
        }
    }
}

impl Collecting<'_> {
    fn say(&mut self, code: &str, offset: u64) {
        if self.broken.len() < MOST_BROKEN {
            self.broken.push(format!("{code} at {offset}"));
        }
    }
}

/// Takes the bytes of a file: reads them, and takes in what was found before it reads on.
struct Taking<'a, P> {
    ports: &'a P,
    reading: Reading<'a>,
    found: Receiver<Record>,
    held: Vec<Record>,
    taken: Taken,
}

impl<P: Ports> Taking<'_, P> {
    /// Takes in what was found, if it is as much as `from` or more.
    async fn put_away(&mut self, from: usize) -> Result<(), Fault> {
        self.held.extend(self.found.try_iter());
        let bytes =
            self.held.iter().filter_map(|record| record.original.as_ref()).map(Vec::len).fold(0, usize::saturating_add);
        if self.held.len() < from.max(1) && bytes < HELD_BYTES {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        self.taken.add(all(self.ports, held).await?);
        Ok(())
    }
}

/// Takes in records, [`HELD`] at a time.
async fn all<P: Ports>(ports: &P, mut records: Vec<Record>) -> Result<Taken, Fault> {
    let mut taken = Taken::default();
    while !records.is_empty() {
        let rest = records.split_off(records.len().min(HELD));
        taken.add(batch(ports, records).await?);
        records = rest;
    }
    Ok(taken)
}

impl<P: Ports> TakeBytes for Taking<'_, P> {
    async fn take(&mut self, piece: &[u8]) -> Result<bool, Fault> {
        for step in piece.chunks(STEP) {
            self.reading.feed(step);
            self.put_away(HELD).await?;
        }
        Ok(true)
    }
}

/// Reads a file of records, and notes that it was. `None`: there is no such object.
///
/// # Errors
/// As [`take`].
pub(crate) async fn read<P: Ports>(ports: &P, place: &Place) -> Result<Option<FileRead>, Fault> {
    let mut keys: BTreeSet<String> = ports.live_keys().await?.into_keys().collect();
    let mut readings = 1;
    loop {
        let Some((file, tells_of_keys)) = once(ports, place, keys.clone()).await? else { return Ok(None) };
        let known = keys.len();
        if tells_of_keys && readings < MOST_READINGS {
            keys.extend(ports.live_keys().await?.into_keys());
        }
        if keys.len() == known {
            ports.note_file(&file).await?;
            return Ok(Some(file));
        }
        readings = readings.saturating_add(1);
    }
}

/// Reads it, given the keys that are known. Gives whether it told of further ones.
async fn once<P: Ports>(ports: &P, place: &Place, keys: BTreeSet<String>) -> Result<Option<(FileRead, bool)>, Fault> {
    let (sender, found) = channel();
    let (copies, broken) = (ports.copies(), Vec::new());
    let mut sink = Collecting { place, keys, found: sender, tells_of_keys: false, copies, broken, untrusted: 0 };
    let reading = Reading::hashing(&mut sink, Bounds::default());
    let mut taking = Taking { ports, reading, found, held: Vec::new(), taken: Taken::default() };
    if ports.read_object(&place.bucket, &place.key, &mut taking).await?.is_none() {
        return Ok(None);
    }
    let Taking { reading, found, mut held, mut taken, .. } = taking;
    let report = reading.finish();
    held.extend(found.try_iter());
    taken.add(all(ports, held).await?);
    let Collecting { mut broken, untrusted, tells_of_keys, .. } = sink;
    let room = MOST_BROKEN.saturating_sub(broken.len());
    broken.extend(report.broken.iter().take(room).map(|one| format!("{} at {}", one.code.code(), one.offset)));
    if !broken.is_empty() {
        tracing::error!(alarm = "broken_file", s3.bucket = %place.bucket, s3.key = %place.key, broken = ?broken, untrusted,
            count = report.broken_count, "parts of a trail's file can't be read, and were put aside");
    }
    let file = FileRead {
        account: place.account.clone(),
        region: place.region.clone(),
        delivered_at: place.delivered_at,
        bucket: place.bucket.clone(),
        key: place.key.clone(),
        sha256: report.sha256_hex(),
        records: report.records,
        bytes: report.bytes_out,
        calls: taken.calls,
        data_calls: taken.data_calls,
        broken,
        whole: report.whole,
        read_at: ports.now(),
    };
    Ok(Some((file, tells_of_keys)))
}

/// The hour of `at`.
pub(crate) fn hour(at: Time) -> Time {
    Time::from_second(at.as_second().saturating_sub(at.as_second().rem_euclid(3_600))).unwrap_or(Time::EPOCH)
}
