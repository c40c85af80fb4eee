//! Grants of each mechanism, one after the other: countersigned, used, ended early, denied.

use std::time::{Duration, Instant};

use end_to_end::cloud::Cloud;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use serde_json::Value;

use crate::figures::Figures;
use crate::roles::{self, ROLES};
use crate::{calls, line};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// How long one thing may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a grant is for, in seconds: what an early end leaves behind goes some time after it.
const SECONDS: u64 = 120;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mechanism {
    Session,
    Role,
    Policy,
}

impl Mechanism {
    const ALL: [Self; 3] = [Self::Session, Self::Role, Self::Policy];

    fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Role => "role",
            Self::Policy => "policy",
        }
    }

    /// The entitlement of the `nth` grant.
    fn entitlement(self, nth: usize) -> String {
        match self {
            Self::Session => format!("bench-session-{}", nth % ROLES),
            Self::Role => "bench-role".to_owned(),
            Self::Policy => format!("bench-policy-{}", nth % ROLES),
        }
    }
}

/// How long an early end may take, the quarantine of a role included.
const END: Duration = Duration::from_mins(4);

/// Makes and ends `times` grants of each mechanism, and tells how long it took.
pub(crate) async fn measure(stage: &Stage, times: usize) -> Result<(), Failure> {
    roles::copy(stage, "countersign-sample", "/countersign-base/", "bench").await?;
    roles::copy(stage, "debug", "/legacy/", "bench-legacy").await?;
    line("Calls for one grant that was used once and ended early, until it had ended:");
    for mechanism in Mechanism::ALL {
        let (id, ..) = one(stage, mechanism, ROLES.saturating_sub(1)).await?;
        until("it has ended", END, || async {
            let shown = stage.alice.request(&id).await?.expect(200)?;
            Ok((text(&shown, "status") == "ended").then_some(()))
        })
        .await?;
        let found = calls::of(&stage.root()?, &id).await?;
        let shown: Vec<String> = found.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let total: usize = found.values().sum();
        line(&format!("{:<8} {total:>3}: {}", mechanism.name(), shown.join(", ")));
    }
    line("");
    line("Times in ms: half of them, and 99 in 100, were at most");
    line("");
    line("                                    |    p50    p99      n");
    line("----------------------------------- | --------------------");
    for mechanism in Mechanism::ALL {
        let (mut in_use, mut denied) = (Figures::default(), Figures::default());
        for nth in 0..times {
            let (_, after_approval, after_order) = one(stage, mechanism, nth).await?;
            in_use.note(after_approval);
            denied.note(after_order);
        }
        line(&format!("{:<8} approve to first allowed   | {in_use}", mechanism.name()));
        line(&format!("{:<8} revoke to first denied     | {denied}", mechanism.name()));
    }
    Ok(())
}

async fn one(stage: &Stage, mechanism: Mechanism, nth: usize) -> Result<(String, Duration, Duration), Failure> {
    let asked = stage.alice.submit(&mechanism.entitlement(nth), SECONDS, "how long does it take").await?.expect(201)?;
    let (id, digest) = (text(&asked, "id"), text(&asked, "digest"));
    let began = Instant::now();
    stage.bob.approve(id, digest).await?.expect(200)?;
    let cloud = inside(stage, mechanism, id, began).await?;
    while !cloud.get_order("order-1001").await.is_allowed() {
        late(began, "the first allowed call")?;
        tokio::time::sleep(PAUSE).await;
    }
    let came = began.elapsed();
    let began = Instant::now();
    stage.alice.revoke(id, "measured").await?.expect(200)?;
    while cloud.get_order("order-1001").await.is_allowed() {
        late(began, "the first denied call")?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok((id.to_owned(), came, began.elapsed()))
}

/// AWS with the grant, as soon as it can be had.
async fn inside(stage: &Stage, mechanism: Mechanism, id: &str, began: Instant) -> Result<Cloud, Failure> {
    loop {
        late(began, "getting in")?;
        if mechanism == Mechanism::Role {
            let role = format!("arn:aws:iam::{}:role/countersign/{id}", stage.outputs.account_id);
            if let (_, Some(keys)) = stage.as_person("alice")?.assume(&role, None).await {
                return stage.cloud(keys);
            }
        } else {
            let reply = stage.alice.credentials(id).await?;
            if reply.status == 200 {
                return stage.cloud(end_to_end::signing::Keys::of_document(&reply.body)?);
            }
            // Not active yet; anything else is a failure to be told.
            if reply.code() != "not_active" {
                return Err(Failure::new(format!("credentials: {} {}", reply.status, reply.body)));
            }
            let shown = stage.alice.request(id).await?.expect(200)?;
            if text(&shown, "status") == "ended" {
                return Err(Failure::new(format!("{id} ended: {}", shown.get("end").unwrap_or(&Value::Null))));
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn late(began: Instant, what: &str) -> Result<(), Failure> {
    if began.elapsed() > PATIENCE {
        return Err(Failure::new(format!("{what} did not come within {} s", PATIENCE.as_secs())));
    }
    Ok(())
}
