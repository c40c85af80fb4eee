use serde_json::{Map, Value, json};

use super::{Values, Wanted, carried_over, put_all, refused};

fn option(value: &str) -> Value {
    json!({"text": {"type": "plain_text", "text": value}, "value": value})
}

fn input(block: &str, element: &Value, optional: bool) -> Value {
    json!({"type": "input", "block_id": block, "optional": optional, "element": element,
        "label": {"type": "plain_text", "text": block}})
}

fn blocks() -> Vec<Value> {
    vec![
        input("what", &json!({"type": "external_select", "action_id": "what"}), false),
        input(
            "which",
            &json!({"type": "multi_static_select", "action_id": "which", "options": [option("a"), option("b")]}),
            true,
        ),
        input("why", &json!({"type": "plain_text_input", "action_id": "why", "min_length": 3, "max_length": 5}), false),
        json!({"type": "section", "block_id": "how", "accessory":
            {"type": "static_select", "action_id": "how", "options": [option("x")], "initial_option": option("x")}}),
        json!({"type": "actions", "block_id": "act", "elements": [{"type": "button", "action_id": "go"}]}),
    ]
}

fn values() -> Values {
    carried_over(&blocks(), &Map::new())
}

fn put(given: &Value, offered: &[Value]) -> Result<Values, String> {
    let mut values = values();
    put_all(&mut values, &blocks(), given.as_object().unwrap(), |_, _| offered.to_vec()).map(|()| values)
}

#[test]
fn every_element_with_a_value_has_one_from_the_start() {
    assert_eq!(
        Value::Object(values()),
        json!({
            "what": {"what": {"type": "external_select", "selected_option": null}},
            "which": {"which": {"type": "multi_static_select", "selected_options": []}},
            "why": {"why": {"type": "plain_text_input", "value": null}},
            "how": {"how": {"type": "static_select", "selected_option": option("x")}},
        })
    );
}

#[test]
fn only_what_is_offered_can_be_chosen() {
    let chosen = put(&json!({"which": {"which": {"selected_options": [{"value": "b"}]}}}), &[]).unwrap();
    assert_eq!(chosen["which"]["which"]["selected_options"], json!([option("b")]));
    let outside = json!({"what": {"what": {"selected_option": {"value": "z"}}}});
    assert!(put(&outside, &[]).unwrap_err().contains("does not offer"));
    assert_eq!(put(&outside, &[option("z")]).unwrap()["what"]["what"]["selected_option"], option("z"));
    for unknown in [json!({"no": {"why": {"value": "x"}}}), json!({"act": {"go": {"value": "x"}}}), json!({"why": "x"})]
    {
        assert!(put(&unknown, &[]).is_err(), "{unknown}");
    }
}

#[test]
fn a_choice_that_is_no_longer_offered_is_forgotten() {
    let chosen = put(&json!({"which": {"which": {"selected_options": [{"value": "b"}]}}}), &[]).unwrap();
    let mut fewer = blocks();
    fewer[1]["element"]["options"] = json!([option("a")]);
    assert_eq!(carried_over(&blocks(), &chosen)["which"]["which"]["selected_options"], json!([option("b")]));
    assert_eq!(carried_over(&fewer, &chosen)["which"]["which"]["selected_options"], json!([]));
}

#[test]
fn the_client_refuses_what_is_missing_too_short_or_too_long() {
    let complaints = |values: &Values| refused(&blocks(), values).keys().cloned().collect::<Vec<_>>();
    assert_eq!(complaints(&values()), ["what", "why"], "an optional input may stay empty");
    for (text, complained) in [("ab", true), ("abc", false), ("abcde", false), ("abcdef", true)] {
        let filled = json!({"what": {"what": {"selected_option": {"value": "z"}}}, "why": {"why": {"value": text}}});
        assert_eq!(!complaints(&put(&filled, &[option("z")]).unwrap()).is_empty(), complained, "{text}");
    }
}

#[test]
fn a_press_takes_what_its_element_can_take() {
    let element = |at: usize| blocks()[at]["element"].as_object().unwrap().clone();
    let wanted = Wanted { options: Some(&["a".to_owned(), "b".to_owned()]), ..Wanted::default() };
    assert_eq!(wanted.of(&element(1), &[]).unwrap(), Some(("selected_options", json!([option("a"), option("b")]))));
    let mut at_most_one = element(1);
    at_most_one.insert("max_selected_items".to_owned(), json!(1));
    assert!(wanted.of(&at_most_one, &[]).is_err());
    assert!(Wanted::default().of(&element(0), &[]).is_err());
    let button = json!({"type": "button", "action_id": "go"});
    assert_eq!(Wanted::default().of(button.as_object().unwrap(), &[]), Ok(None));
}
