//! `policy explain`: what policy would say, and by which rules.

use super::judging::{Approver, Asker, Door, Judgement, Said, ask};
use super::load;
use crate::api::Api;
use crate::failure::{Answer, Failure};
use clap::Args;
use model::amount::parse_duration;
use model::names::{EntitlementName, PersonId};
use model::submission::Wish;
use model::text::inert;
use model::time::Time;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What would be asked for.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The folder with catalog.yaml, policies.cedar and schema.cedarschema.
    folder: PathBuf,
    /// Who asks.
    #[arg(long = "as", value_name = "PERSON")]
    person: PersonId,
    /// For which entitlement.
    #[arg(long)]
    entitlement: EntitlementName,
    /// For how long: 30m, 2h, 1h30m.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    duration: u64,
    /// The ticket it belongs to.
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    /// Only this IAM action of the entitlement's. May be given several times.
    #[arg(long = "permission", value_name = "ACTION")]
    permissions: Vec<String>,
    /// Only this resource of the entitlement's. May be given several times.
    #[arg(long = "resource", value_name = "ARN")]
    resources: Vec<String>,
    /// When: 2026-11-20T12:00:00Z. Else: now.
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// By which door.
    #[arg(long, value_enum, default_value_t = Door::Api)]
    door: Door,
    /// With an identity that has a second factor.
    #[arg(long)]
    mfa: bool,
}

/// Explains what policy would say.
///
/// # Errors
/// The bundle is not valid, or knows no such person.
pub(crate) fn explain(wanted: &Explain) -> Result<Answer, Failure> {
    let (_, policy) = load(&wanted.folder)?;
    let at = wanted.at.unwrap_or_else(Api::now);
    let asker = Asker { person: wanted.person.clone(), door: wanted.door, mfa: wanted.mfa, at };
    let some = |list: &Vec<String>| Some(list.clone()).filter(|list| !list.is_empty());
    let wish = Wish {
        entitlement: wanted.entitlement.to_string(),
        permissions: some(&wanted.permissions),
        resources: some(&wanted.resources),
        duration_seconds: wanted.duration,
        justification: "asked offline".to_owned(),
        ticket: wanted.ticket.clone(),
        extends: None,
    };
    let said = ask(&policy, &asker, &wish)?;
    let head = format!("{} asks for {} at {at}: {}", wanted.person, wanted.entitlement, said.decision());
    Ok(match &said {
        Said::Invalid(errors) => {
            let lines = errors
                .iter()
                .map(|error| format!("\n  {}: {} ({})", error.field, inert(&error.message, 400), error.code));
            let listed =
                errors.iter().map(|error| json!({"field": error.field, "code": error.code, "message": error.message}));
            let json = json!({"decision": said.decision(), "errors": listed.collect::<Vec<Value>>()});
            Answer::new(format!("{head}{}", lines.collect::<String>()), json)
        }
        Said::Judged(judgement) => Answer::new(format!("{head}{}", told(judgement)), document(judgement)),
    })
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn told(judgement: &Judgement) -> String {
    let mut lines = Vec::new();
    if let Some(reason) = &judgement.reason {
        lines.push(format!("why: {reason}"));
    }
    // Without any, it is Cedar's own default that denies.
    let rules = if judgement.rules.is_empty() {
        "none: what no policy permits is denied".to_owned()
    } else {
        list(&judgement.rules)
    };
    lines.push(format!("deciding rules: {rules}"));
    lines.push(format!("risk: {}", judgement.risk));
    lines.extend(judgement.because.iter().map(|reason| format!("  {}: {}", reason.level.as_str(), reason.sentence)));
    if judgement.approvals > 0 {
        lines.push(format!("takes {} countersignature(s) from {}", judgement.approvals, list(&judgement.groups)));
        lines.extend(judgement.approvers.iter().map(approver));
        let able = judgement.approvers.iter().filter(|approver| approver.may).count();
        if able < judgement.approvals.into() {
            lines.push(format!("only {able} of them may: this can never be approved"));
        }
    }
    format!("\n  {}", lines.join("\n  "))
}

fn approver(approver: &Approver) -> String {
    let may = match (approver.may, approver.with_mfa) {
        (false, _) => "may not",
        (true, true) => "may, with a second factor",
        (true, false) => "may",
    };
    format!("  {}: {may} ({})", approver.person, list(&approver.rules))
}

fn document(judgement: &Judgement) -> Value {
    let approvers = judgement.approvers.iter().map(|approver| {
        json!({"person": approver.person, "may": approver.may, "withMfa": approver.with_mfa, "rules": approver.rules})
    });
    json!({
        "decision": judgement.decision,
        "reason": judgement.reason,
        "rules": judgement.rules,
        "approvalsNeeded": judgement.approvals,
        "groups": judgement.groups,
        "risk": judgement.risk,
        "riskReasons": judgement.because,
        "approvers": approvers.collect::<Vec<Value>>(),
    })
}
