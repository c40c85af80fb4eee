use serde_json::{Value, json};

use crate::state::{Settings, Slack};

const START: u64 = 1_700_000_000_000_000;
const ALICE: &str = "U0ALICE01";

fn modal(blocks: &Value) -> Value {
    let text = |text: &str| json!({"type": "plain_text", "text": text});
    json!({"type": "modal", "title": text("Ask"), "submit": text("Send"), "blocks": blocks})
}

#[test]
fn a_trigger_opens_one_view_within_three_seconds() {
    let view = modal(&json!([]));
    let mut slack = Slack::new(Settings::default(), START);
    let trigger = slack.issue_trigger(ALICE, None, START);
    let opened = slack.open_view(&trigger, &view, START + 2_999_999).unwrap();
    assert_eq!(slack.open_view(&trigger, &view, START).unwrap_err().error, "exchanged_trigger_id");
    assert_eq!(slack.open_view("1.2.x", &view, START).unwrap_err().error, "invalid_trigger_id");
    let late = slack.issue_trigger(ALICE, None, START);
    assert_eq!(slack.open_view(&late, &view, START + 3_000_001).unwrap_err().error, "expired_trigger_id");

    let id = opened["id"].as_str().unwrap();
    let hash = opened["hash"].as_str().unwrap();
    slack.update_view(id, Some(hash), &view, START + 4_000_000).unwrap();
    assert_eq!(slack.update_view(id, Some(hash), &view, START + 4_000_000).unwrap_err().error, "hash_conflict");
}

#[test]
fn three_modals_stack_and_no_fourth() {
    let view = modal(&json!([]));
    let mut slack = Slack::new(Settings::default(), START);
    let outside = slack.issue_trigger(ALICE, None, START);
    assert_eq!(slack.push_view(&outside, &view, START).unwrap_err().error, "invalid_trigger_id");
    let first = slack.open_view(&outside, &view, START).unwrap();
    let inside = |slack: &mut Slack| {
        let top = slack.modals(ALICE).last().unwrap().id.clone();
        slack.issue_trigger(ALICE, Some(&top), START)
    };
    let trigger = inside(&mut slack);
    let second = slack.push_view(&trigger, &view, START).unwrap();
    assert_eq!((&second["root_view_id"], &second["previous_view_id"]), (&first["id"], &first["id"]));
    let trigger = inside(&mut slack);
    let third = slack.push_view(&trigger, &view, START).unwrap();
    assert_eq!((&third["root_view_id"], &third["previous_view_id"]), (&first["id"], &second["id"]));
    let trigger = inside(&mut slack);
    assert_eq!(slack.push_view(&trigger, &view, START).unwrap_err().error, "push_limit_reached");

    slack.update_view(second["id"].as_str().unwrap(), None, &view, START).unwrap();
    let order: Vec<&str> = slack.modals(ALICE).iter().map(|view| view.id.as_str()).collect();
    assert_eq!(order, [&first, &second, &third].map(|view| view["id"].as_str().unwrap()), "an update moves nothing");
    assert!(slack.view_in_front(ALICE, order[1]).is_none(), "only the top one can be acted in");

    let trigger = slack.issue_trigger(ALICE, None, START);
    slack.open_view(&trigger, &view, START).unwrap();
    assert_eq!(slack.modals(ALICE).len(), 1, "a person has one stack");
}

#[test]
fn an_external_id_names_one_view() {
    let mut view = modal(&json!([]));
    view["external_id"] = json!("mine");
    let mut slack = Slack::new(Settings::default(), START);
    let alices = slack.issue_trigger(ALICE, None, START);
    let bobs = slack.issue_trigger("U0BOB00001", None, START);
    slack.open_view(&alices, &view, START).unwrap();
    assert_eq!(slack.open_view(&bobs, &view, START).unwrap_err().error, "duplicate_external_id");
    slack.update_view("mine", None, &view, START).unwrap();
}

#[test]
fn what_was_typed_stays_where_the_identifiers_stay() {
    let ask = |block: &str| {
        json!({"type": "input", "block_id": block, "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "why", "initial_value": "as given"}})
    };
    let mut slack = Slack::new(Settings::default(), START);
    let trigger = slack.issue_trigger(ALICE, None, START);
    let opened = slack.open_view(&trigger, &modal(&json!([ask("a")])), START).unwrap();
    let id = opened["id"].as_str().unwrap();
    assert_eq!(opened["state"]["values"]["a"]["why"]["value"], "as given");

    let mut values = slack.view_mut(id).unwrap().values();
    values["a"]["why"]["value"] = json!("typed");
    slack.view_mut(id).unwrap().set_values(&values);
    let updated = slack.update_view(id, None, &modal(&json!([ask("a"), ask("b")])), START).unwrap();
    assert_eq!(updated["state"]["values"]["a"]["why"]["value"], "typed");
    assert_eq!(updated["state"]["values"]["b"]["why"]["value"], "as given");
    let updated = slack.update_view(id, None, &modal(&json!([ask("b")])), START).unwrap();
    assert_eq!(updated["state"]["values"].get("a"), None, "a block that is gone is forgotten");
    let updated = slack.update_view(id, None, &modal(&json!([ask("a")])), START).unwrap();
    assert_eq!(updated["state"]["values"]["a"]["why"]["value"], "as given");
}
