//! What the tables say of the day.

use crate::story::{UGLY, given, streams};
use evidence::schema::{Kind, Row as _, Schema};
use evidence::tables::{GrantRow, SCHEMAS, Tables, newest, read};
use evidence::{csv, jsonl};
use std::fs;

pub(crate) fn tables() -> Tables {
    let (events, unreadable) = read(&given());
    assert_eq!(unreadable, []);
    Tables::of(&events, newest(&events).unwrap())
}

fn grant(nth: usize) -> GrantRow {
    let request = streams().get(nth).unwrap().clone();
    tables().grants.into_iter().find(|grant| grant.request == request).unwrap()
}

#[test]
fn every_request_is_a_row_with_what_became_of_it() {
    let statuses: Vec<String> = tables().requests.into_iter().map(|request| request.status).collect();
    assert_eq!(statuses, ["ended", "ended", "ended", "denied", "cancelled", "ended"]);
    let denied = &tables().requests[3];
    assert_eq!(denied.denied_by.as_deref(), Some("bob"));
    let entries: u64 = tables().requests.iter().map(|request| request.entries).sum();
    assert_eq!(usize::try_from(entries).unwrap() + tables().system.len(), tables().events.len());
}

#[test]
fn a_grant_over_at_its_time() {
    let logs = grant(0);
    assert_eq!((logs.outcome.as_str(), logs.end_reason.as_deref()), ("planned", Some("expired")));
    assert_eq!((logs.needed, logs.countersigned, logs.credentials), (0, 0, 1));
    assert_eq!((logs.calls, logs.used, logs.completeness.as_deref()), (Some(7), Some(true), Some("provisional")));
    assert_eq!((logs.findings, logs.grave_findings, logs.ticket.as_deref()), (1, 1, Some("OPS-1")));
    assert!(logs.verified_at >= logs.ended_at && logs.ended_at >= Some(logs.expires_at));
}

#[test]
fn a_grant_that_was_ended_early_and_never_used() {
    let early = grant(1);
    assert_eq!((early.outcome.as_str(), early.ended_by.as_deref()), ("early", Some("bob")));
    assert_eq!((early.needed, early.countersigned, early.used), (1, 1, Some(false)));
    assert_eq!((early.waited_seconds, early.approvers.0.as_slice()), (Some(60), ["bob".to_owned()].as_slice()));
    assert!(early.end_took_seconds <= Some(195));
}

#[test]
fn what_was_narrowed_counts_anew() {
    let narrowed = grant(2);
    assert_eq!((narrowed.granted_seconds, narrowed.window_seconds), (900, 900));
    assert_eq!((narrowed.needed, narrowed.countersigned), (2, 2));
    let of = |approval: &&evidence::tables::ApprovalRow| approval.request == narrowed.request;
    let counts: Vec<(String, bool)> =
        tables().approvals.iter().filter(of).map(|approval| (approval.approver.clone(), approval.counts)).collect();
    let expected = [("bob", false), ("carol", true), ("bob", true)];
    assert_eq!(counts, expected.map(|(who, counts)| (who.to_owned(), counts)));
}

#[test]
fn an_offboarding_ends_what_is_open_and_is_of_the_system() {
    assert_eq!(grant(5).end_reason.as_deref(), Some("offboarded"));
    let why: Vec<Option<String>> = tables().system.into_iter().map(|row| row.reason).take(1).collect();
    assert_eq!(why, [Some("left".to_owned())], "in the words of who ordered it");
    let names: Vec<String> = tables().system.into_iter().map(|row| format!("{} {}", row.kind, row.event)).collect();
    assert!(names.contains(&"sweep offboardingStarted".to_owned()), "{names:?}");
}

#[test]
fn a_stream_with_its_beginning_missing_is_no_request_and_is_still_told() {
    let stream = streams()[1].clone();
    let cut: Vec<_> = given().into_iter().filter(|given| given.stream != stream || given.seq > 1).collect();
    let (events, _) = read(&cut);
    let tables = Tables::of(&events, newest(&events).unwrap());
    assert!(tables.requests.iter().all(|request| request.request != stream));
    assert!(tables.system.iter().any(|row| row.stream == stream && row.kind == "other"));
}

#[test]
fn order_and_repetition_of_what_is_given_change_nothing() {
    let mut turned = given();
    turned.reverse();
    let (events, _) = read(&turned);
    assert_eq!(Tables::of(&events, newest(&events).unwrap()), tables());
}

#[test]
fn nothing_in_a_table_is_a_formula() {
    let text = csv::write(&tables().requests);
    assert!(text.contains(&format!("\"'{}\"", UGLY.replace('"', "\"\""))), "{text}");
    for line in jsonl::write(&tables().requests).lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value.as_object().unwrap().len(), evidence::tables::RequestRow::SCHEMA.columns.len());
    }
}

/// The repository's file at `path`.
fn file(path: &str) -> String {
    let whole = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&whole).unwrap_or_default()
}

fn documented(schema: &Schema) -> String {
    let row = |column: &evidence::schema::Column| {
        let always = if column.required { "" } else { ", or none" };
        format!("| `{}` | {}{always} | {} |\n", column.name, column.kind.as_str(), column.meaning)
    };
    let rows: String = schema.columns.iter().map(row).collect();
    format!("### `{}`\n\n{}\n\n| column | type | meaning |\n|---|---|---|\n{rows}", schema.name, schema.about)
}

#[test]
fn the_docs_tell_every_column() {
    let docs = file("docs/exports.md");
    for schema in SCHEMAS {
        let wanted = documented(&schema);
        assert!(docs.contains(&wanted), "docs/exports.md does not say this:\n\n{wanted}");
    }
}

fn athena(schema: &Schema) -> String {
    let column = |column: &evidence::schema::Column| format!("  `{}` {}", column.name, column.kind.athena());
    let columns: Vec<String> = schema.columns.iter().map(column).collect();
    format!("CREATE EXTERNAL TABLE IF NOT EXISTS countersign.{} (\n{}\n)", schema.name, columns.join(",\n"))
}

#[test]
fn athenas_tables_are_these() {
    let ddl = file("infra/queries/athena.sql");
    for schema in SCHEMAS {
        let wanted = athena(&schema);
        assert!(ddl.contains(&wanted), "infra/queries/athena.sql does not say this:\n\n{wanted}");
    }
}

/// What was there at the first release of the schema stays, in this order.
#[test]
fn columns_are_only_added() {
    let all: Vec<String> = SCHEMAS.iter().map(documented).collect();
    insta::assert_snapshot!(all.join("\n"));
    assert!(SCHEMAS.iter().all(|schema| schema.columns.iter().any(|column| column.kind == Kind::Time)));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_holds_the_same() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    let rows = tables().grants;
    let bytes = evidence::parquet::write(&rows).unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let read: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read.len(), rows.len());
    for (row, written) in read.iter().zip(&rows) {
        let text = row.to_string();
        assert!(text.contains(&format!("request: \"{}\"", written.request)), "{text}");
        assert!(text.contains(&format!("window_seconds: {},", written.window_seconds)), "{text}");
        assert!(text.contains(if written.ticket.is_some() { "ticket: \"OPS-1\"" } else { "ticket: null" }), "{text}");
    }
}
