//! The modal with everything about one request: exactly what is asked for, what the documents say in plain words, and
//! what decided.

use std::fmt;

use model::lifecycle::{Approval, Phase, State};
use model::request::{Mechanism, Request};

use super::activity::summed_up;
use super::standing::standing;
use super::{asked_for, risk};
use crate::blocks::{Block, Button, Markup, Names, View, Words, id};
use crate::ids;
use crate::limits::{GROUPS_SHOWN, LIST_SHOWN, PERSONS_SHOWN, RULES_SHOWN, WORDS_AT_LENGTH};
use crate::payload::{Action, button_value};

mod policy;

/// What the modal is made of.
#[derive(Clone, Copy)]
pub struct Details<'a> {
    /// The request, and where it is.
    pub state: &'a State,
    /// The policies that decided so far.
    pub rules: &'a [String],
    /// How persons are shown.
    pub names: Names<'a>,
}

impl fmt::Debug for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Details").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Everything about one request.
pub fn view(details: &Details<'_>) -> View {
    let Details { state, rules, names } = *details;
    let request = &state.request;
    let rest = format!("countersign show {}", request.id);
    let standing = standing(state, names);
    let mut blocks = vec![Block::markup(asked_for(request, names).and(".")), Block::markup(standing.text)];
    blocks.extend(standing.words.map(Block::words));
    blocks.push(Block::header("Why"));
    blocks.push(Block::words(Words::of(request.justification.shown(), WORDS_AT_LENGTH)));
    if let Some(ticket) = &request.ticket {
        blocks.push(Block::words(Words::of(ticket.as_str(), WORDS_AT_LENGTH).labelled("Ticket: ")));
    }
    blocks.push(Block::header("What exactly"));
    blocks.push(Block::words(Words::listed(state.terms().permissions(), LIST_SHOWN, &rest).labelled("Actions:\n")));
    blocks.push(Block::words(Words::listed(state.terms().resources(), LIST_SHOWN, &rest).labelled("Resources:\n")));
    blocks.push(Block::markup(made_real(request)));
    blocks.push(Block::header("Risk"));
    blocks.push(Block::markup(Markup::ours(risk(request.risk.level)).and(", because:")));
    let reasons: Vec<&str> = request.risk.reasons.iter().map(|reason| reason.sentence.as_str()).collect();
    blocks.push(Block::words(Words::listed(&reasons, LIST_SHOWN, &rest)));
    blocks.push(Block::header("The policy document in plain words"));
    blocks.extend(policy::in_plain_words(state, &rest));
    blocks.push(Block::header("Who decides"));
    blocks.push(Block::markup(deciding(state, rules, names)));
    blocks.extend(to_come(state).map(Block::markup));
    if let Some(activity) = &state.known.last {
        blocks.push(Block::header("What was done with it"));
        blocks.extend(summed_up(activity));
        let all = Markup::ours("All of it: ").code(&format!("countersign activity {}", request.id));
        blocks.push(Block::context(all));
    }
    blocks.push(Block::divider());
    blocks.push(Block::context(record(state)));
    if matches!(state.phase, Phase::Active { .. }) {
        blocks.push(Block::buttons([Button::about(state, Action::Revoke, "End access now")]));
    }
    if matches!(state.phase, Phase::Pending { .. }) {
        blocks.push(Block::buttons([Button::about(state, Action::ApproveWith, "Approve with a note, or for less")]));
    }
    let metadata = button_value(&request.id, state.terms().digest());
    View::modal(ids::view::DETAILS, "Request in detail", None, "Close", &metadata, blocks)
}

fn made_real(request: &Request) -> Markup {
    let text = Markup::ours("*Account:* ").code(request.account.as_str()).and("\n*Made real as:* ");
    match &request.mechanism {
        Mechanism::Session { base_role } => {
            let text = text.and("sessions of the role ").code(base_role.as_str());
            let text = text.and(", narrowed by the policy below. Nothing is written into IAM to make it.");
            if request.mfa_at_door {
                text.and(" Credentials are handed only to an identity with a second factor.")
            } else {
                text
            }
        }
        Mechanism::Role { principals, mfa } => {
            let principals = principals.iter().map(model::names::PrincipalArn::as_str);
            let text = text.and("a role of its own, which only ").codes(principals, PERSONS_SHOWN).and(" may assume");
            text.and(if *mfa { ", with a second factor." } else { "." })
        }
        Mechanism::Policy { target_role } => {
            let text = text.and("a temporary policy on the role ").code(target_role.as_str());
            let text = text.and(". It holds for sessions of this request alone: others who use the role gain nothing.");
            if request.mfa_at_door {
                text.and(" Credentials are handed only to an identity with a second factor.")
            } else {
                text
            }
        }
    }
}

fn deciding(state: &State, rules: &[String], names: Names<'_>) -> Markup {
    let quorum = &state.request.quorum;
    let groups = quorum.groups.iter().map(model::names::GroupName::as_str);
    let needed = usize::from(quorum.needed);
    let text = match needed {
        0 => Markup::ours("No countersignature is needed: policy approves by itself."),
        1 => Markup::ours("One countersignature by a member of ").codes(groups, GROUPS_SHOWN).and(" is needed."),
        _ => Markup::default()
            .number(needed)
            .and(" countersignatures by different members of ")
            .codes(groups, GROUPS_SHOWN)
            .and(" are needed."),
    };
    let text = state.approvals().iter().take(PERSONS_SHOWN).fold(text, |text, approval| {
        let Approval { person, at, after_seconds, .. } = approval;
        let text = text.and("\n• countersigned by ").person(person, names).and(" ").second(*at);
        match after_seconds {
            Some(seconds) => text.and(", ").duration(*seconds).and(" after being asked"),
            None => text,
        }
    });
    if rules.is_empty() {
        text.and("\nNo policy is recorded as having decided.")
    } else {
        text.and("\nPolicies that decided: ").codes(rules.iter().map(String::as_str), RULES_SHOWN).and(".")
    }
}

/// What is said to whom, and when, if nothing happens before.
fn to_come(state: &State) -> Option<Markup> {
    let request = &state.request;
    match &state.phase {
        Phase::Pending { lapses_at, reminded, .. } => {
            let sent = usize::try_from(*reminded).unwrap_or(usize::MAX);
            let coming = request.notices.reminders.iter().skip(sent).take(RULES_SHOWN);
            let text = coming.fold(Markup::ours("*If nobody answers:*"), |text, reminder| {
                let at = request.submitted_at.plus(reminder.after_seconds);
                let text = text.and("\n• ").time(at).and(": approvers are reminded");
                let groups = reminder.groups.iter().map(model::names::GroupName::as_str);
                let text = if reminder.groups.is_empty() {
                    text
                } else {
                    text.and(", and ").codes(groups, GROUPS_SHOWN).and(" asked as well")
                };
                match &reminder.channel {
                    Some(channel) => text.and(", in ").channel(channel),
                    None => text,
                }
            });
            Some(text.and("\n• ").time(*lapses_at).and(": it lapses"))
        }
        Phase::Active { plan, warned: false, .. } => {
            let at = request.notices.warning_at(plan.window)?;
            Some(Markup::ours("The requester is warned ").time(at).and(", before it ends."))
        }
        Phase::Active { warned: true, .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Revoking { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. }
        | Phase::Ended { .. } => None,
    }
}

fn record(state: &State) -> Markup {
    let request = &state.request;
    Markup::default()
        .then(&id(&request.id))
        .and(", asked ")
        .second(request.submitted_at)
        .and("\nDigest of all of it, which approvers countersign: ")
        .code(&state.terms().digest().to_string())
}
