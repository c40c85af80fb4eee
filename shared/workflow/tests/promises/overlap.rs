//! Overlapping grants: a person's access to an entitlement is what any live grant of theirs gives.

use crate::support::{Dice, Kind, Site, actor};
use model::lifecycle::Phase;
use model::names::RequestId;
use model::request::Status;
use model::time::Time;
use workflow::credentials::credentials;
use workflow::decisions::Wanted;
use workflow::submission::{Extension, SubmitError, extend};

fn extended(site: &Site, by: &str, id: &RequestId, seconds: u64) -> Result<RequestId, SubmitError> {
    let extension = Extension { duration_seconds: seconds, justification: "it takes longer".to_owned(), ticket: None };
    let stored = site.must(extend(&*site.world, &actor(by), id, &extension, None))?;
    Ok(stored.state.request.id.clone())
}

/// Countersigned by all it takes, made, and used.
fn approved(site: &Site, kind: Kind, id: &RequestId) {
    for approver in kind.approvers() {
        site.act(approver, id, &site.approval(id)).unwrap();
    }
    site.must(site.provision(id)).unwrap();
    if kind.has_sessions() {
        site.must(credentials(&*site.world, &actor("alice"), id)).unwrap();
    }
}

/// Whether the documents in the world let any grant do what the entitlement is for.
fn gets_in(site: &Site, ids: &[RequestId], now: Time) -> bool {
    ids.iter()
        .any(|id| site.world.may(id, "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:111111111111:table/orders", now))
}

/// Whether the records say that some grant is live.
fn is_live(site: &Site, ids: &[RequestId], now: Time) -> bool {
    ids.iter().any(|id| match &site.stored(id).state.phase {
        Phase::Active { plan, .. } => plan.window.contains(now),
        _ => false,
    })
}

#[test]
fn access_is_what_any_live_grant_gives_over_random_histories() {
    let (mut lived, mut overlapped) = (0, 0);
    for seed in 0..120 {
        let (site, mut dice) = (Site::new(), Dice::new(seed));
        let kind = Kind::ALL[dice.below(Kind::ALL.len())];
        let mut ids: Vec<RequestId> = Vec::new();
        for _ in 0..25 {
            let seconds = [70, 300, 900][dice.below(3)];
            let live: Vec<RequestId> = ids.iter().filter(|id| site.status(id) == Status::Active).cloned().collect();
            overlapped += usize::from(live.len() > 1);
            match dice.below(5) {
                0 if live.len() < 4 => {
                    let id = site.pending(kind, seconds);
                    approved(&site, kind, &id);
                    ids.push(id);
                }
                1 | 2 if !live.is_empty() && live.len() < 4 => {
                    let old = &live[dice.below(live.len())];
                    if let Ok(id) = extended(&site, "alice", old, seconds) {
                        assert_eq!(site.stored(&id).state.request.extends.as_ref(), Some(old));
                        approved(&site, kind, &id);
                        ids.push(id);
                    }
                }
                3 if !live.is_empty() => {
                    let id = &live[dice.below(live.len())];
                    site.act("alice", id, &Wanted::Revoke { reason: crate::support::text("done") }).unwrap();
                    site.must(site.end(id)).unwrap();
                }
                _ => site.pass_until(site.world.aws_now().plus([20, 100, 400][dice.below(3)])),
            }
            let now = site.world.aws_now();
            assert_eq!(gets_in(&site, &ids, now), is_live(&site, &ids, now), "history {seed} at {now}");
            lived += usize::from(is_live(&site, &ids, now));
        }
        site.at_rest();
    }
    // Histories without access, or without two grants at once, would prove nothing.
    assert!(lived > 300 && overlapped > 100, "{lived} {overlapped}");
}

#[test]
fn an_extension_approved_in_time_leaves_no_gap() {
    for kind in Kind::ALL {
        let site = Site::new();
        let old = site.pending(kind, 600);
        approved(&site, kind, &old);
        site.world.pass(500);
        let new = extended(&site, "alice", &old, 600).unwrap();
        assert_eq!(site.status(&new), Status::Pending, "judged anew");
        approved(&site, kind, &new);
        let ids = [old.clone(), new.clone()];
        for _ in 0..55 {
            site.pass_until(site.world.aws_now().plus(10));
            assert!(gets_in(&site, &ids, site.world.aws_now()), "{kind:?} at {}", site.world.aws_now());
        }
        assert_eq!((site.status(&old) == Status::Active, site.status(&new)), (false, Status::Active));
        let (a, b) = (site.stored(&old).state.request, site.stored(&new).state.request);
        assert_eq!((&a.permissions, &a.resources, &a.entitlement), (&b.permissions, &b.resources, &b.entitlement));
        site.at_rest();
    }
}

#[test]
fn only_the_requester_extends_and_only_what_is_active() {
    let site = Site::new();
    let waiting = site.pending(Kind::Session, 600);
    assert!(matches!(extended(&site, "alice", &waiting, 600), Err(SubmitError::Refused { .. })));
    let id = site.active(Kind::Session, 600);
    assert!(matches!(extended(&site, "bob", &id, 600), Err(SubmitError::Refused { .. })));
    assert_eq!(extended(&site, "mallory", &id, 600), Err(SubmitError::NotFound));
    assert!(matches!(extended(&site, "alice", &id, 999_999), Err(SubmitError::Invalid(_))));
    site.world.pass(600);
    assert!(matches!(extended(&site, "alice", &id, 600), Err(SubmitError::Refused { .. })), "its time is over");
}
