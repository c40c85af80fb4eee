//! Nobody of ours can gain permissions: every known way up is denied, by IAM's own answers, to every role of the system and
//! to every grant.
//!
//! A way is denied if one of the actions that it takes is denied on everything that could open it. Each test first shows
//! that it could fail: a role that may do everything has every way open.

mod calls;
mod dangerous;
mod documents;
mod surface;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use end_to_end::cloud::Cloud;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::signing::Keys;
use end_to_end::simulation::{Question, Whom, simulate};
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use model::risk::{EscalationPath, escalation_paths};
use serde_json::json;

use crate::{logs_read, orders_db_debug, pending, prod_admin};
use surface::{ADMIN, Hit, Surface, open};

/// All known ways.
const WAYS: usize = 65;

/// What a role of the system is there to act on, though its action is part of a way. Besides these, and besides roles
/// within the boundary of grants, nothing may be allowed that completes a way.
#[derive(Debug, Clone, Copy)]
enum Own {
    /// Sessions of the roles that operators name as targets of `policy` grants: what they hold is their own.
    EnterTargets,
    /// Policies of grants, attached to those roles: their content holds for the grant's own sessions alone.
    GrantPolicies,
}

/// Where operators let temporary policies be attached.
const TARGETS: [&str; 2] = [":role/legacy/debug", ":role/legacy/archive"];

impl Own {
    fn covers(self, hit: &Hit) -> bool {
        let is = |action: &str| hit.action.eq_ignore_ascii_case(action);
        let on_target = TARGETS.iter().any(|target| hit.resource.ends_with(target));
        match self {
            Self::EnterTargets => is("sts:AssumeRole") && on_target,
            Self::GrantPolicies => {
                is("iam:CreatePolicyVersion") && hit.resource.contains(":policy/countersign/req_")
                    || is("iam:AttachRolePolicy") && on_target && hit.grants_own
            }
        }
    }
}

/// The account that Countersign is in.
const HUB: &str = "111111111111";

/// The roles of the system: in which account, whose, and what is theirs to act on.
const ROLES: [(&str, &str, &[Own]); 14] = [
    (HUB, "countersign-conversation", &[]),
    (HUB, "countersign-intake", &[]),
    (HUB, "countersign-approval", &[]),
    (HUB, "countersign-credentials", &[Own::EnterTargets]),
    (HUB, "countersign-grant", &[Own::GrantPolicies]),
    (HUB, "countersign-revocation", &[Own::GrantPolicies]),
    (HUB, "countersign-reconciliation", &[Own::GrantPolicies]),
    (HUB, "countersign-notification", &[]),
    (HUB, "countersign-publication", &[]),
    (HUB, "countersign-schedule", &[]),
    (HUB, "countersign-activity", &[]),
    (HUB, "countersign-audit", &[]),
    // In accounts that the hub reaches.
    ("222222222222", "countersign-provisioner", &[Own::GrantPolicies]),
    ("333333333333", "countersign-provisioner", &[Own::GrantPolicies]),
];

/// A role that may do everything, while a test runs.
struct Admin {
    root: Cloud,
    arn: String,
}

impl Admin {
    async fn make(root: Cloud, account: &str) -> Result<Self, Failure> {
        // Whoever in the account holds the action may enter it: the trust denies nobody, so that a denial is the caller's.
        let account = format!("arn:aws:iam::{account}:root");
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"], "AWS": account}, "Action": "sts:AssumeRole"},
        ]});
        let everything =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        // Left over from a test that was stopped, it is the same.
        let _ = root.iam().create_role().role_name(ADMIN).assume_role_policy_document(trust.to_string()).send().await;
        let put = root.iam().put_role_policy().role_name(ADMIN).policy_name("everything");
        put.policy_document(everything.to_string())
            .send()
            .await
            .map_err(|error| Failure::of("writing a policy", &error))?;
        let read = root.iam().get_role().role_name(ADMIN).send().await;
        let role = read.map_err(|error| Failure::of("reading the role", &error))?.role;
        let arn = role.map(|role| role.arn).ok_or_else(|| Failure::new("the role is not there"))?;
        Ok(Self { root, arn })
    }

    /// All ways are open to it: otherwise a denial of others means nothing.
    async fn shows_that_all_are_open(&self, surface: &Surface) -> Result<(), Failure> {
        let (hits, _) = surface.attack(&self.root, &Whom::Principal(self.arn.clone()), &[]).await?;
        assert_eq!(open(&hits).len(), WAYS);
        Ok(())
    }
}

async fn surface(stage: &Stage, account: &str) -> Result<(Admin, Surface), Failure> {
    let admin = Admin::make(stage.root_of(account)?, account).await?;
    let boundary = format!("arn:aws:iam::{account}:policy/countersign-boundary/countersign-boundary");
    let surface = Surface::of(&admin.root, account, &stage.outputs.region, &boundary).await?;
    admin.shows_that_all_are_open(&surface).await?;
    Ok((admin, surface))
}

#[tokio::test]
async fn every_known_way_up_is_denied_to_every_role_of_the_system() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let accounts: BTreeSet<&str> = ROLES.iter().map(|(account, _, _)| *account).collect();
    let mut surfaces = BTreeMap::new();
    for account in &accounts {
        surfaces.insert(*account, surface(&stage, account).await?);
    }
    let mut all = 0_usize;
    for (account, name, own) in ROLES {
        let (admin, surface) = surfaces.get(account).ok_or_else(|| Failure::new("no such account"))?;
        let role = format!("arn:aws:iam::{account}:role/countersign-system/{name}");
        let (hits, asked) = surface.attack(&admin.root, &Whom::Principal(role), &[]).await?;
        // Who makes, changes or enters a role within the boundary gains what the boundary leaves: no way up (below).
        let theirs = |hit: &Hit| {
            let names_role =
                hit.resource.contains(":role/countersign/req_") || hit.resource.contains(":role/countersign-base/");
            surface.bounded.contains(&hit.resource)
                || hit.bounded && names_role
                || own.iter().any(|own| own.covers(hit))
        };
        let opening: Vec<Hit> = hits.into_iter().filter(|hit| !theirs(hit)).collect();
        assert!(open(&opening).is_empty(), "{name} in {account} has {:?} open, by {opening:#?}", open(&opening));
        all = all.saturating_add(asked);
    }
    println!(
        "roles: {} of the system in {} accounts, {WAYS} ways, {all} variants asked, 0 ways open",
        ROLES.len(),
        accounts.len()
    );
    Ok(())
}

/// A grant on the shared role, active. Other tests change that role for a moment, on purpose: what is refused for that is
/// asked for once more.
async fn legacy_debug(stage: &Stage) -> Result<String, Failure> {
    for _ in 0..5 {
        let asked = pending(stage, "legacy-debug").await?;
        let id = text(&asked, "id");
        stage.bob.approve(id, text(&asked, "digest")).await?.expect(200)?;
        let status = until("it is made or refused", Duration::from_mins(2), || async {
            let shown = stage.alice.request(id).await?.expect(200)?;
            Ok(Some(text(&shown, "status").to_owned()).filter(|status| status != "provisioning"))
        });
        if status.await? == "active" {
            return Ok(id.to_owned());
        }
    }
    Err(Failure::new("five grants on the shared role were refused"))
}

/// Grants of each kind, made through the front door: the entitlement, and the access key of a session.
async fn grants(stage: &Stage) -> Result<Vec<(&'static str, Keys)>, Failure> {
    let reading = stage.alice.keys(&logs_read(stage).await?).await?;
    let debugging = stage.alice.keys(&orders_db_debug(stage).await?).await?;
    let legacy = stage.alice.keys(&legacy_debug(stage).await?).await?;
    // It takes minutes until it is this one's turn, and what has ended is denied anyway.
    let admin = prod_admin(stage, 3_600).await?;
    let role = format!("arn:aws:iam::{}:role/countersign/{}", stage.outputs.account_id, text(&admin, "id"));
    let serial = stage.outputs.person("alice")?.mfa_serial.clone();
    let (answer, keys) = stage.as_person("alice")?.assume(&role, serial.as_deref()).await;
    let keys = keys.ok_or_else(|| Failure::new(format!("the role can't be entered: {answer}")))?;
    Ok(vec![("logs-read", reading), ("orders-db-debug", debugging), ("legacy-debug", legacy), ("prod-admin", keys)])
}

/// What only the catalog holds back: neither the denies of a grant nor the boundary names these, because entitlements may
/// be meant to open them (`mayOpen`). A grant holds none of them unless its own documents allow it.
const HELD_BY_THE_CATALOG: [&str; 7] =
    ["apprunner-002", "bedrock-002", "ec2-002", "ec2-004", "glue-002", "sagemaker-004", "sagemaker-005"];

#[tokio::test]
async fn every_known_way_up_is_denied_to_every_grant() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (admin, surface) = surface(&stage, HUB).await?;
    let mut all = 0_usize;
    for (entitlement, keys) in grants(&stage).await? {
        let whom = Whom::Session(keys.access_key_id.clone());
        let (hits, asked) = surface.attack(&admin.root, &whom, &[]).await?;
        assert!(open(&hits).is_empty(), "{entitlement} has {:?} open", open(&hits));
        all = all.saturating_add(asked);
        // Even if somebody attached, to what the session comes from, every policy that opens a way.
        let mut still_open = BTreeSet::new();
        let mut added = 0_usize;
        for path in escalation_paths() {
            let required: Vec<&str> = path.required().collect();
            let policies: Vec<String> = documents::variants(&required).concat();
            added = added.saturating_add(policies.len());
            let question = Question {
                whom: whom.clone(),
                actions: required.iter().map(|action| (*action).to_owned()).collect(),
                resources: vec!["*".to_owned(), admin.arn.clone()],
                keys: Vec::new(),
                added: policies,
            };
            let decided = simulate(&admin.root, &question).await?;
            let held = |action: &str| decided.iter().any(|one| one.action == action && one.allowed);
            if path.required().all(held) {
                still_open.insert(path.id);
            }
        }
        let expected: BTreeSet<&str> =
            if entitlement == "prod-admin" { HELD_BY_THE_CATALOG.into() } else { BTreeSet::new() };
        assert_eq!(still_open, expected, "{entitlement}");
        println!(
            "{entitlement}: {WAYS} ways, {asked} variants asked, 0 open; with {added} policies added: {still_open:?}"
        );
    }
    println!("grants: 4, {WAYS} ways, {all} variants asked, 0 ways open");
    Ok(())
}

/// Each variant opens its way by itself, and under the boundary, with the denies of a grant besides, none does but those
/// that the catalog is there for.
#[tokio::test]
async fn every_policy_that_opens_a_way_is_stopped_by_the_limits_of_a_grant() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let admin = Admin::make(stage.root()?, &stage.outputs.account_id).await?;
    let limits = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": model::documents::NO_ESCAPE.as_slice(), "Resource": "*"},
    ]})
    .to_string();
    let (mut variants, mut stopped) = (0_usize, 0_usize);
    for path in escalation_paths() {
        let required: Vec<&str> = path.required().collect();
        for policies in documents::variants(&required) {
            let asked = |added: Vec<String>| Question {
                whom: Whom::Nobody,
                actions: required.iter().map(|action| (*action).to_owned()).collect(),
                resources: vec![admin.arn.clone()],
                keys: Vec::new(),
                added,
            };
            let alone = simulate(&admin.root, &asked(policies.clone())).await?;
            assert!(alone.iter().all(|one| one.allowed), "{}: opens nothing: {policies:?}", path.id);
            let denied: Vec<String> = policies.into_iter().chain([limits.clone()]).collect();
            let decided = simulate(&admin.root, &asked(denied)).await?;
            let is_open = decided.iter().all(|one| one.allowed);
            let left_to_the_catalog = HELD_BY_THE_CATALOG.contains(&path.id) || path.id.starts_with("codebuild-00");
            assert!(!is_open || left_to_the_catalog, "{}", path.id);
            variants = variants.saturating_add(1);
            stopped = stopped.saturating_add(usize::from(!is_open));
        }
    }
    println!(
        "policies: {WAYS} ways, {variants} variants, each opens its way alone; {stopped} stopped by the denies of a grant"
    );
    assert!(variants >= 2_000, "{variants}");
    Ok(())
}

/// The ways that the emulated services know, with real calls: under a grant's own credentials, and as each role of the
/// system.
#[tokio::test]
async fn real_calls_are_denied_as_well() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let admin = Admin::make(stage.root()?, &stage.outputs.account_id).await?;
    let account = &stage.outputs.account_id;
    let victim = calls::Victim::make(&admin.root, account, &admin.arn).await?;
    // First whoever may do everything, so that a denial means something.
    let control = calls::enter_clone(&stage, &admin.root, ADMIN).await?;
    let open = calls::all(&stage.cloud(control)?, &victim).await?;
    assert!(open.iter().all(|(_, allowed)| *allowed), "not open to an administrator: {open:?}");
    let mut made = open.len();
    for (name, keys) in grants(&stage).await? {
        let answered = calls::all(&stage.cloud(keys)?, &victim).await?;
        assert!(answered.iter().all(|(_, allowed)| !allowed), "{name}: {answered:?}");
        made = made.saturating_add(answered.len());
    }
    for (_, name, _) in ROLES.iter().filter(|(account, _, _)| *account == HUB) {
        let keys = calls::enter_clone(&stage, &admin.root, name).await?;
        let answered = calls::all(&stage.cloud(keys)?, &victim).await?;
        assert!(answered.iter().all(|(_, allowed)| !allowed), "{name}: {answered:?}");
        made = made.saturating_add(answered.len());
    }
    let clones: Vec<&str> = ROLES.iter().map(|(_, name, _)| *name).chain([ADMIN]).collect();
    victim.remove(&admin.root, &clones).await;
    println!("real calls: {made}, of {} actions; open to the administrator alone", open.len());
    Ok(())
}

#[test]
fn the_ways_are_all_there() {
    assert_eq!(escalation_paths().count(), WAYS);
    assert!(escalation_paths().map(EscalationPath::required).all(|required| required.count() > 0));
}
