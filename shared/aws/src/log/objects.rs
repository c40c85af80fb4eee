//! Small objects of one bucket, put where nothing is or in the place of what was read.

use crate::fault::{code, fault};
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use workflow::ports::{Fault, Put};

const READ: &str = "read an object of the log";
const PUT: &str = "put an object of the log";

/// How often a put is tried that somebody else's put of the same key was in the way of.
const ATTEMPTS: u32 = 3;

/// An object: its bytes, and which version of it they are (its `ETag`).
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) version: String,
}

/// Objects of one bucket.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    client: Client,
    bucket: String,
}

impl Objects {
    pub(super) fn new(client: Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }

    /// The object at `key`, of at most `longest` bytes.
    pub(super) async fn get(&self, key: &str, longest: usize) -> Result<Option<Found>, Fault> {
        let mut object = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(None),
            Err(error) => return Err(fault(READ, &error)),
        };
        let version = object.e_tag.take().ok_or_else(|| Fault::new(READ, "unreadable"))?;
        let mut bytes = Vec::new();
        while let Some(piece) = object.body.next().await {
            let piece = piece.map_err(|_| Fault::new(READ, "stream_broken"))?;
            if bytes.len().saturating_add(piece.len()) > longest {
                return Err(Fault::new(READ, "too_long"));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(Found { bytes, version }))
    }

    /// Puts `bytes` at `key`, in the place of version `instead_of` or, without, where nothing is. What is there by now
    /// stays. Source: Amazon S3 user guide, conditional writes.
    pub(super) async fn put(&self, key: &str, bytes: &[u8], instead_of: Option<&str>) -> Result<Put, Fault> {
        let mut last = Fault::new(PUT, "ConditionalRequestConflict");
        for _ in 0..ATTEMPTS {
            let put = self.client.put_object().bucket(&self.bucket).key(key);
            let put = match instead_of {
                None => put.if_none_match("*"),
                Some(version) => put.if_match(version),
            };
            match put.body(ByteStream::from(bytes.to_vec())).send().await {
                Ok(_) => return Ok(Put::Written),
                Err(error) => match code(&error).as_str() {
                    // Gone: nothing is ever deleted here, so nobody finds that but who was told of another bucket.
                    "PreconditionFailed" | "NoSuchKey" => return Ok(Put::Exists),
                    // Somebody else's put of this key is on its way. Source: as above.
                    "ConditionalRequestConflict" => last = fault(PUT, &error),
                    _ => return Err(fault(PUT, &error)),
                },
            }
        }
        Err(last)
    }
}
