//! A request's record, fetched and checked with nothing but the crate `record`.

use record::chain::{Broken, Head, verify};
use record::entry::Entry;
use serde_json::Value;

use crate::door::{Api, text};
use crate::failure::Failure;

/// All entries of a request, as bytes, and where they have to end.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The request's id.
    pub request: String,
    /// The entries' bytes, in order.
    pub entries: Vec<Vec<u8>>,
    /// The last entry's place and hash.
    pub head: Head,
}

impl Trail {
    /// All of it, page by page.
    ///
    /// # Errors
    /// The person may not read it, or the answer is another than the API's.
    pub async fn fetch(api: &Api, request: &str) -> Result<Self, Failure> {
        let mut entries = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = api.get(&format!("/v1/requests/{request}/events?limit=100{cursor}")).await?.expect(200)?;
            let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
            entries.extend(items.iter().map(|item| text(item, "canonical").as_bytes().to_vec()));
            match page.get("cursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(Self { request: request.to_owned(), entries, head: head(&page)? }),
            }
        }
    }

    /// Checks it offline.
    ///
    /// # Errors
    /// The first entry that does not fit.
    pub fn verify(&self) -> Result<Vec<Entry>, Broken> {
        verify(&self.request, &self.entries, Some(self.head))
    }

    /// A copy in which one byte of the first entry that holds `found` is another: `found` becomes `forged`.
    /// Also gives that entry's place, from 1.
    ///
    /// # Errors
    /// No entry holds it, or more than one byte would change.
    pub fn forged(&self, found: &str, forged: &str) -> Result<(Self, usize), Failure> {
        let differing = found.bytes().zip(forged.bytes()).filter(|(left, right)| left != right).count();
        if found.len() != forged.len() || differing != 1 {
            return Err(Failure::new(format!("`{found}` and `{forged}` differ in more than a byte")));
        }
        let mut copy = self.clone();
        for (place, entry) in copy.entries.iter_mut().enumerate() {
            let text = String::from_utf8_lossy(entry).into_owned();
            if text.contains(found) {
                *entry = text.replacen(found, forged, 1).into_bytes();
                return Ok((copy, place.saturating_add(1)));
            }
        }
        Err(Failure::new(format!("no entry of {} holds `{found}`", self.request)))
    }
}

fn head(page: &Value) -> Result<Head, Failure> {
    let wrong = || Failure::new(format!("the events have no head: {page}"));
    let head = page.get("head").ok_or_else(wrong)?;
    let seq = head.get("seq").and_then(Value::as_u64).ok_or_else(wrong)?;
    let hash = text(head, "hash").parse().map_err(|_| wrong())?;
    Ok(Head { seq, hash })
}

/// The codes of the refused attempts among these entries, each with the person who tried.
pub fn refused(entries: &[Entry]) -> Vec<(String, String)> {
    let refused = entries.iter().filter(|entry| entry.event_name() == "commandRefused");
    refused
        .map(|entry| {
            let code = entry.event.pointer("/data/code").and_then(Value::as_str).unwrap_or_default();
            let person = entry.cause.get("person").and_then(Value::as_str).unwrap_or("?");
            (person.to_owned(), code.to_owned())
        })
        .collect()
}
