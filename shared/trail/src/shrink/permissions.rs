//! What becomes of action patterns.

use super::visible::service;
use super::{Because, Line, MOST_NARROWED, Outcome, Record, line, sum};
use model::actions::{level, matching, pattern_covers, pattern_matches};
use std::collections::BTreeSet;

pub(super) fn lines(patterns: &[String], record: &Record<'_>) -> Vec<Line> {
    let one = |pattern: &String| {
        let by = record.uses.iter().map(|one| {
            sum(one.actions.iter().filter(|(action, _)| pattern_matches(pattern, action)).map(|(_, times)| times))
        });
        line(pattern, outcome(pattern, record), by)
    };
    patterns.iter().map(one).collect()
}

fn outcome(pattern: &str, record: &Record<'_>) -> Outcome {
    let kept = |because| Outcome::Kept { because };
    let sight = record.sight;
    let used: BTreeSet<&String> = sight.used.iter().filter(|action| pattern_matches(pattern, action)).collect();
    let is_single = !pattern.contains(['*', '?']);
    let called_unknown = sight.unknown.iter().any(|of| {
        let service = service(pattern);
        service.is_empty() || service.contains(['*', '?']) || *of == service
    });
    if is_single && !used.is_empty() {
        return kept(Because::Used);
    }
    if !record.complete {
        return kept(Because::Incomplete);
    }
    if called_unknown {
        return kept(Because::UnknownCalls);
    }
    if is_single {
        return if level(pattern).is_none() {
            kept(Because::UnknownAction)
        } else if sight.sees(pattern) {
            Outcome::Removed {}
        } else {
            kept(Because::NotVisible)
        };
    }
    let unseen = sight.hidden(pattern);
    match (used.is_empty(), unseen.is_empty()) {
        (true, true) if matching(pattern).next().is_none() => kept(Because::UnknownAction),
        (true, true) => Outcome::Removed {},
        (true, false) => kept(Because::NotVisible),
        (false, _) => {
            let used = used.into_iter().filter(|action| !unseen.iter().any(|hidden| pattern_covers(hidden, action)));
            let mut to: Vec<String> = used.cloned().chain(unseen.iter().cloned()).collect();
            to.sort();
            if to.len() > MOST_NARROWED {
                return kept(Because::TooMany);
            }
            // What stands for the pattern names all that is known of it: nothing is won but a longer list.
            let is_named = |action: &str| to.iter().any(|one| pattern_matches(one, action));
            let names_all = matching(pattern).all(|(of, name, _)| is_named(&format!("{of}:{name}")));
            if names_all { kept(Because::Used) } else { Outcome::Narrowed { to, unseen } }
        }
    }
}
