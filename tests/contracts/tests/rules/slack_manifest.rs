//! `infra/slack-manifest.yaml` makes an app that the code can answer, with no more rights than it uses.

use crate::{holds, openapi, template};
use contracts::repository::{sources, text};
use contracts::slack_manifest::{
    Code, Manifest, address_complaints, length_complaints, scope_complaints, surface_complaints,
};
use serde_json::Value;

fn manifest_text() -> String {
    text("infra/slack-manifest.yaml").unwrap()
}

fn manifest() -> Manifest {
    Manifest::read(&manifest_text()).unwrap()
}

fn code() -> Code {
    let document = openapi();
    let pointer = "/paths/~1slack~1commands/post/requestBody/content/application~1x-www-form-urlencoded/schema";
    let command = document.0.pointer(&format!("{pointer}/properties/command/const")).and_then(Value::as_str).unwrap();
    let live = |(path, source): (String, String)| {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        (!path.contains("/tests") && !path.ends_with("sample.rs")).then_some(without_comments(&source))
    };
    let slack: Vec<String> = sources("shared/slack/src").unwrap().into_iter().filter_map(live).collect();
    Code {
        routes: template().routes().into_iter().map(str::to_owned).collect(),
        command: command.to_owned(),
        slack: slack.join("\n"),
    }
}

/// Comments quote methods, too.
fn without_comments(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The manifest with one thing changed.
fn changed(from: &str, to: &str) -> Manifest {
    let before = manifest_text();
    let after = before.replacen(from, to, 1);
    assert_ne!(before, after, "{from}");
    Manifest::read(&after).unwrap()
}

#[test]
fn the_app_reaches_the_code_and_the_code_reaches_the_app() {
    let (manifest, code) = (manifest(), code());
    assert!(code.methods().len() >= 6, "{:?}", code.methods());
    holds(&address_complaints(&manifest, &code));
    holds(&surface_complaints(&manifest, &code));
    holds(&scope_complaints(&manifest, &code));
    holds(&length_complaints(&manifest));
}

#[test]
fn a_wrong_address_is_noticed() {
    let code = code();
    assert_eq!(address_complaints(&changed("/slack/options", "/slack/menus"), &code).len(), 2);
    assert_eq!(address_complaints(&changed("invalid/slack/commands", "invalid/slack/command"), &code).len(), 2);
    assert_eq!(address_complaints(&changed("command: /access", "command: /grant"), &code).len(), 1);
    let mut more = code.clone();
    more.routes.push("POST /slack/links".to_owned());
    assert_eq!(address_complaints(&manifest(), &more), ["Slack is not told of /slack/links"]);
}

#[test]
fn what_the_code_does_not_read_is_noticed() {
    let code = code();
    assert_eq!(surface_complaints(&changed("callback_id: ask_for_access", "callback_id: ask_now"), &code).len(), 1);
    assert_eq!(surface_complaints(&changed("type: global", "type: message"), &code).len(), 1);
    assert_eq!(surface_complaints(&changed("- app_home_opened", "- message.im"), &code).len(), 2);
    assert_eq!(
        surface_complaints(&changed("messages_tab_enabled: true", "messages_tab_enabled: false"), &code).len(),
        1
    );
    assert_eq!(surface_complaints(&changed("socket_mode_enabled: false", "socket_mode_enabled: true"), &code).len(), 1);
}

#[test]
fn a_scope_too_many_too_few_or_without_a_reason_is_noticed() {
    let code = code();
    let more = changed("      - im:write ", "      - channels:history  # to look around\n      - im:write ");
    assert_eq!(scope_complaints(&more, &code), ["no call takes the scope channels:history"]);
    let commands = manifest_text().lines().find(|line| line.trim_start().starts_with("- commands")).unwrap().to_owned();
    assert_eq!(scope_complaints(&changed(&format!("{commands}\n"), ""), &code), ["the scope commands is missing"]);
    assert_eq!(scope_complaints(&changed(&commands, "      - commands"), &code).len(), 1);
    let mut calls = code.clone();
    calls.slack.push_str("client.call(\"users.info\", arguments)");
    assert_eq!(scope_complaints(&manifest(), &calls).len(), 1);
}

#[test]
fn what_slack_would_not_take_is_noticed() {
    let long = "x".repeat(36);
    assert_eq!(length_complaints(&changed("  name: Countersign", &format!("  name: {long}"))).len(), 1);
    assert_eq!(length_complaints(&changed("- name: Ask for access", &format!("- name: {long}"))).len(), 1);
}
