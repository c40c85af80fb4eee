//! Using a grant: credentials, commands, profiles, the console.

use crate::stand_in::{ID, StandIn, path, problem, ran, request, session};
use serde_json::{Value, json};
use std::fs;

fn issuing(api: &StandIn) {
    api.on(&format!("POST {}", path("/credentials")), &[(200, session())]);
    api.on("GET /v1/requests", &[(200, json!({"items": [request("ended"), request("active")], "cursor": null}))]);
}

#[tokio::test]
async fn credentials_are_the_document_and_are_asked_for_anew_each_time() {
    let api = StandIn::start().await;
    issuing(&api);
    for _ in 0..2 {
        let ran = api.run(&["credentials", ID]).await;
        assert_eq!((ran.code, ran.json()), (0, session()), "{}", ran.err);
    }
    assert_eq!(api.came().len(), 2);
    // Nothing is kept.
    assert_eq!(fs::read_dir(api.home.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_entitlement_names_the_grant_of_it_that_is_active() {
    let api = StandIn::start().await;
    issuing(&api);
    assert_eq!(api.run(&["credentials", "orders-db-debug"]).await.json(), session());
    let none = api.run(&["credentials", "logs-read"]).await;
    assert_eq!(none.code, 4);
    assert!(none.err.contains("countersign request logs-read"), "{}", none.err);
}

#[tokio::test]
async fn a_command_gets_the_session_and_nothing_else_of_aws() {
    let api = StandIn::start().await;
    issuing(&api);
    let mut command = api.command(&["exec", ID, "--", "/usr/bin/env"]);
    command.env("AWS_SESSION_TOKEN", "alices-token").env("AWS_WEB_IDENTITY_TOKEN_FILE", "/x");
    let ran = ran(command).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut aws: Vec<&str> =
        ran.out.lines().filter(|line| line.starts_with("AWS_") || line.starts_with("COUNTERSIGN_G")).collect();
    aws.sort_unstable();
    let grant = format!("COUNTERSIGN_GRANT={ID}");
    let wanted = [
        "AWS_ACCESS_KEY_ID=ASIAGRANT",
        "AWS_CREDENTIAL_EXPIRATION=2026-11-20T20:05:05Z",
        "AWS_DEFAULT_REGION=eu-central-1",
        "AWS_EC2_METADATA_DISABLED=true",
        "AWS_REGION=eu-central-1",
        "AWS_SECRET_ACCESS_KEY=grants-secret",
        "AWS_SESSION_EXPIRATION=2026-11-20T20:05:05Z",
        "AWS_SESSION_TOKEN=grants-token",
        grant.as_str(),
    ];
    assert_eq!(aws, wanted);
}

#[tokio::test]
async fn a_commands_exit_code_and_signals_are_its_own() {
    let api = StandIn::start().await;
    issuing(&api);
    assert_eq!(api.run(&["exec", ID, "--", "/bin/sh", "-c", "exit 42"]).await.code, 42);
    // It is the same process: a signal to the one that was started reaches the command.
    let mut started = api.command(&["exec", ID, "--", "/bin/sh", "-c", "echo $$"]);
    started.stdout(std::process::Stdio::piped());
    let child = started.spawn().unwrap();
    let id = child.id();
    let done = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap().trim(), id.to_string());
    let none = api.run(&["exec", ID, "--", "/no/such/program"]).await;
    assert_eq!(none.code, 1);
    assert!(none.err.contains("/no/such/program"), "{}", none.err);
}

/// A shell that asks for its session as AWS's tools do in a container, and shows who it was told to be.
const ASKS: &str = r#"
    exec 3<>"/dev/tcp/$(echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | sed 's|http://\(.*\):\(.*\)/.*|\1/\2|')"
    printf 'GET /session HTTP/1.0\r\nAuthorization: %s\r\n\r\n' "${TOKEN:-$AWS_CONTAINER_AUTHORIZATION_TOKEN}" >&3
    cat <&3
"#;

fn served(out: &str) -> Value {
    serde_json::from_str(out.rsplit("\r\n\r\n").next().unwrap().trim()).unwrap()
}

#[tokio::test]
async fn a_long_command_is_served_fresh_sessions_and_only_it_is() {
    let api = StandIn::start().await;
    let mut lasting = session();
    lasting["Expiration"] = json!("2999-11-20T20:05:05Z");
    lasting["AccessKeyId"] = json!("ASIAFRESH");
    // What comes first has hardly anything left.
    api.on(&format!("POST {}", path("/credentials")), &[(200, session()), (200, lasting)]);
    let twice = format!("{ASKS}\n{ASKS}");
    let given = api.run(&["exec", ID, "--refresh", "--", "/bin/bash", "-c", &twice]).await;
    assert_eq!(given.code, 0, "{}", given.err);
    let shown = served(&given.out);
    assert_eq!((&shown["AccessKeyId"], &shown["Token"]), (&json!("ASIAFRESH"), &json!("grants-token")));
    // One for the start, one because that was old, none for the second time it was asked for.
    assert_eq!(api.came().len(), 2);
    let wrong = format!("TOKEN=guess; {ASKS}");
    let refused = api.run(&["exec", ID, "--refresh", "--", "/bin/bash", "-c", &wrong]).await;
    assert!(refused.out.contains(" 403 ") && !refused.out.contains("ASIA"), "{}", refused.out);
}

#[tokio::test]
async fn a_served_command_sees_no_keys_and_ends_as_itself() {
    let api = StandIn::start().await;
    issuing(&api);
    let env = api.run(&["exec", ID, "--refresh", "--", "/usr/bin/env"]).await;
    assert!(env.out.contains("AWS_CONFIG_FILE=/dev/null\n"), "{}", env.out);
    assert!(!env.out.contains("secret") && !env.out.contains("AKIAALICE"), "{}", env.out);
    assert_eq!(api.run(&["exec", ID, "--refresh", "--", "/bin/sh", "-c", "exit 42"]).await.code, 42);
    assert_eq!(api.run(&["exec", ID, "--refresh", "--", "/bin/sh", "-c", "kill -KILL $$"]).await.code, 137);
    // A signal to the program reaches the command, which decides what it means.
    let script = "trap 'echo stopped; exit 3' TERM; kill -TERM $PPID; while :; do sleep 0.05; done";
    let stopped = api.run(&["exec", ID, "--refresh", "--", "/bin/sh", "-c", script]).await;
    assert_eq!((stopped.code, stopped.out.as_str()), (3, "stopped\n"), "{}", stopped.err);
}

#[tokio::test]
async fn a_command_without_access_is_not_run() {
    let api = StandIn::start().await;
    let refused = problem(409, "not_active", "this request is ended; there is no access to get in with");
    api.on(&format!("POST {}", path("/credentials")), &[refused]);
    let ran = api.run(&["exec", ID, "--", "/bin/sh", "-c", "echo ran"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{}", ran.err);
}

#[tokio::test]
async fn a_profile_is_written_that_leads_back_here() {
    let api = StandIn::start().await;
    issuing(&api);
    api.on(&format!("GET {}", path("")), &[(200, request("active"))]);
    let file = api.home.path().join(".aws").join("config");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mine = "[default]\nregion=us-east-1\n# mine\n\n[profile other]\nrole_arn = x";
    fs::write(&file, mine).unwrap();
    let written = api.run(&["configure", ID, "--name", "orders"]).await;
    assert_eq!(written.code, 0, "{}", written.err);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(mine), "{text}");
    assert!(!text.contains("secret"), "{text}");

    // What AWS's tools would run, with the grant's profile in force and nothing else said.
    let line = text.lines().find_map(|line| line.strip_prefix("credential_process = ")).unwrap();
    let program = format!("\"{}\"", env!("CARGO_BIN_EXE_countersign"));
    let words: Vec<&str> = line.strip_prefix(&program).unwrap().split_whitespace().collect();
    let mut command = api.command(&words);
    command.env_remove("COUNTERSIGN_API_URL").env("AWS_PROFILE", "orders");
    let ran = ran(command).await;
    assert_eq!((ran.code, ran.json()), (0, session()), "{}", ran.err);

    assert_eq!(api.run(&["configure", ID, "--name", "orders"]).await.code, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(api.run(&["configure", ID, "--name", "other"]).await.code, 1);
    assert_eq!(api.run(&["configure", ID, "--name", "default"]).await.code, 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_role_is_entered_with_ones_own_identity() {
    let api = StandIn::start().await;
    let mut role = request("active");
    role["mechanism"] = json!("role");
    role["access"] = json!({"roleArn": format!("arn:aws:iam::111111111111:role/countersign/{ID}")});
    api.on(&format!("GET {}", path("")), &[(200, role)]);
    let device = "arn:aws:iam::111111111111:mfa/alice";
    let ran = api.run(&["configure", ID, "--name", "admin", "--mfa-serial", device]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = fs::read_to_string(api.home.path().join(".aws").join("config")).unwrap();
    for line in
        [format!("role_arn = arn:aws:iam::111111111111:role/countersign/{ID}"), format!("mfa_serial = {device}")]
    {
        assert!(text.contains(&line), "{text}");
    }
    assert!(!text.contains("credential_process"), "{text}");
}

#[tokio::test]
async fn the_console_is_opened_without_a_length_of_session_and_the_secret_only_printed_if_asked_for() {
    let api = StandIn::start().await;
    issuing(&api);
    api.on("GET /federation", &[(200, json!({"SigninToken": "the+token"}))]);
    let federation = format!("{}/federation", api.url);
    let ran = api.run(&["console", ID, "--print", "--federation-url", &federation]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with(&format!("{federation}?Action=login&")), "{}", ran.out);
    assert!(ran.out.trim_end().ends_with("&SigninToken=the%2Btoken"), "{}", ran.out);
    let asked = &api.came()[1].query;
    assert!(asked.starts_with("Action=getSigninToken&Session=") && !asked.contains("SessionDuration"), "{asked}");
    assert!(asked.contains("ASIAGRANT"), "{asked}");

    api.on("GET /federation", &[(400, json!({"message": "no grants-secret here"}))]);
    let refused = api.run(&["console", ID, "--print", "--federation-url", &federation]).await;
    assert_eq!(refused.code, 3);
    assert!(!refused.err.contains("grants-"), "{}", refused.err);
    let mut command = api.command(&["console", ID, "--print", "--federation-url", "http://127.0.0.1:9/federation"]);
    command.env("RUST_LOG", "trace");
    let lost = crate::stand_in::ran(command).await;
    assert_eq!(lost.code, 5, "{}", lost.err);
    assert!(!lost.err.contains("grants-") && !lost.err.contains("ASIAGRANT"), "{}", lost.err);
}
