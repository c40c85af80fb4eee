//! Files of a trail, read as they come: compressed bytes in, the records that could concern a grant out.
//!
//! Nothing is built of a record that concerns no grant, and memory does not grow with the file: what is held is one
//! buffer, of a record's largest size and one step of decompression. Start at [`Reading`].
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html>.

mod document;
mod interest;
mod masks;
mod nesting;
mod packing;
mod report;
mod window;

pub use report::{Breakage, Broken, MOST_LISTED, Report};

use document::Document;
use packing::Packing;
use sha2::{Digest as _, Sha256};

/// Who is given the records.
pub trait Sink: Send {
    /// Whether calls with this access key may belong to a grant. The answer may change with each record that the sink is
    /// given, and with nothing else: then it is asked anew.
    fn wants_key(&self, id: &str) -> bool;

    /// A record that could concern a grant.
    fn record(&mut self, found: Found<'_>);
}

/// A record that could concern a grant: it holds the id of a request, an access key that is wanted, or letters written
/// as escapes, which could be either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Where it begins, in bytes of the decompressed file.
    pub offset: u64,
    /// A JSON object, as it was written.
    pub bytes: &'a [u8],
    /// Whether something before it in the file was broken. That it is a record, and not text within a broken one that
    /// somebody made look like one, is then unknown: nothing may be concluded from it without a second source.
    pub after_damage: bool,
}

/// How much is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of JSON of one object.
    pub object: u64,
    /// How many times an object's own size may come out of it. From [`Bounds::RATIO_FROM`] bytes on.
    pub ratio: u64,
    /// Bytes of one record.
    pub record: usize,
    /// How deep a record may be nested.
    pub depth: usize,
}

impl Bounds {
    /// Bytes of JSON below which nobody minds how well they were compressed.
    pub const RATIO_FROM: u64 = 10 * 1024 * 1024;
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            // CloudTrail delivers about every five minutes, and in several files where there is much: tens of megabytes each.
            // So much is read in seconds.
            object: 1024 * 1024 * 1024,
            // Trail files are compressed 5 to 30 fold. Records that say nearly the same over and over, each with an id and
            // a time of its own, come to 100; deflate can do 1032, which is what bombs are made of.
            ratio: 200,
            // "Event size", <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>: 256 KB,
            // which CloudTrail keeps to by leaving parts out.
            record: 256 * 1024,
            // serde_json, which reads what is found, stops at 128.
            depth: 100,
        }
    }
}

/// One object of a trail's bucket, read piece by piece.
///
/// ```
/// use trail::scan::{Bounds, Found, Reading, Sink};
///
/// struct Names(Vec<String>);
/// impl Sink for Names {
///     fn wants_key(&self, id: &str) -> bool {
///         id == "ASIAEXAMPLE"
///     }
///     fn record(&mut self, found: Found<'_>) {
///         self.0.push(String::from_utf8_lossy(found.bytes).into_owned());
///     }
/// }
///
/// let mut names = Names(Vec::new());
/// let mut reading = Reading::new(&mut names, Bounds::default());
/// reading.feed(br#"{"Records":[{"userIdentity":{"accessKeyId":"ASIAEX"#);
/// reading.feed(br#"AMPLE"}},{"userIdentity":{"accessKeyId":"ASIAANOTHER"}}]}"#);
/// let report = reading.finish();
/// assert_eq!(names.0, [r#"{"userIdentity":{"accessKeyId":"ASIAEXAMPLE"}}"#]);
/// assert_eq!((report.records, report.found, report.whole), (2, 1, true));
/// ```
pub struct Reading<'s> {
    sink: &'s mut dyn Sink,
    bounds: Bounds,
    packing: Packing,
    document: Document,
    report: Report,
    /// Only if it is wanted: it takes as long as the reading itself.
    sha256: Option<Sha256>,
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Reading")
            .field("bounds", &self.bounds)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl<'s> Reading<'s> {
    /// Begins an object.
    pub fn new(sink: &'s mut dyn Sink, bounds: Bounds) -> Self {
        Self {
            sink,
            bounds,
            packing: Packing::new(),
            document: Document::new(bounds),
            report: Report::default(),
            sha256: None,
        }
    }

    /// Begins an object whose hash is wanted, for the digest that lists it.
    pub fn hashing(sink: &'s mut dyn Sink, bounds: Bounds) -> Self {
        Self { sha256: Some(Sha256::new()), ..Self::new(sink, bounds) }
    }

    /// The next bytes of the object, as it is stored: gzip, or JSON itself.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.report.bytes_in = self.report.bytes_in.saturating_add(chunk.len() as u64);
        let mut rest = chunk;
        while !self.document.is_stopped() {
            let room = self.document.room();
            let unpacked = self.packing.unpack(rest, room);
            if let Some(sha256) = &mut self.sha256 {
                sha256.update(room.get(..unpacked.written).unwrap_or_default());
            }
            rest = rest.get(unpacked.read..).unwrap_or_default();
            if unpacked.written > 0 {
                self.report.bytes_out = self.report.bytes_out.saturating_add(unpacked.written as u64);
                self.document.filled(unpacked.written, self.sink, &mut self.report);
            }
            if let Some(code) = unpacked.broken {
                self.document.stop(code, self.sink, &mut self.report);
            }
            if self.is_too_large() {
                self.document.stop(Breakage::TooLarge, self.sink, &mut self.report);
            }
            if unpacked.wants_more && rest.is_empty() {
                break;
            }
        }
    }

    fn is_too_large(&self) -> bool {
        let made = self.report.bytes_out;
        made > self.bounds.object
            || (made > Bounds::RATIO_FROM && made > self.report.bytes_in.saturating_mul(self.bounds.ratio))
    }

    /// Bytes set aside for what was read: at most [`Bounds::record`] and some 64 KiB, however much that was.
    pub fn held(&self) -> usize {
        self.document.held()
    }

    /// That was all of the object.
    pub fn finish(mut self) -> Report {
        let cut = self.packing.cut();
        self.report.whole = self.document.finish(cut, self.sink, &mut self.report);
        self.report.sha256 = self.sha256.map(|sha256| sha256.finalize().into());
        self.report
    }
}
