//! The secret that Slack and we share.

use crate::fault::fault;
use crate::time::SystemClock;
use aws_sdk_secretsmanager::Client;
use model::time::Time;
use secrecy::SecretString;
use serde::Deserialize;
use std::sync::{Arc, PoisonError, RwLock};
use workflow::ports::{Clock as _, Fault};

const READ: &str = "read the Slack secret";

/// How long what was read is used without asking again, in seconds.
const FRESH: u64 = 300;

/// What Slack and we share. Prints nothing.
#[derive(Debug, Clone)]
pub struct SlackSecret {
    /// What Slack may have signed with: one secret, or two while one replaces the other.
    pub signing_secrets: Vec<SecretString>,
    /// What we call Slack with.
    pub bot_token: SecretString,
}

/// The secret's text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    signing_secrets: Vec<String>,
    bot_token: String,
}

/// Secrets Manager, for one secret.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    id: String,
    read: RwLock<Option<(Time, Arc<SlackSecret>)>>,
}

impl Secrets {
    /// The secret `id`.
    pub fn new(client: Client, id: &str) -> Self {
        Self { client, id: id.to_owned(), read: RwLock::new(None) }
    }

    /// The secret, at most five minutes old, or older if it can't be read again just now.
    ///
    /// # Errors
    /// If it can't be read and never was.
    pub async fn slack(&self) -> Result<Arc<SlackSecret>, Fault> {
        let now = SystemClock.now();
        let held = self.read.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, secret)) = &held
            && *at <= now
            && at.seconds_until(now) < FRESH
        {
            return Ok(Arc::clone(secret));
        }
        match (self.read_anew(now).await, held) {
            (Ok(secret), _) | (Err(_), Some((_, secret))) => Ok(secret),
            (Err(fault), None) => Err(fault),
        }
    }

    /// The secret that came after `refused`, which is not taken any more; the same text again if it
    /// was not replaced.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn after(&self, refused: &Arc<SlackSecret>) -> Result<Arc<SlackSecret>, Fault> {
        let held = self.read.read().unwrap_or_else(PoisonError::into_inner).clone();
        match held {
            // Somebody else was told the same and has read it by now.
            Some((_, secret)) if !Arc::ptr_eq(&secret, refused) => Ok(secret),
            _ => self.read_anew(SystemClock.now()).await,
        }
    }

    async fn read_anew(&self, now: Time) -> Result<Arc<SlackSecret>, Fault> {
        let secret = Arc::new(self.fetch().await?);
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&secret)));
        Ok(secret)
    }

    async fn fetch(&self) -> Result<SlackSecret, Fault> {
        let answer =
            self.client.get_secret_value().secret_id(&self.id).send().await.map_err(|error| fault(READ, &error))?;
        // The parser's own message would quote the secret.
        let stored: Stored = serde_json::from_str(answer.secret_string().unwrap_or_default()).map_err(|_| {
            let fault = Fault::new(READ, "unreadable_secret");
            tracing::error!(error.code = %fault.code, "{fault}");
            fault
        })?;
        Ok(SlackSecret {
            signing_secrets: stored.signing_secrets.into_iter().map(SecretString::from).collect(),
            bot_token: SecretString::from(stored.bot_token),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::World;
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    fn shown(text: &str) -> (u16, Value) {
        (200, json!({"Name": "countersign/slack", "SecretString": text}))
    }

    #[tokio::test]
    async fn it_is_read_once_and_survives_an_outage() {
        let text = json!({"signingSecrets": ["a", "b"], "botToken": "xoxb-1"}).to_string();
        let world = World::answering(vec![shown(&text), (400, json!({"__type": "AccessDeniedException"}))]);
        let secrets = world.clients().secrets("countersign/slack");
        let first = secrets.slack().await.unwrap();
        assert_eq!(first.signing_secrets.iter().map(SecretString::expose_secret).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(first.bot_token.expose_secret(), "xoxb-1");
        assert!(!format!("{first:?}").contains("xoxb"));
        assert!(Arc::ptr_eq(&first, &secrets.slack().await.unwrap()));
        assert_eq!(world.sent().len(), 1);
        secrets.read.write().unwrap().as_mut().unwrap().0 = "2026-01-01T00:00:00Z".parse().unwrap();
        assert!(Arc::ptr_eq(&first, &secrets.slack().await.unwrap()));
        assert_eq!(world.sent().len(), 2);
    }

    #[tokio::test]
    async fn a_refused_secret_is_read_anew_before_its_time() {
        let text = |token: &str| json!({"signingSecrets": ["a"], "botToken": token}).to_string();
        let world = World::answering(vec![
            shown(&text("xoxb-1")),
            (400, json!({"__type": "AccessDeniedException"})),
            shown(&text("xoxb-2")),
        ]);
        let secrets = world.clients().secrets("countersign/slack");
        let first = secrets.slack().await.unwrap();
        assert_eq!(secrets.after(&first).await.unwrap_err(), Fault::new(READ, "AccessDenied"));
        let second = secrets.after(&first).await.unwrap();
        assert_eq!(second.bot_token.expose_secret(), "xoxb-2");
        assert!(Arc::ptr_eq(&second, &secrets.after(&first).await.unwrap()), "it was read by now");
        assert!(Arc::ptr_eq(&second, &secrets.slack().await.unwrap()));
        assert_eq!(world.sent().len(), 3);
    }

    #[tokio::test]
    async fn a_secret_that_is_none_is_named_without_its_text() {
        for text in ["", "{}", "xoxb-1", r#"{"signingSecrets":"xoxb-1","botToken":"x"}"#] {
            let world = World::answering(vec![shown(text)]);
            let fault = world.clients().secrets("countersign/slack").slack().await.unwrap_err();
            assert_eq!(fault, Fault::new(READ, "unreadable_secret"));
        }
    }
}
