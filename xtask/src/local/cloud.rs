//! A local cloud: started, found, read and stopped.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::process::Process;
use super::{http, install};
use crate::output::complain;
use crate::workspace;

/// The account that the local cloud is.
const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";
/// The local Slack's secrets: fixed, because they protect nothing. Everything listens on loopback only.
const SIGNING_SECRET: &str = "5c1f0a7e9b2d4f6380a1c3e5d7092b4f";
const BOT_TOKEN: &str = "xoxb-local-countersign";
/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);

/// What may differ from one local cloud to another.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Whether the local Slack enforces Slack's rate limits.
    pub(crate) slack_rate_limits: bool,
    /// How long the local Slack waits for an answer, in seconds. Slack's own three, unless the machine is known to be busy.
    pub(crate) slack_answer_within: u32,
    /// More variables for the stand-in for AWS: the `LOCAL_CLOUD_*` knobs of `tests/local-cloud/overlay/settings.py`.
    pub(crate) settings: Vec<(String, String)>,
    /// More variables for both stand-ins, and with them for the functions.
    pub(crate) variables: Vec<(String, String)>,
    /// Parameters of `template.yaml`, by name, that are not as usual.
    pub(crate) parameters: Vec<(String, String)>,
    /// More entitlements, as lines of the catalog.
    pub(crate) entitlements: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            slack_rate_limits: true,
            slack_answer_within: 3,
            settings: Vec::new(),
            variables: Vec::new(),
            parameters: Vec::new(),
            entitlements: String::new(),
        }
    }
}

/// A local cloud that runs.
#[derive(Debug)]
pub(crate) struct LocalCloud {
    /// What `outputs.json` holds.
    pub(crate) outputs: Value,
    python: PathBuf,
}

impl LocalCloud {
    /// The one that runs in `folder`, if both its processes do.
    ///
    /// # Errors
    /// `outputs.json` can't be read though the processes run.
    pub(crate) fn running(folder: &Path) -> Result<Option<Self>, String> {
        let file = folder.join("outputs.json");
        let alive = ["cloud", "slack"].iter().all(|name| Process::find(folder, name).is_some());
        if !alive || !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
        let outputs = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Some(Self { outputs, python: install::python()? }))
    }

    /// Builds, starts, deploys and seeds, and leaves it running. What was left in `folder` is stopped and cleared first.
    ///
    /// # Errors
    /// In words, after stopping again what was started.
    pub(crate) fn start(folder: &Path, options: &Options) -> Result<Self, String> {
        fs::create_dir_all(folder).map_err(|error| format!("can't make {}: {error}", folder.display()))?;
        let _held = lock(folder)?;
        stop(folder)?;
        let built = begin(folder, options);
        if built.is_err() {
            stop(folder)?;
        }
        built
    }

    /// Stops what runs in `folder`: exactly the processes noted there. Says how many there were.
    ///
    /// # Errors
    /// A process can't be signalled.
    pub(crate) fn stop(folder: &Path) -> Result<usize, String> {
        if !folder.exists() {
            return Ok(0);
        }
        let _held = lock(folder)?;
        stop(folder)
    }

    /// What a function logged, oldest first.
    ///
    /// # Errors
    /// The logs can't be read.
    pub(crate) fn logs(&self, function: &str) -> Result<String, String> {
        let endpoint = self.outputs.get("endpointUrl").and_then(Value::as_str).unwrap_or_default();
        let stack = self.outputs.get("stackName").and_then(Value::as_str).unwrap_or_default();
        let told = Command::new(&self.python)
            .arg(tools().join("logs.py"))
            .args(["--endpoint", endpoint, "--group", &format!("/aws/lambda/{stack}-{function}")])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("can't read the logs: {error}"))?;
        Ok(String::from_utf8_lossy(&told.stdout).into_owned())
    }
}

fn tools() -> PathBuf {
    workspace::root().join("tests/local-cloud")
}

/// Two commands on one folder wait for each other.
fn lock(folder: &Path) -> Result<fs::File, String> {
    let path = folder.join("lock");
    let file = fs::File::create(&path).map_err(|error| format!("can't write {}: {error}", path.display()))?;
    file.lock().map_err(|error| format!("can't lock {}: {error}", path.display()))?;
    Ok(file)
}

fn stop(folder: &Path) -> Result<usize, String> {
    let mut stopped: usize = 0;
    for name in ["slack", "cloud"] {
        if let Some(process) = Process::find(folder, name) {
            process.stop()?;
            stopped = stopped.saturating_add(1);
        }
    }
    // Without its processes the file would send readers to ports that others may have by now.
    let outputs = folder.join("outputs.json");
    if outputs.exists() {
        fs::remove_file(&outputs).map_err(|error| format!("can't remove {}: {error}", outputs.display()))?;
    }
    Ok(stopped)
}

fn begin(folder: &Path, options: &Options) -> Result<LocalCloud, String> {
    let python = step("local cloud installed", install::python)?;
    let functions = workspace::functions()?;
    let binaries = step("functions built", workspace::build)?;
    let (cloud_port, slack_port) = step("servers started", || {
        let cloud = start_cloud(folder, &python, options)?;
        let slack = binaries.get("local-slack").ok_or("the package local-slack has no binary local-slack")?;
        Ok((cloud, start_slack(folder, slack, options)?))
    })?;
    let outputs = step("deployed and seeded", || {
        let function = binaries.iter().find(|(name, _)| functions.contains(name));
        let folder_of_functions =
            function.and_then(|(_, path)| path.parent()).ok_or("there are no functions to deploy")?;
        let command = binaries.get("countersign").ok_or("the package countersign has no binary countersign")?;
        deploy(folder, &python, folder_of_functions, command, (cloud_port, slack_port), options)
    })?;
    let api = outputs.get("apiUrl").and_then(Value::as_str).ok_or("outputs.json has no apiUrl")?;
    http::call(slack_port, "POST", "/_local/settings", &json!({"apiUrl": api}).to_string())?;
    Ok(LocalCloud { outputs, python })
}

/// Does one step and tells how long it took.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let started = Instant::now();
    let done = work()?;
    complain(&format!("{:>7.1} s  {name}", started.elapsed().as_secs_f32()));
    Ok(done)
}

fn start_cloud(folder: &Path, python: &Path, options: &Options) -> Result<u16, String> {
    // Between this and the server's own bind another program could take the port; then the server ends and says so.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| format!("no free port: {error}"))?
        .port();
    let home = folder.join("cloud");
    let emptied = if home.exists() { fs::remove_dir_all(&home) } else { Ok(()) };
    emptied
        .and_then(|()| fs::create_dir_all(&home))
        .map_err(|error| format!("can't clear {}: {error}", home.display()))?;
    let mut command = Command::new(python);
    command
        .args(["-B", "-m", "overlay"])
        .current_dir(tools())
        // Functions inherit the server's whole environment: it holds nothing of this machine's.
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", &home)
        .env("TMPDIR", &home)
        .env("STATE_DIR", home.join("state"))
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_HOST", "localhost")
        // What functions get as their endpoint. Without it they would call AWS.
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("MINISTACK_ACCOUNT_ID", ACCOUNT)
        .env("MINISTACK_REGION", REGION)
        .env("AUTH", "true")
        .env("CLOUDTRAIL_RECORDING", "1")
        .env("IOT_MTLS_ENABLED", "0")
        .envs(options.settings.iter().chain(&options.variables).map(|(name, value)| (name, value)));
    let process = Process::start(folder, "cloud", command)?;
    wait(folder, "cloud", &process, || http::call(port, "GET", "/_ministack/health", "").ok())?;
    Ok(port)
}

fn start_slack(folder: &Path, binary: &Path, options: &Options) -> Result<u16, String> {
    let port_file = folder.join("slack.port");
    if port_file.exists() {
        fs::remove_file(&port_file).map_err(|error| format!("can't remove {}: {error}", port_file.display()))?;
    }
    let mut command = Command::new(binary);
    command
        .args(["--signing-secret", SIGNING_SECRET, "--bot-token", BOT_TOKEN, "--port", "0", "--port-file"])
        .arg(&port_file)
        .args(["--rate-limits", if options.slack_rate_limits { "on" } else { "off" }])
        .args(["--answer-within", &options.slack_answer_within.to_string()])
        .envs(options.variables.iter().map(|(name, value)| (name, value)));
    let process = Process::start(folder, "slack", command)?;
    wait(folder, "slack", &process, || fs::read_to_string(&port_file).ok()?.trim().parse().ok())
}

/// Waits until `ready` has an answer.
fn wait<T>(folder: &Path, name: &str, process: &Process, ready: impl Fn() -> Option<T>) -> Result<T, String> {
    let since = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return Ok(answer);
        }
        let log = folder.join(format!("{name}.log"));
        if !process.is_running() {
            let text = fs::read_to_string(&log).unwrap_or_default();
            return Err(format!("{name} ended before it was ready:\n{text}"));
        }
        if since.elapsed() > PATIENCE {
            return Err(format!("{name} is not ready after {} s; see {}", PATIENCE.as_secs(), log.display()));
        }
        sleep(Duration::from_millis(20));
    }
}

/// Runs `deploy.py`, which writes `outputs.json`; gives what it wrote.
fn deploy(
    folder: &Path,
    python: &Path,
    functions: &Path,
    countersign: &Path,
    (cloud, slack): (u16, u16),
    options: &Options,
) -> Result<Value, String> {
    let outputs = folder.join("outputs.json");
    let entitlements = folder.join("entitlements.yaml");
    fs::write(&entitlements, &options.entitlements)
        .map_err(|error| format!("can't write {}: {error}", entitlements.display()))?;
    let root = workspace::root();
    let deployed = Command::new(python)
        .arg("-B")
        .arg(tools().join("deploy.py"))
        .args(["--endpoint", &format!("http://127.0.0.1:{cloud}")])
        .args(["--slack-url", &format!("http://127.0.0.1:{slack}")])
        .args(["--slack-signing-secret", SIGNING_SECRET, "--slack-bot-token", BOT_TOKEN])
        .arg("--template")
        .arg(root.join("template.yaml"))
        .arg("--spoke")
        .arg(root.join("infra/spoke.yaml"))
        .arg("--log-archive")
        .arg(root.join("infra/log-archive.yaml"))
        .arg("--countersign")
        .arg(countersign)
        .arg("--policy")
        .arg(root.join("infra/policy"))
        .arg("--entitlements")
        .arg(&entitlements)
        .args(options.parameters.iter().map(|(name, value)| format!("--parameter={name}={value}")))
        .arg("--functions")
        .arg(functions)
        .arg("--outputs")
        .arg(&outputs)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("can't start {}: {error}", python.display()))?;
    if !deployed.success() {
        return Err(format!("the deployment failed; the server's log is {}", folder.join("cloud.log").display()));
    }
    let text = fs::read_to_string(&outputs).map_err(|error| format!("can't read {}: {error}", outputs.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", outputs.display()))
}
