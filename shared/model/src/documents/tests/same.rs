//! Documents as IAM gives them back, and documents that differ.

use super::*;
use proptest::prelude::*;
use serde_json::Map;
use std::collections::{BTreeMap, BTreeSet};

/// Who, with which member of `Principal`.
type Principals = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// Operator and key, and the values.
type Conditions = BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>;

/// What a statement means, without a form.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    allows: bool,
    /// `None`: an identity policy.
    principals: Option<Principals>,
    /// Whether the actions are those that it is not about.
    not_action: bool,
    actions: BTreeSet<&'static str>,
    not_resource: bool,
    resources: BTreeSet<&'static str>,
    conditions: Conditions,
}

fn some(of: &'static [&'static str]) -> impl Strategy<Value = BTreeSet<&'static str>> {
    prop::collection::btree_set(prop::sample::select(of), 1..=of.len())
}

fn meanings() -> impl Strategy<Value = Meaning> {
    let principals = prop::collection::btree_map(
        prop::sample::select(&["AWS", "Service"][..]),
        some(&["*", "arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:user/bob"]),
        1..=2,
    );
    let conditions = prop::collection::btree_map(
        (
            prop::sample::select(&["DateLessThan", "DateGreaterThanEquals", "StringEquals"][..]),
            prop::sample::select(&["aws:CurrentTime", "aws:TokenIssueTime"][..]),
        ),
        some(&["2026-11-20T12:00:00Z", "2026-11-20T12:30:00Z", "true"]),
        0..=3,
    );
    let actions = some(&["*", "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
    let resources = some(&["*", "arn:aws:s3:::a", "arn:aws:s3:::b"]);
    (any::<bool>(), prop::option::of(principals), any::<bool>(), actions, any::<bool>(), resources, conditions)
        .prop_map(|(allows, principals, not_action, actions, not_resource, resources, conditions)| Meaning {
            allows,
            principals,
            not_action,
            actions,
            not_resource,
            resources,
            conditions,
        })
}

/// How a document is written down, one draw after the other.
#[derive(Debug)]
struct Form(Vec<bool>);

impl Form {
    fn draw(&mut self) -> bool {
        let first = self.0.remove(0);
        self.0.push(!first);
        first
    }

    /// A set in one of its forms: alone or in a list, in either order.
    fn set(&mut self, texts: &BTreeSet<&'static str>) -> Value {
        let mut list: Vec<&str> = texts.iter().copied().collect();
        if self.draw() {
            list.reverse();
        }
        match list.as_slice() {
            [one] if self.draw() => json!(one),
            _ => json!(list),
        }
    }

    fn statement(&mut self, meaning: &Meaning) -> Value {
        let mut statement = Map::new();
        statement.insert("Effect".to_owned(), json!(if meaning.allows { "Allow" } else { "Deny" }));
        if let Some(principals) = &meaning.principals {
            let members: Map<String, Value> =
                principals.iter().map(|(kind, who)| ((*kind).to_owned(), self.set(who))).collect();
            statement.insert("Principal".to_owned(), Value::Object(members));
        }
        let action = if meaning.not_action { "NotAction" } else { "Action" };
        statement.insert(action.to_owned(), self.set(&meaning.actions));
        let resource = if meaning.not_resource { "NotResource" } else { "Resource" };
        statement.insert(resource.to_owned(), self.set(&meaning.resources));
        let mut conditions: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for ((operator, key), values) in &meaning.conditions {
            conditions.entry(operator).or_default().insert((*key).to_owned(), self.set(values));
        }
        if !conditions.is_empty() {
            statement.insert("Condition".to_owned(), json!(conditions));
        }
        Value::Object(statement)
    }

    fn document(&mut self, meanings: &[Meaning]) -> String {
        let statements: Vec<Value> = meanings.iter().map(|meaning| self.statement(meaning)).collect();
        match statements.as_slice() {
            [one] if self.draw() => json!({"Version": "2012-10-17", "Statement": one}).to_string(),
            _ => document(&statements).to_string(),
        }
    }
}

fn forms() -> impl Strategy<Value = Form> {
    prop::collection::vec(any::<bool>(), 24).prop_map(Form)
}

/// One change of what a statement means.
fn changed(meaning: &Meaning, which: usize) -> Meaning {
    let mut other = meaning.clone();
    let toggle = |set: &mut BTreeSet<&'static str>, text| {
        if !set.remove(text) {
            set.insert(text);
        }
    };
    match which {
        0 => other.allows = !other.allows,
        1 => other.not_action = !other.not_action,
        2 => other.not_resource = !other.not_resource,
        3 => toggle(&mut other.actions, "iam:PassRole"),
        4 => toggle(&mut other.resources, "arn:aws:s3:::c"),
        5 => {
            other.principals =
                if other.principals.is_some() { None } else { Some(BTreeMap::from([("AWS", BTreeSet::from(["*"]))])) }
        }
        6 => match other.principals.as_mut().and_then(|principals| principals.values_mut().next()) {
            Some(who) => toggle(who, "arn:aws:iam::111111111111:user/mallory"),
            None => other.allows = !other.allows,
        },
        7 => toggle(other.conditions.entry(("DateLessThan", "aws:CurrentTime")).or_default(), "2000-01-01T00:00:00Z"),
        8 => match other.conditions.pop_first() {
            // The same values under another operator.
            Some(((_, key), values)) => drop(other.conditions.insert(("Bool", key), values)),
            None => drop(other.conditions.insert(("Bool", "aws:MultiFactorAuthPresent"), BTreeSet::from(["true"]))),
        },
        _ => drop(other.conditions.insert(("Null", "aws:SourceIp"), BTreeSet::from(["true"]))),
    }
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_document_is_itself_in_every_form(meanings in prop::collection::vec(meanings(), 1..4), mut one in forms(), mut other in forms()) {
        let (one, other) = (one.document(&meanings), other.document(&meanings));
        prop_assert!(same_document(&one, &other), "{one}\n{other}");
    }

    #[test]
    fn what_differs_in_meaning_is_never_the_same(
        meanings in prop::collection::vec(meanings(), 1..4),
        at in any::<prop::sample::Index>(),
        which in 0usize..10,
        (mut one, mut other) in (forms(), forms()),
    ) {
        let mut differing = meanings.clone();
        let at = at.index(meanings.len());
        differing[at] = changed(&meanings[at], which);
        prop_assert_ne!(&differing, &meanings);
        let (one, other) = (one.document(&meanings), other.document(&differing));
        prop_assert!(!same_document(&one, &other), "{one}\n{other}");
    }

    /// Of any two documents, drawn apart from each other: the same if and only if they mean the same.
    #[test]
    fn two_documents_are_the_same_exactly_if_they_mean_the_same(a in meanings(), b in meanings(), mut one in forms(), mut other in forms()) {
        prop_assert_eq!(same_document(&one.document(std::slice::from_ref(&a)), &other.document(std::slice::from_ref(&b))), a == b);
    }

    #[test]
    fn one_statement_more_or_less_is_noticed(meanings in prop::collection::vec(meanings(), 2..4), mut one in forms(), mut other in forms()) {
        prop_assert!(!same_document(&one.document(&meanings), &other.document(&meanings[1..])));
    }
}

/// What IAM made of our own documents: lists of one as their entry, lists in another order.
#[test]
fn our_documents_are_recognised_as_iam_gives_them_back() {
    fn as_iam(value: Value) -> Value {
        match value {
            Value::Array(items) if items.len() == 1 && items[0].is_string() => items[0].clone(),
            Value::Array(items) => {
                let strings = items.iter().all(Value::is_string);
                let items = items.into_iter().map(as_iam);
                Value::Array(if strings { items.rev().collect() } else { items.collect() })
            }
            Value::Object(found) => {
                Value::Object(found.into_iter().map(|(name, value)| (name, as_iam(value))).collect())
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
        }
    }
    let one_action = request("orders-db-debug", |facts| facts.permissions = vec!["dynamodb:GetItem".to_owned()]);
    let role = request("prod-admin", |_| {});
    let crowd = request("prod-admin", |facts| {
        let arn = |n| format!("arn:aws:iam::111111111111:user/somebody-{n}").parse().unwrap();
        facts.mechanism = Mechanism::Role { principals: (0..3).map(arn).collect(), mfa: true };
    });
    let documents = [
        grant_document(&one_action, window()).unwrap(),
        grant_document(&role, window()).unwrap(),
        trust_policy(&role, window()).unwrap(),
        trust_policy(&crowd, window()).unwrap(),
        kill_policy(&one_action),
        tombstone_policy(),
    ];
    for text in &documents {
        let returned = as_iam(serde_json::from_str(text).unwrap()).to_string();
        assert!(same_document(text, &returned), "{text}\n{returned}");
    }
    for (at, one) in documents.iter().enumerate() {
        for other in &documents[at + 1..] {
            assert!(!same_document(one, other), "{one}\n{other}");
        }
    }
}

#[test]
fn only_where_iam_reads_a_set() {
    assert!(same_document(r#"{"a":1,"b":[1,2]}"#, r#"{ "b": [1, 2], "a": 1 }"#));
    assert!(!same_document(r#"{"a":1}"#, r#"{"a":2}"#));
    assert!(!same_document("nonsense", "nonsense"), "what can't be read is never the same");
    let statement = |action: Value| json!({"Statement": [{"Effect": "Allow", "Action": action}]}).to_string();
    assert!(!same_document(&statement(json!([])), &statement(json!("*"))));
    assert!(!same_document(&statement(json!(["a:b"])), &statement(json!([["a:b"]]))));
    assert!(!same_document(&statement(json!(["1"])), &statement(json!([1]))));
    assert!(!same_document(&statement(json!(["a:b", "a:c"])), &statement(json!(["a:b"]))));
    assert!(!same_document(r#"{"Version":"2012-10-17"}"#, r#"{"Version":["2012-10-17"]}"#));
}
