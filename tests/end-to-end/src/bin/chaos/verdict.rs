//! What the program that auditors have says of a copy of the table and the log.

use std::collections::BTreeMap;
use std::fmt;

use end_to_end::auditor::Auditor;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use serde_json::Value;

/// What it may find doubtful: the log was late for a while, and caught up.
const LATE: [&str; 4] = ["silence", "logged_late", "not_cosigned", "summary_missing"];

/// It.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    outcome: String,
    /// What it says of the log's having been late, by code.
    late: BTreeMap<String, u64>,
    /// What else it finds.
    pub(crate) findings: Vec<String>,
}

impl Verdict {
    /// # Errors
    /// The program can't be run, or fetches nothing.
    pub(crate) fn of(stage: &Stage) -> Result<Self, Failure> {
        let auditor = Auditor::begin(stage)?;
        auditor.fetch("all", true)?;
        let (code, told) = auditor.verify("all")?;
        let mut verdict = Self { outcome: text(&told, "outcome").to_owned(), ..Self::default() };
        let findings = told.get("findings").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for finding in findings.iter().filter(|finding| text(finding, "severity") != "note") {
            let name = text(finding, "code");
            if LATE.contains(&name) && text(finding, "severity") == "doubtful" {
                let times = verdict.late.entry(name.to_owned()).or_default();
                *times = times.saturating_add(1);
            } else {
                verdict.findings.push(format!("{name}: {}", text(finding, "sentence")));
            }
        }
        if verdict.outcome != "intact" && verdict.late.is_empty() && verdict.findings.is_empty() {
            verdict.findings.push(format!("it ended with {code:?}: {told}"));
        }
        Ok(verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.outcome)?;
        for (code, times) in &self.late {
            write!(formatter, ", {code} {times}")?;
        }
        Ok(())
    }
}
