//! What the log says of itself, and of the system.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind, Worker, actor, text};
use model::lifecycle::State;
use model::names::RequestId;
use model::request::{Request, RequestFacts};
use model::stream::{Place, Stream};
use model::sweep::{Phase, SETTLES_AFTER};
use model::time::Time;
use record::chain::{Head, append};
use serde_json::Value;
use workflow::decisions::Wanted;
use workflow::double::{Verb, World, home};
use workflow::log::minute;
use workflow::ports::{Commit, CommitRequest as _, LogSettings as _, Stored};
use workflow::sweep::{OrderedBy, offboard};

fn of(scene: &Scene, name: &str) -> Vec<Value> {
    scene.said().into_iter().filter(|(said, _)| said == name).map(|(_, data)| data).collect()
}

#[test]
fn a_log_begins_once_and_says_its_key() {
    let scene = Scene::new();
    for _ in 0..3 {
        scene.minute().unwrap().unwrap();
    }
    assert_eq!(scene.said().len(), 1);
    let begun = of(&scene, "logStarted");
    assert_eq!(begun[0]["key"], scene.world().log_key());
    assert_eq!(scene.size(), 1);
    scene.complete();
}

#[test]
fn each_day_says_where_every_stream_ends_that_changed() {
    let scene = Scene::with_work();
    scene.settle();
    assert_eq!(of(&scene, "dailySummary").len(), 0);
    scene.world().pass(43_200);
    scene.settle();
    let first = of(&scene, "dailySummary");
    assert_eq!(first.len(), 1);
    assert_eq!(
        (&first[0]["day"], &first[0]["parts"], &first[0]["cut"]),
        (&Value::from("2026-11-20"), &1.into(), &false.into())
    );
    let ends = first[0]["streams"].as_array().unwrap();
    for id in scene.world().ids() {
        let stored = scene.site.stored(&id);
        let end = ends.iter().find(|end| end["stream"] == id.as_str()).unwrap();
        assert_eq!(
            (end["seq"].as_u64().unwrap(), &end["hash"]),
            (stored.head.seq, &Value::from(stored.head.hash.to_string()))
        );
    }
    // The next one has what changed since.
    let id = scene.site.pending(Kind::Session, HALF_AN_HOUR);
    scene.world().pass(86_400);
    scene.settle();
    let second = of(&scene, "dailySummary").pop().unwrap();
    let streams: Vec<&str> =
        second["streams"].as_array().unwrap().iter().map(|end| end["stream"].as_str().unwrap()).collect();
    assert_eq!(streams, [id.as_str(), "sys_log"]);
    scene.complete();
}

/// A sweep that is over, and an account: what vanished of them from the outbox is found the next day, and where they end is
/// said.
#[test]
fn sweeps_that_are_over_and_accounts_are_summed_up_too() {
    let scene = Scene::with_work();
    scene.settle();
    let by = OrderedBy::Person(actor("erin"));
    let sweep = scene.site.must(offboard(scene.world(), &by, &"frank".parse().unwrap(), text("they left"))).unwrap();
    let sweep = sweep.sweep.id;
    scene.site.pass_until(scene.now().plus(2 * SETTLES_AFTER + 120));
    assert!(matches!(scene.world().stored_sweep(&sweep).unwrap().sweep.phase, Phase::Finished { .. }));
    let account = home();
    let chain = scene.world().account_chain(&account);
    let lost: Vec<Place> = [
        Place { stream: Stream::Sweep(sweep.clone()), seq: scene.world().stored_sweep(&sweep).unwrap().head.seq },
        Place { stream: Stream::Account(account.clone()), seq: u64::try_from(chain.len()).unwrap() },
    ]
    .into();
    for place in &lost {
        assert!(place.seq > 0 && scene.world().logged_at(place).is_none(), "{place}: nothing logged it yet");
        scene.world().lose_out(place);
    }
    scene.settle();
    assert!(lost.iter().all(|place| scene.world().logged_at(place).is_none()), "nobody knows of them");
    scene.world().pass(43_200);
    scene.settle();
    let summary = of(&scene, "dailySummary").pop().unwrap();
    let ends = summary["streams"].as_array().unwrap();
    for place in &lost {
        let end = ends.iter().find(|end| end["stream"] == place.stream.to_string().as_str());
        assert_eq!(end.map(|end| end["seq"].clone()), Some(place.seq.into()), "{place}");
        assert!(scene.defects().contains(&("outbox_missing".to_owned(), place.to_string())), "{place}");
    }
    assert_eq!(scene.defects().len(), lost.len());
    scene.complete();
}

/// Of a sweep that ended an entry vanished from the outbox: the next summary finds it, and it is logged.
#[test]
fn what_vanished_of_a_sweep_is_found_the_next_day() {
    let scene = Scene::with_work();
    scene.settle();
    let by = OrderedBy::Person(actor("erin"));
    let sweep = scene.site.must(offboard(scene.world(), &by, &"frank".parse().unwrap(), text("they left"))).unwrap();
    let sweep = sweep.sweep.id;
    scene.site.pass_until(scene.now().plus(2 * SETTLES_AFTER + 120));
    let last = Place { stream: Stream::Sweep(sweep.clone()), seq: 2 };
    assert_eq!(scene.world().logged_at(&last), None, "nothing logged it yet");
    scene.world().lose_out(&last);
    scene.settle();
    assert_eq!(scene.world().logged_at(&last), None, "nobody knows of it");
    scene.world().pass(86_400);
    scene.settle();
    assert!(scene.world().logged_at(&last).is_some());
    assert_eq!(scene.defects(), [("outbox_missing".to_owned(), last.to_string())]);
    scene.complete();
}

/// A request of which the outbox has nothing.
fn lost(scene: &Scene) -> Place {
    let place = Place { stream: Stream::Request(scene.site.pending(Kind::Session, HALF_AN_HOUR)), seq: 1 };
    scene.world().lose_out(&place);
    place
}

/// It is not in the log after this day's summary, and is after the next one.
#[track_caller]
fn is_found_by_the_next(scene: &Scene, lost: &Place) {
    assert_eq!(of(scene, "dailySummary").len(), 1);
    assert_eq!(scene.world().logged_at(lost), None, "too young to be missed");
    scene.world().pass(86_400);
    scene.settle();
    assert!(scene.world().logged_at(lost).is_some());
    assert_eq!(scene.defects(), [("outbox_missing".to_owned(), lost.to_string())]);
    scene.complete();
}

#[test]
fn what_vanishes_shortly_before_a_summary_is_found_by_the_next() {
    let scene = Scene::with_work();
    scene.settle();
    scene.world().set_now("2026-11-20T23:58:20Z".parse().unwrap());
    let lost = lost(&scene);
    scene.world().set_now("2026-11-21T00:00:01Z".parse().unwrap());
    scene.minute().unwrap().unwrap();
    is_found_by_the_next(&scene, &lost);
}

#[test]
fn what_vanishes_while_a_summary_is_made_is_found_by_the_next() {
    let scene = Scene::with_work();
    scene.settle();
    scene.world().set_now("2026-11-21T00:00:01Z".parse().unwrap());
    scene.world().forget_calls();
    let mut summing = Worker::new(minute(scene.world()));
    while scene.world().count(Verb::StreamEnd) == 0 {
        assert!(summing.step(&scene.site).is_none(), "it asks where streams end");
    }
    let lost = lost(&scene);
    scene.world().pass(5);
    summing.run(&scene.site).unwrap().unwrap();
    is_found_by_the_next(&scene, &lost);
}

/// Up to where a stream is logged can't be read: where it ends is said, as everything else of the day.
#[test]
fn a_mark_that_cannot_be_read_takes_nothing_from_the_days_summary() {
    let scene = Scene::with_work();
    scene.settle();
    let id = scene.world().ids().remove(0);
    scene.world().damage_logged(&Stream::Request(id));
    scene.world().pass(43_200);
    scene.settle();
    let summary = of(&scene, "dailySummary").pop().unwrap();
    let ends = summary["streams"].as_array().unwrap();
    for id in scene.world().ids() {
        assert!(ends.iter().any(|end| end["stream"] == id.as_str()), "{id}");
    }
    assert_eq!(scene.defects(), Vec::new());
    scene.complete();
}

/// More requests are over than a summary names: they take no place from those that changed, and none is said to be left
/// out.
#[test]
fn what_did_not_change_takes_no_room_in_a_summary() {
    let scene = Scene::new();
    scene.minute().unwrap().unwrap();
    let id = scene.site.pending(Kind::Session, HALF_AN_HOUR);
    scene.site.act("bob", &id, &Wanted::Deny { reason: text("no") }).unwrap();
    scene.site.must(copied(scene.world(), &id, scene.now(), 10_050));
    scene.world().pass(43_200);
    scene.settle();
    let named = |scene: &Scene| -> Vec<String> {
        let last = of(scene, "dailySummary").pop().unwrap()["day"].clone();
        let parts = of(scene, "dailySummary").into_iter().filter(|part| part["day"] == last);
        let text = |end: &Value| end["stream"].as_str().unwrap().to_owned();
        parts.flat_map(|part| part["streams"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()).collect()
    };
    assert_eq!(named(&scene).len(), 10_000);
    assert_eq!(of(&scene, "dailySummary").pop().unwrap()["cut"], true);
    // On the next day one changes that was asked for before all of them.
    let before = Time::from_second(scene.now().as_second() - 10 * 86_400).unwrap();
    let changed = scene.site.must(copied(scene.world(), &id, before, 1));
    scene.world().pass(86_400);
    scene.settle();
    assert_eq!(named(&scene), [changed[0].as_str(), "sys_log"]);
    assert_eq!(of(&scene, "dailySummary").pop().unwrap()["cut"], false);
    assert_eq!(scene.defects(), Vec::new());
}

/// As many requests more that went as this one did, and were asked for at `asked_at`.
async fn copied(world: &World, like: &RequestId, asked_at: Time, count: u64) -> Vec<RequestId> {
    let (stored, chain) = (world.stored(like).unwrap(), world.chain(like));
    let (milliseconds, at) = (asked_at.as_second() * 1_000, world.aws_now());
    let mut ids = Vec::new();
    for nth in 0..count {
        let id: RequestId = format!("req_{milliseconds:012x}7fff{nth:016x}").parse().unwrap();
        let request = Request::new(RequestFacts { id: id.clone(), ..(*stored.state.request).clone() });
        let state = State { request, ..stored.state.clone() };
        let (mut head, mut links) = (Head::START, Vec::new());
        for bytes in &chain {
            let entry: Value = serde_json::from_slice(bytes).unwrap();
            let (cause, event) = (entry["cause"].clone(), entry["event"].clone());
            let (link, next) = append(head, id.as_str(), &at.to_string(), cause, event).unwrap();
            links.push(link);
            head = next;
        }
        let next = Stored { state, head, at };
        world.commit(Commit { id: id.clone(), expected: 0, links, next, guards: Vec::new() }).await.unwrap();
        ids.push(id);
    }
    ids
}
