//! As much of an HTTP/1.1 server as the Runtime API and AWS's clients ask for: a thread for each connection, bodies with
//! a length, on a loopback port that is free.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// Longest body that is read, in bytes: Lambda's own limit for an event.
const LONGEST_BODY: usize = 6 * 1024 * 1024;

/// What was asked.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What it is answered with.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type", kind.to_owned())], body: body.into() }
    }
}

/// Answers calls with `answer` until this process ends; gives the port.
///
/// # Errors
/// No port is free.
pub(crate) fn serve(answer: impl Fn(Request) -> Reply + Send + Sync + 'static) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            // Whoever hangs up, or sends what is no HTTP, ends its own thread alone.
            std::thread::spawn(move || converse(stream, answer.as_ref()));
        }
    });
    Ok(port)
}

fn converse(stream: TcpStream, answer: &impl Fn(Request) -> Reply) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writing = stream.try_clone()?;
    let mut reading = BufReader::new(stream);
    while let Some(request) = read(&mut reading)? {
        let reply = answer(request);
        let mut bytes = format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", reply.status, reply.body.len()).into_bytes();
        for (name, value) in &reply.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&reply.body);
        writing.write_all(&bytes)?;
    }
    Ok(())
}

/// The next request; `None`: there is none any more.
fn read(from: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let malformed = || io::Error::from(io::ErrorKind::InvalidData);
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().ok_or_else(malformed)?, words.next().ok_or_else(malformed)?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, path, headers, body: Vec::new() };
    if request.header("transfer-encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked")) {
        request.body = chunks(from)?;
    } else {
        let length = request.header("content-length").unwrap_or("0").parse().map_err(|_| malformed())?;
        request.body = exactly(from, length)?;
    }
    Ok(Some(request))
}

fn exactly(from: &mut BufReader<TcpStream>, length: usize) -> io::Result<Vec<u8>> {
    if length > LONGEST_BODY {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(body)
}

fn chunks(from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let size = line.trim_end().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        if size == 0 {
            // What trails, up to the empty line.
            while from.read_line(&mut line)? > 2 {}
            return Ok(body);
        }
        if body.len() + size > LONGEST_BODY {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        body.extend(exactly(from, size)?);
        from.read_line(&mut line)?;
    }
}
