//! What persons said can be erased once it is over, and the record is as whole as before.

use crate::crashes::sweep as at_every_call;
use crate::invariants::invariant_chain;
use crate::races::race;
use crate::support::{Dice, HALF_AN_HOUR, Kind, Site, actor, text};
use model::names::{RequestId, SweepId};
use model::stream::{Place, Stream};
use model::sweep::{CONFIRM_WITHIN, Event, Phase, SETTLES_AFTER, Scope, Sweep};
use model::text::Note;
use record::words::fill;
use serde_json::Value;
use std::pin::Pin;
use workflow::command::CommandError;
use workflow::decisions::{Wanted, act};
use workflow::double::Trouble;
use workflow::erasure::{Erased, ErasedSweep, erase, erase_sweep};
use workflow::ports::LoadEntries as _;
use workflow::sweep::{OrderedBy, SweepError, offboard, panic, reinstate};
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

/// An entry that is gone is not what keeps the words of the others.
#[test]
fn words_are_erased_from_beside_the_entries_that_are_there() {
    let site = Site::new();
    let id = ended(&site);
    let place = |seq| Place { stream: Stream::Request(id.clone()), seq };
    let spoken: Vec<u64> = site
        .must(site.world.entries(&id, 0, 100))
        .unwrap()
        .into_iter()
        .filter(|entry| !entry.words.is_empty())
        .map(|entry| entry.seq)
        .collect();
    let silent = (1..=100).find(|seq| !spoken.contains(seq)).unwrap();
    assert!(spoken.len() >= 3 && silent < spoken[2], "{spoken:?}");
    site.world.tamper(&place(silent), None);
    let done = erased(&site, &id).unwrap().unwrap();
    assert_eq!(done.entries, spoken.len());
    assert!(site.world.words(&id).is_empty());
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

/// Erin's panic over alice, which is over.
fn swept(site: &Site) -> SweepId {
    let scope = Scope::Person { person: "alice".parse().unwrap() };
    let stored = site.must(panic(&*site.world, &actor("erin"), scope, text("keys were found"))).unwrap();
    let id = stored.sweep.id;
    site.at_rest();
    site.pass_until(site.world.aws_now().plus(2 * SETTLES_AFTER + 120));
    assert!(matches!(site.world.stored_sweep(&id).unwrap().sweep.phase, Phase::Finished { .. }));
    id
}

fn erased_of(site: &Site, id: &SweepId) -> Option<Result<ErasedSweep, SweepError>> {
    site.run(erase_sweep(&*site.world, id, OPERATOR))
}

/// Nothing of what was said about a sweep is left, its chain is whole, and its events give its state.
#[track_caller]
fn nothing_left_of(site: &Site, id: &SweepId) {
    let stored = site.world.stored_sweep(id).unwrap();
    let chain = site.world.sweep_chain(id);
    let entries = record::chain::verify(id.as_str(), &chain, Some(stored.head)).unwrap();
    assert!(site.world.sweep_words(id).is_empty());
    let all = serde_json::to_string(&stored.sweep).unwrap();
    assert!(!all.contains("keys were found") && !all.contains("salt"), "{all}");
    let erasing: Vec<_> = entries.iter().filter(|entry| entry.event_name() == "wordsErased").collect();
    let [erasing] = erasing[..] else { panic!("once, not {} times", erasing.len()) };
    assert_eq!((&erasing.event["data"]["by"], &erasing.cause["part"]), (&OPERATOR.into(), &"erasure".into()));
    let state = entries.iter().fold(None, |before, entry| {
        let event: Event = serde_json::from_value(entry.event.clone()).unwrap();
        Some(Sweep::evolve(before, id, &event, entry.at.parse().unwrap()).unwrap())
    });
    assert_eq!(state, Some(stored.sweep));
}

#[test]
fn what_was_said_about_a_sweep_is_gone_and_its_record_is_whole() {
    let site = Site::new();
    let id = swept(&site);
    let (chain, words) = (site.world.sweep_chain(&id), site.world.sweep_words(&id));
    assert_eq!(words.len(), 1, "{words:?}");
    let done = erased_of(&site, &id).unwrap().unwrap();
    assert_eq!((done.entries, &done.stored), (1, &site.world.stored_sweep(&id).unwrap()));
    nothing_left_of(&site, &id);
    assert_eq!(site.world.sweep_chain(&id)[..chain.len()], chain, "no entry has changed");
    let again = erased_of(&site, &id).unwrap().unwrap();
    assert_eq!((again.entries, again.stored.head), (0, done.stored.head), "forgotten is forgotten");
}

#[test]
fn what_was_said_about_a_sweep_stays_until_it_is_over() {
    let site = Site::new();
    let running = site.must(panic(&*site.world, &actor("erin"), Scope::All, text("keys were found"))).unwrap().sweep.id;
    let proposed = site.must(panic(&*site.world, &actor("bob"), Scope::All, text("keys were found"))).unwrap().sweep.id;
    assert!(matches!(site.world.stored_sweep(&proposed).unwrap().sweep.phase, Phase::Proposed { .. }));
    for id in [&running, &proposed] {
        match erased_of(&site, id).unwrap() {
            Err(SweepError::Refused(refusal)) => assert_eq!(refusal.code(), "still_open"),
            other => panic!("{other:?}"),
        }
        assert_eq!(site.world.sweep_words(id).len(), 1);
    }
    // Nobody confirmed it in time.
    site.world.pass(CONFIRM_WITHIN);
    erased_of(&site, &proposed).unwrap().unwrap();
    nothing_left_of(&site, &proposed);
    let missing = "swp_0198c0ffee00700080000000deadbeef".parse().unwrap();
    assert_eq!(erased_of(&site, &missing).unwrap(), Err(SweepError::NotFound));
}

#[test]
fn whatever_dies_erasing_a_sweep_again_finishes_it() {
    let prepared = Site::new();
    let id = swept(&prepared);
    prepared.world.forget_calls();
    let whole = prepared.fork();
    erased_of(&whole, &id).unwrap().unwrap();
    let calls = whole.world.calls().len();
    assert!(calls >= 4, "read, load, store, erase: {calls}");
    for nth in 0..calls {
        for trouble in [Trouble::FaultBefore, Trouble::FaultAfter] {
            let site = prepared.fork();
            let seen = std::sync::atomic::AtomicUsize::new(0);
            site.world
                .trouble(move |_| (seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == nth).then_some(trouble));
            let _ = erased_of(&site, &id);
            site.world.heal();
            erased_of(&site, &id).unwrap().unwrap();
            nothing_left_of(&site, &id);
        }
    }
}

/// Whoever is let back in later gives a reason again; that is erased as well, with an entry that says so.
#[test]
fn what_is_said_later_is_erased_likewise() {
    let site = Site::new();
    let by = OrderedBy::Person(actor("erin"));
    let alice = "alice".parse().unwrap();
    let id = site.must(offboard(&*site.world, &by, &alice, text("keys were found"))).unwrap().sweep.id;
    site.pass_until(site.world.aws_now().plus(2 * SETTLES_AFTER + 120));
    erased_of(&site, &id).unwrap().unwrap();
    nothing_left_of(&site, &id);
    site.must(reinstate(&*site.world, &actor("erin"), &alice, text("a mistake"))).unwrap();
    assert_eq!(site.world.sweep_words(&id).len(), 1);
    assert_eq!(erased_of(&site, &id).unwrap().unwrap().entries, 1);
    assert!(site.world.sweep_words(&id).is_empty());
    let names: Vec<String> = site
        .world
        .sweep_chain(&id)
        .iter()
        .map(|bytes| serde_json::from_slice::<record::entry::Entry>(bytes).unwrap().event_name().to_owned())
        .collect();
    assert_eq!(names, ["offboardingStarted", "sweepFinished", "wordsErased", "personReinstated", "wordsErased"]);
}
