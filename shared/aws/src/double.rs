//! What stands in for AWS's HTTP side in tests: canned answers, in order, and what was sent.

use crate::clients::{Clients, settings};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use model::identity::{Actor, Identity};
use model::lifecycle::{Transition, submit};
use model::names::{AccountId, RequestId};
use model::policy::{Bundle, Policy};
use model::submission::{Wish, judge};
use model::time::Time;
use model::words::Salt;
use record::chain::{self, Head};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use workflow::ports::{Artifact, Commit, Guard, Stored};

/// A call as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) body: String,
    pub(crate) target: String,
    /// `If-Match` or `If-None-Match`, with its name.
    pub(crate) condition: Option<String>,
}

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<(u16, String)>,
    sent: Vec<Sent>,
    /// What answers say when they were given; `None`: nothing.
    date: Option<String>,
    /// Calls that are not answered yet, and how many there were at once at most.
    open: usize,
    most: usize,
}

/// In an answer: the transaction token that was sent last.
pub(crate) const TOKEN: &str = "<the token that was sent>";

/// The version of every object in answers.
pub(crate) const ETAG: &str = "\"0123456789abcdef0123456789abcdef\"";

/// A scripted AWS.
#[derive(Debug, Clone, Default)]
pub(crate) struct World(Arc<Mutex<Script>>);

impl World {
    /// Gives these answers, one per call; a call too many is an error of the test.
    pub(crate) fn answering<B: ToString>(answers: Vec<(u16, B)>) -> Self {
        let answers = answers.into_iter().map(|(status, body)| (status, body.to_string())).collect();
        Self(Arc::new(Mutex::new(Script { answers, ..Script::default() })))
    }

    /// From now on answers say that they were given at `date`, as HTTP writes times.
    pub(crate) fn date(&self, date: &str) {
        self.0.lock().unwrap().date = Some(date.to_owned());
    }

    pub(crate) fn clients(&self) -> Clients {
        let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "tests");
        Clients::with(settings("us-east-1", None, self.clone(), SharedCredentialsProvider::new(credentials)))
    }

    /// Everything that was sent.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.0.lock().unwrap().sent.clone()
    }

    /// How many calls were on their way at once at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.0.lock().unwrap().most
    }

    /// The operations that were called, as JSON services name them.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.sent().iter().map(|sent| sent.target.rsplit('.').next().unwrap().to_owned()).collect()
    }

    /// The JSON of call `n`.
    pub(crate) fn json(&self, n: usize) -> Value {
        serde_json::from_str(&self.sent()[n].body).unwrap()
    }

    /// Parameter `name` of call `n`, as services with forms take them.
    pub(crate) fn parameter(&self, n: usize, name: &str) -> Option<String> {
        let sent = self.sent();
        let body = sent[n].body.replace('+', " ");
        body.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned())
        })
    }
}

impl HttpClient for World {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for World {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut script = self.0.lock().unwrap();
        let condition = ["if-match", "if-none-match"]
            .into_iter()
            .find_map(|name| request.headers().get(name).map(|value| format!("{name}: {value}")));
        script.sent.push(Sent {
            condition,
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            body: String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap(),
            target: request.headers().get("x-amz-target").unwrap_or_default().to_owned(),
        });
        let (status, body) = script.answers.pop_front().expect("one more call than the test has answers for");
        let mut bodies = script.sent.iter().rev().filter_map(|sent| serde_json::from_str::<Value>(&sent.body).ok());
        let token = bodies.find_map(|sent| sent["ClientRequestToken"].as_str().map(str::to_owned));
        let body = body.replace(TOKEN, token.as_deref().unwrap_or_default());
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        answer.headers_mut().insert("etag", ETAG);
        if let Some(date) = &script.date {
            answer.headers_mut().insert("date", date.clone());
        }
        script.open = script.open.saturating_add(1);
        script.most = script.most.max(script.open);
        let own = self.clone();
        HttpConnectorFuture::new(async move {
            // Whoever calls at the same time does so now.
            tokio::task::yield_now().await;
            let mut script = own.0.lock().unwrap();
            script.open = script.open.saturating_sub(1);
            drop(script);
            Ok(answer)
        })
    }
}

/// The sample policy that comes with the project.
pub(crate) fn bundle() -> Bundle {
    Bundle {
        catalog: include_str!("../../../infra/policy/catalog.yaml").to_owned(),
        policies: include_str!("../../../infra/policy/policies.cedar").to_owned(),
        schema: include_str!("../../../infra/policy/schema.cedarschema").to_owned(),
    }
}

pub(crate) const NOW: &str = "2026-11-20T19:00:00Z";

pub(crate) fn home() -> AccountId {
    "111111111111".parse().unwrap()
}

pub(crate) fn of<'a>(account: &'a AccountId, id: &'a RequestId) -> Artifact<'a> {
    Artifact { account, id }
}

pub(crate) fn id() -> RequestId {
    "req_0198c0ffee00700080000000deadbeef".parse().unwrap()
}

/// What comes of alice asking for `entitlement`.
pub(crate) fn asked(entitlement: &str) -> Transition {
    let policy = Policy::load(&bundle()).unwrap();
    let now: Time = NOW.parse().unwrap();
    let actor = Actor {
        person: "alice".parse().unwrap(),
        identity: Identity::Api { principal: "arn:aws:iam::111111111111:user/alice".to_owned() },
        mfa: false,
    };
    let wish = Wish {
        entitlement: entitlement.to_owned(),
        permissions: None,
        resources: None,
        duration_seconds: 3_600,
        justification: "Order 4711 is stuck: <!channel> \u{1f62c}".to_owned(),
        ticket: Some("INC-1#2".to_owned()),
        extends: None,
    };
    let (request, decision) = judge(&policy, id(), &actor, &wish, Salt::new([7; 16]), now).unwrap();
    submit(request, &decision, now)
}

/// The commit of a new request.
pub(crate) fn commit(guards: Vec<Guard>) -> Commit {
    let transition = asked("orders-db-debug");
    let mut head = Head::START;
    let mut links = Vec::new();
    for event in &transition.events {
        let event = serde_json::to_value(event).unwrap();
        let (link, next) =
            chain::append(head, id().as_str(), NOW, json!({"kind": "system", "part": "tests"}), event).unwrap();
        links.push(link);
        head = next;
    }
    let next = Stored { state: transition.next, head, at: NOW.parse().unwrap() };
    Commit { id: id(), expected: 0, links, next, guards }
}
