//! What the IAM documents of a request say, in plain words. They say it in [`model::documents`]; a test holds that each
//! statement there has its sentence here.

use model::documents::NO_ESCAPE;
use model::lifecycle::State;
use model::request::{Mechanism, Request};

use crate::blocks::{Block, Markup, Words};
use crate::limits::LIST_SHOWN;

/// What is allowed, from when to when, from where, what is denied all the same, and how it ends.
pub(super) fn in_plain_words(state: &State, rest: &str) -> Vec<Block> {
    let request = &state.request;
    let allowed = match state.plan() {
        Some(plan) => Markup::ours("• *Allowed:* the actions above on the resources above, from ")
            .second(plan.window.starts_at())
            .and(" to ")
            .second(plan.window.expires_at())
            .and("."),
        None => Markup::ours("• *Allowed:* the actions above on the resources above, for ")
            .duration(state.terms().duration_seconds())
            .and(" from the moment access exists."),
    };
    let sealed = allowed
        .and("\n• *Denied afterwards:* everything. The documents say so themselves, so IAM ends it even if Countersign does not run.");
    let mut blocks = vec![Block::markup(sealed), Block::words(addresses(request, rest))];
    let denied: Vec<&str> =
        NO_ESCAPE.iter().copied().filter(|deny| !request.may_outlive.iter().any(|lifted| lifted == deny)).collect();
    if denied.is_empty() {
        blocks.push(Block::markup(Markup::ours("• *Always denied:* nothing; the entitlement lifts all of it.")));
    } else {
        blocks.push(Block::markup(Markup::ours(
            "• *Always denied*, whatever is allowed above: the ways to get more than this, or to keep it for longer.",
        )));
        blocks.push(Block::small_words(Words::lines([denied.join(", ")], LIST_SHOWN)));
    }
    if !request.may_outlive.is_empty() {
        blocks.push(Block::markup(Markup::ours(
            "• *Lifted* from that by the entitlement, so this may outlast its time:",
        )));
        blocks.push(Block::small_words(Words::listed(&request.may_outlive, LIST_SHOWN, rest)));
    }
    blocks.push(Block::markup(Markup::ours(how_it_ends(&request.mechanism))));
    blocks
}

fn addresses(request: &Request, rest: &str) -> Words {
    if request.source_ips.is_empty() {
        return Words::ours("• From any address.");
    }
    Words::listed(&request.source_ips, LIST_SHOWN.saturating_sub(60), rest).labelled("• Denied from everywhere but:\n")
}

fn how_it_ends(mechanism: &Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Session { .. } => {
            "• *How it ends:* at its time the sessions are denied everything. Ended early, a policy on the shared role denies everything to these sessions first, and AWS is read back."
        }
        Mechanism::Role { .. } => {
            "• *How it ends:* the role is denied everything first, then it is deleted, and AWS is read back."
        }
        Mechanism::Policy { .. } => {
            "• *How it ends:* at its time the sessions are denied everything, and the policy is taken off the role. Ended early, it denies everything to these sessions first, and AWS is read back."
        }
    }
}
