//! Its time is over: IAM itself ends the access, to the second.

use std::time::{Duration, SystemTime};

use end_to_end::cloud::{Answer, Cloud};
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::{instant, now, seconds_after};
use model::lifecycle::SHORTEST_GRANT;
use tokio::task::JoinHandle;

use crate::story::Story;

/// How long after the end to go on looking.
const BOUND: f64 = 10.0;

/// Between two looks around the end.
const CLOSE: Duration = Duration::from_millis(10);

/// Between two looks long before it.
const FAR: Duration = Duration::from_millis(500);

/// A grant that is used until it ends.
#[derive(Debug)]
pub(crate) struct Running {
    id: String,
    expires_at: SystemTime,
    probing: JoinHandle<Result<Sighting, Failure>>,
}

/// What was seen of its end.
#[derive(Debug)]
struct Sighting {
    allowed: usize,
    last_allowed_sent: SystemTime,
    first_denied_answered: SystemTime,
    denial: Answer,
}

/// Asks for the shortest access there is, and uses it in the background until IAM says no.
pub(crate) async fn begin(story: &mut Story, stage: &Stage) -> Result<Running, Failure> {
    let asked =
        stage.alice.submit("logs-read", SHORTEST_GRANT, "watching the checkout for a minute").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    let shown = stage.alice.reaches(&id, "active").await?;
    let expires_at = instant(text(&shown, "expiresAt"))?;
    let cloud = stage.granted(&id).await?;
    let words = format!("{id}, until {}; used all the while from here on", text(&shown, "expiresAt"));
    story.check(&format!("alice also asks for logs-read for {SHORTEST_GRANT} s"), "active", &words, true);
    Ok(Running { id, expires_at, probing: tokio::spawn(probe(cloud, expires_at)) })
}

async fn probe(cloud: Cloud, expires_at: SystemTime) -> Result<Sighting, Failure> {
    let mut allowed = 0_usize;
    let mut last_allowed_sent = None;
    loop {
        let sent = now();
        let answer = cloud.read_logs("/app/orders").await?;
        let answered = now();
        if !answer.is_allowed() {
            let last_allowed_sent =
                last_allowed_sent.ok_or_else(|| Failure::new(format!("never allowed: {answer}")))?;
            return Ok(Sighting { allowed, last_allowed_sent, first_denied_answered: answered, denial: answer });
        }
        allowed = allowed.saturating_add(1);
        last_allowed_sent = Some(sent);
        let left = -seconds_after(sent, expires_at);
        if left < -BOUND {
            return Err(Failure::new(format!("still allowed {BOUND} s after the end")));
        }
        tokio::time::sleep(if left > 2.0 { FAR } else { CLOSE }).await;
    }
}

/// Waits for the end. Gives the request's id.
pub(crate) async fn end(story: &mut Story, stage: &Stage, running: Running) -> Result<String, Failure> {
    let Running { id, expires_at, probing } = running;
    story.chapter("Its time is over: IAM ends it to the second");
    let left = -seconds_after(now(), expires_at);
    if left > 0.0 {
        story.tell(&format!("waiting {left:.0} s for the end of the {SHORTEST_GRANT} s grant"));
    }
    let seen = probing.await.map_err(|error| Failure::of("using the grant", &error))??;
    let before = -seconds_after(seen.last_allowed_sent, expires_at);
    let after = seconds_after(seen.first_denied_answered, expires_at);
    story.denied("its live credentials, at the end", &seen.denial);
    let words = format!(
        "{} times allowed, the last {:.0} ms before expires_at; first denied {:.0} ms after it",
        seen.allowed,
        before * 1_000.0,
        after * 1_000.0
    );
    // The two looks follow one another: how far apart they are is the machine's matter, and nothing of what is promised.
    let right = before >= 0.0 && after >= 0.0;
    story.check("to the second", "allowed until expires_at, and not after it", &words, right);

    let ended = stage.alice.reaches(&id, "ended").await?;
    let late = seconds_after(instant(text(&ended, "endedAt"))?, expires_at);
    let finding = ended.pointer("/evidence/findings/0").and_then(|finding| finding.as_str()).unwrap_or_default();
    let words = format!("{} {late:.0} s after, verified: {finding}", text(&ended, "endReason"));
    // The schedule, or at the latest the second round of reconciliation after it.
    let right = text(&ended, "endReason") == "expired" && (0.0..=120.0).contains(&late) && !finding.is_empty();
    story.check("the clean-up, with evidence", "expired, ≤ 120 s later", &words, right);
    Ok(id)
}
