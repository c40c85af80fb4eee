//! `policy test`: a table of cases, each with what policy has to say of it.

use super::judging::{Asker, Door, Said, ask};
use super::load;
use crate::failure::{Answer, Exit, Failure};
use crate::show::table;
use clap::Args;
use model::amount::parse_duration;
use model::names::PersonId;
use model::policy::Policy;
use model::submission::Wish;
use model::time::Time;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// When cases are judged that do not say when: a Friday at noon, so that a table means the same on every day.
const NOON: &str = "2026-11-20T12:00:00Z";

/// A bundle and the table of its tests.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The folder with catalog.yaml, policies.cedar and schema.cedarschema.
    folder: PathBuf,
    /// The table. Else: tests.yaml in the folder.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "as")]
    person: PersonId,
    entitlement: String,
    #[serde(rename = "for")]
    duration: String,
    ticket: Option<String>,
    permissions: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    at: Option<Time>,
    #[serde(default)]
    door: Door,
    #[serde(default)]
    mfa: bool,
    expect: Expected,
}

/// What has to come out; only what is said is held against it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Expected {
    decision: Outcome,
    approvals: Option<u8>,
    risk: Option<String>,
    rules: Option<Vec<String>>,
    may_approve: Option<Vec<PersonId>>,
    codes: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Deny,
    AutoApprove,
    NeedsApprovals,
    Invalid,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::AutoApprove => "auto-approve",
            Self::NeedsApprovals => "needs-approvals",
            Self::Invalid => "invalid",
        }
    }
}

/// Judges every case.
///
/// # Errors
/// The bundle or the table is not valid, or something else came out than was expected.
pub(crate) fn test(wanted: &Test) -> Result<Answer, Failure> {
    let (_, policy) = load(&wanted.folder)?;
    let file = wanted.table.clone().unwrap_or_else(|| wanted.folder.join("tests.yaml"));
    let cases = read(&file)?;
    let mut rows = Vec::new();
    for case in &cases {
        rows.push((case.name.as_str(), differences(&policy, case)?));
    }
    let wrong = rows.iter().filter(|(_, differences)| !differences.is_empty()).count();
    let shown = rows.iter().map(|(name, differences)| {
        let passed = if differences.is_empty() { "passed" } else { "FAILED" };
        vec![passed.to_owned(), (*name).to_owned()]
    });
    let mut human = table(&["", "case"], shown.collect(), "");
    for (name, differences) in rows.iter().filter(|(_, differences)| !differences.is_empty()) {
        human = format!("{human}\n\n{name}:");
        for difference in differences {
            human = format!("{human}\n  {difference}");
        }
    }
    let passed = rows.len().saturating_sub(wrong);
    let listed: Vec<Value> =
        rows.iter().map(|(name, why)| json!({"name": name, "passed": why.is_empty(), "differences": why})).collect();
    let exit = if wrong == 0 { Exit::Done } else { Exit::Failed };
    let json = json!({"passed": passed, "failed": wrong, "cases": listed});
    Ok(Answer { human: format!("{human}\n\n{passed} passed, {wrong} failed"), json, exit })
}

fn read(file: &Path) -> Result<Vec<Case>, Failure> {
    let failed = |code: &str, why: String| Failure::new(Exit::Failed, code, format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failed("no_file", error.to_string()))?;
    let read: File = serde_saphyr::from_str(&text).map_err(|error| failed("invalid_table", error.to_string()))?;
    // A table that holds nothing would always pass.
    if read.cases.is_empty() {
        return Err(failed("invalid_table", "there are no cases".to_owned()));
    }
    Ok(read.cases)
}

/// What came out otherwise than expected.
fn differences(policy: &Policy, case: &Case) -> Result<Vec<String>, Failure> {
    let in_case = |why: String| Failure::new(Exit::Failed, "invalid_table", format!("{}: {why}", case.name));
    let at = match case.at {
        Some(at) => at,
        None => NOON.parse().map_err(|_| in_case("no time".to_owned()))?,
    };
    let wish = Wish {
        entitlement: case.entitlement.clone(),
        permissions: case.permissions.clone(),
        resources: case.resources.clone(),
        duration_seconds: parse_duration(&case.duration).map_err(|error| in_case(error.to_string()))?,
        justification: "a case of the table".to_owned(),
        ticket: case.ticket.clone(),
        extends: None,
    };
    let asker = Asker { person: case.person.clone(), door: case.door, mfa: case.mfa, at };
    let said = ask(policy, &asker, &wish).map_err(|failure| in_case(failure.sentence))?;
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: String, got: String| {
        if expected != got {
            found.push(format!("{what}: expected {expected}, got {got}"));
        }
    };
    let expect = &case.expect;
    compare("decision", expect.decision.as_str().to_owned(), said.decision().to_owned());
    let (mut approvals, mut risk, mut rules, mut may, mut codes) = (0, "", Vec::new(), Vec::new(), Vec::new());
    match &said {
        Said::Invalid(errors) => codes = errors.iter().map(|error| error.code.to_owned()).collect(),
        Said::Judged(judgement) => {
            (approvals, risk, rules) = (judgement.approvals, judgement.risk, judgement.rules.clone());
            may = judgement.approvers.iter().filter(|one| one.may).map(|one| one.person.to_string()).collect();
        }
    }
    if let Some(expected) = expect.approvals {
        compare("approvals", expected.to_string(), approvals.to_string());
    }
    if let Some(expected) = &expect.risk {
        compare("risk", expected.clone(), risk.to_owned());
    }
    if let Some(expected) = &expect.rules {
        compare("rules", sorted(expected.clone()), sorted(rules));
    }
    if let Some(expected) = &expect.may_approve {
        compare("mayApprove", sorted(expected.iter().map(ToString::to_string).collect()), sorted(may));
    }
    if let Some(expected) = &expect.codes {
        compare("codes", sorted(expected.clone()), sorted(codes));
    }
    Ok(found)
}

fn sorted(mut words: Vec<String>) -> String {
    words.sort();
    words.dedup();
    format!("[{}]", words.join(", "))
}
