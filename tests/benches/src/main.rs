//! How fast trail files are read, beside what can't be done without: `cargo xtask bench activity`.
//!
//! Everything reads the same files, in turns, and is measured in this thread's own time on the processor, so that what
//! else runs on the machine tells less. A round gives one ratio; the median of the rounds is what is shown.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "figures, no facts that anything depends on"
)]

mod contenders;
mod files;

use benches::time::Clock;
use contenders::{Live, gunzip, gunzip_and_search, ours, proven, values};
use files::Files;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Live grants, and access keys that are followed.
pub(crate) const GRANTS: usize = 1_000;

/// Rounds. The slow ones take part in the first only.
const ROUNDS: usize = 10;

/// Records of the longest reading.
const MANY: u64 = 1_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["peak", file] => peak(Path::new(file)),
        [folder] => run(Path::new(folder), 1_000),
        [folder, megabytes] => match megabytes.parse() {
            Ok(megabytes) => run(Path::new(folder), megabytes),
            Err(_) => Err(format!("{megabytes} is no number of megabytes")),
        },
        _ => Err("usage: activity-bench <folder of .json.gz> [MB]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "{problem}");
            ExitCode::FAILURE
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn run(folder: &Path, megabytes: usize) -> Result<(), String> {
    let live = Live::new(GRANTS);
    let files = Files::read(folder, megabytes * 1_000_000 / ROUNDS, &live)?;
    say(&format!(
        "{ROUNDS} rounds of {} MB of JSON in {} files: {} records, {} of grants; compressed 1:{:.1}. \
         {GRANTS} live grants, {GRANTS} keys.\n",
        files.size() / 1_000_000,
        files.objects.len(),
        files.records,
        files.changed,
        files.ratio(),
    ));

    let mut speeds: [Vec<f64>; 5] = Default::default();
    let (mut scan_ratios, mut parse_ratios, mut proof_ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let times = [
            files.timed(gunzip)?,
            files.timed(gunzip_and_search)?,
            files.timed(|object| ours(object, &live, false).map(|_| ()))?,
            files.timed(|object| ours(object, &live, true).map(|_| ()))?,
            files.timed(|object| proven(object, &live).map(|_| ()))?,
        ];
        for (speeds, time) in speeds.iter_mut().zip(times) {
            speeds.push(files.speed(time));
        }
        scan_ratios.push(times[2] / times[1]);
        parse_ratios.push(times[3] / times[1]);
        proof_ratios.push(times[4] / times[1]);
    }
    let [gunzip_speed, search_speed, scan_speed, parse_speed, proof_speed] = speeds.map(median);
    let (scan_ratio, parse_ratio, proof_ratio) = (median(scan_ratios), median(parse_ratios), median(proof_ratios));
    let values_speed = files.speed(files.timed(values)?);
    let python_speed = python(folder)?;

    let told = files.told(&live)?;
    let clock = Clock::start();
    let mut records = 0;
    while records < MANY {
        for object in &files.objects {
            records += ours(object, &live, true)?.records;
        }
    }
    let seconds = clock.seconds() * MANY as f64 / records as f64;
    let (peak, peak_of) = measured_peak(folder, &live, megabytes)?;

    let row = |what: &str, speed: f64, ratio: f64| say(&format!("{what:<50}{speed:>9.0} MB/s   x {ratio:.2}"));
    row("gunzip", gunzip_speed, search_speed / gunzip_speed);
    row("gunzip and search for two words", search_speed, 1.0);
    row("ours: records of grants found", scan_speed, scan_ratio);
    row("ours, and what was found read by serde_json", parse_speed, parse_ratio);
    row("the same, and SHA-256 of all JSON for the digest", proof_speed, proof_ratio);
    row("gunzip and serde_json::Value of everything", values_speed, search_speed / values_speed);
    row("Python: gzip and json", python_speed, search_speed / python_speed);
    say(&format!("\n1,000,000 records with {GRANTS} grants: {seconds:.2} s"));
    say(&format!("peak memory of a process that reads one file of {peak_of} MB: {:.1} MiB", peak as f64 / 1024.0));
    say(&format!("records built: {} of {}; records of grants: {}\n", told.0, told.1, files.changed));
    say(&json!({
        "bench": "activity", "megabytes": megabytes, "gunzip": gunzip_speed, "gunzipAndSearch": search_speed,
        "scan": scan_speed, "scanRatio": scan_ratio, "scanAndParse": parse_speed, "scanAndParseRatio": parse_ratio,
        "proven": proof_speed, "provenRatio": proof_ratio, "values": values_speed, "python": python_speed, "millionRecordsSeconds": seconds, "peakKiB": peak,
        "built": told.0, "records": told.1, "ofGrants": files.changed,
    })
    .to_string());
    Ok(())
}

/// Python's own way, on the files as they lie there, several times over.
fn python(folder: &Path) -> Result<f64, String> {
    const PROGRAM: &str = "
import glob, gzip, json, sys, time
files = [open(name, 'rb').read() for name in sorted(glob.glob(sys.argv[1] + '/*.json.gz'))]
size = 0
begun = time.process_time()
for _ in range(60):
    for file in files:
        text = gzip.decompress(file)
        size += len(text)
        json.loads(text)
print(size / (time.process_time() - begun) / 1e6)
";
    let ran = Command::new("python3").args(["-c", PROGRAM]).arg(folder).output();
    let ran = ran.map_err(|error| format!("can't start python3: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stdout);
    said.trim().parse().map_err(|_| format!("python3: {}", String::from_utf8_lossy(&ran.stderr)))
}

/// The most memory that a process of its own had while it read one large file, in KiB, and the file's size in MB.
fn measured_peak(folder: &Path, live: &Live, megabytes: usize) -> Result<(u64, usize), String> {
    let path = std::env::temp_dir().join(format!("activity-bench-{}.json.gz", std::process::id()));
    let size = files::write_one(folder, &path, megabytes * 1_000_000, live)?;
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let ran = Command::new(this).arg("peak").arg(&path).output();
    let _ = std::fs::remove_file(&path);
    let ran = ran.map_err(|error| format!("can't start itself: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stdout).trim().parse();
    let peak = said.map_err(|_| format!("no figure: {}", String::from_utf8_lossy(&ran.stderr)))?;
    Ok((peak, size / 1_000_000))
}

/// Reads a file, and says what the kernel says of the memory that took.
fn peak(file: &Path) -> Result<(), String> {
    contenders::stream(file, &Live::new(GRANTS))?;
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel tells no VmHWM")?;
    say(line.trim().trim_end_matches("kB").trim());
    Ok(())
}
