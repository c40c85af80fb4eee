//! A record of CloudTrail's, read. Tolerant: a field that is absent, null, or of another form than documented is taken
//! as absent; what attribution and counting can't do without is asked for by name.

use super::resources::{Place, resources};
use super::{Call, Caller, Category, Opened, action};
use model::actions::AccessLevel;
use model::text::inert;
use model::time::Time;
use serde::Deserialize;
use serde_json::Value;

/// Longest record, in bytes. Source: CloudTrail user guide, quotas ("event size").
pub const LARGEST_RECORD: usize = 256 * 1024;

/// Longest texts that are kept, in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds;

impl Bounds {
    /// Ids: a GUID has 36; a region, an account, or a service's name is shorter.
    pub(super) const ID: usize = 64;
    /// Names of events and services. The longest action IAM knows has 68.
    pub(super) const NAME: usize = 128;
    /// Source: IAM API reference, `arnType`.
    pub(super) const ARN: usize = 2_048;
    /// A role's id, a colon, and a session's name of 64; federated users' are longer.
    pub(super) const PRINCIPAL: usize = 256;
    /// Source: STS API reference, `accessKeyIdType`.
    pub(super) const KEY: usize = 128;
    /// An address, or the DNS name of a service.
    pub(super) const ADDRESS: usize = 256;
    /// CloudTrail itself cuts at 1 KB. Source: CloudTrail user guide, record contents.
    pub(super) const AGENT: usize = 1_024;
}

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is not JSON, or not of a record's form.
    #[error("it is not a record: {0}")]
    NotARecord(String),
    /// It is longer than any record.
    #[error("it is longer than {LARGEST_RECORD} bytes")]
    TooLarge,
    /// It is of another major version than 1.
    #[error("its eventVersion `{0}` is not 1.x")]
    UnknownVersion(String),
    /// What can't be done without isn't there.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// `eventTime` is no time.
    #[error("its eventTime `{0}` is not a time")]
    BadTime(String),
}

impl Broken {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotARecord(_) => "not_a_record",
            Self::TooLarge => "record_too_large",
            Self::UnknownVersion(_) => "unknown_version",
            Self::Missing(_) => "field_missing",
            Self::BadTime(_) => "bad_time",
        }
    }
}

/// A text that is compared: as it is, or visibly another one if it holds what can't be shown or is too long. Nothing that
/// was something else may become equal to a name.
pub(super) fn exact(text: &str, longest: usize) -> String {
    let shown = inert(text, longest);
    if shown == text || shown.ends_with('…') {
        return shown;
    }
    shown.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    event_version: Value,
    event_time: Value,
    event_source: Value,
    event_name: Value,
    #[serde(rename = "eventID")]
    event_id: Value,
    #[serde(rename = "sharedEventID")]
    shared_event_id: Value,
    event_category: Value,
    management_event: Value,
    aws_region: Value,
    recipient_account_id: Value,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: Value,
    user_agent: Value,
    error_code: Value,
    read_only: Value,
    session_credential_from_console: Value,
    user_identity: Value,
    request_parameters: Value,
    response_elements: Value,
    resources: Value,
    addendum: Value,
}

/// The text at a path of names; empty if there is none. Numbers and truths as they would be written.
fn at<'a>(value: &'a Value, path: &[&str]) -> std::borrow::Cow<'a, str> {
    let found = path.iter().try_fold(value, |value, name| value.get(name));
    match found {
        Some(Value::String(text)) => text.as_str().into(),
        Some(Value::Number(number)) => number.to_string().into(),
        Some(Value::Bool(truth)) => truth.to_string().into(),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => "".into(),
    }
}

/// A truth, also one that was written as a text.
fn truth(value: &Value) -> Option<bool> {
    match at(value, &[]).as_ref() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Whether CloudTrail left the content out: it then says so in its place.
fn is_left_out(value: &Value) -> bool {
    value.get("omitted").is_some_and(|omitted| truth(omitted) == Some(true))
        || value.as_str().is_some_and(|text| !text.is_empty())
}

/// Time to the second; what it has of fractions is dropped.
fn time(text: &str) -> Option<Time> {
    match text.split_once('.') {
        Some((seconds, rest)) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{seconds}{zone}").parse().ok()
        }
        None => text.parse().ok(),
    }
}

impl Call {
    /// Reads one record as a trail's file holds it; also what EventBridge has under `detail`, and `LookupEvents` as text
    /// in `CloudTrailEvent`.
    ///
    /// # Errors
    /// If it isn't a record of version 1, or lacks its id, region, time, service or name.
    pub fn parse(record: &[u8]) -> Result<Self, Broken> {
        if record.len() > LARGEST_RECORD {
            return Err(Broken::TooLarge);
        }
        let record: Record =
            serde_json::from_slice(record).map_err(|error| Broken::NotARecord(inert(&error.to_string(), 200)))?;
        let version = at(&record.event_version, &[]);
        let (major, minor) = version.split_once('.').unwrap_or((&version, "0"));
        if major != "1" || minor.is_empty() || !minor.chars().all(|c| c.is_ascii_digit()) {
            return Err(Broken::UnknownVersion(inert(&version, 20)));
        }
        let needed = |value: &Value, name: &'static str, longest: usize| match at(value, &[]).as_ref() {
            "" => Err(Broken::Missing(name)),
            text => Ok(exact(text, longest)),
        };
        let text = |value: &Value, longest: usize| exact(&at(value, &[]), longest);

        let own_id = needed(&record.event_id, "eventID", Bounds::ID)?;
        let region = needed(&record.aws_region, "awsRegion", Bounds::ID)?;
        let source = needed(&record.event_source, "eventSource", Bounds::NAME)?;
        let name = needed(&record.event_name, "eventName", Bounds::NAME)?;
        let written = needed(&record.event_time, "eventTime", Bounds::ID)?;
        let at_time = time(&written).ok_or(Broken::BadTime(written))?;

        let updated = exact(&at(&record.addendum, &["originalEventID"]), Bounds::ID);
        let caller = caller(&record);
        let account = match text(&record.recipient_account_id, Bounds::ID) {
            recipient if recipient.is_empty() => caller.account.clone(),
            recipient => recipient,
        };
        let parameters = record.request_parameters.as_object();
        let versioned = parameters.and_then(|parameters| parameters.get("versionId")).is_some_and(Value::is_string);
        let service = action::service(&source).to_owned();
        let action = action::action(&service, &name, versioned);
        let read_only = truth(&record.read_only).unwrap_or_else(|| {
            action.as_ref().is_some_and(|(_, level)| matches!(level, AccessLevel::List | AccessLevel::Read))
        });
        let owner = if caller.account.is_empty() { &account } else { &caller.account };
        let place = Place { service: &service, region: &region, account: owner };
        let listed = record.resources.as_array().into_iter().flatten();
        let listed = listed.filter_map(|resource| resource.get("ARN").and_then(Value::as_str));
        let resources = resources(listed, parameters, place);
        let is_left_out = [&record.request_parameters, &record.response_elements].into_iter().any(is_left_out);
        let has_addendum = record.addendum.is_object();

        Ok(Self {
            opened: opened(&record, &source, &name),
            category: category(&record),
            error: Some(text(&record.error_code, Bounds::NAME)).filter(|code| !code.is_empty()),
            shared: Some(text(&record.shared_event_id, Bounds::ID)).filter(|id| !id.is_empty()),
            address: text(&record.source_ip_address, Bounds::ADDRESS),
            agent: inert(&at(&record.user_agent, &[]), Bounds::AGENT),
            update: (!updated.is_empty()).then(|| own_id.clone()),
            id: if updated.is_empty() { own_id } else { updated },
            action: action.map(|(action, _)| action),
            at: at_time,
            incomplete: is_left_out || has_addendum,
            region,
            account,
            service,
            name,
            read_only,
            resources,
            caller,
        })
    }
}

fn category(record: &Record) -> Category {
    match at(&record.event_category, &[]).as_ref() {
        "Data" => Category::Data,
        "NetworkActivity" => Category::NetworkActivity,
        // Before version 1.07 there was no category.
        "" if truth(&record.management_event) == Some(false) => Category::Data,
        _ => Category::Management,
    }
}

fn caller(record: &Record) -> Caller {
    let identity = &record.user_identity;
    let text = |path: &[&str], longest: usize| exact(&at(identity, path), longest);
    Caller {
        kind: text(&["type"], Bounds::ID),
        principal_id: text(&["principalId"], Bounds::PRINCIPAL),
        arn: text(&["arn"], Bounds::ARN),
        account: text(&["accountId"], Bounds::ID),
        access_key_id: text(&["accessKeyId"], Bounds::KEY),
        issuer_arn: text(&["sessionContext", "sessionIssuer", "arn"], Bounds::ARN),
        source_identity: text(&["sessionContext", "sourceIdentity"], Bounds::PRINCIPAL),
        invoked_by: text(&["invokedBy"], Bounds::ADDRESS),
        on_behalf_of: text(&["onBehalfOf", "userId"], Bounds::PRINCIPAL),
        console: truth(&record.session_credential_from_console) == Some(true),
    }
}

/// The session that it opened or was to open.
fn opened(record: &Record, source: &str, name: &str) -> Option<Opened> {
    let is_opening = action::service(source) == "sts"
        && matches!(name, "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" | "AssumeRoot");
    if !is_opening {
        return None;
    }
    let (asked, answered) = (&record.request_parameters, &record.response_elements);
    let either = |path: &[&str], longest: usize| {
        let asked = at(asked, path);
        exact(&if asked.is_empty() { at(answered, path) } else { asked }, longest)
    };
    let asked_name = at(asked, &["roleSessionName"]);
    let given_name = at(answered, &["assumedRoleUser", "assumedRoleId"]);
    let given_name = given_name.split_once(':').map_or("", |(_, name)| name);
    let session_name = if asked_name.is_empty() { given_name } else { &asked_name };
    Some(Opened {
        role_arn: exact(&at(asked, &["roleArn"]), Bounds::ARN),
        session_name: exact(session_name, Bounds::PRINCIPAL),
        source_identity: either(&["sourceIdentity"], Bounds::PRINCIPAL),
        access_key_id: exact(&at(answered, &["credentials", "accessKeyId"]), Bounds::KEY),
    })
}

#[cfg(test)]
mod tests;
