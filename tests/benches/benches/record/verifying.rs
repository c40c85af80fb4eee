//! How fast a record is verified: whole grants, logged by the production sequencer, with a copy of the table beside, by a
//! process of its own, so that its memory can be told.

use crate::grants::{begin, failed, finish, world};
use crate::say;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::entry::EntryHash;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use verify::{Folder, Outcome, Trusted, verify};
use workflow::double::World;
use workflow::log::minute;
use workflow::ports::LogSettings as _;

/// Grants that live at the same time.
const AT_ONCE: usize = 50;

/// Writes a record of at least so many entries, and has it verified.
pub(crate) fn run(entries: u64) -> Result<(), String> {
    let world = world()?;
    let size = || world.log().map_or(0, |head| head.edge.size());
    while size() < entries {
        minutely(&world)?;
        let mut ids = Vec::with_capacity(AT_ONCE);
        for _ in 0..AT_ONCE {
            ids.push(begin(&world)?);
        }
        minutely(&world)?;
        world.pass(60);
        finish(&world, &ids)?;
        world.forget_calls();
    }
    for _ in 0..3 {
        minutely(&world)?;
    }
    let folder = std::env::temp_dir().join(format!("record-bench-{}", std::process::id()));
    let judged = write(&world, &folder).and_then(|()| {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let ran = Command::new(this).arg("judge").arg(&folder).arg(world.log_key()).status();
        ran.map_err(|error| format!("can't start itself: {error}"))
    });
    let removed = std::fs::remove_dir_all(&folder);
    let judged = judged?;
    removed.map_err(|error| format!("{}: {error}", folder.display()))?;
    if judged.success() { Ok(()) } else { Err("it was not verified".to_owned()) }
}

/// What the function does every minute, and the witness when something was submitted to it.
fn minutely(world: &World) -> Result<(), String> {
    world.play(Box::pin(minute(world))).ok_or("it stands still")?.map_err(failed)?;
    world.pass(60);
    Ok(())
}

/// As `audit fetch` does.
fn write(world: &World, folder: &Path) -> Result<(), String> {
    let put = |path: &str, bytes: &[u8]| {
        let path = folder.join(path);
        let within = path.parent().unwrap_or(folder);
        let made = std::fs::create_dir_all(within).and_then(|()| std::fs::write(&path, bytes));
        made.map_err(|error| format!("{}: {error}", path.display()))
    };
    for (path, bytes) in world.log_files() {
        put(&format!("log/{path}"), &bytes)?;
    }
    for (key, bytes) in world.anchor_files() {
        put(&key, &bytes)?;
    }
    for stream in world.streams() {
        let chain = world.stream_chain(&stream);
        let words = match &stream {
            model::stream::Stream::Request(id) => world.words(id),
            model::stream::Stream::Account(_) | model::stream::Stream::Sweep(_) | model::stream::Stream::System(_) => {
                record::words::Beside::new()
            }
        };
        for (seq, bytes) in (1..).zip(&chain) {
            let text = String::from_utf8_lossy(bytes);
            let said = words.iter().filter(|(hash, _)| text.contains(hash.as_str()));
            let said: record::words::Beside = said.map(|(hash, said)| (hash.clone(), said.clone())).collect();
            let item = json!({"event": STANDARD.encode(bytes), "words": said});
            put(&format!("table/streams/{stream}/{seq:06}.json"), item.to_string().as_bytes())?;
        }
        let head = chain.last().map(|last| EntryHash::of(last).to_string());
        let state = json!({"version": chain.len(), "head": head});
        put(&format!("table/states/{stream}.json"), state.to_string().as_bytes())?;
    }
    Ok(())
}

/// A folder on disk.
struct Disk(PathBuf);

impl Disk {
    fn walk(&self, under: &Path, paths: &mut Vec<String>) -> Result<(), std::io::Error> {
        for entry in std::fs::read_dir(under)? {
            let path = entry?.path();
            if path.is_dir() {
                self.walk(&path, paths)?;
            } else if let Ok(path) = path.strip_prefix(&self.0) {
                paths.push(path.to_string_lossy().into_owned());
            }
        }
        Ok(())
    }
}

impl Folder for Disk {
    type Error = std::io::Error;

    fn list(&self, under: &str) -> Result<Vec<String>, Self::Error> {
        let (mut paths, at) = (Vec::new(), self.0.join(under));
        if at.is_dir() {
            self.walk(&at, &mut paths)?;
        }
        paths.sort();
        Ok(paths)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Self::Error> {
        match std::fs::read(self.0.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Judges a folder, and says what that took.
pub(crate) fn judge(folder: &Path, key: &str) -> Result<(), String> {
    let keys = format!("log {key}\n");
    let begun = Instant::now();
    let trusted = Trusted { keys: Some(&keys), as_of: None, known: &[], rsa: &|_, _, _| false };
    let verdict = verify(&Disk(folder.to_owned()), &trusted).map_err(|error| error.to_string())?;
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel tells no VmHWM")?;
    let peak: f64 = peak.trim().trim_end_matches("kB").trim().parse().map_err(|_| "VmHWM is no number".to_owned())?;
    let (figures, size) = (&verdict.figures, verdict.figures.size as f64);
    say(&format!(
        "verified: {} entries of {} grants, {} checkpoints beside, {} entries of the table: {seconds:.2} s, {:.0} entries/s, \
         peak {:.0} MiB; {}, {} findings",
        figures.size,
        figures.grants,
        figures.checkpoints,
        figures.table_entries,
        size / seconds,
        peak / 1024.0,
        verdict.outcome.as_str(),
        verdict.findings.len(),
    ));
    say(&json!({
        "bench": "log verify", "entries": figures.size, "grants": figures.grants, "seconds": seconds,
        "perSecond": size / seconds, "peakKiB": peak, "outcome": verdict.outcome.as_str(),
    })
    .to_string());
    for finding in verdict.findings.iter().take(10) {
        say(&format!("  {} {}: {}", finding.code, finding.at, finding.sentence));
    }
    if verdict.outcome == Outcome::Intact { Ok(()) } else { Err("something is wrong with the record".to_owned()) }
}
