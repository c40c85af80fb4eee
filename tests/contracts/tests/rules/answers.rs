//! What the API answers, made by the code that makes it, is what `infra/openapi.yaml` says.

use crate::{event_names, holds, openapi};
use contracts::openapi::Document;
use contracts::repository::text;
use contracts::schema::complaints;
use model::event::Event;
use model::identity::{Actor, Cause, Identity};
use model::lifecycle::EndReason;
use model::names::RequestId;
use model::request::Status;
use model::submission::Wish;
use model::terms::Narrower;
use model::text::{FreeText, Note};
use model::words::{Salt, Words};
use record::chain::Head;
use record::entry::EntryHash;
use record::words::{Beside, fill, split};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use workflow::credentials::{credential_process, credentials};
use workflow::decisions::{Wanted, act};
use workflow::double::World;
use workflow::ending::end;
use workflow::provision::provision;
use workflow::reconcile::reconcile;
use workflow::submission::{Extension, extend, submit};
use workflow::views;

fn actor(person: &str) -> Actor {
    let principal = format!("arn:aws:iam::111111111111:user/{person}");
    Actor { person: person.parse().unwrap(), identity: Identity::Api { principal }, mfa: true }
}

/// What the API shows of requests, one for each thing that can become of them, and where they were on the way.
struct Lives {
    world: World,
    shown: Vec<Value>,
}

impl Lives {
    async fn lived() -> Self {
        let mut lives = Self { world: World::new("2026-11-20T19:00:05Z".parse().unwrap()), shown: Vec::new() };
        // Boxed: a step's future is large, and these hold several.
        Box::pin(lives.expired()).await;
        Box::pin(lives.revoked()).await;
        Box::pin(lives.decided()).await;
        lives
    }

    fn look(&mut self, id: &RequestId) {
        self.shown.push(views::request(&self.world.stored(id).unwrap()));
    }

    async fn asked(&mut self, person: &str, entitlement: &str) -> RequestId {
        let wish = Wish {
            entitlement: entitlement.to_owned(),
            duration_seconds: 1_800,
            justification: "Order 4711 hangs in payment".to_owned(),
            ticket: Some("OPS-311".to_owned()),
            ..Wish::default()
        };
        let stored = Box::pin(submit(&self.world, &actor(person), &wish, None, None)).await.unwrap();
        self.look(&stored.state.request.id);
        stored.state.request.id.clone()
    }

    async fn acted(&mut self, person: &str, id: &RequestId, wanted: Wanted) {
        self.world.pass(30);
        Box::pin(act(&self.world, &actor(person), id, &wanted, None)).await.unwrap();
        self.look(id);
    }

    async fn approved(&mut self, person: &str, id: &RequestId) {
        let digest = self.world.stored(id).unwrap().state.terms().digest();
        self.acted(person, id, Wanted::approve(digest)).await;
    }

    /// A session that is entered and ends in its time.
    async fn expired(&mut self) {
        let id = self.asked("alice", "orders-db-debug").await;
        self.approved("bob", &id).await;
        Box::pin(provision(&self.world, "grant", &id, None)).await.unwrap();
        self.look(&id);
        Box::pin(credentials(&self.world, &actor("alice"), &id)).await.unwrap();
        let more = Extension {
            duration_seconds: 900,
            justification: "It takes longer".to_owned(),
            ticket: Some("OPS-311".to_owned()),
        };
        let extended = Box::pin(extend(&self.world, &actor("alice"), &id, &more, None)).await.unwrap();
        self.look(&extended.state.request.id);
        self.world.pass(1_830);
        Box::pin(end(&self.world, "revocation", &id)).await.unwrap();
        self.look(&id);
    }

    /// A role that is ended early.
    async fn revoked(&mut self) {
        let id = self.asked("alice", "prod-admin").await;
        self.approved("bob", &id).await;
        let digest = self.world.stored(&id).unwrap().state.terms().digest();
        let narrower = Narrower { duration_seconds: Some(1_200), ..Narrower::default() };
        let note = Some(Note::new("twenty minutes will do").unwrap());
        self.acted("carol", &id, Wanted::Approve { digest, note, narrower: Some(narrower) }).await;
        self.approved("bob", &id).await;
        Box::pin(provision(&self.world, "grant", &id, None)).await.unwrap();
        self.look(&id);
        self.acted("bob", &id, Wanted::Revoke { reason: FreeText::new("enough").unwrap() }).await;
        Box::pin(end(&self.world, "revocation", &id)).await.unwrap();
        self.world.pass(120);
        Box::pin(end(&self.world, "revocation", &id)).await.unwrap();
        self.look(&id);
    }

    /// Requests that never become access.
    async fn decided(&mut self) {
        let denied = self.asked("alice", "orders-db-debug").await;
        self.acted("bob", &denied, Wanted::Deny { reason: FreeText::new("not now").unwrap() }).await;
        let cancelled = self.asked("alice", "orders-db-debug").await;
        self.acted("alice", &cancelled, Wanted::Cancel).await;
        let lapsed = self.asked("alice", "orders-db-debug").await;
        self.world.pass(4_000);
        Box::pin(reconcile(&self.world, &[workflow::double::home()])).await.unwrap();
        self.look(&lapsed);
        self.asked("mallory", "orders-db-debug").await;
    }

    fn statuses(&self) -> BTreeSet<&str> {
        self.shown.iter().filter_map(|shown| shown.get("status")?.as_str()).collect()
    }
}

fn against(document: &Document, schema: &str, value: &Value) -> Vec<String> {
    complaints(&document.0, document.schema(schema).unwrap(), value)
}

#[tokio::test]
async fn requests_are_shown_as_described() {
    let (document, lives) = (openapi(), Box::pin(Lives::lived()).await);
    // `approved` is passed through within one transaction.
    let all: BTreeSet<&str> =
        Status::ALL.map(Status::as_str).into_iter().filter(|status| *status != "approved").collect();
    assert_eq!(lives.statuses(), all);
    holds(&lives.shown.iter().flat_map(|shown| against(&document, "Request", shown)).collect());
}

/// Whatever is described of a request is shown of some request.
#[tokio::test]
async fn nothing_is_described_that_is_never_shown() {
    let lives = Box::pin(Lives::lived()).await;
    let shown: BTreeSet<&String> = lives.shown.iter().flat_map(|shown| shown.as_object().unwrap().keys()).collect();
    let document = openapi();
    let described: BTreeSet<&String> =
        document.schema("Request").unwrap()["properties"].as_object().unwrap().keys().collect();
    assert_eq!(described, shown);
}

#[tokio::test]
async fn credentials_are_the_document_described() {
    let mut lives = Lives { world: World::new("2026-11-20T19:00:05Z".parse().unwrap()), shown: Vec::new() };
    let id = lives.asked("alice", "logs-read").await;
    Box::pin(provision(&lives.world, "grant", &id, None)).await.unwrap();
    let given = Box::pin(credentials(&lives.world, &actor("alice"), &id)).await.unwrap();
    holds(&against(&openapi(), "Credentials", &credential_process(&given)));
}

#[test]
fn words_are_those_of_the_model() {
    let document = openapi();
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(document.words("Status", "/enum"), set(&Status::ALL.map(Status::as_str)));
    assert_eq!(document.words("Event", "/properties/type/enum"), event_names());
    let (by, code) = ("bob".parse().unwrap(), String::new());
    let reason = Words::new(FreeText::new("enough").unwrap(), Salt::new([7; 16]));
    let reasons = [
        EndReason::Expired,
        EndReason::Revoked { by, reason },
        EndReason::Offboarded,
        EndReason::Panic,
        EndReason::Failed { code },
        EndReason::Drifted { differences: Vec::new() },
        EndReason::Finding { rule: "after_end".to_owned() },
    ];
    assert_eq!(document.words("EndReason", "/enum"), set(&reasons.each_ref().map(EndReason::as_str)));
    let document = &document;
    let causes = [Cause::Person(actor("alice")), Cause::system("grant")];
    holds(&causes.iter().flat_map(|cause| against(document, "Cause", &json!(cause))).collect());
    let ends = reasons.iter().flat_map(|reason| against(document, "End", &views::end(reason)));
    holds(&ends.collect());
}

/// The keys that `json!` writes in one function of a crate. Those have AWS's SDK below them, so they are read, not called.
fn keys_of(crate_name: &str, function: &str) -> BTreeSet<String> {
    let source = text(&format!("functions/{crate_name}/src/api.rs")).unwrap();
    let (_, body) = source.split_once(&format!("async fn {function}<")).unwrap();
    let body = body.split("\n}\n").next().unwrap();
    let parts: Vec<&str> = body.split('"').collect();
    let keys = parts.iter().zip(parts.iter().skip(1)).skip(1).step_by(2);
    keys.filter(|(_, after)| after.starts_with(':')).map(|(key, _)| (*key).to_owned()).collect()
}

fn described(schemas: &[&str]) -> BTreeSet<String> {
    let document = openapi();
    let keys = |name: &&str| {
        document.schema(name).unwrap()["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    schemas.iter().flat_map(keys).collect()
}

#[test]
fn lists_are_shown_as_described() {
    assert_eq!(keys_of("intake", "entitlements"), described(&["EntitlementPage", "Entitlement"]));
    assert_eq!(keys_of("intake", "list"), described(&["RequestPage"]));
    assert_eq!(keys_of("intake", "events"), described(&["EventPage", "Event", "Head"]));
    assert_eq!(keys_of("activity", "activity"), described(&["ActivityPage"]));
    assert_eq!(keys_of("activity", "used"), described(&["EntitlementUse"]));
}

/// The example of a record is one that verifies.
#[test]
fn the_example_of_a_record_is_a_chain() {
    let document = openapi();
    let page = document.0.pointer("/components/examples/Record/value").unwrap();
    let items = page["items"].as_array().unwrap();
    let bytes: Vec<Vec<u8>> =
        items.iter().map(|item| item["canonical"].as_str().unwrap().as_bytes().to_vec()).collect();
    let end = Head {
        seq: page["head"]["seq"].as_u64().unwrap(),
        hash: page["head"]["hash"].as_str().unwrap().parse().unwrap(),
    };
    let first: Value = serde_json::from_slice(bytes.first().unwrap()).unwrap();
    let request = first["request"].as_str().unwrap();
    record::chain::verify(request, &bytes, Some(end)).unwrap();
    for (item, bytes) in items.iter().zip(&bytes) {
        let entry: Value = serde_json::from_slice(bytes).unwrap();
        let shown = json!({
            "seq": entry["seq"], "type": entry["event"]["type"], "at": entry["at"], "prev": entry["prev"],
            "hash": EntryHash::of(bytes).to_string(), "cause": entry["cause"],
            "data": entry["event"]["data"], "words": item["words"], "canonical": String::from_utf8_lossy(bytes),
        });
        assert_eq!(*item, shown);
        serde_json::from_value::<Event>(entry["event"].clone()).unwrap();
        let words: Beside = serde_json::from_value(item["words"].clone()).unwrap();
        assert_eq!(split(fill(entry["event"].clone(), &words)), (entry["event"].clone(), words));
    }
}
