//! A request for tests.

use model::digest::Digest;
use model::identity::Identity;
use model::lifecycle::Approval;
use model::names::{PersonId, SlackUser};
use model::request::{Judged, Mechanism, Quorum, Request, RequestFacts};
use model::risk::{RiskInput, assess};
use model::text::FreeText;
use model::time::{Time, Window};

pub(crate) fn time(text: &str) -> Time {
    text.parse().unwrap()
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
        justification: FreeText::new("orders are stuck since 18:40").unwrap(),
        ticket: Some("OPS-7".parse().unwrap()),
        channel: Some("C0APPROVALS".parse().unwrap()),
        submitted_at: time("2026-11-20T19:00:00Z"),
        approval_window_seconds: 3_600,
        judged: Judged { entitlement: Digest::of(b"entitlement"), policy: Digest::of(b"policy") },
        quorum: Quorum { needed: 2, groups: vec!["orders-oncall".parse().unwrap()] },
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
    Approval { person: person(id), digest: request().digest(), at: time("2026-11-20T19:05:00Z") }
}

pub(crate) fn window() -> Window {
    Window::starting(time("2026-11-20T19:10:00Z"), 7_200).unwrap()
}
