//! Exports, tables, questions and evidence, of a day that production code recorded and DynamoDB's form.

use crate::audit::{ORIGIN, key};
use crate::stand_in::{Ran, StandIn, ran};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use record::chain::{Head, append};
use record::checkpoint::Checkpoint;
use record::entry::EntryHash;
use record::note::{Kind, Signature, cosigned_message};
use record::tile::grow;
use record::tree::Edge;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A day's record as DynamoDB exports it: six requests, four of which became grants, and an offboarding.
const EXPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpora/export");

pub(crate) struct Desk {
    pub(crate) api: StandIn,
    pub(crate) folder: PathBuf,
}

impl Desk {
    /// A folder with the export and its tables.
    pub(crate) async fn new() -> Self {
        let api = StandIn::start().await;
        let folder = api.home.path().join("record");
        let desk = Self { api, folder };
        let made = desk.run(&["audit", "export", "--from", EXPORT, "--to", desk.path("")]).await;
        assert_eq!(made.code, 0, "{made:?}");
        assert!(made.out.contains("tables/grants: 4"), "{}", made.out);
        desk
    }

    /// With the tests' own path: DuckDB's program is on it.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.api.command(arguments);
        command.env("PATH", std::env::var_os("PATH").unwrap());
        ran(command).await
    }

    pub(crate) fn path(&self, inside: &str) -> &'static str {
        let path = if inside.is_empty() { self.folder.clone() } else { self.folder.with_file_name(inside) };
        Box::leak(path.to_str().unwrap().to_owned().into_boxed_str())
    }

    async fn rows(&self, question: &[&str]) -> Vec<Value> {
        let told = self.run(&[&["audit", "sql", self.path(""), "--output", "json"], question].concat()).await;
        assert_eq!(told.code, 0, "{told:?}: DuckDB's program has to be on the PATH; `cargo xtask test` puts it there");
        told.json()["rows"].as_array().unwrap().clone()
    }

    async fn column(&self, query: &str, column: &str) -> Vec<Value> {
        self.rows(&["--query", query]).await.iter().map(|row| row[column].clone()).collect()
    }

    async fn pack(&self, control: &str, out: &str) -> Ran {
        let (from, to) = (["--from", "2026-11-20"], ["--to", "2026-11-21"]);
        let rest = ["--control", control, "--out", self.path(out)];
        self.run(&[&["audit", "evidence", self.path("")][..], &from, &to, &rest].concat()).await
    }
}

/// The files of all entries in a folder, in the order of their names.
fn entry_files(folder: &Path) -> Vec<PathBuf> {
    let streams = fs::read_dir(folder.join("table/streams")).unwrap();
    let files = streams.flat_map(|stream| fs::read_dir(stream.unwrap().path()).unwrap());
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// An entry's bytes, out of its file.
fn entry(file: &Path) -> Vec<u8> {
    let filed: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    STANDARD.decode(filed["event"].as_str().unwrap()).unwrap()
}

/// The log of all entries in a folder, signed, of which a witness vouches for as many, and the keys beside it.
fn log(folder: &Path, cosigned: usize) {
    let entries: Vec<Vec<u8>> = entry_files(folder).iter().map(|file| entry(file)).collect();
    let grow = |entries: &[Vec<u8>]| grow(&BTreeMap::new(), 0, &Edge::EMPTY.root(), entries).unwrap();
    let grown = grow(&entries);
    let put = |path: &str, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for file in grown.files {
        put(&format!("log/{}", file.tile), &file.bytes);
    }
    let (signer, verifier) = key(ORIGIN, Kind::Ed25519, 1);
    let checkpoint = |edge: &Edge| {
        let note = Checkpoint::new(ORIGIN, edge.size(), edge.root()).unwrap().note().unwrap();
        let signature = Signature::ed25519(&verifier, &signer.sign(note.text().as_bytes()).to_bytes());
        note.with(signature).unwrap()
    };
    put("log/checkpoint", checkpoint(&grown.edge).to_string().as_bytes());
    let (witness, known) = key("log-archive.222222222222.us-east-1/witness", Kind::Cosignature, 2);
    let (note, time) = (checkpoint(&grow(&entries[..cosigned]).edge), 1_795_000_000);
    let cosignature = witness.sign(cosigned_message(note.text(), time).as_bytes()).to_bytes();
    let note = note.with(Signature::cosignature(&known, time, &cosignature)).unwrap();
    put(&format!("cosigned/{cosigned:020}"), note.to_string().as_bytes());
    put("keys", format!("log {verifier}\nwitness {known}\n").as_bytes());
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[tokio::test]
async fn an_export_becomes_entries_states_and_tables_and_reading_it_again_changes_nothing() {
    let desk = Desk::new().await;
    let streams: Vec<_> = fs::read_dir(desk.folder.join("table/streams")).unwrap().collect();
    assert_eq!(streams.len(), 7);
    assert_eq!(fs::read_dir(desk.folder.join("table/states")).unwrap().count(), 7);
    assert_eq!(lines(&desk.folder.join("tables/requests.jsonl")), 6);
    let parquet = fs::read(desk.folder.join("tables/grants.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    // What file systems leave behind is no entry.
    for left in ["table/streams/.DS_Store", "table/streams/readme", "table/.DS_Store"] {
        fs::write(desk.folder.join(left), b"x").unwrap();
    }
    fs::create_dir(desk.folder.join("table/streams/.Trashes")).unwrap();
    let again = desk.run(&["audit", "export", "--from", EXPORT, "--to", desk.path(""), "--output", "json"]).await;
    assert_eq!((again.code, again.json()["faults"].clone()), (0, json!([])), "{again:?}");
    assert_eq!(fs::read(desk.folder.join("tables/grants.parquet")).unwrap(), parquet);
    assert!(desk.api.came().is_empty());
}

#[tokio::test]
async fn an_entry_that_is_not_what_it_was_is_told() {
    let desk = Desk::new().await;
    let stream = fs::read_dir(desk.folder.join("table/streams")).unwrap().next().unwrap().unwrap().path();
    let file = stream.join("000001.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("eyJ", "eyK", 1)).unwrap();
    let again = desk.run(&["audit", "export", "--from", EXPORT, "--to", desk.path(""), "--output", "json"]).await;
    assert_eq!((again.code, again.json()["faults"][0]["code"].clone()), (1, json!("entry_rewritten")), "{again:?}");
}

#[tokio::test]
async fn an_export_with_a_file_missing_or_cut_is_not_taken() {
    let desk = Desk::new().await;
    let copy = desk.folder.with_file_name("copy/AWSDynamoDB/01");
    fs::create_dir_all(copy.join("data")).unwrap();
    let kept = Path::new(EXPORT).join("AWSDynamoDB/01795219199000-5e4f3a2b");
    fs::copy(kept.join("manifest-files.json"), copy.join("manifest-files.json")).unwrap();
    fs::copy(kept.join("data/aaaa.json.gz"), copy.join("data/aaaa.json.gz")).unwrap();
    let run = ["audit", "export", "--from", desk.path("copy"), "--to", desk.path("other")];
    let missing = desk.run(&run).await;
    assert!(missing.code == 1 && missing.err.contains("(export_incomplete)"), "{missing:?}");
    fs::copy(kept.join("data/aaaa.json.gz"), copy.join("data/bbbb.json.gz")).unwrap();
    fs::write(copy.join("manifest-files.json"), "{\"itemCount\":3,\"dataFileS3Key\":\"data/aaaa.json.gz\"}\n").unwrap();
    let cut = desk.run(&run).await;
    assert!(cut.code == 1 && cut.err.contains("lists 3"), "{cut:?}");
    let nothing = desk.run(&["audit", "export", "--from", desk.path("nowhere"), "--to", desk.path("other")]).await;
    assert!(nothing.code == 4 && nothing.err.contains("(no_export)"), "{nothing:?}");
}

#[tokio::test]
async fn the_ready_questions_have_the_answers_of_the_day() {
    let desk = Desk::new().await;
    assert_eq!(desk.column("self-approvals", "request").await, [json!(null); 0]);
    assert_eq!(desk.column("who-had-what", "outcome").await, ["planned", "early", "planned", "early"]);
    assert_eq!(desk.column("without-ticket", "entitlement").await, ["orders-db-debug", "prod-admin", "logs-read"]);
    assert_eq!(desk.column("longest", "window_seconds").await, [1_800, 1_800, 1_800, 900]);
    assert_eq!(desk.column("findings", "rule").await, ["outside_actions"]);
    assert_eq!(desk.column("ended-late", "request").await, [json!(null); 0]);
    assert_eq!(desk.column("unreviewed-risk", "request").await, [json!(null); 0]);
    let unused = desk.rows(&["--query", "unused"]).await;
    assert_eq!(
        (&unused[0]["entitlement"], &unused[1]["entitlement"]),
        (&json!("logs-read"), &json!("orders-db-debug"))
    );
    let stopped = desk.rows(&["--query", "panics"]).await;
    assert_eq!((&stopped[0]["event"], &stopped[0]["ended"]), (&json!("offboardingStarted"), &json!(1)));
    assert_eq!(stopped[0]["reason"], "left");
    let approvers = desk.rows(&["--query", "approvers"]).await;
    assert_eq!((&approvers[0]["approver"], &approvers[0]["given"]), (&json!("bob"), &json!(2)));
    assert_eq!(desk.column("refusals", "event").await, ["requestDenied"]);
    assert_eq!(desk.column("hasty-approvals", "approver").await, ["bob", "carol", "bob"]);
}

#[tokio::test]
async fn a_statement_of_ones_own_sees_the_tables_and_nothing_else() {
    let desk = Desk::new().await;
    let counted = desk.rows(&["--sql", "SELECT count(*) AS n, min(recorded_at) AS first FROM events"]).await;
    assert_eq!(counted[0]["first"], "2026-11-20 12:00:00");
    assert!(counted[0]["n"].as_u64() > Some(40));
    for statement in [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY grants TO '/tmp/x.csv'",
        "SELEC 1",
        "SET enable_external_access = true",
    ] {
        let refused = desk.run(&["audit", "sql", desk.path(""), "--sql", statement]).await;
        assert!(refused.code == 1 && refused.err.contains("(query_failed)"), "{statement}: {refused:?}");
    }
    // Not even of the tables' own files.
    let findings = desk.folder.join("tables/findings.parquet").canonicalize().unwrap();
    let kept = fs::read(&findings).unwrap();
    let path = findings.to_str().unwrap();
    for statement in [
        format!("COPY (SELECT 1) TO '{path}' (FORMAT parquet, USE_TMP_FILE false)"),
        format!("ATTACH '{path}' AS other"),
        format!("SELECT * FROM read_parquet('{path}')"),
        format!("EXPORT DATABASE '{path}'"),
    ] {
        let refused = desk.run(&["audit", "sql", desk.path(""), "--sql", &statement]).await;
        assert!(refused.code == 1 && refused.err.contains("(query_failed)"), "{statement}: {refused:?}");
        assert!(fs::read(&findings).unwrap() == kept, "{statement}");
    }
    let shell = desk.run(&["audit", "sql", desk.path(""), "--sql", "SELECT 1;\n .shell id"]).await;
    assert!(shell.code == 2 && shell.err.contains("(not_sql)"), "{shell:?}");
    let shown = desk.run(&["audit", "sql", desk.path(""), "--query", "who-had-what"]).await;
    let heading = shown.out.lines().next().unwrap().split_whitespace().take(3).collect::<Vec<_>>();
    assert_eq!(heading, ["REQUESTER", "ENTITLEMENT", "ACCOUNT"], "{}", shown.out);
    let listed = desk.run(&["audit", "sql", "--list"]).await;
    assert!(listed.out.contains("self-approvals") && listed.out.contains("there must be none"), "{}", listed.out);
}

#[tokio::test]
async fn without_duckdb_it_says_how_to_have_it() {
    let desk = Desk::new().await;
    let mut command = desk.api.command(&["audit", "sql", desk.path(""), "--query", "longest"]);
    let ran = command.env("PATH", desk.folder.join("nothing")).output().unwrap();
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(told.contains("(duckdb_missing)") && told.contains("https://duckdb.org/docs/installation/"), "{told}");
    let none = desk.run(&["audit", "sql", desk.path("nowhere"), "--query", "longest"]).await;
    assert!(none.code == 4 && none.err.contains("(no_tables)"), "{none:?}");
}

#[tokio::test]
async fn a_table_that_is_no_file_of_the_folder_is_not_read() {
    let desk = Desk::new().await;
    let (table, away) = (desk.folder.join("tables/grants.parquet"), desk.folder.with_file_name("away"));
    let refused = async |why: &str| {
        let ran = desk.run(&["audit", "sql", desk.path(""), "--query", "longest"]).await;
        assert!(ran.code == 1 && ran.err.contains("(no_file)") && ran.err.contains(why), "{why}: {ran:?}");
    };
    fs::rename(&table, &away).unwrap();
    std::os::unix::fs::symlink(&away, &table).unwrap();
    refused("it is no file").await;
    fs::remove_file(&table).unwrap();
    assert!(Command::new("mkfifo").arg(&table).status().unwrap().success());
    refused("it is no file").await;
    fs::remove_file(&table).unwrap();
    // Of nothing but a length.
    fs::File::create(&table).unwrap().set_len((1 << 32) + 1).unwrap();
    refused("it has more than").await;
    // Nor through a folder that is a link.
    fs::rename(&away, &table).unwrap();
    fs::rename(table.parent().unwrap(), &away).unwrap();
    std::os::unix::fs::symlink(&away, table.parent().unwrap()).unwrap();
    refused("neither a file nor a folder").await;
}

#[tokio::test]
async fn a_pack_is_made_holds_and_tells_each_difference() {
    let desk = Desk::new().await;
    let made = desk.pack("soc2-cc6.1", "pack").await;
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.out.contains("4 grants, 4 sampled, 1 exceptions, 0 proofs"), "{}", made.out);
    let check = ["audit", "evidence", "--check", desk.path("pack")];
    let checked = desk.run(&check).await;
    assert_eq!(checked.code, 0, "{checked:?}");
    let report = desk.folder.with_file_name("pack/report.html");
    let html = fs::read_to_string(&report).unwrap();
    let changed = html.replacen(
        "data-number=\"exceptions\" data-value=\"1\">1<",
        "data-number=\"exceptions\" data-value=\"0\">0<",
        1,
    );
    assert_ne!(html, changed);
    fs::write(&report, changed).unwrap();
    let checked = desk.run(&check).await;
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(
        checked.out.contains("report.html exceptions: the report says 0; the entries give 1 (number_differs)"),
        "{}",
        checked.out
    );
    let again = desk.pack("soc2-cc6.1", "pack").await;
    assert!(again.code == 1 && again.err.contains("(folder_exists)"), "{again:?}");
    let empty = desk.run(&["audit", "evidence", "--check", desk.path("nowhere")]).await;
    assert!(empty.code == 1 && empty.out.contains("(no_manifest)"), "{empty:?}");
}

#[tokio::test]
async fn beside_the_log_a_pack_is_made_of_all_that_it_holds_or_not_at_all() {
    let desk = Desk::new().await;
    log(&desk.folder, 1);
    let made = desk.pack("soc2-cc6.1", "whole").await;
    assert_eq!(made.code, 0, "{made:?}");
    let keys = desk.folder.join("keys");
    let check = ["audit", "evidence", "--check", desk.path("whole"), "--keys", keys.to_str().unwrap()];
    assert_eq!(desk.run(&check).await.code, 0);
    let files = entry_files(&desk.folder);
    // Entries added, of a time after all others: a sound one at the end of a stream, a stream of its own, and one that the
    // log holds elsewhere.
    let last = files.iter().rfind(|file| file.parent() == files[0].parent()).unwrap();
    let logged: Value = serde_json::from_slice(&entry(last)).unwrap();
    let (stream, seq) = (logged["request"].as_str().unwrap(), logged["seq"].as_u64().unwrap());
    let following = |head: Head, stream: &str| {
        let event = json!({"type": "requestSubmitted", "data": {"request": {}}});
        let cause = json!({"kind": "person", "person": "mallory"});
        append(head, stream, "2026-11-20T23:00:00Z", cause, event).unwrap().0.bytes
    };
    let other = "req_0198c0ffee00700080000000deadbeef";
    let of_stream = following(Head { seq, hash: EntryHash::of(&entry(last)) }, stream);
    for (place, bytes) in [
        (format!("{stream}/{:06}", seq + 1), of_stream),
        (format!("{other}/000001"), following(Head::START, other)),
        (format!("{other}/000002"), entry(last)),
    ] {
        let path = desk.folder.join(format!("table/streams/{place}.json"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, json!({"event": STANDARD.encode(bytes)}).to_string()).unwrap();
    }
    let made = desk.pack("soc2-cc6.1", "added").await;
    assert!(made.code == 0 && made.out.contains("left out, as the log does not hold them: 3 entries"), "{made:?}");
    let packed = |out: &str, file: &str| fs::read_to_string(desk.folder.with_file_name(out).join(file)).unwrap();
    for file in ["manifest.json", "entries.jsonl"] {
        assert_eq!(packed("added", file), packed("whole", file));
    }
    fs::remove_dir_all(desk.folder.join("table/streams").join(other)).unwrap();
    fs::remove_file(desk.folder.join(format!("table/streams/{stream}/{:06}.json", seq + 1))).unwrap();
    let number = |file: &Path| files.iter().position(|known| known == file).unwrap();
    let refused = async |out: &str, leaf: usize| {
        let ran = desk.pack("soc2-cc6.1", out).await;
        let told = format!("leaf {leaf} of the log is not among the folder's entries");
        assert!(ran.code == 1 && ran.err.contains("(entries_missing)") && ran.err.contains(&told), "{ran:?}");
        assert!(!desk.folder.with_file_name(out).exists());
    };
    // The last entry of a stream, cut and edited; then the stream as a whole: what is left is a sound chain each time.
    let (kept, text) = (fs::read(last).unwrap(), String::from_utf8(entry(last)).unwrap());
    fs::remove_file(last).unwrap();
    refused("cut", number(last)).await;
    let edited = text.replacen("\"at\":\"2026", "\"at\":\"2025", 1);
    assert_ne!(text, edited);
    fs::write(last, json!({"event": STANDARD.encode(edited)}).to_string()).unwrap();
    refused("edited", number(last)).await;
    fs::write(last, kept).unwrap();
    let stream = last.parent().unwrap();
    fs::rename(stream, desk.folder.with_file_name("away")).unwrap();
    refused("without", 0).await;
    // Nor does it help to take it out of the log's bundle: the root is signed.
    let bundle = fs::read_dir(desk.folder.join("log/tile/entries/000.p")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[20] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let damaged = desk.pack("soc2-cc6.1", "damaged").await;
    assert!(damaged.code == 1 && damaged.err.contains("(damaged_log)"), "{damaged:?}");
}

#[tokio::test]
async fn a_packs_proofs_are_vouched_for_if_a_witness_has_seen_all_that_they_prove() {
    let desk = Desk::new().await;
    let keys = desk.path("record/keys");
    let files = entry_files(&desk.folder);
    let requests = files.iter().filter(|file| file.to_str().unwrap().contains("/req_")).count();
    assert!(requests < files.len());
    for (out, cosigned, code, told) in [("all", requests, 0, "proven"), ("few", 3, 1, "(not_witnessed)")] {
        log(&desk.folder, cosigned);
        let made = desk.pack("soc2-cc6.1", out).await;
        assert_eq!(made.code, 0, "{made:?}");
        let pack = desk.folder.with_file_name(out);
        let checked = desk.run(&["audit", "evidence", "--check", desk.path(out), "--keys", keys]).await;
        assert_eq!(checked.code, 0, "{checked:?}");
        let proofs: Vec<PathBuf> =
            fs::read_dir(pack.join("proofs")).unwrap().map(|proof| proof.unwrap().path()).collect();
        assert!(proofs.len() > 20, "{proofs:?}");
        for proof in proofs {
            let check = ["audit", "check", proof.to_str().unwrap(), "--keys", keys];
            assert_eq!(desk.run(&check).await.code, 0);
            let ran = desk.run(&[&check[..], &["--witnessed"]].concat()).await;
            assert!(ran.code == code && format!("{}{}", ran.out, ran.err).contains(told), "{ran:?}");
        }
        fs::remove_file(desk.folder.join(format!("cosigned/{cosigned:020}"))).unwrap();
    }
    // A witness's word for another history is none for this one.
    let kept = fs::read(&files[0]).unwrap();
    fs::write(&files[0], json!({"event": STANDARD.encode("{}")}).to_string()).unwrap();
    log(&desk.folder, requests);
    fs::write(&files[0], kept).unwrap();
    log(&desk.folder, 3);
    let refused = desk.pack("soc2-cc6.1", "forked").await;
    assert!(refused.code == 1 && refused.err.contains("(not_included)"), "{refused:?}");
}

#[tokio::test]
async fn every_control_has_a_pack() {
    let desk = Desk::new().await;
    for control in ["soc2-cc6.2", "soc2-cc6.3", "iso27001-a5.15", "iso27001-a5.18", "pci-7", "nist-ac-2", "nist-ac-6"] {
        let made = desk.pack(control, control).await;
        assert_eq!(made.code, 0, "{control}: {made:?}");
    }
    let none = desk.pack("soc2-cc9.9", "none").await;
    assert_eq!(none.code, 2, "{none:?}");
}
