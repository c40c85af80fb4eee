//! What Terraform does with a grant, recorded. A script stands in for Terraform, so that every turn can be taken; the real
//! one is asked where there is one.

use crate::stand_in::{Came, ID, Ran, StandIn, path, problem, session};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A plan with a secret, as `terraform show -json` writes it.
fn plan(applyable: bool) -> Value {
    json!({"format_version": "1.2", "terraform_version": "1.11.4", "applyable": applyable, "resource_changes": [
        {"address": "aws_sqs_queue.orders", "type": "aws_sqs_queue", "change": {"actions": ["update"],
            "before": {"delay": 1, "login": "geheim-1"}, "after": {"delay": 5, "login": "geheim-2"}, "after_unknown": {},
            "before_sensitive": {"login": true}, "after_sensitive": {"login": true}}}], "output_changes": {}})
}

/// Writes down how it is called. `apply` also asks the stand-in for the API, so that the order of things shows.
const SCRIPT: &str = r#"#!/bin/bash
cd "$(dirname "$0")"
echo "$@" >> said
for word in "$@"; do
    case "$word" in -out=*) out="${word#-out=}" ;; esac
    last="$word"
done
case " $* " in
*" plan "*)
    echo "key $AWS_ACCESS_KEY_ID, $(env | grep -c '^TF_CLI_ARGS')" >> seen
    [ -e plan-code ] && code=$(cat plan-code)
    if [ -n "$out" ] && [ "${code:-0}" != 1 ]; then echo saved > "$out"; stat -c %a "$(dirname "$out")" >> seen; fi
    exit "${code:-0}" ;;
*" show "*)
    [ -e show-waits ] && { touch showing; sleep 0.5; }
    [ -e show-fails ] && exit 1
    cp "$last" shown
    cat plan.json ;;
*" apply "*)
    cp "$last" applied
    exec 3<>"/dev/tcp/$(sed 's|http://\(.*\):\(.*\)|\1/\2|' <<< "$COUNTERSIGN_API_URL")"
    printf 'GET /applied HTTP/1.0\r\n\r\n' >&3
    cat <&3 > /dev/null
    [ -e apply-waits ] && { trap 'echo stopped; exit 3' TERM; kill -TERM $PPID; while :; do sleep 0.05; done; }
    [ -e apply-code ] && exit "$(cat apply-code)"
    exit 0 ;;
*) echo "$$" ;;
esac
"#;

struct Case {
    api: StandIn,
    folder: PathBuf,
}

impl Case {
    async fn start() -> Self {
        let api = StandIn::start().await;
        api.on(&format!("POST {}", path("/credentials")), &[(200, session())]);
        api.on(&format!("POST {}", path("/activity")), &[(201, json!({"recorded": true}))]);
        let folder = api.home.path().join("bin");
        fs::create_dir(&folder).unwrap();
        let case = Self { api, folder };
        case.put("terraform", SCRIPT);
        case.put("plan.json", &plan(true).to_string());
        fs::set_permissions(case.folder.join("terraform"), fs::Permissions::from_mode(0o700)).unwrap();
        case
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.folder.join(file), text).unwrap();
    }

    fn lines(&self, file: &str) -> Vec<String> {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// `exec <id> -- terraform …`.
    fn command(&self, words: &str) -> Command {
        let program = self.folder.join("terraform");
        let mut command = self.api.command(&["exec", ID, "--", program.to_str().unwrap()]);
        command.args(words.split_whitespace());
        command
    }

    async fn run(&self, words: &str, answer: &str) -> Ran {
        answered(self.command(words), answer).await
    }

    /// What was recorded, and when it was applied.
    fn told(&self) -> Vec<Came> {
        let wanted = |came: &Came| came.call.ends_with("/activity") || came.call == "GET /applied";
        self.api.came().into_iter().filter(wanted).collect()
    }

    fn phases(&self) -> Vec<String> {
        let of = |came: Came| {
            came.body.get("phase").and_then(Value::as_str).map_or("applied".to_owned(), |phase| format!("told {phase}"))
        };
        self.told().into_iter().map(of).collect()
    }
}

/// Runs with a person who answers at the keyboard.
async fn answered(mut command: Command, answer: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let answer = answer.to_owned();
    let done = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // Whoever does not ask does not listen.
        let _ = child.stdin.take().unwrap().write_all(answer.as_bytes());
        child.wait_with_output().unwrap()
    });
    let done = done.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
}

#[tokio::test]
async fn a_plan_is_recorded_without_its_secrets() {
    let case = Case::start().await;
    let ran = case.run("plan -no-color", "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = case.told();
    assert_eq!(told.len(), 1);
    let body = &told[0].body;
    assert_eq!((&body["kind"], &body["phase"], &body["exitCode"]), (&json!("terraform"), &json!("plan"), &json!(0)));
    let changed = json!([{"path": "delay", "before": "1", "after": "5"},
        {"path": "login", "before": "(sensitive)", "after": "(sensitive)"}]);
    assert_eq!(body["diff"]["resources"][0]["changed"], changed);
    assert!(!body.to_string().contains("geheim"));
    assert!(told[0].headers.contains_key("idempotency-key"));
    // With the grant's keys, into a folder that is nobody else's and is gone.
    assert_eq!(case.lines("seen"), ["key ASIAGRANT, 0", "700"]);
    let out = case.lines("said")[0].strip_prefix("plan -no-color -out=").unwrap().to_owned();
    assert!(!Path::new(&out).parent().unwrap().exists());
}

#[tokio::test]
async fn a_plan_stays_where_it_was_asked_for_and_its_exit_code_is_its_own() {
    let case = Case::start().await;
    case.put("plan-code", "2");
    let out = case.folder.join("mine");
    let ran = case.run(&format!("-chdir=. plan -detailed-exitcode -out {}", out.display()), "").await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(out.exists());
    assert_eq!(case.told()[0].body["diff"]["counts"], json!({"update": 1}));
    assert!(case.lines("said")[1].starts_with("-chdir=. show -json "), "{:?}", case.lines("said"));
    case.put("plan-code", "1");
    assert_eq!(case.run("plan", "").await.code, 1);
    let told = case.told();
    assert_eq!((&told[1].body["exitCode"], &told[1].body["diff"]), (&json!(1), &Value::Null));
}

#[tokio::test]
async fn what_is_about_to_change_is_recorded_before_and_the_outcome_after() {
    let case = Case::start().await;
    case.put("apply-code", "3");
    let ran = case.run("apply -var a=b -no-color", "yes\n").await;
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("Only 'yes'"), "{}", ran.err);
    assert_eq!(case.phases(), ["told plan", "applied", "told apply"]);
    let told = case.told();
    assert_eq!((&told[2].body["exitCode"], &told[2].body["diff"]), (&json!(3), &Value::Null));
    let said = case.lines("said");
    assert!(said[0].starts_with("plan -var a=b -no-color -out="), "{said:?}");
    let plan = said[0].rsplit_once("-out=").unwrap().1;
    assert_eq!(said[1..], [format!("show -json {plan}"), format!("apply -no-color {plan}")]);
}

#[tokio::test]
async fn nothing_but_yes_applies() {
    for answer in ["no\n", "y\n", "YES\n", "\n", ""] {
        let case = Case::start().await;
        let ran = case.run("apply", answer).await;
        assert_eq!((ran.code, case.phases()), (1, vec!["told plan".to_owned()]), "{answer:?} {}", ran.err);
    }
}

#[tokio::test]
async fn who_approves_beforehand_is_not_asked_and_neither_is_who_changes_nothing() {
    let case = Case::start().await;
    assert_eq!(case.run("apply -auto-approve", "").await.code, 0);
    let mut command = case.command("apply");
    command.env("TF_CLI_ARGS_apply", "-auto-approve -var 'a=b'").env("TF_CLI_ARGS", "-no-color");
    assert_eq!(answered(command, "").await.code, 0);
    let said = case.lines("said");
    assert!(said[3].starts_with("plan -no-color -var a=b -out="), "{said:?}");
    assert!(said[5].starts_with("apply -no-color -auto-approve /"), "{said:?}");
    // Terraform itself saw none of them a second time.
    assert!(case.lines("seen").iter().all(|line| !line.starts_with("key") || line.ends_with(", 0")));
    case.put("plan.json", &plan(false).to_string());
    assert_eq!(case.run("apply", "").await.code, 0);
    assert_eq!(case.run("apply -auto-approve=false", "").await.code, 0);
    assert_eq!(case.phases().iter().filter(|phase| *phase == "applied").count(), 4);
}

#[tokio::test]
async fn destroy_is_a_plan_to_destroy() {
    let case = Case::start().await;
    assert_eq!(case.run("destroy -target=a.b", "yes\n").await.code, 0);
    let said = case.lines("said");
    assert!(said[0].starts_with("plan -destroy -target=a.b -out="), "{said:?}");
    assert!(said[2].starts_with("apply /"), "{said:?}");
}

#[tokio::test]
async fn of_a_saved_plan_what_is_recorded_is_what_is_applied() {
    let case = Case::start().await;
    case.put("my.plan", "the plan that was looked at");
    let ran = case.run("-chdir=bin apply -no-color my.plan", "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(case.phases(), ["told plan", "applied", "told apply"]);
    assert_eq!((case.lines("shown"), case.lines("applied")), (case.lines("my.plan"), case.lines("my.plan")));
    // Not the file itself, which may be another one by then.
    assert!(!case.lines("said")[1].ends_with("my.plan"), "{:?}", case.lines("said"));
    let none = case.run("apply no.plan", "").await;
    assert!(none.err.contains("(plan_not_read)"), "{}", none.err);
    assert!(case.lines("said").last().unwrap().ends_with("apply no.plan"));
}

#[tokio::test]
async fn a_plan_that_fails_is_recorded_and_not_applied() {
    let case = Case::start().await;
    case.put("plan-code", "1");
    assert_eq!(case.run("apply -auto-approve", "").await.code, 1);
    assert_eq!(case.phases(), ["told plan"]);
    assert_eq!(case.told()[0].body["exitCode"], 1);
}

#[tokio::test]
async fn a_record_that_fails_is_told_and_stops_nothing() {
    for refusal in
        [problem(409, "not_active", "it has ended"), (500, json!({})), (404, json!({"message": "Not Found"}))]
    {
        let case = Case::start().await;
        case.put("apply-code", "3");
        case.api.on(&format!("POST {}", path("/activity")), &[refusal]);
        let ran = case.run("apply -auto-approve", "").await;
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert_eq!(ran.err.matches("(not_recorded)").count(), 2, "{}", ran.err);
    }
    for (file, text, code) in [
        ("show-fails", "", "plan_not_read"),
        ("plan.json", "[]", "bad_plan"),
        ("plan.json", "{\"format_version\": \"2.0\"}", "unknown_plan_version"),
    ] {
        let case = Case::start().await;
        case.put(file, text);
        let ran = case.run("apply -auto-approve", "").await;
        assert_eq!((ran.code, case.phases().len()), (0, 3), "{}", ran.err);
        assert!(ran.err.contains(&format!("({code})")), "{}", ran.err);
        assert_eq!(case.told()[0].body["diff"], Value::Null);
    }
}

#[tokio::test]
async fn signals_reach_terraform_and_between_its_steps_they_end_the_run() {
    let case = Case::start().await;
    case.put("apply-waits", "");
    let ran = case.run("apply -auto-approve", "").await;
    assert_eq!((ran.code, ran.out.as_str()), (3, "stopped\n"), "{}", ran.err);
    assert_eq!(case.told().last().unwrap().body["exitCode"], 3);

    let case = Case::start().await;
    case.put("show-waits", "");
    let mut command = case.command("apply -auto-approve");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !case.folder.join("showing").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let sent = Command::new("/bin/kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
    assert_eq!((ended.code(), case.phases()), (Some(143), vec!["told plan".to_owned()]));
}

#[tokio::test]
async fn everything_else_is_run_as_any_command() {
    let case = Case::start().await;
    for words in ["init", "state rm a.b", "plan -help", "-version"] {
        let mut command = case.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        let id = child.id();
        let done = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
        assert!(done.status.success(), "{words}");
        if !words.starts_with("plan") {
            assert_eq!(String::from_utf8(done.stdout).unwrap().trim(), id.to_string(), "{words}");
        }
    }
    assert!(case.told().is_empty());
}

#[tokio::test]
async fn without_access_terraform_is_not_run() {
    let case = Case::start().await;
    case.api.on(&format!("POST {}", path("/credentials")), &[problem(409, "not_active", "it has ended")]);
    assert_eq!(case.run("apply -auto-approve", "").await.code, 3);
    assert!(case.lines("said").is_empty() && case.told().is_empty());
}

/// Without a provider: `terraform_data` is built in, and keeps its sensitive input in its output, unmarked.
const CONFIGURATION: &str = r#"
variable "login" {
  sensitive = true
}
variable "size" {}
resource "terraform_data" "orders" {
  input            = { size = var.size, login = var.login }
  triggers_replace = [var.size]
}
"#;

fn real() -> Option<PathBuf> {
    let places = std::env::var_os("PATH")?;
    std::env::split_paths(&places).map(|place| place.join("terraform")).find(|file| file.exists())
}

#[tokio::test]
async fn the_real_terraform_is_recorded_too() {
    let Some(program) = real() else {
        eprintln!("there is no terraform on this machine: only the script that stands in for it was asked");
        return;
    };
    let case = Case::start().await;
    let folder = case.api.home.path().join("infra");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("main.tf"), CONFIGURATION).unwrap();
    let run = async |words: &str, answer: &str| {
        let mut command = case.api.command(&["exec", ID, "--", program.to_str().unwrap(), "-chdir=infra"]);
        command.args(words.split_whitespace()).env("CHECKPOINT_DISABLE", "1");
        command.env("TF_VAR_login", "geheim-4711").env("TF_CLI_CONFIG_FILE", "/dev/null");
        answered(command, answer).await
    };
    let ran = run("init -input=false", "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = run("apply -no-color -var size=1", "no\n").await;
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(!folder.join("terraform.tfstate").exists());
    let ran = run("apply -no-color -var size=1", "yes\n").await;
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("1 added"), "{}", ran.out);
    // Nothing to change: nobody is asked.
    let ran = run("apply -no-color -var size=1", "").await;
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = run("plan -no-color -detailed-exitcode -var size=2 -out=next", "").await;
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    let ran = run("apply -no-color next", "").await;
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("1 added, 0 changed, 1 destroyed"), "{}", ran.out);
    let ran = run("destroy -no-color -auto-approve -var size=2", "").await;
    assert!(ran.code == 0 && ran.out.contains("1 destroyed"), "{}{}", ran.out, ran.err);

    let told = case.told();
    let counts: Vec<String> =
        told.iter().map(|came| format!("{} {}", came.body["phase"], came.body["diff"]["counts"])).collect();
    assert_eq!(
        counts,
        [
            r#""plan" {"create":1}"#,
            r#""plan" {"create":1}"#,
            r#""apply" null"#,
            r#""plan" {"no-op":1}"#,
            r#""apply" null"#,
            r#""plan" {"replace":1}"#,
            r#""plan" {"replace":1}"#,
            r#""apply" null"#,
            r#""plan" {"delete":1}"#,
            r#""apply" null"#
        ]
    );
    for came in &told {
        assert!(!came.body.to_string().contains("geheim"), "{}", came.body);
    }
    assert!(fs::read_to_string(folder.join("terraform.tfstate.backup")).unwrap().contains("geheim-4711"));
}
