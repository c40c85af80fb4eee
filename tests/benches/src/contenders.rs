//! Ways to read a trail file.

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem::Finder;
use serde_json::Value;
use std::collections::HashSet;
use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use trail::scan::{Bounds, Found, Reading, Report, Sink};

/// Bytes that come at once from S3, and that are unpacked at once.
const PIECE: usize = 64 * 1024;

/// The grants and the keys that records are looked for of.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) requests: Vec<String>,
    pub(crate) keys: Vec<String>,
    wanted: HashSet<String>,
}

impl Live {
    pub(crate) fn new(count: usize) -> Self {
        let requests = (0..count).map(|nth| format!("req_0190f3c2a1b27def8123{nth:012x}")).collect();
        let keys: Vec<String> = (0..count).map(|nth| format!("ASIALIVE{nth:012}")).collect();
        let wanted = keys.iter().cloned().collect();
        Self { requests, keys, wanted }
    }
}

/// Counts, and reads what it is given if it shall.
#[derive(Debug)]
struct Counter<'a> {
    live: &'a Live,
    parse: bool,
}

impl Sink for Counter<'_> {
    fn wants_key(&self, id: &str) -> bool {
        self.live.wanted.contains(id)
    }

    fn record(&mut self, found: Found<'_>) {
        if self.parse {
            black_box(serde_json::from_slice::<Value>(found.bytes).ok());
        }
        black_box(found.offset);
    }
}

/// Ours.
pub(crate) fn ours(object: &[u8], live: &Live, parse: bool) -> Result<Report, String> {
    let mut counter = Counter { live, parse };
    let mut reading = Reading::new(&mut counter, Bounds::default());
    object.chunks(PIECE).for_each(|piece| reading.feed(piece));
    let report = reading.finish();
    if report.whole { Ok(report) } else { Err(format!("{report:?}")) }
}

/// Ours, with the hash that CloudTrail's digests state.
pub(crate) fn proven(object: &[u8], live: &Live) -> Result<Report, String> {
    let mut counter = Counter { live, parse: true };
    let mut reading = Reading::hashing(&mut counter, Bounds::default());
    object.chunks(PIECE).for_each(|piece| reading.feed(piece));
    let report = reading.finish();
    if report.whole { Ok(report) } else { Err(format!("{report:?}")) }
}

/// Ours, from a file, piece by piece.
pub(crate) fn stream(file: &Path, live: &Live) -> Result<Report, String> {
    let mut file = std::fs::File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut counter = Counter { live, parse: true };
    let mut reading = Reading::hashing(&mut counter, Bounds { object: u64::MAX, ..Bounds::default() });
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read(&mut piece).map_err(|error| error.to_string())?;
        if count == 0 {
            break;
        }
        reading.feed(piece.get(..count).unwrap_or_default());
    }
    let report = reading.finish();
    if report.whole { Ok(report) } else { Err(format!("{report:?}")) }
}

/// Unpacks, and shows what came out, piece by piece.
fn unpack(object: &[u8], mut show: impl FnMut(&[u8])) -> Result<(), String> {
    let mut inflate = Decompress::new_gzip(15);
    let mut room = vec![0; PIECE];
    let mut rest = object;
    loop {
        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(rest, &mut room, FlushDecompress::Finish).map_err(|error| error.to_string())?;
        let (read, written) = (inflate.total_in() - before_in, inflate.total_out() - before_out);
        rest = rest.get(usize::try_from(read).unwrap_or_default()..).unwrap_or_default();
        show(room.get(..usize::try_from(written).unwrap_or_default()).unwrap_or_default());
        match status {
            Status::StreamEnd => return Ok(()),
            Status::Ok | Status::BufError if read == 0 && written == 0 => return Err("a file is cut".to_owned()),
            Status::Ok | Status::BufError => {}
        }
    }
}

/// Nothing but unpacking.
pub(crate) fn gunzip(object: &[u8]) -> Result<(), String> {
    unpack(object, |piece| {
        black_box(piece.last());
    })
}

/// The least that finds anything: the two words, in whatever comes out, records or not.
pub(crate) fn gunzip_and_search(object: &[u8]) -> Result<(), String> {
    let (id, key) = (Finder::new("req_"), Finder::new("accessKeyId"));
    unpack(object, |piece| {
        black_box(id.find_iter(piece).count());
        black_box(key.find_iter(piece).count());
    })
}

/// Everything built.
pub(crate) fn values(object: &[u8]) -> Result<(), String> {
    let mut text = Vec::new();
    unpack(object, |piece| text.extend_from_slice(piece))?;
    let value: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    black_box(value);
    Ok(())
}
