//! The policy in force: read from the table, checked, and kept in memory for some seconds.
//!
//! INVARIANT (only checked policy decides): a bundle that does not load, or does not match its
//! digest, is refused; the last good one goes on deciding.

mod packed;

use crate::fault::fault;
use crate::table::items::{Item, item, text, text_of};
use crate::table::log::system::{read_system, system_state, system_writes};
use crate::table::{ABSENT, Write, get};
use crate::time::SystemClock;
use crate::watch::CLOCK_DIFFERS;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use model::catalog::Problems;
use model::digest::Digest;
use model::identity::Cause;
use model::policy::{Bundle, Policy};
use model::stream::SystemStream;
use model::system::{Change, policy_published};
use model::time::Time;
use std::sync::{Arc, PoisonError, RwLock};
use workflow::ports::{Clock as _, Fault, Policies};

const READ: &str = "read the policy";
const PUBLISH: &str = "publish the policy";

/// How long a policy decides without a look at the table, in seconds.
const FRESH: u64 = 10;

/// How long it goes on deciding while the table does not answer, in seconds.
const STALE: u64 = 60;

/// Longest bundle as it is stored, compressed, in bytes. An item holds 400 KB. Source: DynamoDB developer guide,
/// constraints.
const LONGEST_BUNDLE: usize = 360_000;

/// Why a bundle was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is not a valid bundle.
    #[error("the bundle has problems")]
    Invalid(Problems),
    /// Its files are too long to be stored.
    #[error("the bundle has {bytes} bytes when compressed; at most {LONGEST_BUNDLE} can be stored")]
    TooLong {
        /// Length of all its files, compressed.
        bytes: usize,
    },
    /// Somebody else published meanwhile.
    #[error("another bundle was published meanwhile")]
    Conflict,
    /// The table did not answer, or refused; the bundle may have been published.
    #[error(transparent)]
    Unavailable(#[from] Fault),
}

/// What was read last.
#[derive(Debug, Clone)]
struct Held {
    policy: Arc<Policy>,
    /// The digest that the table named, which is not the policy's if that bundle was refused.
    named: String,
    checked_at: Time,
}

/// The policy bundles in the table.
#[derive(Debug)]
pub struct PolicyStore {
    client: Client,
    table: String,
    held: RwLock<Option<Held>>,
}

fn key(sk: impl Into<String>) -> (String, String) {
    ("POLICY".to_owned(), sk.into())
}

fn active() -> (String, String) {
    key("ACTIVE")
}

fn archived(digest: &str) -> (String, String) {
    key(format!("BUNDLE#{digest}"))
}

impl PolicyStore {
    /// The bundles in `table`.
    pub fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.to_owned(), held: RwLock::new(None) }
    }

    async fn get(&self, doing: &'static str, key: (String, String)) -> Result<Option<Item>, Fault> {
        get(&self.client, &self.table, doing, key).await
    }

    /// The policy the table names, or the last good one.
    async fn current(&self, held: Option<Held>, now: Time) -> Result<Held, Fault> {
        let item = self.get(READ, active()).await?.ok_or_else(|| {
            tracing::error!(alarm = "no_policy", "no policy was published yet");
            Fault::new(READ, "no_policy")
        })?;
        let named = text_of(&item, "digest").unwrap_or_default().to_owned();
        // The same bundle is not loaded anew.
        if let Some(held) = held.as_ref().filter(|held| held.named == named) {
            return Ok(Held { policy: Arc::clone(&held.policy), named, checked_at: now });
        }
        let policy = match opened(&item) {
            Ok(policy) => Arc::new(policy),
            Err(reason) => {
                tracing::error!(
                    error.code = "policy_refused", alarm = "policy_refused", digest = %named,
                    "the published policy is refused, the last good one decides: {reason}",
                );
                match held {
                    Some(held) => held.policy,
                    None => self.previous(&item).await?,
                }
            }
        };
        Ok(Held { policy, named, checked_at: now })
    }

    /// The bundle that was in force before, for a process that has not seen it.
    async fn previous(&self, item: &Item) -> Result<Arc<Policy>, Fault> {
        let refused = || Fault::new(READ, "policy_refused");
        let digest = text_of(item, "previous").ok_or_else(refused)?;
        let item = self.get(READ, archived(digest)).await?.ok_or_else(refused)?;
        opened(&item).map(Arc::new).map_err(|reason| {
            tracing::error!(error.code = "policy_refused", digest, "the policy before it is refused too: {reason}");
            refused()
        })
    }

    /// What puts the publication on record: in the transaction that puts the bundle in force, so that none is without.
    async fn record(
        &self,
        changes: Vec<Change>,
        digest: Digest,
        before: Option<&Policy>,
        by: &str,
        now: Time,
    ) -> Result<Vec<Write<'_>>, Fault> {
        let stored = self.get(PUBLISH, system_state(SystemStream::Policy)).await?;
        let stored = stored.map(|item| read_system(SystemStream::Policy, &item)).transpose()?;
        let event = policy_published(digest, before.map(Policy::bundle_digest), by, changes);
        let commit = workflow::system::next(stored.as_ref(), &Cause::system("policy"), &[event], now)?;
        system_writes(&self.table, &commit)
    }

    /// Checks `bundle` and puts it in force; what was in force before stays in the archive.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn publish(&self, bundle: &Bundle, by: &str, now: Time) -> Result<Digest, PublishError> {
        let policy = Policy::load(bundle).map_err(PublishError::Invalid)?;
        let files = packed::pack(bundle).map_err(|reason| {
            tracing::error!(error.code = "unpackable_bundle", "the bundle can't be compressed: {reason}");
            Fault::new(PUBLISH, "unpackable_bundle")
        })?;
        if files.len() > LONGEST_BUNDLE {
            return Err(PublishError::TooLong { bytes: files.len() });
        }
        let digest = bundle.digest();
        let in_force = self.get(PUBLISH, active()).await?;
        let before = in_force.as_ref().and_then(|item| text_of(item, "digest"));
        if before == Some(digest.to_string().as_str()) {
            return Ok(digest);
        }
        // What is not a bundle any more is as good as none: then everything is told as new.
        let was = in_force.as_ref().and_then(|item| opened(item).ok());
        let record = self.record(policy.changes(was.as_ref()), digest, was.as_ref(), by, now).await?;
        let archive = stored(bundle, files.clone(), archived(&digest.to_string()), by, now);
        let mut next = stored(bundle, files, active(), by, now);
        let mut write = match before {
            None => Write { condition: Some(ABSENT), ..Write::over(&self.table, Item::new()) },
            Some(before) => {
                next.insert("previous".to_owned(), text(before));
                Write {
                    condition: Some("#digest = :before"),
                    names: &[("#digest", "digest")],
                    values: vec![(":before", text(before))],
                    ..Write::over(&self.table, Item::new())
                }
            }
        };
        write.item = next;
        let writes = [write, Write::over(&self.table, archive)].into_iter().chain(record);
        let puts: Result<Vec<TransactWriteItem>, Fault> =
            writes.map(|write| Ok(TransactWriteItem::builder().put(write.build(PUBLISH)?).build())).collect();
        match self.client.transact_write_items().set_transact_items(Some(puts?)).send().await {
            Ok(_) => {
                tracing::info!(person.id = by, digest = %digest, "{by} published the policy {digest}");
                Ok(digest)
            }
            Err(error)
                if error.as_service_error().is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                Err(PublishError::Conflict)
            }
            Err(error) => Err(fault(PUBLISH, &error).into()),
        }
    }
}

impl Policies for PolicyStore {
    async fn policy(&self) -> Result<Arc<Policy>, Fault> {
        let now = SystemClock.now();
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        // The time of day, not a stopwatch: a stopwatch may stand still while Lambda freezes us.
        let younger_than =
            |held: &Held, seconds| held.checked_at <= now && held.checked_at.seconds_until(now) < seconds;
        if let Some(held) = held.as_ref().filter(|held| younger_than(held, FRESH)) {
            return Ok(Arc::clone(&held.policy));
        }
        match self.current(held.clone(), now).await {
            Ok(current) => {
                let policy = Arc::clone(&current.policy);
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(current);
                Ok(policy)
            }
            // How old it is can't be told then.
            Err(fault) if fault.code == CLOCK_DIFFERS => Err(fault),
            Err(fault) => match held.filter(|held| younger_than(held, STALE)) {
                Some(held) => Ok(held.policy),
                None => Err(fault),
            },
        }
    }
}

/// A bundle that was checked, as an item.
fn stored(bundle: &Bundle, files: Vec<u8>, key: (String, String), by: &str, now: Time) -> Item {
    item(
        key,
        [
            ("files", AttributeValue::B(Blob::new(files))),
            ("digest", text(bundle.digest().to_string())),
            ("seal", text(bundle.seal().to_string())),
            ("by", text(by)),
            ("at", text(now.to_string())),
        ],
    )
}

/// The policy in an item, or why there is none.
fn opened(item: &Item) -> Result<Policy, String> {
    let files = item.get("files").and_then(|files| files.as_b().ok()).ok_or("it has no files")?;
    let bundle = packed::unpack(files.as_ref())?;
    let policy = Policy::load_sealed(&bundle, text_of(item, "seal")).map_err(|problems| problems.to_string())?;
    if text_of(item, "digest") != Some(policy.bundle_digest().to_string().as_str()) {
        return Err("it does not match its digest".to_owned());
    }
    Ok(policy)
}

#[cfg(test)]
mod tests;
