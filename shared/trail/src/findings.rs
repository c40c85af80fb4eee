//! Odd things: what people should look at in what was done under a grant.
//!
//! The rules are in one table, in the module below. [`look`] is asked whenever calls of a grant came in, in whatever order
//! they come; what it has found in the end does not depend on that, as long as there is room: [`MOST_OF_RULE`] of one
//! rule and one weight, [`MOST`] in all. Beyond, which ones have a place does depend on what came first; that there are more is said.

mod address;
mod named;
mod rules;
mod tallies;

use crate::entry::{Entry, Rule};
use crate::grant::Grant;
use crate::summary::Summary;
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};

pub use model::activity::{Finding, Severity};
pub use rules::{MANY_DELETIONS, MANY_DENIED, MANY_READS, MANY_SECRETS};
pub use tallies::Tallies;

use rules::{Hit, MORE, OF_ALL, OF_CALLS};

/// Most findings of one grant, `more_findings` not counted: as many as people read. Half of the places are for grave ones,
/// half for others, and each rule has one of each kept: a flood hides nothing of another kind, and who tries a lot that is
/// refused does not fill the places of what then works.
pub const MOST: usize = 50;

/// Most findings of one rule: grave ones, and as many others.
pub const MOST_OF_RULE: usize = 6;

/// Most calls that a finding names.
const MOST_EVIDENCE: usize = 5;

/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 300;

/// What calls are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The grant.
    pub grant: &'a Grant,
    /// The services this person used under earlier grants, as IAM writes them; `None`: not known, so nothing is said.
    pub known_services: Option<&'a BTreeSet<String>>,
    /// The addresses this person was seen at before; `None`: not known, so nothing is said.
    pub known_addresses: Option<&'a BTreeSet<String>>,
    /// ARNs, as `sessionIssuer` has them, of the roles of our own functions, which open sessions for people.
    pub own: &'a BTreeSet<String>,
}

impl Context<'_> {
    /// Whether one of our own functions opened a session here.
    fn is_ours(&self, entry: &Entry) -> bool {
        entry.rule == Rule::Opening && self.own.contains(&entry.call.caller.issuer_arn)
    }
}

/// What is newly found now that `added` came in: nothing that `before` has, unless it turned out to be graver. The
/// gravest first. `after` is the summary with `added` in it; its findings are not looked at. A call of which a better
/// record came may be given again.
pub fn look(context: &Context<'_>, before: &Summary, after: &Summary, added: &[Entry]) -> Vec<Finding> {
    let known: BTreeMap<(&str, &str), Severity> = before
        .findings
        .iter()
        .map(|finding| ((finding.rule.as_str(), finding.subject.as_str()), finding.severity))
        .collect();
    let mut found: Vec<Finding> = candidates(context, after, added)
        .into_values()
        .filter(|finding| {
            known.get(&(finding.rule.as_str(), finding.subject.as_str())).is_none_or(|known| *known < finding.severity)
        })
        .collect();
    // What is there by now has its place; what is new gets one by weight.
    found.sort_by(|a, b| (b.severity, &a.rule, &a.subject).cmp(&(a.severity, &b.rule, &b.subject)));
    let mut places = Places::taken(known.iter().map(|((rule, _), severity)| (*rule, *severity)));
    let mut more: Option<Finding> = None;
    found.retain(|finding| {
        let has_place = known.contains_key(&(finding.rule.as_str(), finding.subject.as_str()));
        let kept = has_place || places.take(&finding.rule, finding.severity);
        if !kept && more.is_none() {
            more = Some(finding.clone());
        }
        kept
    });
    found.extend(more.map(left_out).filter(|more| {
        known.get(&(more.rule.as_str(), more.subject.as_str())).is_none_or(|known| *known < more.severity)
    }));
    found
}

/// Takes over what was found: what is there by now and turned out to be graver is replaced.
pub fn keep(findings: &mut Vec<Finding>, found: &[Finding]) {
    for new in found {
        match findings.iter_mut().find(|old| old.rule == new.rule && old.subject == new.subject) {
            Some(old) if old.severity < new.severity => *old = new.clone(),
            Some(_) => {}
            None => findings.push(new.clone()),
        }
    }
}

/// Whether a finding ends its grant at once, by what the entitlement says under `endOnFindings`: rules by their code,
/// severities for everything from them on.
pub fn ends(finding: &Finding, end_on: &[String]) -> bool {
    let from_on = |word: &String| Severity::named(word).is_some_and(|lowest| finding.severity >= lowest);
    end_on.iter().any(|word| *word == finding.rule || from_on(word))
}

/// All that the rules find, known or not.
fn candidates<'e>(
    context: &Context<'_>,
    after: &Summary,
    added: &'e [Entry],
) -> BTreeMap<(&'static str, String), Finding> {
    let mut found: BTreeMap<(&'static str, String), Finding> = BTreeMap::new();
    let mut in_time: Vec<&'e Entry> = added.iter().collect();
    in_time.sort_by(|a, b| (a.call.at, &a.call.region, &a.call.id).cmp(&(b.call.at, &b.call.region, &b.call.id)));
    for entry in &in_time {
        for rule in OF_CALLS {
            let Some(hit) = (rule.finds)(context, entry) else { continue };
            let shown = finding(rule.code, &hit, entry.call.at, vec![entry.call.id.clone()]);
            match found.get_mut(&(rule.code, hit.subject)) {
                // What is graver says what is shown; of calls that are as grave, the first says it.
                Some(old) if old.severity < shown.severity => *old = shown,
                Some(old) if old.severity == shown.severity && old.evidence.len() < MOST_EVIDENCE => {
                    old.evidence.extend(shown.evidence);
                }
                Some(_) => {}
                None => {
                    found.insert((rule.code, shown.subject.clone()), shown);
                }
            }
        }
    }
    for rule in OF_ALL {
        for hit in (rule.finds)(&after.tallies) {
            let showing: Vec<&Entry> =
                in_time.iter().copied().filter(|entry| (rule.shows)(&hit, entry)).take(MOST_EVIDENCE).collect();
            let at = showing.first().map(|entry| entry.call.at).or(after.last).unwrap_or(context.grant.starts_at);
            let evidence = showing.iter().map(|entry| entry.call.id.clone()).collect();
            found.insert((rule.code, hit.subject.clone()), finding(rule.code, &hit, at, evidence));
        }
    }
    found
}

fn finding(code: &str, hit: &Hit, at: Time, evidence: Vec<String>) -> Finding {
    Finding {
        rule: code.to_owned(),
        severity: hit.severity,
        subject: hit.subject.clone(),
        reason: hit.reason.clone(),
        at,
        evidence,
    }
}

/// What is said of findings that have no place, by the gravest of them.
fn left_out(gravest: Finding) -> Finding {
    Finding {
        rule: MORE.to_owned(),
        subject: "more".to_owned(),
        reason: format!(
            "More was found than is kept for one grant; the gravest that was left out: {} ({}).",
            gravest.rule,
            gravest.severity.as_str()
        ),
        ..gravest
    }
}

/// The places of one grant's findings: taken by each rule, of those that are grave and of the others.
struct Places<'a> {
    grave: BTreeMap<&'a str, usize>,
    others: BTreeMap<&'a str, usize>,
}

impl<'a> Places<'a> {
    fn taken(findings: impl Iterator<Item = (&'a str, Severity)>) -> Self {
        let none =
            || OF_CALLS.iter().map(|rule| rule.code).chain(OF_ALL.iter().map(|rule| rule.code)).map(|code| (code, 0));
        let mut places = Self { grave: none().collect(), others: none().collect() };
        for (rule, severity) in findings {
            if let Some(taken) = places.of(severity).get_mut(rule) {
                *taken = taken.saturating_add(1);
            }
        }
        places
    }

    fn of(&mut self, severity: Severity) -> &mut BTreeMap<&'a str, usize> {
        if severity >= Severity::High { &mut self.grave } else { &mut self.others }
    }

    /// Whether there was a place. Rules that have found nothing keep one each.
    fn take(&mut self, rule: &str, severity: Severity) -> bool {
        // What turned graver has left its place and taken none, so the two together are looked at too.
        if self.grave.values().chain(self.others.values()).sum::<usize>() >= MOST {
            return false;
        }
        let places = self.of(severity);
        let kept_for_others = places.iter().filter(|(code, taken)| **code != rule && **taken == 0).count();
        let all: usize = places.values().sum();
        let Some(taken) = places.get_mut(rule) else { return false };
        let has_place = *taken == 0 || (*taken < MOST_OF_RULE && all.saturating_add(kept_for_others) < MOST / 2);
        if has_place {
            *taken = taken.saturating_add(1);
        }
        has_place
    }
}

#[cfg(test)]
mod tests;
