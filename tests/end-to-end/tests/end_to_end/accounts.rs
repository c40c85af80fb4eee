//! Grants in other accounts than Countersign's own, each mechanism in one: made, used, ended, and nothing left.

use aws_sdk_iam::error::ProvideErrorMetadata as _;
use end_to_end::cloud::{Answer, Cloud};
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::{DENIED_WITHIN, until};
use model::lifecycle::QUARANTINE;
use serde_json::{Value, json};
use std::time::Duration;

use crate::active;

const INVOICES: &str = "222222222222";
const ARCHIVE: &str = "333333333333";

/// A grant of alice's that bob countersigned; active.
async fn granted(stage: &Stage, entitlement: &str) -> Result<String, Failure> {
    granted_for(stage, entitlement, 900).await
}

async fn granted_for(stage: &Stage, entitlement: &str, seconds: u64) -> Result<String, Failure> {
    let wish = json!({
        "entitlement": entitlement, "durationSeconds": seconds, "justification": "invoice-1 is open for weeks",
        "ticketId": "INV-1",
    });
    let asked = stage.alice.post("/v1/requests", &wish).await?.expect(201)?;
    stage.bob.approve(text(&asked, "id"), text(&asked, "digest")).await?.expect(200)?;
    active(stage, &asked).await
}

/// Ends it early; until the open session is denied.
async fn revoked(stage: &Stage, id: &str, cloud: &Cloud, table: &str) -> Result<Answer, Failure> {
    stage.bob.revoke(id, "that was enough").await?.expect(200)?;
    let item = format!("{table}-1");
    until("IAM denies", DENIED_WITHIN, || async {
        let answer = cloud.get_item(table, &item).await;
        Ok((!answer.is_allowed()).then_some(answer))
    })
    .await
}

/// Over, as the API shows it.
async fn ended(stage: &Stage, id: &str) -> Result<Value, Failure> {
    let bound = Duration::from_secs(QUARANTINE).saturating_add(Duration::from_mins(4));
    until("it is over", bound, || async {
        let shown = stage.alice.request(id).await?.expect(200)?;
        Ok((text(&shown, "status") == "ended").then_some(shown))
    })
    .await
}

fn findings(ended: &Value) -> String {
    ended.pointer("/evidence/findings").map(Value::to_string).unwrap_or_default()
}

/// The names of a base role's inline policies.
async fn denies(stage: &Stage, account: &str, role: &str) -> Result<Vec<String>, Failure> {
    let listed = stage.root_of(account)?.iam().list_role_policies().role_name(role).send().await;
    Ok(listed.map_err(|error| Failure::of("listing a role's policies", &error))?.policy_names)
}

#[tokio::test]
async fn sessions_of_another_account_open_it_and_no_other_and_end_early() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (id, other) = (granted(&stage, "invoices-debug").await?, granted(&stage, "invoices-debug").await?);
    let (cloud, others) = (stage.granted(&id).await?, stage.granted(&other).await?);
    let (allowed, elsewhere) = (cloud.get_item("invoices", "invoices-1").await, cloud.get_order("order-1001").await);
    assert!(allowed.is_allowed(), "{allowed}");
    assert!(!elsewhere.is_allowed(), "{elsewhere}");

    let after = revoked(&stage, &id, &cloud, "invoices").await?;
    assert!(after.is_denied(), "{after}");
    let ended = ended(&stage, &id).await?;
    let name = format!("countersign-kill-{id}");
    assert!(findings(&ended).contains(&name), "{}", findings(&ended));
    assert!(denies(&stage, INVOICES, "countersign").await?.contains(&name));
    let untouched = others.get_item("invoices", "invoices-1").await;
    assert!(untouched.is_allowed(), "{untouched}");
    Ok(())
}

/// Denies on shared roles stay for as long as a session could do without them, and no longer: here and elsewhere.
#[tokio::test]
async fn what_an_early_end_leaves_on_base_roles_is_taken_out_after_the_window() -> Result<(), Failure> {
    const SECONDS: u64 = 100;
    let stage = Stage::find()?;
    let here = granted_for(&stage, "orders-db-debug", SECONDS).await?;
    let elsewhere = granted_for(&stage, "invoices-debug", SECONDS).await?;
    let (orders, invoices) = (stage.granted(&here).await?, stage.granted(&elsewhere).await?);
    for id in [&here, &elsewhere] {
        stage.bob.revoke(id, "that was enough").await?.expect(200)?;
    }
    let home = stage.outputs.account_id.as_str();
    let left = async || -> Result<[bool; 2], Failure> {
        let has = |denies: Vec<String>, id: &str| denies.contains(&format!("countersign-kill-{id}"));
        Ok([
            has(denies(&stage, home, "countersign-sample").await?, &here),
            has(denies(&stage, INVOICES, "countersign").await?, &elsewhere),
        ])
    };
    for id in [&here, &elsewhere] {
        let ended = ended(&stage, id).await?;
        assert_eq!(text(&ended, "endReason"), "revoked");
    }
    assert_eq!(left().await?, [true, true]);
    let bound = Duration::from_secs(SECONDS + QUARANTINE).saturating_add(Duration::from_mins(4));
    until("the denies are gone", bound, || async { Ok((left().await? == [false, false]).then_some(())) }).await?;
    for after in [orders.get_order("order-1001").await, invoices.get_item("invoices", "invoices-1").await] {
        assert!(after.is_denied(), "{after}");
    }
    Ok(())
}

#[tokio::test]
async fn a_role_in_another_account_is_made_within_its_boundary_and_taken_out() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = granted(&stage, "invoices-repair").await?;
    let iam = stage.root_of(INVOICES)?.iam();
    let role = iam.get_role().role_name(&id).send().await.map_err(|error| Failure::of("reading the role", &error))?;
    let role = role.role().ok_or_else(|| Failure::new("no role"))?;
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    assert_eq!(boundary, Some("arn:aws:iam::222222222222:policy/countersign-boundary/countersign-boundary"));
    let (entered, keys) = stage.as_person("alice")?.assume(role.arn(), None).await;
    let cloud = stage.cloud(keys.ok_or_else(|| Failure::new(entered.to_string()))?)?;
    let (allowed, user) = (cloud.get_item("invoices", "invoices-1").await, cloud.create_user("mole").await);
    assert!(allowed.is_allowed(), "{allowed}");
    assert!(user.is_denied(), "{user}");
    let (refused, _) = stage.as_person("mallory")?.assume(role.arn(), None).await;
    assert!(refused.is_denied(), "{refused}");

    let after = revoked(&stage, &id, &cloud, "invoices").await?;
    assert!(after.is_denied(), "{after}");
    let ended = ended(&stage, &id).await?;
    assert!(findings(&ended).contains("is absent"), "{}", findings(&ended));
    let gone = iam.get_role().role_name(&id).send().await;
    assert_eq!(gone.err().as_ref().and_then(|error| error.code()), Some("NoSuchEntity"));
    Ok(())
}

#[tokio::test]
async fn a_policy_in_another_account_goes_onto_its_role_and_off_it() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = granted(&stage, "archive-debug").await?;
    let iam = stage.root_of(ARCHIVE)?.iam();
    let attached = async || -> Result<bool, Failure> {
        let listed = iam.list_attached_role_policies().role_name("archive").send().await;
        let listed = listed.map_err(|error| Failure::of("listing attached policies", &error))?;
        Ok(listed.attached_policies().iter().any(|policy| policy.policy_name() == Some(&id)))
    };
    assert!(attached().await?);
    // Never used: it is taken out after the quarantine.
    stage.alice.revoke(&id, "never mind").await?.expect(200)?;
    let unused = ended(&stage, &id).await?;
    assert!(findings(&unused).contains("is absent"), "{}", findings(&unused));
    assert!(!attached().await?);

    let used = granted(&stage, "archive-debug").await?;
    let cloud = stage.granted(&used).await?;
    let (allowed, role_s_own) = (cloud.get_item("archive", "archive-1").await, cloud.describe_table("archive").await);
    assert!(allowed.is_allowed(), "{allowed}");
    assert!(role_s_own.is_denied(), "{role_s_own}");
    let after = revoked(&stage, &used, &cloud, "archive").await?;
    assert!(after.is_denied(), "{after}");
    Ok(())
}
