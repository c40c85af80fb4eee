//! `completions` and `man`: what a shell and a reader want to know of this program.

use crate::failure::{Answer, Exit, Failure};
use clap::{Args, Command};
use clap_complete::Shell;
use serde_json::json;
use std::path::PathBuf;

/// For which shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

/// Where to.
#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// A folder for a page for each command. Without it, the main page is printed.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

/// The script that completes this program's words in a shell.
pub(crate) fn completions(mut command: Command, wanted: &Completions) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(wanted.shell, &mut command, "countersign", &mut script);
    let script = text(&script);
    Answer::new(script.clone(), json!({"script": script}))
}

/// The manual.
///
/// # Errors
/// The pages can't be written.
pub(crate) fn manual(command: Command, wanted: &Manual) -> Result<Answer, Failure> {
    let failed =
        |error: std::io::Error| Failure::new(Exit::Failed, "not_written", format!("can't write the manual: {error}"));
    let Some(folder) = &wanted.to else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
        let page = text(&page);
        return Ok(Answer::new(page.clone(), json!({"page": page})));
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command, folder).map_err(failed)?;
    let folder = folder.display().to_string();
    Ok(Answer::new(format!("the pages are in {folder}"), json!({"folder": folder})))
}
