//! Names that are valid once they exist: each has one checked door, [`std::str::FromStr`].

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {what}: {rule}")]
pub struct NameError {
    /// What was expected, with its article: "a person id".
    pub what: &'static str,
    /// What a valid one looks like.
    pub rule: &'static str,
    /// What was given, inert and cut to 80 characters.
    pub given: String,
}

fn checked(
    text: &str,
    what: &'static str,
    rule: &'static str,
    holds: impl FnOnce(&str) -> bool,
) -> Result<String, NameError> {
    if holds(text) { Ok(text.to_owned()) } else { Err(NameError { what, rule, given: crate::text::inert(text, 80) }) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $holds:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                checked(text, $what, $rule, $holds).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_slug(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c))
}

fn is_token(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

name!(
    /// A person (or a workload), whatever identities they come with. Immutable, never reused:
    /// rules compare this and nothing else.
    PersonId, "a person id", "1 to 64 of a-z, 0-9, `-`, `.`, `_`, starting with a letter or digit",
    |text| is_slug(text, 64)
);

name!(
    /// A named thing one may ask for.
    EntitlementName, "an entitlement name",
    "1 to 64 of a-z, 0-9, `-`, `.`, `_`, starting with a letter or digit", |text| is_slug(text, 64)
);

name!(
    /// A group of persons in the catalog.
    GroupName, "a group name", "1 to 64 of a-z, 0-9, `-`, `.`, `_`, starting with a letter or digit",
    |text| is_slug(text, 64)
);

name!(
    /// A request: `req_` and the 32 hexadecimal digits of a UUIDv7, so ids sort by time.
    ///
    /// Legal as IAM role name (64), `RoleSessionName` and `SourceIdentity` (2–64 of `[\w+=,.@-]`,
    /// source: STS API reference, `AssumeRole`) and schedule name (1–64 of `[0-9a-zA-Z-_.]`,
    /// source: EventBridge Scheduler API reference, `CreateSchedule`).
    RequestId, "a request id", "`req_` followed by 32 hexadecimal digits",
    |text| text.strip_prefix("req_").is_some_and(|rest| {
        rest.len() == 32 && rest.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    })
);

name!(
    /// An order to end everything of a scope: `swp_` and the 32 hexadecimal digits of a UUIDv7.
    SweepId, "a sweep id", "`swp_` followed by 32 hexadecimal digits",
    |text| text.strip_prefix("swp_").is_some_and(|rest| {
        rest.len() == 32 && rest.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    })
);

name!(
    /// An AWS account: 12 digits.
    AccountId, "an AWS account id", "12 digits",
    |text| text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
);

name!(
    /// A ticket or incident in another system.
    TicketId, "a ticket id", "1 to 64 of A-Z, a-z, 0-9, `-`, `_`, `.`, `/`, `#`",
    |text| (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./#".contains(c))
);

name!(
    /// A Slack channel (`C…`, `G…`) or direct-message conversation (`D…`).
    SlackChannel, "a Slack channel id", "`C`, `G` or `D` followed by 2 to 30 capitals and digits",
    |text| text.starts_with(['C', 'G', 'D'])
        && (3..=31).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
);

name!(
    /// A Slack user in their workspace, as `T…/U…`: Slack user ids are unique only with it.
    SlackUser, "a Slack user", "a team id and a user id, as `T0123ABCD/U0123ABCD`",
    |text| text.split_once('/').is_some_and(|(team, user)| {
        let capitals = |id: &str| (3..=31).contains(&id.len())
            && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        team.starts_with(['T', 'E']) && user.starts_with(['U', 'W']) && capitals(team) && capitals(user)
    })
);

name!(
    /// An `Idempotency-Key` that a client chose.
    IdempotencyKey, "an idempotency key", "1 to 128 of A-Z, a-z, 0-9, `-`, `_`",
    |text| is_token(text, 128)
);

/// The partitions of AWS that this system knows.
pub(crate) const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

name!(
    /// An IAM user or role, by its full ARN: what a trust policy may name.
    PrincipalArn, "an IAM user or role ARN",
    "`arn:aws:iam::<12 digits>:user/<name>` or `…:role/<name>`, at most 512 characters, without wildcards",
    |text| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "iam", "", account, resource] => {
                text.len() <= 512
                    && PARTITIONS.contains(partition)
                    && account.parse::<AccountId>().is_ok()
                    && resource
                        .strip_prefix("user/")
                        .or_else(|| resource.strip_prefix("role/"))
                        .is_some_and(|name| {
                            !name.is_empty()
                                && !name.ends_with('/')
                                && name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c))
                        })
            }
            _ => false,
        }
    }
);

impl PrincipalArn {
    /// The partition the principal lives in: `aws`, or one of its separate worlds.
    pub fn partition(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The account the principal lives in.
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }

    /// The name without its path: what IAM's API calls `RoleName` or `UserName`.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is a role.
    pub fn is_role(&self) -> bool {
        self.0.splitn(6, ':').nth(5).is_some_and(|resource| resource.starts_with("role/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_legal_wherever_they_are_used() {
        let id: RequestId = "req_0198c0ffee00700080000000deadbeef".parse().unwrap();
        assert!(id.as_str().len() <= 64);
        assert!(id.as_str().chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        for bad in
            ["", "req_", "req_XYZ", "grant_0198c0ffee00700080000000deadbeef", "req_0198C0FFEE00700080000000DEADBEEF"]
        {
            assert!(bad.parse::<RequestId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lookalikes_of_arns_are_refused() {
        for good in ["arn:aws:iam::111111111111:user/alice", "arn:aws-us-gov:iam::111111111111:role/a/b/c"] {
            assert!(good.parse::<PrincipalArn>().is_ok(), "{good}");
        }
        for bad in [
            "arn:aws:iam::11111111111:user/alice",
            "arn:aws:iam::111111111111:root",
            "arn:aws:iam::111111111111:user/*",
            "arn:aws:iam::111111111111:user/",
            "arn:aws:sts::111111111111:assumed-role/r/s",
            "arn:aws:iam::111111111111:user/al\u{131}ce",
            "arn:aws:iam::111111111111:role/${aws:username}",
            "*",
        ] {
            assert!(bad.parse::<PrincipalArn>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stored_name_is_checked_again() {
        assert!(serde_json::from_str::<AccountId>("\"12345\"").is_err());
        assert!(serde_json::from_str::<SlackUser>("\"U0ALICE01\"").is_err());
        assert!(serde_json::from_str::<SlackUser>("\"T0COUNTER1/U0ALICE01\"").is_ok());
    }
}
