//! What is kept of a history, as data: the calls that were made, the entries that were committed, what there was in IAM
//! after each write, and what the log's files say. Whoever judges it needs nothing else.

use crate::site::Site;
use model::stream::Stream;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use workflow::double::Change;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// What was called, as the port's method is named.
    pub verb: String,
    /// On what.
    pub on: String,
    /// More of it.
    pub detail: String,
    /// Its place among those that took effect, from 1; 0: it did not.
    pub order: u64,
    /// When it took effect, by AWS's clock, in seconds since 1970.
    pub at: i64,
}

/// One entry of the record as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Which of the calls that took effect committed it.
    pub order: u64,
    /// When that was, by AWS's clock.
    pub at: i64,
}

/// A role under our path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Which request its tag names.
    pub request: Option<String>,
    /// Its trust policy.
    pub trust: String,
    /// Its inline policies.
    pub policies: BTreeMap<String, String>,
}

/// A session that STS gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name and source identity.
    pub request: String,
    /// The role.
    pub role: String,
    /// Its session policy.
    pub policy: String,
    /// When it was given.
    pub issued_at: i64,
}

/// What there was in IAM, STS and the scheduler from one write until the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// After so many calls that took effect.
    pub order: u64,
    /// Since when.
    pub at: i64,
    /// Roles under our path, by name.
    pub roles: BTreeMap<String, Role>,
    /// What managed policies under our path say, by name.
    pub policies: BTreeMap<String, String>,
    /// What is attached to roles that others share.
    pub attached: BTreeMap<String, BTreeSet<String>>,
    /// Inline policies of base roles, by role and name.
    pub denies: BTreeMap<(String, String), String>,
    /// Every session so far.
    pub sessions: Vec<Session>,
    /// When schedules fire.
    pub schedules: BTreeMap<String, i64>,
}

/// A call that nobody who may had sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// What it was.
    pub what: String,
    /// What it was answered; `None`: nothing, the worker died of something else.
    pub status: Option<u16>,
    /// The calls that it came to and that wrote something.
    pub wrote: Vec<String>,
}

/// An approval that somebody pressed or sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Click {
    /// Who.
    pub person: String,
    /// Of which request.
    pub id: String,
    /// What they saw.
    pub digest: String,
    /// The actions that they leave; `None`: as they are.
    pub permissions: Option<Vec<String>>,
    /// For how long, in seconds; `None`: as it is.
    pub seconds: Option<u64>,
}

/// Something that was done with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The call's id.
    pub id: String,
    /// The request whose session it was.
    pub request: String,
    /// When, by AWS's clock.
    pub at: i64,
}

/// A run of the log's timer that said that it went well, with no other worker of the log beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// After so many calls that took effect it began.
    pub began: u64,
    /// When, by AWS's clock.
    pub began_at: i64,
    /// Whether the witness had answered all that it was asked by then.
    pub answered: bool,
    /// After so many calls that took effect it ended.
    pub ended: u64,
}

/// Who may what, from a time on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Since when, by AWS's clock.
    pub since: i64,
    /// Who countersigns.
    pub approvers: BTreeSet<String>,
    /// Who asks.
    pub engineers: BTreeSet<String>,
}

/// Everything that is kept.
#[derive(Debug, Default)]
pub struct Recording {
    /// The calls, as they were made.
    pub calls: Vec<Called>,
    /// The record, by stream, in order.
    pub streams: BTreeMap<String, Vec<Committed>>,
    /// IAM after each write.
    pub pictures: Vec<Picture>,
    /// The states of requests at the end, as the table holds them.
    pub states: BTreeMap<String, Value>,
    /// Where every stream ends, as the table holds it: the last place and its hash.
    pub ends: BTreeMap<String, (u64, String)>,
    /// The log's files, its anchors, and a copy of the table, as the verifier takes them.
    pub folder: BTreeMap<String, Vec<u8>>,
    /// Every checkpoint's body that was signed, in order.
    pub signed: Vec<String>,
    /// Who may what.
    pub in_force: Vec<InForce>,
    /// Words that may be in one request at most.
    pub once: BTreeSet<String>,
    /// What each request was asked for with, in its requester's words, when it was made.
    pub asked: BTreeMap<String, String>,
    /// Who pressed or sent an approval, of what.
    pub clicks: BTreeSet<Click>,
    /// The calls of each worker that hands out credentials, as ranges of their numbers: from behind one up to another.
    pub fetches: Vec<Vec<(u64, u64)>>,
    /// What was done with sessions.
    pub used: Vec<Used>,
    /// What an auditor is shown at the end to have been done under each request: ids of calls.
    pub activity: BTreeMap<String, Vec<String>>,
    /// Runs of the log's timer that went well.
    pub log_runs: Vec<Run>,
    /// By how much the index of what is to be logged was behind, in seconds.
    pub outbox_lag: i64,
    /// Whether a witness vouches for the log.
    pub witnessed: bool,
    /// After how many calls that took effect everything healed, and when.
    pub healed: Option<(u64, i64)>,
    /// Entries that reached the bus, by stream and place.
    pub published: BTreeSet<(String, u64)>,
    /// Records of the stream that nobody can read, and those of them that were set aside for people.
    pub poison: (usize, usize),
    /// Whether access depends on the log's anchor.
    pub anchored: bool,
    /// Calls that nobody who may had sent.
    pub edges: Vec<Edge>,
    /// What others than us put into IAM: names of roles, policies and schedules.
    pub planted: BTreeSet<String>,
    /// Those of them that are roles.
    pub planted_roles: BTreeSet<String>,
    /// Requests whose access somebody else changed in AWS.
    pub tampered: BTreeSet<String>,
    /// What was said to anybody, in Slack, on the bus, or as an answer that is not for secrets.
    pub said: Vec<String>,
    /// What the doubles themselves found: calls that no port allows.
    pub breaches: Vec<String>,
    /// What was left when nothing was to be left.
    pub unfinished: Vec<String>,
    /// How wrong clocks of workers were that were not refused for it, in seconds.
    pub skew: i64,
    /// When everything was over, by AWS's clock.
    pub until: i64,
}

impl Recording {
    /// Takes in what was committed.
    pub(crate) fn commit(&mut self, changes: &[Change]) {
        for change in changes {
            let committed = Committed { bytes: change.bytes.clone(), order: change.order, at: change.at.as_second() };
            self.streams.entry(change.place.stream.to_string()).or_default().push(committed);
        }
    }

    /// Takes in what IAM looks like now.
    pub(crate) fn picture(&mut self, site: &Site) {
        let world = &site.world;
        let roles = world
            .roles()
            .into_iter()
            .map(|(name, role)| (name, Role { request: role.request, trust: role.trust, policies: role.policies }));
        let policies = world.policies().into_iter().filter(|(_, policy)| !policy.elsewhere);
        let sessions = world.sessions().into_iter().map(|session| Session {
            request: session.request.to_string(),
            role: session.base_role.to_string(),
            policy: session.policy,
            issued_at: session.issued_at.as_second(),
        });
        self.pictures.push(Picture {
            order: world.done(),
            at: world.aws_now().as_second(),
            roles: roles.collect(),
            policies: policies.map(|(name, policy)| (name, policy.document().to_owned())).collect(),
            attached: world.targets().into_iter().map(|(role, target)| (role.to_string(), target.attached)).collect(),
            denies: world.denies().into_iter().map(|((role, name), text)| ((role.to_string(), name), text)).collect(),
            sessions: sessions.collect(),
            schedules: world.schedules().into_iter().map(|(id, at)| (id.to_string(), at.as_second())).collect(),
        });
    }

    /// Takes in what is only known at the end.
    pub(crate) fn finish(&mut self, site: &Site) {
        let world = &site.world;
        self.calls = world
            .calls()
            .into_iter()
            .map(|call| Called {
                verb: format!("{:?}", call.verb),
                on: call.on,
                detail: call.detail,
                order: call.order,
                at: call.at.as_second(),
            })
            .collect();
        for id in world.ids() {
            let Some(stored) = world.stored(&id) else { continue };
            let mut state = serde_json::to_value(&stored.state).unwrap();
            state["version"] = stored.head.seq.into();
            self.states.insert(id.to_string(), state);
        }
        for stream in world.streams() {
            let end = match &stream {
                Stream::Account(id) => world.stored_account(id).map(|stored| stored.head),
                Stream::Request(id) => world.stored(id).map(|stored| stored.head),
                Stream::Sweep(id) => world.stored_sweep(id).map(|stored| stored.head),
                Stream::System(stream) => world.stored_system(*stream).map(|stored| stored.head),
            };
            self.ends.extend(end.map(|head| (stream.to_string(), (head.seq, head.hash.to_string()))));
        }
        self.signed = world.signed_checkpoints();
        self.breaches = world.breaches();
        self.until = world.aws_now().as_second();
        let told = site.side();
        self.said.extend(told.said.iter().cloned());
        self.said.extend(told.bus.iter().map(|event| event.detail.clone()));
    }
}
