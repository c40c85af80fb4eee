//! What we say in Slack.
//!
//! Messages show stored state and decide nothing. Facts come first, in our own words; a person's words come last and
//! are inert (see [`crate::blocks`]).

pub mod answer;
mod card;
pub mod requester;
pub mod thread;

use model::amount::display_duration;
use model::lifecycle::{Approval, EndReason};
use model::request::Request;

pub use card::approval_card;

use crate::blocks::{Markup, Names, Words};
use crate::limits::{PERSONS_SHOWN, WORDS_SHOWN};

/// `orders-db-debug` for 2h.
fn wanted(request: &Request) -> Markup {
    Markup::default().code(request.entitlement.as_str()).and(" for ").code(&display_duration(request.duration_seconds))
}

/// The persons behind countersignatures.
fn approvers(text: Markup, approvals: &[Approval], names: Names<'_>) -> Markup {
    text.persons(approvals.iter().map(|approval| &approval.person), PERSONS_SHOWN, names)
}

/// How an end came about, with the words of the person who caused it, if it was one.
fn end_reason(reason: &EndReason, names: Names<'_>) -> (Markup, Option<Words>) {
    match reason {
        EndReason::Expired => (Markup::ours("its time is over"), None),
        EndReason::Revoked { by, reason } => {
            (Markup::default().person(by, names).and(" revoked it"), Some(Words::of(reason, WORDS_SHOWN)))
        }
        EndReason::Offboarded => (Markup::ours("the person left"), None),
        EndReason::Panic => (Markup::ours("all access was ended at once"), None),
        EndReason::Failed { code } => {
            (Markup::ours("it could not be made"), Some(Words::of(code, WORDS_SHOWN).labelled("Code: ")))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
