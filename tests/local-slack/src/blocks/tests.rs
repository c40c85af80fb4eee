use serde_json::{Value, json};

use super::{as_posted, check_message, check_view, text_length};

fn findings(blocks: &Value) -> Vec<String> {
    check_message(blocks.as_array().unwrap())
}

fn button(action_id: &str) -> Value {
    json!({"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Approve"}, "value": "v"})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

#[test]
fn a_message_like_countersigns_is_taken() {
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Access request"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Who*\nalice"}, {"type": "plain_text", "text": "1 h"}]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "req_1"}]},
        {"type": "actions", "block_id": "decide", "elements": [button("approve"), button("deny")]},
    ]);
    assert_eq!(findings(&blocks), Vec::<String>::new());
}

#[test]
fn lengths_are_refused_in_slacks_words() {
    assert_eq!(
        findings(&json!([section(&"x".repeat(3_001))])),
        [
            "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
        ]
    );
    assert_eq!(findings(&json!([section(&"é".repeat(3_000))])), Vec::<String>::new(), "characters, not bytes");
    assert_eq!(
        findings(&json!([section("")])).last().unwrap(),
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    );
    let mut long = button("approve");
    long["value"] = json!("x".repeat(2_001));
    assert_eq!(
        findings(&json!([{"type": "actions", "elements": [long]}])),
        ["must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"]
    );
    assert_eq!(
        findings(&json!(vec![json!({"type": "divider"}); 51])),
        ["no more than 50 items allowed [json-pointer:/blocks]"]
    );
    assert_eq!(
        findings(&json!([{"type": "header", "text": {"type": "plain_text", "text": "x".repeat(151)}}])).len(),
        2
    );
}

#[test]
fn shapes_are_refused() {
    for (blocks, finding) in [
        (json!(["x"]), "must provide an object [json-pointer:/blocks/0]"),
        (json!([{"text": "x"}]), "missing required field: type [json-pointer:/blocks/0]"),
        (json!([{"type": "sektion"}]), "unsupported type: sektion [json-pointer:/blocks/0/type]"),
        (json!([{"type": "section"}]), "missing required field: text or fields [json-pointer:/blocks/0]"),
        (json!([{"type": "section", "text": "bare"}]), "must provide an object [json-pointer:/blocks/0/text]"),
        (json!([{"type": "divider", "colour": 1}]), "invalid additional property: colour [json-pointer:/blocks/0]"),
        (
            json!([{"type": "actions", "elements": []}]),
            "no less than 1 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            json!([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]),
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
    ] {
        assert!(findings(&blocks).iter().any(|found| found == finding), "{blocks}: {:?}", findings(&blocks));
    }
}

#[test]
fn identifiers_are_unique_where_slack_wants_them_so() {
    let twice = json!([{"type": "actions", "elements": [button("approve"), button("approve")]}]);
    assert_eq!(
        findings(&twice),
        ["`action_id` \"approve\" already exists [json-pointer:/blocks/0/elements/1/action_id]"]
    );
    let apart = json!([{"type": "actions", "elements": [button("approve")]}, {"type": "actions", "elements": [button("approve")]}]);
    assert_eq!(findings(&apart), Vec::<String>::new());
    let blocks = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
    assert_eq!(findings(&blocks), ["`block_id` \"a\" already exists [json-pointer:/blocks/1/block_id]"]);
}

#[test]
fn posted_blocks_have_identifiers_and_defaults() {
    let blocks = json!([section("x"), {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"}}]}]);
    let posted = as_posted(blocks.as_array().unwrap(), "seed");
    assert_eq!(posted[0]["text"]["verbatim"], json!(false));
    assert_eq!(posted[0]["block_id"].as_str().unwrap().len(), 5);
    assert_eq!(posted[1]["elements"][0]["text"]["emoji"], json!(true));
    assert!(posted[1]["elements"][0]["action_id"].is_string());
    assert_ne!(posted[0]["block_id"], posted[1]["block_id"]);
    assert_eq!(text_length(&posted), 2);
}

#[test]
fn a_view_that_asks_needs_a_submit() {
    let ask = json!({"type": "input", "block_id": "why", "label": {"type": "plain_text", "text": "Why"},
        "element": {"type": "plain_text_input", "action_id": "why"}});
    let mut view = json!({"type": "modal", "title": {"type": "plain_text", "text": "Ask"}, "blocks": [ask]});
    assert_eq!(
        check_view(view.as_object().unwrap()),
        ["must define `submit` to use an `input` block in modals [json-pointer:/view]"]
    );
    view["submit"] = json!({"type": "plain_text", "text": "Send"});
    assert_eq!(check_view(view.as_object().unwrap()), Vec::<String>::new());
    view["title"]["text"] = json!("x".repeat(25));
    assert_eq!(check_view(view.as_object().unwrap()).len(), 2);
}
