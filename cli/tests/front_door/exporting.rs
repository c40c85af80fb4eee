//! Exports read one after another, and started one after another.

use crate::evidence::Desk;
use crate::stand_in::{StandIn, ran};
use aws::time::SystemClock;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::time::Time;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use workflow::ports::Clock as _;

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

#[tokio::test]
async fn what_was_started_is_told_though_the_next_can_not_be() {
    let table = "arn:aws:dynamodb:eu-central-1:111111111111:table/countersign";
    let started = |id: &str| {
        let arn = format!("{table}/export/{id}");
        let described = json!({"ExportArn": arn, "ExportStatus": "IN_PROGRESS", "S3Bucket": "exports", "ExportType": "INCREMENTAL_EXPORT"});
        (200, json!({"ExportDescription": described}))
    };
    let full = json!({"__type": "com.amazonaws.dynamodb.v20120810#LimitExceededException", "message": "too many"});
    let run = ["audit", "export", "--table", "countersign", "--bucket", "exports", "--output", "json"];
    // Two days and a half: three exports.
    let since = Time::from_second(SystemClock.now().as_second().saturating_sub(216_000)).unwrap().to_string();
    let since = ["--since", since.as_str()];
    let run = async |api: &StandIn, more: &[&str]| {
        let mut command = api.command(&[&run[..], &since, more].concat());
        command.env("AWS_ENDPOINT_URL", &api.url);
        let ran = ran(command).await;
        assert!(!ran.err.is_empty(), "{ran:?}");
        let told: Value = serde_json::from_str(&ran.err).unwrap();
        (ran.code, told["code"].as_str().unwrap().to_owned(), told["advice"].as_str().unwrap().to_owned())
    };
    let api = StandIn::start().await;
    api.on("POST /", &[(200, json!({"Table": {"TableArn": table}})), started("01"), started("02"), (400, full)]);
    let (code, what, advice) = run(&api, &[]).await;
    assert_eq!((code, what.as_str()), (1, "aws"));
    let arns = format!("--arn {table}/export/01 --arn {table}/export/02 --to <folder>");
    assert!(advice.contains(&arns), "{advice}");
    // Those that are waited for later are told as well, if the first is not there in time.
    let answers = [(200, json!({"Table": {"TableArn": table}})), started("01"), started("02"), started("03")];
    api.on("POST /", &[&answers[..], &[started("01")]].concat());
    let (code, what, advice) = run(&api, &["--wait", "--timeout", "1", "--every", "1"]).await;
    assert_eq!((code, what.as_str()), (6, "export_running"));
    assert!(["01", "02", "03"].iter().all(|id| advice.contains(&format!("{table}/export/{id}"))), "{advice}");
}
