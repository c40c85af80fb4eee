//! Slash commands.

use super::*;
use crate::limits::BODY_BYTES;
use model::names::SlackChannel;

const COMMAND: [(&str, &str); 9] = [
    ("token", "old"),
    ("team_id", "T0COUNTER1"),
    ("channel_id", "C0APPROVALS"),
    ("user_id", "U0ALICE01"),
    ("command", "/access"),
    ("text", "logs-read 30m the café is down"),
    ("api_app_id", "A0COUNTER1"),
    ("response_url", "https://hooks.slack.com/commands/T0COUNTER1/1/abc"),
    ("trigger_id", "1.2.abc"),
];

fn with<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)>
where
    'static: 'a,
{
    COMMAND.iter().map(|(known, old)| (*known, if *known == name { value } else { *old })).collect()
}

fn given(body: &[u8]) -> Result<GivenCommand, PayloadError> {
    match SlashCommand::read(body, &ours())? {
        SlashCommand::Given(given) => Ok(*given),
        SlashCommand::SslCheck => panic!("a certificate check"),
    }
}

#[test]
fn a_command_is_read() {
    let command = given(&form(&COMMAND)).unwrap();
    assert_eq!(command.user.as_str(), "T0COUNTER1/U0ALICE01");
    assert_eq!(command.text, "logs-read 30m the café is down");
    assert_eq!(
        (command.command.as_str(), command.channel.as_ref().map(SlackChannel::as_str)),
        ("/access", Some("C0APPROVALS"))
    );
    assert!(command.response_url.is_some());
    assert!(!format!("{command:?}").contains("café"));
    let empty = given(&form(&with("text", ""))).unwrap();
    assert_eq!(empty.text, "");
}

#[test]
fn a_certificate_check_is_no_command() {
    let read = SlashCommand::read(&form(&[("ssl_check", "1"), ("token", "old")]), &ours());
    assert_eq!(read, Ok(SlashCommand::SslCheck));
}

#[test]
fn commands_of_others_and_unreadable_ones_are_refused() {
    for (name, value, code) in [
        ("team_id", "T0OTHER", "foreign_team"),
        ("team_id", "", "foreign_team"),
        ("api_app_id", "A0OTHER", "foreign_app"),
        ("user_id", "U0ALICE01/x", "malformed_field"),
        ("user_id", "", "malformed_field"),
        ("command", "", "malformed_field"),
        ("trigger_id", "a b", "malformed_field"),
    ] {
        assert_eq!(given(&form(&with(name, value))).unwrap_err().code(), code, "{name}={value}");
    }
    let mut org = COMMAND.to_vec();
    org.push(("enterprise_id", "E0OTHER"));
    assert_eq!(given(&form(&org)).unwrap_err().code(), "foreign_team");
    let mut twice = COMMAND.to_vec();
    twice.push(("user_id", "U0BOB00001"));
    assert_eq!(given(&form(&twice)).unwrap_err().code(), "malformed_form");
    assert_eq!(given(b"team_id=%ff").unwrap_err().code(), "malformed_form");
    assert_eq!(given(&vec![b'a'; BODY_BYTES + 1]).unwrap_err().code(), "payload_too_large");
    assert_eq!(given(b"").unwrap_err().code(), "foreign_team");
}

#[test]
fn what_is_not_needed_of_a_command_is_left_out_rather_than_believed() {
    let command = given(&form(&with("response_url", "https://evil.example/"))).unwrap();
    assert_eq!(command.response_url, None);
    assert_eq!(given(&form(&with("channel_id", "general"))).unwrap().channel, None);
}

proptest! {
    #[test]
    fn any_body_is_survived(body in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        for raw in [body, form(&[("team_id", &text), ("text", &text)])] {
            prop_assert!(SlashCommand::read(&raw, &ours()).is_err());
        }
    }
}
