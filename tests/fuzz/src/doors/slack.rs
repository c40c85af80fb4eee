//! What Slack sends, and what only says that Slack sent it.

use super::gateway::event;
use super::{assert_answer, assert_untouched, chosen, driven, world};
use crate::driven::done;
use crate::targets::slack::{SECRET, ours, signed};
use ::slack::blocks::{Message, View};
use ::slack::signature::Signatures;
use ::slack::web::OpenedView;
use ::slack::workspace::ResponseUrl;
use conversation::{Installation, NotShown, SlackSide, handle};
use lambda::http::Answer;
use model::names::SlackUser;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use workflow::double::{World, home};
use workflow::ports::{Clock as _, Fault};

/// A world, and a Slack that counts how often it is called.
struct Site {
    world: World,
    calls: AtomicU64,
}

aws::delegate! {
    Site {
        world: LoadRequest, LoadRequests, CommitRequest, LoadEntries, ListRequests, FindByKey, Policies, Clock, Identifiers;
    }
}

impl Site {
    fn called(&self, shape: &Value) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut found = Vec::new();
        crate::said::faults(shape, &mut found);
        // Who of the sample is mentioned is not looked at here.
        found.retain(|fault| fault.contains("turns its neighbours"));
        assert!(found.is_empty(), "{found:?}");
    }
}

impl SlackSide for Site {
    async fn signatures(&self) -> Result<Signatures, Fault> {
        Signatures::new(vec![SecretString::from(SECRET.to_owned())])
            .map_err(|_| Fault::new("read a secret", "malformed"))
    }

    async fn tell(&self, _: &ResponseUrl, message: &Message) {
        self.called(&serde_json::to_value(message).expect("a message is JSON"));
    }

    async fn open(&self, _: &str, view: &View) -> Result<OpenedView, NotShown> {
        self.called(view.shape());
        Ok(OpenedView { id: "V0VIEW0001".to_owned(), hash: "1569362015.55b5e41b".to_owned() })
    }

    async fn update(&self, _: &str, _: Option<&str>, view: &View) -> Result<(), NotShown> {
        self.called(view.shape());
        Ok(())
    }

    async fn publish_home(&self, _: &SlackUser, view: &View) -> Result<(), NotShown> {
        self.called(view.shape());
        Ok(())
    }
}

const ROUTES: [&str; 4] =
    ["POST /slack/commands", "POST /slack/interactions", "POST /slack/options", "POST /slack/events"];

/// A byte for the route; then, each on a line but the last: seconds from now, the signature (`sign`: the right one), and
/// the body. What Slack did not sign just now changes nothing, is shown to nobody, and is not even looked at; what it did
/// sign takes effect once.
pub(crate) fn slack_event(data: &[u8]) {
    let Some((route, rest)) = data.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(parts.next()?).ok();
    let (Some(late), Some(signature)) = (line(), line()) else { return };
    let body = parts.next().unwrap_or_default();
    let route = chosen(&ROUTES, *route);
    let site = Site { world: world(), calls: AtomicU64::new(0) };
    let late: i64 = late.parse().unwrap_or(0);
    let timestamp = site.world.now().as_second().saturating_add(late).to_string();
    let right = signed(SECRET, &timestamp, body);
    let given = if signature == "sign" { right.as_str() } else { signature };
    let headers = json!({"x-slack-request-timestamp": timestamp, "x-slack-signature": given});
    let here = Installation { workspace: ours(), accounts: vec![home()] };
    let call = || event(route, None, "", &headers, &json!({}), body);
    let (Some(first), Some(second)) = (call(), call()) else { return };
    let reads = site.world.policy_reads();
    let answer = driven(Box::pin(handle(&site, &here, first)));
    assert_answer(&answer);
    if given != right || late.unsigned_abs() > 300 {
        assert_eq!(
            answer.status_code,
            if body.len() > lambda::http::LONGEST_BODY { 413 } else { 401 },
            "{}",
            answer.body
        );
        assert_untouched(&site.world, "Slack did not sign it");
        assert_eq!(site.world.policy_reads(), reads, "Slack did not sign it, and the policy was looked at");
        assert_eq!(site.calls.load(Ordering::Relaxed), 0, "Slack did not sign it, and is told of it");
    } else {
        let events = |site: &Site| site.world.ids().iter().map(|id| site.world.chain(id).len()).sum::<usize>();
        let after = events(&site);
        assert_answer(&done(Box::pin(handle(&site, &here, second))));
        assert_eq!(events(&site), after, "what Slack signed once takes effect twice");
    }
    assert_eq!(site.world.breaches(), Vec::<String>::new());
}

/// What rightly signed bytes are answered at a route.
pub(super) fn sent(route: usize, body: &[u8]) -> Option<Answer> {
    let timestamp = world().now().as_second().to_string();
    answered(ROUTES[route], &timestamp, &signed(SECRET, &timestamp, body), body)
}

/// Time stamp and signature on a line each, and the body: what that is answered. `sign` stands for the right signature.
pub(super) fn headed(data: &[u8]) -> Option<Answer> {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(parts.next()?).ok();
    let (timestamp, signature) = (line()?, line()?);
    let body = parts.next().unwrap_or_default();
    let right = signed(SECRET, timestamp, body);
    answered(ROUTES[0], timestamp, if signature == "sign" { &right } else { signature }, body)
}

fn answered(route: &str, timestamp: &str, signature: &str, body: &[u8]) -> Option<Answer> {
    let site = Site { world: world(), calls: AtomicU64::new(0) };
    let here = Installation { workspace: ours(), accounts: vec![home()] };
    let mut headers = serde_json::Map::new();
    for (name, value) in [("x-slack-request-timestamp", timestamp), ("x-slack-signature", signature)] {
        if !value.is_empty() {
            headers.insert(name.to_owned(), json!(value));
        }
    }
    let call = event(route, None, "", &Value::Object(headers), &json!({}), body)?;
    Some(driven(Box::pin(handle(&site, &here, call))))
}
