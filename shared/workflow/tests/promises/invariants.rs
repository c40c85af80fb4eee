//! What has to hold, each as a function of the world alone.

use model::event::Event;
use model::lifecycle::{Phase, State, evolve};
use model::names::RequestId;
use model::time::Time;
use record::chain;
use record::entry::Entry;
use record::words::{fill, split};
use serde_json::Value;
use std::collections::BTreeSet;
use workflow::double::{Call, Verb, World};
use workflow::ports::{Stored, window};

/// What holds between any two calls.
#[track_caller]
pub(crate) fn at_every_moment(world: &World, id: &RequestId) {
    let Some(stored) = world.stored(id) else { return };
    invariant_window(world, &stored);
    invariant_final(world, &stored);
    invariant_way_out(world, &stored);
    assert!(!world.meets_others(), "{id}: a policy on a shared role says something of others");
    assert_eq!(world.breaches(), Vec::<String>::new());
}

/// What holds once nothing is left to be done.
#[track_caller]
pub(crate) fn at_rest(world: &World, planted: &BTreeSet<String>) {
    for id in world.ids() {
        let entries = invariant_chain(world, &id);
        invariant_approved(&entries);
        invariant_secret(world, &id);
        invariant_words(&entries);
    }
    invariant_owned(world, planted);
    invariant_order(&world.calls());
}

/// Whether the grant can do what it is for, at `at`.
fn ask(world: &World, stored: &Stored, at: Time) -> bool {
    let terms = stored.state.terms();
    let concrete = |patterns: &[String]| patterns[0].replace('*', "GetThing");
    world.may(&terms.request.id, &concrete(terms.permissions()), &concrete(terms.resources()), at)
}

/// P2: no access outside the window, whatever is or is not done from now on; and no way to more
/// than was asked for inside it.
#[track_caller]
pub(crate) fn invariant_window(world: &World, stored: &Stored) {
    let id = &stored.state.request.id;
    let now = world.aws_now();
    let Some(window) = window(stored) else {
        assert!(!ask(world, stored, now), "{id}: access without a window");
        return;
    };
    let (start, end) = (window.starts_at(), window.expires_at());
    let before = Time::from_second(start.as_second() - 1).unwrap();
    for at in [before, end, end.plus(1), end.plus(3_600), end.plus(315_360_000)] {
        assert!(!ask(world, stored, at), "{id}: access at {at}, outside {start} to {end}");
    }
    for action in ["iam:CreateUser", "sts:AssumeRole", "s3:PutBucketPolicy", "ec2:RunInstances"] {
        assert!(!world.may(id, action, "*", start), "{id}: {action}");
    }
    assert_eq!(
        start.seconds_until(end),
        stored.state.terms().duration_seconds(),
        "{id}: its window is not what was countersigned"
    );
    // What an approver took away. A pattern might cover more than it says here.
    let terms = stored.state.terms();
    let plain = terms.permissions().iter().all(|action| !action.contains('*'));
    for gone in terms.request.permissions.iter().filter(|asked| plain && !terms.permissions().contains(asked)) {
        let (action, resource) = (gone.replace('*', "GetThing"), terms.resources()[0].replace('*', "GetThing"));
        assert!(!world.may(id, &action, &resource, start), "{id}: {action}, which was taken away");
    }
}

/// P7: once the deny is recorded, access does not come back.
#[track_caller]
pub(crate) fn invariant_final(world: &World, stored: &Stored) {
    let denied = match &stored.state.phase {
        Phase::Revoking { quarantine_until, .. } => quarantine_until.is_some(),
        Phase::Ended { .. } | Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => true,
        Phase::Pending { .. } | Phase::Approved { .. } | Phase::Provisioning { .. } | Phase::Active { .. } => false,
    };
    let now = world.aws_now();
    let last = window(stored).map_or(now, |window| Time::from_second(window.expires_at().as_second() - 1).unwrap());
    for at in [now, now.plus(1), now.plus(60), last].into_iter().filter(|at| denied && *at >= now) {
        assert!(!ask(world, stored, at), "{}: access at {at}, after it was ended", stored.state.request.id);
    }
}

/// P3, seen from outside: nothing lets anybody in without a schedule that takes it out, or a deny.
#[track_caller]
pub(crate) fn invariant_way_out(world: &World, stored: &Stored) {
    let id = &stored.state.request.id;
    let Some(window) = window(stored) else { return };
    if ask(world, stored, window.starts_at()) && world.aws_now() < window.expires_at() {
        assert_eq!(world.schedules().get(id), Some(&window.expires_at()), "{id}: access without its schedule");
    }
}

/// P4: the chain is whole, and its events give the state. Gives back the entries.
#[track_caller]
pub(crate) fn invariant_chain(world: &World, id: &RequestId) -> Vec<Entry> {
    let stored = world.stored(id).unwrap();
    let entries = chain::verify(id.as_str(), &world.chain(id), Some(stored.head)).unwrap();
    let mut state: Option<State> = None;
    let words = world.words(id);
    for entry in &entries {
        let event: Event = serde_json::from_value(fill(entry.event.clone(), &words)).unwrap();
        state = Some(evolve(state, &event, entry.at.parse().unwrap()).unwrap());
    }
    assert_eq!(state.unwrap(), stored.state, "{id}: its events do not give its state");
    assert_eq!(entries.last().unwrap().at, stored.at.to_string());
    entries
}

/// P1, from the record's text alone: access was only made for what enough distinct others, or
/// policy, countersigned, and what they saw is what was granted.
#[track_caller]
pub(crate) fn invariant_approved(entries: &[Entry]) {
    let data = |entry: &Entry| entry.event["data"].clone();
    let request = data(&entries[0])["request"].clone();
    let (mut digest, requester) = (request["digest"].clone(), &request["requester"]);
    let mut seconds = request["durationSeconds"].as_u64().unwrap();
    let mut voters = BTreeSet::new();
    let mut approved = false;
    for entry in entries {
        match entry.event_name() {
            "approvalGiven" => {
                assert!(!approved, "a countersignature after the approval");
                assert_eq!(data(entry)["digest"], digest, "countersigned something else");
                assert_ne!(data(entry)["person"], *requester, "countersigned their own request");
                assert_eq!(entry.cause["person"], data(entry)["person"], "countersigned for somebody else");
                assert!(voters.insert(data(entry)["person"].as_str().unwrap().to_owned()), "countersigned twice");
            }
            // Whoever signed for more did not see this.
            "termsNarrowed" => {
                assert!(!approved && data(entry)["by"] != *requester);
                digest = data(entry)["digest"].clone();
                let left = data(entry)["durationSeconds"].as_u64().unwrap();
                assert!(left <= seconds, "longer than before");
                seconds = left;
                voters.clear();
            }
            "requestApproved" => {
                assert!(!approved, "approved twice");
                approved = true;
                let needed = usize::try_from(request["quorum"]["needed"].as_u64().unwrap()).unwrap();
                let by_policy = needed == 0 && data(entry)["rules"] != Value::Array(Vec::new());
                assert!(by_policy || needed > 0 && voters.len() >= needed, "approved by {voters:?}, needed {needed}");
            }
            "provisioningStarted" | "grantActivated" | "credentialsRequested" | "credentialsIssued" => {
                assert!(approved, "{} without an approval", entry.event_name());
            }
            _ => {}
        }
    }
}

/// P3, from the log of calls: the intent is stored before the schedule is made, and that is there
/// before anything lets anybody in.
#[track_caller]
pub(crate) fn invariant_order(calls: &[Call]) {
    let mut done: BTreeSet<(&str, &str)> = BTreeSet::new();
    for call in calls {
        let before = |what: &str| done.contains(&(call.on.as_str(), what));
        match call.verb {
            Verb::Arm => assert!(before("provisioningStarted"), "a schedule without an intent"),
            Verb::CreateRole => assert!(before("provisioningStarted"), "a role without an intent"),
            Verb::PutRolePolicy | Verb::CreatePolicy if call.detail == "grant" => {
                assert!(before("armed"), "a policy without a schedule");
            }
            Verb::CreatePolicy => assert!(before("provisioningStarted"), "a policy without an intent"),
            Verb::Assume => assert!(before("credentialsRequested"), "a session without an intent"),
            _ => {}
        }
        if call.took_effect {
            match call.verb {
                Verb::Commit => done.extend(call.detail.split(',').map(|event| (call.on.as_str(), event))),
                Verb::Arm => drop(done.insert((&call.on, "armed"))),
                _ => {}
            }
        }
    }
}

/// P6: of what we made nothing is left, and what we did not make is as it was.
#[track_caller]
pub(crate) fn invariant_owned(world: &World, planted: &BTreeSet<String>) {
    let names: BTreeSet<String> = world.roles().into_keys().collect();
    let policies: BTreeSet<String> = world.policies().into_keys().collect();
    assert_eq!(names.union(&policies).cloned().collect::<BTreeSet<_>>(), *planted, "roles and policies");
    for (role, target) in world.targets() {
        assert_eq!(target.attached, BTreeSet::from(["standing".to_owned()]), "attached to {role}");
    }
    assert_eq!(world.kills(), Vec::new(), "denies on base roles");
    assert_eq!(world.schedules().len(), 0, "schedules");
}

/// What persons said is beside the record's bytes, never in them.
#[track_caller]
pub(crate) fn invariant_words(entries: &[Entry]) {
    for entry in entries {
        let (left, words) = split(entry.event.clone());
        assert!(words.is_empty() && left == entry.event, "{} holds words", entry.event_name());
        assert!(
            entry.event_name() != "requestSubmitted" || entry.event.to_string().contains(r#""justification":{"hash":"#)
        );
    }
}

/// P8: no secret is in the record.
#[track_caller]
pub(crate) fn invariant_secret(world: &World, id: &RequestId) {
    assert!(world.chain(id).iter().all(|bytes| !World::is_secret(bytes)), "{id}: a secret in the record");
}
