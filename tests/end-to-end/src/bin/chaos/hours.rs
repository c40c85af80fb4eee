//! Hours that pass in seconds: the clock of the cloud, of the functions, of Slack and of this program is moved at once, by
//! libfaketime and one file. Nothing is told that time has passed but by the time of day, as on AWS.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use end_to_end::cloud::{Answer, Cloud};
use end_to_end::door::{Api, Reply, text};
use end_to_end::failure::Failure;
use end_to_end::log::Log;
use end_to_end::signing::Keys;
use end_to_end::stage::Stage;
use end_to_end::waiting::{instant, now, seconds_after, until};
use serde_json::{Value, json};

use crate::line;
use crate::record::Record;
use crate::verdict::Verdict;

/// The file that says how far the clock is ahead: libfaketime's own variable.
const VARIABLE: &str = "FAKETIME_TIMESTAMP_FILE";

const HOUR: u64 = 3_600;
/// The longest that a grant of the catalog of this job lasts, in seconds.
const LONG: u64 = 8 * HOUR;
/// Between hours that pass one after the other: what was due in one is done.
const BREATH: Duration = Duration::from_secs(6);
/// How long what follows from a step may take by the wall's clock: reconciliation comes once a minute, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(6);
/// Until everybody has seen that it was moved: each looks into the file when what it has read is over a whole second old.
/// `xtask/src/chaos.rs` says so.
const SEEN: Duration = Duration::from_millis(2_500);
/// Between two looks around an end.
const CLOSE: Duration = Duration::from_millis(10);

/// Everybody's clock.
struct Clock {
    file: PathBuf,
    ahead: Duration,
}

impl Clock {
    fn find() -> Result<Self, Failure> {
        let file = std::env::var_os(VARIABLE).map(PathBuf::from);
        let file = file.ok_or_else(|| Failure::new("run this by `cargo xtask chaos hours`"))?;
        Ok(Self { file, ahead: Duration::ZERO })
    }

    /// Moves it, for all at once.
    async fn pass(&mut self, time: Duration) -> Result<(), Failure> {
        self.ahead = self.ahead.saturating_add(time);
        let before = now();
        // Nobody may read half of it.
        let partial = self.file.with_extension("partial");
        let said = format!("+{}.{:06}\n", self.ahead.as_secs(), self.ahead.subsec_micros());
        let moved = std::fs::write(&partial, said).and_then(|()| std::fs::rename(&partial, &self.file));
        moved.map_err(|error| Failure::of("moving the clock", &error))?;
        tokio::time::sleep(SEEN).await;
        let passed = seconds_after(now(), before);
        if passed + 0.1 < time.as_secs_f64() {
            return Err(Failure::new(format!(
                "the clock was moved by {time:?}, and here only {passed:.1} s have passed"
            )));
        }
        Ok(())
    }

    /// Moves it to that time; not at all if it is over.
    async fn pass_to(&mut self, time: SystemTime) -> Result<(), Failure> {
        let left = time.duration_since(now()).unwrap_or_default().saturating_sub(SEEN);
        if left.is_zero() { Ok(()) } else { self.pass(left).await }
    }
}

/// What was expected, and whether it was so.
struct Told {
    began: Instant,
    wrong: u64,
}

impl Told {
    fn check(&mut self, what: &str, right: bool, said: &str) {
        let mark = if right { "ok   " } else { "WRONG" };
        line(&format!("{:>6.1} s  {mark}  {what}: {said}", self.began.elapsed().as_secs_f32()));
        self.wrong = self.wrong.saturating_add(u64::from(!right));
    }

    fn allowed(&mut self, what: &str, answer: &Answer) {
        self.check(what, answer.is_allowed(), &answer.to_string());
    }

    fn denied(&mut self, what: &str, answer: &Answer) {
        self.check(what, answer.is_denied(), &answer.to_string());
    }
}

/// All of it. Whether it was as expected.
///
/// # Errors
/// There is no local cloud, or something did not happen at all.
pub(crate) async fn run() -> Result<bool, Failure> {
    let stage = Stage::find()?;
    let mut clock = Clock::find()?;
    let mut told = Told { began: Instant::now(), wrong: 0 };
    let session = granted(&stage, "hours-session").await?;
    let role = granted(&stage, "hours-role").await?;
    let ignored = answered("asking", 201, || stage.alice.submit("hours-session", LONG, "nobody answers this")).await?;
    let cloud = fresh(&stage, text(&session, "id")).await?;
    told.allowed("a session of eight hours' grant, at once", &cloud.get_order("order-1001").await);
    told.allowed("and the role that was made for another", &assumed(&stage, role_of(&role)).await?);

    clock.pass(Duration::from_secs(HOUR.saturating_add(60))).await?;
    let late = cloud.get_order("order-1001").await;
    told.check("an hour and a minute later those credentials are over", !late.is_allowed(), &late.to_string());
    told.allowed("fresh ones are not", &fresh(&stage, text(&session, "id")).await?.get_order("order-1001").await);

    clock.pass(Duration::from_secs(5 * HOUR)).await?;
    let lapsed = becomes(&stage, text(&ignored, "id"), "lapsed").await?;
    told.check("after six hours what nobody answered has lapsed", true, text(&lapsed, "status"));

    early(&stage, &mut clock, &mut told).await?;
    to_the_second(&stage, &mut clock, &mut told, (&session, expires_at(&session)?)).await?;
    ended(&stage, &mut clock, &mut told, &session).await?;
    clock.pass_to(expires_at(&role)?).await?;
    ended(&stage, &mut clock, &mut told, &role).await?;
    let gone = assumed(&stage, role_of(&role)).await?;
    told.check("the role that was made is gone", !gone.is_allowed(), &gone.to_string());
    forgotten(&stage, &mut clock, &mut told).await?;
    panic(&stage, &mut clock, &mut told).await?;
    log(&stage, &mut clock, &mut told).await?;
    line(&format!(
        "{:.1} hours in {:.0} s; {} of what was expected was not so",
        clock.ahead.as_secs_f64() / 3_600.0,
        told.began.elapsed().as_secs_f64(),
        told.wrong
    ));
    Ok(told.wrong == 0)
}

/// A grant of alice's that bob countersigned, for eight hours; active, as the API shows it.
async fn granted(stage: &Stage, entitlement: &str) -> Result<Value, Failure> {
    // Nothing is granted while the newest anchor is old, and it is whenever hours have passed.
    anchored(stage).await?;
    let asked = answered("asking", 201, || stage.alice.submit(entitlement, LONG, "a long day")).await?;
    let id = text(&asked, "id");
    until(&format!("bob countersigns {id}"), PATIENCE, || async {
        let answered = stage.bob.approve(id, text(&asked, "digest")).await?;
        // It may have been done without an answer.
        let wait = answered.status >= 500 || answered.code() == "record_not_anchored";
        let done = matches!(answered.code(), "already_approved" | "already_decided");
        if wait {
            Ok(None)
        } else if done {
            Ok(Some(Value::Null))
        } else {
            answered.expect(200).map(Some)
        }
    })
    .await?;
    becomes(stage, id, "active").await
}

/// What is answered once anything is: on a busy machine a function may run out of time.
async fn answered<F>(what: &str, wanted: u16, call: impl Fn() -> F) -> Result<Value, Failure>
where
    F: Future<Output = Result<Reply, Failure>>,
{
    until(what, PATIENCE, || async {
        let reply = call().await?;
        if reply.status >= 500 { Ok(None) } else { reply.expect(wanted).map(Some) }
    })
    .await
}

/// AWS with fresh credentials of an active grant of alice's.
async fn fresh(stage: &Stage, id: &str) -> Result<Cloud, Failure> {
    let document = answered("credentials", 200, || stage.alice.credentials(id)).await?;
    stage.cloud(Keys::of_document(&document)?)
}

/// A request once it has this status.
async fn becomes(stage: &Stage, id: &str, status: &str) -> Result<Value, Failure> {
    until(&format!("{id} becomes {status}"), PATIENCE, || async {
        let shown = answered("looking", 200, || stage.alice.request(id)).await?;
        Ok((text(&shown, "status") == status).then_some(shown))
    })
    .await
}

/// Has the log anchored now. What fails on a busy machine is tried again, as it would be a minute later.
async fn anchored(stage: &Stage) -> Result<(), Failure> {
    let log = Log::of(stage)?;
    until("the log is anchored", PATIENCE, || async { Ok(log.minute().await.ok()) }).await
}

fn expires_at(shown: &Value) -> Result<SystemTime, Failure> {
    instant(text(shown, "expiresAt"))
}

/// What a call with the role answers, or why alice can't assume it.
async fn assumed(stage: &Stage, role: &str) -> Result<Answer, Failure> {
    let (answer, keys) = stage.as_person("alice")?.assume(role, None).await;
    Ok(match keys {
        Some(keys) => stage.cloud(keys)?.get_order("order-1001").await,
        None => answer,
    })
}

/// The role that was made for a grant.
fn role_of(shown: &Value) -> &str {
    shown.pointer("/access/roleArn").and_then(Value::as_str).unwrap_or_default()
}

/// Somebody ends a grant early: denied at once, and after the quarantine verified.
async fn early(stage: &Stage, clock: &mut Clock, told: &mut Told) -> Result<(), Failure> {
    let shown = granted(stage, "hours-session").await?;
    let id = text(&shown, "id");
    let cloud = fresh(stage, id).await?;
    told.allowed("a third grant", &cloud.get_order("order-1001").await);
    answered("ending", 200, || stage.bob.revoke(id, "that was enough")).await?;
    let denied = until("it is denied", PATIENCE, || async {
        Ok(Some(cloud.get_order("order-1001").await).filter(Answer::is_denied))
    });
    told.denied("ended early", &denied.await?);
    clock.pass(Duration::from_secs(90)).await?;
    let ended = becomes(stage, id, "ended").await?;
    told.check("after the quarantine it is ended", text(&ended, "endReason") == "revoked", text(&ended, "endReason"));
    clock.pass(Duration::from_mins(1)).await?;
    told.check("and verified", true, &verified(stage, id).await?);
    Ok(())
}

async fn verified(stage: &Stage, id: &str) -> Result<String, Failure> {
    until(&format!("the end of {id} is verified"), PATIENCE, || async {
        let shown = answered("looking", 200, || stage.dave.request(id)).await?;
        let status = shown.pointer("/verification/status").and_then(Value::as_str);
        let findings = shown.pointer("/verification/evidence/findings/0").and_then(Value::as_str);
        Ok((status == Some("verified")).then(|| findings.unwrap_or_default().to_owned()))
    })
    .await
}

/// Allowed a second before the end, and not after it: IAM itself, to the second.
async fn to_the_second(
    stage: &Stage,
    clock: &mut Clock,
    told: &mut Told,
    (shown, end): (&Value, SystemTime),
) -> Result<(), Failure> {
    let before = |seconds| end.checked_sub(Duration::from_secs(seconds)).unwrap_or(end);
    clock.pass_to(before(600)).await?;
    let cloud = fresh(stage, text(shown, "id")).await?;
    // A little more, since some time passes until everybody has seen it.
    clock.pass_to(before(2)).await?;
    let (mut last, mut answer);
    loop {
        last = now();
        answer = cloud.get_order("order-1001").await;
        if !answer.is_allowed() || seconds_after(last, end) > 5.0 {
            break;
        }
        told.check(
            "allowed right before the end",
            seconds_after(last, end) < 0.0,
            &format!("{:.0} ms before it", -seconds_after(last, end) * 1_000.0),
        );
        tokio::time::sleep(CLOSE.saturating_mul(20)).await;
    }
    let answered = seconds_after(now(), end);
    told.denied("denied from the end on", &answer);
    told.check("not before it", answered >= 0.0, &format!("{:.0} ms after it", answered * 1_000.0));
    Ok(())
}

/// Ended since its time was over, and proven; nothing that was made for it is left.
async fn ended(stage: &Stage, clock: &mut Clock, told: &mut Told, shown: &Value) -> Result<(), Failure> {
    let (id, end) = (text(shown, "id"), expires_at(shown)?);
    let ended = becomes(stage, id, "ended").await?;
    let late = seconds_after(instant(text(&ended, "endedAt"))?, end);
    let said = format!("{} {late:.0} s after", text(&ended, "endReason"));
    told.check("ended", text(&ended, "endReason") == "expired" && (0.0..=180.0).contains(&late), &said);
    clock.pass(Duration::from_secs(90)).await?;
    told.check("and verified", true, &verified(stage, id).await?);
    let scheduled = stage.root()?.scheduler().list_schedules().name_prefix(id).send().await;
    let scheduled = scheduled.map_err(|error| Failure::of("listing schedules", &error))?.schedules().len();
    told.check("its schedule is gone", scheduled == 0, &format!("{scheduled} left"));
    Ok(())
}

/// The schedule is taken away: reconciliation ends the grant.
async fn forgotten(stage: &Stage, clock: &mut Clock, told: &mut Told) -> Result<(), Failure> {
    let shown = granted(stage, "hours-role").await?;
    let (id, end, root) = (text(&shown, "id"), expires_at(&shown)?, stage.root()?);
    let group = stage.outputs.stack_outputs.get("ScheduleGroupName").cloned().unwrap_or_default();
    let dropped = root.scheduler().delete_schedule().group_name(group).name(id).send().await;
    dropped.map_err(|error| Failure::of("dropping a schedule", &error))?;
    clock.pass_to(end).await?;
    let answer = assumed(stage, role_of(&shown)).await?;
    told.check("a grant without its schedule: nobody gets in", !answer.is_allowed(), &answer.to_string());
    ended(stage, clock, told, &shown).await
}

/// Everything at once: denied, ended, and the order itself done once its time is over.
async fn panic(stage: &Stage, clock: &mut Clock, told: &mut Told) -> Result<(), Failure> {
    let shown = granted(stage, "hours-session").await?;
    let id = text(&shown, "id");
    let cloud = fresh(stage, id).await?;
    let operator = Api::of(&stage.outputs, "erin")?;
    let order = json!({"scope": {"all": true}, "reason": "an hour has come"});
    let running = answered("the order", 202, || operator.post("/v1/panic", &order)).await?;
    let denied = until("it is denied", PATIENCE, || async {
        Ok(Some(cloud.get_order("order-1001").await).filter(Answer::is_denied))
    });
    told.denied("a panic", &denied.await?);
    clock.pass(Duration::from_secs(90)).await?;
    let ended = becomes(stage, id, "ended").await?;
    told.check("what it ends", text(&ended, "endReason") == "panic", text(&ended, "endReason"));
    clock.pass(Duration::from_mins(1)).await?;
    let path = format!("/v1/sweeps/{}", text(&running, "id"));
    let over = until("the panic is over", PATIENCE, || async {
        let shown = answered("looking", 200, || operator.get(&path)).await?;
        Ok(Some(text(&shown, "status").to_owned()).filter(|status| status != "running"))
    });
    told.check("the order itself", true, &over.await?);
    told.check("and verified", true, &verified(stage, id).await?);
    Ok(())
}

/// The log has all of it, with a summary of each day, and is intact.
async fn log(stage: &Stage, clock: &mut Clock, told: &mut Told) -> Result<(), Failure> {
    // Hour by hour: what AWS makes each hour, such as CloudTrail's digests of every account, is not to come all at once.
    for _ in 0..24 {
        clock.pass(Duration::from_secs(HOUR)).await?;
        tokio::time::sleep(BREATH).await;
    }
    let log = Log::of(stage)?;
    let root = stage.root()?;
    let record = until("the log has all entries", PATIENCE, || async {
        anchored(stage).await?;
        let record = Record::read(&root, &stage.outputs.table_name).await?;
        let covered = log.checkpoint().await?.checkpoint.size();
        Ok((record.waiting == 0 && covered >= record.logged && log.anchored_size().await? == covered).then_some(record))
    })
    .await?;
    told.check("the log has all entries, signed and anchored", true, &format!("{} of them", record.entries));
    let days = record.names.get("dailySummary").copied().unwrap_or(0);
    told.check("a summary of each day that is over", days >= 1, &format!("{days}"));
    let verdict = Verdict::of(stage)?;
    told.check("countersign audit verify", verdict.findings.is_empty(), &verdict.to_string());
    for finding in verdict.findings {
        line(&format!("           {finding}"));
    }
    Ok(())
}
