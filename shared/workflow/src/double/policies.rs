//! IAM's managed policies under our path, and the shared roles that they are attached to.

use super::cloud::{Cloud, well_formed};
use super::{Inner, Verb, World};
use crate::ports::{
    Artifact, Fault, ListPolicies, MakePolicy, PolicyFound, PolicySpec, ReadPolicy, ReadTarget, RemovePolicy,
    ReplacePolicy, TargetFound,
};
use model::names::{AccountId, PrincipalArn, RequestId};
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// The role of the function that hands out credentials.
pub const CREDENTIALS_ROLE: &str = "arn:aws:iam::111111111111:role/countersign-system/countersign-credentials";

/// Longest managed policy, in characters, and most versions of one. Source: IAM user guide, quotas.
const MANAGED_POLICY: usize = 6_144;
const VERSIONS: usize = 5;

/// What the shared role's own people are let in by, and ours.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/countersign-system/countersign-credentials"},
     "Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]},
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/dave"},"Action":"sts:AssumeRole"}]}"#;

/// A managed policy under our path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// The tag that names the request.
    pub request: Option<String>,
    /// The tag with the request's digest.
    pub digest: Option<String>,
    /// Whether it has the tag of everything we make.
    pub managed: bool,
    /// Whether it is under another path: its name is taken, and it is not found under ours.
    pub elsewhere: bool,
    /// Its versions, by number.
    pub versions: BTreeMap<u32, String>,
    /// The version that counts.
    pub default: u32,
    /// When it was made, by AWS's clock.
    pub created_at: Time,
}

impl Managed {
    /// What it says.
    pub fn document(&self) -> &str {
        self.versions.get(&self.default).map_or("", String::as_str)
    }
}

/// A role that people used before there was Countersign, and still do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its trust policy.
    pub trust: String,
    /// The names of the managed policies attached to it, ours or not.
    pub attached: BTreeSet<String>,
    /// What it is tagged with as if it were a session of a grant.
    pub tagged: Option<String>,
}

impl Default for Target {
    fn default() -> Self {
        Self { trust: TRUST.to_owned(), attached: BTreeSet::from(["standing".to_owned()]), tagged: None }
    }
}

/// What IAM has room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotas {
    policies: usize,
    attached: usize,
    /// How often there was no room.
    reached: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { policies: 1_500, attached: 20, reached: 0 }
    }
}

impl World {
    /// The managed policies under our path, ours or not, by name.
    pub fn policies(&self) -> BTreeMap<String, Managed> {
        self.lock().cloud.policies.clone()
    }

    /// Puts a managed policy under our path, as somebody else would.
    pub fn plant_policy(&self, name: &str, policy: Managed) {
        self.lock().cloud.policies.insert(name.to_owned(), policy);
    }

    /// The roles that grants' policies may be attached to.
    pub fn targets(&self) -> BTreeMap<PrincipalArn, Target> {
        self.lock().cloud.targets.clone()
    }

    /// Changes such a role, as its owners would.
    pub fn change_target(&self, role: &PrincipalArn, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.lock().cloud.targets.get_mut(role) {
            change(target);
        }
    }

    /// From now on the account takes so many managed policies, and a role so many attachments.
    pub fn set_policy_quotas(&self, policies: usize, attached: usize) {
        let quotas = &mut self.lock().cloud.quotas;
        (quotas.policies, quotas.attached) = (policies, attached);
    }

    /// How often IAM had no room for a policy or an attachment.
    pub fn quotas_reached(&self) -> u64 {
        self.lock().cloud.quotas.reached
    }
}

impl Cloud {
    /// The policy a call is about, if it is this request's; a call to another one would be a change to
    /// what we did not make.
    fn own_policy(
        &mut self,
        id: &RequestId,
        breaches: &mut Vec<String>,
        doing: &'static str,
    ) -> Result<Option<&mut Managed>, Fault> {
        match self.policies.get_mut(id.as_str()).filter(|policy| !policy.elsewhere) {
            Some(policy) if policy.managed && policy.request.as_deref() == Some(id.as_str()) => Ok(Some(policy)),
            Some(_) => {
                breaches.push(format!("{id}: somebody else's policy was to be changed: {doing}"));
                Err(Fault::new(doing, "AccessDenied"))
            }
            None => Ok(None),
        }
    }

    fn is_attached(&self, id: &RequestId) -> bool {
        self.targets.values().any(|target| target.attached.contains(id.as_str()))
    }
}

fn fits(doing: &'static str, document: &str) -> Result<(), Fault> {
    well_formed(doing, document)?;
    if document.len() > MANAGED_POLICY { Err(Fault::new(doing, "LimitExceeded")) } else { Ok(()) }
}

impl MakePolicy for World {
    async fn create_policy(&self, spec: &PolicySpec) -> Result<bool, Fault> {
        let doing = "make the policy";
        let kind = if spec.document.contains("\"Allow\"") { "grant" } else { "tombstone" };
        self.call(Verb::CreatePolicy, &spec.id, kind, |inner: &mut Inner| {
            fits(doing, &spec.document)?;
            if inner.cloud.policies.contains_key(spec.id.as_str()) {
                return Ok(false);
            }
            if inner.cloud.policies.len() >= inner.cloud.quotas.policies {
                inner.cloud.quotas.reached = inner.cloud.quotas.reached.saturating_add(1);
                return Err(Fault::new(doing, "LimitExceeded"));
            }
            let policy = Managed {
                request: Some(spec.id.to_string()),
                digest: Some(spec.digest.to_string()),
                managed: true,
                elsewhere: false,
                versions: BTreeMap::from([(1, spec.document.clone())]),
                default: 1,
                created_at: inner.now,
            };
            inner.cloud.policies.insert(spec.id.to_string(), policy);
            Ok(true)
        })
        .await
    }

    async fn attach_policy(&self, of: Artifact<'_>, role: &PrincipalArn) -> Result<(), Fault> {
        let doing = "attach the policy";
        self.call(Verb::AttachPolicy, of.id, role, |inner: &mut Inner| {
            inner.in_its_account(of);
            inner.finds(doing, |cloud| cloud.policies.contains_key(of.id.as_str()))?;
            let missing = || Fault::new(doing, "NoSuchEntity");
            inner.cloud.own_policy(of.id, &mut inner.breaches, doing)?.ok_or_else(missing)?;
            let most = inner.cloud.quotas.attached;
            let attached = &mut inner.cloud.targets.get_mut(role).ok_or_else(missing)?.attached;
            if attached.len() >= most && !attached.contains(of.id.as_str()) {
                inner.cloud.quotas.reached = inner.cloud.quotas.reached.saturating_add(1);
                return Err(Fault::new(doing, "LimitExceeded"));
            }
            attached.insert(of.id.to_string());
            Ok(())
        })
        .await
    }
}

impl ReplacePolicy for World {
    async fn replace_policy(&self, of: Artifact<'_>, document: &str) -> Result<(), Fault> {
        let doing = "change the policy";
        self.call(Verb::ReplacePolicy, of.id, "", |inner: &mut Inner| {
            inner.in_its_account(of);
            fits(doing, document)?;
            inner.finds(doing, |cloud| cloud.policies.contains_key(of.id.as_str()))?;
            let policy = inner.cloud.own_policy(of.id, &mut inner.breaches, doing)?;
            let policy = policy.ok_or_else(|| Fault::new(doing, "NoSuchEntity"))?;
            if policy.versions.len() >= VERSIONS {
                policy.versions.retain(|version, _| *version == policy.default);
            }
            let next = policy.versions.keys().last().copied().unwrap_or_default().saturating_add(1);
            policy.versions.insert(next, document.to_owned());
            policy.default = next;
            Ok(())
        })
        .await
    }
}

impl ReadPolicy for World {
    async fn policy(&self, of: Artifact<'_>) -> Result<Option<PolicyFound>, Fault> {
        self.call(Verb::Policy, of.id, "", |inner| {
            inner.in_its_account(of);
            Ok(inner.seen(|cloud| {
                let found = cloud.policies.get(of.id.as_str()).filter(|policy| !policy.elsewhere);
                found.map(|policy| PolicyFound {
                    request: policy.request.clone(),
                    digest: policy.digest.clone(),
                    managed: policy.managed,
                    document: policy.document().to_owned(),
                    created_at: policy.created_at,
                })
            }))
        })
        .await
    }

    async fn attached(&self, of: Artifact<'_>, role: &PrincipalArn) -> Result<bool, Fault> {
        self.call(Verb::Attached, of.id, role, |inner| {
            inner.in_its_account(of);
            Ok(inner
                .seen(|cloud| cloud.targets.get(role).is_some_and(|target| target.attached.contains(of.id.as_str()))))
        })
        .await
    }
}

impl ReadTarget for World {
    async fn target(&self, role: &PrincipalArn) -> Result<Option<TargetFound>, Fault> {
        let credentials_role: PrincipalArn =
            CREDENTIALS_ROLE.parse().map_err(|_| Fault::new("read the target role", "unreadable"))?;
        self.call(Verb::Target, role, "", |inner| {
            Ok(inner.cloud.targets.get(role).cloned().map(|target| TargetFound {
                trust: target.trust,
                credentials_role,
                attached: target.attached.into_iter().collect(),
                tagged: target.tagged,
            }))
        })
        .await
    }
}

impl RemovePolicy for World {
    /// Step by step, as IAM has no single call for it: each can fail or be the worker's last.
    async fn remove_policy(&self, of: Artifact<'_>) -> Result<(), Fault> {
        let doing = "take the policy out";
        self.call(Verb::RemovePolicy, of.id, "detach", |inner: &mut Inner| -> Result<(), Fault> {
            inner.in_its_account(of);
            if inner.cloud.own_policy(of.id, &mut inner.breaches, doing)?.is_some() {
                for target in inner.cloud.targets.values_mut() {
                    target.attached.remove(of.id.as_str());
                }
            }
            Ok(())
        })
        .await?;
        self.call(Verb::RemovePolicy, of.id, "versions", |inner: &mut Inner| -> Result<(), Fault> {
            if let Some(policy) = inner.cloud.own_policy(of.id, &mut inner.breaches, doing)? {
                policy.versions.retain(|version, _| *version == policy.default);
            }
            Ok(())
        })
        .await?;
        self.call(Verb::RemovePolicy, of.id, "policy", |inner: &mut Inner| {
            let attached = inner.cloud.is_attached(of.id);
            match inner.cloud.own_policy(of.id, &mut inner.breaches, doing)? {
                Some(policy) if attached || policy.versions.len() > 1 => Err(Fault::new(doing, "DeleteConflict")),
                Some(_) => {
                    inner.cloud.policies.remove(of.id.as_str());
                    Ok(())
                }
                None => Ok(()),
            }
        })
        .await
    }
}

impl ListPolicies for World {
    async fn policy_names(&self, account: &AccountId) -> Result<Vec<String>, Fault> {
        self.call(Verb::PolicyNames, account, "", |inner| {
            Ok(inner.seen_names(|cloud| {
                let ours = cloud.policies.iter().filter(|(_, policy)| !policy.elsewhere);
                ours.map(|(name, _)| name.clone()).collect()
            }))
        })
        .await
    }
}
