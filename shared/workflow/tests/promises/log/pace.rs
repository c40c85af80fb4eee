//! The log keeps pace with what is committed, at the speed that AWS is assumed to have: in virtual time, so that ten minutes
//! of it take seconds, and are the same in every run.

use super::scene::Scene;
use crate::support::{HALF_AN_HOUR, Kind};
use model::stream::{Stream, SystemStream};
use std::collections::BTreeMap;
use workflow::double::{DEPLOYED_MEMORY, Mapping, Pace, Paced, Wait, percentile};

/// From commit to signed checkpoint, in milliseconds, of 99 of a hundred entries. Source: the bar of the design.
const BAR: u64 = 5_000;

const SECOND: u64 = 1_000_000;

/// On a table as it is new, with the function as it is deployed.
fn pace(seconds: u64) -> Pace {
    let mapping = Mapping::deployed(4, 7);
    Pace { rate: 200, seconds, streams: 400, panic: 0, mapping, memory: DEPLOYED_MEMORY }
}

/// A log that began, the load of `pace` on it, and that it has every entry once and in order.
fn kept(pace: Pace) -> Paced {
    let scene = Scene::new();
    let grant = scene.site.active(Kind::Session, HALF_AN_HOUR);
    scene.site.pass_until_quiet();
    let chain = scene.world().chain(&grant);
    scene.minute().unwrap().unwrap();
    scene.minute().unwrap().unwrap();
    let before = scene.size();
    let paced = pace.run(scene.world(), &chain).unwrap();
    let mut next: BTreeMap<Stream, u64> = BTreeMap::new();
    let mut first = 0;
    for batch in scene.world().batches() {
        assert_eq!(batch.first, first, "an index twice, or none");
        first = batch.size();
        for place in batch.places {
            let seq = next.entry(place.stream.clone()).or_insert(0);
            assert_eq!(place.seq, *seq + 1, "{place}: twice, or out of order");
            *seq = place.seq;
        }
    }
    for stream in scene.world().streams() {
        let entries = u64::try_from(scene.world().stream_chain(&stream).len()).unwrap();
        // What the last minute put there itself is for the next.
        let open = if stream == Stream::System(SystemStream::Log) { 2 } else { 0 };
        assert!(next.get(&stream).copied().unwrap_or(0) + open >= entries, "{stream}: not all of it is in the log");
    }
    assert!(scene.size() - before >= paced.entries);
    assert_eq!(scene.world().breaches(), Vec::<String>::new());
    paced
}

#[expect(clippy::print_stdout, reason = "the figures, for whoever asks for them with --nocapture")]
fn said(what: &str, waits: &[Wait], paced: &Paced) -> u64 {
    let [half, most, last] = [50, 99, 100].map(|percent| percentile(waits, percent));
    println!(
        "{what}: {} entries in {} batches of {} runs, {} calls, {} s busy; p50 {half} ms, p99 {most} ms, last {last} ms",
        waits.len(),
        paced.batches,
        paced.runs,
        paced.calls,
        paced.busy / SECOND,
    );
    most
}

/// Ten minutes of it are `cargo xtask bench log`'s.
#[test]
fn two_hundred_a_second_are_signed_for_within_five_seconds() {
    let paced = kept(pace(120));
    assert!(paced.entries >= 24_000, "{}", paced.entries);
    let signed = said("signed", &paced.waits.signed, &paced);
    let readable = said("readable", &paced.waits.readable, &paced);
    assert!(signed <= BAR && readable <= BAR, "{signed} {readable}");
}

#[test]
fn a_panic_over_a_thousand_grants_is_signed_for_as_fast() {
    let paced = kept(Pace { panic: 1_000, ..pace(40) });
    let during = |wait: &&Wait| (20 * SECOND..30 * SECOND).contains(&wait.since);
    let waits: Vec<Wait> = paced.waits.signed.iter().filter(during).copied().collect();
    assert!(waits.len() > 2_500, "{}", waits.len());
    assert!(said("signed", &waits, &paced) <= BAR);
}
