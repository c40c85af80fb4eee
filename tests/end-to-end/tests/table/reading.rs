//! Steps that read requests, list them, and remember what was told of them.

use end_to_end::failure::Failure;
use model::digest::Digest;
use model::names::{IdempotencyKey, RequestId};
use model::request::Status;
use model::stream::{Place, Stream, SystemStream};
use workflow::ports::{
    EraseWords as _, FindByKey as _, FindDue as _, ListRequests as _, Listing, LoadEntries as _, LoadRequest as _,
    LoadRequests as _, Page, RememberNotes, Sent,
};

use crate::both::{ask, same};
use crate::requests::FEW;
use crate::times::{about, lasting};
use crate::walk::{ENTITLEMENTS, Walk, named};

impl Walk<'_> {
    /// Reads of what there is of requests.
    pub(crate) async fn look(&mut self) -> Result<(), Failure> {
        let id = self.request()?;
        match self.dice.below(7) {
            0 => {
                let mut ids = vec![id.clone(), self.request()?, self.request()?, id];
                if self.dice.below(5) == 0 {
                    // More than one call takes.
                    for _ in 0..110 {
                        ids.push(self.request()?);
                    }
                }
                ask!(self.both, load_many(&ids))?.ok();
            }
            1 => {
                let after = self.dice.one(&[0, 1, 2, 7, 999_998, 999_999]).copied().unwrap_or_default();
                let limit = self.limit();
                ask!(self.both, entries(&id, after, limit))?.ok();
            }
            2 => {
                let person = self.person()?;
                let key: IdempotencyKey = named(self.dice.one(&FEW).copied().unwrap_or_default())?;
                ask!(self.both, request_for_key(&person, &key))?.ok();
            }
            3 => {
                let person = self.person()?;
                ask!(self.both, slots(&person))?.ok();
            }
            4 => {
                let within = lasting(&mut self.dice);
                let (until, limit) = (self.now().plus(within), self.limit());
                ask!(self.both, due(until, limit))?.ok();
            }
            5 => {
                let stream = self.stream()?;
                let place = Place { stream, seq: self.dice.below(4) };
                ask!(self.both, erase_words(&place))?.ok();
            }
            _ => {
                ask!(self.both, load(&id))?.ok();
            }
        }
        Ok(())
    }

    /// Any stream.
    pub(crate) fn stream(&mut self) -> Result<Stream, Failure> {
        let mut all: Vec<Stream> = self.sweeps.keys().cloned().map(Stream::Sweep).collect();
        for account in self.accounts.keys() {
            all.push(Stream::Account(named(account)?));
        }
        all.extend(SystemStream::ALL.map(Stream::System));
        match self.dice.one(&all) {
            Some(stream) if self.dice.below(2) == 0 => Ok(stream.clone()),
            _ => Ok(Stream::Request(self.request()?)),
        }
    }

    /// A page of a list, from the beginning or on from where another one ended, be it of another list.
    pub(crate) async fn list(&mut self) -> Result<(), Failure> {
        let listing = match self.dice.below(3) {
            0 => Listing::Requester(self.person()?),
            1 => Listing::Status(self.dice.one(&Status::ALL).copied().unwrap_or(Status::Pending)),
            _ => Listing::Queue(named(self.dice.one(&ENTITLEMENTS).copied().unwrap_or_default())?),
        };
        let from = match self.dice.below(4) {
            0 => (None, None),
            1 => (Some("of nobody's".to_owned()), Some("of nobody's".to_owned())),
            _ => self.dice.one(&self.cursors).cloned().unwrap_or_default(),
        };
        let limit = self.limit();
        self.page(&listing, from, limit).await.map(|_| ())
    }

    /// The same page of both; where each goes on.
    pub(crate) async fn page(
        &mut self,
        listing: &Listing,
        from: (Option<String>, Option<String>),
        limit: u32,
    ) -> Result<(Option<String>, Option<String>), Failure> {
        let double = self.both.double.list(listing, from.0.as_deref(), limit).await;
        let table = self.both.table.list(listing, from.1.as_deref(), limit).await;
        let next = [&double, &table].map(|page| page.as_ref().ok().and_then(|page| page.cursor.clone()));
        let bare = |page: Page<RequestId>| (page.items, page.cursor.is_some());
        same("list", &double.map(bare), &table.map(bare), || format!("{listing:?}, {from:?}, {limit}"))?;
        let [double, table] = next;
        let next = (double, table);
        if next.0.is_some() && self.cursors.len() < 20 {
            self.cursors.push(next.clone());
        }
        Ok(next)
    }

    /// Messages about a request.
    pub(crate) async fn note(&mut self) -> Result<(), Failure> {
        let known: Vec<RequestId> = self.requests.keys().take(3).cloned().collect();
        let Some(id) = self.dice.one(&known).cloned() else { return self.submit().await };
        self.noted.insert(id.clone());
        let (seq, target) = (self.dice.below(2), self.dice.one(&FEW).copied().unwrap_or_default());
        let now = about(self.now(), &mut self.dice);
        match self.dice.below(6) {
            0..3 => {
                let claim = ask!(self.both, claim(&id, seq, target, now))?;
                if claim.is_ok() {
                    self.claimed_at = Some(now);
                }
            }
            3 => {
                let at = self.claimed_at.unwrap_or(now);
                // The double has another method of that name.
                let double = RememberNotes::release(&self.both.double, &id, seq, target, at).await;
                let table = self.both.table.release(&id, seq, target, at).await;
                same("release", &double, &table, || format!("{id}, {seq}, {target}, {at}"))?;
            }
            4 => {
                let (channel, ts) = ("C1".to_owned(), "1.2".to_owned());
                let sent = match self.dice.below(3) {
                    0 => Sent::Unreachable { code: "is_archived".to_owned() },
                    shown => Sent::Posted { channel, ts, shown: Digest::of(&shown.to_be_bytes()) },
                };
                ask!(self.both, note(&id, seq, target, &sent))?.ok();
            }
            _ => {
                ask!(self.both, notes(&id))?.ok();
            }
        }
        Ok(())
    }
}
