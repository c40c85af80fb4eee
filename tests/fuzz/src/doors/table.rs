//! What the table answers: items as DynamoDB gives them, through its own client.

use super::driven;
use crate::made::MADE;
use aws::clients::Clients;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use model::names::SweepId;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock, Mutex};
use workflow::double::home;
use workflow::ports::{
    FindByKey as _, LoadAccount as _, LoadActivity as _, LoadEntries as _, LoadRequest as _, LoadSweep as _,
    Policies as _, ReadLog as _,
};

/// A DynamoDB that gives one answer to everything.
#[derive(Debug, Clone, Default)]
struct Answering(Arc<Mutex<String>>);

impl HttpClient for Answering {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Answering {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = self.0.lock().expect("nobody else has it").clone();
        let status = 200_u16.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

static DYNAMODB: LazyLock<(Answering, Clients)> = LazyLock::new(|| {
    let answering = Answering::default();
    let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .http_client(answering.clone())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    (answering, Clients::with(config))
});

/// One item, as DynamoDB writes it in JSON: as whatever it may be read. What is read is sound, and is of the key that was
/// asked for; what is not is a fault with a code.
pub(crate) fn table_item(data: &[u8]) {
    let Ok(item) = serde_json::from_slice::<Value>(data) else { return };
    let (answering, clients) = &*DYNAMODB;
    let body = json!({"Item": item, "Items": [item], "Count": 1}).to_string();
    *answering.0.lock().expect("nobody else has it") = body;
    let table = clients.table("countersign");
    let person = "alice".parse().expect("a person");
    let sweep: SweepId = "swp_0198c0ffee0070000000000000000001".parse().expect("a sweep");
    driven(async {
        match table.load(&MADE.active).await {
            Ok(Some(stored)) => {
                assert_eq!(stored.state.request.id, MADE.active, "another request than was asked for");
                assert!(stored.state.check().is_ok(), "a state that none of ours can be");
            }
            Ok(None) => {}
            Err(fault) => assert!(!fault.code.is_empty()),
        }
        for stored in table.entries(&MADE.active, 0, 1).await.unwrap_or_default() {
            assert!(stored.bytes.len() <= data.len(), "more than was in the item");
        }
        let _ = table.request_for_key(&person, &"key".parse().expect("a key")).await;
        let _ = table.slots(&person).await;
        let _ = table.load_sweep(&sweep).await;
        let _ = table.load_account(&home()).await;
        let _ = table.activity(&MADE.active).await;
        let _ = table.log_head().await;
        let _ = table.batch(1).await;
        let _ = table.anchor().await;
        if let Ok(policy) = clients.policies("countersign").policy().await {
            assert!(policy.catalog().persons().count() <= 100_000);
        }
    });
}
