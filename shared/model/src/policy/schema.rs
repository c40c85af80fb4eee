//! The schema of a bundle.
//!
//! Cedar's parser of schemas sets up another one for each identifier, and takes most of the time that a bundle takes to
//! load. Bundles have the schema that Countersign asks its questions with, so that one is here as JSON too, in which
//! types are words and not identifiers. A schema that differs from it in a byte is parsed as it stands.

use super::SCHEMA_FILE;
use super::check::{line_of, problem};
use crate::catalog::Problem;
use cedar_policy::Schema;

/// What bundles are made from.
const SHIPPED: &str = include_str!("../../../../infra/policy/schema.cedarschema");

/// What Cedar makes of it, with every type resolved.
const RESOLVED: &str = include_str!("schema.json");

/// Whether `text` is what questions are made from.
pub(super) fn is_ours(text: &str) -> bool {
    text == SHIPPED
}

/// Reads `text`, in Cedar's syntax.
///
/// # Errors
/// What is wrong with it first.
pub(super) fn read(text: &str) -> Result<Schema, Problem> {
    let known = is_ours(text).then(|| Schema::from_json_str(RESOLVED).ok()).flatten();
    known.map_or_else(|| parsed(text), Ok)
}

fn parsed(text: &str) -> Result<Schema, Problem> {
    let read = Schema::from_cedarschema_str(text);
    read.map(|(schema, _warnings)| schema)
        .map_err(|error| problem(SCHEMA_FILE, line_of(text, &error), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The schema as JSON is what Cedar itself makes of the text.
    #[test]
    fn the_schema_as_json_says_what_the_text_says() {
        let (resolved, _) = cedar_policy::schema_str_to_json_with_resolved_types(SHIPPED).unwrap();
        // It names the type, and JSON has a word for it.
        let resolved = resolved.to_string().replace(r#""Bool""#, r#""Boolean""#);
        let [kept, resolved] = [RESOLVED, &resolved].map(|text| serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(kept, resolved, "shared/model/src/policy/schema.json should be:\n{resolved}");
        assert!(Schema::from_json_str(RESOLVED).is_ok());
    }
}
