//! Exports of a table to S3, from its continuous backups. For people's own machines: no function has these rights.

use crate::fault::fault;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{
    ExportDescription, ExportFormat, ExportType, ExportViewType, IncrementalExportSpecification,
};
use model::time::Time;
use workflow::ports::Fault;

const FIND: &str = "find the table";
const START: &str = "start the export";
const FOLLOW: &str = "look at the export";

/// Shortest and longest span of an incremental export, in seconds. Source: DynamoDB developer guide, "Requesting a table
/// export in DynamoDB", incremental export.
pub const SHORTEST_SPAN: u64 = 900;
/// See [`SHORTEST_SPAN`].
pub const LONGEST_SPAN: u64 = 86_400;

/// What to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The table as it is.
    Full,
    /// What changed in it.
    Changes {
        /// From when on, that included.
        from: Time,
        /// Until when, that excluded.
        to: Time,
    },
}

/// Where an export stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is being written.
    Running,
    /// It is there.
    Done {
        /// The key of the manifest's summary.
        manifest: String,
        /// How many items it has.
        items: u64,
    },
    /// It failed.
    Failed {
        /// AWS's code.
        code: String,
    },
}

/// One export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its ARN, which ends in its id.
    pub arn: String,
    /// The bucket it is written to.
    pub bucket: String,
    /// Whether it is of changes only.
    pub is_incremental: bool,
    /// Where it stands.
    pub standing: Standing,
}

/// Starts exports and follows them.
#[derive(Debug, Clone)]
pub struct Exports {
    client: Client,
}

impl Exports {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The ARN of the table `name`.
    ///
    /// # Errors
    /// There is none, or the service did not answer.
    pub async fn table_arn(&self, name: &str) -> Result<String, Fault> {
        let found = self.client.describe_table().table_name(name).send().await;
        let found = found.map_err(|error| fault(FIND, &error))?;
        found.table.and_then(|table| table.table_arn).ok_or_else(|| Fault::new(FIND, "not_found"))
    }

    /// Starts an export into `bucket`, below `prefix` if there is one. The same `token` within eight hours starts none anew.
    ///
    /// # Errors
    /// The service did not answer, or refused: continuous backups are off, say.
    pub async fn start(
        &self,
        table_arn: &str,
        bucket: &str,
        prefix: Option<&str>,
        span: Span,
        token: &str,
    ) -> Result<Export, Fault> {
        let call = self.client.export_table_to_point_in_time().table_arn(table_arn).s3_bucket(bucket);
        let call =
            call.set_s3_prefix(prefix.map(str::to_owned)).export_format(ExportFormat::DynamodbJson).client_token(token);
        let call = match span {
            Span::Full => call.export_type(ExportType::FullExport),
            Span::Changes { from, to } => {
                let time = |time: Time| DateTime::from_secs(time.as_second());
                let changes = IncrementalExportSpecification::builder()
                    .export_from_time(time(from))
                    .export_to_time(time(to))
                    // What was there before is evidence too: an entry never changes.
                    .export_view_type(ExportViewType::NewAndOldImages);
                call.export_type(ExportType::IncrementalExport).incremental_export_specification(changes.build())
            }
        };
        let started = call.send().await.map_err(|error| fault(START, &error))?;
        read(started.export_description.as_ref()).ok_or_else(|| Fault::new(START, "unreadable_answer"))
    }

    /// Where an export stands.
    ///
    /// # Errors
    /// There is none, or the service did not answer.
    pub async fn follow(&self, arn: &str) -> Result<Export, Fault> {
        let found =
            self.client.describe_export().export_arn(arn).send().await.map_err(|error| fault(FOLLOW, &error))?;
        read(found.export_description.as_ref()).ok_or_else(|| Fault::new(FOLLOW, "unreadable_answer"))
    }
}

fn read(export: Option<&ExportDescription>) -> Option<Export> {
    let export = export?;
    // By its text: a status that AWS adds later is none that can be read.
    let standing = match export.export_status()?.as_str() {
        "IN_PROGRESS" => Standing::Running,
        "COMPLETED" => Standing::Done {
            manifest: export.export_manifest()?.to_owned(),
            items: u64::try_from(export.item_count().unwrap_or_default()).unwrap_or_default(),
        },
        _ => Standing::Failed { code: export.failure_code().unwrap_or("unknown").to_owned() },
    };
    Some(Export {
        arn: export.export_arn()?.to_owned(),
        bucket: export.s3_bucket()?.to_owned(),
        is_incremental: export.export_type() == Some(&ExportType::IncrementalExport),
        standing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::World;
    use serde_json::{Value, json};

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/countersign";

    fn described(status: &str) -> Value {
        json!({"ExportDescription": {
            "ExportArn": format!("{TABLE}/export/01"), "ExportStatus": status, "S3Bucket": "exports",
            "ExportType": "INCREMENTAL_EXPORT", "ItemCount": 7, "FailureCode": "AccessDenied",
            "ExportManifest": "AWSDynamoDB/01/manifest-summary.json",
        }})
    }

    #[tokio::test]
    async fn an_export_of_changes_is_asked_for_with_both_images_and_followed() {
        let world = World::answering(vec![
            (200, json!({"Table": {"TableArn": TABLE}})),
            (200, described("IN_PROGRESS")),
            (200, described("COMPLETED")),
            (200, described("FAILED")),
        ]);
        let exports = world.clients().exports();
        let (from, to) = ("2026-11-20T00:00:00Z".parse().unwrap(), "2026-11-21T00:00:00Z".parse().unwrap());
        let table = exports.table_arn("countersign").await.unwrap();
        let span = Span::Changes { from, to };
        let started = exports.start(&table, "exports", Some("a"), span, "token").await.unwrap();
        assert_eq!((started.standing, started.is_incremental), (Standing::Running, true));
        let sent: Value = serde_json::from_str(&world.sent()[1].body).unwrap();
        assert_eq!(sent["TableArn"], TABLE);
        assert_eq!(sent["IncrementalExportSpecification"]["ExportViewType"], "NEW_AND_OLD_IMAGES");
        assert_eq!(sent["IncrementalExportSpecification"]["ExportFromTime"], 1_795_132_800.0);
        let done = Standing::Done { manifest: "AWSDynamoDB/01/manifest-summary.json".to_owned(), items: 7 };
        assert_eq!(exports.follow(&started.arn).await.unwrap().standing, done);
        let failed = Standing::Failed { code: "AccessDenied".to_owned() };
        assert_eq!(exports.follow(&started.arn).await.unwrap().standing, failed);
    }

    #[tokio::test]
    async fn all_of_a_table_is_asked_for_without_times_and_a_refusal_is_told_by_its_code() {
        let refusal = json!({"__type": "PointInTimeRecoveryUnavailableException", "message": "off"});
        let world = World::answering(vec![(200, described("IN_PROGRESS")), (400, refusal)]);
        let exports = world.clients().exports();
        exports.start(TABLE, "exports", None, Span::Full, "token").await.unwrap();
        let sent: Value = serde_json::from_str(&world.sent()[0].body).unwrap();
        assert_eq!((&sent["ExportType"], &sent["ClientToken"]), (&json!("FULL_EXPORT"), &json!("token")));
        assert!(sent.get("IncrementalExportSpecification").is_none() && sent.get("S3Prefix").is_none());
        let refused = exports.start(TABLE, "exports", None, Span::Full, "token").await.unwrap_err();
        assert_eq!(refused.code, "PointInTimeRecoveryUnavailableException");
    }
}
