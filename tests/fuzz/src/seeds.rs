//! Inputs that can't be written by hand: signed, hashed or packed ones, made of the story's record. They lie in the corpus
//! as files; a test holds them to this, and writes them anew if it is told to.

use crate::made::MADE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use record::proof::{Inclusion, TlogProof};
use record::witness::Submission;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;

/// The inputs by their paths in `corpus`.
pub fn made() -> BTreeMap<String, Vec<u8>> {
    let mut seeds = BTreeMap::new();
    let mut put = |target: &str, name: &str, bytes: Vec<u8>| drop(seeds.insert(format!("{target}/made-{name}"), bytes));
    let folder = &MADE.folder;
    let of = |under: &str| folder.iter().filter(|(path, _)| path.starts_with(under)).collect::<Vec<_>>();

    for (name, files) in [("anchor", of("anchors/")), ("cosigned", of("cosigned/"))] {
        if let Some((_, bytes)) = files.last() {
            put("checkpoint_note", name, (*bytes).clone());
        }
    }
    for (nth, (key, bytes)) in MADE.world.anchor_files().iter().enumerate() {
        if key.starts_with("submissions/") && Submission::parse(bytes).is_ok() {
            put("witness_submission", &nth.to_string(), bytes.clone());
        }
    }
    put("tlog_proof", "first", proof(0));
    put("tlog_proof", "fifth", proof(4));
    for (path, bytes) in of("log/tile/").into_iter().take(4) {
        let path = path.trim_start_matches("log/");
        put("tile", &path.replace('/', "-"), [path.as_bytes(), b"\n", bytes].concat());
    }
    put("verifier_keys", "file", MADE.pinned.clone().into_bytes());
    put("verifier_keys", "one", MADE.keys[0].to_string().into_bytes());

    let lines = |chain: &[Vec<u8>]| chain.join(&b'\n');
    put("record_entry", "active", lines(&MADE.world.chain(&MADE.active)));
    put("record_entry", "denied", lines(&MADE.world.chain(&MADE.denied)));
    let spoken: Vec<Vec<u8>> = MADE.spoken(&MADE.denied).iter().map(|entry| entry.to_string().into_bytes()).collect();
    put("record_entry", "spoken", lines(&spoken));
    put("record_export", "items", exported());
    put("verify_folder", "one-byte", vec![5, 4, 0, 40, 1, 1]);
    put("verify_folder", "taken-out", vec![7, 5, 0, 0, 0, 9, 2, 0, 3, 0]);

    put("table_item", "state", state().to_string().into_bytes());
    put("table_item", "entry", entry().to_string().into_bytes());
    put("stream_batch", "entries", batch().to_string().into_bytes());
    put("ledger_part", "line", b"{\"version\":1}".to_vec());
    let record = br#"{"Records":[{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","accessKeyId":"ASIAWANTED"},"eventName":"GetItem"}]}"#;
    put("cloudtrail_file", "packed", packed(record));
    put("activity_event", "lines", awslogs().to_string().into_bytes());
    seeds
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
    packing.write_all(bytes).expect("memory takes it");
    packing.finish().expect("memory takes it")
}

/// The proof of an entry, under the last checkpoint.
fn proof(index: u64) -> Vec<u8> {
    let files: BTreeMap<String, Vec<u8>> = MADE.world.log_files();
    let size = MADE.world.log().map_or(0, |head| head.edge.size());
    let Inclusion { path, .. } = Inclusion::read(&files, index, size).expect("the log is whole");
    let entry = record::tile::entry(&files, index, size).expect("the log is whole");
    let checkpoint = String::from_utf8_lossy(&files["checkpoint"]).into_owned();
    TlogProof { entry, index, path, checkpoint }.to_string().into_bytes()
}

fn text(text: &str) -> Value {
    json!({"S": text})
}

/// The item of a request's state, as DynamoDB writes it.
fn state() -> Value {
    let stored = MADE.world.stored(&MADE.active).expect("it is there");
    json!({
        "pk": text(&format!("REQ#{}", MADE.active)), "sk": text("STATE"), "format": {"N": "1"},
        "version": {"N": stored.head.seq.to_string()}, "head": text(&stored.head.hash.to_string()),
        "at": text(&stored.at.to_string()),
        "snapshot": text(&serde_json::to_string(&stored.state).expect("a state is JSON")),
    })
}

/// The item of an entry.
fn entry() -> Value {
    let chain = MADE.world.chain(&MADE.denied);
    let words: serde_json::Map<String, Value> = MADE
        .world
        .words(&MADE.denied)
        .into_iter()
        .map(|(hash, said)| (hash, json!({"M": {"salt": text(&said.salt), "text": text(&said.text)}})))
        .collect();
    json!({
        "pk": text(&format!("REQ#{}", MADE.denied)), "sk": text("EVENT#000001"), "event": {"B": STANDARD.encode(&chain[0])},
        "type": text("requestSubmitted"), "words": {"M": words},
    })
}

/// Two lines of an export of the table.
fn exported() -> Vec<u8> {
    let line = |item: Value| format!("{}\n", json!({"Item": item}));
    [line(state()), line(entry())].concat().into_bytes()
}

/// A batch of the table's stream, as it comes to both functions.
fn batch() -> Value {
    let record = |(seq, bytes): (u64, &Vec<u8>)| {
        json!({
            "eventID": format!("{seq}"), "eventName": "INSERT", "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_176_000.0, "SequenceNumber": format!("{seq:021}"),
                "Keys": {"pk": text(&format!("OUT#{}", MADE.denied)), "sk": text(&format!("EVENT#{seq:06}"))},
                "NewImage": {"sk": text(&format!("EVENT#{seq:06}")), "event": {"B": STANDARD.encode(bytes)}},
            },
        })
    };
    let chain = MADE.world.chain(&MADE.denied);
    json!({"Records": (1..).zip(&chain).map(record).collect::<Vec<_>>()})
}

/// Log lines in CloudWatch's envelope.
fn awslogs() -> Value {
    let envelope = json!({
        "messageType": "DATA_MESSAGE", "owner": "111111111111", "logGroup": "/aws/eks/orders/cluster",
        "logStream": "kube-apiserver-audit-1", "logEvents": [{"id": "1", "timestamp": 1, "message": "{}"}],
    });
    json!({"awslogs": {"data": STANDARD.encode(packed(envelope.to_string().as_bytes()))}})
}
