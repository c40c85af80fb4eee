use super::*;
use crate::source::Event;
use serde_json::{Value, json};

/// More than a large company grants in a year.
const GRANTS: u64 = 50_000;

/// One person is offboarded for so many grants.
const GRANTS_A_LEAVER: u64 = 100;

fn event(stream: &str, seq: u64, name: &str, data: Value) -> Event {
    let at = "2026-11-20T12:00:00Z".parse::<Moment>().unwrap().plus(seq);
    let (stream, name) = (stream.to_owned(), name.to_owned());
    Event { index: None, stream, seq, at, hash: String::new(), cause: Value::Null, name, data }
}

/// A request that was countersigned without being read, by who asked the first time, and under which something was done
/// that was not granted.
fn life(nth: u64) -> Vec<Event> {
    let stream = format!("req_{nth}");
    let requester = format!("person-{nth}");
    let approver = if nth == 0 { requester.clone() } else { "bob".to_owned() };
    let request = json!({"requester": requester, "digest": "d", "durationSeconds": 900, "quorum": {"needed": 1}});
    let window = json!({"startsAt": "2026-11-20T12:00:03Z", "expiresAt": "2026-11-20T12:15:03Z"});
    let finding = json!({"rule": "outside_actions", "severity": "high"});
    vec![
        event(&stream, 1, "requestSubmitted", json!({"request": request})),
        event(&stream, 2, "approvalGiven", json!({"person": approver, "digest": "d", "afterSeconds": HASTY - 1})),
        event(&stream, 3, "provisioningStarted", json!({"plan": {"window": window}})),
        event(&stream, 4, "activityFinding", json!({"finding": finding})),
    ]
}

/// Everybody who leaves did so before their grant was made; every other one was let back in before, too.
fn leaver(nth: u64) -> Vec<Event> {
    let person = format!("person-{nth}");
    let sweep = |nth: u64, seq: u64, name: &str| event(&format!("swp_{nth}"), seq, name, json!({"person": person}));
    let back = nth.is_multiple_of(2 * GRANTS_A_LEAVER).then(|| sweep(nth, 2, "personReinstated"));
    std::iter::once(sweep(nth, 1, "offboardingStarted")).chain(back).collect()
}

#[test]
fn each_row_is_looked_at_for_its_own_grant_alone_however_many_there_are() {
    let step = usize::try_from(GRANTS_A_LEAVER).unwrap();
    let events: Vec<Event> = (0..GRANTS).flat_map(life).chain((0..GRANTS).step_by(step).flat_map(leaver)).collect();
    let as_of = events.first().unwrap().at;
    let tables = Tables::of(&events, as_of);
    let broken = BTreeMap::new();
    let subject = Subject::new(&tables.grants, &tables, &broken, as_of);
    let rows = |looked: fn(&Subject<'_>, &GrantRow) -> usize| {
        tables.grants.iter().map(|grant| looked(&subject, grant)).sum::<usize>()
    };
    let all = usize::try_from(GRANTS).unwrap();
    assert_eq!(rows(|subject, grant| of(&subject.approvals, &grant.request).len()), all);
    assert_eq!(rows(|subject, grant| of(&subject.findings, &grant.request).len()), all);
    assert_eq!(rows(|subject, grant| of(&subject.offboardings, &grant.requester).len()), all / step);

    let tests = ["self_approval", "hasty_approval", "grave_finding", "after_offboarding", "missing_quorum"];
    let mut failed: BTreeMap<String, usize> = BTreeMap::new();
    for exception in subject.exceptions(&tests) {
        *failed.entry(exception.test).or_default() += 1;
    }
    let counts = [
        ("after_offboarding", all / step / 2),
        ("grave_finding", all),
        ("hasty_approval", all),
        ("missing_quorum", 1),
        ("self_approval", 1),
    ];
    assert_eq!(failed, counts.map(|(test, count)| (test.to_owned(), count)).into());
}
