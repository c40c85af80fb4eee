//! Chromium without a window, and the program that drives it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use end_to_end::failure::Failure;
use end_to_end::waiting::until;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

/// The variables that name the programs; `cargo xtask test` sets them to what it finds or installs.
const CHROMIUM: &str = "CHROMIUM";
const CHROMEDRIVER: &str = "CHROMEDRIVER";

/// How long the programs may take to be there, or to be gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Chromium is told, beside its folder. It speaks to nobody but the local Slack, and needs no sandbox against it.
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
    "--lang=en-GB",
];

/// How large the page is, and how fine.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Pixels of a picture for each of those.
    pub scale: u32,
}

impl Screen {
    /// A laptop's.
    pub const DESKTOP: Self = Self { width: 1280, height: 900, scale: 1 };
}

/// A browser of its own: its driver on a port of its own, its profile in a folder of its own. All of it goes when this
/// is dropped.
#[derive(Debug)]
pub(crate) struct Chromium {
    driver: Child,
    port: u16,
    profile: PathBuf,
}

impl Chromium {
    /// Starts it.
    pub(crate) async fn start(screen: Screen) -> Result<(Self, Client), Failure> {
        let driver = std::env::var_os(CHROMEDRIVER).filter(|value| !value.is_empty());
        let driver = driver.unwrap_or_else(|| "chromedriver".into());
        // Not every version of the driver chooses a port itself. Between this and its own bind another program could
        // take the port; then the driver ends and this fails.
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| Failure::of("looking for a free port", &error))?
            .port();
        let profile = profile()?;
        let child = Command::new(&driver)
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.map_err(|error| {
            Failure::new(format!(
                "can't start {} ({error}). Install Chromium and its driver (Debian: `apt-get install chromium \
                 chromium-driver`), or name them in {CHROMIUM} and {CHROMEDRIVER}",
                driver.display()
            ))
        })?;
        let mut started = Self { driver: child, port, profile };
        let client = started.session(screen).await?;
        Ok((started, client))
    }

    async fn session(&mut self, screen: Screen) -> Result<Client, Failure> {
        until("chromedriver listens", PATIENCE, || {
            let ended = self.driver.try_wait();
            let listens = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            async move {
                match ended {
                    Ok(None) => Ok(listens.then_some(())),
                    Ok(Some(status)) => Err(Failure::new(format!("chromedriver ended at once: {status}"))),
                    Err(error) => Err(Failure::of("looking after chromedriver", &error)),
                }
            }
        })
        .await?;
        let mut arguments: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", self.profile.display()));
        let Screen { width, height, scale } = screen;
        let mut options = json!({
            "args": arguments,
            // The size of the page, and not of a window around it, which cannot be as narrow as a phone.
            "mobileEmulation": {"deviceMetrics": {
                "width": width, "height": height, "pixelRatio": scale, "touch": false, "mobile": false,
            }},
        });
        if let Some(binary) = std::env::var(CHROMIUM).ok().filter(|value| !value.is_empty())
            && let Some(options) = options.as_object_mut()
        {
            options.insert("binary".to_owned(), json!(binary));
        }
        let mut capabilities = Capabilities::new();
        capabilities.insert("browserName".to_owned(), json!("chrome"));
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .map_err(|error| Failure::new(format!("Chromium does not start: {error}")))
    }

    /// The driver ends its browsers with itself when asked so; killed, it would leave them.
    fn ask_to_end(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", self.port)?;
        stream.read_to_end(&mut Vec::new()).map(|_| ())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let since = Instant::now();
        if self.ask_to_end().is_ok() {
            while matches!(self.driver.try_wait(), Ok(None)) && since.elapsed() < PATIENCE {
                sleep(Duration::from_millis(20));
            }
        }
        // Does nothing to a process that has ended.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// A folder that nobody else uses.
fn profile() -> Result<PathBuf, Failure> {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("countersign-browser-{}-{number}", std::process::id()));
    let emptied = if folder.exists() { std::fs::remove_dir_all(&folder) } else { Ok(()) };
    emptied
        .and_then(|()| std::fs::create_dir_all(&folder))
        .map_err(|error| Failure::of(&format!("making {}", folder.display()), &error))?;
    Ok(folder)
}
