//! Stands between the functions and AWS: passes every call on as it is, byte for byte, so that its signature holds, and does
//! to some of them what networks and services do.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::faults::{Fault, LATE, refusal, service};
use crate::wire::Message;
use end_to_end::dice::Dice;

/// It, while its process lives. Each connection has a thread.
#[derive(Debug, Clone)]
pub(crate) struct Forwarder {
    shared: Arc<Shared>,
    port: u16,
}

#[derive(Debug)]
struct Shared {
    to: SocketAddr,
    seed: u64,
    /// Of a thousand calls so many go wrong.
    permille: AtomicU64,
    calls: AtomicU64,
    /// How often each fault befell each service.
    befell: Mutex<BTreeMap<(Fault, String), u64>>,
}

impl Forwarder {
    /// To whoever listens at `to`. Nothing goes wrong at first.
    ///
    /// # Errors
    /// No port is free.
    pub(crate) fn start(to: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            to,
            seed,
            permille: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            befell: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&serving);
                // Whoever hangs up, or sends what is no HTTP, ends its own thread alone.
                thread::spawn(move || shared.converse(stream));
            }
        });
        Ok(Self { shared, port })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on so many of a thousand calls go wrong; with none all is well again.
    pub(crate) fn set(&self, permille: u64) {
        self.shared.permille.store(permille, Ordering::Relaxed);
    }

    /// Calls so far.
    pub(crate) fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// How often each fault befell each service.
    pub(crate) fn befell(&self) -> BTreeMap<(Fault, String), u64> {
        self.shared.befell.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    /// What befalls the next call.
    fn draw(&self, service: &str) -> Option<Fault> {
        let nth = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::of(self.seed, nth);
        if dice.below(1_000) >= self.permille.load(Ordering::Relaxed) {
            return None;
        }
        let fault = dice.one(&Fault::ALL).copied()?;
        let mut befell = self.befell.lock().unwrap_or_else(PoisonError::into_inner);
        let times = befell.entry((fault, service.to_owned())).or_default();
        *times = times.saturating_add(1);
        Some(fault)
    }

    fn converse(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut writing = stream.try_clone()?;
        let mut reading = BufReader::new(stream);
        loop {
            let go_on = || writing.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            let Some(request) = Message::request(&mut reading, go_on)? else { return Ok(()) };
            let authorization = request.header("authorization").unwrap_or_default();
            let service = service(&authorization);
            match self.draw(service) {
                None => send(&mut writing, &self.pass(&request)?)?,
                Some(fault @ (Fault::Throttled | Fault::Unavailable)) => {
                    writing.write_all(&refusal(service, fault))?;
                }
                Some(Fault::Closed) => return Ok(()),
                Some(Fault::Unheard) => return self.pass(&request).map(drop),
                Some(Fault::Late) => {
                    thread::sleep(LATE);
                    send(&mut writing, &self.pass(&request)?)?;
                }
            }
        }
    }

    /// The answer to a call. By a connection of its own: on one that was used before nobody could tell a call that was never
    /// read from one that was done.
    fn pass(&self, request: &Message) -> io::Result<Message> {
        let mut onward = TcpStream::connect(self.to)?;
        onward.set_nodelay(true)?;
        send(&mut onward, request)?;
        let first = request.first();
        Message::answer(&mut BufReader::new(onward), first.split(' ').next().unwrap_or_default())
    }
}

fn send(to: &mut TcpStream, message: &Message) -> io::Result<()> {
    to.write_all(&[message.head.as_slice(), &message.body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::io::Read as _;
    use std::sync::mpsc::{Receiver, channel};

    const CALL: &str = "POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAuthorization: AWS4-HMAC-SHA256 \
                        Credential=A/20261122/us-east-1/sts/aws4_request\r\nContent-Length: 2\r\n\r\nhi";
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere";

    /// Somebody who answers every call with [`ANSWER`], and tells what came.
    fn somebody() -> (SocketAddr, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (tell, told) = channel();
        let at = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let request = Message::request(&mut BufReader::new(&stream), || Ok(())).unwrap().unwrap();
                tell.send(String::from_utf8([request.head, request.body].concat()).unwrap()).unwrap();
                stream.write_all(ANSWER.as_bytes()).unwrap();
            }
        });
        (at, told)
    }

    /// What one call of those that `wanted` befalls is answered with; it ends when the connection does or pauses.
    fn called(forwarder: &Forwarder) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", forwarder.port)).unwrap();
        stream.write_all(CALL.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_call_is_passed_on_as_it_is_and_so_is_its_answer() {
        let (at, told) = somebody();
        let forwarder = Forwarder::start(at, 1).unwrap();
        assert_eq!(called(&forwarder), ANSWER);
        assert_eq!(told.recv().unwrap(), CALL);
        assert_eq!((forwarder.calls(), forwarder.befell().len()), (1, 0));
    }

    #[test]
    fn each_fault_does_what_it_says_and_is_counted() {
        let (at, told) = somebody();
        let forwarder = Forwarder::start(at, 1).unwrap();
        forwarder.set(1_000);
        let mut seen = BTreeSet::new();
        while seen.len() < Fault::ALL.len() {
            let before = forwarder.befell();
            let answer = called(&forwarder);
            let (fault, _) =
                forwarder.befell().into_iter().find(|(key, times)| before.get(key) != Some(times)).unwrap().0;
            let done = told.try_recv().is_ok();
            let right = match fault {
                Fault::Throttled => {
                    answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>Throttling</Code>") && !done
                }
                Fault::Unavailable => answer.contains("<Code>InternalFailure</Code>") && !done,
                Fault::Unheard => answer.is_empty() && done,
                Fault::Closed => answer.is_empty() && !done,
                Fault::Late => answer == ANSWER && done,
            };
            assert!(right, "{fault:?}: {answer}");
            seen.insert(fault);
        }
        forwarder.set(0);
        assert_eq!(called(&forwarder), ANSWER);
    }
}
