//! `audit fetch` and `audit rebuild`, of a log that grows while it is copied.

use crate::cloud::{Cloud, Kept};
use crate::stand_in::{Ran, StandIn, ran};
use ed25519_dalek::{Signer as _, SigningKey};
use record::chain::{Head, append};
use record::checkpoint::Checkpoint;
use record::note::{Kind, Signature, VerifierKey};
use record::tile::grow;
use record::tree::Edge;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";

fn key() -> (SigningKey, VerifierKey) {
    let secret = SigningKey::from_bytes(&[1; 32]);
    let key = VerifierKey::new(ORIGIN, Kind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
    (secret, key)
}

/// The log's own stream.
fn entries(count: usize) -> Vec<Vec<u8>> {
    let (mut head, mut entries) = (Head::START, Vec::new());
    for nth in 0..count {
        let event = match nth {
            0 => json!({"type": "logStarted", "data": {"origin": ORIGIN, "key": "k"}}),
            _ => json!({"type": "heartbeat", "data": {"size": nth}}),
        };
        let at = format!("2026-11-20T12:{:02}:00Z", nth * 5);
        let (link, next) = append(head, "sys_log", &at, json!({"kind": "system", "part": "audit"}), event).unwrap();
        entries.push(link.bytes);
        head = next;
    }
    entries
}

fn signed(size: u64, edge: &Edge) -> Vec<u8> {
    let (secret, key) = key();
    let note = Checkpoint::new(ORIGIN, size, edge.root()).unwrap().note().unwrap();
    let signature = secret.sign(note.text().as_bytes()).to_bytes();
    note.with(Signature::ed25519(&key, &signature)).unwrap().to_string().into_bytes()
}

/// The log and its stream are of so many entries from now on, and that is anchored.
fn publish(kept: &mut Kept, count: usize) {
    kept.entries = entries(count);
    let growth = grow(&BTreeMap::new(), 0, &Edge::EMPTY.root(), &kept.entries).unwrap();
    let note = signed(growth.edge.size(), &growth.edge);
    for file in growth.files {
        kept.objects.insert(format!("log/{}", file.tile), file.bytes);
    }
    kept.objects.insert("log/checkpoint".to_owned(), note.clone());
    kept.objects.insert(format!("anchors/anchors/{count:020}"), note);
}

struct Desk {
    api: StandIn,
    cloud: Cloud,
}

impl Desk {
    async fn new(count: usize) -> Self {
        let mut kept = Kept::default();
        publish(&mut kept, count);
        let api = StandIn::start().await;
        fs::write(api.home.path().join("trusted"), format!("log {}\n", key().1)).unwrap();
        Self { api, cloud: Cloud::start(kept).await }
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.api.command(arguments);
        command.env("AWS_ENDPOINT_URL", &self.cloud.url);
        ran(command).await
    }

    async fn fetch(&self) -> Ran {
        self.fetched(&[]).await
    }

    async fn fetched(&self, more: &[&str]) -> Ran {
        let fetch =
            ["audit", "fetch", "copy", "--log-bucket", "log", "--anchor-bucket", "anchors", "--table", "record"];
        self.run(&[&fetch[..], &["--keys", "trusted", "--output", "json"], more].concat()).await
    }

    /// The codes of what is found in the copy.
    async fn found(&self) -> Vec<String> {
        let said = self.run(&["audit", "verify", "copy", "--keys", "trusted", "--output", "json"]).await.json();
        let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
        said["findings"].as_array().unwrap().iter().map(code).collect()
    }
}

#[tokio::test]
async fn a_log_that_is_anchored_while_it_is_copied_does_not_look_cut() {
    let desk = Desk::new(2).await;
    desk.cloud.after("get log/checkpoint", |kept| publish(kept, 3));
    let fetched = desk.fetch().await;
    assert_eq!((fetched.code, &fetched.json()["size"]), (0, &json!(2)), "{fetched:?}");
    assert!(desk.cloud.is_done());
    assert_eq!(desk.found().await, ["no_witness", "not_yet_logged"]);
    // What has landed since comes with the next time.
    assert_eq!(desk.fetch().await.json()["anchors"], 1);
    assert_eq!(desk.found().await, ["no_witness"]);
}

#[tokio::test]
async fn a_stream_that_is_written_to_while_it_is_copied_is_copied_to_its_end() {
    let desk = Desk::new(3).await;
    // One entry after each of three readings, before the end is read.
    for count in [4, 5, 6] {
        desk.cloud.after("entries", move |kept| kept.entries = entries(count));
    }
    let fetched = desk.fetch().await;
    assert_eq!((fetched.code, &fetched.json()["entries"]), (0, &json!(6)), "{fetched:?}");
    assert!(desk.cloud.is_done());
    assert_eq!(desk.found().await, ["no_witness", "not_yet_logged", "not_yet_logged", "not_yet_logged"]);
    // Nothing new, nothing copied; what has gone astray here is.
    assert_eq!(desk.fetch().await.json()["entries"], 0);
    fs::remove_file(desk.api.home.path().join("copy/table/streams/sys_log/000006.json")).unwrap();
    assert_eq!(desk.fetch().await.json()["entries"], 6);
    assert_eq!(desk.found().await.len(), 4);
}

#[tokio::test]
async fn an_end_without_its_entry_is_copied_as_it_is_and_found() {
    let desk = Desk::new(3).await;
    desk.cloud.now(|kept| kept.gone.extend([3]));
    assert_eq!(desk.fetch().await.code, 0);
    assert_eq!(desk.found().await, ["table_missing", "no_witness"]);
}

#[tokio::test]
async fn what_was_taken_out_of_the_table_since_it_was_copied_is_taken_out_of_the_copy_and_found() {
    let desk = Desk::new(4).await;
    assert_eq!(desk.fetch().await.json()["removed"], 0);
    assert_eq!(desk.found().await, ["no_witness"]);
    // In the middle of a stream, which ends as it did.
    desk.cloud.now(|kept| kept.gone.extend([2]));
    let fetched = desk.fetched(&["--fresh"]).await;
    assert_eq!((fetched.code, &fetched.json()["removed"]), (0, &json!(1)), "{fetched:?}");
    assert_eq!(desk.found().await, ["table_missing", "no_witness"]);
    // What goes on is copied again by itself.
    desk.cloud.now(|kept| {
        kept.gone.extend([3]);
        publish(kept, 5);
    });
    assert_eq!(desk.fetch().await.json()["removed"], 1);
    assert_eq!(desk.found().await, ["table_missing", "table_missing", "no_witness"]);
    // With it the entry that it ends with, and then where it ends.
    desk.cloud.now(|kept| kept.gone.extend([5]));
    assert_eq!(desk.fetched(&["--fresh"]).await.json()["removed"], 1);
    desk.cloud.now(|kept| kept.stateless = true);
    assert_eq!(desk.fetch().await.json()["removed"], 0);
    assert!(!desk.api.home.path().join("copy/table/states/sys_log.json").exists());
    assert_eq!(desk.found().await, ["table_missing", "table_missing", "table_missing", "no_witness"]);
}

#[tokio::test]
async fn a_stream_that_was_never_logged_is_copied_from_the_index_and_found() {
    let desk = Desk::new(2).await;
    let sweep = "swp_0198c0ffee00700080000000deadbeef";
    let event = json!({"type": "panicStarted", "data": {}});
    let cause = json!({"kind": "person", "person": "mallory"});
    let entry = append(Head::START, sweep, "2026-11-20T11:00:00Z", cause, event).unwrap().0.bytes;
    desk.cloud.now(|kept| drop(kept.others.insert(format!("SWEEP#{sweep}"), vec![entry])));
    let fetched = desk.fetch().await;
    assert_eq!((fetched.code, &fetched.json()["entries"]), (0, &json!(3)), "{fetched:?}");
    assert_eq!(desk.found().await, ["not_logged", "no_witness"]);
    // Once it is gone, nothing but the copy knows of it.
    desk.cloud.now(|kept| kept.others.clear());
    assert_eq!(desk.fetch().await.json()["removed"], 1);
    assert!(!desk.api.home.path().join(format!("copy/table/states/{sweep}.json")).exists());
    assert_eq!(desk.found().await, ["no_witness"]);
}

/// Whoever is stopped in the middle goes on where it matters.
#[tokio::test]
async fn a_copy_that_was_stopped_is_not_taken_for_whole() {
    let desk = Desk::new(4).await;
    assert_eq!(desk.fetch().await.code, 0);
    desk.cloud.now(|kept| kept.gone.extend([2]));
    // It is read, and can't be written any more.
    let copy = desk.api.home.path().join("copy/table/streams/sys_log");
    fs::rename(&copy, copy.with_file_name("away")).unwrap();
    fs::write(&copy, b"").unwrap();
    assert_eq!(desk.fetched(&["--fresh"]).await.code, 1);
    fs::remove_file(&copy).unwrap();
    fs::rename(copy.with_file_name("away"), &copy).unwrap();
    assert_eq!(desk.fetch().await.json()["removed"], 1);
    assert_eq!(desk.found().await, ["table_missing", "no_witness"]);
}

#[tokio::test]
async fn a_log_is_not_believed_to_be_as_long_as_it_says_before_it_is_read() {
    let desk = Desk::new(2).await;
    desk.cloud.now(|kept| drop(kept.objects.insert("log/checkpoint".to_owned(), signed(1 << 32, &Edge::EMPTY))));
    let fetch = ["audit", "fetch", "copy", "--log-bucket", "log", "--anchor-bucket", "anchors", "--output", "json"];
    let program = desk.api.command(&fetch);
    // All that it would have to ask for does not fit into a gigabyte.
    let mut bounded = Command::new("sh");
    bounded.args(["-c", "ulimit -v 1500000; exec \"$@\"", "sh"]).arg(program.get_program()).args(program.get_args());
    bounded.env_clear().current_dir(desk.api.home.path()).env("AWS_ENDPOINT_URL", &desk.cloud.url);
    bounded.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = ran(bounded).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("not_there"), "{said:?}");
}

#[tokio::test]
async fn what_the_bucket_has_beyond_the_table_is_said() {
    let desk = Desk::new(2).await;
    let rebuild = ["audit", "rebuild", "--table", "restored", "--log-bucket", "log"];
    let said = desk.run(&rebuild).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("2 newer leaves are not in this table"), "{}", said.out);
    assert!(said.out.contains("no --keys were given") && !said.out.contains("that was signed"), "{}", said.out);
    let said = desk.run(&[&rebuild[..], &["--keys", "trusted", "--output", "json"]].concat()).await.json();
    assert_eq!((&said["newer"], &said["signed"]), (&json!(2), &json!(true)));
}
