//! What persons may read: their own, what they may countersign, or, as auditors, everything.

use crate::ports::{
    Clock, Fault, ListRequests, Listing, LoadEntries, LoadRequest, LoadRequests, Page, Policies, Stored, StoredEntry,
};
use crate::views::may_see;
use model::identity::Actor;
use model::names::{PersonId, RequestId};
use model::policy::Policy;
use model::request::Status;
use model::time::Time;

/// Which requests a person wants listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Only of this status.
    pub status: Option<Status>,
    /// Only of this person.
    pub requester: Option<PersonId>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// The request `id`, if `actor` may see it; `None` also if it does not exist.
///
/// # Errors
/// If the store did not answer.
pub async fn one<P: Policies + LoadRequest + Clock>(
    ports: &P,
    actor: &Actor,
    id: &RequestId,
) -> Result<Option<Stored>, Fault> {
    let (policy, stored) = futures_util::join!(ports.policy(), ports.load(id));
    let (policy, stored) = (policy?, stored?);
    let now = ports.now();
    Ok(stored.filter(|stored| may_see(&policy, actor, stored, now)))
}

/// A page of the requests that `actor` asked for and may see. A page may hold fewer than `limit`
/// and still not be the last: only a missing cursor says that.
///
/// # Errors
/// If the store did not answer.
pub async fn many<P: Policies + LoadRequests + ListRequests + Clock>(
    ports: &P,
    actor: &Actor,
    query: &Query,
) -> Result<Page<Stored>, Fault> {
    let policy = ports.policy().await?;
    let now = ports.now();
    let of_others = query.requester.as_ref().is_some_and(|requester| *requester != actor.person);
    if of_others && !sees_others(&policy, actor, now) {
        // Not even where a page would end: a cursor tells ids and times.
        return Ok(Page { items: Vec::new(), cursor: None });
    }
    let listing = listing(&policy, actor, query, now);
    let page = ports.list(&listing, query.cursor.as_deref(), query.limit).await?;
    let read = ports.load_many(&page.items).await?;
    let mut items = Vec::with_capacity(read.len());
    for stored in read {
        let wanted = query.status.is_none_or(|status| stored.state.status() == status)
            && query.requester.as_ref().is_none_or(|requester| stored.state.request.requester == *requester);
        if wanted && may_see(&policy, actor, &stored, now) {
            items.push(stored);
        }
    }
    Ok(Page { items, cursor: page.cursor })
}

fn listing(policy: &Policy, actor: &Actor, query: &Query, now: Time) -> Listing {
    match (&query.requester, query.status) {
        (Some(requester), _) => Listing::Requester(requester.clone()),
        (None, Some(status)) if sees_others(policy, actor, now) => Listing::Status(status),
        (None, _) => Listing::Requester(actor.person.clone()),
    }
}

/// Whether others' requests can be among those the person may see at all.
fn sees_others(policy: &Policy, actor: &Actor, now: Time) -> bool {
    let approver = policy.catalog().person(&actor.person).is_some_and(|person| {
        policy.catalog().entitlements().any(|entitlement| policy.catalog().is_in(person, &entitlement.approvers, now))
    });
    approver || policy.may_audit(actor).granted
}

/// A page of a request's chain, if `actor` may see it: the entries after place `after`.
///
/// # Errors
/// If the store did not answer.
pub async fn entries<P>(
    ports: &P,
    actor: &Actor,
    id: &RequestId,
    after: u64,
    limit: u32,
) -> Result<Option<(Stored, Vec<StoredEntry>)>, Fault>
where
    P: Policies + LoadRequest + LoadEntries + Clock,
{
    let Some(stored) = one(ports, actor, id).await? else { return Ok(None) };
    let mut entries = ports.entries(id, after, limit).await?;
    // What was appended meanwhile is behind the head that is told, and on the next page.
    entries.truncate(usize::try_from(stored.head.seq.saturating_sub(after)).unwrap_or(usize::MAX));
    Ok(Some((stored, entries)))
}
