//! Records as CloudTrail writes them, and grants that they may belong to.

use super::*;
use crate::grant::IdentityCenter;
use serde_json::{Value, json};

/// A record under construction.
#[derive(Debug, Clone)]
pub(super) struct Record {
    json: Value,
    kubernetes: bool,
}

impl Record {
    fn new(identity: &Value) -> Self {
        let json = json!({
            "eventVersion": "1.11",
            "userIdentity": identity,
            "eventTime": "2026-11-20T12:30:00Z",
            "eventSource": "s3.amazonaws.com",
            "eventName": "ListBuckets",
            "awsRegion": "eu-central-1",
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "aws-cli/2.31",
            "requestParameters": null,
            "responseElements": null,
            "eventID": "11111111-1111-4111-8111-111111111111",
            "readOnly": true,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": "111111111111",
            "eventCategory": "Management",
        });
        Self { json, kubernetes: false }
    }

    /// A session of a role. Without a role: its context is missing.
    pub(super) fn session(role: &str, name: &str) -> Self {
        let account = role.split(':').nth(4).unwrap_or("111111111111");
        let role_name = role.rsplit('/').next().unwrap_or_default();
        let mut identity = json!({
            "type": "AssumedRole",
            "principalId": format!("AROAEXAMPLE:{name}"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/{role_name}/{name}"),
            "accountId": account,
            "accessKeyId": "ASIAEXAMPLE",
        });
        if !role.is_empty() {
            identity["sessionContext"] = json!({
                "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": role, "accountId": account, "userName": role_name},
                "attributes": {"creationDate": "2026-11-20T12:00:00Z", "mfaAuthenticated": "false"},
            });
        }
        Self::new(&identity)
    }

    pub(super) fn user(name: &str) -> Self {
        Self::new(&json!({
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": format!("arn:aws:iam::111111111111:user/{name}"),
            "accountId": "111111111111", "accessKeyId": "AKIAEXAMPLE", "userName": name,
        }))
    }

    pub(super) fn root() -> Self {
        let arn = "arn:aws:iam::111111111111:root";
        Self::new(&json!({"type": "Root", "principalId": "111111111111", "arn": arn, "accountId": "111111111111"}))
    }

    pub(super) fn service() -> Self {
        Self::new(&json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}))
    }

    /// As an account sees callers of another one.
    pub(super) fn other_account() -> Self {
        let principal = "AROAEXAMPLE:countersign-credentials";
        Self::new(&json!({"type": "AWSAccount", "principalId": principal, "accountId": "111111111111"}))
    }

    pub(super) fn saml() -> Self {
        let principal = "abcdef:bob@example.com";
        Self::new(&json!({"type": "SAMLUser", "principalId": principal, "userName": "bob@example.com"}))
    }

    pub(super) fn federated(name: &str) -> Self {
        Self::new(&json!({
            "type": "FederatedUser", "principalId": format!("111111111111:{name}"), "accountId": "111111111111",
            "arn": format!("arn:aws:sts::111111111111:federated-user/{name}"),
        }))
    }

    pub(super) fn nobody() -> Self {
        Self::new(&Value::Null)
    }

    fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.json);
        self
    }

    pub(super) fn identity(self, source: &str) -> Self {
        self.with(|json| json["userIdentity"]["sessionContext"]["sourceIdentity"] = source.into())
    }

    pub(super) fn key(self, key: &str) -> Self {
        self.with(|json| json["userIdentity"]["accessKeyId"] = key.into())
    }

    pub(super) fn account(self, account: &str) -> Self {
        self.with(|json| json["userIdentity"]["accountId"] = account.into())
    }

    pub(super) fn behalf(self, user: &str) -> Self {
        let center =
            json!({"userId": user, "identityStoreArn": "arn:aws:identitystore::111111111111:identitystore/d-1"});
        self.with(|json| json["userIdentity"]["onBehalfOf"] = center)
    }

    pub(super) fn by(self, service: &str) -> Self {
        self.with(|json| json["userIdentity"]["invokedBy"] = service.into())
    }

    pub(super) fn console(self) -> Self {
        self.with(|json| json["sessionCredentialFromConsole"] = "true".into())
    }

    pub(super) fn error(self, code: &str) -> Self {
        self.with(|json| json["errorCode"] = code.into())
    }

    /// `12:30` on the day, or `+1d`.
    pub(super) fn at(self, time: &str) -> Self {
        let time = if time == "+1d" { "2026-11-21T13:30:00Z".to_owned() } else { format!("2026-11-20T{time}:00Z") };
        self.with(|json| json["eventTime"] = time.into())
    }

    pub(super) fn opens(self, role: &str, session: &str, identity: &str, key: &str) -> Self {
        let call = self.opens_with("AssumeRole", role, session, key);
        if identity.is_empty() {
            return call;
        }
        call.with(|json| json["requestParameters"]["sourceIdentity"] = identity.into())
    }

    pub(super) fn opens_with(self, name: &str, role: &str, session: &str, key: &str) -> Self {
        self.with(|json| {
            json["eventSource"] = "sts.amazonaws.com".into();
            json["eventName"] = name.into();
            json["requestParameters"] = json!({"roleArn": role, "roleSessionName": session, "durationSeconds": 900});
            if !key.is_empty() {
                json["responseElements"] = json!({"credentials": {"accessKeyId": key}});
            }
        })
    }

    pub(super) fn kubernetes(mut self) -> Self {
        self.kubernetes = true;
        self
    }

    pub(super) fn call(&self) -> Call {
        let mut call = Call::parse(self.json.to_string().as_bytes()).unwrap();
        if self.kubernetes {
            call.category = Category::Kubernetes;
            call.caller.issuer_arn = String::new();
            call.caller.source_identity = String::new();
        }
        call
    }
}

fn grant(id: &str, roles: &[&str], hours: (&str, &str)) -> Grant {
    let at = |time: &str| format!("2026-11-20T{time}:00Z").parse().unwrap();
    let account = roles.first().and_then(|role| role.split(':').nth(4)).unwrap_or("111111111111");
    Grant {
        id: id.parse().unwrap(),
        person: "alice".parse().unwrap(),
        entitlement: "debug".parse().unwrap(),
        account: account.parse().unwrap(),
        starts_at: at(hours.0),
        ends_at: at(hours.1),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        shared: false,
        permissions: Vec::new(),
        resources: Vec::new(),
        source_ips: Vec::new(),
        identity_center: None,
    }
}

pub(super) fn grants() -> Grants {
    let center = || Some(IdentityCenter { user: "user-d".to_owned(), permission_set: "Admin".to_owned() });
    let mut known = Grants::new([PROVISIONER, CREDENTIALS].map(str::to_owned));
    known.add(grant(ALICE, &[BASE], ("12:00", "13:00")), [ALICES_KEY]);
    known.add(grant(ALICE_TOO, &[BASE], ("12:15", "13:15")), []);
    known.add(grant(BOB, &[BOBS], ("12:00", "13:00")), [BOBS_KEY]);
    known.add(Grant { shared: true, ..grant(CAROL, &[SHARED], ("12:00", "13:00")) }, []);
    known.add(Grant { identity_center: center(), ..grant(DAVE, &[], ("11:00", "12:30")) }, []);
    known.add(Grant { identity_center: center(), ..grant(DAVE_TOO, &[], ("12:00", "13:00")) }, []);
    known
}

/// A grant of a role, for records that are not ours.
pub(super) fn grant_of(id: &str, role: &str, day: &str) -> Grant {
    let at = |time: &str| format!("{day}T{time}Z").parse().unwrap();
    Grant { starts_at: at("11:30:00"), ends_at: at("12:00:00"), ..grant(id, &[role], ("12:00", "13:00")) }
}
