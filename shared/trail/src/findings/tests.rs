//! Each rule where it holds and where it doesn't; and that what is found does not depend on the order of arrival.

mod order;
mod rules;

use super::*;
use crate::call::{Call, Category};
use crate::entry::{Origin, When};

/// 2026-11-20T19:00:00Z, when the grant of the tests begins. It lasts an hour.
const START: i64 = 1_795_201_200;

pub(super) fn at(seconds: i64) -> Time {
    Time::from_second(START.saturating_add(seconds)).unwrap()
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn set(list: &[&str]) -> BTreeSet<String> {
    texts(list).into_iter().collect()
}

pub(super) fn grant() -> Grant {
    Grant {
        shared: false,
        id: "req_0123456789abcdef0123456789abcdef".parse().unwrap(),
        person: "alice".parse().unwrap(),
        entitlement: "orders".parse().unwrap(),
        account: "111111111111".parse().unwrap(),
        starts_at: at(0),
        ends_at: at(3_600),
        roles: texts(&["arn:aws:iam::111111111111:role/countersign-base/orders"]),
        permissions: texts(&["s3:Get*", "s3:PutObject", "iam:CreateAccessKey", "kms:Decrypt"]),
        resources: texts(&["arn:aws:s3:::orders/*", "arn:aws:iam::111111111111:user/${aws:username}"]),
        source_ips: Vec::new(),
        identity_center: None,
    }
}

/// A read of an object that the grant names, as everything that is not said otherwise.
pub(super) fn entry(seconds: i64) -> Entry {
    // As it is stored, so that what a call may say beyond this is absent.
    let call: Call = serde_json::from_value(serde_json::json!({
        "id": seconds.to_string(),
        "region": "us-east-1",
        "account": "111111111111",
        "at": at(seconds),
        "service": "s3",
        "name": "GetObject",
        "action": "s3:GetObject",
        "category": "data",
        "readOnly": true,
        "resources": ["arn:aws:s3:::orders/1", "arn:aws:s3:::orders"],
        "address": "203.0.113.7",
        "agent": "aws-cli/2",
        "caller": {"kind": "AssumedRole", "issuerArn": "arn:aws:iam::111111111111:role/countersign-base/orders"},
    }))
    .unwrap();
    let when = if seconds >= 3_600 { When::After } else { When::Within };
    Entry { call, rule: Rule::SourceIdentity, when, chained: false, origin: Origin::Bus {} }
}

/// As [`entry`], of another action of the control plane, on nothing that is known.
pub(super) fn calling(seconds: i64, action: &str) -> Entry {
    let mut entry = entry(seconds);
    let (service, name) = action.split_once(':').unwrap();
    entry.call.id = format!("{seconds}-{action}");
    (entry.call.service, entry.call.name) = (service.to_owned(), name.to_owned());
    entry.call.action = Some(action.to_owned());
    entry.call.category = Category::Management;
    entry.call.read_only = false;
    entry.call.resources = Vec::new();
    entry
}

pub(super) fn with(mut entry: Entry, change: impl FnOnce(&mut Entry)) -> Entry {
    change(&mut entry);
    entry
}

pub(super) fn denied(entry: Entry) -> Entry {
    with(entry, |entry| entry.call.error = Some("AccessDenied".to_owned()))
}

/// What the tests judge by.
struct Judged {
    grant: Grant,
    services: Option<BTreeSet<String>>,
    addresses: Option<BTreeSet<String>>,
    own: BTreeSet<String>,
}

impl Judged {
    fn usual() -> Self {
        let own = set(&["arn:aws:iam::999999999999:role/countersign-requests"]);
        Self { grant: grant(), services: None, addresses: None, own }
    }

    fn context(&self) -> Context<'_> {
        Context {
            grant: &self.grant,
            known_services: self.services.as_ref(),
            known_addresses: self.addresses.as_ref(),
            own: &self.own,
        }
    }

    /// One arrival: what is new, taken over into the summary.
    fn arrive(&self, summary: &mut Summary, added: &[Entry]) -> Vec<Finding> {
        let before = summary.clone();
        for entry in added {
            summary.tallies.add(entry);
            summary.last = summary.last.max(Some(entry.call.at));
        }
        let found = look(&self.context(), &before, summary, added);
        keep(&mut summary.findings, &found);
        found
    }

    /// All that is found in calls that come at once: rule, severity, subject.
    fn found(&self, added: &[Entry]) -> Vec<(String, Severity, String)> {
        let mut summary = Summary::default();
        self.arrive(&mut summary, added);
        let mut found: Vec<_> =
            summary.findings.into_iter().map(|finding| (finding.rule, finding.severity, finding.subject)).collect();
        found.sort();
        found
    }
}

/// `n` calls, each changed by its number.
pub(super) fn many(n: i64, call: impl Fn(i64) -> Entry) -> Vec<Entry> {
    (0..n).map(|i| with(call(i), |entry| entry.call.id = format!("{i}"))).collect()
}

#[test]
fn nothing_is_said_twice_and_a_graver_one_replaces() {
    let judged = Judged::usual();
    let mut summary = Summary::default();
    let tried = denied(calling(1, "ec2:RunInstances"));
    let found = judged.arrive(&mut summary, std::slice::from_ref(&tried));
    assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
    let again = with(tried, |entry| entry.call.id = "again".to_owned());
    assert_eq!(judged.arrive(&mut summary, &[again]), []);
    let found = judged.arrive(&mut summary, &[calling(2, "ec2:RunInstances")]);
    assert_eq!((found.len(), found[0].severity), (1, Severity::High));
    assert_eq!(found[0].evidence, ["2-ec2:RunInstances"]);
    assert_eq!(summary.findings, found, "replaced, not added");
    assert_eq!(judged.arrive(&mut summary, &[denied(calling(3, "ec2:RunInstances"))]), [], "never milder");
}

#[test]
fn the_first_calls_are_the_evidence() {
    let judged = Judged::usual();
    let calls = many(9, |i| calling(20 - i, "ec2:RunInstances"));
    let found = judged.arrive(&mut Summary::default(), &calls);
    assert_eq!(found[0].at, at(12));
    assert_eq!(found[0].evidence, ["8", "7", "6", "5", "4"]);
}

#[test]
fn a_flood_is_bounded_and_hides_nothing() {
    let judged = Judged::usual();
    let mut summary = Summary::default();
    let ec2: Vec<&str> = model::actions::matching("ec2:*").map(|(_, name, _)| name).take(300).collect();
    for name in &ec2 {
        judged.arrive(&mut summary, &[denied(calling(1, &format!("ec2:{name}")))]);
    }
    let of = |summary: &Summary, rule: &str| summary.findings.iter().filter(|found| found.rule == rule).count();
    assert_eq!((of(&summary, "outside_actions"), of(&summary, MORE)), (MOST_OF_RULE, 1));
    assert_eq!(of(&summary, "many_denied"), 1);
    // What works has a place still, and other rules have theirs.
    let found = judged.arrive(&mut summary, &[calling(5, "cloudtrail:StopLogging")]);
    let rules: Vec<&str> = found.iter().map(|found| found.rule.as_str()).collect();
    assert_eq!(rules, ["logging_disabled", "outside_actions"]);
    for (second, name) in (10..).zip(&ec2) {
        judged.arrive(&mut summary, &[calling(second, &format!("ec2:{name}"))]);
    }
    for i in 0..100 {
        let own = format!("arn:aws:s3:::other/{i}");
        let elsewhere = with(entry(200), |entry| entry.call.resources = vec![own]);
        judged.arrive(&mut summary, &[elsewhere]);
    }
    assert_eq!(of(&summary, "outside_actions"), 1 + MOST_OF_RULE, "those that were refused turned graver");
    // Tried, then done, again and again.
    for name in &ec2 {
        judged.arrive(&mut summary, &[denied(calling(300, &format!("ec2:{name}")))]);
        judged.arrive(&mut summary, &[calling(300, &format!("ec2:{name}"))]);
        let chained = |entry: &mut Entry| (entry.chained, entry.call.caller.issuer_arn) = (true, (*name).to_owned());
        judged.arrive(
            &mut summary,
            &[with(entry(3_700), |e| e.call.name = format!("Get{name}")), with(entry(9), chained)],
        );
    }
    assert!((40..=MOST + 1).contains(&summary.findings.len()), "{}", summary.findings.len());
    let more = summary.findings.iter().find(|found| found.rule == MORE).unwrap();
    assert_eq!(more.severity, Severity::Critical, "as grave as the gravest that is not shown");
}

#[test]
fn recorded_texts_are_inert_and_bounded() {
    let judged = Judged::usual();
    let long = with(entry(1), |entry| {
        entry.call.resources = vec![format!("arn:aws:s3:::x/\u{202e}\n{}", "y".repeat(4_000))];
        entry.call.action = Some("s3:GetObject".to_owned());
    });
    let chain = with(entry(2), |entry| {
        entry.chained = true;
        entry.call.caller.issuer_arn = "z\u{200b}".repeat(3_000);
    });
    let found = judged.arrive(&mut Summary::default(), &[long, chain]);
    assert_eq!(found.len(), 2);
    for finding in found {
        assert!(finding.reason.chars().count() < 400 && finding.subject.chars().count() <= LONGEST_SUBJECT);
        let plain = |text: &str| !text.contains(['\n', '\u{202e}', '\u{200b}']);
        assert!(plain(&finding.reason) && plain(&finding.subject), "{finding:?}");
    }
}

#[test]
fn an_entitlement_chooses_what_ends_a_grant() {
    let finding = Judged::usual().arrive(&mut Summary::default(), &[calling(1, "ec2:RunInstances")]).remove(0);
    assert_eq!((finding.rule.as_str(), finding.severity), ("outside_actions", Severity::High));
    for word in ["outside_actions", "high", "medium", "low"] {
        assert!(ends(&finding, &texts(&["after_end", word])), "{word}");
    }
    for word in ["critical", "outside", "", "OUTSIDE_ACTIONS"] {
        assert!(!ends(&finding, &texts(&[word])), "{word}");
    }
    assert!(!ends(&finding, &[]), "nothing ends it unless the entitlement says so");
}

#[test]
fn the_catalog_knows_the_same_words() {
    let codes = OF_CALLS.iter().map(|rule| rule.code).chain(OF_ALL.iter().map(|rule| rule.code));
    // Gaps in what is known are found by what proves it.
    let codes = codes.chain([MORE, crate::coverage::RULE]);
    let codes: BTreeSet<&str> = codes.collect();
    assert_eq!(codes, model::findings::RULES.into_iter().collect());
    assert_eq!(codes.len(), OF_CALLS.len() + OF_ALL.len() + 2, "each code stands once");
    assert_eq!(Severity::ALL.map(Severity::as_str), model::findings::SEVERITIES);
    for severity in Severity::ALL {
        assert_eq!(Severity::named(severity.as_str()), Some(severity));
        assert_eq!(serde_json::to_value(severity).unwrap(), severity.as_str());
    }
}

#[test]
fn actions_that_rules_know_exist() {
    let lists: [&[&str]; 6] = [
        &named::STOPS_LOGGING,
        &named::CHANGES_LOGGING,
        &named::NEW_CREDENTIALS,
        &named::NEW_TRUST,
        &named::NEVER_CHECKED,
        &named::READS_SECRETS,
    ];
    for list in lists {
        for action in list {
            assert!(model::actions::level(action).is_some(), "{action}");
        }
        assert!(list.is_sorted(), "{list:?}");
    }
}
