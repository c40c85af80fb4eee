//! What persons said can be erased once it is over, and the record is as whole as before.

use crate::crashes::sweep as at_every_call;
use crate::invariants::invariant_chain;
use crate::races::race;
use crate::support::{Dice, HALF_AN_HOUR, Kind, Site, actor, text};
use model::names::RequestId;
use model::text::Note;
use record::words::fill;
use serde_json::Value;
use std::pin::Pin;
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act};
use workflow::erasure::{Erased, erase};
use workflow::views;

const OPERATOR: &str = "arn:aws:iam::111111111111:user/ops";

/// What one worker does.
type Work<'a> = Pin<Box<dyn Future<Output = Result<(), CommandError>> + 'a>>;

/// What was said about [`ended`].
const SAID: [&str; 3] = ["orders are stuck", "be quick", "that is enough"];

/// Alice's request, countersigned with a note, and ended with a reason.
fn ended(site: &Site) -> RequestId {
    let id = site.pending(Kind::Session, HALF_AN_HOUR);
    let Wanted::Approve { digest, narrower, .. } = site.approval(&id) else { panic!("not an approval") };
    site.act("bob", &id, &Wanted::Approve { digest, note: Note::new("be quick").ok(), narrower }).unwrap();
    site.must(site.provision(&id)).unwrap();
    site.act("bob", &id, &Wanted::Revoke { reason: text("that is enough") }).unwrap();
    site.at_rest();
    id
}

fn erased(site: &Site, id: &RequestId) -> Option<Result<Erased, CommandError>> {
    site.run(erase(&*site.world, id, OPERATOR))
}

/// All that is stored of a request, as text.
fn all_of(site: &Site, id: &RequestId) -> String {
    let chain: Vec<String> =
        site.world.chain(id).iter().map(|bytes| String::from_utf8(bytes.clone()).unwrap()).collect();
    let words = serde_json::to_string(&site.world.words(id)).unwrap();
    chain.join("\n") + &words + &serde_json::to_string(&site.stored(id).state).unwrap()
}

/// Nothing of what was said is left, and the chain is whole.
#[track_caller]
fn nothing_left(site: &Site, id: &RequestId) {
    let all = all_of(site, id);
    assert!(!SAID.iter().any(|said| all.contains(said)) && !all.contains("salt"), "{all}");
    let entries = invariant_chain(&site.world, id);
    let found: Vec<_> = entries.iter().filter(|entry| entry.event_name() == "wordsErased").collect();
    let [erasing] = found[..] else { panic!("once, not {} times", found.len()) };
    assert_eq!((&erasing.event["data"]["by"], &erasing.cause["part"]), (&OPERATOR.into(), &"erasure".into()));
}

#[test]
fn what_was_said_is_gone_and_the_record_is_whole() {
    let site = Site::new();
    let id = ended(&site);
    let (before, chain, words) = (site.stored(&id), site.world.chain(&id), site.world.words(&id));
    assert!(SAID.iter().all(|said| all_of(&site, &id).contains(said)));
    let shown = views::request(&before);
    assert_eq!((&shown["justification"], &shown["end"]["reason"]), (&Value::from(SAID[0]), &Value::from(SAID[2])));

    let done = erased(&site, &id).unwrap().unwrap();
    assert_eq!((done.entries, done.stored.clone()), (4, site.stored(&id)), "submitted, countersigned, its end twice");
    nothing_left(&site, &id);
    assert_eq!(site.world.chain(&id)[..chain.len()], chain, "no entry has changed");
    assert_eq!(done.stored.state.request.digest(), before.state.request.digest());
    let shown = views::request(&done.stored);
    let erased_ones = [&shown["justification"], &shown["approvals"][0]["note"], &shown["end"]["reason"]];
    assert!(erased_ones.iter().all(|shown| **shown == "[erased]"), "{shown}");

    // Whoever kept what was said can still show that it was.
    let first: Value = serde_json::from_slice(&chain[0]).unwrap();
    let kept = fill(first["event"]["data"]["request"]["justification"].clone(), &words);
    assert_eq!(kept["text"], SAID[0]);

    let again = erased(&site, &id).unwrap().unwrap();
    assert_eq!((again.entries, again.stored.head), (0, done.stored.head), "forgotten is forgotten");
}

#[test]
fn what_was_said_stays_while_it_is_open() {
    let site = Site::new();
    let id = site.active(Kind::Session, HALF_AN_HOUR);
    let before = all_of(&site, &id);
    match erased(&site, &id).unwrap() {
        Err(CommandError::Refused { refusal, .. }) => assert_eq!(refusal.code(), "still_open"),
        other => panic!("{other:?}"),
    }
    assert_eq!(all_of(&site, &id), before);
    let missing = "req_0198c0ffee00700080000000deadbeef".parse().unwrap();
    assert!(matches!(erased(&site, &missing).unwrap(), Err(CommandError::NotFound(_))));
}

#[test]
fn whatever_dies_erasing_again_finishes_it() {
    at_every_call(
        ended,
        |site, id| {
            let _ = erased(site, id);
        },
        |site, id, _| {
            erased(site, id).unwrap().unwrap();
            nothing_left(site, id);
        },
    );
}

/// A worker that read the request before it was erased does not bring back what was said.
#[test]
fn what_was_read_before_is_not_stored_after() {
    let prepared = Site::new();
    let id = ended(&prepared);
    for seed in 0..40 {
        let site = prepared.fork();
        let (mallory, wanted) = (actor("mallory"), Wanted::Revoke { reason: text("that is enough") });
        let refused = async { act(&*site.world, &mallory, &id, &wanted, None).await.map(drop) };
        let erasing = async { erase(&*site.world, &id, OPERATOR).await.map(drop) };
        let works: Vec<Work<'_>> = vec![Box::pin(refused), Box::pin(erasing)];
        race(&site, &mut Dice::new(seed), works);
        nothing_left(&site, &id);
        let names = invariant_chain(&site.world, &id).into_iter().map(|entry| entry.event_name().to_owned());
        assert!(names.rev().take(2).any(|name| name == "commandRefused"), "both are in the record");
    }
}
