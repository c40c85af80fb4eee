//! One configuration for all clients; each client is made when it is first asked for, so that a
//! function pays only for the services it uses.

use crate::accounts::{Accounts, Boundary, Spokes};
use crate::bus::Bus;
use crate::exports::Exports;
use crate::functions::Functions;
use crate::http::{CONNECT, Http};
use crate::log::{AnchorBucket, LogBucket, SigningKey, SourceBucket, WitnessBucket};
use crate::managed::{ManagedPolicies, TargetRoles};
use crate::policy::PolicyStore;
use crate::probes::Probes;
use crate::roles::Roles;
use crate::roots::Roots;
use crate::schedules::{ArmingSchedules, ScheduleTarget, Schedules};
use crate::secrets::Secrets;
use crate::sessions::Sessions;
use crate::table::Table;
use crate::trail::{History, Objects};
use crate::watch::Watch;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::HttpClient;
use aws_smithy_http_client::HttpClientError;
use model::names::PrincipalArn;
use std::sync::OnceLock;
use std::time::Duration;

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);

/// How long a call with all its attempts may take.
const OPERATION: Duration = Duration::from_secs(8);

/// How often a call is tried at most.
const ATTEMPTS: u32 = 3;

/// Why there can be no clients.
#[derive(Debug, thiserror::Error)]
pub enum NoClients {
    /// No region is set: `AWS_REGION`.
    #[error("the environment variable AWS_REGION is not set")]
    Region,
    /// The SDK can't take the root certificates.
    #[error("the root certificates can't be used")]
    Roots(#[from] HttpClientError),
}

/// All clients.
#[derive(Debug)]
pub struct Clients {
    config: SdkConfig,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
}

impl Clients {
    /// A function's clients, as the environment says: `AWS_REGION`, `AWS_ENDPOINT_URL` if set, and the
    /// credentials in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, which
    /// are read with every use. Configuration files and instance metadata are not looked at: in
    /// Lambda there are none, and looking costs start-up time. Amazon's root certificates alone are
    /// believed, where those are AWS's and neither `SSL_CERT_FILE` nor `SSL_CERT_DIR` is set.
    ///
    /// # Errors
    /// If no region is set, or the SDK can't take the root certificates.
    pub fn from_env() -> Result<Self, NoClients> {
        let (region, endpoint) = place()?;
        let roots = Roots::of_function(&region, endpoint.as_deref(), |name| std::env::var_os(name).is_some());
        Self::new(&region, endpoint.as_deref(), roots)
    }

    /// The same for a person's machine, whose root certificates are believed: between it and AWS there may be a proxy
    /// that looks into what it passes on.
    ///
    /// # Errors
    /// If no region is set, or the SDK can't take the root certificates.
    pub fn from_env_with_system_roots() -> Result<Self, NoClients> {
        let (region, endpoint) = place()?;
        Self::new(&region, endpoint.as_deref(), Roots::System)
    }

    /// Clients for `region`, at `endpoint` instead of AWS if there is one.
    ///
    /// # Errors
    /// If the SDK can't take the root certificates.
    pub fn new(region: &str, endpoint: Option<&str>, roots: Roots) -> Result<Self, NoClients> {
        let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        Ok(Self::with(settings(region, endpoint, Http::new(roots)?, credentials)))
    }

    /// The Region they call; empty if their configuration names none.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", Region::as_ref)
    }

    /// Clients with a configuration made elsewhere.
    pub fn with(config: SdkConfig) -> Self {
        Self { config, dynamodb: OnceLock::new(), s3: OnceLock::new() }
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb
            .get_or_init(|| {
                let watched = aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(Watch);
                aws_sdk_dynamodb::Client::from_conf(watched.build())
            })
            .clone()
    }

    /// Requests, their chains and their indexes in the table `name`.
    pub fn table(&self, name: &str) -> Table {
        Table::new(self.dynamodb(), name)
    }

    /// Exports of tables to S3.
    pub fn exports(&self) -> Exports {
        Exports::new(self.dynamodb())
    }

    /// The policy in force, kept in the table `name`.
    pub fn policies(&self, name: &str) -> PolicyStore {
        PolicyStore::new(self.dynamodb(), name)
    }

    /// The schedules that end grants, to be taken out.
    pub fn schedules(&self, group: &str) -> Schedules {
        Schedules::new(aws_sdk_scheduler::Client::new(&self.config), group)
    }

    /// The schedules that end grants, to be made and taken out.
    pub fn arming_schedules(&self, group: &str, target: ScheduleTarget) -> ArmingSchedules {
        ArmingSchedules::new(self.schedules(group), target)
    }

    /// IAM of our own account, which is that of `boundary`, and of `spokes`.
    pub fn accounts(&self, boundary: Boundary, spokes: Option<Spokes>) -> Accounts {
        Accounts::new(self.config.clone(), boundary, spokes)
    }

    /// Roles of grants, and denies on base roles.
    pub fn roles(&self, accounts: &Accounts) -> Roles {
        Roles::new(accounts.clone())
    }

    /// Managed policies of grants.
    pub fn managed_policies(&self, accounts: &Accounts) -> ManagedPolicies {
        ManagedPolicies::new(accounts.clone())
    }

    /// The shared roles they are attached to, whose sessions `credentials_role` hands out.
    pub fn target_roles(&self, accounts: &Accounts, credentials_role: PrincipalArn) -> TargetRoles {
        TargetRoles::new(accounts.clone(), credentials_role)
    }

    /// IAM's own evaluation.
    pub fn probes(&self, accounts: &Accounts) -> Probes {
        Probes::new(accounts.clone())
    }

    /// Sessions of base roles and target roles.
    pub fn sessions(&self) -> Sessions {
        Sessions::new(aws_sdk_sts::Client::new(&self.config))
    }

    /// The secret `id`.
    pub fn secrets(&self, id: &str) -> Secrets {
        Secrets::new(aws_sdk_secretsmanager::Client::new(&self.config), id)
    }

    /// Objects of S3, of our own account and Region; copies go into the bucket `copies`, if there is one.
    pub fn objects(&self, copies: Option<String>) -> Objects {
        Objects::new(aws_sdk_s3::Client::new(&self.config.to_builder().timeout_config(streams()).build()), copies)
    }

    /// The key `arn` of KMS, which signs.
    pub fn signing_key(&self, arn: &str) -> SigningKey {
        SigningKey::new(aws_sdk_kms::Client::new(&self.config), arn)
    }

    /// What code functions run.
    pub fn functions(&self) -> Functions {
        Functions::new(aws_sdk_lambda::Client::new(&self.config))
    }

    /// The bucket `name`, as the transparency log's.
    pub fn log_bucket(&self, name: &str) -> LogBucket {
        LogBucket::new(self.s3(), name)
    }

    /// The bucket `name`, as the one the log is anchored in.
    pub fn anchor_bucket(&self, name: &str) -> AnchorBucket {
        AnchorBucket::new(self.s3(), name)
    }

    /// The bucket `name` as the same, for its witness.
    pub fn witness_bucket(&self, name: &str) -> WitnessBucket {
        WitnessBucket::new(self.s3(), name)
    }

    /// The bucket `name`, to be copied.
    pub fn source_bucket(&self, name: &str) -> SourceBucket {
        SourceBucket::new(self.s3(), name)
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        self.s3
            .get_or_init(|| {
                // The witness asks nothing else, and says when it saw what it cosigns.
                let watched = aws_sdk_s3::config::Builder::from(&self.config).interceptor(Watch);
                aws_sdk_s3::Client::from_conf(watched.build())
            })
            .clone()
    }

    /// CloudTrail's event history of our own account.
    pub fn history(&self) -> History {
        History::new(self.config.clone())
    }

    /// The bus `name`.
    pub fn bus(&self, name: &str) -> Bus {
        Bus::new(aws_sdk_eventbridge::Client::new(&self.config), name)
    }
}

/// The region to call, and the endpoint if it is not AWS's.
fn place() -> Result<(String, Option<String>), NoClients> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")).ok_or(NoClients::Region)?;
    Ok((region, set("AWS_ENDPOINT_URL")))
}

/// Time limits of a large answer: each piece has to come in time, not all of it.
fn streams() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(ATTEMPT).build()
}

/// What every client has in common: fixed defaults, time limits and retries.
pub(crate) fn settings(
    region: &str,
    endpoint: Option<&str>,
    http: impl HttpClient + 'static,
    credentials: SharedCredentialsProvider,
) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.to_owned()))
        .http_client(http)
        .credentials_provider(credentials)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(OPERATION)
                .build(),
        );
    config.set_endpoint_url(endpoint.map(str::to_owned));
    config.build()
}
