//! When a grant has ended: what is missing is looked up, what was done is summed up, and again when digests prove it.

use super::ingest::{Record, batch, grant};
use super::keep;
use super::reading::{completeness, coverage};
use super::{PART, Ports};
use crate::command::{CommandError, carry_out_on};
use crate::ports::{Activity, Fault, LookupBy, Stored};
use model::activity::{Completeness, Often};
use model::digest::Digest;
use model::identity::Cause;
use model::lifecycle::Command;
use model::names::RequestId;
use model::time::Time;
use std::collections::BTreeSet;
use trail::coverage::Coverage;
use trail::entry::Origin;
use trail::findings::{self, Finding};
use trail::grant::Grant;
use trail::shrink::{Recorded, Use};
use trail::summary::Summary;

/// Grants that one run takes up at most: looking up takes half a second a page.
const AT_ONCE: u32 = 20;

/// Pages of the event history that are read of one grant at most, 2,000 calls: at two pages a second they take a third of
/// what a function has. What is beyond comes in files.
const PAGES: u32 = 40;

/// How long a run takes up further grants, in seconds. A function has 60.
const RUN: u64 = 20;

/// After what time a grant that could not be summed up is tried again, in seconds: others come first.
const TRIED_AGAIN: u64 = 300;

/// How often a grant that is not final is looked at again, in seconds.
const AGAIN: u64 = 900;

/// How long after the end it is given up that digests prove it, in seconds: they come every hour.
const GIVEN_UP: u64 = 26 * 3_600;

/// How long after the end it is looked at again after that, once a day: files may come for 30 days.
const LATE: u64 = 31 * 86_400;
const DAY: u64 = 86_400;

/// Services and addresses that are remembered of one person at most.
const MOST_HABITS: usize = 300;

/// Calls that a summary in the record names.
const TOP: usize = 5;

/// Gaps that a summary in the record names, and that are findings.
const MOST_GAPS: usize = 10;

/// The rule of findings that are gaps.
const GAP: &str = "coverage_gap";

/// A grant became active or has ended: it is summed up some time after its end.
///
/// # Errors
/// If the store did not answer.
pub async fn expect<P: Ports>(ports: &P, id: &RequestId) -> Result<(), Fault> {
    let Some(stored) = ports.load(id).await? else { return Ok(()) };
    let Some(grant) = grant(&stored) else { return Ok(()) };
    let due = grant.ends_at.plus(ports.delay_seconds());
    keep::update(ports, &grant, |activity| {
        // Before it was looked up, the end alone says when; an end that was brought forward counts.
        let earlier = activity.looked_up.is_none() && activity.due != Some(due);
        earlier.then(|| Activity { due: Some(due), ..activity.clone() })
    })
    .await
    .map(|_| ())
}

/// Sums up what is due. Gives how many grants.
///
/// # Errors
/// If the store could not be asked what is due; the next minute comes anyway.
pub async fn due<P: Ports>(ports: &P) -> Result<usize, Fault> {
    let ids = ports.due_activity(ports.now(), AT_ONCE).await?;
    let mut settled = 0usize;
    let begun = ports.now();
    for id in ids {
        if begun.seconds_until(ports.now()) >= RUN {
            break;
        }
        match settle(ports, &id).await {
            Ok(()) => settled = settled.saturating_add(1),
            Err(fault) => {
                tracing::warn!(request.id = %id, error.code = %fault.code, "what was done under {id} could not be summed up: {fault}");
                // One that can't even be postponed must not keep the others waiting.
                if let Err(fault) = postpone(ports, &id).await {
                    tracing::error!(request.id = %id, error.code = %fault.code, alarm = "activity_stuck",
                        "what was done under {id} can't be put off either: {fault}");
                }
            }
        }
    }
    Ok(settled)
}

/// So that those that fail don't keep others waiting.
async fn postpone<P: Ports>(ports: &P, id: &RequestId) -> Result<(), Fault> {
    let Some(grant) = ports.load(id).await?.as_ref().and_then(grant) else { return Ok(()) };
    let due = Some(ports.now().plus(TRIED_AGAIN));
    keep::update(ports, &grant, |activity| Some(Activity { due, ..activity.clone() })).await.map(|_| ())
}

/// Looks up what is missing of one grant, and sums it up.
///
/// # Errors
/// If something outside did not do its part; it stays due.
pub async fn settle<P: Ports>(ports: &P, id: &RequestId) -> Result<(), Fault> {
    let Some(stored) = ports.load(id).await? else { return Ok(()) };
    let Some(grant) = grant(&stored) else { return Ok(()) };
    let now = ports.now();
    let over = grant.ends_at.plus(ports.delay_seconds());
    if now < over {
        return expect(ports, id).await;
    }
    let mut kept = keep::update(ports, &grant, |_| None).await?;
    if kept.looked_up.is_none_or(|at| at < over) {
        let asked_with = look_up(ports, &grant, now).await?;
        kept = keep::update(ports, &grant, |activity| {
            // A key that came in meanwhile was not asked for: then the next run does.
            let all = activity.summary.keys == asked_with;
            all.then(|| Activity { looked_up: Some(now), ..activity.clone() })
        })
        .await?;
    }
    let known = coverage(ports, &grant, &kept, now).await?;
    let gaps = gap_findings(&known, &kept.summary);
    if !gaps.is_empty() {
        kept = keep::update(ports, &grant, |activity| {
            let mut next = activity.clone();
            findings::keep(&mut next.summary.findings, &gaps);
            (next != *activity).then_some(next)
        })
        .await?;
    }
    let used = Use::of(grant.id.clone(), &kept.summary, recorded(ports, &known));
    let keep_use = ports.keep_use(&grant.entitlement, &grant.id, grant.ends_at, &used);
    futures_util::try_join!(learn(ports, &grant, &kept.summary), keep_use)?;
    let stored = keep::note(ports, stored, &kept.summary.findings).await?;
    note(ports, stored, &kept.summary, &known).await?;
    // Last: who dies before that leaves it due. What came in meanwhile has its own time to be summed up.
    let next_due = next_due(&grant, &known, now);
    keep::update(ports, &grant, |activity| {
        let nothing_came = activity.due == kept.due && activity.summary == kept.summary;
        (nothing_came && activity.due != next_due).then(|| Activity { due: next_due, ..activity.clone() })
    })
    .await
    .map(|_| ())
}

/// What of a grant's calls would have been seen.
fn recorded<P: Ports>(ports: &P, known: &Coverage) -> Recorded {
    // `AWS::S3::Object`: of `s3`.
    let service = |kind: &String| kind.split("::").nth(1).map(str::to_ascii_lowercase);
    Recorded {
        complete: completeness(known) == Completeness::Final,
        data: ports.data_events().iter().filter_map(service).collect(),
    }
}

/// When it is looked at again.
fn next_due(grant: &Grant, known: &Coverage, now: Time) -> Option<Time> {
    if completeness(known) == Completeness::Final {
        return None;
    }
    let next = if now < grant.ends_at.plus(GIVEN_UP) { now.plus(AGAIN) } else { now.plus(DAY) };
    (now < grant.ends_at.plus(LATE)).then_some(next)
}

/// Keys that are looked up of one grant at most; more are in the files.
const MOST_KEYS: usize = 20;

/// What the event history has of a grant: of its sessions, and of those that came out of them, also of those that it
/// tells of itself. Gives the keys that were known when nothing was left to be asked.
async fn look_up<P: Ports>(ports: &P, grant: &Grant, now: Time) -> Result<BTreeSet<String>, Fault> {
    // The history is that of the account we are in.
    let is_here = grant.account == *ports.home();
    let mut left = PAGES;
    if is_here {
        ask(ports, grant, &LookupBy::SessionName(grant.id.to_string()), now, &mut left).await?;
    }
    // Whoever assumes a role that was made for the request calls the session what they like.
    let own = grant.roles.iter().find(|role| role.ends_with(grant.id.as_str()));
    if let Some(role) = own.filter(|_| is_here) {
        ask(ports, grant, &LookupBy::Resource(role.clone()), now, &mut left).await?;
    }
    let is_named_freely = own.is_some();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    loop {
        let known = keep::update(ports, grant, |_| None).await?.summary.keys;
        if !is_here {
            return Ok(known);
        }
        // First those of sessions that show nothing of the grant: nothing else finds their calls.
        let hidden = ports.live_keys().await?.into_iter().filter(|(_, of)| *of == grant.id).map(|(key, _)| key);
        let others = known.iter().filter(|_| is_named_freely).cloned();
        let unasked = hidden.chain(others).find(|key| !asked.contains(key));
        let Some(key) = unasked.filter(|_| asked.len() < MOST_KEYS) else { return Ok(known) };
        ask(ports, grant, &LookupBy::AccessKey(key.clone()), now, &mut left).await?;
        asked.insert(key);
    }
}

/// Takes in what the history has, page by page.
async fn ask<P: Ports>(ports: &P, grant: &Grant, by: &LookupBy, now: Time, left: &mut u32) -> Result<(), Fault> {
    let from = Time::from_second(grant.starts_at.as_second().saturating_sub(60)).unwrap_or(Time::EPOCH);
    for region in ports.regions() {
        let mut cursor: Option<String> = None;
        loop {
            if *left == 0 {
                tracing::warn!(request.id = %grant.id, "the event history has more of {} than is read of it", grant.id);
                return Ok(());
            }
            *left = left.saturating_sub(1);
            let page = ports.look_up(region, by, from, now, cursor.as_deref()).await?;
            let records = page.items.iter().filter_map(|text| match Record::read(text.as_bytes(), Origin::Lookup {}) {
                Ok(mut record) => {
                    // What is asked for by a key does not name the request.
                    record.mentions.insert(grant.id.clone());
                    Some(record)
                }
                Err(code) => {
                    tracing::error!(
                        alarm = "broken_record",
                        error.code = code,
                        "a record of the event history can't be read: {code}"
                    );
                    None
                }
            });
            batch(ports, records.collect()).await?;
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(())
}

/// Gaps are findings, once their time is over.
fn gap_findings(known: &Coverage, summary: &Summary) -> Vec<Finding> {
    let there =
        |found: &Finding| summary.findings.iter().any(|old| old.rule == found.rule && old.subject == found.subject);
    let told = known.gaps.iter().filter(|gap| gap.code != "no_trail");
    let room = MOST_GAPS.saturating_sub(summary.findings.iter().filter(|old| old.rule == GAP).count());
    told.map(trail::coverage::Gap::finding).filter(|found| !there(found)).take(room).collect()
}

/// What is usual for the person from now on.
async fn learn<P: Ports>(ports: &P, grant: &Grant, summary: &Summary) -> Result<(), Fault> {
    let before = ports.habits(&grant.person).await?;
    let mut habits = before.clone().unwrap_or_default();
    let services =
        summary.actions.keys().filter_map(|name| name.split_once(':')).map(|(service, _)| service.to_owned());
    let addresses = summary.addresses.keys().cloned();
    let room = |set: &BTreeSet<String>| MOST_HABITS.saturating_sub(set.len());
    let (services, addresses): (Vec<_>, Vec<_>) =
        (services.take(room(&habits.services)).collect(), addresses.take(room(&habits.addresses)).collect());
    habits.services.extend(services);
    habits.addresses.extend(addresses);
    if before.as_ref() == Some(&habits) { Ok(()) } else { ports.keep_habits(&grant.person, &habits).await }
}

/// Puts the summary into the record, if it says something new.
async fn note<P: Ports>(ports: &P, stored: Stored, summary: &Summary, known: &Coverage) -> Result<(), Fault> {
    let activity = Box::new(in_numbers(summary, known));
    let command = |_: &Stored, _: Time| Command::NoteActivity { activity: activity.clone() };
    let id = stored.state.request.id.clone();
    match carry_out_on(ports, Some(stored), &id, &Cause::system(PART), command, None, &[]).await {
        Ok(_) | Err(CommandError::Refused { .. } | CommandError::NotFound(_) | CommandError::Replayed) => Ok(()),
        Err(CommandError::Unavailable(fault)) => Err(fault),
    }
}

/// As it stands in the record.
pub(crate) fn in_numbers(summary: &Summary, known: &Coverage) -> model::activity::Activity {
    let mut most: Vec<(&String, u64)> =
        summary.actions.iter().map(|(name, action)| (name, action.seen.times)).collect();
    most.sort_by(|(one, times), (other, more)| more.cmp(times).then_with(|| one.cmp(other)));
    model::activity::Activity {
        completeness: completeness(known),
        calls: summary.calls,
        reads: summary.reads,
        denied: summary.denied,
        after_end: summary.after_end,
        findings: u64::try_from(summary.findings.len()).unwrap_or(u64::MAX),
        top: most.into_iter().take(TOP).map(|(name, times)| Often { name: name.clone(), times }).collect(),
        data_events: super::reading::has_data(known),
        gaps: known
            .gaps
            .iter()
            .take(MOST_GAPS)
            .map(|gap| format!("{} {} {}", gap.code, gap.region, gap.from))
            .collect(),
        digest: Digest::of(&serde_json::to_vec(summary).unwrap_or_default()),
    }
}
