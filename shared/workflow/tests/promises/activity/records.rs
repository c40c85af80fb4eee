//! Records and files as CloudTrail writes them.

use flate2::Compression;
use flate2::write::GzEncoder;
use model::names::RequestId;
use model::time::Time;
use serde_json::{Value, json};
use std::io::Write as _;

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const BASE_ROLE: &str = "arn:aws:iam::111111111111:role/countersign-base/countersign-sample";
/// A role that has nothing to do with Countersign.
pub(crate) const OTHER_ROLE: &str = "arn:aws:iam::111111111111:role/deploy";
/// The key of the grant's own session.
pub(crate) const OWN_KEY: &str = "ASIAOWNSESSION000001";

/// A call of a session of `role` named `session`.
fn by(role: &str, session: &str, identity: &str, key: &str, event: &str, at: Time) -> Value {
    let name = role.rsplit('/').next().unwrap();
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": format!("AROAEXAMPLE:{session}"),
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}"),
            "accountId": ACCOUNT,
            "accessKeyId": key,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "userName": name}},
        },
        "eventTime": at.to_string(),
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "Query",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.30",
        "requestParameters": {"tableName": "orders"},
        "responseElements": null,
        "eventID": event,
        "readOnly": true,
        "resources": [{"ARN": format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders")}],
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "eventCategory": "Management",
        "recipientAccountId": ACCOUNT,
    });
    if !identity.is_empty() {
        record["userIdentity"]["sessionContext"]["sourceIdentity"] = json!(identity);
    }
    record
}

/// A call under the grant, within what was approved.
pub(crate) fn own(id: &RequestId, event: &str, at: Time) -> Value {
    by(BASE_ROLE, id.as_str(), id.as_str(), OWN_KEY, event, at)
}

/// One that was not approved, and worked: a finding of high severity.
pub(crate) fn outside(id: &RequestId, event: &str, at: Time) -> Value {
    let mut record = own(id, event, at);
    record["eventSource"] = json!("ec2.amazonaws.com");
    record["eventName"] = json!("StopInstances");
    record["readOnly"] = json!(false);
    record["requestParameters"] = json!({"instancesSet": {"items": [{"instanceId": "i-1"}]}});
    record["resources"] = Value::Null;
    record
}

/// `record`, which opens a session of another role whose key is `key`. The session has a name of its own and no source
/// identity.
pub(crate) fn opening(mut record: Value, key: &str) -> Value {
    record["eventSource"] = json!("sts.amazonaws.com");
    record["eventName"] = json!("AssumeRole");
    record["requestParameters"] = json!({"roleArn": OTHER_ROLE, "roleSessionName": "work"});
    record["responseElements"] = json!({"credentials": {"accessKeyId": key, "sessionToken": "x"}});
    record["resources"] = json!([{"ARN": OTHER_ROLE}]);
    record
}

/// A call of such a session: nothing in it names the grant.
pub(crate) fn hidden(key: &str, event: &str, at: Time) -> Value {
    by(OTHER_ROLE, "work", "", key, event, at)
}

/// A file's text.
pub(crate) fn text(records: &[Value]) -> Vec<u8> {
    json!({"Records": records}).to_string().into_bytes()
}

pub(crate) fn packed(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// The key of an object of `kind` that is delivered at `at`, which it is named by up to minutes or seconds.
fn key(kind: &str, at: Time, digits: usize, rest: &str) -> String {
    let at = at.to_string();
    let (date, clock) = at.split_once('T').unwrap();
    let clock: String = clock.chars().filter(char::is_ascii_digit).take(digits).collect();
    let (path, day) = (date.replace('-', "/"), date.replace('-', ""));
    format!(
        "AWSLogs/{ACCOUNT}/{kind}/us-east-1/{path}/{ACCOUNT}_{kind}_us-east-1_{}.json.gz",
        rest.replace('@', &format!("{day}T{clock}Z"))
    )
}

/// The key of a file that is delivered at `at`.
pub(crate) fn file_key(at: Time, name: &str) -> String {
    key("CloudTrail", at, 4, &format!("@_{name}"))
}

/// The key of a digest that ends at `until`.
pub(crate) fn digest_key(until: Time) -> String {
    key("CloudTrail-Digest", until, 6, "main_us-east-1_@")
}
