//! Asking both, and comparing.

use std::fmt;

use aws::table::Table;
use end_to_end::failure::Failure;
use workflow::double::World;
use workflow::ports::{CommitError, Fault};

/// Letters of an answer that are shown before and after the first that differs.
const SHOWN: usize = 400;

/// The double and the table.
#[derive(Debug)]
pub(crate) struct Both {
    pub(crate) double: World,
    pub(crate) table: Table,
}

/// Calls a port of both with the same arguments. Gives back what both answered, or fails if that differs.
macro_rules! ask {
    ($both:expr, $method:ident($($argument:expr),* $(,)?)) => {{
        let double = $both.double.$method($($argument),*).await;
        let table = $both.table.$method($($argument),*).await;
        $crate::both::same(stringify!($method), &double, &table, || {
            let given: Vec<String> = vec![$(format!("{:?}", $argument)),*];
            given.join(", ")
        })
        .map(|()| double)
    }};
}

pub(crate) use ask;

/// An error, as it is compared.
pub(crate) trait Told: fmt::Debug {
    /// Of a fault its code alone: what was being done each side says in its own words.
    fn told(&self) -> String;
}

impl Told for Fault {
    fn told(&self) -> String {
        self.code.clone()
    }
}

impl Told for CommitError {
    fn told(&self) -> String {
        match self {
            Self::Unavailable(fault) => fault.told(),
            other @ (Self::Conflict
            | Self::Replayed
            | Self::KeyUsed
            | Self::SlotTaken
            | Self::NotAnchored
            | Self::Barred(_)) => format!("{other:?}"),
        }
    }
}

/// How two answers differ; `None`: they do not.
pub(crate) fn told_apart<T: PartialEq + fmt::Debug, E: Told>(
    double: &Result<T, E>,
    table: &Result<T, E>,
) -> Option<String> {
    let same = match (double, table) {
        (Ok(double), Ok(table)) => double == table,
        (Err(double), Err(table)) => double.told() == table.told(),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    };
    (!same).then(|| {
        let (double, table) = (format!("{double:?}"), format!("{table:?}"));
        let alike = double.chars().zip(table.chars()).take_while(|(one, other)| one == other).count();
        let from = |text: &str| text.chars().skip(alike.saturating_sub(SHOWN)).take(2 * SHOWN).collect::<String>();
        format!("the double, from where they differ: …{}…\nthe table: …{}…", from(&double), from(&table))
    })
}

/// Fails if two answers to a call differ.
///
/// # Errors
/// They do.
pub(crate) fn same<T: PartialEq + fmt::Debug, E: Told>(
    method: &str,
    double: &Result<T, E>,
    table: &Result<T, E>,
    given: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match told_apart(double, table) {
        None => Ok(()),
        Some(difference) => Err(Failure::new(format!("{method}({}) has two answers\n{difference}", given()))),
    }
}
