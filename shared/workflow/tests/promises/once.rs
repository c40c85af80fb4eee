//! Once is once: keys, signed messages, votes; and what was refused is in the record.

use crate::invariants;
use crate::support::{HALF_AN_HOUR, Kind, Site, actor, text, wish};
use model::digest::Digest;
use model::lifecycle::REFUSALS_RECORDED;
use model::names::RequestId;
use model::request::Status;
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act};
use workflow::double::{Trouble, Verb};
use workflow::ports::{Guard, Stored};
use workflow::provision::Provisioned;
use workflow::submission::{SubmitError, submit};

fn guard(site: &Site, of: &str) -> Guard {
    Guard::Replay { key: Digest::of(of.as_bytes()), forget_at: site.world.aws_now().plus(900) }
}

fn with_key(site: &Site, person: &str, key: &str, seconds: u64) -> Result<Stored, SubmitError> {
    let key = Some(key.parse().unwrap());
    site.must(submit(&*site.world, &actor(person), &wish("orders-db-debug", seconds), key, None))
}

#[test]
fn a_key_stands_for_one_wish() {
    let site = Site::new();
    let first = with_key(&site, "alice", "key", HALF_AN_HOUR).unwrap();
    site.world.pass(60);
    let again = with_key(&site, "alice", "key", HALF_AN_HOUR).unwrap();
    assert_eq!(again, first);
    assert_eq!(with_key(&site, "alice", "key", 900), Err(SubmitError::KeyReused));
    assert_eq!(site.world.ids().len(), 1);
    // It is one person's key, and for a day.
    assert_ne!(with_key(&site, "bob", "key", HALF_AN_HOUR).unwrap().state.request.id, first.state.request.id);
    site.world.pass(86_400);
    assert_ne!(with_key(&site, "alice", "key", 900).unwrap().state.request.id, first.state.request.id);
}

#[test]
fn a_key_gives_back_what_became_of_the_request() {
    let site = Site::new();
    let id = with_key(&site, "alice", "key", HALF_AN_HOUR).unwrap().state.request.id.clone();
    site.act("bob", &id, &site.approval(&id)).unwrap();
    assert_eq!(with_key(&site, "alice", "key", HALF_AN_HOUR).unwrap().state.status(), Status::Provisioning);
}

#[test]
fn a_signed_message_takes_effect_once() {
    let site = Site::new();
    let (alice, wish) = (actor("alice"), wish("orders-db-debug", HALF_AN_HOUR));
    let ask = || submit(&*site.world, &alice, &wish, None, Some(guard(&site, "one")));
    let id = site.must(ask()).unwrap().state.request.id.clone();
    assert_eq!(site.must(ask()), Err(SubmitError::Replayed));
    assert_eq!(site.world.ids().len(), 1);
    // A click: done once; the same click again, and the same click when it is refused.
    let before = site.world.chain(&id).len();
    let click = |person: &str, of: &str| {
        let wanted = Wanted::Deny { reason: text("no") };
        site.must(act(&*site.world, &actor(person), &id, &wanted, Some(guard(&site, of))))
    };
    assert!(matches!(click("mallory", "two"), Err(CommandError::Refused { .. })));
    assert_eq!(click("mallory", "two"), Err(CommandError::Replayed));
    assert_eq!(click("bob", "one"), Err(CommandError::Replayed));
    assert_eq!(site.status(&id), Status::Pending);
    assert_eq!(site.world.chain(&id).len(), before + 1, "one refusal, and nothing of the replays");
    assert!(click("bob", "three").is_ok());
    assert_eq!(click("bob", "three"), Err(CommandError::Replayed));
    site.at_rest();
}

#[test]
fn a_message_that_failed_can_come_again() {
    let site = Site::new();
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    let (bob, approval) = (actor("bob"), site.approval(&id));
    let click = || act(&*site.world, &bob, &id, &approval, Some(guard(&site, "click")));
    site.world.break_down(Verb::Commit, Trouble::FaultBefore);
    assert!(matches!(site.must(click()), Err(CommandError::Unavailable(_))));
    site.world.heal();
    assert!(site.must(click()).is_ok());
}

fn refusals(site: &Site, id: &RequestId) -> Vec<(String, String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    invariants::invariant_chain(&site.world, id)
        .iter()
        .filter(|entry| entry.event_name() == "commandRefused")
        .map(|entry| {
            (text(&entry.cause["person"]), text(&entry.event["data"]["command"]), text(&entry.event["data"]["code"]))
        })
        .collect()
}

#[test]
fn refused_attempts_are_in_the_record() {
    let site = Site::new();
    let id = site.pending(Kind::Role, HALF_AN_HOUR);
    let stale = Wanted::approve(Digest::of(b"something else"));
    let attempts: [(&str, Wanted, &str); 6] = [
        ("alice", site.approval(&id), "self_approval"),
        ("mallory", site.approval(&id), "not_an_approver"),
        ("dave", site.approval(&id), "not_an_approver"),
        ("bob", stale, "stale_digest"),
        ("bob", Wanted::Cancel, "not_the_requester"),
        ("carol", Wanted::Revoke { reason: text("why") }, "not_revocable"),
    ];
    for (person, wanted, code) in &attempts {
        let Err(CommandError::Refused { refusal, stored }) = site.act(person, &id, wanted) else {
            panic!("{person}: {code}")
        };
        assert_eq!(refusal.code(), *code);
        assert_eq!(stored.state.status(), Status::Pending);
    }
    let noted: Vec<(String, String)> =
        refusals(&site, &id).into_iter().map(|(person, _, code)| (person, code)).collect();
    let made: Vec<(String, String)> =
        attempts.iter().map(|(person, _, code)| ((*person).to_owned(), (*code).to_owned())).collect();
    assert_eq!(noted, made);
    let unknown: RequestId = "req_0198c0ffee00700080000000deadbeef".parse().unwrap();
    assert_eq!(site.act("bob", &unknown, &Wanted::Cancel), Err(CommandError::NotFound(unknown)));
    site.at_rest();
}

#[test]
fn nobody_grows_a_record_without_bound() {
    let site = Site::new();
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    for _ in 0..REFUSALS_RECORDED + 20 {
        assert!(site.act("mallory", &id, &Wanted::Cancel).is_err());
    }
    assert_eq!(site.world.chain(&id).len(), 1 + usize::try_from(REFUSALS_RECORDED).unwrap());
    // Who may still can.
    assert!(site.act("bob", &id, &site.approval(&id)).is_ok());
    site.at_rest();
}

#[test]
fn a_changed_policy_is_asked_again() {
    let site = Site::new();
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    let mut bundle = workflow::double::World::sample_bundle();
    bundle.catalog = bundle.catalog.replace("maxDuration: 2h", "maxDuration: 1h");
    site.world.set_policy(Some(std::sync::Arc::new(model::policy::Policy::load(&bundle).unwrap())));
    let Err(CommandError::Refused { refusal, .. }) = site.act("bob", &id, &site.approval(&id)) else {
        panic!("approved")
    };
    assert_eq!(refusal.code(), "policy_changed");
    site.world.set_policy(None);
    assert!(
        matches!(site.act("bob", &id, &site.approval(&id)), Err(CommandError::Unavailable(_))),
        "no policy, no access"
    );
}

#[test]
fn everything_delivered_many_times_is_done_once() {
    for kind in Kind::ALL {
        let site = Site::new();
        let id = site.provisioning(kind, HALF_AN_HOUR);
        for _ in 0..5 {
            assert!(matches!(site.must(site.provision(&id)), Ok(Provisioned::Active | Provisioned::NotNeeded)));
        }
        let length = site.world.chain(&id).len();
        assert_eq!(site.status(&id), Status::Active);
        for _ in 0..5 {
            site.must(site.end(&id)).unwrap();
        }
        assert_eq!(site.world.chain(&id).len(), length, "the end came too early and did nothing");
        site.revoke(&id);
        for _ in 0..5 {
            site.must(site.end(&id)).unwrap();
            site.must(site.provision(&id)).unwrap();
        }
        site.at_rest();
        for _ in 0..5 {
            site.must(site.end(&id)).unwrap();
            site.must(site.provision(&id)).unwrap();
        }
        site.at_rest();
    }
}

#[test]
fn a_message_is_posted_once() {
    use std::cell::Cell;
    use workflow::notes::{Reached, once};
    use workflow::ports::{Fault, Note, RememberNotes as _, Sent};
    let site = Site::new();
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    let posted =
        || Sent::Posted { channel: "C0APPROVALS".to_owned(), ts: "1.2".to_owned(), shown: Digest::of(b"card") };
    let count = Cell::new(0);
    let send = |works: bool| {
        let count = &count;
        once(&*site.world, &id, 1, "C0APPROVALS", move || async move {
            count.set(count.get() + 1);
            if works { Ok(posted()) } else { Err(Fault::new("post", "down")) }
        })
    };
    assert!(site.must(send(false)).is_err());
    site.world.pass(60);
    assert_eq!(site.must(send(true)), Ok(Reached::Yes));
    assert_eq!(site.must(send(true)), Ok(Reached::Yes));
    assert_eq!(count.get(), 2, "one failed, one was posted, and then there was nothing to do");
    let note = Note { seq: 1, target: "C0APPROVALS".to_owned(), sent: posted() };
    assert_eq!(site.must(site.world.notes(&id)), Ok(vec![note.clone()]));
    // What can't be posted is not tried for ever, and somebody else can be told.
    let archived = || {
        let outcome = Sent::Unreachable { code: "is_archived".to_owned() };
        once::<_, _, _, Fault>(&*site.world, &id, 2, "C0ARCHIVED", move || async move { Ok(outcome) })
    };
    assert_eq!(site.must(archived()), Ok(Reached::No));
    assert_eq!(site.must(archived()), Ok(Reached::No));
    let outcome = Sent::Unreachable { code: "is_archived".to_owned() };
    let gone = Note { seq: 2, target: "C0ARCHIVED".to_owned(), sent: outcome };
    assert_eq!(site.must(site.world.notes(&id)), Ok(vec![note, gone]));
}
