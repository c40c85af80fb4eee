//! A request for tests, and where it can be.

use model::catalog::{EntitledMechanism, Entitlement};
use model::digest::Digest;
use model::identity::Identity;
use model::lifecycle::{Approval, EndReason, Evidence, Phase, Plan, State, Verification};
use model::names::{PersonId, SlackUser};
use model::notices::{Notices, Reminder};
use model::request::{Judged, Mechanism, Quorum, Request, RequestFacts};
use model::risk::{RiskInput, assess};
use model::text::FreeText;
use model::time::{Time, Window};
use model::words::{Salt, Words};

use crate::blocks::Message;
use crate::render::{Card, card as render_card};

pub(crate) fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// Somebody's words, as they are stored.
pub(crate) fn words(said: &str) -> Words {
    Words::new(FreeText::new(said).unwrap(), Salt::new([7; 16]))
}

pub(crate) fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

/// Alice, bob and carol use Slack; dave does not.
pub(crate) fn names(person: &PersonId) -> Option<SlackUser> {
    let user = match person.as_str() {
        "alice" => "U0ALICE01",
        "bob" => "U0BOB00001",
        "carol" => "U0CAROL001",
        _ => return None,
    };
    Some(format!("T0COUNTER1/{user}").parse().unwrap())
}

pub(crate) fn facts() -> RequestFacts {
    let permissions = vec!["dynamodb:GetItem".to_owned(), "dynamodb:UpdateItem".to_owned()];
    let resources = vec!["arn:aws:dynamodb:us-east-1:111111111111:table/orders".to_owned()];
    RequestFacts {
        id: "req_0198c0ffee00700080000000deadbeef".parse().unwrap(),
        requester: person("alice"),
        identity: Identity::Slack { user: "T0COUNTER1/U0ALICE01".parse().unwrap() },
        entitlement: "orders-db-debug".parse().unwrap(),
        account: "111111111111".parse().unwrap(),
        environment: "prod".to_owned(),
        mechanism: Mechanism::Session {
            base_role: "arn:aws:iam::111111111111:role/countersign-base/sample".parse().unwrap(),
        },
        risk: assess(&RiskInput {
            actions: &permissions,
            resources: &resources,
            environment: "prod",
            duration_seconds: 7_200,
        }),
        permissions,
        resources,
        may_outlive: vec![],
        source_ips: vec![],
        mfa_at_door: false,
        duration_seconds: 7_200,
        justification: words("orders are stuck since 18:40"),
        ticket: Some("OPS-7".parse().unwrap()),
        channel: Some("C0APPROVALS".parse().unwrap()),
        submitted_at: time("2026-11-20T19:00:00Z"),
        approval_window_seconds: 3_600,
        judged: Judged { entitlement: Digest::of(b"entitlement"), policy: Digest::of(b"policy") },
        quorum: Quorum { needed: 2, groups: vec!["orders-oncall".parse().unwrap(), "orders-leads".parse().unwrap()] },
        notices: Notices {
            directly: true,
            reminders: vec![
                Reminder { after_seconds: 600, groups: vec![], channel: None },
                Reminder {
                    after_seconds: 1_200,
                    groups: vec!["orders-leads".parse().unwrap()],
                    channel: Some("C0ESCALATE".parse().unwrap()),
                },
            ],
            warn_before_seconds: 300,
        },
        extends: None,
    }
}

pub(crate) fn request() -> Request {
    Request::new(facts())
}

/// A `role` grant.
pub(crate) fn role_request() -> Request {
    let mechanism =
        Mechanism::Role { principals: vec!["arn:aws:iam::111111111111:user/alice".parse().unwrap()], mfa: true };
    Request::new(RequestFacts { mechanism, entitlement: "prod-admin".parse().unwrap(), ..facts() })
}

pub(crate) fn approval(id: &str) -> Approval {
    Approval {
        person: person(id),
        digest: request().digest(),
        at: time("2026-11-20T19:05:00Z"),
        after_seconds: None,
        note: None,
    }
}

pub(crate) fn window() -> Window {
    Window::starting(time("2026-11-20T19:10:00Z"), 7_200).unwrap()
}

pub(crate) fn evidence() -> Evidence {
    Evidence {
        checked_at: time("2026-11-20T21:10:30Z"),
        findings: vec!["role absent".to_owned(), "schedule absent".to_owned()],
    }
}

pub(crate) fn state(phase: Phase) -> State {
    State { request: request(), phase, refusals: 0, narrowed: None, known: model::activity::Known::default() }
}

/// It waits, countersigned by these.
pub(crate) fn pending(by: &[&str]) -> Phase {
    let approvals = by.iter().map(|id| approval(id)).collect();
    Phase::Pending { approvals, lapses_at: time("2026-11-20T20:00:00Z"), reminded: 0, reminded_at: None }
}

/// Countersigned by bob and carol.
pub(crate) fn active() -> Phase {
    Phase::Active {
        approvals: vec![approval("bob"), approval("carol")],
        plan: Plan { window: window() },
        at: time("2026-11-20T19:10:05Z"),
        issued: 2,
        warned: false,
    }
}

pub(crate) fn ended(reason: EndReason) -> Phase {
    Phase::Ended {
        approvals: vec![approval("bob"), approval("carol")],
        plan: Plan { window: window() },
        reason,
        at: time("2026-11-20T21:10:30Z"),
        evidence: evidence(),
        residue: None,
        issued: 3,
        since: Some(time("2026-11-20T21:10:00Z")),
        verification: verified(),
    }
}

/// IAM says that it has ended.
pub(crate) fn verified() -> Verification {
    let findings = vec!["role absent: IAM knows nobody of that name".to_owned()];
    Verification::Verified { evidence: Evidence { checked_at: time("2026-11-20T21:10:31Z"), findings } }
}

/// Not yet, and whether somebody was paged.
pub(crate) fn unproven(unverified: bool) -> Verification {
    Verification::Due { failures: if unverified { 5 } else { 0 }, next_attempt_at: None, unverified }
}

/// The card of the request while it waits.
pub(crate) fn card() -> Message {
    render_card(&Card { state: &state(pending(&["bob"])), unusual: &unusual(), names: &names })
}

pub(crate) fn unusual() -> Vec<String> {
    vec!["The first time that this person asks for orders-db-debug.".to_owned()]
}

/// The entitlement of the request, with `text` wherever the operators can say something.
pub(crate) fn entitlement(text: &str) -> Entitlement {
    let facts = facts();
    Entitlement {
        name: facts.entitlement,
        description: text.to_owned(),
        account: facts.account,
        environment: text.to_owned(),
        mechanism: EntitledMechanism::Role,
        permissions: facts.permissions,
        resources: facts.resources,
        max_duration_seconds: 14_400,
        approval_window_seconds: 3_600,
        approvals_needed: 2,
        approvers: facts.quorum.groups,
        ticket_required: true,
        mfa: true,
        source_ips: vec![],
        may_outlive: vec![],
        may_open: vec![],
        end_on_findings: vec![],
        leeway: model::scope::Leeway::default(),
        channel: None,
        notices: Notices::default(),
    }
}
