//! `request`: asks for access, and waits until it is there or will not be.

use crate::api::Api;
use crate::failure::{Answer, Exit, Failure};
use crate::show::{self, text};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use model::amount::parse_duration;
use model::names::{EntitlementName, IdempotencyKey, RequestId};
use model::text::inert;
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Pauses between two looks grow from this…
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// …to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Looks in a row that may stay without an answer.
const BLIND: u32 = 10;

/// What to ask for.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The entitlement; `countersign entitlements` lists them.
    entitlement: EntitlementName,
    /// How long: 30m, 2h, 1h30m.
    #[arg(value_parser = parse_duration)]
    duration: u64,
    /// Why, in your words; approvers see it, and it is kept in the record.
    #[arg(required = true, num_args = 1.., value_name = "JUSTIFICATION")]
    justification: Vec<String>,
    /// The ticket it belongs to.
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    /// Only this IAM action of the entitlement's. May be given several times.
    #[arg(long = "permission", value_name = "ACTION")]
    permissions: Vec<String>,
    /// Only this resource of the entitlement's. May be given several times.
    #[arg(long = "resource", value_name = "ARN")]
    resources: Vec<String>,
    /// Return as soon as it is asked for.
    #[arg(long, conflicts_with = "timeout")]
    no_wait: bool,
    /// How long to wait at most. Without it: until it is decided, which lapsing is too.
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    timeout: Option<u64>,
    /// A key of your own; asking again with the same one makes nothing new. Without it, each call has a new one.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<IdempotencyKey>,
}

impl Ask {
    fn body(&self) -> Value {
        let mut body = json!({
            "entitlement": self.entitlement,
            "durationSeconds": self.duration,
            "justification": self.justification.join(" "),
        });
        let some = |list: &Vec<String>| Some(json!(list)).filter(|_| !list.is_empty());
        let optional = [
            ("ticketId", self.ticket.as_ref().map(|ticket| json!(ticket))),
            ("permissions", some(&self.permissions)),
            ("resources", some(&self.resources)),
        ];
        if let Some(fields) = body.as_object_mut() {
            for (name, value) in optional {
                if let Some(value) = value {
                    fields.insert(name.to_owned(), value);
                }
            }
        }
        body
    }
}

/// Asks, and waits unless told not to.
///
/// # Errors
/// Refused, no answer, or not in time.
pub(crate) async fn request(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let key = ask.idempotency_key.as_ref().map_or_else(|| uuid::Uuid::now_v7().to_string(), ToString::to_string);
    let asked = api.post_once("/v1/requests", &key, &ask.body()).await?;
    waited(api, asked, ask.no_wait, ask.timeout).await
}

async fn waited(api: &Api, asked: Value, no_wait: bool, timeout: Option<u64>) -> Result<Answer, Failure> {
    if no_wait {
        return Ok(Answer::new(show::request(&asked, Api::now()), asked));
    }
    let last = wait(api, asked, timeout.map(Duration::from_secs)).await?;
    Ok(outcome(last))
}

/// What to go on with.
#[derive(Debug, Args)]
pub(crate) struct Extend {
    /// The active request's id: `req_…`.
    id: RequestId,
    /// How long, from when it is approved: 30m, 2h, 1h30m.
    #[arg(value_parser = parse_duration)]
    duration: u64,
    /// Why, in your words; approvers see it, and it is kept in the record.
    #[arg(required = true, num_args = 1.., value_name = "JUSTIFICATION")]
    justification: Vec<String>,
    /// The ticket it belongs to.
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    /// Return as soon as it is asked for.
    #[arg(long, conflicts_with = "timeout")]
    no_wait: bool,
    /// How long to wait at most. Without it: until it is decided, which lapsing is too.
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    timeout: Option<u64>,
}

/// Asks for the access of an active grant anew, and waits unless told not to.
///
/// # Errors
/// Refused, no answer, or not in time.
pub(crate) async fn extend(api: &Api, wanted: &Extend) -> Result<Answer, Failure> {
    let mut body = json!({"durationSeconds": wanted.duration, "justification": wanted.justification.join(" ")});
    if let (Some(fields), Some(ticket)) = (body.as_object_mut(), &wanted.ticket) {
        fields.insert("ticketId".to_owned(), json!(ticket));
    }
    let key = uuid::Uuid::now_v7().to_string();
    let asked = api.post_once(&format!("/v1/requests/{}/extend", wanted.id), &key, &body).await?;
    waited(api, asked, wanted.no_wait, wanted.timeout).await
}

/// What a request has become, for who waited for it.
fn outcome(last: Value) -> Answer {
    let id = inert(text(&last, "id"), 64);
    let card = show::request(&last, Api::now());
    match (text(&last, "status"), text(&last, "mechanism")) {
        ("active", "role") => {
            let next = format!("Get in with your own identity: `countersign configure {id}` writes a profile for it.");
            Answer::new(format!("{card}\n\n{next}"), last)
        }
        ("active", _) => {
            let next = format!("Use it: `countersign exec {id} -- <command>`, or `countersign configure {id}`.");
            Answer::new(format!("{card}\n\n{next}"), last)
        }
        _ => Answer { human: card, json: last, exit: Exit::Refused },
    }
}

/// Whether there is nothing more to wait for.
fn settled(request: &Value) -> bool {
    !matches!(text(request, "status"), "pending" | "approved" | "provisioning")
}

async fn wait(api: &Api, asked: Value, timeout: Option<Duration>) -> Result<Value, Failure> {
    let (since, id) = (Instant::now(), inert(text(&asked, "id"), 64));
    let told = Told::start(&id);
    let (mut last, mut pause, mut blind) = (asked, FIRST_PAUSE, 0_u32);
    loop {
        told.tell(&last);
        if settled(&last) {
            return Ok(last);
        }
        if timeout.is_some_and(|timeout| since.elapsed() >= timeout) {
            let sentence = format!("{id} is still {}", inert(text(&last, "status"), 40));
            return Err(Failure::new(Exit::TimedOut, "timed_out", sentence).advise(format!(
                "It goes on without this command: `countersign show {id}`, or withdraw it: `countersign cancel {id}`."
            )));
        }
        let left = timeout.map_or(pause, |timeout| timeout.saturating_sub(since.elapsed()));
        tokio::time::sleep(pause.min(left)).await;
        pause = pause.saturating_mul(3).div_f32(2.0).min(LONGEST_PAUSE);
        match api.get(&format!("/v1/requests/{id}")).await {
            Ok(now) => (last, blind) = (now, 0),
            // Who waits for an hour does not stop for a minute without a network.
            Err(failure) if failure.exit == Exit::Unreachable && blind < BLIND => blind = blind.saturating_add(1),
            Err(failure) => return Err(failure),
        }
    }
}

/// Tells who waits what is waited for: a spinner on a terminal, else a line for each change. On stderr.
struct Told {
    spinner: Option<ProgressBar>,
    line: std::cell::RefCell<String>,
}

impl Told {
    fn start(id: &str) -> Self {
        // Said first and kept on the screen: who interrupts the waiting needs it.
        let _ = writeln!(std::io::stderr(), "asked for: {id}");
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(Duration::from_millis(100));
            spinner
        });
        Self { spinner, line: std::cell::RefCell::default() }
    }

    fn tell(&self, request: &Value) {
        let line = match text(request, "status") {
            "pending" => format!("waiting for countersignatures: {}", show::quorum(request)),
            "approved" | "provisioning" => "approved; the access is being made".to_owned(),
            status => inert(status, 40),
        };
        match &self.spinner {
            Some(spinner) => spinner.set_message(line),
            None if *self.line.borrow() != line => {
                let _ = writeln!(std::io::stderr(), "{line}");
                self.line.replace(line);
            }
            None => {}
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_still_become_access_is_waited_for() {
        for status in ["pending", "approved", "provisioning"] {
            assert!(!settled(&json!({"status": status})), "{status}");
        }
        for status in ["active", "denied", "cancelled", "lapsed", "revoking", "ended"] {
            assert!(settled(&json!({"status": status})), "{status}");
        }
    }

    #[test]
    fn access_is_done_and_anything_else_is_refused() {
        let with = |status: &str| outcome(json!({"id": "req_x", "status": status, "mechanism": "session"})).exit;
        assert_eq!(with("active"), Exit::Done);
        for status in ["denied", "cancelled", "lapsed", "revoking", "ended"] {
            assert_eq!(with(status), Exit::Refused, "{status}");
        }
    }
}
