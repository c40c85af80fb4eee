use super::*;
use crate::double::{World, asked, home, id, of};

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/countersign-boundary/countersign-boundary";
const ROLE: &str = "arn:aws:iam::111111111111:role/legacy/debug";

fn policies(world: &World) -> ManagedPolicies {
    let clients = world.clients();
    clients.managed_policies(&clients.accounts(BOUNDARY.parse().unwrap(), None))
}

fn target_roles(world: &World, credentials_role: PrincipalArn) -> TargetRoles {
    let clients = world.clients();
    clients.target_roles(&clients.accounts(BOUNDARY.parse().unwrap(), None), credentials_role)
}

fn arn() -> String {
    format!("arn:aws:iam::111111111111:policy/countersign/{}", id())
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
             <Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        ),
    )
}

fn entities(roles: &[&str]) -> (u16, String) {
    let members: Vec<String> =
        roles.iter().map(|role| format!("<member><RoleName>{role}</RoleName></member>")).collect();
    let roles = members.concat();
    answer(
        "ListEntitiesForPolicy",
        &format!("<PolicyRoles>{roles}</PolicyRoles><PolicyUsers/><PolicyGroups/><IsTruncated>false</IsTruncated>"),
    )
}

fn versions() -> (u16, String) {
    let version = |name: &str, default: bool| {
        format!("<member><VersionId>{name}</VersionId><IsDefaultVersion>{default}</IsDefaultVersion></member>")
    };
    let listed = [version("v2", true), version("v1", false)].concat();
    answer("ListPolicyVersions", &format!("<Versions>{listed}</Versions><IsTruncated>false</IsTruncated>"))
}

fn actions(world: &World) -> Vec<String> {
    (0..world.sent().len()).map(|n| world.parameter(n, "Action").unwrap()).collect()
}

#[tokio::test]
async fn a_policy_is_made_on_our_path_with_our_tags_and_attached() {
    let request = asked("legacy-debug").next.request;
    let spec = PolicySpec { account: home(), id: id(), digest: request.digest(), document: "{}".to_owned() };
    let world = World::answering(vec![error(409, "EntityAlreadyExists"), answer("AttachRolePolicy", "")]);
    let policies = policies(&world);
    assert_eq!(policies.create_policy(&spec).await, Ok(false));
    let sent = |n: usize, name: &str| world.parameter(n, name).unwrap();
    assert_eq!((sent(0, "Path").as_str(), sent(0, "PolicyName").as_str()), ("/countersign/", id().as_str()));
    let tags: Vec<(String, String)> = (1..=3)
        .map(|n| (sent(0, &format!("Tags.member.{n}.Key")), sent(0, &format!("Tags.member.{n}.Value"))))
        .collect();
    let wanted = [
        ("countersign:request", id().to_string()),
        ("countersign:managed", "true".to_owned()),
        ("countersign:digest", spec.digest.to_string()),
    ];
    assert_eq!(tags, wanted.map(|(key, value)| (key.to_owned(), value)));
    assert_eq!(policies.attach_policy(of(&home(), &id()), &ROLE.parse().unwrap()).await, Ok(()));
    assert_eq!((sent(1, "RoleName"), sent(1, "PolicyArn")), ("debug".to_owned(), arn()));
}

#[tokio::test]
async fn the_version_that_counts_is_read() {
    let policy = answer(
        "GetPolicy",
        "<Policy><PolicyName>x</PolicyName><DefaultVersionId>v2</DefaultVersionId><CreateDate>2026-11-20T19:00:00Z</CreateDate>\
         <Tags><member><Key>countersign:request</Key><Value>req_1</Value></member>\
         <member><Key>countersign:managed</Key><Value>true</Value></member></Tags></Policy>",
    );
    let version =
        answer("GetPolicyVersion", "<PolicyVersion><Document>%7B%22a%22%3A%22b%2Bc%22%7D</Document></PolicyVersion>");
    let gone = || error(404, "NoSuchEntity");
    let world = World::answering(vec![policy.clone(), version, gone(), policy, gone()]);
    let policies = policies(&world);
    let found = policies.policy(of(&home(), &id())).await.unwrap().unwrap();
    assert_eq!((found.request.as_deref(), found.managed, found.digest), (Some("req_1"), true, None));
    assert_eq!(found.document, r#"{"a":"b+c"}"#);
    assert_eq!(world.parameter(1, "VersionId").unwrap(), "v2");
    assert_eq!(policies.policy(of(&home(), &id())).await, Ok(None));
    // It was there a moment ago: that its version is not is no proof that it is gone.
    assert_eq!(policies.policy(of(&home(), &id())).await, Err(Fault::new("read the policy", "NoSuchEntity")));
}

#[tokio::test]
async fn where_it_is_attached_is_asked_of_the_policy() {
    let world = World::answering(vec![entities(&["other", "debug"]), entities(&["other"]), error(404, "NoSuchEntity")]);
    let (policies, role) = (policies(&world), ROLE.parse().unwrap());
    for attached in [true, false, false] {
        assert_eq!(policies.attached(of(&home(), &id()), &role).await, Ok(attached));
    }
}

#[tokio::test]
async fn a_version_that_counts_is_written_and_others_make_room() {
    let made = || answer("CreatePolicyVersion", "");
    let full = error(409, "LimitExceeded");
    let world = World::answering(vec![full, versions(), answer("DeletePolicyVersion", ""), made()]);
    assert_eq!(policies(&world).replace_policy(of(&home(), &id()), "{}").await, Ok(()));
    let wanted = ["CreatePolicyVersion", "ListPolicyVersions", "DeletePolicyVersion", "CreatePolicyVersion"];
    assert_eq!(actions(&world), wanted);
    assert_eq!(world.parameter(2, "VersionId").unwrap(), "v1");
    assert_eq!(world.parameter(3, "SetAsDefault").unwrap(), "true");
}

#[tokio::test]
async fn it_is_taken_off_then_its_versions_go_then_itself() {
    let gone = || error(404, "NoSuchEntity");
    let world = World::answering(vec![entities(&["debug"]), gone(), versions(), gone(), answer("DeletePolicy", "")]);
    assert_eq!(policies(&world).remove_policy(of(&home(), &id())).await, Ok(()));
    let wanted =
        ["ListEntitiesForPolicy", "DetachRolePolicy", "ListPolicyVersions", "DeletePolicyVersion", "DeletePolicy"];
    assert_eq!(actions(&world), wanted);
    let world = World::answering(vec![gone()]);
    assert_eq!(policies(&world).remove_policy(of(&home(), &id())).await, Ok(()), "gone already");
    let world = World::answering(vec![entities(&[]), versions(), gone(), error(409, "DeleteConflict")]);
    assert_eq!(
        policies(&world).remove_policy(of(&home(), &id())).await,
        Err(Fault::new("take out the policy", "DeleteConflict"))
    );
}

#[tokio::test]
async fn policies_are_listed_under_our_path() {
    let listed = "<Policies><member><PolicyName>req_1</PolicyName></member></Policies><IsTruncated>false</IsTruncated>";
    let world = World::answering(vec![answer("ListPolicies", listed)]);
    assert_eq!(policies(&world).policy_names(&home()).await.unwrap(), ["req_1"]);
    assert_eq!(world.parameter(0, "PathPrefix").unwrap(), "/countersign/");
    assert_eq!(world.parameter(0, "Scope").unwrap(), "Local");
}

#[tokio::test]
async fn a_target_is_exactly_the_role_that_is_meant() {
    let role = |path: &str| {
        answer(
            "GetRole",
            &format!(
                "<Role><Path>{path}</Path><RoleName>debug</RoleName><RoleId>AROA1</RoleId>\
                 <Arn>arn:aws:iam::111111111111:role{path}debug</Arn><CreateDate>2026-11-20T19:00:00Z</CreateDate>\
                 <AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument>\
                 <Tags><member><Key>Countersign:Request</Key><Value>req_1</Value></member></Tags></Role>"
            ),
        )
    };
    let attached = || {
        let policies = ["standing", "another"].map(|name| format!("<member><PolicyName>{name}</PolicyName></member>"));
        answer("ListAttachedRolePolicies", &format!("<AttachedPolicies>{}</AttachedPolicies>", policies.concat()))
    };
    let gone = || error(404, "NoSuchEntity");
    let world = World::answering(vec![role("/legacy/"), attached(), role("/"), attached(), gone(), gone()]);
    let us: PrincipalArn = "arn:aws:iam::111111111111:role/countersign-system/countersign-credentials".parse().unwrap();
    let (targets, meant) = (target_roles(&world, us.clone()), ROLE.parse().unwrap());
    let found = TargetFound {
        trust: "{}".to_owned(),
        credentials_role: us,
        attached: vec!["another".to_owned(), "standing".to_owned()],
        tagged: Some("req_1".to_owned()),
    };
    assert_eq!(targets.target(&meant).await, Ok(Some(found)));
    assert_eq!(targets.target(&meant).await, Err(Fault::new("read the target role", "role_elsewhere")));
    assert_eq!(targets.target(&meant).await, Ok(None));
}
