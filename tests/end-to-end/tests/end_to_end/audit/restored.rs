//! The restore drill: a table that was brought back gives the tree that was signed, and one that was edited does not.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PutRequest, ScalarAttributeType,
    WriteRequest,
};
use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use serde_json::Value;

use crate::cli::program;

type Item = std::collections::HashMap<String, AttributeValue>;

fn key(pk: &str, sk: &str) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// An empty table of the same keys.
async fn empty(root: &Cloud, name: &str) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::of("making a table", error);
    let _ = root.dynamodb().delete_table().table_name(name).send().await;
    let mut make = root.dynamodb().create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (attribute, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let definition =
            AttributeDefinition::builder().attribute_name(attribute).attribute_type(ScalarAttributeType::S);
        make = make.attribute_definitions(definition.build().map_err(|error| failed(&error))?);
        let schema = KeySchemaElement::builder().attribute_name(attribute).key_type(kind);
        make = make.key_schema(schema.build().map_err(|error| failed(&error))?);
    }
    make.send().await.map(|_| ()).map_err(|error| failed(&error))
}

/// Copies all items, the log's head first: what it says is there before it, whoever writes meanwhile.
async fn restore(root: &Cloud, from: &str, to: &str) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::of("copying the table", error);
    let head = root.dynamodb().get_item().table_name(from).consistent_read(true).set_key(Some(key("LOG", "HEAD")));
    let head =
        head.send().await.map_err(|error| failed(&error))?.item.ok_or_else(|| Failure::new("there is no log"))?;
    let pages = root.dynamodb().scan().table_name(from).consistent_read(true).into_paginator().items().send();
    let mut items: Vec<Item> = pages.collect::<Result<_, _>>().await.map_err(|error| failed(&error))?;
    let is_head = |item: &Item| item.get("sk") == head.get("sk") && item.get("pk") == head.get("pk");
    items.retain(|item| !is_head(item));
    items.push(head.clone());
    for some in items.chunks(25) {
        let put = |item: &Item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build();
            put.map(|put| WriteRequest::builder().put_request(put).build())
        };
        let writes: Vec<WriteRequest> =
            some.iter().map(put).collect::<Result<_, _>>().map_err(|error| failed(&error))?;
        let sent = root.dynamodb().batch_write_item().request_items(to, writes).send().await;
        sent.map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// The program, which is given nothing but how to reach the cloud as its root, and where other programs are.
pub(super) fn run(stage: &Stage, arguments: &[&str]) -> Result<(Option<i32>, Value), Failure> {
    let ran = Command::new(program()?)
        .args(["--output", "json", "audit"])
        .args(arguments)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("AWS_REGION", &stage.outputs.region)
        .env("AWS_ENDPOINT_URL", &stage.outputs.endpoint_url)
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::of("starting the program", &error))?;
    let said = serde_json::from_slice(&ran.stdout);
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    Ok((ran.status.code(), said.map_err(|error| Failure::of(&format!("reading what it said ({text})"), &error))?))
}

/// A folder of one test's own, with a file of the keys; gone with it.
pub(super) struct Home(PathBuf);

impl Home {
    pub(super) fn new(stage: &Stage, test: &str) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("countersign-{test}-{}", std::process::id()));
        let made = std::fs::create_dir_all(&path)
            .and_then(|()| std::fs::write(path.join("trusted"), stage.outputs.log_keys.join("\n")));
        made.map_err(|error| Failure::of("making a folder", &error))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Whatever is left is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What `countersign audit rebuild` says of a table, and its exit code.
fn rebuilt(stage: &Stage, home: &Home, table: &str) -> Result<(Option<i32>, Value), Failure> {
    let trusted = home.path("trusted");
    run(stage, &["rebuild", "--table", table, "--log-bucket", &stage.outputs.log_bucket, "--keys", &trusted])
}

/// How many files of the anchors' bucket are in a copy.
fn anchors(copy: &str) -> Result<u64, Failure> {
    let mut count = 0_u64;
    for folder in ["anchors", "cosigned", "refused"] {
        // There is a folder for what there is.
        let Ok(files) = std::fs::read_dir(PathBuf::from(copy).join(folder)) else { continue };
        count = count.saturating_add(u64::try_from(files.count()).unwrap_or(u64::MAX));
    }
    if count > 0 { Ok(count) } else { Err(Failure::new(format!("{copy} has no anchors"))) }
}

/// What is copied is all that it takes, and what is there is not copied again.
#[tokio::test]
async fn a_copy_gives_the_tree_without_a_cloud() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (home, outputs) = (Home::new(&stage, "copy")?, &stage.outputs);
    let (copy, trusted) = (home.path("copy"), home.path("trusted"));
    let buckets = ["--log-bucket", outputs.log_bucket.as_str(), "--anchor-bucket", outputs.anchor_bucket.as_str()];
    let fetch =
        [&["fetch", copy.as_str()], &buckets[..], &["--table", &outputs.table_name, "--keys", &trusted]].concat();
    let (code, first) = run(&stage, &fetch)?;
    assert_eq!(code, Some(0), "{first}");
    let count = |said: &Value, what: &str| said.get(what).and_then(Value::as_u64).unwrap_or_default();
    assert!(count(&first, "size") > 0 && count(&first, "anchors") > 0 && count(&first, "entries") > 0, "{first}");
    // However much was anchored meanwhile: what is new now is what was not there.
    let before = anchors(&copy)?;
    let (code, second) = run(&stage, &fetch)?;
    let new = anchors(&copy)?.saturating_sub(before);
    assert_eq!((code, count(&second, "anchors"), count(&first, "anchors")), (Some(0), new, before), "{second}");
    let (code, said) = run(&stage, &["rebuild", &copy, "--keys", &trusted])?;
    assert_eq!((code, said.get("sound")), (Some(0), Some(&Value::from(true))), "{said}");
    assert_eq!(count(&said, "size"), count(&second, "size"));
    Ok(())
}

#[tokio::test]
async fn a_table_that_is_brought_back_gives_the_same_root() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (root, home) = (stage.root()?, Home::new(&stage, "drill")?);
    crate::logs_read(&stage).await?;
    let drill = "restore-drill";
    empty(&root, drill).await?;
    restore(&root, &stage.outputs.table_name, drill).await?;
    let (code, said) = rebuilt(&stage, &home, drill)?;
    assert_eq!((code, said.get("sound")), (Some(0), Some(&Value::from(true))), "{said}");
    assert!(said.get("size").and_then(Value::as_u64).is_some_and(|size| size > 0), "{said}");

    // One byte of one entry: it is found, and which one it is.
    let place = key("SYSTEM#sys_log", "EVENT#000001");
    let read = root.dynamodb().get_item().table_name(drill).set_key(Some(place)).send().await;
    let mut item = read.map_err(|error| Failure::of("reading an entry", &error))?.item.unwrap_or_default();
    let event = item.get("event").and_then(|event| event.as_b().ok()).map(|event| event.as_ref().to_vec());
    let mut event = event.ok_or_else(|| Failure::new("the log's own stream does not begin"))?;
    if let Some(byte) = event.last_mut() {
        *byte ^= 1;
    }
    item.insert("event".to_owned(), AttributeValue::B(event.into()));
    let put = root.dynamodb().put_item().table_name(drill).set_item(Some(item)).send().await;
    put.map_err(|error| Failure::of("editing an entry", &error))?;
    let (code, said) = rebuilt(&stage, &home, drill)?;
    assert_eq!((code, said.get("sound")), (Some(1), Some(&Value::from(false))), "{said}");
    assert!(said.to_string().contains("sys_log/1"), "{said}");
    let _ = root.dynamodb().delete_table().table_name(drill).send().await;
    Ok(())
}
