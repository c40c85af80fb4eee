//! What is shown of activity is what `infra/openapi.yaml` says, and so are its words.

use crate::{holds, openapi};
use contracts::schema::complaints;
use model::activity::{Finding, Run, RunPhase, Severity};
use model::digest::Digest;
use model::time::Time;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use trail::call::{Call, Caller, Category, Opened};
use trail::coverage::{Asked, Hour, Management, Proof, Source, SourceFacts, SpanState, State, coverage};
use trail::digest::verdict::{self, Verdict};
use trail::entry::{Entry, Origin, Rule, When};
use trail::shrink::{Because, Granted, Recorded, Use, propose};
use trail::summary::{ActionSeen, Seen, Summary};
use trail::terraform::{Changed, Diff, Report, Resource};

const ID: &str = "req_0198c0ffee0070000000000000000001";

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn noon() -> Time {
    at("2026-11-20T12:00:00Z")
}

#[track_caller]
fn against(schema: &str, value: &Value) {
    let document = openapi();
    holds(&complaints(&document.0, document.schema(schema).unwrap(), value));
}

fn call() -> Call {
    let some = || Some("s3:GetObject".to_owned());
    Call {
        id: "event".to_owned(),
        shared: some(),
        update: some(),
        region: "us-east-1".to_owned(),
        account: "111111111111".to_owned(),
        at: noon(),
        service: "s3".to_owned(),
        name: "GetObject".to_owned(),
        action: some(),
        category: Category::Data,
        read_only: true,
        error: some(),
        resources: vec!["arn:aws:s3:::orders".to_owned()],
        address: "203.0.113.7".to_owned(),
        agent: "aws-cli".to_owned(),
        caller: Caller::default(),
        opened: Some(Opened::default()),
        incomplete: true,
    }
}

#[test]
fn calls_are_shown_as_described() {
    let origins = [
        Origin::Trail { bucket: "b".to_owned(), key: "k".to_owned(), offset: 1, length: 2 },
        Origin::Bus {},
        Origin::Lookup {},
        Origin::Logs { group: "g".to_owned() },
    ];
    let rules =
        [Rule::SourceIdentity, Rule::SessionName, Rule::OwnRole, Rule::KeyChain, Rule::IdentityCenter, Rule::Opening];
    let whens = [When::Within, When::JustBefore, When::After];
    let kinds = [Category::Management, Category::Data, Category::NetworkActivity, Category::Kubernetes];
    for (number, rule) in rules.into_iter().enumerate() {
        let of = |count: usize| number.checked_rem(count).unwrap();
        let (origin, when) = (origins[of(4)].clone(), whens[of(3)]);
        let call = Call { category: kinds[of(4)], ..call() };
        let mut shown = json!(Entry { call, rule, when, chained: true, origin });
        shown["denied"] = json!(true);
        against("ActivityEntry", &shown);
    }
}

fn used() -> Summary {
    let seen = Seen { times: 3, denied: 1, failed: 1, first: noon(), last: noon() };
    let map = |name: &str| BTreeMap::from([(name.to_owned(), seen.clone())]);
    let count = |name: &str| BTreeMap::from([(name.to_owned(), 3)]);
    let action = ActionSeen { seen: seen.clone(), action: Some("s3:GetObject".to_owned()), read_only: true };
    Summary {
        calls: 3,
        first: Some(noon()),
        last: Some(noon()),
        actions: BTreeMap::from([("s3:GetObject".to_owned(), action)]),
        resources: map("arn:aws:s3:::orders/1"),
        addresses: map("203.0.113.7"),
        agents: map("aws-cli"),
        errors: count("NoSuchKey"),
        regions: count("us-east-1"),
        rules: BTreeMap::from([(Rule::SourceIdentity, 3)]),
        origins: count("trail"),
        ..Summary::default()
    }
}

#[test]
fn numbers_are_shown_as_described() {
    for summary in [used(), Summary::default()] {
        let mut shown = json!(summary);
        for name in ["tallies", "keys", "findings"] {
            assert!(shown.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
        against("ActivityNumbers", &shown);
    }
}

#[test]
fn findings_are_shown_as_described() {
    let document = openapi();
    let rules: BTreeSet<String> = model::findings::RULES.map(str::to_owned).into_iter().collect();
    assert_eq!(document.words("FindingRule", "/enum"), rules);
    let severities: BTreeSet<String> = model::findings::SEVERITIES.map(str::to_owned).into_iter().collect();
    assert_eq!(document.words("Finding", "/properties/severity/enum"), severities);
    let finding = Finding {
        rule: "after_end".to_owned(),
        severity: Severity::Critical,
        subject: "s3:GetObject".to_owned(),
        reason: "It worked.".to_owned(),
        at: noon(),
        evidence: vec!["event".to_owned()],
    };
    against("Finding", &json!(finding));
}

#[test]
fn how_much_is_known_is_shown_as_described() {
    let (starts_at, ends_at) = (at("2026-11-20T10:10:00Z"), noon());
    let regions = ["us-east-1".to_owned(), "eu-west-1".to_owned()];
    let seen_in = BTreeSet::from(["eu-north-1".to_owned()]);
    let fact = |source, set_up| SourceFacts { source, set_up, calls: 1, asked_at: None };
    let sources =
        [fact(Source::Trail, true), fact(Source::Bus, true), fact(Source::Lookup, true), fact(Source::Logs, false)];
    let types = ["AWS::S3::Object".to_owned()];
    let hour = Hour {
        region: "us-east-1".to_owned(),
        from: at("2026-11-20T11:00:00Z"),
        files: 2,
        records: 3,
        bytes: 4,
        quarantined: 1,
        read_at: noon(),
    };
    let proof = Proof {
        region: "us-east-1".to_owned(),
        trail: "all".to_owned(),
        from: at("2026-11-20T10:00:00Z"),
        until: at("2026-11-20T11:00:00Z"),
        backfill: false,
        verdict: Verdict { state: verdict::State::Validated, findings: Vec::new(), more: 0, waiting: 0 },
    };
    for (now, data_selected, proofs) in [
        (at("2026-11-20T11:00:00Z"), None, Vec::new()),
        (at("2026-11-20T12:30:00Z"), Some(&types[..]), vec![proof.clone()]),
        (at("2026-11-21T12:30:00Z"), Some(&[][..]), vec![proof]),
    ] {
        let asked = Asked {
            starts_at,
            ends_at,
            provisional_after: 900,
            last_session_ends_at: ends_at,
            regions: &regions,
            seen_in: &seen_in,
            sources: &sources,
            management: Management::Unknown,
            data_selected,
            data_seen: false,
        };
        against("Coverage", &json!(coverage(&asked, std::slice::from_ref(&hour), &proofs, now)));
    }
    let document = openapi();
    let words = |schema: &str, pointer: &str| document.words(schema, pointer);
    let set = |words: &[Value]| words.iter().map(|word| word.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        words("Coverage", "/properties/state/enum"),
        set(&[State::Collecting, State::Provisional, State::Final].map(|state| json!(state)))
    );
    let spans =
        [SpanState::Awaited, SpanState::Waiting, SpanState::Validated, SpanState::Gap].map(|state| json!(state));
    assert_eq!(
        words("Coverage", "/properties/regions/items/properties/spans/items/properties/state/enum"),
        set(&spans)
    );
}

#[test]
fn runs_are_taken_and_shown_as_described() {
    let changed = Changed { path: "a".to_owned(), before: Some("1".to_owned()), after: None };
    let resource = Resource {
        address: "terraform_data.a".to_owned(),
        kind: "terraform_data".to_owned(),
        actions: vec!["update".to_owned()],
        changed: vec![changed.clone()],
        more_changed: 1,
    };
    let diff = Diff {
        terraform_version: "1.11.4".to_owned(),
        counts: BTreeMap::from([("update".to_owned(), 1)]),
        resources: vec![resource],
        outputs: vec![changed],
        ..Diff::default()
    };
    for diff in [Some(diff), None] {
        let report = Report::Terraform { phase: trail::terraform::Phase::Apply, exit_code: 1, diff: diff.clone() };
        against("RunReport", &json!(report));
        let run = Run {
            tool: "terraform".to_owned(),
            phase: RunPhase::Plan,
            exit_code: 0,
            created: 1,
            changed: 1,
            destroyed: 1,
            digest: Digest::of(b"diff"),
        };
        let mut shown = json!(run);
        shown["at"] = json!(noon());
        shown["diff"] = json!(diff);
        against("Run", &shown);
    }
}

#[test]
fn proposals_are_shown_as_described() {
    let (permissions, resources) = (
        ["s3:GetObject", "s3:Put*", "sqs:SendMessage", "${x}:y"].map(str::to_owned),
        ["arn:aws:s3:::orders/*", "arn:aws:s3:::others/*"].map(str::to_owned),
    );
    let granted = Granted { permissions: &permissions, resources: &resources };
    let recorded = Recorded { complete: true, data: BTreeSet::from(["*".to_owned()]) };
    let uses = [Use::of(ID.parse().unwrap(), &used(), recorded)];
    let proposal = propose(&granted, &uses);
    assert!(proposal.changes(), "{proposal:?}");
    against("Proposal", &json!(proposal));
    against("Proposal", &json!(propose(&granted, &[])));
    let because = [
        Because::Used,
        Because::NotVisible,
        Because::Incomplete,
        Because::UnknownCalls,
        Because::UnknownAction,
        Because::TooMany,
        Because::Variable,
        Because::NothingLeft,
    ];
    let words: BTreeSet<String> = because.map(|word| word.as_str().to_owned()).into_iter().collect();
    assert_eq!(openapi().words("ProposalLine", "/properties/outcome/properties/because/enum"), words);
}
