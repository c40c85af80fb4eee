//! Lambda's Runtime API, as a program is asked to use it: `next`, `response`, `error`, `init/error`.
//!
//! Source: Lambda developer guide, using the Lambda runtime API.

use crate::http::{Reply, Request, serve};
use crate::process::Process;
use ::aws::time::SystemClock;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use workflow::ports::Clock as _;

/// How long a function may take to start or to answer before it is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it gets to put itself to rest after it has asked for the next event.
const REST: Duration = Duration::from_millis(2);

/// What passes between the function and whoever invokes it.
#[derive(Debug, Default)]
struct Exchange {
    /// When it asked for its first event.
    asked: Option<Instant>,
    /// When it asked for its next event; it waits.
    waiting: Option<Instant>,
    /// What it gets.
    event: Option<Vec<u8>>,
    /// How many events it got.
    given: u64,
    /// It was stopped: whatever still waits for it gives up.
    over: bool,
    answer: Option<(Instant, Result<Vec<u8>, String>)>,
}

#[derive(Debug, Default)]
struct Shared {
    exchange: Mutex<Exchange>,
    changed: Condvar,
}

/// The Runtime API, for one function at a time.
#[derive(Debug)]
pub(crate) struct Runtime {
    port: u16,
    current: Arc<Mutex<Arc<Shared>>>,
}

/// A function that runs.
#[derive(Debug)]
pub(crate) struct Function {
    shared: Arc<Shared>,
    pub(crate) process: Process,
    /// From before its program was started until it asked for its first event.
    pub(crate) init: Duration,
    /// From before its program was started until it answered the event that was there for it, and the answer.
    pub(crate) first: Option<(Duration, Vec<u8>)>,
}

/// What an invocation took.
#[derive(Debug)]
pub(crate) struct Invoked {
    pub(crate) answer: Vec<u8>,
    /// Nanoseconds on the processor, from the event to asking for the next.
    pub(crate) nanoseconds: u64,
}

impl Runtime {
    /// # Errors
    /// No port is free.
    pub(crate) fn new() -> Result<Self, String> {
        let current: Arc<Mutex<Arc<Shared>>> = Arc::default();
        let serving = Arc::clone(&current);
        let answer = move |request: Request| {
            let shared = Arc::clone(&serving.lock().unwrap_or_else(PoisonError::into_inner));
            shared.answer(&request)
        };
        let port = serve(answer).map_err(|error| error.to_string())?;
        Ok(Self { port, current })
    }

    /// Starts `program` with these variables, and waits until it is ready. `event` is there for it from the start, if there
    /// is one, as Lambda has it for who starts cold.
    ///
    /// # Errors
    /// It can't be started, ends, or does not get so far in time.
    pub(crate) fn start(
        &self,
        program: &Path,
        variables: &BTreeMap<String, String>,
        event: Option<&[u8]>,
    ) -> Result<Function, String> {
        let shared = Arc::new(Shared::default());
        shared.lock().event = event.map(<[u8]>::to_vec);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&shared);
        let mut variables = variables.clone();
        variables.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), format!("127.0.0.1:{}", self.port));
        let started = Instant::now();
        let process = Process::start(program, &variables)?;
        let mut function = Function { shared, process, init: Duration::ZERO, first: None };
        function.init = function.wait(|exchange| exchange.asked)?.saturating_duration_since(started);
        if event.is_some() {
            let (at, answer) = function.wait(|exchange| exchange.answer.take())?;
            function.first = Some((at.saturating_duration_since(started), answer?));
            function.wait(|exchange| exchange.waiting)?;
        }
        std::thread::sleep(REST);
        Ok(function)
    }
}

impl Function {
    /// Gives it an event, and waits until it has answered and is at rest again.
    ///
    /// # Errors
    /// It fails, or does not answer in time.
    pub(crate) fn invoke(&mut self, event: &[u8]) -> Result<Invoked, String> {
        let before = self.process.nanoseconds()?;
        self.shared.lock().event = Some(event.to_vec());
        self.shared.changed.notify_all();
        let (_, answer) = self.wait(|exchange| exchange.answer.take())?;
        self.wait(|exchange| exchange.waiting)?;
        std::thread::sleep(REST);
        Ok(Invoked { answer: answer?, nanoseconds: self.process.nanoseconds()?.saturating_sub(before) })
    }

    fn wait<T>(&mut self, until: impl Fn(&mut Exchange) -> Option<T>) -> Result<T, String> {
        let since = Instant::now();
        let shared = Arc::clone(&self.shared);
        let mut exchange = shared.lock();
        loop {
            if let Some(found) = until(&mut exchange) {
                return Ok(found);
            }
            if let Some(how) = self.process.over() {
                let why = exchange.answer.take().and_then(|(_, answer)| answer.err()).unwrap_or_default();
                return Err(format!("the function ended ({how}) {why}"));
            }
            if since.elapsed() > PATIENCE {
                return Err(format!("the function is not ready after {} s", PATIENCE.as_secs()));
            }
            let waited = shared.changed.wait_timeout(exchange, Duration::from_millis(100));
            exchange = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Reply {
        let now = Instant::now();
        let path = request.path.strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
        match (request.method.as_str(), path.rsplit('/').next().unwrap_or_default()) {
            ("GET", "next") => self.next(now),
            ("POST", "response") => self.answered(now, Ok(request.body.clone())),
            ("POST", "error") => {
                self.answered(now, Err(format!("it answers {}", String::from_utf8_lossy(&request.body))))
            }
            _ => Reply::new(404, "application/json", "{}"),
        }
    }

    fn answered(&self, now: Instant, answer: Result<Vec<u8>, String>) -> Reply {
        self.lock().answer = Some((now, answer));
        self.changed.notify_all();
        Reply::new(202, "application/json", r#"{"status":"OK"}"#)
    }

    /// Waits until there is an event.
    fn next(&self, now: Instant) -> Reply {
        let mut exchange = self.lock();
        exchange.asked.get_or_insert(now);
        exchange.waiting = Some(now);
        self.changed.notify_all();
        let event = loop {
            if exchange.over {
                return Reply::new(410, "application/json", "{}");
            }
            if let Some(event) = exchange.event.take() {
                break event;
            }
            exchange = self.changed.wait(exchange).unwrap_or_else(PoisonError::into_inner);
        };
        exchange.waiting = None;
        exchange.given += 1;
        let deadline = SystemClock.now().plus(PATIENCE.as_secs());
        let mut reply = Reply::new(200, "application/json", event);
        reply.headers.extend([
            ("lambda-runtime-aws-request-id", format!("00000000-0000-4000-8000-{:012}", exchange.given)),
            ("lambda-runtime-deadline-ms", format!("{}000", deadline.as_second())),
            ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:111111111111:function:countersign".to_owned(),
            ),
        ]);
        reply
    }
}
