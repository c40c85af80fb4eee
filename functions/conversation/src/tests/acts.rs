//! What people do, as Slack sends it.

use super::slack::{Site, home_of};
use super::{HERE, SECRET};
use crate::{Installation, Ports, handle};
use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine as _;
use lambda::http::Answer;
use model::names::RequestId;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use workflow::ports::Clock as _;

pub(super) const COMMANDS: &str = "POST /slack/commands";
pub(super) const INTERACTIONS: &str = "POST /slack/interactions";
pub(super) const OPTIONS: &str = "POST /slack/options";
pub(super) const EVENTS: &str = "POST /slack/events";

/// Something that Slack sends.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) route: &'static str,
    pub(super) body: String,
    pub(super) timestamp: String,
    pub(super) signature: Option<String>,
}

impl Sent {
    fn event(&self) -> ApiGatewayV2httpRequest {
        let mut headers = json!({"x-slack-request-timestamp": self.timestamp});
        if let Some(signature) = &self.signature {
            headers["x-slack-signature"] = json!(signature);
        }
        // API Gateway encodes forms, and leaves JSON as it is.
        let json_body = self.route == EVENTS;
        let encoded = base64::engine::general_purpose::STANDARD.encode(&self.body);
        let path = self.route.trim_start_matches("POST ");
        serde_json::from_value(json!({
            "version": "2.0", "routeKey": self.route, "rawPath": path, "rawQueryString": "", "headers": headers,
            "requestContext": {"routeKey": self.route, "http": {"method": "POST"}, "timeEpoch": 0},
            "body": if json_body { self.body.clone() } else { encoded }, "isBase64Encoded": !json_body,
        }))
        .unwrap()
    }
}

/// What all interactions have in common.
fn from(user: &str, kind: &str, more: &Value) -> Value {
    let mut payload = json!({
        "type": kind,
        "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": "T0COUNTER1"},
        "api_app_id": "A0COUNTER1", "token": "deprecatedTokenNotLookedAt",
        "team": {"id": "T0COUNTER1", "domain": "countersign-local"},
        "enterprise": null, "is_enterprise_install": false,
    });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    payload
}

pub(super) fn in_form(payload: &Value) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish()
}

/// A press of a button about a request, in a message.
pub(super) fn pressed(user: &str, action: &str, value: &str, trigger_id: &str) -> Value {
    let more = json!({
        "container": {"type": "message", "message_ts": "1795201200.000001", "channel_id": "C0APPROVALS",
            "is_ephemeral": false},
        "channel": {"id": "C0APPROVALS", "name": "approvals"},
        "trigger_id": trigger_id, "response_url": "https://hooks.slack.com/actions/T0COUNTER1/1/secret",
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.2"}],
        "state": {"values": {}},
    });
    from(user, "block_actions", &more)
}

pub(super) fn command(user: &str, text: &str, trigger_id: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("token", "deprecatedTokenNotLookedAt"),
            ("team_id", "T0COUNTER1"),
            ("team_domain", "countersign-local"),
            ("channel_id", "C0APPROVALS"),
            ("channel_name", "approvals"),
            ("user_id", user),
            ("user_name", "somebody"),
            ("command", "/access"),
            ("text", text),
            ("api_app_id", "A0COUNTER1"),
            ("is_enterprise_install", "false"),
            ("response_url", "https://hooks.slack.com/commands/T0COUNTER1/1/secret"),
            ("trigger_id", trigger_id),
        ])
        .finish()
}

pub(super) fn home_opened(user: &str, tab: &str) -> Value {
    json!({
        "token": "deprecatedTokenNotLookedAt", "team_id": "T0COUNTER1", "context_team_id": "T0COUNTER1",
        "context_enterprise_id": null, "api_app_id": "A0COUNTER1", "type": "event_callback", "event_id": "Ev01",
        "event": {"type": "app_home_opened", "user": user, "channel": "D0ALICE01", "tab": tab, "event_ts": "1.2"},
        "event_time": 1_795_201_200, "is_ext_shared_channel": false,
    })
}

/// A trigger that nobody has used.
pub(super) fn trigger() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{}.9.abc", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Site {
    /// `body`, rightly signed, now.
    pub(super) fn signed(&self, route: &'static str, body: String) -> Sent {
        let timestamp = self.world.now().as_second();
        let signature = Some(local_slack::sign(SECRET, timestamp, body.as_bytes()));
        Sent { route, body, timestamp: timestamp.to_string(), signature }
    }

    /// Sends it. Whatever is answered has to be something that Slack takes.
    pub(super) async fn deliver(&self, sent: &Sent) -> Answer {
        self.deliver_at(&HERE, sent).await
    }

    async fn deliver_at(&self, here: &Installation, sent: &Sent) -> Answer {
        fn is_ports<P: Ports>(_: &P) {}
        is_ports(self);
        let answer = Box::pin(handle(self, here, sent.event())).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if body.get("blocks").is_some() {
            assert_eq!(local_slack::check_message(&body), [""; 0], "{body:#}");
        }
        answer
    }

    pub(super) async fn send(&self, route: &'static str, body: String) -> Answer {
        self.deliver(&self.signed(route, body)).await
    }

    /// What Slack answers to `/access text`, as text.
    pub(super) async fn commands(&self, user: &str, text: &str) -> String {
        let answer = self.send(COMMANDS, command(user, text, &trigger())).await;
        assert_eq!(answer.status_code, 200, "{}", answer.body);
        answer.body
    }

    /// Presses a button about a request in a message.
    pub(super) async fn press(&self, user: &str, action: &str, id: &RequestId) -> Answer {
        let payload = pressed(user, action, &self.value_of(id), &trigger());
        self.send(INTERACTIONS, in_form(&payload)).await
    }

    /// Presses a button with this value in a view.
    pub(super) async fn press_in(&self, user: &str, view: &str, action: &str, value: Value) -> Answer {
        let action =
            json!({"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.2"});
        let more = json!({
            "container": {"type": "view", "view_id": view}, "trigger_id": trigger(),
            "view": self.sent_view(view), "actions": [action],
        });
        self.send(INTERACTIONS, in_form(&from(user, "block_actions", &more))).await
    }

    /// What a button about a request says.
    pub(super) fn value_of(&self, id: &RequestId) -> String {
        format!("{id}:{}", self.world.stored(id).unwrap().state.terms().digest())
    }

    /// A view as Slack sends it along.
    fn sent_view(&self, id: &str) -> Value {
        let kept = self.side().views[id].clone();
        let mut view = kept.shape;
        let more = json!({
            "id": id, "team_id": "T0COUNTER1", "app_id": "A0COUNTER1", "app_installed_team_id": "T0COUNTER1",
            "hash": kept.hash, "state": {"values": kept.values}, "root_view_id": id, "previous_view_id": null,
        });
        view.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        view
    }

    /// The block of `field` in a view.
    pub(super) fn block(&self, view: &str, field: &str) -> Option<String> {
        let side = self.side();
        let mut blocks = side.views[view].values.keys();
        blocks.find(|block| block.split('.').next() == Some(field)).cloned()
    }

    /// Opens the form with `/access` alone.
    pub(super) async fn form(&self, user: &str) -> String {
        assert_eq!(self.commands(user, "").await, "");
        self.front().1
    }

    /// Opens the form and chooses `entitlement` in it.
    pub(super) async fn form_for(&self, user: &str, entitlement: &str) -> String {
        let view = self.form(user).await;
        self.choose_entitlement(user, &view, entitlement).await;
        view
    }

    pub(super) async fn choose_entitlement(&self, user: &str, view: &str, entitlement: &str) {
        let chosen = json!({"selected_option": option(entitlement)});
        self.choose(user, view, "entitlement", chosen).await;
    }

    /// Puts something into a field of a view without Slack telling anybody.
    pub(super) fn put(&self, view: &str, field: &str, state: &Value) {
        let block = self.block(view, field).unwrap();
        let mut side = self.side();
        let kept = side.views.get_mut(view).unwrap();
        let held = kept.values[&block][field].as_object_mut().unwrap();
        held.extend(state.as_object().unwrap().clone());
    }

    /// What is in a field of a view.
    pub(super) fn held(&self, view: &str, field: &str) -> Value {
        let block = self.block(view, field).unwrap();
        self.side().views[view].values[&block][field].clone()
    }

    /// Chooses in a field that Slack tells of at once.
    pub(super) async fn choose(&self, user: &str, view: &str, field: &str, state: Value) {
        let body = self.chosen(user, view, field, &state);
        let answer = self.send(INTERACTIONS, body).await;
        assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
    }

    /// What Slack sends about such a choice.
    pub(super) fn chosen(&self, user: &str, view: &str, field: &str, state: &Value) -> String {
        self.put(view, field, state);
        let block = self.block(view, field).unwrap();
        let mut action = self.held(view, field).as_object().unwrap().clone();
        let ids = json!({"action_id": field, "block_id": block, "action_ts": "1.2"});
        action.extend(ids.as_object().unwrap().clone());
        let more = json!({
            "container": {"type": "view", "view_id": view}, "trigger_id": trigger(),
            "view": self.sent_view(view), "actions": [action],
        });
        in_form(&from(user, "block_actions", &more))
    }

    /// Sends a modal; what is answered is done to it. What is said to be wrong has to be said at a field that is there.
    pub(super) async fn submit(&self, user: &str, view: &str) -> Value {
        self.submit_at(&HERE, user, view).await
    }

    /// The same, with another installation.
    pub(super) async fn submit_at(&self, here: &Installation, user: &str, view: &str) -> Value {
        let sent = self.signed(INTERACTIONS, self.submission(user, view));
        let answer = self.deliver_at(here, &sent).await;
        assert_eq!(answer.status_code, 200, "{}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match body["response_action"].as_str() {
            Some("errors") => {
                let errors = body["errors"].as_object().unwrap();
                let unknown = |block: &&String| !self.side().views[view].values.contains_key(*block);
                assert_eq!(errors.keys().find(unknown), None, "{body} in {}", self.view(view));
                assert!(!errors.is_empty());
            }
            Some("update") => drop(self.side().show(view, &body["view"])),
            None => assert_eq!(body, Value::Null),
            Some(other) => panic!("{other}"),
        }
        body
    }

    /// What Slack sends when a modal is sent, each time with another trigger.
    pub(super) fn submission(&self, user: &str, view: &str) -> String {
        let more = json!({"trigger_id": trigger(), "view": self.sent_view(view), "response_urls": []});
        in_form(&from(user, "view_submission", &more))
    }

    /// The names offered for what was typed.
    pub(super) async fn offered(&self, user: &str, view: &str, typed: &str) -> Vec<String> {
        let answer = self.send(OPTIONS, self.suggestion(user, view, typed)).await;
        assert_eq!(answer.status_code, 200, "{}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let options = body["options"].as_array().unwrap();
        assert!(options.iter().all(|option| option["text"]["text"].as_str().unwrap().chars().count() <= 75));
        options.iter().map(|option| option["value"].as_str().unwrap().to_owned()).collect()
    }

    pub(super) fn suggestion(&self, user: &str, view: &str, typed: &str) -> String {
        let more = json!({
            "container": {"type": "view", "view_id": view}, "view": self.sent_view(view),
            "action_id": "entitlement", "block_id": "entitlement", "value": typed,
        });
        in_form(&from(user, "block_suggestion", &more))
    }

    pub(super) async fn shortcut(&self, user: &str, callback_id: &str) -> Answer {
        let more = json!({"callback_id": callback_id, "trigger_id": trigger(), "action_ts": "1.2"});
        self.send(INTERACTIONS, in_form(&from(user, "shortcut", &more))).await
    }

    /// Opens somebody's Home tab: its view's id.
    pub(super) async fn home(&self, user: &str) -> String {
        let answer = self.send(EVENTS, home_opened(user, "home").to_string()).await;
        assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
        home_of(user)
    }
}

/// An option as Slack sends it back.
pub(super) fn option(value: &str) -> Value {
    json!({"text": {"type": "plain_text", "text": value, "emoji": true}, "value": value})
}
