//! The record: fetched once, verified without AWS, proven; then changed by somebody who may do everything, and found out.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::auditor::Auditor;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use end_to_end::waiting::until;
use record::tile::{Holds, Tile, WIDTH};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story::Story;

/// What one bit makes of bob in his countersignature.
const BOB: &[u8] = br#""person":"bob""#;
const ROB: &[u8] = br#""person":"rob""#;

pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    let log = Log::of(stage)?;
    let auditor = Auditor::begin(stage)?;

    story.chapter("A grant from the question to its end, and the log it is in");
    let id = granted_and_ended(stage).await?;
    let trail = Trail::fetch(&stage.dave, &id).await?;
    let place = (1..).zip(&trail.entries).find(|(_, entry)| at(entry, BOB).is_some());
    let (seq, entry) = place.ok_or_else(|| Failure::new("no entry has bob's countersignature"))?;
    let index = until("it is logged", Duration::from_mins(1), || log.index(&id, seq)).await?;
    let last = until("all of it is logged", Duration::from_mins(1), || log.index(&id, trail.head.seq)).await?;
    let size = until("it is cosigned", Duration::from_mins(2), || async {
        log.minute().await?;
        let size = log.anchored_size().await?;
        Ok((size > last).then_some(size))
    })
    .await?;
    let said = format!("{} events of it among {size} entries of one tree", trail.entries.len());
    story.check("signed by the log's key, anchored and cosigned in another account", "all of it", &said, size > last);

    story.chapter("An auditor, a folder, and no AWS");
    auditor.fetch("first", false)?;
    story.tell("fetched once: log, anchors, the table's entries; the keys came from somebody the auditor trusts");
    let (code, verdict) = auditor.verify("first")?;
    let figures = format!("{}; {} findings that break it", text(&verdict, "outcome"), codes(&verdict).len());
    story.check("countersign audit verify", "intact", &figures, code == Some(0) && codes(&verdict).is_empty());
    let proof = auditor.path("approval.tlog-proof");
    auditor.run(&["prove", &auditor.path("first"), &format!("{id}/{seq}"), "--to", &proof])?;
    let (code, checked) = auditor.run(&["check", &proof, "--keys", &auditor.path("trusted")])?;
    let number = |field: &str| checked.get(field).map_or_else(String::new, Value::to_string);
    let shown = format!("leaf {} of {}", number("index"), number("size"));
    story.check("bob's countersignature, proven by one file", "included", &shown, code == Some(0));

    story.chapter("One byte in the table: bob becomes rob");
    let forged = exchanged(entry, BOB, ROB)?;
    put_entry(stage, &id, seq, &forged).await?;
    let found = auditor.fetch("table", true).and_then(|()| auditor.verify("table"));
    put_entry(stage, &id, seq, entry).await?;
    found_out(story, "an administrator of the account changes one byte of one event", &found?, &id, seq);

    story.chapter("One byte in S3: the same, in the log itself");
    let found = changed_in_s3(stage, &log, &auditor, index, (entry.as_slice(), forged.as_slice())).await?;
    found_out(story, "and one byte of an object of the log's bucket", &found, &id, seq);

    story.chapter("The anchors: nobody takes one away");
    let archive = stage.root_of(stage.outputs.log_archive.get("accountId").map_or("", String::as_str))?;
    let anchor = format!("anchors/{size:020}");
    let before = log.anchor(&anchor).await?;
    let version = version(&archive, &stage.outputs.anchor_bucket, &anchor).await?;
    let gone = format!("{}/{anchor}?versionId={version}", stage.outputs.anchor_bucket);
    let answered = archive.s3(Method::DELETE, &gone, &[("x-amz-bypass-governance-retention", "true")], b"").await?;
    let after = log.anchor(&anchor).await?;
    let said = format!("{}; it is {}", answered.status, if after == before { "as it was" } else { "gone" });
    story.check(
        "the root of the log archive deletes an anchor",
        "403",
        &said,
        answered.status == 403 && after == before,
    );
    auditor.fetch("last", true)?;
    let (code, verdict) = auditor.verify("last")?;
    let right = code == Some(0) && codes(&verdict).is_empty();
    story.check("with both bytes put back", "intact", text(&verdict, "outcome"), right);
    Ok(())
}

/// Asked for by alice, countersigned by bob, ended by him.
async fn granted_and_ended(stage: &Stage) -> Result<String, Failure> {
    let asked = stage.alice.submit("orders-db-debug", 900, "order-1002 is stuck in paying").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    stage.bob.approve(&id, text(&asked, "digest")).await?.expect(200)?;
    stage.alice.reaches(&id, "active").await?;
    stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
    Ok(id)
}

fn at(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|some| some == wanted)
}

fn exchanged(bytes: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, Failure> {
    let place = at(bytes, old).ok_or_else(|| Failure::new("what is to be changed is not there"))?;
    let mut changed = bytes.to_vec();
    changed.splice(place..place.saturating_add(old.len()), new.iter().copied());
    Ok(changed)
}

/// Puts these bytes where an event is in the table: what nobody but somebody with every right can do.
async fn put_entry(stage: &Stage, id: &str, seq: u64, bytes: &[u8]) -> Result<(), Failure> {
    let text = AttributeValue::S;
    let change = stage.root()?.dynamodb().update_item().table_name(&stage.outputs.table_name);
    let change = change.key("pk", text(format!("REQ#{id}"))).key("sk", text(format!("EVENT#{seq:06}")));
    let change = change.update_expression("SET #event = :event").expression_attribute_names("#event", "event");
    let change = change.expression_attribute_values(":event", AttributeValue::B(Blob::new(bytes.to_vec())));
    change.send().await.map(drop).map_err(|error| Failure::of("changing an event in the table", &error))
}

/// The bundle of entries that the leaf at `index` is in, as the newest checkpoint has it, and its key.
async fn bundle_with(log: &Log, index: u64) -> Result<(String, Vec<u8>), Failure> {
    let size = log.checkpoint().await?.checkpoint.size();
    let tile = Tile::at(Holds::Entries, index.div_euclid(u64::from(WIDTH)), size);
    let key = tile.ok_or_else(|| Failure::new(format!("leaf {index} is not in the log yet")))?.to_string();
    let bundle = log.file(&key).await?.ok_or_else(|| Failure::new(format!("there is no {key}")))?;
    Ok((key, bundle))
}

/// What the auditor finds while an entry is another in the bundle that the leaf at `index` is in. A log that grows meanwhile
/// has a longer bundle by then, which is the one that is fetched: then that one is changed.
async fn changed_in_s3(
    stage: &Stage,
    log: &Log,
    auditor: &Auditor,
    index: u64,
    (entry, forged): (&[u8], &[u8]),
) -> Result<(Option<i32>, Value), Failure> {
    let root = stage.root()?;
    until("the changed bundle is fetched", Duration::from_mins(5), || async {
        let (key, bundle) = bundle_with(log, index).await?;
        let path = format!("{}/{key}", stage.outputs.log_bucket);
        auditor.forget("bucket");
        root.s3(Method::PUT, &path, &[], &exchanged(&bundle, entry, forged)?).await?;
        let fetched = auditor.fetch("bucket", true);
        root.s3(Method::PUT, &path, &[], &bundle).await?;
        fetched?;
        if auditor.has("bucket", &key) { auditor.verify("bucket").map(Some) } else { Ok(None) }
    })
    .await
}

async fn version(cloud: &end_to_end::cloud::Cloud, bucket: &str, key: &str) -> Result<String, Failure> {
    let listed = cloud.s3(Method::GET, &format!("{bucket}?prefix={key}&versions="), &[], b"").await?;
    let id = listed.body.split_once("<VersionId>").and_then(|(_, rest)| rest.split_once('<'));
    id.map(|(id, _)| id.to_owned()).ok_or_else(|| Failure::new(format!("{key} has no versions: {}", listed.body)))
}

/// What breaks the record, by its code.
fn codes(verdict: &Value) -> Vec<&str> {
    let findings = verdict["findings"].as_array().map_or(&[][..], Vec::as_slice);
    findings.iter().filter(|finding| finding["severity"] == "broken").map(|finding| text(finding, "code")).collect()
}

fn found_out(story: &mut Story, what: &str, (code, verdict): &(Option<i32>, Value), id: &str, seq: u64) {
    let findings = verdict["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let broken = findings.iter().filter(|finding| finding["severity"] == "broken");
    let named = broken.clone().any(|finding| finding["stream"] == *id && finding["seq"] == json!(seq));
    let shown: Vec<String> =
        broken.map(|finding| format!("{}: {}", text(finding, "code"), text(finding, "sentence"))).collect();
    story.quote(&shown);
    let said = format!("exit code {}, {}", code.unwrap_or(-1), codes(verdict).join(", "));
    story.check(what, "found, with its place", &said, *code != Some(0) && named);
}
