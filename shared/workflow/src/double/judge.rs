//! A judge of its own: whether the documents in the world let a grant do something.
//!
//! It shares no code with what writes the documents. Where it does not know, it errs towards
//! access: it counts neither on base roles' own policies nor on the boundary, nor on STS ending a
//! session, nor on a missing second factor. What it denies, the documents deny.

use super::World;
use super::cloud::{Cloud, Role, SECRET};
use crate::ports::Verdict;
use model::names::{PrincipalArn, RequestId};
use model::time::Time;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The documents that were read, by their text.
#[derive(Clone, Default)]
pub(super) struct Documents(HashMap<String, Option<Arc<Document>>>);

impl Documents {
    fn read(&mut self, text: &str) -> Option<Arc<Document>> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let document = Document::read(text).map(Arc::new);
        self.0.insert(text.to_owned(), document.clone());
        document
    }
}

impl Documents {
    /// What a document alone comes to; `None`: it can't be read.
    pub(super) fn verdict(&mut self, text: &str, (action, resource): (&str, &str), at: Time) -> Option<Verdict> {
        let attempt = Attempt { action, resource, at, session: None, tag: None, begun: None };
        Some(of_all(&[self.read(text)?], &attempt))
    }
}

/// What several documents on the same principal come to.
fn of_all(documents: &[Arc<Document>], attempt: &Attempt<'_>) -> Verdict {
    if documents.iter().any(|document| document.denies(attempt)) {
        Verdict::ExplicitDeny
    } else if documents.iter().any(|document| document.allows(attempt)) {
        Verdict::Allowed
    } else {
        Verdict::ImplicitDeny
    }
}

/// A policy document.
pub(super) struct Document(Vec<Statement>);

struct Statement {
    allows: bool,
    actions: Vec<String>,
    /// Of an identity policy.
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

enum Condition {
    NotBefore(Time),
    Before(Time),
    SourceIdentity(Vec<String>),
    UserId(Vec<String>),
    /// The session tag that names the request.
    Tag(Vec<String>),
    /// When the session was begun.
    BegunBefore(Time),
    /// Known to IAM, not judged here.
    Other,
}

/// Who does what, and when.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    action: &'a str,
    resource: &'a str,
    at: Time,
    /// The session's source identity and name.
    session: Option<&'a str>,
    /// The session's tag that names a request.
    tag: Option<&'a str>,
    /// When the session was begun.
    begun: Option<Time>,
}

impl World {
    /// Whether a live session of `id`'s grant can do `action` on `resource` at `at`, as far as the
    /// documents that are in the world now decide.
    pub fn may(&self, id: &RequestId, action: &str, resource: &str, at: Time) -> bool {
        let inner = &mut *self.lock();
        let attempt = Attempt { action, resource, at, session: Some(id.as_str()), tag: Some(id.as_str()), begun: None };
        let documents = &mut inner.documents;
        inner.cloud.session_may(id, &attempt, documents)
            || inner.cloud.roles.get(id.as_str()).is_some_and(|role| role_may(role, id, &attempt, documents))
    }

    /// Whether the policies on its target role give a session of `id`'s grant `action` on `resource` at
    /// `at`, whatever the role holds by itself.
    pub fn given(&self, id: &RequestId, action: &str, resource: &str, at: Time) -> bool {
        let inner = &mut *self.lock();
        let attempt = Attempt { action, resource, at, session: Some(id.as_str()), tag: Some(id.as_str()), begun: None };
        let (cloud, documents) = (&inner.cloud, &mut inner.documents);
        cloud.targets.keys().any(|role| {
            let all: Vec<_> = cloud.on(role, documents).collect();
            all.iter().any(|document| document.allows(&attempt))
                && !all.iter().any(|document| document.denies(&attempt))
        })
    }

    /// Whether any policy of ours on a target role says anything, at any time, of a session that is not
    /// its grant's: of one without tag and source identity, of another grant's, or, as something it
    /// allows, of one that only carries the tag because the role does.
    pub fn meets_others(&self) -> bool {
        const OTHER: &str = "req_ffffffffffff70008000000000000000";
        let inner = &mut *self.lock();
        let (cloud, documents, at) = (&inner.cloud, &mut inner.documents, inner.now);
        let session = |tag, session| Attempt { action: "", resource: "", at, session, tag, begun: None };
        cloud.targets.values().flat_map(|target| &target.attached).any(|name| {
            let document = cloud.policies.get(name).and_then(|policy| documents.read(policy.document()));
            document.is_some_and(|document| {
                document.0.iter().any(|statement| {
                    statement.meets(&session(None, None))
                        || statement.meets(&session(Some(OTHER), Some(OTHER)))
                        || statement.allows
                            && (statement.meets(&session(Some(name), None))
                                || statement.meets(&session(None, Some(name))))
                })
            })
        })
    }

    /// Whether `text` holds a secret of this world.
    pub fn is_secret(text: &[u8]) -> bool {
        text.windows(SECRET.len()).any(|part| part == SECRET.as_bytes())
    }
}

impl Cloud {
    fn session_may(&self, id: &RequestId, attempt: &Attempt<'_>, documents: &mut Documents) -> bool {
        self.sessions.iter().filter(|session| session.request == *id).any(|session| {
            let attempt = &Attempt { begun: Some(session.issued_at), ..*attempt };
            let mut kills = self.kills.iter().filter(|((role, _), _)| *role == session.base_role);
            let killed = kills.any(|(_, text)| documents.read(text).is_some_and(|document| document.denies(attempt)))
                || self.on(&session.base_role, documents).any(|document| document.denies(attempt));
            !killed && documents.read(&session.policy).is_some_and(|document| document.permits(attempt))
        })
    }
}

impl Cloud {
    /// Whether there is such a base role or target role.
    pub(super) fn knows(&self, role: &PrincipalArn) -> bool {
        self.targets.contains_key(role) || self.kills.keys().any(|(on, _)| on == role)
    }

    /// What all that is known to be on a role comes to, for a session with source identity, tag and
    /// beginning.
    pub(super) fn verdict(
        &self,
        role: &PrincipalArn,
        (action, resource): (&str, &str),
        at: Time,
        (session, tag, begun): (&str, &str, Option<Time>),
        documents: &mut Documents,
    ) -> Verdict {
        let attempt = Attempt { action, resource, at, session: Some(session), tag: Some(tag), begun };
        let kills = self.kills.iter().filter(|((on, _), _)| on == role);
        let mut all: Vec<Arc<Document>> = kills.filter_map(|(_, text)| documents.read(text)).collect();
        all.extend(self.on(role, documents));
        of_all(&all, &attempt)
    }

    /// What our policies on a target role say.
    fn on(&self, role: &PrincipalArn, documents: &mut Documents) -> impl Iterator<Item = Arc<Document>> {
        let attached = self.targets.get(role).into_iter().flat_map(|target| &target.attached);
        let found: Vec<Arc<Document>> = attached
            .filter_map(|name| self.policies.get(name))
            .filter_map(|policy| documents.read(policy.document()))
            .collect();
        found.into_iter()
    }
}

/// A session of the role, begun at any time since it was made at which its trust let somebody in.
fn role_may(role: &Role, id: &RequestId, attempt: &Attempt<'_>, documents: &mut Documents) -> bool {
    if role.request.as_deref() != Some(id.as_str()) {
        return false;
    }
    let Some(trust) = documents.read(&role.trust) else { return false };
    let begun = trust
        .times()
        .flat_map(|time| [time, Time::from_second(time.as_second().saturating_sub(1)).unwrap_or(time)])
        .chain([attempt.at])
        .filter(|time| *time <= attempt.at)
        .any(|at| {
            trust.permits(&Attempt {
                action: "sts:AssumeRole",
                resource: "",
                at,
                session: None,
                tag: None,
                begun: None,
            })
        });
    let policies: Vec<Arc<Document>> = role.policies.values().filter_map(|text| documents.read(text)).collect();
    begun
        && policies.iter().any(|document| document.allows(attempt))
        && !policies.iter().any(|document| document.denies(attempt))
}

impl Document {
    /// The document, if IAM would take it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        if value.get("Version")?.as_str()? != "2012-10-17" {
            return None;
        }
        value.get("Statement")?.as_array()?.iter().map(Statement::read).collect::<Option<_>>().map(Self)
    }

    fn allows(&self, attempt: &Attempt<'_>) -> bool {
        self.0.iter().any(|statement| statement.allows && statement.applies(attempt))
    }

    fn denies(&self, attempt: &Attempt<'_>) -> bool {
        self.0.iter().any(|statement| !statement.allows && statement.applies(attempt))
    }

    fn permits(&self, attempt: &Attempt<'_>) -> bool {
        self.allows(attempt) && !self.denies(attempt)
    }

    /// Every time that a condition names.
    fn times(&self) -> impl Iterator<Item = Time> {
        self.0.iter().flat_map(|statement| &statement.conditions).filter_map(|condition| match condition {
            Condition::NotBefore(time) | Condition::Before(time) => Some(*time),
            Condition::SourceIdentity(_)
            | Condition::UserId(_)
            | Condition::Tag(_)
            | Condition::BegunBefore(_)
            | Condition::Other => None,
        })
    }
}

impl Statement {
    fn read(value: &Value) -> Option<Self> {
        let allows = match value.get("Effect")?.as_str()? {
            "Allow" => true,
            "Deny" => false,
            _ => return None,
        };
        let resources = match (value.get("Resource"), value.get("Principal")) {
            (Some(resources), None) => texts(resources)?,
            // A trust policy: it is about the role itself.
            (None, Some(principal)) if !texts(principal.get("AWS")?)?.is_empty() => vec!["*".to_owned()],
            _ => return None,
        };
        let mut conditions = Vec::new();
        for (operator, keys) in value.get("Condition").and_then(Value::as_object).into_iter().flatten() {
            for (key, expected) in keys.as_object()? {
                conditions.push(Condition::read(operator, &key.to_lowercase(), texts(expected)?)?);
            }
        }
        Some(Self { allows, actions: texts(value.get("Action")?)?, resources, conditions })
    }

    /// Whether it holds for a session at any time, by what its conditions say of sessions.
    fn meets(&self, attempt: &Attempt<'_>) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::SourceIdentity(_) | Condition::UserId(_) | Condition::Tag(_) => {
                condition.holds(self.allows, attempt)
            }
            Condition::NotBefore(_) | Condition::Before(_) | Condition::BegunBefore(_) | Condition::Other => true,
        })
    }

    fn applies(&self, attempt: &Attempt<'_>) -> bool {
        let action = attempt.action.to_lowercase();
        self.actions.iter().any(|pattern| matches(&pattern.to_lowercase(), &action))
            && self.resources.iter().any(|pattern| matches(pattern, attempt.resource))
            && self.conditions.iter().all(|condition| condition.holds(self.allows, attempt))
    }
}

impl Condition {
    fn read(operator: &str, key: &str, expected: Vec<String>) -> Option<Self> {
        let time = || match expected.as_slice() {
            [time] => time.parse::<Time>().ok(),
            _ => None,
        };
        Some(match (operator, key) {
            ("DateGreaterThanEquals", "aws:currenttime") => Self::NotBefore(time()?),
            ("DateLessThan", "aws:currenttime") => Self::Before(time()?),
            ("DateLessThan", "aws:tokenissuetime") => Self::BegunBefore(time()?),
            ("StringEquals", "aws:sourceidentity") => Self::SourceIdentity(expected),
            ("StringEquals", "aws:principaltag/countersign:request") => Self::Tag(expected),
            ("StringLike", "aws:userid") => Self::UserId(expected),
            ("Bool" | "Null" | "NotIpAddressIfExists", _) => Self::Other,
            _ => return None,
        })
    }

    fn holds(&self, in_allow: bool, attempt: &Attempt<'_>) -> bool {
        match self {
            Self::NotBefore(time) => attempt.at >= *time,
            Self::Before(time) => attempt.at < *time,
            Self::SourceIdentity(ids) => attempt.session.is_some_and(|session| ids.iter().any(|id| id == session)),
            Self::UserId(patterns) => attempt.session.is_some_and(|session| {
                let user_id = format!("AROADOUBLE0000000000:{session}");
                patterns.iter().any(|pattern| matches(pattern, &user_id))
            }),
            Self::Tag(ids) => attempt.tag.is_some_and(|tag| ids.iter().any(|id| id == tag)),
            Self::BegunBefore(time) => attempt.begun.is_some_and(|begun| begun < *time),
            Self::Other => in_allow,
        }
    }
}

/// One text or a list of them.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// Whether `text` is of the form `pattern`, in which `*` stands for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) if pattern.len() == 1 => true,
        (Some('*'), None) => matches(rest(pattern), text),
        (Some('*'), Some(_)) => matches(rest(pattern), text) || matches(pattern, rest(text)),
        (Some('?'), Some(_)) => matches(rest(pattern), rest(text)),
        (Some(a), Some(b)) if a == b => matches(rest(pattern), rest(text)),
        (Some(_), _) | (None, Some(_)) => false,
    }
}

fn rest(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}
