//! A new account is only observed: what no request owns there is put on the record, and taken out once
//! the account has been known for a while.

use crate::command::links;
use crate::ports::{AccountCommit, Clock, CommitAccount, CommitError, Fault, LoadAccount, Observation, StoredAccount};
use model::account::{Account, Event, Finding, Orphan, first_seen};
use model::identity::Cause;
use model::names::AccountId;
use model::time::Time;
use record::chain::Head;

/// How often a change is decided anew because another find was recorded first.
const ATTEMPTS: u32 = 20;

/// Makes sure that `account` is known, and since when.
///
/// # Errors
/// If the store did not answer.
pub async fn know<P>(ports: &P, part: &str, account: &AccountId) -> Result<StoredAccount, Fault>
where
    P: LoadAccount + CommitAccount + Observation + Clock,
{
    for _ in 0..ATTEMPTS {
        if let Some(stored) = ports.load_account(account).await? {
            return Ok(stored);
        }
        let event = first_seen(account, ports.observe_seconds(), ports.now());
        match store(ports, part, None, account, &event, ports.now()).await {
            Ok(stored) => {
                tracing::warn!(aws.account = %account, until = %stored.account.observed_until(ports.observe_seconds()),
                    "{account} is new: what no request owns there is only observed until then");
                return Ok(stored);
            }
            Err(error) => again(ports, error).await?,
        }
    }
    Err(contention())
}

/// Whether `orphan`, found in `account`, is to be taken out. That, or that it would be, is recorded.
///
/// # Errors
/// If the store did not answer: then nothing is taken out.
pub async fn takes_out<P>(ports: &P, part: &str, account: &AccountId, orphan: &Orphan) -> Result<bool, Fault>
where
    P: LoadAccount + CommitAccount + Observation + Clock,
{
    let (kind, name) = (orphan.kind.as_str(), &orphan.name);
    for _ in 0..ATTEMPTS {
        let stored = know(ports, part, account).await?;
        let now = ports.now().max(stored.at);
        let (event, takes_out) = match stored.account.find(orphan, ports.observe_seconds(), now) {
            Finding::Leave(event) => (event, false),
            Finding::TakeOut(event) => (event, true),
        };
        let Some(event) = event else { return Ok(takes_out) };
        match store(ports, part, Some(&stored), account, &event, now).await {
            Ok(_) if takes_out => return Ok(true),
            Ok(stored) => {
                tracing::error!(aws.account = %account, alarm = "orphan_observed", kind, name,
                    "the {kind} {name} in {account} belongs to no open grant; it would be taken out, and is from {} on",
                    stored.account.observed_until(ports.observe_seconds()));
                return Ok(false);
            }
            Err(error) => again(ports, error).await?,
        }
    }
    Err(contention())
}

async fn store<P: CommitAccount>(
    ports: &P,
    part: &str,
    before: Option<&StoredAccount>,
    id: &AccountId,
    event: &Event,
    now: Time,
) -> Result<StoredAccount, CommitError> {
    let head = before.map_or(Head::START, |before| before.head);
    let (links, after) = links(head, &format!("acc_{id}"), &Cause::system(part), std::slice::from_ref(event), now)?;
    let account = Account::evolve(before.map(|before| before.account.clone()), event, now)
        .ok_or_else(|| Fault::new("note what was found in an account", "impossible_event"))?;
    let next = StoredAccount { account, head: after, at: now };
    ports.commit_account(AccountCommit { id: id.clone(), expected: head.seq, links, next: next.clone() }).await?;
    Ok(next)
}

/// After a lost race: once more.
async fn again<P: Clock>(ports: &P, error: CommitError) -> Result<(), Fault> {
    match error {
        CommitError::Conflict => {
            ports.pause(20).await;
            Ok(())
        }
        CommitError::Unavailable(fault) => Err(fault),
        CommitError::Replayed
        | CommitError::KeyUsed
        | CommitError::Barred(_)
        | CommitError::SlotTaken
        | CommitError::NotAnchored => Err(contention()),
    }
}

fn contention() -> Fault {
    Fault::new("note what was found in an account", "contention")
}
