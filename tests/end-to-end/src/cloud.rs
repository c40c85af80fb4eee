//! AWS, with anybody's credentials, and what IAM answers.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::signing::{Answered, Call, Keys, Signer};

/// What AWS answered to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// IAM let it through and it was done; what came back, in short.
    Allowed(String),
    /// IAM said no.
    Denied {
        /// `AccessDenied` or `AccessDeniedException`.
        code: String,
        /// Its sentence.
        message: String,
    },
    /// It failed for another reason, or without an answer.
    Failed {
        /// The error's code, if it has one.
        code: String,
        /// What was said.
        message: String,
    },
}

impl Answer {
    /// What an SDK call gave; `show` says what came back.
    pub fn of<T, E: ProvideErrorMetadata + fmt::Debug>(given: Result<T, E>, show: impl FnOnce(T) -> String) -> Self {
        match given {
            Ok(answer) => Self::Allowed(show(answer)),
            Err(error) => {
                let said = error.message().map_or_else(|| format!("{error:?}"), str::to_owned);
                Self::no(error.code().unwrap_or_default(), &said)
            }
        }
    }

    fn no(code: &str, message: &str) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        match code.as_str() {
            "AccessDenied" | "AccessDeniedException" => Self::Denied { code, message },
            _ => Self::Failed { code, message },
        }
    }

    /// Whether IAM let it through.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// Whether IAM said no.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(shown) => formatter.write_str(shown),
            // Who was denied is known to whoever reads this; what and why is not.
            Self::Denied { code, message } => {
                let why = message.split_once(" is not authorized ").map_or(message.as_str(), |(_, why)| why);
                write!(formatter, "{code}: not authorized {why}")
            }
            Self::Failed { code, message } => write!(formatter, "failed with {code}: {message}"),
        }
    }
}

/// AWS with one set of keys. Nothing is tried twice: every answer is the first.
#[derive(Debug, Clone)]
pub struct Cloud {
    config: SdkConfig,
    dynamodb: aws_sdk_dynamodb::Client,
    signer: Signer,
    endpoint: String,
    keys: Keys,
}

impl Cloud {
    /// With these keys.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn with(outputs: &Outputs, keys: Keys) -> Result<Self, Failure> {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(outputs.region.clone()))
            .endpoint_url(&outputs.endpoint_url)
            .credentials_provider(SharedCredentialsProvider::new(keys.credentials()))
            .retry_config(RetryConfig::disabled())
            .build();
        // Made once: a client's first call connects, and probes are to be quick.
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        let signer = Signer::new(&outputs.region)?;
        Ok(Self { config, dynamodb, signer, endpoint: outputs.endpoint_url.clone(), keys })
    }

    /// DynamoDB.
    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        &self.dynamodb
    }

    /// IAM.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.config)
    }

    /// STS.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::new(&self.config)
    }

    /// EventBridge Scheduler.
    pub fn scheduler(&self) -> aws_sdk_scheduler::Client {
        aws_sdk_scheduler::Client::new(&self.config)
    }

    /// Reads an item of the sample table.
    pub async fn get_order(&self, id: &str) -> Answer {
        let key = AttributeValue::S(id.to_owned());
        let given = self.dynamodb().get_item().table_name("orders").key("id", key).send().await;
        Answer::of(given, |answer| {
            let item = answer.item.unwrap_or_default();
            let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            format!("{id} of {} is {}", text("customer"), text("state"))
        })
    }

    /// Reads an item of any table.
    pub async fn get_item(&self, table: &str, id: &str) -> Answer {
        let key = AttributeValue::S(id.to_owned());
        let given = self.dynamodb().get_item().table_name(table).key("id", key).send().await;
        Answer::of(given, |answer| format!("{id} has {} attributes", answer.item.unwrap_or_default().len()))
    }

    /// Sets the state of an item of the sample table.
    pub async fn set_order(&self, id: &str, state: &str) -> Answer {
        let update = self.dynamodb().update_item().table_name("orders").key("id", AttributeValue::S(id.to_owned()));
        let update = update
            .update_expression("SET #state = :state")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", AttributeValue::S(state.to_owned()));
        Answer::of(update.send().await, |_| format!("{id} is now {state}"))
    }

    /// Deletes an item of the sample table.
    pub async fn delete_order(&self, id: &str) -> Answer {
        let key = AttributeValue::S(id.to_owned());
        let given = self.dynamodb().delete_item().table_name("orders").key("id", key).send().await;
        Answer::of(given, |_| format!("{id} is gone"))
    }

    /// Describes a table.
    pub async fn describe_table(&self, name: &str) -> Answer {
        let given = self.dynamodb().describe_table().table_name(name).send().await;
        Answer::of(given, |answer| {
            let count = answer.table.and_then(|table| table.item_count).unwrap_or_default();
            format!("the table {name} has {count} items")
        })
    }

    /// Makes an IAM user.
    pub async fn create_user(&self, name: &str) -> Answer {
        Answer::of(self.iam().create_user().user_name(name).send().await, |_| format!("the user {name} exists"))
    }

    /// Assumes a role, with the code of an MFA device if one is named. The keys, if it was allowed.
    pub async fn assume(&self, role: &str, mfa_serial: Option<&str>) -> (Answer, Option<Keys>) {
        let mut call = self.sts().assume_role().role_arn(role).role_session_name("by-hand");
        if let Some(serial) = mfa_serial {
            // The local cloud takes any six digits.
            call = call.serial_number(serial).token_code("123456");
        }
        let given = call.send().await;
        let keys = given.as_ref().ok().and_then(|answer| answer.credentials()).map(|given| Keys {
            access_key_id: given.access_key_id().to_owned(),
            secret_access_key: given.secret_access_key().to_owned(),
            session_token: Some(given.session_token().to_owned()),
        });
        let show = |answer: aws_sdk_sts::operation::assume_role::AssumeRoleOutput| {
            answer.assumed_role_user.map(|user| user.arn).unwrap_or_default()
        };
        (Answer::of(given, show), keys)
    }

    /// Reads the events of a log group.
    ///
    /// # Errors
    /// No answer.
    pub async fn read_logs(&self, group: &str) -> Result<Answer, Failure> {
        let call = Call {
            method: Method::POST,
            url: format!("{}/", self.endpoint),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "Logs_20140328.FilterLogEvents"),
            ],
            body: json!({"logGroupName": group}).to_string().into_bytes(),
        };
        let answered = self.signer.send(&self.keys, "logs", &call).await?;
        let body: Value = serde_json::from_str(&answered.body).unwrap_or_default();
        if answered.status != 200 {
            let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
            let code = text("__type").rsplit('#').next().unwrap_or_default();
            let message = if text("message").is_empty() { text("Message") } else { text("message") };
            return Ok(Answer::no(code, message));
        }
        let events = body.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
        let last = events.last().and_then(|event| event.get("message")?.as_str()).unwrap_or_default();
        Ok(Answer::Allowed(format!("{} log events, the last “{last}”", events.len())))
    }

    /// A call of CloudWatch Logs.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn logs(&self, action: &str, body: &Value) -> Result<Value, Failure> {
        let target = format!("Logs_20140328.{action}");
        let call = Call {
            method: Method::POST,
            url: format!("{}/", self.endpoint),
            headers: vec![("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)],
            body: body.to_string().into_bytes(),
        };
        let answered = self.signer.send(&self.keys, "logs", &call).await?;
        if answered.status != 200 {
            return Err(Failure::new(format!("{action}: {} {}", answered.status, answered.body)));
        }
        Ok(serde_json::from_str(&answered.body).unwrap_or_default())
    }

    /// Asks CloudTrail to stop a trail.
    ///
    /// # Errors
    /// No answer.
    pub async fn stop_logging(&self, trail: &str) -> Result<Answer, Failure> {
        let call = Call {
            method: Method::POST,
            url: format!("{}/", self.endpoint),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.StopLogging"),
            ],
            body: json!({"Name": trail}).to_string().into_bytes(),
        };
        let answered = self.signer.send(&self.keys, "cloudtrail", &call).await?;
        if answered.status == 200 {
            return Ok(Answer::Allowed(format!("the trail {trail} is stopped")));
        }
        let body: Value = serde_json::from_str(&answered.body).unwrap_or_default();
        let said = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let message = if said("message").is_empty() { said("Message") } else { said("message") };
        Ok(Answer::no(said("__type").rsplit('#').next().unwrap_or_default(), &message))
    }

    /// The newest events of one service that CloudTrail has, at most a thousand.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn trail_events(&self, source: &str) -> Result<Vec<Value>, Failure> {
        const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
        let mut events = Vec::new();
        let mut next = Value::Null;
        while events.len() < 1_000 {
            let mut body = json!({
                "LookupAttributes": [{"AttributeKey": "EventSource", "AttributeValue": source}], "MaxResults": 50,
            });
            if let (Some(fields), false) = (body.as_object_mut(), next.is_null()) {
                fields.insert("NextToken".to_owned(), next.clone());
            }
            let call = Call {
                method: Method::POST,
                url: format!("{}/", self.endpoint),
                headers: vec![("content-type", "application/x-amz-json-1.1"), ("x-amz-target", TARGET)],
                body: body.to_string().into_bytes(),
            };
            let answered = self.signer.send(&self.keys, "cloudtrail", &call).await?;
            if answered.status == 400 && answered.body.contains("ThrottlingException") {
                // It answers two calls a second.
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
            let page: Value = serde_json::from_str(&answered.body).unwrap_or_default();
            if answered.status != 200 {
                return Err(Failure::new(format!("CloudTrail: {} {}", answered.status, answered.body)));
            }
            let found = page.get("Events").and_then(Value::as_array).cloned().unwrap_or_default();
            let told = found.iter().filter_map(|event| event.get("CloudTrailEvent")?.as_str());
            events.extend(told.filter_map(|event| serde_json::from_str(event).ok()));
            next = page.get("NextToken").cloned().unwrap_or_default();
            if next.is_null() {
                break;
            }
        }
        Ok(events)
    }

    /// Any call of a service that takes forms: IAM, STS and others.
    ///
    /// # Errors
    /// No answer. A refusal is one.
    pub async fn query(&self, service: &str, fields: &[(String, String)]) -> Result<Answered, Failure> {
        let encoded =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let call = Call {
            method: Method::POST,
            url: format!("{}/", self.endpoint),
            headers: vec![("content-type", "application/x-www-form-urlencoded")],
            body: fields.join("&").into_bytes(),
        };
        self.signer.send(&self.keys, service, &call).await
    }

    /// Any call of a service that takes JSON: by the action's name in a header, or by verb and path.
    ///
    /// # Errors
    /// No answer. A refusal is one.
    pub async fn json(
        &self,
        service: &str,
        how: (Method, &str, Option<&str>),
        body: &Value,
    ) -> Result<Answered, Failure> {
        let (method, path, target) = how;
        let kind = if target.is_some() { "application/x-amz-json-1.1" } else { "application/json" };
        let mut headers = vec![("content-type", kind)];
        headers.extend(target.map(|target| ("x-amz-target", target)));
        let call =
            Call { method, url: format!("{}{path}", self.endpoint), headers, body: body.to_string().into_bytes() };
        self.signer.send(&self.keys, service, &call).await
    }

    /// Puts an event on Countersign's bus, as somebody else's source.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn tell_bus(&self, bus: &str, source: &str, name: &str, detail: &str) -> Result<(), Failure> {
        let entry = json!({"EventBusName": bus, "Source": source, "DetailType": name, "Detail": detail});
        let call = Call {
            method: Method::POST,
            url: format!("{}/", self.endpoint),
            headers: vec![("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")],
            body: json!({"Entries": [entry]}).to_string().into_bytes(),
        };
        let answered = self.signer.send(&self.keys, "events", &call).await?;
        let body: Value = serde_json::from_str(&answered.body).unwrap_or_default();
        if answered.status == 200 && body.get("FailedEntryCount") == Some(&Value::from(0)) {
            return Ok(());
        }
        Err(Failure::new(format!("the bus did not take it: {} {}", answered.status, answered.body)))
    }

    /// A call of S3: `path` is the bucket and the key, with what is asked after a question mark.
    ///
    /// # Errors
    /// No answer. A refusal is one.
    pub async fn s3(
        &self,
        method: Method,
        path: &str,
        more: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answered, Failure> {
        // S3 wants the payload's hash in a header.
        let hash = record::entry::EntryHash::of(body).to_string();
        let mut headers = vec![("x-amz-content-sha256", hash.as_str())];
        headers.extend_from_slice(more);
        let call = Call { method, url: format!("{}/{path}", self.endpoint), headers, body: body.to_vec() };
        self.signer.send(&self.keys, "s3", &call).await
    }

    /// Lists the account's buckets.
    ///
    /// # Errors
    /// No answer.
    pub async fn list_buckets(&self) -> Result<Answer, Failure> {
        // S3 wants the payload's hash in a header.
        const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let headers = vec![("x-amz-content-sha256", EMPTY)];
        let call = Call { method: Method::GET, url: format!("{}/", self.endpoint), headers, body: Vec::new() };
        let Answered { status, body, .. } = self.signer.send(&self.keys, "s3", &call).await?;
        if status != 200 {
            return Ok(Answer::no(element(&body, "Code"), element(&body, "Message")));
        }
        let buckets = body.matches("<Bucket>").count();
        Ok(Answer::Allowed(format!("{buckets} bucket{}", if buckets == 1 { "" } else { "s" })))
    }
}

/// The text of an XML element that occurs once.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let rest = xml.split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
    rest.split_once('<').map_or("", |(text, _)| text)
}
