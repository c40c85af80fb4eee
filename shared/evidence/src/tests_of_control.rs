//! The tests that every grant of a population is put to. A test has a stable code; what fails one is an exception.

use crate::life::is_grave;
use crate::moment::Moment;
use crate::schema::table;
use crate::tables::{ApprovalRow, FindingRow, GrantRow, SystemRow, Tables};
use record::chain::Broken;
use std::collections::BTreeMap;

/// The longest that any grant may be, in seconds. Source: IAM API reference, `CreateRole`: the longest role session.
pub const LONGEST_GRANT: u64 = 43_200;

/// A countersignature sooner than this after it was asked for, in seconds: nobody reads a request in less.
pub const HASTY: u64 = 3;

/// How long after the end a verification may take before its absence is an exception, in seconds.
pub const VERIFIED_WITHIN: u64 = 3_600;

/// One test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    /// Its stable code.
    pub code: &'static str,
    /// How much an exception matters: `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// What it asks of a grant, as a sentence.
    pub asks: &'static str,
}

/// All tests.
pub const TESTS: [Test; 14] = [
    Test {
        code: "broken_chain",
        severity: "critical",
        asks: "Its record is whole: every entry can be read and names the hash of the one before it.",
    },
    Test { code: "self_approval", severity: "critical", asks: "Nobody countersigned their own request." },
    Test {
        code: "missing_quorum",
        severity: "critical",
        asks: "As many distinct persons as policy asked for countersigned exactly what was granted.",
    },
    Test {
        code: "after_offboarding",
        severity: "critical",
        asks: "Nobody was granted access after they were offboarded, and before they were let back in.",
    },
    Test {
        code: "over_longest",
        severity: "high",
        asks: "The window is no longer than what was countersigned, nor than 12 hours.",
    },
    Test { code: "overdue", severity: "high", asks: "What was due to end was found to be gone." },
    Test {
        code: "grave_finding",
        severity: "high",
        asks: "Nothing was found of high or critical severity in what was done.",
    },
    Test {
        code: "ended_late",
        severity: "medium",
        asks: "It was found to be gone at most 195 s after it was due to end.",
    },
    Test {
        code: "unverified_end",
        severity: "medium",
        asks: "IAM was asked within an hour of the end, and said that nothing of the grant lets anybody in.",
    },
    Test {
        code: "used_after_end",
        severity: "medium",
        asks: "No call was made with it after its end, not even one that was refused.",
    },
    Test { code: "drifted", severity: "medium", asks: "Nobody changed in AWS what it rests on." },
    Test {
        code: "unreviewed_risk",
        severity: "medium",
        asks: "No access of high or critical risk was approved by policy alone.",
    },
    Test { code: "no_ticket", severity: "low", asks: "It names a ticket." },
    Test { code: "unused", severity: "low", asks: "It was used." },
];

/// One more, of countersignatures rather than grants.
pub const HASTY_TEST: Test = Test {
    code: "hasty_approval",
    severity: "low",
    asks: "No countersignature that counts was given within 3 s of being asked for.",
};

/// The test with this code.
pub fn test(code: &str) -> Option<Test> {
    TESTS.into_iter().chain([HASTY_TEST]).find(|test| test.code == code)
}

table! {
    #[doc = "What failed a test of the control."]
    "exceptions" ExceptionRow {
        #[doc = "The test's code."] test: String,
        #[doc = "How much it matters: `low`, `medium`, `high` or `critical`."] severity: String,
        #[doc = "The request's id, or the stream that is broken."] request: String,
        #[doc = "Whose grant it was."] requester: Option<String>,
        #[doc = "The entitlement's name."] entitlement: Option<String>,
        #[doc = "When."] happened_at: Option<Moment>,
        #[doc = "What did not hold, as a sentence."] sentence: String,
    }
}

/// Rows by what they are looked up by.
type By<'a, T> = BTreeMap<&'a str, Vec<&'a T>>;

fn by<'a, T>(rows: impl IntoIterator<Item = &'a T>, key: impl Fn(&'a T) -> Option<&'a str>) -> By<'a, T> {
    let mut all = By::new();
    for row in rows {
        if let Some(key) = key(row) {
            all.entry(key).or_default().push(row);
        }
    }
    all
}

fn of<'i, 'a, T>(rows: &'i By<'a, T>, key: &str) -> &'i [&'a T] {
    rows.get(key).map(Vec::as_slice).unwrap_or_default()
}

/// What the tests look at.
///
/// INVARIANT (linear): a test of one grant looks at the rows of that grant, and at no others.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    grants: &'a [GrantRow],
    /// By request.
    approvals: By<'a, ApprovalRow>,
    /// By request.
    findings: By<'a, FindingRow>,
    /// By person.
    offboardings: By<'a, SystemRow>,
    /// By the stream of the offboarding.
    reinstatements: By<'a, SystemRow>,
    broken: &'a BTreeMap<String, String>,
    as_of: Moment,
}

/// Why a chain is broken, in words.
pub(crate) fn told(broken: &Broken) -> String {
    broken.to_string()
}

impl<'a> Subject<'a> {
    /// The grants of a population, with what tables hold of them and of others; `broken` are the streams whose chains are
    /// broken, or that can't be read, with the reason.
    pub fn new(
        grants: &'a [GrantRow],
        tables: &'a Tables,
        broken: &'a BTreeMap<String, String>,
        as_of: Moment,
    ) -> Self {
        let system = |event: &'static str| tables.system.iter().filter(move |row| row.event == event);
        let person = |row: &'a SystemRow| row.data.0.get("person").and_then(|person| person.as_str());
        Self {
            grants,
            approvals: by(&tables.approvals, |row| Some(&row.request)),
            findings: by(&tables.findings, |row| Some(&row.request)),
            offboardings: by(system("offboardingStarted"), person),
            reinstatements: by(system("personReinstated"), |row| Some(&row.stream)),
            broken,
            as_of,
        }
    }

    /// The exceptions to these tests, by test as they are given, then by grant.
    pub fn exceptions(&self, tests: &[&str]) -> Vec<ExceptionRow> {
        let tests = tests.iter().filter_map(|code| test(code));
        tests.flat_map(|test| self.failing(test)).collect()
    }

    fn failing(&self, test: Test) -> Vec<ExceptionRow> {
        if test.code == "broken_chain" {
            let row = |(stream, why): (&String, &String)| ExceptionRow {
                test: test.code.to_owned(),
                severity: test.severity.to_owned(),
                request: stream.clone(),
                requester: None,
                entitlement: None,
                happened_at: None,
                sentence: format!("the record of {stream} is not whole: {why}"),
            };
            return self.broken.iter().map(row).collect();
        }
        let of = |grant: &GrantRow| {
            let row = |(at, sentence)| ExceptionRow {
                test: test.code.to_owned(),
                severity: test.severity.to_owned(),
                request: grant.request.clone(),
                requester: Some(grant.requester.clone()),
                entitlement: Some(grant.entitlement.clone()),
                happened_at: Some(at),
                sentence,
            };
            self.of_grant(test.code, grant).into_iter().map(row).collect::<Vec<_>>()
        };
        self.grants.iter().flat_map(of).collect()
    }

    /// What of a grant fails a test, and when that was.
    fn of_grant(&self, code: &str, grant: &GrantRow) -> Vec<(Moment, String)> {
        let once = |failed: bool, at: Moment, sentence: String| if failed { vec![(at, sentence)] } else { Vec::new() };
        let approvals = of(&self.approvals, &grant.request).iter();
        match code {
            "self_approval" => {
                let own = approvals.filter(|approval| approval.is_self);
                own.map(|approval| {
                    (approval.recorded_at, format!("{} countersigned their own request", approval.approver))
                })
                .collect()
            }
            "missing_quorum" => {
                let sentence = format!("{} of {} countersignatures that it takes", grant.countersigned, grant.needed);
                once(grant.countersigned < grant.needed, grant.decided_at, sentence)
            }
            "after_offboarding" => self.offboarded(grant),
            "over_longest" => {
                let most = grant.granted_seconds.min(LONGEST_GRANT);
                let sentence = format!(
                    "the window is {} s long; at most {most} s were countersigned or are allowed",
                    grant.window_seconds
                );
                once(grant.window_seconds > most, grant.starts_at, sentence)
            }
            "overdue" => {
                let sentence = "it was due to end, and was not found gone when the record was taken".to_owned();
                once(grant.outcome == "overdue", grant.expires_at, sentence)
            }
            "grave_finding" => {
                let grave = |finding: &&&FindingRow| is_grave(&finding.severity);
                let told = |finding: &&FindingRow| {
                    (
                        finding.recorded_at,
                        format!("{} ({}): {}: {}", finding.rule, finding.severity, finding.subject, finding.reason),
                    )
                };
                of(&self.findings, &grant.request).iter().filter(grave).map(told).collect()
            }
            "ended_late" => {
                let took = grant.end_took_seconds.unwrap_or_default();
                let at = grant.ended_at.unwrap_or(grant.expires_at);
                once(grant.outcome == "late", at, format!("it was found gone {took} s after its end was due"))
            }
            "unverified_end" => {
                let Some(ended) = grant.ended_at.filter(|_| grant.active_at.is_some()) else { return Vec::new() };
                let late = |verified: Moment| verified.since(ended) > VERIFIED_WITHIN;
                let failed = grant.verified_at.map_or(self.as_of.since(ended) > VERIFIED_WITHIN, late);
                let sentence = match grant.verified_at {
                    Some(verified) => format!("its end was verified {} s later", verified.since(ended)),
                    None => "its end was never verified".to_owned(),
                };
                once(failed, ended, sentence)
            }
            "used_after_end" => {
                let calls = grant.calls_after_end.unwrap_or_default();
                let sentence = format!("{calls} calls were made after its end, refused ones included");
                once(calls > 0, grant.ended_at.unwrap_or(grant.expires_at), sentence)
            }
            "drifted" => {
                let failed = grant.drifts > 0 || grant.end_reason.as_deref() == Some("drifted");
                let sentence = "somebody else changed in AWS what it rested on".to_owned();
                once(failed, grant.revoked_at.unwrap_or(grant.decided_at), sentence)
            }
            "unreviewed_risk" => {
                let sentence = format!("access of {} risk was approved by policy alone", grant.risk);
                once(grant.needed == 0 && is_grave(&grant.risk), grant.decided_at, sentence)
            }
            "no_ticket" => once(grant.ticket.is_none(), grant.submitted_at, "it names no ticket".to_owned()),
            "unused" => {
                let failed = grant.used == Some(false) && grant.ended_at.is_some() && grant.active_at.is_some();
                once(failed, grant.decided_at, "it was never used".to_owned())
            }
            "hasty_approval" => {
                let hasty = |approval: &&&ApprovalRow| {
                    approval.counts && approval.after_seconds.is_some_and(|after| after < HASTY)
                };
                let told = |approval: &&ApprovalRow| {
                    let after = approval.after_seconds.unwrap_or_default();
                    (approval.recorded_at, format!("{} countersigned {after} s after being asked", approval.approver))
                };
                approvals.filter(hasty).map(told).collect()
            }
            _ => Vec::new(),
        }
    }

    fn offboarded(&self, grant: &GrantRow) -> Vec<(Moment, String)> {
        let back = |began: &SystemRow| {
            let mut later = of(&self.reinstatements, &began.stream).iter().filter(|row| row.seq > began.seq);
            later.any(|row| row.recorded_at <= grant.decided_at)
        };
        let before = of(&self.offboardings, &grant.requester).iter().filter(|row| row.recorded_at < grant.decided_at);
        let barred = before.filter(|began| !back(began));
        let told = |began: &&SystemRow| {
            (
                grant.decided_at,
                format!("{} had been offboarded by {} at {}", grant.requester, began.stream, began.recorded_at),
            )
        };
        barred.map(told).collect()
    }
}

#[cfg(test)]
mod tests;
