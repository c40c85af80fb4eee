//! Modals and home tabs: opened with a trigger id, updated by id and hash.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::blocks::{as_posted, check_view};
use crate::clock::Micros;
use crate::limits;
use crate::refusal::Refusal;
use crate::state::Slack;
use crate::workspace::{APP_ID, BOT_ID, TEAM_ID};

/// A view a person has open, or the person's home tab.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) hash: String,
    /// The view in Slack's own shape.
    pub(crate) shape: Value,
}

impl Slack {
    /// `views.open`: shows a modal to whoever made the trigger.
    pub(crate) fn open_view(&mut self, trigger_id: &str, view: &Value, now: Micros) -> Result<Value, Refusal> {
        let fields = checked(view, "modal")?;
        let trigger = self.triggers.get_mut(trigger_id).ok_or(Refusal::new("invalid_trigger_id"))?;
        if trigger.used {
            return Err(Refusal::new("exchanged_trigger_id"));
        }
        if now > trigger.expires {
            return Err(Refusal::new("expired_trigger_id"));
        }
        trigger.used = true;
        let user = trigger.user.clone();
        Ok(self.keep_view(None, &user, fields, now))
    }

    /// `views.update`: replaces a modal, if it is still as the caller saw it.
    pub(crate) fn update_view(
        &mut self,
        id: &str,
        hash: Option<&str>,
        view: &Value,
        now: Micros,
    ) -> Result<Value, Refusal> {
        let fields = checked(view, "modal")?;
        let known = self
            .views
            .iter()
            .find(|known| known.id == id || named(&known.shape, id))
            .ok_or(Refusal::new("not_found"))?;
        if hash.is_some_and(|hash| hash != known.hash) {
            return Err(Refusal::new("hash_conflict"));
        }
        let (id, user) = (known.id.clone(), known.user.clone());
        Ok(self.keep_view(Some(&id), &user, fields, now))
    }

    /// `views.publish`: sets a person's home tab.
    pub(crate) fn publish_view(
        &mut self,
        user: &str,
        hash: Option<&str>,
        view: &Value,
        now: Micros,
    ) -> Result<Value, Refusal> {
        let fields = checked(view, "home")?;
        let known =
            self.views.iter().find(|known| known.user == user && known.shape.get("type") == Some(&json!("home")));
        if let (Some(known), Some(hash)) = (known, hash)
            && known.hash != hash
        {
            return Err(Refusal::new("hash_conflict"));
        }
        let id = known.map(|known| known.id.clone());
        Ok(self.keep_view(id.as_deref(), user, fields, now))
    }

    fn keep_view(&mut self, id: Option<&str>, user: &str, mut fields: Map<String, Value>, now: Micros) -> Value {
        let id = id.map_or_else(|| format!("V{}", self.next_secret().to_uppercase()), str::to_owned);
        let hash = self.next_ts(now);
        if let Some(Value::Array(blocks)) = fields.get("blocks") {
            let blocks = as_posted(blocks, &hash);
            fields.insert("blocks".to_owned(), Value::Array(blocks));
        }
        for name in ["private_metadata", "callback_id", "external_id"] {
            fields.entry(name).or_insert(json!(""));
        }
        for (name, value) in [
            ("id", json!(id)),
            ("hash", json!(hash)),
            ("team_id", json!(TEAM_ID)),
            ("app_id", json!(APP_ID)),
            ("bot_id", json!(BOT_ID)),
            ("state", json!({"values": {}})),
            ("root_view_id", json!(id)),
            ("previous_view_id", Value::Null),
        ] {
            fields.insert(name.to_owned(), value);
        }
        let view = Value::Object(fields);
        self.views.retain(|known| known.id != id);
        self.views.push(View { id, user: user.to_owned(), hash, shape: view.clone() });
        view
    }
}

fn named(view: &Value, external_id: &str) -> bool {
    !external_id.is_empty() && view.get("external_id").and_then(Value::as_str) == Some(external_id)
}

fn checked(view: &Value, kind: &str) -> Result<Map<String, Value>, Refusal> {
    let Value::Object(fields) = view else {
        return Err(Refusal::with("invalid_arguments", vec!["must provide an object [json-pointer:/view]".to_owned()]));
    };
    if view.to_string().len() > limits::VIEW_BYTES {
        return Err(Refusal::new("view_too_large"));
    }
    let mut findings = check_view(fields);
    if findings.is_empty() && fields.get("type").and_then(Value::as_str) != Some(kind) {
        findings.push("unsupported type [json-pointer:/view/type]".to_owned());
    }
    if findings.is_empty() { Ok(fields.clone()) } else { Err(Refusal::with("invalid_arguments", findings)) }
}

#[cfg(test)]
mod tests {
    use crate::state::{Settings, Slack};

    const START: u64 = 1_700_000_000_000_000;

    #[test]
    fn a_trigger_opens_one_view_within_three_seconds() {
        let view = serde_json::json!({"type": "modal", "title": {"type": "plain_text", "text": "Ask"}, "blocks": []});
        let mut slack = Slack::new(Settings::default(), START);
        let trigger = slack.issue_trigger("U0ALICE01", START);
        let opened = slack.open_view(&trigger, &view, START + 2_999_999).unwrap();
        assert_eq!(slack.open_view(&trigger, &view, START).unwrap_err().error, "exchanged_trigger_id");
        assert_eq!(slack.open_view("1.2.x", &view, START).unwrap_err().error, "invalid_trigger_id");
        let late = slack.issue_trigger("U0ALICE01", START);
        assert_eq!(slack.open_view(&late, &view, START + 3_000_001).unwrap_err().error, "expired_trigger_id");

        let id = opened["id"].as_str().unwrap();
        let hash = opened["hash"].as_str().unwrap();
        slack.update_view(id, Some(hash), &view, START + 4_000_000).unwrap();
        assert_eq!(slack.update_view(id, Some(hash), &view, START + 4_000_000).unwrap_err().error, "hash_conflict");
    }
}
