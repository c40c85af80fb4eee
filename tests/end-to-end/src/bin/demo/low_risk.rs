//! Low risk: policy alone approves, and nobody waits.

use end_to_end::failure::Failure;
use end_to_end::stage::Stage;

use crate::story::Story;

/// Gives the request's id.
pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<String, Failure> {
    story.chapter("Low risk: policy approves by itself");
    let command = "logs-read 15m looking into the checkout errors ticket=OPS-7";
    let outcome = stage.chat.command("alice", command).await?;
    let granted = outcome.said().contains("approved by policy");
    story.check(&format!("alice: /access {command}"), "approved by policy", &outcome.said(), granted);
    let id = outcome.request_id()?;
    let shown = stage.alice.reaches(&id, "active").await?;
    let text = |field| end_to_end::door::text(&shown, field);
    let window = format!("{id}, {} to {}", text("startsAt"), text("expiresAt"));
    story.check("her access exists", "active", &format!("{}: {window}", text("status")), true);
    let cloud = stage.granted(&id).await?;
    story.allowed("with its credentials she reads /app/orders", &cloud.read_logs("/app/orders").await?);
    story.denied("they read no order", &cloud.get_order("order-1002").await);
    Ok(id)
}
