//! Answers everything that Slack sends: commands, presses of buttons, modals, type-ahead, the Home tab. No rules in
//! here: verify, parse, call, answer.
//!
//! Slack waits three seconds for an answer, and that long a `trigger_id` opens a modal: so nothing is handed on to
//! another function, and what Slack is asked meanwhile is bounded in time.

mod approve;
mod ask;
mod commands;
mod door;
mod extend;
mod home;
mod press;
mod said;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::edge;
use lambda::http::{Answer, Call, LONGEST_BODY};
use lambda::problem::Problem;
use model::names::{AccountId, SlackUser};
use serde_json::json;
use slack::blocks::{Message, View};
use slack::limits::BODY_BYTES;
use slack::payload::{AppEvent, Interaction, PayloadError, Suggestion};
use slack::signature::Signatures;
use slack::web::OpenedView;
use slack::workspace::{ResponseUrl, Workspace};
use std::future::Future;
use workflow::ports::{
    Clock, CommitRequest, Fault, FindByKey, Identifiers, ListRequests, LoadEntries, LoadRequest, LoadRequests, Policies,
};

/// Slack did not show what it was asked to: the code says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotShown {
    /// A stable code.
    pub code: String,
    /// Whether the same may work later.
    pub passes: bool,
}

/// Slack's other side, as far as this function needs it. Every call is over within a second or two.
pub trait SlackSide: Send + Sync {
    /// The secrets in force that Slack signs with, at most some minutes old.
    fn signatures(&self) -> impl Future<Output = Result<Signatures, Fault>> + Send;
    /// Tells who gave a command or pressed a button how it went, privately. That it went so is stored: a failure here
    /// is logged, and changes nothing.
    fn tell(&self, url: &ResponseUrl, message: &Message) -> impl Future<Output = ()> + Send;
    /// Opens a modal.
    fn open(&self, trigger_id: &str, view: &View) -> impl Future<Output = Result<OpenedView, NotShown>> + Send;
    /// Replaces a modal, if it is still as it was.
    fn update(&self, id: &str, hash: Option<&str>, view: &View) -> impl Future<Output = Result<(), NotShown>> + Send;
    /// Sets somebody's Home tab.
    fn publish_home(&self, user: &SlackUser, view: &View) -> impl Future<Output = Result<(), NotShown>> + Send;
}

/// What this installation is.
#[derive(Debug)]
pub struct Installation {
    /// The Slack workspace and app that may come in.
    pub workspace: Workspace,
    /// The accounts it makes grants in.
    pub accounts: Vec<AccountId>,
}

workflow::together! {
    /// All that this function asks of the outside.
    pub Ports:
        Policies, LoadRequest, LoadRequests, LoadEntries, ListRequests, CommitRequest, FindByKey, Clock,
        Identifiers, SlackSide,
}

/// The routes to which modals are sent.
const FROM_MODALS: [&str; 2] = ["POST /slack/interactions", "POST /slack/options"];

/// Answers one call.
pub async fn handle<P: Ports>(ports: &P, here: &Installation, event: ApiGatewayV2httpRequest) -> Answer {
    edge::answered(answer(ports, here, event).await)
}

async fn answer<P: Ports>(ports: &P, here: &Installation, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem> {
    // What comes from a modal repeats the modal.
    let modal = event.request_context.route_key.as_deref().is_some_and(|route| FROM_MODALS.contains(&route));
    let call = Call::read_within(event, if modal { BODY_BYTES } else { LONGEST_BODY })?;
    let verified = door::verify(ports, &call).await?;
    match call.route.as_str() {
        "POST /slack/commands" => commands::answer(ports, here, &verified, &call).await,
        "POST /slack/interactions" => {
            match Interaction::read(&call.body, &here.workspace) {
                Ok(interaction) => interact(ports, here, &verified, interaction).await,
                // Its fields are those of another entitlement: to guess what is meant could ask for more.
                Err(PayloadError::StaleForm) => Ok(ask::stale()),
                Err(error) => Err(door::unreadable(error)),
            }
        }
        "POST /slack/options" => {
            let suggestion = Suggestion::read(&call.body, &here.workspace).map_err(door::unreadable)?;
            ask::options(ports, &suggestion).await
        }
        "POST /slack/events" => match AppEvent::read(&call.body, &here.workspace).map_err(door::unreadable)? {
            AppEvent::Challenge(challenge) => Ok(Answer::json(200, &json!({"challenge": challenge}))),
            AppEvent::HomeOpened { user, .. } => home::opened(ports, &user).await,
            AppEvent::Other => Ok(Answer::received()),
        },
        _ => Err(Problem::no_route()),
    }
}

async fn interact<P: Ports>(
    ports: &P,
    here: &Installation,
    verified: &slack::signature::Verified,
    interaction: Interaction,
) -> Result<Answer, Problem> {
    match interaction {
        Interaction::Pressed(press) => press::answer(ports, verified, &press).await,
        Interaction::Asked(asked) => {
            ask::open(ports, &asked.user, &asked.trigger_id, asked.entitlement.as_deref()).await;
            Ok(Answer::received())
        }
        Interaction::Refreshed(refreshed) => home::opened(ports, &refreshed.user).await,
        Interaction::Chosen(chosen) => {
            ask::chosen(ports, &chosen).await;
            Ok(Answer::received())
        }
        Interaction::Submitted(submitted) => match &submitted.what {
            slack::payload::Submission::Ask(form) => ask::submitted(ports, here, verified, &submitted, form).await,
            slack::payload::Submission::Approve { request, digest, form } => {
                approve::submitted(ports, verified, &submitted, request, *digest, form).await
            }
            slack::payload::Submission::Deny { request, reason, .. } => {
                press::denied(ports, verified, &submitted, request, reason).await
            }
            slack::payload::Submission::Extend { request, form } => {
                extend::submitted(ports, &submitted, request, form).await
            }
        },
        Interaction::Closed => Ok(Answer::received()),
    }
}

#[cfg(test)]
mod tests;
