//! A panic over many active grants: how long until all of them are denied, stopped, and verified as ended.

use std::time::{Duration, Instant};

use end_to_end::cloud::Cloud;
use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::line;
use crate::roles::{self, ROLES};

/// Between two looks. Looking costs the machine that everything here runs on.
const PAUSE: Duration = Duration::from_millis(500);

/// How long one thing may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// Grants that are made, or looked at, at the same time.
const AT_ONCE: usize = 4;

/// Every so many grants one is used: its session has to be denied.
const USED: usize = 5;

/// How long grants are for, in seconds: longer than all of this takes.
const SECONDS: u64 = 3_600;

/// Makes `grants` active grants, ends them all at once, and tells how long that took.
pub(crate) async fn measure(stage: &Stage, grants: usize) -> Result<(), Failure> {
    roles::copy(stage, "countersign-sample", "/countersign-base/", "bench").await?;
    let operator = Api::of(&stage.outputs, "erin")?;
    let began = Instant::now();
    let asking = (0..grants).map(|nth| granted(stage, nth));
    let made: Vec<_> = futures_util::stream::iter(asking).buffer_unordered(AT_ONCE).collect().await;
    let made: Vec<(String, Option<Cloud>)> = made.into_iter().collect::<Result<_, Failure>>()?;
    let used: Vec<&Cloud> = made.iter().filter_map(|(_, cloud)| cloud.as_ref()).collect();
    line(&format!(
        "{} grants of {ROLES} base roles are active, {} of them in use; made in {:.0} s",
        made.len(),
        used.len(),
        began.elapsed().as_secs_f32()
    ));
    for cloud in &used {
        let answer = cloud.get_order("order-1001").await;
        if !answer.is_allowed() {
            return Err(Failure::new(format!("a grant in use is not allowed: {answer}")));
        }
    }
    let began = Instant::now();
    let order = json!({"scope": {"all": true}, "reason": "how long does it take"});
    let running = operator.post("/v1/panic", &order).await?.expect(202)?;
    if text(&running, "status") != "running" {
        return Err(Failure::new(format!("the panic does not run: {running}")));
    }
    let told = |what: &str| line(&format!("{:>6.1} s  {what}", began.elapsed().as_secs_f32()));
    told("the order is stored");
    // One of each base role, so that looking does not take longer than what is looked for; all of them at the end.
    for cloud in used.iter().take(ROLES) {
        while cloud.get_order("order-1001").await.is_allowed() {
            late(began, "a session of every base role denied")?;
            tokio::time::sleep(PAUSE).await;
        }
    }
    told("sessions of every base role are denied by IAM");
    while any(stage, "active").await? {
        late(began, "no grant active")?;
        tokio::time::sleep(PAUSE).await;
    }
    told("no grant is active: nothing is handed out any more");
    while any(stage, "revoking").await? {
        late(began, "every grant ended")?;
        tokio::time::sleep(PAUSE).await;
    }
    told("every grant is ended, and AWS was read back");
    for cloud in &used {
        let answer = cloud.get_order("order-1001").await;
        if answer.is_allowed() {
            return Err(Failure::new(format!("a session is still allowed: {answer}")));
        }
    }
    line(&format!("all {} sessions are denied", used.len()));
    let looks = made.iter().map(|(id, _)| async move { stage.dave.request(id).await?.expect(200) });
    let shown: Vec<_> = futures_util::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
    let shown: Vec<Value> = shown.into_iter().collect::<Result<_, Failure>>()?;
    let ended = shown.iter().filter(|one| text(one, "status") == "ended" && text(one, "endReason") == "panic").count();
    line(&format!("{ended} of {} ended by the panic", made.len()));
    if ended == made.len() { Ok(()) } else { Err(Failure::new("some grants were not ended by the panic")) }
}

/// An active grant that policy approves; in use, if it is its turn.
async fn granted(stage: &Stage, nth: usize) -> Result<(String, Option<Cloud>), Failure> {
    let entitlement = format!("bench-panic-{}", nth % ROLES);
    let asked = stage.alice.submit(&entitlement, SECONDS, "one of many").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    let began = Instant::now();
    loop {
        let shown = stage.alice.request(&id).await?.expect(200)?;
        if text(&shown, "status") == "active" {
            break;
        }
        late(began, "an active grant")?;
        tokio::time::sleep(PAUSE).await;
    }
    let cloud = if nth.is_multiple_of(USED) { Some(stage.granted(&id).await?) } else { None };
    Ok((id, cloud))
}

/// Whether any request has this status.
async fn any(stage: &Stage, status: &str) -> Result<bool, Failure> {
    let listed = stage.dave.get(&format!("/v1/requests?status={status}&limit=1")).await?.expect(200)?;
    let items = listed.get("items").or_else(|| listed.get("requests")).and_then(Value::as_array);
    let items = items.ok_or_else(|| Failure::new(format!("no list of requests: {listed}")))?;
    // An index lags: what it has no longer is on no page, and a page may be empty without being the last.
    Ok(!items.is_empty() || listed.get("cursor").is_some_and(|cursor| !cursor.is_null()))
}

fn late(began: Instant, what: &str) -> Result<(), Failure> {
    if began.elapsed() > PATIENCE {
        return Err(Failure::new(format!("{what}: not within {} s", PATIENCE.as_secs())));
    }
    Ok(())
}
