//! Going on with access that ends soon.

use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;

use crate::orders_db_debug;

#[tokio::test]
async fn an_extension_is_judged_anew_and_goes_on_where_the_old_grant_ends() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let old = orders_db_debug(&stage).await?;
    let path = format!("/v1/requests/{old}/extend");
    let more = serde_json::json!({"durationSeconds": 900, "justification": "the repair takes longer"});
    let refused = stage.bob.post(&path, &more).await?;
    assert_eq!((refused.status, refused.code()), (403, "not_the_requester"));
    let asked = stage.alice.post(&path, &more).await?.expect(201)?;
    let id = text(&asked, "id");
    assert_eq!((text(&asked, "status"), text(&asked, "extends")), ("pending", old.as_str()));
    stage.bob.approve(id, text(&asked, "digest")).await?.expect(200)?;
    stage.alice.reaches(id, "active").await?;
    // Either grant gives access, and the end of the old one takes nothing from the new one.
    stage.bob.revoke(&old, "the new one is enough").await?.expect(200)?;
    stage.alice.reaches(&old, "ended").await?;
    let still = stage.granted(id).await?.get_order("order-1001").await;
    assert!(still.is_allowed(), "{still}");
    let late = stage.alice.post(&path, &more).await?;
    assert_eq!((late.status, late.code()), (409, "not_active"));
    Ok(())
}
