//! What people see: tables and cards. Whatever others wrote is made inert first, so that it can't steer a terminal.

pub(crate) mod activity;
pub(crate) mod shrink;

use comfy_table::{ContentArrangement, Table, presets};
use model::amount::display_duration;
use model::lifecycle::HASTY;
use model::text::{LONGEST_NOTE, inert};
use model::time::Time;
use serde_json::Value;

/// Longest text in a table's cell.
const CELL: usize = 80;

/// A text of a JSON object, by its field; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A number of a JSON object, by its field; 0 if there is none.
pub(crate) fn number(value: &Value, field: &str) -> u64 {
    value.get(field).and_then(Value::as_u64).unwrap_or_default()
}

/// The entries of a list in a JSON object.
pub(crate) fn items<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Texts in a list of a JSON object, one after the other.
pub(crate) fn texts(value: &Value, field: &str) -> String {
    let texts: Vec<String> = items(value, field).iter().filter_map(Value::as_str).map(|one| inert(one, 600)).collect();
    texts.join(", ")
}

/// A value as JSON in which everything that could steer a terminal, or be overlooked in one, is escaped.
pub(crate) fn json(value: &Value) -> String {
    let mut shown = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii_graphic() || c == ' ' || !inert(c.encode_utf8(&mut [0; 4]), 1).is_empty() {
            shown.push(c);
        } else {
            let mut units = [0; 2];
            shown.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    shown
}

/// A table with these headings; `nothing` if it is empty.
pub(crate) fn table(headings: &[&str], rows: Vec<Vec<String>>, nothing: &str) -> String {
    if rows.is_empty() {
        return nothing.to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| inert(cell, CELL)));
    }
    trimmed(&table)
}

/// Names and values, one pair a line; those without a value are left out.
pub(crate) fn card(pairs: Vec<(&str, String)>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for (name, value) in pairs {
        if !value.is_empty() {
            table.add_row([name, value.as_str()]);
        }
    }
    trimmed(&table)
}

fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().trim_start_matches(' ').to_owned()).collect();
    lines.join("\n")
}

/// A time, and how far away it is.
fn when(value: &Value, field: &str, now: Time) -> String {
    let given = text(value, field);
    let Ok(time) = given.parse::<Time>() else { return inert(given, CELL) };
    let (ahead, ago) = (now.seconds_until(time), time.seconds_until(now));
    match (ahead, ago) {
        (0, ago) => format!("{time} ({} ago)", display_duration(ago)),
        (ahead, _) => format!("{time} (in {})", display_duration(ahead)),
    }
}

/// Who may countersign, and how many it takes.
pub(crate) fn quorum(request: &Value) -> String {
    let Some(quorum) = request.get("quorum") else { return String::new() };
    match number(quorum, "needed") {
        0 => "nobody: policy approves it".to_owned(),
        needed => {
            let given = items(request, "approvals").len();
            format!("{given} of {needed} so far, from {} (not the requester)", texts(quorum, "groups"))
        }
    }
}

/// Who countersigned, when, how soon after they were asked, and what they said.
fn countersignature(one: &Value) -> String {
    let soon = one.get("afterSeconds").and_then(Value::as_u64).map(|after| {
        let read = if after < HASTY { " (too soon to have read it)" } else { "" };
        format!(", {} after being asked{read}", display_duration(after))
    });
    let note = Some(inert(text(one, "note"), LONGEST_NOTE)).filter(|note| !note.is_empty());
    format!(
        "{} at {}{}{}",
        inert(text(one, "approver"), CELL),
        inert(text(one, "at"), CELL),
        soon.unwrap_or_default(),
        note.map(|note| format!(": {note}")).unwrap_or_default(),
    )
}

/// What an approver narrowed, next to what was asked for.
fn narrowed(request: &Value) -> String {
    let Some(narrowed) = request.get("narrowed") else { return String::new() };
    let asked = narrowed.get("asked").unwrap_or(&Value::Null);
    format!(
        "by {} at {}; asked for was {}: {} on {}",
        inert(text(narrowed, "by"), CELL),
        inert(text(narrowed, "at"), CELL),
        display_duration(number(asked, "durationSeconds")),
        texts(asked, "permissions"),
        texts(asked, "resources"),
    )
}

/// Everything of a request that matters to those who look at it.
pub(crate) fn request(request: &Value, now: Time) -> String {
    let said = |field: &str| inert(text(request, field), 4_000);
    let approvals = items(request, "approvals").iter().map(countersignature);
    let reasons = items(request, "riskReasons").iter().map(|one| inert(text(one, "sentence"), 400));
    let end = request.get("end");
    let ended = end.map(|end| {
        let words = ["by", "reason", "code", "rule"].map(|field| inert(text(end, field), 400));
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
        words.join(": ")
    });
    let status = match text(request, "endReason") {
        "" => said("status"),
        reason => format!("{} ({})", said("status"), inert(reason, CELL)),
    };
    let access = request.get("access").map(|access| inert(text(access, "roleArn"), 300));
    card(vec![
        ("request", said("id")),
        ("status", status),
        ("requester", said("requester")),
        ("entitlement", said("entitlement")),
        ("account", format!("{} ({})", said("account"), said("environment"))),
        ("mechanism", said("mechanism")),
        ("permissions", texts(request, "permissions")),
        ("resources", texts(request, "resources")),
        ("duration", display_duration(number(request, "durationSeconds"))),
        ("narrowed", narrowed(request)),
        ("why", said("justification")),
        ("ticket", said("ticketId")),
        ("risk", said("risk")),
        ("because", reasons.collect::<Vec<_>>().join(" ")),
        ("countersigned", quorum(request)),
        ("by", approvals.collect::<Vec<_>>().join(", ")),
        ("digest", said("digest")),
        ("submitted", when(request, "submittedAt", now)),
        ("lapses", when(request, "lapsesAt", now)),
        ("starts", when(request, "startsAt", now)),
        ("expires", when(request, "expiresAt", now)),
        ("role", access.unwrap_or_default()),
        ("decided", when(request, "decidedAt", now)),
        ("denied by", said("deniedBy")),
        ("reason", said("reason")),
        ("revoking since", when(request, "revokingSince", now)),
        ("ended", when(request, "endedAt", now)),
        ("ended by", ended.unwrap_or_default()),
        ("evidence", request.get("evidence").map(|evidence| texts(evidence, "findings")).unwrap_or_default()),
        ("verified", request.get("verification").map(proof).unwrap_or_default()),
    ])
}

/// Whether IAM itself says that it has ended.
fn proof(verification: &Value) -> String {
    match text(verification, "status") {
        "verified" => verification.get("evidence").map(|evidence| texts(evidence, "findings")).unwrap_or_default(),
        "unverified" => "not yet; the operators are paged".to_owned(),
        _ => "not yet".to_owned(),
    }
}

/// Requests, one a line.
pub(crate) fn requests(list: &[Value], now: Time) -> String {
    let rows = list.iter().map(|one| {
        let until = match text(one, "status") {
            "pending" => "lapsesAt",
            "approved" | "provisioning" | "active" => "expiresAt",
            // Its end has come, whatever was granted.
            _ => "",
        };
        let until = match text(one, until).parse::<Time>() {
            Ok(time) if time > now => format!("in {}", display_duration(now.seconds_until(time))),
            Ok(_) | Err(_) => String::new(),
        };
        vec![
            text(one, "id").to_owned(),
            text(one, "status").to_owned(),
            text(one, "requester").to_owned(),
            text(one, "entitlement").to_owned(),
            text(one, "risk").to_owned(),
            display_duration(number(one, "durationSeconds")),
            until,
            inert(text(one, "justification"), 50),
        ]
    });
    let headings = ["request", "status", "requester", "entitlement", "risk", "for", "until", "why"];
    table(&headings, rows.collect(), "no requests")
}

/// Entitlements, one a line.
pub(crate) fn entitlements(list: &[Value]) -> String {
    let rows = list.iter().map(|one| {
        let demanded = |field: &str| one.get(field).and_then(Value::as_bool).unwrap_or_default();
        let needs = [("ticketRequired", "ticket"), ("mfa", "MFA")].into_iter().filter(|(field, _)| demanded(field));
        let needs: Vec<&str> = needs.map(|(_, word)| word).collect();
        vec![
            text(one, "name").to_owned(),
            text(one, "account").to_owned(),
            text(one, "environment").to_owned(),
            text(one, "mechanism").to_owned(),
            text(one, "maxDuration").to_owned(),
            number(one, "approvalsNeeded").to_string(),
            needs.join(", "),
            text(one, "description").to_owned(),
        ]
    });
    let headings = ["entitlement", "account", "environment", "mechanism", "longest", "approvals", "needs", "for what"];
    table(&headings, rows.collect(), "there is nothing you may ask for")
}

/// Events, one a line.
pub(crate) fn events(list: &[Value]) -> String {
    let rows = list.iter().map(|one| {
        let cause = one.get("cause").unwrap_or(&Value::Null);
        let who = match text(cause, "person") {
            "" => format!("({})", text(cause, "part")),
            person => person.to_owned(),
        };
        let hash: String = text(one, "hash").chars().take(12).collect();
        vec![number(one, "seq").to_string(), text(one, "at").to_owned(), text(one, "type").to_owned(), who, hash]
    });
    table(&["#", "at", "event", "by", "hash"], rows.collect(), "no events")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> Time {
        "2026-11-20T19:40:05Z".parse().unwrap()
    }

    fn waiting() -> Value {
        json!({"id": "req_0198c0ffee0070000000000000000004", "status": "pending", "requester": "alice",
            "entitlement": "orders-db-debug", "account": "111111111111", "environment": "prod", "mechanism": "session",
            "permissions": ["dynamodb:GetItem"], "resources": ["arn:aws:dynamodb:us-east-1:111111111111:table/orders"],
            "durationSeconds": 1800, "justification": "Order 4711\u{1b}[31m hangs\nin \u{202e}payment", "ticketId": null,
            "risk": "medium", "riskReasons": [{"sentence": "Changes things in production."}],
            "quorum": {"needed": 2, "groups": ["approvers"]}, "approvals": [{"approver": "bob", "at": "2026-11-20T19:36:00Z"}],
            "digest": "7e508a13", "submittedAt": "2026-11-20T19:35:05Z", "lapsesAt": "2026-11-20T20:35:05Z"})
    }

    #[test]
    fn a_request_is_shown_with_who_may_countersign_it_and_until_when() {
        let shown = request(&waiting(), now());
        for part in ["1 of 2 so far, from approvers", "30m", "(in 55m)", "(5m ago)", "7e508a13", "Changes things"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("ticket") && !shown.contains("evidence"), "{shown}");
    }

    #[test]
    fn an_end_says_what_it_came_of() {
        let mut one = waiting();
        (one["status"], one["endReason"]) = (json!("ended"), json!("finding"));
        one["end"] = json!({"kind": "finding", "rule": "new_trust"});
        let shown = request(&one, now());
        assert!(shown.contains("ended (finding)") && shown.contains("new_trust"), "{shown}");
    }

    #[test]
    fn json_is_escaped_and_not_changed() {
        let ugly = json!({"a\u{202e}": "x\u{1b}\u{9b}2J\u{7f}\u{e0041}é 漢"});
        let shown = json(&ugly);
        assert!(shown.chars().all(|c| c == ' ' || inert(&c.to_string(), 1) == c.to_string()), "{shown}");
        assert!(shown.contains("é 漢"), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), ugly);
    }

    #[test]
    fn what_others_wrote_cannot_steer_the_terminal() {
        for shown in [request(&waiting(), now()), requests(&[waiting()], now())] {
            assert!(shown.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{shown:?}");
            assert!(shown.contains("hangs in payment"), "{shown}");
        }
        assert_eq!(requests(&[waiting()], now()).lines().count(), 2);
    }

    #[test]
    fn what_has_ended_has_no_time_left() {
        let mut one = waiting();
        one["expiresAt"] = json!("2026-11-20T19:50:05Z");
        for (status, left) in [("pending", "in 55m"), ("active", "in 10m"), ("ended", ""), ("revoking", "")] {
            one["status"] = json!(status);
            let shown = requests(std::slice::from_ref(&one), now());
            assert_eq!(shown.contains("in 1") || shown.contains("in 5"), !left.is_empty(), "{shown}");
            assert!(shown.contains(left), "{shown}");
        }
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(requests(&[], now()), "no requests");
        assert_eq!(events(&[]), "no events");
    }

    #[test]
    fn entitlements_tell_what_they_demand() {
        let one = json!({"name": "prod-admin", "approvalsNeeded": 2, "mfa": true, "ticketRequired": false});
        let shown = entitlements(&[one]);
        assert!(shown.contains("MFA") && !shown.contains("ticket"), "{shown}");
    }
}
