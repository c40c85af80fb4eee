//! How an object is packed: gzip, of one member or many, or not at all.

use super::report::Breakage;
use flate2::{Decompress, FlushDecompress, Status};

/// How gzip begins, by RFC 1952. No JSON begins so.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The window that a gzip stream may use, as an exponent of two.
const WINDOW: u8 = 15;

/// Most members of an object. CloudTrail writes one; each costs a window.
const MOST_MEMBERS: u32 = 1_000;

/// An object that is being unpacked.
#[derive(Debug)]
pub(super) enum Packing {
    /// At the beginning of the object or of another member; so many have been.
    Between(u32),
    /// Behind the first byte of [`MAGIC`].
    Half(u32),
    /// Not packed.
    Plain,
    /// Within a member of gzip; so many have been, with this one.
    Member(u32, Box<Decompress>),
}

/// What came of a piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// Bytes that were read.
    pub(super) read: usize,
    /// Bytes that were written.
    pub(super) written: usize,
    /// Whether nothing more comes out of what was read.
    pub(super) wants_more: bool,
    /// What makes all that follows unreadable.
    pub(super) broken: Option<Breakage>,
}

impl Packing {
    pub(super) fn new() -> Self {
        Self::Between(0)
    }

    /// Unpacks as much as there is room for.
    pub(super) fn unpack(&mut self, bytes: &[u8], room: &mut [u8]) -> Unpacked {
        match (&mut *self, bytes.first()) {
            (Self::Member(nth, inflate), _) => {
                let (unpacked, ended) = member(inflate, bytes, room);
                if ended {
                    *self = Self::Between(*nth);
                }
                unpacked
            }
            (Self::Plain, _) => {
                let count = bytes.len().min(room.len());
                if let (Some(to), Some(from)) = (room.get_mut(..count), bytes.get(..count)) {
                    to.copy_from_slice(from);
                }
                Unpacked { read: count, written: count, wants_more: true, broken: None }
            }
            (Self::Between(_) | Self::Half(_), None) => Unpacked { wants_more: true, ..Unpacked::default() },
            (Self::Between(members), Some(first)) if *first == MAGIC[0] => {
                *self = Self::Half(*members);
                Unpacked { read: 1, ..Unpacked::default() }
            }
            (Self::Half(members), Some(second)) if *second == MAGIC[1] && *members < MOST_MEMBERS => {
                let mut inflate = Box::new(Decompress::new_gzip(WINDOW));
                let (begun, _) = member(&mut inflate, &MAGIC[..1], room);
                *self = Self::Member(members.saturating_add(1), inflate);
                Unpacked { read: 0, ..begun }
            }
            (Self::Half(_), Some(second)) if *second == MAGIC[1] => {
                Unpacked { broken: Some(Breakage::TooLarge), ..Unpacked::default() }
            }
            (Self::Half(0), Some(_)) => Unpacked { broken: Some(Breakage::ForeignObject), ..Unpacked::default() },
            (Self::Between(0), Some(_)) => {
                *self = Self::Plain;
                Unpacked::default()
            }
            (Self::Between(_) | Self::Half(_), Some(_)) => {
                Unpacked { broken: Some(Breakage::TrailingBytes), ..Unpacked::default() }
            }
        }
    }

    /// What it is called that the object ends here, if it may not.
    pub(super) fn cut(&self) -> Option<Breakage> {
        match self {
            Self::Between(_) | Self::Plain => None,
            Self::Half(_) | Self::Member(..) => Some(Breakage::CutGzip),
        }
    }
}

/// Unpacks from a member of gzip. Whether it ended, its checksum being right.
fn member(inflate: &mut Decompress, bytes: &[u8], room: &mut [u8]) -> (Unpacked, bool) {
    let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
    // "Finish" saves a copy of the last 32 KiB where the member ends in this room, and means nothing where it does not.
    let status = inflate.decompress(bytes, room, FlushDecompress::Finish);
    let moved = |now: u64, before: u64| usize::try_from(now.saturating_sub(before)).unwrap_or_default();
    let (read, written) = (moved(inflate.total_in(), before_in), moved(inflate.total_out(), before_out));
    let stuck = read == 0 && written == 0 && !bytes.is_empty();
    let (broken, ended) = match status {
        Ok(Status::StreamEnd) => (None, true),
        Ok(Status::Ok | Status::BufError) => (stuck.then_some(Breakage::BadGzip), false),
        Err(_) => (Some(Breakage::BadGzip), false),
    };
    let wants_more = !ended && read == bytes.len() && written < room.len();
    (Unpacked { read, written, wants_more, broken }, ended)
}
