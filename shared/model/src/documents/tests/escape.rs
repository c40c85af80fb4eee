//! A grant can't outgrow itself: over every action AWS has, every known way up, and the known ways
//! to outlive an ending.

use super::evaluator::{allowed, denied_outright};
use super::*;
use crate::actions::{AccessLevel, level, matching, pattern_matches};
use crate::samples::GRANTABLE;
use crate::terms::Terms;

const PATHS: &str = include_str!("../../../data/escalation-paths.txt");

/// Each path and its actions.
fn paths() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    PATHS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (path, actions) = line.split_once(' ').unwrap();
        (path, actions.split(' ').collect())
    })
}

/// A grant of everything on everything: only its denies hold it.
fn everything(change: impl FnOnce(&mut RequestFacts)) -> [Value; 1] {
    let request = request("prod-admin", |facts| {
        facts.permissions = vec!["*".to_owned()];
        facts.resources = vec!["*".to_owned()];
        change(facts);
    });
    [serde_json::from_str(&role_policy(Terms::as_asked(&request), window()).unwrap()).unwrap()]
}

fn sample(entitlement: &str) -> [Value; 1] {
    [serde_json::from_str(&grant_document(&request(entitlement, |_| {}), window()).unwrap()).unwrap()]
}

/// All of AWS's actions, as `service:Action`.
fn all_actions() -> Vec<String> {
    matching("*").map(|(service, name, _)| format!("{service}:{name}")).collect()
}

/// The no-escape denies that name an action.
fn denies_of(action: &str) -> usize {
    NO_ESCAPE.iter().filter(|deny| pattern_matches(deny, action)).count()
}

fn inside() -> i64 {
    window().starts_at().as_second()
}

#[test]
fn nothing_of_no_escape_is_ever_allowed() {
    let grant = everything(|_| {});
    let escapes: Vec<String> = all_actions().into_iter().filter(|action| denies_of(action) > 0).collect();
    assert!(escapes.len() > 300, "{}", escapes.len());
    for action in &escapes {
        for (second, _) in probes(window()) {
            assert!(
                denied_outright(&grant, &Ask::new(action, "arn:aws:iam::111111111111:role/x", second)),
                "{action} at {second}"
            );
        }
    }
    for deny in NO_ESCAPE {
        assert!(matching(deny).next().is_some(), "`{deny}` names no action: a slip?");
    }
}

/// Over all of AWS's actions: within the window a grant allows what its entitlement names and
/// no-escape does not; before and after, nothing.
#[test]
fn every_action_of_aws_is_in_or_out() {
    for entitlement in GRANTABLE {
        let asked = request(entitlement, |_| {});
        let resource = asked.resources.first().unwrap().clone();
        let grant = sample(entitlement);
        for action in all_actions() {
            let named = asked.permissions.iter().any(|pattern| pattern_matches(pattern, &action));
            let at = |second| Ask::new(&action, &resource, second);
            assert_eq!(allowed(&grant, &at(inside())), named && denies_of(&action) == 0, "{action}");
            assert!(!allowed(&grant, &at(inside() - 1)), "{action} too early");
            assert!(denied_outright(&grant, &at(window().expires_at().as_second())), "{action} too late");
        }
    }
}

#[test]
fn only_what_an_entitlement_lifts_is_lifted() {
    // For each deny an action that no other names.
    let own: Vec<(&str, String)> = NO_ESCAPE
        .iter()
        .map(|deny| {
            let mut actions = matching(deny).map(|(service, name, _)| format!("{service}:{name}"));
            (*deny, actions.find(|action| denies_of(action) == 1).unwrap())
        })
        .collect();
    for lifted in NO_ESCAPE {
        let grant = everything(|facts| facts.may_outlive = vec![lifted.to_owned()]);
        for (deny, action) in &own {
            assert_eq!(
                denied_outright(&grant, &Ask::new(action, "*", inside())),
                *deny != lifted,
                "{deny} while {lifted} is lifted"
            );
        }
    }
    // With all of them lifted no empty statement is left over, which IAM would not take.
    let grant = everything(|facts| facts.may_outlive = NO_ESCAPE.map(str::to_owned).to_vec());
    assert_eq!(grant[0]["Statement"].as_array().unwrap().len(), 2);
}

/// The ways to keep access beyond its end that are known: new identities and credentials, trust and
/// resource policies, things that run under roles of their own, sharing, and the audit trail.
#[test]
fn the_known_ways_to_outlive_an_ending_are_denied() {
    #[rustfmt::skip]
    let ways = [
        "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot", "sts:GetWebIdentityToken",
        "sts:GetFederationToken", "sts:GetSessionToken", "signin:CreateOAuth2Token", "signin:AuthorizeOAuth2Access",
        "iam:CreateAccessKey", "iam:CreateUser", "iam:CreateRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:PassRole",
        "ecr:GetAuthorizationToken", "codeartifact:GetAuthorizationToken", "ssm:StartSession", "ssm:CreateActivation",
        "ec2-instance-connect:SendSSHPublicKey", "ec2-instance-connect:OpenTunnel", "lambda:AddPermission", "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration", "lambda:UpdateEventSourceMapping", "lambda:CreateFunctionUrlConfig",
        "kms:CreateGrant", "kms:PutKeyPolicy", "s3:PutBucketPolicy", "s3:PutAccessPointPolicy", "secretsmanager:PutResourcePolicy",
        "cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:ExecuteChangeSet", "cloudformation:CreateStackInstances",
        "scheduler:CreateSchedule", "ram:CreateResourceShare", "organizations:LeaveOrganization", "account:CloseAccount",
        "sso:CreateAccountAssignment", "identitystore:CreateUser", "rolesanywhere:CreateTrustAnchor",
        "cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
    ];
    let grant = everything(|_| {});
    let open: Vec<&str> =
        ways.into_iter().filter(|way| !denied_outright(&grant, &Ask::new(way, "*", inside()))).collect();
    assert_eq!(open, [""; 0]);
    let unknown: Vec<&str> = ways.into_iter().filter(|way| level(way).is_none()).collect();
    assert_eq!(unknown, [""; 0], "not actions of AWS");
}

#[test]
fn no_sample_entitlement_opens_a_known_way_up() {
    assert_eq!(paths().count(), 65);
    let role = "arn:aws:iam::111111111111:role/x";
    for entitlement in GRANTABLE {
        let grant = sample(entitlement);
        for (path, actions) in paths() {
            for (second, _) in probes(window()) {
                let open = actions.iter().all(|action| allowed(&grant, &Ask::new(action, role, second)));
                assert!(!open, "{path} is open to {entitlement}");
            }
        }
    }
}

/// What stays open to a grant of everything on everything: ways through things that exist already
/// and run under roles of their own. Risk calls an entitlement with any of them critical.
#[test]
fn known_ways_up_that_the_denies_alone_leave_open() {
    let grant = everything(|_| {});
    let open: Vec<String> = paths()
        .filter(|(_, actions)| actions.iter().all(|action| allowed(&grant, &Ask::new(action, "*", inside()))))
        .map(|(path, actions)| format!("{path} {}", actions.join(" ")))
        .collect();
    insta::assert_snapshot!(open.join("\n"));
}

/// Who holds a sample grant can change who may do what in these ways; what they change stays.
#[test]
fn changes_of_permissions_that_the_samples_allow() {
    let mut lines = Vec::new();
    for entitlement in GRANTABLE {
        let grant = sample(entitlement);
        let resource = request(entitlement, |_| {}).resources.first().unwrap().clone();
        for action in all_actions() {
            let changes = level(&action) == Some(AccessLevel::PermissionsManagement);
            if changes && allowed(&grant, &Ask::new(&action, &resource, inside())) {
                lines.push(format!("{entitlement} {action}"));
            }
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
