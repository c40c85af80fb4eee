//! Temporary managed policies of grants, under our path, and the shared roles they are attached to.

use crate::accounts::{Accounts, FOR_ALL};
use crate::fault::{code, fault};
use crate::roles::{DIGEST_TAG, MANAGED_TAG, REQUEST_TAG, decoded, is_gone, tags, unless_gone};
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::create_policy::CreatePolicyError;
use aws_sdk_iam::types::{EntityType, Policy, PolicyScopeType};
use model::documents::GRANT_PATH;
use model::names::{AccountId, PrincipalArn};
use model::time::Time;
use workflow::ports::{
    Artifact, Fault, ListPolicies, MakePolicy, PolicyFound, PolicySpec, ReadPolicy, ReadTarget, RemovePolicy,
    ReplacePolicy, TargetFound,
};

const MAKE: &str = "make the policy";
const ATTACH: &str = "attach the policy";
const CHANGE: &str = "change the policy";
const READ: &str = "read the policy";
const REMOVE: &str = "take out the policy";
const LIST: &str = "list the policies";
const READ_TARGET: &str = "read the target role";

/// IAM, for the managed policies of grants.
#[derive(Debug, Clone)]
pub struct ManagedPolicies {
    accounts: Accounts,
}

impl ManagedPolicies {
    /// Policies in the account of each grant.
    pub(crate) fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }

    async fn iam(&self, of: Artifact<'_>) -> Result<Client, Fault> {
        self.accounts.iam(of.account.as_str(), of.id.as_str()).await
    }

    fn arn(&self, of: Artifact<'_>) -> String {
        self.accounts.policy_arn(of.account.as_str(), &format!("{GRANT_PATH}{}", of.id))
    }
}

/// The names of the roles that a policy is attached to; `None`: it does not exist.
async fn roles_with(iam: &Client, doing: &'static str, arn: &str) -> Result<Option<Vec<String>>, Fault> {
    let pages = iam.list_entities_for_policy().policy_arn(arn).entity_filter(EntityType::Role);
    match pages.into_paginator().send().collect::<Result<Vec<_>, _>>().await {
        Ok(pages) => {
            let roles = pages.into_iter().flat_map(|page| page.policy_roles.unwrap_or_default());
            Ok(Some(roles.filter_map(|role| role.role_name).collect()))
        }
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(fault(doing, &error)),
    }
}

/// Deletes every version of a policy but the one that counts.
async fn drop_versions(iam: &Client, doing: &'static str, arn: &str) -> Result<(), Fault> {
    let listed = iam.list_policy_versions().policy_arn(arn).into_paginator().items().send();
    let versions = match listed.collect::<Result<Vec<_>, _>>().await {
        Ok(versions) => versions,
        Err(error) if is_gone(&error) => return Ok(()),
        Err(error) => return Err(fault(doing, &error)),
    };
    for version in versions.iter().filter(|version| !version.is_default_version()) {
        let version = version.version_id().unwrap_or_default();
        unless_gone(doing, iam.delete_policy_version().policy_arn(arn).version_id(version).send().await)?;
    }
    Ok(())
}

impl MakePolicy for ManagedPolicies {
    async fn create_policy(&self, spec: &PolicySpec) -> Result<bool, Fault> {
        let of = Artifact { account: &spec.account, id: &spec.id };
        let created = self
            .iam(of)
            .await?
            .create_policy()
            .path(GRANT_PATH)
            .policy_name(spec.id.as_str())
            .policy_document(&spec.document)
            .description("Temporary: of one Countersign grant, and for its sessions alone.")
            .set_tags(Some(tags(MAKE, &spec.id, spec.digest)?))
            .send()
            .await;
        match created {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(CreatePolicyError::is_entity_already_exists_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(fault(MAKE, &error)),
        }
    }

    async fn attach_policy(&self, of: Artifact<'_>, role: &PrincipalArn) -> Result<(), Fault> {
        let iam = self.iam(of).await?;
        let attach = iam.attach_role_policy().role_name(role.name()).policy_arn(self.arn(of));
        attach.send().await.map(drop).map_err(|error| fault(ATTACH, &error))
    }
}

impl ReplacePolicy for ManagedPolicies {
    async fn replace_policy(&self, of: Artifact<'_>, document: &str) -> Result<(), Fault> {
        let (iam, arn) = (self.iam(of).await?, self.arn(of));
        let version = || iam.create_policy_version().policy_arn(&arn).policy_document(document).set_as_default(true);
        match version().send().await {
            Ok(_) => Ok(()),
            // Five versions at most. Source: IAM user guide, quotas.
            Err(error) if code(&error) == "LimitExceeded" => {
                drop_versions(&iam, CHANGE, &arn).await?;
                version().send().await.map(drop).map_err(|error| fault(CHANGE, &error))
            }
            Err(error) => Err(fault(CHANGE, &error)),
        }
    }
}

impl ReadPolicy for ManagedPolicies {
    async fn policy(&self, of: Artifact<'_>) -> Result<Option<PolicyFound>, Fault> {
        let (iam, arn) = (self.iam(of).await?, self.arn(of));
        let unreadable = || Fault::new(READ, "unreadable_answer");
        let policy = match iam.get_policy().policy_arn(&arn).send().await {
            Ok(found) => found.policy.ok_or_else(unreadable)?,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(fault(READ, &error)),
        };
        // That it was there, and its version is not, is no answer: it is read again.
        let version = policy.default_version_id().unwrap_or_default();
        let version = iam.get_policy_version().policy_arn(&arn).version_id(version).send().await;
        let version = version.map_err(|error| fault(READ, &error))?.policy_version.ok_or_else(unreadable)?;
        let tag = |key: &str| policy.tags().iter().find(|tag| tag.key() == key).map(|tag| tag.value().to_owned());
        let created_at = policy.create_date().ok_or_else(unreadable)?.secs();
        Ok(Some(PolicyFound {
            request: tag(REQUEST_TAG),
            digest: tag(DIGEST_TAG),
            managed: tag(MANAGED_TAG).as_deref() == Some("true"),
            document: decoded(READ, version.document().unwrap_or_default())?,
            created_at: Time::from_second(created_at).map_err(|_| unreadable())?,
        }))
    }

    async fn attached(&self, of: Artifact<'_>, role: &PrincipalArn) -> Result<bool, Fault> {
        let iam = self.iam(of).await?;
        Ok(roles_with(&iam, READ, &self.arn(of))
            .await?
            .is_some_and(|names| names.iter().any(|name| name == role.name())))
    }
}

impl RemovePolicy for ManagedPolicies {
    async fn remove_policy(&self, of: Artifact<'_>) -> Result<(), Fault> {
        let (iam, arn) = (self.iam(of).await?, self.arn(of));
        // What is gone has no tags any more, by which IAM would let us go on.
        let Some(roles) = roles_with(&iam, REMOVE, &arn).await? else { return Ok(()) };
        for role in roles {
            let detach = iam.detach_role_policy().role_name(role).policy_arn(&arn);
            unless_gone(REMOVE, detach.send().await)?;
        }
        drop_versions(&iam, REMOVE, &arn).await?;
        unless_gone(REMOVE, iam.delete_policy().policy_arn(&arn).send().await)
    }
}

impl ListPolicies for ManagedPolicies {
    async fn policy_names(&self, account: &AccountId) -> Result<Vec<String>, Fault> {
        let iam = self.accounts.iam(account.as_str(), FOR_ALL).await?;
        let listed = iam.list_policies().scope(PolicyScopeType::Local).path_prefix(GRANT_PATH);
        let listed: Result<Vec<Policy>, _> = listed.into_paginator().items().send().collect().await;
        match listed {
            Ok(policies) => Ok(policies.into_iter().filter_map(|policy| policy.policy_name).collect()),
            Err(error) => Err(fault(LIST, &error)),
        }
    }
}

/// IAM, for the shared roles that policies of grants are attached to.
#[derive(Debug, Clone)]
pub struct TargetRoles {
    accounts: Accounts,
    credentials_role: PrincipalArn,
}

impl TargetRoles {
    /// Target roles, where `credentials_role` is the role of the function that hands out credentials.
    pub(crate) fn new(accounts: Accounts, credentials_role: PrincipalArn) -> Self {
        Self { accounts, credentials_role }
    }
}

impl ReadTarget for TargetRoles {
    async fn target(&self, role: &PrincipalArn) -> Result<Option<TargetFound>, Fault> {
        let iam = self.accounts.iam(role.account(), FOR_ALL).await?;
        let attached = iam.list_attached_role_policies().role_name(role.name()).into_paginator().items();
        let (found, attached) =
            tokio::join!(iam.get_role().role_name(role.name()).send(), attached.send().collect::<Result<Vec<_>, _>>(),);
        let found = match found {
            Ok(found) => found.role,
            Err(error) if is_gone(&error) => None,
            Err(error) => return Err(fault(READ_TARGET, &error)),
        };
        // IAM is asked by name, whatever the path.
        let Some(found) = found else { return Ok(None) };
        if found.arn() != role.as_str() {
            return Err(Fault::new(READ_TARGET, "role_elsewhere"));
        }
        let trust = decoded(READ_TARGET, found.assume_role_policy_document().unwrap_or_default())?;
        // IAM knows no case in the keys of tags.
        let tagged = found.tags().iter().find(|tag| tag.key().eq_ignore_ascii_case(REQUEST_TAG));
        let tagged = tagged.map(|tag| tag.value().to_owned());
        let mut attached: Vec<String> = attached
            .map_err(|error| fault(READ_TARGET, &error))?
            .into_iter()
            .filter_map(|policy| policy.policy_name)
            .collect();
        attached.sort();
        Ok(Some(TargetFound { trust, credentials_role: self.credentials_role.clone(), attached, tagged }))
    }
}

#[cfg(test)]
mod tests;
