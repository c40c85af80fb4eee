//! Roles of grants, under our path and within our boundary; and the denies on base roles.

use crate::accounts::{Accounts, FOR_ALL};
use crate::fault::{code, fault, unsendable};
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_iam::Client;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::create_role::CreateRoleError;
use aws_sdk_iam::types::{Role, Tag};
use model::digest::Digest;
use model::documents::{GRANT_PATH, GRANT_POLICY, KILL_POLICY_PREFIX, TOMBSTONE_POLICY};
use model::names::{AccountId, PrincipalArn, RequestId};
use model::time::Time;
use percent_encoding::percent_decode_str;
use std::error::Error;
use workflow::ports::{
    Artifact, Fault, KillSessions, ListOnRole, ListRoles, MakeRole, ReadBoundary, ReadRole, RemoveRole, RoleFound,
    RoleSpec,
};

const MAKE: &str = "make the role";
const WRITE: &str = "write the role's policy";
const READ: &str = "read the role";
const READ_POLICY: &str = "read the role's policy";
const REMOVE: &str = "take out the role";
const LIST: &str = "list the roles";
const LIST_ON: &str = "list what is on the role";
const READ_BASE: &str = "read the base role";
const DENY: &str = "write the deny";
const READ_DENY: &str = "read the deny back";
const LIFT: &str = "take out the deny";

/// The tag that names the request.
pub(crate) const REQUEST_TAG: &str = "countersign:request";

/// The tag with the request's digest.
pub(crate) const DIGEST_TAG: &str = "countersign:digest";

/// The tag of everything we make.
pub(crate) const MANAGED_TAG: &str = "countersign:managed";

/// IAM, for the roles of grants.
#[derive(Debug, Clone)]
pub struct Roles {
    accounts: Accounts,
}

impl Roles {
    /// Roles that are made within, and have to carry, the permissions boundary of their account.
    pub(crate) fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }

    async fn iam(&self, of: Artifact<'_>) -> Result<Client, Fault> {
        self.accounts.iam(of.account.as_str(), of.id.as_str()).await
    }

    /// IAM of a base role's account, to do something about the deny `name`.
    async fn iam_of(&self, role: &PrincipalArn, name: &str) -> Result<Client, Fault> {
        let request = name.strip_prefix(KILL_POLICY_PREFIX).and_then(|id| id.parse::<RequestId>().ok());
        self.accounts.iam(role.account(), request.as_ref().map_or(FOR_ALL, RequestId::as_str)).await
    }
}

async fn write(iam: &Client, doing: &'static str, role: &str, name: &str, document: &str) -> Result<(), Fault> {
    let put = iam.put_role_policy().role_name(role).policy_name(name).policy_document(document);
    put.send().await.map(drop).map_err(|error| fault(doing, &error))
}

async fn read(iam: &Client, doing: &'static str, role: &str, name: &str) -> Result<Option<String>, Fault> {
    match iam.get_role_policy().role_name(role).policy_name(name).send().await {
        Ok(found) => decoded(doing, found.policy_document()).map(Some),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(fault(doing, &error)),
    }
}

async fn delete_policy(iam: &Client, doing: &'static str, role: &str, name: &str) -> Result<(), Fault> {
    unless_gone(doing, iam.delete_role_policy().role_name(role).policy_name(name).send().await)
}

async fn find(iam: &Client, doing: &'static str, role: &str) -> Result<Option<Role>, Fault> {
    match iam.get_role().role_name(role).send().await {
        Ok(found) => Ok(found.role),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(fault(doing, &error)),
    }
}

/// Whether what was asked for does not exist.
pub(crate) fn is_gone<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(code(error).as_str(), "NoSuchEntity" | "NoSuchEntityException")
}

pub(crate) fn unless_gone<T, E: ProvideErrorMetadata + Error + 'static>(
    doing: &'static str,
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<(), Fault> {
    match result {
        Ok(_) => Ok(()),
        Err(error) if is_gone(&error) => Ok(()),
        Err(error) => Err(fault(doing, &error)),
    }
}

/// IAM gives documents back percent-encoded. Source: IAM API reference, `GetRolePolicy`.
pub(crate) fn decoded(doing: &'static str, document: &str) -> Result<String, Fault> {
    percent_decode_str(document)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Fault::new(doing, "unreadable_document"))
}

/// The tags of what is made for a grant.
pub(crate) fn tags(doing: &'static str, id: &RequestId, digest: Digest) -> Result<Vec<Tag>, Fault> {
    let digest = digest.to_string();
    [(REQUEST_TAG, id.as_str()), (MANAGED_TAG, "true"), (DIGEST_TAG, &digest)]
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unsendable(doing)))
        .collect()
}

impl MakeRole for Roles {
    async fn create_role(&self, spec: &RoleSpec) -> Result<bool, Fault> {
        let of = Artifact { account: &spec.account, id: &spec.id };
        let created = self
            .iam(of)
            .await?
            .create_role()
            .path(GRANT_PATH)
            .role_name(spec.id.as_str())
            .assume_role_policy_document(&spec.trust)
            .permissions_boundary(self.accounts.boundary(spec.account.as_str()))
            .max_session_duration(spec.longest_session)
            .set_tags(Some(tags(MAKE, &spec.id, spec.digest)?))
            .send()
            .await;
        match created {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(CreateRoleError::is_entity_already_exists_exception) => {
                Ok(false)
            }
            Err(error) => Err(fault(MAKE, &error)),
        }
    }

    async fn put_role_policy(&self, of: Artifact<'_>, name: &'static str, document: &str) -> Result<(), Fault> {
        write(&self.iam(of).await?, WRITE, of.id.as_str(), name, document).await
    }
}

impl ReadRole for Roles {
    async fn role(&self, of: Artifact<'_>) -> Result<Option<RoleFound>, Fault> {
        let Some(role) = find(&self.iam(of).await?, READ, of.id.as_str()).await? else { return Ok(None) };
        // Names are unique across paths: a role under another path is none of ours, whatever its tags say.
        let ours = role.path() == GRANT_PATH;
        let tag = |key: &str| {
            let found = role.tags().iter().find(|tag| ours && tag.key() == key);
            found.map(|tag| tag.value().to_owned())
        };
        let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
        Ok(Some(RoleFound {
            request: tag(REQUEST_TAG),
            digest: tag(DIGEST_TAG),
            trust: decoded(READ, role.assume_role_policy_document().unwrap_or_default())?,
            bounded: ours && boundary == Some(self.accounts.boundary(of.account.as_str()).as_str()),
            created_at: Time::from_second(role.create_date().secs())
                .map_err(|_| Fault::new(READ, "unreadable_answer"))?,
        }))
    }

    async fn role_policy(&self, of: Artifact<'_>, name: &'static str) -> Result<Option<String>, Fault> {
        read(&self.iam(of).await?, READ_POLICY, of.id.as_str(), name).await
    }
}

impl RemoveRole for Roles {
    async fn remove_role(&self, of: Artifact<'_>) -> Result<(), Fault> {
        let (iam, role) = (&self.iam(of).await?, of.id.as_str());
        let listed: Result<Vec<String>, _> =
            iam.list_role_policies().role_name(role).into_paginator().items().send().collect().await;
        let inline = match listed {
            Ok(names) => names,
            // No role, nothing on it.
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(fault(REMOVE, &error)),
        };
        // The role is ours and can't be deleted with anything in or on it.
        for name in inline.iter().filter(|name| ![TOMBSTONE_POLICY, GRANT_POLICY].contains(&name.as_str())) {
            tracing::error!(request.id = %of.id, alarm = "found_on_grant_role", policy = %name,
                "the policy {name} in the role {} is not of Countersign's making; it goes with the role", of.id);
        }
        for name in inline.iter().filter(|name| *name != TOMBSTONE_POLICY) {
            delete_policy(iam, REMOVE, role, name).await?;
        }
        let listed: Result<Vec<_>, _> =
            iam.list_attached_role_policies().role_name(role).into_paginator().items().send().collect().await;
        let attached = match listed {
            Ok(policies) => policies,
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(fault(REMOVE, &error)),
        };
        for arn in attached.iter().filter_map(|policy| policy.policy_arn()) {
            tracing::error!(request.id = %of.id, alarm = "found_on_grant_role", policy = %arn,
                "{arn} is attached to the role {}, and not by Countersign; it is taken off it, and stays", of.id);
            unless_gone(REMOVE, iam.detach_role_policy().role_name(role).policy_arn(arn).send().await)?;
        }
        // Last, so that whatever was on the role was denied while it was there.
        if inline.iter().any(|name| name == TOMBSTONE_POLICY) {
            delete_policy(iam, REMOVE, role, TOMBSTONE_POLICY).await?;
        }
        unless_gone(REMOVE, iam.delete_role().role_name(role).send().await)
    }
}

impl ListRoles for Roles {
    async fn role_names(&self, account: &AccountId) -> Result<Vec<String>, Fault> {
        let iam = self.accounts.iam(account.as_str(), FOR_ALL).await?;
        let listed: Result<Vec<Role>, _> =
            iam.list_roles().path_prefix(GRANT_PATH).into_paginator().items().send().collect().await;
        match listed {
            Ok(roles) => Ok(roles.into_iter().map(|role| role.role_name).collect()),
            Err(error) => Err(fault(LIST, &error)),
        }
    }
}

impl ListOnRole for Roles {
    async fn on_role(&self, of: Artifact<'_>) -> Result<Vec<String>, Fault> {
        let (iam, role) = (self.iam(of).await?, of.id.as_str());
        let listed = iam.list_role_policies().role_name(role).into_paginator().items().send();
        let mut found: Vec<String> = match listed.collect::<Result<Vec<_>, _>>().await {
            Ok(names) => names,
            Err(error) if is_gone(&error) => return Ok(Vec::new()),
            Err(error) => return Err(fault(LIST_ON, &error)),
        };
        let listed = iam.list_attached_role_policies().role_name(role).into_paginator().items().send();
        match listed.collect::<Result<Vec<_>, _>>().await {
            Ok(attached) => found.extend(attached.into_iter().filter_map(|policy| policy.policy_arn)),
            Err(error) if is_gone(&error) => return Ok(Vec::new()),
            Err(error) => return Err(fault(LIST_ON, &error)),
        }
        Ok(found)
    }
}

impl ReadBoundary for Roles {
    async fn bounded(&self, role: &PrincipalArn) -> Result<Option<bool>, Fault> {
        let iam = self.accounts.iam(role.account(), FOR_ALL).await?;
        let Some(found) = find(&iam, READ_BASE, role.name()).await? else { return Ok(None) };
        // IAM is asked by name, whatever the path.
        if found.arn() != role.as_str() {
            return Err(Fault::new(READ_BASE, "role_elsewhere"));
        }
        let boundary = found.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
        Ok(Some(boundary == Some(self.accounts.boundary(role.account()).as_str())))
    }
}

impl KillSessions for Roles {
    async fn put_kill(&self, role: &PrincipalArn, name: &str, document: &str) -> Result<(), Fault> {
        let iam = &self.iam_of(role, name).await?;
        // IAM is asked by name: a deny on a role of the same name under another path would look
        // written and deny nothing.
        match find(iam, DENY, role.name()).await? {
            Some(found) if found.arn() == role.as_str() => write(iam, DENY, role.name(), name, document).await,
            Some(_) => Err(Fault::new(DENY, "role_elsewhere")),
            None => Err(Fault::new(DENY, "NoSuchEntity")),
        }
    }

    async fn kill(&self, role: &PrincipalArn, name: &str) -> Result<Option<String>, Fault> {
        read(&self.iam_of(role, name).await?, READ_DENY, role.name(), name).await
    }

    async fn remove_kill(&self, role: &PrincipalArn, name: &str) -> Result<(), Fault> {
        delete_policy(&self.iam_of(role, name).await?, LIFT, role.name(), name).await
    }
}

#[cfg(test)]
mod tests;
