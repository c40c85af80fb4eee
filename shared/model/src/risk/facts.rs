//! What the rules ask about a request, gathered once.

use super::{RiskInput, SENTENCE_CHARS_MAX, escalation};
use crate::actions::{self, AccessLevel};

/// Environments whose trouble stays inside. Anything else counts as production.
const HARMLESS_ENVIRONMENTS: [&str; 11] =
    ["dev", "develop", "development", "test", "testing", "qa", "sandbox", "stage", "staging", "preview", "local"];
/// A name that holds one of these is production, whatever else it holds.
const PRODUCTION_WORDS: [&str; 4] = ["prod", "production", "prd", "live"];

/// Services whose resource part begins with the name, where others put a kind (`table/…`, `log-group:…`).
const SERVICES_WITHOUT_KIND: [&str; 4] = ["s3", "sns", "sqs", "execute-api"];
/// A name shorter than this before its wildcard picks out nothing: `table/o*` is as good as `table/*`.
const NAME_CHARS_MIN: usize = 3;

/// Examples that a sentence names.
const EXAMPLES_MAX: usize = 3;
/// Longest example, in characters; ARNs run to 2,048.
const EXAMPLE_CHARS_MAX: usize = 80;

/// What one action pattern reaches.
#[derive(Debug)]
pub(super) struct Reach<'a> {
    pub(super) pattern: &'a str,
    /// The deepest known action it names.
    pub(super) deepest: Option<(&'static str, &'static str, AccessLevel)>,
}

impl Reach<'_> {
    /// An unknown action is taken to change things.
    pub(super) fn level(&self) -> AccessLevel {
        self.deepest.map_or(AccessLevel::Write, |(_, _, level)| level)
    }

    pub(super) fn changes(&self) -> bool {
        self.level() >= AccessLevel::Write
    }

    /// The pattern, and the deepest action it stands for if that is not plain from it.
    pub(super) fn example(&self) -> String {
        match self.deepest {
            Some((service, action, _)) if actions::is_pattern(self.pattern) => {
                format!("{} ({service}:{action})", quoted(self.pattern))
            }
            _ => quoted(self.pattern),
        }
    }
}

/// How far a resource pattern reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Breadth {
    /// One thing, or what is inside it (`…:log-group:/app/orders:*`, `…:::bucket/*`).
    Named,
    /// Whatever fits a pattern.
    Pattern,
    /// All of a kind, or more.
    Wide,
}

/// A request as the rules see it.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) reaches: Vec<Reach<'a>>,
    pub(super) resources: Vec<(&'a str, Breadth)>,
    pub(super) production: bool,
    pub(super) duration_seconds: u64,
    pub(super) paths: Vec<escalation::EscalationPath>,
}

impl<'a> Facts<'a> {
    pub(super) fn gather<A: AsRef<str>, R: AsRef<str>>(input: &RiskInput<'a, A, R>) -> Self {
        let patterns = bounded(input.actions);
        let resources = bounded(input.resources);
        Self {
            paths: escalation::opened_paths(&patterns),
            reaches: patterns
                .into_iter()
                .map(|pattern| Reach { pattern, deepest: actions::highest(pattern) })
                .collect(),
            resources: resources.into_iter().map(|resource| (resource, breadth(resource))).collect(),
            production: is_production(input.environment),
            duration_seconds: input.duration_seconds,
        }
    }

    /// The deepest access level asked for.
    pub(super) fn deepest(&self) -> AccessLevel {
        self.reaches.iter().map(Reach::level).max().unwrap_or(AccessLevel::PermissionsManagement)
    }

    pub(super) fn changes(&self) -> bool {
        self.deepest() >= AccessLevel::Write
    }

    pub(super) fn is_wide(&self) -> bool {
        self.has(Breadth::Wide)
    }

    pub(super) fn has(&self, breadth: Breadth) -> bool {
        self.resources.iter().any(|(_, reached)| *reached == breadth)
    }

    /// Whether an action of the request is like this.
    pub(super) fn any(&self, like: impl Fn(&Reach<'_>) -> bool) -> bool {
        self.reaches.iter().any(like)
    }

    /// Some of the actions that are like this, for a sentence.
    pub(super) fn actions(&self, like: impl Fn(&Reach<'_>) -> bool) -> String {
        listed(self.reaches.iter().filter(|reach| like(reach)).map(Reach::example))
    }

    /// Some of the resources of this breadth, for a sentence.
    pub(super) fn resources(&self, breadth: Breadth) -> String {
        listed(self.resources.iter().filter(|(_, reached)| *reached == breadth).map(|(resource, _)| quoted(resource)))
    }
}

/// A list as given; an empty one bounds nothing, so it stands for everything.
fn bounded<T: AsRef<str>>(list: &[T]) -> Vec<&str> {
    if list.is_empty() { vec!["*"] } else { list.iter().map(AsRef::as_ref).collect() }
}

fn is_production(environment: &str) -> bool {
    let name = environment.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.clone().any(|word| PRODUCTION_WORDS.contains(&word))
        || !words.any(|word| HARMLESS_ENVIRONMENTS.contains(&word))
}

fn breadth(resource: &str) -> Breadth {
    // A policy variable stands for anything, and so does a wildcard.
    let resource = actions::without_variables(resource);
    let parts: Vec<&str> = resource.splitn(actions::ARN_PARTS, ':').collect();
    let [_, partition, service, _, account, name] = parts.as_slice() else {
        return Breadth::Wide;
    };
    if actions::is_pattern(partition) || actions::is_pattern(service) {
        return Breadth::Wide;
    }
    let certain = name.split(['*', '?']).next().unwrap_or_default();
    let certain_name = match certain.split_once(['/', ':']) {
        Some((_, after_kind)) if !SERVICES_WITHOUT_KIND.contains(service) => after_kind,
        _ => certain,
    };
    if !actions::is_pattern(name) {
        return if actions::is_pattern(account) { Breadth::Pattern } else { Breadth::Named };
    }
    if certain_name.chars().count() < NAME_CHARS_MIN {
        return Breadth::Wide;
    }
    let all_inside =
        name.strip_suffix('*').is_some_and(|before| before.ends_with(['/', ':']) && !actions::is_pattern(before));
    if all_inside && !actions::is_pattern(account) { Breadth::Named } else { Breadth::Pattern }
}

/// The first few of many, and how many more there are.
pub(super) fn listed(all: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for one in all {
        if distinct.len() == EXAMPLES_MAX {
            more = more.saturating_add(1);
        } else if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    let named = distinct.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

/// A text of the request, fit for a sentence: short, and without characters that look like others or like nothing.
fn quoted(text: &str) -> String {
    clipped(text.chars().map(|c| if c.is_ascii_graphic() { c } else { char::REPLACEMENT_CHARACTER }), EXAMPLE_CHARS_MAX)
}

/// A sentence within its bound.
pub(super) fn sentence(text: &str) -> String {
    clipped(text.chars(), SENTENCE_CHARS_MAX)
}

fn clipped(mut characters: impl Iterator<Item = char>, max: usize) -> String {
    let mut text: String = characters.by_ref().take(max).collect();
    if characters.next().is_some() {
        text.pop();
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Breadth, breadth, is_production, listed, quoted};

    #[test]
    fn resources_reach_as_far_as_they_say() {
        let check = |resource: &str, expected: Breadth| {
            assert_eq!(breadth(resource), expected, "{resource}");
        };
        check("arn:aws:dynamodb:us-east-1:111111111111:table/orders", Breadth::Named);
        check("arn:aws:logs:us-east-1:111111111111:log-group:/app/orders:*", Breadth::Named);
        check("arn:aws:logs:*:111111111111:log-group:/app/orders:*", Breadth::Named);
        check("arn:aws:s3:::orders-exports/*", Breadth::Named);
        check("arn:aws:dynamodb:us-east-1:111111111111:table/orders/index/*", Breadth::Named);
        check("arn:aws:dynamodb:us-east-1:111111111111:table/ord*", Breadth::Pattern);
        check("arn:aws:dynamodb:us-east-1:*:table/orders", Breadth::Pattern);
        check("arn:aws:s3:::orders-*/x", Breadth::Pattern);
        check("arn:aws:s3:::orders-*/*", Breadth::Pattern);
        check("arn:aws:s3:::home/${aws:username}/*", Breadth::Pattern);
        check("arn:aws:dynamodb:us-east-1:111111111111:table/*", Breadth::Wide);
        check("arn:aws:dynamodb:us-east-1:111111111111:table/or*", Breadth::Wide);
        check("arn:aws:dynamodb:us-east-1:111111111111:t*", Breadth::Wide);
        check("arn:aws:s3:::*", Breadth::Wide);
        check("arn:aws:s3:::${aws:username}", Breadth::Wide);
        check("arn:aws:*:us-east-1:111111111111:table/orders", Breadth::Wide);
        check("arn:aws:s3:*", Breadth::Wide);
        check("arn:*", Breadth::Wide);
        check("*", Breadth::Wide);
        check("orders", Breadth::Wide);
        check("", Breadth::Wide);
    }

    #[test]
    fn an_environment_is_production_unless_its_name_says_otherwise() {
        for name in ["prod", "PROD", "eu-production", "live", "", "main", "prod-test", "nonprod-ish", "devious"] {
            assert!(is_production(name), "{name}");
        }
        for name in ["dev", "Staging", "eu-west-1-test", "team_sandbox"] {
            assert!(!is_production(name), "{name}");
        }
    }

    #[test]
    fn examples_are_few_and_plain() {
        assert_eq!(listed(["a", "b", "a", "c", "d", "e"].into_iter().map(str::to_owned)), "a, b, c and 2 more");
        assert_eq!(quoted("s3:G\u{435}t\u{202e}\n"), "s3:G\u{fffd}t\u{fffd}\u{fffd}");
        assert_eq!(quoted(&"x".repeat(3_000)).chars().count(), 80);
    }
}
