//! One trouble at one call, for every call of every step: what holds while nothing else runs, and
//! that everything ends well once something does.

use crate::invariants;
use crate::support::{HALF_AN_HOUR, Kind, Site, actor, each_trouble_at_each_call, text, wish};
use model::lifecycle::{Phase, QUARANTINE};
use model::names::RequestId;
use model::request::Status;
use workflow::credentials::credentials;
use workflow::decisions::{Wanted, act};
use workflow::double::home;
use workflow::reconcile::reconcile;
use workflow::submission::submit;

/// Whether the event that the step answers is delivered again, or reconciliation has to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    Delivered,
    Lost,
}

/// For every trouble and every call that `step` makes: a site as `prepare` makes it, the trouble,
/// what holds at once; and then everything runs to its end. Gives back how many calls there were.
pub(crate) fn sweep<S>(prepare: impl Fn(&Site) -> S, step: impl Fn(&Site, &S), then: impl Fn(&Site, &S, Again)) {
    let prepared = Site::new();
    let subject = prepare(&prepared);
    for again in [Again::Delivered, Again::Lost] {
        each_trouble_at_each_call(|nth, trouble| {
            let site = prepared.fork();
            let before = site.world.hits();
            site.world.trouble_at(nth, trouble);
            step(&site, &subject);
            site.world.heal();
            // Nothing else runs: looked at as it is, now and for the times to come.
            for id in site.world.ids() {
                invariants::at_every_moment(&site.world, &id);
            }
            if again == Again::Lost {
                site.world.take_news();
            } else {
                step(&site, &subject);
            }
            then(&site, &subject, again);
            site.at_rest();
            site.world.hits() > before
        });
    }
}

/// The events of a request, but for those that only note a failure.
fn story(site: &Site, id: &RequestId) -> Vec<String> {
    invariants::invariant_chain(&site.world, id)
        .iter()
        .map(|entry| entry.event_name().to_owned())
        .filter(|name| {
            !["provisioningAttemptFailed", "revocationAttemptFailed", "verificationAttemptFailed", "commandRefused"]
                .contains(&name.as_str())
        })
        .collect()
}

fn expected(kind: Kind, later: &[&str]) -> Vec<String> {
    let votes = kind.approvers().iter().map(|_| "approvalGiven");
    std::iter::once("requestSubmitted").chain(votes).chain(later.iter().copied()).map(str::to_owned).collect()
}

const MADE: [&str; 3] = ["requestApproved", "provisioningStarted", "grantActivated"];

/// With reconciliation running all the time, so that the end is announced.
fn announced_story(kind: Kind) -> Vec<String> {
    let mut story = whole_story(kind);
    let end = story.iter().position(|name| name == "revocationStarted").unwrap();
    story.insert(end, "expiryAnnounced".to_owned());
    story
}

fn whole_story(kind: Kind) -> Vec<String> {
    let end: &[&str] = match kind {
        Kind::Session | Kind::Policy => &["revocationStarted", "grantEnded", "verifiedEnded"],
        Kind::Role => &["revocationStarted", "tombstonePlaced", "grantEnded", "verifiedEnded"],
    };
    expected(kind, &[&MADE, end].concat())
}

#[test]
fn making_access() {
    for kind in Kind::ALL {
        sweep(
            |site| site.provisioning(kind, HALF_AN_HOUR),
            |site, id| {
                let _ = site.run(site.provision(id));
            },
            |site, id, again| {
                if again == Again::Lost {
                    site.pass_until(site.world.aws_now().plus(180));
                }
                assert_eq!(site.status(id), Status::Active);
                let windows = site.window(id);
                assert_eq!(
                    site.world.schedules().into_iter().collect::<Vec<_>>(),
                    [(id.clone(), windows.expires_at())]
                );
                assert_eq!(site.world.roles().len(), usize::from(kind == Kind::Role));
                assert_eq!(site.world.policies().len(), usize::from(kind == Kind::Policy));
                site.pass_until_quiet();
                assert_eq!(story(site, id), announced_story(kind));
            },
        );
    }
}

#[test]
fn ending_access_on_time() {
    for kind in Kind::ALL {
        sweep(
            |site| {
                let id = site.active(kind, HALF_AN_HOUR);
                site.world.set_now(site.window(&id).expires_at());
                assert_eq!(site.world.fire_schedules(), std::slice::from_ref(&id));
                id
            },
            |site, id| {
                let _ = site.run(site.end(id));
            },
            |site, id, again| {
                if again == Again::Lost {
                    site.pass_until(site.world.aws_now().plus(120));
                }
                assert_eq!(site.status(id), Status::Ended);
                site.pass_until_quiet();
                assert_eq!(story(site, id), whole_story(kind));
            },
        );
    }
}

#[test]
fn ending_access_early() {
    // With half an hour left, and so shortly before the end that what follows comes after it.
    for (kind, left) in Kind::ALL.into_iter().flat_map(|kind| [HALF_AN_HOUR, 50, 20, 1].map(|left| (kind, left))) {
        sweep(
            |site| {
                let id = site.active(kind, HALF_AN_HOUR);
                if kind.has_sessions() {
                    site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
                }
                site.world.pass(HALF_AN_HOUR - left);
                site.revoke(&id);
                id
            },
            |site, id| {
                let _ = site.run(site.end(id));
            },
            |site, id, _| {
                site.pass_until_quiet();
                let end: &[&str] = match (kind, story(site, id).iter().any(|name| name == "tombstonePlaced")) {
                    (Kind::Session | Kind::Policy, true) => {
                        &["revocationStarted", "tombstonePlaced", "grantEnded", "verifiedEnded", "tombstoneRemoved"]
                    }
                    (Kind::Session | Kind::Policy, false) => {
                        &["revocationStarted", "grantEnded", "verifiedEnded", "tombstoneRemoved"]
                    }
                    (Kind::Role, _) => &["revocationStarted", "tombstonePlaced", "grantEnded", "verifiedEnded"],
                };
                let credentials: &[&str] =
                    if kind.has_sessions() { &["credentialsRequested", "credentialsIssued"] } else { &[] };
                assert_eq!(story(site, id), expected(kind, &[&MADE, credentials, end].concat()));
            },
        );
    }
}

#[test]
fn ending_what_was_never_made() {
    for kind in Kind::ALL {
        sweep(
            |site| {
                let id = site.provisioning(kind, HALF_AN_HOUR);
                site.revoke(&id);
                site.world.take_news();
                id
            },
            |site, id| {
                let _ = site.run(site.end(id));
            },
            |_, _, _| {},
        );
    }
}

#[test]
fn taking_out_after_the_quarantine() {
    for kind in [Kind::Role, Kind::Policy] {
        sweep(
            |site| {
                let id = site.active(kind, HALF_AN_HOUR);
                site.revoke(&id);
                site.must(site.end(&id)).unwrap();
                site.world.pass(QUARANTINE);
                id
            },
            |site, id| {
                let _ = site.run(site.end(id));
            },
            |_, _, _| {},
        );
    }
}

#[test]
fn taking_out_the_deny_that_stayed() {
    for kind in [Kind::Session, Kind::Policy] {
        sweep(
            |site| {
                let id = site.active(kind, HALF_AN_HOUR);
                site.must(credentials(&*site.world, &actor("alice"), &id)).unwrap();
                site.revoke(&id);
                site.must(site.end(&id)).unwrap();
                assert!(matches!(site.stored(&id).state.phase, Phase::Ended { residue: Some(_), .. }));
                assert_eq!(site.world.kills().len() + site.world.policies().len(), 1);
                site.world.pass(HALF_AN_HOUR + QUARANTINE);
                id
            },
            |site, _| {
                let _ = site.run(reconcile(&*site.world, &[home()]));
            },
            |_, _, _| {},
        );
    }
}

#[test]
fn reconciliation_of_everything_at_once() {
    sweep(
        |site| {
            for kind in Kind::ALL {
                site.pending(kind, HALF_AN_HOUR);
                site.provisioning(kind, HALF_AN_HOUR);
                site.active(kind, HALF_AN_HOUR);
                let id = site.active(kind, HALF_AN_HOUR);
                site.revoke(&id);
            }
            site.world.take_news();
            site.world.pass(60);
        },
        |site, ()| {
            let _ = site.run(reconcile(&*site.world, &[home()]));
        },
        |_, (), _| {},
    );
}

#[test]
fn fetching_credentials() {
    for kind in [Kind::Session, Kind::Policy] {
        sweep(
            |site| site.active(kind, HALF_AN_HOUR),
            |site, id| {
                if let Some(Ok(credentials)) = site.run(credentials(&*site.world, &actor("alice"), id)) {
                    let record = invariants::invariant_chain(&site.world, id);
                    let key = credentials.access_key_id.as_str();
                    let noted = record.iter().any(|entry| {
                        entry.event_name() == "credentialsIssued" && entry.event["data"]["accessKeyId"] == key
                    });
                    assert!(noted, "handed out, and not in the record");
                }
            },
            |site, id, _| assert_eq!(site.status(id), Status::Active),
        );
    }
}

#[test]
fn submitting() {
    for entitlement in ["logs-read", "orders-db-debug", "legacy-debug"] {
        sweep(
            |_| (),
            |site, ()| {
                let key = "one-key".parse().unwrap();
                let _ =
                    site.run(submit(&*site.world, &actor("alice"), &wish(entitlement, HALF_AN_HOUR), Some(key), None));
            },
            |site, (), again| {
                let made = site.world.ids().len();
                assert!(if again == Again::Delivered { made == 1 } else { made <= 1 }, "{made} requests");
            },
        );
    }
}

#[test]
fn countersigning() {
    for kind in Kind::ALL {
        sweep(
            |site| site.pending(kind, HALF_AN_HOUR),
            |site, id| {
                for person in ["bob", "carol"] {
                    let _ = site.run(act(&*site.world, &actor(person), id, &site.approval(id), None));
                }
            },
            |site, id, again| {
                let started = story(site, id).iter().filter(|name| *name == "provisioningStarted").count();
                assert!(if again == Again::Delivered { started == 1 } else { started <= 1 }, "{started} starts");
            },
        );
    }
}

#[test]
fn refusing_withdrawing_and_ending_by_persons() {
    let wanted = [
        ("bob", Wanted::Deny { reason: text("no") }),
        ("alice", Wanted::Cancel),
        ("alice", Wanted::Revoke { reason: text("done") }),
    ];
    for (person, wanted) in wanted {
        sweep(
            |site| match wanted {
                Wanted::Revoke { .. } => site.active(Kind::Role, HALF_AN_HOUR),
                _ => site.pending(Kind::Role, HALF_AN_HOUR),
            },
            |site, id| {
                let _ = site.run(act(&*site.world, &actor(person), id, &wanted, None));
            },
            |_, _, _| {},
        );
    }
}
