//! An auditor's folder, changed.

use crate::made::{Files, MADE, is_proven};
use std::sync::LazyLock;
use verify::{Outcome, Trusted, Verdict, verify};

fn judged(folder: &Files) -> Option<Verdict> {
    let trusted = Trusted { keys: Some(&MADE.pinned), as_of: None, known: &[], rsa: &|_, _, _| false };
    verify(folder, &trusted).ok()
}

static UNTOUCHED: LazyLock<Verdict> = LazyLock::new(|| judged(&MADE.folder).expect("there are keys"));

/// Paths that somebody could put a file to.
const NEW: [&str; 6] = [
    "keys",
    "log/tile/entries/000",
    "anchors/00000000000000000001",
    "saved/checkpoint",
    "table/streams/req_0198c0ffee0070000000000000000001/000099.json",
    "trail/AWSLogs/111111111111/CloudTrail/us-east-1/2026/11/20/x.json.gz",
];

/// Changes to the folder, one after the other: a byte for the file, one for what is done to it, two for the place, one for
/// how many bytes, and these. There is always a verdict, the same one for the same folder; and no byte of the log can be
/// changed so that it is still found intact.
pub(crate) fn verify_folder(data: &[u8]) {
    let mut folder = MADE.folder.clone();
    let mut rest = data;
    for _ in 0..16 {
        let Some(([file, what, high, low, count], after)) = rest.split_first_chunk() else { break };
        let (bytes, after) = after.split_at(usize::from(*count).min(after.len()));
        rest = after;
        change(&mut folder, usize::from(*file), *what, usize::from(u16::from_be_bytes([*high, *low])), bytes);
    }
    let verdict = judged(&folder).expect("keys are pinned: there is a verdict");
    assert_eq!(Some(&verdict), judged(&folder).as_ref(), "equal folders get equal verdicts");
    let proven = |files: &Files| {
        files.clone().into_iter().filter(|(path, _)| is_proven(path) && is_newest(path)).collect::<Files>()
    };
    if proven(&folder) != proven(&MADE.folder) {
        assert!(verdict != *UNTOUCHED || verdict.outcome == Outcome::Broken, "a change of the log is not found");
    }
    let shown = |c: char| c.is_control() && c != '\n';
    assert!(verdict.findings.iter().all(|finding| !finding.sentence.contains(shown)));
}

/// Whether no wider tile stands for all that this one holds: such a one may be deleted. Source: C2SP tlog-tiles, partial
/// tiles.
fn is_newest(path: &str) -> bool {
    let Some((tile, width)) = path.rsplit_once(".p/") else { return true };
    let width: u16 = width.parse().unwrap_or(0);
    let wider = |other: &String| {
        let of_it = other.strip_prefix(tile).and_then(|rest| rest.strip_prefix(".p/"));
        other == tile || of_it.and_then(|other| other.parse().ok()).is_some_and(|other: u16| other > width)
    };
    !MADE.folder.keys().any(wider)
}

fn change(folder: &mut Files, file: usize, what: u8, place: usize, bytes: &[u8]) {
    let paths: Vec<String> = folder.keys().cloned().chain(NEW.map(str::to_owned)).collect();
    let Some(path) = file.checked_rem(paths.len()).and_then(|nth| paths.get(nth)) else { return };
    let content = folder.entry(path.clone()).or_default();
    let at = place.min(content.len());
    let end = at.saturating_add(bytes.len()).min(content.len());
    match what % 6 {
        0 => drop(content.splice(at..end, bytes.iter().copied())),
        1 => drop(content.splice(at..at, bytes.iter().copied())),
        2 => content.truncate(at),
        3 => *content = bytes.to_vec(),
        4 => {
            if let Some(byte) = content.get_mut(at) {
                *byte ^= bytes.first().copied().unwrap_or(1).max(1);
            }
        }
        _ => drop(folder.remove(path)),
    }
}
