//! What approvers see is what is granted: the digest covers every fact, for ever in the same way.

use crate::digest::Digest;
use crate::identity::Identity;
use crate::names::PrincipalArn;
use crate::notices::{Notices, Reminder};
use crate::request::{Judged, Mechanism, Quorum, Request, RequestFacts};
use crate::risk::{Risk, RiskCode, RiskLevel, RiskReason};
use crate::samples::{noon, request_id, text, words};
use crate::words::{Salt, Words};
use serde_json::Value;
use std::collections::BTreeSet;

/// Facts that depend on no file and no rule, so that their digest never changes.
fn facts() -> RequestFacts {
    RequestFacts {
        id: request_id(),
        requester: "alice".parse().unwrap(),
        identity: Identity::Slack { user: "T0COUNTER1/U0ALICE01".parse().unwrap() },
        entitlement: "orders".parse().unwrap(),
        account: "111111111111".parse().unwrap(),
        environment: "prod".to_owned(),
        mechanism: Mechanism::Role { principals: vec![arn("user/alice")], mfa: true },
        permissions: vec!["dynamodb:GetItem".to_owned(), "dynamodb:Query".to_owned()],
        resources: vec!["arn:aws:dynamodb:us-east-1:111111111111:table/orders".to_owned()],
        may_outlive: vec!["ssm:StartSession".to_owned()],
        source_ips: vec!["203.0.113.0/24".to_owned()],
        mfa_at_door: false,
        duration_seconds: 1_800,
        justification: words("orders are stuck"),
        ticket: Some("INC-7".parse().unwrap()),
        channel: Some("C0APPROVALS".parse().unwrap()),
        submitted_at: noon(),
        approval_window_seconds: 3_600,
        risk: Risk {
            level: RiskLevel::Medium,
            reasons: vec![RiskReason {
                code: RiskCode::WriteAccess,
                level: RiskLevel::Medium,
                sentence: "writes".to_owned(),
            }],
        },
        judged: Judged { entitlement: Digest::of(b"entitlement"), policy: Digest::of(b"policy") },
        quorum: Quorum { needed: 1, groups: vec!["approvers".parse().unwrap()] },
        notices: Notices::default(),
        extends: None,
    }
}

fn arn(name: &str) -> PrincipalArn {
    format!("arn:aws:iam::111111111111:{name}").parse().unwrap()
}

type Change = (&'static str, fn(&mut RequestFacts));

/// One change of each fact; some facts can change in more than one way.
fn changes() -> Vec<Change> {
    vec![
        ("extends", |f| f.extends = Some(request_id())),
        ("extends another", |f| f.extends = Some("req_0198c0ffee00700080000000deadbeee".parse().unwrap())),
        ("id", |f| f.id = "req_0198c0ffee00700080000000deadbeee".parse().unwrap()),
        ("requester", |f| f.requester = "alicia".parse().unwrap()),
        ("identity user", |f| f.identity = Identity::Slack { user: "T0COUNTER1/U0ALICE02".parse().unwrap() }),
        ("identity door", |f| f.identity = Identity::Api { principal: "T0COUNTER1/U0ALICE01".to_owned() }),
        ("entitlement", |f| f.entitlement = "order".parse().unwrap()),
        ("account", |f| f.account = "111111111112".parse().unwrap()),
        ("environment", |f| f.environment = "dev".to_owned()),
        ("principals", |f| f.mechanism = Mechanism::Role { principals: vec![arn("user/bob")], mfa: true }),
        ("one more principal", |f| {
            f.mechanism = Mechanism::Role { principals: vec![arn("user/alice"), arn("user/bob")], mfa: true }
        }),
        ("mfa", |f| f.mechanism = Mechanism::Role { principals: vec![arn("user/alice")], mfa: false }),
        ("session", |f| f.mechanism = Mechanism::Session { base_role: arn("role/base") }),
        ("another base role", |f| f.mechanism = Mechanism::Session { base_role: arn("role/other") }),
        ("policy", |f| f.mechanism = Mechanism::Policy { target_role: arn("role/base") }),
        ("first permission", |f| f.permissions[0].push('s')),
        ("second permission", |f| f.permissions[1].push('s')),
        ("order of permissions", |f| f.permissions.reverse()),
        ("permission moved to resources", |f| {
            let moved = f.permissions.pop().unwrap();
            f.resources.insert(0, moved);
        }),
        ("two permissions as one", |f| f.permissions = vec![f.permissions.concat()]),
        ("resources", |f| f.resources[0].push('s')),
        ("may outlive", |f| f.may_outlive[0] = "sso:*".to_owned()),
        ("outlives nothing", |f| f.may_outlive.clear()),
        ("source address", |f| f.source_ips[0] = "203.0.113.0/25".to_owned()),
        ("any address", |f| f.source_ips.clear()),
        ("mfa at the door", |f| f.mfa_at_door = true),
        ("duration", |f| f.duration_seconds += 1),
        ("justification", |f| f.justification = words("orders are stuck.")),
        ("salt", |f| f.justification = Words::new(text("orders are stuck"), Salt::new([8; 16]))),
        ("ticket", |f| f.ticket = Some("INC-8".parse().unwrap())),
        ("no ticket", |f| f.ticket = None),
        ("channel", |f| f.channel = Some("C0APPROVALX".parse().unwrap())),
        ("no channel", |f| f.channel = None),
        ("time", |f| f.submitted_at = noon().plus(1)),
        ("approval window", |f| f.approval_window_seconds += 1),
        ("risk", |f| f.risk.level = RiskLevel::Low),
        ("risk reason's code", |f| f.risk.reasons[0].code = RiskCode::ReadAccess),
        ("risk reason's level", |f| f.risk.reasons[0].level = RiskLevel::High),
        ("risk reason's sentence", |f| f.risk.reasons[0].sentence = "reads".to_owned()),
        ("no risk reason", |f| f.risk.reasons.clear()),
        ("judged entitlement", |f| f.judged.entitlement = Digest::of(b"other")),
        ("judged policy", |f| f.judged.policy = Digest::of(b"other")),
        ("quorum", |f| f.quorum.needed = 0),
        ("quorum group", |f| f.quorum.groups = vec!["engineers".parse().unwrap()]),
        ("one more group", |f| f.quorum.groups.push("engineers".parse().unwrap())),
        ("asked directly", |f| f.notices.directly = true),
        ("warning", |f| f.notices.warn_before_seconds = 300),
        ("reminder", |f| f.notices.reminders.push(reminder(60, &[], None))),
        ("a later reminder", |f| f.notices.reminders.push(reminder(61, &[], None))),
        ("two reminders", |f| f.notices.reminders = vec![reminder(60, &[], None), reminder(60, &[], None)]),
        ("a reminder's group", |f| f.notices.reminders.push(reminder(60, &["leads"], None))),
        ("another group", |f| f.notices.reminders.push(reminder(60, &["heads"], None))),
        ("a reminder's channel", |f| f.notices.reminders.push(reminder(60, &[], Some("C0LEADS")))),
    ]
}

fn reminder(after_seconds: u64, groups: &[&str], channel: Option<&str>) -> Reminder {
    Reminder {
        after_seconds,
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
        channel: channel.map(|channel| channel.parse().unwrap()),
    }
}

fn changed(change: fn(&mut RequestFacts)) -> RequestFacts {
    let mut facts = facts();
    change(&mut facts);
    facts
}

/// The places in a JSON value that hold something, as `/a/b/0`.
fn leaves(value: &Value, place: &str, found: &mut Vec<(String, Value)>) {
    if let Some(fields) = value.as_object() {
        fields.iter().for_each(|(name, value)| leaves(value, &format!("{place}/{name}"), found));
    } else if let Some(items) = value.as_array() {
        items.iter().enumerate().for_each(|(n, value)| leaves(value, &format!("{place}/{n}"), found));
    } else {
        found.push((place.to_owned(), value.clone()));
    }
}

fn leaves_of(facts: &RequestFacts) -> BTreeSet<(String, String)> {
    let mut found = Vec::new();
    leaves(&serde_json::to_value(facts).unwrap(), "", &mut found);
    found.into_iter().map(|(place, value)| (place, value.to_string())).collect()
}

/// The stored requests of an older release have to load: a change here is a new encoding, beside this one.
#[test]
fn the_digest_of_the_same_facts_is_the_same_for_ever() {
    insta::assert_snapshot!(Request::new(facts()).digest().to_string());
}

#[test]
fn any_change_changes_the_digest() {
    let mut digests: BTreeSet<Digest> =
        changes().into_iter().map(|(_, change)| Request::new(changed(change)).digest()).collect();
    digests.insert(Request::new(facts()).digest());
    assert_eq!(digests.len(), changes().len() + 1);
}

/// The list of changes above leaves no fact out.
#[test]
fn every_fact_is_among_the_changes() {
    let all = leaves_of(&facts());
    let mut untouched = all.clone();
    for (_, change) in changes() {
        let after = leaves_of(&changed(change));
        untouched.retain(|leaf| after.contains(leaf));
    }
    assert_eq!(untouched, BTreeSet::new());
}

#[test]
fn a_request_that_was_changed_where_it_is_stored_does_not_load() {
    let request = Request::new(facts());
    let stored = serde_json::to_value(&request).unwrap();
    assert_eq!(serde_json::from_value::<Request>(stored.clone()).unwrap(), request);
    for (name, change) in changes() {
        let mut edited = serde_json::to_value(changed(change)).unwrap();
        edited["digest"] = stored["digest"].clone();
        let error = serde_json::from_value::<Request>(edited).unwrap_err().to_string();
        assert!(error.contains("does not match its digest"), "{name}: {error}");
    }
    let mut edited = stored;
    edited["digest"] = Value::from(Digest::of(b"other").to_string());
    assert!(serde_json::from_value::<Request>(edited).is_err());
}

#[test]
fn a_request_whose_words_were_erased_loads_and_is_the_same() {
    let request = Request::new(facts());
    let mut erased = serde_json::to_value(&request).unwrap();
    erased["justification"] = serde_json::json!({"hash": request.justification.hash()});
    let left: Request = serde_json::from_value(erased.clone()).unwrap();
    assert_eq!((left.digest(), left.justification.said()), (request.digest(), None));
    assert_eq!(serde_json::to_value(&left).unwrap(), erased);
    erased["justification"] = serde_json::json!({"hash": words("orders are stuck.").hash()});
    assert!(serde_json::from_value::<Request>(erased).is_err(), "the hash of other words");
}

/// A state whose request was changed does not load either, whatever holds it.
#[test]
fn nor_does_what_holds_it() {
    let request = Request::new(facts());
    let decision = crate::policy::Decision::NeedsApprovals { rules: Vec::new() };
    let transition = crate::lifecycle::submit(request, &decision, noon());
    let state = serde_json::to_string(&transition.next).unwrap();
    let event = serde_json::to_string(transition.events.first().unwrap()).unwrap();
    for whole in [&state, &event] {
        assert_eq!(whole.matches("\"durationSeconds\":1800").count(), 1);
    }
    let longer = |whole: &str| whole.replace("\"durationSeconds\":1800", "\"durationSeconds\":9000");
    assert!(serde_json::from_str::<crate::lifecycle::State>(&state).is_ok());
    assert!(serde_json::from_str::<crate::lifecycle::State>(&longer(&state)).is_err());
    assert!(serde_json::from_str::<crate::event::Event>(&event).is_ok());
    assert!(serde_json::from_str::<crate::event::Event>(&longer(&event)).is_err());
}
