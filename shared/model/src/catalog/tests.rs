//! A catalog with a mistake in it is refused at the mistake's line; who a caller is.

mod callers;
mod notices;
mod opened;
mod schedules;

use super::*;
use crate::samples::CATALOG;

/// A small catalog that is right. Tests count its lines: the first is `version`.
const GOOD: &str = "\
version: 1
persons:
  alice:
    email: alice@example.com
    slack: [T0COUNTER1/U0ALICE01]
  bob:
    email: bob@example.com
    principals:
      - arn:aws:iam::111111111111:user/bob
groups:
  engineers: [alice]
  approvers:
    - bob
entitlements:
  orders:
    description: Read orders
    account: \"111111111111\"
    environment: prod
    mechanism: session
    baseRole: arn:aws:iam::111111111111:role/countersign-base/orders
    permissions:
      - dynamodb:GetItem
    resources:
      - arn:aws:dynamodb:us-east-1:111111111111:table/orders
    maxDuration: 2h
    approvals: 1
    approvers: [approvers]
";

/// What is said of [`GOOD`] with `right` replaced by `wrong`.
#[track_caller]
fn said(right: &str, wrong: &str) -> String {
    assert_eq!(GOOD.matches(right).count(), 1, "`{right}` must be there once");
    Catalog::read("catalog.yaml", &GOOD.replace(right, wrong)).map(drop).unwrap_err().to_string()
}

/// Each mistake, and exactly what is said of it.
#[track_caller]
fn check(right: &str, wrong: &str, expected: &str) {
    assert_eq!(said(right, wrong), expected);
}

#[test]
fn the_samples_are_right() {
    Catalog::read("catalog.yaml", GOOD).unwrap();
    let sample = Catalog::read("catalog.yaml", CATALOG).unwrap();
    let names: Vec<&str> = sample.entitlements().map(|entitlement| entitlement.name.as_str()).collect();
    assert_eq!(names, ["legacy-debug", "logs-read", "orders-db-debug", "prod-admin"]);
}

#[test]
fn yaml_itself() {
    check("Read orders", "\"Read orders", "catalog.yaml:17: invalid indentation in multiline quoted scalar");
    check("    approvals: 1", "\tapprovals: 1", "catalog.yaml:25: while scanning a plain scalar, found a tab");
    check("    approvals: 1", "  approvals: 1", "catalog.yaml:25: missing field `approvals`");
    check("  engineers: [alice]", "  engineers: alice", "catalog.yaml:11: expected a list");
    check("version: 1", "- version: 1", "catalog.yaml:1: expected names with values");
    assert_eq!(
        Catalog::read("catalog.yaml", "").map(drop).unwrap_err().to_string(),
        "catalog.yaml:1: unexpected end of file"
    );
}

#[test]
fn what_is_not_known() {
    let unknown = said("    approvals: 1", "    aprovals: 1");
    assert!(
        unknown.starts_with("catalog.yaml:26: unknown field `aprovals`, expected one of description, account, "),
        "{unknown}"
    );
    check("version: 1", "version: 2", "catalog.yaml:1: version 2 is not known; this release reads version 1");
}

#[test]
fn what_is_there_twice() {
    check(
        "    environment: prod",
        "    environment: prod\n    environment: dev",
        "catalog.yaml:19: duplicate mapping key: environment not allowed here",
    );
    check("  bob:\n", "  alice:\n", "catalog.yaml:6: duplicate mapping key: alice not allowed here");
}

#[test]
fn durations() {
    let form = "is not a duration: write hours, minutes or seconds with their unit, as in 30m, 2h or 1h30m";
    check("maxDuration: 2h", "maxDuration: 2 weeks", &format!("catalog.yaml:25: `2 weeks` {form}"));
    check("maxDuration: 2h", "maxDuration: 120", &format!("catalog.yaml:25: `120` {form}"));
    check("maxDuration: 2h", "maxDuration: 13h", "catalog.yaml:25: `13h` must be from 65s to 12h");
    check("maxDuration: 2h", "maxDuration: 64s", "catalog.yaml:25: `64s` must be from 65s to 12h");
    check("maxDuration: 2h", "approvalWindow: 8d\n    maxDuration: 2h", "catalog.yaml:25: `8d` must be from 65s to 7d");
}

#[test]
fn an_identity_has_one_person() {
    check(
        "    principals:\n",
        "    slack: [T0COUNTER1/U0ALICE01]\n    principals:\n",
        "catalog.yaml:8: Slack user `T0COUNTER1/U0ALICE01` belongs to `alice` already; an identity has one person",
    );
    check(
        "    slack: [T0COUNTER1/U0ALICE01]",
        "    principals: [arn:aws:iam::111111111111:user/bob]",
        "catalog.yaml:9: `arn:aws:iam::111111111111:user/bob` belongs to `alice` already; an identity has one person",
    );
    check(
        "bob@example.com",
        "ALICE@example.com",
        "catalog.yaml:7: the address belongs to `alice` already; an identity has one person",
    );
}

#[test]
fn persons_and_groups() {
    check("    - bob", "    - bob\n    - rob", "catalog.yaml:14: `rob` is not a person of this catalog");
    check(
        "approvers: [approvers]",
        "approvers: [approvers, aprovers]",
        "catalog.yaml:27: `aprovers` is not a group of this catalog",
    );
    check(
        "T0COUNTER1/U0ALICE01",
        "U0ALICE01",
        "catalog.yaml:5: `U0ALICE01` is not a Slack user: a team id and a user id, as `T0123ABCD/U0123ABCD`",
    );
    check(
        "alice@example.com",
        "alice",
        "catalog.yaml:4: `alice` is not an e-mail address of at most 64 ASCII characters",
    );
    check(
        "  engineers: [alice]",
        "  Engineers: [alice]",
        "catalog.yaml:11: `Engineers` is not a group name: 1 to 64 of a-z, 0-9, `-`, `.`, `_`, starting with a letter or digit",
    );
    check(
        "user/bob",
        "user/*",
        "catalog.yaml:9: `arn:aws:iam::111111111111:user/*` is not an IAM user or role ARN: `arn:aws:iam::<12 digits>:user/<name>` or `…:role/<name>`, at most 512 characters, without wildcards",
    );
}

#[test]
fn names_of_blocks_are_found_where_they_stand() {
    assert!(said("  bob:\n    email", "  Bob:\n    email").starts_with("catalog.yaml:6: `Bob` is not a person id"));
    assert!(said("  orders:\n", "  Orders:\n").starts_with("catalog.yaml:15: `Orders` is not an entitlement name"));
    check(
        "description: Read orders",
        "description: ' '",
        "catalog.yaml:15: description must say what the entitlement is for",
    );
}

#[test]
fn quorums() {
    check("approvals: 1", "approvals: 2", "catalog.yaml:26: approvals needed: 2; persons who may countersign: 1");
    check(
        "approvers: [approvers]\n",
        "approvers: []\n",
        "catalog.yaml:26: approvals needed: 1; persons who may countersign: 0",
    );
    check("approvals: 1", "approvals: 300", "catalog.yaml:26: approvals takes 0 to 10");
    check("approvals: 1", "approvals: -1", "catalog.yaml:26: approvals takes 0 to 10");
    check("version: 1", "version: 1\nrisk: {approvals: {high: 11}}", "catalog.yaml:2: approvals takes 0 to 10");
    check("approvals: 1", "approvals: many", "catalog.yaml:26: not a whole number");
}

#[test]
fn permissions_and_resources() {
    check(
        "dynamodb:GetItem",
        "GetItem",
        "catalog.yaml:22: `GetItem` is not an IAM action: write `service:Action`, as in `s3:GetObject`",
    );
    check(
        "dynamodb:GetItem",
        "'*:GetItem'",
        "catalog.yaml:22: `*:GetItem` is not an IAM action: write `service:Action`, as in `s3:GetObject`",
    );
    check("- dynamodb:GetItem", "[]", "catalog.yaml:15: permissions takes 1 to 100 entries");
    check(
        "- arn:aws:dynamodb:us-east-1:111111111111:table/orders",
        "- table/orders",
        "catalog.yaml:24: `table/orders` is not a resource: write an ARN, in printable ASCII without quotes, at most 512 characters",
    );
    check(
        "dynamodb:GetItem",
        "iam:PassRole",
        "catalog.yaml:22: `iam:PassRole` can never be used: every grant denies `iam:*`; list `iam:*` under mayOutlive if it is meant",
    );
    let lifted = said("    maxDuration: 2h", "    mayOutlive: ['*']\n    maxDuration: 2h");
    assert!(lifted.starts_with("catalog.yaml:25: `*` is not among what grants are denied: account:*, "), "{lifted}");
}

#[test]
fn mechanisms() {
    check(
        "mechanism: session",
        "mechanism: magic",
        "catalog.yaml:19: `magic` is not a mechanism: session, role or policy",
    );
    check(
        "mechanism: session",
        "mechanism: role",
        "catalog.yaml:19: mechanism `role` takes neither `baseRole` nor `targetRole`",
    );
    check(
        "mechanism: session",
        "mechanism: policy",
        "catalog.yaml:19: mechanism `policy` takes `targetRole` and no `baseRole`",
    );
    check("baseRole: ", "targetRole: ", "catalog.yaml:19: mechanism `session` takes `baseRole` and no `targetRole`");
    let base = "arn:aws:iam::111111111111:role/countersign-base/orders";
    for other in [
        "arn:aws:iam::222222222222:role/countersign-base/orders",
        "arn:aws:iam::111111111111:user/countersign-base/orders",
    ] {
        check(base, other, &format!("catalog.yaml:20: `{other}` is not a role of account 111111111111"));
    }
    for other in
        ["role/orders", "role/x/countersign-base/orders", "role/countersign-baseX/orders", "role/countersign/orders"]
    {
        let other = format!("arn:aws:iam::111111111111:{other}");
        check(
            base,
            &other,
            &format!(
                "catalog.yaml:20: `{other}` is not a base role: its path must be /countersign-base/, as in `arn:aws:iam::111111111111:role/countersign-base/orders`"
            ),
        );
    }
}

#[test]
fn places() {
    check(
        "\"111111111111\"",
        "\"1111\"",
        "catalog.yaml:17: `1111` is not an AWS account id: 12 digits\ncatalog.yaml:20: `arn:aws:iam::111111111111:role/countersign-base/orders` is not a role of account 1111",
    );
    check(
        "environment: prod",
        "environment: 'Prod!'",
        "catalog.yaml:18: environment takes 1 to 32 of a-z, 0-9 and `-`",
    );
    check(
        "    maxDuration: 2h",
        "    sourceIps: [203.0.113.0/33]\n    maxDuration: 2h",
        "catalog.yaml:25: `203.0.113.0/33` is not an address range such as 203.0.113.0/24",
    );
    check(
        "    maxDuration: 2h",
        "    sourceIps: [0.0.0.0/0]\n    maxDuration: 2h",
        "catalog.yaml:25: `0.0.0.0/0` is not an address range such as 203.0.113.0/24",
    );
    check(
        "    maxDuration: 2h",
        "    channel: '#ops'\n    maxDuration: 2h",
        "catalog.yaml:25: `#ops` is not a Slack channel id: `C`, `G` or `D` followed by 2 to 30 capitals and digits",
    );
}

#[test]
fn what_ends_a_grant() {
    let read = |words: &str| {
        let text = GOOD.replace("    maxDuration: 2h", &format!("    endOnFindings: {words}\n    maxDuration: 2h"));
        Catalog::read("catalog.yaml", &text).unwrap().entitlement("orders").unwrap().end_on_findings.clone()
    };
    assert_eq!(read("[critical, outside_actions]"), ["critical", "outside_actions"]);
    let wrong =
        |word: &str| said("    maxDuration: 2h", &format!("    endOnFindings:\n      - {word}\n    maxDuration: 2h"));
    let slip = wrong("outsideActions");
    assert!(
        slip.starts_with("catalog.yaml:26: endOnFindings: `outsideActions` is neither a severity (low, "),
        "{slip}"
    );
    assert!(slip.ends_with("two_addresses); `outside_actions` is the nearest"), "{slip}");
    assert!(wrong("everything").ends_with("two_addresses)"));
    check(
        "    maxDuration: 2h",
        "    endOnFindings: critical\n    maxDuration: 2h",
        "catalog.yaml:25: expected a list",
    );
}

#[test]
fn limits() {
    let read = |lines: &str| {
        let text = GOOD.replace("version: 1", &format!("version: 1\n{lines}"));
        Catalog::read("catalog.yaml", &text).unwrap().limits()
    };
    assert_eq!(read("limits: {}"), Limits { requests_per_hour: 30, open_requests: 10, approvals_per_hour: 60 });
    assert_eq!(
        read("limits: {openRequests: 3}"),
        Limits { requests_per_hour: 30, open_requests: 3, approvals_per_hour: 60 }
    );
    assert_eq!(
        read("limits: {requestsPerHour: 1, openRequests: 1, approvalsPerHour: 2}"),
        Limits { requests_per_hour: 1, open_requests: 1, approvals_per_hour: 2 }
    );
    let said = |lines: &str| said("version: 1", &format!("version: 1\n{lines}"));
    assert_eq!(said("limits: {approvalsPerHour: 0}"), "catalog.yaml:2: approvalsPerHour takes 1 to 10000");
    assert_eq!(said("limits: {requestsPerHour: 0}"), "catalog.yaml:2: requestsPerHour takes 1 to 10000");
    assert_eq!(said("limits: {openRequests: 1001}"), "catalog.yaml:2: openRequests takes 1 to 1000");
}

#[test]
fn risk_and_session_names() {
    check(
        "version: 1",
        "version: 1\nrisk: {approvals: {huge: 1}}",
        "catalog.yaml:2: `huge` is not a risk: low, medium, high or critical",
    );
    check(
        "version: 1",
        "version: 1\nsessionNames: [{role: '*'}]",
        "catalog.yaml:2: `*` must be a role name of at least 3 characters, with `*` only at its end",
    );
    check(
        "version: 1",
        "version: 1\nsessionNames: [{role: 'AWS*SSO'}]",
        "catalog.yaml:2: `AWS*SSO` must be a role name of at least 3 characters, with `*` only at its end",
    );
}

#[test]
fn every_mistake_is_said_at_once() {
    let wrong = GOOD
        .replace("environment: prod", "environment: PROD")
        .replace("maxDuration: 2h", "maxDuration: ever")
        .replace("[alice]", "[alex]");
    let lines: Vec<usize> =
        Catalog::read("catalog.yaml", &wrong).unwrap_err().0.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [11, 25, 18]);
}

#[test]
fn a_huge_file_is_not_read() {
    let huge = format!("{GOOD}# {}", "x".repeat(4_000_000));
    assert_eq!(
        Catalog::read("catalog.yaml", &huge).map(drop).unwrap_err().to_string(),
        "catalog.yaml: longer than 4000000 bytes"
    );
}

/// What is not too long is not too much for the parser either.
#[test]
fn ten_thousand_entitlements_are_read() {
    let first = "  orders:\n";
    let (before, one) = GOOD.split_once(first).unwrap();
    let mut text = before.to_owned();
    for nth in 0..10_000 {
        text.extend(["  orders-", &nth.to_string(), ":\n", one]);
    }
    let catalog = Catalog::read("catalog.yaml", &text).unwrap();
    assert_eq!(catalog.entitlements().count(), 10_000);
}

/// Aliases of aliases of aliases are cut off before they fill the memory.
#[test]
fn a_file_made_to_explode_is_refused() {
    let mut bomb = "version: 1\na: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for pair in ["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi", "ij", "jk"] {
        let (of, name) = pair.split_at(1);
        let aliases = vec![format!("*{of}"); 9].join(",");
        bomb = format!("{bomb}{name}: &{name} [{aliases}]\n");
    }
    assert!(Catalog::read("catalog.yaml", &bomb).is_err());
}

/// The digest of an entitlement follows every field of it: a request is judged by all of them.
#[test]
fn any_change_of_an_entitlement_changes_its_digest() {
    let digest = |text: &str| Catalog::read("catalog.yaml", text).unwrap().entitlement("orders").unwrap().digest();
    let more = |line: &str| GOOD.replace("    maxDuration: 2h", &format!("    {line}\n    maxDuration: 2h"));
    let changes = [
        GOOD.to_owned(),
        GOOD.replace("Read orders", "Read all orders"),
        GOOD.replace("environment: prod", "environment: dev"),
        GOOD.replace("role/countersign-base/orders", "role/countersign-base/other"),
        GOOD.replace("dynamodb:GetItem", "dynamodb:Query"),
        GOOD.replace("table/orders", "table/other"),
        GOOD.replace("maxDuration: 2h", "maxDuration: 3h"),
        GOOD.replace("approvals: 1", "approvals: 0"),
        GOOD.replace("approvers: [approvers]", "approvers: [approvers, engineers]"),
        more("approvalWindow: 2h"),
        more("ticketRequired: true"),
        more("mfa: true"),
        more("sourceIps: [203.0.113.0/24]"),
        more("mayOutlive: ['ssm:StartSession']"),
        more("endOnFindings: [critical]"),
        more("endOnFindings: [high]"),
        more("endOnFindings: [critical, new_trust]"),
        more("allowWildcards: true"),
        more("allowVariables: true"),
        more("channel: C0APPROVALS"),
    ];
    let digests: BTreeSet<Digest> = changes.iter().map(|text| digest(text)).collect();
    assert_eq!(digests.len(), changes.len());
    // One that says nothing of findings is as it was before they could be spoken of.
    assert_eq!(digest(&more("endOnFindings: []")), digest(GOOD));
    // Who is in which group is looked up when it matters, not frozen.
    assert_eq!(digest(&GOOD.replace("[alice]", "[alice, bob]")), digest(GOOD));
}
