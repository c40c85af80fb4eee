//! The role that a session is of, or that was asked for.

use super::is_kubernetes;
use crate::call::Call;

/// A role, as a record names it. Without text: the record doesn't say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role<'a> {
    arn: &'a str,
    /// Only the name without its path is known. A name is unique within an account.
    without_path: bool,
}

impl<'a> Role<'a> {
    pub(super) fn new(arn: &'a str) -> Self {
        Self { arn, without_path: false }
    }

    /// The role of the session that called.
    ///
    /// The session's own ARN has the role's name without its path, so it isn't enough where a record should name the
    /// issuer: a role of the same name may have stood elsewhere before.
    pub(super) fn of(call: &'a Call) -> Self {
        if is_kubernetes(call) {
            let caller = &call.caller;
            let arn = if caller.issuer_arn.is_empty() { &caller.arn } else { &caller.issuer_arn };
            return Self { arn, without_path: true };
        }
        Self::new(&call.caller.issuer_arn)
    }

    pub(super) fn is_known(&self) -> bool {
        !self.arn.is_empty()
    }

    /// Whether it is the role of this ARN.
    pub(super) fn is(&self, own: &str) -> bool {
        if self.arn.is_empty() {
            return false;
        }
        let own_role = Role::new(own);
        self.arn == own
            || (self.without_path
                && self.partition() == own_role.partition()
                && self.account() == own_role.account()
                && !self.name().is_empty()
                && self.name() == own_role.name())
    }

    /// The name without its path.
    pub(super) fn name(&self) -> &'a str {
        let resource = self.part(5);
        match resource.split_once('/') {
            Some(("role", rest)) => rest.rsplit('/').next().unwrap_or_default(),
            Some(("assumed-role", rest)) => rest.split('/').next().unwrap_or_default(),
            Some(_) | None => "",
        }
    }

    pub(super) fn account(&self) -> &'a str {
        self.part(4)
    }

    fn partition(&self) -> &'a str {
        self.part(1)
    }

    fn part(&self, n: usize) -> &'a str {
        self.arn.splitn(6, ':').nth(n).unwrap_or_default()
    }

    /// The permission set, if it is a role that Identity Center made: `AWSReservedSSO_<name>_<16 hexadecimal digits>`
    /// under its own path, in which nobody else can make roles.
    /// Source: IAM Identity Center user guide, "Referencing permission sets in resource policies".
    pub(super) fn permission_set(&self) -> Option<&'a str> {
        let reserved = self.without_path || self.part(5).starts_with("role/aws-reserved/sso.amazonaws.com/");
        let (set, suffix) = self.name().strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
        let is_hex = suffix.len() == 16 && suffix.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        (reserved && is_hex && !set.is_empty()).then_some(set)
    }
}
