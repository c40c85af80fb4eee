//! The documents that Countersign writes into IAM and STS, as files, so that linters can judge them: with as little in a
//! request as there can be, and with much.
//!
//! `COUNTERSIGN_WRITE_DOCUMENTS=1` writes the files anew; then `cargo xtask lint` judges what has changed.

use contracts::repository;
use model::digest::Digest;
use model::documents;
use model::identity::Identity;
use model::notices::Notices;
use model::request::{Judged, Mechanism, Quorum, Request, RequestFacts};
use model::risk::{RiskInput, assess};
use model::terms::Terms;
use model::text::FreeText;
use model::time::{Time, Window};
use model::words::{Salt, Words};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const FOLDER: &str = "tests/linters/documents";

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn request(mechanism: Mechanism, much: bool) -> Request {
    let permissions = if much {
        texts(&["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "logs:FilterLogEvents", "s3:GetObject"])
    } else {
        texts(&["dynamodb:GetItem"])
    };
    let resources = if much {
        texts(&[
            "arn:aws:dynamodb:us-east-1:111111111111:table/orders",
            "arn:aws:logs:us-east-1:111111111111:log-group:/app/*",
            "arn:aws:s3:::reports/2026/*",
        ])
    } else {
        texts(&["arn:aws:dynamodb:us-east-1:111111111111:table/orders"])
    };
    let duration_seconds = if much { 43_200 } else { 65 };
    let risk =
        assess(&RiskInput { actions: &permissions, resources: &resources, environment: "prod", duration_seconds });
    Request::new(RequestFacts {
        id: "req_0198c0ffee00700080000000deadbeef".parse().unwrap(),
        requester: "alice".parse().unwrap(),
        identity: Identity::Slack { user: "T0COUNTER1/U0ALICE01".parse().unwrap() },
        entitlement: "orders-db-debug".parse().unwrap(),
        account: "111111111111".parse().unwrap(),
        environment: "prod".to_owned(),
        mechanism,
        permissions,
        resources,
        may_outlive: if much { texts(&["ssm:StartSession", "lambda:Update*"]) } else { vec![] },
        source_ips: if much { texts(&["203.0.113.0/24", "2001:db8::/32"]) } else { vec![] },
        mfa_at_door: much,
        duration_seconds,
        justification: Words::new(FreeText::new("orders are stuck").unwrap(), Salt::new([7; 16])),
        ticket: None,
        channel: None,
        submitted_at: at(),
        approval_window_seconds: 3_600,
        risk,
        judged: Judged { entitlement: Digest::of(b"entitlement"), policy: Digest::of(b"policy") },
        quorum: Quorum { needed: 0, groups: vec![] },
        notices: Notices { directly: false, reminders: vec![], warn_before_seconds: 0 },
        extends: None,
    })
}

fn at() -> Time {
    "2026-11-20T19:00:00Z".parse().unwrap()
}

/// Every document, by the name of its file.
fn all() -> BTreeMap<String, String> {
    let role = "arn:aws:iam::111111111111:role/countersign-base/sample".parse().unwrap();
    let session = Mechanism::Session { base_role: role };
    let target = Mechanism::Policy { target_role: "arn:aws:iam::111111111111:role/legacy/debug".parse().unwrap() };
    let entered = |names: &[&str], mfa| {
        let principal = |name: &&str| format!("arn:aws:iam::111111111111:{name}").parse().unwrap();
        Mechanism::Role { principals: names.iter().map(principal).collect(), mfa }
    };
    let mut found = BTreeMap::new();
    for (size, much) in [("least", false), ("most", true)] {
        let names: &[&str] = if much { &["user/alice", "role/sso/alice"] } else { &["user/alice"] };
        let (session, role) = (request(session.clone(), much), request(entered(names, much), much));
        let attached = request(target.clone(), much);
        let window = |request: &Request| Window::starting(at(), request.duration_seconds).unwrap();
        let of = |request| Terms::as_asked(request);
        let made = [
            ("session", documents::session_policy(of(&session), window(&session)).unwrap()),
            ("role", documents::role_policy(of(&role), window(&role)).unwrap()),
            ("trust", documents::trust_policy(&role, window(&role)).unwrap()),
            ("policy", documents::attached_policy(of(&attached), window(&attached)).unwrap()),
            ("kill", documents::kill_policy(&session)),
        ];
        found.extend(made.map(|(name, document)| (format!("{name}-{size}.json"), document)));
        found.insert("policy-tombstone.json".to_owned(), documents::attached_tombstone(&attached.id));
    }
    found.insert("role-tombstone.json".to_owned(), documents::tombstone_policy());
    found.insert("kill-all.json".to_owned(), documents::kill_all_policy(at()));
    found
}

#[test]
fn the_linters_see_the_documents_that_are_written() {
    let folder = repository::root().join(FOLDER);
    let made: BTreeMap<String, String> = all()
        .into_iter()
        .map(|(name, text)| {
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            (name, format!("{}\n", serde_json::to_string_pretty(&document).unwrap()))
        })
        .collect();
    if std::env::var_os("COUNTERSIGN_WRITE_DOCUMENTS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &made {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let there: BTreeSet<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, made.keys().cloned().collect());
    for (name, text) in &made {
        let file = fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(&file, text, "{FOLDER}/{name}: COUNTERSIGN_WRITE_DOCUMENTS=1 writes it anew");
    }
}

/// A generator that is not called here would not be judged.
#[test]
fn every_document_that_is_written_is_linted() {
    let own = repository::text("tests/contracts/tests/rules/grant_documents.rs").unwrap();
    let mut generators = 0;
    for path in ["shared/model/src/documents.rs", "shared/model/src/documents/attached.rs"] {
        let source = repository::text(path).unwrap();
        let functions = source.split("\npub fn ").skip(1).filter_map(|rest| rest.split_once('('));
        for (name, _) in functions.filter(|(name, _)| name.ends_with("_policy") || name.ends_with("_tombstone")) {
            assert!(own.contains(&format!("documents::{name}(")), "{path} writes {name}, which is not linted");
            generators += 1;
        }
    }
    assert!(generators >= 8, "{generators}");
}
