//! How many requests are read at once.

use crate::ports::{Fault, LoadRequest, LoadRequests, Stored};
use futures_util::StreamExt as _;
use model::names::RequestId;

/// Those of `ids` that exist, in any order: together, and if that fails one by one, `at_once` at the
/// same time. So one that can't be read keeps no other from being acted on, and is a fault of its own.
pub(crate) async fn load_each<P: LoadRequest + LoadRequests>(
    ports: &P,
    ids: Vec<RequestId>,
    at_once: usize,
) -> Vec<Result<Stored, Fault>> {
    if ids.is_empty() {
        return Vec::new();
    }
    if let Ok(found) = ports.load_many(&ids).await {
        return found.into_iter().map(Ok).collect();
    }
    let loads: Vec<_> = ids.into_iter().map(|id| async move { ports.load(&id).await.transpose() }).collect();
    let read: Vec<Option<Result<Stored, Fault>>> =
        futures_util::stream::iter(loads).buffer_unordered(at_once).collect().await;
    read.into_iter().flatten().collect()
}
