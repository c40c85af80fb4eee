//! One history: what a seed draws happens until everything heals, and then the clock runs on until nothing is left.

mod acts;
pub(crate) mod healing;
mod stream;
mod trail;
mod trouble;

use crate::damage::Damaged;
use crate::dice::Dice;
use crate::mail::{Letter, To, invoke};
use crate::plan::{Fault, Hits, Plan};
use crate::policies::Version;
use crate::recording::{Edge, InForce, Recording, Run};
use crate::site::Site;
use crate::worker::{Done, Worker};
use model::stream::Stream;
use model::time::{CLOCK_TOLERANCE, Time};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use stream::Records;
use trail::Trail;
use workflow::double::{Verb, World};

/// A Friday, 12:00.
const NOON: &str = "2026-11-20T12:00:00Z";

/// The longest that a worker lives, in seconds: the longest of the functions' timeouts. Source: `template.yaml`.
const WORKER_SECONDS: u64 = 60;

/// How often a message is tried at most, before it goes into the queue of failures.
const TRIES: u32 = 6;

/// The same once everything has healed: what a worker with a wrong clock claimed is held for as long as that was wrong.
const PATIENCE: u32 = 40;

/// What one history came to.
#[derive(Debug)]
pub struct Played {
    /// What is judged.
    pub recording: Recording,
    /// The hash of everything that was called and committed: the same for a seed.
    pub trace: String,
    /// What happened, line by line, if that was asked for.
    pub lines: Vec<String>,
    /// Functions that were woken.
    pub woken: BTreeSet<&'static str>,
}

/// Plays the history of `seed`, with this plan.
pub fn play(seed: u64, plan: &Plan, hits: &Arc<Hits>, traced: bool) -> Played {
    let mut history = History::new(seed, plan.clone(), Arc::clone(hits), traced);
    for _ in 0..plan.steps {
        history.step();
        history.trail_goes_on();
    }
    history.heal();
    history.come_to_rest();
    history.end()
}

/// A history that goes on.
struct History {
    site: Arc<Site>,
    dice: Dice,
    /// For what came later: what is drawn of it changes nothing of the rest.
    later: Dice,
    damaged: Arc<Damaged>,
    trail: Option<Trail>,
    plan: Plan,
    hits: Arc<Hits>,
    running: Vec<Worker>,
    letters: Vec<Letter>,
    /// What came already and may come again.
    delivered: Vec<Letter>,
    stream: Records,
    recording: Recording,
    lines: Option<Vec<String>>,
    woken: BTreeSet<&'static str>,
    /// What people have seen: requests with the digest that was shown with them.
    seen: Vec<(String, String)>,
    version: Version,
    next_minute: Time,
    /// Which submissions to the witness it was told of.
    told: BTreeSet<String>,
    acts: u64,
    /// Whether nothing goes wrong any more.
    healed: bool,
    /// Whether something fails though nothing goes wrong.
    stuck: bool,
    /// Batches in a row that failed since everything healed.
    batches_failed: u32,
}

impl History {
    fn new(seed: u64, plan: Plan, hits: Arc<Hits>, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let now: Time = NOON.parse().unwrap();
        let world = World::new(now);
        world.set_policy(Some(Version::First.policy()));
        world.watch_clocks();
        world.set_witness(plan.witnessed);
        if plan.anchored {
            world.gate_by_anchor();
        }
        drop(world.take_changes());
        if plan.has(Fault::StaleIam) {
            world.set_iam_lag(1 + dice.seconds(20));
        }
        let mut later = Dice::new(!seed);
        if plan.has(Fault::IamUnordered) {
            world.set_iam_unordered(1 + later.seconds(120));
        }
        if plan.has(Fault::StaleIndex) {
            world.set_index_lag(1 + dice.seconds(30));
        }
        let mut outbox_lag = 0;
        if plan.has(Fault::StaleOutbox) {
            outbox_lag = 20 + dice.seconds(60);
            world.set_outbox_lag(outbox_lag);
        }
        let trail = plan.trailed.then(|| Trail::new(&world));
        let damaged = Arc::new(Damaged::new(Arc::clone(&hits)));
        world.read_by(Arc::<Damaged>::clone(&damaged));
        let site = Arc::new(Site::new(world, Arc::clone(&hits), dice.split()));
        site.side().partial = if plan.has(Fault::PartialBatch) { 150 } else { 0 };
        site.side().slack_down = if plan.has(Fault::SlackDown) { 150 } else { 0 };
        let mut history = Self {
            site,
            dice,
            later,
            damaged,
            trail,
            plan,
            hits,
            running: Vec::new(),
            letters: vec![Letter::timer(To::Audit, now)],
            delivered: Vec::new(),
            stream: Records::default(),
            recording: Recording::default(),
            lines: traced.then(Vec::new),
            woken: BTreeSet::new(),
            seen: Vec::new(),
            version: Version::First,
            next_minute: now.plus(60),
            told: BTreeSet::new(),
            acts: 0,
            healed: false,
            stuck: false,
            batches_failed: 0,
        };
        history.recording.witnessed = history.plan.witnessed;
        history.recording.anchored = history.plan.anchored;
        history.recording.outbox_lag = i64::try_from(outbox_lag).unwrap();
        history.note_version();
        history.recording.picture(&history.site);
        history.trouble();
        history
    }

    fn now(&self) -> Time {
        self.site.world.aws_now()
    }

    fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            let (now, called) = (self.site.world.aws_now(), self.site.world.called());
            lines.push(format!("{now} [{called}] {}", line()));
        }
    }

    /// Whether this may go wrong, and now is to; it counts when it is met.
    fn may(&mut self, fault: Fault, percent: usize) -> bool {
        self.plan.has(fault) && self.dice.percent(percent)
    }

    /// Whether this may go wrong, and now does.
    fn happens(&mut self, fault: Fault, percent: usize) -> bool {
        let does = self.may(fault, percent);
        if does {
            self.hits.count(fault);
        }
        does
    }

    fn note_version(&mut self) {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let version = self.version;
        let in_force = InForce {
            since: self.now().as_second(),
            approvers: set(version.approvers()),
            engineers: set(version.engineers()),
        };
        self.recording.in_force.push(in_force);
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..13 => self.somebody_acts(),
            13..30 => self.deliver(),
            30..86 => self.work(),
            86..93 => self.time_passes(),
            93..96 => self.feed(),
            _ => self.something_happens(),
        }
    }

    /// Some workers go on, one call each.
    fn work(&mut self) {
        for _ in 0..=self.dice.below(10) {
            if self.running.is_empty() {
                return self.deliver();
            }
            let at = self.dice.below(self.running.len());
            if self.running[at].frozen {
                if self.dice.percent(20) {
                    self.running[at].frozen = false;
                }
                continue;
            }
            if self.happens(Fault::Freeze, 3) {
                self.running[at].frozen = true;
                self.say(|| format!("worker {at} stands still"));
                continue;
            }
            self.poll(at);
        }
    }

    /// One call of one worker. Whether it is there no more.
    fn poll(&mut self, at: usize) -> bool {
        let world = &self.site.world;
        let (halted, writes, called) = (world.halted(), world.cloud_writes(), world.called());
        let worker = &mut self.running[at];
        world.set_skew(worker.skew);
        let done = worker.step();
        world.set_skew(0);
        worker.calls.push((called, world.called()));
        let died = world.halted() > halted;
        if world.cloud_writes() > writes {
            self.recording.picture(&self.site);
        }
        self.flow();
        match done {
            Some(done) => {
                let worker = self.running.swap_remove(at);
                self.done(worker, done);
                true
            }
            None if died => {
                let worker = self.running.swap_remove(at);
                self.say(|| format!("{} dies", worker.letter.to.as_str()));
                self.failed(worker);
                true
            }
            None => false,
        }
    }

    /// What was committed goes into the record, and into the stream; what the bus took, to whoever listens.
    fn flow(&mut self) {
        let changes = self.site.world.take_changes();
        for change in &changes {
            // Before anybody erases them.
            if let Stream::Request(id) = &change.place.stream
                && change.place.seq == 1
                && let Some(stored) = self.site.world.stored(id)
            {
                let said = stored.state.request.justification.shown();
                self.recording.asked.insert(id.to_string(), said.to_owned());
            }
        }
        self.recording.commit(&changes);
        self.stream.take(changes);
        let events = std::mem::take(&mut self.site.side().bus);
        let now = self.now();
        for event in events {
            let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
            let about = ["requestId", "sweepId", "accountId", "stream"].iter().find_map(|name| detail[name].as_str());
            if let (Some(stream), Some(seq)) = (about, detail["seq"].as_u64()) {
                // Accounts are published by their number.
                self.recording.published.insert((stream.to_owned(), seq));
            }
            let mut letters = Letter::of_bus(&event, &detail, now);
            if self.trail.is_some() {
                letters.extend(Letter::about_use(&event, &detail, now));
            }
            self.recording.said.push(event.detail);
            for letter in letters {
                self.post(letter);
            }
        }
    }

    /// Puts a message on its way, whatever becomes of it there.
    fn post(&mut self, mut letter: Letter) {
        let loses = !letter.to.is_call() && letter.to != To::Notification && letter.batch.is_none();
        if loses && self.happens(Fault::Lost, 25) {
            self.say(|| format!("lost: {} for {}", letter.what, letter.to.as_str()));
            return;
        }
        if self.happens(Fault::Delay, 30) {
            let by = [3, 45, 300, 3_000][self.dice.below(4)];
            letter.due = letter.due.plus(by);
        }
        if letter.batch.is_none() && !letter.to.is_call() && self.happens(Fault::Duplicate, 30) {
            let mut again = letter.clone();
            again.due = again.due.plus(self.dice.seconds(90));
            self.letters.push(again);
        }
        self.letters.push(letter);
    }

    /// A message reaches its function.
    fn deliver(&mut self) {
        let now = self.now();
        let due: Vec<usize> = (0..self.letters.len()).filter(|at| self.letters[*at].due <= now).collect();
        let Some(first) = due.first().copied() else { return self.feed() };
        let drawn = *self.dice.one(&due).unwrap_or(&first);
        let at = if drawn != first && self.happens(Fault::Reorder, 60) { drawn } else { first };
        let letter = self.letters.remove(at);
        if !letter.to.is_call()
            && letter.batch.is_none()
            && self.plan.has(Fault::Redelivery)
            && self.delivered.len() < 8
        {
            self.delivered.push(letter.clone());
        }
        self.begin(letter);
    }

    fn begin(&mut self, letter: Letter) {
        let skew: i64 =
            if self.happens(Fault::Skew, 30) { [-600, -5, -2, -1, 1, 2, 5, 600][self.dice.below(8)] } else { 0 };
        // One that is more wrong is refused.
        if skew.unsigned_abs() <= CLOCK_TOLERANCE {
            self.recording.skew = self.recording.skew.max(skew.abs());
        }
        self.woken.insert(letter.to.as_str());
        self.say(|| format!("{} begins: {} (clock {skew:+} s)", letter.to.as_str(), letter.what));
        if letter.signed.is_some_and(|secret| self.site.side().secrets.first() != Some(&secret)) {
            self.hits.count(Fault::Rotation);
        }
        let work = invoke(&self.site, &letter);
        let since = self.now();
        let mut worker = Worker::new(work, letter, since, skew);
        if worker.letter.to == To::Audit {
            let beside = self.running.iter_mut().filter(|other| other.letter.to == To::Audit);
            let beside = beside.map(|other| other.log_run = None).count();
            let is_timer = worker.letter.batch.is_none();
            worker.log_run = (is_timer && beside == 0).then(|| {
                let world = &self.site.world;
                let answered = world.submitted().is_empty();
                (Run { began: world.done(), began_at: since.as_second(), answered, ended: 0 }, self.damaged.times())
            });
        }
        self.running.push(worker);
    }

    /// What is kept of a worker that is no more.
    fn is_over(&mut self, worker: &Worker, well: bool) {
        if worker.letter.to == To::Credentials {
            self.recording.fetches.push(worker.calls.clone());
        }
        // What it read wrong it may have taken for something that is on its way.
        let whole = |(run, damaged)| (damaged == self.damaged.times()).then_some(run);
        if let Some(run) = worker.log_run.filter(|_| well).and_then(whole) {
            self.recording.log_runs.push(Run { ended: self.site.world.done(), ..run });
        }
    }

    fn done(&mut self, worker: Worker, done: Done) {
        self.say(|| format!("{} is done: {}", worker.letter.to.as_str(), shown(&done)));
        if !matches!(done, Done::Badly) {
            self.is_over(&worker, matches!(done, Done::Well));
        }
        match done {
            Done::Well => {
                self.judge_forged(&worker, None);
                self.stream.taken(&worker.letter, None);
            }
            Done::Badly => self.failed(worker),
            Done::Batch(from) => self.stream.taken(&worker.letter, from.as_deref()),
            Done::Answered(answer) => {
                self.judge_forged(&worker, Some(answer.status_code));
                if worker.letter.to != To::Credentials {
                    self.recording.said.push(answer.body);
                }
            }
        }
    }

    fn judge_forged(&mut self, worker: &Worker, status: Option<u16>) {
        if worker.letter.forged {
            let (what, wrote) = (worker.letter.what.clone(), self.wrote(worker));
            self.recording.edges.push(Edge { what, status, wrote });
        }
    }

    /// Runs a function to its end, with nothing beside it.
    fn at_once(&mut self, letter: Letter) -> Option<Done> {
        let work = invoke(&self.site, &letter);
        let mut worker = Worker::new(work, letter, self.now(), 0);
        (0..100_000).find_map(|_| worker.step())
    }

    /// What a worker's calls wrote.
    fn wrote(&self, worker: &Worker) -> Vec<String> {
        let calls = self.site.world.calls();
        let mine = |nth: u64| worker.calls.iter().any(|(from, to)| (*from < nth) && (nth <= *to));
        let writes = |verb| matches!(verb, Verb::Commit | Verb::CommitActivity);
        let wrote = calls.iter().filter(|call| call.took_effect && mine(call.nth) && writes(call.verb));
        wrote.map(|call| format!("{:?} {} {}", call.verb, call.on, call.detail)).collect()
    }

    /// A worker that died, was killed, or said that it failed: who told it, tells another.
    fn failed(&mut self, worker: Worker) {
        self.is_over(&worker, false);
        self.judge_forged(&worker, None);
        let mut letter = worker.letter;
        self.stream.failed(&letter);
        // What no rule would have handed on is not handed on again.
        if letter.forged && !letter.to.is_call() {
            return;
        }
        if self.healed && letter.batch.is_some() {
            self.batches_failed += 1;
        }
        if self.healed && (letter.tries >= PATIENCE || self.batches_failed > 20) {
            self.stuck = true;
            self.recording.unfinished.push(format!("{} fails for ever: {}", letter.to.as_str(), letter.what));
            return;
        }
        let again = letter.batch.is_none() && letter.to != To::Reconciliation && letter.to != To::Operator;
        // People who get no answer try again, or not.
        if !again || (letter.to.is_call() && self.dice.percent(60)) {
            return;
        }
        letter.tries += 1;
        if letter.tries < TRIES || letter.to == To::Notification || self.healed {
            letter.due = self.now().plus(20 * u64::from(letter.tries));
            self.letters.push(letter);
        }
    }

    fn time_passes(&mut self) {
        let seconds = match self.dice.below(40) {
            0..2 => 40 + self.dice.seconds(600),
            2 => 1_800,
            3..8 => 60,
            _ => 1 + self.dice.seconds(15),
        };
        let mut now = self.now().plus(seconds);
        // The edges are where it goes wrong: just before, at and after what is due.
        if let Some(due) = self.site.world.next_due().filter(|due| self.now() < *due && *due <= self.now().plus(3_600))
            && self.dice.percent(20)
        {
            let before = Time::from_second(due.as_second() - 1).unwrap_or(due);
            now = [before, due, due.plus(1)][self.dice.below(3)].max(self.now());
        }
        self.site.world.set_now(now);
        if self.dice.percent(50) {
            self.site.world.set_policy(Some(self.version.policy()));
        }
        self.say(|| "time has passed".to_owned());
        let (alive, dead) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(|worker: &Worker| worker.since.seconds_until(now) < WORKER_SECONDS);
        self.running = alive;
        let dead: Vec<Worker> = dead;
        for worker in dead {
            if self.plan.has(Fault::Timeout) {
                self.hits.count(Fault::Timeout);
            }
            self.failed(worker);
        }
        self.ring();
    }

    /// Schedules and timers fire.
    fn ring(&mut self) {
        let now = self.now();
        let fired = self.site.world.fire_schedules();
        if !fired.is_empty() {
            self.recording.picture(&self.site);
        }
        for id in fired {
            self.post(Letter::schedule(id.as_str(), now));
        }
        if now >= self.next_minute {
            self.next_minute = now.plus(60 - now.as_second().unsigned_abs() % 60);
            for to in [To::Reconciliation, To::Audit] {
                if !self.happens(Fault::MissedTimer, 60) {
                    self.letters.push(Letter::timer(to, now));
                }
            }
        }
        if self.trail.is_some() {
            self.letters.push(Letter::timer(To::Activity, now));
            self.deliver_digests();
        }
        self.tell_witness();
    }

    fn tell_witness(&mut self) {
        let now = self.now();
        for key in self.site.world.submitted() {
            if self.told.contains(&key) || self.happens(Fault::SlowWitness, 70) {
                continue;
            }
            let event =
                serde_json::json!({"Records": [{"s3": {"bucket": {"name": "anchors"}, "object": {"key": key}}}]});
            self.letters.push(Letter::new(To::Witness, key.clone(), event, now));
            self.told.insert(key);
        }
    }

    /// The end: what is only known now.
    fn end(mut self) -> Played {
        self.hits.add(Fault::StaleIam, self.site.world.iam_behind());
        self.hits.add(Fault::IamUnordered, self.site.world.iam_disordered());
        self.hits.add(Fault::StaleIndex, self.site.world.index_behind());
        self.hits.add(Fault::StaleOutbox, self.site.world.outbox_behind());
        self.hits.add(Fault::Quota, self.site.world.quotas_reached());
        self.ask_activity();
        self.recording.picture(&self.site);
        self.recording.poison.1 = self.stream.set_aside.len();
        self.recording.finish(&self.site);
        self.recording.breaches.extend(self.damaged.mistaken());
        healing::folder(&self.site, &mut self.recording);
        let mut hash = Sha256::new();
        for call in &self.recording.calls {
            hash.update(format!("{} {} {} {} {}\n", call.verb, call.on, call.detail, call.order, call.at));
        }
        for (stream, entries) in &self.recording.streams {
            hash.update(stream);
            for entry in entries {
                hash.update(&entry.bytes);
            }
        }
        Played {
            recording: self.recording,
            trace: hex::encode(hash.finalize()),
            lines: self.lines.unwrap_or_default(),
            woken: self.woken,
        }
    }
}

fn shown(done: &Done) -> String {
    match done {
        Done::Well => "well".to_owned(),
        Done::Badly => "badly".to_owned(),
        Done::Batch(None) => "all of the batch".to_owned(),
        Done::Batch(Some(from)) => format!("the batch up to {from}"),
        Done::Answered(answer) => format!("answered {}", answer.status_code),
    }
}
