//! What answers a slash command or a press: only who gave it sees it.

use model::catalog::Entitlement;
use model::lifecycle::{EndReason, Phase, State};
use model::limits::TooMany;
use model::names::RequestId;
use model::refusal::Refusal;
use model::request::{Request, Status};
use model::submission::FieldError;

use super::standing::{Standing, standing};
use super::{asked_for, wanted};
use crate::blocks::{Block, Markup, Message, Names, Words, id};
use crate::limits::{DESCRIPTION_SHOWN, ENTITLEMENTS_SHOWN, ENVIRONMENT_SHOWN, FIELD_SHOWN, FIELDS_SHOWN, WORDS_SHOWN};
use crate::payload::Action;

/// A request was taken; where it is now.
pub fn accepted(request: &Request, status: Status) -> Message {
    let next = match status {
        Status::Pending => " waits to be countersigned. You get a message when something happens.",
        Status::Approved | Status::Provisioning => " is approved by policy. You get a message once access exists.",
        Status::Denied => " is denied. You get a message with the reason.",
        Status::Active => " is active.",
        Status::Revoking | Status::Ended => " is over.",
        Status::Cancelled => " is cancelled.",
        Status::Lapsed => " has lapsed.",
    };
    let text = Markup::ours("Your request for ").then(&wanted(request)).and(next);
    Message::new([Block::markup(text), Block::context(id(&request.id))])
}

/// What they did took effect: what it was, and where the request is now.
pub fn done(action: Action, state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let wanted = wanted(request);
    let own = matches!(&state.phase, Phase::Revoking { reason: EndReason::Revoked { by, .. }, .. } if *by == request.requester);
    let text = match action {
        Action::Revoke if own => Markup::ours("You ended your access to ").then(&wanted),
        Action::Approve => {
            Markup::ours("You countersigned ").then(&wanted).and(" for ").person(&request.requester, names)
        }
        Action::Deny => Markup::ours("You denied ").person(&request.requester, names).and(" ").then(&wanted),
        Action::Cancel => Markup::ours("You cancelled your request for ").then(&wanted),
        Action::Revoke => {
            Markup::ours("You ended the access of ").person(&request.requester, names).and(" to ").then(&wanted)
        }
        Action::ApproveWith | Action::Extend | Action::Details | Action::Ask | Action::Refresh => {
            Markup::ours("This is about ").then(&wanted)
        }
    };
    Message::new([
        Block::markup(text.and(".")),
        Block::markup(standing(state, names).text),
        Block::context(id(&request.id)),
    ])
}

/// Somebody was too late: what is so already, by whom, and what comes next.
pub fn too_late(refusal: &Refusal, state: &State, names: Names<'_>) -> Message {
    let text = Markup::ours("Not done: ").and(match refusal {
        Refusal::AlreadyApproved => "you have countersigned this already.",
        Refusal::AlreadyDecided { .. } => "it is decided already.",
        Refusal::Lapsed { .. } => "its time for countersigning is over.",
        Refusal::NotCancellable { .. } => "it does not wait any more, so there is nothing to cancel.",
        Refusal::NotRevocable { .. } => "there is no access to end.",
        Refusal::PolicyChanged => "the policy changed since it was asked for; it has to be asked for again.",
        Refusal::Barred { .. } => "somebody it rests on was offboarded, and is barred.",
        Refusal::NotNarrower(_) => "an approver can only take away from what is asked for.",
        Refusal::StaleDigest => "what you saw is not what would be granted; look at the request again.",
        Refusal::TooManyApprovals(_) => "you countersigned as often within an hour as the catalog allows.",
        Refusal::RecordNotAnchored => "nothing is granted until the record of this system is anchored again.",
        Refusal::SelfApproval
        | Refusal::NotAnApprover
        | Refusal::NotPermitted { .. }
        | Refusal::NotTheRequester { .. }
        | Refusal::NotActive { .. }
        | Refusal::OwnIdentity { .. }
        | Refusal::MfaRequired
        | Refusal::Overtaken { .. }
        | Refusal::StillOpen { .. }
        | Refusal::TooEarly { .. } => "it cannot be done now.",
    });
    let Standing { text: now, words } = standing(state, names);
    let mut blocks = vec![Block::markup(text), Block::markup(now)];
    blocks.extend(words.map(Block::words));
    if let Some(last) = state.approvals().last() {
        blocks.push(Block::context(
            Markup::ours("Last countersigned by ").person(&last.person, names).and(", ").time(last.at),
        ));
    }
    blocks.push(Block::context(
        wanted(&state.request).and(" · ").then(&id(&state.request.id)).and(" · ").code(refusal.code()),
    ));
    Message::new(blocks)
}

/// What they may ask for.
pub fn entitlements<'a>(allowed: impl IntoIterator<Item = &'a Entitlement>) -> Message {
    let allowed: Vec<&Entitlement> = allowed.into_iter().collect();
    if allowed.is_empty() {
        let text = Markup::ours(
            "There is nothing you may ask for. The operators of the catalog decide that; please tell them what you need.",
        );
        return Message::new([Block::markup(text)]);
    }
    let mut blocks = vec![Block::markup(Markup::ours("*You may ask for:*"))];
    blocks.extend(allowed.iter().take(ENTITLEMENTS_SHOWN).map(|allowed| Block::markup(entitlement_line(allowed))));
    let more = allowed.len().saturating_sub(ENTITLEMENTS_SHOWN);
    if more > 0 {
        let rest = Markup::ours("and ").number(more).and(" more: `/access` opens a form that finds them as you type.");
        blocks.push(Block::context(rest));
    }
    blocks.push(Block::context(Markup::ours(
        "Ask with `/access`, or in one line: `/access &lt;entitlement&gt; &lt;duration&gt; &lt;reason&gt;`",
    )));
    Message::new(blocks)
}

/// What an entitlement is: name, description, where, how long.
pub(super) fn entitlement(entitlement: &Entitlement) -> Markup {
    Markup::default()
        .code(entitlement.name.as_str())
        .and(": ")
        .operators(&entitlement.description, DESCRIPTION_SHOWN)
        .and("\nAccount ")
        .code(entitlement.account.as_str())
        .and(" (")
        .operators(&entitlement.environment, ENVIRONMENT_SHOWN)
        .and("), up to ")
        .duration(entitlement.max_duration_seconds)
}

fn entitlement_line(of: &Entitlement) -> Markup {
    let needed = usize::from(of.approvals_needed);
    let text = entitlement(of);
    let text = match needed {
        0 => text.and(", policy may approve by itself"),
        1 => text.and(", one countersignature"),
        _ => text.and(", ").number(needed).and(" countersignatures"),
    };
    if of.ticket_required { text.and(", with a ticket") } else { text }
}

/// Where a request is.
pub fn status(state: &State, names: Names<'_>) -> Message {
    let request = &state.request;
    let Standing { text: now, words } = standing(state, names);
    let mut blocks = vec![Block::markup(asked_for(request, names).and(".")), Block::markup(now)];
    blocks.extend(words.map(Block::words));
    blocks.push(Block::context(id(&request.id)));
    Message::new(blocks)
}

/// A command was refused: why, and the stable code.
pub fn refusal(refusal: &Refusal, request: &RequestId) -> Message {
    said_plainly(&refusal.to_string(), Markup::default().code(refusal.code()).and(" · ").then(&id(request)))
}

/// Nothing was asked for, as what policy alone would give can't be given: why, and the stable code.
pub fn not_given(refusal: &Refusal) -> Message {
    said_plainly(&refusal.to_string(), Markup::default().code(refusal.code()))
}

/// They asked for as much as they may.
pub fn too_many(why: &TooMany) -> Message {
    said_plainly(&why.to_string(), Markup::default().code(TooMany::CODE))
}

/// Something was not done for a reason of our own, with its stable code.
pub fn not_done(code: &'static str, sentence: &'static str) -> Message {
    said_plainly(sentence, Markup::default().code(code))
}

fn said_plainly(sentence: &str, context: Markup) -> Message {
    // Refusals are our own sentences, with names in them at most.
    let text = Markup::ours("Not done: ").operators(sentence, WORDS_SHOWN).and(".");
    Message::new([Block::markup(text), Block::context(context)])
}

/// Fields are wrong: each, and what is allowed.
pub fn field_errors(errors: &[FieldError]) -> Message {
    let mut blocks = vec![Block::markup(Markup::ours("*This was not taken.* Change it and ask again:"))];
    for error in errors.iter().take(FIELDS_SHOWN) {
        blocks.push(Block::words(Words::lines([format!("{}: {}", error.field, error.message)], FIELD_SHOWN)));
        blocks.push(Block::context(Markup::default().code(error.field).and(" ").code(error.code)));
    }
    Message::new(blocks)
}

/// How it works.
pub fn help() -> Message {
    Message::new([Block::markup(Markup::ours(HELP))])
}

/// Slack reads `<` as the beginning of markup, also within code.
const HELP: &str = "*Countersign*: access to AWS, countersigned, for a limited time.\n\
    `/access`: opens the form to ask with\n\
    `/access &lt;entitlement&gt; &lt;duration&gt; &lt;reason&gt;`: asks in one line, as in `/access logs-read 30m looking into the checkout errors ticket=OPS-7`\n\
    `/access list`: what you may ask for\n\
    `/access status &lt;id&gt;`: where a request is\n\
    `/access cancel &lt;id&gt;`: withdraws a request that waits\n\
    `/access revoke &lt;id&gt; &lt;reason&gt;`: ends access early\n\
    `/access help`: this\n\
    Durations are hours, minutes or seconds with their unit: `30m`, `2h`, `1h30m`.";
