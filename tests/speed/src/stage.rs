//! One function after the other on the same stage: each beside the one that does nothing, in turns, in one run.

use crate::aws::Aws;
use crate::runtime::{Function, Runtime};
use crate::settings::{Environment, deployed, lambdas};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an answer of AWS takes while it is counted which calls wait for which.
const APART: Duration = Duration::from_millis(20);

/// How often anything is done.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Times {
    /// Starts of each function, and of the other beside it.
    pub(crate) starts: usize,
    /// Requests of each act.
    pub(crate) requests: usize,
}

/// How a program starts: medians.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Start {
    /// Until it asks for its first event.
    pub(crate) init_millis: f64,
    /// Until it has answered the event that was there for it.
    pub(crate) first_millis: f64,
    /// Of its own on the processor, up to that answer.
    pub(crate) first_cpu_millis: f64,
    /// What it holds then.
    pub(crate) first_kibibytes: f64,
}

/// How a function starts, and how that is to the other.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Started {
    pub(crate) function: String,
    #[serde(flatten)]
    pub(crate) own: Start,
    pub(crate) hello: Start,
    pub(crate) init_ratio: f64,
    pub(crate) first_ratio: f64,
}

/// What one act takes of a function that is warm.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Act {
    pub(crate) function: String,
    #[serde(rename = "act")]
    pub(crate) name: String,
    /// Median of its own time on the processor, in microseconds.
    pub(crate) cpu_micros: f64,
    /// Without that of one that does nothing, and of as many calls as it makes.
    pub(crate) own_cpu_micros: f64,
    pub(crate) calls: usize,
    /// Calls in sequence; those in flight together are one.
    pub(crate) rounds: usize,
    pub(crate) sequence: Vec<Vec<String>>,
    /// What it holds after all requests, and the most that it held.
    pub(crate) kibibytes: u64,
    pub(crate) peak_kibibytes: u64,
}

/// What is measured with.
pub(crate) struct Stage {
    pub(crate) aws: Aws,
    runtime: Runtime,
    programs: PathBuf,
    environments: BTreeMap<String, Environment>,
    times: Times,
    pub(crate) started: Vec<Started>,
    pub(crate) acts: Vec<Act>,
    /// Microseconds on the processor of an event that nothing is done for, and of one call of AWS.
    pub(crate) event_micros: f64,
    pub(crate) call_micros: f64,
    /// Functions to look at, if not all.
    only: Vec<String>,
}

impl Stage {
    /// `programs`: the folder of the functions' programs.
    ///
    /// # Errors
    /// A template can't be read, or no port is free.
    pub(crate) fn new(programs: &Path, times: Times, only: Vec<String>) -> Result<Self, String> {
        let aws = Aws::start()?;
        let mut environments = deployed(&aws)?;
        for bare in ["hello", "caller"] {
            environments.insert(bare.to_owned(), lambdas(&aws, bare, "512"));
        }
        Ok(Self {
            runtime: Runtime::new()?,
            programs: programs.to_owned(),
            aws,
            environments,
            times,
            started: Vec::new(),
            acts: Vec::new(),
            event_micros: 0.0,
            call_micros: 0.0,
            only,
        })
    }

    /// The functions that the templates deploy.
    pub(crate) fn functions(&self) -> Vec<&str> {
        self.environments.keys().map(String::as_str).filter(|name| !["hello", "caller"].contains(name)).collect()
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    pub(crate) fn start(&self, name: &str, event: Option<&[u8]>) -> Result<Function, String> {
        let environment = self.environments.get(name).ok_or_else(|| format!("no template deploys {name}"))?;
        self.runtime.start(&self.program(name), environment, event).map_err(|why| format!("{name}: {why}"))
    }

    /// What an event costs that nothing is done for, and what one call of AWS does. Comes before all acts.
    ///
    /// # Errors
    /// A program does not do what it should.
    pub(crate) fn calibrate(&mut self, event: &[u8]) -> Result<(), String> {
        let took = |stage: &Self, name| {
            let mut function = stage.start(name, Some(event))?;
            let times = (0..stage.times.requests).map(|_| Ok(function.invoke(event)?.nanoseconds as f64 / 1e3));
            Ok::<_, String>(median(times.collect::<Result<Vec<_>, String>>()?))
        };
        self.event_micros = took(self, "hello")?;
        self.call_micros = took(self, "caller")? - self.event_micros;
        self.aws.rounds().map(drop)
    }

    /// Starts a function many times with the event there for it, and in turns with it the one that does nothing.
    fn cold(
        &mut self,
        name: &str,
        event: &dyn Fn() -> Vec<u8>,
        is_right: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), String> {
        let (mut own, mut hello) = (Vec::new(), Vec::new());
        for _ in 0..self.times.starts {
            for (name, measured) in [("hello", &mut hello), (name, &mut own)] {
                self.aws.rewind();
                let started = self.start(name, Some(&event()))?;
                let (first, answer) = started.first.clone().unwrap_or_default();
                if name != "hello" && !is_right(&answer) {
                    return Err(format!("{name} answers {}", String::from_utf8_lossy(&answer)));
                }
                let nanoseconds = started.process.nanoseconds()? as f64;
                let held = started.process.kibibytes()?.0 as f64;
                measured.push((started.init.as_secs_f64() * 1e3, first.as_secs_f64() * 1e3, nanoseconds / 1e6, held));
            }
        }
        let middle = |all: &[(f64, f64, f64, f64)]| Start {
            init_millis: median(all.iter().map(|one| one.0).collect()),
            first_millis: median(all.iter().map(|one| one.1).collect()),
            first_cpu_millis: median(all.iter().map(|one| one.2).collect()),
            first_kibibytes: median(all.iter().map(|one| one.3).collect()),
        };
        let (own, hello) = (middle(&own), middle(&hello));
        self.started.push(Started {
            function: name.to_owned(),
            init_ratio: own.init_millis / hello.init_millis,
            first_ratio: own.first_millis / hello.first_millis,
            own,
            hello,
        });
        Ok(())
    }

    /// Measures one act of a function, cold if it is the first of that function, and warm. Then it is done once more, and
    /// what it did stays done. Gives its answer.
    ///
    /// # Errors
    /// The function does not do what it should.
    pub(crate) fn act(
        &mut self,
        name: &str,
        act: &str,
        event: impl Fn() -> Vec<u8>,
        is_right: impl Fn(&[u8]) -> bool,
    ) -> Result<Value, String> {
        self.aws.mark();
        if self.only.is_empty() || self.only.iter().any(|wanted| wanted == name) {
            self.measure(name, act, &event, &is_right)?;
        }
        self.aws.rewind();
        self.done(name, act, event, is_right)
    }

    /// Has a function do something, once.
    ///
    /// # Errors
    /// It does not do what it should.
    pub(crate) fn done(
        &self,
        name: &str,
        act: &str,
        event: impl Fn() -> Vec<u8>,
        is_right: impl Fn(&[u8]) -> bool,
    ) -> Result<Value, String> {
        let answer = self.start(name, Some(&event()))?.first.clone().unwrap_or_default().1;
        if !is_right(&answer) {
            return Err(format!("{name}, {act}: it answers {}", String::from_utf8_lossy(&answer)));
        }
        self.aws.rounds().map_err(|why| format!("{name}, {act}: {why}"))?;
        serde_json::from_slice(&answer).map_err(|error| format!("{name}, {act}: {error}"))
    }

    fn measure(
        &mut self,
        name: &str,
        act: &str,
        event: &dyn Fn() -> Vec<u8>,
        is_right: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), String> {
        if self.started.iter().all(|started| started.function != name) {
            self.cold(name, event, is_right)?;
        }
        self.aws.rewind();
        let mut function = self.start(name, Some(&event()))?;
        let mut times = Vec::with_capacity(self.times.requests);
        for _ in 0..self.times.requests {
            self.aws.rewind();
            let invoked = function.invoke(&event())?;
            if !is_right(&invoked.answer) {
                return Err(format!("{name}, {act}: it answers {}", String::from_utf8_lossy(&invoked.answer)));
            }
            times.push(invoked.nanoseconds as f64 / 1e3);
        }
        let (kibibytes, peak_kibibytes) = function.process.kibibytes()?;
        self.aws.rewind();
        self.aws.set_delay(APART);
        let counted = function.invoke(&event());
        self.aws.set_delay(Duration::ZERO);
        counted?;
        let sequence = self.aws.rounds().map_err(|why| format!("{name}, {act}: {why}"))?;
        let calls = sequence.iter().map(Vec::len).sum();
        let cpu_micros = median(times);
        self.acts.push(Act {
            function: name.to_owned(),
            name: act.to_owned(),
            cpu_micros,
            own_cpu_micros: cpu_micros - self.event_micros - self.call_micros * calls as f64,
            calls,
            rounds: sequence.len(),
            sequence,
            kibibytes,
            peak_kibibytes,
        });
        Ok(())
    }
}

/// Of an even number of figures, the greater of the two in the middle.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
