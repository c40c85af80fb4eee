//! What is on record, counted by whoever knows neither the steps nor what they wrote: from the entries in the table, from
//! what the API shows to an auditor, and by the program that auditors have.

use super::ledger::{Asked, Ledger};
use super::people::{NEEDED, arn, countersigns};
use super::pool::Pool;
use crate::history::healing::folder;
use crate::mail::{Letter, To};
use crate::people::api;
use crate::recording::{Committed, Recording};
use crate::worker::Done;
use futures_util::StreamExt as _;
use model::names::RequestId;
use model::time::Time;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use verify::{Code, Severity, Trusted};

/// Requests that are read at once.
const AT_ONCE: usize = 32;

/// What may be on record of a request that only hostile calls are about.
const OF_BAIT: [&str; 5] = ["requestSubmitted", "commandRefused", "approversReminded", "requestLapsed", "wordsErased"];

/// What is on record.
#[derive(Debug, Default)]
pub struct Count {
    /// Requests.
    pub requests: usize,
    /// Entries of the record.
    pub entries: usize,
    /// Countersignatures.
    pub approvals: usize,
    /// Grants that were begun.
    pub grants: usize,
    /// Those of them that ended while calls still arrived.
    pub ended_meanwhile: usize,
    /// Grants whose end is verified.
    pub verified: usize,
    /// Successes that were answered: requests, countersignatures, other decisions.
    pub answered: usize,
    /// Requests that only hostile calls were about.
    pub baits: usize,
    /// What was answered with success and is not on record.
    pub lost: Vec<String>,
    /// What is on record more than once.
    pub doubled: Vec<String>,
    /// What nobody may have done.
    pub unauthorised: Vec<String>,
    /// What the verifier finds.
    pub findings: Vec<String>,
    /// What had not come to rest.
    pub left: Vec<String>,
}

impl Count {
    /// Whether nothing was lost, doubled, unauthorised, found or left.
    pub fn holds(&self) -> bool {
        [&self.lost, &self.doubled, &self.unauthorised, &self.findings, &self.left].iter().all(|list| list.is_empty())
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "on record: {} requests ({} that only hostile calls were about), {} entries, {} countersignatures, \
             {} grants, {} ended while calls arrived, {} verified as ended",
            self.requests, self.baits, self.entries, self.approvals, self.grants, self.ended_meanwhile, self.verified,
        )?;
        writeln!(
            f,
            "of {} successes that were answered: {} lost, {} doubled, {} unauthorised; {} findings of the verifier; \
             {} not at rest",
            self.answered,
            self.lost.len(),
            self.doubled.len(),
            self.unauthorised.len(),
            self.findings.len(),
            self.left.len(),
        )?;
        let lists = [&self.lost, &self.doubled, &self.unauthorised, &self.findings, &self.left];
        for (name, list) in ["lost", "doubled", "unauthorised", "found", "left"].iter().zip(lists) {
            for one in list.iter().take(5) {
                writeln!(f, "  {name}: {one}")?;
            }
        }
        Ok(())
    }
}

/// One entry, read from its bytes.
struct Entry {
    name: String,
    by: String,
    at: i64,
    data: Value,
}

impl Entry {
    fn read(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let at = text("/at").parse::<Time>().map_or(0, Time::as_second);
        Self { name: text("/event/type"), by: text("/cause/person"), at, data: value["event"]["data"].clone() }
    }
}

/// A request as an auditor is shown it.
async fn shown(pool: &Pool, id: &RequestId) -> Value {
    let event = api("GET /v1/requests/{id}", &arn("dave"), id.as_str(), &json!({}), None);
    let letter = Letter::new(To::Intake, "count", event, pool.world().aws_now());
    match pool.run(&letter, None).await {
        Some(Done::Answered(answer)) => serde_json::from_str(&answer.body).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// Counts. `over` is when the last call was answered.
pub(super) async fn count(pool: &Arc<Pool>, ledger: &Arc<Mutex<Ledger>>, over: Time, left: Vec<String>) -> Count {
    let mut count = Count { left, ..Count::default() };
    let ids = pool.world().ids();
    let views: BTreeMap<RequestId, Value> = futures_util::stream::iter(ids)
        .map(|id| async move { (id.clone(), shown(pool, &id).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let ledger = ledger.lock().unwrap();
    let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut deeds: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    let mut ending = BTreeSet::new();
    for (id, view) in &views {
        count.requests += 1;
        let tag = view["justification"].as_str().unwrap_or_default().to_owned();
        tags.entry(tag.clone()).or_default().push(id.to_string());
        let entries: Vec<Entry> = pool.world().chain(id).iter().map(|bytes| Entry::read(bytes)).collect();
        if view["version"].as_u64() != Some(entries.len() as u64) {
            count.lost.push(format!(
                "{id}: the API shows version {}, the table has {}",
                view["version"],
                entries.len()
            ));
        }
        let asked = ledger.asked.get(&tag);
        of_one(&mut count, id.as_str(), view, &entries, asked, over.as_second());
        if entries.iter().any(|entry| entry.name == "revocationStarted") {
            ending.insert(id.to_string());
        }
        for entry in entries.iter().filter(|entry| !entry.by.is_empty()) {
            *deeds.entry((id.to_string(), entry.by.clone(), entry.name.clone())).or_default() += 1;
        }
    }
    asked(&mut count, &ledger, &tags);
    done(&mut count, &ledger, &deeds, &ending);
    count.unauthorised.extend(ledger.admitted.iter().cloned());
    sessions(pool, &mut count, &deeds);
    verified(pool, &mut count);
    count
}

/// A request by itself.
fn of_one(count: &mut Count, id: &str, view: &Value, entries: &[Entry], asked: Option<&Asked>, over: i64) {
    let named = |name: &str| entries.iter().filter(|entry| entry.name == name).count();
    let requester = view["requester"].as_str().unwrap_or_default();
    match asked {
        Some(asked) if asked.hostile => count.unauthorised.push(format!("{id} was asked for by nobody who may")),
        Some(asked) if asked.person != requester => {
            count.unauthorised.push(format!("{id} is {requester}'s, and {} asked", asked.person));
        }
        Some(asked) => {
            count.baits += usize::from(asked.bait);
            let other = entries.iter().find(|entry| !OF_BAIT.contains(&entry.name.as_str()));
            if let (true, Some(other)) = (asked.bait, other) {
                count.unauthorised.push(format!("{id}: {} by {}", other.name, other.by));
            }
        }
        None => count.unauthorised.push(format!("{id}: nobody sent `{}`", view["justification"])),
    }
    // What may be at most once in a life.
    for name in
        ["requestSubmitted", "requestApproved", "provisioningStarted", "grantActivated", "grantEnded", "verifiedEnded"]
    {
        if named(name) > 1 {
            count.doubled.push(format!("{id}: {} times {name}", named(name)));
        }
    }
    count.entries += entries.len();
    let given = |upto: usize| -> BTreeSet<&str> {
        let given = entries.iter().take(upto).filter(|entry| entry.name == "approvalGiven");
        given.filter_map(|entry| entry.data["person"].as_str()).collect()
    };
    let persons = given(entries.len());
    count.approvals += named("approvalGiven");
    if persons.len() != named("approvalGiven") {
        count.doubled.push(format!("{id}: somebody's countersignature counts twice"));
    }
    if let Some(person) = persons.iter().find(|person| **person == requester || !countersigns(person)) {
        count.unauthorised.push(format!("{id}: {person} countersigned what {requester} asked for"));
    }
    if let Some(at) = entries.iter().position(|entry| entry.name == "provisioningStarted") {
        count.grants += 1;
        let entitlement = view["entitlement"].as_str().unwrap_or_default();
        let needed = NEEDED.iter().find(|(name, _)| *name == entitlement).map_or(usize::MAX, |(_, needed)| *needed);
        let others = given(at).into_iter().filter(|person| *person != requester && countersigns(person)).count();
        if others < needed {
            count.unauthorised.push(format!("{id}: granted on the word of {others}, and it takes {needed}"));
        }
    }
    count.verified += named("verifiedEnded");
    count.ended_meanwhile += entries.iter().filter(|entry| entry.name == "grantEnded" && entry.at <= over).count();
}

/// Every key and every signed command made one request at most; and one that an answer named is there.
fn asked(count: &mut Count, ledger: &Ledger, tags: &BTreeMap<String, Vec<String>>) {
    for (tag, asked) in &ledger.asked {
        let there = tags.get(tag).map_or(&[][..], Vec::as_slice);
        if there.len() > 1 {
            count.doubled.push(format!("`{tag}` made {there:?}"));
        }
        count.answered += asked.answered.len();
        if asked.answered.len() > 1 {
            count.doubled.push(format!("`{tag}` was answered with {:?}", asked.answered));
        }
        for id in asked.answered.iter().filter(|id| !there.contains(id)) {
            count.lost.push(format!("{id} was answered to `{tag}`"));
        }
    }
}

/// What somebody was told they did is on record once, and what is on record somebody who may has sent.
/// Whoever ends what is `ending` already, since its time is up or by another's word, is told so, and nothing is added.
fn done(
    count: &mut Count,
    ledger: &Ledger,
    deeds: &BTreeMap<(String, String, String), usize>,
    ending: &BTreeSet<String>,
) {
    for (id, person, what) in &ledger.done {
        count.answered += 1;
        let ends = *what == "revocationStarted" && ending.contains(id);
        if !ends && !deeds.contains_key(&(id.clone(), person.clone(), (*what).to_owned())) {
            count.lost.push(format!("{id}: {what} by {person}"));
        }
    }
    for ((id, person, what), times) in deeds {
        let once = ["approvalGiven", "requestDenied", "requestCancelled", "revocationStarted"];
        let Some(what) = once.into_iter().find(|name| name == what) else { continue };
        if *times > 1 {
            count.doubled.push(format!("{id}: {times} times {what} by {person}"));
        }
        if !ledger.sent.contains(&(id.clone(), person.clone(), what)) {
            count.unauthorised.push(format!("{id}: {what} by {person}, who sent no such thing"));
        }
    }
}

/// Sessions that STS gave are of those who asked for credentials of their own.
fn sessions(pool: &Pool, count: &mut Count, deeds: &BTreeMap<(String, String, String), usize>) {
    for session in pool.world().sessions() {
        let id = session.request.to_string();
        let stored = pool.world().stored(&session.request);
        let requester = stored.map(|stored| stored.state.request.requester.to_string()).unwrap_or_default();
        if !deeds.contains_key(&(id.clone(), requester, "credentialsRequested".to_owned())) {
            count.unauthorised.push(format!("{id}: a session that its requester did not ask for"));
        }
    }
    let secrets = pool.site.side().secrets_said;
    if secrets > 0 {
        count.unauthorised.push(format!("{secrets} messages held a secret"));
    }
    count.unauthorised.extend(pool.world().breaches());
}

/// What faults alone bring about here, and breaks nothing: the log was late for a while, no day is over, and nobody vouches
/// for it but its own key, since there is no witness.
fn expected(code: Code) -> bool {
    matches!(code, Code::Silence | Code::LoggedLate | Code::NotCosigned | Code::SummaryMissing)
}

/// What the verifier finds in a copy of the table and the log.
fn verified(pool: &Pool, count: &mut Count) {
    let world = pool.world();
    let mut recording = Recording::default();
    for stream in world.streams() {
        let entries = world.stream_chain(&stream).into_iter().map(|bytes| Committed { bytes, order: 0, at: 0 });
        recording.streams.insert(stream.to_string(), entries.collect());
    }
    recording.finish(&pool.site);
    folder(&pool.site, &mut recording);
    let trusted = Trusted { keys: None, as_of: None, known: &[], rsa: &|_, _, _| false };
    match verify::verify(&recording.folder, &trusted) {
        Ok(verdict) => {
            let found = verdict.findings.into_iter();
            let found = found.filter(|finding| finding.severity != Severity::Note && !expected(finding.code));
            count.findings.extend(found.map(|found| format!("{} ({}): {}", found.code, found.at, found.sentence)));
        }
        Err(why) => count.findings.push(format!("the log can't be verified: {why}")),
    }
}
