//! Who asked: what aws-iam-authenticator tells the API server about an IAM identity, under `user.extra`.
//!
//! `arn`, `canonicalArn`, `accessKeyId`, `sessionName` and `principalId`, each a list of one; also under longer names such as
//! `sigs.k8s.io/aws-iam-authenticator/principalId`.
//! Source: <https://github.com/kubernetes-sigs/aws-iam-authenticator>, `pkg/server/server.go`.

use super::{User, exact};
use crate::call::Caller;
use serde_json::Value;

/// The caller. Who is no IAM identity keeps the name that Kubernetes knows, under which no grant is found.
pub(super) fn caller(user: &User) -> Caller {
    let said = |name: &str, longest: usize| exact(extra(&user.extra, name), longest);
    let arn = said("arn", 2_048);
    let session = said("sessionName", 64);
    let principal = said("principalId", 64);
    let kind = kind(&arn);
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    if kind == "KubernetesUser" {
        let principal_id = exact(&user.username, 253);
        // A colon would make the rest of it a session's name.
        let principal_id = principal_id.replace(':', "/");
        return Caller { kind: kind.to_owned(), principal_id, ..Caller::default() };
    }
    let issuer = said("canonicalArn", 2_048);
    let is_role = issuer.splitn(6, ':').nth(5).is_some_and(|resource| resource.starts_with("role/"));
    Caller {
        kind: kind.to_owned(),
        principal_id: if session.is_empty() { principal } else { format!("{principal}:{session}") },
        account,
        access_key_id: said("accessKeyId", 128),
        issuer_arn: if is_role { issuer } else { String::new() },
        arn,
        ..Caller::default()
    }
}

fn kind(arn: &str) -> &'static str {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2).unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    match (service, resource.split('/').next().unwrap_or_default()) {
        ("sts", "assumed-role") => "AssumedRole",
        ("sts", "federated-user") => "FederatedUser",
        ("iam", "user") => "IAMUser",
        ("iam", "root") => "Root",
        ("iam", "role") => "Role",
        _ => "KubernetesUser",
    }
}

/// The only value of an extra field; empty if there is none, or several.
fn extra<'a>(extra: &'a Value, name: &str) -> &'a str {
    let Some(fields) = extra.as_object() else { return "" };
    let found = fields.get(name).or_else(|| {
        let long = |key: &str| key.rsplit_once('/').is_some_and(|(_, last)| last.eq_ignore_ascii_case(name));
        fields.iter().find(|(key, _)| long(key)).map(|(_, value)| value)
    });
    match found {
        Some(Value::String(text)) => text,
        Some(Value::Array(values)) => match values.as_slice() {
            [Value::String(text)] => text,
            _ => "",
        },
        _ => "",
    }
}
