use proptest::prelude::*;

use super::{
    AccessLevel, Line, TABLE, find, highest, is_any_service, is_whole_service, level, matching, pattern_covers,
    pattern_matches, resource_covers,
};

fn lines() -> Vec<Line> {
    TABLE.lines().filter_map(Line::parse).collect()
}

#[test]
fn services_are_sorted_unique_and_found() {
    let lines = lines();
    assert!(lines.len() > 400, "only {} services", lines.len());
    assert!(lines.is_sorted_by(|a, b| a.service < b.service));
    for line in lines {
        assert_eq!(
            find(line.service).and_then(Line::parse).map(|found| found.rest),
            Some(line.rest),
            "{}",
            line.service
        );
        assert_eq!(line.service, line.service.to_ascii_lowercase());
    }
    for absent in ["", "#", "# ", "0", "nosuch", "zzzz", "dynamod", "dynamodbb"] {
        assert_eq!(find(absent).and_then(Line::parse).map(|line| line.service), None, "{absent}");
    }
}

#[test]
fn actions_are_sorted_by_level_then_name_and_unique() {
    let mut count = 0_usize;
    for line in lines() {
        let groups: Vec<_> = line.groups().collect();
        assert_eq!(groups.len(), line.rest.split(' ').count(), "{}: a group is malformed", line.service);
        assert!(groups.is_sorted_by(|(a, _), (b, _)| a > b), "{}", line.service);
        let mut names: Vec<String> = Vec::new();
        for (_, group) in groups {
            let sorted: Vec<_> = group.split(',').map(str::to_ascii_lowercase).collect();
            assert!(sorted.is_sorted_by(|a, b| a < b), "{}", line.service);
            assert!(sorted.iter().all(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')));
            names.extend(sorted);
        }
        count = count.saturating_add(names.len());
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{} names an action twice", line.service);
    }
    assert!(count > 20_000, "only {count} actions");
}

#[test]
fn levels_are_those_of_the_reference() {
    let check = |action: &str, expected: Option<AccessLevel>| {
        assert_eq!(level(action), expected, "{action}");
    };
    check("logs:DescribeLogGroups", Some(AccessLevel::List));
    check("logs:FilterLogEvents", Some(AccessLevel::Read));
    check("LOGS:filterlogevents", Some(AccessLevel::Read));
    check("dynamodb:UpdateItem", Some(AccessLevel::Write));
    check("dynamodb:TagResource", Some(AccessLevel::Tagging));
    check("s3:PutBucketPolicy", Some(AccessLevel::PermissionsManagement));
    check("s3:Put*", None);
    check("s3", None);
    check("s3:", None);
    check("s3:GetObject:x", None);
    check("nosuch:GetObject", None);
    check("#:Source", None);
}

#[test]
fn patterns_name_what_iam_lets_them_name() {
    let check = |pattern: &str, expected: &[&str]| {
        let found: Vec<_> = matching(pattern).map(|(service, action, _)| format!("{service}:{action}")).collect();
        assert_eq!(found, expected, "{pattern}");
    };
    check("DynamoDB:getitem", &["dynamodb:GetItem"]);
    check("dynamodb:?etItem", &["dynamodb:GetItem"]);
    check(
        "dynamodb:*Item",
        &[
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:BatchGetItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:GetItem",
        ],
    );
    for nothing in [
        "",
        ":",
        "s3:",
        ":GetObject",
        "s3",
        "s3*",
        "s3:Get:Object",
        " s3:GetObject",
        "s3:GetObject ",
        "\u{455}3:GetObject",
    ] {
        check(nothing, &[]);
    }
    assert_eq!(matching("*").count(), matching("*:*").count());
    assert_eq!(matching("s3:*").count(), matching("*").filter(|(service, _, _)| *service == "s3").count());
}

#[test]
fn whole_and_any_service() {
    for whole in ["s3:*", "S3:**", "s3:?*", "nosuch:*", "s3:??*"] {
        assert!(is_whole_service(whole) && !is_any_service(whole), "{whole}");
    }
    for part in ["s3:Get*", "s3:GetObject", "rds-db:connect", "*", "nosuch:Get*", "x"] {
        assert!(!is_whole_service(part), "{part}");
    }
    for any in ["*", "*:*", "*:Get*", "s?:Get*"] {
        assert!(is_any_service(any), "{any}");
    }
}

#[test]
fn a_request_narrows_its_entitlement_or_not() {
    let check = |outer: &str, inner: &str, expected: bool| {
        assert_eq!(pattern_covers(outer, inner), expected, "{outer} over {inner}");
    };
    check("*", "s3:GetObject", true);
    check("*", "*", true);
    check("*:*", "*", true);
    check("s3:*", "s3:get*", true);
    check("s3:Get*", "s3:GetObject", true);
    check("S3:GET*", "s3:getobject", true);
    check("s3:Get*", "s3:G*", false);
    check("s3:GetObject", "s3:GetObject*", false);
    check("s3:GetObject?*", "s3:GetObject", false);
    check("s3:*", "*", false);
    check("s3:*", "s3*:GetObject", false);
    check("s3:*Object", "s3:Get*", false);
    check("s3:*", "s3", false);
    check("s3:*", "", false);
    check("", "", false);
    check("nosuch:*", "nosuch:Thing", true);
}

#[test]
fn resources_narrow_or_not() {
    let check = |outer: &str, inner: &str, expected: bool| {
        assert_eq!(resource_covers(outer, inner), expected, "{outer} over {inner}");
    };
    let table = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";
    check("*", table, true);
    check("*", "*", true);
    check(table, table, true);
    check(table, "*", false);
    check("arn:aws:dynamodb:*:111111111111:table/*", table, true);
    check("arn:aws:dynamodb:*:111111111111:table/*", "arn:aws:dynamodb:*:*:table/orders", false);
    check("arn:aws:dynamodb:us-east-1:111111111111:table/ord*", table, true);
    check("arn:aws:dynamodb:us-east-1:111111111111:table/ORD*", table, false);
    check("arn:aws:logs:*:*:log-group:/app/*", "arn:aws:logs:us-east-1:111111111111:log-group:/app/orders:*", true);
    check("arn:aws:logs:*:*:log-group:/app/*", "arn:aws:logs:us-east-1:111111111111:log-group:/ap*", false);
    // As whole texts these would cover; part by part they don't.
    check("arn:aws:*:*:*:x", "arn:aws:s3:::y:x", false);
    check("arn:aws:s3*:secret", "arn:aws:s3:::secret", false);
    check("arn:*", "arn:aws:s3:::secret", false);
    check("arn:aws:s3:::*", "arn:aws:s3", false);
    // A variable may become anything, but stays where it stands.
    check("arn:aws:s3:::home/*", "arn:aws:s3:::home/${aws:username}/x", true);
    check("arn:aws:s3:::home/bob/*", "arn:aws:s3:::home/${aws:username}/x", false);
    check("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/bob/x", false);
    check("arn:aws:s3:::${*}", "arn:aws:s3:::${x}", false);
    check("arn:aws:s3:::*{a}", "arn:aws:s3:::${a}", false);
    check("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/${aws:username}/*", true);
    check("arn:aws:s3:::home/bob", "arn:aws:s3:::home/${aws:username", false);
}

/// Texts near to real patterns: real names with letters replaced by wildcards or cut short.
fn pattern() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "s3:GetObject",
        "s3:PutBucketPolicy",
        "dynamodb:GetItem",
        "iam:PassRole",
        "sts:AssumeRole",
        "logs:StartQuery",
    ]);
    (names, prop::collection::vec((0_usize..24, prop::sample::select(vec!["*", "?", "", "e", ":"])), 0..4)).prop_map(
        |(name, edits)| {
            edits.into_iter().fold(name.to_owned(), |text, (place, with)| {
                text.chars()
                    .enumerate()
                    .map(|(i, c)| if i == place { with.to_owned() } else { c.to_string() })
                    .collect()
            })
        },
    )
}

proptest! {
    #[test]
    fn matching_agrees_with_pattern_matches_and_highest(pattern in pattern()) {
        let found: Vec<_> = matching(&pattern).collect();
        let by_hand: Vec<_> = matching("*")
            .filter(|(service, action, _)| pattern_matches(&pattern, &format!("{service}:{action}")))
            .collect();
        prop_assert_eq!(&found, &by_hand);
        prop_assert_eq!(highest(&pattern).map(|(_, _, level)| level), found.iter().map(|(_, _, level)| *level).max());
    }

    #[test]
    fn case_never_counts(pattern in pattern()) {
        let found: Vec<_> = matching(&pattern).collect();
        prop_assert_eq!(&found, &matching(&pattern.to_ascii_uppercase()).collect::<Vec<_>>());
        prop_assert_eq!(found, matching(&pattern.to_ascii_lowercase()).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_covered_names_nothing_more(outer in pattern(), inner in pattern()) {
        if pattern_covers(&outer, &inner) {
            for (service, action, _) in matching(&inner) {
                let action = format!("{service}:{action}");
                prop_assert!(pattern_matches(&outer, &action), "{}", action);
            }
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}", other in "\\PC{0,40}") {
        let _ = (matching(&text).count(), level(&text), is_whole_service(&text));
        let _ = (pattern_covers(&text, &other), resource_covers(&text, &other));
    }
}
