use serde_json::{Value, json};

use super::{as_posted, check_blocks, check_message, check_offer, check_view, check_view_shape, text_length};

fn findings(blocks: &Value) -> Vec<String> {
    check_blocks(blocks.as_array().unwrap())
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

fn modal(blocks: &Value) -> Value {
    let text = |text: &str| json!({"type": "plain_text", "text": text});
    json!({"type": "modal", "title": text("Ask"), "submit": text("Send"), "blocks": blocks})
}

fn options(several: usize) -> Value {
    (0..several).map(|at| json!({"text": {"type": "plain_text", "text": "One"}, "value": at.to_string()})).collect()
}

/// The findings about one element in an input block.
fn asked(element: &Value) -> Vec<String> {
    let label = json!({"type": "plain_text", "text": "What"});
    let hint = json!({"type": "plain_text", "text": "As in the ticket"});
    let input = json!({"type": "input", "block_id": "b", "dispatch_action": true, "optional": true, "hint": hint,
        "label": label, "element": element});
    check_view_shape(&modal(&json!([input])))
}

#[test]
fn a_modal_like_countersigns_is_taken() {
    let placeholder = json!({"type": "plain_text", "text": "Choose"});
    let confirm = json!({"title": placeholder, "text": placeholder, "confirm": placeholder, "deny": placeholder,
        "style": "danger"});
    for element in [
        json!({"type": "external_select", "action_id": "a", "min_query_length": 0, "placeholder": placeholder,
            "focus_on_load": true}),
        json!({"type": "static_select", "action_id": "a", "options": options(100), "confirm": confirm,
            "initial_option": options(1)[0]}),
        json!({"type": "multi_static_select", "action_id": "a", "max_selected_items": 2,
            "option_groups": [{"label": placeholder, "options": options(3)}], "initial_options": options(2)}),
        json!({"type": "plain_text_input", "action_id": "a", "multiline": true, "min_length": 0, "max_length": 3_000,
            "initial_value": "x", "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}),
        json!({"type": "checkboxes", "action_id": "a",
            "options": [{"text": {"type": "mrkdwn", "text": "*a*"}, "value": "a"}]}),
    ] {
        assert_eq!(asked(&element), Vec::<String>::new(), "{element}");
    }
    let beside = json!({"type": "button", "action_id": "a", "text": placeholder, "style": "primary",
        "accessibility_label": "Choose", "confirm": confirm});
    let mut section = section("x");
    section["accessory"] = beside;
    assert_eq!(check_view_shape(&json!({"type": "home", "blocks": [section]})), Vec::<String>::new());
}

#[test]
fn elements_are_held_to_slacks_limits() {
    let one = &options(1)[0];
    let other = json!({"text": {"type": "plain_text", "text": "Other"}, "value": "0"});
    let long = |field: &str, length: usize| {
        let mut option = one.clone();
        option[field] = if field == "text" {
            json!({"type": "plain_text", "text": "x".repeat(length)})
        } else {
            json!("x".repeat(length))
        };
        json!({"type": "static_select", "options": [option]})
    };
    for (element, finding) in [
        (json!({"type": "static_select"}), "missing required field: options or option_groups"),
        (json!({"type": "static_select", "options": options(101)}), "no more than 100 items allowed"),
        (json!({"type": "static_select", "options": []}), "no less than 1 items allowed"),
        (long("text", 76), "must be less than 76 characters"),
        (long("value", 151), "must be less than 151 characters"),
        (
            json!({"type": "static_select", "options": options(1), "option_groups": []}),
            "must provide either `options` or `option_groups`, not both",
        ),
        (
            json!({"type": "static_select", "options": options(1), "initial_option": other}),
            "`initial_option` must match one of the options",
        ),
        (
            json!({"type": "static_select", "options": [{"text": {"type": "mrkdwn", "text": "x"}, "value": "x"}]}),
            "unsupported type: mrkdwn",
        ),
        (
            json!({"type": "multi_static_select", "options": options(2), "initial_options": [other]}),
            "each of `initial_options` must match one of the options",
        ),
        (
            json!({"type": "multi_static_select", "options": options(2), "initial_options": options(2),
                "max_selected_items": 1}),
            "no more than `max_selected_items` may be chosen",
        ),
        (
            json!({"type": "multi_static_select", "options": options(2), "max_selected_items": 0}),
            "must be greater than or equal to 1",
        ),
        (json!({"type": "external_select", "min_query_length": -1}), "must provide a non-negative integer"),
        (json!({"type": "external_select", "options": options(1)}), "invalid additional property: options"),
        (
            json!({"type": "external_select", "placeholder": {"type": "plain_text", "text": "x".repeat(151)}}),
            "must be less than 151 characters",
        ),
        (json!({"type": "plain_text_input", "max_length": 3_001}), "must be less than or equal to 3000"),
        (json!({"type": "plain_text_input", "max_length": 0}), "must be greater than or equal to 1"),
        (
            json!({"type": "plain_text_input", "min_length": 3, "max_length": 2}),
            "`min_length` must not be greater than `max_length`",
        ),
        (
            json!({"type": "plain_text_input", "max_length": 2, "initial_value": "xxx"}),
            "must not be longer than `max_length`",
        ),
        (
            json!({"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_blur"]}}),
            "must be a valid enum value",
        ),
        (
            json!({"type": "static_select", "options": options(1), "confirm": {"title": {"type": "plain_text", "text": "x"}}}),
            "missing required field: deny",
        ),
        (button("approve"), "unsupported type: button"),
    ] {
        assert!(asked(&element).iter().any(|found| found.starts_with(finding)), "{element}: {:?}", asked(&element));
    }
}

#[test]
fn one_element_has_the_focus() {
    let ask = |block: &str| {
        json!({"type": "input", "block_id": block, "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "why", "focus_on_load": true}})
    };
    assert_eq!(check_view_shape(&modal(&json!([ask("a")]))), Vec::<String>::new());
    assert_eq!(
        check_view_shape(&modal(&json!([ask("a"), ask("b")]))),
        ["only one element may be set to `focus_on_load` [json-pointer:/view/blocks/1/element/focus_on_load]"]
    );
}

#[test]
fn whole_messages_and_views_are_checked_without_a_server() {
    assert_eq!(check_message(&json!({"text": "x", "blocks": [section("y")]})), Vec::<String>::new());
    for (message, finding) in [
        (json!({}), "no_text"),
        (json!({"text": ""}), "no_text"),
        (json!({"text": "x", "blocks": {}}), "invalid_blocks_format"),
        (json!({"text": "x".repeat(4_001)}), "msg_too_long"),
        (json!({"text": "x", "blocks": vec![section(&"x".repeat(3_000)); 4]}), "msg_blocks_too_long"),
        (json!({"text": "x", "metadata": {"event_type": "x"}}), "invalid_metadata_format"),
        (json!({"blocks": [{"type": "sektion"}]}), "unsupported type: sektion"),
    ] {
        assert!(check_message(&message).iter().any(|found| found.starts_with(finding)), "{message}");
    }
    for (view, finding) in [
        (json!("x"), "must provide an object"),
        (json!({"type": "home", "blocks": [], "title": {"type": "plain_text", "text": "x"}}), "invalid additional"),
        (json!({"type": "home", "blocks": vec![json!({"type": "divider"}); 101]}), "no more than 100 items"),
        (modal(&json!(vec![section(&"x".repeat(3_000)); 84])), "view_too_large"),
    ] {
        assert!(check_view_shape(&view).iter().any(|found| found.starts_with(finding)), "{finding}");
    }
}

#[test]
fn what_is_offered_to_a_menu_is_checked() {
    assert_eq!(check_offer(&json!({"options": []})), Vec::<String>::new(), "nothing may match what was typed");
    assert_eq!(check_offer(&json!({"options": options(100)})), Vec::<String>::new());
    let group = json!({"label": {"type": "plain_text", "text": "x"}, "options": options(1)});
    assert_eq!(check_offer(&json!({"option_groups": [group]})), Vec::<String>::new());
    for wrong in [
        json!({"options": options(101)}),
        json!({}),
        json!([]),
        json!({"options": options(1), "option_groups": [group]}),
        json!({"options": [{"text": "x", "value": "x"}]}),
        json!({"option_groups": [{"options": options(1)}]}),
    ] {
        assert!(!check_offer(&wrong).is_empty(), "{wrong}");
    }
}
