//! Takes decisions about requests, from Slack's buttons and the API. No rules in here: parse,
//! call, answer.

mod api;
mod buttons;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::edge;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use slack::signature::Signatures;
use slack::workspace::Workspace;
use std::future::Future;
use workflow::ports::{Clock, CommitRequest, Fault, LoadRequest, Policies};

/// Slack, as far as this function needs it.
pub trait SlackSide: Send + Sync {
    /// The secrets in force that Slack signs with, at most some minutes old.
    fn signatures(&self) -> impl Future<Output = Result<Signatures, Fault>> + Send;

    /// Answers a press, visible to the person alone. Failing to is logged and nothing else.
    fn tell(
        &self,
        url: &slack::workspace::ResponseUrl,
        message: &slack::blocks::Message,
    ) -> impl Future<Output = ()> + Send;
}

/// Answers one call.
pub async fn handle<P>(ports: &P, workspace: &Workspace, event: ApiGatewayV2httpRequest) -> Answer
where
    P: Policies + LoadRequest + CommitRequest + Clock + SlackSide,
{
    edge::answered(answer(ports, workspace, event).await)
}

async fn answer<P>(ports: &P, workspace: &Workspace, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + CommitRequest + Clock + SlackSide,
{
    let call = Call::read(event)?;
    if call.route == "POST /slack/interactions" {
        return buttons::answer(ports, workspace, &call).await;
    }
    let actor = edge::caller(ports, &call).await?;
    api::answer(ports, &actor, &call).await
}
