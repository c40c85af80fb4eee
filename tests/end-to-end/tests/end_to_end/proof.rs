//! An end is proven by IAM's own answer, and what somebody changes in AWS is found.

use std::time::Duration;

use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use end_to_end::waiting::until;
use record::entry::Entry;
use serde_json::Value;

use crate::{orders_db_debug, prod_admin};

/// What was read back, asked and answered, once the end of `id` is verified.
async fn verified(stage: &Stage, id: &str) -> Result<String, Failure> {
    until("the end is verified", Duration::from_mins(2), || async {
        let shown = stage.alice.request(id).await?.expect(200)?;
        let status = shown.pointer("/verification/status").and_then(Value::as_str);
        let findings = shown.pointer("/verification/evidence/findings").map(Value::to_string);
        Ok(findings.filter(|_| status == Some("verified")))
    })
    .await
}

#[tokio::test]
async fn an_early_end_is_verified_by_asking_iam_about_the_session() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = orders_db_debug(&stage).await?;
    stage.granted(&id).await?;
    stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
    stage.alice.reaches(&id, "ended").await?;
    let findings = verified(&stage, &id).await?;
    assert!(findings.contains(&format!("countersign-kill-{id}")), "{findings}");
    assert!(findings.contains("a session of") && findings.contains("IAM answers explicitDeny"), "{findings}");
    let entries = Trail::fetch(&stage.alice, &id).await?.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    // What was done under it may be summed up by then.
    let names = entries.iter().map(Entry::event_name).filter(|name| !name.starts_with("activity"));
    let names: Vec<&str> = names.collect();
    assert!(names.ends_with(&["grantEnded", "verifiedEnded"]), "{names:?}");
    Ok(())
}

/// Somebody with rights in IAM lets everybody into a grant's role.
#[tokio::test]
async fn a_role_that_somebody_changes_is_ended() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let shown = prod_admin(&stage, 900).await?;
    let id = text(&shown, "id");
    let account = &stage.outputs.account_id;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let changed = stage.root()?.iam().update_assume_role_policy().role_name(id).policy_document(trust).send().await;
    changed.map_err(|error| Failure::of("changing the role", &error))?;
    // Half a minute in which it is not looked at, and at most two rounds of reconciliation; on a busy machine, of more than
    // a minute.
    let ended = until("it is found", Duration::from_mins(5), || async {
        let shown = stage.alice.request(id).await?.expect(200)?;
        Ok(["revoking", "ended"].contains(&text(&shown, "status")).then_some(shown))
    });
    assert_eq!(text(&ended.await?, "endReason"), "drifted");
    Ok(())
}
