//! Two grants at once, and one that goes on: somebody holds what any live grant of theirs gives, without a gap.

use std::time::{Duration, SystemTime};

use end_to_end::cloud::Cloud;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::{DENIED_WITHIN, instant, now, seconds_after, until};
use serde_json::json;

use crate::story::Story;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// How long the old grant is, in seconds: longer than a busy machine takes to make the new one.
const OLD: u64 = 100;

/// How long to go on looking after the first grant's end, in seconds.
const BEYOND: f64 = 5.0;

pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    story.chapter("Two grants of one entitlement, and one of them is ended");
    let first = granted(stage, "logs-read", 900).await?;
    let second = granted(stage, "logs-read", 900).await?;
    let (one, other) = (stage.granted(&first).await?, stage.granted(&second).await?);
    story.allowed("alice reads the logs with the first", &one.read_logs("/app/orders").await?);
    story.allowed("and with the second", &other.read_logs("/app/orders").await?);
    stage.alice.revoke(&first, "one is enough").await?.expect(200)?;
    let denied = until("IAM denies", DENIED_WITHIN, || async {
        let answer = one.read_logs("/app/orders").await?;
        Ok((!answer.is_allowed()).then_some(answer))
    })
    .await?;
    story.denied("the first is ended", &denied);
    story.allowed("the second is not touched by that", &other.read_logs("/app/orders").await?);

    story.chapter("Access that goes on");
    let old = granted(stage, "logs-read", OLD).await?;
    let held = stage.granted(&old).await?;
    let shown = stage.alice.request(&old).await?.expect(200)?;
    let ends = instant(text(&shown, "expiresAt"))?;
    let more = json!({"durationSeconds": 900, "justification": "not found yet"});
    let refused = stage.bob.post(&format!("/v1/requests/{old}/extend"), &more).await?;
    story.refused("bob can't extend what is alice's", 403, "not_the_requester", &refused);
    let asked = stage.alice.post(&format!("/v1/requests/{old}/extend"), &more).await?.expect(201)?;
    let new = text(&asked, "id").to_owned();
    let words = format!("{new}, of {}", text(&asked, "extends"));
    story.check(
        "alice extends hers: a request of its own, judged anew",
        "extends the old",
        &words,
        text(&asked, "extends") == old,
    );
    stage.alice.reaches(&new, "active").await?;
    let (tries, gaps) = watch(story, held, &stage.granted(&new).await?, ends).await?;
    let words = format!("{tries} calls until {BEYOND} s after the old one's end, {gaps} of them denied");
    story.check("she works on through the end of the old one", "never denied", &words, gaps == 0);
    let ended = stage.alice.reaches(&old, "ended").await?;
    story.check("the old one has ended", "expired", text(&ended, "endReason"), text(&ended, "endReason") == "expired");
    stage.alice.revoke(&new, "found").await?.expect(200)?;
    stage.alice.reaches(&new, "ended").await?;
    let late = stage.alice.credentials(&new).await?;
    story.refused("with the last one ended nothing is left", 409, "not_active", &late);
    Ok(())
}

/// Asked for by alice, approved by policy, active.
async fn granted(stage: &Stage, entitlement: &str, seconds: u64) -> Result<String, Failure> {
    let asked = stage.alice.submit(entitlement, seconds, "looking into the checkout errors").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    stage.alice.reaches(&id, "active").await?;
    Ok(id)
}

/// Uses `held`, and `new` once that is denied, as the command line does, until some time after `ends`. How often, and how
/// often it was denied.
async fn watch(story: &Story, mut held: Cloud, new: &Cloud, ends: SystemTime) -> Result<(usize, usize), Failure> {
    story.tell(&format!("she works on for {:.0} s", BEYOND - seconds_after(now(), ends)));
    let (mut tries, mut gaps) = (0_usize, 0_usize);
    while seconds_after(now(), ends) < BEYOND {
        let mut answer = held.read_logs("/app/orders").await?;
        // What a client does whose credentials have expired: it asks again with those it gets then.
        if !answer.is_allowed() {
            held = new.clone();
            answer = held.read_logs("/app/orders").await?;
        }
        tries = tries.saturating_add(1);
        gaps = gaps.saturating_add(usize::from(!answer.is_allowed()));
        tokio::time::sleep(PAUSE).await;
    }
    Ok((tries, gaps))
}
