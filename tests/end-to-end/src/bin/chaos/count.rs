//! What is on record, counted from outside: by what the table holds, what the API shows to an auditor, what IAM answers and
//! has left, what CloudTrail saw, and the program that auditors have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use serde_json::Value;

use crate::acts::{APPROVERS, needed};
use crate::ledger::{Asked, Ledger};
use crate::record::{Entry, Record};
use crate::rest::Rest;
use crate::verdict::Verdict;

/// What may be on record of a request that only hostile calls are about.
const OF_BAIT: [&str; 5] = ["requestSubmitted", "commandRefused", "approversReminded", "requestLapsed", "wordsErased"];

/// What may be at most once in a life.
const ONCE: [&str; 7] = [
    "requestSubmitted",
    "requestApproved",
    "provisioningStarted",
    "grantActivated",
    "revocationStarted",
    "grantEnded",
    "verifiedEnded",
];

/// What is on record.
#[derive(Debug, Default)]
pub(crate) struct Count {
    requests: usize,
    baits: usize,
    entries: usize,
    approvals: usize,
    grants: usize,
    verified: usize,
    /// Sessions that STS gave, by CloudTrail.
    sessions: usize,
    /// Successes that were answered.
    answered: usize,
    /// By how each grant ended.
    ends: BTreeMap<String, usize>,
    /// What was answered with success and is not on record.
    lost: Vec<String>,
    /// What is on record more than once.
    doubled: Vec<String>,
    /// What nobody may have done.
    unauthorised: Vec<String>,
    verdict: Verdict,
    /// What the verifier finds.
    findings: Vec<String>,
    /// What is still there and should not be.
    left: Vec<String>,
}

impl Count {
    fn lists(&self) -> [(&'static str, &Vec<String>); 5] {
        [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("unauthorised", &self.unauthorised),
            ("found", &self.findings),
            ("left", &self.left),
        ]
    }

    /// Whether nothing was lost, doubled, unauthorised, found or left.
    pub(crate) fn holds(&self) -> bool {
        self.lists().iter().all(|(_, list)| list.is_empty())
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "on record: {} requests ({} that only hostile calls were about), {} entries, {} countersignatures, {} grants, \
             {} verified as ended, {} sessions",
            self.requests, self.baits, self.entries, self.approvals, self.grants, self.verified, self.sessions,
        )?;
        let ends: Vec<String> = self.ends.iter().map(|(end, times)| format!("{end} {times}")).collect();
        writeln!(formatter, "ended as: {}", ends.join(", "))?;
        writeln!(formatter, "countersign audit verify: {}", self.verdict)?;
        writeln!(
            formatter,
            "of {} successes that were answered: {} lost, {} doubled, {} unauthorised; {} findings of the verifier; {} left",
            self.answered,
            self.lost.len(),
            self.doubled.len(),
            self.unauthorised.len(),
            self.findings.len(),
            self.left.len(),
        )?;
        for (name, list) in self.lists() {
            for one in list.iter().take(8) {
                writeln!(formatter, "  {name}: {one}")?;
            }
        }
        Ok(())
    }
}

/// What people did, by request, person and event: how often.
type Deeds = BTreeMap<(String, String, String), usize>;

/// Counts.
///
/// # Errors
/// Something can't be read.
pub(crate) async fn count(stage: &Stage, ledger: &Ledger, rest: &Rest) -> Result<Count, Failure> {
    let mut count = Count { left: rest.left.clone(), entries: rest.record.entries, ..Count::default() };
    let mut tags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, entries) in &rest.record.requests {
        count.requests = count.requests.saturating_add(1);
        let Some(view) = rest.views.get(id) else {
            count.lost.push(format!("{id} is in the table, and the API does not show it"));
            continue;
        };
        let tag = text(view, "justification");
        tags.entry(tag).or_default().push(id);
        let version = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        if view.get("version").and_then(Value::as_u64) != Some(version) {
            count.lost.push(format!("{id}: the API shows version {:?}, the table has {version}", view.get("version")));
        }
        count.of_one(id, view, entries, ledger.asked.get(tag));
    }
    let deeds = deeds(&rest.record);
    count.asked(ledger, &tags);
    count.done(ledger, &deeds, &rest.record);
    count.unauthorised.extend(ledger.admitted.iter().cloned());
    for session in &ledger.sessions {
        let answer = session.cloud.get_order("order-1001").await;
        if answer.is_allowed() {
            count.unauthorised.push(format!("{}: its session is still allowed", session.request));
        }
    }
    count.sessions(stage, &deeds, rest).await?;
    count.leftovers(stage).await?;
    let verdict = Verdict::of(stage)?;
    count.findings.clone_from(&verdict.findings);
    count.verdict = verdict;
    Ok(count)
}

fn deeds(record: &Record) -> Deeds {
    let mut deeds = Deeds::new();
    for (id, entries) in &record.requests {
        for entry in entries.iter().filter(|entry| !entry.by.is_empty()) {
            let times = deeds.entry((id.clone(), entry.by.clone(), entry.name.clone())).or_default();
            *times = times.saturating_add(1);
        }
    }
    deeds
}

fn add(to: &mut usize, more: usize) {
    *to = to.saturating_add(more);
}

impl Count {
    /// A request by itself.
    fn of_one(&mut self, id: &str, view: &Value, entries: &[Entry], asked: Option<&Asked>) {
        let named = |name: &str| entries.iter().filter(|entry| entry.name == name).count();
        let requester = text(view, "requester");
        match asked {
            Some(asked) if asked.hostile => self.unauthorised.push(format!("{id} was asked for by nobody who may")),
            Some(asked) if asked.person != requester => {
                self.unauthorised.push(format!("{id} is {requester}'s, and {} asked", asked.person));
            }
            Some(asked) => {
                add(&mut self.baits, usize::from(asked.bait));
                let other = entries.iter().find(|entry| !OF_BAIT.contains(&entry.name.as_str()));
                if let (true, Some(other)) = (asked.bait, other) {
                    self.unauthorised.push(format!("{id}: {} by {}", other.name, other.by));
                }
            }
            None => self.unauthorised.push(format!("{id}: nobody sent `{}`", text(view, "justification"))),
        }
        for name in ONCE.into_iter().filter(|name| named(name) > 1) {
            self.doubled.push(format!("{id}: {} times {name}", named(name)));
        }
        let given = |upto: usize| -> BTreeSet<&str> {
            let given = entries.iter().take(upto).filter(|entry| entry.name == "approvalGiven");
            given.map(|entry| text(&entry.data, "person")).collect()
        };
        let persons = given(entries.len());
        add(&mut self.approvals, named("approvalGiven"));
        if persons.len() != named("approvalGiven") {
            self.doubled.push(format!("{id}: somebody's countersignature counts twice"));
        }
        if let Some(person) = persons.iter().find(|person| **person == requester || !APPROVERS.contains(person)) {
            self.unauthorised.push(format!("{id}: {person} countersigned what {requester} asked for"));
        }
        if let Some(at) = entries.iter().position(|entry| entry.name == "provisioningStarted") {
            add(&mut self.grants, 1);
            let others = given(at).into_iter().filter(|person| *person != requester && APPROVERS.contains(person));
            let (others, takes) = (u64::try_from(others.count()).unwrap_or(0), needed(text(view, "entitlement")));
            if takes.is_none_or(|takes| others < takes) {
                self.unauthorised.push(format!("{id}: granted on the word of {others}, and it takes {takes:?}"));
            }
            let reason = text(view, "endReason").to_owned();
            add(self.ends.entry(reason).or_default(), 1);
        }
        add(&mut self.verified, named("verifiedEnded"));
    }

    /// Every key and every command made one request at most; and one that an answer named is there.
    fn asked(&mut self, ledger: &Ledger, tags: &BTreeMap<&str, Vec<&str>>) {
        for (tag, asked) in &ledger.asked {
            let there = tags.get(tag.as_str()).map_or(&[][..], Vec::as_slice);
            if there.len() > 1 {
                self.doubled.push(format!("`{tag}` made {there:?}"));
            }
            add(&mut self.answered, asked.answered.len());
            if asked.answered.len() > 1 {
                self.doubled.push(format!("`{tag}` was answered with {:?}", asked.answered));
            }
            for id in asked.answered.iter().filter(|id| !there.contains(&id.as_str())) {
                self.lost.push(format!("{id} was answered to `{tag}`"));
            }
        }
    }

    /// What somebody was told they did is on record once, and what is on record somebody who may has sent. Whoever ends what
    /// is ending already, since its time is up or by another's word, is told so, and nothing is added.
    fn done(&mut self, ledger: &Ledger, deeds: &Deeds, record: &Record) {
        for (id, person, what) in &ledger.done {
            add(&mut self.answered, 1);
            let entries = record.requests.get(id).map_or(&[][..], Vec::as_slice);
            let ends = *what == "revocationStarted" && entries.iter().any(|entry| entry.name == *what);
            if !ends && !deeds.contains_key(&(id.clone(), person.clone(), (*what).to_owned())) {
                self.lost.push(format!("{id}: {what} by {person}"));
            }
        }
        for ((id, person, what), times) in deeds {
            let once = ["approvalGiven", "requestDenied", "requestCancelled", "revocationStarted"];
            let Some(what) = once.into_iter().find(|name| name == what) else { continue };
            if *times > 1 {
                self.doubled.push(format!("{id}: {times} times {what} by {person}"));
            }
            if !ledger.sent.contains(&(id.clone(), person.clone(), what)) {
                self.unauthorised.push(format!("{id}: {what} by {person}, who sent no such thing"));
            }
        }
    }

    /// Sessions that STS gave to `credentials` are of those who asked for credentials of their own, and no more than that.
    async fn sessions(&mut self, stage: &Stage, deeds: &Deeds, rest: &Rest) -> Result<(), Failure> {
        let seen = stage.root()?.trail_events("sts.amazonaws.com").await?;
        let mut given: BTreeMap<String, usize> = BTreeMap::new();
        for event in seen.iter().filter(|event| event.get("errorCode").is_none_or(Value::is_null)) {
            let at = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let caller = at("/userIdentity/sessionContext/sessionIssuer/userName");
            let id = at("/requestParameters/sourceIdentity");
            if at("/eventName") == "AssumeRole" && caller.ends_with("-credentials") && id.starts_with("req_") {
                add(given.entry(id.to_owned()).or_default(), 1);
            }
        }
        for (id, times) in given {
            add(&mut self.sessions, times);
            let requester = rest.views.get(&id).map(|view| text(view, "requester").to_owned()).unwrap_or_default();
            let wanted = deeds.get(&(id.clone(), requester, "credentialsRequested".to_owned())).copied().unwrap_or(0);
            if times > wanted {
                self.unauthorised.push(format!("{id}: {times} sessions, and its requester asked for {wanted}"));
            }
        }
        Ok(())
    }

    /// Roles, policies and schedules that were made for grants are gone.
    async fn leftovers(&mut self, stage: &Stage) -> Result<(), Failure> {
        let root = stage.root()?;
        let roles = root.iam().list_roles().path_prefix("/countersign/").send().await;
        let roles = roles.map_err(|error| Failure::of("listing roles", &error))?;
        self.left.extend(roles.roles().iter().map(|role| format!("the role {}", role.role_name())));
        let policies = root.iam().list_policies().path_prefix("/countersign/").send().await;
        let policies = policies.map_err(|error| Failure::of("listing policies", &error))?;
        let names = policies.policies().iter().filter_map(|policy| policy.policy_name());
        self.left.extend(names.map(|name| format!("the policy {name}")));
        let schedules = root.scheduler().list_schedules().name_prefix("req_").send().await;
        let schedules = schedules.map_err(|error| Failure::of("listing schedules", &error))?;
        let names = schedules.schedules().iter().filter_map(|schedule| schedule.name());
        self.left.extend(names.map(|name| format!("the schedule {name}")));
        Ok(())
    }
}
