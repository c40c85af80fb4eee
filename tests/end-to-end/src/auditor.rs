//! An auditor, with a folder and the command line: no rights, no keys but those to verify with.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;
use crate::stage::Stage;

/// An auditor's folder, and the command line.
#[derive(Debug)]
pub struct Auditor {
    folder: PathBuf,
    program: PathBuf,
    region: String,
    endpoint: String,
    /// Where to fetch from.
    from: Vec<String>,
}

impl Auditor {
    /// With an empty folder, and the keys of this log to verify with.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn begin(stage: &Stage) -> Result<Self, Failure> {
        let outputs = &stage.outputs;
        let folder = std::env::temp_dir().join(format!("countersign-auditor-{}", std::process::id()));
        let made = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join("trusted"), outputs.log_keys.join("\n")));
        made.map_err(|error| Failure::of("making a folder", &error))?;
        let own = std::env::current_exe().map_err(|error| Failure::of("finding the program", &error))?;
        let from = ["--log-bucket", &outputs.log_bucket, "--anchor-bucket", &outputs.anchor_bucket, "--table"];
        let from = from.into_iter().chain([outputs.table_name.as_str()]).map(str::to_owned).collect();
        let (region, endpoint) = (outputs.region.clone(), outputs.endpoint_url.clone());
        Ok(Self { program: own.with_file_name("countersign"), folder, region, endpoint, from })
    }

    /// A place in the folder.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// What `countersign audit …` ends with and prints.
    ///
    /// # Errors
    /// It can't be started, or prints no JSON.
    pub fn run(&self, arguments: &[&str]) -> Result<(Option<i32>, Value), Failure> {
        let ran = Command::new(&self.program)
            .args(["--output", "json", "audit"])
            .args(arguments)
            .env_clear()
            // Its time of day is this program's, whatever that is.
            .envs(
                std::env::vars_os()
                    .filter(|(name, _)| name == "LD_PRELOAD" || name.to_string_lossy().starts_with("FAKETIME")),
            )
            .env("AWS_REGION", &self.region)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Failure::of(&format!("starting {}", self.program.display()), &error))?;
        let complaint = String::from_utf8_lossy(&ran.stderr).into_owned();
        let said = serde_json::from_slice(&ran.stdout);
        let said = said.map_err(|error| Failure::of(&format!("audit {arguments:?} ({complaint})"), &error))?;
        Ok((ran.status.code(), said))
    }

    /// Fetches log, anchors and table into `name`; with `fresh` all of it, as if nothing were known.
    ///
    /// # Errors
    /// As [`Auditor::run`], or it fails.
    pub fn fetch(&self, name: &str, fresh: bool) -> Result<(), Failure> {
        let (folder, trusted) = (self.path(name), self.path("trusted"));
        let mut arguments = vec!["fetch", folder.as_str(), "--keys", trusted.as_str()];
        arguments.extend(self.from.iter().map(String::as_str));
        if fresh {
            arguments.push("--fresh");
        }
        let (code, said) = self.run(&arguments)?;
        if code == Some(0) { Ok(()) } else { Err(Failure::new(format!("audit fetch: {said}"))) }
    }

    /// Whether this file of the log was fetched.
    pub fn has(&self, name: &str, key: &str) -> bool {
        self.folder.join(name).join("log").join(key).is_file()
    }

    /// As if nothing had been fetched.
    pub fn forget(&self, name: &str) {
        // It need not be there.
        let _ = std::fs::remove_dir_all(self.folder.join(name));
    }

    /// What the verifier ends with and says of what was fetched into `name`.
    ///
    /// # Errors
    /// As [`Auditor::run`].
    pub fn verify(&self, name: &str) -> Result<(Option<i32>, Value), Failure> {
        self.run(&["verify", &self.path(name), "--keys", &self.path("trusted")])
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        // Whatever is left is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
