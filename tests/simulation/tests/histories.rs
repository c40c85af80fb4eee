//! Many histories, and every one that was ever broken.

use simulation::plan::{Fault, Hits};
use simulation::run::{many, once_broken, one, plan};
use std::sync::Arc;

/// How many are played; more with the variable `HISTORIES`, or by `cargo xtask simulate`.
const HISTORIES: u64 = 10_000;

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[test]
fn no_history_breaks_a_promise() {
    let histories = std::env::var("HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(HISTORIES);
    let seeds: Vec<u64> = (0..histories).collect();
    let report = many(&seeds, jobs(), 3);
    for broken in &report.broken {
        let seed = broken.seed;
        println!("seed {seed}; `cargo xtask simulate --seed {seed}` plays it again:");
        broken.violations.iter().for_each(|violation| println!("  {violation}"));
    }
    assert!(report.broken.is_empty());
    assert_eq!(report.histories, histories);
    // What never happens is not shown to be harmless.
    let idle: Vec<&str> =
        Fault::ALL.iter().filter(|fault| report.hits.of(**fault) == 0).map(|fault| fault.as_str()).collect();
    assert_eq!(idle, [""; 0], "faults that never happened");
    assert_eq!(report.coverage.missing(), [""; 0], "what never came up");
}

#[test]
fn what_was_once_broken_stays_whole() {
    let seeds = once_broken();
    assert_eq!(many(&seeds, jobs(), usize::MAX).broken, []);
    // As they were when they broke it, too.
    let hits = Arc::new(Hits::default());
    for seed in seeds {
        assert_eq!(one(seed, &plan(seed).as_it_was(), &hits, false).1, [], "{seed}");
    }
}

#[test]
fn a_seed_replays_exactly() {
    let hits = Arc::new(Hits::default());
    let trace = |seed| one(seed, &plan(seed), &hits, false).0.unwrap().trace;
    for seed in 0..24 {
        assert_eq!(trace(seed), trace(seed), "seed {seed}");
    }
    assert_ne!(trace(1), trace(2));
}
