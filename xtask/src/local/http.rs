//! One HTTP call to a server on the loopback interface, small enough to need no client library.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Calls `http://127.0.0.1:<port><path>` and gives the body of a 2xx answer.
///
/// # Errors
/// In words: no connection, an answer that is no HTTP, or another status (with its body).
pub(crate) fn call(port: u16, method: &str, path: &str, body: &str) -> Result<String, String> {
    exchange(port, method, path, body).map_err(|error| format!("{method} {path} on port {port}: {error}"))
}

fn exchange(port: u16, method: &str, path: &str, body: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(|error| error.to_string())?;
    let length = body.len();
    // HTTP/1.0: the server closes when it is done and sends no chunks.
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| error.to_string())?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, content) = answer.split_once("\r\n\r\n").ok_or("the answer is no HTTP")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') { Ok(content.to_owned()) } else { Err(format!("status {status}: {content}")) }
}
