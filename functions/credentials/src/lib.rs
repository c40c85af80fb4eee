//! Hands the requester sessions of an active grant. No rules in here: parse, call, answer.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::edge;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::names::RequestId;
use workflow::credentials::{credential_process, credentials};
use workflow::ports::{AssumeBaseRole, Clock, CommitRequest, LoadRequest, Policies};

/// Answers one call.
pub async fn handle<P>(ports: &P, event: ApiGatewayV2httpRequest) -> Answer
where
    P: Policies + LoadRequest + CommitRequest + Clock + AssumeBaseRole,
{
    edge::answered(answer(ports, event).await)
}

async fn answer<P>(ports: &P, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + CommitRequest + Clock + AssumeBaseRole,
{
    let call = Call::read(event)?;
    if call.route != "POST /v1/requests/{id}/credentials" {
        return Err(Problem::no_route());
    }
    let actor = edge::caller(ports, &call).await?;
    let id: RequestId = call.path("id").parse().map_err(|_| Problem::not_found())?;
    let credentials = credentials(ports, &actor, &id).await?;
    Ok(Answer::json(200, &credential_process(&credentials)))
}
