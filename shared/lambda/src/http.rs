//! The HTTP edge: what of API Gateway's event (HTTP API, payload 2.0) the handlers see.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine as _;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest body of the API that is taken, in bytes, before anything looks into it.
pub const LONGEST_BODY: usize = 256 * 1024;

/// A call, decoded.
#[derive(Clone)]
pub struct Call {
    /// Method and path pattern as the template names the route: `POST /v1/requests`.
    pub route: String,
    /// The caller's ARN, verified by API Gateway; `None` on routes without authorizer.
    pub caller: Option<String>,
    /// The exact bytes of the body.
    pub body: Vec<u8>,
    headers: BTreeMap<String, String>,
    path: BTreeMap<String, String>,
    query: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("route", &self.route).finish_non_exhaustive()
    }
}

/// A call that can't be taken at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The body is longer than that.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The body is marked as base64 and is not.
    #[error("the body can't be decoded")]
    Undecodable,
}

impl Call {
    /// Takes a call from API Gateway's event.
    ///
    /// # Errors
    /// If the body is too long or can't be decoded.
    pub fn read(event: ApiGatewayV2httpRequest) -> Result<Self, CallError> {
        Self::read_within(event, LONGEST_BODY)
    }

    /// Takes a call whose body may have up to `longest` bytes.
    ///
    /// # Errors
    /// If the body is longer or can't be decoded.
    pub fn read_within(event: ApiGatewayV2httpRequest, longest: usize) -> Result<Self, CallError> {
        let body = event.body.unwrap_or_default();
        // Base64 has four characters for three bytes.
        if body.len() > longest.saturating_mul(4).div_euclid(3).saturating_add(4) {
            return Err(CallError::TooLarge(longest));
        }
        let body = if event.is_base64_encoded {
            base64::engine::general_purpose::STANDARD.decode(body).map_err(|_| CallError::Undecodable)?
        } else {
            body.into_bytes()
        };
        if body.len() > longest {
            return Err(CallError::TooLarge(longest));
        }
        let mut headers = BTreeMap::new();
        for (name, value) in &event.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(name.as_str().to_ascii_lowercase(), value.to_owned());
            }
        }
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in event.query_string_parameters.iter() {
            query.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        Ok(Self {
            route: event.request_context.route_key.or(event.route_key).unwrap_or_default(),
            caller: event
                .request_context
                .authorizer
                .and_then(|authorizer| authorizer.iam)
                .and_then(|iam| iam.user_arn)
                .filter(|arn| arn.len() <= 2_048),
            body,
            headers,
            path: event.path_parameters.into_iter().collect(),
            query,
        })
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A part of the path, by its name in the route.
    pub fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A query parameter that is given at most once; given twice it counts as malformed.
    ///
    /// # Errors
    /// Its name, if it is given more than once.
    pub fn query<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, &'a str> {
        match self.query.get(name).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([one]) => Ok(Some(one)),
            Some(_) => Err(name),
        }
    }
}

/// An answer to API Gateway (payload 2.0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// HTTP status.
    pub status_code: u16,
    /// Headers.
    pub headers: BTreeMap<&'static str, String>,
    /// The body as text.
    pub body: String,
    /// Never: all bodies are text.
    pub is_base64_encoded: bool,
}

impl Answer {
    fn new(status_code: u16, content_type: &str, body: String) -> Self {
        let headers = BTreeMap::from([
            ("content-type", content_type.to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ]);
        Self { status_code, headers, body, is_base64_encoded: false }
    }

    /// JSON.
    pub fn json(status_code: u16, body: &Value) -> Self {
        Self::new(status_code, "application/json", body.to_string())
    }

    /// `application/problem+json` (RFC 9457).
    pub fn problem(status_code: u16, body: &Value) -> Self {
        Self::new(status_code, "application/problem+json", body.to_string())
    }

    /// 200 without a body: what Slack takes as "received".
    pub fn received() -> Self {
        Self::new(200, "text/plain; charset=utf-8", String::new())
    }

    /// This answer with a further header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.insert(name, value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(body: &str, base64: bool) -> ApiGatewayV2httpRequest {
        serde_json::from_value(json!({
            "version": "2.0", "routeKey": "POST /v1/requests/{id}/approve",
            "rawPath": "/v1/requests/req_1/approve", "rawQueryString": "a=1&a=2&b=3",
            "headers": {"X-Slack-Signature": "v0=1"},
            "queryStringParameters": {"a": "1,2", "b": "3"},
            "pathParameters": {"id": "req_1"},
            "requestContext": {
                "routeKey": "POST /v1/requests/{id}/approve", "http": {"method": "POST"}, "timeEpoch": 0,
                "authorizer": {"iam": {"userArn": "arn:aws:iam::111111111111:user/alice"}},
            },
            "body": body, "isBase64Encoded": base64,
        }))
        .unwrap()
    }

    #[test]
    fn a_call_is_decoded_to_its_exact_bytes() {
        let call = Call::read(event("YT0xJmI9JTJCDQo=", true)).unwrap();
        assert_eq!(call.body, b"a=1&b=%2B\r\n");
        assert_eq!(call.route, "POST /v1/requests/{id}/approve");
        assert_eq!(call.caller.as_deref(), Some("arn:aws:iam::111111111111:user/alice"));
        assert_eq!((call.header("x-slack-signature"), call.path("id")), (Some("v0=1"), "req_1"));
        assert_eq!(call.query("b"), Ok(Some("3")));
        assert!(!format!("{call:?}").contains("v0=1"));
    }

    #[test]
    fn what_is_too_long_or_not_base64_is_refused() {
        assert_eq!(
            Call::read(event(&"x".repeat(LONGEST_BODY + 1), false)).err(),
            Some(CallError::TooLarge(LONGEST_BODY))
        );
        assert_eq!(
            Call::read(event(&"eHh4".repeat(LONGEST_BODY), true)).err(),
            Some(CallError::TooLarge(LONGEST_BODY))
        );
        assert_eq!(Call::read(event("%%%", true)).err(), Some(CallError::Undecodable));
    }
}
