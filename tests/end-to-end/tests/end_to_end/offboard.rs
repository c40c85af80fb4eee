//! Somebody leaves. Everyone here is asked for by no other test.

use std::time::Duration;

use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;

use crate::reading_logs;

/// Erin offboards frank: what he has is denied, what waits is cancelled, and no door lets him in. Then he is
/// reinstated, and an event of an identity provider offboards him again.
#[tokio::test]
async fn who_left_loses_everything_and_is_barred_until_an_operator_says_otherwise() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let (erin, frank) = (Api::of(&stage.outputs, "erin")?, Api::of(&stage.outputs, "frank")?);
    let granted = reading_logs(&frank).await?;
    let cloud = stage.cloud(frank.keys(&granted).await?)?;
    let before = cloud.read_logs("/app/orders").await?;
    assert!(before.is_allowed(), "{before}");
    let waiting = frank.submit("orders-db-debug", 900, "order-1002 is stuck").await?.expect(201)?;

    let body = serde_json::json!({"reason": "frank left the company"});
    let refused = stage.bob.post("/v1/persons/frank/offboard", &body).await?;
    assert_eq!((refused.status, refused.code()), (403, "not_permitted"));
    let sweep = erin.post("/v1/persons/frank/offboard", &body).await?.expect(202)?;
    assert_eq!(text(&sweep, "status"), "running");

    // At once, whether or not a worker has come to it.
    let asked = frank.submit("logs-read", 900, "once more").await?;
    assert_eq!((asked.status, asked.code()), (403, "barred"));
    let fetched = frank.credentials(&granted).await?;
    assert!(matches!((fetched.status, fetched.code()), (403, "barred") | (409, "not_active")), "{fetched:?}");
    let voted = stage.bob.approve(text(&waiting, "id"), text(&waiting, "digest")).await?;
    assert!(matches!((voted.status, voted.code()), (403, "barred") | (409, "already_decided")), "{voted:?}");

    let ended = frank.reaches(&granted, "ended").await?;
    assert_eq!(text(&ended, "endReason"), "offboarded");
    let cancelled = frank.reaches(text(&waiting, "id"), "cancelled").await?;
    assert_eq!(text(&cancelled, "endReason"), "offboarded");
    let after = cloud.read_logs("/app/orders").await?;
    assert!(after.is_denied(), "{after}");

    // Finished by reconciliation, after every worker from before is gone.
    let (id, bound) = (text(&sweep, "id").to_owned(), Duration::from_mins(5));
    until("the offboarding is finished", bound, || async {
        let shown = erin.get(&format!("/v1/sweeps/{id}")).await?.expect(200)?;
        Ok((text(&shown, "status") == "finished").then_some(()))
    })
    .await?;
    let back = serde_json::json!({"reason": "frank came back"});
    let refused = stage.bob.post("/v1/persons/frank/reinstate", &back).await?;
    assert_eq!((refused.status, refused.code()), (403, "not_permitted"));
    erin.post("/v1/persons/frank/reinstate", &back).await?.expect(200)?;
    let again = reading_logs(&frank).await?;
    assert_eq!(text(&frank.request(&granted).await?.expect(200)?, "status"), "ended");

    // As an identity provider says it.
    let bus = stage.outputs.stack_outputs.get("BusName").cloned().unwrap_or_default();
    let detail = r#"{"email": "frank@example.com"}"#;
    stage.root()?.tell_bus(&bus, "countersign.identity", "personLeft", detail).await?;
    let ended = frank.reaches(&again, "ended").await?;
    assert_eq!(text(&ended, "endReason"), "offboarded");
    let asked = frank.submit("logs-read", 900, "once more").await?;
    assert_eq!((asked.status, asked.code()), (403, "barred"));
    Ok(())
}
