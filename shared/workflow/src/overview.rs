//! What one person has to do with at the moment, and what they asked for before.

use crate::ports::{Clock, Fault, ListRequests, Listing, LoadRequests, Policies, Stored};
use futures_util::StreamExt as _;
use model::identity::Actor;
use model::lifecycle::Phase;
use model::names::{EntitlementName, RequestId};
use model::request::{Request, Status};
use model::unusual::{Earlier, LOOKED_AT};

/// Queries at the same time.
const AT_ONCE: usize = 16;

/// A person's requests that are looked through for open ones, the newest.
const OWN: u32 = 40;

/// Entitlements whose queues are looked into.
const QUEUES: usize = 100;

/// Requests read from one queue, the oldest.
const FROM_A_QUEUE: u32 = 10;

/// Requests that wait for one person, read at most.
const WAITING: usize = 40;

/// What concerns one person now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// Their own requests that wait or live, the newest first.
    pub mine: Vec<Stored>,
    /// Whether there may be more of those than were read.
    pub more_mine: bool,
    /// Others' requests that they may countersign and have not yet, the oldest first.
    pub waiting: Vec<Stored>,
    /// Whether more may wait for them than were read.
    pub more_waiting: bool,
}

/// What concerns `actor` now. An index may lag by a moment: everything is read itself, and decided elsewhere.
///
/// # Errors
/// If the store did not answer.
pub async fn of<P>(ports: &P, actor: &Actor) -> Result<Overview, Fault>
where
    P: Policies + LoadRequests + ListRequests + Clock,
{
    let (mine, waiting) = futures_util::join!(mine(ports, actor), waiting(ports, actor));
    let ((mine, more_mine), (waiting, more_waiting)) = (mine?, waiting?);
    Ok(Overview { mine, more_mine, waiting, more_waiting })
}

async fn mine<P: LoadRequests + ListRequests>(ports: &P, actor: &Actor) -> Result<(Vec<Stored>, bool), Fault> {
    let page = ports.list(&Listing::Requester(actor.person.clone()), None, OWN).await?;
    let more = page.cursor.is_some();
    let mut mine = ports.load_many(&page.items).await?;
    mine.retain(|stored| stored.state.request.requester == actor.person && is_open(stored.state.status()));
    Ok((mine, more))
}

fn is_open(status: Status) -> bool {
    match status {
        Status::Pending | Status::Approved | Status::Provisioning | Status::Active | Status::Revoking => true,
        Status::Denied | Status::Cancelled | Status::Lapsed | Status::Ended => false,
    }
}

async fn waiting<P>(ports: &P, actor: &Actor) -> Result<(Vec<Stored>, bool), Fault>
where
    P: Policies + LoadRequests + ListRequests + Clock,
{
    let policy = ports.policy().await?;
    let catalog = policy.catalog();
    let Some(person) = catalog.person(&actor.person) else { return Ok((Vec::new(), false)) };
    let theirs = |approvers: &[model::names::GroupName]| approvers.iter().any(|group| person.groups.contains(group));
    let mut names: Vec<EntitlementName> = catalog
        .entitlements()
        .filter(|entitlement| theirs(&entitlement.approvers))
        .map(|entitlement| entitlement.name.clone())
        .collect();
    let mut more = names.len() > QUEUES;
    names.truncate(QUEUES);
    let queues: Vec<_> = names
        .into_iter()
        .map(|name| async move { ports.list(&Listing::Queue(name), None, FROM_A_QUEUE).await })
        .collect();
    let pages: Vec<_> = futures_util::stream::iter(queues).buffered(AT_ONCE).collect().await;
    let mut ids = Vec::new();
    for page in pages {
        let page = page?;
        more |= page.cursor.is_some();
        ids.extend(page.items);
    }
    // Ids sort by time.
    ids.sort();
    more |= ids.len() > WAITING;
    ids.truncate(WAITING);
    let now = ports.now();
    let mut waiting = ports.load_many(&ids).await?;
    waiting.retain(|stored| {
        let Stored { state, .. } = stored;
        let open = matches!(&state.phase, Phase::Pending { lapses_at, .. } if now < *lapses_at);
        let voted = state.approvals().iter().any(|approval| approval.person == actor.person);
        open && !voted
            && state.request.requester != actor.person
            && policy.may_approve(actor, &state.request, now).granted
    });
    Ok((waiting, more))
}

/// What the person who made `request` asked for before it, and whether that is all there is.
///
/// # Errors
/// If the store did not answer.
pub async fn before<P: LoadRequests + ListRequests>(
    ports: &P,
    request: &Request,
) -> Result<(Vec<Earlier>, bool), Fault> {
    // Ids sort by time, and this request is among the newest.
    let page = ports.list(&Listing::Requester(request.requester.clone()), None, LOOKED_AT.saturating_add(1)).await?;
    let ids: Vec<RequestId> = page.items.into_iter().filter(|id| *id < request.id).collect();
    let all = page.cursor.is_none();
    let read = ports.load_many(&ids).await?;
    let theirs =
        read.iter().map(|stored| &stored.state.request).filter(|earlier| earlier.requester == request.requester);
    Ok((theirs.map(Earlier::from).collect(), all))
}
