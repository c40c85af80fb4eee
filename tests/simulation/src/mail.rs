//! What wakes functions: events of the bus, schedules, timers, batches of the table's stream, calls of people.

use crate::site::{Site, Vouching};
use crate::worker::Done;
use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda::http::Answer;
use model::names::AccountId;
use model::time::Time;
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use slack::workspace::Workspace;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use workflow::double::{Change, home};
use workflow::ports::Published;

/// Which function is woken, or which person runs a command themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Activity,
    Approval,
    Audit,
    Conversation,
    Credentials,
    Grant,
    Intake,
    Notification,
    /// An operator who erases words with the command line.
    Operator,
    Publication,
    Reconciliation,
    Revocation,
    Witness,
}

impl To {
    /// Every one.
    pub(crate) const ALL: [Self; 13] = [
        Self::Activity,
        Self::Approval,
        Self::Audit,
        Self::Conversation,
        Self::Credentials,
        Self::Grant,
        Self::Intake,
        Self::Notification,
        Self::Operator,
        Self::Publication,
        Self::Reconciliation,
        Self::Revocation,
        Self::Witness,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Approval => "approval",
            Self::Audit => "audit",
            Self::Conversation => "conversation",
            Self::Credentials => "credentials",
            Self::Grant => "grant",
            Self::Intake => "intake",
            Self::Notification => "notification",
            Self::Operator => "operator",
            Self::Publication => "publication",
            Self::Reconciliation => "reconciliation",
            Self::Revocation => "revocation",
            Self::Witness => "witness",
        }
    }

    /// Whether it is a call that somebody waits for, and nobody repeats.
    pub(crate) fn is_call(self) -> bool {
        match self {
            Self::Approval | Self::Conversation | Self::Credentials | Self::Intake | Self::Operator => true,
            Self::Activity
            | Self::Audit
            | Self::Grant
            | Self::Notification
            | Self::Publication
            | Self::Reconciliation
            | Self::Revocation
            | Self::Witness => false,
        }
    }
}

/// What a function is told.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) to: To,
    /// The event, as the service sends it.
    pub(crate) event: Value,
    /// When it may come.
    pub(crate) due: Time,
    pub(crate) tries: u32,
    /// What it is, for whoever reads a trace.
    pub(crate) what: String,
    /// Whether nobody who may has sent it: nothing may come of it.
    pub(crate) forged: bool,
    /// What Slack signed it with.
    pub(crate) signed: Option<&'static str>,
    /// Of a batch: which consumer of which shard it is for, and how many records it has.
    pub(crate) batch: Option<(usize, usize, usize)>,
}

impl Letter {
    pub(crate) fn new(to: To, what: impl Into<String>, event: Value, due: Time) -> Self {
        Self { to, event, due, tries: 0, what: what.into(), forged: false, signed: None, batch: None }
    }

    /// A timer that fires.
    pub(crate) fn timer(to: To, due: Time) -> Self {
        Self::new(to, "timer", json!({}), due)
    }

    /// A schedule that fires.
    pub(crate) fn schedule(id: &str, due: Time) -> Self {
        Self::new(To::Revocation, format!("schedule of {id}"), json!({"requestId": id}), due)
    }

    /// What the bus hands on of one event, by the rules of `template.yaml`.
    pub(crate) fn of_bus(event: &Published, detail: &Value, due: Time) -> Vec<Self> {
        let handed = json!({"source": "countersign", "detail-type": event.name, "detail": detail});
        let about = ["requestId", "sweepId", "accountId", "stream"].iter().find_map(|name| detail[name].as_str());
        let what = format!("{} of {}", event.name, about.unwrap_or("nothing"));
        let to = |to| Self::new(to, what.clone(), handed.clone(), due);
        let mut letters = Vec::new();
        match event.name.as_str() {
            "provisioningStarted" => letters.push(to(To::Grant)),
            "revocationStarted" | "panicStarted" | "offboardingStarted" => letters.push(to(To::Revocation)),
            _ => {}
        }
        if TOLD.contains(&event.name.as_str()) {
            letters.push(to(To::Notification));
        }
        letters
    }

    /// What of it concerns whoever looks for what is done under grants.
    pub(crate) fn about_use(event: &Published, detail: &Value, due: Time) -> Option<Self> {
        let handed = json!({"source": "countersign", "detail-type": event.name, "detail": detail});
        let what = format!("{} of {}", event.name, detail["requestId"].as_str().unwrap_or_default());
        ["grantActivated", "grantEnded"]
            .contains(&event.name.as_str())
            .then(|| Self::new(To::Activity, what, handed, due))
    }

    /// A batch of the stream as its consumers get it: the table's own changes, or what was put into the outbox.
    pub(crate) fn batch(to: To, place: (usize, usize), records: &[Record], due: Time) -> Self {
        let records: Vec<Value> = records.iter().map(|record| record.event(to)).collect();
        let what = format!("{} records of shard {}", records.len(), place.0);
        let batch = Some((place.0, place.1, records.len()));
        Self { batch, ..Self::new(to, what, json!({"Records": records}), due) }
    }
}

/// What people are told about. Source: `template.yaml`, `NotificationRule`; a test compares.
pub(crate) const TOLD: [&str; 18] = [
    "activityFinding",
    "activitySummarised",
    "approvalGiven",
    "approversReminded",
    "driftFound",
    "endedUnverified",
    "expiryAnnounced",
    "grantActivated",
    "grantEnded",
    "requestApproved",
    "requestCancelled",
    "requestDenied",
    "requestLapsed",
    "requestSubmitted",
    "revocationAttemptFailed",
    "revocationStarted",
    "termsNarrowed",
    "verifiedEnded",
];

/// A record of the table's stream.
#[derive(Debug, Clone)]
pub(crate) enum Record {
    /// An entry, with its number.
    Entry(u64, Change),
    /// Something that nobody can read, with its number.
    Poison(u64),
}

impl Record {
    pub(crate) fn number(&self) -> u64 {
        match self {
            Self::Entry(number, _) | Self::Poison(number) => *number,
        }
    }

    /// As Lambda hands it to this consumer.
    fn event(&self, to: To) -> Value {
        match (self, to) {
            (Self::Entry(number, change), To::Audit) => json!({"dynamodb": {
                "SequenceNumber": number.to_string(), "ApproximateCreationDateTime": change.at.as_second(),
                "Keys": {"pk": {"S": format!("OUT#{}", change.place.stream)}, "sk": {"S": format!("{:06}", change.place.seq)}},
            }}),
            (Self::Poison(number), To::Audit) => json!({"dynamodb": {
                "SequenceNumber": number.to_string(), "Keys": {"pk": {"S": "OUT#nobody's"}, "sk": {"S": "1"}},
            }}),
            (Self::Entry(number, change), _) => json!({"dynamodb": {
                "SequenceNumber": number.to_string(),
                "NewImage": {"sk": {"S": format!("EVENT#{:06}", change.place.seq)}, "event": {"B": STANDARD.encode(&change.bytes)}},
            }}),
            (Self::Poison(number), _) => json!({"dynamodb": {
                "SequenceNumber": number.to_string(),
                "NewImage": {"sk": {"S": "EVENT#000001"}, "event": {"B": "bm90IGFuIGVudHJ5"}},
            }}),
        }
    }
}

/// The Slack workspace that is ours.
pub(crate) const TEAM: &str = "T0COUNTER1";
/// Our app.
pub(crate) const APP: &str = "A0COUNTER1";

static ACCOUNTS: LazyLock<Vec<AccountId>> = LazyLock::new(|| vec![home()]);
static TALKS: LazyLock<conversation::Installation> = LazyLock::new(|| conversation::Installation {
    workspace: Workspace::new(vec![TEAM.to_owned()], APP.to_owned()),
    accounts: ACCOUNTS.clone(),
});
static TAKES: LazyLock<intake::Installation> = LazyLock::new(|| intake::Installation { accounts: ACCOUNTS.clone() });

pub(crate) type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// Starts the function that `letter` is for.
pub(crate) fn invoke(site: &Arc<Site>, letter: &Letter) -> Work {
    let (site, event) = (Arc::clone(site), letter.event.clone());
    match letter.to {
        To::Activity => Box::pin(async move {
            match Box::pin(activity::handle(&site.world, to_raw_value(&event).unwrap())).await {
                Ok(Some(answer)) => Done::Answered(answer),
                Ok(None) => Done::Well,
                Err(_) => Done::Badly,
            }
        }),
        To::Approval => answering(event, move |call| async move { approval::handle(&site.world, call).await }),
        To::Intake => answering(event, move |call| async move { intake::handle(&site.world, &TAKES, call).await }),
        To::Credentials => answering(event, move |call| async move { credentials::handle(&site.world, call).await }),
        To::Conversation => {
            answering(event, move |call| async move { conversation::handle(&*site, &TALKS, call).await })
        }
        To::Grant => Box::pin(async move { done(&grant::handle(&site.world, event).await) }),
        To::Revocation => Box::pin(async move { done(&Box::pin(revocation::handle(&site.world, event)).await) }),
        To::Notification => Box::pin(async move { done(&notification::handle(&*site, event).await) }),
        To::Reconciliation => {
            Box::pin(async move { done(&reconciliation::handle(&site.world, &ACCOUNTS, event).await) })
        }
        To::Audit => Box::pin(async move { done(&audit::handle(&site.world, read(event)).await) }),
        To::Publication => Box::pin(async move {
            let outcome = publication::handle(&*site, read(event)).await;
            let outcome = serde_json::to_value(outcome).unwrap();
            let failed = outcome.pointer("/batchItemFailures/0/itemIdentifier").and_then(Value::as_str);
            Done::Batch(failed.map(str::to_owned))
        }),
        To::Witness => Box::pin(async move {
            match Vouching::new(&site) {
                Some(vouching) => done(&witness::handle(&vouching, "anchors", read(event)).await),
                None => Done::Well,
            }
        }),
        To::Operator => Box::pin(async move {
            let id = event["requestId"].as_str().unwrap_or_default().parse().unwrap();
            let by = "arn:aws:iam::111111111111:user/erin";
            drop(workflow::erasure::erase(&site.world, &id, by).await);
            Done::Well
        }),
    }
}

fn read<T: DeserializeOwned>(event: Value) -> T {
    serde_json::from_value(event).unwrap()
}

fn answering<F>(event: Value, handle: impl FnOnce(ApiGatewayV2httpRequest) -> F + Send + 'static) -> Work
where
    F: Future<Output = Answer> + Send + 'static,
{
    Box::pin(async move { Done::Answered(handle(read(event)).await) })
}

fn done<T, E>(outcome: &Result<T, E>) -> Done {
    if outcome.is_ok() { Done::Well } else { Done::Badly }
}
