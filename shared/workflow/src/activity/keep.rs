//! What is kept of one grant: merged, stored in one transaction, and what follows from it put into the record.

use super::{PART, Ports};
use crate::command::{CommandError, carry_out_on};
use crate::ports::{
    Activity, ActivityCommit, Clock, CommitError, Fault, Habits, Parts, Stored, StoredActivity, TrailSettings,
};
use model::identity::Cause;
use model::lifecycle::Command;
use model::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use trail::entry::{Entry, Rule};
use trail::findings::{self, Context, Finding};
use trail::grant::Grant;
use trail::ledger::{self, Merged, PartKey};
use trail::summary::Summary;

/// How often a change is made anew because somebody else was faster.
const ATTEMPTS: u32 = 20;

/// Most entries of one merge: their parts, as they are stored before and after, have to fit into a transaction of 4 MB
/// and 100 items. Source: DynamoDB developer guide, transactions.
const MOST_AT_ONCE: usize = 1_000;

/// How long a key is looked for after the grant's end, in seconds: CloudTrail tries for 30 days to deliver a file. Source:
/// CloudTrail user guide, getting and viewing log files.
const KEY_KEPT: u64 = 31 * 86_400;

/// Parts that are read at once.
const PARTS: u32 = 20;

/// The doing of faults in here.
const KEEP: &str = "keep activity";

/// Keeps `entries` of `grant`, and puts what is odd about them into the record.
///
/// # Errors
/// If something outside did not do its part.
pub(crate) async fn entries<P: Ports>(
    ports: &P,
    stored: &Stored,
    grant: &Grant,
    mut entries: Vec<Entry>,
) -> Result<(), Fault> {
    entries.sort_by_key(|entry| entry.call.at);
    let mut activity = None;
    for some in entries.chunks(MOST_AT_ONCE) {
        // All slots at once would be too many for one transaction if the calls lie far apart.
        for slots in by_slots(some) {
            activity = Some(merge(ports, grant, slots).await?);
        }
    }
    match activity {
        Some(activity) => note(ports, stored.clone(), &activity.summary.findings).await.map(|_| ()),
        None => Ok(()),
    }
}

/// Most slots of one merge: of each, a part of 200 KB or more is written.
const MOST_SLOTS: usize = 10;

/// Most sessions that are opened in one merge: each may be a key, which is an item.
const MOST_OPENED: usize = 40;

fn by_slots(entries: &[Entry]) -> Vec<Vec<Entry>> {
    let mut groups: Vec<(BTreeSet<Time>, usize, Vec<Entry>)> = Vec::new();
    for entry in entries {
        let (slot, opens) = (ledger::slot_of(&entry.call), usize::from(entry.call.opened.is_some()));
        match groups.last_mut() {
            Some((slots, opened, group))
                if (slots.contains(&slot) || slots.len() < MOST_SLOTS)
                    && opened.saturating_add(opens) <= MOST_OPENED =>
            {
                slots.insert(slot);
                *opened = opened.saturating_add(opens);
                group.push(entry.clone());
            }
            Some(_) | None => groups.push((BTreeSet::from([slot]), opens, vec![entry.clone()])),
        }
    }
    groups.into_iter().map(|(_, _, group)| group).collect()
}

async fn merge<P: Ports>(ports: &P, grant: &Grant, entries: Vec<Entry>) -> Result<Activity, Fault> {
    let slots: BTreeSet<String> = ledger::slots_of(&entries).iter().map(|slot| format!("{slot}#")).collect();
    let mut habits: Option<Option<Habits>> = None;
    for _ in 0..ATTEMPTS {
        let usual = async {
            match &habits {
                Some(known) => Ok(known.clone()),
                None => ports.habits(&grant.person).await,
            }
        };
        let (usual, kept, in_slots) =
            futures_util::try_join!(usual, ports.activity(&grant.id), ports.parts(&grant.id, &slots))?;
        let version = kept.as_ref().map_or(0, |kept| kept.version);
        let before = kept.map_or_else(|| expected(ports, grant), |kept| kept.activity);
        let merged = ledger::merge(before.summary.clone(), &decoded(&in_slots)?, entries.clone());
        if merged.changed.is_empty() && merged.added.is_empty() && version > 0 {
            return Ok(before);
        }
        let keys = keys(grant, &entries);
        // Of not all calls the entries are kept: then numbers that are not exact are better than ones that leave some out.
        let anew = merged.rebuild && merged.summary.not_kept == 0;
        let summary = if anew { rebuilt(ports, grant, &merged).await? } else { merged.summary };
        let mut next = Activity { summary, ..before.clone() };
        let seen = [merged.added.as_slice(), &merged.replaced].concat();
        let found = judge(ports, grant, usual.as_ref(), &before, &next, &seen);
        findings::keep(&mut next.summary.findings, &found);
        let tells_of_keys = keys.keys().any(|key| !before.summary.keys.contains(key));
        if tells_of_keys {
            // What was done with it can be asked of the event history only from now on.
            next.looked_up = None;
        }
        if tells_of_keys || !merged.added.is_empty() || !merged.replaced.is_empty() {
            next.due = Some(sooner(before.due, ports, grant));
        }
        let commit = ActivityCommit {
            id: grant.id.clone(),
            expected: version,
            parts: encoded(&merged.changed)?,
            keys,
            next: next.clone(),
        };
        match ports.commit_activity(commit).await {
            Ok(()) => return Ok(next),
            Err(CommitError::Conflict) => {
                habits = Some(usual);
                ports.pause(20).await;
            }
            Err(CommitError::Unavailable(fault)) => return Err(fault),
            Err(
                CommitError::Replayed
                | CommitError::KeyUsed
                | CommitError::Barred(_)
                | CommitError::SlotTaken
                | CommitError::NotAnchored,
            ) => {
                return Err(Fault::new(KEEP, "impossible_answer"));
            }
        }
    }
    Err(Fault::new(KEEP, "contention"))
}

/// The summary made anew of all entries: a record came that says something else than the one it takes the place of.
async fn rebuilt<P: Ports>(ports: &P, grant: &Grant, merged: &Merged) -> Result<Summary, Fault> {
    let (mut all, mut from): (BTreeMap<PartKey, Vec<Entry>>, Option<String>) = (BTreeMap::new(), None);
    loop {
        let some = ports.parts_from(&grant.id, from.as_deref(), PARTS).await?;
        // Names go on behind the last one.
        from = some.keys().next_back().map(|name| format!("{name}\u{1}"));
        all.extend(decoded(&some)?);
        if some.len() < usize::try_from(PARTS).unwrap_or(usize::MAX) {
            break;
        }
    }
    all.extend(merged.changed.clone());
    let findings = merged.summary.findings.clone();
    Ok(Summary { findings, ..Summary::of(all.values().flatten()) })
}

/// What is kept of a grant of which nothing is known yet: when it is to be summed up.
pub(crate) fn expected<P: TrailSettings>(ports: &P, grant: &Grant) -> Activity {
    Activity { due: Some(grant.ends_at.plus(ports.delay_seconds())), ..Activity::default() }
}

/// How long after late calls they are summed up, in seconds: more may come with them.
const LATE_CALLS: u64 = 900;

/// When a grant is summed up of which calls came in: at its time, or soon if that is over.
fn sooner<P: TrailSettings + Clock>(due: Option<Time>, ports: &P, grant: &Grant) -> Time {
    let soon = ports.now().plus(LATE_CALLS).max(grant.ends_at.plus(ports.delay_seconds()));
    due.map_or(soon, |due| due.min(soon))
}

/// What is newly odd.
pub(crate) fn judge<P: TrailSettings>(
    ports: &P,
    grant: &Grant,
    habits: Option<&Habits>,
    before: &Activity,
    after: &Activity,
    added: &[Entry],
) -> Vec<Finding> {
    let own: BTreeSet<String> = ports.own_roles().iter().cloned().collect();
    let context = Context {
        grant,
        known_services: habits.map(|habits| &habits.services),
        known_addresses: habits.map(|habits| &habits.addresses),
        own: &own,
    };
    findings::look(&context, &before.summary, &after.summary, added)
}

/// Keys by which more of its calls can be found: of sessions that have neither its name nor a role of its own.
fn keys(grant: &Grant, entries: &[Entry]) -> BTreeMap<String, Time> {
    let id = grant.id.as_str();
    let opened = entries
        .iter()
        .filter(|entry| entry.rule != Rule::IdentityCenter)
        .filter_map(|entry| entry.call.opened.as_ref());
    let hidden = opened.filter(|opened| {
        // Its source identity may show the grant, but the event history doesn't find calls by that.
        let shows = opened.session_name == id || grant.roles.contains(&opened.role_arn);
        !opened.access_key_id.is_empty() && !shows
    });
    hidden.map(|opened| (opened.access_key_id.clone(), grant.ends_at.plus(KEY_KEPT))).collect()
}

/// Puts findings into the record that are not there, each with the end of the grant if its entitlement says so. Of what
/// is there by what `stored` says, nothing outside is asked. Gives the request as it is then.
///
/// # Errors
/// If something outside did not do its part.
pub(crate) async fn note<P: Ports>(ports: &P, stored: Stored, found: &[Finding]) -> Result<Stored, Fault> {
    let policy = ports.policy().await?;
    let id = stored.state.request.id.clone();
    let entitlement = policy.catalog().entitlement(stored.state.request.entitlement.as_str());
    let end_on = entitlement.map(|entitlement| entitlement.end_on_findings.as_slice()).unwrap_or_default();
    let mut known = stored;
    for finding in found {
        let end = findings::ends(finding, end_on);
        let command = |_: &Stored, _: Time| Command::NoteFinding { finding: Box::new(finding.clone()), end };
        match carry_out_on(ports, Some(known.clone()), &id, &Cause::system(PART), command, None, &[]).await {
            Ok(done) => {
                if done.changed {
                    tracing::warn!(request.id = %id, finding.rule = %finding.rule, end,
                        finding.severity = finding.severity.as_str(), "something odd was noticed about {id}");
                }
                known = done.stored;
            }
            // It never was access: nothing can have been done under it.
            Err(CommandError::Refused { .. } | CommandError::NotFound(_) | CommandError::Replayed) => break,
            Err(CommandError::Unavailable(fault)) => return Err(fault),
        }
    }
    Ok(known)
}

/// # Errors
/// If a part can't be read: nothing is written then, so that nothing is lost.
pub(crate) fn decoded(parts: &Parts) -> Result<BTreeMap<PartKey, Vec<Entry>>, Fault> {
    let read = |(name, bytes): (&String, &Vec<u8>)| Some((name.parse().ok()?, ledger::decode(bytes).ok()?));
    parts.iter().map(read).collect::<Option<_>>().ok_or_else(|| {
        tracing::error!(alarm = "unreadable_activity", "a part of kept activity can't be read");
        Fault::new(KEEP, "unreadable_part")
    })
}

fn encoded(parts: &BTreeMap<PartKey, Vec<Entry>>) -> Result<Parts, Fault> {
    let write = |(key, entries): (&PartKey, &Vec<Entry>)| Some((key.to_string(), ledger::encode(entries).ok()?));
    parts.iter().map(write).collect::<Option<_>>().ok_or_else(|| Fault::new(KEEP, "unwritable_part"))
}

/// Changes what is kept of a grant by `change`; `None` from it: nothing to do. Gives what is kept then.
///
/// # Errors
/// If something outside did not do its part.
pub(crate) async fn update<P: Ports>(
    ports: &P,
    grant: &Grant,
    change: impl Fn(&Activity) -> Option<Activity>,
) -> Result<Activity, Fault> {
    for _ in 0..ATTEMPTS {
        let kept: Option<StoredActivity> = ports.activity(&grant.id).await?;
        let version = kept.as_ref().map_or(0, |kept| kept.version);
        let before = kept.map_or_else(|| expected(ports, grant), |kept| kept.activity);
        let next = match change(&before) {
            Some(next) => next,
            None if version > 0 => return Ok(before),
            None => before,
        };
        let commit = ActivityCommit {
            id: grant.id.clone(),
            expected: version,
            next: next.clone(),
            parts: Parts::new(),
            keys: BTreeMap::new(),
        };
        match ports.commit_activity(commit).await {
            Ok(()) => return Ok(next),
            Err(CommitError::Conflict) => ports.pause(20).await,
            Err(CommitError::Unavailable(fault)) => return Err(fault),
            Err(
                CommitError::Replayed
                | CommitError::KeyUsed
                | CommitError::Barred(_)
                | CommitError::SlotTaken
                | CommitError::NotAnchored,
            ) => {
                return Err(Fault::new(KEEP, "impossible_answer"));
            }
        }
    }
    Err(Fault::new(KEEP, "contention"))
}
