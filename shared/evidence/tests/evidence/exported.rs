//! DynamoDB's exports, read as AWS documents them.

use crate::story::{given, streams};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::dynamodb::{Conflict, Exported};
use evidence::source::{Given, Said};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};

fn item(given: &Given) -> Value {
    let kind = if given.stream.starts_with("swp_") { "SWEEP" } else { "REQ" };
    let said = |(hash, said): (&String, &Said)| {
        (hash.clone(), json!({"M": {"salt": {"S": said.salt}, "text": {"S": said.text}}}))
    };
    let words: serde_json::Map<String, Value> = given.words.iter().map(said).collect();
    let mut item = json!({
        "pk": {"S": format!("{kind}#{}", given.stream)},
        "sk": {"S": format!("EVENT#{:06}", given.seq)},
        "event": {"B": STANDARD.encode(&given.bytes)},
    });
    if !words.is_empty() {
        item["words"] = json!({"M": words});
    }
    item
}

fn full() -> Vec<String> {
    let mut lines: Vec<String> = given().iter().map(|given| json!({"Item": item(given)}).to_string()).collect();
    for stream in streams() {
        let own: Vec<Given> = given().into_iter().filter(|given| given.stream == stream).collect();
        let last = own.last().unwrap();
        let mut state = item(last);
        state["sk"] = json!({"S": "STATE"});
        state.as_object_mut().unwrap().remove("event");
        state["version"] = json!({"N": last.seq.to_string()});
        state["head"] = json!({"S": last.read().unwrap().hash});
        lines.push(json!({"Item": state}).to_string());
    }
    let refs: Vec<Value> = given().iter().map(|g| json!({"S": format!("{}/{}", g.stream, g.seq)})).collect();
    lines.push(
        json!({"Item": {"pk": {"S": "LOG"}, "sk": {"S": "BATCH#000000000000"}, "refs": {"L": refs}}}).to_string(),
    );
    lines.push(json!({"Item": {"pk": {"S": "IDEM#x"}, "sk": {"S": "IDEM"}}}).to_string());
    lines
}

/// Where the corpus lies that the command line is tested with.
const CORPUS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpora/export/AWSDynamoDB/01795219199000-5e4f3a2b");

/// The day as DynamoDB exports it, in two data files. `UPDATE_CORPUS=1` writes it anew.
#[test]
fn the_corpus_is_what_production_code_records() {
    let lines = full();
    let (one, other) = lines.split_at(lines.len().div_euclid(2));
    for (name, part) in [("aaaa", one), ("bbbb", other)] {
        let file = format!("{CORPUS}/data/{name}.json.gz");
        let text = format!("{}\n", part.join("\n"));
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            packed.write_all(text.as_bytes()).unwrap();
            fs::create_dir_all(format!("{CORPUS}/data")).unwrap();
            fs::write(&file, packed.finish().unwrap()).unwrap();
        }
        let mut kept = String::new();
        MultiGzDecoder::new(File::open(&file).unwrap()).read_to_string(&mut kept).unwrap();
        assert!(kept == text, "{file} is not what is recorded now: run this test with UPDATE_CORPUS=1");
    }
    let count = |part: &[String]| u64::try_from(part.len()).unwrap();
    let listed = [("aaaa", one), ("bbbb", other)].map(|(name, part)| {
        let key = format!("AWSDynamoDB/01795219199000-5e4f3a2b/data/{name}.json.gz");
        format!("{}\n", json!({"itemCount": count(part), "dataFileS3Key": key}))
    });
    let list = format!("{CORPUS}/manifest-files.json");
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        fs::write(&list, listed.concat()).unwrap();
    }
    assert_eq!(fs::read_to_string(&list).unwrap(), listed.concat());
}

fn read(lines: &[String]) -> Exported {
    let mut exported = Exported::default();
    for line in lines {
        exported.line(line).unwrap();
    }
    exported
}

#[test]
fn a_full_export_gives_every_entry_with_its_leaf() {
    let exported = read(&full());
    assert_eq!(exported.entries(), {
        let mut all = given();
        all.sort_by(|one, other| (&one.stream, one.seq).cmp(&(&other.stream, other.seq)));
        all
    });
    assert_eq!(exported.conflicts(), []);
}

#[test]
fn an_incremental_export_adds_and_repetition_changes_nothing() {
    let all = given();
    let (before, after) = all.split_at(4);
    let first: Vec<String> = before.iter().map(|given| json!({"Item": item(given)}).to_string()).collect();
    let change = |given: &Given| {
        let item = item(given);
        json!({"Metadata": {"WriteTimestampMicros": {"N": "1"}}, "Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item})
            .to_string()
    };
    let second: Vec<String> = after.iter().map(change).collect();
    let lines = [first.clone(), second.clone(), second, first].concat();
    assert_eq!(read(&lines).entries().len(), all.len());
    assert_eq!(read(&lines).conflicts(), []);
}

#[test]
fn an_entry_that_was_read_before_keeps_its_leaf() {
    let mut again = Exported::default();
    for one in read(&full()).entries() {
        let text = one.to_file();
        again.keep(Given::of_file(&one.stream, one.seq, text.as_bytes()).unwrap());
    }
    // An export of changes holds the batches of its own span alone.
    again.line(&json!({"Item": item(&given()[0])}).to_string()).unwrap();
    assert_eq!(again.entries(), read(&full()).entries());
}

#[test]
fn what_was_rewritten_or_deleted_is_told() {
    let all = given();
    let (one, other) = (item(&all[0]), item(&all[1]));
    let mut changed = one.clone();
    changed["event"] = json!({"B": STANDARD.encode(b"{}")});
    let keys = json!({"pk": other["pk"], "sk": other["sk"]});
    let mut lines = full();
    lines.push(json!({"Keys": {"pk": one["pk"], "sk": one["sk"]}, "OldImage": one, "NewImage": changed}).to_string());
    lines.push(json!({"Keys": keys, "OldImage": other}).to_string());
    let (stream, seq) = (all[0].stream.clone(), all[0].seq);
    let deleted = Conflict::Deleted { stream: all[1].stream.clone(), seq: all[1].seq };
    assert_eq!(read(&lines).conflicts(), [Conflict::Rewritten { stream, seq }, deleted]);
}

#[test]
fn states_are_those_of_the_newest_version_and_words_once_erased_stay_so() {
    let given = &given()[0];
    assert_eq!(given.words.len(), 1);
    let state = |version: u64| {
        json!({"Item": {"pk": {"S": format!("REQ#{}", given.stream)}, "sk": {"S": "STATE"}, "version": {"N": version.to_string()}, "head": {"S": "aa"}}})
            .to_string()
    };
    let with_words = item(given);
    let mut erased = with_words.clone();
    erased.as_object_mut().unwrap().remove("words");
    let lines = [state(3), state(2), json!({"Item": with_words}).to_string(), json!({"Item": erased}).to_string()];
    let turned: Vec<String> = lines.iter().rev().cloned().collect();
    for lines in [lines.to_vec(), turned] {
        let exported = read(&lines);
        assert_eq!(exported.heads()[&given.stream].version, 3);
        assert!(exported.entries()[0].words.is_empty());
    }
}

#[test]
fn no_partition_leads_out_of_the_folder() {
    for pk in ["REQ#../../x", "REQ#a/b", "SYSTEM#.hidden", "REQ#", "OTHER#req_a"] {
        let mut exported = Exported::default();
        let item = json!({"pk": {"S": pk}, "sk": {"S": "EVENT#000001"}, "event": {"B": ""}});
        exported.line(&json!({"Item": item}).to_string()).unwrap();
        assert_eq!(exported.entries(), [], "{pk}");
    }
    assert!(Exported::default().line("[]").is_err());
    assert!(Exported::default().line("{\"Item\": {\"pk\": {\"N\": \"1\"}}}").is_err());
}
