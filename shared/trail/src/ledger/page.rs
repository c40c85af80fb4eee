//! Reading what is kept, page by page.

use super::part::PartKey;
use crate::entry::Entry;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::actions::pattern_matches;
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// Which entries are wanted: those for which all that is set holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The service, as IAM writes it.
    pub service: Option<String>,
    /// A pattern of IAM actions (`s3:Get*`); it may name the action or what was called.
    pub action: Option<String>,
    /// Refused for want of permission, or not.
    pub denied: Option<bool>,
    /// Changing nothing, or something.
    pub read_only: Option<bool>,
    /// From this time on.
    pub after: Option<Time>,
    /// Before this time.
    pub before: Option<Time>,
    /// Only these calls: those that show a finding.
    pub ids: Option<BTreeSet<String>>,
}

impl Filter {
    /// Whether an entry is wanted.
    pub fn takes(&self, entry: &Entry) -> bool {
        let call = &entry.call;
        let called = || format!("{}:{}", call.service, call.name);
        self.service.as_ref().is_none_or(|service| service.eq_ignore_ascii_case(&call.service))
            && self.action.as_ref().is_none_or(|pattern| {
                call.action.as_ref().is_some_and(|action| pattern_matches(pattern, action))
                    || pattern_matches(pattern, &called())
            })
            && self.denied.is_none_or(|denied| denied == call.is_denied())
            && self.read_only.is_none_or(|read_only| read_only == call.read_only)
            && self.after.is_none_or(|after| after <= call.at)
            && self.before.is_none_or(|before| call.at < before)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&call.id))
    }
}

/// Where a page ended: behind this call. Calls that come later, of earlier times, are not seen by who is already past.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: Time,
    region: String,
    id: String,
}

impl Cursor {
    fn of(entry: &Entry) -> Self {
        Self { at: entry.call.at, region: entry.call.region.clone(), id: entry.call.id.clone() }
    }

    /// When the last call of the page was made: only slots from its own on have to be loaded.
    pub fn at(&self) -> Time {
        self.at
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("{}\n{}\n{}", self.at, self.region, self.id)))
    }
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not what a page before gave as its end")]
pub struct BadCursor;

impl FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let text = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        let text = String::from_utf8(text).map_err(|_| BadCursor)?;
        let mut lines = text.split('\n');
        let (Some(at), Some(region), Some(id), None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(BadCursor);
        };
        let at = at.parse().map_err(|_| BadCursor)?;
        Ok(Self { at, region: region.to_owned(), id: id.to_owned() })
    }
}

/// Some entries in the order of their time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the next page begins, if there is more in what was given.
    pub next: Option<Cursor>,
}

/// The next `limit` entries behind `cursor` of what is given, in the order of time, region and id. Parts may be given a
/// few slots at a time, but of each slot all.
pub fn page(parts: &BTreeMap<PartKey, Vec<Entry>>, cursor: Option<&Cursor>, limit: usize, filter: &Filter) -> Page {
    let from = cursor.map(|cursor| cursor.at);
    let mut entries: Vec<(Cursor, &Entry)> = Vec::new();
    let mut slots = parts.iter().peekable();
    while let Some((key, part)) = slots.next() {
        let behind = part.iter().filter(|entry| from.is_none_or(|from| from <= entry.call.at) && filter.takes(entry));
        let behind = behind.map(|entry| (Cursor::of(entry), entry));
        entries.extend(behind.filter(|(place, _)| cursor.is_none_or(|cursor| cursor < place)));
        // Slots follow each other in time, so what comes after can't belong in between.
        let is_last_of_slot = slots.peek().is_none_or(|(next, _)| next.slot != key.slot);
        if is_last_of_slot && entries.len() > limit {
            break;
        }
    }
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|(place, _)| place.clone());
    Page { entries: entries.into_iter().map(|(_, entry)| entry.clone()).collect(), next }
}
