//! A listener that stands where Countersign would: it notes what arrives and answers as told.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local_slack::{LocalSlack, Options, SettingsChange, Shortcut, sign};
use reqwest::Client;
use serde_json::{Value, json};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const TOKEN: &str = "xoxb-test";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn well_signed(&self) -> bool {
        let timestamp = self.header("x-slack-request-timestamp").parse().unwrap();
        sign(SECRET, timestamp, self.body.as_bytes()) == self.header("x-slack-signature")
    }

    pub(crate) fn payload(&self) -> Value {
        let found = form_urlencoded::parse(self.body.as_bytes()).find(|(field, _)| field == "payload");
        serde_json::from_str(&found.unwrap_or_else(|| panic!("no payload in {}", self.body)).1).unwrap()
    }
}

/// One answer to come; an empty 200 when none is left.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) delay: Duration,
    pub(crate) no_retry: bool,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 200, body: String::new(), delay: Duration::ZERO, no_retry: false }
    }
}

pub(crate) struct App {
    pub(crate) slack: LocalSlack,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl App {
    pub(crate) async fn start() -> Self {
        let arrived: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let (noted, told) = (Arc::clone(&arrived), Arc::clone(&answers));
        let handler = move |Path(path): Path<String>, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            noted.lock().unwrap().push(Arrived { path, headers, body });
            let answer = told.lock().unwrap().pop_front().unwrap_or_default();
            async move {
                tokio::time::sleep(answer.delay).await;
                let no_retry = answer.no_retry.then_some(("x-slack-no-retry", "1"));
                let headers: HeaderMap =
                    no_retry.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
                (StatusCode::from_u16(answer.status).unwrap(), headers, answer.body)
            }
        };
        let router = axum::Router::new().route("/slack/{what}", post(handler));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let api_url = Some(format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let slack = LocalSlack::start(Options::new(TOKEN, SECRET)).await.unwrap();
        slack.change(SettingsChange { api_url, rate_limits: Some(false), ..SettingsChange::default() });
        Self { slack, arrived, answers }
    }

    /// What the next request is answered with.
    pub(crate) fn will(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    /// The next request is answered with this JSON.
    pub(crate) fn will_say(&self, body: &Value) {
        self.will(Answer { body: body.to_string(), ..Answer::default() });
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Arrived {
        self.arrived().last().unwrap().clone()
    }

    /// A Web API call, as it comes back.
    pub(crate) async fn call(&self, method: &str, body: &Value) -> Value {
        let request = Client::new().post(format!("{}/{method}", self.slack.api_url())).bearer_auth(TOKEN);
        request.json(body).send().await.unwrap().json().await.unwrap()
    }

    /// A trigger of a person's.
    pub(crate) async fn trigger(&self, user: &str) -> String {
        let act = Shortcut { user: user.into(), callback_id: "ask_for_access".into(), ..Shortcut::default() };
        assert!(self.slack.shortcut(&act).await.unwrap().ok);
        self.last().payload()["trigger_id"].as_str().unwrap().to_owned()
    }

    /// Opens a modal for alice; gives it as Slack answers it.
    pub(crate) async fn open(&self, view: &Value) -> Value {
        let trigger_id = self.trigger("alice").await;
        let answer = self.call("views.open", &json!({"trigger_id": trigger_id, "view": view})).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["view"].clone()
    }

    /// Alice's modals and home tab.
    pub(crate) fn views(&self) -> Value {
        self.slack.views("alice").unwrap()
    }
}

pub(crate) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

pub(crate) fn option(value: &str) -> Value {
    json!({"text": plain(value), "value": value})
}

pub(crate) fn modal(blocks: &[Value]) -> Value {
    json!({"type": "modal", "callback_id": "ask", "private_metadata": "kept", "title": plain("Ask for access"),
        "submit": plain("Ask"), "blocks": blocks})
}

pub(crate) fn input(block: &str, element: &Value) -> Value {
    json!({"type": "input", "block_id": block, "label": plain(block), "element": element})
}

/// A field of text in a block of the same name.
pub(crate) fn field(name: &str) -> Value {
    input(name, &json!({"type": "plain_text_input", "action_id": name}))
}

/// A type-ahead that dispatches.
pub(crate) fn entitlement() -> Value {
    let mut block =
        input("entitlement", &json!({"type": "external_select", "action_id": "entitlement", "min_query_length": 0}));
    block["dispatch_action"] = json!(true);
    block
}
