//! IAM's own evaluation: what it would decide, without anything being done.

use crate::accounts::{Accounts, FOR_ALL};
use crate::fault::fault;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult};
use model::documents::{ContextValue, Probe};
use model::names::PrincipalArn;
use workflow::ports::{Fault, ProbeDecision, Verdict};

const ASK: &str = "ask IAM what it would decide";

/// IAM's policy simulator.
#[derive(Debug, Clone)]
pub struct Probes {
    accounts: Accounts,
}

impl Probes {
    /// The simulator of each account.
    pub(crate) fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

/// The condition keys that the call carries. Source: IAM API reference, `ContextEntry`.
fn context(probe: &Probe) -> Vec<ContextEntry> {
    let entry = |(key, value): &(&'static str, ContextValue)| {
        let (kind, value) = match value {
            ContextValue::Text(text) => (ContextKeyTypeEnum::String, text.clone()),
            ContextValue::Date(date) => (ContextKeyTypeEnum::Date, date.to_string()),
            ContextValue::Flag(flag) => (ContextKeyTypeEnum::Boolean, flag.to_string()),
        };
        ContextEntry::builder().context_key_name(*key).context_key_type(kind).context_key_values(value).build()
    };
    probe.context.iter().map(entry).collect()
}

/// What was answered about the one action on the one resource that was asked about.
fn verdict(results: &[EvaluationResult]) -> Result<Verdict, Fault> {
    let unreadable = || Fault::new(ASK, "unreadable_answer");
    let [result] = results else { return Err(unreadable()) };
    let all = [Verdict::Allowed, Verdict::ExplicitDeny, Verdict::ImplicitDeny];
    let answered = result.eval_decision().as_str();
    all.into_iter().find(|verdict| verdict.as_str() == answered).ok_or_else(unreadable)
}

impl ProbeDecision for Probes {
    async fn probe_role(&self, role: &PrincipalArn, probe: &Probe) -> Result<Verdict, Fault> {
        let iam = self.accounts.iam(role.account(), FOR_ALL).await?;
        let asked = iam
            .simulate_principal_policy()
            .policy_source_arn(role.as_str())
            .action_names(&probe.action)
            .resource_arns(&probe.resource)
            .set_context_entries(Some(context(probe)));
        let answer = asked.send().await.map_err(|error| fault(ASK, &error))?;
        verdict(answer.evaluation_results())
    }

    async fn probe_document(&self, document: &str, probe: &Probe) -> Result<Verdict, Fault> {
        // A document by itself says the same in every account.
        let iam = self.accounts.own();
        let asked = iam
            .simulate_custom_policy()
            .policy_input_list(document)
            .action_names(&probe.action)
            .resource_arns(&probe.resource)
            .set_context_entries(Some(context(probe)));
        let answer = asked.send().await.map_err(|error| fault(ASK, &error))?;
        verdict(answer.evaluation_results())
    }
}

#[cfg(test)]
mod tests;
