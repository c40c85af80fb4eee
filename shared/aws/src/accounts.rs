//! IAM in every account that grants are made in: our own, and those that let us in.
//!
//! In another account a session of its provisioner role is used, one for each request: that role
//! lets a session touch only what goes by the session's own source identity.

use crate::fault::fault;
use crate::time::SystemClock;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iam::Client;
use model::names::AccountId;
use model::time::Time;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use workflow::ports::{Clock as _, Fault};

const ENTER: &str = "enter the account";

/// The source identity of what is done for no single request.
pub(crate) const FOR_ALL: &str = "countersign-system";

/// How long a session lasts, in seconds: the least that STS gives. Source: STS API reference, `AssumeRole`.
const SESSION: i32 = 900;

/// A session with less left, in seconds, is not used any more: longer than one run of a function takes.
const MARGIN: u64 = 120;

/// Sessions kept at the most, the newest.
const KEPT: usize = 64;

/// How other accounts are entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spokes {
    /// Path and name of their provisioner role, as in `countersign-system/countersign-provisioner`.
    pub provisioner: String,
    /// What their trust policies ask for.
    pub external_id: String,
}

/// The permissions boundary, which has the same path and name in every account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    partition: String,
    home: AccountId,
    name: String,
}

/// That is not the ARN of a managed policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the boundary is not the ARN of a managed policy of an account")]
pub struct NoBoundary;

impl FromStr for Boundary {
    type Err = NoBoundary;

    /// From the ARN of the one in our own account.
    fn from_str(arn: &str) -> Result<Self, NoBoundary> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", home, resource] = parts.as_slice() else { return Err(NoBoundary) };
        let name = resource.strip_prefix("policy/").filter(|name| !name.is_empty()).ok_or(NoBoundary)?;
        let home = home.parse().map_err(|_| NoBoundary)?;
        Ok(Self { partition: (*partition).to_owned(), home, name: name.to_owned() })
    }
}

/// There are other accounts, and no external id that they ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are other accounts, and no external id to enter them with")]
pub struct NoExternalId;

impl Spokes {
    /// How other accounts are entered, if there are any: then there is a provisioner role.
    ///
    /// # Errors
    /// If there is one, and no external id.
    pub fn connected(provisioner: Option<String>, external_id: Option<String>) -> Result<Option<Self>, NoExternalId> {
        let Some(provisioner) = provisioner else { return Ok(None) };
        Ok(Some(Self { provisioner, external_id: external_id.ok_or(NoExternalId)? }))
    }
}

#[derive(Debug)]
struct Session {
    client: Client,
    until: Time,
}

/// IAM, by account.
#[derive(Debug, Clone)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: SdkConfig,
    boundary: Boundary,
    spokes: Option<Spokes>,
    own: OnceLock<Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
    sessions: Mutex<BTreeMap<(AccountId, String), Session>>,
}

impl Accounts {
    /// IAM of the account of `boundary`, which the credentials of `config` belong to, and of `spokes`, if there are any.
    pub(crate) fn new(config: SdkConfig, boundary: Boundary, spokes: Option<Spokes>) -> Self {
        Self(Arc::new(Inner {
            config,
            boundary,
            spokes,
            own: OnceLock::new(),
            sts: OnceLock::new(),
            sessions: Mutex::default(),
        }))
    }

    /// The permissions boundary of what is made in `account`.
    pub(crate) fn boundary(&self, account: &str) -> String {
        let Boundary { partition, name, .. } = &self.0.boundary;
        format!("arn:{partition}:iam::{account}:policy/{name}")
    }

    /// The ARN of the managed policy `name`, path and all, of `account`.
    pub(crate) fn policy_arn(&self, account: &str, name: &str) -> String {
        format!("arn:{}:iam::{account}:policy{name}", self.0.boundary.partition)
    }

    /// IAM of `account`, to do something about what goes by `identity`.
    ///
    /// # Errors
    /// `account_not_connected`, or STS's code if the account does not let us in.
    pub(crate) async fn iam(&self, account: &str, identity: &str) -> Result<Client, Fault> {
        let inner = &self.0;
        if account == inner.boundary.home.as_str() {
            return Ok(inner.own.get_or_init(|| Client::new(&inner.config)).clone());
        }
        let (Some(spokes), Ok(account)) = (&inner.spokes, account.parse::<AccountId>()) else {
            return Err(Fault::new(ENTER, "account_not_connected"));
        };
        let key = (account, identity.to_owned());
        if let Some(client) = self.kept(&key) {
            return Ok(client);
        }
        let entered = inner
            .sts
            .get_or_init(|| aws_sdk_sts::Client::new(&inner.config))
            .assume_role()
            .role_arn(format!("arn:{}:iam::{}:role/{}", inner.boundary.partition, key.0, spokes.provisioner))
            .role_session_name(identity)
            .source_identity(identity)
            .external_id(&spokes.external_id)
            .duration_seconds(SESSION)
            .send()
            .await
            .map_err(|error| fault(ENTER, &error))?;
        let given = entered.credentials.ok_or_else(|| Fault::new(ENTER, "unreadable_answer"))?;
        let until = Time::from_second(given.expiration.secs()).map_err(|_| Fault::new(ENTER, "unreadable_answer"))?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "provisioner",
        );
        let provider = SharedCredentialsProvider::new(credentials);
        let client = Client::new(&inner.config.to_builder().credentials_provider(provider).build());
        self.keep(key, Session { client: client.clone(), until });
        Ok(client)
    }

    fn kept(&self, key: &(AccountId, String)) -> Option<Client> {
        let sessions = self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(key)?;
        usable(session).then(|| session.client.clone())
    }

    fn keep(&self, key: (AccountId, String), session: Session) {
        let mut sessions = self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| usable(session));
        if sessions.len() >= KEPT {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.until).map(|(key, _)| key.clone());
            oldest.map(|key| sessions.remove(&key));
        }
        sessions.insert(key, session);
    }
}

fn usable(session: &Session) -> bool {
    SystemClock.now().seconds_until(session.until) > MARGIN
}

#[cfg(test)]
mod tests;
