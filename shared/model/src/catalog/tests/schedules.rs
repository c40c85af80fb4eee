//! Who is on call.

use super::*;
use crate::catalog::Schedule;
use crate::time::Time;
use proptest::prelude::*;

/// [`GOOD`] with these schedules.
fn with(lines: &str) -> String {
    GOOD.replace("entitlements:\n", &format!("schedules:\n{lines}entitlements:\n"))
}

fn catalog(lines: &str) -> Catalog {
    Catalog::read("catalog.yaml", &with(lines)).unwrap()
}

#[track_caller]
fn mistake(lines: &str, expected: &str) {
    let said = Catalog::read("catalog.yaml", &with(lines)).map(drop).unwrap_err().to_string();
    assert_eq!(said, expected);
}

/// Who of alice and bob is on call at `at`.
fn on_call(catalog: &Catalog, at: &str) -> Vec<String> {
    let now: Time = at.parse().unwrap();
    catalog.members(&["on-call".parse().unwrap()], now).map(|person| person.id.to_string()).collect()
}

const ROTATION: &str = "  on-call:\n    rotation: {from: 2026-11-02T08:00:00Z, every: 7d, persons: [alice, bob]}\n";

/// Alice in the daytime of two days, bob from Friday evening until Monday morning.
const WEEKLY: &str = "  on-call:\n    weekly:\n      - {from: mon 08:00, to: mon 18:00, persons: [alice]}\n      - {from: tue 08:00, to: wed 00:00, persons: [alice]}\n      - {from: fri 18:00, to: mon 08:00, persons: [bob]}\n";

#[test]
fn turns_change_to_the_second_and_come_again() {
    let catalog = catalog(ROTATION);
    for (at, who) in [
        ("2026-11-02T07:59:59Z", None),
        ("2026-11-02T08:00:00Z", Some("alice")),
        ("2026-11-09T07:59:59Z", Some("alice")),
        ("2026-11-09T08:00:00Z", Some("bob")),
        ("2026-11-16T08:00:00Z", Some("alice")),
        ("2036-10-20T08:00:00Z", Some("alice")),
    ] {
        assert_eq!(on_call(&catalog, at).first().map(String::as_str), who, "{at}");
    }
}

#[test]
fn a_week_is_the_same_every_week_and_may_go_round_its_end() {
    let catalog = catalog(WEEKLY);
    // 2026-11-16 is a Monday.
    for (at, who) in [
        ("2026-11-16T07:59:59Z", "bob"),
        ("2026-11-16T08:00:00Z", "alice"),
        ("2026-11-16T18:00:00Z", ""),
        ("2026-11-17T23:59:59Z", "alice"),
        ("2026-11-18T00:00:00Z", ""),
        ("2026-11-20T18:00:00Z", "bob"),
        ("2026-11-22T12:00:00Z", "bob"),
    ] {
        assert_eq!(on_call(&catalog, at).join(","), who, "{at}");
    }
}

#[test]
fn what_is_most_likely_not_meant_is_said() {
    let gaps = "schedule `on-call`: nobody is on call from mon 18:00 to tue 08:00, from wed 00:00 to fri 18:00";
    assert_eq!(catalog(WEEKLY).warnings(), [gaps]);
    assert_eq!(catalog(ROTATION).warnings(), [""; 0]);
    let alone = with(ROTATION).replace("approvers: [approvers]", "approvers: [on-call]");
    let said = Catalog::read("catalog.yaml", &alone).unwrap().warnings();
    assert_eq!(said, ["`orders`: only who is on call may countersign; when that is the requester, nobody else may"]);
    assert_eq!(Catalog::read("catalog.yaml", CATALOG).unwrap().warnings(), [""; 0]);
}

#[test]
fn mistakes_are_said_at_their_line() {
    let shift = |from: &str, to: &str, who: &str| {
        format!("  on-call:\n    weekly:\n      - {{from: {from}, to: {to}, persons: [{who}]}}\n")
    };
    mistake(&ROTATION.replace("bob]", "rob]"), "catalog.yaml:16: `rob` is not a person of this catalog");
    mistake(&shift("mon 08:00", "tue 08:00", "rob"), "catalog.yaml:17: `rob` is not a person of this catalog");
    mistake(&shift("mon 08:00", "tue 08:00", ""), "catalog.yaml:17: persons takes 1 to 100 entries");
    let form = "is not a time of the week: write day and UTC time, as `mon 08:00`";
    for wrong in ["monday 08:00", "mon 8:00", "mon 24:01", "mon 12:60", "mon", "mon -1:00"] {
        mistake(&shift(wrong, "tue 08:00", "bob"), &format!("catalog.yaml:17: `{wrong}` {form}"));
    }
    mistake(
        &shift("mon 08:00", "mon 08:00", "bob"),
        "catalog.yaml:17: the shift ends when it begins; who is there all week is a group",
    );
    mistake(
        &ROTATION.replace("2026-11-02T08:00:00Z", "next week"),
        "catalog.yaml:16: `next week` is not a time: write it in UTC, as 2026-11-02T08:00:00Z",
    );
    mistake(&ROTATION.replace("7d", "59m"), "catalog.yaml:16: `59m` must be from 1h to 90d");
    mistake("  on-call: {}\n", "catalog.yaml:15: a schedule takes either `rotation` or `weekly`");
    mistake("  on-call: {weekly: []}\n", "catalog.yaml:15: weekly takes 1 to 200 shifts");
    mistake(
        &ROTATION.replace("on-call", "approvers"),
        "catalog.yaml:15: `approvers` is a group already; a schedule has a name of its own",
    );
}

fn weeks() -> impl Strategy<Value = Vec<(u32, u32)>> {
    prop::collection::vec((0u32..10_080, 0u32..10_080).prop_filter("not empty", |(from, to)| from != to), 1..6)
}

proptest! {
    /// A gap is said exactly if at some minute of the week nobody is there.
    #[test]
    fn gaps_are_those_there_are(week in weeks()) {
        let day = |minute: u32| {
            let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            format!("{} {:02}:{:02}", days[(minute / 1_440) as usize], minute % 1_440 / 60, minute % 60)
        };
        let shift = |(from, to): &(u32, u32)| format!("      - {{from: {}, to: {}, persons: [bob]}}\n", day(*from), day(*to));
        let shifts = week.iter().map(shift).collect::<Vec<_>>().concat();
        let catalog = catalog(&format!("  on-call:\n    weekly:\n{shifts}"));
        let monday: Time = "2026-11-16T00:00:00Z".parse().unwrap();
        let bob = "bob".parse().unwrap();
        let schedule: &Schedule = catalog.schedules.values().next().unwrap();
        let there = |minute: u32| schedule.has(&bob, monday.plus(u64::from(minute) * 60));
        let begins: Vec<u32> = (0..10_080).filter(|minute| !there(*minute) && there(minute.saturating_add(10_079) % 10_080)).collect();
        let gaps = schedule.gaps();
        prop_assert_eq!(gaps.len(), begins.len());
        for (gap, begin) in gaps.iter().zip(begins) {
            let end = (0..10_080).map(|more| begin.saturating_add(more) % 10_080).find(|minute| there(*minute)).unwrap();
            prop_assert_eq!(gap, &format!("{} to {}", day(begin), day(end)));
        }
    }
}
