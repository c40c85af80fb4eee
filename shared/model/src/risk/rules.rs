//! The rules, in the order of the table in the module above.

use super::facts::{self, Breadth, Facts, Reach};
use super::{RiskCode, RiskLevel, RiskReason};
use crate::actions::{self, AccessLevel};

use RiskLevel::{Critical, High, Low, Medium};

/// More than this is more than a debugging session: half a working day.
const LONG_SECONDS: u64 = 4 * 60 * 60;
/// More than this is standing access.
const STANDING_SECONDS: u64 = 24 * 60 * 60;

/// Services that decide who may do what, or who someone is.
const IDENTITY_SERVICES: [&str; 10] = [
    "account",
    "iam",
    "identitystore",
    "organizations",
    "ram",
    "rolesanywhere",
    "signin",
    "sso",
    "sso-directory",
    "sts",
];

/// Actions that AWS doesn't class as managing permissions, but whose answer is a secret, or a way in that outlives
/// the grant.
pub(super) const CREDENTIAL_ACTIONS: [&str; 27] = [
    "codeartifact:GetAuthorizationToken",
    "cognito-identity:GetCredentialsForIdentity",
    "connect:GetFederationToken",
    "dsql:DbConnect",
    "dsql:DbConnectAdmin",
    "ec2:GetPasswordData",
    "ecr-public:GetAuthorizationToken",
    "ecr:GetAuthorizationToken",
    "ecs:ExecuteCommand",
    "eks:AccessKubernetesApi",
    "lakeformation:GetTemporaryGlueTableCredentials",
    "lightsail:DownloadDefaultKeyPair",
    "lightsail:GetInstanceAccessDetails",
    "redshift-serverless:GetCredentials",
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "s3:GetDataAccess",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "signin:AuthorizeOAuth2Access",
    "signin:CreateOAuth2Token",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:GetServiceBearerToken",
    "sts:GetSessionToken",
];

/// One row of the table.
#[derive(Debug)]
pub(super) struct Rule {
    code: RiskCode,
    /// The level it finds, if it holds.
    level: fn(&Facts<'_>) -> Option<RiskLevel>,
    /// What it found; asked only if it holds.
    says: fn(&Facts<'_>) -> String,
}

impl Rule {
    pub(super) fn find(&self, facts: &Facts<'_>) -> Option<RiskReason> {
        let level = (self.level)(facts)?;
        Some(RiskReason { code: self.code, level, sentence: facts::sentence(&(self.says)(facts)) })
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: RiskCode::ListAccess,
        level: |f| (f.deepest() == AccessLevel::List).then_some(Low),
        says: |f| format!("Only sees what exists: {}.", f.actions(|_| true)),
    },
    Rule {
        code: RiskCode::ReadAccess,
        level: |f| (f.deepest() == AccessLevel::Read).then_some(Low),
        says: |f| format!("Reads, and changes nothing: {}.", at(f, AccessLevel::Read)),
    },
    Rule {
        code: RiskCode::WriteAccess,
        level: |f| (f.deepest() == AccessLevel::Write).then_some(if f.production { Medium } else { Low }),
        says: |f| format!("Changes things{}: {}.", place(f), at(f, AccessLevel::Write)),
    },
    Rule {
        code: RiskCode::TaggingAccess,
        level: |f| (f.deepest() == AccessLevel::Tagging).then_some(if f.production { High } else { Medium }),
        says: |f| format!("Changes tags{}, which permissions may follow: {}.", place(f), at(f, AccessLevel::Tagging)),
    },
    Rule {
        code: RiskCode::PermissionsAccess,
        level: |f| (f.deepest() == AccessLevel::PermissionsManagement).then_some(High),
        says: |f| format!("Changes who may do what{}: {}.", place(f), at(f, AccessLevel::PermissionsManagement)),
    },
    Rule {
        code: RiskCode::WideResources,
        level: |f| if f.is_wide() { when_wide(f) } else { None },
        says: |f| format!("Not bound to named resources: {}.", f.resources(Breadth::Wide)),
    },
    Rule {
        code: RiskCode::ResourcePattern,
        level: |f| {
            let grave = f.production && f.deepest() > AccessLevel::List;
            f.has(Breadth::Pattern).then_some(if grave { Medium } else { Low })
        },
        says: |f| format!("Reaches whatever fits a pattern, now or later: {}.", f.resources(Breadth::Pattern)),
    },
    Rule {
        code: RiskCode::ActionPattern,
        level: |f| f.any(is_changing_pattern).then_some(if f.production { High } else { Medium }),
        says: |f| format!("A wildcard stands for actions that change things: {}.", f.actions(is_changing_pattern)),
    },
    Rule {
        code: RiskCode::WholeService,
        level: |f| f.any(is_service_admin).then_some(if f.is_wide() { Critical } else { High }),
        says: |f| format!("Everything that a service can do: {}.", f.actions(is_service_admin)),
    },
    Rule {
        code: RiskCode::AnyService,
        level: |f| {
            let grave = f.any(|reach| is_any_service(reach) && reach.changes());
            f.any(is_any_service).then_some(if grave { Critical } else { High })
        },
        says: |f| format!("Not bound to one service: {}.", f.actions(is_any_service)),
    },
    Rule {
        code: RiskCode::IdentityChange,
        level: |f| f.any(changes_identity).then_some(High),
        says: |f| format!("Changes identities, accounts or trust: {}.", f.actions(changes_identity)),
    },
    Rule {
        code: RiskCode::HandsOutCredentials,
        level: |f| f.any(|reach| credentials_of(reach).next().is_some()).then_some(High),
        says: |f| {
            let actions = f.reaches.iter().flat_map(credentials_of).map(str::to_owned);
            format!("Hands out secrets, or ways in that may outlive the grant: {}.", facts::listed(actions))
        },
    },
    Rule {
        code: RiskCode::UnknownAction,
        level: |f| f.any(|reach| reach.deepest.is_none()).then_some(High),
        says: |f| format!("Not an action that AWS is known to have: {}.", f.actions(|reach| reach.deepest.is_none())),
    },
    Rule {
        code: RiskCode::EscalationPath,
        level: |f| (!f.paths.is_empty()).then_some(Critical),
        says: |f| {
            let ids = facts::listed(f.paths.iter().map(|path| path.id.to_owned()));
            let first = f.paths.first().map(|path| path.required().collect::<Vec<_>>().join(" + "));
            format!("Opens known ways to more permissions: {ids}; the first by {}.", first.unwrap_or_default())
        },
    },
    Rule {
        code: RiskCode::LongWindow,
        level: |f| match (f.duration_seconds > LONG_SECONDS, f.changes(), f.production) {
            (false, _, _) | (true, false, false) => None,
            (true, true, true) => Some(High),
            (true, true, false) | (true, false, true) => Some(Medium),
        },
        says: |f| format!("Lasts {}, which is longer than {}.", lasting(f.duration_seconds), lasting(LONG_SECONDS)),
    },
    Rule {
        code: RiskCode::StandingWindow,
        level: |f| (f.duration_seconds > STANDING_SECONDS).then_some(High),
        says: |f| format!("Lasts {}: more than a day is standing access.", lasting(f.duration_seconds)),
    },
];

/// What the deepest access level means when nothing binds it to named resources.
fn when_wide(facts: &Facts<'_>) -> Option<RiskLevel> {
    match facts.deepest() {
        AccessLevel::List => None,
        AccessLevel::Read => Some(Medium),
        AccessLevel::Write => Some(if facts.production { High } else { Medium }),
        AccessLevel::Tagging => Some(High),
        AccessLevel::PermissionsManagement => Some(Critical),
    }
}

fn is_changing_pattern(reach: &Reach<'_>) -> bool {
    reach.changes() && actions::is_pattern(reach.pattern)
}

fn is_service_admin(reach: &Reach<'_>) -> bool {
    reach.changes() && actions::is_whole_service(reach.pattern)
}

fn is_any_service(reach: &Reach<'_>) -> bool {
    actions::is_any_service(reach.pattern)
}

/// A pattern over several services is `any_service`'s business.
fn changes_identity(reach: &Reach<'_>) -> bool {
    reach.changes() && reach.deepest.is_some_and(|(service, _, _)| IDENTITY_SERVICES.contains(&service))
}

fn credentials_of(reach: &Reach<'_>) -> impl Iterator<Item = &'static str> {
    CREDENTIAL_ACTIONS.into_iter().filter(|action| actions::pattern_matches(reach.pattern, action))
}

/// Some of the actions of one access level.
fn at(facts: &Facts<'_>, level: AccessLevel) -> String {
    facts.actions(|reach| reach.level() == level)
}

fn place(facts: &Facts<'_>) -> &'static str {
    if facts.production { " in production" } else { "" }
}

/// A duration as people say it, rounded to minutes upwards: a bound that is passed must not read as met.
fn lasting(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (hours, rest) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
