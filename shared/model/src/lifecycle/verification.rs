//! How far the proof of an end has come.

use super::Evidence;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Whether IAM itself was asked about a grant that has ended, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Verification {
    /// Not yet shown; it is tried until it is.
    Due {
        /// Attempts that failed.
        failures: u32,
        /// When the next one is due; `None`: at once.
        next_attempt_at: Option<Time>,
        /// Whether so many failed that somebody was paged.
        unverified: bool,
    },
    /// Shown.
    Verified {
        /// What was read back, asked and answered.
        evidence: Evidence,
    },
}

impl Default for Verification {
    fn default() -> Self {
        Self::Due { failures: 0, next_attempt_at: None, unverified: false }
    }
}

impl Verification {
    /// When the next attempt is due for a grant that ended at `ended_at`; `None`: it is verified.
    pub fn due_at(&self, ended_at: Time) -> Option<Time> {
        match self {
            Self::Due { next_attempt_at, .. } => Some(next_attempt_at.unwrap_or(ended_at)),
            Self::Verified { .. } => None,
        }
    }
}
