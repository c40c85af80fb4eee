//! A stream of the record: one chain of entries, and a place in it.

use crate::names::{AccountId, RequestId, SweepId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A stream of the system itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SystemStream {
    /// What code runs.
    Deployment,
    /// The transparency log's own: that it began, lives, and what it found broken.
    Log,
    /// Changes of catalog and policies.
    Policy,
}

impl SystemStream {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deployment, Self::Log, Self::Policy];

    /// Its id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "sys_deployment",
            Self::Log => "sys_log",
            Self::Policy => "sys_policy",
        }
    }
}

/// One chain of entries. In order of the ids' text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Stream {
    /// What is found in an account: `acc_` and its number.
    Account(AccountId),
    /// A request.
    Request(RequestId),
    /// A sweep.
    Sweep(SweepId),
    /// One of the system's own.
    System(SystemStream),
}

/// The text is the id of no stream, or names no place in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a stream: expected that of a request, a sweep or an account, or one of the system's own")]
pub struct NotAStream;

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "acc_{id}"),
            Self::Request(id) => f.write_str(id.as_str()),
            Self::Sweep(id) => f.write_str(id.as_str()),
            Self::System(stream) => f.write_str(stream.as_str()),
        }
    }
}

impl FromStr for Stream {
    type Err = NotAStream;
    fn from_str(text: &str) -> Result<Self, NotAStream> {
        if let Some(id) = text.strip_prefix("acc_") {
            return id.parse().map(Self::Account).map_err(|_| NotAStream);
        }
        if let Some(stream) = SystemStream::ALL.into_iter().find(|stream| stream.as_str() == text) {
            return Ok(Self::System(stream));
        }
        let request = text.parse().map(Self::Request);
        request.or_else(|_| text.parse().map(Self::Sweep)).map_err(|_| NotAStream)
    }
}

impl TryFrom<String> for Stream {
    type Error = NotAStream;
    fn try_from(text: String) -> Result<Self, NotAStream> {
        text.parse()
    }
}

impl From<Stream> for String {
    fn from(stream: Stream) -> Self {
        stream.to_string()
    }
}

/// An entry's place: its stream, and where in it, from 1. As text, `<stream>/<place>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    /// Which stream.
    pub stream: Stream,
    /// Where in it, from 1.
    pub seq: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stream, self.seq)
    }
}

impl FromStr for Place {
    type Err = NotAStream;
    fn from_str(text: &str) -> Result<Self, NotAStream> {
        let (stream, seq) = text.split_once('/').ok_or(NotAStream)?;
        let place = Self { stream: stream.parse()?, seq: seq.parse().map_err(|_| NotAStream)? };
        // One spelling for each.
        if place.seq > 0 && place.to_string() == text { Ok(place) } else { Err(NotAStream) }
    }
}

impl TryFrom<String> for Place {
    type Error = NotAStream;
    fn try_from(text: String) -> Result<Self, NotAStream> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_reads_back_and_sorts_as_its_text() {
        let ids = [
            "acc_111111111111",
            "req_0198c0ffee00700080000000deadbeef",
            "swp_0198c0ffee00700080000000deadbeef",
            "sys_deployment",
            "sys_log",
            "sys_policy",
        ];
        let streams = ids.map(|id| id.parse::<Stream>().unwrap());
        assert!(streams.is_sorted());
        assert_eq!(streams.each_ref().map(ToString::to_string), ids);
        for stream in streams {
            let place = Place { stream, seq: 12 };
            assert_eq!(place.to_string().parse(), Ok(place));
        }
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for text in ["", "acc_1", "sys_other", "req_x", "sys_log/0", "sys_log/01", "sys_log/+1", "sys_log", "a/1"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
        assert!("SYS_LOG".parse::<Stream>().is_err());
    }
}
