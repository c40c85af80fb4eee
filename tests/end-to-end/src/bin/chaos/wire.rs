//! HTTP/1.1 messages as they are on the wire: read to their end, and changed in no byte.

use std::io::{self, BufRead, Read as _};

/// Longest head that is read, in bytes.
const LONGEST_HEAD: usize = 64 * 1_024;
/// Longest body that is read, in bytes.
const LONGEST_BODY: u64 = 64 * 1_024 * 1_024;

/// A request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The first line and the headers, with the empty line after them.
    pub(crate) head: Vec<u8>,
    /// What follows, with the sizes of its chunks if it has some.
    pub(crate) body: Vec<u8>,
}

/// What follows a head.
enum Body {
    None,
    Length(u64),
    Chunks,
    /// Whatever comes until the connection ends.
    Rest,
}

impl Message {
    /// The next request; `None`: there is none any more. `go_on` is called if the sender waits to be told so.
    ///
    /// # Errors
    /// No HTTP, too long, or the connection broke in the middle.
    pub(crate) fn request(from: &mut impl BufRead, go_on: impl FnOnce() -> io::Result<()>) -> io::Result<Option<Self>> {
        let Some(mut message) = head(from)? else { return Ok(None) };
        if message.header("expect").is_some() {
            go_on()?;
        }
        let body = message.declared()?.unwrap_or(Body::None);
        message.fill(from, &body)?;
        Ok(Some(message))
    }

    /// The answer to a request of this method, but for those that only say that one is to wait (1xx).
    ///
    /// # Errors
    /// As [`Message::request`], or there is none.
    pub(crate) fn answer(from: &mut impl BufRead, method: &str) -> io::Result<Self> {
        loop {
            let mut message = head(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let status = message.first().split(' ').nth(1).unwrap_or_default().to_owned();
            if status.starts_with('1') {
                continue;
            }
            let bare = method == "HEAD" || status == "204" || status == "304";
            let body = if bare { Body::None } else { message.declared()?.unwrap_or(Body::Rest) };
            message.fill(from, &body)?;
            return Ok(message);
        }
    }

    /// The first line.
    pub(crate) fn first(&self) -> String {
        String::from_utf8_lossy(&self.head).lines().next().unwrap_or_default().to_owned()
    }

    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.head);
        let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    /// What the head says of the body; `None`: nothing.
    fn declared(&self) -> io::Result<Option<Body>> {
        if self.header("transfer-encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked")) {
            return Ok(Some(Body::Chunks));
        }
        let length = self.header("content-length").map(|length| length.parse());
        let length = length.transpose().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(length.map(Body::Length))
    }

    fn fill(&mut self, from: &mut impl BufRead, body: &Body) -> io::Result<()> {
        match body {
            Body::None => Ok(()),
            Body::Length(length) => exactly(from, *length, &mut self.body),
            Body::Rest => from.take(LONGEST_BODY).read_to_end(&mut self.body).map(drop),
            Body::Chunks => loop {
                let line = line(from)?;
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                self.body.extend_from_slice(line.as_bytes());
                if size > 0 {
                    exactly(from, size.saturating_add(2), &mut self.body)?;
                    continue;
                }
                // What may follow the last chunk ends with an empty line.
                loop {
                    let trailer = self::line(from)?;
                    self.body.extend_from_slice(trailer.as_bytes());
                    if trailer.trim_end().is_empty() {
                        return Ok(());
                    }
                }
            },
        }
    }
}

fn head(from: &mut impl BufRead) -> io::Result<Option<Message>> {
    let mut head = Vec::new();
    loop {
        let before = head.len();
        from.read_until(b'\n', &mut head)?;
        match head.get(before..) {
            Some([]) if before == 0 => return Ok(None),
            Some([]) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(b"\r\n" | b"\n") => return Ok(Some(Message { head, body: Vec::new() })),
            _ if head.len() > LONGEST_HEAD => return Err(io::ErrorKind::FileTooLarge.into()),
            _ => {}
        }
    }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}

fn exactly(from: &mut impl BufRead, length: u64, into: &mut Vec<u8>) -> io::Result<()> {
    let room = LONGEST_BODY.saturating_sub(u64::try_from(into.len()).unwrap_or(u64::MAX));
    if length > room {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let read = from.take(length).read_to_end(into)?;
    if u64::try_from(read) == Ok(length) { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(message: &Message) -> Vec<u8> {
        [message.head.as_slice(), &message.body].concat()
    }

    #[test]
    fn messages_are_read_to_their_end_and_no_further() {
        let requests = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
                        PUT /x HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nt: u\r\n\r\n\
                        GET /y HTTP/1.1\r\n\r\n";
        let mut from = requests.as_bytes();
        let mut read = Vec::new();
        while let Some(request) = Message::request(&mut from, || Ok(())).unwrap() {
            read.push(request);
        }
        assert_eq!(read.iter().flat_map(whole).collect::<Vec<u8>>(), requests.as_bytes());
        assert_eq!(read.iter().map(Message::first).collect::<Vec<_>>().len(), 3);
        assert_eq!(read[0].header("host").as_deref(), Some("a"));
    }

    #[test]
    fn answers_without_a_body_have_none_and_others_may_end_with_the_connection() {
        let answer = |text: &str, method| Message::answer(&mut text.as_bytes(), method).map(|read| whole(&read));
        let bare = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(answer(bare, "HEAD").unwrap(), bare.as_bytes());
        let open = "HTTP/1.0 200 OK\r\n\r\nto the end";
        assert_eq!(answer(open, "GET").unwrap(), open.as_bytes());
        let waits = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(answer(waits, "PUT").unwrap(), b"HTTP/1.1 204 No Content\r\n\r\n");
        for broken in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"] {
            assert!(answer(broken, "GET").is_err(), "{broken}");
        }
    }
}
