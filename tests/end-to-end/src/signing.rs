//! HTTP calls signed with Signature Version 4: the API's, and those of AWS services that need no client of their own.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Method;
use serde_json::Value;

use crate::failure::Failure;
use crate::outputs::Person;
use crate::waiting::now;

/// Longer than the longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// An access key, with a session token if it is a session's.
#[derive(Clone)]
pub struct Keys {
    /// The key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The session's token.
    pub session_token: Option<String>,
}

// Secrets stay out of what a failing test prints.
impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

impl Keys {
    /// The account's root in the local cloud: may do everything and is asked nothing. To look at things, not to act.
    pub fn root() -> Self {
        Self { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
    }

    /// The root of another account of the local cloud: there its number is the key.
    pub fn root_of(account: &str) -> Self {
        Self { access_key_id: account.to_owned(), secret_access_key: account.to_owned(), session_token: None }
    }

    /// A person's own.
    pub fn of(person: &Person) -> Self {
        Self {
            access_key_id: person.access_key_id.clone(),
            secret_access_key: person.secret_access_key.clone(),
            session_token: None,
        }
    }

    /// Those of a `credential_process` document.
    ///
    /// # Errors
    /// It is none.
    pub fn of_document(document: &Value) -> Result<Self, Failure> {
        let text = |name: &str| {
            let value = document.get(name).and_then(Value::as_str);
            value.map(str::to_owned).ok_or_else(|| Failure::new(format!("the credentials have no {name}")))
        };
        if document.get("Version") != Some(&Value::from(1)) {
            return Err(Failure::new("the credentials are not a credential_process document of version 1"));
        }
        Ok(Self {
            access_key_id: text("AccessKeyId")?,
            secret_access_key: text("SecretAccessKey")?,
            session_token: Some(text("SessionToken")?),
        })
    }

    /// For an SDK client, or to sign with.
    pub fn credentials(&self) -> Credentials {
        let Self { access_key_id, secret_access_key, session_token } = self.clone();
        Credentials::new(access_key_id, secret_access_key, session_token, None, "end-to-end")
    }
}

/// A call to be signed.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The verb.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// Headers; all of them are signed.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An HTTP answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body, as text.
    pub body: String,
    /// The body, as it came.
    pub bytes: Vec<u8>,
}

/// Signs and sends.
#[derive(Debug, Clone)]
pub struct Signer {
    http: reqwest::Client,
    region: String,
}

impl Signer {
    /// For one region.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn new(region: &str) -> Result<Self, Failure> {
        Ok(Self { http: http()?, region: region.to_owned() })
    }

    /// Sends `call`, signed for `service` with `keys`.
    ///
    /// # Errors
    /// No answer. Whatever was answered is none.
    pub async fn send(&self, keys: &Keys, service: &str, call: &Call<'_>) -> Result<Answered, Failure> {
        let identity = keys.credentials().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| Failure::of("signing", &error))?;
        let headers = call.headers.iter().copied();
        let signable = SignableRequest::new(call.method.as_str(), &call.url, headers, SignableBody::Bytes(&call.body))
            .map_err(|error| Failure::of("signing", &error))?;
        let (signature, _) =
            sign(signable, &parameters.into()).map_err(|error| Failure::of("signing", &error))?.into_parts();
        let mut request = self.http.request(call.method.clone(), &call.url).body(call.body.clone());
        for (name, value) in call.headers.iter().copied().chain(signature.headers()) {
            request = request.header(name, value);
        }
        receive(request).await
    }
}

/// A client that waits long enough.
///
/// # Errors
/// There is none to be had.
pub fn http() -> Result<reqwest::Client, Failure> {
    let built = reqwest::Client::builder().timeout(PATIENCE).build();
    built.map_err(|error| Failure::of("making an HTTP client", &error))
}

/// Sends a request and reads the whole answer.
///
/// # Errors
/// No answer.
pub async fn receive(request: reqwest::RequestBuilder) -> Result<Answered, Failure> {
    let failed = |error: reqwest::Error| Failure::of("an HTTP call", &error);
    let response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let bytes = response.bytes().await.map_err(failed)?.to_vec();
    Ok(Answered { status, content_type, body: String::from_utf8_lossy(&bytes).into_owned(), bytes })
}
