//! What follows `/access`.

use model::amount::parse_duration;
use model::names::RequestId;
use model::submission::{FieldError, Wish};
use model::text::{FreeText, inert};

/// A command, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Ask for access.
    Request(Wish),
    /// What may I ask for?
    List,
    /// Where is this request?
    Status(RequestId),
    /// End this access.
    Revoke {
        /// Which.
        request: RequestId,
        /// Why, if they said.
        reason: Option<FreeText>,
    },
    /// Withdraw this request.
    Cancel(RequestId),
    /// How does this work?
    Help,
}

/// Understands what follows `/access`.
///
/// # Errors
/// What is wrong, field by field, with what is allowed.
pub fn parse(text: &str) -> Result<Command, Vec<FieldError>> {
    let text = unescape(text);
    let (first, rest) = word(&text);
    match first.to_ascii_lowercase().as_str() {
        "" | "help" => Ok(Command::Help),
        "list" => Ok(Command::List),
        "status" => alone(rest).map(Command::Status),
        "cancel" => alone(rest).map(Command::Cancel),
        "revoke" => {
            let (id, reason) = word(rest);
            let request = request_id(id)?;
            let reason = match reason {
                "" => None,
                words => Some(FreeText::new(words).map_err(|error| {
                    one(wrong("reason", "invalid_reason", format!("the reason {error}; say in a sentence why")))
                })?),
            };
            Ok(Command::Revoke { request, reason })
        }
        _ => wish(first, rest).map(Command::Request),
    }
}

fn wish(entitlement: &str, rest: &str) -> Result<Wish, Vec<FieldError>> {
    let (duration, reason) = word(rest);
    let mut errors = Vec::new();
    let duration_seconds = if duration.is_empty() {
        let message = "say for how long after the entitlement, as in 30m, 2h or 1h30m".to_owned();
        errors.push(wrong("durationSeconds", "invalid_duration", message));
        0
    } else {
        parse_duration(duration).unwrap_or_else(|error| {
            errors.push(wrong("durationSeconds", "invalid_duration", error.to_string()));
            0
        })
    };
    let (justification, tickets) = take_tickets(reason);
    let ticket = match tickets.as_slice() {
        [] => None,
        [""] => {
            errors.push(wrong(
                "ticketId",
                "invalid_ticket",
                "write the ticket as ticket=ABC-1, without a space".to_owned(),
            ));
            None
        }
        [ticket] => Some((*ticket).to_owned()),
        _ => {
            errors.push(wrong("ticketId", "invalid_ticket", "name one ticket, not several".to_owned()));
            None
        }
    };
    if justification.is_empty() {
        let message = "say why you need this, in a sentence after the duration".to_owned();
        errors.push(wrong("justification", "invalid_justification", message));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let entitlement = entitlement.to_owned();
    Ok(Wish { entitlement, permissions: None, resources: None, duration_seconds, justification, ticket, extends: None })
}

/// Takes the words `ticket=…` and `ticket:…` out of a reason; the rest stays as typed.
fn take_tickets(reason: &str) -> (String, Vec<&str>) {
    let mut kept = String::with_capacity(reason.len());
    let mut tickets = Vec::new();
    // Words with the white space that follows them.
    for piece in reason.split_inclusive(char::is_whitespace) {
        match ticket(piece.trim_end()) {
            Some(ticket) => tickets.push(ticket),
            None => kept.push_str(piece),
        }
    }
    (kept.trim().to_owned(), tickets)
}

fn ticket(word: &str) -> Option<&str> {
    let (name, ticket) = word.split_once(['=', ':'])?;
    name.eq_ignore_ascii_case("ticket").then_some(ticket)
}

/// The one id that a command takes, and nothing after it: of two ids the second must not be passed over in silence.
fn alone(rest: &str) -> Result<RequestId, Vec<FieldError>> {
    let (id, more) = word(rest);
    let id = request_id(id)?;
    if more.is_empty() {
        Ok(id)
    } else {
        Err(one(wrong("id", "unexpected_text", "give one request id and nothing after it".to_owned())))
    }
}

fn request_id(text: &str) -> Result<RequestId, Vec<FieldError>> {
    if text.is_empty() {
        let message = "say which request, by its id: `req_` followed by 32 hexadecimal digits".to_owned();
        return Err(one(wrong("id", "invalid_request_id", message)));
    }
    text.parse().map_err(|_| {
        let shown = inert(text, 80);
        let message = format!("`{shown}` is not a request id: `req_` followed by 32 hexadecimal digits");
        one(wrong("id", "invalid_request_id", message))
    })
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((first, rest)) => (first, rest.trim()),
        None => (text, ""),
    }
}

/// Slack writes these three as entities, and no others. Once: `&amp;lt;` is a person's `&lt;`.
/// Source: <https://docs.slack.dev/messaging/formatting-message-text>.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn wrong(field: &'static str, code: &'static str, message: String) -> FieldError {
    FieldError { field, code, message }
}

fn one(error: FieldError) -> Vec<FieldError> {
    vec![error]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "req_0198c0ffee00700080000000deadbeef";

    fn wished(text: &str) -> Wish {
        let Command::Request(wish) = parse(text).unwrap() else { panic!("not a wish: {text}") };
        wish
    }

    fn codes(text: &str) -> Vec<(&'static str, &'static str)> {
        parse(text).unwrap_err().into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn what_people_type() {
        let wish = wished("  orders-db-debug   1h30m  ticket=OPS-7 orders  stuck,\nsee #42 ");
        assert_eq!((wish.entitlement.as_str(), wish.duration_seconds), ("orders-db-debug", 5_400));
        assert_eq!((wish.justification.as_str(), wish.ticket.as_deref()), ("orders  stuck,\nsee #42", Some("OPS-7")));
        assert_eq!(wished("logs-read 30m look Ticket:A/1#2").ticket.as_deref(), Some("A/1#2"));
        assert_eq!(wished("logs-read 30m the ticket machine is down").ticket, None);
        for (text, command) in [
            ("", Command::Help),
            ("  HELP me", Command::Help),
            ("list", Command::List),
            ("status req_0198c0ffee00700080000000deadbeef", Command::Status(ID.parse().unwrap())),
            ("Cancel  req_0198c0ffee00700080000000deadbeef ", Command::Cancel(ID.parse().unwrap())),
        ] {
            assert_eq!(parse(text), Ok(command), "{text}");
        }
        let request: RequestId = ID.parse().unwrap();
        assert_eq!(parse(&format!("revoke {ID}")), Ok(Command::Revoke { request: request.clone(), reason: None }));
        let reason = Some(FreeText::new("found & fixed <it>").unwrap());
        assert_eq!(
            parse(&format!("revoke {ID} found &amp; fixed &lt;it&gt;")),
            Ok(Command::Revoke { request, reason })
        );
    }

    #[test]
    fn entities_are_read_once() {
        assert_eq!(wished("logs-read 1h a &amp;lt; b &lt;c&gt; &quot;").justification, "a &lt; b <c> &quot;");
    }

    #[test]
    fn durations_nobody_can_be_sure_of_are_refused() {
        for duration in ["90", "5 weeks", "0", "0m", "-1h", "1.5h", "forever", "٣h", "99999999999999999999h"] {
            assert_eq!(
                codes(&format!("logs-read {duration} why not")),
                [("durationSeconds", "invalid_duration")],
                "{duration}"
            );
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let (duration, why) = (("durationSeconds", "invalid_duration"), ("justification", "invalid_justification"));
        assert_eq!(codes("logs-read"), [duration, why]);
        assert_eq!(codes("logs-read 90"), [duration, why]);
        assert_eq!(codes("logs-read 1h"), [why]);
        assert_eq!(codes("logs-read 1h ticket=A-1"), [why]);
        assert_eq!(codes("logs-read 1h why ticket= A-1"), [("ticketId", "invalid_ticket")]);
        assert_eq!(codes("logs-read 1h why ticket=A-1 ticket=A-2"), [("ticketId", "invalid_ticket")]);
        assert_eq!(codes("status"), [("id", "invalid_request_id")]);
        assert_eq!(codes("status req_1"), [("id", "invalid_request_id")]);
        assert_eq!(codes("revoke everything"), [("id", "invalid_request_id")]);
        assert_eq!(codes(&format!("cancel {ID} {ID}")), [("id", "unexpected_text")]);
        assert_eq!(codes(&format!("revoke {ID} {}", "x".repeat(4_001))), [("reason", "invalid_reason")]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(?s)(status |cancel |revoke |logs-read 1h )?.{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn reasons_are_kept_as_typed(reason in "[a-zA-Z0-9.,;!?'\"<>&*_~`äß🔑 \n]{1,80}") {
            prop_assume!(!reason.trim().is_empty());
            let sent = reason.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let wish = wished(&format!("logs-read 1h {sent}"));
            prop_assert_eq!(wish.justification, reason.trim());
        }
    }
}
