//! Sessions of base roles, from STS.

use crate::fault::{fault, unsendable};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::types::Tag;
use aws_sdk_sts::{Client, Config};
use model::names::PrincipalArn;
use model::request::Request;
use model::text::FreeText;
use model::time::Time;
use workflow::ports::{AssumeBaseRole, Credentials, Fault};

const ASSUME: &str = "get credentials";
const CALLER: &str = "ask AWS who calls";

/// The session tag that names the request. It goes along into every further role.
const REQUEST_TAG: &str = "countersign:request";

/// STS, in the function's own Region.
#[derive(Debug, Clone)]
pub struct Sessions {
    client: Client,
}

impl Sessions {
    /// Sessions from `client`.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Sessions {
    /// The ARN of whoever's credentials these are.
    ///
    /// # Errors
    /// If STS did not say.
    pub async fn caller(&self) -> Result<String, Fault> {
        let answer = self.client.get_caller_identity().send().await.map_err(|error| fault(CALLER, &error))?;
        answer.arn.ok_or_else(|| Fault::new(CALLER, "unreadable_answer"))
    }
}

impl AssumeBaseRole for Sessions {
    async fn assume(
        &self,
        request: &Request,
        role: &PrincipalArn,
        session_policy: &str,
        seconds: i32,
    ) -> Result<Credentials, Fault> {
        let id = request.id.as_str();
        let answer = self
            .client
            .assume_role()
            .role_arn(role.as_str())
            .role_session_name(id)
            .source_identity(id)
            .policy(session_policy)
            .duration_seconds(seconds)
            .set_tags(Some(tags(request)?))
            .transitive_tag_keys(REQUEST_TAG)
            .customize()
            // One intent is one call. If its answer is lost there may be a session that nobody has; sent again by itself,
            // there would be two or three of them, and the record would bear out one.
            .config_override(Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(|error| fault(ASSUME, &error))?;
        let unreadable = || Fault::new(ASSUME, "unreadable_answer");
        // STS now tells how full the token is; before, how full its packed policy was. The worse counts.
        #[expect(deprecated, reason = "not every place that plays STS tells the new one yet")]
        let packed_percent = answer.packed_policy_size().max(answer.session_token_utilization());
        let given = answer.credentials.ok_or_else(unreadable)?;
        Ok(Credentials {
            expires_at: Time::from_second(given.expiration.secs()).map_err(|_| unreadable())?,
            access_key_id: given.access_key_id,
            secret_access_key: given.secret_access_key,
            session_token: given.session_token,
            packed_percent,
        })
    }
}

fn tags(request: &Request) -> Result<Vec<Tag>, Fault> {
    let mut tags = vec![tag(REQUEST_TAG, request.id.as_str())?];
    if let Some(ticket) = &request.ticket {
        // `#` is legal in a ticket and not in a tag. Source: STS API reference, `Tag`.
        tags.push(tag("ticket", &ticket.as_str().replace('#', "_"))?);
    }
    let justification = request.justification.said().map(FreeText::for_session_tag);
    if let Some(justification) = justification.filter(|justification| !justification.is_empty()) {
        tags.push(tag("justification", &justification)?);
    }
    Ok(tags)
}

fn tag(key: &str, value: &str) -> Result<Tag, Fault> {
    Tag::builder().key(key).value(value).build().map_err(unsendable(ASSUME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{World, asked, id};

    const ANSWER: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
        <Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
        <Expiration>2026-11-20T20:00:00Z</Expiration></Credentials><PackedPolicySize>41</PackedPolicySize>\
        </AssumeRoleResult></AssumeRoleResponse>";

    #[tokio::test]
    async fn one_intent_is_one_call_whatever_becomes_of_it() {
        let request = asked("orders-db-debug").next.request;
        let role: PrincipalArn = "arn:aws:iam::111111111111:role/countersign-base/countersign-sample".parse().unwrap();
        let failed = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>InternalFailure</Code>\
            </Error></ErrorResponse>";
        let world = World::answering(vec![(500, failed), (200, ANSWER)]);
        let fault = world.clients().sessions().assume(&request, &role, "{}", 900).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), world.sent().len()), ("InternalFailure", 1));
    }

    #[tokio::test]
    async fn a_session_carries_the_request_in_name_identity_and_tags() {
        let request = asked("orders-db-debug").next.request;
        let role: PrincipalArn = "arn:aws:iam::111111111111:role/countersign-base/countersign-sample".parse().unwrap();
        let world = World::answering(vec![(200, ANSWER)]);
        let given =
            world.clients().sessions().assume(&request, &role, "{\"Version\":\"2012-10-17\"}", 900).await.unwrap();
        assert_eq!((given.access_key_id.as_str(), given.packed_percent), ("ASIA1", Some(41)));
        assert_eq!(given.expires_at.to_string(), "2026-11-20T20:00:00Z");
        assert!(!format!("{given:?}").contains("secret"));
        let sent = |name: &str| world.parameter(0, name).unwrap();
        assert_eq!(sent("RoleSessionName"), id().as_str());
        assert_eq!(sent("SourceIdentity"), id().as_str());
        assert_eq!(sent("DurationSeconds"), "900");
        assert_eq!(sent("TransitiveTagKeys.member.1"), "countersign:request");
        assert_eq!(world.parameter(0, "TransitiveTagKeys.member.2"), None);
        assert_eq!(sent("Tags.member.1.Value"), id().as_str());
        assert_eq!((sent("Tags.member.2.Key"), sent("Tags.member.2.Value")), ("ticket".into(), "INC-1_2".into()));
        assert_eq!(sent("Tags.member.3.Key"), "justification");
        let legal = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
        assert!(sent("Tags.member.3.Value").chars().all(legal), "{}", sent("Tags.member.3.Value"));
        assert!(world.sent()[0].uri.contains("sts.us-east-1."), "{}", world.sent()[0].uri);
    }
}
