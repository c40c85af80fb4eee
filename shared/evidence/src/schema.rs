//! What a table looks like: its columns, their types and what they mean. One list for all file formats and for the docs.

use crate::moment::Moment;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number, 0 to 2^63 − 1.
    Number,
    /// True or false.
    Flag,
    /// A time in UTC, in whole seconds.
    Time,
    /// A JSON array, as text.
    List,
    /// Any JSON value, as text.
    Json,
}

impl Kind {
    /// The word for it in the docs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Time => "time",
            Self::List => "list",
            Self::Json => "json",
        }
    }

    /// Its type in Athena's tables.
    pub fn athena(self) -> &'static str {
        match self {
            Self::Text | Self::List | Self::Json => "string",
            Self::Number => "bigint",
            Self::Flag => "boolean",
            Self::Time => "timestamp",
        }
    }
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether every row has a value.
    pub required: bool,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// One table.
///
/// INVARIANT (stable): columns are added at the end, never renamed, moved or given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Its name, and that of its files.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

/// A value of one column in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Nothing,
    /// A text.
    Text(String),
    /// A number.
    Number(u64),
    /// True or false.
    Flag(bool),
    /// A time.
    Time(Moment),
}

impl Cell {
    /// As text; `None`: no value.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Time(time) => Some(time.to_string()),
        }
    }
}

/// A row of a table.
pub trait Row {
    /// The table.
    const SCHEMA: Schema;
    /// Its values, one for each column, in order.
    fn cells(&self) -> Vec<Cell>;
}

/// A JSON array as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List(pub Vec<String>);

/// A JSON value as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(pub serde_json::Value);

/// What a field of a row's struct is as a column.
pub(crate) trait Field {
    const KIND: Kind;
    const REQUIRED: bool = true;
    fn cell(&self) -> Cell;
}

impl Field for String {
    const KIND: Kind = Kind::Text;
    fn cell(&self) -> Cell {
        Cell::Text(self.clone())
    }
}

impl Field for &'static str {
    const KIND: Kind = Kind::Text;
    fn cell(&self) -> Cell {
        Cell::Text((*self).to_owned())
    }
}

impl Field for u64 {
    const KIND: Kind = Kind::Number;
    fn cell(&self) -> Cell {
        Cell::Number(*self)
    }
}

impl Field for bool {
    const KIND: Kind = Kind::Flag;
    fn cell(&self) -> Cell {
        Cell::Flag(*self)
    }
}

impl Field for Moment {
    const KIND: Kind = Kind::Time;
    fn cell(&self) -> Cell {
        Cell::Time(*self)
    }
}

impl Field for List {
    const KIND: Kind = Kind::List;
    fn cell(&self) -> Cell {
        Cell::Text(serde_json::Value::from(self.0.clone()).to_string())
    }
}

impl Field for Json {
    const KIND: Kind = Kind::Json;
    fn cell(&self) -> Cell {
        Cell::Text(self.0.to_string())
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;
    fn cell(&self) -> Cell {
        self.as_ref().map_or(Cell::Nothing, Field::cell)
    }
}

/// A row's struct and its table's schema, from one list.
macro_rules! table {
    (
        #[doc = $about:literal]
        $name:literal $row:ident {
            $(#[doc = $meaning:literal] $column:ident: $type:ty,)+
        }
    ) => {
        #[doc = $about]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $row {
            $(#[doc = $meaning] pub $column: $type,)+
        }

        impl $crate::schema::Row for $row {
            const SCHEMA: $crate::schema::Schema = $crate::schema::Schema {
                name: $name,
                about: $about,
                columns: &[$($crate::schema::Column {
                    name: stringify!($column),
                    kind: <$type as $crate::schema::Field>::KIND,
                    required: <$type as $crate::schema::Field>::REQUIRED,
                    meaning: $meaning,
                }),+],
            };

            fn cells(&self) -> Vec<$crate::schema::Cell> {
                vec![$($crate::schema::Field::cell(&self.$column)),+]
            }
        }
    };
}
pub(crate) use table;
