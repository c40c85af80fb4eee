//! A day with seven requests, as production code records it.

use evidence::source::{Beside, Given};
use model::activity::{Activity, Completeness, Finding, Often, Severity};
use model::digest::Digest;
use model::identity::{Actor, Cause, Identity};
use model::lifecycle::Command;
use model::names::RequestId;
use model::submission::Wish;
use model::terms::Narrower;
use model::text::FreeText;
use model::time::Time;
use record::chain::{Head, append};
use serde_json::Value;
use std::sync::LazyLock;
use workflow::command::carry_out;
use workflow::credentials::credentials;
use workflow::decisions::{Wanted, act};
use workflow::double::{World, home};
use workflow::ports::Stored;
use workflow::provision::provision;
use workflow::reconcile::reconcile;
use workflow::submission::submit;
use workflow::sweep::{OrderedBy, offboard};

/// What somebody could say to make a table or a page do something.
pub(crate) const UGLY: &str = "=HYPERLINK(\"http://example.com\") <script>alert('x')</script>";

fn actor(person: &str) -> Actor {
    let principal = format!("arn:aws:iam::111111111111:user/{person}");
    Actor { person: person.parse().unwrap(), identity: Identity::Api { principal }, mfa: false }
}

fn text(words: &str) -> FreeText {
    FreeText::new(words).unwrap()
}

struct Day {
    world: World,
}

impl Day {
    async fn ask(&self, entitlement: &str, why: &str, ticket: Option<&str>) -> RequestId {
        let wish = Wish {
            entitlement: entitlement.to_owned(),
            duration_seconds: 1_800,
            justification: why.to_owned(),
            ticket: ticket.map(str::to_owned),
            ..Wish::default()
        };
        submit(&self.world, &actor("alice"), &wish, None, None).await.unwrap().state.request.id.clone()
    }

    async fn does(&self, person: &str, id: &RequestId, wanted: Wanted) {
        Box::pin(act(&self.world, &actor(person), id, &wanted, None)).await.unwrap();
    }

    async fn approve(&self, person: &str, id: &RequestId, narrower: Option<Narrower>) {
        let digest = self.world.stored(id).unwrap().state.terms().digest();
        self.does(person, id, Wanted::Approve { digest, note: None, narrower }).await;
    }

    async fn make(&self, id: &RequestId) {
        Box::pin(provision(&self.world, "grant", id, None)).await.unwrap();
    }

    async fn notes(&self, id: &RequestId, command: impl Fn() -> Command) {
        let cause = Cause::system("activity");
        Box::pin(carry_out(&self.world, id, &cause, |_: &Stored, _: Time| command(), None, &[])).await.unwrap();
    }

    async fn pass(&self, minutes: u64) {
        for _ in 0..minutes {
            self.world.pass(60);
            Box::pin(reconcile(&self.world, &[home()])).await.unwrap();
        }
    }
}

fn finding() -> Command {
    let finding = Finding {
        rule: "outside_actions".to_owned(),
        severity: Severity::High,
        subject: "s3:DeleteObject".to_owned(),
        reason: "the call is none of those that were granted".to_owned(),
        at: "2026-11-20T12:10:00Z".parse().unwrap(),
        evidence: vec!["11111111-2222-3333-4444-555555555555".to_owned()],
    };
    Command::NoteFinding { finding: Box::new(finding), end: false }
}

fn summary(calls: u64, completeness: Completeness) -> Command {
    let activity = Activity {
        completeness,
        calls,
        reads: calls,
        denied: 1,
        after_end: 0,
        findings: 1,
        top: vec![Often { name: "logs:GetLogEvents".to_owned(), times: calls }],
        data_events: false,
        gaps: Vec::new(),
        digest: Digest::of(b"summary"),
    };
    Command::NoteActivity { activity: Box::new(activity) }
}

async fn day() -> Vec<Given> {
    let day = Day { world: World::new("2026-11-20T12:00:00Z".parse().unwrap()) };
    // By policy alone, used, over at its time.
    let logs = day.ask("logs-read", "orders are stuck", Some("OPS-1")).await;
    day.make(&logs).await;
    credentials(&day.world, &actor("alice"), &logs).await.unwrap();
    day.notes(&logs, finding).await;
    day.notes(&logs, || summary(3, Completeness::Collecting)).await;
    day.pass(2).await;
    // Countersigned, never used, ended early.
    let early = day.ask("orders-db-debug", UGLY, None).await;
    day.pass(1).await;
    day.approve("bob", &early, None).await;
    day.make(&early).await;
    // Narrowed: the first countersignature counts no more.
    let cluster = day.ask("prod-admin", "the cluster is down", None).await;
    day.approve("bob", &cluster, None).await;
    let narrower = Narrower { duration_seconds: Some(900), ..Narrower::default() };
    day.approve("carol", &cluster, Some(narrower)).await;
    day.approve("bob", &cluster, None).await;
    day.make(&cluster).await;
    let refused = day.ask("orders-db-debug", "curious", None).await;
    day.does("bob", &refused, Wanted::Deny { reason: text("not today") }).await;
    let cancelled = day.ask("orders-db-debug", "mistaken", None).await;
    day.does("alice", &cancelled, Wanted::Cancel).await;
    day.pass(5).await;
    day.does("bob", &early, Wanted::Revoke { reason: text("found it") }).await;
    day.pass(60).await;
    day.notes(&logs, || summary(7, Completeness::Provisional)).await;
    // Still open when alice leaves.
    let last = day.ask("logs-read", "one more look", None).await;
    day.make(&last).await;
    day.pass(1).await;
    Box::pin(offboard(&day.world, &OrderedBy::IdentityProvider, &"alice".parse().unwrap(), text("left")))
        .await
        .unwrap();
    day.pass(10).await;
    let mut given = Vec::new();
    let mut put = |stream: &str, chain: Vec<Vec<u8>>, words: &Beside| {
        for (seq, bytes) in (1u64..).zip(chain) {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let own = words.iter().filter(|(hash, _)| text.contains(hash.as_str()));
            let words = own.map(|(hash, said)| (hash.clone(), said.clone())).collect();
            given.push(Given { index: None, stream: stream.to_owned(), seq, bytes, words });
        }
    };
    for id in day.world.ids() {
        put(id.as_str(), day.world.chain(&id), &day.world.words(&id));
    }
    for id in day.world.sweep_ids() {
        put(id.as_str(), day.world.sweep_chain(&id), &day.world.sweep_words(&id));
    }
    for (index, given) in (0..).zip(&mut given) {
        given.index = Some(index);
    }
    given
}

/// The day's entries.
pub(crate) fn given() -> Vec<Given> {
    static DAY: LazyLock<Vec<Given>> = LazyLock::new(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(Box::pin(day()))
    });
    DAY.clone()
}

/// The requests' streams, in the order they were asked for.
pub(crate) fn streams() -> Vec<String> {
    let mut streams: Vec<String> = given().into_iter().map(|given| given.stream).collect();
    streams.dedup();
    streams
}

/// The same, with one stream's entries changed by whoever may write all of it: chained anew, and sound by itself.
pub(crate) fn rewritten(stream: &str, change: impl Fn(&mut Vec<Value>)) -> Vec<Given> {
    let (own, mut others): (Vec<Given>, Vec<Given>) = given().into_iter().partition(|given| given.stream == stream);
    let mut values: Vec<Value> = own.iter().map(|given| serde_json::from_slice(&given.bytes).unwrap()).collect();
    change(&mut values);
    let mut head = Head::START;
    for value in values {
        let at = value["at"].as_str().unwrap().to_owned();
        let (link, next) = append(head, stream, &at, value["cause"].clone(), value["event"].clone()).unwrap();
        others.push(Given {
            index: None,
            stream: stream.to_owned(),
            seq: link.seq,
            bytes: link.bytes,
            words: Beside::new(),
        });
        head = next;
    }
    others
}
