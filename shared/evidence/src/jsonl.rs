//! JSON Lines: an object per row, with every column, in order; no value is `null`.

use crate::schema::{Cell, Column, Row};
use serde_json::Value;

/// A table's rows, each on a line.
pub fn write<R: Row>(rows: &[R]) -> String {
    rows.iter().map(|row| line(R::SCHEMA.columns, &row.cells())).collect()
}

fn line(columns: &[Column], cells: &[Cell]) -> String {
    let field = |(column, cell): (&Column, &Cell)| {
        let value = match cell {
            Cell::Nothing => Value::Null,
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Number(number) => Value::from(*number),
            Cell::Flag(flag) => Value::from(*flag),
            Cell::Time(time) => Value::from(time.to_string()),
        };
        format!("{}:{value}", Value::from(column.name))
    };
    let fields: Vec<String> = columns.iter().zip(cells).map(field).collect();
    format!("{{{}}}\n", fields.join(","))
}
