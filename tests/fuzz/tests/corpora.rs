//! Every target over its whole corpus, everything that ever broke one, and mutations of each that a seed fixes. Within
//! bounds of time and memory, which are those of an input of 256 KiB.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test that can't go on has failed"
)]

use fuzz::corpus::{inputs, root, words};
use fuzz::mutation::{Chance, mutated};
use fuzz::{TARGETS, Target, seeds};
use peak_alloc::PeakAlloc;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Most that one input may take: at once, in bytes, and how long. Production's build takes a tenth of the time: this one
/// isn't optimised, and others run beside it. The files of a policy bundle are an operator's, read once for each version
/// of them; Cedar builds a lot of them.
fn bounds(target: &str) -> (usize, Duration) {
    match target {
        "cedar_policies" | "cedar_schema" | "catalog_file" => (64 * 1024 * 1024, Duration::from_secs(4)),
        _ => (4 * 1024 * 1024, Duration::from_millis(250)),
    }
}

/// How long mutations of one target's corpus are made for.
const SPENT: Duration = Duration::from_millis(1_200);

/// Mutations of one input, at most.
const MOST: usize = 400;

/// Memory is counted for the whole process: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// One input, within the bounds. What breaks is kept where it is run for ever.
fn given(target: Target, name: &str, data: &[u8]) {
    let (most_memory, longest) = bounds(target.name);
    let mut slow = Duration::MAX;
    let mut most = usize::MAX;
    // What is made once and kept is made by the first; a machine that has other work is not our fault.
    for _ in 0..4 {
        MEMORY.reset_peak_usage();
        let (before, began) = (MEMORY.current_usage(), Instant::now());
        let ran = catch_unwind(AssertUnwindSafe(|| target.run(data)));
        slow = slow.min(began.elapsed());
        most = most.min(MEMORY.peak_usage().saturating_sub(before));
        if let Err(broken) = ran {
            let folder = root().join("crashes").join(target.name);
            let file = folder.join(format!("found-{}", fnv(data)));
            let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, data));
            kept.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            eprintln!("{} breaks on {name}: kept as {}", target.name, file.display());
            std::panic::resume_unwind(broken);
        }
        if slow <= longest && most <= most_memory {
            return;
        }
    }
    panic!("{} takes {slow:?} and {most} bytes for {name}: {:?}", target.name, String::from_utf8_lossy(data));
}

fn fnv(data: &[u8]) -> String {
    let hash = data
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

fn fuzzed(name: &str) {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let target = Target::named(name).unwrap();
    let (all, words) = (inputs(name).unwrap(), words().unwrap());
    assert!(!all.is_empty(), "{name} has no corpus");
    for (path, data) in &all {
        given(target, path, data);
    }
    let others: Vec<Vec<u8>> = all.iter().map(|(_, data)| data.clone()).collect();
    let mut chance = Chance::named(name);
    let began = Instant::now();
    let mut made = 0_u32;
    for round in 0..MOST {
        for (path, data) in &all {
            let mutation = mutated(data, &others, &words, &mut chance);
            given(target, &format!("mutation {round} of {path}"), &mutation);
            made += 1;
            if began.elapsed() > SPENT && round > 0 {
                println!("{name}: {} inputs, {made} mutations", all.len());
                return;
            }
        }
    }
    println!("{name}: {} inputs, {made} mutations", all.len());
}

macro_rules! each {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            fuzzed(stringify!($name));
        })+

        #[test]
        fn every_target_is_run() {
            let run = [$(stringify!($name)),+];
            let all: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(all, run);
        }
    };
}

each! {
    slack_headers slack_form_body slack_command_text slack_interaction_json slack_view_state
    arn action_pattern duration_text times identifiers cursors
    catalog_file cedar_policies cedar_schema caller_arn iam_document
    cloudtrail_record cloudtrail_file cloudtrail_digest kubernetes_lines terraform_report ledger_part
    checkpoint_note witness_submission tlog_proof tile verifier_keys
    record_entry record_export verify_folder
    justification_render evidence_report csv_row
    api_event api_body slack_event activity_event bus_event scheduler_event stream_batch table_item
}

/// With `COUNTERSIGN_WRITE_SEEDS` set, they are written instead.
#[test]
fn the_seeds_lie_in_the_corpus() {
    let folder = root().join("corpus");
    for (path, bytes) in seeds::made() {
        let file = folder.join(&path);
        if std::env::var_os("COUNTERSIGN_WRITE_SEEDS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &bytes).unwrap();
        }
        let kept = fs::read(&file).unwrap_or_default();
        assert!(kept == bytes, "corpus/{path} is not what the record gives; set COUNTERSIGN_WRITE_SEEDS=1 to write it");
    }
}

#[test]
fn every_corpus_is_of_a_target_and_all_are_small() {
    let mut bytes = 0;
    for kind in ["corpus", "crashes"] {
        let Ok(folders) = fs::read_dir(root().join(kind)) else { continue };
        for folder in folders {
            let name = folder.unwrap().file_name().to_string_lossy().into_owned();
            assert!(Target::named(&name).is_some(), "{kind}/{name} is of no target");
            bytes += fuzz::corpus::files(&root().join(kind).join(&name))
                .unwrap()
                .iter()
                .map(|(_, data)| data.len())
                .sum::<usize>();
        }
    }
    assert!(bytes < 1024 * 1024, "{bytes} bytes");
}
