//! Settings from the environment, read once at start-up. What is missing or malformed stops the
//! start and is named; its value never is.

use std::str::FromStr;

/// A setting that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Not set, or empty.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// Not what it has to be.
    #[error("the environment variable {name} is not {expected}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
}

/// The text of a variable.
///
/// # Errors
/// If it is not set or empty.
pub fn required(name: &'static str) -> Result<String, SettingError> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(SettingError::Missing(name)),
    }
}

/// The text of a variable that need not be set, or may be empty.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable as something else than text.
///
/// # Errors
/// If it is not set, or not that.
pub fn parsed<T: FromStr>(name: &'static str, expected: &'static str) -> Result<T, SettingError> {
    required(name)?.parse().map_err(|_| SettingError::Malformed { name, expected })
}

/// A list separated by commas.
///
/// # Errors
/// If it is not set, or an entry is not one of those `expected`.
pub fn list<T: FromStr>(name: &'static str, expected: &'static str) -> Result<Vec<T>, SettingError> {
    let entry = |text: &str| text.trim().parse().ok().filter(|_| !text.trim().is_empty());
    let entries: Option<Vec<T>> = required(name)?.split(',').map(entry).collect();
    entries.ok_or(SettingError::Malformed { name, expected })
}
