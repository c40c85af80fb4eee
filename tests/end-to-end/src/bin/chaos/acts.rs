//! Who calls, and with what: by a schedule that waits for no answer.

mod honest;
mod hostile;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use end_to_end::chat::{APPROVALS, Message};
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::signing::Keys;
use end_to_end::stage::Stage;
use end_to_end::waiting::{instant, now, seconds_after};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::calls::{Answer, Doors, Way};
use crate::ledger::{Deed, Ledger, Session};
use end_to_end::dice::Dice;

/// What may be asked for, and how many others have to countersign it. Not from the catalog: it is what is judged by.
/// `xtask/src/chaos.rs` makes them.
pub(crate) const NEEDED: [(&str, u64); 3] = [("chaos-read", 0), ("chaos-write", 1), ("chaos-admin", 2)];

/// Who asks, who countersigns.
pub(crate) const ENGINEERS: [&str; 3] = ["alice", "frank", "grace"];
pub(crate) const APPROVERS: [&str; 2] = ["bob", "carol"];

/// How often a call is sent that nobody answers.
const TRIES: u64 = 4;
/// Before it is sent again.
const PAUSE: Duration = Duration::from_secs(1);
/// How many of the newest requests are still of interest to anybody.
const NEWEST: usize = 60;
/// Between two looks for new cards.
const LOOK: Duration = Duration::from_secs(2);
/// How long after the end of a session its denial is looked for. Times on record are whole seconds.
const AFTER: Duration = Duration::from_millis(50);

/// What a call is meant to do.
#[derive(Debug, Clone)]
pub(crate) enum Aim {
    /// Make the request with this tag.
    Ask(String),
    /// Do this to a request.
    Do(Deed),
    /// Fetch credentials of this request, for this person.
    Fetch(String, &'static str),
    /// Look at something.
    Look,
    /// Nothing may come of it.
    Nothing,
}

/// A call.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) kind: &'static str,
    pub(crate) way: Way,
    pub(crate) aim: Aim,
}

/// A request that somebody may do something about.
#[derive(Debug, Clone)]
struct Open {
    id: String,
    digest: String,
    requester: &'static str,
    entitlement: String,
}

/// What everybody sees, the newest last.
#[derive(Debug, Default)]
struct Board {
    /// What waits to be countersigned.
    waits: Vec<Open>,
    /// What only hostile calls are about.
    baits: Vec<Open>,
    /// What may be granted by now.
    granted: Vec<Open>,
    /// Calls that asked for something.
    asks: Vec<(Sent, String)>,
    /// Cards to press, by request.
    cards: BTreeMap<String, Message>,
}

fn push<T>(list: &mut Vec<T>, one: T) {
    if list.len() >= NEWEST {
        list.remove(0);
    }
    list.push(one);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everybody who calls.
#[derive(Debug)]
pub(crate) struct Acts {
    stage: Stage,
    doors: Doors,
    ledger: Mutex<Ledger>,
    board: Mutex<Board>,
    dice: Mutex<Dice>,
    number: AtomicU64,
    over: AtomicBool,
}

impl Acts {
    /// # Errors
    /// There is no HTTP client to be had.
    pub(crate) fn new(stage: &Stage, seed: u64) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self {
            stage: stage.clone(),
            doors: Doors::of(&stage.outputs)?,
            ledger: Mutex::default(),
            board: Mutex::default(),
            dice: Mutex::new(Dice::new(seed ^ 0xAC75)),
            number: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }))
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        locked(&self.board)
    }

    fn below(&self, count: u64) -> u64 {
        locked(&self.dice).below(count)
    }

    fn one<T: Clone>(&self, of: &[T]) -> Option<T> {
        locked(&self.dice).one(of).cloned()
    }

    fn next(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Calls arrive, each when it is due, whatever became of those before; until all were answered or given up, and every
    /// session that was given was looked at after its end.
    pub(crate) async fn arrive(self: Arc<Self>, rate: u64, seconds: u64) {
        let looking = tokio::spawn(Arc::clone(&self).see());
        let begun = Instant::now();
        let mut calls = JoinSet::new();
        for nth in 0..rate.saturating_mul(seconds) {
            let after = Duration::from_micros(nth.saturating_mul(1_000_000).checked_div(rate).unwrap_or(0));
            let due = begun.checked_add(after).unwrap_or(begun);
            tokio::time::sleep_until(due.into()).await;
            for sent in self.draw() {
                calls.spawn(Arc::clone(&self).call(sent, due));
            }
        }
        while calls.join_next().await.is_some() {}
        self.over.store(true, Ordering::Relaxed);
        looking.abort();
    }

    /// Looks for cards to press.
    async fn see(self: Arc<Self>) {
        loop {
            if let Ok(messages) = self.doors.chat.messages(APPROVALS, None).await {
                let cards = messages.into_iter().filter(|message| message.has_button("approve"));
                let cards = cards.filter_map(|card| Some((card.requests().into_iter().next()?, card)));
                self.board().cards = cards.collect();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends a call that is due, and again if nobody answers.
    async fn call(self: Arc<Self>, sent: Sent, mut due: Instant) {
        // Whoever uses Slack is told there that nothing came, and looks.
        let tries = if matches!(sent.way, Way::Api { .. }) { TRIES } else { 1 };
        for tried in 1..=tries {
            let answer = self.doors.send(&sent.way).await;
            self.note(&sent, answer.as_ref(), due);
            if let Some(answer) = answer.filter(|answer| answer.status < 500) {
                self.learn(&sent, &answer).await;
                return;
            }
            if tried == tries {
                let mut ledger = self.ledger();
                ledger.unanswered = ledger.unanswered.saturating_add(1);
                return;
            }
            {
                let mut ledger = self.ledger();
                ledger.repeated = ledger.repeated.saturating_add(1);
            }
            tokio::time::sleep(PAUSE).await;
            due = Instant::now();
        }
    }

    /// Writes down what came of one sending.
    fn note(&self, sent: &Sent, answer: Option<&Answer>, due: Instant) {
        let waited = u64::try_from(due.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut ledger = self.ledger();
        ledger.hostile = ledger.hostile.saturating_add(u64::from(matches!(sent.aim, Aim::Nothing)));
        ledger.count(sent.kind, answer.map_or_else(|| "none".to_owned(), Answer::word));
        if answer.is_some() {
            let door = if matches!(sent.way, Way::Api { .. }) { "api" } else { "slack" };
            ledger.waits.entry(door).or_default().push(waited);
        }
    }

    /// What follows from an answer for whoever called.
    async fn learn(&self, sent: &Sent, answer: &Answer) {
        if !answer.is_success() {
            return;
        }
        match &sent.aim {
            Aim::Ask(tag) => self.learn_of(tag, answer).await,
            // A press is answered at once; what came of it is told elsewhere.
            Aim::Do(_) if matches!(sent.way, Way::Press { .. }) => {}
            Aim::Do(deed) => {
                let (id, _, what) = deed;
                self.ledger().done.insert(deed.clone());
                let mut board = self.board();
                if *what == "approvalGiven" {
                    let open = board.waits.iter().find(|open| open.id == *id).cloned();
                    if let Some(open) = open {
                        push(&mut board.granted, open);
                    }
                } else {
                    board.waits.retain(|open| open.id != *id);
                    board.granted.retain(|open| open.id != *id);
                }
            }
            Aim::Fetch(id, person) => self.use_session(id, person, Keys::of_document(&answer.body).ok()).await,
            Aim::Look => self.assume(&answer.body).await,
            // Slack is answered with 200 whatever comes of it; what is on record says the rest.
            Aim::Nothing if !matches!(sent.way, Way::Api { .. }) => {}
            Aim::Nothing => self.ledger().admitted.push(format!("{}: {}", sent.kind, answer.word())),
        }
    }

    /// The request that came of a question.
    async fn learn_of(&self, tag: &str, answer: &Answer) {
        let Some(id) = named(&answer.body) else { return };
        let (requester, bait) = {
            let mut ledger = self.ledger();
            let Some(asked) = ledger.asked.get_mut(tag) else { return };
            asked.answered.insert(id.clone());
            (asked.person.clone(), asked.bait)
        };
        let Some(requester) = ENGINEERS.into_iter().find(|person| *person == requester) else { return };
        let digest = match text(&answer.body, "digest") {
            "" => match self.doors.shown(requester, &id).await {
                Some(shown) => text(&shown, "digest").to_owned(),
                None => return,
            },
            digest => digest.to_owned(),
        };
        let entitlement = tag.split(' ').next().unwrap_or_default().to_owned();
        let needs = needed(&entitlement);
        let open = Open { id, digest, requester, entitlement };
        let mut board = self.board();
        let list = match (bait, needs) {
            (true, _) => &mut board.baits,
            (false, Some(0)) => &mut board.granted,
            (false, _) => &mut board.waits,
        };
        push(list, open);
    }

    /// Uses what was fetched, and tries again right after its end.
    async fn use_session(&self, id: &str, person: &str, keys: Option<Keys>) {
        let Some(shown) = self.doors.shown(person, id).await else { return };
        let Ok(expires_at) = instant(text(&shown, "expiresAt")) else { return };
        let Some(Ok(cloud)) = keys.map(|keys| self.stage.cloud(keys)) else { return };
        self.follow(Session { request: id.to_owned(), cloud, expires_at }).await;
    }

    /// Assumes the role that was made for a grant of alice's. IAM lets nobody else do so here.
    async fn assume(&self, shown: &Value) {
        let role =
            shown.pointer("/access/roleArn").and_then(Value::as_str).filter(|_| text(shown, "requester") == "alice");
        let (Some(role), Ok(expires_at)) = (role, instant(text(shown, "expiresAt"))) else { return };
        let Ok(own) = self.stage.as_person("alice") else { return };
        let Some(Ok(cloud)) = own.assume(role, None).await.1.map(|keys| self.stage.cloud(keys)) else { return };
        self.follow(Session { request: text(shown, "id").to_owned(), cloud, expires_at }).await;
    }

    async fn follow(&self, session: Session) {
        self.ledger().sessions.push(session.clone());
        let sent = now();
        if session.cloud.get_order("order-1001").await.is_allowed() {
            let mut ledger = self.ledger();
            ledger.used = ledger.used.saturating_add(1);
            if seconds_after(sent, session.expires_at) >= 0.0 {
                ledger.admitted.push(format!("{}: allowed after its end", session.request));
            }
        }
        let left = session.expires_at.duration_since(now()).unwrap_or_default();
        tokio::time::sleep(left.saturating_add(AFTER)).await;
        let answer = session.cloud.get_order("order-1001").await;
        let mut ledger = self.ledger();
        if answer.is_allowed() {
            ledger.admitted.push(format!("{}: allowed right after its end", session.request));
        }
        ledger.denied_in_time = ledger.denied_in_time.saturating_add(u64::from(answer.is_denied()));
    }

    /// What comes next.
    fn draw(&self) -> Vec<Sent> {
        let or_ask = |sent: Option<Sent>| vec![sent.unwrap_or_else(|| self.ask())];
        match self.below(1_000) {
            0..160 => vec![self.ask()],
            160..340 => or_ask(self.approve()),
            340..380 => self.twice(),
            380..420 => or_ask(self.again()),
            420..445 => or_ask(self.deny()),
            445..460 => or_ask(self.cancel()),
            460..475 => or_ask(self.revoke()),
            475..600 => or_ask(self.fetch()),
            600..700 => or_ask(self.look()),
            _ => or_ask(self.hostile()),
        }
    }
}

/// How many others have to countersign it.
pub(crate) fn needed(entitlement: &str) -> Option<u64> {
    NEEDED.iter().find(|(name, _)| *name == entitlement).map(|(_, needed)| *needed)
}

/// The request that an answer names.
fn named(body: &Value) -> Option<String> {
    let body = body.to_string();
    let id = body.get(body.find("req_")?..)?.get(..36)?;
    Some(id.to_owned())
}
