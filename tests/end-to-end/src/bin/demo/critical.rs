//! Critical: two others countersign, through whichever doors, and she enters with her own identity and a second factor.

use end_to_end::cloud::Cloud;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use serde_json::Value;

use crate::story::Story;

/// Gives the request's id.
pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<String, Failure> {
    story.chapter("Critical: two countersign, and the way in takes a second factor");
    let reply = stage.alice.submit("prod-admin", 900, "restoring the orders table after the bad migration").await?;
    let asked = reply.body.clone();
    let (id, digest) = (text(&asked, "id"), text(&asked, "digest"));
    let answer = format!("{} {}, risk {}, {}", reply.status, text(&asked, "status"), text(&asked, "risk"), id);
    let waits = reply.status == 201 && text(&asked, "status") == "pending" && text(&asked, "risk") == "critical";
    story.check("alice asks for prod-admin by API", "201 pending", &answer, waits);
    let own = stage.alice.approve(id, digest).await?;
    story.refused("she countersigns it herself", 403, "self_approval", &own);

    let card = stage.chat.card(id).await?;
    let pressed = stage.chat.press("bob", &card, "approve").await?;
    let shown = stage.bob.request(id).await?.expect(200)?;
    let half = text(&shown, "status") == "pending" && count(&shown) == 1;
    let answer = format!("{} of 2: {}", count(&shown), pressed.answer.text);
    story.check("bob countersigns in Slack", "1 of 2, still waits", &answer, half);

    let reply = stage.carol.approve(id, digest).await?;
    let answer = format!("{} of 2: {} {}", count(&reply.body), reply.status, reply.text("status"));
    story.check("carol countersigns by API", "2 of 2", &answer, reply.status == 200 && count(&reply.body) == 2);

    let shown = stage.alice.reaches(id, "active").await?;
    let role = shown.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default();
    story.check("a role of its own exists", "active", role, role.ends_with(id));
    enter(story, stage, role).await?;
    Ok(id.to_owned())
}

async fn enter(story: &mut Story, stage: &Stage, role: &str) -> Result<(), Failure> {
    let alice = stage.as_person("alice")?;
    let serial = stage.outputs.person("alice")?.mfa_serial.clone();
    story.denied("alice assumes it without a second factor", &alice.assume(role, None).await.0);
    let mallory = stage.as_person("mallory")?.assume(role, serial.as_deref()).await.0;
    story.denied("mallory assumes it", &mallory);
    let (answer, keys) = alice.assume(role, serial.as_deref()).await;
    story.allowed("alice assumes it with her MFA device", &answer);
    let Some(keys) = keys else { return Ok(()) };
    let admin: Cloud = stage.cloud(keys)?;
    story.allowed("she lists buckets", &admin.list_buckets().await?);
    story.allowed("she describes the orders table", &admin.describe_table("orders").await);
    story.denied("she can't make a user", &admin.create_user("backdoor").await);
    Ok(())
}

fn count(shown: &Value) -> usize {
    shown.get("approvals").and_then(Value::as_array).map_or(0, Vec::len)
}
