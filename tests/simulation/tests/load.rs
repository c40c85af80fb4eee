//! The edge under a load that CI can bear: `cargo xtask bench load` puts a hundred times as much on it.

use simulation::load::{Pace, Settings, endings, run};

/// In virtual time, so that it is the same on a slow machine.
#[test]
fn nothing_is_lost_doubled_or_let_in_under_load() {
    let settings = Settings { killed: 30, paused: 20, faults: 10, ..Settings::new(200, 10, 7) };
    let report = run(settings, Pace::Virtual);
    println!("{}\n{}", report.figures, report.count);
    assert!(report.count.holds(), "{}", report.count);
    // What never happens is not shown to be harmless.
    let figures = &report.figures;
    assert!(figures.calls >= 2_000 && figures.hostile > 300, "{figures}");
    assert!(figures.killed > 20 && figures.paused > 20 && figures.faults > 50 && figures.repeated > 20, "{figures}");
    let count = &report.count;
    assert!(count.grants > 80 && count.approvals > 80 && count.baits > 10 && count.answered > 300, "{count}");
    for kind in [
        "a used key with another body",
        "approval of more than was asked for",
        "credentials of another",
        "double click, Slack",
        "forged signature",
        "malformed JSON",
        "old time stamp",
        "self-approval, API",
        "stale digest, Slack",
        "the same again, API",
        "the same again, Slack",
    ] {
        assert!(figures.kinds.contains_key(kind), "{kind}: {figures}");
    }
}

#[test]
fn grants_that_end_in_the_same_minute_all_end() {
    let ends = endings(60, Settings::new(1, 1, 3));
    println!("{ends}");
    assert_eq!((ends.grants, &ends.left), (60, &Vec::new()));
}
