//! Files of the folder changed, taken out, put back or made anew, by somebody who holds no key or only the log's.

use crate::log::{Files, Key, ORIGIN, Publisher, pinned, table};
use crate::story::{Leaf, rechained};
use crate::untouched::{FOLDER, STORY, judged, rsa};
use crate::{Where, expect, missed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use record::checkpoint::Checkpoint;
use record::note::Kind;
use record::tree::{Edge, Hash, leaf};
use serde_json::{Value, json};
use verify::{Code, Known, Trusted, verify};

/// A change: its name, what is done to the folder, and what is found where.
type Change = (&'static str, fn(&mut Files) -> (Code, Where));

fn file(path: &str) -> Where {
    Where::File(path.to_owned())
}

/// The path of the newest file in a folder.
fn newest(files: &Files, under: &str) -> String {
    files.keys().rfind(|path| path.starts_with(under)).unwrap().clone()
}

fn size() -> u64 {
    u64::try_from(STORY.leaves.len()).unwrap()
}

/// The place of the first leaf of a kind in a stream.
fn find(name: &str, kind: &str) -> (usize, Leaf) {
    let id = STORY.ids.get(name).map_or(name, String::as_str);
    let index = STORY.leaves.iter().position(|leaf| leaf.stream == id && leaf.kind() == kind).unwrap();
    (index, STORY.leaves[index].clone())
}

/// Changes one character of an entry where it lies in its bundle.
fn flip(files: &mut Files, at: usize) {
    let bytes = &STORY.leaves[at].bytes;
    let path =
        if at < 256 { "log/tile/entries/000".to_owned() } else { format!("log/tile/entries/001.p/{}", size() - 256) };
    let bundle = files.get_mut(&path).unwrap();
    let place = bundle.windows(bytes.len()).position(|window| window == bytes.as_slice()).unwrap();
    // Within the name of the event: it stays JSON.
    let inner = place + String::from_utf8_lossy(bytes).find("\"type\":\"").unwrap() + 8;
    bundle[inner] ^= 1;
}

fn item(files: &mut Files, leaf: &Leaf, change: impl FnOnce(&mut Value)) {
    let path = format!("table/streams/{}/{:06}.json", leaf.stream, leaf.seq);
    let mut value: Value = serde_json::from_slice(&files[&path]).unwrap();
    change(&mut value);
    files.insert(path, value.to_string().into_bytes());
}

fn state(files: &mut Files, leaf: &Leaf, version: u64, head: &str) {
    let state = json!({"version": version, "head": head});
    files.insert(format!("table/states/{}.json", leaf.stream), state.to_string().into_bytes());
}

/// The log made anew over other leaves, by who holds the log's key and not the witness's: anchors and cosignatures stay.
fn anew(files: &mut Files, leaves: &[Leaf]) {
    files.retain(|path, _| !path.starts_with("log/") && !path.starts_with("table/"));
    let mut forged = Files::new();
    Publisher { witness: None, ..Publisher::default() }.publish(leaves, &mut forged);
    files.extend(forged.into_iter().filter(|(path, _)| path.starts_with("log/")));
    files.extend(table(leaves));
}

fn root(leaves: &[Leaf]) -> Hash {
    let mut edge = Edge::EMPTY;
    for one in leaves {
        edge.append(leaf(&one.bytes)).unwrap();
    }
    edge.root()
}

pub(crate) const CHANGES: &[Change] = &[
    ("a byte of an entry in its bundle", |files| {
        flip(files, 40);
        (Code::TileDiffers, Where::Leaf(40))
    }),
    ("a byte of an entry in its bundle, and the root", |files| {
        flip(files, 40);
        (Code::RootMismatch, file("log/checkpoint"))
    }),
    ("a byte of the newest bundle", |files| {
        let last = STORY.leaves.len() - 1;
        flip(files, last);
        (Code::TileDiffers, Where::Leaf(size() - 1))
    }),
    ("a byte of an entry breaks its stream", |files| {
        let (index, leaf) = find("used", "approvalGiven");
        flip(files, index);
        (Code::Unlinked, Where::Entry(leaf.stream, leaf.seq + 1))
    }),
    ("a bundle is gone", |files| {
        files.remove("log/tile/entries/000");
        files.retain(|path, _| !path.starts_with("log/tile/entries/000.p/"));
        (Code::BundleMissing, file("log/tile/entries/000"))
    }),
    ("a bundle is cut", |files| {
        let bundle = files.get_mut("log/tile/entries/000").unwrap();
        bundle.truncate(bundle.len() - 3);
        (Code::BundleMalformed, file("log/tile/entries/000"))
    }),
    ("an older copy of a bundle holds something else", |files| {
        let path = files.keys().find(|path| path.starts_with("log/tile/entries/000.p/")).unwrap().clone();
        let bundle = files.get_mut(&path).unwrap();
        let last = bundle.len() - 2;
        bundle[last] ^= 1;
        (Code::BundleDiffers, Where::File(path))
    }),
    ("a hash tile holds another hash", |files| {
        files.get_mut("log/tile/0/000").unwrap()[32 * 77] ^= 1;
        (Code::TileDiffers, Where::Leaf(77))
    }),
    ("a higher hash tile holds another hash", |files| {
        let path = newest(files, "log/tile/1/");
        files.get_mut(&path).unwrap()[0] ^= 1;
        (Code::TileDiffers, Where::File(path))
    }),
    ("a hash tile is gone", |files| {
        files.retain(|path, _| !path.starts_with("log/tile/0/000"));
        (Code::TileMissing, file("log/tile/0/000"))
    }),
    ("an older copy of a hash tile holds something else", |files| {
        let path = files.keys().find(|path| path.starts_with("log/tile/0/000.p/")).unwrap().clone();
        files.get_mut(&path).unwrap()[0] ^= 1;
        (Code::TileDiffers, Where::File(path))
    }),
    ("the checkpoint is gone", |files| {
        files.remove("log/checkpoint");
        (Code::CheckpointMissing, file("log/checkpoint"))
    }),
    ("the checkpoint is garbage", |files| {
        files.insert("log/checkpoint".to_owned(), b"hello\n".to_vec());
        (Code::CheckpointMalformed, file("log/checkpoint"))
    }),
    ("an old checkpoint is put back", |files| {
        let old = files.iter().find(|(path, _)| path.starts_with("anchors/")).unwrap().1.clone();
        files.insert("log/checkpoint".to_owned(), old);
        (Code::CheckpointBehind, file("log/checkpoint"))
    }),
    ("it is signed for more than anybody can have", |files| {
        files.retain(|path, _| !path.starts_with("log/tile/"));
        let note = Key::log().signed(&Checkpoint::new(ORIGIN, 1 << 61, root(&STORY.leaves)).unwrap());
        files.insert("log/checkpoint".to_owned(), note.to_string().into_bytes());
        (Code::BundleMissing, file("log/tile/entries/000"))
    }),
    ("signed with another key of the same name", |files| {
        let note =
            Key::new(9, ORIGIN, Kind::Ed25519).signed(&Checkpoint::new(ORIGIN, size(), root(&STORY.leaves)).unwrap());
        files.insert("log/checkpoint".to_owned(), note.to_string().into_bytes());
        (Code::CheckpointUnsigned, file("log/checkpoint"))
    }),
    ("the checkpoint is of another log", |files| {
        let other = Key::new(1, "other.example/log", Kind::Ed25519);
        let note = other.signed(&Checkpoint::new("other.example/log", size(), root(&STORY.leaves)).unwrap());
        files.insert("log/checkpoint".to_owned(), note.to_string().into_bytes());
        (Code::CheckpointUnsigned, file("log/checkpoint"))
    }),
    ("the size in the checkpoint is changed", |files| {
        let text = String::from_utf8(files["log/checkpoint"].clone()).unwrap();
        let text = text.replacen(&format!("\n{}\n", size()), &format!("\n{}\n", size() - 1), 1);
        files.insert("log/checkpoint".to_owned(), text.into_bytes());
        (Code::CheckpointUnsigned, file("log/checkpoint"))
    }),
    ("the keys in the folder are replaced, with everything signed by them", |files| {
        let key = Key::new(9, ORIGIN, Kind::Ed25519);
        files.insert("keys".to_owned(), format!("log {}\n", key.public).into_bytes());
        files.retain(|path, _| !path.starts_with("anchors/") && !path.starts_with("cosigned/"));
        Publisher { key, witness: None, ..Publisher::default() }.publish(&STORY.leaves, files);
        (Code::CheckpointUnsigned, file("log/checkpoint"))
    }),
    ("only the keys in the folder are replaced", |files| {
        let key = Key::new(9, ORIGIN, Kind::Ed25519);
        files.insert("keys".to_owned(), format!("log {}\n", key.public).into_bytes());
        (Code::KeysDiffer, file("keys"))
    }),
    ("the witness's line is taken off", |files| {
        let path = newest(files, "cosigned/");
        let size: u64 = path.trim_start_matches("cosigned/").parse().unwrap();
        let anchor = files[&format!("anchors/{size:020}")].clone();
        files.insert(path.clone(), anchor);
        (Code::CosignatureMissing, Where::File(path))
    }),
    ("the witness's signature is of another time", |files| {
        let path = newest(files, "cosigned/");
        let text = String::from_utf8(files[&path].clone()).unwrap();
        let (before, line) = text.trim_end().rsplit_once(' ').unwrap();
        let mut bytes = STANDARD.decode(line).unwrap();
        bytes[11] ^= 1;
        files.insert(path.clone(), format!("{before} {}\n", STANDARD.encode(bytes)).into_bytes());
        (Code::CheckpointUnsigned, Where::File(path))
    }),
    ("the newest cosignatures are gone", |files| {
        let first = newest(files, "cosigned/").replace("cosigned/", "anchors/");
        for _ in 0..4 {
            let path = newest(files, "cosigned/");
            files.remove(&path);
        }
        (Code::NotCosigned, Where::File(first))
    }),
    ("an anchor is named as another", |files| {
        let path = newest(files, "anchors/");
        let bytes = files.remove(&path).unwrap();
        files.insert("anchors/00000000000000000003".to_owned(), bytes);
        (Code::Misnamed, file("anchors/00000000000000000003"))
    }),
    ("the witness refused a fork", |files| {
        files.insert("refused/00000000000000000300".to_owned(), b"422 the tree does not go on".to_vec());
        (Code::WitnessRefused, file("refused/00000000000000000300"))
    }),
    ("a fork of one size, both signed", |files| {
        let mut other = STORY.leaves.clone();
        other.swap(10, 11);
        let note = Key::log().signed(&Checkpoint::new(ORIGIN, size(), root(&other)).unwrap());
        files.insert("saved/mine".to_owned(), note.to_string().into_bytes());
        (Code::TwoRoots, file("saved/mine"))
    }),
    ("another history than the one that was saved", |files| {
        let mut other: Vec<Leaf> = STORY.leaves[..77].to_vec();
        other.swap(10, 11);
        let note = Key::log().signed(&Checkpoint::new(ORIGIN, 77, root(&other)).unwrap());
        files.insert("saved/of-monday".to_owned(), note.to_string().into_bytes());
        (Code::Inconsistent, file("saved/of-monday"))
    }),
    ("an entry is edited and all is signed anew", |files| {
        let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
        let (index, _) = find("denied", "requestDenied");
        values[index]["event"]["data"]["reason"] = json!("no reason");
        anew(files, &rechained(values));
        (Code::Inconsistent, file(&after(index)))
    }),
    ("an approval is forged and all is signed anew", |files| {
        let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
        let (index, _) = find("used", "approvalGiven");
        values[index]["event"]["data"]["person"] = json!("carol");
        values[index]["cause"]["person"] = json!("carol");
        values[index + 1]["event"]["data"]["approvers"] = json!(["carol"]);
        anew(files, &rechained(values));
        (Code::Inconsistent, file(&after(index)))
    }),
    ("two entries of two streams are swapped and all is signed anew", |files| {
        let mut leaves = STORY.leaves.clone();
        let index = (50..150).find(|at| leaves[*at].stream != leaves[*at + 1].stream).unwrap();
        leaves.swap(index, index + 1);
        anew(files, &leaves);
        // The last of a batch belongs to the checkpoint of that batch.
        let first = STORY.leaves[index].at / 240 == STORY.leaves[index + 1].at / 240;
        (Code::Inconsistent, file(&after(if first { index + 1 } else { index })))
    }),
    ("the tail is cut and all is signed anew", |files| {
        anew(files, &STORY.leaves[..200]);
        (Code::CheckpointBehind, file("log/checkpoint"))
    }),
    ("a whole request is taken out and all is signed anew", |files| {
        let id = &STORY.ids["policy"];
        let values = STORY.leaves.iter().filter(|leaf| leaf.stream != *id).map(Leaf::value).collect();
        anew(files, &rechained(values));
        (Code::CheckpointBehind, file("log/checkpoint"))
    }),
    ("an entry of a stream was never logged", |files| {
        let (index, leaf) = find("used", "approvalGiven");
        let mut leaves = STORY.leaves.clone();
        leaves.remove(index);
        *files = Publisher::default().folder(&leaves);
        (Code::OutOfPlace, Where::Entry(leaf.stream, leaf.seq + 1))
    }),
    ("the sequencer skips the end of a stream", |files| {
        let (index, leaf) = find("denied", "requestDenied");
        let mut leaves = STORY.leaves.clone();
        leaves.remove(index);
        *files = Publisher::default().folder(&leaves);
        (Code::SummaryDiffers, Where::Entry(leaf.stream, leaf.seq))
    }),
    ("the sequencer skips a whole request", |files| {
        let id = STORY.ids["cancelled"].clone();
        let leaves: Vec<Leaf> = STORY.leaves.iter().filter(|leaf| leaf.stream != id).cloned().collect();
        *files = Publisher::default().folder(&leaves);
        (Code::SummaryDiffers, Where::Entry(id, 2))
    }),
    ("an entry is logged twice", |files| {
        let (index, leaf) = find("used", "approvalGiven");
        let mut leaves = STORY.leaves.clone();
        leaves.insert(index + 1, leaf.clone());
        *files = Publisher::default().folder(&leaves);
        (Code::OutOfPlace, Where::Leaf(u64::try_from(index).unwrap() + 1))
    }),
    ("two entries of a stream are in the wrong order", |files| {
        let (index, leaf) = find("used", "approvalGiven");
        let mut leaves = STORY.leaves.clone();
        leaves.swap(index, index + 1);
        *files = Publisher::default().folder(&leaves);
        (Code::OutOfPlace, Where::Entry(leaf.stream, leaf.seq + 1))
    }),
    ("an entry has two spellings", |files| {
        let (index, _) = find("used", "approvalGiven");
        let mut leaves = STORY.leaves.clone();
        leaves[index].bytes.push(b' ');
        *files = Publisher::default().folder(&leaves);
        (Code::NotAnEntry, Where::Leaf(u64::try_from(index).unwrap()))
    }),
    ("a time goes backwards", |files| {
        let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
        let (index, leaf) = find("used", "requestApproved");
        values[index]["at"] = json!("2026-11-20T20:00:00Z");
        let place = leaf.seq;
        let mut leaves = rechained(values.clone());
        // Not moved to where its time is: in its stream's order.
        leaves.sort_by_key(|one| (one.stream.clone(), one.seq));
        let mut heads: Vec<Value> = values;
        heads.sort_by_key(|value| (value["request"].as_str().unwrap().to_owned(), value["seq"].as_u64()));
        *files = Publisher::default().folder(&kept_order(&heads));
        (Code::Backwards, Where::Entry(leaf.stream, place))
    }),
    ("an entry of the table is edited", |files| {
        let (_, leaf) = find("used", "approvalGiven");
        item(files, &leaf, |value| value["event"] = json!(STANDARD.encode(b"{}")));
        (Code::TableEdited, Where::Entry(leaf.stream, leaf.seq))
    }),
    ("the text of words is another", |files| {
        let (_, leaf) = find("used", "requestSubmitted");
        item(files, &leaf, |value| {
            value["words"]
                .as_object_mut()
                .unwrap()
                .values_mut()
                .for_each(|said| said["text"] = json!("nothing to see"));
        });
        (Code::WordsDiffer, Where::Entry(leaf.stream, leaf.seq))
    }),
    ("an entry of the table is gone", |files| {
        let (_, leaf) = find("used", "approvalGiven");
        files.remove(&format!("table/streams/{}/{:06}.json", leaf.stream, leaf.seq));
        (Code::TableMissing, Where::Entry(leaf.stream, leaf.seq))
    }),
    ("a whole request is gone from the table", |files| {
        let (_, leaf) = find("policy", "requestSubmitted");
        files.retain(|path, _| !path.contains(&leaf.stream));
        (Code::TableMissing, Where::Entry(leaf.stream, 3))
    }),
    ("an entry is added to the table", |files| {
        let (_, leaf) = find("denied", "requestDenied");
        let more = json!({"event": STANDARD.encode(&leaf.bytes), "words": {}}).to_string();
        files.insert(format!("table/streams/{}/000003.json", leaf.stream), more.into_bytes());
        (Code::NotLogged, Where::Entry(leaf.stream, 3))
    }),
    ("only a state is edited", |files| {
        let (_, leaf) = find("denied", "requestDenied");
        state(files, &leaf, leaf.seq, &"d".repeat(64));
        (Code::StateElsewhere, Where::Entry(leaf.stream, leaf.seq))
    }),
    ("a state is set back", |files| {
        let (_, leaf) = find("denied", "requestSubmitted");
        let head = record::entry::EntryHash::of(&leaf.bytes).to_string();
        state(files, &leaf, 1, &head);
        (Code::StateBehind, Where::Entry(leaf.stream, 1))
    }),
    ("a state goes on where there is nothing", |files| {
        let (_, leaf) = find("denied", "requestDenied");
        state(files, &leaf, 9, &"d".repeat(64));
        (Code::StateAhead, Where::Entry(leaf.stream, 9))
    }),
    ("a state is gone", |files| {
        let (_, leaf) = find("denied", "requestDenied");
        files.remove(&format!("table/states/{}.json", leaf.stream));
        (Code::StateMissing, file_or_stream(&leaf.stream))
    }),
    ("the table is rolled back to an hour before", |files| {
        let until = STORY.leaves[STORY.leaves.len() - 1].at - 3 * 3_600;
        files.retain(|path, _| !path.starts_with("table/"));
        let old: Vec<Leaf> = STORY.leaves.iter().filter(|leaf| leaf.at < until).cloned().collect();
        files.extend(table(&old));
        let lost = STORY.leaves.iter().find(|leaf| leaf.at >= until).unwrap();
        (Code::TableMissing, Where::Entry(lost.stream.clone(), lost.seq))
    }),
    ("entries are held back before they are logged", |files| {
        *files = Publisher { after: 2_000, ..Publisher::default() }.folder(&STORY.leaves);
        (Code::LoggedLate, Where::Leaf(0))
    }),
    ("entries say a later time than they were cosigned at", |files| {
        *files = Publisher { after: -900, ..Publisher::default() }.folder(&STORY.leaves);
        (Code::FromTheFuture, Where::Leaf(0))
    }),
    ("the sequencer is silent for an hour", |files| {
        let from = STORY.leaves[0].at + 19_000;
        let leaves: Vec<Leaf> =
            STORY.leaves.iter().filter(|leaf| leaf.at < from || leaf.at > from + 3_600).cloned().collect();
        let next = leaves.iter().position(|leaf| leaf.at >= from).unwrap();
        *files = Publisher::default().folder(&leaves);
        (Code::Silence, Where::Leaf(u64::try_from(next).unwrap()))
    }),
    ("a day has no summary", |files| {
        // All day long, and no summary of it.
        let mut leaves: Vec<Value> =
            STORY.leaves.iter().filter(|leaf| leaf.kind() != "dailySummary").map(Leaf::value).collect();
        let last = leaves.iter().rev().find(|value| value["request"] == "sys_log").unwrap().clone();
        for hour in 0..120 {
            let mut next = last.clone();
            let at: model::time::Time = last["at"].as_str().unwrap().parse().unwrap();
            next["at"] = json!(at.plus((hour + 1) * 840));
            leaves.push(next);
        }
        *files = Publisher { every: 840, after: -700, ..Publisher::default() }.folder(&rechained(leaves));
        (Code::SummaryMissing, file_or_stream("sys_log"))
    }),
    ("the log says that it found a defect", |files| {
        let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
        let index = values.iter().rposition(|value| value["event"]["type"] == "heartbeat").unwrap();
        values[index]["event"] =
            json!({"type": "defectFound", "data": {"code": "link_broken", "entry": "sys_policy/1"}});
        *files = Publisher::default().folder(&rechained(values));
        (Code::DefectRecorded, Where::Leaf(u64::try_from(index).unwrap()))
    }),
];

fn file_or_stream(stream: &str) -> Where {
    Where::Stream(stream.to_owned())
}

/// The path of the first anchor that covers a leaf.
fn after(index: usize) -> String {
    let covers =
        |path: &&String| path.strip_prefix("anchors/").is_some_and(|size| size.parse::<usize>().unwrap() > index);
    FOLDER.keys().find(covers).unwrap().clone()
}

/// Streams chained anew in the order of their places, whatever their times; then in the log's order, by the first time at
/// which each could be there.
fn kept_order(values: &[Value]) -> Vec<Leaf> {
    let mut heads = std::collections::BTreeMap::new();
    let mut latest = std::collections::BTreeMap::new();
    let mut leaves: Vec<(String, Leaf)> = Vec::new();
    for value in values {
        let stream = value["request"].as_str().unwrap().to_owned();
        let head = heads.entry(stream.clone()).or_insert(record::chain::Head::START);
        let at = value["at"].as_str().unwrap();
        let (link, next) =
            record::chain::append(*head, &stream, at, value["cause"].clone(), value["event"].clone()).unwrap();
        *head = next;
        let since: &mut String = latest.entry(stream).or_default();
        *since = since.clone().max(at.to_owned());
        leaves.push((since.clone(), Leaf::of(link.bytes)));
    }
    leaves.sort_by(|one, other| one.0.cmp(&other.0));
    leaves.into_iter().map(|(_, leaf)| leaf).collect()
}

#[test]
fn every_change_is_found_where_it_is() {
    let missed = CHANGES.iter().filter_map(|(name, change)| {
        let mut files = FOLDER.clone();
        let (code, place) = change(&mut files);
        missed(name, &judged(&files), code, &place)
    });
    let missed: Vec<String> = missed.collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn more_than_enough_is_tried() {
    let forgeries = crate::forged::forgeries().count();
    assert!(CHANGES.len() + forgeries >= 90, "{} and {forgeries}", CHANGES.len());
}

#[test]
fn whoever_pins_no_key_is_told_so_and_sees_through_no_forgery_of_keys() {
    let trusted = Trusted { keys: None, as_of: None, known: &[], rsa: &rsa };
    let verdict = verify(&*FOLDER, &trusted).unwrap();
    expect("nothing pinned", &verdict, Code::KeysNotPinned, &file("keys"));
    let mut files = Files::new();
    assert!(verify(&files, &trusted).is_err());
    let key = Key::new(9, ORIGIN, Kind::Ed25519);
    files.insert("keys".to_owned(), format!("log {}\n", key.public).into_bytes());
    Publisher { key, witness: None, ..Publisher::default() }.publish(&STORY.leaves, &mut files);
    let verdict = verify(&files, &trusted).unwrap();
    assert_eq!(verdict.outcome, verify::Outcome::Intact, "{:?}", verdict.findings);
}

#[test]
fn a_log_that_fell_silent_is_found_by_who_says_when_it_was_fetched() {
    let pinned = pinned();
    let trusted = |as_of| Trusted { keys: Some(&pinned), as_of, known: &[], rsa: &rsa };
    let verdict = verify(&*FOLDER, &trusted(Some("2026-11-21T03:10:00Z"))).unwrap();
    assert_eq!(verdict.findings, []);
    let verdict = verify(&*FOLDER, &trusted(Some("2026-11-21T08:00:00Z"))).unwrap();
    expect("silent", &verdict, Code::Silence, &Where::Leaf(size() - 1));
    assert!(verify(&*FOLDER, &trusted(Some("yesterday"))).is_err());
}

/// The log with its newest anchors alone: quick to judge.
fn small() -> Files {
    let kept: Vec<String> = ["anchors/", "cosigned/"].map(|under| newest(&FOLDER, under)).to_vec();
    let is_kept = |path: &String| path.starts_with("log/") || *path == "keys" || kept.contains(path);
    FOLDER.iter().filter(|(path, _)| is_kept(path)).map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_flipped_bit_of_the_log_is_found(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut files = small();
        let paths: Vec<String> = files.keys().filter(|path| *path != "keys").cloned().collect();
        let bytes = files.get_mut(file.get(&paths)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(judged(&files).outcome, verify::Outcome::Broken, "{} {} {}", file.get(&paths), at, bit);
    }

    #[test]
    fn garbage_is_judged_without_panic(
        path in prop::sample::select(vec![
            "log/checkpoint", "log/tile/entries/000", "log/tile/0/000", "log/tile/nonsense", "anchors/1", "cosigned/1",
            "refused/1", "saved/x", "keys", "table/streams/req_x/000001.json", "table/states/req_x.json", "table/streams/x",
            "trail/AWSLogs/1/CloudTrail/x.json.gz", "trail/AWSLogs/1/CloudTrail-Digest/x.json.gz", "trail/keys/x.json",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut files = small();
        files.insert(path.to_owned(), bytes);
        let first = judged(&files);
        prop_assert_eq!(&judged(&files), &first, "the same folder, the same verdict");
    }
}

/// What somebody wrote down when they saw it is as good as a checkpoint that they saved.
#[test]
fn a_root_that_somebody_wrote_down_is_held_against_the_entries() {
    let judged =
        |known: &[Known]| verify(&*FOLDER, &Trusted { keys: Some(&pinned()), as_of: None, known, rsa: &rsa }).unwrap();
    let part = |size: usize| Known { size: u64::try_from(size).unwrap(), root: root(&STORY.leaves[..size]) };
    let verdict = judged(&[part(77), part(STORY.leaves.len())]);
    assert_eq!(verdict.findings, []);
    let other = Known { root: Hash::new([7; 32]), ..part(77) };
    let place = file("what was known of 77 entries");
    expect("another history", &judged(&[other]), Code::Inconsistent, &place);
    // Whoever wrote it down may have erred: that the log signed it is said of nothing else than its own notes.
    let other = Known { size: size(), ..other };
    let said = |verdict: &verify::Verdict| {
        let found = verdict.findings.iter().find(|finding| finding.code == Code::TwoRoots).unwrap();
        found.sentence.rsplit("; ").next().unwrap().to_owned()
    };
    assert_eq!(said(&judged(&[other])), "the log signed one, and somebody wrote the other down.");
    let another = Known { root: Hash::new([8; 32]), size: size() + 1 };
    assert_eq!(said(&judged(&[Known { size: size() + 1, ..other }, another])), "somebody wrote both down.");
    let mut files = FOLDER.clone();
    let note = Key::log().signed(&Checkpoint::new(ORIGIN, size(), other.root).unwrap());
    files.insert("saved/mine".to_owned(), note.to_string().into_bytes());
    assert_eq!(said(&crate::untouched::judged(&files)), "the log signed both.");
    let longer = Known { size: size() + 1, ..part(77) };
    expect("a log that was cut", &judged(&[longer]), Code::CheckpointBehind, &file("log/checkpoint"));
}
