//! Countersign's API, as a person calls it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::signing::{Call, Keys, Signer};
use crate::waiting::until;

/// How long a request may take from one status to the next, cold starts, retries and other tests included.
const PATIENCE: Duration = Duration::from_mins(2);

/// The API with one person's keys.
#[derive(Debug, Clone)]
pub struct Api {
    signer: Signer,
    url: String,
    keys: Keys,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Content type.
    pub content_type: String,
    /// The JSON, or the text as a JSON string if it is none.
    pub body: Value,
}

impl Reply {
    /// The body, if the status is `wanted`.
    ///
    /// # Errors
    /// It is another.
    pub fn expect(self, wanted: u16) -> Result<Value, Failure> {
        if self.status == wanted {
            return Ok(self.body);
        }
        Err(Failure::new(format!("expected status {wanted}, got {} {}", self.status, self.body)))
    }

    /// A text of the body, by its field.
    pub fn text(&self, field: &str) -> &str {
        text(&self.body, field)
    }

    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.text("code")
    }
}

/// A text of a JSON object, by its field; empty if there is none.
pub fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

impl Api {
    /// As the person with this id.
    ///
    /// # Errors
    /// There is no such person.
    pub fn of(outputs: &Outputs, person: &str) -> Result<Self, Failure> {
        Self::with(outputs, Keys::of(outputs.person(person)?))
    }

    /// With any keys.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn with(outputs: &Outputs, keys: Keys) -> Result<Self, Failure> {
        Ok(Self { signer: Signer::new(&outputs.region)?, url: outputs.api_url.clone(), keys })
    }

    /// Any call.
    ///
    /// # Errors
    /// No answer. A problem is one.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        self.send(method, path, headers, &body.map(Value::to_string).unwrap_or_default()).await
    }

    /// Any call, with any text for a body.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, Failure> {
        let mut headers = headers.to_vec();
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        let call = Call { method, url: format!("{}{path}", self.url), headers, body: body.as_bytes().to_vec() };
        let answered = self.signer.send(&self.keys, "execute-api", &call).await?;
        let body = serde_json::from_str(&answered.body).unwrap_or(Value::String(answered.body));
        Ok(Reply { status: answered.status, content_type: answered.content_type, body })
    }

    /// `GET`.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn get(&self, path: &str) -> Result<Reply, Failure> {
        self.call(Method::GET, path, &[], None).await
    }

    /// `POST`.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply, Failure> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// Asks for access.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn submit(&self, entitlement: &str, seconds: u64, why: &str) -> Result<Reply, Failure> {
        let wish = json!({"entitlement": entitlement, "durationSeconds": seconds, "justification": why});
        self.post("/v1/requests", &wish).await
    }

    /// Reads a request.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn request(&self, id: &str) -> Result<Reply, Failure> {
        self.get(&format!("/v1/requests/{id}")).await
    }

    /// Countersigns what has this digest.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn approve(&self, id: &str, digest: &str) -> Result<Reply, Failure> {
        self.post(&format!("/v1/requests/{id}/approve"), &json!({"digest": digest})).await
    }

    /// Refuses.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn deny(&self, id: &str, why: &str) -> Result<Reply, Failure> {
        self.post(&format!("/v1/requests/{id}/deny"), &json!({"reason": why})).await
    }

    /// Withdraws.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn cancel(&self, id: &str) -> Result<Reply, Failure> {
        self.post(&format!("/v1/requests/{id}/cancel"), &json!({})).await
    }

    /// Ends access early.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn revoke(&self, id: &str, why: &str) -> Result<Reply, Failure> {
        self.post(&format!("/v1/requests/{id}/revoke"), &json!({"reason": why})).await
    }

    /// Asks for credentials of an active grant.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn credentials(&self, id: &str) -> Result<Reply, Failure> {
        self.call(Method::POST, &format!("/v1/requests/{id}/credentials"), &[], None).await
    }

    /// Gets credentials of an active grant.
    ///
    /// # Errors
    /// There is no access, or no answer.
    pub async fn keys(&self, id: &str) -> Result<Keys, Failure> {
        Keys::of_document(&self.credentials(id).await?.expect(200)?)
    }

    /// Waits until a request has this status, and gives it.
    ///
    /// # Errors
    /// It can't be read, or does not get there.
    pub async fn reaches(&self, id: &str, status: &str) -> Result<Value, Failure> {
        self.reaches_within(id, status, PATIENCE).await
    }

    /// The same, for at most `bound`.
    ///
    /// # Errors
    /// As [`Api::reaches`].
    pub async fn reaches_within(&self, id: &str, status: &str, bound: Duration) -> Result<Value, Failure> {
        let what = format!("{id} becomes {status}");
        until(&what, bound, || async {
            let shown = self.request(id).await?.expect(200)?;
            Ok((text(&shown, "status") == status).then_some(shown))
        })
        .await
    }
}
