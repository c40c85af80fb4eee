//! Requests to a Kubernetes API server, as its audit log has them, made into calls.
//!
//! EKS writes the log to CloudWatch Logs, group `/aws/eks/<cluster>/cluster`, streams `kube-apiserver-audit-…`, "within a
//! few minutes" and by best effort. Nothing signs it: whoever may write to the log group can write lines.
//! Sources: <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>,
//! <https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html>.

mod identity;
mod read;
#[cfg(test)]
mod tests;

pub use read::{LARGEST_BATCH, Lines, MOST_BROKEN, Subscription, lines, subscription};

use crate::call::{Call, Category};
use model::text::inert;
use model::time::Time;
use serde::Deserialize;
use serde_json::Value;

/// Longest line, in bytes. Source: CloudWatch Logs quotas, "Log event size".
pub const LONGEST_LINE: usize = 1024 * 1024;

/// The account's and region's cluster that a log is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// The account it is in.
    pub account: String,
    /// The region it is in, which the log does not say.
    pub region: String,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// As a call. The same, whichever stage of the request the line is about.
    pub call: Call,
    /// When it was over; unknown while it goes on, as a shell in a container does. Such a stream outlives the session.
    pub finished_at: Option<Time>,
    /// Whom the caller pretended to be, at most 128 characters. [`Call::caller`] is who it was.
    pub impersonated: Option<String>,
}

/// Why a line could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Longer than [`LONGEST_LINE`].
    #[error("the line is longer than {LONGEST_LINE} bytes")]
    TooLong,
    /// Not JSON, or cut, or a field of another form than documented.
    #[error("the line is not an audit event")]
    Form,
    /// An audit event of a version that is not known.
    #[error("the audit event is not of version audit.k8s.io/v1")]
    Version,
    /// Without an id or a time.
    #[error("the audit event has no id or no time")]
    Incomplete,
    /// Not base64, not gzip, or cut.
    #[error("the batch is not base64 of gzip, or is cut")]
    Batch,
    /// More than [`LARGEST_BATCH`] inside.
    #[error("the batch holds more than {LARGEST_BATCH} bytes")]
    BatchTooLarge,
}

impl Broken {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "record_too_large",
            Self::Form | Self::Incomplete => "bad_record",
            Self::Version => "unknown_version",
            Self::Batch => "cut_gzip",
            Self::BatchTooLarge => "too_large",
        }
    }
}

/// Verbs that change nothing. Source: <https://kubernetes.io/docs/reference/access-authn-authz/authorization/>.
const READS: [&str; 5] = ["get", "list", "watch", "head", "options"];

/// Subresources that let one do anything, whichever verb opens them: over WebSocket `exec` is a `get`.
const STREAMS: [&str; 4] = ["exec", "attach", "portforward", "proxy"];

/// Groups whose objects are questions: creating one changes nothing.
const QUESTIONS: [&str; 2] = ["authorization.k8s.io", "authentication.k8s.io"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    kind: String,
    api_version: String,
    #[serde(default, rename = "auditID")]
    audit_id: String,
    #[serde(default)]
    stage: String,
    #[serde(default, rename = "requestURI")]
    request_uri: String,
    #[serde(default)]
    verb: String,
    #[serde(default)]
    user: User,
    #[serde(default)]
    impersonated_user: Option<User>,
    #[serde(default, rename = "sourceIPs")]
    source_ips: Vec<String>,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: Option<ObjectRef>,
    #[serde(default)]
    response_status: Option<Status>,
    #[serde(default)]
    request_received_timestamp: String,
    #[serde(default)]
    stage_timestamp: String,
    #[serde(default)]
    annotations: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    username: String,
    extra: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct ObjectRef {
    resource: String,
    namespace: String,
    name: String,
    api_group: String,
    subresource: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: i64,
    reason: String,
}

impl Audited {
    /// Reads a line. `Ok(None)`: the line says nothing that counts, since the request had only just come in.
    ///
    /// # Errors
    /// If it is not an audit event.
    pub fn parse(line: &[u8], cluster: &Cluster) -> Result<Option<Self>, Broken> {
        if line.len() > LONGEST_LINE {
            return Err(Broken::TooLong);
        }
        let event: Event = serde_json::from_slice(line).map_err(|_| Broken::Form)?;
        if event.kind != "Event" || event.api_version != "audit.k8s.io/v1" {
            return Err(Broken::Version);
        }
        let over = match event.stage.as_str() {
            // A stream that has only begun: a shell, a watch. Its end comes with the same id.
            "ResponseStarted" => false,
            "ResponseComplete" | "Panic" => true,
            _ => return Ok(None),
        };
        // The time of asking is the same in all of a request's lines.
        let at = time(&event.request_received_timestamp).or_else(|| time(&event.stage_timestamp));
        let at = at.filter(|_| !event.audit_id.is_empty()).ok_or(Broken::Incomplete)?;
        let impersonated = event.impersonated_user.as_ref().map(|user| exact(&user.username, 128));
        let finished_at = if over { time(&event.stage_timestamp) } else { None };
        let object = event.object_ref.as_ref().filter(|object| !object.resource.is_empty());
        let mut resources = vec![resource(cluster, object, &event.request_uri)];
        if let Some(user) = &impersonated {
            resources.push(format!("kubernetes:{}:impersonate/users/{user}", exact(&cluster.name, 100)));
        }
        let call = Call {
            shared: None,
            update: None,
            id: exact(&event.audit_id, 64),
            region: cluster.region.clone(),
            account: cluster.account.clone(),
            at,
            service: "kubernetes".to_owned(),
            name: name(&event.verb, object),
            action: None,
            category: Category::Kubernetes,
            read_only: is_read(&event.verb, object),
            error: error(&event),
            resources,
            // "All but the last IP can be arbitrarily set by the client."
            address: event.source_ips.last().map(|address| exact(address, 64)).unwrap_or_default(),
            agent: inert(&event.user_agent, 1_024),
            caller: identity::caller(&event.user),
            opened: None,
            incomplete: false,
        };
        Ok(Some(Self { call, finished_at, impersonated }))
    }
}

/// The verb and what it is about, as `kubectl` writes it: `get pods/log`, `delete deployments.apps`. What is asked of a
/// path, not of an object, has that path among its resources.
fn name(verb: &str, object: Option<&ObjectRef>) -> String {
    let verb = exact(verb, 32);
    let Some(object) = object else { return format!("{verb} path") };
    let mut name = format!("{verb} {}", exact(&object.resource, 64));
    if !object.api_group.is_empty() {
        name = format!("{name}.{}", exact(&object.api_group, 128));
    }
    if !object.subresource.is_empty() {
        name = format!("{name}/{}", exact(&object.subresource, 32));
    }
    name
}

/// `kubernetes:<cluster>:<namespace>/<resource>/<name>`, without what there is none of.
fn resource(cluster: &Cluster, object: Option<&ObjectRef>, uri: &str) -> String {
    let cluster = exact(&cluster.name, 100);
    let Some(object) = object else {
        // What follows the path are parameters, and those may be anything: the command of a shell, a token.
        let path = uri.split(['?', '#']).next().unwrap_or_default();
        return format!("kubernetes:{cluster}:{}", exact(path, 300));
    };
    let parts = [&object.namespace, &object.resource, &object.name];
    let parts: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| exact(part, 253)).collect();
    format!("kubernetes:{cluster}:{}", parts.join("/"))
}

fn is_read(verb: &str, object: Option<&ObjectRef>) -> bool {
    let Some(object) = object else { return READS.contains(&verb) };
    if STREAMS.contains(&object.subresource.as_str()) {
        return false;
    }
    READS.contains(&verb) || (verb == "create" && QUESTIONS.contains(&object.api_group.as_str()))
}

/// `Forbidden` if it was refused for want of permission.
fn error(event: &Event) -> Option<String> {
    let status = event.response_status.as_ref();
    let code = status.map_or(0, |status| status.code);
    let reason = status.map(|status| exact(&status.reason, 64)).unwrap_or_default();
    let decision = event.annotations.get("authorization.k8s.io/decision").and_then(Value::as_str);
    match code {
        403 => Some("Forbidden".to_owned()),
        400.. if reason.is_empty() => Some(format!("HTTP {code}")),
        400.. => Some(reason),
        _ if decision == Some("forbid") => Some("Forbidden".to_owned()),
        _ if event.stage == "Panic" => Some("Panic".to_owned()),
        _ => None,
    }
}

/// A time with fractions of a second, which are cut off.
fn time(text: &str) -> Option<Time> {
    match text.split_once('.') {
        None => text.parse().ok(),
        Some((seconds, rest)) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{seconds}{zone}").parse().ok()
        }
    }
}

/// A text that is compared: as it is, or visibly another one. Nothing that was something else may become equal to a name.
fn exact(text: &str, longest: usize) -> String {
    let shown = inert(text, longest);
    if shown == text || shown.ends_with('…') {
        return shown;
    }
    shown.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}
