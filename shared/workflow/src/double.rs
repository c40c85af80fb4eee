//! An in-memory world that stands in for AWS: it implements every port, with behaviour.
//!
//! [`World`] stores with transactions, version conditions and guards; keeps roles, schedules, the
//! denies on base roles, managed policies and the roles they are attached to, and the sessions that STS gave; has a
//! trail's bucket and an event history, and keeps what is found in them; and its clock stands still until it is set.
//! Every port call goes through one gate ([`Trouble`], [`Call`]), where calls are logged, counted and
//! made to fail, to stop or to take their time ([`Aws`]; then [`World::play`] moves the clock). Whether a grant lets anybody do anything is judged from the documents
//! in the world alone, by code that shares nothing with what wrote them ([`World::may`]).

mod accounts;
mod activity;
mod cloud;
mod contention;
mod functions;
mod gate;
mod judge;
mod lag;
mod load;
mod log;
mod mapping;
mod misread;
mod pace;
mod paced;
mod policies;
mod probes;
mod store;
mod sweeps;
mod timing;
mod trails;
mod verb;
mod watching;

pub use cloud::{Role, Session};
pub use gate::{Call, Trouble};
pub use load::Load;
pub use log::{Change, ORIGIN, WITNESS};
pub use mapping::Mapping;
pub use misread::Misread;
pub use pace::{Aws, Wait, Waits, percentile};
pub use paced::{DEPLOYED_MEMORY, Pace, Paced};
pub use policies::{CREDENTIALS_ROLE, Managed, Target};
pub use store::News;
pub use trails::Trail;
pub use verb::Verb;

use crate::ports::{Artifact, Clock, Fault, Identifiers, Policies};
use activity::Kept;
use cloud::Cloud;
use contention::Contention;
use functions::Functions;
use gate::Gate;
use judge::Documents;
use lag::Past;
use log::Log;
use model::catalog::EntitledMechanism;
use model::names::{AccountId, PrincipalArn, RequestId, SweepId};
use model::policy::{Bundle, Policy};
use model::time::{CLOCK_TOLERANCE, Time};
use model::words::Salt;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use store::Store;
use trails::Trails;

const CATALOG: &str = include_str!("../../../infra/policy/catalog.yaml");
const POLICIES: &str = include_str!("../../../infra/policy/policies.cedar");
const SCHEMA: &str = include_str!("../../../infra/policy/schema.cedarschema");

/// The world. Shared by reference or `Arc` between any number of tasks.
pub struct World {
    inner: Mutex<Inner>,
    policy_reads: AtomicU64,
    trail: Trail,
    witness: AtomicBool,
    log_key: AtomicU8,
    contention: Contention,
}

/// Everything that changes.
struct Inner {
    now: Time,
    skew_seconds: i64,
    /// Whether what the table and the log's buckets answer is refused by a worker whose clock differs from AWS's.
    clocks_watched: bool,
    /// How long a new account is only observed.
    observe_seconds: u64,
    ids: u64,
    salts: u64,
    policy: Option<Arc<Policy>>,
    gate: Gate,
    store: Store,
    cloud: Cloud,
    kept: Kept,
    trails: Trails,
    log: Log,
    functions: Functions,
    breaches: Vec<String>,
    /// Requests that something was written about.
    touched: BTreeSet<String>,
    documents: Documents,
    past: Past,
    /// What reads damaged items, and how the item is damaged that is read now.
    reader: Option<Arc<dyn Misread>>,
    misread: Option<u64>,
}

impl Inner {
    /// Whether the worker whose turn it is finds its clock to differ from AWS's.
    fn clock_differs(&self) -> bool {
        self.clocks_watched && self.skew_seconds.unsigned_abs() > CLOCK_TOLERANCE
    }

    /// A call about what belongs to a request must name the request's own account.
    fn in_its_account(&mut self, of: Artifact<'_>) {
        if let Some(account) = self.store.account_of(of.id).filter(|account| account != of.account) {
            self.breaches.push(format!("{}: looked for in {}; it is in {account}", of.id, of.account));
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.aws_now()).finish_non_exhaustive()
    }
}

impl World {
    /// A world in which nothing happened yet, with the sample policy bundle. Its clock stands at `now`.
    pub fn new(now: Time) -> Self {
        static SAMPLE: LazyLock<Option<Arc<Policy>>> =
            LazyLock::new(|| Policy::load(&World::sample_bundle()).ok().map(Arc::new));
        Self {
            inner: Mutex::new(Inner {
                now,
                skew_seconds: 0,
                clocks_watched: false,
                observe_seconds: 0,
                ids: 0,
                salts: 0,
                policy: SAMPLE.clone(),
                gate: Gate::default(),
                store: Store::default(),
                cloud: Cloud::deployed(
                    SAMPLE.iter().flat_map(|policy| base_roles(policy)),
                    SAMPLE.iter().flat_map(|policy| target_roles(policy)),
                ),
                kept: Kept::default(),
                trails: Trails::default(),
                log: Log::default(),
                functions: Functions::default(),
                breaches: Vec::new(),
                touched: BTreeSet::new(),
                documents: Documents::default(),
                past: Past::default(),
                reader: None,
                misread: None,
            }),
            policy_reads: AtomicU64::new(0),
            trail: Trail::default(),
            witness: AtomicBool::new(false),
            log_key: AtomicU8::new(0),
            contention: Contention::default(),
        }
    }

    /// The same world, with another trail.
    #[must_use]
    pub fn with_trail(self, trail: Trail) -> Self {
        Self { trail, ..self }
    }

    /// The sample bundle's files.
    pub fn sample_bundle() -> Bundle {
        Bundle { catalog: CATALOG.to_owned(), policies: POLICIES.to_owned(), schema: SCHEMA.to_owned() }
    }

    /// Another world, exactly as this one is now, in which nothing goes wrong or stands still.
    #[must_use]
    pub fn fork(&self) -> Self {
        let inner = self.lock();
        Self {
            inner: Mutex::new(Inner {
                now: inner.now,
                skew_seconds: inner.skew_seconds,
                clocks_watched: inner.clocks_watched,
                observe_seconds: inner.observe_seconds,
                ids: inner.ids,
                salts: inner.salts,
                policy: inner.policy.clone(),
                gate: inner.gate.fork(),
                store: inner.store.clone(),
                cloud: inner.cloud.clone(),
                kept: inner.kept.clone(),
                trails: inner.trails.clone(),
                log: inner.log.clone(),
                functions: inner.functions.clone(),
                breaches: inner.breaches.clone(),
                touched: inner.touched.clone(),
                documents: inner.documents.clone(),
                past: inner.past.clone(),
                reader: inner.reader.clone(),
                misread: None,
            }),
            policy_reads: AtomicU64::new(self.policy_reads()),
            trail: self.trail.clone(),
            witness: AtomicBool::new(self.witness.load(Ordering::Relaxed)),
            log_key: AtomicU8::new(self.log_key.load(Ordering::Relaxed)),
            contention: Contention::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is for AWS.
    pub fn aws_now(&self) -> Time {
        self.lock().now
    }

    /// Sets the time.
    pub fn set_now(&self, now: Time) {
        self.lock().now = now;
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        let mut inner = self.lock();
        inner.now = inner.now.plus(seconds);
    }

    /// From now on workers' clocks are wrong by so many seconds; AWS's is not.
    pub fn set_skew(&self, seconds: i64) {
        self.lock().skew_seconds = seconds;
    }

    /// From now on a worker whose clock differs from AWS's by more than [`CLOCK_TOLERANCE`] refuses what the table
    /// and the log's buckets answer, as it does on AWS.
    pub fn watch_clocks(&self) {
        self.lock().clocks_watched = true;
    }

    /// Replaces the policy in force; `None`: it can't be read.
    pub fn set_policy(&self, policy: Option<Arc<Policy>>) {
        self.lock().policy = policy;
    }

    /// How often the policy was asked for. It is cached, so asking is no round trip.
    pub fn policy_reads(&self) -> u64 {
        self.policy_reads.load(Ordering::Relaxed)
    }

    /// The requests that something was written about, in the store or in AWS, since this was asked
    /// the last time.
    pub fn take_touched(&self) -> Vec<RequestId> {
        let touched = std::mem::take(&mut self.lock().touched);
        touched.iter().filter_map(|id| id.parse().ok()).collect()
    }

    /// What was done that no port allows: to a request's chain, or to what is not ours.
    pub fn breaches(&self) -> Vec<String> {
        self.lock().breaches.clone()
    }
}

impl Policies for World {
    async fn policy(&self) -> Result<Arc<Policy>, Fault> {
        self.policy_reads.fetch_add(1, Ordering::Relaxed);
        let inner = self.lock();
        // It is in the table too.
        if inner.clock_differs() {
            return Err(Fault::new("read the policy", "clock_differs"));
        }
        inner.policy.clone().ok_or_else(|| Fault::new("read the policy", "not_found"))
    }
}

impl Clock for World {
    fn now(&self) -> Time {
        let inner = self.lock();
        let shifted = inner.now.as_second().saturating_add(inner.skew_seconds);
        Time::from_second(shifted).unwrap_or(inner.now)
    }

    async fn pause(&self, milliseconds: u64) {
        self.wait(milliseconds.saturating_mul(1_000)).await;
    }
}

impl Identifiers for World {
    fn request_id(&self) -> RequestId {
        let mut inner = self.lock();
        inner.ids = inner.ids.saturating_add(1);
        request_id(inner.ids)
    }

    fn sweep_id(&self) -> SweepId {
        let mut inner = self.lock();
        inner.ids = inner.ids.saturating_add(1);
        sweep_id(inner.ids)
    }

    fn salt(&self) -> Salt {
        let mut inner = self.lock();
        inner.salts = inner.salts.saturating_add(1);
        Salt::new(u128::from(inner.salts).to_be_bytes())
    }
}

/// The base roles that a policy's catalog names.
fn base_roles(policy: &Policy) -> Vec<PrincipalArn> {
    policy
        .catalog()
        .entitlements()
        .filter_map(|entitlement| match &entitlement.mechanism {
            EntitledMechanism::Session { base_role } => Some(base_role.clone()),
            EntitledMechanism::Role | EntitledMechanism::Policy { .. } => None,
        })
        .collect()
}

/// The roles that grants' policies are attached to, as a policy's catalog names them.
fn target_roles(policy: &Policy) -> Vec<PrincipalArn> {
    policy
        .catalog()
        .entitlements()
        .filter_map(|entitlement| match &entitlement.mechanism {
            EntitledMechanism::Policy { target_role } => Some(target_role.clone()),
            EntitledMechanism::Role | EntitledMechanism::Session { .. } => None,
        })
        .collect()
}

/// The account that everything of the sample bundle is in.
///
/// # Panics
/// Never: the form is fixed here.
#[expect(clippy::expect_used, reason = "the form is fixed here; a slip fails the first test")]
pub fn home() -> AccountId {
    "111111111111".parse().expect("12 digits")
}

/// The `nth` id of a sweep, likewise.
#[expect(clippy::expect_used, reason = "the form is fixed here; a slip fails the first test")]
fn sweep_id(nth: u64) -> SweepId {
    format!("swp_0198c0ffee007000{nth:016x}").parse().expect("32 hexadecimal digits")
}

/// The `nth` id: of the form of a UUIDv7, in order.
#[expect(clippy::expect_used, reason = "the form is fixed here; a slip fails the first test")]
fn request_id(nth: u64) -> RequestId {
    format!("req_0198c0ffee007000{nth:016x}").parse().expect("32 hexadecimal digits")
}
