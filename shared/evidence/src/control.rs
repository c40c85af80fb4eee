//! The controls that a pack can be made for: what each asks, in short and in our own words, and which numbers and tests
//! answer. A pack is evidence for an auditor's judgement, not the judgement.

/// What a control asks, and the numbers that answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub asks: &'static str,
    /// Names of the numbers that answer.
    pub numbers: &'static [&'static str],
}

/// One control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// Its id on the command line.
    pub id: &'static str,
    /// Where it is published.
    pub framework: &'static str,
    /// Its number and published name there.
    pub name: &'static str,
    /// What it is about, in our own words.
    pub about: &'static str,
    /// What is asked, and what answers.
    pub questions: &'static [Question],
    /// The codes of the tests that its population is put to.
    pub tests: &'static [&'static str],
}

const AUTHORIZED: Question = Question {
    asks: "Is access authorised before it exists, by somebody other than who asked?",
    numbers: &[
        "grants",
        "grants_countersigned",
        "grants_by_policy",
        "exceptions.missing_quorum",
        "exceptions.self_approval",
    ],
};
const REFUSED: Question = Question {
    asks: "Are requests refused as well as granted?",
    numbers: &["requests", "requests_denied", "requests_lapsed", "requests_cancelled", "refused_attempts"],
};
const REMOVED: Question = Question {
    asks: "Is access removed when its time is over, or earlier when it is not needed, and is that checked?",
    numbers: &[
        "ended.planned",
        "ended.early",
        "ended.late",
        "ended.overdue",
        "ends_verified",
        "exceptions.unverified_end",
    ],
};
const LEAVERS: Question = Question {
    asks: "Do people who leave lose access, and get none afterwards?",
    numbers: &["offboardings", "ended_by_offboarding", "exceptions.after_offboarding"],
};
const LEAST: Question = Question {
    asks: "Is access no more than needed, and for no longer?",
    numbers: &[
        "median_window_seconds",
        "longest_window_seconds",
        "requests_narrowed",
        "exceptions.over_longest",
        "exceptions.unused",
    ],
};
const NEED: Question = Question {
    asks: "Is there a stated need?",
    numbers: &["with_justification", "with_ticket", "exceptions.no_ticket"],
};
const WATCHED: Question = Question {
    asks: "Is the use of access watched?",
    numbers: &["grants_with_activity", "calls", "findings.high", "findings.critical", "exceptions.used_after_end"],
};
const RULES: Question = Question {
    asks: "Are the rules themselves under change control?",
    numbers: &["policies_in_force", "policy_changes", "exceptions.unreviewed_risk"],
};
const WHOLE: Question = Question {
    asks: "Is the record of all that whole?",
    numbers: &["streams", "entries", "exceptions.broken_chain", "proofs"],
};

/// All controls.
pub const CONTROLS: [Control; 8] = [
    Control {
        id: "soc2-cc6.1",
        framework: "AICPA Trust Services Criteria 2017",
        name: "CC6.1 Logical access security software, infrastructure and architectures",
        about: "Access to protected information is restricted by logical means, so that only who is meant to gets in.",
        questions: &[AUTHORIZED, REMOVED, WATCHED, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "over_longest",
            "overdue",
            "ended_late",
            "unverified_end",
            "grave_finding",
            "used_after_end",
            "drifted",
        ],
    },
    Control {
        id: "soc2-cc6.2",
        framework: "AICPA Trust Services Criteria 2017",
        name: "CC6.2 Registration, authorization and removal of users",
        about: "Who gets credentials is authorised first, and credentials are taken away once access is no longer authorised.",
        questions: &[AUTHORIZED, REFUSED, REMOVED, LEAVERS, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "after_offboarding",
            "overdue",
            "ended_late",
            "unverified_end",
            "unreviewed_risk",
            "no_ticket",
        ],
    },
    Control {
        id: "soc2-cc6.3",
        framework: "AICPA Trust Services Criteria 2017",
        name: "CC6.3 Access by role, least privilege and segregation of duties",
        about: "Access is given, changed and removed by role and need, with the least privilege and separated duties.",
        questions: &[AUTHORIZED, LEAST, NEED, REMOVED, RULES, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "over_longest",
            "overdue",
            "ended_late",
            "unverified_end",
            "unreviewed_risk",
            "hasty_approval",
            "no_ticket",
            "unused",
        ],
    },
    Control {
        id: "iso27001-a5.15",
        framework: "ISO/IEC 27001:2022, Annex A",
        name: "5.15 Access control",
        about: "Rules for access, by business and security needs, exist and are carried out.",
        questions: &[AUTHORIZED, REFUSED, RULES, WATCHED, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "over_longest",
            "overdue",
            "unreviewed_risk",
            "grave_finding",
            "used_after_end",
        ],
    },
    Control {
        id: "iso27001-a5.18",
        framework: "ISO/IEC 27001:2022, Annex A",
        name: "5.18 Access rights",
        about: "Access rights are given, reviewed, changed and removed by the organisation's rules.",
        questions: &[AUTHORIZED, NEED, REMOVED, LEAVERS, LEAST, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "after_offboarding",
            "overdue",
            "ended_late",
            "unverified_end",
            "no_ticket",
            "unused",
        ],
    },
    Control {
        id: "pci-7",
        framework: "PCI DSS v4.0.1",
        name: "Requirement 7: Restrict Access to System Components and Cardholder Data by Business Need to Know",
        about: "Access follows the need to know: least privilege, approved by somebody authorised, denied otherwise.",
        questions: &[AUTHORIZED, NEED, LEAST, REFUSED, RULES, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "over_longest",
            "overdue",
            "grave_finding",
            "unreviewed_risk",
            "no_ticket",
            "unused",
        ],
    },
    Control {
        id: "nist-ac-2",
        framework: "NIST SP 800-53 Rev. 5",
        name: "AC-2 Account Management",
        about: "Accounts and what they may do are approved, monitored, and removed when they are no longer needed.",
        questions: &[AUTHORIZED, NEED, REMOVED, LEAVERS, WATCHED, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "after_offboarding",
            "overdue",
            "grave_finding",
            "ended_late",
            "unverified_end",
            "drifted",
            "no_ticket",
        ],
    },
    Control {
        id: "nist-ac-6",
        framework: "NIST SP 800-53 Rev. 5",
        name: "AC-6 Least Privilege",
        about: "Nobody holds more access than their task takes, and the use of privileged functions is recorded.",
        questions: &[LEAST, AUTHORIZED, RULES, WATCHED, WHOLE],
        tests: &[
            "broken_chain",
            "self_approval",
            "missing_quorum",
            "over_longest",
            "overdue",
            "grave_finding",
            "used_after_end",
            "unreviewed_risk",
            "hasty_approval",
            "unused",
        ],
    },
];

/// The control with this id.
pub fn control(id: &str) -> Option<&'static Control> {
    static ALL: [Control; 8] = CONTROLS;
    ALL.iter().find(|control| control.id == id)
}
