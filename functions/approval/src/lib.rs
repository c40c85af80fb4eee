//! Takes decisions about requests through the API. No rules in here: parse, call, answer.

mod api;
mod sweeps;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda::edge;
use lambda::http::{Answer, Call};
use lambda::problem::Problem;
use workflow::ports::{
    Clock, CommitRequest, CommitSweep, FindByKey, Identifiers, LoadRequest, LoadSweep, Policies, ReadBar,
};

/// Answers one call.
pub async fn handle<P>(ports: &P, event: ApiGatewayV2httpRequest) -> Answer
where
    P: Policies + LoadRequest + CommitRequest + FindByKey + LoadSweep + CommitSweep + ReadBar + Clock + Identifiers,
{
    edge::answered(answer(ports, event).await)
}

async fn answer<P>(ports: &P, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem>
where
    P: Policies + LoadRequest + CommitRequest + FindByKey + LoadSweep + CommitSweep + ReadBar + Clock + Identifiers,
{
    let call = Call::read(event)?;
    let actor = edge::caller(ports, &call).await?;
    if sweeps::ROUTES.contains(&call.route.as_str()) {
        return sweeps::answer(ports, &actor, &call).await;
    }
    api::answer(ports, &actor, &call).await
}
