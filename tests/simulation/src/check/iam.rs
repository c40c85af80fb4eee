//! Whether documents let somebody do something, read from their text: an evaluation of IAM's rules of its own, as far as
//! the documents here go. Where it does not know, it errs towards access.

use serde_json::Value;
use std::collections::HashMap;
use std::rc::Rc;

use super::story::seconds;

/// Who tries what, when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Try<'a> {
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    pub(super) at: i64,
    /// The request whose name the session bears as source identity, session name and tag.
    pub(super) request: &'a str,
    /// When the session was begun; `None`: at no time that a document could mean.
    pub(super) begun: Option<i64>,
}

#[derive(Debug)]
enum Test {
    From(i64),
    Until(i64),
    BegunBefore(i64),
    Named(Vec<String>),
    UserId(Vec<String>),
    Unknown,
}

#[derive(Debug)]
struct Statement {
    allow: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    /// Whom it is about, where it says so.
    principals: Vec<String>,
    tests: Vec<Test>,
}

/// A policy document.
#[derive(Debug)]
pub(super) struct Document(Vec<Statement>);

/// Documents that were read, by their text.
#[derive(Debug, Default)]
pub(super) struct Library(HashMap<String, Rc<Document>>);

impl Library {
    pub(super) fn read(&mut self, text: &str) -> Rc<Document> {
        if let Some(known) = self.0.get(text) {
            return Rc::clone(known);
        }
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let statements = many(&value["Statement"]).into_iter().map(Statement::read).collect();
        let document = Rc::new(Document(statements));
        self.0.insert(text.to_owned(), Rc::clone(&document));
        document
    }
}

fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

fn texts(value: &Value) -> Vec<String> {
    many(value).into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `*` as well as everybody of a kind.
fn principals(value: &Value) -> Vec<String> {
    let kinds = value.as_object().into_iter().flatten().flat_map(|(_, of_kind)| texts(of_kind));
    kinds.chain(texts(value)).collect()
}

impl Statement {
    fn read(value: &Value) -> Self {
        let mut tests = Vec::new();
        for (operator, keys) in value["Condition"].as_object().into_iter().flatten() {
            for (key, expected) in keys.as_object().into_iter().flatten() {
                tests.push(Test::read(operator, &key.to_lowercase(), expected));
            }
        }
        let about_itself = value.get("Principal").is_some();
        let lower = |texts: Vec<String>| texts.into_iter().map(|text| text.to_lowercase()).collect();
        Self {
            allow: value["Effect"] == "Allow",
            actions: lower(texts(&value["Action"])),
            resources: if about_itself { vec!["*".to_owned()] } else { texts(&value["Resource"]) },
            principals: principals(&value["Principal"]),
            tests,
        }
    }

    fn applies(&self, to: &Try<'_>) -> bool {
        let action = to.action.to_lowercase();
        self.actions.iter().any(|pattern| like(pattern, &action))
            && self.resources.iter().any(|pattern| like(pattern, to.resource))
            && self.tests.iter().all(|test| test.holds(self.allow, to))
    }
}

impl Test {
    fn read(operator: &str, key: &str, expected: &Value) -> Self {
        let time = || texts(expected).first().and_then(|text| seconds(text)).unwrap_or(i64::MIN);
        match (operator, key) {
            ("DateGreaterThanEquals", "aws:currenttime") => Self::From(time()),
            ("DateLessThan", "aws:currenttime") => Self::Until(time()),
            ("DateLessThan", "aws:tokenissuetime") => Self::BegunBefore(time()),
            ("StringEquals", "aws:sourceidentity" | "aws:principaltag/countersign:request") => {
                Self::Named(texts(expected))
            }
            ("StringLike", "aws:userid") => Self::UserId(texts(expected)),
            _ => Self::Unknown,
        }
    }

    fn holds(&self, allow: bool, to: &Try<'_>) -> bool {
        match self {
            Self::From(time) => to.at >= *time,
            Self::Until(time) => to.at < *time,
            Self::BegunBefore(time) => to.begun.is_some_and(|begun| begun < *time),
            Self::Named(names) => names.iter().any(|name| name == to.request),
            Self::UserId(patterns) => {
                let user = format!("AROAANYROLE000000000:{}", to.request);
                patterns.iter().any(|pattern| like(pattern, &user))
            }
            Self::Unknown => allow,
        }
    }
}

impl Document {
    pub(super) fn allows(&self, to: &Try<'_>) -> bool {
        self.0.iter().any(|statement| statement.allow && statement.applies(to))
    }

    pub(super) fn denies(&self, to: &Try<'_>) -> bool {
        self.0.iter().any(|statement| !statement.allow && statement.applies(to))
    }

    /// Whether there is an Allow in it.
    pub(super) fn allows_anything(&self) -> bool {
        self.0.iter().any(|statement| statement.allow)
    }

    /// Whomever an Allow of it names.
    pub(super) fn lets_in(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|statement| statement.allow)
            .flat_map(|statement| &statement.principals)
            .map(String::as_str)
    }

    /// Every time that a condition of it names.
    pub(super) fn times(&self) -> impl Iterator<Item = i64> {
        self.0.iter().flat_map(|statement| &statement.tests).filter_map(|test| match test {
            Test::From(time) | Test::Until(time) => Some(*time),
            Test::BegunBefore(_) | Test::Named(_) | Test::UserId(_) | Test::Unknown => None,
        })
    }
}

/// Whether `text` is of the form `pattern`, in which `*` stands for any characters and `?` for one.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}
