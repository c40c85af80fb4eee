//! What we say in Slack.
//!
//! Messages and views show stored state and decide nothing. Facts come first, in our own words; a person's words come
//! last and are inert (see [`crate::blocks`]). Whatever is shown again later is made anew from the state then.

pub mod activity;
pub mod answer;
pub mod approve;
pub mod approver;
pub mod ask;
mod card;
pub mod deny;
pub mod details;
pub mod extend;
pub mod home;
pub mod notice;
pub mod requester;
mod standing;
pub mod thread;

use model::lifecycle::{Approval, EndReason, State};
use model::request::{Request, Status};
use model::risk::RiskLevel;

pub use card::{Card, card};

use crate::blocks::{Markup, Names, Words};
use crate::limits::{ENVIRONMENT_SHOWN, PERSONS_SHOWN, WORDS_SHOWN};

/// `orders-db-debug` for 2h.
fn wanted(request: &Request) -> Markup {
    Markup::default().code(request.entitlement.as_str()).and(" for ").duration(request.duration_seconds)
}

/// Account `111111111111` (prod).
fn place(request: &Request) -> Markup {
    Markup::ours("account ")
        .code(request.account.as_str())
        .and(" (")
        .operators(&request.environment, ENVIRONMENT_SHOWN)
        .and(")")
}

/// Who wants what, and where, in one sentence without its end.
fn asks(request: &Request, names: Names<'_>) -> Markup {
    by_whom(request, " asks for ", names)
}

/// The same of a request that may be decided.
fn asked_for(request: &Request, names: Names<'_>) -> Markup {
    by_whom(request, " asked for ", names)
}

fn by_whom(request: &Request, asks: &'static str, names: Names<'_>) -> Markup {
    Markup::default()
        .person(&request.requester, names)
        .and(asks)
        .then(&wanted(request))
        .and(" in ")
        .then(&place(request))
}

/// A risk as a word. The shape beside it says nothing more.
fn risk(level: RiskLevel) -> &'static str {
    match level {
        RiskLevel::Low => "🟢 *low*",
        RiskLevel::Medium => "🟡 *medium*",
        RiskLevel::High => "🟠 *high*",
        RiskLevel::Critical => "🔴 *critical*",
    }
}

/// A state as a word. The shape beside it says nothing more.
fn state_word(status: Status) -> &'static str {
    match status {
        Status::Pending => "⏳ *Waiting*",
        Status::Approved | Status::Provisioning => "✅ *Approved*",
        Status::Active => "▶️ *Active*",
        Status::Revoking => "⏹️ *Being ended*",
        Status::Denied => "⛔ *Denied*",
        Status::Cancelled => "↩️ *Cancelled*",
        Status::Lapsed => "⌛ *Lapsed*",
        Status::Ended => "🏁 *Ended*",
    }
}

/// The persons behind countersignatures.
fn approvers(text: Markup, approvals: &[Approval], names: Names<'_>) -> Markup {
    let text = text.persons(approvals.iter().map(|approval| &approval.person), PERSONS_SHOWN, names);
    // Nobody has read it in so short a time: whoever comes next should know.
    let hasty = approvals.iter().filter_map(|approval| Some((&approval.person, approval.hasty()?)));
    hasty.take(PERSONS_SHOWN).fold(text, |text, (person, seconds)| {
        text.and(" (").person(person, names).and(" ").duration(seconds).and(" after being asked)")
    })
}

/// What approvers said with their countersignatures, if any did.
fn notes(approvals: &[Approval]) -> Option<Words> {
    let said: Vec<String> = approvals
        .iter()
        .filter_map(|Approval { person, note, .. }| Some(format!("{person}: {}", note.as_ref()?.shown())))
        .collect();
    (!said.is_empty()).then(|| Words::lines(said, WORDS_SHOWN).labelled("With the note:\n"))
}

/// What an approver took away, if one did.
fn narrowed(state: &State, names: Names<'_>) -> Option<Markup> {
    let (terms, request) = (state.terms(), &state.request);
    let narrowed = terms.narrowed?;
    let mut text = Markup::ours("*Narrowed* by ").person(&narrowed.by, names).and(": ");
    text = text.duration(terms.duration_seconds());
    if terms.duration_seconds() != request.duration_seconds {
        text = text.and(" instead of ").duration(request.duration_seconds);
    }
    for (left, all, fewer, narrower) in [
        (terms.permissions(), &request.permissions, " actions", ", narrower actions"),
        (terms.resources(), &request.resources, " resources", ", narrower resources"),
    ] {
        text = match (left.len(), all.len()) {
            _ if left == all => text,
            (kept, asked) if kept < asked => text.and(", ").number(kept).and(" instead of ").number(asked).and(fewer),
            _ => text.and(narrower),
        };
    }
    Some(text.and("."))
}

/// 1 of 2 countersigned, by whom.
fn counted(request: &Request, approvals: &[Approval], names: Names<'_>) -> Markup {
    let needed = usize::from(request.quorum.needed);
    let text = Markup::default().number(approvals.len()).and(" of ").number(needed).and(" countersigned");
    if approvals.is_empty() { text } else { approvers(text.and(", by "), approvals, names) }
}

/// What stands in the record where somebody pressed a button or gave a command and gave no reason of their own.
pub mod unsaid {
    /// Access was ended with the button.
    pub const ENDED_WITH_BUTTON: &str = "ended with the button in Slack";
    /// Access was ended with the slash command.
    pub const ENDED_WITH_COMMAND: &str = "ended with /access revoke";
    /// A request was denied while Slack opened no form to ask why.
    pub const DENIED: &str = "denied in Slack, without a reason";
}

/// A person's reason, unless it is ours for want of one.
fn reason_given(reason: &str) -> Option<Words> {
    let ours = [unsaid::ENDED_WITH_BUTTON, unsaid::ENDED_WITH_COMMAND, unsaid::DENIED].contains(&reason);
    (!ours).then(|| Words::of(reason, WORDS_SHOWN).labelled("Reason: "))
}

/// How an end came about, with the words of the person who caused it, if it was one.
fn end_reason(reason: &EndReason, names: Names<'_>) -> (Markup, Option<Words>) {
    match reason {
        EndReason::Expired => (Markup::ours("its time was over"), None),
        EndReason::Revoked { by, reason } => {
            (Markup::default().person(by, names).and(" ended it early"), reason_given(reason.shown()))
        }
        EndReason::Offboarded => (Markup::ours("the person left"), None),
        EndReason::Panic => (Markup::ours("all access was ended at once"), None),
        EndReason::Failed { code } => {
            (Markup::ours("it could not be made"), Some(Words::of(code, WORDS_SHOWN).labelled("Code: ")))
        }
        EndReason::Drifted { differences } => (
            Markup::ours("what it rests on in AWS was changed by somebody else"),
            Some(Words::lines([differences.join(", ")], WORDS_SHOWN).labelled("What differed: ")),
        ),
        EndReason::Finding { rule } => {
            let text =
                Markup::ours("its entitlement says that it ends when this is noticed in what was done with it: ");
            (text.and(activity::title(rule)), None)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
