//! What was asked, countersigned and had is in an export's tables, in answers to questions, and in a pack that checks.

use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{ExportType, ExportViewType, IncrementalExportSpecification};
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::now;
use reqwest::Method;
use serde_json::Value;

use super::restored::{Home, run};

/// What a spreadsheet would run.
const FORMULA: &str = "=HYPERLINK(\"http://evil.example\",\"orders are stuck\")";

/// A bucket for exports.
async fn bucket(stage: &Stage, name: &str) -> Result<(), Failure> {
    let made = stage.root()?.s3(Method::PUT, name, &[], b"").await?;
    if made.status == 200 || made.body.contains("BucketAlreadyOwnedByYou") {
        return Ok(());
    }
    Err(Failure::new(format!("making {name}: {} {}", made.status, made.body)))
}

/// A grant of alice's that bob countersigned and ended, asked for with `justification`.
async fn ended(stage: &Stage, justification: &str) -> Result<String, Failure> {
    let asked = stage.alice.submit("orders-db-debug", 900, justification).await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    stage.bob.approve(&id, text(&asked, "digest")).await?.expect(200)?;
    stage.alice.reaches(&id, "active").await?;
    stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
    stage.alice.reaches(&id, "ended").await?;
    Ok(id)
}

/// The rows of a table of an export.
fn rows(folder: &str, table: &str) -> Result<Vec<Value>, Failure> {
    let path = Path::new(folder).join("tables").join(format!("{table}.jsonl"));
    let read =
        std::fs::read_to_string(&path).map_err(|error| Failure::of(&format!("reading {}", path.display()), &error))?;
    let row = |line: &str| serde_json::from_str(line).map_err(|error| Failure::of("reading a row", &error));
    read.lines().map(row).collect()
}

/// Those about a request.
fn about(folder: &str, table: &str, id: &str) -> Result<Vec<Value>, Failure> {
    Ok(rows(folder, table)?.into_iter().filter(|row| text(row, "request") == id).collect())
}

/// What the program says, if it ends with 0.
fn done(stage: &Stage, arguments: &[&str]) -> Result<Value, Failure> {
    match run(stage, arguments)? {
        (Some(0), said) => Ok(said),
        (code, said) => Err(Failure::new(format!("{arguments:?} ended with {code:?}: {said}"))),
    }
}

#[tokio::test]
async fn what_happened_is_in_the_tables_and_in_a_pack_that_checks() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let home = Home::new(&stage, "export")?;
    let id = ended(&stage, FORMULA).await?;
    bucket(&stage, "record-exports").await?;
    let (folder, pack) = (home.path("record"), home.path("pack"));
    let table = stage.outputs.table_name.as_str();
    let export =
        ["export", "--table", table, "--bucket", "record-exports", "--to", &folder, "--every", "1", "--timeout", "120"];
    done(&stage, &export)?;

    let [request] = &about(&folder, "requests", &id)?[..] else { return Err(Failure::new("not one request")) };
    let said = ["requester", "entitlement", "justification", "status"].map(|name| text(request, name).to_owned());
    assert_eq!(said, ["alice", "orders-db-debug", FORMULA, "ended"]);
    let [approval] = &about(&folder, "approvals", &id)?[..] else { return Err(Failure::new("not one approval")) };
    assert_eq!((text(approval, "approver"), text(approval, "requester")), ("bob", "alice"));
    let [grant] = &about(&folder, "grants", &id)?[..] else { return Err(Failure::new("not one grant")) };
    assert_eq!(
        (text(grant, "end_reason"), text(grant, "ended_by"), text(grant, "outcome")),
        ("revoked", "bob", "early")
    );
    assert_eq!((text(grant, "justification"), text(grant, "end_note")), (FORMULA, "that was enough"));
    // No spreadsheet runs what somebody typed.
    let csv = Path::new(&folder).join("tables/requests.csv");
    let csv = std::fs::read_to_string(csv).map_err(|error| Failure::of("reading the CSV", &error))?;
    let defused = format!("\"'{}\"", FORMULA.replace('"', "\"\""));
    let line = csv.lines().find(|line| line.contains(&id)).unwrap_or_default();
    assert!(line.contains(&defused), "{line}");
    assert!(!csv.contains("\"=HYPERLINK"), "{csv}");

    // Questions: a ready one, and one of our own.
    let asked = format!("SELECT requester, approvers[1] AS approver FROM grants WHERE request = '{id}'");
    let answered = done(&stage, &["sql", &folder, "--sql", &asked])?;
    assert_eq!(answered.pointer("/rows/0/requester"), Some(&Value::from("alice")), "{answered}");
    let answered = done(&stage, &["sql", &folder, "--query", "self-approvals"])?;
    assert_eq!(answered.pointer("/rows").and_then(Value::as_array).map(Vec::len), Some(0), "{answered}");

    // A pack over yesterday to tomorrow has it, and checks; changed, it does not.
    let submitted = text(request, "submitted_at").split('T').next().unwrap_or_default().to_owned();
    let day = |add: i64| -> Result<String, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::of("counting days", error);
        let date: jiff::civil::Date = submitted.parse().map_err(|error: jiff::Error| failed(&error))?;
        let span = jiff::Span::new().days(add);
        date.checked_add(span).map(|date| date.to_string()).map_err(|error| failed(&error))
    };
    let (from, to) = (day(-1)?, day(2)?);
    let made =
        done(&stage, &["evidence", &folder, "--from", &from, "--to", &to, "--control", "soc2-cc6.1", "--out", &pack])?;
    assert!(
        made.pointer("/manifest/numbers/grants").and_then(Value::as_u64).is_some_and(|grants| grants > 0),
        "{made}"
    );
    done(&stage, &["evidence", "--check", &pack])?;
    let population = Path::new(&pack).join("population.jsonl");
    let rows = std::fs::read_to_string(&population).map_err(|error| Failure::of("reading the population", &error))?;
    assert!(rows.contains(&id));
    std::fs::write(&population, rows.replace(&id, "req_0198c0ffee00700080000000deadbeef"))
        .map_err(|error| Failure::of("changing the population", &error))?;
    let (code, said) = run(&stage, &["evidence", "--check", &pack])?;
    assert_eq!(code, Some(1), "{said}");
    Ok(())
}

/// An export of changes holds what came after its beginning, and nothing of before.
#[tokio::test]
async fn changes_are_exported_alone() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let home = Home::new(&stage, "changes")?;
    let before = ended(&stage, "order-1001 is stuck in paying").await?;
    // What is still recorded of an end comes seconds after it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let from = now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = ended(&stage, "order-1003 is stuck in paying").await?;
    bucket(&stage, "record-changes").await?;
    // The program asks for a quarter of an hour at the least, as AWS does, which would hold both. The local cloud lets the
    // time to come be part of it.
    let until = from.checked_add(Duration::from_mins(15)).ok_or_else(|| Failure::new("no such time"))?;
    let span = IncrementalExportSpecification::builder()
        .export_from_time(DateTime::from(from))
        .export_to_time(DateTime::from(until))
        .export_view_type(ExportViewType::NewAndOldImages)
        .build();
    let root = stage.root()?;
    let failed = |error: &dyn std::error::Error| Failure::of("starting an export", error);
    let table = root.dynamodb().describe_table().table_name(&stage.outputs.table_name).send().await;
    let table = table.map_err(|error| failed(&error))?.table.and_then(|table| table.table_arn).unwrap_or_default();
    let started = root
        .dynamodb()
        .export_table_to_point_in_time()
        .table_arn(table)
        .s3_bucket("record-changes")
        .export_type(ExportType::IncrementalExport)
        .incremental_export_specification(span)
        .send()
        .await
        .map_err(|error| failed(&error))?;
    let arn = started.export_description.and_then(|export| export.export_arn).unwrap_or_default();
    let folder = home.path("record");
    done(&stage, &["export", "--arn", &arn, "--to", &folder, "--every", "1", "--timeout", "120"])?;
    assert_eq!(about(&folder, "requests", &after)?.len(), 1);
    assert_eq!(about(&folder, "grants", &after)?.len(), 1);
    assert_eq!(about(&folder, "requests", &before)?, Vec::<Value>::new());
    assert!(about(&folder, "approvals", &before)?.is_empty() && about(&folder, "grants", &before)?.is_empty());
    Ok(())
}
