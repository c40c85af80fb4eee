//! The arguments of a Web API call: query, form or JSON (<https://docs.slack.dev/apis/web-api>).

use axum::http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// The arguments of one call.
#[derive(Debug)]
pub(crate) struct Arguments {
    values: Map<String, Value>,
    /// JSON came without a charset, which Slack warns about.
    charset_missing: bool,
}

impl Arguments {
    /// Reads them. A method that takes no JSON sees none of a JSON body, as at Slack: the arguments are just missing.
    pub(crate) fn read(
        verb: &Method,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
        takes_json: bool,
    ) -> Result<Self, &'static str> {
        let mut values = form(query.unwrap_or_default().as_bytes());
        let mut charset_missing = false;
        if verb == Method::POST && !body.is_empty() {
            let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let content_type = content_type.ok_or("missing_post_type")?.to_ascii_lowercase();
            match content_type.split(';').next().unwrap_or_default().trim() {
                "application/x-www-form-urlencoded" => values.extend(form(body)),
                "application/json" => {
                    charset_missing = !content_type.contains("charset=");
                    let parsed: Value = serde_json::from_slice(body).map_err(|_| "invalid_json")?;
                    let Value::Object(fields) = parsed else {
                        return Err("json_not_object");
                    };
                    if takes_json {
                        values.extend(fields);
                    }
                }
                _ => return Err("invalid_post_type"),
            }
        }
        Ok(Self { values, charset_missing })
    }

    /// The token: from the header, or from a form.
    pub(crate) fn token<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match header.and_then(|value| value.strip_prefix("Bearer ")) {
            Some(token) => Some(token.trim()),
            None => self.values.get("token").and_then(Value::as_str),
        }
    }

    /// What Slack warns about.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        self.charset_missing.then_some("missing_charset")
    }

    /// A text, if it is there. Slack takes numbers and booleans for texts.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
    }

    /// A flag: `true` or `1`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text == "true" || text == "1")
    }

    /// A JSON value, given as JSON or as a text that holds JSON. `Err` if the text holds none.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, ()> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
            Some(value) => Ok(Some(value.clone())),
        }
    }
}

fn form(encoded: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(encoded)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}
