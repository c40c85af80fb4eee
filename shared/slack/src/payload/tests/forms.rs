//! What is chosen, typed and sent in modals.

use super::*;
use crate::ask::{AskForm, Selection};
use crate::limits::{BODY_BYTES, INPUT_TEXT, OPTION_VALUE, OPTIONS, VIEW_BLOCKS, VIEW_BYTES};

fn filled() -> AskForm {
    AskForm {
        entitlement: Some("orders-db-debug".to_owned()),
        duration_seconds: Some(1_800),
        permissions: Selection::Chosen(vec!["dynamodb:GetItem".to_owned(), "dynamodb:Query".to_owned()]),
        resources: Selection::Written(WORDS.to_owned()),
        ticket: Some(WORDS.to_owned()),
        justification: Some(WORDS.to_owned()),
    }
}

fn sent(payload: &Value) -> Result<AskForm, &'static str> {
    match read(payload) {
        Ok(Interaction::Submitted(Submitted { what: Submission::Ask(form), .. })) => Ok(form),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code()),
    }
}

fn chosen(payload: &Value) -> Result<Chosen, &'static str> {
    match read(payload) {
        Ok(Interaction::Chosen(chosen)) => Ok(chosen),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code()),
    }
}

#[test]
fn a_request_is_read_as_it_was_filled_in() {
    assert_eq!(sent(&request_sent()), Ok(filled()));
    let Ok(Interaction::Submitted(submitted)) = read(&request_sent()) else { panic!() };
    assert_eq!((submitted.user.as_str(), submitted.view.kind.as_str()), ("T0COUNTER1/U0ALICE01", ids::view::ASK));
}

#[test]
fn what_was_left_empty_is_nothing() {
    for (block, action, empty) in [
        ("entitlement", "entitlement", json!({"type": "external_select", "selected_option": null})),
        ("duration.x", "duration", json!({"type": "static_select", "selected_option": null})),
        ("permissions.x", "permissions", json!({"type": "multi_static_select", "selected_options": []})),
        ("resources.x", "resources", json!({"type": "multi_static_select"})),
        ("resources.x", "resources", json!({"type": "plain_text_input", "value": null})),
        ("ticket.x", "ticket", json!({"type": "plain_text_input", "value": ""})),
        ("justification", "justification", json!({"type": "plain_text_input"})),
    ] {
        let payload = changed(request_sent(), "/view/state/values", json!({block: {action: empty}}));
        assert_eq!(sent(&payload), Ok(AskForm::default()), "{block}");
    }
    for none in [json!({}), json!(null)] {
        assert_eq!(sent(&changed(request_sent(), "/view/state/values", none)), Ok(AskForm::default()));
    }
}

#[test]
fn forms_that_can_not_be_ours_are_refused() {
    let menu = |value: Value| json!({"type": "static_select", "selected_option": {"value": value}});
    let several = |options: Value| json!({"type": "multi_static_select", "selected_options": options});
    let typed = |value: Value| json!({"type": "plain_text_input", "value": value});
    let external = |option: Value| json!({"type": "external_select", "selected_option": option});
    let many: Vec<Value> = (0..=OPTIONS).map(|n| option(&n.to_string())).collect();
    for (block, action, element, expected) in [
        ("duration.a", "ticket", typed(json!("x")), "unknown_field"),
        ("other", "other", typed(json!("x")), "unknown_field"),
        ("Ticket", "Ticket", typed(json!("x")), "unknown_field"),
        ("", "", typed(json!("x")), "unknown_field"),
        ("reason", "reason", typed(json!("x")), "unknown_field"),
        ("ticket", "ticket", menu(json!("x")), "malformed_field"),
        ("ticket", "ticket", json!({"value": "x"}), "malformed_field"),
        ("ticket", "ticket", json!("x"), "malformed_field"),
        ("ticket", "ticket", typed(json!(7)), "malformed_field"),
        ("ticket", "ticket", typed(json!("🔑".repeat(INPUT_TEXT + 1))), "malformed_field"),
        ("duration.a", "duration", typed(json!("60")), "malformed_field"),
        ("duration.a", "duration", menu(json!("1h")), "malformed_field"),
        ("duration.a", "duration", menu(json!("+60")), "malformed_field"),
        ("duration.a", "duration", menu(json!("")), "malformed_field"),
        ("duration.a", "duration", menu(json!(60)), "malformed_field"),
        ("duration.a", "duration", menu(json!("18446744073709551616")), "malformed_field"),
        ("entitlement", "entitlement", external(json!("x")), "malformed_field"),
        ("entitlement", "entitlement", external(json!({})), "malformed_field"),
        ("entitlement", "entitlement", external(option(&"x".repeat(OPTION_VALUE + 1))), "malformed_field"),
        ("permissions", "permissions", several(json!({})), "malformed_field"),
        ("permissions", "permissions", several(json!(["x"])), "malformed_field"),
        ("permissions", "permissions", several(json!([{"value": 1}])), "malformed_field"),
        ("permissions", "permissions", several(json!(many)), "malformed_field"),
    ] {
        let payload = changed(request_sent(), "/view/state/values", json!({block: {action: element}}));
        assert_eq!(sent(&payload), Err(expected), "{block} {action}");
    }
    let ticket = json!({"ticket": typed(json!("x"))});
    let two = json!({"ticket": typed(json!("x")), "justification": typed(json!("y"))});
    let crowd: serde_json::Map<String, Value> =
        (0..=VIEW_BLOCKS).map(|n| (format!("ticket.{n}"), ticket.clone())).collect();
    for odd in [
        json!([]),
        json!({"ticket": []}),
        json!({"ticket": {}}),
        json!({"ticket": two}),
        json!({"ticket": ticket, "ticket.a": ticket}),
        json!(crowd),
    ] {
        assert_eq!(sent(&changed(request_sent(), "/view/state/values", odd.clone())), Err("malformed_field"), "{odd}");
    }
    for kind in [ids::view::HOME, ids::view::DETAILS, ids::view::NOTICE, "other"] {
        assert_eq!(code(&changed(request_sent(), "/view/callback_id", json!(kind))), "unknown_view");
    }
}

#[test]
fn fields_of_another_entitlement_never_widen_a_request() {
    let other = option("prod-admin");
    let stale = changed(request_sent(), "/view/state/values/entitlement/entitlement/selected_option", other.clone());
    assert_eq!(sent(&stale), Err("stale_form"));
    // While the modal is still open, what was narrowed is forgotten, and what was typed is not.
    let form = chosen(&changed(choice(), "/actions/0/selected_option", other)).unwrap().form;
    let kept = AskForm {
        entitlement: Some("prod-admin".to_owned()),
        permissions: Selection::All,
        resources: Selection::All,
        ..filled()
    };
    assert_eq!(form, kept);
}

#[test]
fn a_choice_is_read_over_what_was_there_before() {
    let first = chosen(&choice()).unwrap();
    assert_eq!((first.field.as_str(), &first.form), (ids::field::ENTITLEMENT, &filled()));
    for (field, element, form) in [
        (
            ids::field::DURATION,
            json!({"type": "static_select", "selected_option": option("60")}),
            AskForm { duration_seconds: Some(60), ..filled() },
        ),
        (
            ids::field::PERMISSIONS,
            json!({"type": "multi_static_select", "selected_options": [option("dynamodb:Query")]}),
            AskForm { permissions: Selection::Chosen(vec!["dynamodb:Query".to_owned()]), ..filled() },
        ),
        (
            ids::field::PERMISSIONS,
            json!({"type": "multi_static_select", "selected_options": []}),
            AskForm { permissions: Selection::All, ..filled() },
        ),
        (
            ids::field::TICKET,
            json!({"type": "plain_text_input", "value": "INC-1"}),
            AskForm { ticket: Some("INC-1".to_owned()), ..filled() },
        ),
        (
            ids::field::JUSTIFICATION,
            json!({"type": "plain_text_input", "value": null}),
            AskForm { justification: None, ..filled() },
        ),
    ] {
        let block = ids::block(field, "orders-db-debug");
        let mut action = element;
        action["action_id"] = json!(field);
        action["block_id"] = json!(block);
        let mut payload = in_view(ids::view::ASK, &values(), &action);
        assert_eq!(chosen(&payload).unwrap().form, form, "{field}");
        // Slack may leave it out of the state as well.
        payload.pointer_mut("/view/state/values").unwrap().as_object_mut().unwrap().remove(&block);
        assert_eq!(chosen(&payload).unwrap().form, form, "{field}");
    }
}

#[test]
fn choices_that_can_not_be_ours_are_refused() {
    for (pointer, value, expected) in [
        ("/actions/0/block_id", json!("ticket"), "unknown_field"),
        ("/actions/0/block_id", json!("entitlement.x"), "malformed_field"),
        ("/actions/0/block_id", json!(null), "missing_field"),
        ("/actions/0/action_id", json!("reason"), "unknown_action"),
        ("/actions/0/action_id", json!("ticket"), "unknown_field"),
        ("/actions/0/type", json!("button"), "malformed_field"),
        ("/actions/0/type", json!("static_select"), "malformed_field"),
        ("/actions/0/selected_option", json!("x"), "malformed_field"),
        ("/view/callback_id", json!(ids::view::DENY), "unknown_view"),
        ("/view/callback_id", json!(ids::view::HOME), "unknown_view"),
        ("/container/type", json!("message"), "malformed_field"),
        ("/view/state/values", json!("x"), "malformed_field"),
        ("/view/state/values/reason", json!({"reason": {"type": "plain_text_input"}}), "unknown_field"),
    ] {
        assert_eq!(code(&changed(choice(), pointer, value.clone())), expected, "{pointer} {value}");
    }
}

#[test]
fn a_denial_says_of_which_request() {
    let denied = |payload: &Value| match read(payload).map_err(PayloadError::code) {
        Ok(Interaction::Submitted(Submitted { what: Submission::Deny { request, digest, reason }, .. })) => {
            assert_eq!((request.as_str(), digest), (ID, Digest::of(b"request")));
            Ok(reason)
        }
        Ok(other) => panic!("{other:?}"),
        Err(code) => Err(code),
    };
    assert_eq!(denied(&denial_sent()), Ok(WORDS.to_owned()));
    let untyped = changed(denial_sent(), "/view/state/values/reason/reason/value", json!(null));
    assert_eq!(denied(&untyped), Ok(String::new()));
    for (pointer, value, expected) in [
        ("/view/private_metadata", json!(""), "malformed_field"),
        ("/view/private_metadata", json!(ID), "malformed_field"),
        ("/view/private_metadata", json!(format!("{ID}:{}", "0".repeat(63))), "malformed_field"),
        ("/view/private_metadata", json!(null), "malformed_field"),
        ("/view/state/values", values(), "unknown_field"),
        ("/view/state/values/reason/reason/value", json!("x".repeat(INPUT_TEXT + 1)), "malformed_field"),
    ] {
        assert_eq!(denied(&changed(denial_sent(), pointer, value.clone())), Err(expected), "{pointer} {value}");
    }
}

#[test]
fn a_modal_is_closed() {
    let closed = of_kind("view_closed", &view(ids::view::ASK, &values()));
    assert_eq!(read(&closed), Ok(Interaction::Closed));
}

#[test]
fn what_is_typed_into_the_menu_is_read() {
    let read = suggested(&suggestion()).unwrap();
    assert_eq!((read.field.as_str(), read.typed.as_str()), (ids::field::ENTITLEMENT, WORDS));
    assert_eq!(suggested(&changed(suggestion(), "/value", json!(""))).unwrap().typed, "");
    for (pointer, value, code) in [
        ("/type", json!("block_actions"), "unknown_interaction"),
        ("/action_id", json!("duration"), "unknown_field"),
        ("/action_id", json!("other"), "unknown_field"),
        ("/action_id", json!(null), "missing_field"),
        ("/block_id", json!("duration"), "unknown_field"),
        ("/block_id", json!(null), "missing_field"),
        ("/value", json!(null), "malformed_field"),
        ("/value", json!("x".repeat(INPUT_TEXT + 1)), "malformed_field"),
    ] {
        let read = suggested(&changed(suggestion(), pointer, value.clone()));
        assert_eq!(read.unwrap_err().code(), code, "{pointer} {value}");
    }
    let duration = changed(suggestion(), "/action_id", json!("duration"));
    let duration = changed(duration, "/block_id", json!("duration.x"));
    assert_eq!(suggested(&duration).unwrap_err().code(), "unknown_field");
    assert_eq!(code(&suggestion()), "unknown_interaction");
}

#[test]
fn peoples_words_are_not_printed() {
    let metadata = changed(request_sent(), "/view/private_metadata", json!(WORDS));
    for payload in [choice(), request_sent(), denial_sent(), metadata] {
        assert!(payload.to_string().contains(WORDS));
        let shown = format!("{:?}", read(&payload).unwrap());
        assert!(!shown.contains(WORDS), "{shown}");
    }
    let shown = format!("{:?}", suggested(&suggestion()).unwrap());
    assert!(!shown.contains(WORDS), "{shown}");
}

/// The worst that Slack may send of the largest view it takes, with its options once more in its state.
#[test]
fn the_largest_view_is_read() {
    let typed = "🔑".repeat(INPUT_TEXT);
    let mut payload = request_sent();
    for block in [
        "resources.orders-db-debug/resources",
        "ticket.orders-db-debug/ticket",
        "justification.orders-db-debug/justification",
    ] {
        payload = changed(payload, &format!("/view/state/values/{block}/value"), json!(typed));
    }
    let filler = "/".repeat(VIEW_BYTES);
    payload = changed(payload, "/view/blocks", json!([filler, filler]));
    let written: String = payload
        .to_string()
        .chars()
        .map(|c| match c {
            '/' => "\\/".to_owned(),
            '🔑' => "\\ud83d\\udd11".to_owned(),
            other => other.to_string(),
        })
        .collect();
    let body = form(&[("payload", &written)]);
    assert!(body.len() > 12 * VIEW_BYTES && body.len() < BODY_BYTES, "{}", body.len());
    let Ok(Interaction::Submitted(Submitted { what: Submission::Ask(form), .. })) = Interaction::read(&body, &ours())
    else {
        panic!("not read")
    };
    assert_eq!(form.justification, Some(typed));
}
