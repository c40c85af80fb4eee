//! What a bundle says of a wish, found here and now: the same code that judges in the cloud, without the cloud.

use crate::failure::{Exit, Failure};
use aws::time::UuidIds;
use model::identity::{Actor, Identity};
use model::names::PersonId;
use model::policy::{Decision, Policy};
use model::request::Request;
use model::risk::RiskReason;
use model::submission::{FieldError, Wish, judge};
use model::time::Time;
use serde::Deserialize;
use workflow::ports::Identifiers as _;

/// Through which door somebody comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Door {
    /// By the API, this program included.
    #[default]
    Api,
    /// By Slack.
    Slack,
}

/// Who asks, how and when.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// The person.
    pub(crate) person: PersonId,
    /// The door.
    pub(crate) door: Door,
    /// Whether their identity has a second factor for certain.
    pub(crate) mfa: bool,
    /// When.
    pub(crate) at: Time,
}

/// What policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// There is something wrong with the wish itself.
    Invalid(Vec<FieldError>),
    /// It was judged.
    Judged(Box<Judgement>),
}

/// A judgement and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// `deny`, `auto-approve` or `needs-approvals`.
    pub(crate) decision: &'static str,
    /// Why, if it is `deny`.
    pub(crate) reason: Option<String>,
    /// The policies that determined it.
    pub(crate) rules: Vec<String>,
    /// How many countersignatures it takes.
    pub(crate) approvals: u8,
    /// From which groups.
    pub(crate) groups: Vec<String>,
    /// The risk.
    pub(crate) risk: &'static str,
    /// What makes it that, the gravest first.
    pub(crate) because: Vec<RiskReason>,
    /// Who of those groups may countersign.
    pub(crate) approvers: Vec<Approver>,
}

/// Somebody who could countersign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Approver {
    /// Who.
    pub(crate) person: PersonId,
    /// Whether policy lets them.
    pub(crate) may: bool,
    /// Whether only with a second factor.
    pub(crate) with_mfa: bool,
    /// The policies that determined it.
    pub(crate) rules: Vec<String>,
}

impl Said {
    /// The decision in one word: `deny`, `auto-approve`, `needs-approvals` or `invalid`.
    pub(crate) fn decision(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Judged(judgement) => judgement.decision,
        }
    }
}

/// Judges a wish.
///
/// # Errors
/// The catalog knows no such person, or no way in for them.
pub(crate) fn ask(policy: &Policy, asker: &Asker, wish: &Wish) -> Result<Said, Failure> {
    let actor = actor(policy, &asker.person, asker.door, asker.mfa)?;
    let (request, decision) = match judge(policy, UuidIds.request_id(), &actor, wish, UuidIds.salt(), asker.at) {
        Ok(judged) => judged,
        Err(errors) => return Ok(Said::Invalid(errors)),
    };
    let (decision, reason, rules) = match decision {
        Decision::Deny { reason, rules } => ("deny", Some(reason), rules),
        Decision::AutoApprove { rules } => ("auto-approve", None, rules),
        Decision::NeedsApprovals { rules } => ("needs-approvals", None, rules),
    };
    let approvals = if decision == "needs-approvals" { request.quorum.needed } else { 0 };
    Ok(Said::Judged(Box::new(Judgement {
        decision,
        reason,
        rules,
        approvals,
        groups: request.quorum.groups.iter().map(ToString::to_string).collect(),
        risk: request.risk.level.as_str(),
        because: request.risk.reasons.clone(),
        approvers: approvers(policy, asker, &request),
    })))
}

/// Everyone in the entitlement's approver groups but the requester, and what policy says of them.
fn approvers(policy: &Policy, asker: &Asker, request: &Request) -> Vec<Approver> {
    let others = policy.catalog().members(&request.quorum.groups, asker.at).filter(|person| person.id != asker.person);
    let judged = others.filter_map(|person| {
        let by = |mfa: bool| actor(policy, &person.id, Door::Api, mfa).ok();
        let without = policy.may_approve(&by(false)?, request, asker.at);
        let with = policy.may_approve(&by(true)?, request, asker.at);
        let person = person.id.clone();
        Some(Approver { person, may: with.granted, with_mfa: with.granted && !without.granted, rules: with.rules })
    });
    judged.collect()
}

fn actor(policy: &Policy, id: &PersonId, door: Door, mfa: bool) -> Result<Actor, Failure> {
    let person = policy
        .catalog()
        .person(id)
        .ok_or_else(|| Failure::new(Exit::NotFound, "unknown_person", format!("the catalog knows no person {id}")))?;
    let identity = match door {
        // Rules see the door, not the principal; people of an identity provider have none in the catalog.
        Door::Api => {
            let principal = person.principals.first().map_or_else(|| format!("offline:{id}"), ToString::to_string);
            Identity::Api { principal }
        }
        Door::Slack => {
            let user = person.slack.first().cloned().ok_or_else(|| {
                Failure::new(Exit::NotFound, "no_slack_user", format!("the catalog knows no Slack user of {id}"))
            })?;
            Identity::Slack { user }
        }
    };
    Ok(Actor { person: id.clone(), identity, mfa })
}
