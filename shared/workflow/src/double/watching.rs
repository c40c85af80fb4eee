//! What is read of roles only to see whether somebody else changed them; and how somebody else does.

use super::cloud::Role;
use super::policies::Managed;
use super::{Verb, World};
use crate::ports::{Artifact, Fault, ListOnRole, ReadBoundary};
use model::names::{PrincipalArn, RequestId};

impl World {
    /// Takes the boundary off a base role, as somebody else would.
    pub fn unbind(&self, role: &PrincipalArn) {
        self.lock().cloud.unbounded.insert(role.clone());
    }

    /// Changes a grant's role, as somebody else would.
    pub fn change_role(&self, id: &RequestId, change: impl FnOnce(&mut Role)) {
        if let Some(role) = self.lock().cloud.roles.get_mut(id.as_str()) {
            change(role);
        }
    }

    /// Changes a grant's policy, as somebody else would.
    pub fn change_policy(&self, id: &RequestId, change: impl FnOnce(&mut Managed)) {
        if let Some(policy) = self.lock().cloud.policies.get_mut(id.as_str()) {
            change(policy);
        }
    }

    /// Takes out a grant's role or policy, as somebody else would.
    pub fn take_out(&self, id: &RequestId) {
        let cloud = &mut self.lock().cloud;
        cloud.roles.remove(id.as_str());
        cloud.policies.remove(id.as_str());
        for target in cloud.targets.values_mut() {
            target.attached.remove(id.as_str());
        }
    }
}

impl ListOnRole for World {
    async fn on_role(&self, of: Artifact<'_>) -> Result<Vec<String>, Fault> {
        let id = of.id;
        self.call(Verb::OnRole, id, "", |inner| {
            Ok(inner.seen(|cloud| {
                let role = cloud.roles.get(id.as_str());
                role.map(|role| role.policies.keys().cloned().collect()).unwrap_or_default()
            }))
        })
        .await
    }
}

impl ReadBoundary for World {
    async fn bounded(&self, role: &PrincipalArn) -> Result<Option<bool>, Fault> {
        self.call(Verb::Bounded, role, "", |inner| {
            Ok(inner.cloud.knows(role).then(|| !inner.cloud.unbounded.contains(role)))
        })
        .await
    }
}
