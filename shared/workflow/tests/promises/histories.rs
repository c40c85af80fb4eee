//! Random histories: everybody does anything at any time, workers run beside each other, die and
//! stand still, calls fail with and without effect, messages come late, twice or never. What has to
//! hold is looked at after every step; then everything heals, and comes to rest.

use crate::support::{Dice, Site, WORKER_SECONDS, Worker, actor, text, wish};
use model::digest::Digest;
use model::lifecycle::Phase;
use model::names::RequestId;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use workflow::credentials::credentials;
use workflow::decisions::{Wanted, act};
use workflow::double::{News, Trouble, Verb};
use workflow::ports::Guard;
use workflow::reconcile::reconcile;
use workflow::submission::submit;

/// How many are played; more with the variable `HISTORIES`.
const HISTORIES: u64 = 300;

const STEPS: usize = 220;

const PERSONS: [&str; 5] = ["alice", "bob", "carol", "dave", "mallory"];

const EVENTS: [&str; 18] = [
    "approvalGiven",
    "commandRefused",
    "credentialsFailed",
    "credentialsIssued",
    "credentialsRequested",
    "grantActivated",
    "grantEnded",
    "provisioningAttemptFailed",
    "provisioningStarted",
    "requestApproved",
    "requestCancelled",
    "requestDenied",
    "requestLapsed",
    "requestSubmitted",
    "revocationAttemptFailed",
    "revocationStarted",
    "tombstonePlaced",
    "tombstoneRemoved",
];

struct Running {
    worker: Worker<'static, ()>,
    since: model::time::Time,
}

struct History {
    site: Site,
    dice: Dice,
    running: Vec<Running>,
    /// Told to nobody yet; may be told again.
    news: Vec<News>,
}

impl History {
    fn new(seed: u64) -> Self {
        let (site, mut dice) = (Site::new(), Dice::new(seed));
        // How often a call fails; and, in some histories, one component that never works.
        let (often, mut own) = ([0, 2, 10][dice.below(3)], Dice::new(seed ^ 0xFA17));
        let broken = dice.percent(30).then(|| {
            [
                Verb::Arm,
                Verb::Assume,
                Verb::Assume,
                Verb::Assume,
                Verb::CreateRole,
                Verb::RemoveRole,
                Verb::PutKill,
                Verb::Disarm,
                Verb::AttachPolicy,
                Verb::ReplacePolicy,
                Verb::RemovePolicy,
            ][dice.below(11)]
        });
        site.world.trouble(move |call| {
            if Some(call.verb) == broken {
                return Some(if own.percent(50) { Trouble::FaultBefore } else { Trouble::FaultAfter });
            }
            let kinds = [
                Trouble::FaultBefore,
                Trouble::FaultAfter,
                Trouble::Throttle,
                Trouble::CrashBefore,
                Trouble::CrashAfter,
            ];
            own.percent(often).then(|| kinds[own.below(kinds.len())])
        });
        Self { site, dice, running: Vec::new(), news: Vec::new() }
    }

    fn start(&mut self, work: impl Future<Output = ()> + 'static) {
        let since = self.site.world.aws_now();
        self.running.push(Running { worker: Worker::new(work), since });
    }

    fn any_request(&mut self) -> Option<RequestId> {
        let ids = self.site.world.ids();
        if ids.is_empty() { None } else { Some(ids[self.dice.below(ids.len())].clone()) }
    }

    fn ask(&mut self) {
        if self.site.world.ids().len() >= 4 {
            return;
        }
        let person = if self.dice.percent(90) { "alice" } else { PERSONS[self.dice.below(5)] };
        let entitlement = ["logs-read", "orders-db-debug", "prod-admin", "legacy-debug"][self.dice.below(4)];
        let wish = wish(entitlement, [65, 100, 600, 3_600][self.dice.below(4)]);
        let key = self.dice.percent(30).then(|| ["one", "two"][self.dice.below(2)].parse().unwrap());
        let (world, actor) = (Arc::clone(&self.site.world), actor(person));
        self.start(async move { drop(submit(&*world, &actor, &wish, key, None).await) });
    }

    fn person_does_something(&mut self) {
        let Some(id) = self.any_request() else { return };
        let stored = self.site.stored(&id);
        let waits = matches!(stored.state.phase, Phase::Pending { .. });
        let mut person = PERSONS[self.dice.below(5)];
        let reason = text("because");
        let wanted = match self.dice.below(if waits { 12 } else { 10 }) {
            0 => Wanted::Cancel,
            1 => Wanted::Deny { reason },
            2 => Wanted::Revoke { reason },
            3 => Wanted::Approve { digest: Digest::of(b"another") },
            4..=9 if !waits => return self.fetch(&id),
            _ => {
                person = ["bob", "carol", "alice"][self.dice.below(3)];
                Wanted::Approve { digest: stored.state.request.digest() }
            }
        };
        let key = Digest::of(format!("{}", self.dice.below(500)).as_bytes());
        let guard = Guard::Replay { key, forget_at: self.site.world.aws_now().plus(900) };
        let guard = self.dice.percent(50).then_some(guard);
        let (world, actor) = (Arc::clone(&self.site.world), actor(person));
        self.start(async move { drop(act(&*world, &actor, &id, &wanted, guard).await) });
    }

    fn fetch(&mut self, id: &RequestId) {
        let (world, id) = (Arc::clone(&self.site.world), id.clone());
        let person = actor(if self.dice.percent(80) { "alice" } else { PERSONS[self.dice.below(5)] });
        self.start(async move { drop(Box::pin(credentials(&*world, &person, &id)).await) });
    }

    fn deliver(&mut self) {
        self.news.extend(self.site.take_news());
        self.news.retain(|news| ["provisioningStarted", "revocationStarted"].contains(&news.name.as_str()));
        if self.news.is_empty() {
            return;
        }
        let at = self.dice.below(self.news.len());
        let news = self.news[at].clone();
        if self.dice.percent(70) {
            self.news.swap_remove(at);
        }
        if news.name == "provisioningStarted" {
            let work = Box::pin(self.site.provision(&news.id));
            self.start(async { drop(work.await) });
        } else {
            self.end(&news.id);
        }
    }

    fn end(&mut self, id: &RequestId) {
        let work = Box::pin(self.site.end(id));
        self.start(async { drop(work.await) });
    }

    fn reconcile(&mut self) {
        let world = Arc::clone(&self.site.world);
        self.start(async move { drop(reconcile(&*world, &[workflow::double::home()]).await) });
    }

    fn work(&mut self) {
        for _ in 0..=self.dice.below(8) {
            if self.running.is_empty() {
                return;
            }
            let at = self.dice.below(self.running.len());
            if self.running[at].worker.step(&self.site).is_some() {
                drop(self.running.swap_remove(at));
            }
        }
    }

    fn time_passes(&mut self) {
        let seconds = match self.dice.below(10) {
            0 => 40 + self.dice.below(600),
            1 => 1_800,
            _ => 1 + self.dice.below(15),
        };
        let now = self.site.world.aws_now().plus(u64::try_from(seconds).unwrap());
        self.running.retain(|running| running.since.seconds_until(now) < WORKER_SECONDS);
        self.site.world.set_now(now);
        for id in self.site.world.fire_schedules() {
            if self.dice.percent(80) {
                self.end(&id);
            }
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..8 => self.ask(),
            8..24 => self.person_does_something(),
            24..36 => self.deliver(),
            36..84 => self.work(),
            84..94 => self.time_passes(),
            _ => self.reconcile(),
        }
    }

    /// Everything heals; what still runs may go on or die.
    fn heal(&mut self) {
        self.site.world.heal();
        while self.dice.percent(70) && !self.running.is_empty() {
            let at = self.dice.below(self.running.len());
            let mut running = self.running.swap_remove(at);
            for _ in 0..200 {
                if running.worker.step(&self.site).is_some() {
                    break;
                }
            }
        }
        self.running.clear();
        self.site.at_rest();
    }
}

/// Plays one; gives back how often each event came up.
fn play(seed: u64) -> BTreeMap<String, u64> {
    let played = std::panic::catch_unwind(|| {
        let mut history = History::new(seed);
        for _ in 0..STEPS {
            history.step();
        }
        history.heal();
        history.site.world.calls()
    });
    let Ok(calls) = played else { panic!("history {seed} broke a promise") };
    let mut events = BTreeMap::new();
    for call in calls.iter().filter(|call| call.verb == Verb::Commit && call.took_effect) {
        for event in call.detail.split(',') {
            *events.entry(event.to_owned()).or_default() += 1;
        }
    }
    events
}

#[test]
fn no_promise_breaks() {
    let histories = std::env::var("HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(HISTORIES);
    let next = AtomicU64::new(0);
    let seeds = || std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < histories));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let played: Vec<BTreeMap<String, u64>> = std::thread::scope(|scope| {
        let players: Vec<_> = (0..threads).map(|_| scope.spawn(|| seeds().map(play).collect::<Vec<_>>())).collect();
        players.into_iter().flat_map(|player| player.join().unwrap()).collect()
    });
    let count = |name: &str| played.iter().filter_map(|events| events.get(name)).sum::<u64>();
    // Histories in which nothing happens would prove nothing: each kind of event came up.
    for name in EVENTS {
        assert!(count(name) >= histories.div_ceil(30), "{name}: {}", count(name));
    }
}
