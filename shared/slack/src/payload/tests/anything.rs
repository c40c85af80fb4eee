//! Whatever comes in, at whatever place: it is refused, or it is ours and within bounds.

use super::*;
use crate::ask::{AskForm, Selection};
use crate::limits::{INPUT_TEXT, OPTION_VALUE, OPTIONS, PRIVATE_METADATA};

fn is_ours(user: &SlackUser) -> bool {
    user.as_str().starts_with("T0COUNTER1/U") || user.as_str().starts_with("T0COUNTER1/W")
}

fn chars(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest
}

fn view_holds(view: &ViewRef) -> bool {
    let hash = view.hash.as_deref().is_none_or(is_token);
    hash && is_token(&view.id) && chars(&view.metadata, PRIVATE_METADATA)
}

fn selection(selection: &Selection) -> bool {
    match selection {
        Selection::All => true,
        Selection::Chosen(values) => {
            let within = values.iter().all(|value| !value.is_empty() && chars(value, OPTION_VALUE));
            within && (1..=OPTIONS).contains(&values.len())
        }
        Selection::Written(text) => !text.is_empty() && chars(text, INPUT_TEXT),
    }
}

fn typed(text: Option<&str>) -> bool {
    text.is_none_or(|text| !text.is_empty() && chars(text, INPUT_TEXT))
}

fn form_holds(form: &AskForm) -> bool {
    let entitlement = form.entitlement.as_deref().is_none_or(|name| chars(name, OPTION_VALUE));
    let selections = selection(&form.permissions) && selection(&form.resources);
    entitlement && selections && typed(form.ticket.as_deref()) && typed(form.justification.as_deref())
}

fn holds(interaction: &Interaction) -> bool {
    match interaction {
        Interaction::Pressed(press) => {
            let place = match &press.place {
                Place::Message { .. } => true,
                Place::View(view) => view_holds(view),
            };
            is_ours(&press.user) && place && press.trigger_id.as_deref().is_none_or(is_token)
        }
        Interaction::Asked(asked) => is_ours(&asked.user) && is_token(&asked.trigger_id),
        Interaction::Refreshed(refreshed) => is_ours(&refreshed.user),
        Interaction::Chosen(chosen) => is_ours(&chosen.user) && view_holds(&chosen.view) && form_holds(&chosen.form),
        Interaction::Submitted(sent) => {
            let what = match &sent.what {
                Submission::Ask(form) | Submission::Extend { form, .. } => form_holds(form),
                Submission::Approve { form, .. } => {
                    typed(form.note.as_deref()) && selection(&form.permissions) && selection(&form.resources)
                }
                Submission::Deny { reason, .. } => chars(reason, INPUT_TEXT),
            };
            is_ours(&sent.user) && view_holds(&sent.view) && what
        }
        Interaction::Closed => true,
    }
}

fn all_payloads() -> Vec<Value> {
    vec![
        press(),
        in_view(ids::view::HOME, &json!({}), &button("revoke")),
        in_view(ids::view::HOME, &json!({}), &button("refresh")),
        changed(press(), "/actions/0", changed(button("ask"), "/value", json!("logs-read"))),
        choice(),
        request_sent(),
        denial_sent(),
        of_kind("view_closed", &view(ids::view::ASK, &values())),
        shortcut(),
        suggestion(),
        home_opened(),
    ]
}

/// The place of everything in a value.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let mut below = |name: String, value: &Value| {
        let here = format!("{at}/{name}");
        pointers(value, &here, all);
        all.push(here);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| below(name.clone(), value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, value)| below(n.to_string(), value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Any JSON, with a leaning to what is nearly right.
fn any_json() -> impl Strategy<Value = Value> {
    let known = prop::sample::select(vec![
        "T0OTHER",
        "A0OTHER",
        "E0COUNTER1",
        "U0EVE00001",
        "ask",
        "deny",
        "home",
        "view",
        "message",
        "button",
        "approve",
        "refresh",
        "reason",
        "ticket.x",
        "duration",
        "plain_text_input",
        "static_select",
        "block_actions",
        "shortcut",
        "view_submission",
        "block_suggestion",
        "logs-read",
        "60",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        known.prop_map(Value::from),
        (1_usize..4_000).prop_map(|length| Value::from("é".repeat(length))),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name =
            prop_oneof!["[a-z_]{1,12}", Just("value".to_owned()), Just("type".to_owned()), Just("id".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4).prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

/// Reads a body every way there is; says what is wrong with what was accepted.
fn read_every_way(body: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(read) = Interaction::read(body, &ours()) {
        prop_assert!(holds(&read), "{:?}", read);
    }
    if let Ok(read) = Suggestion::read(body, &ours()) {
        prop_assert!(is_ours(&read.user) && chars(&read.typed, INPUT_TEXT));
        prop_assert_eq!(read.field, ids::field::ENTITLEMENT);
    }
    if let Ok(AppEvent::HomeOpened { user, event_id }) = AppEvent::read(body, &ours()) {
        prop_assert!(is_ours(&user) && is_token(&event_id));
    }
    Ok(())
}

/// Where it says whose a payload is. Nothing but what is there may be there.
const WHOSE: [&str; 10] = [
    "/team",
    "/team/id",
    "/enterprise",
    "/api_app_id",
    "/user/team_id",
    "/view/team_id",
    "/view/app_id",
    "/team_id",
    "/event/view/team_id",
    "/event/view/app_id",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused(body in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        for raw in [body, form(&[("payload", &text)]), text.into_bytes()] {
            prop_assert!(Interaction::read(&raw, &ours()).is_err());
            prop_assert!(Suggestion::read(&raw, &ours()).is_err());
            prop_assert!(AppEvent::read(&raw, &ours()).is_err());
        }
    }

    #[test]
    fn any_json_is_refused(value in any_json()) {
        prop_assert!(read(&value).is_err());
        prop_assert!(suggested(&value).is_err());
        prop_assert!(AppEvent::read(value.to_string().as_bytes(), &ours()).is_err());
    }

    #[test]
    fn any_json_at_any_place_is_refused_or_within_bounds(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let payloads = all_payloads();
        let payload = which.get(&payloads);
        let mut places = Vec::new();
        pointers(payload, "", &mut places);
        let at = place.get(&places);
        let mut odd = payload.clone();
        *odd.pointer_mut(at).unwrap() = value;
        read_every_way(&posted(&odd))?;
        read_every_way(odd.to_string().as_bytes())?;
    }

    #[test]
    fn nothing_but_our_own_ids_is_taken_for_ours(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let payloads = all_payloads();
        let payload = which.get(&payloads);
        let places: Vec<&str> = WHOSE.into_iter().filter(|at| payload.pointer(at).is_some()).collect();
        let at = *place.get(&places);
        // Slack writes null or an empty id for "none", where there may be none.
        let none = value.is_null() || value == json!("");
        prop_assume!(!none && payload.pointer(at) != Some(&value) && value.get("id").is_none());
        let mut odd = payload.clone();
        *odd.pointer_mut(at).unwrap() = value;
        prop_assert!(read(&odd).is_err(), "{}", at);
        prop_assert!(suggested(&odd).is_err(), "{}", at);
        prop_assert!(AppEvent::read(odd.to_string().as_bytes(), &ours()).is_err(), "{}", at);
    }

    #[test]
    fn cut_and_changed_bodies_are_refused_or_within_bounds(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        let payloads = all_payloads();
        let payload = which.get(&payloads);
        for whole in [posted(payload), payload.to_string().into_bytes()] {
            let at = cut.index(whole.len());
            read_every_way(&whole[..at])?;
            let mut changed = whole;
            changed[at] = byte;
            read_every_way(&changed)?;
        }
    }
}
