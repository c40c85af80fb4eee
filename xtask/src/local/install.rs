//! Installs the stand-in for AWS, and the linters: Python environments with exactly the packages of a `requirements.txt`, by
//! hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::output::complain;
use crate::workspace;

/// The Python of the stand-in for AWS, after installing what is missing.
///
/// # Errors
/// In words: no Python 3.11 or later, or pip can't install the packages.
pub(crate) fn python() -> Result<PathBuf, String> {
    environment("tests/local-cloud", "ministack")
}

/// The Python of the linters, after installing what is missing.
///
/// # Errors
/// As [`python`].
pub(crate) fn linters() -> Result<PathBuf, String> {
    environment("tests/linters", "cfnlint")
}

/// The library that gives processes another time of day: the system's, else that of Debian's package, unpacked into the cache.
/// apt checks by the distribution's signatures that it is that one.
///
/// # Errors
/// In words: it is not there, and there is no apt to get it with.
pub(crate) fn faketime() -> Result<PathBuf, String> {
    let cache = workspace::cache()?.join("libfaketime");
    if let Some(found) = library(Path::new("/")).or_else(|| library(&cache)) {
        return Ok(found);
    }
    let missing = "hours in seconds need libfaketime (Debian: `apt-get install libfaketime`)";
    complain(&format!("unpacking the package libfaketime into {}", cache.display()));
    fs::create_dir_all(&cache).map_err(|error| format!("can't make {}: {error}", cache.display()))?;
    succeed(Command::new("apt-get").args(["download", "-qq", "libfaketime"]).current_dir(&cache))
        .map_err(|error| format!("{error}; {missing}"))?;
    let packages = fs::read_dir(&cache).map_err(|error| format!("can't read {}: {error}", cache.display()))?;
    let package = packages.filter_map(Result::ok).map(|entry| entry.path());
    let package = package.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    succeed(Command::new("dpkg").arg("-x").arg(package.ok_or(missing)?).arg(&cache))?;
    library(&cache).ok_or_else(|| missing.to_owned())
}

/// Where the package puts it below `root`: by the machine's kind.
fn library(root: &Path) -> Option<PathBuf> {
    let kinds = fs::read_dir(root.join("usr/lib")).ok()?.filter_map(Result::ok);
    kinds.map(|kind| kind.path().join("faketime/libfaketimeMT.so.1")).find(|library| library.is_file())
}

/// The Python with the packages of the folder `of`, which works if it can import `package`. One environment per content of
/// `requirements.txt`, outside the checkout, shared by all checkouts.
fn environment(of: &str, package: &str) -> Result<PathBuf, String> {
    let requirements = workspace::root().join(of).join("requirements.txt");
    let wanted = fs::read(&requirements).map_err(|error| format!("can't read {}: {error}", requirements.display()))?;
    let cache = workspace::cache()?;
    fs::create_dir_all(&cache).map_err(|error| format!("can't make {}: {error}", cache.display()))?;
    let folder = cache.join(format!("venv-{:016x}", fingerprint(&wanted)));
    let python = folder.join("bin/python");
    let complete = folder.join("complete");
    // Two commands at once must not install into the same folder.
    let lock = folder.with_extension("lock");
    let lock_file = fs::File::create(&lock).map_err(|error| format!("can't write {}: {error}", lock.display()))?;
    lock_file.lock().map_err(|error| format!("can't lock {}: {error}", lock.display()))?;
    if complete.exists() && works(&python, package) {
        return Ok(python);
    }
    complain(&format!("installing the packages of {of} into {}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("can't clear {}: {error}", folder.display()))?;
    }
    succeed(Command::new(base_python()?).args(["-m", "venv"]).arg(&folder))?;
    succeed(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"])
            .arg(&requirements),
    )?;
    fs::write(&complete, "").map_err(|error| format!("can't write {}: {error}", complete.display()))?;
    Ok(python)
}

fn works(python: &Path, package: &str) -> bool {
    let import = format!("import {package}");
    let told = Command::new(python).args(["-c", &import]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    told.is_ok_and(|status| status.success())
}

/// A Python that is new enough: the plain one, else the newest by name.
fn base_python() -> Result<&'static str, String> {
    let new_enough = |name: &&str| {
        let test = "import sys, venv; sys.exit(sys.version_info < (3, 11))";
        let told = Command::new(name).args(["-c", test]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        told.is_ok_and(|status| status.success())
    };
    ["python3", "python3.14", "python3.13", "python3.12", "python3.11"]
        .into_iter()
        .find(new_enough)
        .ok_or_else(|| "the local cloud needs Python 3.11 or later, with venv (Debian: python3-venv)".to_owned())
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    match command.stdin(Stdio::null()).stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("can't start {name}: {error}")),
    }
}

/// FNV-1a: a name for content, not a protection; pip checks each package's SHA-256 itself.
fn fingerprint(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
