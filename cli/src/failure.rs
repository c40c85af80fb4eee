//! What can come of a command: its answer, or why there is none, with one exit code for each kind.

use model::text::inert;
use serde_json::{Value, json};
use std::fmt;

/// How the program ends. The numbers are a promise: scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It is done.
    Done,
    /// It failed for a reason that is none of the others.
    Failed,
    /// It was called in a way that is not understood, or with something that is not allowed in a field.
    Usage,
    /// Policy or the request's state says no.
    Refused,
    /// There is no such thing, or the caller may not see it.
    NotFound,
    /// No answer, or none that helps: the network, or a service that is not there.
    Unreachable,
    /// It was waited for, and did not happen in time.
    TimedOut,
}

impl Exit {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Done, Self::Failed, Self::Usage, Self::Refused, Self::NotFound, Self::Unreachable, Self::TimedOut];

    /// The number.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::NotFound => 4,
            Self::Unreachable => 5,
            Self::TimedOut => 6,
        }
    }

    /// What it says, for the help.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "called with something that is not understood or not allowed",
            Self::Refused => "refused by policy, or by the state the request is in",
            Self::NotFound => "no such thing, or you may not see it",
            Self::Unreachable => "no answer, or none that helps: try again",
            Self::TimedOut => "waited, and it did not happen in time",
        }
    }
}

/// The exit codes, as the help shows them.
pub(crate) fn exit_codes() -> String {
    let lines = Exit::ALL.map(|exit| format!("  {}  {}", exit.number(), exit.meaning()));
    format!("Exit codes:\n{}\n  `exec` ends with the code of the command it runs.", lines.join("\n"))
}

/// What a command has to say when it is done.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For people.
    pub(crate) human: String,
    /// For programs: `--output json`.
    pub(crate) json: Value,
    /// How the program ends.
    pub(crate) exit: Exit,
}

impl Answer {
    /// Done, with these words.
    pub(crate) fn new(human: impl Into<String>, json: Value) -> Self {
        Self { human: human.into(), json, exit: Exit::Done }
    }
}

/// Why a command has no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// A stable code: the API's, or one of this program's own.
    pub(crate) code: String,
    /// What happened, as a sentence.
    pub(crate) sentence: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
    /// The problem document it came from, if the API sent one.
    pub(crate) problem: Option<Box<Value>>,
}

impl Failure {
    /// A failure of this program's own.
    pub(crate) fn new(exit: Exit, code: &str, sentence: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), sentence: sentence.into(), advice: None, problem: None }
    }

    /// The same, with what to do about it.
    pub(crate) fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// What the API says with `status` and this body.
    pub(crate) fn of_answer(status: u16, body: &str) -> Self {
        let problem: Option<Box<Value>> = serde_json::from_str(body).ok();
        let said = |field: &str| problem.as_ref().and_then(|problem| problem.get(field)?.as_str()).map(str::to_owned);
        let exit = match status {
            400 | 413 | 422 => Exit::Usage,
            403 | 409 => Exit::Refused,
            404 => Exit::NotFound,
            // Countersign's own says until when to wait; the gateway's comes before it.
            429 if said("code").is_some() => Exit::Refused,
            429 | 500..=599 => Exit::Unreachable,
            _ => Exit::Failed,
        };
        if let (Some(code), Some(sentence)) = (said("code"), said("detail")) {
            let advice = advice(&code).map(str::to_owned);
            return Self { exit, code, sentence, advice, problem };
        }
        // API Gateway's own answers, before Countersign saw anything.
        let message = said("message").or_else(|| said("Message")).unwrap_or_else(|| inert(body, 200));
        let failure = Self::new(exit, gateway_code(status), format!("HTTP {status}: {}", inert(&message, 300)));
        match status {
            403 => failure.advise(
                "The API does not take this signature. Check with `aws sts get-caller-identity` who you are, that this \
                 identity may `execute-api:Invoke` the API, and that --api-url and --region name it.",
            ),
            404 => failure.advise("Nothing is at this address: check --api-url, the stack's output `ApiUrl`."),
            _ => failure,
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let mut shown =
            self.problem.as_deref().cloned().unwrap_or_else(|| json!({"code": self.code, "detail": self.sentence}));
        if let Some(fields) = shown.as_object_mut() {
            // API Gateway's own answers have neither.
            fields.entry("code").or_insert_with(|| json!(self.code));
            fields.entry("detail").or_insert_with(|| json!(self.sentence));
            fields.insert("exitCode".to_owned(), json!(self.exit.number()));
            if let Some(advice) = &self.advice {
                fields.insert("advice".to_owned(), json!(advice));
            }
        }
        shown
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some sentences are lists of problems with lines of their own; each line is made inert by itself.
        let lines: Vec<String> = self.sentence.lines().map(|line| inert(line, 2_000)).collect();
        write!(f, "{} ({})", lines.join("\n"), inert(&self.code, 80))?;
        let errors = self.problem.as_ref().and_then(|problem| problem.get("errors")?.as_array());
        for error in errors.filter(|errors| errors.len() > 1).into_iter().flatten() {
            let said = |field: &str| inert(error.get(field).and_then(Value::as_str).unwrap_or_default(), 300);
            write!(f, "\n  {}: {} ({})", said("field"), said("message"), said("code"))?;
        }
        match &self.advice {
            Some(advice) => write!(f, "\n{advice}"),
            None => Ok(()),
        }
    }
}

fn gateway_code(status: u16) -> &'static str {
    match status {
        403 => "not_let_in",
        404 => "no_such_address",
        429 => "too_many_calls",
        _ => "no_answer",
    }
}

/// What to do about one of the API's codes. Those whose sentence says it already have none.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "unknown_caller" => "`aws sts get-caller-identity` shows who you are; --profile takes another identity.",
        "denied_by_policy" | "unknown_entitlement" => "`countersign entitlements` lists what you may ask for.",
        "not_an_approver" | "self_approval" => "`countersign show <id>` names the groups that may countersign it.",
        "stale_digest" => "Look at it with `countersign show <id>`, then approve what you saw.",
        "not_narrower" => "Name some of what `countersign show <id>` lists, and a time no longer than its own.",
        "policy_changed" => "The requester has to ask again, with `countersign request`.",
        "not_active" => "`countersign show <id>` tells where it is.",
        "own_identity" => "`countersign configure <id>` writes a profile that assumes it.",
        "not_cancellable" => "`countersign revoke <id> <reason>` ends access that exists.",
        "not_revocable" => "`countersign cancel <id>` withdraws a request of yours that waits; approvers `deny` it.",
        "request_not_found" => "`countersign list` shows your own requests.",
        "too_many_approvals" => "`countersign show <id>` names who else may countersign it.",
        "too_many_requests" => {
            "`countersign list --status pending` shows what waits; `countersign cancel <id>` withdraws it."
        }
        "idempotency_key_reused" => "Ask again without --idempotency-key.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_another_and_is_told() {
        let mut numbers = Exit::ALL.map(Exit::number).to_vec();
        numbers.dedup();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6]);
        for exit in Exit::ALL {
            assert!(exit_codes().contains(exit.meaning()));
        }
    }

    #[test]
    fn a_problem_is_told_with_its_code_its_sentence_and_what_to_do() {
        let body = r#"{"status": 409, "code": "stale_digest", "detail": "what you saw is not what would be granted"}"#;
        let failure = Failure::of_answer(409, body);
        assert_eq!(failure.exit, Exit::Refused);
        let shown = failure.to_string();
        assert!(shown.starts_with("what you saw is not what would be granted (stale_digest)\n"), "{shown}");
        assert!(shown.contains("countersign show"), "{shown}");
        assert_eq!(failure.json()["exitCode"], 3);
        assert_eq!(failure.json()["status"], 409);
    }

    #[test]
    fn what_the_gateway_says_is_told_too() {
        let failure = Failure::of_answer(403, r#"{"message": "Forbidden"}"#);
        assert_eq!((failure.exit, failure.code.as_str()), (Exit::Refused, "not_let_in"));
        assert!(failure.to_string().contains("get-caller-identity"));
        assert_eq!(failure.json()["code"], "not_let_in");
        assert_eq!(Failure::of_answer(502, "<html>bad\u{1b}[2J</html>").exit, Exit::Unreachable);
    }

    #[test]
    fn nothing_of_a_terminal_comes_through() {
        let body = json!({"code": "x", "detail": "a\u{1b}]0;b\u{7}\u{202e}c"}).to_string();
        let shown = Failure::of_answer(409, &body).to_string();
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
    }
}
