//! A record of CloudTrail, as far as the join needs it.
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

use crate::time::seconds;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

/// Longest file, in bytes inside the gzip.
const LONGEST_FILE: u64 = 1 << 30;

/// What the resource of Countersign's own roles begins with. They work under the id of the request they work for.
const OWN_ROLES: &str = "role/countersign-system/";

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
    /// The grant that it is of: by the role that was made for it, else by its source identity, unless the role is one of
    /// Countersign's own.
    pub(super) grant: Option<String>,
    /// The name of the role.
    pub(super) role: Option<String>,
    /// Whether that is one of Countersign's own.
    pub(super) ours: bool,
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
    /// Its source identity, if it has one.
    pub(super) grant: Option<String>,
    /// Its key.
    pub(super) key: String,
    /// The name of its role, if the record says it.
    pub(super) role: Option<String>,
    /// Whether that is one of Countersign's own.
    pub(super) ours: bool,
}

/// The name of the role of this ARN.
fn name(arn: &str) -> Option<String> {
    arn.rsplit('/').next().map(str::to_owned)
}

/// Whether the role of this ARN is one of Countersign's own, by its path: `arn:<partition>:iam::<account>:role/<path>`.
fn is_ours(arn: &str) -> bool {
    arn.splitn(6, ':').nth(5).is_some_and(|resource| resource.starts_with(OWN_ROLES))
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
    let role = issuer.as_deref().and_then(name);
    let ours = issuer.as_deref().is_some_and(is_ours);
    let own_role = role.clone().filter(|role| role.starts_with("req_"));
    let source = text("/userIdentity/sessionContext/sourceIdentity").filter(|source| source.starts_with("req_"));
    let console = text("/sessionCredentialFromConsole").as_deref() == Some("true");
    let wanted = text("/requestParameters/roleArn");
    let opened = text("/responseElements/credentials/accessKeyId")
        .filter(|_| text("/eventSource").as_deref() == Some("sts.amazonaws.com"))
        .map(|key| Opened {
            grant: text("/requestParameters/sourceIdentity").or_else(|| text("/responseElements/sourceIdentity")),
            key,
            role: wanted.as_deref().and_then(name),
            ours: wanted.as_deref().is_some_and(is_ours),
        });
    Some(Record {
        id: text("/eventID")?,
        region: text("/awsRegion").unwrap_or_default(),
        at: seconds(&text("/eventTime")?)?,
        name: text("/eventName").unwrap_or_default(),
        key: text("/userIdentity/accessKeyId"),
        grant: own_role.or(source.filter(|_| !ours)),
        role,
        ours,
        direct: text("/userIdentity/invokedBy").is_none() && !console,
        refused: error.is_some_and(|code| REFUSED.iter().any(|known| code.starts_with(known))),
        opened,
        digest: Sha256::digest(record.to_string().as_bytes()).into(),
    })
}
