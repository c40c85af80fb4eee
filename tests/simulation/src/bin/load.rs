//! `load`: puts the edge under load, and counts what is on record then. `cargo xtask bench load` runs it.

use simulation::load::{Pace, Settings, endings, run};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "\
usage: load [--rate n] [--seconds n] [--seed n] [--kill n] [--pause n] [--faults n] [--workers n] [--endings n] [--virtual 1]
       calls in a second (200), for how long (300); of a thousand workers so many are killed (10) and stand still (5), of a
       thousand calls of AWS so many fail (4); at most so many workers (200); so many grants that end in one minute (500)";

struct Wanted {
    settings: Settings,
    endings: u64,
    is_virtual: bool,
}

fn wanted() -> Option<Wanted> {
    let mut wanted = Wanted { settings: Settings::new(200, 300, 1), endings: 500, is_virtual: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next()?.replace('_', "").parse::<u64>().ok()?;
        let count = usize::try_from(value).ok()?;
        let settings = &mut wanted.settings;
        match name.as_str() {
            "--rate" if (1..=10_000).contains(&value) => settings.rate = value,
            "--seconds" if (1..=86_400).contains(&value) => settings.seconds = value,
            "--seed" => settings.seed = value,
            "--kill" => settings.killed = count,
            "--pause" => settings.paused = count,
            "--faults" => settings.faults = count,
            "--workers" => settings.workers = count,
            "--endings" => wanted.endings = value,
            "--virtual" => wanted.is_virtual = value > 0,
            _ => return None,
        }
    }
    Some(wanted)
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}

const REAL: &str = "\
real: the functions' own code from API Gateway's event to its answer, Slack's signatures, the workers' deaths and pauses.
modelled: the table, IAM, STS and the scheduler (in memory, with AWS's assumed times of each call), API Gateway, Lambda, the
stream, the bus and the timers. Not here: processes, HTTP, SigV4, which API Gateway verifies.";

fn main() -> ExitCode {
    let Some(wanted) = wanted() else {
        say(USAGE);
        return ExitCode::FAILURE;
    };
    say(REAL);
    let pace = if wanted.is_virtual {
        say("clock: virtual; only the model's times count.\n");
        Pace::Virtual
    } else {
        say("clock: the wall's while calls arrive; 8 times as fast from then until everything rests.\n");
        let begun = Instant::now();
        Pace::Wall(Box::new(move || u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)))
    };
    let begun = Instant::now();
    let report = run(wanted.settings, pace);
    say(&format!("{}\n{}", report.figures, report.count));
    say(&format!("took {:.0} s\n", begun.elapsed().as_secs_f64()));
    let mut holds = report.count.holds();
    if wanted.endings > 0 {
        let begun = Instant::now();
        let ends = endings(wanted.endings, wanted.settings);
        say(&format!("{ends}took {:.0} s", begun.elapsed().as_secs_f64()));
        holds &= ends.left.is_empty() && u64::try_from(ends.grants) == Ok(wanted.endings);
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
