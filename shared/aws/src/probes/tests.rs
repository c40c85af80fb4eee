use super::*;
use crate::double::{NOW, World, asked};
use model::request::Request;
use model::terms::Terms;
use model::time::Time;

const ROLE: &str = "arn:aws:iam::111111111111:role/countersign-base/sample";

fn probes(world: &World) -> Probes {
    let clients = world.clients();
    let boundary = "arn:aws:iam::111111111111:policy/countersign-boundary/countersign-boundary";
    clients.probes(&clients.accounts(boundary.parse().unwrap(), None))
}

fn request() -> Request {
    asked("orders-db-debug").next.request
}

fn answer(operation: &str, decisions: &[&str]) -> (u16, String) {
    let results: Vec<String> = decisions
        .iter()
        .map(|decision| {
            format!(
                "<member><EvalActionName>dynamodb:GetItem</EvalActionName><EvalResourceName>*</EvalResourceName>\
                 <EvalDecision>{decision}</EvalDecision></member>"
            )
        })
        .collect();
    let body = format!(
        "<{operation}Response><{operation}Result><EvaluationResults>{}</EvaluationResults></{operation}Result>\
         </{operation}Response>",
        results.concat(),
    );
    (200, body)
}

#[tokio::test]
async fn a_session_is_asked_about_with_all_its_marks() {
    let world = World::answering(vec![answer("SimulatePrincipalPolicy", &["explicitDeny"])]);
    let (now, request): (Time, _) = (NOW.parse().unwrap(), request());
    let role: PrincipalArn = ROLE.parse().unwrap();
    let probe = Probe::of_session(Terms::as_asked(&request), &role, now, now.plus(60));
    assert_eq!(probes(&world).probe_role(&role, &probe).await, Ok(Verdict::ExplicitDeny));
    let sent = |name: &str| world.parameter(0, name).unwrap();
    assert_eq!((sent("Action"), sent("PolicySourceArn")), ("SimulatePrincipalPolicy".to_owned(), ROLE.to_owned()));
    assert_eq!(sent("ActionNames.member.1"), "dynamodb:GetItem");
    assert_eq!(sent("ResourceArns.member.1"), request.resources[0]);
    let context: Vec<(String, String, String)> = (1..)
        .map_while(|n| {
            let of = |field: &str| world.parameter(0, &format!("ContextEntries.member.{n}.{field}"));
            Some((of("ContextKeyName")?, of("ContextKeyType")?, of("ContextKeyValues.member.1")?))
        })
        .collect();
    let entry = |key: &str, kind: &str, value: &str| (key.to_owned(), kind.to_owned(), value.to_owned());
    let id = request.id.as_str();
    for expected in [
        entry("aws:SourceIdentity", "string", id),
        entry("aws:userid", "string", &format!("sample:{id}")),
        entry("aws:PrincipalTag/countersign:request", "string", id),
        entry("aws:TokenIssueTime", "date", NOW),
        entry("aws:CurrentTime", "date", "2026-11-20T19:01:00Z"),
        entry("aws:ViaAWSService", "boolean", "false"),
    ] {
        assert!(context.contains(&expected), "{expected:?} in {context:?}");
    }
}

#[tokio::test]
async fn a_document_is_asked_about_by_itself() {
    let operation = "SimulateCustomPolicy";
    let world = World::answering(vec![
        answer(operation, &["allowed"]),
        answer(operation, &["implicitDeny"]),
        answer(operation, &[]),
    ]);
    let probes = probes(&world);
    let probe = Probe::of_document(Terms::as_asked(&request()), NOW.parse().unwrap());
    assert_eq!(probes.probe_document("{}", &probe).await, Ok(Verdict::Allowed));
    assert_eq!(world.parameter(0, "PolicyInputList.member.1").unwrap(), "{}");
    assert_eq!(probes.probe_document("{}", &probe).await, Ok(Verdict::ImplicitDeny));
    let nothing = probes.probe_document("{}", &probe).await.unwrap_err();
    assert_eq!(nothing.code, "unreadable_answer", "no answer is not a no");
}
