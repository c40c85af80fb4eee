//! A policy evaluator, small and slow: explicit deny, else explicit allow, else deny. An operator or
//! an element that it doesn't know fails the test, so no document can say more than is checked.

use serde_json::Value;
use std::collections::BTreeMap;

/// One call to AWS.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    action: &'a str,
    resource: &'a str,
    /// Condition keys; `aws:CurrentTime` in seconds since 1970.
    keys: BTreeMap<&'static str, String>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(action: &'a str, resource: &'a str, second: i64) -> Self {
        let keys = BTreeMap::from([("aws:CurrentTime", second.to_string()), ("aws:ViaAWSService", "false".to_owned())]);
        Self { action, resource, keys }
    }

    pub(super) fn with(mut self, key: &'static str, value: &str) -> Self {
        self.keys.insert(key, value.to_owned());
        self
    }
}

/// Whether these documents, all on one identity, together allow a call.
pub(super) fn allows(documents: &[&str], ask: &Ask<'_>) -> bool {
    let parsed: Vec<Value> = documents.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    allowed(&parsed, ask)
}

/// The same, of documents that were parsed.
pub(super) fn allowed(documents: &[Value], ask: &Ask<'_>) -> bool {
    holds("Allow", documents, ask) && !holds("Deny", documents, ask)
}

/// Whether a deny names the call, so that no other policy could allow it.
pub(super) fn denied_outright(documents: &[Value], ask: &Ask<'_>) -> bool {
    holds("Deny", documents, ask)
}

fn holds(effect: &str, documents: &[Value], ask: &Ask<'_>) -> bool {
    documents
        .iter()
        .flat_map(|document| document["Statement"].as_array().unwrap())
        .filter(|statement| statement["Effect"] == effect)
        .any(|statement| applies(statement, ask))
}

fn applies(statement: &Value, ask: &Ask<'_>) -> bool {
    for element in statement.as_object().unwrap().keys() {
        let known = ["Effect", "Principal", "Action", "Resource", "Condition"];
        assert!(known.contains(&element.as_str()), "unknown element {element}");
    }
    let fits =
        |patterns: &Value, text: &str| texts(patterns).iter().any(|pattern| glob(pattern.as_bytes(), text.as_bytes()));
    let lower =
        |patterns: &Value| Value::from(texts(patterns).iter().map(|text| text.to_lowercase()).collect::<Vec<_>>());
    statement.get("Condition").is_none_or(|condition| met(condition, ask))
        && statement.get("Resource").is_none_or(|resource| fits(resource, ask.resource))
        && fits(&lower(&statement["Action"]), &ask.action.to_lowercase())
}

/// A text, or a list of them.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    if let Some(list) = value.as_array() {
        return list.iter().map(|text| text.as_str().unwrap()).collect();
    }
    vec![value.as_str().unwrap()]
}

fn met(condition: &Value, ask: &Ask<'_>) -> bool {
    condition.as_object().unwrap().iter().all(|(operator, pairs)| {
        pairs.as_object().unwrap().iter().all(|(key, wanted)| {
            let found = ask.keys.get(key.as_str());
            let any = |test: &dyn Fn(&str, &str) -> bool| {
                found.is_some_and(|found| texts(wanted).iter().any(|wanted| test(found, wanted)))
            };
            match operator.as_str() {
                "DateGreaterThanEquals" => any(&|found, wanted| second(found) >= rfc3339(wanted)),
                "DateLessThan" => any(&|found, wanted| second(found) < rfc3339(wanted)),
                "StringEquals" | "Bool" => any(&|found, wanted| found == wanted),
                "StringLike" => any(&|found, wanted| glob(wanted.as_bytes(), found.as_bytes())),
                "NotIpAddressIfExists" => !any(&|found, wanted| within(found, wanted)),
                "Null" => texts(wanted) == [if found.is_none() { "true" } else { "false" }],
                other => panic!("unknown operator {other}"),
            }
        })
    })
}

fn second(text: &str) -> i64 {
    text.parse().unwrap()
}

/// `2026-11-20T19:00:00Z` as seconds, by the civil calendar and nothing else.
fn rfc3339(text: &str) -> i64 {
    assert!(text.len() == 20 && text.ends_with('Z'), "{text}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap().parse::<i64>().unwrap();
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = |year| [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (year, month) = (part(0, 4), usize::try_from(part(5, 7)).unwrap());
    let years: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let days = years + months(year)[..month - 1].iter().sum::<i64>() + part(8, 10) - 1;
    days * 86_400 + part(11, 13) * 3_600 + part(14, 16) * 60 + part(17, 19)
}

/// Whether an IPv4 address is in a range.
fn within(address: &str, range: &str) -> bool {
    let bits = |text: &str| text.split('.').fold(0u32, |all, part| all * 256 + part.parse::<u32>().unwrap());
    let (network, length) = range.split_once('/').unwrap();
    let shift = 32 - length.parse::<u32>().unwrap();
    bits(address) >> shift == bits(network) >> shift
}

/// By definition: a star takes none or one more, `?` takes one.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => glob(rest, text),
        (Some((b'*', rest)), Some((_, later))) => glob(rest, text) || glob(pattern, later),
        (Some((p, rest)), Some((t, later))) if *p == b'?' || p == t => glob(rest, later),
        _ => false,
    }
}
