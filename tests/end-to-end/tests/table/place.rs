//! A table of its own for each walk, as the deployed one is.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::{AttributeValue, BillingMode, GlobalSecondaryIndex, TableDescription, TableStatus};
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;

/// How long making a table may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A table that is here for one walk.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) client: Client,
    pub(crate) name: String,
}

fn failed<E: std::error::Error>(doing: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::of(doing, &error)
}

async fn described(client: &Client, name: &str) -> Result<TableDescription, Failure> {
    let found = client.describe_table().table_name(name).send().await.map_err(failed("describing a table"))?;
    found.table.ok_or_else(|| Failure::new(format!("there is no table {name}")))
}

impl Place {
    /// With the keys and indexes of the deployed table; without its stream, which nobody here listens to, and without
    /// its deleting of what may be forgotten, which would come at any time.
    pub(crate) async fn make(stage: &Stage, seed: u64) -> Result<Self, Failure> {
        // Tried again as the functions' calls are: a busy machine is no answer.
        let config = stage.root()?.dynamodb().config().to_builder();
        let client = Client::from_conf(config.retry_config(RetryConfig::standard().with_max_attempts(5)).build());
        let deployed = described(&client, &stage.outputs.table_name).await?;
        let indexes: Result<Vec<GlobalSecondaryIndex>, _> = deployed
            .global_secondary_indexes()
            .iter()
            .map(|index| {
                GlobalSecondaryIndex::builder()
                    .set_index_name(index.index_name.clone())
                    .set_key_schema(index.key_schema.clone())
                    .set_projection(index.projection.clone())
                    .build()
            })
            .collect();
        let name = format!("{}-beside-{}-{seed}", stage.outputs.table_name, std::process::id());
        let table = client.create_table().table_name(&name).billing_mode(BillingMode::PayPerRequest);
        table
            .set_attribute_definitions(deployed.attribute_definitions.clone())
            .set_key_schema(deployed.key_schema.clone())
            .set_global_secondary_indexes(Some(indexes.map_err(failed("copying the indexes"))?))
            .send()
            .await
            .map_err(failed("making a table"))?;
        until("the table is there", PATIENCE, || async {
            let is_there = described(&client, &name).await?.table_status == Some(TableStatus::Active);
            Ok(is_there.then_some(()))
        })
        .await?;
        Ok(Self { client, name })
    }

    /// Deletes an item, as DynamoDB does once its time has come.
    pub(crate) async fn forget(&self, pk: &str, sk: &str) -> Result<(), Failure> {
        let item = self.client.delete_item().table_name(&self.name);
        let item = item.key("pk", AttributeValue::S(pk.to_owned())).key("sk", AttributeValue::S(sk.to_owned()));
        item.send().await.map(|_| ()).map_err(failed("deleting an item"))
    }

    /// Deletes the table.
    pub(crate) async fn gone(&self) -> Result<(), Failure> {
        let gone = self.client.delete_table().table_name(&self.name).send().await;
        gone.map(|_| ()).map_err(failed("deleting a table"))
    }
}
