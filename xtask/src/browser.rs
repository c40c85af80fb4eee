//! Chromium and its driver, for the browser tests: found, or installed where that can be done.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::output::complain;

/// Debian's packages; the last one because the messages have signs that no usual font does.
const PACKAGES: [&str; 3] = ["chromium", "chromium-driver", "fonts-noto-color-emoji"];

/// What is missing, and what to do about it.
const MISSING: &str = "the browser tests need Chromium and its driver. Install them (Debian: `apt-get install chromium \
                       chromium-driver fonts-noto-color-emoji`), name them in CHROMIUM and CHROMEDRIVER, or leave the \
                       browser tests out with `--no-browser`";

/// The two programs.
#[derive(Debug)]
pub(crate) struct Programs {
    chromium: PathBuf,
    driver: PathBuf,
}

impl Programs {
    /// Those that the variables name, else those on `PATH`, else what apt installs.
    ///
    /// # Errors
    /// They are not there, and can't be installed from here: how one does it.
    pub(crate) fn ready() -> Result<Self, String> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        if !is_root() || !Path::new("/etc/debian_version").exists() {
            return Err(MISSING.to_owned());
        }
        complain(&format!("installing {} with apt-get", PACKAGES.join(", ")));
        apt(&["update", "-qq"])?;
        apt(&[["install", "-y", "-qq", "--no-install-recommends"].as_slice(), &PACKAGES].concat())?;
        Self::find().ok_or_else(|| MISSING.to_owned())
    }

    fn find() -> Option<Self> {
        let chromium = program("CHROMIUM", &["chromium", "chromium-browser", "google-chrome"])?;
        let driver = program("CHROMEDRIVER", &["chromedriver"])?;
        Some(Self { chromium, driver })
    }

    /// Tells a command where they are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("CHROMIUM", &self.chromium).env("CHROMEDRIVER", &self.driver);
    }
}

/// The program that `variable` names, else the first of `names` on `PATH`.
fn program(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// Whether this runs as root: whose processes are root's.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn apt(arguments: &[&str]) -> Result<(), String> {
    let ran = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match ran {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("apt-get {} failed ({status}); {MISSING}", arguments.join(" "))),
        Err(error) => Err(format!("can't start apt-get: {error}; {MISSING}")),
    }
}
