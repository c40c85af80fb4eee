//! The mechanism `policy`: a temporary policy on a role that others share.

use aws_sdk_iam::error::ProvideErrorMetadata as _;
use end_to_end::cloud::Cloud;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use end_to_end::waiting::{DENIED_WITHIN, until};
use model::lifecycle::QUARANTINE;
use record::entry::Entry;
use serde_json::{Value, json};
use std::time::Duration;

use crate::standing::taken;
use crate::{active, pending};

/// What the sample entitlement is about.
const ROLE: &str = "debug";
const ROLE_ARN: &str = "arn:aws:iam::111111111111:role/legacy/debug";

fn policy_arn(id: &str) -> String {
    format!("arn:aws:iam::111111111111:policy/countersign/{id}")
}

/// A grant of alice's that bob countersigned; active.
async fn legacy_debug(stage: &Stage, seconds: u64) -> Result<String, Failure> {
    let asked = stage.alice.submit("legacy-debug", seconds, "an old runbook says so").await?.expect(201)?;
    stage.bob.approve(text(&asked, "id"), text(&asked, "digest")).await?.expect(200)?;
    active(stage, &asked).await
}

/// dave in the shared role, as he always was.
async fn old_user(stage: &Stage) -> Result<Cloud, Failure> {
    let (answer, keys) = stage.as_person("dave")?.assume(ROLE_ARN, None).await;
    stage.cloud(keys.ok_or_else(|| Failure::new(answer.to_string()))?)
}

/// Whether the old user can do what the role always let him, and nothing of what alice was granted.
async fn assert_untouched(old: &Cloud) {
    let (standing, granted) = (old.describe_table("orders").await, old.get_order("order-1001").await);
    assert!(standing.is_allowed(), "{standing}");
    assert!(granted.is_denied(), "{granted}");
}

/// Whether the managed policy of a grant is gone.
async fn policy_is_gone(stage: &Stage, id: &str) -> Result<bool, Failure> {
    match stage.root()?.iam().get_policy().policy_arn(policy_arn(id)).send().await {
        Ok(_) => Ok(false),
        Err(error) if error.code() == Some("NoSuchEntity") => Ok(true),
        Err(error) => Err(Failure::of("reading the policy", &error)),
    }
}

/// The names of the policies that are attached to the shared role.
async fn attached(stage: &Stage) -> Result<Vec<String>, Failure> {
    let listed = stage.root()?.iam().list_attached_role_policies().role_name(ROLE).send().await;
    let listed = listed.map_err(|error| Failure::of("listing attached policies", &error))?;
    Ok(listed.attached_policies().iter().filter_map(|policy| policy.policy_name().map(str::to_owned)).collect())
}

/// Until an attempt at making the grant failed; the code.
async fn refused(stage: &Stage, id: &str) -> Result<String, Failure> {
    until("the attempt fails", Duration::from_mins(2), || async {
        // While it is written, its end may be further than the entries that were read: then it is read again.
        let entries = Trail::fetch(&stage.alice, id).await?.verify().unwrap_or_default();
        let failed = |entry: &Entry| entry.event_name() == "provisioningAttemptFailed";
        let code = |entry: &Entry| entry.event.pointer("/data/code").and_then(Value::as_str).map(str::to_owned);
        Ok(entries.iter().find(|entry| failed(entry)).and_then(code))
    })
    .await
}

/// Given back by the requester, and over.
async fn given_back(stage: &Stage, id: &str) -> Result<Value, Failure> {
    stage.alice.revoke(id, "never mind").await?.expect(200)?;
    let bound = Duration::from_secs(QUARANTINE).saturating_add(Duration::from_mins(4));
    until("it is over", bound, || async {
        let shown = stage.alice.request(id).await?.expect(200)?;
        Ok((text(&shown, "status") == "ended").then_some(shown))
    })
    .await
}

#[tokio::test]
async fn it_allows_exactly_what_was_approved_and_nobody_else_gains_or_loses() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let old = old_user(&stage).await?;
    assert_untouched(&old).await;

    let id = legacy_debug(&stage, 900).await?;
    assert!(attached(&stage).await?.contains(&id));
    let cloud = stage.granted(&id).await?;
    let granted = cloud.get_order("order-1001").await;
    assert!(granted.is_allowed(), "{granted}");
    // The role itself has this one; the grant was not for it.
    for denied in [cloud.describe_table("orders").await, cloud.set_order("order-1001", "lost").await] {
        assert!(denied.is_denied(), "{denied}");
    }
    for others in [old.clone(), old_user(&stage).await?] {
        assert_untouched(&others).await;
    }
    // Nobody can pose as the grant: the trust lets nobody but Countersign set what the policy goes by.
    let dave = stage.as_person("dave")?.sts();
    let tag = aws_sdk_sts::types::Tag::builder().key("countersign:request").value(&id).build();
    let tag = tag.map_err(|error| Failure::new(error.to_string()))?;
    let enter = || dave.assume_role().role_arn(ROLE_ARN).role_session_name(&id);
    assert!(enter().tags(tag).send().await.is_err(), "dave tagged a session");
    assert!(enter().source_identity(&id).send().await.is_err(), "dave set a source identity");
    Ok(())
}

#[tokio::test]
async fn an_early_end_is_denied_at_once_and_the_policy_goes_after_the_window() -> Result<(), Failure> {
    const SECONDS: u64 = 100;
    let stage = Stage::find()?;
    // The short one last: its time begins with it.
    let other = legacy_debug(&stage, 900).await?;
    let (others, old) = (stage.granted(&other).await?, old_user(&stage).await?);
    let id = legacy_debug(&stage, SECONDS).await?;
    let cloud = stage.granted(&id).await?;
    let before = cloud.get_order("order-1001").await;
    assert!(before.is_allowed(), "{before}");

    stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
    let after = until("IAM denies", DENIED_WITHIN, || async {
        let answer = cloud.get_order("order-1001").await;
        Ok((!answer.is_allowed()).then_some(answer))
    })
    .await?;
    assert!(after.is_denied(), "{after}");
    let ended = stage.alice.reaches(&id, "ended").await?;
    assert_eq!(text(&ended, "endReason"), "revoked");
    let findings = ended.pointer("/evidence/findings").map(Value::to_string).unwrap_or_default();
    assert!(findings.contains("denies everything to sessions of"), "{findings}");
    // It is the policy that denies: it stays for as long as the session could use what the role holds by itself.
    assert!(!policy_is_gone(&stage, &id).await?);
    let untouched = others.get_order("order-1001").await;
    assert!(untouched.is_allowed(), "{untouched}");
    assert_untouched(&old).await;

    let bound = Duration::from_secs(SECONDS + QUARANTINE).saturating_add(Duration::from_mins(4));
    until("the policy is gone", bound, || async { Ok(policy_is_gone(&stage, &id).await?.then_some(())) }).await?;
    let left = attached(&stage).await?;
    assert!(!left.contains(&id) && left.contains(&other), "{left:?}");
    assert!(cloud.get_order("order-1001").await.is_denied());
    assert_untouched(&old).await;
    Ok(())
}

#[tokio::test]
async fn a_name_that_somebody_has_taken_is_left_to_them() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "legacy-debug").await?;
    let id = text(&asked, "id");
    let iam = stage.root()?.iam();
    let theirs = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::theirs/*"}]})
    .to_string();
    let made = iam.create_policy().path("/countersign/").policy_name(id).policy_document(&theirs).send().await;
    made.map_err(|error| Failure::of("taking the name", &error))?;
    stage.bob.approve(id, text(&asked, "digest")).await?.expect(200)?;
    // At once, and not after five attempts.
    let ended = taken(&stage, id, "policy_squatted").await?;
    assert!(!attached(&stage).await?.iter().any(|name| name == id));
    let findings = ended.pointer("/evidence/findings").map(Value::to_string).unwrap_or_default();
    assert!(findings.contains("it is left alone"), "{findings}");
    let left = iam.get_policy_version().policy_arn(policy_arn(id)).version_id("v1").send().await;
    let left = left.map_err(|error| Failure::of("reading their policy", &error))?;
    let document = left.policy_version().and_then(|version| version.document()).unwrap_or_default();
    assert!(document.contains("theirs"), "{document}");
    iam.delete_policy().policy_arn(policy_arn(id)).send().await.map_err(|error| Failure::of("tidying up", &error))?;
    Ok(())
}

#[tokio::test]
async fn a_role_whose_sessions_others_may_tag_is_not_used() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let iam = stage.root()?.iam();
    let role = iam.get_role().role_name(ROLE).send().await.map_err(|error| Failure::of("reading the role", &error))?;
    let trust = role.role().and_then(|role| role.assume_role_policy_document()).unwrap_or_default();
    let trust = percent_encoding::percent_decode_str(trust).decode_utf8().unwrap_or_default().into_owned();
    let mut open: Value = serde_json::from_str(&trust).map_err(|error| Failure::new(error.to_string()))?;
    let statements = open.get_mut("Statement").and_then(Value::as_array_mut);
    statements.ok_or_else(|| Failure::new("no statements"))?.push(json!({
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/dave"}, "Action": "sts:Tag*",
    }));
    let put = async |document: &str| {
        let changed = iam.update_assume_role_policy().role_name(ROLE).policy_document(document).send().await;
        changed.map(drop).map_err(|error| Failure::of("changing the trust", &error))
    };
    put(&open.to_string()).await?;
    let outcome = async {
        let asked = pending(&stage, "legacy-debug").await?;
        let id = text(&asked, "id").to_owned();
        stage.bob.approve(&id, text(&asked, "digest")).await?.expect(200)?;
        Ok::<_, Failure>((refused(&stage, &id).await?, id))
    }
    .await;
    // Whatever came of it, the role is as it was.
    put(&trust).await?;
    let (code, id) = outcome?;
    assert_eq!(code, "target_role_open");
    assert!(!attached(&stage).await?.contains(&id));
    let ended = given_back(&stage, &id).await?;
    assert_eq!(text(&ended, "endReason"), "revoked");
    assert!(policy_is_gone(&stage, &id).await?);
    Ok(())
}
