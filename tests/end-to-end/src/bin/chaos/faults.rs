//! What may go wrong between a function and AWS.

use std::time::Duration;

/// How long a call is late.
pub(crate) const LATE: Duration = Duration::from_secs(2);

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Refused as too many, before anything is done.
    Throttled,
    /// Refused since the service is not well, before anything is done.
    Unavailable,
    /// Done, and nobody hears of it: the connection ends without an answer.
    Unheard,
    /// Nothing is done, and the connection ends.
    Closed,
    /// Done, [`LATE`].
    Late,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] = [Self::Throttled, Self::Unavailable, Self::Unheard, Self::Closed, Self::Late];

    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unheard => "done, unheard",
            Self::Closed => "closed",
            Self::Late => "late",
        }
    }
}

/// The service that a request is signed for; empty if it is not signed.
pub(crate) fn service(authorization: &str) -> &str {
    let scope = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
    scope.split(',').next().unwrap_or_default().split('/').nth(3).unwrap_or_default()
}

/// A refusal in the shape that the service's own have: whole, with its head. Sources: the API reference of each, "Common
/// errors"; the AWS JSON 1.0, REST-JSON and Query protocols of Smithy.
pub(crate) fn refusal(service: &str, fault: Fault) -> Vec<u8> {
    let busy = fault == Fault::Throttled;
    let said = if busy { "Rate exceeded" } else { "The service is unavailable" };
    let xml = |status: u16, code: &str| {
        let body = format!(
            "<ErrorResponse><Error><Type>{}</Type><Code>{code}</Code><Message>{said}</Message></Error>\
             <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>",
            if busy { "Sender" } else { "Receiver" }
        );
        whole(status, "text/xml", None, &body)
    };
    let json = |status: u16, kind: &str| {
        let body = format!(r#"{{"__type":"{kind}","message":"{said}"}}"#);
        whole(status, "application/x-amz-json-1.0", kind.rsplit('#').next(), &body)
    };
    match (service, busy) {
        ("iam" | "sts", true) => xml(400, "Throttling"),
        ("iam", false) => xml(503, "ServiceUnavailable"),
        ("sts", false) => xml(500, "InternalFailure"),
        ("s3", _) => {
            let code = if busy { "SlowDown" } else { "ServiceUnavailable" };
            whole(503, "application/xml", None, &format!("<Error><Code>{code}</Code><Message>{said}</Message></Error>"))
        }
        ("dynamodb", true) => json(400, "com.amazonaws.dynamodb.v20120810#ThrottlingException"),
        ("dynamodb", false) => json(500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
        ("lambda", true) => json(429, "TooManyRequestsException"),
        ("lambda", false) => json(500, "ServiceException"),
        ("scheduler", true) => json(429, "ThrottlingException"),
        ("scheduler", false) => json(500, "InternalServerException"),
        ("kms", false) => json(500, "KMSInternalException"),
        (_, true) => json(400, "ThrottlingException"),
        (_, false) => json(500, "InternalFailure"),
    }
}

fn whole(status: u16, kind: &str, error: Option<&str>, body: &str) -> Vec<u8> {
    let error = error.map(|error| format!("x-amzn-errortype: {error}\r\n")).unwrap_or_default();
    let length = body.len();
    format!("HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{error}\r\n{body}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_the_one_that_a_request_is_signed_for() {
        let signed =
            "AWS4-HMAC-SHA256 Credential=ASIA/20261122/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(service(signed), "iam");
        assert_eq!(service(""), "");
        assert_eq!(service("Bearer x"), "");
    }
}
