//! Workers that stand still at a call while the world goes on, and then go on themselves.

use crate::support::{HALF_AN_HOUR, Kind, Site, WORKER_SECONDS, Worker, actor};
use model::lifecycle::QUARANTINE;
use model::names::RequestId;
use model::request::Status;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use workflow::credentials::credentials;
use workflow::double::{Trouble, World, home};
use workflow::provision::provision;
use workflow::reconcile::reconcile;

type Work = Pin<Box<dyn Future<Output = ()>>>;
type Begin = fn(&Site, &RequestId) -> Work;

fn provisioning(site: &Site, id: &RequestId) -> Work {
    let work = site.provision(id);
    Box::pin(async { drop(work.await) })
}

fn provisioning_without_hint(site: &Site, id: &RequestId) -> Work {
    let (world, id) = (Arc::clone(&site.world), id.clone());
    Box::pin(async move { drop(provision(&*world, "grant", &id, None).await) })
}

fn ending(site: &Site, id: &RequestId) -> Work {
    let work = site.end(id);
    Box::pin(async { drop(work.await) })
}

fn fetching(site: &Site, id: &RequestId) -> Work {
    let (world, id) = (Arc::clone(&site.world), id.clone());
    Box::pin(async move { drop(Box::pin(credentials(&*world, &actor("alice"), &id)).await) })
}

fn reconciling(site: &Site, _: &RequestId) -> Work {
    let world = Arc::clone(&site.world);
    Box::pin(async move { drop(reconcile(&*world, &[workflow::double::home()]).await) })
}

/// A worker that stands still at its `nth` call; `None`: it has fewer.
fn held_at(site: &Site, nth: u64, work: Work) -> Option<Worker<'static, ()>> {
    let mut worker = Worker::new(work);
    site.world.trouble_at(nth, Trouble::Hold);
    let done = worker.run(site);
    site.world.heal();
    if done.is_some() { None } else { Some(worker) }
}

/// For every call of the worker that `begin` starts: it stands still there, `meanwhile` happens, it
/// goes on within its life, and everything runs to its end. Every step is watched.
fn paused_at_each_call(prepared: &Site, id: &RequestId, begin: Begin, meanwhile: impl Fn(&Site)) {
    for nth in 1.. {
        let site = prepared.fork();
        let since = site.world.aws_now();
        let Some(mut zombie) = held_at(&site, nth, begin(&site, id)) else { break };
        meanwhile(&site);
        assert!(since.seconds_until(site.world.aws_now()) < WORKER_SECONDS, "nothing lives for so long");
        site.pass_busily(since.plus(WORKER_SECONDS - 1));
        site.world.release();
        assert_eq!(zombie.run(&site), Some(()));
        site.at_rest();
    }
}

#[test]
fn a_slow_grant_cannot_undo_a_revocation() {
    for kind in Kind::ALL {
        for begin in [provisioning, provisioning_without_hint] {
            let prepared = Site::new();
            let id = prepared.provisioning(kind, HALF_AN_HOUR);
            for seconds in [0, 5, 58] {
                paused_at_each_call(&prepared, &id, begin, |site| {
                    site.world.pass(seconds);
                    site.revoke(&id);
                    site.must(site.end(&id)).unwrap();
                });
            }
        }
    }
}

#[test]
fn a_slow_grant_and_a_slow_revocation_together() {
    for kind in Kind::ALL {
        let prepared = Site::new();
        let id = prepared.provisioning(kind, HALF_AN_HOUR);
        for inner in 1..12 {
            paused_at_each_call(&prepared, &id, provisioning, |site| {
                site.revoke(&id);
                // Dies, and leaves what it had begun.
                site.world.trouble_at(inner, Trouble::CrashAfter);
                let _ = site.run(site.end(&id));
                site.world.heal();
            });
        }
    }
}

#[test]
fn slow_credentials_are_worth_nothing_after_a_revocation() {
    for kind in [Kind::Session, Kind::Policy] {
        let prepared = Site::new();
        let id = prepared.active(kind, HALF_AN_HOUR);
        paused_at_each_call(&prepared, &id, fetching, |site| {
            site.revoke(&id);
            site.must(site.end(&id)).unwrap();
            // Without sessions a policy is only taken out after the quarantine.
            let waits = kind == Kind::Policy && site.status(&id) == Status::Revoking;
            assert!(waits || site.status(&id) == Status::Ended);
        });
    }
}

#[test]
fn slow_credentials_are_worth_nothing_after_the_window() {
    for kind in [Kind::Session, Kind::Policy] {
        let prepared = Site::new();
        let id = prepared.active(kind, HALF_AN_HOUR);
        prepared.world.pass(HALF_AN_HOUR - 10);
        paused_at_each_call(&prepared, &id, fetching, |site| site.pass_until(site.window(&id).expires_at().plus(5)));
    }
}

#[test]
fn a_slow_end_beside_one_on_time() {
    for (kind, used) in [(Kind::Session, false), (Kind::Role, false), (Kind::Policy, false), (Kind::Policy, true)] {
        for left in [40, 20, 1] {
            let prepared = Site::new();
            let id = prepared.active(kind, HALF_AN_HOUR);
            if used {
                prepared.must(credentials(&*prepared.world, &actor("alice"), &id)).unwrap();
            }
            prepared.world.pass(HALF_AN_HOUR - left);
            prepared.revoke(&id);
            paused_at_each_call(&prepared, &id, ending, |site| {
                site.pass_until(site.window(&id).expires_at().plus(3));
                site.must(reconcile(&*site.world, &[home()])).unwrap();
            });
        }
    }
}

#[test]
fn two_slow_ends() {
    for (kind, used) in [(Kind::Session, false), (Kind::Role, false), (Kind::Policy, false), (Kind::Policy, true)] {
        let prepared = Site::new();
        let id = prepared.active(kind, HALF_AN_HOUR);
        if used {
            prepared.must(credentials(&*prepared.world, &actor("alice"), &id)).unwrap();
        }
        prepared.revoke(&id);
        paused_at_each_call(&prepared, &id, ending, |site| site.must(site.end(&id)).map(drop).unwrap());
        prepared.must(prepared.end(&id)).unwrap();
        prepared.world.pass(QUARANTINE);
        paused_at_each_call(&prepared, &id, ending, |site| site.must(site.end(&id)).map(drop).unwrap());
    }
}

#[test]
fn a_slow_reconciliation_disturbs_nobody() {
    let prepared = Site::new();
    for kind in Kind::ALL {
        prepared.provisioning(kind, HALF_AN_HOUR);
        let id = prepared.active(kind, HALF_AN_HOUR);
        prepared.revoke(&id);
    }
    prepared.world.take_news();
    prepared.world.pass(QUARANTINE);
    let any = prepared.world.ids().remove(0);
    paused_at_each_call(&prepared, &any, reconciling, |site| {
        site.world.pass(10);
        site.must(reconcile(&*site.world, &[home()])).unwrap();
    });
}

#[test]
fn the_world_can_be_shared_between_tasks() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<World>();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let site = Site::new();
    let id = site.provisioning(Kind::Role, HALF_AN_HOUR);
    runtime.block_on(async {
        let both = [tokio::spawn(site.provision(&id)), tokio::spawn(site.provision(&id))];
        for one in both {
            assert!(one.await.unwrap().is_ok());
        }
    });
    assert_eq!(site.status(&id), Status::Active);
    site.at_rest();
}

/// Whoever asked for credentials just before the end gets none after it, wherever that found the one who fetches them.
#[test]
fn nothing_is_handed_out_once_the_end_is_on_record() {
    for kind in [Kind::Session, Kind::Policy] {
        let prepared = Site::new();
        let id = prepared.active(kind, HALF_AN_HOUR);
        let mut held = 0;
        for nth in 1.. {
            let site = prepared.fork();
            let world = Arc::clone(&site.world);
            let mut worker =
                Worker::new(async { Box::pin(credentials(&*world, &actor("alice"), &id)).await.map(drop) });
            site.world.trouble_at(nth, Trouble::Hold);
            let done = worker.run(&site);
            site.world.heal();
            if done.is_some() {
                break;
            }
            held += 1;
            site.revoke(&id);
            site.world.release();
            assert!(worker.run(&site).unwrap().is_err(), "{kind:?}, held at call {nth}");
        }
        assert!(held > 3, "{kind:?}: {held}");
    }
}

/// STS gives no less than a quarter of an hour; what is told is when the grant ends.
#[test]
fn credentials_are_said_to_end_with_the_grant() {
    for kind in [Kind::Session, Kind::Policy] {
        let site = Site::new();
        let id = site.active(kind, HALF_AN_HOUR);
        site.world.pass(HALF_AN_HOUR - 60);
        let given = site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
        assert_eq!(given.expires_at, site.window(&id).expires_at(), "{kind:?}");
    }
}
