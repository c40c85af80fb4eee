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
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Most that one input may take: at once, in bytes, and how much of a processor's time, whatever else runs. Production's
/// build takes a tenth of it: this one isn't optimised. The files of a policy bundle are an operator's, read once for each version
/// of them; Cedar builds a lot of them.
fn bounds(target: &str) -> (usize, Duration) {
    match target {
        "cedar_policies" | "cedar_schema" | "catalog_file" => (64 * 1024 * 1024, Duration::from_secs(4)),
        _ => (4 * 1024 * 1024, Duration::from_millis(250)),
    }
}

/// How much of a processor's time mutations of one target's corpus are made for.
const SPENT: Duration = Duration::from_millis(800);

/// Mutations of one input, at most.
const MOST: usize = 400;

/// Memory is counted for the whole process: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// One input, within the bounds. What breaks is kept where it is run for ever.
fn given(target: Target, name: &str, data: &[u8]) {
    let (most_memory, longest) = bounds(target.name);
    let mut slow = Duration::MAX;
    let mut most = usize::MAX;
    // What is made once and kept is made by the first.
    for _ in 0..4 {
        MEMORY.reset_peak_usage();
        let (before, began) = (MEMORY.current_usage(), spent());
        let ran = catch_unwind(AssertUnwindSafe(|| target.run(data)));
        slow = slow.min(spent().saturating_sub(began));
        most = most.min(MEMORY.peak_usage().saturating_sub(before));
        if let Err(broken) = ran {
            eprintln!("{} breaks on {name}: kept as {}", target.name, kept(target, data));
            std::panic::resume_unwind(broken);
        }
        if slow <= longest && most <= most_memory {
            return;
        }
    }
    panic!("{} takes {slow:?} and {most} bytes for {name}: kept as {}", target.name, kept(target, data));
}

/// The time that this thread had a processor.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// Where `data` lies from now on.
fn kept(target: Target, data: &[u8]) -> String {
    let folder = root().join("crashes").join(target.name);
    let file = folder.join(format!("found-{}", fnv(data)));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, data));
    kept.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    file.display().to_string()
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
    let began = spent();
    let mut made = 0_u32;
    for round in 0..MOST {
        for (path, data) in &all {
            let mutation = mutated(data, &others, &words, &mut chance);
            given(target, &format!("mutation {round} of {path}"), &mutation);
            made += 1;
            if spent().saturating_sub(began) > SPENT && round > 0 {
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
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
