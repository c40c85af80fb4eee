//! What is proposed is granted already, and everything on record would still have been allowed; what could not have been
//! seen stays.

use super::*;
use crate::summary::ActionSeen;
use model::actions::{pattern_covers, pattern_matches, resource_covers};
use proptest::prelude::*;

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn at(seconds: i64) -> Time {
    Time::from_second(1_795_201_200_i64.saturating_add(seconds)).unwrap()
}

fn id(number: u8) -> RequestId {
    format!("req_{number:032x}").parse().unwrap()
}

fn seen(times: u64, denied: u64) -> Seen {
    Seen { times, denied, failed: 0, first: at(0), last: at(60) }
}

/// What a grant did: actions (a service alone: calls whose action is not known) and resources, each once.
fn summary(actions: &[&str], resources: &[&str]) -> Summary {
    let action = |text: &&str| {
        let action = text.contains(':').then(|| (*text).to_owned());
        let called = if action.is_some() { (*text).to_owned() } else { format!("{text}:Something") };
        (called, ActionSeen { seen: seen(1, 0), action, read_only: true })
    };
    Summary {
        actions: actions.iter().map(action).collect(),
        resources: resources.iter().map(|text| ((*text).to_owned(), seen(1, 0))).collect(),
        ..Summary::default()
    }
}

fn recorded(data: &[&str]) -> Recorded {
    Recorded { complete: true, data: texts(data).into_iter().collect() }
}

fn used(actions: &[&str], resources: &[&str], data: &[&str]) -> Use {
    Use::of(id(1), &summary(actions, resources), recorded(data))
}

/// What becomes of each pattern, in a word.
fn told(lines: &[Line]) -> Vec<String> {
    let word = |line: &Line| match &line.outcome {
        Outcome::Kept { because } => because.as_str().to_owned(),
        Outcome::Narrowed { to, .. } => to.join(" "),
        Outcome::Removed {} => "removed".to_owned(),
    };
    lines.iter().map(word).collect()
}

#[track_caller]
fn permissions(granted: &[&str], uses: &[Use], expected: &[&str]) {
    let proposal = propose(&Granted { permissions: &texts(granted), resources: &texts(&["*"]) }, uses);
    assert_eq!(told(&proposal.permissions), expected);
}

#[track_caller]
fn resources(actions: &[&str], granted: &[&str], uses: &[Use], expected: &[&str]) {
    let proposal = propose(&Granted { permissions: &texts(actions), resources: &texts(granted) }, uses);
    assert_eq!(told(&proposal.resources), expected);
}

#[test]
fn what_was_never_used_goes_if_its_use_would_have_been_seen() {
    let granted = ["kms:Decrypt", "kms:Encrypt", "s3:GetObject", "iam:PassRole", "x:Unheard"];
    let uses = |data: &[&str]| [used(&["kms:Decrypt"], &[], data)];
    permissions(&granted, &uses(&[]), &["used", "removed", "not_visible", "not_visible", "unknown_action"]);
    permissions(&granted, &uses(&["s3"]), &["used", "removed", "removed", "not_visible", "unknown_action"]);
    // In every grant: one that was not watched may have used it.
    let one = [used(&["kms:Decrypt"], &[], &["s3"]), used(&[], &[], &[])];
    permissions(&granted, &one, &["used", "removed", "not_visible", "not_visible", "unknown_action"]);
}

#[test]
fn gaps_and_unknown_calls_prove_nothing() {
    let granted = ["kms:Decrypt", "kms:Encrypt", "kms:List*", "ec2:RunInstances"];
    let gap = Use::of(id(1), &summary(&["kms:Decrypt"], &[]), Recorded::default());
    permissions(&granted, &[gap], &["used", "incomplete", "incomplete", "incomplete"]);
    let full = Summary { uncounted: 1, ..summary(&["kms:Decrypt"], &[]) };
    let full = Use::of(id(1), &full, recorded(&[]));
    permissions(&granted, &[full], &["used", "incomplete", "incomplete", "incomplete"]);
    let unknown = used(&["kms:Decrypt", "kms"], &[], &[]);
    permissions(&granted, &[unknown], &["used", "unknown_calls", "unknown_calls", "removed"]);
}

#[test]
fn a_wildcard_becomes_what_was_used_of_it() {
    let uses = [used(&["s3:GetObject"], &[], &["s3"]), used(&["s3:GetBucketLocation", "s3:GetObject"], &[], &["s3"])];
    permissions(&["s3:Get*", "s3:Put*"], &uses, &["s3:GetBucketLocation s3:GetObject s3:GetObjectVersion", "removed"]);
    // What could not have been seen stays beside it.
    let uses = [used(&["s3:ListAllMyBuckets"], &[], &[])];
    let hidden = "s3:ListAllMyBuckets s3:ListBucket s3:ListBucketMultipartUploads s3:ListBucketVersions \
                  s3:ListMultipartUploadParts s3:ListObjectAnnotations s3:ListObjectVersionAnnotations";
    permissions(&["s3:List*", "s3:*Object"], &uses, &[hidden, "not_visible"]);
    permissions(&["secretsmanager:GetSecret*"], &[used(&["secretsmanager:GetSecretValue"], &[], &[])], &["used"]);
    let everything = [used(&["ec2:DescribeInstances"], &[], &[])];
    permissions(&["*"], &everything, &["too_many"]);
}

#[test]
fn refusals_are_no_use_and_failures_are() {
    let mut of = summary(&["kms:Decrypt", "kms:Encrypt", "kms:DescribeKey"], &[]);
    of.actions.get_mut("kms:Encrypt").unwrap().seen = seen(3, 3);
    of.actions.get_mut("kms:DescribeKey").unwrap().seen = Seen { failed: 1, ..seen(1, 0) };
    let uses = [Use::of(id(1), &of, recorded(&[]))];
    permissions(&["kms:Decrypt", "kms:Encrypt", "kms:DescribeKey"], &uses, &["used", "removed", "used"]);
}

#[test]
fn nothing_used_proposes_nothing() {
    for uses in [vec![], vec![used(&[], &[], &["*"]); 9]] {
        let granted = texts(&["kms:Decrypt", "ec2:*"]);
        let proposal = propose(&Granted { permissions: &granted, resources: &texts(&["*"]) }, &uses);
        assert!(proposal.unused && !proposal.changes(), "{proposal:?}");
        assert_eq!(proposal.diff("orders"), "");
    }
}

#[test]
fn resources_that_were_never_used_go() {
    let (a, b) = ("arn:aws:sqs:us-east-1:1:a", "arn:aws:sqs:us-east-1:1:b");
    let attributes = ["sqs:GetQueueAttributes"];
    resources(&attributes, &[a, b], &[used(&attributes, &[a], &[])], &["used", "removed"]);
    // Messages leave no record here.
    let both = ["sqs:GetQueueAttributes", "sqs:SendMessage"];
    resources(&both, &[a, b], &[used(&attributes, &[a], &[])], &["used", "not_visible"]);
    resources(&both, &[a, b], &[used(&attributes, &[a], &["sqs"])], &["used", "removed"]);
    // A record that doesn't say on what.
    resources(&attributes, &[a, b], &[used(&attributes, &[], &[])], &["not_visible", "not_visible"]);
    resources(&attributes, &[a, b], &[used(&["sqs:GetQueueAttributes", "sqs"], &[a], &[])], &["used", "unknown_calls"]);
    let gap = Use::of(id(1), &summary(&attributes, &[a]), Recorded::default());
    resources(&attributes, &[a, b], &[gap], &["used", "incomplete"]);
    // Another service's.
    let key = "arn:aws:kms:us-east-1:1:key/k";
    resources(
        &["sqs:GetQueueAttributes", "kms:Decrypt"],
        &[a, key],
        &[used(&attributes, &[a], &[])],
        &["used", "removed"],
    );
    resources(
        &attributes,
        &["arn:aws:sqs:us-east-1:1:${aws:username}", a],
        &[used(&attributes, &[a], &[])],
        &["variable", "used"],
    );
}

#[test]
fn a_wide_resource_becomes_the_containers_used() {
    let objects = ["arn:aws:s3:::a/1", "arn:aws:s3:::a/2", "arn:aws:s3:::a", "arn:aws:s3:::b/x/y"];
    let get = ["s3:GetObject"];
    let uses = |data: &[&str]| [used(&get, &objects, data)];
    let inside = "arn:aws:s3:::a arn:aws:s3:::a/* arn:aws:s3:::b/*";
    // `s3:GetObjectVersion` isn't granted, so nothing hides.
    resources(&get, &["arn:aws:s3:::*"], &uses(&["s3"]), &[inside]);
    resources(&get, &["*"], &uses(&["s3"]), &[inside]);
    resources(&get, &["arn:aws:s3:::*/*"], &uses(&["s3"]), &["arn:aws:s3:::a/* arn:aws:s3:::b/*"]);
    resources(&get, &["arn:aws:s3:::a/*", "arn:aws:s3:::b/x/*"], &uses(&["s3"]), &["used", "used"]);
    resources(&get, &["arn:aws:s3:::*"], &uses(&[]), &["not_visible"]);
    let buckets = [used(&["s3:ListAllMyBuckets", "s3:GetObject"], &objects, &["s3"])];
    resources(&["s3:ListAllMyBuckets", "s3:GetObject"], &["arn:aws:s3:::*"], &buckets, &["not_visible"]);
    // What lists takes no resource but `*`.
    let listing = [used(&["ec2:DescribeInstances", "s3:GetObject"], &objects, &["s3"])];
    resources(&["ec2:DescribeInstances", "s3:GetObject"], &["*"], &listing, &["not_visible"]);
    let many: Vec<String> = (0..11).map(|number| format!("arn:aws:s3:::bucket-{number}/1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    resources(&get, &["arn:aws:s3:::*"], &[used(&get, &many, &["s3"])], &["too_many"]);
}

#[test]
fn the_evidence_and_the_diff() {
    let uses: Vec<Use> = (0..5)
        .map(|number| {
            let keys: &[&str] = if number == 0 { &[] } else { &["kms:Decrypt"] };
            let key = "arn:aws:kms:us-east-1:111111111111:key/k";
            Use::of(
                id(number),
                &summary(&[keys, &["s3:GetBucketLocation"]].concat(), &[key, "arn:aws:s3:::a"]),
                recorded(&["s3"]),
            )
        })
        .collect();
    let granted = texts(&["kms:Decrypt", "kms:Encrypt", "s3:*Bucket*"]);
    let on = texts(&["arn:aws:kms:us-east-1:111111111111:key/k", "arn:aws:s3:::*"]);
    let propose = |uses: &[Use]| propose(&Granted { permissions: &granted, resources: &on }, uses);
    let proposal = propose(&uses);
    assert!(proposal.confident && !propose(&uses[1..]).confident);
    let first = &proposal.permissions[0];
    assert_eq!((first.used_by, first.times, first.last), (4, 4, Some(at(60))));
    insta::assert_snapshot!(proposal.diff("orders-debug"), @r"
    --- orders-debug
    +++ orders-debug
    @@ -1,8 +1,7 @@
       orders-debug:
         permissions:
           - kms:Decrypt
    -      - kms:Encrypt
    -      - s3:*Bucket*
    +      - s3:GetBucketLocation
         resources:
           - arn:aws:kms:us-east-1:111111111111:key/k
    -      - arn:aws:s3:::*
    +      - arn:aws:s3:::a
    ");
    let stored = serde_json::to_value(&proposal).unwrap();
    assert_eq!(serde_json::from_value::<Proposal>(stored.clone()).unwrap(), proposal);
    assert_eq!(stored["permissions"][1]["outcome"], serde_json::json!({"kind": "removed"}));
    assert_eq!(stored["permissions"][0]["outcome"], serde_json::json!({"kind": "kept", "because": "used"}));
}

#[test]
fn a_diff_is_yaml_still() {
    let granted = texts(&["kms:*", "ec2:RunInstances"]);
    let on = texts(&["*", "arn:aws:s3:::a b/*"]);
    let proposal = propose(&Granted { permissions: &granted, resources: &on }, &[used(&["kms:Decrypt"], &[], &["*"])]);
    let diff = proposal.diff("on");
    let new: Vec<&str> = diff.lines().skip(3).filter_map(|line| line.strip_prefix(['+', ' '])).collect();
    let new = new.join("\n");
    assert!(new.starts_with("  \"on\":\n    permissions:\n      - kms:Decrypt\n"), "{new}");
    assert!(new.contains("      - \"*\""), "{new}");
}

fn any_action() -> impl Strategy<Value = String> {
    let known: Vec<String> = ["s3", "sqs", "iam", "dynamodb", "kms"]
        .iter()
        .flat_map(|service| {
            model::actions::matching(&format!("{service}:*"))
                .map(|(of, name, _)| format!("{of}:{name}"))
                .collect::<Vec<_>>()
        })
        .collect();
    prop::sample::select(known)
}

/// Patterns that name some of the actions.
fn any_pattern() -> impl Strategy<Value = String> {
    (any_action(), 0_usize..9).prop_map(|(action, cut)| {
        let (service, name) = action.split_once(':').unwrap();
        let beginning = |letters: usize| name.chars().take(letters).collect::<String>();
        match cut {
            0 => action.clone(),
            1 => "*".to_owned(),
            2 => format!("{service}:*{}", name.chars().skip(4).collect::<String>()),
            3 => format!("{service}:?{}*", beginning(3).chars().skip(1).collect::<String>()),
            4 => action.to_ascii_uppercase(),
            letters => format!("{service}:{}*", beginning(letters.saturating_sub(4))),
        }
    })
}

fn any_resource() -> impl Strategy<Value = String> {
    prop_oneof![
        "arn:aws:s3:::[ab][ab*?$]{0,2}(/[ab]{0,2}){0,2}",
        "arn:aws:sqs:(eu|us):1:[ab]{1,2}",
        "arn:aws:dynamodb:eu:1:table/[ab](/index/[ab])?",
        "arn:aws:kms:eu:1:key/[ab]",
    ]
}

fn any_resource_pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        "arn:aws:s3:::[ab*?]{1,2}(/[ab*]{0,2})?",
        "arn:aws:(sqs|\\*):(eu|\\*):1:[ab*]{1,2}",
        "arn:aws:dynamodb:eu:1:table/[ab*]{1,2}(/\\*)?",
        "arn:aws:kms:eu:1:key/[ab*]",
        "arn:aws:s3:::\\$\\{aws:username\\}/[ab*]",
    ]
}

fn any_use() -> impl Strategy<Value = Use> {
    let times = || (1_u64..4, 0_u64..2).prop_map(|(times, denied)| seen(times, denied));
    let actions = prop::collection::btree_map(any_action(), times(), 0..8);
    let on = prop::collection::btree_map(any_resource(), times(), 0..8);
    let data = prop::sample::subsequence(vec!["s3", "sqs", "dynamodb", "*"], 0..=3);
    (actions, on, data, prop::bool::weighted(0.9), prop::bool::weighted(0.1)).prop_map(
        |(actions, on, data, complete, odd)| {
            let mut summary = summary(if odd { &["kms"] } else { &[] }, &[]);
            let by_name = |(action, seen): (String, Seen)| {
                (action.clone(), ActionSeen { seen, action: Some(action), read_only: true })
            };
            summary.actions.extend(actions.into_iter().map(by_name));
            summary.resources = on;
            Use::of(id(1), &summary, Recorded { complete, ..recorded(&data) })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn narrower_and_still_enough(
        granted in prop::collection::vec(any_pattern(), 1..6),
        on in prop::collection::vec(any_resource_pattern(), 1..6),
        uses in prop::collection::vec(any_use(), 0..4),
    ) {
        let proposal = propose(&Granted { permissions: &granted, resources: &on }, &uses);
        let (permissions, resources) = (proposal.proposed_permissions(), proposal.proposed_resources());
        prop_assert!(!permissions.is_empty() && !resources.is_empty());
        prop_assert!(permissions.len() <= MOST_PATTERNS && resources.len() <= MOST_PATTERNS);
        for proposed in &permissions {
            prop_assert!(granted.iter().any(|own| pattern_covers(own, proposed)), "{proposed}");
            prop_assert!(model::scope::check_action(proposed).is_ok(), "{proposed}");
        }
        for proposed in &resources {
            prop_assert!(on.contains(proposed) || on.iter().any(|own| resource_covers(own, proposed)), "{proposed}");
            prop_assert!(model::scope::check_resource(proposed).is_ok(), "{proposed}");
        }
        for one in &uses {
            for action in one.actions.keys().filter(|action| granted.iter().any(|own| pattern_matches(own, action))) {
                prop_assert!(permissions.iter().any(|own| pattern_matches(own, action)), "{action}");
            }
            for resource in one.resources.keys().filter(|resource| on.iter().any(|own| resource_covers(own, resource))) {
                prop_assert!(resources.iter().any(|own| resource_covers(own, resource)), "{resource}");
            }
        }
    }

    /// One grant more, or one that was seen less of, never takes away what was kept for what was not seen.
    #[test]
    fn what_was_not_watched_is_not_taken(granted in prop::collection::vec(any_pattern(), 1..6), uses in prop::collection::vec(any_use(), 1..4)) {
        let on = texts(&["*"]);
        let blind: Vec<Use> = uses.iter().map(|one| Use { recorded: Recorded::default(), ..one.clone() }).collect();
        let proposal = propose(&Granted { permissions: &granted, resources: &on }, &blind);
        prop_assert!(!proposal.changes(), "{proposal:?}");
    }
}
