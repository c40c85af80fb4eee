use super::*;
use crate::double::{World, asked, home, id, of};

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/countersign-boundary/countersign-boundary";
const BASE: &str = "arn:aws:iam::111111111111:role/countersign-base/countersign-sample";

fn roles(world: &World) -> Roles {
    let clients = world.clients();
    clients.roles(&clients.accounts(BOUNDARY.parse().unwrap(), None))
}

fn answer(operation: &str, result: &str) -> (u16, String) {
    (
        200,
        format!(
            "<{operation}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{operation}Result>{result}</{operation}Result>\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>"
        ),
    )
}

fn error(status: u16, code: &str) -> (u16, String) {
    (
        status,
        format!(
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>User: arn:aws:iam::1:user/x</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        ),
    )
}

fn role(path: &str, name: &str, boundary: &str) -> (u16, String) {
    answer(
        "GetRole",
        &format!(
            "<Role><Path>{path}</Path><RoleName>{name}</RoleName><RoleId>AROA1</RoleId>\
             <Arn>arn:aws:iam::111111111111:role{path}{name}</Arn><CreateDate>2026-11-20T19:00:00Z</CreateDate>\
             <AssumeRolePolicyDocument>%7B%22Version%22%3A%20%222012-10-17%22%2C%22x%22%3A%22a%2Bb%22%7D</AssumeRolePolicyDocument>\
             <PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
             <PermissionsBoundaryArn>{boundary}</PermissionsBoundaryArn></PermissionsBoundary>\
             <Tags><member><Key>countersign:request</Key><Value>{name}</Value></member>\
             <member><Key>countersign:digest</Key><Value>abc</Value></member></Tags></Role>"
        ),
    )
}

fn actions(world: &World) -> Vec<String> {
    (0..world.sent().len()).map(|n| world.parameter(n, "Action").unwrap()).collect()
}

fn spec() -> RoleSpec {
    let request = asked("prod-admin").next.request;
    RoleSpec { account: home(), id: id(), digest: request.digest(), trust: "{}".to_owned(), longest_session: 3_600 }
}

#[tokio::test]
async fn a_role_is_made_on_our_path_with_our_boundary_and_tags() {
    let world = World::answering(vec![error(409, "EntityAlreadyExists")]);
    assert_eq!(roles(&world).create_role(&spec()).await, Ok(false));
    let sent = |name| world.parameter(0, name).unwrap();
    assert_eq!(sent("Path"), "/countersign/");
    assert_eq!(sent("RoleName"), id().as_str());
    assert_eq!(sent("PermissionsBoundary"), BOUNDARY);
    assert_eq!(sent("MaxSessionDuration"), "3600");
    assert_eq!(
        (sent("Tags.member.1.Key"), sent("Tags.member.1.Value")),
        ("countersign:request".into(), id().to_string())
    );
    assert_eq!((sent("Tags.member.2.Key"), sent("Tags.member.2.Value")), ("countersign:managed".into(), "true".into()));
    assert_eq!(sent("Tags.member.3.Value"), spec().digest.to_string());
}

#[tokio::test]
async fn a_role_is_read_as_it_is() {
    let world = World::answering(vec![
        role("/countersign/", id().as_str(), BOUNDARY),
        role("/", id().as_str(), BOUNDARY),
        role("/countersign/", id().as_str(), "arn:aws:iam::111111111111:policy/other"),
        error(404, "NoSuchEntity"),
    ]);
    let roles = roles(&world);
    let found = roles.role(of(&home(), &id())).await.unwrap().unwrap();
    assert_eq!(found.request.as_deref(), Some(id().as_str()));
    assert_eq!(found.digest.as_deref(), Some("abc"));
    assert_eq!(found.trust, r#"{"Version": "2012-10-17","x":"a+b"}"#);
    assert!(found.bounded);
    assert_eq!(found.created_at.to_string(), "2026-11-20T19:00:00Z");
    let elsewhere = roles.role(of(&home(), &id())).await.unwrap().unwrap();
    assert_eq!((elsewhere.request, elsewhere.bounded), (None, false), "our tags under another path mean nothing");
    assert!(!roles.role(of(&home(), &id())).await.unwrap().unwrap().bounded);
    assert_eq!(roles.role(of(&home(), &id())).await, Ok(None));
}

#[tokio::test]
async fn a_role_is_emptied_and_its_tombstone_goes_last() {
    let list =
        "<PolicyNames><member>tombstone</member><member>grant</member></PolicyNames><IsTruncated>false</IsTruncated>";
    let attached = "<AttachedPolicies><member><PolicyName>x</PolicyName><PolicyArn>arn:aws:iam::aws:policy/x</PolicyArn></member></AttachedPolicies>\
                    <IsTruncated>false</IsTruncated>";
    let world = World::answering(vec![
        answer("ListRolePolicies", list),
        answer("DeleteRolePolicy", ""),
        answer("ListAttachedRolePolicies", attached),
        error(404, "NoSuchEntity"),
        answer("DeleteRolePolicy", ""),
        error(404, "NoSuchEntity"),
    ]);
    assert_eq!(roles(&world).remove_role(of(&home(), &id())).await, Ok(()));
    assert_eq!(
        actions(&world),
        [
            "ListRolePolicies",
            "DeleteRolePolicy",
            "ListAttachedRolePolicies",
            "DetachRolePolicy",
            "DeleteRolePolicy",
            "DeleteRole"
        ]
    );
    assert_eq!(world.parameter(1, "PolicyName").unwrap(), "grant");
    assert_eq!(world.parameter(4, "PolicyName").unwrap(), "tombstone");
}

#[tokio::test]
async fn a_role_that_is_gone_is_removed_and_one_that_will_not_go_is_a_fault() {
    let world = World::answering(vec![error(404, "NoSuchEntity")]);
    assert_eq!(roles(&world).remove_role(of(&home(), &id())).await, Ok(()));
    let world = World::answering(vec![
        answer("ListRolePolicies", "<PolicyNames/><IsTruncated>false</IsTruncated>"),
        answer("ListAttachedRolePolicies", "<AttachedPolicies/><IsTruncated>false</IsTruncated>"),
        error(409, "DeleteConflict"),
    ]);
    assert_eq!(
        roles(&world).remove_role(of(&home(), &id())).await,
        Err(Fault::new("take out the role", "DeleteConflict"))
    );
}

#[tokio::test]
async fn roles_are_listed_under_our_path_across_pages() {
    let page = |name: &str, more: &str| {
        answer(
            "ListRoles",
            &format!(
                "<Roles><member><Path>/countersign/</Path><RoleName>{name}</RoleName><RoleId>A</RoleId><Arn>a</Arn>\
                 <CreateDate>2026-11-20T19:00:00Z</CreateDate></member></Roles>{more}"
            ),
        )
    };
    let world = World::answering(vec![
        page("req_1", "<IsTruncated>true</IsTruncated><Marker>m</Marker>"),
        page("somebody-else", "<IsTruncated>false</IsTruncated>"),
    ]);
    assert_eq!(roles(&world).role_names(&home()).await.unwrap(), ["req_1", "somebody-else"]);
    assert_eq!(world.parameter(0, "PathPrefix").unwrap(), "/countersign/");
    assert_eq!(world.parameter(1, "Marker").unwrap(), "m");
}

#[tokio::test]
async fn a_deny_is_written_on_exactly_the_role_that_is_meant() {
    let base: PrincipalArn = BASE.parse().unwrap();
    let elsewhere: PrincipalArn = BASE.replace("countersign-base", "another-path").parse().unwrap();
    let found = || role("/countersign-base/", "countersign-sample", BOUNDARY);
    let world = World::answering(vec![found(), answer("PutRolePolicy", ""), found()]);
    let roles = roles(&world);
    assert_eq!(roles.put_kill(&base, "countersign-kill-x", "{}").await, Ok(()));
    assert_eq!(world.parameter(1, "RoleName").unwrap(), "countersign-sample");
    assert_eq!(
        roles.put_kill(&elsewhere, "countersign-kill-x", "{}").await,
        Err(Fault::new("write the deny", "role_elsewhere"))
    );
}

#[tokio::test]
async fn a_refusal_is_one_word_whatever_the_service_calls_it() {
    for code in ["AccessDenied", "AccessDeniedException"] {
        let world = World::answering(vec![error(403, code)]);
        assert_eq!(roles(&world).role_names(&home()).await, Err(Fault::new("list the roles", "AccessDenied")));
    }
}
