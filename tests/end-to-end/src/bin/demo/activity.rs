//! What was done with access: from the calls themselves to what an auditor reads, and what is noticed on the way.

use std::time::Duration;

use end_to_end::cloud::Cloud;
use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::signing::http;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use serde_json::Value;

use crate::story::Story;

/// Files come every two seconds, and look-ups wait for their turn.
const DELIVERED: Duration = Duration::from_mins(2);

pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    story.chapter("Two grants of one person, used at the same time");
    let orders = countersigned(stage, "orders-db-debug").await?;
    let other = countersigned(stage, "orders-db-debug").await?;
    let (cloud, another) = (stage.granted(&orders).await?, stage.granted(&other).await?);
    story.allowed("alice reads an order, by the first", &cloud.get_order("order-1001").await);
    story.allowed("she repairs it", &cloud.set_order("order-1001", "paid").await);
    story.denied("she tries to delete it", &cloud.delete_order("order-1001").await);
    story.denied("she tries to make a user", &cloud.create_user("backdoor").await);
    story.allowed("she reads another order, by the second", &another.get_order("order-1002").await);

    story.chapter("What was done, per grant, from CloudTrail's own records");
    // Calls and findings are read one after the other.
    let shown = once(&stage.dave, &orders, |shown| {
        let listed = ["GetItem", "UpdateItem", "DeleteItem", "CreateUser"].iter().all(|name| count(shown, name) > 0);
        listed && findings(shown).iter().any(|one| one.contains("outside_actions"))
    })
    .await?;
    story.quote(lines(&shown));
    let rules = rules(&shown);
    let exact = rules.iter().all(|rule| ["sourceIdentity", "opening"].contains(&rule.as_str()));
    story.check("every call by the source identity, none by a guess", "sourceIdentity", &rules.join(", "), exact);
    let second = once(&stage.dave, &other, |shown| count(shown, "GetItem") > 0).await?;
    let crossed = count(&second, "UpdateItem").saturating_add(count(&second, "DeleteItem"));
    let told = format!("{} GetItem, {crossed} of the first grant's", count(&second, "GetItem"));
    story.check(
        "the second grant has its own call only",
        "1 GetItem, 0 of the first grant's",
        &told,
        told.starts_with("1 ") && crossed == 0,
    );
    let odd = findings(&shown);
    story.check(
        "what was odd",
        "outside_actions",
        &odd.join("; "),
        odd.iter().any(|one| one.contains("outside_actions")),
    );
    let hidden = stage.mallory.get(&format!("/v1/requests/{orders}/activity")).await?;
    story.refused("mallory asks what alice did", 404, "request_not_found", &hidden);

    ended(story, stage, &orders, &cloud).await?;
    touched(story, stage).await?;
    proven(story, stage, &orders).await?;
    used(story, stage).await
}

async fn ended(story: &mut Story, stage: &Stage, orders: &str, cloud: &Cloud) -> Result<(), Failure> {
    story.chapter("It ends; what is tried then counts too");
    stage.bob.revoke(orders, "the order is repaired").await?.expect(200)?;
    stage.alice.reaches(orders, "ended").await?;
    // CloudTrail's times are whole seconds.
    tokio::time::sleep(Duration::from_secs(2)).await;
    story.denied("alice tries her session once more", &cloud.get_order("order-1001").await);
    let shown = once(&stage.dave, orders, |shown| number(shown, "/activity/afterEnd") > 0).await?;
    let after = number(&shown, "/activity/afterEnd");
    story.check("the late call is flagged", "1 after the end, denied", &format!("{after} after the end"), after > 0);
    let said = stage.chat.below_card(orders, "What was done with it").await?.words().join(" ");
    story.check("in Slack, below the card", "a summary", &said, said.contains("calls"));

    Ok(())
}

async fn touched(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    story.chapter("Somebody who may do nearly everything touches the log");
    let asked = stage.alice.submit("prod-admin", 900, "restoring the orders table").await?.expect(201)?;
    let admin = text(&asked, "id").to_owned();
    stage.bob.approve(&admin, text(&asked, "digest")).await?.expect(200)?;
    stage.carol.approve(&admin, text(&asked, "digest")).await?.expect(200)?;
    let active = stage.alice.reaches(&admin, "active").await?;
    let role = active.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default();
    let serial = stage.outputs.person("alice")?.mfa_serial.clone();
    let (entered, keys) = stage.as_person("alice")?.assume(role, serial.as_deref()).await;
    story.allowed("alice assumes the role made for her request", &entered);
    let Some(keys) = keys else { return Ok(()) };
    story.denied("she tries to stop the trail", &stage.cloud(keys)?.stop_logging("organization").await?);
    let ended = until("it is ended", DELIVERED, || async {
        let shown = stage.alice.request(&admin).await?.expect(200)?;
        Ok(Some(text(&shown, "status").to_owned()).filter(|status| status != "active"))
    })
    .await?;
    story.check(
        "her access is ended at once",
        "revoking or ended",
        &ended,
        ["revoking", "ended"].contains(&ended.as_str()),
    );

    Ok(())
}

async fn proven(story: &mut Story, stage: &Stage, orders: &str) -> Result<(), Failure> {
    story.chapter("CloudTrail's own proof that no file is missing");
    let close = format!("{}/_local/cloudtrail/digest", stage.outputs.endpoint_url);
    http()?.post(close).send().await.map_err(|error| Failure::of("closing the hour", &error))?;
    story.tell("the hour is over (the local cloud is told so), and its digest delivered: signed, chained, each file with its hash");
    let shown = once(&stage.dave, orders, |shown| regions(shown).contains("validated")).await?;
    let known = shown.pointer("/coverage/state").and_then(Value::as_str).unwrap_or_default();
    story.check(
        "the hour's files are all read, unchanged",
        "validated",
        &regions(&shown),
        regions(&shown).contains("validated"),
    );
    let until_when = shown.pointer("/coverage/until").and_then(Value::as_str).unwrap_or_default();
    story.tell(&format!(
        "so far {known}; final once the hours until {until_when} are proven too, when no session can be alive"
    ));

    Ok(())
}

async fn used(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    story.chapter("Used against granted");
    let used = stage.dave.get("/v1/entitlements/orders-db-debug/use").await?.expect(200)?;
    let judged = used.pointer("/proposal/permissions").and_then(Value::as_array).cloned().unwrap_or_default();
    let told: Vec<String> = judged
        .iter()
        .map(|line| format!("{}: {}, used {} times", of(line, "/pattern"), outcome(line), number(line, "/times")))
        .collect();
    story.quote(&told);
    // That it was not used can't be known: the record is not final yet, and nobody answers for it that every read is in it.
    let held = told.iter().any(|line| line.starts_with("dynamodb:Query: kept") && !line.contains("kept used"));
    story.check("Query was not seen, and is kept: it might not have been seen", "kept", &told.join("; "), held);
    Ok(())
}

async fn countersigned(stage: &Stage, entitlement: &str) -> Result<String, Failure> {
    let asked = stage.alice.submit(entitlement, 900, "order-1001 is stuck in paying").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    stage.bob.approve(&id, text(&asked, "digest")).await?.expect(200)?;
    stage.alice.reaches(&id, "active").await?;
    Ok(id)
}

async fn once(api: &Api, id: &str, enough: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
    until("the records are there", DELIVERED, || async {
        let shown = api.get(&format!("/v1/requests/{id}/activity?limit=100")).await?.expect(200)?;
        Ok(enough(&shown).then_some(shown))
    })
    .await
}

/// `kept not_visible`.
fn outcome(line: &Value) -> String {
    let becomes = line.pointer("/outcome/to").map(Value::to_string).unwrap_or_default();
    format!("{} {}{becomes}", of(line, "/outcome/kind"), of(line, "/outcome/because"))
}

fn items(shown: &Value) -> &[Value] {
    shown.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn of<'a>(item: &'a Value, pointer: &str) -> &'a str {
    item.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn count(shown: &Value, name: &str) -> usize {
    items(shown).iter().filter(|item| of(item, "/call/name") == name).count()
}

fn number(shown: &Value, pointer: &str) -> u64 {
    shown.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

fn rules(shown: &Value) -> Vec<String> {
    let mut rules: Vec<String> = items(shown).iter().map(|item| of(item, "/rule").to_owned()).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// A line for each call.
fn lines(shown: &Value) -> Vec<String> {
    let line = |item: &Value| {
        let result = item.pointer("/call/error").and_then(Value::as_str).unwrap_or("done");
        let resource = of(item, "/call/resources/0");
        format!(
            "{}  {}:{}  {result}  {resource}",
            of(item, "/call/at"),
            of(item, "/call/service"),
            of(item, "/call/name")
        )
    };
    items(shown).iter().map(line).collect()
}

fn findings(shown: &Value) -> Vec<String> {
    let found = shown.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
    found.iter().map(|one| format!("{} {} ({})", of(one, "/severity"), of(one, "/rule"), of(one, "/subject"))).collect()
}

/// How far each Region's time is proven.
fn regions(shown: &Value) -> String {
    let regions = shown.pointer("/coverage/regions").and_then(Value::as_array).cloned().unwrap_or_default();
    let told = regions.iter().map(|region| {
        let spans = region.get("spans").and_then(Value::as_array).cloned().unwrap_or_default();
        let states: Vec<String> = spans.iter().map(|span| of(span, "/state").to_owned()).collect();
        format!("{}: {} files, {}", of(region, "/region"), number(region, "/files"), states.join(" then "))
    });
    told.collect::<Vec<_>>().join("; ")
}
