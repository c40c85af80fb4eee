//! Events.

use super::*;
use crate::limits::BODY_BYTES;

fn event(body: &Value) -> Result<AppEvent, &'static str> {
    AppEvent::read(body.to_string().as_bytes(), &ours()).map_err(PayloadError::code)
}

fn opened() -> AppEvent {
    AppEvent::HomeOpened { user: "T0COUNTER1/U0ALICE01".parse().unwrap(), event_id: "Ev0PV52K21".to_owned() }
}

#[test]
fn the_address_is_proven_before_anything_is_installed() {
    let asked = json!({"token": "old", "type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"});
    assert_eq!(event(&asked), Ok(AppEvent::Challenge("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd".to_owned())));
    for (value, code) in [
        (json!(null), "missing_field"),
        (json!(7), "missing_field"),
        (json!(""), "malformed_field"),
        (json!("<script> alert"), "malformed_field"),
        (json!("x".repeat(256)), "malformed_field"),
    ] {
        assert_eq!(event(&changed(asked.clone(), "/challenge", value)), Err(code));
    }
}

#[test]
fn an_opened_home_tab_is_read() {
    assert_eq!(event(&home_opened()), Ok(opened()));
    // The first time there is no view yet.
    let mut first = home_opened();
    first["event"].as_object_mut().unwrap().remove("view");
    assert_eq!(event(&first), Ok(opened()));
    assert_eq!(event(&changed(home_opened(), "/event/user_team", json!("T0COUNTER1"))), Ok(opened()));
    assert_eq!(event(&changed(home_opened(), "/enterprise_id", json!(""))), Ok(opened()));
}

#[test]
fn what_we_have_no_use_for_is_left_alone() {
    for (pointer, value) in [
        ("/event/tab", json!("messages")),
        ("/event/tab", json!(null)),
        ("/event/type", json!("message")),
        ("/event", json!(null)),
        ("/type", json!("app_rate_limited")),
    ] {
        assert_eq!(event(&changed(home_opened(), pointer, value.clone())), Ok(AppEvent::Other), "{pointer} {value}");
    }
}

#[test]
fn events_of_others_and_unreadable_ones_are_refused() {
    for (pointer, value, code) in [
        ("/team_id", json!("T0OTHER"), "foreign_team"),
        ("/team_id", json!(null), "foreign_team"),
        ("/team_id", json!(["T0COUNTER1"]), "foreign_team"),
        ("/enterprise_id", json!("E0OTHER"), "foreign_team"),
        ("/enterprise_id", json!({}), "foreign_team"),
        ("/context_team_id", json!("T0OTHER"), "foreign_team"),
        ("/context_enterprise_id", json!("E0OTHER"), "foreign_team"),
        ("/event/view/team_id", json!("T0OTHER"), "foreign_team"),
        ("/event/view/app_id", json!("A0OTHER"), "foreign_app"),
        ("/api_app_id", json!("A0OTHER"), "foreign_app"),
        ("/api_app_id", json!(null), "foreign_app"),
        ("/event/user_team", json!("T0OTHER"), "foreign_person"),
        ("/event/source_team", json!("T0OTHER"), "foreign_person"),
        ("/event/team", json!(7), "foreign_person"),
        ("/event/is_stranger", json!(true), "foreign_person"),
        ("/event/user", json!("alice"), "malformed_field"),
        ("/event/user", json!({"id": "U0ALICE01"}), "missing_field"),
        ("/event_id", json!(null), "missing_field"),
        ("/event_id", json!("a b"), "malformed_field"),
        ("/type", json!(null), "missing_field"),
    ] {
        assert_eq!(event(&changed(home_opened(), pointer, value.clone())), Err(code), "{pointer} {value}");
    }
    let read = |body: &[u8]| AppEvent::read(body, &ours()).map_err(PayloadError::code);
    assert_eq!(read(b""), Err("malformed_json"));
    assert_eq!(read(b"\"\xff\""), Err("malformed_json"));
    assert_eq!(read(&vec![b' '; BODY_BYTES + 1]), Err("payload_too_large"));
    let twice = home_opened().to_string().replacen(r#""team_id""#, r#""team_id":"T0OTHER","team_id""#, 1);
    assert_eq!(read(twice.as_bytes()), Err("malformed_json"));
}
