//! IAM, STS and the scheduler: roles, denies on base roles, sessions, schedules.

use super::judge::Document;
use super::policies::{Managed, Quotas, Target};
use super::{Inner, Verb, World};
use crate::ports::{
    ArmRevocation, Artifact, AssumeBaseRole, Credentials, DisarmRevocation, Fault, KillSessions, ListRoles, MakeRole,
    ReadRole, RemoveRole, RoleFound, RoleSpec,
};
use model::names::{AccountId, PrincipalArn, RequestId};
use model::request::Request;
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Longest sum of a role's inline policies, in characters. Source: IAM user guide, quotas.
const INLINE_POLICIES: usize = 10_240;

/// Longest session policy, in characters. Source: STS API reference, `AssumeRole`.
const SESSION_POLICY: usize = 2_048;

/// The inline policy that a base role carries from the start, and what it says then.
const KILL_ALL: &str = "countersign-kill-all";
const KILL_ALL_IDLE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2000-01-01T00:00:00Z"}}}]}"#;

/// A role under our path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The tag that names the request.
    pub request: Option<String>,
    /// The tag with the request's digest.
    pub digest: Option<String>,
    /// Its trust policy.
    pub trust: String,
    /// Whether it carries our permissions boundary.
    pub bounded: bool,
    /// When it was made, by AWS's clock.
    pub created_at: Time,
    /// Its inline policies, by name.
    pub policies: BTreeMap<String, String>,
}

/// A session of a base role or of a target role that STS gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its source identity and its name: the request.
    pub request: RequestId,
    /// The role.
    pub base_role: PrincipalArn,
    /// Its session policy.
    pub policy: String,
    /// Its access key.
    pub access_key_id: String,
    /// When STS gave it.
    pub issued_at: Time,
    /// When STS ends it.
    pub expires_at: Time,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Cloud {
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) sessions: Vec<Session>,
    /// The inline policies of base roles, by role and name.
    pub(super) kills: BTreeMap<(PrincipalArn, String), String>,
    /// Base roles that somebody took the boundary off.
    pub(super) unbounded: BTreeSet<PrincipalArn>,
    schedules: BTreeMap<RequestId, Time>,
    /// Names of schedules in our group that somebody else made.
    others_schedules: BTreeSet<RequestId>,
    /// Managed policies under our path, by name.
    pub(super) policies: BTreeMap<String, Managed>,
    /// The roles that they may be attached to.
    pub(super) targets: BTreeMap<PrincipalArn, Target>,
    pub(super) quotas: Quotas,
}

impl World {
    /// The roles under our path, ours or not, by name.
    pub fn roles(&self) -> BTreeMap<String, Role> {
        self.lock().cloud.roles.clone()
    }

    /// Puts a role under our path, as somebody else would.
    pub fn plant_role(&self, name: &str, role: Role) {
        self.lock().cloud.roles.insert(name.to_owned(), role);
    }

    /// The denies of single grants on base roles, by role and name.
    pub fn kills(&self) -> Vec<(PrincipalArn, String)> {
        self.lock().cloud.kills.keys().filter(|(_, name)| name.starts_with("countersign-kill-req_")).cloned().collect()
    }

    /// Every deny on a base role with its document, by role and name.
    pub fn denies(&self) -> BTreeMap<(PrincipalArn, String), String> {
        self.lock().cloud.kills.clone()
    }

    /// The deny of a base role that is about all its sessions.
    pub fn kill_all(&self, role: &PrincipalArn) -> Option<String> {
        self.lock().cloud.kills.get(&(role.clone(), KILL_ALL.to_owned())).cloned()
    }

    /// Writes a deny on a base role, as somebody else would.
    pub fn plant_kill(&self, role: &PrincipalArn, name: &str, document: &str) {
        self.lock().cloud.kills.insert((role.clone(), name.to_owned()), document.to_owned());
    }

    /// Takes a deny off a base role, as somebody else would.
    pub fn take_kill(&self, role: &PrincipalArn, name: &str) {
        self.lock().cloud.kills.remove(&(role.clone(), name.to_owned()));
    }

    /// Every session that STS gave.
    pub fn sessions(&self) -> Vec<Session> {
        self.lock().cloud.sessions.clone()
    }

    /// The schedules, and when they fire.
    pub fn schedules(&self) -> BTreeMap<RequestId, Time> {
        self.lock().cloud.schedules.clone()
    }

    /// Makes a schedule in our group under the name of a request's, for something else, as somebody else would.
    pub fn plant_schedule(&self, id: &RequestId) {
        self.lock().cloud.others_schedules.insert(id.clone());
    }

    /// Those that somebody else made.
    pub fn others_schedules(&self) -> BTreeSet<RequestId> {
        self.lock().cloud.others_schedules.clone()
    }

    /// Takes out the schedules that fire by now, as they delete themselves once they fired, the
    /// earliest first. Whoever asks has to call their target.
    pub fn fire_schedules(&self) -> Vec<RequestId> {
        let inner = &mut *self.lock();
        let now = inner.now;
        let mut due: Vec<(Time, RequestId)> =
            inner.cloud.schedules.iter().filter(|(_, at)| **at <= now).map(|(id, at)| (*at, id.clone())).collect();
        due.sort();
        due.into_iter()
            .map(|(_, id)| {
                inner.cloud.schedules.remove(&id);
                id
            })
            .collect()
    }
}

impl Cloud {
    /// With these base roles and target roles, as they are deployed.
    pub(super) fn deployed(
        roles: impl IntoIterator<Item = PrincipalArn>,
        targets: impl IntoIterator<Item = PrincipalArn>,
    ) -> Self {
        let kills = roles.into_iter().map(|role| ((role, KILL_ALL.to_owned()), KILL_ALL_IDLE.to_owned())).collect();
        let targets = targets.into_iter().map(|role| (role, Target::default())).collect();
        Self { kills, targets, ..Self::default() }
    }

    /// The role a call is about, if it carries the tag of this request; a call to another one would
    /// be a change to what we did not make.
    fn own_role(
        &mut self,
        id: &RequestId,
        breaches: &mut Vec<String>,
        doing: &'static str,
    ) -> Result<Option<&mut Role>, Fault> {
        match self.roles.get_mut(id.as_str()) {
            Some(role) if role.request.as_deref() == Some(id.as_str()) => Ok(Some(role)),
            Some(_) => {
                breaches.push(format!("{id}: somebody else's role was to be changed: {doing}"));
                Err(Fault::new(doing, "AccessDenied"))
            }
            None => Ok(None),
        }
    }
}

pub(super) fn well_formed(doing: &'static str, document: &str) -> Result<(), Fault> {
    Document::read(document).map(drop).ok_or_else(|| Fault::new(doing, "MalformedPolicyDocument"))
}

impl ArmRevocation for World {
    async fn arm(&self, id: &RequestId, at: Time) -> Result<(), Fault> {
        let doing = "make the schedule";
        self.call(Verb::Arm, id, at, |inner| match inner.cloud.schedules.get(id) {
            Some(found) if *found == at => Ok(()),
            None if inner.cloud.others_schedules.contains(id) => Err(Fault::new(doing, "schedule_mismatch")),
            Some(_) => Err(Fault::new(doing, "schedule_mismatch")),
            None if at <= inner.now => Err(Fault::new(doing, "ValidationException")),
            None => {
                inner.cloud.schedules.insert(id.clone(), at);
                Ok(())
            }
        })
        .await
    }
}

impl DisarmRevocation for World {
    async fn disarm(&self, id: &RequestId) -> Result<(), Fault> {
        self.call(Verb::Disarm, id, "", |inner| {
            inner.cloud.schedules.remove(id);
            Ok(())
        })
        .await
    }
}

impl MakeRole for World {
    async fn create_role(&self, spec: &RoleSpec) -> Result<bool, Fault> {
        self.call(Verb::CreateRole, &spec.id, "", |inner| {
            well_formed("make the role", &spec.trust)?;
            if inner.cloud.roles.contains_key(spec.id.as_str()) {
                return Ok(false);
            }
            let role = Role {
                request: Some(spec.id.to_string()),
                digest: Some(spec.digest.to_string()),
                trust: spec.trust.clone(),
                bounded: true,
                created_at: inner.now,
                policies: BTreeMap::new(),
            };
            inner.cloud.roles.insert(spec.id.to_string(), role);
            Ok(true)
        })
        .await
    }

    async fn put_role_policy(&self, of: Artifact<'_>, name: &'static str, document: &str) -> Result<(), Fault> {
        let doing = "write the role's policy";
        self.call(Verb::PutRolePolicy, of.id, name, |inner: &mut Inner| {
            inner.in_its_account(of);
            well_formed(doing, document)?;
            inner.finds(doing, |cloud| cloud.roles.contains_key(of.id.as_str()))?;
            let role = inner.cloud.own_role(of.id, &mut inner.breaches, doing)?;
            let role = role.ok_or_else(|| Fault::new(doing, "NoSuchEntity"))?;
            let others: usize =
                role.policies.iter().filter(|(other, _)| *other != name).map(|(_, text)| text.len()).sum();
            if others.saturating_add(document.len()) > INLINE_POLICIES {
                return Err(Fault::new(doing, "LimitExceeded"));
            }
            role.policies.insert(name.to_owned(), document.to_owned());
            Ok(())
        })
        .await
    }
}

impl ReadRole for World {
    async fn role(&self, of: Artifact<'_>) -> Result<Option<RoleFound>, Fault> {
        self.call(Verb::Role, of.id, "", |inner| {
            inner.in_its_account(of);
            Ok(inner.seen(|cloud| {
                cloud.roles.get(of.id.as_str()).map(|role| RoleFound {
                    request: role.request.clone(),
                    digest: role.digest.clone(),
                    trust: role.trust.clone(),
                    bounded: role.bounded,
                    created_at: role.created_at,
                })
            }))
        })
        .await
    }

    async fn role_policy(&self, of: Artifact<'_>, name: &'static str) -> Result<Option<String>, Fault> {
        self.call(Verb::RolePolicy, of.id, name, |inner| {
            inner.in_its_account(of);
            Ok(inner.seen(|cloud| cloud.roles.get(of.id.as_str()).and_then(|role| role.policies.get(name).cloned())))
        })
        .await
    }
}

impl RemoveRole for World {
    /// Step by step, as IAM has no single call for it: each can fail or be the worker's last.
    async fn remove_role(&self, of: Artifact<'_>) -> Result<(), Fault> {
        let doing = "take the role out";
        self.call(Verb::RemoveRole, of.id, "policies", |inner: &mut Inner| -> Result<(), Fault> {
            inner.in_its_account(of);
            if let Some(role) = inner.cloud.own_role(of.id, &mut inner.breaches, doing)? {
                role.policies.retain(|name, _| name == "tombstone");
            }
            Ok(())
        })
        .await?;
        self.call(Verb::RemoveRole, of.id, "tombstone", |inner: &mut Inner| -> Result<(), Fault> {
            if let Some(role) = inner.cloud.own_role(of.id, &mut inner.breaches, doing)? {
                role.policies.remove("tombstone");
            }
            Ok(())
        })
        .await?;
        self.call(Verb::RemoveRole, of.id, "role", |inner: &mut Inner| {
            match inner.cloud.own_role(of.id, &mut inner.breaches, doing)? {
                Some(role) if !role.policies.is_empty() => return Err(Fault::new(doing, "DeleteConflict")),
                _ => inner.cloud.roles.remove(of.id.as_str()),
            };
            Ok(())
        })
        .await
    }
}

impl ListRoles for World {
    async fn role_names(&self, account: &AccountId) -> Result<Vec<String>, Fault> {
        self.call(Verb::RoleNames, account, "", |inner| {
            Ok(inner.seen_names(|cloud| cloud.roles.keys().cloned().collect()))
        })
        .await
    }
}

impl KillSessions for World {
    async fn put_kill(&self, role: &PrincipalArn, name: &str, document: &str) -> Result<(), Fault> {
        let doing = "write the deny";
        self.call(Verb::PutKill, role, name, |inner: &mut Inner| {
            well_formed(doing, document)?;
            let others = inner.cloud.kills.iter().filter(|((on, other), _)| on == role && other != name);
            let length: usize = others.map(|(_, text)| text.len()).sum();
            if length.saturating_add(document.len()) > INLINE_POLICIES {
                return Err(Fault::new(doing, "LimitExceeded"));
            }
            inner.cloud.kills.insert((role.clone(), name.to_owned()), document.to_owned());
            Ok(())
        })
        .await
    }

    async fn kill(&self, role: &PrincipalArn, name: &str) -> Result<Option<String>, Fault> {
        self.call(Verb::Kill, role, name, |inner| {
            Ok(inner.seen(|cloud| cloud.kills.get(&(role.clone(), name.to_owned())).cloned()))
        })
        .await
    }

    async fn remove_kill(&self, role: &PrincipalArn, name: &str) -> Result<(), Fault> {
        self.call(Verb::RemoveKill, role, name, |inner| {
            inner.cloud.kills.remove(&(role.clone(), name.to_owned()));
            Ok(())
        })
        .await
    }
}

impl AssumeBaseRole for World {
    async fn assume(
        &self,
        request: &Request,
        role: &PrincipalArn,
        session_policy: &str,
        seconds: i32,
    ) -> Result<Credentials, Fault> {
        let doing = "get credentials";
        self.call(Verb::Assume, &request.id, role, |inner| {
            well_formed(doing, session_policy)?;
            if session_policy.chars().count() > SESSION_POLICY {
                return Err(Fault::new(doing, "PackedPolicyTooLarge"));
            }
            let seconds = u64::try_from(seconds).ok().filter(|seconds| (900..=3_600).contains(seconds));
            let seconds = seconds.ok_or_else(|| Fault::new(doing, "ValidationError"))?;
            let session = Session {
                request: request.id.clone(),
                base_role: role.clone(),
                policy: session_policy.to_owned(),
                access_key_id: format!("ASIADOUBLE{:010}", inner.cloud.sessions.len()),
                issued_at: inner.now,
                expires_at: inner.now.plus(seconds),
            };
            let credentials = Credentials {
                access_key_id: session.access_key_id.clone(),
                secret_access_key: format!("{SECRET}-key-{}", session.access_key_id),
                session_token: format!("{SECRET}-token-{}", session.access_key_id),
                expires_at: session.expires_at,
                packed_percent: Some(20),
            };
            inner.cloud.sessions.push(session);
            Ok(credentials)
        })
        .await
    }
}

/// What every secret of this world contains, so that a test can look where it must not be.
pub(super) const SECRET: &str = "this-is-secret";
