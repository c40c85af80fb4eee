//! Ended early: sessions handed out before are worth nothing from then on.

use std::time::Instant;

use end_to_end::cloud::Answer;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::{DENIED_WITHIN, until};

use crate::countersigned::Held;
use crate::story::Story;

pub(crate) async fn play(story: &mut Story, stage: &Stage, held: &Held) -> Result<(), Failure> {
    story.chapter("Ended early: the credentials she holds die at once");
    let id = &held.id;
    story.allowed("alice's session on the orders table is live", &held.cloud.get_order("order-1002").await);
    let since = Instant::now();
    let outcome = stage.chat.command("alice", &format!("revoke {id} found and repaired")).await?;
    let told = since.elapsed();
    let done = outcome.ok && outcome.said().starts_with("You ended your access");
    story.check("alice: /access revoke <id> found and repaired", "ended", &outcome.said(), done);
    let refused = stage.alice.credentials(id).await?;
    story.refused("she asks for new credentials", 409, "not_active", &refused);

    let (answer, after) = until("IAM denies the same credentials", DENIED_WITHIN, || async {
        let answer = held.cloud.get_order("order-1002").await;
        Ok((!answer.is_allowed()).then(|| (answer, since.elapsed())))
    })
    .await?;
    story.denied("the very same credentials", &answer);
    let words = format!(
        "first denied {:.2} s after the command was given ({:.2} s after Slack showed the answer)",
        after.as_secs_f32(),
        after.saturating_sub(told).as_secs_f32()
    );
    let quick = after < DENIED_WITHIN && matches!(answer, Answer::Denied { .. });
    story.check("how long that took", &format!("< {} s", DENIED_WITHIN.as_secs()), &words, quick);
    story.tell("on AWS, add the seconds that IAM takes to spread a change of a policy");

    let ended = stage.alice.reaches(id, "ended").await?;
    let evidence = ended.pointer("/evidence/findings/0").and_then(|finding| finding.as_str()).unwrap_or_default();
    let words = format!("{} at {}: {evidence}", text(&ended, "endReason"), text(&ended, "endedAt"));
    story.check("the end is on record, AWS read back", "revoked", &words, text(&ended, "endReason") == "revoked");
    Ok(())
}
