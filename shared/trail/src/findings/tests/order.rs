//! However records come, the same is found in the end.

use super::*;
use proptest::prelude::*;

/// Calls of every kind that a rule looks at, few enough for all findings to have a place.
fn any_entry() -> impl Strategy<Value = Entry> {
    let action = prop::sample::select(vec![
        "s3:GetObject",
        "s3:PutBucketPolicy",
        "ec2:RunInstances",
        "iam:CreateAccessKey",
        "dynamodb:DeleteItem",
        "sts:GetCallerIdentity",
    ]);
    let address = prop::sample::select(vec!["203.0.113.7", "198.51.100.1", "2001:db8::1", "s3.amazonaws.com"]);
    let error = prop::sample::select(vec![None, None, Some("AccessDenied"), Some("NoSuchKey")]);
    (-30_i64..3_700, action, address, error, 0..30_u8, any::<[bool; 3]>()).prop_map(
        |(seconds, action, address, error, number, [chained, console, read_only])| {
            with(calling(seconds, action), |entry| {
                entry.call.id = format!("{seconds}-{action}-{address}-{number}");
                address.clone_into(&mut entry.call.address);
                entry.call.error = error.map(str::to_owned);
                entry.call.resources = vec![format!("arn:aws:s3:::other-{}", number % 2)];
                entry.call.read_only = read_only;
                entry.call.caller.console = console;
                entry.chained = chained && number == 0;
            })
        },
    )
}

fn keys(findings: &[Finding]) -> BTreeSet<(String, String, Severity)> {
    findings.iter().map(|found| (found.rule.clone(), found.subject.clone(), found.severity)).collect()
}

/// What is found when they come in these pieces.
fn in_pieces(judged: &Judged, pieces: &[&[Entry]]) -> (BTreeSet<(String, String, Severity)>, Tallies) {
    let mut summary = Summary::default();
    let mut told = BTreeMap::new();
    for piece in pieces {
        for finding in judged.arrive(&mut summary, piece) {
            let before = told.insert((finding.rule, finding.subject), finding.severity);
            assert!(before.is_none_or(|before| before < finding.severity), "told again");
        }
    }
    (keys(&summary.findings), summary.tallies)
}

proptest! {
    #[test]
    fn in_any_order_and_any_pieces(
        (entries, shuffled) in prop::collection::vec(any_entry(), 0..120)
            .prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle())),
        size in 1_usize..60,
    ) {
        let mut judged = Judged::usual();
        judged.grant.source_ips = texts(&["198.51.100.0/24"]);
        judged.services = Some(set(&["s3", "dynamodb"]));
        judged.addresses = Some(set(&["203.0.113.7"]));
        let at_once = in_pieces(&judged, &[&entries]);
        prop_assert!(!at_once.0.iter().any(|(rule, ..)| rule == MORE), "{:?}", at_once.0);
        let pieces: Vec<&[Entry]> = shuffled.chunks(size).collect();
        prop_assert_eq!(in_pieces(&judged, &pieces), at_once);
    }
}

#[test]
fn what_is_counted_crosses_arrivals() {
    let judged = Judged::usual();
    let reads = many(500, entry);
    let (first, second) = reads.split_at(250);
    assert_eq!(in_pieces(&judged, &[second, first]).0, in_pieces(&judged, &[&reads]).0);
    assert_eq!(in_pieces(&judged, &[second, first]).0.len(), 1);
}

/// However many addresses and secrets, the same are remembered.
#[test]
fn what_has_no_room_does_not_depend_on_the_order() {
    let mut calls = many(150, |i| {
        with(calling(i, "ssm:GetParameter"), |entry| {
            entry.call.address = format!("203.0.113.{}", i % 120);
            entry.call.resources = vec![format!("arn:aws:ssm:us-east-1:111111111111:parameter/{i}")];
        })
    });
    let remembered = |calls: &[Entry]| {
        let mut tallies = Tallies::default();
        for entry in calls {
            tallies.add(entry);
        }
        tallies
    };
    let forwards = remembered(&calls);
    calls.reverse();
    assert_eq!(remembered(&calls), forwards);
    assert_eq!((forwards.addresses.len(), forwards.secrets.len()), (20, 64));
}

#[test]
fn a_better_record_takes_the_place_of_another() {
    let (known, better) = (denied(entry(1)), with(entry(1), |entry| entry.call.incomplete = true));
    let mut tallies = Tallies::default();
    tallies.add(&known);
    assert_eq!((tallies.denied, tallies.reads.len()), (1, 0));
    tallies.replace(&known, &better);
    assert_eq!((tallies.denied, tallies.reads.values().sum::<u64>()), (0, 1));
    tallies.replace(&better, &known);
    assert_eq!((tallies.denied, tallies.reads.len()), (1, 0));
}

#[test]
fn what_is_remembered_survives_storage() {
    let mut tallies = Tallies::default();
    for entry in many(40, |i| denied(entry(i * 400))).iter().chain(&many(9, |i| calling(i, "s3:DeleteObject"))) {
        tallies.add(entry);
    }
    let stored = serde_json::to_value(&tallies).unwrap();
    assert_eq!(serde_json::from_value::<Tallies>(stored).unwrap(), tallies);
    assert_eq!(serde_json::from_str::<Tallies>("{}").unwrap(), Tallies::default(), "of a summary from before");
}
