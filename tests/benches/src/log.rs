//! How fast the log grows, proves and is verified: `cargo xtask bench log`.
//!
//! In memory, so that it is the work of `record` alone: a reader that keeps files in a map, batches of what the sequencer
//! takes at once. Beside it what can't be done without: SHA-256 of every entry. Measured in this thread's own time on the
//! processor.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "figures, no facts that anything depends on"
)]

use benches::time::Clock;
use record::proof::{Consistency, Inclusion, TlogProof};
use record::tile::{Holds, Tile, WIDTH, bundle, grow};
use record::tree::{Edge, leaf};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

/// Entries that are appended at once.
const BATCH: usize = 500;

/// Proofs of each kind and size.
const PROOFS: u64 = 1_000;

/// How often each is checked: once takes less time than can be told.
const CHECKS: usize = 20;

/// The log's files by their paths.
type Files = BTreeMap<String, Vec<u8>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let entries = match arguments.as_slice() {
        [] => Some(1_000_000),
        [entries] => entries.parse().ok(),
        _ => None,
    };
    let done = match entries {
        Some(entries) => run(entries),
        None => Err("usage: log-bench [entries]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "{problem}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// An entry of about the length that those of requests have.
fn entry(index: u64) -> Vec<u8> {
    let hash = leaf(&index.to_be_bytes());
    json!({"v": 1, "request": format!("req_{index:032x}"), "seq": 3, "prev": hash, "at": "2026-11-20T19:35:05Z",
        "cause": {"kind": "person", "person": "bob", "identity": {"kind": "slack", "team": "T0COMPANY", "user": "U0BOB"}},
        "event": {"type": "requestApproved", "data": {"approver": "bob", "digest": hash, "afterSeconds": 41,
            "note": {"hash": hash}, "rules": ["approvers-countersign"], "policies": hash}}})
    .to_string()
    .into_bytes()
}

/// Numbers without a pattern, the same in every run.
fn scattered(nth: u64, below: u64) -> u64 {
    (nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) % below.max(1)
}

fn run(count: u64) -> Result<(), String> {
    let (mut files, mut edge) = (Files::new(), Edge::EMPTY);
    let (mut append, mut hash, mut bytes) = (0.0, 0.0, 0_usize);
    let sizes: Vec<u64> = (3..=9).map(|zeros| 10_u64.pow(zeros)).filter(|size| *size <= count).collect();
    let mut proofs = Vec::new();
    while edge.size() < count {
        // The kernel tells time in steps of milliseconds: what is measured takes several of them.
        let end = sizes.iter().copied().find(|size| *size > edge.size()).unwrap_or(count);
        let some: Vec<Vec<u8>> = (edge.size()..end.min(edge.size() + 20_000)).map(entry).collect();
        bytes += some.iter().map(Vec::len).sum::<usize>();
        let clock = Clock::start();
        for batch in some.chunks(BATCH) {
            edge = grown(&mut files, &edge, batch)?;
        }
        append += clock.seconds();
        let clock = Clock::start();
        for entry in &some {
            std::hint::black_box(leaf(entry));
        }
        hash += clock.seconds();
        if sizes.contains(&edge.size()) {
            proofs.push(prove(&files, &edge)?);
        }
    }
    let clock = Clock::start();
    let mut rebuilt = Edge::EMPTY;
    for index in 0..count.div_ceil(u64::from(WIDTH)) {
        let tile = Tile::at(Holds::Entries, index, count).ok_or("no such bundle")?;
        for entry in bundle(&files, tile).map_err(|error| error.to_string())? {
            rebuilt.append(leaf(&entry)).map_err(|error| error.to_string())?;
        }
    }
    let verify = clock.seconds();
    if rebuilt.root() != edge.root() {
        return Err("the bundles give another root".to_owned());
    }
    let batch = append / count as f64 * BATCH as f64 * 1e3;
    let rate = |seconds: f64| count as f64 / seconds;
    let megabytes = bytes as f64 / 1e6;
    say(&format!("{count} entries of {} bytes on average, in batches of {BATCH}\n", bytes as u64 / count.max(1)));
    say(&format!("{:<46}{:>11.0} entries/s {:>7.0} MB/s", "SHA-256 of every entry", rate(hash), megabytes / hash));
    say(&format!(
        "{:<46}{:>11.0} entries/s {:>7.0} MB/s   x {:.2}",
        "append: hashes, tiles, bundles",
        rate(append),
        megabytes / append,
        append / hash
    ));
    say(&format!("{:<46}{batch:>11.2} ms", "a batch"));
    say(&format!(
        "{:<46}{:>11.0} entries/s {:>7.0} MB/s   x {:.2}",
        "verify: the root from the bundles",
        rate(verify),
        megabytes / verify,
        verify / hash
    ));
    say(&format!("{:<46}{:>11.2} s\n", format!("verify {count} entries"), verify));
    say(&format!(
        "{:>10}{:>10}{:>14}{:>12}{:>12}{:>14}{:>14}",
        "entries", "hashes", ".tlog-proof B", "prove µs", "check µs", "consistency", "prove µs"
    ));
    for proof in &proofs {
        let number = |field: &str| proof.get(field).and_then(Value::as_f64).unwrap_or_default();
        say(&format!(
            "{:>10}{:>10.1}{:>14.0}{:>12.1}{:>12.1}{:>14.1}{:>14.1}",
            number("entries"),
            number("hashes"),
            number("fileBytes"),
            number("proveMicros"),
            number("checkMicros"),
            number("consistencyHashes"),
            number("consistencyMicros")
        ));
    }
    say(&format!(
        "\n{}",
        json!({"bench": "log", "entries": count, "batch": BATCH, "entryBytes": bytes as u64 / count.max(1),
        "hashPerSecond": rate(hash), "appendPerSecond": rate(append), "batchMillis": batch, "verifyPerSecond": rate(verify), "verifySeconds": verify, "proofs": proofs})
    ));
    Ok(())
}

/// Appends a batch, as the sequencer does: from the files of the edge.
fn grown(files: &mut Files, edge: &Edge, batch: &[Vec<u8>]) -> Result<Edge, String> {
    let growth = grow(files, edge.size(), &edge.root(), batch).map_err(|error| error.to_string())?;
    // What a wider one stands for is not looked at again.
    let still = record::tile::edge(growth.edge.size());
    for tile in record::tile::edge(edge.size()).iter().filter(|tile| !still.contains(tile)) {
        files.remove(&tile.to_string());
    }
    files.extend(growth.files.into_iter().map(|file| (file.tile.to_string(), file.bytes)));
    Ok(growth.edge)
}

/// Proofs at the log's present size: how long they take, and how long they are.
fn prove(files: &Files, edge: &Edge) -> Result<Value, String> {
    let (size, root) = (edge.size(), edge.root());
    let indexes: Vec<u64> = (1..=PROOFS).map(|nth| scattered(nth, size)).collect();
    let leaves: Vec<_> = indexes.iter().map(|index| leaf(&entry(*index))).collect();
    let clock = Clock::start();
    let proofs: Result<Vec<_>, _> = indexes.iter().map(|index| Inclusion::read(files, *index, size)).collect();
    let making = clock.seconds();
    let proofs = proofs.map_err(|error| error.to_string())?;
    let clock = Clock::start();
    for (proof, leaf) in std::iter::repeat_n((), CHECKS).flat_map(|()| proofs.iter().zip(&leaves)) {
        proof.check(leaf, &root).map_err(|error| error.to_string())?;
    }
    let checking = clock.seconds() / CHECKS as f64;
    let clock = Clock::start();
    let between: Result<Vec<_>, _> = indexes.iter().map(|index| Consistency::read(files, *index, size)).collect();
    let consistent = clock.seconds();
    let between: usize = between.map_err(|error| error.to_string())?.iter().map(|proof| proof.path.len()).sum();
    let hashes: usize = proofs.iter().map(|proof| proof.path.len()).sum();
    // As long as ours are: origin, size, root, and two signatures.
    let checkpoint = "c".repeat(420);
    let file = |proof: &Inclusion| {
        let (index, path) = (proof.index, proof.path.clone());
        TlogProof { entry: entry(index), index, path, checkpoint: checkpoint.clone() }.to_string().len()
    };
    let bytes: usize = proofs.iter().map(file).sum();
    let each = |sum: f64| sum / PROOFS as f64;
    Ok(json!({"entries": size, "hashes": each(hashes as f64), "fileBytes": each(bytes as f64),
        "proveMicros": each(making) * 1e6, "checkMicros": each(checking) * 1e6,
        "consistencyHashes": each(between as f64), "consistencyMicros": each(consistent) * 1e6}))
}
