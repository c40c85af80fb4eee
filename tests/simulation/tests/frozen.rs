//! The record as earlier versions wrote it. What is in `frozen` stays: it is read, gone on from and written again to the
//! byte by whatever code there is. `simulate --entries <seed>` prints entries for a new file when the form of one changes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use model::account::Account;
use model::identity::Cause;
use model::lifecycle::{Phase, State, evolve};
use model::stream::Stream;
use model::sweep::Sweep;
use model::system::Known;
use model::time::Time;
use record::chain::{self, Head, Link};
use record::entry::{Entry, EntryHash};
use record::words::Beside;
use serde_json::Value;
use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use workflow::double::{World, home};
use workflow::ports::{Commit, CommitRequest as _, Stored};

/// By version: what it wrote, one entry a line, each stream from its beginning.
const FROZEN: [&str; 1] = [include_str!("../frozen/1.jsonl")];

type Chain = (Stream, Vec<(Entry, &'static str)>);

/// Every chain of each version.
fn chains() -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for line in FROZEN.iter().flat_map(|file| file.lines()) {
        let entry: Entry = serde_json::from_str(line).unwrap();
        if entry.seq == 1 {
            chains.push((entry.request.parse().unwrap(), Vec::new()));
        }
        chains.last_mut().unwrap().1.push((entry, line));
    }
    chains
}

/// The event as today's code reads and writes it.
fn again(stream: &Stream, event: &Value) -> Value {
    let event = event.clone();
    match stream {
        Stream::Request(_) => serde_json::to_value(serde_json::from_value::<model::event::Event>(event).unwrap()),
        Stream::Sweep(_) => serde_json::to_value(serde_json::from_value::<model::sweep::Event>(event).unwrap()),
        Stream::Account(_) => serde_json::to_value(serde_json::from_value::<model::account::Event>(event).unwrap()),
        Stream::System(_) => serde_json::to_value(serde_json::from_value::<model::system::Event>(event).unwrap()),
    }
    .unwrap()
}

#[test]
fn every_entry_is_written_again_to_the_byte() {
    for (stream, entries) in chains() {
        let mut head = Head::START;
        for (entry, line) in entries {
            let cause: Cause = serde_json::from_value(entry.cause.clone()).unwrap();
            let (cause, event) = (serde_json::to_value(cause).unwrap(), again(&stream, &entry.event));
            let (link, next) = chain::append(head, &entry.request, &entry.at, cause, event).unwrap();
            assert_eq!(String::from_utf8(link.bytes).unwrap(), line);
            head = next;
        }
    }
}

#[test]
fn every_kind_of_event_is_among_them() {
    let chains = chains();
    let names: BTreeSet<&str> =
        chains.iter().flat_map(|(_, entries)| entries).map(|(entry, _)| entry.event_name()).collect();
    let missing = simulation::coverage::EVENTS.iter().filter(|name| !names.contains(**name)).copied();
    // One that histories hardly ever come to.
    assert_eq!(missing.collect::<Vec<_>>(), ["verificationAttemptFailed"]);
}

/// The states after each entry.
fn states(entries: &[(Entry, &str)]) -> Vec<(State, Head, Time)> {
    let mut state = None;
    let mut states = Vec::new();
    for (entry, line) in entries {
        let at: Time = entry.at.parse().unwrap();
        let event = serde_json::from_value(entry.event.clone()).unwrap();
        let next = evolve(state, &event, at).unwrap();
        states.push((next.clone(), Head { seq: entry.seq, hash: EntryHash::of(line.as_bytes()) }, at));
        state = Some(next);
    }
    states
}

#[test]
fn every_stream_comes_to_a_sound_state() {
    for (stream, entries) in chains() {
        match &stream {
            Stream::Request(_) => states(&entries).iter().for_each(|(state, ..)| state.check().unwrap()),
            Stream::Sweep(id) => {
                let mut sweep = None;
                for (entry, _) in &entries {
                    let event = serde_json::from_value(entry.event.clone()).unwrap();
                    sweep = Some(Sweep::evolve(sweep, id, &event, entry.at.parse().unwrap()).unwrap());
                }
            }
            Stream::Account(_) => {
                let mut account = None;
                for (entry, _) in &entries {
                    let event = serde_json::from_value(entry.event.clone()).unwrap();
                    account = Some(Account::evolve(account, &event, entry.at.parse().unwrap()).unwrap());
                }
            }
            Stream::System(_) => {
                let mut known = None;
                for (entry, _) in &entries {
                    let event = serde_json::from_value(entry.event.clone()).unwrap();
                    known = Some(Known::evolve(known, &event, entry.at.parse().unwrap()).unwrap());
                }
            }
        }
    }
}

/// Runs it to its end: nothing in this world stands still.
fn run<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut polled = (0..1_000_000).map(|_| work.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    polled.find_map(|polled| if let Poll::Ready(done) = polled { Some(done) } else { None }).unwrap()
}

fn is_over(phase: &Phase) -> bool {
    match phase {
        Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => true,
        Phase::Ended { residue, verification, .. } => {
            residue.is_none() && matches!(verification, model::lifecycle::Verification::Verified { .. })
        }
        Phase::Pending { .. }
        | Phase::Approved { .. }
        | Phase::Provisioning { .. }
        | Phase::Active { .. }
        | Phase::Revoking { .. } => false,
    }
}

/// Wherever the earlier version left a request, today's takes it to its end.
#[test]
fn each_request_is_taken_to_its_end_from_wherever_it_was_left() {
    let mut open = BTreeSet::new();
    for (stream, entries) in chains() {
        let Stream::Request(id) = stream else { continue };
        for (count, (state, head, at)) in (1..).zip(states(&entries)) {
            open.insert(state.status().as_str());
            let world = World::new(at);
            let links = entries.iter().take(count).map(|(entry, line)| Link {
                seq: entry.seq,
                name: entry.event_name().to_owned(),
                bytes: line.as_bytes().to_vec(),
                hash: EntryHash::of(line.as_bytes()),
                words: Beside::new(),
            });
            let (links, next) = (links.collect(), Stored { state, head, at });
            run(world.commit(Commit { id: id.clone(), expected: 0, links, next, guards: Vec::new() })).unwrap();
            for _ in 0..2_000 {
                if world.stored(&id).is_some_and(|stored| is_over(&stored.state.phase)) {
                    break;
                }
                world.pass(60);
                world.fire_schedules();
                let _ = run(workflow::reconcile::reconcile(&world, &[home()]));
            }
            let stored = world.stored(&id).unwrap();
            assert!(is_over(&stored.state.phase), "{id} after {count} entries: {:?}", stored.state.phase);
            assert_eq!(world.breaches(), [""; 0]);
            chain::verify(id.as_str(), &world.chain(&id), None).unwrap();
        }
    }
    assert!(["pending", "provisioning", "active", "revoking", "ended"].iter().all(|status| open.contains(status)));
}
