//! Whatever people, operators and AWS say, every message and view is one that Slack takes, and nobody's words become
//! markup. What they read like is in the snapshots, each with its margin to Slack's limits.

mod all;
mod checks;
mod margins;
mod outline;
mod reading;

use crate::blocks::Message;
use crate::limits;
use crate::payload::Action;
use crate::sample::{card, names, pending, request, state};
use all::{messages, request_saying, views};
use checks::{MARK, faults, view_faults};
use model::request::Status;
use proptest::prelude::*;
use serde_json::Value;

use super::{Card, card as render_card, state_word};

const UGLY: [&str; 19] = [
    "<!channel>",
    "<!here|x>",
    "<@U0BOB00001>",
    "<https://evil.example|Approve>",
    "https://evil.example",
    "&lt;!channel&gt;",
    "\u{202E}evorppa\u{2066}",
    "🔑:rotating_light:",
    "👩🏽‍🚒🏳️‍🌈",
    "```rm -rf```",
    "*bold* _it_ ~no~ `x`",
    "\n\n> quote\n",
    "\u{200B}\u{0007}\0",
    "<!date^1^{date}|x>",
    "\\u003c!channel\\u003e",
    "{\"type\":\"mrkdwn\",\"text\":\"<!everyone>\"}",
    "e\u{0301}\u{0300}",
    "&&&&&&&&",
    "\"}],\"blocks\":[",
];

/// Every message there is.
pub(crate) fn everything(words: &str, text: &str, copies: usize) -> Vec<Message> {
    messages(words, text, copies)
}

fn ugly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![prop::sample::select(UGLY.to_vec()).prop_map(str::to_owned), "(?s).{0,40}"];
    prop::collection::vec(piece, 1..20).prop_map(|pieces| format!("{MARK}{}", pieces.join(MARK)))
}

fn assert_sound(words: &str, text: &str, copies: usize) {
    for message in messages(words, text, copies) {
        let found = faults(&message);
        assert!(found.is_empty(), "{found:?} in {}", serde_json::to_string_pretty(&message).unwrap());
    }
    for view in views(words, text, copies) {
        let found = view_faults(&view);
        assert!(found.is_empty(), "{found:?} in {}", serde_json::to_string_pretty(&view).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_words_become_markup_and_slack_takes_everything(words in ugly(), text in "(?s).{0,80}", copies in 0usize..60) {
        assert_sound(&words, &format!("{text}<!channel>&<https://x|y>"), copies);
    }
}

#[test]
fn the_longest_texts_fit() {
    for filler in ["x", "&", "🔑", "`", "\u{200D}\"🚒"] {
        let words = format!("{MARK}{}{MARK}", filler.repeat(4_001));
        assert_sound(&words, &filler.repeat(4_001), 101);
    }
}

#[test]
fn a_long_justification_is_visibly_cut() {
    let mut waiting = state(pending(&[]));
    waiting.request = request_saying(&"x".repeat(3_001), "prod", 1);
    let card = render_card(&Card { state: &waiting, unusual: &[], names: &names });
    let texts: Vec<&str> = card.blocks().iter().filter_map(|block| block["text"]["text"].as_str()).collect();
    let words = texts.iter().find(|text| text.starts_with("xxx")).unwrap();
    assert!(words.ends_with("x…"), "{words}");
    assert_eq!(words.chars().count(), limits::WORDS_SHOWN);
}

#[test]
fn the_card_is_in_the_order_that_an_approver_needs() {
    let text = serde_json::to_string(card().blocks()).unwrap();
    let places: Vec<usize> = [
        "*Who:*",
        "*What:*",
        "2 actions:",
        "1 resource:",
        "*Where:*",
        "*How long:*",
        "*Risk:*",
        "*Unusual:*",
        "stuck since 18:40",
        "Ticket: OPS-7",
        "1 of 2 countersigned, by <@U0BOB00001>",
        "Open until",
        "Approve",
        "Deny",
        "Details",
    ]
    .iter()
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(card().blocks().len() <= 12);
}

fn buttons(message: &Message) -> Vec<Value> {
    let elements = message.blocks().iter().filter_map(|block| block["elements"].as_array()).flatten();
    elements.filter(|element| element["type"] == "button").cloned().collect()
}

fn actions(message: &Message) -> Vec<Action> {
    buttons(message).iter().map(|button| Action::named(button["action_id"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn buttons_are_there_only_while_they_apply_and_carry_the_digest() {
    use Action::{Approve, Cancel, Deny, Details, Extend, Revoke};
    for phase in all::phases("why") {
        let state = state(phase);
        let (waits, lives) = (state.status() == Status::Pending, state.status() == Status::Active);
        let card = render_card(&Card { state: &state, unusual: &[], names: &names });
        let on_card: &[Action] = match (waits, lives) {
            (true, _) => &[Approve, Deny, Details],
            (_, true) => &[Revoke, Details],
            _ => &[Details],
        };
        assert_eq!(actions(&card), on_card, "{:?}", state.phase);
        let asked = super::requester::asked(&state, &[], &names);
        assert_eq!(actions(&asked), if waits { vec![Details, Cancel] } else { vec![] }, "{:?}", state.phase);
        let access = super::requester::access(&state, &names);
        assert_eq!(actions(&access), if lives { vec![Revoke, Extend, Details] } else { vec![] }, "{:?}", state.phase);
        let warning = super::requester::warning(&state, &names);
        assert_eq!(actions(&warning), if lives { vec![Revoke, Extend] } else { vec![] }, "{:?}", state.phase);
        let value = format!("{}:{}", request().id, request().digest());
        for button in [card, asked, access, warning].iter().flat_map(buttons) {
            assert_eq!(button["value"], value);
            let asks_back = ["revoke", "cancel"].contains(&button["action_id"].as_str().unwrap());
            assert_eq!(button.get("confirm").is_some(), asks_back, "{button}");
        }
    }
}

#[test]
fn states_and_risks_differ_in_their_words() {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
    let words: std::collections::BTreeSet<String> = Status::ALL.map(|status| letters(state_word(status))).into();
    // Approved and provisioning are one to a reader; the sentence after it says which.
    assert_eq!(words.len(), Status::ALL.len() - 1);
    for level in ["low", "medium", "high", "critical"] {
        assert_eq!(letters(super::risk(model::risk::RiskLevel::named(level).unwrap())), level);
    }
}

/// The sentences of the details about the documents, against the documents.
#[test]
fn each_statement_of_the_policy_document_is_said_in_plain_words() {
    let lifted = "iam:*".to_owned();
    let asked = model::request::Request::new(model::request::RequestFacts {
        source_ips: vec!["203.0.113.0/24".to_owned(), "2001:db8::/32".to_owned()],
        may_outlive: vec![lifted.clone()],
        ..(*request()).clone()
    });
    let state = model::lifecycle::State { request: asked, ..state(crate::sample::active()) };
    let window = crate::sample::window();
    let view = super::details::view(&super::details::Details { state: &state, rules: &[], names: &names });
    let shown = outline::view_outline(&view);
    let policy: Value =
        serde_json::from_str(&model::documents::session_policy(state.terms(), window).unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 4, "a statement that is not explained");
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    for pattern in texts(&statements[0]["Action"]).iter().chain(&texts(&statements[0]["Resource"])) {
        assert!(shown.contains(&format!("> • {pattern}")), "{pattern}");
    }
    for bound in [&statements[0]["Condition"]["DateGreaterThanEquals"], &statements[0]["Condition"]["DateLessThan"]] {
        assert!(shown.contains(bound["aws:CurrentTime"].as_str().unwrap()), "{bound}");
    }
    assert_eq!(statements[1]["Action"], "*");
    assert!(shown.contains("*Denied afterwards:* everything"));
    let denied = shown.lines().find(|line| line.starts_with("> account:*, ")).unwrap();
    assert_eq!(denied.trim_start_matches("> ").split(", ").collect::<Vec<_>>(), texts(&statements[2]["Action"]));
    assert!(!denied.contains(&lifted) && shown.contains("> • iam:*"));
    for address in texts(&statements[3]["Condition"]["NotIpAddressIfExists"]["aws:SourceIp"]) {
        assert!(shown.contains(&format!("> • {address}")), "{address}");
    }
    assert!(shown.contains("Denied from everywhere but:"));
}
