//! CloudTrail's event history of our own account, Region by Region, and the keys that digests are signed with.

use crate::fault::{fault, unsendable};
use aws_config::{Region, SdkConfig};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use model::time::Time;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use workflow::ports::{DigestKeys, Fault, LookUp, LookupBy, Page, PublicKey};

const LOOK_UP: &str = "look into the event history";
const KEYS: &str = "read the keys that digests are signed with";

/// Events of one page. Source: CloudTrail API reference, `LookupEvents`.
const PAGE: i32 = 50;

/// The least time between two calls in one Region: two a second per account and Region, which others use too. Source:
/// CloudTrail user guide, quotas.
const APART: Duration = Duration::from_millis(600);

/// How often a call is tried that was too much at once, and the wait before the second time.
const ATTEMPTS: u32 = 5;
const WAIT: Duration = Duration::from_secs(1);

/// Pages of public keys that are read at most.
const KEY_PAGES: u32 = 10;

/// The event history.
#[derive(Debug)]
pub struct History {
    config: SdkConfig,
    clients: Mutex<BTreeMap<String, Client>>,
    next: tokio::sync::Mutex<BTreeMap<String, Instant>>,
}

impl History {
    /// That of the account that the credentials of `config` belong to.
    pub(crate) fn new(config: SdkConfig) -> Self {
        Self { config, clients: Mutex::default(), next: tokio::sync::Mutex::default() }
    }

    fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Client::new(&self.config.to_builder().region(Region::new(region.to_owned())).build());
        clients.entry(region.to_owned()).or_insert_with(made).clone()
    }

    /// Waits until the Region may be asked again.
    async fn turn(&self, region: &str) {
        let at = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let at = next.get(region).copied().unwrap_or(now).max(now);
            next.insert(region.to_owned(), at.checked_add(APART).unwrap_or(at));
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

fn date(at: Time) -> DateTime {
    DateTime::from_secs(at.as_second())
}

impl LookUp for History {
    async fn look_up(
        &self,
        region: &str,
        by: &LookupBy,
        from: Time,
        to: Time,
        cursor: Option<&str>,
    ) -> Result<Page<String>, Fault> {
        let (key, value) = match by {
            LookupBy::SessionName(name) => (LookupAttributeKey::Username, name),
            LookupBy::AccessKey(id) => (LookupAttributeKey::AccessKeyId, id),
            LookupBy::Resource(arn) => (LookupAttributeKey::ResourceName, arn),
        };
        let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(value);
        let attribute = attribute.build().map_err(unsendable(LOOK_UP))?;
        let mut wait = WAIT;
        for attempt in 1..=ATTEMPTS {
            self.turn(region).await;
            let asked = self
                .client(region)
                .lookup_events()
                .lookup_attributes(attribute.clone())
                .start_time(date(from))
                .end_time(date(to))
                .max_results(PAGE)
                .set_next_token(cursor.map(str::to_owned))
                .send()
                .await;
            match asked {
                Ok(page) => {
                    let records = page.events.unwrap_or_default().into_iter();
                    let items = records.filter_map(|event| event.cloud_trail_event).collect();
                    return Ok(Page { items, cursor: page.next_token });
                }
                Err(error) => {
                    let fault = fault(LOOK_UP, &error);
                    if attempt == ATTEMPTS || !fault.code.starts_with("Throttling") {
                        return Err(fault);
                    }
                    tokio::time::sleep(wait).await;
                    wait = wait.saturating_mul(2);
                }
            }
        }
        Err(Fault::new(LOOK_UP, "ThrottlingException"))
    }
}

impl DigestKeys for History {
    async fn digest_keys(&self, region: &str, from: Time, to: Time) -> Result<Vec<PublicKey>, Fault> {
        let (client, mut keys, mut cursor) = (self.client(region), Vec::new(), None);
        for _ in 0..KEY_PAGES {
            let listed = client.list_public_keys().start_time(date(from)).end_time(date(to)).set_next_token(cursor);
            let listed = listed.send().await.map_err(|error| fault(KEYS, &error))?;
            keys.extend(
                listed
                    .public_key_list
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|key| Some(PublicKey { fingerprint: key.fingerprint?, der: key.value?.into_inner() })),
            );
            cursor = listed.next_token;
            if cursor.is_none() {
                return Ok(keys);
            }
        }
        Err(Fault::new(KEYS, "too_many_keys"))
    }
}
