//! What somebody who wants more permissions would try: on which resources, under which circumstances.

use std::collections::BTreeSet;

use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use end_to_end::simulation::{Decided, Question, Whom, simulate};
use model::risk::{EscalationPath, escalation_paths};

/// An IAM role that may do everything, made for the test: what an attacker is after, and the proof that the test can fail.
pub(crate) const ADMIN: &str = "escalation-test-admin";

/// A policy of AWS's that allows everything.
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// Circumstances of a call that its caller can choose, or find.
#[derive(Debug, Clone)]
pub(crate) struct Circumstances {
    /// The condition keys.
    pub(crate) keys: Vec<(&'static str, Vec<String>)>,
    /// Whether the role that the call is about is made with, or carries, the boundary of grants.
    pub(crate) bounded: bool,
    /// Whether what is attached is the policy of a grant.
    pub(crate) grants_own: bool,
}

/// One account, as an attacker sees it.
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    pub(crate) resources: Vec<String>,
    pub(crate) circumstances: Vec<Circumstances>,
    /// The roles that carry the boundary of grants: who gets into one, or changes it, is within that boundary.
    pub(crate) bounded: BTreeSet<String>,
}

/// An action that is allowed where it may open something.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) bounded: bool,
    pub(crate) grants_own: bool,
}

/// Every action of every path, as AWS writes it.
pub(crate) fn all_actions() -> Vec<String> {
    let actions: BTreeSet<&str> = escalation_paths().flat_map(EscalationPath::required).collect();
    actions.into_iter().map(str::to_owned).collect()
}

/// Spellings of an action that a caller may use. IAM knows no case.
const SPELLINGS: [fn(&str) -> String; 3] = [str::to_owned, str::to_ascii_lowercase, str::to_ascii_uppercase];

impl Surface {
    /// Of the account that `root` is the root of; `boundary` is the boundary of its grants.
    pub(crate) async fn of(root: &Cloud, account: &str, region: &str, boundary: &str) -> Result<Self, Failure> {
        let iam = |kind: &str, name: &str| format!("arn:aws:iam::{account}:{kind}{name}");
        let mut resources = BTreeSet::from([
            "*".to_owned(),
            iam("user/", "somebody"),
            iam("group/", "admins"),
            iam("policy/", "somebodys"),
            iam("policy/countersign/", "req_0198c0ffee00700080000000deadbeef"),
            iam("policy/countersign/", "not-a-request"),
            iam("role/", "req_0198c0ffee00700080000000deadbeef"),
            iam("role/countersign/", "req_0198c0ffee00700080000000deadbeef"),
            iam("role/countersign/", "not-a-request"),
            iam("role/countersign/", ADMIN),
            iam("instance-profile/", "admin"),
            ADMINISTRATOR.to_owned(),
            format!("arn:aws:iam::999999999999:role/{ADMIN}"),
        ]);
        let mut bounded = BTreeSet::new();
        let roles = root.iam().list_roles().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let mut grants: u32 = 0;
        for role in roles.map_err(|error| Failure::of("listing the roles", &error))? {
            // A list does not say what bounds a role. A few roles of grants stand for all.
            let of_grant = role.path() == "/countersign/";
            grants = grants.saturating_add(u32::from(of_grant));
            if of_grant && grants > 5 {
                continue;
            }
            let read = root.iam().get_role().role_name(role.role_name()).send().await;
            // Another test may have ended a grant meanwhile.
            let Some(found) = read.ok().and_then(|answer| answer.role) else { continue };
            let limit = found.permissions_boundary().and_then(|limit| limit.permissions_boundary_arn());
            if limit == Some(boundary) {
                bounded.insert(found.arn().to_owned());
            }
            resources.insert(found.arn().to_owned());
        }
        let users = root.iam().list_users().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let users = users.map_err(|error| Failure::of("listing the users", &error))?;
        resources.extend(users.iter().map(|user| user.arn().to_owned()));
        let policies = root.iam().list_policies().scope(aws_sdk_iam::types::PolicyScopeType::Local);
        let policies = policies.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let policies = policies.map_err(|error| Failure::of("listing the policies", &error))?;
        let ours = policies.iter().filter(|policy| policy.path() != Some("/countersign/"));
        resources.extend(ours.filter_map(|policy| policy.arn().map(str::to_owned)));
        let services: BTreeSet<String> = all_actions()
            .iter()
            .filter_map(|action| action.split_once(':'))
            .map(|(service, _)| service.to_owned())
            .collect();
        for service in &services {
            resources.insert(format!("arn:aws:{service}:{region}:{account}:thing/any"));
        }
        for function in ["countersign-revocation", "countersign-grant", "somebodys"] {
            resources.insert(format!("arn:aws:lambda:{region}:{account}:function:{function}"));
        }
        let grants_own = iam("policy/countersign/", "req_0198c0ffee00700080000000deadbeef");
        let other = iam("policy/", "somebodys");
        let mut circumstances = Vec::new();
        for limit in [None, Some(other.as_str()), Some(boundary)] {
            for attached in [ADMINISTRATOR, &grants_own] {
                let mut keys = vec![("iam:PolicyARN", vec![attached.to_owned()])];
                keys.extend(limit.map(|limit| ("iam:PermissionsBoundary", vec![limit.to_owned()])));
                // As the calls of our own functions are: what they would be let through by.
                keys.extend([
                    ("aws:RequestTag/countersign:managed", vec!["true".to_owned()]),
                    ("aws:RequestTag/countersign:request", vec!["req_0198c0ffee00700080000000deadbeef".to_owned()]),
                    ("aws:TagKeys", vec!["countersign:managed".to_owned(), "countersign:request".to_owned()]),
                    ("aws:SourceIdentity", vec!["req_0198c0ffee00700080000000deadbeef".to_owned()]),
                    ("sts:SourceIdentity", vec!["req_0198c0ffee00700080000000deadbeef".to_owned()]),
                    ("sts:RoleSessionName", vec!["req_0198c0ffee00700080000000deadbeef".to_owned()]),
                ]);
                circumstances.push(Circumstances {
                    keys,
                    bounded: limit == Some(boundary),
                    grants_own: attached == grants_own,
                });
            }
        }
        circumstances.push(Circumstances { keys: Vec::new(), bounded: false, grants_own: false });
        Ok(Self { resources: resources.into_iter().collect(), circumstances, bounded })
    }

    /// Everything that is allowed of all paths' actions, and how much was asked.
    pub(crate) async fn attack(
        &self,
        root: &Cloud,
        whom: &Whom,
        added: &[String],
    ) -> Result<(Vec<Hit>, usize), Failure> {
        let (mut hits, mut asked) = (Vec::new(), 0_usize);
        for circumstances in &self.circumstances {
            for spelling in SPELLINGS {
                let question = Question {
                    whom: whom.clone(),
                    actions: all_actions().iter().map(|action| spelling(action)).collect(),
                    resources: self.resources.clone(),
                    keys: circumstances.keys.clone(),
                    added: added.to_vec(),
                };
                let decided = simulate(root, &question).await?;
                asked = asked.saturating_add(decided.len());
                hits.extend(allowed(decided, circumstances));
            }
        }
        // What a role is passed to is a circumstance of that one action.
        let services: BTreeSet<String> = escalation_paths()
            .flat_map(EscalationPath::required)
            .filter_map(|action| action.split_once(':'))
            .map(|(service, _)| format!("{service}.amazonaws.com"))
            .chain(["scheduler.amazonaws.com".to_owned(), "ecs-tasks.amazonaws.com".to_owned()])
            .collect();
        for service in services {
            let circumstances =
                Circumstances { keys: vec![("iam:PassedToService", vec![service])], bounded: false, grants_own: false };
            let question = Question {
                whom: whom.clone(),
                actions: vec!["iam:PassRole".to_owned()],
                resources: self.resources.clone(),
                keys: circumstances.keys.clone(),
                added: added.to_vec(),
            };
            let decided = simulate(root, &question).await?;
            asked = asked.saturating_add(decided.len());
            hits.extend(allowed(decided, &circumstances));
        }
        Ok((hits, asked))
    }
}

fn allowed(decided: Vec<Decided>, circumstances: &Circumstances) -> impl Iterator<Item = Hit> {
    let (bounded, grants_own) = (circumstances.bounded, circumstances.grants_own);
    decided.into_iter().filter(|one| one.allowed).map(move |one| Hit {
        action: one.action,
        resource: one.resource,
        bounded,
        grants_own,
    })
}

/// The paths of which every action is among the hits.
pub(crate) fn open(hits: &[Hit]) -> Vec<&'static str> {
    let held: BTreeSet<String> = hits.iter().map(|hit| hit.action.to_ascii_lowercase()).collect();
    let holds = |path: &EscalationPath| path.required().all(|action| held.contains(&action.to_ascii_lowercase()));
    escalation_paths().filter(holds).map(|path| path.id).collect()
}
