//! Cold starts on the local cloud.

use std::time::Duration;

use end_to_end::failure::Failure;
use end_to_end::outputs::Outputs;
use end_to_end::signing::{Call, Keys, Signer};
use end_to_end::waiting::until;
use reqwest::Method;
use serde_json::{Value, json};

/// How long an update of a function may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The processes of the function that answers Slack.
#[derive(Debug)]
pub(crate) struct Processes {
    signer: Signer,
    url: String,
}

impl Processes {
    pub(crate) fn of(outputs: &Outputs) -> Result<Self, Failure> {
        let function = format!("{}-conversation", outputs.stack_name);
        let url = format!("{}/2015-03-31/functions/{function}/configuration", outputs.endpoint_url);
        Ok(Self { signer: Signer::new(&outputs.region)?, url })
    }

    /// Ends them all, as Lambda does when a function's configuration is updated: with what it was. The next message starts
    /// another one.
    pub(crate) async fn end(&self) -> Result<(), Failure> {
        let memory = self.call(Method::GET, &Value::Null).await?.get("MemorySize").cloned().unwrap_or_default();
        self.call(Method::PUT, &json!({"MemorySize": memory})).await?;
        until("the function is updated", PATIENCE, || async {
            let now = self.call(Method::GET, &Value::Null).await?;
            let is = |field: &str, wanted: &str| now.get(field).and_then(Value::as_str) == Some(wanted);
            Ok((is("State", "Active") && is("LastUpdateStatus", "Successful")).then_some(()))
        })
        .await
    }

    async fn call(&self, method: Method, body: &Value) -> Result<Value, Failure> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let headers = vec![("content-type", "application/json")];
        let call = Call { method, url: self.url.clone(), headers, body };
        let answered = self.signer.send(&Keys::root(), "lambda", &call).await?;
        if answered.status != 200 {
            return Err(Failure::new(format!("Lambda says {}: {}", answered.status, answered.body)));
        }
        serde_json::from_str(&answered.body).map_err(|error| Failure::of("reading a function", &error))
    }
}
