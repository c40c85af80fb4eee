//! Calls of the API.

use super::gateway::event;
use super::{assert_answer, assert_untouched, chosen, driven, standing, world};
use crate::made::MADE;
use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::http::Answer;
use model::lifecycle::Phase;
use model::policy::Policy;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use workflow::double::{World, home};
use workflow::ports::Policies as _;

/// The sample's policy.
static POLICY: LazyLock<Arc<Policy>> =
    LazyLock::new(|| driven(MADE.world.policy()).expect("the sample's policy is in force"));

/// A function, by what answers a call.
type Door = fn(&World, ApiGatewayV2httpRequest) -> Answer;

/// What answers calls of the API.
const DOORS: [Door; 4] = [
    |world, event| {
        let here = intake::Installation { accounts: vec![home()] };
        driven(intake::handle(world, &here, event))
    },
    |world, event| driven(approval::handle(world, event)),
    |world, event| driven(credentials::handle(world, event)),
    |world, event| {
        let event = serde_json::value::to_raw_value(&event).expect("an event is JSON");
        driven(Box::pin(activity::handle(world, event))).ok().flatten().unwrap_or_else(Answer::received)
    },
];

/// The routes, each with the function that has it.
const ROUTES: [(&str, usize); 19] = [
    ("POST /v1/requests", 0),
    ("POST /v1/requests/{id}/extend", 0),
    ("GET /v1/entitlements", 0),
    ("GET /v1/requests", 0),
    ("GET /v1/requests/{id}", 0),
    ("GET /v1/requests/{id}/events", 0),
    ("POST /v1/requests/{id}/approve", 1),
    ("POST /v1/requests/{id}/deny", 1),
    ("POST /v1/requests/{id}/cancel", 1),
    ("POST /v1/requests/{id}/revoke", 1),
    ("POST /v1/panic", 1),
    ("POST /v1/panic/{id}/confirm", 1),
    ("POST /v1/persons/{id}/offboard", 1),
    ("POST /v1/persons/{id}/reinstate", 1),
    ("POST /v1/requests/{id}/credentials", 2),
    ("GET /v1/requests/{id}/activity", 3),
    ("POST /v1/requests/{id}/activity", 3),
    ("GET /v1/entitlements/{name}/use", 3),
    ("DELETE /v1/everything", 1),
];

/// Who calls; the last is nobody.
const CALLERS: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "mallory", ""];

/// Who of them may countersign what alice asked for.
const APPROVERS: [&str; 2] = ["bob", "carol"];

/// An event of API Gateway as it is, given to every function of the API. Whoever is nobody changes nothing.
pub(crate) fn api_event(data: &[u8]) {
    for door in DOORS {
        let Ok(event) = serde_json::from_slice::<ApiGatewayV2httpRequest>(data) else { return };
        let arn = event.request_context.authorizer.as_ref().and_then(|one| one.iam.as_ref()?.user_arn.clone());
        let known = arn.is_some_and(|arn| POLICY.catalog().by_caller(&arn).is_some());
        let world = world();
        let answer = door(&world, event);
        let body = assert_answer(&answer);
        if !known {
            assert_untouched(&world, "nobody called");
            // A wake that is no call is answered with nothing.
            assert!(answer.status_code >= 400 || body == Value::Null, "nobody is answered {}", answer.body);
        }
    }
}

/// A byte for the route, one for who calls, one for about which request, and the body; what follows a line of `?` in it is
/// the query. Whoever is nobody changes nothing, a key makes one request, and what is not approved stays so.
pub(crate) fn api_body(data: &[u8]) {
    let Some(([route, caller, about], body)) = data.split_first_chunk() else { return };
    let (route, door) = chosen(&ROUTES, *route);
    let caller = chosen(&CALLERS, *caller);
    let nobody = "req_00000000000000000000000000000000";
    let ids = [MADE.pending.as_str(), MADE.active.as_str(), MADE.denied.as_str(), nobody, "../x", "alice", "logs-read"];
    let id = chosen(&ids, *about);
    let text = String::from_utf8_lossy(body);
    let (sent, query) = text.split_once("\n?").unwrap_or((&text, ""));
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let query: serde_json::Map<String, Value> = pairs.map(|(name, value)| (name, json!(value))).collect();
    let body = if query.is_empty() { body } else { sent.as_bytes() };
    let arn = format!("arn:aws:iam::111111111111:user/{caller}");
    let headers = json!({"idempotency-key": "one-and-the-same", "content-type": "application/json"});
    let call = || event(route, (!caller.is_empty()).then_some(&arn), id, &headers, &Value::Object(query.clone()), body);
    let (Some(first), Some(second)) = (call(), call()) else { return };
    let world = world();
    let before = standing(&world);
    let answer = DOORS[door](&world, first);
    let said = assert_answer(&answer);
    if caller.is_empty() {
        assert_untouched(&world, "nobody called");
        assert_eq!(answer.status_code, 403, "{route}: {}", answer.body);
    }
    if door != 2 {
        assert!(!World::is_secret(answer.body.as_bytes()), "credentials in an answer to {route}");
    }
    if caller == "mallory" {
        assert_eq!(
            standing(&world).map(|one| one.map(|state| state.phase)),
            before.map(|one| one.map(|state| state.phase))
        );
    }
    if !APPROVERS.contains(&caller) {
        let state = world.stored(&MADE.pending).expect("it is there").state;
        let approved = matches!(
            state.phase,
            Phase::Approved { .. } | Phase::Provisioning { .. } | Phase::Active { .. } | Phase::Revoking { .. }
        );
        assert!(!approved && state.approvals().is_empty(), "{caller} approved: {}", answer.body);
    }
    if route == "POST /v1/requests" && answer.status_code == 201 {
        let again = assert_answer(&DOORS[door](&world, second));
        assert_eq!(again["id"], said["id"], "one key, two requests");
        assert_eq!(world.ids().len(), MADE.world.ids().len().saturating_add(1));
    }
    assert_eq!(world.breaches(), Vec::<String>::new());
}

/// What a call about the request that waits is answered.
pub(super) fn sent(route: &str, caller: &str, body: &[u8]) -> Option<Answer> {
    let (_, door) = ROUTES.iter().find(|(known, _)| *known == route)?;
    let arn = format!("arn:aws:iam::111111111111:user/{caller}");
    let call = event(route, Some(&arn), MADE.pending.as_str(), &json!({}), &json!({}), body)?;
    Some(DOORS[*door](&world(), call))
}
