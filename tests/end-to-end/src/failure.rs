//! What keeps a test or the demo from going on.

use std::fmt;

/// Something that could not be done or did not happen, in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// With these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// While `doing` something, this went wrong: with all its causes, because HTTP clients say little in the first.
    pub fn of(doing: &str, error: &dyn std::error::Error) -> Self {
        let mut words = format!("{doing}: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        Self(words)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

// A test that fails prints this.
impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
