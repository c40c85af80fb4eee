//! Standing access: what was there before a grant is recognised, recorded, and as it was after it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_scheduler::types::{FlexibleTimeWindow, FlexibleTimeWindowMode, Target};
use end_to_end::cloud::Cloud;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use end_to_end::waiting::until;
use model::lifecycle::QUARANTINE;
use serde_json::{Value, json};

use crate::{active, pending};

const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"none:Such","Resource":"*"}]}"#;

/// The shared role of the sample.
const SHARED: &str = "debug";

fn failed<E: std::error::Error>(doing: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::of(doing, &error)
}

/// Until a grant has ended because a name of it is taken; the request, as the API shows it. It was not tried again.
pub(crate) async fn taken(stage: &Stage, id: &str, code: &str) -> Result<Value, Failure> {
    let bound = Duration::from_secs(QUARANTINE).saturating_add(Duration::from_mins(4));
    let ended = until("it is refused", bound, || async {
        let shown = stage.alice.request(id).await?.expect(200)?;
        Ok((text(&shown, "status") == "ended").then_some(shown))
    })
    .await?;
    assert_eq!(text(&ended, "endReason"), "failed");
    let entries = Trail::fetch(&stage.alice, id).await?.verify().map_err(|error| Failure::new(error.to_string()))?;
    let of = |name: &str| entries.iter().filter(|entry| entry.event_name() == name).collect::<Vec<_>>();
    assert!(of("provisioningAttemptFailed").is_empty(), "it was tried again");
    let found = of("nameTaken");
    let data = found.first().and_then(|entry| entry.event.pointer("/data")).cloned().unwrap_or_default();
    assert_eq!(text(&data, "code"), code);
    assert!(text(&data, "finding").ends_with("it is left alone"), "{data}");
    Ok(ended)
}

/// A role as anybody can read it: trust, boundary, tags, what is in it and on it, but for what is of grants.
async fn role(iam: &aws_sdk_iam::Client, name: &str) -> Result<BTreeMap<String, String>, Failure> {
    let read = iam.get_role().role_name(name).send().await.map_err(failed("reading a role"))?;
    let found = read.role().ok_or_else(|| Failure::new("no role"))?;
    let mut seen = BTreeMap::from([
        ("arn".to_owned(), found.arn().to_owned()),
        ("id".to_owned(), found.role_id().to_owned()),
        ("trust".to_owned(), found.assume_role_policy_document().unwrap_or_default().to_owned()),
        ("boundary".to_owned(), format!("{:?}", found.permissions_boundary())),
    ]);
    seen.extend(found.tags().iter().map(|tag| (format!("tag {}", tag.key()), tag.value().to_owned())));
    let inline = iam.list_role_policies().role_name(name).send().await.map_err(failed("listing policies"))?;
    for policy in inline.policy_names() {
        let read = iam.get_role_policy().role_name(name).policy_name(policy).send().await;
        let read = read.map_err(failed("reading a policy"))?;
        seen.insert(format!("inline {policy}"), read.policy_document().to_owned());
    }
    let attached =
        iam.list_attached_role_policies().role_name(name).send().await.map_err(failed("listing policies"))?;
    let names: BTreeSet<&str> = attached.attached_policies().iter().filter_map(|policy| policy.policy_name()).collect();
    let standing = names.into_iter().filter(|name| !name.starts_with("req_"));
    seen.extend(standing.map(|name| (format!("attached {name}"), String::new())));
    Ok(seen)
}

#[tokio::test]
async fn a_role_that_has_the_name_refuses_the_grant_and_stays() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let iam = stage.root()?.iam();
    let asked = stage.alice.submit("prod-admin", 900, "restoring the orders table").await?.expect(201)?;
    let (id, digest) = (text(&asked, "id"), text(&asked, "digest"));
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/mallory"}, "Action": "sts:AssumeRole"}]});
    let make = iam.create_role().path("/countersign/").role_name(id).assume_role_policy_document(trust.to_string());
    make.send().await.map_err(failed("taking the name"))?;
    let put = iam.put_role_policy().role_name(id).policy_name("grant").policy_document(NOTHING);
    put.send().await.map_err(failed("taking the name"))?;
    let before = role(&iam, id).await?;

    stage.bob.approve(id, digest).await?.expect(200)?;
    stage.carol.approve(id, digest).await?.expect(200)?;
    let ended = taken(&stage, id, "role_squatted").await?;
    let findings = ended.pointer("/evidence/findings").map(Value::to_string).unwrap_or_default();
    assert!(findings.contains("it is left alone"), "{findings}");
    assert_eq!(role(&iam, id).await?, before);

    iam.delete_role_policy().role_name(id).policy_name("grant").send().await.map_err(failed("tidying up"))?;
    iam.delete_role().role_name(id).send().await.map_err(failed("tidying up"))?;
    Ok(())
}

#[tokio::test]
async fn a_schedule_that_has_the_name_refuses_the_grant_and_stays() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let scheduler = stage.root()?.scheduler();
    let output = |name: &str| stage.outputs.stack_outputs.get(name).cloned().unwrap_or_default();
    let (group, execution) = (output("ScheduleGroupName"), output("ScheduleRoleArn"));
    let asked = pending(&stage, "orders-db-debug").await?;
    let id = text(&asked, "id");
    let target = Target::builder().arn("arn:aws:sqs:us-east-1:111111111111:theirs").role_arn(execution).input("{}");
    let target = target.build().map_err(failed("taking the name"))?;
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build();
    let make = scheduler.create_schedule().group_name(&group).name(id).schedule_expression("at(2099-01-01T00:00:00)");
    let make = make.flexible_time_window(window.map_err(failed("taking the name"))?).target(target);
    make.send().await.map_err(failed("taking the name"))?;
    let read = async || {
        let found = scheduler.get_schedule().group_name(&group).name(id).send().await;
        let found = found.map_err(failed("reading their schedule"))?;
        let input = found.target().and_then(|target| target.input().map(str::to_owned));
        Ok::<_, Failure>((
            found.schedule_expression().map(str::to_owned),
            input,
            format!("{:?}", found.creation_date()),
        ))
    };
    let before = read().await?;

    stage.bob.approve(id, text(&asked, "digest")).await?.expect(200)?;
    taken(&stage, id, "schedule_mismatch").await?;
    assert_eq!(read().await?, before);
    let refused = stage.alice.credentials(id).await?;
    assert_eq!((refused.status, refused.code()), (409, "not_active"));

    scheduler.delete_schedule().group_name(&group).name(id).send().await.map_err(failed("tidying up"))?;
    Ok(())
}

/// What the owners of the shared role have on it while a test runs.
async fn furnish(iam: &aws_sdk_iam::Client, name: &str) -> Result<String, Failure> {
    let made = iam.create_policy().policy_name(name).policy_document(NOTHING).send().await;
    let arn = made.map_err(failed("making a policy"))?.policy.and_then(|policy| policy.arn).unwrap_or_default();
    let attach = iam.attach_role_policy().role_name(SHARED).policy_arn(&arn);
    attach.send().await.map_err(failed("attaching a policy"))?;
    let put = iam.put_role_policy().role_name(SHARED).policy_name(name).policy_document(NOTHING);
    put.send().await.map_err(failed("writing a policy"))?;
    tag(iam, "team", "orders").await?;
    Ok(arn)
}

async fn tag(iam: &aws_sdk_iam::Client, key: &str, value: &str) -> Result<(), Failure> {
    let tag = aws_sdk_iam::types::Tag::builder().key(key).value(value).build().map_err(failed("tagging"))?;
    iam.tag_role().role_name(SHARED).tags(tag).send().await.map(drop).map_err(failed("tagging"))
}

/// Takes out again what is there.
async fn unfurnish(iam: &aws_sdk_iam::Client, name: &str, arn: &str) -> Result<(), Failure> {
    iam.detach_role_policy().role_name(SHARED).policy_arn(arn).send().await.map_err(failed("tidying up"))?;
    iam.delete_policy().policy_arn(arn).send().await.map_err(failed("tidying up"))?;
    iam.delete_role_policy().role_name(SHARED).policy_name(name).send().await.map_err(failed("tidying up"))?;
    iam.untag_role().role_name(SHARED).tag_keys("team").send().await.map(drop).map_err(failed("tidying up"))
}

#[tokio::test]
async fn what_the_shared_role_had_is_recorded_and_stays() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let iam = stage.root()?.iam();
    let name = "standing-test";
    let arn = furnish(&iam, name).await?;
    let before = role(&iam, SHARED).await?;
    let old = in_the_shared_role(&stage).await?;

    let asked = stage.alice.submit("legacy-debug", 100, "an old runbook says so").await?.expect(201)?;
    stage.bob.approve(text(&asked, "id"), text(&asked, "digest")).await?.expect(200)?;
    let id = active(&stage, &asked).await?;
    let entries = Trail::fetch(&stage.alice, &id).await?.verify().map_err(|error| Failure::new(error.to_string()))?;
    let activated = entries.iter().find(|entry| entry.event_name() == "grantActivated");
    let findings = activated.and_then(|entry| entry.event.pointer("/data/evidence/findings")).map(Value::to_string);
    let findings = findings.unwrap_or_default();
    assert!(findings.contains("attached to it before: ") && findings.contains(name), "{findings}");
    assert_eq!(role(&iam, SHARED).await?, before);
    let cloud = stage.granted(&id).await?;
    assert!(cloud.get_order("order-1001").await.is_allowed());

    let bound = Duration::from_mins(5);
    let iam = &iam;
    until("the policy is gone", bound, || async {
        let listed = iam.list_attached_role_policies().role_name(SHARED).send().await;
        let listed = listed.map_err(failed("listing policies"))?;
        Ok((!listed.attached_policies().iter().any(|policy| policy.policy_name() == Some(&id))).then_some(()))
    })
    .await?;
    assert_eq!(role(iam, SHARED).await?, before);
    // Whoever was in the role all the time, still is.
    assert!(old.describe_table("orders").await.is_allowed());
    unfurnish(iam, name, &arn).await
}

/// dave in the shared role, as he always was.
async fn in_the_shared_role(stage: &Stage) -> Result<Cloud, Failure> {
    let (answer, keys) = stage.as_person("dave")?.assume("arn:aws:iam::111111111111:role/legacy/debug", None).await;
    stage.cloud(keys.ok_or_else(|| Failure::new(answer.to_string()))?)
}

#[tokio::test]
async fn a_shared_role_that_is_tagged_as_a_session_refuses_the_grant_and_stays() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let iam = stage.root()?.iam();
    let asked = pending(&stage, "legacy-debug").await?;
    let id = text(&asked, "id");
    tag(&iam, "countersign:request", id).await?;
    let outcome = async {
        let before = role(&iam, SHARED).await?;
        stage.bob.approve(id, text(&asked, "digest")).await?.expect(200)?;
        taken(&stage, id, "target_role_tagged").await?;
        Ok::<_, Failure>((before, role(&iam, SHARED).await?))
    }
    .await;
    // Whatever came of it, the role is as it was.
    iam.untag_role().role_name(SHARED).tag_keys("countersign:request").send().await.map_err(failed("tidying up"))?;
    let (before, after) = outcome?;
    assert_eq!(before, after);
    Ok(())
}
