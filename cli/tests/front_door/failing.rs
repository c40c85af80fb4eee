//! What does not go well, and how the program ends then.

use crate::stand_in::{ID, StandIn, path, problem, ran, request};
use serde_json::json;

#[tokio::test]
async fn each_kind_of_failure_has_its_own_exit_code() {
    let api = StandIn::start().await;
    let call = format!("GET {}", path(""));
    let cases = [
        (problem(403, "unknown_caller", "your identity belongs to no person"), 3, "get-caller-identity"),
        (problem(404, "request_not_found", "there is no such request"), 4, "countersign list"),
        (problem(422, "invalid_cursor", "the cursor is wrong"), 2, "invalid_cursor"),
        ((403, json!({"message": "Forbidden"})), 3, "execute-api:Invoke"),
        (problem(503, "unavailable", "try again in a moment"), 5, "unavailable"),
    ];
    for (answer, code, told) in cases {
        api.on(&call, &[answer]);
        let ran = api.run(&["show", ID]).await;
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(ran.err.contains(told), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let api = StandIn::start().await;
    api.on(
        &format!("POST {}", path("/revoke")),
        &[(502, json!({"message": "Bad Gateway"})), (200, request("revoking"))],
    );
    let unsure = api.run(&["revoke", ID, "enough"]).await;
    assert_eq!(unsure.code, 5);
    assert!(unsure.err.contains("look before you try again"), "{}", unsure.err);
    assert_eq!(api.came().len(), 1);
    // The API's own word that nothing was done is another thing.
    api.on(&format!("POST {}", path("/cancel")), &[problem(503, "unavailable", "later"), (200, request("cancelled"))]);
    assert_eq!(api.run(&["cancel", ID]).await.code, 0);
}

#[tokio::test]
async fn a_read_is_tried_again() {
    let api = StandIn::start().await;
    api.on(&format!("GET {}", path("")), &[(500, json!({"message": "x"})), (200, request("active"))]);
    assert_eq!(api.run(&["show", ID]).await.code, 0);
    assert_eq!(api.came().len(), 2);
}

#[tokio::test]
async fn nobody_at_home_is_unreachable() {
    let api = StandIn::start().await;
    let mut command = api.command(&["show", ID]);
    // Nothing listens on the discard port.
    command.env("COUNTERSIGN_API_URL", "http://127.0.0.1:9");
    let ran = ran(command).await;
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("no_answer"), "{}", ran.err);
}

#[tokio::test]
async fn what_is_missing_is_named_with_where_to_set_it() {
    let api = StandIn::start().await;
    let mut command = api.command(&["list"]);
    command.env_remove("COUNTERSIGN_API_URL");
    let no_url = ran(command).await;
    assert_eq!(no_url.code, 2);
    assert!(no_url.err.contains("countersign_api_url"), "{}", no_url.err);
    let mut command = api.command(&["list"]);
    command.env_remove("AWS_REGION");
    assert!(ran(command).await.err.contains("no_region"));
    let mut command = api.command(&["list"]);
    command.env_remove("AWS_ACCESS_KEY_ID");
    let no_keys = ran(command).await;
    assert_eq!(no_keys.code, 1, "{}", no_keys.err);
    assert!(no_keys.err.contains("no_credentials") && no_keys.err.contains("aws sso login"), "{}", no_keys.err);
    assert!(api.came().is_empty());
}

#[tokio::test]
async fn what_is_not_understood_ends_with_2() {
    let api = StandIn::start().await;
    let wrong: [&[&str]; 5] = [
        &["show", "../../etc"],
        &["request", "logs-read", "soon", "why"],
        &["list", "--status", "gone"],
        &["reqest"],
        &["approve", ID, "--digest", "abc"],
    ];
    for arguments in wrong {
        assert_eq!(api.run(arguments).await.code, 2, "{arguments:?}");
    }
    assert!(api.came().is_empty());
}

#[tokio::test]
async fn the_manual_and_the_completions_know_every_command() {
    let api = StandIn::start().await;
    for shell in ["bash", "zsh", "fish"] {
        let script = api.run(&["completions", shell]).await.out;
        assert!(script.contains("entitlements") && script.contains("credentials"), "{shell}");
    }
    assert!(api.run(&["man"]).await.out.contains("countersign\\-exec"));
    let pages = api.home.path().join("pages");
    assert_eq!(api.run(&["man", "--to", pages.to_str().unwrap()]).await.code, 0);
    assert!(std::fs::read_to_string(pages.join("countersign-request.1")).unwrap().contains("idempotency"));
}
