//! Failures asked for: the next calls of a Web API method go wrong in the way a test names.

use serde::{Deserialize, Serialize};

/// How the next calls of a method go wrong. Without `status` and `error` a call is only delayed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The Web API method, or `*` for any.
    pub method: String,
    /// Only calls about this channel or user: the one named in `channel`, `user`, `users`, `user_id` or `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_for: Option<String>,
    /// How many calls go wrong; one if not given.
    #[serde(default = "once")]
    pub times: u32,
    /// Answer with this HTTP status instead of 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Answer `ok: false` with this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Wait before the answer.
    #[serde(default)]
    pub delay_ms: u64,
    /// Send `Retry-After` with so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Carry the call out all the same, so that the caller cannot know what happened.
    #[serde(default)]
    pub carried_out: bool,
}

fn once() -> u32 {
    1
}

/// The failures still to come, in the order they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Asks for a failure.
    pub(crate) fn add(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    /// Uses up one failure of `method`, if one is due. `is_about` says whether the call is about a channel or user.
    pub(crate) fn take(&mut self, method: &str, is_about: impl Fn(&str) -> bool) -> Option<Fault> {
        let at = self.0.iter().position(|fault| {
            (fault.method == method || fault.method == "*") && fault.only_for.as_deref().is_none_or(&is_about)
        })?;
        let fault = self.0.get_mut(at)?;
        fault.times = fault.times.saturating_sub(1);
        let taken = fault.clone();
        if taken.times == 0 {
            self.0.remove(at);
        }
        Some(taken)
    }

    /// The failures still to come.
    pub(crate) fn pending(&self) -> &[Fault] {
        &self.0
    }
}
