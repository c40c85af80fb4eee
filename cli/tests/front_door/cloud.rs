//! A stand-in for S3 and DynamoDB on a loopback port: objects and streams that are read, and that change between two reads.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::entry::EntryHash;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

/// The partition of the log's own stream.
const LOG: &str = "SYSTEM#sys_log";

/// What happens once something was read.
type Change = Box<dyn FnOnce(&mut Kept) + Send>;

/// What it holds.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// By bucket and key.
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// Of the stream `sys_log`, in order.
    pub(crate) entries: Vec<Vec<u8>>,
    /// Of other streams, by their partitions. Indexes list them as sweeps.
    pub(crate) others: BTreeMap<String, Vec<Vec<u8>>>,
    /// The places of its entries that were taken out, whatever its state says.
    pub(crate) gone: BTreeSet<usize>,
    /// Whether its state was taken out.
    pub(crate) stateless: bool,
}

#[derive(Default)]
struct Inner {
    kept: Kept,
    changes: VecDeque<(&'static str, Change)>,
}

/// The stand-in.
#[derive(Clone)]
pub(crate) struct Cloud {
    inner: Arc<Mutex<Inner>>,
    pub(crate) url: String,
}

fn object(bytes: Option<&Vec<u8>>) -> Response {
    match bytes {
        Some(bytes) => ([("etag", "\"1\"")], bytes.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response(),
    }
}

impl Kept {
    /// `ListObjectsV2`.
    fn list(&self, bucket: &str, prefix: &str) -> Response {
        let under = format!("{bucket}/{prefix}");
        let keys = self.objects.keys().filter(|key| key.starts_with(&under));
        let listed = keys
            .filter_map(|key| key.split_once('/'))
            .fold(String::new(), |listed, (_, key)| listed + "<Contents><Key>" + key + "</Key></Contents>");
        let open = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
        format!("{open}<IsTruncated>false</IsTruncated>{listed}</ListBucketResult>").into_response()
    }

    fn of(&self, pk: &str) -> &[Vec<u8>] {
        if pk == LOG { &self.entries } else { self.others.get(pk).map_or(&[], Vec::as_slice) }
    }

    /// Where a stream ends; nothing of any other item.
    fn state(&self, key: &Value) -> Value {
        let pk = key["pk"]["S"].as_str().unwrap_or_default();
        let there = key["sk"]["S"] == "STATE" && !(pk == LOG && self.stateless);
        let (count, last) = (self.of(pk).len(), self.of(pk).last().filter(|_| there));
        let Some(last) = last else { return json!({}) };
        let (version, head) = (count.to_string(), EntryHash::of(last).to_string());
        json!({"Item": {"pk": key["pk"], "sk": key["sk"], "version": {"N": version}, "head": {"S": head},
            "at": {"S": "2026-11-20T12:00:00Z"}}})
    }

    /// The entries of a partition after a place.
    fn stream(&self, pk: &str, start: &Value) -> Value {
        let after = start["sk"]["S"].as_str().unwrap_or_default().to_owned();
        let left = self.of(pk).iter().zip(1..).filter(|(_, seq)| pk != LOG || !self.gone.contains(seq));
        let items = left.map(|(entry, seq)| (format!("EVENT#{seq:06}"), entry));
        let items = items
            .filter(|(sk, _)| *sk > after)
            .map(|(sk, entry)| json!({"pk": {"S": pk}, "sk": {"S": sk}, "event": {"B": STANDARD.encode(entry)}}));
        json!({"Items": items.collect::<Vec<Value>>()})
    }

    /// A partition of an index.
    fn index(&self, partition: &str) -> Value {
        let listed = self.others.keys().filter(|_| partition == "CHANGED#SWEEPS");
        let items = listed.map(|pk| json!({"pk": {"S": pk}, "sk": {"S": "STATE"}}));
        json!({"Items": items.collect::<Vec<Value>>()})
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()?.split_once('.'));
    let path = uri.path().trim_matches('/').to_owned();
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let prefix = query.into_owned().find(|(name, _)| name == "prefix").map(|(_, prefix)| prefix);
    let mut inner = inner.lock().unwrap();
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (what, answer) = match (target, prefix) {
        (Some((_, "GetItem")), _) => ("state".to_owned(), inner.kept.state(&sent["Key"]).to_string().into_response()),
        (Some(_), _) if sent["IndexName"].is_string() => {
            let partition = sent["ExpressionAttributeValues"][":partition"]["S"].as_str().unwrap_or_default();
            (format!("index {partition}"), inner.kept.index(partition).to_string().into_response())
        }
        (Some(_), _) => {
            let pk = sent["ExpressionAttributeValues"][":pk"]["S"].as_str().unwrap_or_default();
            let what = if pk == LOG { "entries".to_owned() } else { format!("entries {pk}") };
            (what, inner.kept.stream(pk, &sent["ExclusiveStartKey"]).to_string().into_response())
        }
        (None, Some(prefix)) => (format!("list {prefix}"), inner.kept.list(&path, &prefix)),
        (None, None) => (format!("get {path}"), object(inner.kept.objects.get(&path))),
    };
    if inner.changes.front().is_some_and(|(after, _)| *after == what) {
        let (_, change) = inner.changes.pop_front().unwrap();
        change(&mut inner.kept);
    }
    answer
}

impl Cloud {
    pub(crate) async fn start(kept: Kept) -> Self {
        let inner = Arc::new(Mutex::new(Inner { kept, changes: VecDeque::new() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, url }
    }

    /// This happens now.
    pub(crate) fn now(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.inner.lock().unwrap().kept);
    }

    /// Once this was read (`get <bucket>/<key>`, `list <prefix>`, `state`, `index <partition>`,
    /// `entries` of the log's own stream, `entries <partition>`), and what is to happen before it has,
    /// this happens.
    pub(crate) fn after(&self, what: &'static str, change: impl FnOnce(&mut Kept) + Send + 'static) -> &Self {
        self.inner.lock().unwrap().changes.push_back((what, Box::new(change)));
        self
    }

    /// Whether all has happened.
    pub(crate) fn is_done(&self) -> bool {
        self.inner.lock().unwrap().changes.is_empty()
    }
}
