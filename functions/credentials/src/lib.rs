//! Hands the requester sessions of an active grant. No rules in here: parse, call, answer.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use model::identity::Actor;
use model::names::RequestId;
use workflow::command::CommandError;
use workflow::credentials::{credential_process, credentials};
use workflow::ports::{AssumeBaseRole, Clock, CommitRequest, LoadRequest, Policies};

/// Answers one call.
pub async fn handle<P>(ports: &P, event: ApiGatewayV2httpRequest) -> Answer
where
    P: Policies + LoadRequest + CommitRequest + Clock + AssumeBaseRole,
{
    match answer(ports, event).await {
        Ok(answer) => answer,
        Err(problem) => {
            tracing::warn!(
                status = problem.status,
                error.code = problem.code,
                "answered {} {}",
                problem.status,
                problem.code
            );
            problem.answer()
        }
    }
}

async fn answer<P>(ports: &P, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + CommitRequest + Clock + AssumeBaseRole,
{
    let call = Call::read(event)?;
    if call.route != "POST /v1/requests/{id}/credentials" {
        return Err(Problem::no_route());
    }
    let actor = caller(ports, &call).await?;
    let id: RequestId = call.path("id").parse().map_err(|_| Problem::not_found())?;
    match credentials(ports, &actor, &id).await {
        Ok(credentials) => Ok(Answer::json(200, &credential_process(&credentials))),
        Err(CommandError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => Err(error.into()),
    }
}

async fn caller<P: Policies>(ports: &P, call: &Call) -> Result<Actor, Problem> {
    let policy = ports.policy().await?;
    call.caller.as_deref().and_then(|arn| policy.catalog().by_caller(arn)).ok_or_else(Problem::unknown_caller)
}
