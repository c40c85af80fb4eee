//! Parquet files of tables: one row group, flat columns, compressed with gzip.
//!
//! Times are `TIMESTAMP(MILLIS)` without zone, and are UTC: so every engine reads the same, whatever zone it is set to.

use crate::moment::Moment;
use crate::schema::{Cell, Column, Kind, Row, Schema};
use parquet::basic::{Compression, GzipLevel, LogicalType, Repetition, TimeType, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// A table's file.
///
/// # Errors
/// If the library does not take the rows; that is a fault of this module.
pub fn write<R: Row>(rows: &[R]) -> Result<Vec<u8>> {
    let cells: Vec<Vec<Cell>> = rows.iter().map(Row::cells).collect();
    let compression = Compression::GZIP(GzipLevel::default());
    let properties = WriterProperties::builder().set_compression(compression).set_created_by("countersign".to_owned());
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(group(&R::SCHEMA)?), Arc::new(properties.build()))?;
    let mut rows = file.next_row_group()?;
    for (place, column) in R::SCHEMA.columns.iter().enumerate() {
        let Some(mut writer) = rows.next_column()? else { break };
        let values: Vec<&Cell> = cells.iter().filter_map(|row| row.get(place)).collect();
        fill(&mut writer, column, &values)?;
        writer.close()?;
    }
    rows.close()?;
    file.close()?;
    Ok(bytes)
}

fn group(schema: &Schema) -> Result<Type> {
    let field = |column: &Column| {
        let (physical, logical) = match column.kind {
            Kind::Text | Kind::List | Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Number => (Physical::INT64, None),
            Kind::Flag => (Physical::BOOLEAN, None),
            Kind::Time => {
                let logical = LogicalType::Timestamp(TimeType { is_adjusted_to_u_t_c: false, unit: TimeUnit::MILLIS });
                (Physical::INT64, Some(logical))
            }
        };
        let repetition = if column.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        let built = Type::primitive_type_builder(column.name, physical).with_repetition(repetition);
        built.with_logical_type(logical).build().map(Arc::new)
    };
    let fields = schema.columns.iter().map(field).collect::<Result<Vec<_>>>()?;
    Type::group_type_builder(schema.name).with_fields(fields).build()
}

fn fill(writer: &mut SerializedColumnWriter<'_>, column: &Column, cells: &[&Cell]) -> Result<()> {
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(!matches!(cell, Cell::Nothing))).collect();
    let levels = (!column.required).then_some(levels.as_slice());
    match column.kind {
        Kind::Text | Kind::List | Kind::Json => {
            let values: Vec<ByteArray> = cells.iter().filter_map(|cell| text(cell)).collect();
            writer.typed::<ByteArrayType>().write_batch(&values, levels, None)?;
        }
        Kind::Number | Kind::Time => {
            let values: Vec<i64> = cells.iter().filter_map(|cell| number(cell)).collect();
            writer.typed::<Int64Type>().write_batch(&values, levels, None)?;
        }
        Kind::Flag => {
            let values: Vec<bool> = cells.iter().filter_map(|cell| flag(cell)).collect();
            writer.typed::<BoolType>().write_batch(&values, levels, None)?;
        }
    }
    Ok(())
}

fn text(cell: &Cell) -> Option<ByteArray> {
    match cell {
        Cell::Text(text) => Some(text.as_bytes().to_vec().into()),
        Cell::Nothing | Cell::Number(_) | Cell::Flag(_) | Cell::Time(_) => None,
    }
}

fn number(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Number(number) => Some(i64::try_from(*number).unwrap_or(i64::MAX)),
        Cell::Time(time) => Some(milliseconds(*time)),
        Cell::Nothing | Cell::Text(_) | Cell::Flag(_) => None,
    }
}

fn milliseconds(time: Moment) -> i64 {
    time.as_second().saturating_mul(1_000)
}

fn flag(cell: &Cell) -> Option<bool> {
    match cell {
        Cell::Flag(flag) => Some(*flag),
        Cell::Nothing | Cell::Text(_) | Cell::Number(_) | Cell::Time(_) => None,
    }
}
