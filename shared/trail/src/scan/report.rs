//! What a reading comes to: counts, and what was broken.

use serde::{Deserialize, Serialize};

/// Most broken things that are listed one by one; all are counted.
pub const MOST_LISTED: usize = 100;

/// What may be wrong with an object of the trail's bucket. Codes are never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakage {
    /// Nothing is in it.
    Empty,
    /// It is no trail file: neither gzip nor JSON, or JSON without a list `Records`.
    ForeignObject,
    /// The gzip stream ends too early.
    CutGzip,
    /// The gzip stream is damaged, or its checksum is wrong.
    BadGzip,
    /// The JSON ends too early.
    CutJson,
    /// More comes out of it than any trail file holds.
    TooLarge,
    /// What should be a record is none. It is left out; reading goes on where the next may begin.
    BadRecord,
    /// A record is larger than CloudTrail writes any. It is left out.
    RecordTooLarge,
    /// A record is nested deeper than any reader of JSON follows. It is left out.
    TooDeep,
    /// A record is not UTF-8. It is left out.
    BadText,
    /// Something follows the end.
    TrailingBytes,
}

impl Breakage {
    /// Stable name for machines, as it is written.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::ForeignObject => "foreign_object",
            Self::CutGzip => "cut_gzip",
            Self::BadGzip => "bad_gzip",
            Self::CutJson => "cut_json",
            Self::TooLarge => "too_large",
            Self::BadRecord => "bad_record",
            Self::RecordTooLarge => "record_too_large",
            Self::TooDeep => "too_deep",
            Self::BadText => "bad_text",
            Self::TrailingBytes => "trailing_bytes",
        }
    }

    /// Why an object, or a part of one, was left out: for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Empty => "The file is empty.",
            Self::ForeignObject => "This is no CloudTrail file: it has no list of records.",
            Self::CutGzip => "The compressed file ends too early; it may have been cut.",
            Self::BadGzip => "The compressed file is damaged: what comes out of it is not what was put in.",
            Self::CutJson => "The file ends in the middle of its records; it may have been cut.",
            Self::TooLarge => "More comes out of the file than CloudTrail puts into one.",
            Self::BadRecord => "A record is not valid JSON. Records after it are shown, but can't be relied on.",
            Self::RecordTooLarge => "A record is larger than 256 KiB, which CloudTrail never writes.",
            Self::TooDeep => "A record is nested too deeply.",
            Self::BadText => "A record holds bytes that are no text.",
            Self::TrailingBytes => "Something follows the end of the records.",
        }
    }
}

/// One broken thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// What is wrong.
    pub code: Breakage,
    /// Where, in bytes of the decompressed file: where the record begins, or where reading stopped.
    pub offset: u64,
    /// The first request id that the record's text holds: whose activity has a gap here, perhaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// What a reading came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Records that were whole, or left out for a reason of their own. Not: what was lost in damage.
    pub records: u64,
    /// Of those, how many the sink was given.
    pub found: u64,
    /// What was broken, the first [`MOST_LISTED`].
    pub broken: Vec<Broken>,
    /// How much was broken in all.
    pub broken_count: u64,
    /// Bytes of the object.
    pub bytes_in: u64,
    /// Bytes of JSON that came out of it.
    pub bytes_out: u64,
    /// If it was wanted: SHA-256 of what is inside the gzip, as a digest file states it. Of an object that was not read to its end: of as
    /// much as was.
    pub sha256: Option<[u8; 32]>,
    /// Whether it was read to its end: that of the JSON, nothing before it being damaged, and that of the gzip stream with
    /// its checksum. Records that are left out alone change nothing of it.
    pub whole: bool,
}

impl Report {
    pub(super) fn add(&mut self, code: Breakage, offset: u64, request: Option<&str>) {
        self.broken_count = self.broken_count.saturating_add(1);
        if self.broken.len() < MOST_LISTED {
            self.broken.push(Broken { code, offset, request: request.map(ToOwned::to_owned) });
        }
    }

    /// [`Report::sha256`] in hexadecimal; empty if it was not wanted.
    pub fn sha256_hex(&self) -> String {
        self.sha256.map(hex::encode).unwrap_or_default()
    }

    /// Whether something of this kind was broken, among what is listed.
    pub fn has(&self, code: Breakage) -> bool {
        self.broken.iter().any(|one| one.code == code)
    }
}
