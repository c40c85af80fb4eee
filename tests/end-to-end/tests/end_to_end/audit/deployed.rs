//! What code runs is in the log, as Lambda says it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use record::entry::Entry;
use reqwest::Method;
use serde_json::{Value, json};

const FUNCTIONS: [&str; 11] = [
    "activity",
    "approval",
    "audit",
    "conversation",
    "credentials",
    "grant",
    "intake",
    "notification",
    "publication",
    "reconciliation",
    "revocation",
];

/// A bucket of this test's own.
const PACKAGES: &str = "deployed-test-packages";

/// A call of Lambda as the account's root: what it answered.
async fn lambda(stage: &Stage, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
    let answered = stage.root()?.json("lambda", (method, path, None), body).await?;
    if !(200..300).contains(&answered.status) {
        return Err(Failure::new(format!("{path}: {} {}", answered.status, answered.body)));
    }
    Ok(serde_json::from_str(&answered.body).unwrap_or_default())
}

/// The package of a function's code.
async fn package(stage: &Stage, function: &str) -> Result<Vec<u8>, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::of("fetching a package", error);
    let told = lambda(stage, Method::GET, function, &json!({})).await?;
    let place = told.pointer("/Code/Location").and_then(Value::as_str).unwrap_or_default();
    // The local cloud names its usual port there, and not the one it has.
    let path = place.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let zip = reqwest::get(format!("{}/{path}", stage.outputs.endpoint_url)).await.map_err(|error| failed(&error))?;
    Ok(zip.bytes().await.map_err(|error| failed(&error))?.to_vec())
}

/// What Lambda says of a function's code.
async fn hash(stage: &Stage, function: &str) -> Result<String, Failure> {
    let path = format!("/2015-03-31/functions/{}-{function}/configuration", stage.outputs.stack_name);
    let told = lambda(stage, Method::GET, &path, &json!({})).await?;
    told.get("CodeSha256")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("no hash: {told}")))
}

/// Has the audit function look, as whoever deployed may.
async fn look(stage: &Stage) -> Result<(), Failure> {
    let path = format!("/2015-03-31/functions/{}-audit/invocations", stage.outputs.stack_name);
    until("it looks", Duration::from_mins(2), || async {
        let ran = stage.root()?.json("lambda", (Method::POST, &path, None), &json!({"deployments": true})).await?;
        if ran.status == 200 && ran.body.contains("errorType") {
            return Err(Failure::new(format!("the audit function: {}", ran.body)));
        }
        Ok((ran.status == 200).then_some(()))
    })
    .await
}

/// The entries of `sys_deployment`, in order, as bytes.
async fn entries(stage: &Stage) -> Result<Vec<Vec<u8>>, Failure> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let root = stage.root()?;
    let query = root.dynamodb().query().table_name(&stage.outputs.table_name).consistent_read(true);
    let query = query
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
        .expression_attribute_values(":pk", text("SYSTEM#sys_deployment"))
        .expression_attribute_values(":sk", text("EVENT#"));
    let found: Result<Vec<_>, _> = query.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| Failure::of("reading deployments", &error))?;
    let bytes = |item: &std::collections::HashMap<String, AttributeValue>| {
        item.get("event").and_then(|event| event.as_b().ok()).map(|event| event.as_ref().to_vec())
    };
    Ok(found.iter().filter_map(bytes).collect())
}

/// Of each entry the function and the hash that runs.
fn told(entries: &[Vec<u8>]) -> Result<Vec<(String, String)>, Failure> {
    let read = entries.iter().map(|bytes| {
        let entry: Entry = serde_json::from_slice(bytes).map_err(|error| Failure::of("reading an entry", &error))?;
        let text = |path: &str| entry.event.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok((text("/data/function"), text("/data/code/sha256")))
    });
    read.collect()
}

#[tokio::test]
async fn what_every_function_runs_is_in_the_log() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let log = Log::of(&stage)?;
    look(&stage).await?;
    let first = entries(&stage).await?;
    // The newest of each.
    let runs: BTreeMap<String, String> = told(&first)?.into_iter().collect();
    for function in FUNCTIONS {
        let name = format!("{}-{function}", stage.outputs.stack_name);
        assert_eq!(runs.get(&name), Some(&hash(&stage, function).await?), "{name}");
    }
    assert_eq!(runs.len(), FUNCTIONS.len(), "{runs:?}");
    look(&stage).await?;
    assert_eq!(entries(&stage).await?.len(), first.len(), "nothing changed");

    // The same package with a comment at its end: nothing of it is another but the hash.
    // What runs of it is stopped by that: nobody waits for the answer of this one, and the stream asks it again.
    let name = format!("{}-publication", stage.outputs.stack_name);
    let of = |function: &str| format!("/2015-03-31/functions/{}-{function}", stage.outputs.stack_name);
    let zip = package(&stage, &of("publication")).await?;
    let mut other = zip.clone();
    let comment = b"countersign";
    let length = other.len();
    if let Some(field) = length.checked_sub(2).and_then(|at| other.get_mut(at..)) {
        field.copy_from_slice(&[u8::try_from(comment.len()).unwrap_or_default(), 0]);
    }
    other.extend_from_slice(comment);
    let update = async |bytes: &[u8]| {
        let root = stage.root()?;
        root.s3(Method::PUT, PACKAGES, &[], b"").await?;
        root.s3(Method::PUT, &format!("{PACKAGES}/publication.zip"), &[], bytes).await?;
        let code = json!({"S3Bucket": PACKAGES, "S3Key": "publication.zip"});
        lambda(&stage, Method::PUT, &format!("{}/code", of("publication")), &code).await
    };
    let changed = update(&other).await?;
    look(&stage).await?;
    let second = entries(&stage).await?;
    // And back again, whatever comes of the rest.
    update(&zip).await?;
    look(&stage).await?;
    let third = entries(&stage).await?;
    let news = told(second.get(first.len()..).unwrap_or_default())?;
    let sha256 = changed.get("CodeSha256").and_then(Value::as_str).unwrap_or_default();
    assert_eq!(news, [(name.clone(), sha256.to_owned())], "one, of that function alone");
    assert_ne!(runs.get(&name).map(String::as_str), Some(sha256));
    assert_eq!(
        told(third.get(second.len()..).unwrap_or_default())?,
        [(name.clone(), runs.get(&name).cloned().unwrap_or_default())]
    );

    // All of them are leaves.
    let last = u64::try_from(third.len()).unwrap_or_default();
    let index = until("it is logged", Duration::from_secs(90), || log.index("sys_deployment", last)).await?;
    let checkpoint = until("the checkpoint is there", Duration::from_mins(1), || async {
        let checkpoint = log.checkpoint().await?;
        Ok((index < checkpoint.checkpoint.size()).then_some(checkpoint))
    })
    .await?;
    let newest = third.last().cloned().unwrap_or_default();
    log.includes(&checkpoint, index, &newest).await
}
