//! Which grant is meant, and live sessions of it.

use crate::api::Api;
use crate::failure::{Exit, Failure};
use crate::show::text;
use model::names::{EntitlementName, NameError, RequestId};
use model::time::Time;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// How many of one's own requests are looked through for one that is active.
const LOOKED_THROUGH: usize = 1_000;

/// A grant, as people name it: by its request's id, or by what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GrantName {
    /// This one.
    Request(RequestId),
    /// One's own active grant of this entitlement; the latest, if there are several.
    Entitlement(EntitlementName),
}

impl FromStr for GrantName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.parse() {
            Ok(id) => Ok(Self::Request(id)),
            Err(_) => Ok(Self::Entitlement(text.parse()?)),
        }
    }
}

impl fmt::Display for GrantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(id) => write!(f, "{id}"),
            Self::Entitlement(name) => write!(f, "{name}"),
        }
    }
}

impl GrantName {
    /// The request's id; asks the API which one it is, if only the entitlement is named.
    ///
    /// # Errors
    /// No grant of that entitlement is active, or no answer.
    pub(crate) async fn id(&self, api: &Api) -> Result<RequestId, Failure> {
        let name = match self {
            Self::Request(id) => return Ok(id.clone()),
            Self::Entitlement(name) => name,
        };
        let wanted = |item: &Value| text(item, "entitlement") == name.as_str() && text(item, "status") == "active";
        let (found, _) = api.list("/v1/requests", &[], LOOKED_THROUGH, wanted).await?;
        let id = found.iter().find(|item| wanted(item)).and_then(|item| text(item, "id").parse().ok());
        id.ok_or_else(|| {
            Failure::new(Exit::NotFound, "no_active_grant", format!("you have no active grant of {name}"))
                .advise(format!("Ask for it: `countersign request {name} <duration> <why>`."))
        })
    }
}

/// A live session. Its `Debug` shows no secret.
pub(crate) struct Credentials {
    /// The access key's id.
    pub(crate) access_key_id: String,
    /// Its secret.
    pub(crate) secret_access_key: String,
    /// The session's token.
    pub(crate) session_token: String,
    /// Until when it is good.
    pub(crate) expiration: Time,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("expiration", &self.expiration).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Asks for a live session of the grant. Nothing is kept: who needs another asks again.
    ///
    /// # Errors
    /// There is no access, or no answer.
    pub(crate) async fn issue(api: &Api, id: &RequestId) -> Result<Self, Failure> {
        Self::read(&api.post(&format!("/v1/requests/{id}/credentials"), None).await?)
    }

    fn read(document: &Value) -> Result<Self, Failure> {
        let wrong = || Failure::new(Exit::Failed, "not_credentials", "what the API answered are no credentials");
        let field = |name: &str| {
            let value = document.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
            value.map(str::to_owned).ok_or_else(wrong)
        };
        if document.get("Version") != Some(&json!(1)) {
            return Err(wrong());
        }
        Ok(Self {
            access_key_id: field("AccessKeyId")?,
            secret_access_key: field("SecretAccessKey")?,
            session_token: field("SessionToken")?,
            expiration: field("Expiration")?.parse().map_err(|_| wrong())?,
        })
    }

    /// The document that AWS's tools read from a `credential_process`.
    pub(crate) fn document(&self) -> Value {
        json!({
            "Version": 1,
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "SessionToken": self.session_token,
            "Expiration": self.expiration,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_named_by_id_or_by_entitlement() {
        let id = "req_0198c0ffee0070000000000000000004";
        assert_eq!(id.parse(), Ok(GrantName::Request(id.parse().unwrap())));
        assert_eq!("orders-db".parse(), Ok(GrantName::Entitlement("orders-db".parse().unwrap())));
        for bad in ["", "../x", "Orders", "a b"] {
            assert!(bad.parse::<GrantName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_session_is_read_whole_or_not_at_all_and_debug_shows_no_secret() {
        let document = json!({"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "hush", "SessionToken": "quiet",
            "Expiration": "2026-11-20T19:30:41Z"});
        let read = Credentials::read(&document).unwrap();
        assert_eq!(read.document(), document);
        let shown = format!("{read:?}");
        assert!(!shown.contains("hush") && !shown.contains("quiet"), "{shown}");
        for (field, value) in [("Version", json!(2)), ("SessionToken", json!("")), ("Expiration", json!("soon"))] {
            let mut wrong = document.clone();
            wrong[field] = value;
            let failure = Credentials::read(&wrong).unwrap_err();
            assert!(!failure.to_string().contains("hush"));
        }
    }
}
