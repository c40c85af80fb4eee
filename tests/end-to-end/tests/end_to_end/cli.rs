//! The command line, as people use it: the built program with one person's keys, against the local cloud.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::signing::Keys;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use record::entry::Entry;
use serde_json::Value;

use crate::orders_db_debug;

/// Another program than the one that was built beside these tests.
const PROGRAM: &str = "COUNTERSIGN_PROGRAM";

/// A folder of one test's own, gone with it.
struct Home(PathBuf);

impl Home {
    fn new(test: &str) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("countersign-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| Failure::of("making a folder", &error))?;
        Ok(Self(path))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Whatever is left is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run left.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// What is on stdout, if it ended with `wanted`.
    fn expect(self, wanted: i32) -> Result<String, Failure> {
        if self.code == Some(wanted) {
            return Ok(self.out);
        }
        Err(Failure::new(format!("ended with {:?}, not {wanted}: {}{}", self.code, self.out, self.err)))
    }

    /// The same, as JSON.
    fn json(self) -> Result<Value, Failure> {
        let out = self.expect(0)?;
        serde_json::from_str(&out).map_err(|error| Failure::of(&format!("reading `{out}`"), &error))
    }
}

/// The program: cargo puts it beside the folder that this test runs from.
pub(crate) fn program() -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os(PROGRAM).filter(|value| !value.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    let here = std::env::current_exe().map_err(|error| Failure::of("finding this test", &error))?;
    let beside = here.ancestors().nth(2).map(|folder| folder.join("countersign")).filter(|path| path.is_file());
    beside.ok_or_else(|| {
        Failure::new(format!("countersign is not built: `cargo build -p countersign`, or name it in {PROGRAM}"))
    })
}

/// The program as one of the people, with nothing else of this machine.
fn as_person(stage: &Stage, person: &str, home: &Path, arguments: &[&str]) -> Result<Command, Failure> {
    with_keys(stage, Keys::of(stage.outputs.person(person)?), home, arguments)
}

fn with_keys(stage: &Stage, keys: Keys, home: &Path, arguments: &[&str]) -> Result<Command, Failure> {
    let mut command = Command::new(program()?);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("AWS_REGION", &stage.outputs.region)
        .env("AWS_ACCESS_KEY_ID", keys.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
        .env("COUNTERSIGN_API_URL", &stage.outputs.api_url)
        .args(arguments)
        .stdin(Stdio::null());
    Ok(command)
}

async fn ran(mut command: Command) -> Result<Ran, Failure> {
    let done = tokio::task::spawn_blocking(move || command.output()).await;
    let done = done.map_err(|error| Failure::of("waiting for countersign", &error))?;
    let done = done.map_err(|error| Failure::of("starting countersign", &error))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ran { code: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) })
}

async fn run(stage: &Stage, person: &str, home: &Home, arguments: &[&str]) -> Result<Ran, Failure> {
    ran(as_person(stage, person, &home.0, arguments)?).await
}

/// What was said is erased by whoever may write the table, and nobody else; the record is as whole as before.
#[tokio::test]
async fn an_operator_erases_what_was_said() -> Result<(), Failure> {
    let (stage, home) = (Stage::find()?, Home::new("erase")?);
    let said = ["customer 4711 is called Erika", "ask Erika first"];
    let asked = stage.alice.submit("orders-db-debug", 900, said[0]).await?.expect(201)?;
    let id = text(&asked, "id");
    let erase = ["audit", "erase", id, "--table", &stage.outputs.table_name, "--output", "json"];
    let as_caller = |keys: Keys| -> Result<Command, Failure> {
        let mut command = with_keys(&stage, keys, &home.0, &erase)?;
        command.env("AWS_ENDPOINT_URL", &stage.outputs.endpoint_url);
        Ok(command)
    };
    let open = ran(as_caller(Keys::root())?).await?;
    assert!(open.err.contains("still_open"), "{}", open.err);
    open.expect(3)?;
    stage.bob.deny(id, said[1]).await?.expect(200)?;
    let before = Trail::fetch(&stage.dave, id).await?;
    let of_alice = ran(as_caller(Keys::of(stage.outputs.person("alice")?))?).await?;
    assert!(of_alice.err.contains("AccessDenied"), "{}", of_alice.err);
    of_alice.expect(1)?;

    let erased = ran(as_caller(Keys::root())?).await?.json()?;
    assert_eq!(erased["entries"], 2, "{erased}");
    let shown = stage.alice.get(&format!("/v1/requests/{id}")).await?.expect(200)?;
    assert_eq!((text(&shown, "justification"), text(&shown, "reason")), ("[erased]", "[erased]"));
    let page = stage.dave.get(&format!("/v1/requests/{id}/events?limit=100")).await?.expect(200)?;
    assert!(!said.iter().any(|said| page.to_string().contains(said)) && !page.to_string().contains("salt"), "{page}");
    let after = Trail::fetch(&stage.dave, id).await?;
    assert_eq!(after.entries.get(..before.entries.len()), Some(&before.entries[..]), "no entry has changed");
    let entries = after.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    assert_eq!(entries.last().map(Entry::event_name), Some("wordsErased"));
    Ok(())
}

#[tokio::test]
async fn the_whole_way_by_the_command_line() -> Result<(), Failure> {
    let (stage, home) = (Stage::find()?, Home::new("whole-way")?);
    let offered = run(&stage, "alice", &home, &["entitlements"]).await?.expect(0)?;
    assert!(offered.contains("orders-db-debug"), "{offered}");

    let ask = ["request", "orders-db-debug", "15m", "order-1002 is stuck", "--no-wait", "--output", "json"];
    let asked = run(&stage, "alice", &home, &ask).await?.json()?;
    let id = text(&asked, "id");
    assert_eq!(text(&asked, "status"), "pending");

    // Nobody countersigns their own request, by this door either; and who sees nothing learns nothing.
    let own = run(&stage, "alice", &home, &["approve", id, "--yes"]).await?;
    assert!(own.err.contains("self_approval"), "{}", own.err);
    own.expect(3)?;
    run(&stage, "mallory", &home, &["show", id]).await?.expect(4)?;

    let approved = run(&stage, "bob", &home, &["approve", id, "--yes", "--output", "json"]).await?.json()?;
    assert_eq!(text(&approved, "status"), "provisioning");
    stage.alice.reaches(id, "active").await?;
    let listed = run(&stage, "alice", &home, &["list"]).await?.expect(0)?;
    assert!(listed.contains(id), "{listed}");

    let document = run(&stage, "alice", &home, &["credentials", id]).await?.json()?;
    let cloud = stage.cloud(Keys::of_document(&document)?)?;
    let read = cloud.get_order("order-1001").await;
    assert!(read.is_allowed(), "{read}");

    run(&stage, "alice", &home, &["revoke", id, "done"]).await?.expect(0)?;
    let refused = run(&stage, "alice", &home, &["credentials", id]).await?;
    assert!(refused.err.contains("not_active"), "{}", refused.err);
    refused.expect(3)?;
    let events = run(&stage, "alice", &home, &["events", id]).await?.expect(0)?;
    for event in ["requestSubmitted", "approvalGiven", "credentialsIssued", "revocationStarted"] {
        assert!(events.contains(event), "{events}");
    }
    Ok(())
}

#[tokio::test]
async fn who_waits_gets_the_access_that_policy_gives() -> Result<(), Failure> {
    let (stage, home) = (Stage::find()?, Home::new("waits")?);
    let ask = ["request", "logs-read", "15m", "looking into the checkout errors", "--output", "json"];
    let got = run(&stage, "alice", &home, &ask).await?.json()?;
    assert_eq!(text(&got, "status"), "active");
    Ok(())
}

#[tokio::test]
async fn a_command_runs_with_the_grant_and_not_with_ones_own_keys() -> Result<(), Failure> {
    let (stage, home) = (Stage::find()?, Home::new("exec")?);
    let id = orders_db_debug(&stage).await?;
    let shell = "test \"$COUNTERSIGN_GRANT\" = \"$0\" && echo \"$AWS_ACCESS_KEY_ID $AWS_SESSION_TOKEN\"; exit 7";
    let shown = run(&stage, "alice", &home, &["exec", &id, "--", "/bin/sh", "-c", shell, &id]).await?.expect(7)?;
    let (key, token) = shown.trim().split_once(' ').unwrap_or_default();
    assert!(key.starts_with("ASIA") && !token.is_empty(), "no session in the environment");
    Ok(())
}

#[tokio::test]
async fn a_profile_that_was_written_gives_fresh_sessions() -> Result<(), Failure> {
    let (stage, home) = (Stage::find()?, Home::new("profile")?);
    let id = orders_db_debug(&stage).await?;
    run(&stage, "alice", &home, &["configure", &id, "--name", "orders"]).await?.expect(0)?;
    let failed = |error: std::io::Error| Failure::of("reading the profile", &error);
    let written = std::fs::read_to_string(home.0.join(".aws").join("config")).map_err(failed)?;
    let line = written.lines().find_map(|line| line.strip_prefix("credential_process = ")).unwrap_or_default();
    // As AWS's tools do it: through a shell, with the profile in force; where the API is, is in the profile.
    let person = as_person(&stage, "alice", &home.0, &[])?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).env_clear().env("AWS_PROFILE", "orders").stdin(Stdio::null());
    for (name, value) in person.get_envs().filter(|(name, _)| *name != "COUNTERSIGN_API_URL") {
        command.env(name, value.unwrap_or_default());
    }
    let document = ran(command).await?.json()?;
    let read = stage.cloud(Keys::of_document(&document)?)?.get_order("order-1001").await;
    assert!(read.is_allowed(), "{read}");
    Ok(())
}

/// What Terraform is about to change is in the grant's record before it changes; its secrets are nowhere.
#[tokio::test]
async fn a_terraform_run_is_in_the_record_without_its_secrets() -> Result<(), Failure> {
    const CONFIGURATION: &str = r#"
variable "password" {
  sensitive = true
}
resource "terraform_data" "queue" {
  input = { name = "orders", owner = "shop", password = var.password }
}
"#;
    let folders = std::env::var("PATH").unwrap_or_default();
    let Some(terraform) = std::env::split_paths(&folders).find(|folder| folder.join("terraform").is_file()) else {
        // The command line's own tests play this with a stand-in for Terraform.
        println!("there is no terraform on this machine: not tested with it");
        return Ok(());
    };
    let (stage, home) = (Stage::find()?, Home::new("terraform")?);
    let id = orders_db_debug(&stage).await?;
    std::fs::write(home.0.join("main.tf"), CONFIGURATION).map_err(|error| Failure::of("writing", &error))?;
    let path = format!("{}:/usr/bin:/bin", terraform.display());
    for step in [&["init"][..], &["apply", "-auto-approve"][..]] {
        let words = [&["exec", id.as_str(), "--", "terraform"][..], step, &["-input=false", "-no-color"][..]].concat();
        let mut command = as_person(&stage, "alice", &home.0, &words)?;
        command.env("PATH", &path).env("TF_VAR_password", "hunter2-and-more").current_dir(&home.0);
        ran(command).await?.expect(0)?;
    }
    let shown = stage.dave.get(&format!("/v1/requests/{id}/activity")).await?.expect(200)?;
    let runs = shown.get("runs").and_then(Value::as_array).cloned().unwrap_or_default();
    let phases: Vec<&str> = runs.iter().map(|run| text(run, "phase")).collect();
    assert_eq!(phases, ["plan", "apply"], "{shown:#}");
    let told = shown.to_string();
    assert!(told.contains("terraform_data.queue") && told.contains("orders") && !told.contains("hunter2"), "{shown:#}");
    let entries = end_to_end::trail::Trail::fetch(&stage.alice, &id).await?.verify();
    let entries = entries.map_err(|broken| Failure::new(broken.to_string()))?;
    assert_eq!(entries.iter().filter(|entry| entry.event_name() == "runReported").count(), 2);
    Ok(())
}
