//! Takes requests through the API, and answers questions about them. No rules in here: parse, call, answer.

mod api;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::edge;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::names::AccountId;
use workflow::ports::{
    Clock, CommitRequest, FindByKey, Identifiers, ListRequests, LoadEntries, LoadRequest, LoadRequests, Policies,
};

/// What this installation is.
#[derive(Debug)]
pub struct Installation {
    /// The accounts it makes grants in.
    pub accounts: Vec<AccountId>,
}

workflow::together! {
    /// All that this function asks of the outside.
    pub Ports:
        Policies, LoadRequest, LoadRequests, LoadEntries, ListRequests, CommitRequest, FindByKey, Clock,
        Identifiers,
}

/// Answers one call.
pub async fn handle<P: Ports>(ports: &P, here: &Installation, event: ApiGatewayV2httpRequest) -> Answer {
    edge::answered(answer(ports, here, event).await)
}

async fn answer<P: Ports>(ports: &P, here: &Installation, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem> {
    let call = Call::read(event)?;
    let actor = edge::caller(ports, &call).await?;
    api::answer(ports, here, &actor, &call).await
}
