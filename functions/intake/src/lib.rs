//! Takes requests, from Slack's slash command and the API, and answers questions about them. No
//! rules in here: parse, call, answer.

mod api;
mod commands;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::edge;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::names::AccountId;
use slack::signature::Signatures;
use slack::workspace::Workspace;
use std::future::Future;
use workflow::ports::{
    Clock, CommitRequest, Fault, FindByKey, Identifiers, ListRequests, LoadEntries, LoadRequest, Policies,
};

/// The secrets that Slack signs with.
pub trait SigningSecrets: Send + Sync {
    /// Those in force, at most some minutes old.
    fn signatures(&self) -> impl Future<Output = Result<Signatures, Fault>> + Send;
}

/// What this installation is.
#[derive(Debug)]
pub struct Installation {
    /// The Slack workspace and app that may come in.
    pub workspace: Workspace,
    /// The account it makes grants in.
    pub account: AccountId,
}

/// Answers one call.
pub async fn handle<P>(ports: &P, here: &Installation, event: ApiGatewayV2httpRequest) -> Answer
where
    P: Policies
        + LoadRequest
        + LoadEntries
        + ListRequests
        + CommitRequest
        + FindByKey
        + Clock
        + Identifiers
        + SigningSecrets,
{
    edge::answered(answer(ports, here, event).await)
}

async fn answer<P>(ports: &P, here: &Installation, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem>
where
    P: Policies
        + LoadRequest
        + LoadEntries
        + ListRequests
        + CommitRequest
        + FindByKey
        + Clock
        + Identifiers
        + SigningSecrets,
{
    let call = Call::read(event)?;
    if call.route == "POST /slack/commands" {
        return commands::answer(ports, here, &call).await;
    }
    let actor = edge::caller(ports, &call).await?;
    api::answer(ports, here, &actor, &call).await
}
