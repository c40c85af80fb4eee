//! What the functions are asked while they are measured: one request and what comes of it, each step by the function that
//! does it, so that each finds in the table what the others left there.

use crate::events::{asked, call, command, press, published, stream, submitted, trail};
use crate::settings::ANCHORS;
use crate::stage::Stage;
use crate::table::{Many, text};
use ::aws::time::SystemClock;
use serde_json::{Value, json};
use workflow::ports::Clock as _;

/// Whether an answer to API Gateway has this status.
fn status(wanted: u64) -> impl Fn(&[u8]) -> bool {
    move |answer| {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        answer.get("statusCode").and_then(Value::as_u64) == Some(wanted)
    }
}

/// What was answered to a call, as JSON.
fn said(answer: &Value) -> Value {
    serde_json::from_str(answer.get("body").and_then(Value::as_str).unwrap_or_default()).unwrap_or_default()
}

fn field(value: &Value, name: &str) -> Result<String, String> {
    value
        .get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("an answer has no {name}: {value}"))
}

/// Alice's request through the API.
fn wish() -> Vec<u8> {
    let body = json!({"entitlement": "orders-db-debug", "durationSeconds": 1_800, "justification": "orders are stuck",
        "ticketId": "INC-4711"});
    call("POST /v1/requests", Some("alice"), "", &[("idempotency-key", "4711".to_owned())], &body.to_string())
}

/// Plays it.
///
/// # Errors
/// A function does not do what it should.
pub(crate) fn play(stage: &mut Stage) -> Result<(), String> {
    stage.calibrate(&wish())?;
    let nothing = |answer: &[u8]| answer == b"null";
    let kept =
        |stage: &Stage, id: &str| stage.aws.with_table(|table| table.item(&format!("REQ#{id}"), "STATE").cloned());
    let status_of = |stage: &Stage, id: &str| kept(stage, id).map(|item| text(&item, "status").to_owned());
    let is = |stage: &Stage, id: &str, wanted: &str| match status_of(stage, id) {
        Some(found) if found == wanted => Ok(()),
        found => Err(format!("{id} is {found:?}, and was to be {wanted}")),
    };

    stage.act("reconciliation", "a minute without work", || b"{}".to_vec(), nothing)?;
    let request = said(&stage.act("intake", "POST /v1/requests", wish, status(201))?);
    let (id, digest) = (field(&request, "id")?, field(&request, "digest")?);
    let list = || asked("GET /v1/requests", Some("alice"), "", &[], &json!({"requester": "alice"}), "");
    stage.act("intake", "GET /v1/requests", list, status(200))?;

    let entries = |stage: &Stage, id: &str| {
        let of = format!("REQ#{id}");
        stage.aws.with_table(|table| {
            let all = table.below(&of).filter(|item| text(item, "sk").starts_with("EVENT#"));
            all.cloned().collect::<Vec<Value>>()
        })
    };
    let stored = entries(stage, &id);
    stage.act("publication", "a batch of the stream", || stream(&stored), |answer| !answer.is_empty())?;
    let first = stored.first().cloned().ok_or("a request without an entry")?;
    stage.act("notification", "requestSubmitted", || published(&first), nothing)?;

    let body = json!({"digest": digest}).to_string();
    let approve = || call("POST /v1/requests/{id}/approve", Some("bob"), &id, &[], &body);
    stage.act("approval", "POST …/approve", approve, status(200))?;
    is(stage, &id, "provisioning")?;
    let started = entries(stage, &id).last().cloned().ok_or("a request without an entry")?;
    stage.act("grant", "provisioningStarted", || published(&started), nothing)?;
    is(stage, &id, "active")?;
    let credentials = || call("POST /v1/requests/{id}/credentials", Some("alice"), &id, &[], "");
    stage.act("credentials", "POST …/credentials", credentials, status(200))?;
    let at = SystemClock.now().to_string();
    stage.act("activity", "a call of the trail", || trail(&id, &at), nothing)?;

    let aws = stage.aws.clone();
    let words = || command(&aws, "orders-db-debug 30m orders are stuck");
    stage.act("conversation", "/access …", words, status(200))?;
    let second = stage.aws.with_table(|table| {
        let states =
            table.below("REQ#").filter(|item| text(item, "sk") == "STATE" && text(item, "status") == "pending");
        states.last().map(|item| text(item, "pk").trim_start_matches("REQ#").to_owned())
    });
    let second = second.ok_or("the command made no request")?;
    let show = || call("GET /v1/requests/{id}", Some("alice"), &second, &[], "");
    let shown = said(&stage.act("intake", "GET /v1/requests/{id}", show, status(200))?);
    let digest = field(&shown, "digest")?;
    stage.act("conversation", "the button Approve", || press(&aws, &second, &digest), status(200))?;
    is(stage, &second, "provisioning")?;

    let body = json!({"reason": "done"}).to_string();
    let revoke = || call("POST /v1/requests/{id}/revoke", Some("alice"), &id, &[], &body);
    stage.act("approval", "POST …/revoke", revoke, status(200))?;
    let end = json!({"requestId": id}).to_string();
    stage.act("revocation", "an early end", || end.clone().into_bytes(), nothing)?;
    is(stage, &id, "ended")?;

    let out = stage.aws.with_table(|table| table.below("OUT#").cloned().collect::<Vec<Value>>());
    stage.act("audit", "a batch of the stream", || stream(&out), nothing)?;
    // Nobody cosigns what this submits until the next act, and it waits for that: not measured.
    stage.done("audit", "a minute", || b"{}".to_vec(), nothing)?;
    let submission =
        stage.aws.newest(&format!("/{ANCHORS}/submissions/")).ok_or("the log was not submitted to its witness")?;
    stage.act("witness", "a checkpoint", || submitted(ANCHORS, &submission), nothing)?;
    let cosigned = stage.aws.newest(&format!("/{ANCHORS}/cosigned/"));
    cosigned.map(drop).ok_or_else(|| "the witness did not cosign".to_owned())
}

/// How a page of a list fares with ever more requests there: those, calls, items read, and microseconds on the processor.
///
/// # Errors
/// The function does not do what it should.
pub(crate) fn lists(stage: &Stage, times: usize) -> Result<Vec<Value>, String> {
    let ask = |nth: usize| {
        let body =
            json!({"entitlement": "orders-db-debug", "durationSeconds": 1_800, "justification": "orders are stuck"});
        call("POST /v1/requests", Some("alice"), "", &[("idempotency-key", format!("list-{nth}"))], &body.to_string())
    };
    let mut function = stage.start("intake", Some(&ask(0)))?;
    for nth in 1..100 {
        function.invoke(&ask(nth))?;
    }
    drop(function);
    let ids: Vec<String> = stage.aws.with_table(|table| {
        let waiting =
            table.below("REQ#").filter(|item| text(item, "sk") == "STATE" && text(item, "status") == "pending");
        waiting.map(|item| text(item, "pk").trim_start_matches("REQ#").to_owned()).collect()
    });
    let mut grown = Vec::new();
    let list = || asked("GET /v1/requests", Some("dave"), "", &[], &json!({"status": "pending", "limit": "100"}), "");
    for count in [100, 1_000, 10_000, 100_000, 1_000_000] {
        stage.aws.with_table(|table| {
            table.many = Some(Many { ids: ids.clone(), count });
            table.read = 0;
        });
        stage.aws.mark();
        let mut function = stage.start("intake", Some(&list()))?;
        let (mut micros, mut walls) = (Vec::new(), Vec::new());
        let mut read = 0;
        for _ in 0..times {
            stage.aws.rewind();
            let before = std::time::Instant::now();
            let invoked = function.invoke(&list())?;
            walls.push(before.elapsed().as_secs_f64() * 1e3);
            micros.push(invoked.nanoseconds as f64 / 1e3);
            let listed = said(&serde_json::from_slice(&invoked.answer).unwrap_or_default());
            if listed.get("items").and_then(Value::as_array).map(Vec::len) != Some(100) {
                return Err(format!("a list of {count} requests is answered {listed}"));
            }
            read = stage.aws.with_table(|table| table.read);
        }
        let calls: usize = stage.aws.rounds()?.iter().map(Vec::len).sum();
        grown.push(json!({"requests": count, "page": 100, "calls": calls, "itemsRead": read,
            "cpuMicros": crate::stage::median(micros), "millis": crate::stage::median(walls)}));
    }
    stage.aws.with_table(|table| table.many = None);
    Ok(grown)
}
