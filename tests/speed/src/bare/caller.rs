//! The same with one client of AWS, made as the functions make theirs, and one call for each event: what a call itself
//! takes of a function's time.

use aws::clients::Clients;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use model::names::RequestId;
use serde_json::{Value, json};
use workflow::ports::LoadRequest as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let table = Clients::from_env()?.table("countersign");
    let id: RequestId = "req_00000000000000000000000000000000".parse()?;
    let (table, id) = (&table, &id);
    lambda_runtime::run(service_fn(|_: LambdaEvent<Value>| async move {
        Ok::<_, Error>(json!({"found": table.load(id).await?.is_some()}))
    }))
    .await
}
