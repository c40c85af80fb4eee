//! A site: a world, and everything that runs in it, one worker at a time or as told.

mod worker;

pub(crate) use worker::Worker;

use crate::invariants;
use model::identity::{Actor, Identity};
use model::lifecycle::{Phase, Verification};
use model::names::RequestId;
use model::request::Status;
use model::submission::Wish;
use model::text::FreeText;
use model::time::{Time, Window};
use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::sync::Arc;
use workflow::command::{CommandError, Done};
use workflow::decisions::{Wanted, act};
use workflow::double::{News, Trouble, World, home};
use workflow::ending::{Ending, end};
use workflow::ports::{Stored, window};
use workflow::provision::{Provisioned, provision};
use workflow::reconcile::reconcile;
use workflow::submission::{SubmitError, submit};

/// A Friday, 12:00.
pub(crate) const NOON: &str = "2026-11-20T12:00:00Z";

/// The longest that a worker lives, in seconds: the longest of the functions' timeouts.
pub(crate) const WORKER_SECONDS: u64 = 60;

/// How long the grants of most tests last, in seconds.
pub(crate) const HALF_AN_HOUR: u64 = 1_800;

/// The mechanisms, by their sample entitlements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Session,
    Role,
    Policy,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Session, Self::Role, Self::Policy];

    pub(crate) fn entitlement(self) -> &'static str {
        match self {
            Self::Session => "orders-db-debug",
            Self::Role => "prod-admin",
            Self::Policy => "legacy-debug",
        }
    }

    /// Who has to countersign.
    pub(crate) fn approvers(self) -> &'static [&'static str] {
        match self {
            Self::Session | Self::Policy => &["bob"],
            Self::Role => &["bob", "carol"],
        }
    }

    /// Whether credentials of it are handed out, so that its sessions have to be denied.
    pub(crate) fn has_sessions(self) -> bool {
        self != Self::Role
    }
}

pub(crate) fn actor(person: &str) -> Actor {
    Actor {
        person: person.parse().unwrap(),
        identity: Identity::Api { principal: format!("arn:aws:iam::111111111111:user/{person}") },
        mfa: false,
    }
}

pub(crate) fn wish(entitlement: &str, seconds: u64) -> Wish {
    Wish {
        entitlement: entitlement.to_owned(),
        duration_seconds: seconds,
        justification: "orders are stuck".to_owned(),
        ..Wish::default()
    }
}

pub(crate) fn text(words: &str) -> FreeText {
    FreeText::new(words).unwrap()
}

/// The world and what is on its way in it.
pub(crate) struct Site {
    pub(crate) world: Arc<World>,
    news: RefCell<VecDeque<News>>,
    /// Roles and policies that are none of ours.
    pub(crate) planted: RefCell<BTreeSet<String>>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self {
            world: Arc::new(World::new(NOON.parse().unwrap())),
            news: RefCell::default(),
            planted: RefCell::default(),
        }
    }

    /// Another site, exactly as this one is now.
    pub(crate) fn fork(&self) -> Self {
        Self { world: Arc::new(self.world.fork()), news: self.news.clone(), planted: self.planted.clone() }
    }

    /// Runs one worker until it is done; `None`: it died or stands still, and is gone.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        Worker::new(work).run(self)
    }

    /// As [`Site::run`], for a worker that nothing happens to.
    #[track_caller]
    pub(crate) fn must<T>(&self, work: impl Future<Output = T>) -> T {
        self.run(work).unwrap()
    }

    /// What has to hold at every moment, of every request that something was written about.
    pub(crate) fn watch(&self) {
        for id in self.world.take_touched() {
            invariants::at_every_moment(&self.world, &id);
        }
    }

    pub(crate) fn submit(&self, person: &str, wish: &Wish) -> Result<Stored, SubmitError> {
        self.must(submit(&*self.world, &actor(person), wish, None, None))
    }

    pub(crate) fn act(&self, person: &str, id: &RequestId, wanted: &Wanted) -> Result<Done, CommandError> {
        self.must(act(&*self.world, &actor(person), id, wanted, None))
    }

    pub(crate) fn stored(&self, id: &RequestId) -> Stored {
        self.world.stored(id).unwrap()
    }

    pub(crate) fn status(&self, id: &RequestId) -> Status {
        self.stored(id).state.status()
    }

    pub(crate) fn window(&self, id: &RequestId) -> Window {
        window(&self.stored(id)).unwrap()
    }

    pub(crate) fn approval(&self, id: &RequestId) -> Wanted {
        Wanted::approve(self.stored(id).state.terms().digest())
    }

    /// Alice's request, waiting.
    pub(crate) fn pending(&self, kind: Kind, seconds: u64) -> RequestId {
        let stored = self.submit("alice", &wish(kind.entitlement(), seconds)).unwrap();
        assert_eq!(stored.state.status(), Status::Pending);
        stored.state.request.id.clone()
    }

    /// Alice's request, countersigned: intent stored, nothing made.
    pub(crate) fn provisioning(&self, kind: Kind, seconds: u64) -> RequestId {
        let id = self.pending(kind, seconds);
        for approver in kind.approvers() {
            self.act(approver, &id, &self.approval(&id)).unwrap();
        }
        assert_eq!(self.status(&id), Status::Provisioning);
        id
    }

    /// Alice's request, with access.
    pub(crate) fn active(&self, kind: Kind, seconds: u64) -> RequestId {
        let id = self.provisioning(kind, seconds);
        assert_eq!(self.must(self.provision(&id)), Ok(Provisioned::Active));
        self.world.take_news();
        id
    }

    /// What the grant function does when told of `provisioningStarted`.
    pub(crate) fn provision(
        &self,
        id: &RequestId,
    ) -> impl Future<Output = Result<Provisioned, CommandError>> + Send + use<> {
        let (world, id, hint) = (Arc::clone(&self.world), id.clone(), self.window(id).expires_at());
        async move { provision(&*world, "grant", &id, Some(hint)).await }
    }

    /// What the revocation function does.
    pub(crate) fn end(&self, id: &RequestId) -> impl Future<Output = Result<Ending, CommandError>> + Send + use<> {
        let (world, id) = (Arc::clone(&self.world), id.clone());
        async move { Box::pin(end(&*world, "revocation", &id)).await }
    }

    /// Ends the access early, as far as the request's state goes.
    pub(crate) fn revoke(&self, id: &RequestId) {
        self.act("bob", id, &Wanted::Revoke { reason: text("enough") }).unwrap();
        assert_eq!(self.status(id), Status::Revoking);
    }

    /// The news, to be delivered by whoever takes it.
    pub(crate) fn take_news(&self) -> VecDeque<News> {
        self.news.borrow_mut().extend(self.world.take_news());
        self.news.take()
    }

    /// Tells the functions what was committed. A failed delivery is made again at the next one.
    pub(crate) fn deliver(&self) {
        for _ in 0..20 {
            let news = self.take_news();
            if news.is_empty() {
                return;
            }
            for news in news {
                if self.told(&news) == Some(false) {
                    self.news.borrow_mut().push_back(news);
                    return;
                }
            }
        }
    }

    /// What the functions do when told; `None`: it concerns none.
    fn told(&self, news: &News) -> Option<bool> {
        match news.name.as_str() {
            "provisioningStarted" => Some(self.run(self.provision(&news.id)).is_some_and(|done| done.is_ok())),
            "revocationStarted" => Some(self.run(self.end(&news.id)).is_some_and(|done| done.is_ok())),
            _ => None,
        }
    }

    /// Lets time pass until `until`: schedules fire at their second, reconciliation runs every minute.
    pub(crate) fn pass_until(&self, until: Time) {
        loop {
            let now = self.world.aws_now();
            if now >= until {
                return;
            }
            let minute = now.plus(60u64.saturating_sub(now.as_second().unsigned_abs() % 60));
            let fires = self.world.schedules().into_values().min();
            let next = fires.map_or(minute, |fires| fires.min(minute)).min(until).max(now.plus(1));
            self.world.set_now(next);
            for id in self.world.fire_schedules() {
                let _ = self.run(self.end(&id));
            }
            if next == minute {
                let _ = self.run(reconcile(&*self.world, &[home()]));
            }
            self.deliver();
        }
    }

    /// Lets time pass until `until`, and everything run that can, far more often than it would.
    pub(crate) fn pass_busily(&self, until: Time) {
        while self.world.aws_now() < until {
            self.world.set_now(self.world.aws_now().plus(10).min(until));
            for id in self.world.fire_schedules().into_iter().chain(self.world.ids()) {
                let _ = self.run(self.end(&id));
            }
            let _ = self.run(reconcile(&*self.world, &[home()]));
        }
    }

    /// Lets time pass, minute by minute, until nothing is left to be done.
    #[track_caller]
    pub(crate) fn pass_until_quiet(&self) {
        self.deliver();
        for _ in 0..600 {
            if self.quiet() {
                return;
            }
            self.pass_until(self.world.aws_now().plus(60));
        }
        let left: Vec<_> = self.world.ids().iter().map(|id| (id.clone(), self.stored(id).state.phase)).collect();
        panic!(
            "it does not come to rest: {left:?} {:?} {:?} {:?}",
            self.world.schedules(),
            self.world.kills(),
            self.world.policies()
        );
    }

    fn quiet(&self) -> bool {
        let terminal = |id: &RequestId| {
            matches!(
                self.stored(id).state.phase,
                Phase::Denied { .. }
                    | Phase::Cancelled { .. }
                    | Phase::Lapsed { .. }
                    | Phase::Ended { residue: None, verification: Verification::Verified { .. }, .. }
            )
        };
        let planted = self.planted.borrow();
        self.world.schedules().is_empty()
            && self.world.roles().keys().all(|name| planted.contains(name))
            && self.world.policies().keys().all(|name| planted.contains(name))
            && self.world.ids().iter().all(terminal)
    }

    /// After everything: nothing is left of it, and the record says what happened.
    #[track_caller]
    pub(crate) fn at_rest(&self) {
        self.pass_until_quiet();
        self.watch();
        invariants::at_rest(&self.world, &self.planted.borrow());
    }
}

/// What may happen to a call and be over then.
pub(crate) const TROUBLES: [Trouble; 5] =
    [Trouble::CrashBefore, Trouble::CrashAfter, Trouble::FaultBefore, Trouble::FaultAfter, Trouble::Throttle];

/// Has `work` done with each trouble at each call; it says whether it came to that call. Gives back how many calls it has.
pub(crate) fn each_trouble_at_each_call(mut work: impl FnMut(u64, Trouble) -> bool) -> u64 {
    let calls = TROUBLES.map(|trouble| (1..100_000).find(|nth| !work(*nth, trouble)).unwrap() - 1);
    calls.into_iter().max().unwrap()
}

/// Numbers that look random and are the same for a seed (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// One of `0..count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap();
        usize::try_from((self.next() >> 33) % count).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Runs work to its end without looking at anything; `None`: it died.
pub(crate) fn unwatched<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    (0..100_000).find_map(|_| match work.as_mut().poll(&mut context) {
        std::task::Poll::Ready(outcome) => Some(outcome),
        std::task::Poll::Pending => None,
    })
}
