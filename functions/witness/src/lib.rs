//! Cosigns a checkpoint of the transparency log that goes on from the one before, and refuses every other. It runs in an
//! account where those who run the log have no rights.

use lambda::start::{Failed, failed};
use percent_encoding::percent_decode_str;
use record::witness::Refusal;
use serde::Deserialize;
use workflow::witness::{Outcome, Ports, take};

/// S3's own notification. Source: Amazon S3 user guide, event message structure.
#[derive(Debug, Deserialize)]
pub struct Told {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    s3: About,
}

#[derive(Debug, Deserialize)]
struct About {
    bucket: Bucket,
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Object {
    key: String,
}

/// Answers what was stored in the bucket `anchors`. Done twice, it answers the same.
///
/// # Errors
/// The bucket or the key did not do its part: Lambda repeats the event.
pub async fn handle<P: Ports>(ports: &P, anchors: &str, told: Told) -> Result<(), Failed> {
    for record in told.records {
        if record.s3.bucket.name != anchors {
            tracing::warn!(error.code = "unknown_bucket", "an object of another bucket");
            continue;
        }
        // As a form has it: a space is a plus.
        let key = record.s3.object.key.replace('+', " ");
        let key = percent_decode_str(&key).decode_utf8().map_err(|error| failed("malformed_event", &error))?;
        match take(ports, &key).await.map_err(|fault| failed("unavailable", &fault))? {
            Outcome::Cosigned { size } => tracing::info!(metric = "Cosigned", size, "cosigned a tree of {size} leaves"),
            Outcome::Refused(refusal) => tell(&refusal),
            Outcome::Nothing => tracing::warn!(error.code = "no_submission", "nothing was asked there"),
        }
    }
    Ok(())
}

/// One that is late is the log's to send again. All others can't come of a log that does what it should.
fn tell(refusal: &Refusal) {
    match refusal {
        Refusal::Stale { .. } => {
            tracing::warn!(error.code = "stale", "a submission was refused: {refusal}");
        }
        Refusal::Malformed
        | Refusal::Backwards
        | Refusal::UnknownOrigin
        | Refusal::NotSigned
        | Refusal::Inconsistent => {
            let status = refusal.status();
            tracing::error!(alarm = "witness_refused", status, "a submission was refused: {refusal}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn s3s_notification_is_read() {
        let told = r#"{"Records":[{"eventVersion":"2.6","eventSource":"aws:s3","eventName":"ObjectCreated:Put",
            "s3":{"bucket":{"name":"anchors","arn":"arn:aws:s3:::anchors"},
            "object":{"key":"submissions/00000000000000000007","size":3,"eTag":"x","versionId":"1"}}}]}"#;
        let told: Told = serde_json::from_str(told).unwrap();
        assert_eq!(told.records[0].s3.object.key, "submissions/00000000000000000007");
        // What S3 sends when a notification is set up.
        let test: Told = serde_json::from_str(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#).unwrap();
        assert!(test.records.is_empty());
    }
}
