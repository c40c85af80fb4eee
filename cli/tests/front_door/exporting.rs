//! Exports read one after another, and started one after another.

use crate::evidence::Desk;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// An export with these lines, to read `--from`.
fn export(folder: &Path, lines: &[Value]) {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        writeln!(packed, "{line}").unwrap();
    }
    let data = folder.join("AWSDynamoDB/01795305599000-0a1b2c3d/data");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("cccc.json.gz"), packed.finish().unwrap()).unwrap();
}

#[tokio::test]
async fn an_older_export_sets_no_streams_end_back() {
    let desk = Desk::new().await;
    let state = fs::read_dir(desk.folder.join("table/states")).unwrap().next().unwrap().unwrap().path();
    let stream = state.file_stem().unwrap().to_str().unwrap().to_owned();
    let newest = fs::read(&state).unwrap();
    let kind = if stream.starts_with("swp_") { "SWEEP" } else { "REQ" };
    let of = |version: u64| {
        json!({"Item": {"pk": {"S": format!("{kind}#{stream}")}, "sk": {"S": "STATE"},
            "version": {"N": version.to_string()}, "head": {"S": "aa"}}})
    };
    let read = async |from: &str| {
        let run = ["audit", "export", "--from", desk.path(from), "--to", desk.path("")];
        let ran = desk.run(&run).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    export(Path::new(desk.path("older")), &[of(1)]);
    read("older").await;
    assert_eq!(fs::read(&state).unwrap(), newest);
    export(Path::new(desk.path("newer")), &[of(1_000)]);
    read("newer").await;
    let now: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    assert_eq!(now["version"], 1_000);
}

#[tokio::test]
async fn leaves_keep_their_places_when_changes_are_read_after_all() {
    let desk = Desk::new().await;
    let events = desk.folder.join("tables/events.jsonl");
    let places = || -> Vec<Value> {
        let text = fs::read_to_string(&events).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["leaf"].clone()).collect()
    };
    let before = places();
    assert!(before.iter().all(Value::is_u64), "{before:?}");
    let item = json!({"pk": {"S": "IDEM#y"}, "sk": {"S": "IDEM"}});
    let keys = item.clone();
    export(Path::new(desk.path("changes")), &[json!({"Keys": keys, "NewImage": item})]);
    let ran = desk.run(&["audit", "export", "--from", desk.path("changes"), "--to", desk.path("")]).await;
    assert_eq!((ran.code, places()), (0, before), "{ran:?}");
}
