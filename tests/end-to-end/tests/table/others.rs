//! Steps with sweeps, accounts, and the system's own streams.

use end_to_end::failure::Failure;
use model::account::{Account, Event as AccountEvent, Kind, Orphan, first_seen};
use model::digest::Digest;
use model::identity::Cause;
use model::names::{AccountId, SweepId};
use model::stream::SystemStream;
use model::sweep::{Event as SweepEvent, Scope, Sweep, offboard, panic};
use model::system::{Code, Event as SystemEvent, Known, policy_published};
use model::time::Time;
use record::chain::Head;
use workflow::ports::{
    AccountCommit, Barring, CommitAccount as _, CommitError, CommitSweep as _, CommitSystem as _, FindChanged as _,
    FindSweeps as _, LoadAccount as _, LoadSweep as _, LoadSweepEntries as _, LoadSystem as _, ReadBar as _,
    StoredAccount, StoredSweep, StoredSystem, SweepCommit,
};
use workflow::system::next;

use crate::both::ask;
use crate::requests::{granted, words};
use crate::times::{about, before, lasting};
use crate::walk::{PEOPLE, Walk, actor, links, named};

/// Accounts there are.
const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];

impl Walk<'_> {
    /// One of the sweeps, and now and then one that there never was.
    fn any_sweep(&mut self) -> Result<SweepId, Failure> {
        let known: Vec<SweepId> = self.sweeps.keys().cloned().collect();
        match self.dice.one(&known) {
            Some(id) if self.dice.below(5) > 0 => Ok(id.clone()),
            _ => named(&format!("swp_0198c0ffee007000{:016x}", self.dice.number())),
        }
    }

    /// A sweep begins, goes on or is looked at.
    pub(crate) async fn sweep(&mut self) -> Result<(), Failure> {
        let id = self.any_sweep()?;
        match self.dice.below(11) {
            0 => ask!(self.both, load_sweep(&id))?.map(|_| ()).ok(),
            1 => {
                let (after, limit) = (self.dice.below(3), self.limit());
                ask!(self.both, sweep_entries(&id, after, limit))?.map(|_| ()).ok()
            }
            2 => {
                let limit = self.limit();
                ask!(self.both, running_sweeps(limit))?.map(|_| ()).ok()
            }
            3 => {
                let (since, limit) = (before(self.now(), lasting(&mut self.dice)), self.limit());
                ask!(self.both, changed(since, limit))?.map(|_| ()).ok()
            }
            4 => {
                let person = self.person()?;
                ask!(self.both, bar(&person))?.map(|_| ()).ok()
            }
            _ => return self.sweep_on(id).await,
        };
        Ok(())
    }

    async fn sweep_on(&mut self, id: SweepId) -> Result<(), Failure> {
        let versions = self.sweeps.get(&id).cloned().unwrap_or_default();
        let ahead = |stored: &mut StoredSweep, places: u64| stored.head.seq = stored.head.seq.saturating_add(places);
        let stored = self.version(&versions, ahead);
        let now = about(self.now(), &mut self.dice);
        let now = stored.as_ref().map_or(now, |stored| now.max(stored.at));
        let Some((event, bar)) = self.sweep_event(stored.as_ref(), now)? else { return Ok(()) };
        let head = stored.as_ref().map_or(Head::START, |stored| stored.head);
        let Some(sweep) = Sweep::evolve(stored.map(|stored| stored.sweep), &id, &event, now) else { return Ok(()) };
        let (links, after) = links(head, id.as_str(), &Cause::system("walk"), &[event], now)?;
        let next = StoredSweep { sweep, head: after, at: now };
        let bar = match bar {
            Some(barring) => Some((self.person()?, barring)),
            None => None,
        };
        let commit = SweepCommit { id: id.clone(), expected: head.seq, links, next: next.clone(), bar };
        let outcome = ask!(self.both, commit_sweep(commit.clone()))?;
        if outcome.is_ok() {
            self.sweeps.entry(id).or_default().push(next);
        }
        self.came_to(&outcome);
        Ok(())
    }

    /// What may come next, and what that does to somebody's bar: mostly, but not always, what it does in truth.
    fn sweep_event(
        &mut self,
        stored: Option<&StoredSweep>,
        now: Time,
    ) -> Result<Option<(SweepEvent, Option<Barring>)>, Failure> {
        let reason = words(self.dice.number())?;
        let by = actor(self.dice.one(&PEOPLE).copied().unwrap_or_default())?;
        let refused = |error| Failure::of("ordering a sweep", &error);
        let Some(StoredSweep { sweep, .. }) = stored else {
            if self.dice.below(2) == 0 {
                let event = offboard(self.person()?, reason, &granted()).map_err(refused)?;
                return Ok(Some((event, Some(Barring::Bar))));
            }
            let mut alone = granted();
            alone.granted = self.dice.below(2) == 0;
            let event = panic(&by, Scope::All, reason, &granted(), &alone, now).map_err(refused)?;
            return Ok(Some((event, (self.dice.below(10) == 0).then_some(Barring::Bar))));
        };
        let erased = sweep.erase(false, "arn:aws:iam::111111111111:user/erin", now).ok().flatten();
        let event = match self.dice.below(4) {
            0 => sweep.confirm(&by, &granted(), now).ok().flatten().map(|event| (event, None)),
            1 => sweep.finish(now).map(|event| (event, None)),
            2 => erased.map(|event| (event, None)),
            _ => None,
        };
        let reinstated = || sweep.reinstate(reason, &granted()).ok().map(|event| (event, Some(Barring::Lift)));
        Ok(event.or_else(reinstated).or_else(|| sweep.finish(now).map(|event| (event, None))))
    }

    /// An account is seen, something is found in it, or it is looked at.
    pub(crate) async fn account(&mut self) -> Result<(), Failure> {
        let name = self.dice.one(&ACCOUNTS).copied().unwrap_or_default();
        let id: AccountId = named(name)?;
        if self.dice.below(4) == 0 {
            ask!(self.both, load_account(&id))?.ok();
            return Ok(());
        }
        let versions = self.accounts.get(name).cloned().unwrap_or_default();
        let ahead = |stored: &mut StoredAccount, places: u64| stored.head.seq = stored.head.seq.saturating_add(places);
        let stored = self.version(&versions, ahead);
        let now = about(self.now(), &mut self.dice);
        let now = stored.as_ref().map_or(now, |stored| now.max(stored.at));
        let orphan = Orphan { kind: Kind::Role, name: format!("req_{:016x}", self.dice.number()) };
        let event = match &stored {
            None => first_seen(&id, 3_600, now),
            Some(_) if self.dice.below(2) == 0 => {
                AccountEvent::OrphanObserved { account: id.clone(), orphan, observed_until: now.plus(3_600) }
            }
            Some(_) => AccountEvent::OrphanRemoved { account: id.clone(), orphan },
        };
        let head = stored.as_ref().map_or(Head::START, |stored| stored.head);
        let account = Account::evolve(stored.map(|stored| stored.account), &event, now);
        let account = account.ok_or_else(|| Failure::new(format!("{event:?} can't follow")))?;
        let (links, after) = links(head, &format!("acc_{id}"), &Cause::system("walk"), &[event], now)?;
        let next = StoredAccount { account, head: after, at: now };
        let commit = AccountCommit { id, expected: head.seq, links, next: next.clone() };
        let outcome = ask!(self.both, commit_account(commit.clone()))?;
        if outcome.is_ok() {
            self.accounts.entry(name.to_owned()).or_default().push(next);
        }
        self.came_to(&outcome);
        Ok(())
    }

    /// Something happens to the system itself, or what is known of it is read.
    pub(crate) async fn system(&mut self) -> Result<(), Failure> {
        let stream = self.dice.one(&SystemStream::ALL).copied().unwrap_or(SystemStream::Log);
        if self.dice.below(4) == 0 {
            ask!(self.both, load_system(stream))?.ok();
            return Ok(());
        }
        let versions = self.systems.get(stream.as_str()).cloned().unwrap_or_default();
        let ahead = |stored: &mut StoredSystem, places: u64| stored.head.seq = stored.head.seq.saturating_add(places);
        let stored = self.version(&versions, ahead);
        let event = self.system_event(stream, stored.as_ref());
        let now = about(self.now(), &mut self.dice);
        let commit = next(stored.as_ref(), &Cause::system("walk"), &[event], now)
            .map_err(|fault| Failure::of("changing the system", &fault))?;
        let outcome: Result<(), CommitError> = ask!(self.both, commit_system(commit.clone()))?;
        if outcome.is_ok() {
            self.systems.entry(stream.as_str()).or_default().push(commit.next);
        }
        self.came_to(&outcome);
        Ok(())
    }

    fn system_event(&mut self, stream: SystemStream, stored: Option<&StoredSystem>) -> SystemEvent {
        match (stream, stored.map(|stored| &stored.known)) {
            (SystemStream::Policy, _) => {
                policy_published(Digest::of(&self.dice.number().to_be_bytes()), None, "erin", Vec::new())
            }
            (SystemStream::Deployment, known) => {
                let previous = match known {
                    Some(Known::Deployment { functions }) => functions.get("grant").cloned(),
                    Some(Known::Policy { .. } | Known::Log { .. }) | None => None,
                };
                let code = Some(Code::new(&self.dice.number().to_string(), "arm64", "2026-11-20T19:00:00.000+0000"));
                SystemEvent::DeploymentSeen { function: "grant".to_owned(), code, previous, release: None }
            }
            (SystemStream::Log, None) => {
                SystemEvent::LogStarted { origin: "a log".to_owned(), key: "a key".to_owned() }
            }
            (SystemStream::Log, Some(_)) => SystemEvent::Heartbeat { size: self.dice.below(100) },
        }
    }
}
