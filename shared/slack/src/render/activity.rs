//! What was done with access: what is odd about it, and a summary at the end.
//!
//! A channel is read by more people than may read the record. It gets names of calls and numbers; addresses, resources
//! and whatever else calls carry stay with those who may ask for them.

use super::asked_for;
use crate::blocks::{Block, Markup, Message, Names, id};
use model::activity::{Activity, Completeness, Finding, Severity};
use model::request::Request;

/// Calls that a summary names.
const CALLS_SHOWN: usize = 5;

/// What a rule notices, in our own words.
pub fn title(rule: &str) -> &'static str {
    match rule {
        "outside_actions" => "calls that were not granted",
        "outside_resources" => "calls on resources that were not granted",
        "many_denied" => "many calls were denied",
        "permission_change" => "permissions were changed",
        "logging_disabled" => "logs or their watching were touched",
        "new_credentials" => "new credentials were made",
        "new_trust" => "somebody else was given access",
        "new_address" => "use from an address that this person was never seen at",
        "two_addresses" => "use from two addresses at once",
        "outside_source_ips" => "use from outside the addresses it is bound to",
        "after_end" => "calls after the end",
        "chained_session" => "a session of another role was opened from it",
        "first_service" => "a service that this person never used before",
        "bulk_read" => "data was read in bulk",
        "mass_deletion" => "much was deleted in a short time",
        "coverage_gap" => "records are missing",
        "more_findings" => "more than can be listed",
        _ => "something unusual",
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

/// Whether it is the name of a call, which a channel may read.
fn is_call(subject: &str) -> bool {
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    subject.len() <= 128 && subject.split_once(':').is_some_and(|(service, name)| word(service) && word(name))
}

/// Something odd was noticed.
pub fn found(request: &Request, finding: &Finding, names: Names<'_>) -> Message {
    let text = Markup::ours(":mag: *").and(level(finding.severity)).and(": ").and(title(&finding.rule)).and("*");
    let text = if is_call(&finding.subject) { text.and(" (").code(&finding.subject).and(")") } else { text };
    let text = text.and(", seen ").time(finding.at).and(".\n").then(&asked_for(request, names)).and(".");
    Message::new(vec![Block::markup(text), Block::context(id(&request.id))])
}

/// What was done, as far as it is known.
pub fn summary(activity: &Activity) -> Message {
    Message::new(summed_up(activity))
}

/// The same, as part of something else.
pub(super) fn summed_up(activity: &Activity) -> Vec<Block> {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let text = Markup::ours("*What was done with it:* ");
    let text = if activity.calls == 0 {
        text.and("nothing that CloudTrail shows")
    } else {
        let text = text.number(number(activity.calls)).and(if activity.calls == 1 { " call" } else { " calls" });
        let text =
            text.and(", ").number(number(activity.calls.saturating_sub(activity.reads))).and(" that change something");
        let text = text.and(", ").number(number(activity.denied)).and(" denied");
        if activity.after_end == 0 {
            text
        } else {
            text.and(", ").number(number(activity.after_end)).and(" after the end")
        }
    };
    let mut text = text.and(".");
    for (place, often) in activity.top.iter().take(CALLS_SHOWN).enumerate() {
        text =
            text.and(if place == 0 { " Most: " } else { ", " }).code(&often.name).and(" ").number(number(often.times));
    }
    text = if activity.top.is_empty() { text } else { text.and(".") };
    text = match activity.findings {
        0 => text.and(" Nothing odd was noticed."),
        1 => text.and(" One thing is odd about it."),
        several => text.and(" ").number(number(several)).and(" things are odd about it."),
    };
    let known = match activity.completeness {
        Completeness::Collecting => "Records are still coming in.",
        Completeness::Provisional => {
            "Provisional: CloudTrail's digests have not confirmed yet that no record is missing."
        }
        Completeness::Final => "Final: CloudTrail's digests confirm that no file is missing.",
    };
    let small = Markup::ours(known);
    let small = if activity.data_events {
        small
    } else {
        small.and(" Management events only: reading and writing of data is not recorded.")
    };
    let small = match activity.gaps.len() {
        0 => small,
        gaps => small.and(" Gaps: ").number(gaps).and("."),
    };
    vec![Block::markup(text), Block::context(small)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_words_of_its_own() {
        let mut titles: BTreeSet<&str> = model::findings::RULES.into_iter().map(title).collect();
        titles.insert(title("?"));
        assert_eq!(titles.len(), model::findings::RULES.len() + 1, "{titles:?}");
    }
}
