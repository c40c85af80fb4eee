//! What of a request is granted: all of it, or what an approver narrowed it to.
//!
//! The request itself never changes. Its terms are what is countersigned, and what windows and documents are made of;
//! nothing that makes access takes a request by itself.

use crate::amount::display_duration;
use crate::digest::{Digest, Encoding};
use crate::documents::{TooLarge, all_fit};
use crate::lifecycle::SHORTEST_GRANT;
use crate::names::PersonId;
use crate::request::Request;
use crate::scope::{Leeway, ScopeError, narrow_actions, narrow_resources};
use crate::time::{Time, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How often one request is narrowed at most: its record does not grow without bound, and who disagrees for longer can
/// deny it.
pub const MOST_NARROWINGS: u32 = 8;

/// What an approver wants less of; `None`: as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Narrower {
    /// The actions that remain.
    pub permissions: Option<Vec<String>>,
    /// The resources that remain.
    pub resources: Option<Vec<String>>,
    /// How long, in seconds.
    pub duration_seconds: Option<u64>,
}

/// What a request was narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Narrowed {
    /// Who narrowed it last.
    pub by: PersonId,
    /// When.
    pub at: Time,
    /// How often it was narrowed.
    pub times: u32,
    /// The actions that remain.
    pub permissions: Vec<String>,
    /// The resources that remain.
    pub resources: Vec<String>,
    /// How long, in seconds.
    pub duration_seconds: u64,
}

/// What of a request is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms<'a> {
    /// The request, for all that narrowing leaves as it is.
    pub request: &'a Request,
    /// What it was narrowed to.
    pub narrowed: Option<&'a Narrowed>,
}

/// Why terms were not taken: an approver takes away, and adds nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotNarrower {
    /// Longer than it is, or shorter than any grant.
    #[error("it can be shortened to {} at the least, and is for {} now", display_duration(SHORTEST_GRANT), display_duration(*now))]
    Duration {
        /// How long it is for, in seconds.
        now: u64,
    },
    /// An action or resource that is not part of it.
    #[error(
        "`{0}` is not part of what was asked for; name some of what is there, or one thing that a pattern of it covers"
    )]
    Outside(String),
    /// Nothing would be left, or the list is no list of patterns.
    #[error("{0}")]
    Scope(ScopeError),
    /// Longer lists than the documents hold.
    #[error("{0}")]
    TooLarge(TooLarge),
    /// It was narrowed often enough.
    #[error("it was narrowed {MOST_NARROWINGS} times already; countersign it as it is, or deny it")]
    TooOften,
}

impl From<ScopeError> for NotNarrower {
    fn from(error: ScopeError) -> Self {
        match error {
            ScopeError::Outside(pattern) | ScopeError::Wildcard(pattern) | ScopeError::Variable(pattern) => {
                Self::Outside(pattern)
            }
            ScopeError::Empty | ScopeError::TooMany | ScopeError::NotAnAction(_) | ScopeError::NotAResource(_) => {
                Self::Scope(error)
            }
        }
    }
}

impl<'a> Terms<'a> {
    /// All that was asked for.
    pub fn as_asked(request: &'a Request) -> Self {
        Self { request, narrowed: None }
    }

    /// The actions.
    pub fn permissions(self) -> &'a [String] {
        if crate::seeded!("narrower-is-granted-wide") {
            return &self.request.permissions;
        }
        self.narrowed.map_or(&self.request.permissions, |narrowed| &narrowed.permissions)
    }

    /// The resources.
    pub fn resources(self) -> &'a [String] {
        self.narrowed.map_or(&self.request.resources, |narrowed| &narrowed.resources)
    }

    /// How long, in seconds.
    pub fn duration_seconds(self) -> u64 {
        self.narrowed.map_or(self.request.duration_seconds, |narrowed| narrowed.duration_seconds)
    }

    /// What approvers countersign and what is granted, in 32 bytes: the request's own digest while all of it is.
    pub fn digest(self) -> Digest {
        let Some(narrowed) = self.narrowed else { return self.request.digest() };
        // Who narrowed it, when and how often changes nothing of what is granted.
        let Narrowed { by: _, at: _, times: _, permissions, resources, duration_seconds } = narrowed;
        Encoding::of("countersign.terms.v1")
            .text(&self.request.digest().to_string())
            .list(permissions.iter().map(String::as_str))
            .list(resources.iter().map(String::as_str))
            .number(*duration_seconds)
            .digest()
    }

    /// These terms, narrowed by `by` to what is `wanted`; `None`: that is what they are already.
    ///
    /// # Errors
    /// If anything of it goes beyond these terms, or could not be granted.
    pub fn narrow(self, wanted: &Narrower, by: &PersonId, at: Time) -> Result<Option<Narrowed>, NotNarrower> {
        let own = Leeway::default();
        let permissions = narrow_actions(self.permissions(), wanted.permissions.as_deref(), own)?;
        let resources = narrow_resources(self.resources(), wanted.resources.as_deref(), own)?;
        let now = self.duration_seconds();
        let duration_seconds = wanted.duration_seconds.unwrap_or(now);
        if !(SHORTEST_GRANT..=now).contains(&duration_seconds) {
            return Err(NotNarrower::Duration { now });
        }
        if same(&permissions, self.permissions()) && same(&resources, self.resources()) && duration_seconds == now {
            return Ok(None);
        }
        let times = self.narrowed.map_or(0, |narrowed| narrowed.times);
        if times >= MOST_NARROWINGS {
            return Err(NotNarrower::TooOften);
        }
        let narrowed =
            Narrowed { by: by.clone(), at, times: times.saturating_add(1), permissions, resources, duration_seconds };
        let terms = Terms { request: self.request, narrowed: Some(&narrowed) };
        if let Ok(window) = Window::starting(at, duration_seconds) {
            all_fit(terms, window).map_err(NotNarrower::TooLarge)?;
        }
        Ok(Some(narrowed))
    }

    /// Whether nothing of these terms goes beyond `others`.
    pub fn within(self, others: Self) -> bool {
        let own = Leeway::default();
        let actions = narrow_actions(others.permissions(), Some(self.permissions()), own);
        let resources = narrow_resources(others.resources(), Some(self.resources()), own);
        actions.is_ok()
            && resources.is_ok()
            && (SHORTEST_GRANT..=others.duration_seconds()).contains(&self.duration_seconds())
    }
}

/// Whether two lists hold the same.
fn same(one: &[String], other: &[String]) -> bool {
    let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<String>>();
    set(one) == set(other)
}

#[cfg(test)]
mod tests;
