//! Every code that a caller can meet is in `infra/openapi.yaml`, with the status it comes with; and no other is.

use crate::{holds, openapi};
use contracts::codes::{of_arms, of_fields, of_problems};
use contracts::repository::{sources, text};
use model::limits::TooMany;
use model::names::RequestId;
use model::refusal::{Refusal, RefusalKind};
use model::request::Status;
use model::terms::NotNarrower;
use model::time::Time;
use std::collections::BTreeSet;

/// Where problems are made: the functions that answer callers, and what they share for it.
fn problem_sources() -> Vec<(String, String)> {
    let answering = [
        "functions/intake/src",
        "functions/approval/src",
        "functions/credentials/src",
        "functions/activity/src",
        "shared/lambda/src",
    ];
    let files = answering.iter().flat_map(|folder| sources(folder).unwrap());
    // That one tells Lambda of events, and callers of nothing.
    files.filter(|(path, _)| path != "functions/activity/src/lib.rs").collect()
}

/// Codes of Slack's payloads and signatures. What follows `/access` is answered with a message, not with a problem.
fn slack_codes() -> BTreeSet<String> {
    let files = ["shared/slack/src/payload.rs", "shared/slack/src/signature.rs", "shared/slack/src/workspace.rs"];
    files.iter().flat_map(|file| of_arms(&text(file).unwrap())).collect()
}

fn field_codes() -> BTreeSet<String> {
    let judged = text("shared/model/src/submission.rs").unwrap();
    let doors = problem_sources();
    let all = doors.iter().map(|(_, source)| source).chain([&judged]);
    // What an error says of several wrong fields is no field's code.
    all.flat_map(|source| of_fields(source)).filter(|code| code != "invalid_request").collect()
}

fn problem_codes() -> BTreeSet<(u16, String)> {
    problem_sources().iter().flat_map(|(_, source)| of_problems(source)).collect()
}

/// Every refusal, once.
fn refusals() -> Vec<Refusal> {
    let at: Time = "2026-11-20T12:00:00Z".parse().unwrap();
    let role: RequestId = "req_0198c0ffee00700080000000deadbeef".parse().unwrap();
    let status = Status::Ended;
    vec![
        Refusal::SelfApproval,
        Refusal::NotAnApprover,
        Refusal::NotPermitted { action: "revoke" },
        Refusal::NotTheRequester { action: "cancel" },
        Refusal::StaleDigest,
        Refusal::NotNarrower(NotNarrower::TooOften),
        Refusal::PolicyChanged,
        Refusal::AlreadyApproved,
        Refusal::AlreadyDecided { status },
        Refusal::Lapsed { at },
        Refusal::NotCancellable { status },
        Refusal::NotRevocable { status },
        Refusal::NotActive { status },
        Refusal::OwnIdentity { role: role.to_string() },
        Refusal::MfaRequired,
        Refusal::Barred { person: "alice".parse().unwrap() },
        Refusal::TooManyApprovals(TooMany::Votes { limit: 60, again_at: at }),
        Refusal::RecordNotAnchored,
        Refusal::Overtaken { status },
        Refusal::StillOpen { status },
        Refusal::TooEarly { at },
    ]
}

#[test]
fn every_refusal_is_known_here() {
    let known: BTreeSet<String> = refusals().iter().map(|refusal| refusal.code().to_owned()).collect();
    assert_eq!(known, of_arms(&text("shared/model/src/refusal.rs").unwrap()));
}

#[test]
fn every_code_is_listed_and_no_other() {
    let mut codes: BTreeSet<String> = refusals().iter().map(|refusal| refusal.code().to_owned()).collect();
    codes.extend(of_arms(&text("shared/model/src/sweep.rs").unwrap()));
    codes.extend(slack_codes());
    codes.extend(field_codes());
    codes.extend(problem_codes().into_iter().map(|(_, code)| code));
    codes.insert("invalid_request".to_owned());
    assert_eq!(openapi().words("Problem", "/properties/code/enum"), codes);
    assert_eq!(openapi().words("Problem", "/properties/errors/items/properties/code/enum"), field_codes());
}

/// The text of each answer names the codes that come with its status.
#[test]
fn every_code_is_told_with_its_status() {
    let document = openapi();
    let told = |status: u16, code: &str| document.descriptions(status).contains(&format!("`{code}`"));
    let refused = |refusal: &Refusal| match refusal.kind() {
        RefusalKind::Forbidden => (403, refusal.code().to_owned()),
        RefusalKind::Conflict => (409, refusal.code().to_owned()),
        RefusalKind::TooOften => (429, refusal.code().to_owned()),
    };
    let mut pairs: BTreeSet<(u16, String)> = refusals().iter().map(refused).collect();
    pairs.extend(field_codes().into_iter().map(|code| (422, code)));
    pairs.extend(problem_codes());
    pairs.extend(of_arms(&text("shared/slack/src/signature.rs").unwrap()).into_iter().map(|code| (401, code)));
    pairs.extend(of_arms(&text("shared/slack/src/workspace.rs").unwrap()).into_iter().map(|code| (401, code)));
    pairs.extend(of_arms(&text("shared/slack/src/payload.rs").unwrap()).into_iter().map(|code| (400, code)));
    let missing = pairs.iter().filter(|(status, code)| !told(*status, code));
    holds(&missing.map(|(status, code)| format!("no answer {status} tells of `{code}`")).collect());
}
