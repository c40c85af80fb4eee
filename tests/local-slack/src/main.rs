//! Runs a local Slack until it is stopped.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use local_slack::{LocalSlack, Options};

const USAGE: &str = "\
local-slack: Slack's side of Countersign, on loopback and in memory; its page for people is at /

  --bot-token TOKEN       token the Web API accepts (required)
  --signing-secret TEXT   secret to sign requests to Countersign with (required)
  --port N                port; 0 (the default) takes a free one
  --port-file PATH        write the port there once it listens
  --api-url URL           base URL of Countersign's API; can be set later at POST /_local/settings
  --api-host HOST         Host header to send there
  --rate-limits on|off    enforce Slack's rate limits (on)
  --message-burst N       messages into one channel at once (3)
  --answer-within N       seconds that Countersign has to answer, and trigger ids live at the least (3)
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "local-slack: {error}\n\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let Some((options, port_file)) = parse(arguments)? else {
        return write!(io::stdout(), "{USAGE}").map_err(|error| error.to_string());
    };
    let slack = LocalSlack::start(options).await.map_err(|error| format!("cannot listen: {error}"))?;
    if let Some(path) = port_file {
        let port = slack.url().rsplit(':').next().unwrap_or_default();
        // Renamed into place, so that whoever waits for the file never reads half of it.
        let partial = path.with_extension("partial");
        let written = std::fs::write(&partial, port).and_then(|()| std::fs::rename(&partial, &path));
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    writeln!(io::stdout(), "listening on {}", slack.url()).map_err(|error| error.to_string())?;
    slack.serve_forever().await;
    Ok(())
}

/// The options, or nothing if help was asked for.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<(Options, Option<PathBuf>)>, String> {
    let mut options = Options::new("", "");
    let mut port_file = None;
    while let Some(flag) = arguments.next() {
        if flag == "--help" || flag == "-h" {
            return Ok(None);
        }
        let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--bot-token" => options.bot_token = value,
            "--signing-secret" => options.signing_secret = value,
            "--port" => options.port = number(&flag, &value)?,
            "--port-file" => port_file = Some(PathBuf::from(value)),
            "--api-url" => options.settings.api_url = Some(value),
            "--api-host" => options.settings.api_host = Some(value),
            "--message-burst" => options.settings.message_burst = number(&flag, &value)?,
            "--answer-within" => {
                let seconds: u64 = number(&flag, &value)?;
                options.settings.answer_within_ms = seconds.saturating_mul(1_000);
            }
            "--rate-limits" => {
                options.settings.rate_limits = match value.as_str() {
                    "on" => true,
                    "off" => false,
                    _ => return Err("--rate-limits is on or off".to_owned()),
                }
            }
            _ => return Err(format!("unknown option {flag}")),
        }
    }
    if options.bot_token.is_empty() || options.signing_secret.is_empty() {
        return Err("--bot-token and --signing-secret are required".to_owned());
    }
    Ok(Some((options, port_file)))
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} needs a number"))
}
