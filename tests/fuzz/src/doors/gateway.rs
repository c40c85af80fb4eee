//! API Gateway's event, as it comes for a call.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A call. `caller`: the ARN that the authorizer verified.
pub(super) fn event(
    route: &str,
    caller: Option<&str>,
    id: &str,
    headers: &Value,
    query: &Value,
    body: &[u8],
) -> Option<ApiGatewayV2httpRequest> {
    let (method, path) = route.split_once(' ')?;
    let authorizer = caller.map(|arn| json!({"iam": {"userArn": arn, "accountId": "111111111111"}}));
    serde_json::from_value(json!({
        "version": "2.0", "routeKey": route, "rawPath": path.replace("{id}", id).replace("{name}", id), "rawQueryString": "",
        "headers": headers, "queryStringParameters": query, "pathParameters": {"id": id, "name": id},
        "requestContext": {
            "routeKey": route, "http": {"method": method}, "timeEpoch": 0, "authorizer": authorizer,
        },
        "body": STANDARD.encode(body), "isBase64Encoded": true,
    }))
    .ok()
}
