//! `audit sql`: questions to the tables, answered by DuckDB's own program.

use super::folder::Disk;
use crate::failure::{Answer, Exit, Failure};
use crate::show;
use clap::{ArgGroup, Args};
use evidence::tables::SCHEMAS;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Longest file of a table, in bytes: all of it is read into memory.
const LONGEST: u64 = 4_294_967_296;

/// The ready questions: name, and statement. The first line of each says what it asks.
const READY: [(&str, &str); 12] = [
    ("approvers", include_str!("../../../../infra/queries/approvers.sql")),
    ("ended-late", include_str!("../../../../infra/queries/ended-late.sql")),
    ("findings", include_str!("../../../../infra/queries/findings.sql")),
    ("hasty-approvals", include_str!("../../../../infra/queries/hasty-approvals.sql")),
    ("longest", include_str!("../../../../infra/queries/longest.sql")),
    ("panics", include_str!("../../../../infra/queries/panics.sql")),
    ("refusals", include_str!("../../../../infra/queries/refusals.sql")),
    ("self-approvals", include_str!("../../../../infra/queries/self-approvals.sql")),
    ("unreviewed-risk", include_str!("../../../../infra/queries/unreviewed-risk.sql")),
    ("unused", include_str!("../../../../infra/queries/unused.sql")),
    ("who-had-what", include_str!("../../../../infra/queries/who-had-what.sql")),
    ("without-ticket", include_str!("../../../../infra/queries/without-ticket.sql")),
];

/// Which tables, and what to ask of them.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("question").required(true))]
pub(crate) struct Question {
    /// The folder that `audit export` wrote.
    #[arg(required_unless_present = "list")]
    folder: Option<PathBuf>,
    /// A ready question, by its name.
    #[arg(long, value_name = "NAME", group = "question", value_parser = clap::builder::PossibleValuesParser::new(READY.map(|(name, _)| name)))]
    query: Option<String>,
    /// A statement of your own.
    #[arg(long, value_name = "STATEMENT", group = "question")]
    sql: Option<String>,
    /// Lists the ready questions.
    #[arg(long, group = "question")]
    list: bool,
}

/// What a ready question asks.
fn asks(statement: &str) -> &str {
    statement.lines().next().unwrap_or_default().trim_start_matches("-- ")
}

/// Asks.
///
/// # Errors
/// There are no tables, DuckDB is not installed, or it does not take the statement.
pub(crate) async fn sql(wanted: &Question) -> Result<Answer, Failure> {
    let Some(folder) = wanted.folder.as_deref().filter(|_| !wanted.list) else {
        let rows = READY.map(|(name, statement)| vec![name.to_owned(), asks(statement).to_owned()]).to_vec();
        let all = READY.map(|(name, statement)| json!({"name": name, "asks": asks(statement), "statement": statement}));
        return Ok(Answer::new(show::table(&["name", "asks"], rows, ""), json!({"queries": all})));
    };
    let named = |name: &String| READY.iter().find(|(known, _)| known == name).map(|(_, statement)| *statement);
    let ready = wanted.query.as_ref().and_then(named);
    let statement = ready.or(wanted.sql.as_deref()).unwrap_or_default();
    // DuckDB's program has commands of its own, which run others.
    if statement.lines().any(|line| line.trim_start().starts_with('.')) {
        let sentence = "a line that begins with a point is a command to DuckDB's program, and no SQL";
        return Err(Failure::new(Exit::Usage, "not_sql", sentence));
    }
    let rows = duckdb(&tables(folder)?, statement).await?;
    let shown = rendered(&rows);
    let rows: Vec<Value> = rows.into_iter().map(|Row(columns)| columns.into_iter().collect()).collect();
    Ok(Answer::new(shown, json!({"rows": rows})))
}

/// Statements that read each table's file into memory, and then let nothing be read or written any more.
fn tables(folder: &Path) -> Result<String, Failure> {
    let (disk, mut all) = (Disk::new(folder), Vec::new());
    for schema in SCHEMAS {
        let name = format!("tables/{}.parquet", schema.name);
        let file = disk.join(&name);
        let told = |why: &str| {
            let sentence = format!("{}: {why}", file.display());
            Failure::new(Exit::NotFound, "no_tables", sentence)
                .advise("`countersign audit export --to <folder>` makes the tables.")
        };
        // DuckDB follows links, waits for pipes, and reads as much as there is.
        let there = disk.checked(&name, LONGEST)?.ok_or_else(|| told("there is no such table"))?;
        let whole = std::path::absolute(there).map_err(|error| told(&error.to_string()))?;
        let path = whole.to_str().ok_or_else(|| told("its path is no text"))?.replace('\'', "''");
        all.push(format!("CREATE TABLE {} AS SELECT * FROM read_parquet('{path}');", schema.name));
    }
    // The statement may be somebody else's: it sees what was read, and nothing of the machine or the network. Views over files
    // that it may read would not do: DuckDB's `allowed_paths` lets it write there too.
    all.push("SET enable_external_access = false;\nSET lock_configuration = true;\n".to_owned());
    Ok(all.join("\n"))
}

async fn duckdb(tables: &str, statement: &str) -> Result<Vec<Row>, Failure> {
    let run = Command::new("duckdb")
        .args(["-init", "/dev/null", "-json", "-bail", "-c", tables, "-c", statement])
        .stdin(std::process::Stdio::null())
        .output()
        .await;
    let output = run.map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            let failure = Failure::new(Exit::Failed, "duckdb_missing", "DuckDB's program `duckdb` is not on the PATH");
            return failure.advise(
                "It is one file: https://duckdb.org/docs/installation/. Or read the Parquet files in `tables/` with \
                 anything else; infra/queries/athena.sql makes them tables in Athena.",
            );
        }
        Failure::new(Exit::Failed, "duckdb_failed", format!("can't run duckdb: {error}"))
    })?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(Exit::Failed, "query_failed", format!("DuckDB does not take this:\n{}", why.trim())));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // Each statement has its own list of rows.
    let lists = serde_json::Deserializer::from_str(&text).into_iter::<Vec<Row>>();
    let rows: Result<Vec<Vec<Row>>, _> = lists.collect();
    let rows = rows.map_err(|error| {
        Failure::new(Exit::Failed, "duckdb_failed", format!("DuckDB's answer can't be read: {error}"))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

/// A row with its columns in the order of the statement.
#[derive(Debug)]
struct Row(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Row;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Row, M::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Row(columns))
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

/// Rows as a table, made inert: what people wrote is among them.
fn rendered(rows: &[Row]) -> String {
    let Some(Row(first)) = rows.first() else { return "no rows".to_owned() };
    let headings: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
    };
    let row = |Row(columns): &Row| columns.iter().map(|(_, value)| text(value)).collect::<Vec<_>>();
    show::table(&headings, rows.iter().map(row).collect(), "no rows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_question_is_offered_and_says_what_it_asks() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/queries");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
            .filter(|name| name != "athena")
            .collect();
        there.sort();
        assert_eq!(there, READY.map(|(name, _)| name));
        assert!(READY.iter().all(|(_, statement)| statement.starts_with("-- ") && asks(statement).ends_with('.')));
    }
}
