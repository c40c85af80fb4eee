//! The one-time schedules that end grants: named after the request, gone after they fired.

use crate::fault::{fault, unsendable};
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::create_schedule::CreateScheduleError;
use aws_sdk_scheduler::operation::delete_schedule::DeleteScheduleError;
use aws_sdk_scheduler::operation::get_schedule::{GetScheduleError, GetScheduleOutput};
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, ScheduleState,
    Target,
};
use model::names::RequestId;
use model::time::Time;
use workflow::ports::{ArmRevocation, DisarmRevocation, Fault};

const ARM: &str = "arm the revocation";
const DISARM: &str = "take out the schedule";

/// How often the scheduler tries to deliver, at most: as often as it can.
/// Source: EventBridge Scheduler API reference, `RetryPolicy`.
const RETRIES: i32 = 185;

/// For how long it tries, in seconds: as long as it can.
const EVENT_AGE: i32 = 86_400;

/// The schedules of one group.
#[derive(Debug, Clone)]
pub struct Schedules {
    client: Client,
    group: String,
}

/// What a schedule calls, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleTarget {
    /// The revocation function.
    pub function_arn: String,
    /// The role the scheduler calls it with.
    pub role_arn: String,
    /// The queue for calls that could not be delivered.
    pub dead_letters_arn: String,
}

/// Schedules that can also be made.
#[derive(Debug, Clone)]
pub struct ArmingSchedules {
    schedules: Schedules,
    target: ScheduleTarget,
}

impl Schedules {
    /// The schedules of `group`.
    pub fn new(client: Client, group: &str) -> Self {
        Self { client, group: group.to_owned() }
    }
}

impl DisarmRevocation for Schedules {
    async fn disarm(&self, id: &RequestId) -> Result<(), Fault> {
        let found = match self.client.get_schedule().group_name(&self.group).name(id.as_str()).send().await {
            Ok(found) => found,
            Err(error) if error.as_service_error().is_some_and(GetScheduleError::is_resource_not_found_exception) => {
                return Ok(());
            }
            Err(error) => return Err(fault(DISARM, &error)),
        };
        if found.target().is_none_or(|target| target.input() != Some(input(id).as_str())) {
            tracing::error!(request.id = %id, alarm = "schedule_squatted",
                "the schedule {id} is not of Countersign's making; it is left alone");
            return Ok(());
        }
        let deleted = self
            .client
            .delete_schedule()
            .group_name(&self.group)
            .name(id.as_str())
            .client_token(format!("{id}-disarm"))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(DeleteScheduleError::is_resource_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(fault(DISARM, &error)),
        }
    }
}

impl DisarmRevocation for ArmingSchedules {
    async fn disarm(&self, id: &RequestId) -> Result<(), Fault> {
        self.schedules.disarm(id).await
    }
}

impl ArmingSchedules {
    /// Schedules of this group that call `target`.
    pub fn new(schedules: Schedules, target: ScheduleTarget) -> Self {
        Self { schedules, target }
    }

    fn target(&self, id: &RequestId) -> Result<Target, Fault> {
        Target::builder()
            .arn(&self.target.function_arn)
            .role_arn(&self.target.role_arn)
            .input(input(id))
            .retry_policy(
                RetryPolicy::builder().maximum_retry_attempts(RETRIES).maximum_event_age_in_seconds(EVENT_AGE).build(),
            )
            .dead_letter_config(DeadLetterConfig::builder().arn(&self.target.dead_letters_arn).build())
            .build()
            .map_err(unsendable(ARM))
    }

    /// Whether `found` fires at the same time and does the same.
    fn is_same(&self, found: &GetScheduleOutput, id: &RequestId, at: Time) -> bool {
        found.schedule_expression() == Some(expression(at).as_str())
            && found.schedule_expression_timezone().is_none_or(|zone| zone == "UTC")
            && found.state().is_none_or(|state| *state == ScheduleState::Enabled)
            && found.target().is_some_and(|target| {
                target.arn() == self.target.function_arn && target.input() == Some(input(id).as_str())
            })
    }
}

impl ArmRevocation for ArmingSchedules {
    async fn arm(&self, id: &RequestId, at: Time) -> Result<(), Fault> {
        let window =
            FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(unsendable(ARM))?;
        let Schedules { client, group } = &self.schedules;
        let created = client
            .create_schedule()
            .group_name(group)
            .name(id.as_str())
            .schedule_expression(expression(at))
            .schedule_expression_timezone("UTC")
            .flexible_time_window(window)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target(id)?)
            .client_token(id.as_str())
            .send()
            .await;
        let Err(error) = created else { return Ok(()) };
        if !error.as_service_error().is_some_and(CreateScheduleError::is_conflict_exception) {
            return Err(fault(ARM, &error));
        }
        // One exists: ours from before, or one that must not be adopted.
        let found = client
            .get_schedule()
            .group_name(group)
            .name(id.as_str())
            .send()
            .await
            .map_err(|error| fault(ARM, &error))?;
        if self.is_same(&found, id, at) { Ok(()) } else { Err(Fault::new(ARM, "schedule_mismatch")) }
    }
}

fn expression(at: Time) -> String {
    format!("at({})", at.for_schedule())
}

fn input(id: &RequestId) -> String {
    serde_json::json!({ "requestId": id }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{NOW, World, id};
    use serde_json::{Value, json};

    type Change = fn(&mut Value);

    fn schedules(world: &World) -> ArmingSchedules {
        let target = ScheduleTarget {
            function_arn: "arn:aws:lambda:us-east-1:111111111111:function:countersign-revocation".to_owned(),
            role_arn: "arn:aws:iam::111111111111:role/countersign-system/countersign-schedule".to_owned(),
            dead_letters_arn: "arn:aws:sqs:us-east-1:111111111111:countersign-schedule-dlq".to_owned(),
        };
        world.clients().arming_schedules("countersign-expiry", target)
    }

    fn error(status: u16, code: &str) -> (u16, Value) {
        (status, json!({"__type": code, "Message": "no"}))
    }

    fn shown(world: &World, change: impl FnOnce(&mut Value)) -> (u16, Value) {
        let mut sent = world.json(0);
        change(&mut sent);
        (200, sent)
    }

    async fn created() -> World {
        let world = World::answering(vec![(200, json!({"ScheduleArn": "arn"}))]);
        schedules(&world).arm(&id(), NOW.parse().unwrap()).await.unwrap();
        world
    }

    #[tokio::test]
    async fn it_fires_once_in_utc_and_is_gone_afterwards() {
        let world = created().await;
        let sent = world.json(0);
        assert_eq!(world.sent()[0].method, "POST");
        assert!(world.sent()[0].uri.ends_with(&format!("/schedules/{}", id())), "{}", world.sent()[0].uri);
        assert_eq!(sent["ScheduleExpression"], "at(2026-11-20T19:00:00)");
        assert_eq!(sent["ScheduleExpressionTimezone"], "UTC");
        assert_eq!(sent["FlexibleTimeWindow"]["Mode"], "OFF");
        assert_eq!(sent["ActionAfterCompletion"], "DELETE");
        assert_eq!(sent["GroupName"], "countersign-expiry");
        assert_eq!(sent["ClientToken"], id().as_str());
        let target = &sent["Target"];
        assert_eq!(target["Input"], json!({"requestId": id()}).to_string());
        assert_eq!(target["RetryPolicy"], json!({"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}));
        assert_eq!(target["DeadLetterConfig"]["Arn"], "arn:aws:sqs:us-east-1:111111111111:countersign-schedule-dlq");
    }

    #[tokio::test]
    async fn one_that_exists_is_taken_for_ours_only_if_it_does_the_same() {
        let made = created().await;
        let other: [(bool, Change); 5] = [
            (true, |_| {}),
            (false, |found| found["ScheduleExpression"] = "at(2026-11-20T20:00:00)".into()),
            (false, |found| found["Target"]["Arn"] = "arn:aws:lambda:us-east-1:111111111111:function:other".into()),
            (false, |found| found["Target"]["Input"] = "{}".into()),
            (false, |found| found["State"] = "DISABLED".into()),
        ];
        for (same, change) in other {
            let world = World::answering(vec![error(409, "ConflictException"), shown(&made, change)]);
            let expected = if same { Ok(()) } else { Err(Fault::new(ARM, "schedule_mismatch")) };
            assert_eq!(schedules(&world).arm(&id(), NOW.parse().unwrap()).await, expected);
        }
    }

    #[tokio::test]
    async fn one_that_is_gone_is_taken_out() {
        let made = created().await;
        let world = World::answering(vec![
            error(404, "ResourceNotFoundException"),
            shown(&made, |_| {}),
            error(404, "ResourceNotFoundException"),
            shown(&made, |_| {}),
            error(403, "AccessDeniedException"),
            error(403, "AccessDeniedException"),
        ]);
        let schedules = schedules(&world);
        assert_eq!(schedules.disarm(&id()).await, Ok(()));
        assert_eq!(schedules.disarm(&id()).await, Ok(()));
        assert_eq!(schedules.disarm(&id()).await, Err(Fault::new(DISARM, "AccessDenied")));
        assert_eq!(schedules.disarm(&id()).await, Err(Fault::new(DISARM, "AccessDenied")));
        let methods: Vec<String> = world.sent().iter().map(|sent| sent.method.clone()).collect();
        assert_eq!(methods, ["GET", "GET", "DELETE", "GET", "DELETE", "GET"]);
    }

    #[tokio::test]
    async fn one_of_somebody_else_stays() {
        let made = created().await;
        let world = World::answering(vec![shown(&made, |found| found["Target"]["Input"] = "{}".into())]);
        assert_eq!(schedules(&world).disarm(&id()).await, Ok(()));
        assert_eq!(world.sent().len(), 1);
    }
}
