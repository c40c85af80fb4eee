//! What can be read, read from both.

use std::collections::BTreeSet;

use end_to_end::failure::Failure;
use model::names::{AccountId, EntitlementName, PersonId, RequestId, SweepId};
use model::request::Status;
use model::stream::{Stream, SystemStream};
use model::time::Time;
use record::chain::Head;
use workflow::ports::{
    FindByKey as _, FindChanged as _, FindDue as _, FindDueActivity as _, FindSweeps as _, FindUnlogged as _,
    KnowDigests as _, KnowHabits as _, Listing, LiveKeys as _, LoadAccount as _, LoadActivity as _, LoadEntries as _,
    LoadRequests as _, LoadSweep as _, LoadSweepEntries as _, LoadSystem as _, LoadUses as _, ReadBar as _,
    ReadLog as _, ReadOutbox as _, ReadStreams as _, RememberNotes as _,
};

use crate::activity::ACCOUNT;
use crate::both::ask;
use crate::log::ALL;
use crate::walk::{ENTITLEMENTS, PEOPLE, Walk, named};

/// Outboxes that are read.
const OUTBOXES: u32 = 10;

impl Walk<'_> {
    /// Fails if anything is not the same.
    pub(crate) async fn compare_all(&mut self) -> Result<(), Failure> {
        self.compare_requests().await?;
        self.compare_lists().await?;
        self.compare_others().await?;
        self.compare_log().await?;
        self.compare_activity().await
    }

    async fn compare_requests(&mut self) -> Result<(), Failure> {
        let ids: Vec<RequestId> = self.requests.keys().cloned().collect();
        ask!(self.both, load_many(&ids))?.ok();
        for id in &ids {
            ask!(self.both, entries(id, 0, ALL))?.ok();
        }
        for id in &self.noted {
            ask!(self.both, notes(id))?.ok();
        }
        for person in PEOPLE {
            let person: PersonId = named(person)?;
            ask!(self.both, slots(&person))?.ok();
            ask!(self.both, bar(&person))?.ok();
            ask!(self.both, habits(&person))?.ok();
        }
        Ok(())
    }

    async fn compare_lists(&mut self) -> Result<(), Failure> {
        let mut listings: Vec<Listing> = Status::ALL.map(Listing::Status).into();
        for person in PEOPLE {
            listings.push(Listing::Requester(named(person)?));
        }
        for entitlement in ENTITLEMENTS {
            listings.push(Listing::Queue(named(entitlement)?));
        }
        for listing in &listings {
            let mut from = (None, None);
            loop {
                from = self.page(listing, from, 20).await?;
                if from.0.is_none() {
                    break;
                }
            }
        }
        let end = self.now().plus(86_400 * 365);
        ask!(self.both, due(end, ALL))?.ok();
        ask!(self.both, due_activity(end, ALL))?.ok();
        ask!(self.both, running_sweeps(ALL))?.ok();
        ask!(self.both, changed(Time::EPOCH, ALL))?.ok();
        Ok(())
    }

    async fn compare_others(&mut self) -> Result<(), Failure> {
        let sweeps: Vec<SweepId> = self.sweeps.keys().cloned().collect();
        for id in &sweeps {
            ask!(self.both, load_sweep(id))?.ok();
            ask!(self.both, sweep_entries(id, 0, ALL))?.ok();
        }
        for id in self.accounts.keys() {
            let id: AccountId = named(id)?;
            ask!(self.both, load_account(&id))?.ok();
        }
        for stream in SystemStream::ALL {
            ask!(self.both, load_system(stream))?.ok();
        }
        Ok(())
    }

    async fn compare_log(&mut self) -> Result<(), Failure> {
        ask!(self.both, unlogged(ALL))?.ok();
        ask!(self.both, log_head())?.ok();
        ask!(self.both, anchor())?.ok();
        for first in &self.logging.firsts {
            ask!(self.both, batch(*first))?.ok();
        }
        let mut streams: Vec<Stream> = self.requests.keys().cloned().map(Stream::Request).collect();
        streams.extend(self.sweeps.keys().cloned().map(Stream::Sweep));
        streams.extend(SystemStream::ALL.map(Stream::System));
        for account in self.accounts.keys() {
            streams.push(Stream::Account(named(account)?));
        }
        ask!(self.both, logged_up_to(&streams))?.ok();
        // Of some; what waits is compared in whole above.
        for _ in 0..OUTBOXES {
            let stream = self.stream()?;
            ask!(self.both, outbox(&stream, Head::START, ALL))?.ok();
            ask!(self.both, stream_end(&stream))?.ok();
        }
        Ok(())
    }

    async fn compare_activity(&mut self) -> Result<(), Failure> {
        ask!(self.both, live_keys())?.ok();
        let ids: Vec<RequestId> = self.activities.keys().cloned().collect();
        for id in &ids {
            ask!(self.both, activity(id))?.ok();
            ask!(self.both, parts_from(id, None::<&str>, ALL))?.ok();
            ask!(self.both, parts(id, &BTreeSet::from([String::new()])))?.ok();
        }
        for entitlement in ENTITLEMENTS {
            let entitlement: EntitlementName = named(entitlement)?;
            ask!(self.both, uses(&entitlement, ALL))?.ok();
        }
        let end = self.now().plus(86_400);
        ask!(self.both, digests(ACCOUNT, Time::EPOCH, end))?.ok();
        Ok(())
    }
}
