//! What is shown of activity: numbers, calls page by page, and how complete that is.

use super::file::hour;
use super::ingest::grant;
use super::keep::decoded;
use crate::ports::{
    Activity, Clock, Fault, FileRead, KnowDigests, KnowFiles, LoadActivity, LoadRequest, LoadUses, Policies,
    TrailSettings,
};
use crate::reading::one;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use model::activity::Completeness;
use model::identity::Actor;
use model::names::{EntitlementName, RequestId};
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use trail::coverage::{self, Asked, Coverage, Data, Hour, Management, Source, SourceFacts, TAIL};
use trail::entry::Entry;
use trail::grant::Grant;
use trail::ledger::{Cursor, Filter, Page, page};
use trail::shrink::Use;

/// Longest session that is handed out, in seconds: one can live on after the grant, denied everything.
const LONGEST_SESSION: u64 = 3_600;

/// Parts that are read at once for a page.
const PARTS: u32 = 20;

/// Hours of files that are looked at of one grant at most.
const MOST_HOURS: usize = 48;

/// Hours whose files are asked for at once.
const AT_ONCE: usize = 16;

crate::together! {
    /// What showing activity needs.
    pub Ports: LoadRequest, Policies, Clock, LoadActivity, KnowFiles, KnowDigests, TrailSettings,
}

/// Activity of a grant, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What is kept, numbers first.
    pub activity: Activity,
    /// How complete it is.
    pub coverage: Coverage,
    /// The calls of this page.
    pub page: Page,
}

/// Activity of `id`, if `actor` may see the request: its numbers and a page of its calls. `None`: no such request, or not
/// for them. A request that never was access has nothing, and is shown so.
///
/// # Errors
/// If something outside did not do its part.
pub async fn shown<P: Ports>(
    ports: &P,
    actor: &Actor,
    id: &RequestId,
    filter: &Filter,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Option<Option<Shown>>, Fault> {
    let Some(stored) = one(ports, actor, id).await? else { return Ok(None) };
    let Some(grant) = grant(&stored) else { return Ok(Some(None)) };
    let activity = ports.activity(id).await?.map(|kept| kept.activity).unwrap_or_default();
    let coverage = coverage(ports, &grant, &activity, ports.now()).await?;
    let page = calls(ports, id, filter, cursor, limit).await?;
    Ok(Some(Some(Shown { activity, coverage, page })))
}

/// Ids of the calls that show findings of `rule`; `None` as with [`shown`].
///
/// # Errors
/// If something outside did not do its part.
pub async fn evidence<P: Ports>(
    ports: &P,
    actor: &Actor,
    id: &RequestId,
    rule: &str,
) -> Result<Option<BTreeSet<String>>, Fault> {
    if one(ports, actor, id).await?.is_none() {
        return Ok(None);
    }
    let activity = ports.activity(id).await?.map(|kept| kept.activity).unwrap_or_default();
    let of_rule = activity.summary.findings.into_iter().filter(|finding| finding.rule == rule);
    Ok(Some(of_rule.flat_map(|finding| finding.evidence).collect()))
}

async fn calls<P: LoadActivity>(
    ports: &P,
    id: &RequestId,
    filter: &Filter,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Page, Fault> {
    let mut held: BTreeMap<trail::ledger::PartKey, Vec<Entry>> = BTreeMap::new();
    let mut from = cursor.map(|cursor| format!("{}#", slot(cursor.at())));
    loop {
        let read = ports.parts_from(id, from.as_deref(), PARTS).await?;
        let more = read.len() >= usize::try_from(PARTS).unwrap_or(usize::MAX);
        // Names go on behind the last one.
        from = read.keys().next_back().map(|name| format!("{name}\u{1}"));
        held.extend(decoded(&read)?);
        if more {
            // The last slot may go on in the next parts.
            let last = held.last_key_value().map(|(key, _)| key.slot);
            let whole: BTreeMap<_, _> =
                held.iter().filter(|(key, _)| Some(key.slot) != last).map(|(key, part)| (*key, part.clone())).collect();
            let found = page(&whole, cursor, limit, filter);
            if found.next.is_some() {
                return Ok(found);
            }
        } else {
            return Ok(page(&held, cursor, limit, filter));
        }
    }
}

fn slot(at: Time) -> Time {
    let second = at.as_second();
    Time::from_second(second.saturating_sub(second.rem_euclid(trail::ledger::SLOT))).unwrap_or(Time::EPOCH)
}

/// How complete what is kept of `grant` is.
///
/// # Errors
/// If the store did not answer.
pub async fn coverage<P>(ports: &P, grant: &Grant, activity: &Activity, now: Time) -> Result<Coverage, Fault>
where
    P: KnowFiles + KnowDigests + TrailSettings,
{
    let last_session_ends_at = grant.ends_at.plus(LONGEST_SESSION);
    let until = last_session_ends_at.plus(TAIL);
    let account = grant.account.as_str();
    let (hours, digests) = if ports.bucket().is_some() {
        let hours = hours(grant.starts_at, until.min(now.plus(1)));
        let mut asked = Vec::new();
        for region in ports.regions() {
            asked.extend(hours.iter().map(|at| of_region(ports, account, region.clone(), *at)));
        }
        let files = stream::iter(asked).buffered(AT_ONCE).try_collect::<Vec<_>>();
        futures_util::try_join!(files, ports.digests(account, grant.starts_at, until.plus(2 * 3_600)))?
    } else {
        (Vec::new(), Vec::new())
    };
    let data_seen = activity.summary.data_calls > 0
        || hours.iter().any(|(_, _, files)| files.iter().any(|file| file.data_calls > 0));
    let read: Vec<Hour> = hours.iter().filter_map(|(region, at, files)| of_hour(region, *at, files)).collect();
    let proofs: Vec<_> = digests.into_iter().map(|digest| digest.proof).collect();
    let calls = |origin: &str| activity.summary.origins.get(origin).copied().unwrap_or(0);
    let home = grant.account == *ports.home();
    let facts = |source, set_up, origin, asked_at| SourceFacts { source, set_up, calls: calls(origin), asked_at };
    let sources = [
        facts(Source::Trail, ports.bucket().is_some(), "trail", None),
        facts(Source::Bus, home, "bus", None),
        facts(Source::Lookup, home, "lookup", activity.looked_up),
        facts(Source::Logs, calls("logs") > 0, "logs", None),
    ];
    let seen_in: BTreeSet<String> = activity.summary.regions.keys().cloned().collect();
    let asked = Asked {
        starts_at: grant.starts_at,
        ends_at: grant.ends_at,
        provisional_after: ports.delay_seconds(),
        last_session_ends_at,
        regions: ports.regions(),
        seen_in: &seen_in,
        sources: &sources,
        management: Management::Unknown,
        data_selected: Some(ports.data_events()).filter(|types| !types.is_empty()),
        data_seen,
    };
    Ok(coverage::coverage(&asked, &read, &proofs, now))
}

/// The files of one hour and Region.
async fn of_region<P: KnowFiles>(
    ports: &P,
    account: &str,
    region: String,
    at: Time,
) -> Result<(String, Time, Vec<FileRead>), Fault> {
    let files = ports.files(account, &region, at).await?;
    Ok((region, at, files))
}

/// The hours that begin before `until`, from that of `from` on.
fn hours(from: Time, until: Time) -> Vec<Time> {
    std::iter::successors(Some(hour(from)), |at| Some(at.plus(3_600)))
        .take_while(|at| *at < until)
        .take(MOST_HOURS)
        .collect()
}

fn of_hour(region: &str, from: Time, files: &[FileRead]) -> Option<Hour> {
    let read_at = files.iter().map(|file| file.read_at).max()?;
    let sum = |of: fn(&FileRead) -> u64| files.iter().map(of).fold(0, u64::saturating_add);
    let whole = files.iter().filter(|file| file.whole).count();
    let quarantined = files.iter().filter(|file| !file.whole || !file.broken.is_empty()).count();
    Some(Hour {
        region: region.to_owned(),
        from,
        files: u64::try_from(whole).unwrap_or(u64::MAX),
        records: sum(|file| file.records),
        bytes: sum(|file| file.bytes),
        quarantined: u64::try_from(quarantined).unwrap_or(u64::MAX),
        read_at,
    })
}

/// As the record says it.
pub(crate) fn completeness(known: &Coverage) -> Completeness {
    match known.state {
        coverage::State::Collecting => Completeness::Collecting,
        coverage::State::Provisional => Completeness::Provisional,
        coverage::State::Final => Completeness::Final,
    }
}

/// Whether calls on data are among what is recorded.
pub(crate) fn has_data(known: &Coverage) -> bool {
    match known.kinds.data {
        Data::Recorded { .. } | Data::Seen {} => true,
        Data::NotRecorded {} | Data::Unknown {} => false,
    }
}

/// What the last `limit` grants of `name` were used for, if `actor` may audit.
///
/// # Errors
/// If the store did not answer.
pub async fn uses<P: Policies + LoadUses>(
    ports: &P,
    actor: &Actor,
    name: &EntitlementName,
    limit: u32,
) -> Result<Option<Vec<Use>>, Fault> {
    let policy = ports.policy().await?;
    if !policy.may_audit(actor).granted {
        return Ok(None);
    }
    ports.uses(name, limit).await.map(Some)
}
