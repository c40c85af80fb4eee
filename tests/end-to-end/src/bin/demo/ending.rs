//! Every way to an end, and what IAM says when it is asked whether it is one.

use std::time::Duration;

use end_to_end::cloud::Cloud;
use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::{DENIED_WITHIN, until};
use model::lifecycle::{QUARANTINE, SHORTEST_GRANT};
use serde_json::{Value, json};

use crate::story::Story;

pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    let short = granted(stage, "logs-read", SHORTEST_GRANT, false).await?;
    drop(stage.granted(&short).await?);
    let drifting = granted(stage, "invoices-repair", 900, true).await?;

    story.chapter("Ended early: denied at once, and IAM is asked whether it denies");
    for entitlement in ["orders-db-debug", "legacy-debug"] {
        let id = granted(stage, entitlement, 900, true).await?;
        let cloud = stage.granted(&id).await?;
        story.allowed(&format!("{entitlement}: alice reads an order"), &cloud.get_order("order-1001").await);
        stage.bob.revoke(&id, "that was enough").await?.expect(200)?;
        let denied = until("IAM denies", DENIED_WITHIN, || async {
            let answer = cloud.get_order("order-1001").await;
            Ok((!answer.is_allowed()).then_some(answer))
        })
        .await?;
        story.denied("bob ends it: her live session", &denied);
        proven(story, stage, &id, "revoked").await?;
    }

    story.chapter("Somebody changes what was granted: it ends");
    let iam = stage.root_of("222222222222")?.iam();
    let wider = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let put = iam.put_role_policy().role_name(&drifting).policy_name("more").policy_document(wider.to_string());
    put.send().await.map_err(|error| Failure::of("changing the role", &error))?;
    story.tell("an administrator of the account put another policy into the grant's own role");
    let minutes = Duration::from_secs(QUARANTINE).saturating_add(Duration::from_mins(4));
    let status = until("it is being ended", minutes, || async {
        let shown = stage.alice.request(&drifting).await?.expect(200)?;
        Ok(Some(text(&shown, "status").to_owned()).filter(|status| status != "active"))
    })
    .await?;
    story.check("found within a minute, and being ended", "revoking", &status, status == "revoking");

    story.chapter("All of one person, by two others");
    let grace = Api::of(&stage.outputs, "grace")?;
    let asked = grace.submit("logs-read", 900, "looking into the checkout errors").await?.expect(201)?;
    let hers = text(&asked, "id").to_owned();
    grace.reaches(&hers, "active").await?;
    let cloud = stage.cloud(grace.keys(&hers).await?)?;
    story.allowed("grace reads the logs", &cloud.read_logs("/app/orders").await?);
    let order = json!({"scope": {"person": "grace"}, "reason": "a laptop was stolen"});
    let proposed = stage.bob.post("/v1/panic", &order).await?.expect(202)?;
    let confirm = format!("/v1/panic/{}/confirm", text(&proposed, "id"));
    let alone = stage.bob.post(&confirm, &json!({})).await?;
    story.refused("bob proposes a panic, and can't confirm it himself", 403, "self_confirmation", &alone);
    let running = stage.carol.post(&confirm, &json!({})).await?.expect(202)?;
    story.check("carol confirms", "running", text(&running, "status"), text(&running, "status") == "running");
    proven_of(story, &grace, &hers, "panic").await?;
    let after = read(&cloud).await?;
    story.denied("her live session", &after);

    story.chapter("On time: the end is in the session itself");
    proven(story, stage, &short, "expired").await?;
    story.chapter("The changed role, after its quarantine");
    proven(story, stage, &drifting, "drifted").await
}

async fn read(cloud: &Cloud) -> Result<end_to_end::cloud::Answer, Failure> {
    cloud.read_logs("/app/orders").await
}

/// Asked for by alice, countersigned by bob if need be, active.
async fn granted(stage: &Stage, entitlement: &str, seconds: u64, countersigned: bool) -> Result<String, Failure> {
    let asked = stage.alice.submit(entitlement, seconds, "order-1002 is stuck in paying").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    if countersigned {
        stage.bob.approve(&id, text(&asked, "digest")).await?.expect(200)?;
    }
    stage.alice.reaches(&id, "active").await?;
    Ok(id)
}

async fn proven(story: &mut Story, stage: &Stage, id: &str, reason: &str) -> Result<(), Failure> {
    proven_of(story, &stage.alice, id, reason).await
}

/// Until the end is proven; what was asked of AWS, and what it answered.
async fn proven_of(story: &mut Story, whose: &Api, id: &str, reason: &str) -> Result<(), Failure> {
    let minutes = Duration::from_secs(QUARANTINE).saturating_add(Duration::from_mins(4));
    let shown = until("its end is verified", minutes, || async {
        let shown = whose.request(id).await?.expect(200)?;
        let verified = shown.pointer("/verification/status").and_then(Value::as_str) == Some("verified");
        Ok(verified.then_some(shown))
    })
    .await?;
    let findings = shown.pointer("/verification/evidence/findings").and_then(Value::as_array).cloned();
    let findings: Vec<String> =
        findings.unwrap_or_default().iter().filter_map(|one| one.as_str().map(str::to_owned)).collect();
    let words = format!("{}: {}", text(&shown, "endReason"), findings.join("; "));
    let right = text(&shown, "endReason") == reason && !findings.is_empty();
    story.check("verified, with what AWS answered", reason, &words, right);
    story.quote(&findings);
    Ok(())
}
