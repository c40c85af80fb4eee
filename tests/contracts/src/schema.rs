//! Values against the schemas of `infra/openapi.yaml`: as much of JSON Schema as that file uses.
//!
//! Stricter than JSON Schema in one way: where a schema names properties, a value may hold no other. Callers have to
//! expect new fields, but what is there today is written down. `pattern` and `format` are for readers and not checked.

use serde_json::{Map, Value};

use crate::Complaints;

/// Words of a schema that say nothing to check.
const REMARKS: &[&str] =
    &["contentMediaType", "default", "description", "examples", "format", "pattern", "summary", "title"];

/// What of `value` is not as `schema` says. `document` is where references lead.
pub fn complaints(document: &Value, schema: &Value, value: &Value) -> Complaints {
    let mut complaints = Vec::new();
    check(document, schema, value, "", &mut complaints);
    complaints
}

/// What a reference `#/…` leads to.
pub fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, complaints: &mut Complaints) {
    let Some(schema) = schema.as_object() else {
        complaints.push(format!("{at}: the schema is no object"));
        return;
    };
    for (word, rule) in schema {
        if let Some(complaint) = keyword(document, schema, (word, rule), value, at, complaints) {
            complaints.push(format!("{at}: {complaint}"));
        }
    }
}

/// Checks one word of a schema; what is below the value adds its own complaints.
fn keyword(
    document: &Value,
    schema: &Map<String, Value>,
    (word, rule): (&str, &Value),
    value: &Value,
    at: &str,
    complaints: &mut Complaints,
) -> Option<String> {
    let holds = match word {
        "$ref" => match rule.as_str().and_then(|reference| resolve(document, reference)) {
            Some(target) => {
                check(document, target, value, at, complaints);
                true
            }
            None => false,
        },
        "type" => types(rule).any(|kind| is_a(value, kind)),
        "enum" => rule.as_array().is_some_and(|allowed| allowed.contains(value)),
        "const" => rule == value,
        "oneOf" => {
            let fits = |one: &&Value| crate::schema::complaints(document, one, value).is_empty();
            rule.as_array().is_some_and(|all| all.iter().filter(fits).count() == 1)
        }
        "required" => {
            let has = |name: &Value| {
                value.as_object().zip(name.as_str()).is_none_or(|(object, name)| object.contains_key(name))
            };
            match rule.as_array().and_then(|names| names.iter().find(|name| !has(name))) {
                Some(name) => return Some(format!("{name} is missing")),
                None => true,
            }
        }
        "properties" => {
            for (name, inner) in value.as_object().into_iter().flatten() {
                match rule.get(name) {
                    Some(schema) => check(document, schema, inner, &format!("{at}/{name}"), complaints),
                    None => complaints.push(format!("{at}: `{name}` is not described")),
                }
            }
            true
        }
        "items" => {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                check(document, rule, item, &format!("{at}/{index}"), complaints);
            }
            true
        }
        "minimum" => value.as_i64().zip(rule.as_i64()).is_none_or(|(value, least)| value >= least),
        "maximum" => value.as_i64().zip(rule.as_i64()).is_none_or(|(value, most)| value <= most),
        "minItems" | "minLength" => length(value).zip(rule.as_u64()).is_none_or(|(length, least)| length >= least),
        "maxItems" | "maxLength" => length(value).zip(rule.as_u64()).is_none_or(|(length, most)| length <= most),
        // What a map holds, whatever its keys are.
        "additionalProperties" if rule.is_object() && !schema.contains_key("properties") => {
            for (name, inner) in value.as_object().into_iter().flatten() {
                check(document, rule, inner, &format!("{at}/{name}"), complaints);
            }
            true
        }
        "additionalProperties" => schema.contains_key("properties") && rule == &Value::Bool(false),
        word => REMARKS.contains(&word),
    };
    (!holds).then(|| format!("{value} doesn't keep `{word}: {rule}`"))
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let several = rule.as_array().map(Vec::as_slice).unwrap_or_default();
    rule.as_str().into_iter().chain(several.iter().filter_map(Value::as_str))
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn length(value: &Value) -> Option<u64> {
    let length = value.as_array().map(Vec::len).or_else(|| value.as_str().map(|text| text.chars().count()))?;
    u64::try_from(length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_schema_says_is_checked() {
        let document = json!({"s": {"Name": {"type": "string", "maxLength": 3}}});
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["name", "list"],
            "properties": {
                "name": {"$ref": "#/s/Name", "description": "of it"},
                "list": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
                "when": {"oneOf": [{"type": "string"}, {"type": "null"}]},
                "word": {"type": ["string", "null"]},
                "map": {"type": "object", "additionalProperties": {"$ref": "#/s/Name"}},
            },
        });
        let found = |value: Value| complaints(&document, &schema, &value).len();
        assert_eq!(found(json!({"name": "abc", "list": [1, 2], "when": null, "word": null})), 0);
        assert_eq!(found(json!({"name": "abcd", "list": [0]})), 2);
        assert_eq!(found(json!({"list": [], "when": 1})), 3);
        assert_eq!(found(json!({"name": "a", "list": [1], "map": {"a": "abc", "b": "abcd", "c": 1}})), 2);
        assert_eq!(found(json!({"name": "a", "list": ["x"], "more": true})), 2);
        assert_eq!(found(json!([])), 1);
    }

    #[test]
    fn a_schema_that_can_not_be_checked_is_a_complaint() {
        assert_eq!(complaints(&json!({}), &json!({"$ref": "#/nowhere"}), &json!(1)).len(), 1);
        assert_eq!(complaints(&json!({}), &json!({"patternProperties": {}}), &json!(1)).len(), 1);
    }
}
