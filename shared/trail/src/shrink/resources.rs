//! What becomes of resource patterns.
//!
//! A record says on what a call was, but not every record does. So a resource counts as unused only where the calls of its
//! service that were recorded name enough resources, and where none of the actions that stay could have used it unseen.

use super::visible::service;
use super::{Because, Line, Outcome, Record, Use, line, sum};
use model::actions::{AccessLevel, level, pattern_matches, resource_covers, without_variables};
use model::scope::check_resource;
use std::collections::BTreeSet;

/// Most buckets, tables, … that are listed for a pattern.
const MOST_CONTAINERS: usize = 10;

pub(super) fn lines(patterns: &[String], permissions: &[Line], record: &Record<'_>) -> Vec<Line> {
    // The services of actions that stay and could have been used unseen.
    let hides = |pattern: &&String| {
        let is_single = !pattern.contains(['*', '?']);
        if is_single { !record.sight.sees(pattern) } else { !record.sight.hidden(pattern).is_empty() }
    };
    let hidden: BTreeSet<String> =
        permissions.iter().flat_map(Line::becomes).filter(hides).map(|pattern| service(pattern)).collect();
    let one = |pattern: &String| {
        let by = record.uses.iter().map(|one| {
            let used = one.resources.iter().filter(|(resource, _)| covers(pattern, resource));
            sum(used.map(|(_, times)| times))
        });
        line(pattern, outcome(pattern, &hidden, record), by)
    };
    patterns.iter().map(one).collect()
}

fn covers(pattern: &str, resource: &str) -> bool {
    resource_covers(&without_variables(pattern), resource)
}

fn outcome(pattern: &str, hidden: &BTreeSet<String>, record: &Record<'_>) -> Outcome {
    let kept = |because| Outcome::Kept { because };
    if pattern.contains("${") {
        return kept(Because::Variable);
    }
    let resources = record.uses.iter().flat_map(|one| one.resources.keys());
    let used: BTreeSet<&String> = resources.filter(|resource| covers(pattern, resource)).collect();
    let container = container(pattern);
    let is_wide = container.contains(['*', '?']);
    if !used.is_empty() && !is_wide {
        return kept(Because::Used);
    }
    if !record.complete {
        return kept(Because::Incomplete);
    }
    if let Some(because) = unseen(pattern, hidden, record) {
        return kept(because);
    }
    if used.is_empty() {
        return Outcome::Removed {};
    }
    match contained(pattern, &used) {
        Some(to) if to.iter().any(|one| resource_covers(one, pattern)) => kept(Because::Used),
        Some(to) => Outcome::Narrowed { to, unseen: Vec::new() },
        None => kept(Because::TooMany),
    }
}

/// Why the use of a resource of this pattern may not have been seen; `None` if it would have been.
fn unseen(pattern: &str, hidden: &BTreeSet<String>, record: &Record<'_>) -> Option<Because> {
    let of = service_of(pattern);
    let any = of.contains(['*', '?']);
    let concerns = |service: &str| any || service == of;
    if record.sight.unknown.iter().any(|service| concerns(service)) {
        return Some(Because::UnknownCalls);
    }
    // An action pattern may leave its service open.
    let hides = hidden.iter().any(|of| of.is_empty() || of.contains(['*', '?']) || concerns(of));
    // Of these no record names a resource, and a policy has to name all that there are.
    let names_none = |action: &String| {
        concerns(&service(action))
            && level(action) == Some(AccessLevel::List)
            && !pattern_matches("s3:ListBucket*", action)
    };
    let lists_all = container(pattern).contains(['*', '?']) && record.sight.used.iter().any(names_none);
    let silent = record.uses.iter().any(|one| is_silent(one, &concerns));
    (lists_all || silent || hides).then_some(Because::NotVisible)
}

/// Whether calls of a service name fewer resources than there were calls. Those that list things name none.
fn is_silent(one: &Use, concerns: &impl Fn(&str) -> bool) -> bool {
    let services: BTreeSet<String> =
        one.actions.keys().map(|action| service(action)).filter(|of| concerns(of)).collect();
    services.into_iter().any(|of| {
        let calls =
            one.actions.iter().filter(|(action, _)| service(action) == of && level(action) != Some(AccessLevel::List));
        let named = one.resources.iter().filter(|(resource, _)| service_of(resource) == of);
        let total = |times: &mut dyn Iterator<Item = u64>| times.fold(0_u64, u64::saturating_add);
        total(&mut calls.map(|(_, times)| times.times)) > total(&mut named.map(|(_, times)| times.times))
    })
}

/// The third part of an ARN; `*` for what is none.
fn service_of(arn: &str) -> String {
    let mut parts = arn.splitn(4, ':');
    let is_arn = parts.next() == Some("arn");
    let service = parts.nth(1).filter(|_| is_arn);
    service.map_or_else(|| "*".to_owned(), str::to_ascii_lowercase)
}

/// The bucket, table, … that an ARN is of: its last part up to what it holds.
fn container(arn: &str) -> &str {
    // Where `/` or `:` stands after the kind, the name follows: `table/orders/index/i`, `log-group:/app:*`.
    let parts: Vec<usize> = arn.match_indices(':').map(|(at, _)| at.saturating_add(1)).collect();
    let Some(start) = parts.get(4).copied() else { return arn };
    let rest = arn.get(start..).unwrap_or_default();
    let after_kind = match service_of(arn).as_str() {
        "s3" | "sns" | "sqs" => 0,
        _ => rest.find(['/', ':']).map_or(0, |at| at.saturating_add(1)),
    };
    let name = rest.get(after_kind..).unwrap_or_default();
    // Names of secrets, parameters and log groups hold slashes; they end at a colon.
    let ends: &[char] = match service_of(arn).as_str() {
        "dynamodb" | "s3" => &['/'],
        _ => &[':'],
    };
    let end = name.find(ends).unwrap_or(name.len());
    arn.get(..start.saturating_add(after_kind).saturating_add(end)).unwrap_or(arn)
}

/// The containers of what was used, and what is in them, as far as `pattern` names both; `None` if they are too many, or
/// can't be written as patterns.
fn contained(pattern: &str, used: &BTreeSet<&String>) -> Option<Vec<String>> {
    let containers: BTreeSet<&str> = used.iter().map(|resource| container(resource)).collect();
    if containers.len() > MOST_CONTAINERS {
        return None;
    }
    let mut to: Vec<String> = Vec::new();
    for container in containers {
        if container.contains(['*', '?', '$']) {
            return None;
        }
        let inside = |separator: char| format!("{container}{separator}*");
        let all = [container.to_owned(), inside('/'), inside(':')];
        let needed = all
            .into_iter()
            .filter(|one| used.iter().any(|resource| resource_covers(one, resource)) && resource_covers(pattern, one));
        to.extend(needed.filter(|one| check_resource(one).is_ok()));
    }
    let complete = used.iter().all(|resource| to.iter().any(|one| resource_covers(one, resource)));
    complete.then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_resource_is_in() {
        for (arn, expected) in [
            ("arn:aws:s3:::orders/2026/1", "arn:aws:s3:::orders"),
            ("arn:aws:s3:::orders", "arn:aws:s3:::orders"),
            ("arn:aws:s3:::*", "arn:aws:s3:::*"),
            ("arn:aws:dynamodb:eu-west-1:1:table/orders/index/i", "arn:aws:dynamodb:eu-west-1:1:table/orders"),
            ("arn:aws:logs:eu-west-1:1:log-group:/app/a:*", "arn:aws:logs:eu-west-1:1:log-group:/app/a"),
            ("arn:aws:ssm:eu-west-1:1:parameter/a/b", "arn:aws:ssm:eu-west-1:1:parameter/a/b"),
            ("arn:aws:sqs:eu-west-1:1:orders", "arn:aws:sqs:eu-west-1:1:orders"),
            ("arn:aws:lambda:eu-west-1:1:function:f:3", "arn:aws:lambda:eu-west-1:1:function:f"),
            ("*", "*"),
        ] {
            assert_eq!(container(arn), expected);
        }
        assert_eq!((service_of("arn:aws:s3:::b").as_str(), service_of("*").as_str()), ("s3", "*"));
    }
}
