//! Everything of a scope ended at once, and who left barred: whatever dies, comes twice, or goes on
//! beside it, nothing that was asked for before becomes or stays access.

use crate::crashes::sweep as at_every_call;
use crate::support::{Dice, HALF_AN_HOUR, Kind, Site, Worker, actor, text, wish};
use model::lifecycle::Phase;
use model::names::{RequestId, SweepId};
use model::refusal::Refusal;
use model::request::Status;
use model::sweep::{Event, Phase as SweepPhase, SETTLES_AFTER, Scope, Sweep};
use record::words::{fill, split};
use std::sync::Arc;
use workflow::command::CommandError;
use workflow::credentials::credentials;
use workflow::decisions::{Wanted, act};
use workflow::double::Verb;
use workflow::submission::{SubmitError, submit};
use workflow::sweep::carry_out::{Pass, carry_out};
use workflow::sweep::{OrderedBy, SweepError, confirm, offboard, one, panic, reinstate};

fn person(id: &str) -> Scope {
    Scope::Person { person: id.parse().unwrap() }
}

fn account() -> Scope {
    Scope::Account { account: "111111111111".parse().unwrap() }
}

/// Erin's panic, which begins at once.
fn panicked(site: &Site, scope: Scope) -> SweepId {
    let stored = site.must(panic(&*site.world, &actor("erin"), scope, text("keys were found"))).unwrap();
    assert!(matches!(stored.sweep.phase, SweepPhase::Running { .. }));
    stored.sweep.id
}

fn offboarded(site: &Site, person: &str) -> SweepId {
    let by = OrderedBy::Person(actor("erin"));
    let stored = site.must(offboard(&*site.world, &by, &person.parse().unwrap(), text("they left"))).unwrap();
    stored.sweep.id
}

fn pass(site: &Site, id: &SweepId) -> Pass {
    site.must(Box::pin(carry_out(&*site.world, id))).unwrap()
}

/// One of everything that may be open, all of alice's.
fn everything(site: &Site) -> Vec<RequestId> {
    let mut ids = Vec::new();
    for kind in Kind::ALL {
        ids.extend([site.pending(kind, HALF_AN_HOUR), site.provisioning(kind, HALF_AN_HOUR)]);
        ids.push(site.active(kind, HALF_AN_HOUR));
    }
    let used = site.active(Kind::Session, HALF_AN_HOUR);
    site.must(credentials(&*site.world, &actor("alice"), &used)).unwrap();
    ids.push(used);
    ids
}

fn over(site: &Site, id: &RequestId) -> bool {
    matches!(
        site.stored(id).state.phase,
        Phase::Cancelled { .. }
            | Phase::Revoking { .. }
            | Phase::Ended { .. }
            | Phase::Denied { .. }
            | Phase::Lapsed { .. }
    )
}

/// Its events give its state, and its chain is whole.
#[track_caller]
fn whole(site: &Site, id: &SweepId) {
    let stored = site.world.stored_sweep(id).unwrap();
    let entries = record::chain::verify(id.as_str(), &site.world.sweep_chain(id), Some(stored.head)).unwrap();
    let (_, words) = split(serde_json::to_value(&stored.sweep).unwrap());
    let state = entries.iter().fold(None, |before, entry| {
        let event: Event = serde_json::from_value(fill(entry.event.clone(), &words)).unwrap();
        Some(Sweep::evolve(before, id, &event, entry.at.parse().unwrap()).unwrap())
    });
    assert_eq!(state, Some(stored.sweep));
}

/// Everything comes to rest, the sweep too, and it says so.
#[track_caller]
fn finishes(site: &Site, id: &SweepId) {
    site.at_rest();
    site.pass_until(site.world.aws_now().plus(2 * SETTLES_AFTER + 120));
    assert!(matches!(site.world.stored_sweep(id).unwrap().sweep.phase, SweepPhase::Finished { .. }));
    whole(site, id);
}

#[test]
fn a_panic_ends_everything_of_its_scope_and_nothing_else() {
    for scope in [Scope::All, account(), person("alice")] {
        let site = Site::new();
        let ids = everything(&site);
        let others = site.submit("frank", &wish("orders-db-debug", HALF_AN_HOUR)).unwrap().state.request.id.clone();
        let id = panicked(&site, scope.clone());
        assert!(pass(&site, &id).stopped >= ids.len());
        for one in &ids {
            assert!(over(&site, one), "{:?}", site.stored(one).state.phase);
        }
        assert_eq!(over(&site, &others), scope != person("alice"));
        finishes(&site, &id);
    }
    let site = Site::new();
    let ids = everything(&site);
    let id = panicked(&site, Scope::Account { account: "222222222222".parse().unwrap() });
    assert_eq!(pass(&site, &id), Pass::default());
    assert!(!ids.iter().any(|one| over(&site, one)));
}

#[test]
fn a_panic_takes_a_second_person_unless_an_operator_orders_it() {
    let site = Site::new();
    let id = site.active(Kind::Session, HALF_AN_HOUR);
    let order = |who: &str| site.must(panic(&*site.world, &actor(who), Scope::All, text("now")));
    for nobody in ["alice", "dave", "mallory", "frank"] {
        assert!(matches!(order(nobody), Err(SweepError::Refused(_))), "{nobody}");
    }
    let proposed = order("bob").unwrap().sweep.id;
    assert_eq!(pass(&site, &proposed).stopped, 0);
    let second = |who: &str| site.must(confirm(&*site.world, &actor(who), &proposed));
    for not in ["bob", "alice", "mallory"] {
        assert!(matches!(second(not), Err(SweepError::Refused(_))), "{not}");
    }
    assert!(!over(&site, &id));
    let first = second("carol").unwrap();
    assert_eq!(second("erin").unwrap(), first);
    assert_eq!(pass(&site, &proposed).stopped, 1);
    assert!(site.must(one(&*site.world, &actor("dave"), &proposed)).is_ok());
    assert_eq!(site.must(one(&*site.world, &actor("alice"), &proposed)), Err(SweepError::NotFound));
    finishes(&site, &proposed);
}

#[test]
fn new_requests_are_possible_after_a_panic() {
    let site = Site::new();
    let id = panicked(&site, Scope::All);
    site.world.pass(10);
    let new = site.active(Kind::Session, HALF_AN_HOUR);
    assert_eq!(pass(&site, &id).stopped, 0);
    assert_eq!(site.status(&new), Status::Active);
    site.pass_until(site.world.aws_now().plus(300));
    assert_eq!(site.status(&new), Status::Active);
}

#[test]
fn who_left_asks_votes_and_fetches_no_more() {
    let site = Site::new();
    let granted = site.active(Kind::Session, HALF_AN_HOUR);
    let half_done = site.pending(Kind::Role, HALF_AN_HOUR);
    site.act("bob", &half_done, &site.approval(&half_done)).unwrap();
    let waiting = site.pending(Kind::Session, HALF_AN_HOUR);
    let refused = |outcome: Result<_, CommandError>, who: &str| match outcome {
        Err(CommandError::Refused { refusal, .. }) => {
            assert_eq!(refusal, Refusal::Barred { person: who.parse().unwrap() });
        }
        _ => panic!("not refused"),
    };
    offboarded(&site, "bob");
    refused(site.act("bob", &waiting, &site.approval(&waiting)).map(drop), "bob");
    refused(site.act("bob", &waiting, &Wanted::Deny { reason: text("no") }).map(drop), "bob");
    // Nothing rests on their earlier word either.
    refused(site.act("carol", &half_done, &site.approval(&half_done)).map(drop), "bob");
    let id = offboarded(&site, "alice");
    // Before any worker took it up.
    refused(site.must(credentials(&*site.world, &actor("alice"), &granted)).map(drop), "alice");
    refused(site.act("carol", &waiting, &site.approval(&waiting)).map(drop), "alice");
    let asked = site.submit("alice", &wish("logs-read", HALF_AN_HOUR));
    assert_eq!(asked.err(), Some(SubmitError::Barred));
    finishes(&site, &id);
    assert_eq!(site.status(&granted), Status::Ended);
    assert_eq!(site.status(&half_done), Status::Cancelled);
}

#[test]
fn an_operator_lets_a_person_back_in_and_nothing_of_theirs_comes_back() {
    let site = Site::new();
    let ids = everything(&site);
    let id = offboarded(&site, "alice");
    assert_eq!(offboarded(&site, "alice"), id, "offboarded twice is offboarded");
    let alice = "alice".parse().unwrap();
    let back = |who: &str| site.must(reinstate(&*site.world, &actor(who), &alice, text("a mistake")));
    assert!(matches!(back("erin"), Err(SweepError::Refused(_))), "still running");
    finishes(&site, &id);
    assert!(matches!(back("bob"), Err(SweepError::Refused(_))));
    back("erin").unwrap();
    assert!(matches!(back("erin"), Err(SweepError::Refused(_))));
    whole(&site, &id);
    assert!(ids.iter().all(|one| over(&site, one)));
    site.active(Kind::Session, HALF_AN_HOUR);
    assert_ne!(offboarded(&site, "alice"), id);
}

#[test]
fn ordering_and_carrying_out_with_trouble_at_every_call() {
    for panics in [true, false] {
        at_every_call(
            |site| drop(everything(site)),
            |site, ()| {
                let order = if panics {
                    site.run(panic(&*site.world, &actor("erin"), Scope::All, text("now")))
                } else {
                    let by = OrderedBy::IdentityProvider;
                    site.run(offboard(&*site.world, &by, &"alice".parse().unwrap(), text("they left")))
                };
                if let Some(Ok(order)) = order {
                    let _ = site.run(Box::pin(carry_out(&*site.world, &order.sweep.id)));
                }
            },
            |site, (), _| {
                for id in site.world.sweep_ids() {
                    whole(site, &id);
                }
            },
        );
    }
}

/// Somebody countersigns, somebody asks, grants are made and fetched, step by step beside two workers
/// at the same sweep. Once it is over, nothing from before it is or becomes access.
#[test]
fn nothing_from_before_becomes_access_whatever_goes_on_beside_it() {
    for seed in 0..60 {
        let (site, mut dice) = (Site::new(), Dice::new(seed));
        let ids = everything(&site);
        let id = panicked(&site, [Scope::All, person("alice"), account()][dice.below(3)].clone());
        let mut workers: Vec<Worker<'static, ()>> = Vec::new();
        for one in &ids {
            let (world, of, approval) = (Arc::clone(&site.world), one.clone(), site.approval(one));
            let by = actor(["bob", "carol"][dice.below(2)]);
            workers.push(Worker::new(async move { drop(act(&*world, &by, &of, &approval, None).await) }));
            let (world, of) = (Arc::clone(&site.world), one.clone());
            workers.push(Worker::new(async move { drop(Box::pin(credentials(&*world, &actor("alice"), &of)).await) }));
            if site.status(one) == Status::Provisioning {
                let work = site.provision(one);
                workers.push(Worker::new(async move { drop(work.await) }));
            }
        }
        let world = Arc::clone(&site.world);
        let wish = wish("logs-read", HALF_AN_HOUR);
        workers.push(Worker::new(async move { drop(submit(&*world, &actor("alice"), &wish, None, None).await) }));
        for _ in 0..2 {
            let (world, id) = (Arc::clone(&site.world), id.clone());
            workers.push(Worker::new(async move { drop(Box::pin(carry_out(&*world, &id)).await) }));
        }
        while !workers.is_empty() {
            let at = dice.below(workers.len());
            if workers[at].step(&site).is_some() {
                drop(workers.swap_remove(at));
            }
        }
        site.pass_until(site.world.aws_now().plus(SETTLES_AFTER + 180));
        assert!(matches!(site.world.stored_sweep(&id).unwrap().sweep.phase, SweepPhase::Finished { .. }), "{seed}");
        assert!(site.world.ids().iter().all(|one| over(&site, one)), "{seed}");
        finishes(&site, &id);
    }
}

/// A thousand active grants, each with a session: one pass, and what it costs.
#[test]
fn a_thousand_grants_are_denied_with_one_write_and_stopped_in_one_pass() {
    let site = Site::new();
    for _ in 0..1_000 {
        let id = site.active(Kind::Session, HALF_AN_HOUR);
        site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
    }
    let id = panicked(&site, Scope::All);
    site.world.forget_calls();
    assert_eq!(pass(&site, &id).stopped, 1_000);
    let world = &site.world;
    assert!(site.world.ids().iter().all(|one| site.status(one) == Status::Revoking));
    // Read in pages of 200, the last of each list with what was stopped meanwhile; stopped one by one.
    assert_eq!((world.count(Verb::Load), world.count(Verb::Commit)), (0, 1_000));
    assert!(world.count(Verb::LoadMany) <= 12, "{}", world.count(Verb::LoadMany));
    assert!(world.count(Verb::PutKill) <= 2, "{}", world.count(Verb::PutKill));
    // 32 at a time, page by page; and nothing of a session is left after the first write.
    assert!(world.rounds() <= 100, "{}", world.rounds());
    let calls = world.calls();
    let first = |verb: Verb| calls.iter().position(|call| call.verb == verb).unwrap();
    assert!(first(Verb::PutKill) < first(Verb::Commit));
    // Their ends find the deny in place.
    world.forget_calls();
    for one in world.ids() {
        site.must(site.end(&one)).unwrap();
    }
    assert_eq!(world.count(Verb::PutKill), 0);
    assert!(world.ids().iter().all(|one| site.status(one) == Status::Ended));
}
