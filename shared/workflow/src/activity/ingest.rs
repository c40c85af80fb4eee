//! Records in, entries of grants out: which requests they mention, whose calls they are, and into what is kept.

use super::{Ports, keep};
use crate::ports::{Fault, KeepCopies, LoadRequests, Stored, TrailSettings};
use futures_util::TryStreamExt as _;
use model::digest::Digest;
use model::documents::grant_role_arn;
use model::lifecycle::Phase;
use model::names::RequestId;
use model::request::Mechanism;
use std::collections::{BTreeMap, BTreeSet};
use trail::attribution::{Attribution, Grants, attribute_all};
use trail::call::Call;
use trail::entry::{Entry, Origin};
use trail::grant::Grant;

/// A call, where it was read, and the requests that it may be of.
#[derive(Debug, Clone)]
pub struct Record {
    /// The call.
    pub call: Call,
    /// Where it was read.
    pub origin: Origin,
    /// The requests that it can be found to be of, those aside whose keys it may have been made with.
    pub mentions: BTreeSet<RequestId>,
    /// The record itself, if a copy of it is wanted.
    pub original: Option<Vec<u8>>,
}

impl Record {
    /// The record `bytes`, read at `origin`.
    ///
    /// # Errors
    /// If it is not a record; its code says why.
    pub fn read(bytes: &[u8], origin: Origin) -> Result<Self, &'static str> {
        let call = Call::parse(bytes).map_err(|broken| broken.code())?;
        Ok(Self { mentions: call.requests(), call, origin, original: None })
    }
}

/// What came of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Calls that are a grant's.
    pub calls: u64,
    /// Of those, calls on data.
    pub data_calls: u64,
}

impl Taken {
    /// With what came of another batch.
    pub(crate) fn add(&mut self, more: Self) {
        self.calls = self.calls.saturating_add(more.calls);
        self.data_calls = self.data_calls.saturating_add(more.data_calls);
    }
}

/// Grants whose calls are kept at once.
const AT_ONCE: usize = 8;

/// One event of the default bus.
///
/// # Errors
/// If something outside did not do its part; nothing is half done.
pub async fn one<P: Ports>(ports: &P, record: &[u8]) -> Result<(), Fault> {
    match Record::read(record, Origin::Bus {}) {
        Ok(record) => batch(ports, vec![record]).await.map(|_| ()),
        Err(code) => {
            // The same record comes in a file of the trail, if there is one: there it is put aside for good.
            tracing::error!(error.code = code, alarm = "broken_record", "an event of CloudTrail can't be read: {code}");
            Ok(())
        }
    }
}

/// Records, in any order.
///
/// # Errors
/// If something outside did not do its part. What was kept before is kept; taking the batch in again does the rest.
pub async fn batch<P: Ports>(ports: &P, records: Vec<Record>) -> Result<Taken, Fault> {
    if records.is_empty() {
        return Ok(Taken::default());
    }
    let named: BTreeSet<RequestId> = records.iter().flat_map(|record| record.mentions.iter().cloned()).collect();
    let used: BTreeSet<&str> = records.iter().map(|record| record.call.caller.access_key_id.as_str()).collect();
    let (keys, by_name) = futures_util::try_join!(ports.live_keys(), load(ports, &named))?;
    let by_key = keys.iter().filter(|(key, id)| used.contains(key.as_str()) && !named.contains(*id));
    let by_key = load(ports, &by_key.map(|(_, id)| id.clone()).collect()).await?;
    let (mut grants, stored) = known(ports, by_name.into_iter().chain(by_key), &keys);
    if stored.is_empty() {
        return Ok(Taken::default());
    }
    let calls: Vec<Call> = records.iter().map(|record| record.call.clone()).collect();
    let attributed = attribute_all(&calls, &mut grants);
    let mut by_grant: BTreeMap<RequestId, Vec<Entry>> = BTreeMap::new();
    let mut copies: BTreeMap<RequestId, Vec<Vec<u8>>> = BTreeMap::new();
    let mut taken = Taken::default();
    for (record, attribution) in records.into_iter().zip(attributed) {
        if let Attribution::Nobody { why } = &attribution {
            tracing::debug!(why = why.code(), event.id = %record.call.id, "a call is nobody's");
        }
        if let Some((id, entry)) = attribution.entry(record.call, record.origin) {
            taken.calls = taken.calls.saturating_add(1);
            let data = entry.call.category == trail::call::Category::Data;
            taken.data_calls = taken.data_calls.saturating_add(u64::from(data));
            if let Some(original) = record.original {
                copies.entry(id.clone()).or_default().push(original);
            }
            by_grant.entry(id).or_default().push(entry);
        }
    }
    let kept = by_grant.into_iter().filter_map(|(id, entries)| {
        let (stored, grant) = stored.get(&id).zip(grants.get(&id))?;
        Some(Ok::<_, Fault>(keep::entries(ports, stored, grant, entries)))
    });
    futures_util::stream::iter(kept).try_buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    for (id, originals) in copies {
        copy(ports, &id, &originals).await?;
    }
    Ok(taken)
}

/// Keeps a copy of records of one grant, one in a line. Its name is made of what is in it: the same again is the same.
async fn copy<P: KeepCopies>(ports: &P, id: &RequestId, originals: &[Vec<u8>]) -> Result<(), Fault> {
    let mut text = Vec::new();
    for original in originals {
        // Line breaks within are blanks of JSON's: in its texts they are escaped.
        text.extend(original.iter().map(|byte| if *byte == b'\n' || *byte == b'\r' { b' ' } else { *byte }));
        text.push(b'\n');
    }
    ports.keep_copy(&format!("activity/{id}/{}.jsonl.gz", Digest::of(&text)), &text).await
}

async fn load<P: LoadRequests>(ports: &P, ids: &BTreeSet<RequestId>) -> Result<Vec<Stored>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RequestId> = ids.iter().cloned().collect();
    ports.load_many(&ids).await
}

/// Those requests that are or were grants, as far as activity is judged by them.
fn known<P: TrailSettings>(
    ports: &P,
    requests: impl Iterator<Item = Stored>,
    keys: &BTreeMap<String, RequestId>,
) -> (Grants, BTreeMap<RequestId, Stored>) {
    let mut of_grant: BTreeMap<&RequestId, Vec<&str>> = BTreeMap::new();
    for (key, id) in keys {
        of_grant.entry(id).or_default().push(key);
    }
    let mut grants = Grants::new(ports.own_roles().iter().cloned());
    let mut stored = BTreeMap::new();
    for one in requests {
        let Some(grant) = grant(&one) else { continue };
        let id = grant.id.clone();
        grants.add(grant, of_grant.get(&id).into_iter().flatten().copied());
        stored.insert(id, one);
    }
    (grants, stored)
}

/// A request as activity is judged by it; `None`: it never was access.
pub(crate) fn grant(stored: &Stored) -> Option<Grant> {
    let (state, request) = (&stored.state, &stored.state.request);
    let window = state.plan()?.window;
    let ends_at = match &state.phase {
        // From here on AWS had been read back, and nothing of it let anybody in.
        // CloudTrail knows whole seconds: a call in the same one may have come before.
        Phase::Ended { at, .. } => window.expires_at().min(at.plus(1)),
        Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. }
        | Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Denied { .. }
        | Phase::Cancelled { .. }
        | Phase::Lapsed { .. } => window.expires_at(),
    };
    let roles = match &request.mechanism {
        Mechanism::Session { base_role } => vec![base_role.to_string()],
        Mechanism::Role { .. } => vec![grant_role_arn(request)],
        Mechanism::Policy { target_role } => vec![target_role.to_string()],
    };
    let terms = state.terms();
    Some(Grant {
        id: request.id.clone(),
        person: request.requester.clone(),
        entitlement: request.entitlement.clone(),
        account: request.account.clone(),
        starts_at: window.starts_at(),
        ends_at,
        roles,
        shared: matches!(request.mechanism, Mechanism::Policy { .. }),
        permissions: terms.permissions().to_vec(),
        resources: terms.resources().to_vec(),
        source_ips: request.source_ips.clone(),
        identity_center: None,
    })
}
