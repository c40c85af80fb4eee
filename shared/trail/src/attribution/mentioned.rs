//! Which requests a record names: anywhere, before it is read; and where it counts, once it is.

use super::roles::Role;
use crate::call::Call;
use memchr::memmem;
use model::names::RequestId;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;

const START: &[u8] = b"req_";

/// Length of a request's id: `req_` and 32 digits.
const LENGTH: usize = 36;

impl Call {
    /// Requests that the call can be found to be of by what it says itself, so that they can be loaded before it is
    /// attributed. Six at most: whoever calls may write thousands of ids into its parameters, and none of those counts.
    pub fn requests(&self) -> BTreeSet<RequestId> {
        let caller = [self.caller.source_identity.as_str(), self.caller.session_name(), Role::of(self).name()];
        let opened = self.opened.iter().flat_map(|opened| {
            [opened.source_identity.as_str(), opened.session_name.as_str(), Role::new(&opened.role_arn).name()]
        });
        caller.into_iter().chain(opened).filter_map(|name| name.parse().ok()).collect()
    }
}

/// Requests that a record names anywhere, each once: whether it is worth reading. What merely begins like an id is not
/// one; what follows a longer word is: an ARN may end in it.
pub fn mentioned(record: &[u8]) -> impl Iterator<Item = RequestId> + use<> {
    let record = unescaped(record);
    let found: BTreeSet<RequestId> = memmem::find_iter(&record, START)
        .filter_map(|at| {
            let found = record.get(at..at.checked_add(LENGTH)?)?;
            let after = record.get(at.checked_add(LENGTH)?);
            let runs_on = after.is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_');
            if runs_on { None } else { std::str::from_utf8(found).ok()?.parse().ok() }
        })
        .collect();
    found.into_iter()
}

/// Without escapes of plain letters, which nobody needs but anybody may write.
fn unescaped(record: &[u8]) -> Cow<'_, [u8]> {
    if memmem::find(record, br"\u00").is_none() {
        return record.into();
    }
    let read: Option<Value> = serde_json::from_slice(record).ok();
    read.and_then(|value| serde_json::to_vec(&value).ok()).map_or(record.into(), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "0198c0ffee00700080000000deadbeef";
    const ID: &str = "req_0198c0ffee00700080000000deadbeef";

    fn of(record: &str) -> Vec<String> {
        mentioned(record.as_bytes()).map(String::from).collect()
    }

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let other = ID.replace("dead", "aaaa");
        assert_eq!(of(&format!(r#"{{"a":"{ID}","b":["x/{other}/y","{ID}"]}}"#)), [other, ID.to_owned()]);
        assert_eq!(of(&format!(r#"{{"a":"AROAX:{ID}"}}"#)), [ID]);
        assert_eq!(of(&format!(r#"{{"a":"req_req_{DIGITS}"}}"#)), [ID]);
        assert_eq!(of(ID), [ID]);
    }

    #[test]
    fn what_is_longer_shorter_or_in_capitals_is_none() {
        let upper = ID.replace("dead", "DEAD");
        for text in
            [format!("{ID}0"), format!("{ID}_"), format!("{ID}Z"), ID.replace("beef", "bee"), upper, "req_".to_owned()]
        {
            assert_eq!(of(&format!(r#"{{"a":"{text}"}}"#)), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn an_escaped_id_is_found() {
        assert_eq!(of(&format!(r#"{{"a":"\u0072eq\u005f{DIGITS}"}}"#)), [ID]);
    }

    #[test]
    fn ids_that_a_caller_writes_into_parameters_are_not_looked_up() {
        let flood: Vec<String> = (0..5_000).map(|n| format!("req_0198c0ffee0070008000{n:012}")).collect();
        let record = serde_json::json!({
            "eventVersion": "1.11", "eventID": "e", "eventTime": "2026-11-20T12:30:00Z", "eventName": "Query",
            "eventSource": "dynamodb.amazonaws.com", "awsRegion": "us-east-1",
            "userIdentity": {
                "type": "AssumedRole", "accountId": "111111111111", "accessKeyId": "ASIAOWNSESSION000001",
                "principalId": format!("AROAEXAMPLE:{ID}"),
                "arn": format!("arn:aws:sts::111111111111:assumed-role/deploy/{ID}"),
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111111111111:role/deploy"}},
            },
            "requestParameters": {"ids": flood},
        });
        let bytes = record.to_string();
        assert_eq!(of(&bytes).len(), 5_001);
        let call = Call::parse(bytes.as_bytes()).unwrap();
        assert_eq!(call.requests().into_iter().map(String::from).collect::<Vec<_>>(), [ID]);
    }
}
