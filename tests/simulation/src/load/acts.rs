//! Who calls, and with what: by a schedule that waits for no answer.

mod honest;
mod hostile;

use super::SECOND;
use super::ledger::Ledger;
use super::people::NEEDED;
use super::pool::Pool;
use crate::dice::Dice;
use crate::mail::{Letter, To};
use crate::worker::Done;
use lambda::http::Answer;
use model::names::RequestId;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// How often a call is sent that nobody answers.
const TRIES: usize = 4;

/// How many of the newest requests are still of interest to anybody.
const NEWEST: usize = 300;

/// How many of the newest calls may be sent once more.
const REMEMBERED: usize = 200;

/// What a call is meant to do.
#[derive(Debug, Clone)]
pub(super) enum Aim {
    /// Make the request with this tag.
    Ask(String),
    /// Do this to a request.
    Do(String, String, &'static str),
    /// Fetch credentials.
    Fetch(String),
    /// Look at something.
    Look,
    /// Nothing may come of it.
    Nothing,
}

/// A call.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) kind: &'static str,
    to: To,
    event: Value,
    aim: Aim,
}

/// A request that somebody may do something about.
#[derive(Debug, Clone)]
struct Open {
    id: String,
    requester: String,
    needed: usize,
    approvals: usize,
}

/// What everybody sees.
#[derive(Debug, Default)]
struct Board {
    /// What waits to be countersigned.
    waits: Vec<Open>,
    /// What only hostile calls are about.
    baits: Vec<Open>,
    /// What policy approved.
    granted: Vec<Open>,
    /// Calls that were sent, the newest last.
    sent: Vec<Sent>,
    /// Presses and calls of approval, the newest last.
    approved: Vec<(Open, String)>,
}

fn push<T>(list: &mut Vec<T>, one: T, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
    list.push(one);
}

/// Everybody who calls.
pub(super) struct Acts {
    pool: Arc<Pool>,
    ledger: Arc<Mutex<Ledger>>,
    board: Mutex<Board>,
    dice: Mutex<Dice>,
    number: AtomicU64,
    under_way: AtomicU64,
}

impl Acts {
    pub(super) fn new(pool: &Arc<Pool>, ledger: &Arc<Mutex<Ledger>>, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            pool: Arc::clone(pool),
            ledger: Arc::clone(ledger),
            board: Mutex::default(),
            dice: Mutex::new(Dice::new(seed ^ 0xAC75)),
            number: AtomicU64::new(0),
            under_way: AtomicU64::new(0),
        })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap()
    }

    fn below(&self, count: usize) -> usize {
        self.dice.lock().unwrap().below(count)
    }

    fn one<T: Clone>(&self, of: &[T]) -> Option<T> {
        self.dice.lock().unwrap().one(of).cloned()
    }

    fn next(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Calls arrive, each when it is due, whatever became of those before; until all were answered or given up.
    pub(super) async fn arrive(self: Arc<Self>) {
        let settings = self.pool.settings();
        let begun = self.pool.now();
        let calls = settings.rate * settings.seconds;
        let mut nth = 0;
        while nth < calls {
            let due = begun + nth * SECOND / settings.rate;
            self.pool.wait(due.saturating_sub(self.pool.now())).await;
            for (sent, after) in self.draw().into_iter().take(usize::try_from(calls - nth).unwrap_or(usize::MAX)) {
                nth += 1;
                self.under_way.fetch_add(1, Ordering::Relaxed);
                let own = Arc::clone(&self);
                self.pool.spawn(async move {
                    own.pool.wait(after).await;
                    own.call(sent, due + after).await;
                    own.under_way.fetch_sub(1, Ordering::Relaxed);
                });
            }
            self.ledger().arrived = Some((begun, due));
        }
        while self.under_way.load(Ordering::Relaxed) > 0 {
            self.pool.wait(SECOND / 10).await;
        }
    }

    /// Sends a call that is due, and again if nobody answers.
    async fn call(&self, mut sent: Sent, mut due: u64) {
        let number = self.next();
        for tried in 1..=TRIES {
            let letter = Letter::new(sent.to, sent.kind, sent.event.clone(), self.pool.world().aws_now());
            let done = self.pool.run(&letter, Some(number)).await;
            let told = self.pool.site.side().told.remove(&number);
            let waited = self.pool.now().saturating_sub(due);
            let answer = match done {
                Some(Done::Answered(answer)) => Some(answer),
                Some(Done::Well | Done::Badly | Done::Batch(_)) | None => None,
            };
            self.note(&sent, answer.as_ref(), told.as_deref(), waited);
            if answer.is_some_and(|answer| answer.status_code < 500) {
                return;
            }
            if tried == TRIES {
                self.ledger().unanswered += 1;
                return;
            }
            self.ledger().repeated += 1;
            due = self.pool.now() + SECOND;
            self.pool.wait(SECOND).await;
            if sent.to == To::Conversation {
                repeat(&mut sent.event, tried);
            }
        }
    }

    /// Writes down what came of one sending.
    fn note(&self, sent: &Sent, answer: Option<&Answer>, told: Option<&str>, waited: u64) {
        {
            let mut ledger = self.ledger();
            ledger.hostile += u64::from(matches!(sent.aim, Aim::Nothing));
            let what = answer.map_or_else(|| "none".to_owned(), |answer| answered(answer, told));
            ledger.count(sent.kind, what);
            if answer.is_some() {
                let door = if sent.to == To::Conversation { "slack" } else { "api" };
                ledger.waits.entry(door).or_default().push(waited);
            }
        }
        if let Some(answer) = answer {
            self.learn(sent, answer, told);
        }
    }

    /// What follows from an answer for whoever called.
    fn learn(&self, sent: &Sent, answer: &Answer, told: Option<&str>) {
        let good = (200..300).contains(&answer.status_code);
        match &sent.aim {
            Aim::Ask(tag) if good => {
                let Some(id) = named(&answer.body) else { return };
                let mut ledger = self.ledger();
                let Some(asked) = ledger.asked.get_mut(tag) else { return };
                let first = asked.answered.insert(id.clone());
                let (requester, bait) = (asked.person.clone(), asked.bait);
                drop(ledger);
                let name = tag.split(' ').next().unwrap_or_default();
                let needed =
                    NEEDED.iter().find(|(entitlement, _)| *entitlement == name).map_or(1, |(_, needed)| *needed);
                let open = Open { id, requester, needed, approvals: 0 };
                let mut board = self.board();
                let list = match (bait, needed) {
                    (true, _) => &mut board.baits,
                    (false, 0) => &mut board.granted,
                    (false, _) => &mut board.waits,
                };
                if first {
                    push(list, open, NEWEST);
                }
            }
            // A press is answered at once, and whoever pressed is told besides.
            Aim::Do(id, person, what) if good && told.is_none_or(|told| told.contains("You countersigned")) => {
                if sent.to != To::Conversation || told.is_some() {
                    self.ledger().done.insert((id.clone(), person.clone(), *what));
                }
            }
            Aim::Fetch(id) if good => {
                self.ledger().fetched.insert(id.clone());
            }
            // Pressing is answered with 200 whatever comes of it; what counts is what is told.
            Aim::Nothing
                if good
                    && (sent.to != To::Conversation || told.is_some_and(|told| told.contains("You countersigned"))) =>
            {
                let said = format!("{}: {} {}", sent.kind, answer.status_code, answer.body);
                self.ledger().admitted.push(said);
            }
            Aim::Ask(_) | Aim::Do(..) | Aim::Fetch(_) | Aim::Look | Aim::Nothing => {}
        }
    }

    /// What comes next, with how long after it was due, in microseconds.
    fn draw(&self) -> Vec<(Sent, u64)> {
        let at_once =
            |sent: Option<Sent>| sent.or_else(|| Some(self.ask())).map(|sent| (sent, 0)).into_iter().collect();
        match self.below(1_000) {
            0..200 => vec![(self.ask(), 0)],
            200..380 => at_once(self.approve()),
            380..440 => self.double_click(),
            440..500 => at_once(self.again()),
            500..530 => at_once(self.decide("deny")),
            530..545 => at_once(self.decide("cancel")),
            545..547 => at_once(self.revoke()),
            547..620 => at_once(self.fetch()),
            620..700 => at_once(self.look()),
            _ => at_once(self.hostile()),
        }
    }
}

/// As Slack sends what was not answered in time. Source: Slack, the Events API, retries.
fn repeat(event: &mut Value, nth: usize) {
    event["headers"]["x-slack-retry-num"] = json!(nth.to_string());
    event["headers"]["x-slack-retry-reason"] = json!("http_timeout");
}

/// The request that an answer names.
fn named(body: &str) -> Option<String> {
    let at = body.find("req_")?;
    let id = body.get(at..at + 36)?;
    id.parse::<RequestId>().ok().map(|id| id.to_string())
}

/// An answer in a word: its status, and the code if it has one.
fn answered(answer: &Answer, told: Option<&str>) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    match (body["code"].as_str(), told) {
        (Some(code), _) => format!("{} {code}", answer.status_code),
        (None, Some(told)) if !told.contains("You countersigned") => format!("{} not done", answer.status_code),
        _ => answer.status_code.to_string(),
    }
}
