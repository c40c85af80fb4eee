//! A record of CloudTrail, as far as the join needs it.
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

use crate::time::seconds;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

/// Longest file, in bytes inside the gzip.
const LONGEST_FILE: u64 = 1 << 30;

/// Codes by which services say that a caller may not.
const REFUSED: [&str; 9] = [
    "AccessDenied",
    "Client.UnauthorizedOperation",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "AuthorizationError",
    "Forbidden",
    "ExpiredToken",
    "InvalidClientTokenId",
    "AuthFailure",
];

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) at: i64,
    pub(super) name: String,
    /// The key it was made with.
    pub(super) key: Option<String>,
    /// The grant that it is of: by the role that was made for it, else by its source identity.
    pub(super) grant: Option<String>,
    /// The name of the role.
    pub(super) role: Option<String>,
    /// Whether the caller made it, and not a service or the console with keys of their own.
    pub(super) direct: bool,
    /// Whether it was refused for want of permission.
    pub(super) refused: bool,
    /// The session that it opened.
    pub(super) opened: Option<Opened>,
    /// Of all that the record says.
    pub(super) digest: [u8; 32],
}

/// A session that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened {
    /// Its source identity.
    pub(super) grant: String,
    /// Its key.
    pub(super) key: String,
}

/// The SHA-256 of what is inside a gzip; `None`: it is none, or holds more than a file may.
pub(super) fn sha256(bytes: &[u8]) -> Option<String> {
    inflated(bytes).map(|inside| hex::encode(Sha256::digest(inside)))
}

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inside = Vec::new();
    MultiGzDecoder::new(bytes).take(LONGEST_FILE).read_to_end(&mut inside).ok()?;
    u64::try_from(inside.len()).is_ok_and(|length| length < LONGEST_FILE).then_some(inside)
}

/// The records of a file. `None`: it is not one of CloudTrail's.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Record>> {
    let value: Value = serde_json::from_slice(&inflated(bytes)?).ok()?;
    value.get("Records")?.as_array()?.iter().map(one).collect()
}

fn one(record: &Value) -> Option<Record> {
    let text =
        |path: &str| record.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let error = text("/errorCode");
    let issuer = text("/userIdentity/sessionContext/sessionIssuer/arn");
    let role = issuer.as_deref().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
    let own_role = role.clone().filter(|role| role.starts_with("req_"));
    let source = text("/userIdentity/sessionContext/sourceIdentity").filter(|source| source.starts_with("req_"));
    let console = text("/sessionCredentialFromConsole").as_deref() == Some("true");
    let opened = text("/responseElements/credentials/accessKeyId")
        .zip(text("/requestParameters/sourceIdentity").or_else(|| text("/responseElements/sourceIdentity")))
        .filter(|_| text("/eventSource").as_deref() == Some("sts.amazonaws.com"))
        .map(|(key, grant)| Opened { grant, key });
    Some(Record {
        id: text("/eventID")?,
        region: text("/awsRegion").unwrap_or_default(),
        at: seconds(&text("/eventTime")?)?,
        name: text("/eventName").unwrap_or_default(),
        key: text("/userIdentity/accessKeyId"),
        grant: own_role.or(source),
        role,
        direct: text("/userIdentity/invokedBy").is_none() && !console,
        refused: error.is_some_and(|code| REFUSED.iter().any(|known| code.starts_with(known))),
        opened,
        digest: Sha256::digest(record.to_string().as_bytes()).into(),
    })
}
