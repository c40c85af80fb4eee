use super::*;
use crate::double::{World, home, id};

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/countersign-boundary/countersign-boundary";
const SPOKE: &str = "222222222222";

fn accounts(world: &World, connected: bool) -> Accounts {
    let spokes = Spokes {
        provisioner: "countersign-system/countersign-provisioner".to_owned(),
        external_id: "an-external-id-of-ours".to_owned(),
    };
    world.clients().accounts(BOUNDARY.parse().unwrap(), connected.then_some(spokes))
}

fn entered(until: &str) -> (u16, String) {
    (
        200,
        format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
             <Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        ),
    )
}

#[tokio::test]
async fn our_own_account_is_not_entered() {
    let world = World::answering(Vec::<(u16, String)>::new());
    accounts(&world, true).iam(home().as_str(), id().as_str()).await.unwrap();
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn another_account_is_entered_once_for_a_request_and_names_it() {
    let world = World::answering(vec![entered("2999-01-01T00:00:00Z"), entered("2999-01-01T00:00:00Z")]);
    let accounts = accounts(&world, true);
    for _ in 0..3 {
        accounts.iam(SPOKE, id().as_str()).await.unwrap();
    }
    accounts.iam(SPOKE, FOR_ALL).await.unwrap();
    let sent = |n, name| world.parameter(n, name).unwrap();
    assert_eq!(world.sent().len(), 2, "a session is never used for another request");
    assert_eq!(sent(0, "RoleArn"), "arn:aws:iam::222222222222:role/countersign-system/countersign-provisioner");
    assert_eq!(sent(0, "ExternalId"), "an-external-id-of-ours");
    assert_eq!((sent(0, "SourceIdentity"), sent(0, "RoleSessionName")), (id().to_string(), id().to_string()));
    assert_eq!(sent(0, "DurationSeconds"), "900");
    assert_eq!(sent(1, "SourceIdentity"), "countersign-system");
}

#[tokio::test]
async fn a_session_that_is_about_to_end_is_not_used_again() {
    let soon = SystemClock.now().plus(MARGIN).to_string();
    let world = World::answering(vec![entered(&soon), entered("2999-01-01T00:00:00Z")]);
    let accounts = accounts(&world, true);
    for _ in 0..3 {
        accounts.iam(SPOKE, id().as_str()).await.unwrap();
    }
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn sessions_are_not_kept_without_end() {
    let world = World::answering(vec![entered("2999-01-01T00:00:00Z"); KEPT + 8]);
    let accounts = accounts(&world, true);
    for nth in 0..KEPT + 8 {
        accounts.iam(SPOKE, &format!("req_{nth:032x}")).await.unwrap();
    }
    assert_eq!(accounts.0.sessions.lock().unwrap().len(), KEPT);
}

#[tokio::test]
async fn an_account_that_is_not_connected_is_said_to_be() {
    let world = World::answering(vec![(
        403,
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
    )]);
    let refused = |accounts: Accounts| async move { accounts.iam(SPOKE, id().as_str()).await.unwrap_err() };
    assert_eq!(refused(accounts(&world, false)).await, Fault::new(ENTER, "account_not_connected"));
    assert_eq!(refused(accounts(&world, true)).await, Fault::new(ENTER, "AccessDenied"));
}

#[test]
fn a_boundary_goes_by_the_same_name_in_every_account() {
    let world = World::answering(Vec::<(u16, String)>::new());
    let accounts = accounts(&world, true);
    assert_eq!(accounts.boundary(home().as_str()), BOUNDARY);
    assert_eq!(accounts.boundary(SPOKE), BOUNDARY.replace("111111111111", SPOKE));
    for wrong in [
        "",
        "boundary",
        "arn:aws:iam::111111111111:role/x",
        "arn:aws:iam::1:policy/x",
        "arn:aws:iam::111111111111:policy/",
    ] {
        assert_eq!(wrong.parse::<Boundary>(), Err(NoBoundary), "{wrong}");
    }
}
