//! Slack with the token that is valid now: the secret is asked for with every call, and read anew
//! when Slack refuses what is in it, so that a rotation takes no restart.

use crate::{NoteError, Post};
use aws::secrets::{Secrets, SlackSecret};
use model::names::{SlackChannel, SlackUser};
use secrecy::{ExposeSecret as _, SecretString};
use slack::blocks::Message;
use slack::web::{Client, Posted, SlackError, WebError};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use workflow::ports::Fault;

/// Where the token comes from.
pub trait Tokens: Send + Sync {
    /// The secret, some minutes old at most.
    fn secret(&self) -> impl Future<Output = Result<Arc<SlackSecret>, Fault>> + Send;
    /// The secret, read after Slack refused the token of `refused`.
    fn after(&self, refused: &Arc<SlackSecret>) -> impl Future<Output = Result<Arc<SlackSecret>, Fault>> + Send;
}

impl Tokens for Secrets {
    async fn secret(&self) -> Result<Arc<SlackSecret>, Fault> {
        self.slack().await
    }

    async fn after(&self, refused: &Arc<SlackSecret>) -> Result<Arc<SlackSecret>, Fault> {
        self.after(refused).await
    }
}

/// Calls of Slack with one token.
pub trait Call: Clone + Send + Sync {
    /// Posts into a channel, into a thread if there is one.
    fn post(
        &self,
        channel: &SlackChannel,
        message: &Message,
        thread: Option<&str>,
    ) -> impl Future<Output = Result<Posted, WebError>> + Send;
    /// The direct conversation with a person.
    fn direct(&self, user: &SlackUser) -> impl Future<Output = Result<SlackChannel, WebError>> + Send;
}

impl Call for Client {
    async fn post(&self, channel: &SlackChannel, message: &Message, thread: Option<&str>) -> Result<Posted, WebError> {
        self.post_message(channel, message, thread).await
    }

    async fn direct(&self, user: &SlackUser) -> Result<SlackChannel, WebError> {
        self.open_dm(user).await
    }
}

type Connect<C> = Box<dyn Fn(SecretString) -> Result<C, WebError> + Send + Sync>;

/// Our bot.
pub struct Bot<T, C> {
    tokens: T,
    connect: Connect<C>,
    /// The client, and the secret it was made with.
    held: Mutex<Option<(Arc<SlackSecret>, C)>>,
}

impl<T, C> fmt::Debug for Bot<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot").finish_non_exhaustive()
    }
}

impl<T: Tokens, C: Call> Bot<T, C> {
    /// A bot whose token is in `tokens`, and whose clients `connect` makes.
    pub fn new(tokens: T, connect: impl Fn(SecretString) -> Result<C, WebError> + Send + Sync + 'static) -> Self {
        Self { tokens, connect: Box::new(connect), held: Mutex::new(None) }
    }

    /// The client for `secret`: the one there is, as long as the secret is the same.
    fn client(&self, secret: &Arc<SlackSecret>) -> Result<C, WebError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((with, client)) = held.as_ref()
            && Arc::ptr_eq(with, secret)
        {
            return Ok(client.clone());
        }
        let client = (self.connect)(secret.bot_token.clone())?;
        *held = Some((Arc::clone(secret), client.clone()));
        Ok(client)
    }

    /// What to call with after `refused` was not taken; `None`: it is the token that there is.
    async fn replacement(&self, refused: &Arc<SlackSecret>) -> Result<Option<C>, NoteError> {
        let secret = self.tokens.after(refused).await?;
        if secret.bot_token.expose_secret() == refused.bot_token.expose_secret() {
            return Ok(None);
        }
        Ok(Some(self.client(&secret)?))
    }
}

/// Whether Slack does not take the token, or does not take it any more.
fn refuses_token<A>(answer: &Result<A, WebError>) -> bool {
    matches!(answer, Err(WebError::Refused(SlackError::InvalidAuth)))
}

impl<T: Tokens, C: Call> Post for Bot<T, C> {
    async fn post(&self, channel: &SlackChannel, message: &Message, thread: Option<&str>) -> Result<Posted, NoteError> {
        let secret = self.tokens.secret().await?;
        let answer = self.client(&secret)?.post(channel, message, thread).await;
        if refuses_token(&answer)
            && let Some(client) = self.replacement(&secret).await?
        {
            return Ok(client.post(channel, message, thread).await?);
        }
        Ok(answer?)
    }

    async fn direct(&self, user: &SlackUser) -> Result<SlackChannel, NoteError> {
        let secret = self.tokens.secret().await?;
        let answer = self.client(&secret)?.direct(user).await;
        if refuses_token(&answer)
            && let Some(client) = self.replacement(&secret).await?
        {
            return Ok(client.direct(user).await?);
        }
        Ok(answer?)
    }
}
