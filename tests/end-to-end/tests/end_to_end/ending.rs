//! Ending: early or in time, and what is left after it.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use end_to_end::cloud::{Answer, Cloud};
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::{DENIED_WITHIN, instant, now, seconds_after, until};
use model::lifecycle::{QUARANTINE, SHORTEST_GRANT};
use serde_json::Value;

use crate::{orders_db_debug, prod_admin};

/// Until IAM says no to the orders table; the answer.
async fn denied(cloud: &Cloud) -> Result<Answer, Failure> {
    until("IAM denies", DENIED_WITHIN, || async {
        let answer = cloud.get_order("order-1001").await;
        Ok((!answer.is_allowed()).then_some(answer))
    })
    .await
}

/// Whether the role of a grant is gone.
async fn role_is_gone(stage: &Stage, id: &str) -> Result<bool, Failure> {
    match stage.root()?.iam().get_role().role_name(id).send().await {
        Ok(_) => Ok(false),
        Err(error) if error.code() == Some("NoSuchEntity") => Ok(true),
        Err(error) => Err(Failure::of("reading the role", &error)),
    }
}

#[tokio::test]
async fn a_session_that_is_ended_early_is_denied_and_no_other() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (id, other) = (orders_db_debug(&stage).await?, orders_db_debug(&stage).await?);
    let (cloud, others) = (stage.granted(&id).await?, stage.granted(&other).await?);
    let before = cloud.get_order("order-1001").await;
    assert!(before.is_allowed(), "{before}");

    let revoked = stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
    assert_eq!(text(&revoked, "status"), "revoking");
    let after = denied(&cloud).await?;
    assert!(after.is_denied(), "{after}");
    let refused = stage.alice.credentials(&id).await?;
    assert_eq!((refused.status, refused.code()), (409, "not_active"));

    let ended = stage.alice.reaches(&id, "ended").await?;
    assert_eq!(text(&ended, "endReason"), "revoked");
    assert_eq!(ended.pointer("/end/by").and_then(Value::as_str), Some("bob"));
    let findings = ended.pointer("/evidence/findings").map(Value::to_string).unwrap_or_default();
    assert!(findings.contains(&format!("countersign-kill-{id}")), "{findings}");

    // Both come from one base role, and only one of them was ended.
    let untouched = others.get_order("order-1001").await;
    assert!(untouched.is_allowed(), "{untouched}");
    assert_eq!(text(&stage.alice.request(&other).await?.expect(200)?, "status"), "active");
    Ok(())
}

#[tokio::test]
async fn the_requester_ends_it_with_the_button_they_were_given() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = orders_db_debug(&stage).await?;
    let cloud = stage.granted(&id).await?;
    let given = stage
        .chat
        .message("the requester is told", "D0ALICE01", |message| message.names(&id) && message.has_button("revoke"));
    let pressed = stage.chat.press("alice", &given.await?, "revoke").await?;
    assert!(pressed.answer.text.starts_with("You ended"), "{}", pressed.answer.text);
    let answer = denied(&cloud).await?;
    assert!(answer.is_denied(), "{answer}");
    stage.alice.reaches(&id, "ended").await?;
    Ok(())
}

#[tokio::test]
async fn a_role_that_is_ended_early_is_denied_at_once_and_gone_later() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let shown = prod_admin(&stage, 900).await?;
    let id = text(&shown, "id");
    let role = shown.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default();
    let serial = stage.outputs.person("alice")?.mfa_serial.clone();
    let (answer, keys) = stage.as_person("alice")?.assume(role, serial.as_deref()).await;
    let admin = stage.cloud(keys.ok_or_else(|| Failure::new(answer.to_string()))?)?;
    let before = admin.get_order("order-1001").await;
    assert!(before.is_allowed(), "{before}");

    stage.carol.revoke(id, "the migration is restored").await?.expect(200)?;
    let after = denied(&admin).await?;
    assert!(after.is_denied(), "{after}");
    assert!(!role_is_gone(&stage, id).await?, "the deny stays until no slow worker can bring the role back");

    // The quarantine, and at most two rounds of reconciliation; on a busy machine, of more than a minute.
    let bound = Duration::from_secs(QUARANTINE).saturating_add(Duration::from_mins(4));
    until("the role is gone", bound, || async { Ok(role_is_gone(&stage, id).await?.then_some(())) }).await?;
    let ended = stage.alice.reaches(id, "ended").await?;
    assert_eq!(text(&ended, "endReason"), "revoked");
    assert!(!role_is_gone_evidence(&ended).is_empty());
    Ok(())
}

fn role_is_gone_evidence(ended: &Value) -> &str {
    ended.pointer("/evidence/findings/0").and_then(Value::as_str).unwrap_or_default()
}

/// The door's answer and IAM's: neither lets anybody in after the end, nor denies before it. How closely the end is looked
/// at is the machine's matter, and nothing of what is promised: a busy one asks less often.
#[tokio::test]
async fn a_session_ends_by_itself_to_the_second() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = stage.alice.submit("logs-read", SHORTEST_GRANT, "a minute is enough").await?.expect(201)?;
    let id = text(&asked, "id");
    let shown = stage.alice.reaches(id, "active").await?;
    let expires_at = instant(text(&shown, "expiresAt"))?;
    let cloud = stage.granted(id).await?;
    let bound = Duration::from_secs(SHORTEST_GRANT).saturating_add(Duration::from_mins(1));
    let last_allowed = std::cell::Cell::new(None);
    let (denial, answered) = until("its time is over", bound, || async {
        let sent = now();
        let answer = cloud.read_logs("/app/orders").await?;
        if answer.is_allowed() {
            last_allowed.set(Some(sent));
            return Ok(None);
        }
        Ok(Some((answer, now())))
    })
    .await?;
    assert!(denial.is_denied(), "{denial}");
    let last_allowed = last_allowed.get().ok_or_else(|| Failure::new("it was never allowed"))?;
    let (before, after) = (seconds_after(expires_at, last_allowed), seconds_after(answered, expires_at));
    assert!(before >= 0.0, "asked {} s after the end, and allowed", -before);
    assert!(after >= 0.0, "denied {} s before the end", -after);

    let ended = stage.alice.reaches(id, "ended").await?;
    assert_eq!(text(&ended, "endReason"), "expired");
    let late = seconds_after(instant(text(&ended, "endedAt"))?, expires_at);
    // The schedule, or at the latest the second round of reconciliation after it.
    assert!((0.0..=120.0).contains(&late), "ended {late} s after its time");
    // Nothing of it is left but the record.
    let group = stage.outputs.stack_outputs.get("ScheduleGroupName").cloned().unwrap_or_default();
    let schedule = stage.root()?.scheduler().get_schedule().group_name(group).name(id).send().await;
    assert!(schedule.is_err(), "the schedule is still there");
    Ok(())
}
