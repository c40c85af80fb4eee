//! A record as production code makes it: half a day of requests, of every mechanism and with every end, in the in-memory
//! world of `workflow`.

use model::identity::{Actor, Identity};
use model::lifecycle::Phase;
use model::names::{RequestId, SweepId};
use model::submission::Wish;
use model::sweep::Scope;
use model::terms::Narrower;
use model::text::FreeText;
use model::time::Time;
use record::chain::{Head, append};
use record::words::Beside;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use workflow::credentials::credentials;
use workflow::decisions::{Wanted, act};
use workflow::double::{World, home};
use workflow::ending::end;
use workflow::provision::provision;
use workflow::reconcile::reconcile;
use workflow::submission::{Extension, extend, submit};
use workflow::sweep::{OrderedBy, confirm, offboard, panic, reinstate};

/// A Friday evening: its midnight falls into the record.
const EVENING: &str = "2026-11-20T20:00:00Z";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";

/// One entry, as the table holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) at: i64,
    pub(crate) stream: String,
    pub(crate) seq: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Leaf {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        let at: Time = value["at"].as_str().unwrap().parse().unwrap();
        Self {
            at: at.as_second(),
            stream: value["request"].as_str().unwrap().to_owned(),
            seq: value["seq"].as_u64().unwrap(),
            bytes,
        }
    }

    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.value()["event"]["type"].as_str().unwrap().to_owned()
    }
}

/// The record, and which request is which.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    /// What persons said, by the hashes in the entries.
    pub(crate) words: Beside,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) ids: BTreeMap<&'static str, String>,
}

fn actor(person: &str) -> Actor {
    let identity = Identity::Api { principal: format!("arn:aws:iam::111111111111:user/{person}") };
    Actor { person: person.parse().unwrap(), identity, mfa: person == "alice" }
}

fn slack(person: &str, user: &str) -> Actor {
    Actor { person: person.parse().unwrap(), identity: Identity::Slack { user: user.parse().unwrap() }, mfa: false }
}

fn wish(entitlement: &str, seconds: u64) -> Wish {
    Wish {
        entitlement: entitlement.to_owned(),
        duration_seconds: seconds,
        justification: "orders are stuck; \"quoted\" ünïcode".to_owned(),
        ..Wish::default()
    }
}

fn text(words: &str) -> FreeText {
    FreeText::new(words).unwrap()
}

fn done<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..100_000 {
        if let std::task::Poll::Ready(outcome) = work.as_mut().poll(&mut context) {
            return outcome;
        }
    }
    panic!("it does not come to an end")
}

struct Site(World);

impl Site {
    fn ask(&self, by: &Actor, wish: &Wish) -> RequestId {
        done(submit(&self.0, by, wish, None, None)).unwrap().state.request.id.clone()
    }

    fn approval(&self, id: &RequestId) -> Wanted {
        Wanted::approve(self.0.stored(id).unwrap().state.terms().digest())
    }

    fn approve(&self, by: &str, id: &RequestId) {
        self.act(by, id, &self.approval(id)).unwrap();
    }

    fn act(&self, by: &str, id: &RequestId, wanted: &Wanted) -> Result<(), workflow::command::CommandError> {
        done(act(&self.0, &actor(by), id, wanted, None)).map(drop)
    }

    fn fetch(&self, id: &RequestId) {
        done(credentials(&self.0, &actor("alice"), id)).unwrap();
    }

    fn pass(&self, seconds: u64) {
        let until = self.0.aws_now().plus(seconds);
        self.work();
        while self.0.aws_now() < until {
            let fires = self.0.schedules().into_values().min().unwrap_or(until);
            let next = self.0.aws_now().plus(30).min(until).min(fires.max(self.0.aws_now().plus(1)));
            self.0.set_now(next);
            self.work();
        }
    }

    /// Everything that the functions do by themselves.
    fn work(&self) {
        for id in self.0.fire_schedules() {
            let _ = done(Box::pin(end(&self.0, "revocation", &id)));
        }
        for id in self.0.ids() {
            match self.0.stored(&id).unwrap().state.phase {
                Phase::Provisioning { ref plan, .. } => {
                    let _ = done(provision(&self.0, "grant", &id, Some(plan.window.expires_at())));
                }
                Phase::Revoking { .. } => drop(done(Box::pin(end(&self.0, "revocation", &id)))),
                _ => {}
            }
        }
        let _ = done(reconcile(&self.0, &[home()]));
    }
}

/// What happens.
fn play(site: &Site) -> (BTreeMap<&'static str, RequestId>, Vec<SweepId>) {
    let world = &site.0;
    let mut ids = BTreeMap::new();
    let alice = actor("alice");
    site.work();

    // Used, and over in time.
    let id = site.ask(&slack("alice", "T0COUNTER1/U0ALICE01"), &wish("orders-db-debug", 1_800));
    world.pass(20);
    assert!(site.act("alice", &id, &site.approval(&id)).is_err());
    assert!(site.act("mallory", &id, &site.approval(&id)).is_err());
    site.approve("bob", &id);
    site.pass(30);
    site.fetch(&id);
    site.pass(600);
    site.fetch(&id);
    let extension = Extension { duration_seconds: 900, justification: "longer".to_owned(), ticket: None };
    let longer = done(extend(world, &alice, &id, &extension, None)).unwrap().state.request.id.clone();
    site.approve("bob", &longer);
    site.pass(1_500);
    ids.insert("used", id);
    ids.insert("longer", longer);

    // Narrowed by the second of two, countersigned again by the first; ended early by its requester.
    let id = site.ask(&alice, &wish("prod-admin", 3_600));
    site.approve("bob", &id);
    let narrower = Narrower {
        permissions: Some(vec!["dynamodb:GetItem".to_owned()]),
        resources: Some(vec![TABLE.to_owned()]),
        duration_seconds: Some(1_200),
    };
    let digest = world.stored(&id).unwrap().state.terms().digest();
    site.act("carol", &id, &Wanted::Approve { digest, note: None, narrower: Some(narrower) }).unwrap();
    world.pass(15);
    site.approve("bob", &id);
    site.pass(300);
    site.act("alice", &id, &Wanted::Revoke { reason: text("done") }).unwrap();
    site.pass(300);
    ids.insert("role", id);

    // On a shared role, used, ended early by an approver.
    let id = site.ask(&alice, &wish("legacy-debug", 1_800));
    site.approve("carol", &id);
    site.pass(60);
    site.fetch(&id);
    site.pass(300);
    site.act("bob", &id, &Wanted::Revoke { reason: text("enough") }).unwrap();
    site.pass(2_400);
    ids.insert("policy", id);

    // By policy alone; refused; withdrawn; lapsed.
    ids.insert("alone", site.ask(&alice, &wish("logs-read", 900)));
    let id = site.ask(&alice, &wish("orders-db-debug", 900));
    site.act("bob", &id, &Wanted::Deny { reason: text("not today") }).unwrap();
    ids.insert("denied", id);
    let id = site.ask(&alice, &wish("orders-db-debug", 900));
    site.act("alice", &id, &Wanted::Cancel).unwrap();
    ids.insert("cancelled", id);
    ids.insert("lapsed", site.ask(&alice, &wish("orders-db-debug", 900)));
    site.pass(4_200);

    // A panic that takes two; an offboarding, and back again.
    let active = site.ask(&alice, &wish("orders-db-debug", 3_600));
    site.approve("bob", &active);
    let waiting = site.ask(&alice, &wish("prod-admin", 900));
    site.pass(60);
    site.fetch(&active);
    site.pass(60);
    let scope = Scope::Person { person: "alice".parse().unwrap() };
    let first = done(panic(world, &actor("bob"), scope, text("keys were found"))).unwrap().sweep.id;
    world.pass(30);
    done(confirm(world, &actor("carol"), &first)).unwrap();
    site.pass(600);
    ids.insert("panicked", active);
    ids.insert("waiting", waiting);
    let frank = site.ask(&actor("frank"), &wish("orders-db-debug", 900));
    site.pass(30);
    let person = "frank".parse().unwrap();
    let second = done(offboard(world, &OrderedBy::Person(actor("erin")), &person, text("they left"))).unwrap().sweep.id;
    site.pass(600);
    done(reinstate(world, &actor("erin"), &person, text("a mistake"))).unwrap();
    site.pass(60);
    ids.insert("frank", frank);
    let again = site.ask(&actor("frank"), &wish("orders-db-debug", 900));
    site.approve("carol", &again);
    ids.insert("again", again);
    site.pass(7_200);
    (ids, vec![first, second])
}

/// Appends to one of the log's own streams.
fn of_system(leaves: &mut Vec<Leaf>, head: &mut Head, stream: &str, at: Time, kind: &str, data: &Value) {
    let event = json!({"type": kind, "data": data});
    let cause = json!({"kind": "system", "part": "audit"});
    let (link, next) = append(*head, stream, &at.to_string(), cause, event).unwrap();
    *head = next;
    leaves.push(Leaf::of(link.bytes));
}

/// Where all streams end at `at`.
fn heads(leaves: &[Leaf], at: Time) -> Value {
    let mut ends: BTreeMap<&str, &Leaf> = BTreeMap::new();
    for leaf in leaves.iter().filter(|leaf| leaf.at < at.as_second()) {
        let end = ends.entry(&leaf.stream).or_insert(leaf);
        *end = if leaf.seq > end.seq { leaf } else { end };
    }
    let hash = |leaf: &Leaf| record::entry::EntryHash::of(&leaf.bytes).to_string();
    ends.values().map(|leaf| json!({"stream": leaf.stream, "seq": leaf.seq, "hash": hash(leaf)})).collect()
}

/// The whole record, in the order of the log.
pub(crate) fn story() -> Story {
    let start: Time = EVENING.parse().unwrap();
    let site = Site(World::new(start));
    let (ids, sweeps) = play(&site);
    let world = &site.0;
    let mut chains: Vec<Vec<u8>> = world.ids().iter().flat_map(|id| world.chain(id)).collect();
    chains.extend(sweeps.iter().flat_map(|id| world.sweep_chain(id)));
    chains.extend(world.account_chain(&home()));
    let mut leaves: Vec<Leaf> = chains.into_iter().map(Leaf::of).collect();
    let (mut log, mut policy) = (Head::START, Head::START);
    let before = Time::from_second(start.as_second() - 60).unwrap();
    let published = json!({"digest": "a".repeat(64), "by": "erin", "changes": [], "more": 0});
    of_system(&mut leaves, &mut policy, "sys_policy", before, "policyPublished", &published);
    let code =
        |hash: &str| json!({"sha256": hash, "architecture": "arm64", "modified": "2026-11-20T18:00:00.000+0000"});
    let mut deployed = Head::START;
    for data in [
        json!({"function": "countersign-grant", "code": code("first"), "release": "v1"}),
        json!({"function": "countersign-grant", "code": code("second"), "previous": code("first"), "release": "v2"}),
        json!({"function": "countersign-intake", "code": code("first"), "release": "v2"}),
    ] {
        of_system(&mut leaves, &mut deployed, "sys_deployment", before, "deploymentSeen", &data);
    }
    of_system(
        &mut leaves,
        &mut log,
        "sys_log",
        before,
        "logStarted",
        &json!({"origin": crate::log::ORIGIN, "key": crate::log::Key::log().public.to_string()}),
    );
    let (midnight, end) = (start.plus(4 * 3_600), start.plus(7 * 3_600));
    let mut at = before.plus(60);
    while at < end {
        at = at.plus(120);
        of_system(&mut leaves, &mut log, "sys_log", at, "heartbeat", &json!({"size": 1}));
        if at <= midnight && at.plus(120) > midnight {
            let data =
                json!({"day": "2026-11-20", "part": 1, "parts": 1, "cut": false, "streams": heads(&leaves, midnight)});
            of_system(&mut leaves, &mut log, "sys_log", midnight.plus(1), "dailySummary", &data);
        }
    }
    leaves.sort_by(|one, other| (one.at, &one.stream, one.seq).cmp(&(other.at, &other.stream, other.seq)));
    let requests = world.ids();
    let words = requests.iter().flat_map(|id| world.words(id));
    let words = words.chain(sweeps.iter().flat_map(|id| world.sweep_words(id))).collect();
    Story { words, leaves, ids: ids.into_iter().map(|(name, id)| (name, id.to_string())).collect() }
}

/// What somebody makes of a record who can write it all anew: places and links of every stream, in the order of time, and
/// the summaries to fit.
pub(crate) fn rechained(mut values: Vec<Value>) -> Vec<Leaf> {
    values.sort_by_key(|value| value["at"].as_str().unwrap().to_owned());
    let mut ends: BTreeMap<String, Head> = BTreeMap::new();
    let mut leaves: Vec<Leaf> = Vec::new();
    for mut value in values {
        let stream = value["request"].as_str().unwrap().to_owned();
        let at = value["at"].as_str().unwrap().to_owned();
        if value["event"]["type"] == "dailySummary" {
            let midnight: Time = format!("{}T00:00:00Z", at.split('T').next().unwrap()).parse().unwrap();
            value["event"]["data"]["streams"] = heads(&leaves, midnight);
        }
        let head = ends.entry(stream.clone()).or_insert(Head::START);
        let (link, next) = append(*head, &stream, &at, value["cause"].take(), value["event"].take()).unwrap();
        *head = next;
        leaves.push(Leaf::of(link.bytes));
    }
    leaves
}
