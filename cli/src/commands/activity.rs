//! `activity`, `entitlement shrink`: what was done with access, and how much of it was needed.

use crate::api::Api;
use crate::failure::{Answer, Failure};
use crate::show::activity::{Shown, table, timeline};
use crate::show::{json, shrink};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use model::findings::RULES;
use model::names::{EntitlementName, RequestId};
use model::time::Time;
use serde_json::Value;

/// Whose activity, and what of it.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The request's id: `req_…`.
    id: RequestId,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Only calls of this service, as IAM names it: s3.
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    /// Only calls of this action, or of those that a pattern names: `s3:Get*`.
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only calls that were refused for want of permission.
    #[arg(long)]
    denied: bool,
    /// Only calls that change nothing.
    #[arg(long, conflicts_with = "writes")]
    read_only: bool,
    /// Only calls that change something.
    #[arg(long)]
    writes: bool,
    /// Only calls from this time on: 2026-11-20T19:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    after: Option<Time>,
    /// Only calls before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    before: Option<Time>,
    /// Only calls that show what this rule found.
    #[arg(long, value_name = "RULE", value_parser = PossibleValuesParser::new(RULES))]
    finding: Option<String>,
    /// How many calls, the earliest first.
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    limit: u32,
}

/// How activity is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Numbers, what is odd, what is known, and the calls.
    Table,
    /// What the API answers, its pages joined.
    Json,
    /// Calls, findings and runs in the order of their time.
    Timeline,
}

fn time(text: &str) -> Result<Time, String> {
    text.parse().map_err(|_| "a time in UTC such as 2026-11-20T19:00:00Z".to_owned())
}

impl Which {
    fn query(&self) -> Vec<(&'static str, String)> {
        let flag = |set: bool, value: &str| set.then(|| value.to_owned());
        let read_only = flag(self.read_only, "true").or_else(|| flag(self.writes, "false"));
        let asked = [
            ("service", self.service.clone()),
            ("action", self.action.clone()),
            ("denied", flag(self.denied, "true")),
            ("readOnly", read_only),
            ("after", self.after.map(|time| time.to_string())),
            ("before", self.before.map(|time| time.to_string())),
            ("finding", self.finding.clone()),
        ];
        asked.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// What was done under a grant.
///
/// # Errors
/// No answer, or a problem.
pub(crate) async fn activity(api: &Api, which: &Which) -> Result<Answer, Failure> {
    let query = which.query();
    let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let most = usize::try_from(which.limit.max(1)).unwrap_or(usize::MAX);
    let (items, mut all) = api.list(&format!("/v1/requests/{}/activity", which.id), &query, most, |_| false).await?;
    if let Some(fields) = all.as_object_mut() {
        // The last page has the newest numbers; the calls are those of all pages.
        fields.insert("items".to_owned(), Value::Array(items));
    }
    let shown = Shown { all: &all, is_filtered: !query.is_empty(), after: which.after, before: which.before };
    let human = match which.format {
        Format::Table => table(&shown),
        Format::Timeline => timeline(&shown),
        Format::Json => json(&all),
    };
    Ok(Answer::new(human, all))
}

/// What to do with an entitlement.
#[derive(Debug, Subcommand)]
pub(crate) enum Entitlement {
    /// Proposes a narrower entitlement by what its grants were used for. For auditors. Changes nothing.
    Shrink(Shrink),
}

/// Which entitlement, by how many grants.
#[derive(Debug, Args)]
pub(crate) struct Shrink {
    /// The entitlement.
    name: EntitlementName,
    /// How many grants to look back at, the newest first.
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=200))]
    grants: u32,
}

/// What of an entitlement its grants never used.
///
/// # Errors
/// No answer, or a problem.
pub(crate) async fn entitlement(api: &Api, wanted: &Entitlement) -> Result<Answer, Failure> {
    let Entitlement::Shrink(Shrink { name, grants }) = wanted;
    let proposed = api.get(&format!("/v1/entitlements/{name}/use?grants={grants}")).await?;
    Ok(Answer::new(shrink::proposal(&proposed), proposed))
}
