//! One invocation of a function: it goes from call to call as it is told to, and can be stopped between any two.

use crate::mail::{Letter, Work};
use crate::recording::Run;
use lambda::http::Answer;
use model::time::Time;
use std::fmt;
use std::task::{Context, Poll, Waker};

/// What came of an invocation.
#[derive(Debug)]
pub(crate) enum Done {
    /// It did what it was asked to.
    Well,
    /// It failed, and is to be repeated.
    Badly,
    /// Of a batch, this record and all after it are to be delivered again; `None`: none are.
    Batch(Option<String>),
    /// It answered a call.
    Answered(Answer),
}

/// An invocation.
pub(crate) struct Worker {
    work: Work,
    /// What it was told.
    pub(crate) letter: Letter,
    /// When it began.
    pub(crate) since: Time,
    /// How wrong its clock is, in seconds.
    pub(crate) skew: i64,
    /// Whether it stands still.
    pub(crate) frozen: bool,
    /// The calls that it made, as ranges of their numbers.
    pub(crate) calls: Vec<(u64, u64)>,
    /// What was so when it began, of a run of the log's timer that has no other worker of the log beside it; and how often
    /// something had been read damaged by then.
    pub(crate) log_run: Option<(Run, u64)>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("letter", &self.letter).finish_non_exhaustive()
    }
}

impl Worker {
    pub(crate) fn new(work: Work, letter: Letter, since: Time, skew: i64) -> Self {
        Self { work, letter, since, skew, frozen: false, calls: Vec::new(), log_run: None }
    }

    /// To the next call.
    pub(crate) fn step(&mut self) -> Option<Done> {
        match self.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }
}
