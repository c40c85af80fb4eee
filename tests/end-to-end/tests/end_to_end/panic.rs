//! All access of one person at once. Grace is used by no other test; all of everything is shown in memory.

use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;

use crate::reading_logs;

#[tokio::test]
async fn two_persons_end_all_access_of_one_and_of_nobody_else() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let grace = Api::of(&stage.outputs, "grace")?;
    let (one, two) = (reading_logs(&grace).await?, reading_logs(&grace).await?);
    let others = crate::logs_read(&stage).await?;
    let cloud = stage.cloud(grace.keys(&one).await?)?;
    let before = cloud.read_logs("/app/orders").await?;
    assert!(before.is_allowed(), "{before}");

    let order = serde_json::json!({"scope": {"person": "grace"}, "reason": "a laptop was stolen"});
    let refused = stage.alice.post("/v1/panic", &order).await?;
    assert_eq!((refused.status, refused.code()), (403, "not_permitted"));
    let malformed = serde_json::json!({"scope": {"all": false}, "reason": "x"});
    assert_eq!(stage.bob.post("/v1/panic", &malformed).await?.status, 422);
    let proposed = stage.bob.post("/v1/panic", &order).await?.expect(202)?;
    assert_eq!(text(&proposed, "status"), "proposed");
    let confirm = format!("/v1/panic/{}/confirm", text(&proposed, "id"));
    let alone = stage.bob.post(&confirm, &serde_json::json!({})).await?;
    assert_eq!((alone.status, alone.code()), (403, "self_confirmation"));
    let running = stage.carol.post(&confirm, &serde_json::json!({})).await?.expect(202)?;
    assert_eq!(text(&running, "status"), "running");

    for id in [&one, &two] {
        let ended = grace.reaches(id, "ended").await?;
        assert_eq!(text(&ended, "endReason"), "panic");
    }
    let after = cloud.read_logs("/app/orders").await?;
    assert!(after.is_denied(), "{after}");
    let untouched = stage.granted(&others).await?.read_logs("/app/orders").await?;
    assert!(untouched.is_allowed(), "{untouched}");
    Ok(())
}
