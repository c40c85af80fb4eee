//! Slack with the token that is valid now: the secret is asked for with every call, and read anew when Slack refuses
//! what is in it, so that a rotation takes no restart.

use crate::web::{SlackError, WebError};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the token comes from.
pub trait Tokens: Send + Sync {
    /// What holds the token.
    type Secret: Send + Sync;
    /// Why it could not be read.
    type Fault: Send;

    /// The secret, some minutes old at most.
    fn secret(&self) -> impl Future<Output = Result<Arc<Self::Secret>, Self::Fault>> + Send;
    /// The secret, read after Slack refused the token of `refused`.
    fn after(&self, refused: &Arc<Self::Secret>)
    -> impl Future<Output = Result<Arc<Self::Secret>, Self::Fault>> + Send;
    /// The token in it.
    fn token(secret: &Self::Secret) -> &SecretString;
}

/// Why a call was not made, or did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BotError<F> {
    /// There is no token to be had.
    #[error(transparent)]
    Token(F),
    /// Slack did not do its part.
    #[error(transparent)]
    Slack(#[from] WebError),
}

type Connect<C> = Box<dyn Fn(SecretString) -> Result<C, WebError> + Send + Sync>;

/// Our bot.
pub struct Bot<T: Tokens, C> {
    tokens: T,
    connect: Connect<C>,
    /// The client, and the secret it was made with.
    held: Mutex<Option<(Arc<T::Secret>, C)>>,
}

impl<T: Tokens, C> fmt::Debug for Bot<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot").finish_non_exhaustive()
    }
}

impl<T: Tokens, C: Clone + Send + Sync> Bot<T, C> {
    /// A bot whose token is in `tokens`, and whose clients `connect` makes.
    pub fn new(tokens: T, connect: impl Fn(SecretString) -> Result<C, WebError> + Send + Sync + 'static) -> Self {
        Self { tokens, connect: Box::new(connect), held: Mutex::new(None) }
    }

    /// Where its token comes from.
    pub fn tokens(&self) -> &T {
        &self.tokens
    }

    /// Makes a call, and once more if the token was replaced meanwhile.
    ///
    /// # Errors
    /// If there is no token, or the call did not work.
    pub async fn call<A, F, R>(&self, call: F) -> Result<A, BotError<T::Fault>>
    where
        F: Fn(C) -> R + Send,
        R: Future<Output = Result<A, WebError>> + Send,
        A: Send,
    {
        let secret = self.tokens.secret().await.map_err(BotError::Token)?;
        let answer = call(self.client(&secret)?).await;
        if matches!(answer, Err(WebError::Refused(SlackError::InvalidAuth)))
            && let Some(client) = self.replacement(&secret).await?
        {
            return Ok(call(client).await?);
        }
        Ok(answer?)
    }

    /// The client for `secret`: the one there is, as long as the secret is the same.
    fn client(&self, secret: &Arc<T::Secret>) -> Result<C, WebError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((with, client)) = held.as_ref()
            && Arc::ptr_eq(with, secret)
        {
            return Ok(client.clone());
        }
        let client = (self.connect)(T::token(secret).clone())?;
        *held = Some((Arc::clone(secret), client.clone()));
        Ok(client)
    }

    /// What to call with after `refused` was not taken; `None`: it is the token that there is.
    async fn replacement(&self, refused: &Arc<T::Secret>) -> Result<Option<C>, BotError<T::Fault>> {
        let secret = self.tokens.after(refused).await.map_err(BotError::Token)?;
        if T::token(&secret).expose_secret() == T::token(refused).expose_secret() {
            return Ok(None);
        }
        Ok(Some(self.client(&secret)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A secret that can be replaced while it is in use: the one held, and the one stored.
    #[derive(Clone)]
    struct Rotation(Arc<Mutex<(Arc<SecretString>, Option<&'static str>)>>);

    impl Rotation {
        fn of(token: &str) -> Self {
            Self(Arc::new(Mutex::new((Arc::new(token.to_owned().into()), None))))
        }

        fn replaced_by(&self, token: &'static str) {
            self.0.lock().unwrap().1 = Some(token);
        }
    }

    impl Tokens for Rotation {
        type Secret = SecretString;
        type Fault = &'static str;

        async fn secret(&self) -> Result<Arc<SecretString>, &'static str> {
            Ok(Arc::clone(&self.0.lock().unwrap().0))
        }

        async fn after(&self, refused: &Arc<SecretString>) -> Result<Arc<SecretString>, &'static str> {
            let mut inner = self.0.lock().unwrap();
            assert!(Arc::ptr_eq(&inner.0, refused));
            let stored = inner.1.ok_or("AccessDenied")?;
            inner.0 = Arc::new(stored.to_owned().into());
            Ok(Arc::clone(&inner.0))
        }

        fn token(secret: &SecretString) -> &SecretString {
            secret
        }
    }

    /// What Slack was called with: `connect xoxb-…` or `call xoxb-…`.
    type Log = Arc<Mutex<Vec<String>>>;

    fn bot(rotation: &Rotation) -> (Bot<Rotation, String>, Log) {
        let log = Log::default();
        let calls = Arc::clone(&log);
        let bot = Bot::new(rotation.clone(), move |token: SecretString| {
            let token = token.expose_secret().to_owned();
            calls.lock().unwrap().push(format!("connect {token}"));
            Ok(token)
        });
        (bot, log)
    }

    /// A call that takes `xoxb-new` only.
    async fn call(bot: &Bot<Rotation, String>, log: &Log) -> Result<(), BotError<&'static str>> {
        bot.call(|token| {
            log.lock().unwrap().push(format!("call {token}"));
            async move { if token == "xoxb-new" { Ok(()) } else { Err(WebError::Refused(SlackError::InvalidAuth)) } }
        })
        .await
    }

    #[tokio::test]
    async fn a_token_that_was_replaced_is_read_anew() {
        let rotation = Rotation::of("xoxb-old");
        rotation.replaced_by("xoxb-new");
        let (bot, log) = bot(&rotation);
        assert_eq!(call(&bot, &log).await, Ok(()));
        assert_eq!(call(&bot, &log).await, Ok(()));
        let expected = ["connect xoxb-old", "call xoxb-old", "connect xoxb-new", "call xoxb-new", "call xoxb-new"];
        assert_eq!(*log.lock().unwrap(), expected, "one client for as long as the secret is the same");
    }

    #[tokio::test]
    async fn a_token_that_is_the_only_one_is_refused_once() {
        let rotation = Rotation::of("xoxb-old");
        let (bot, log) = bot(&rotation);
        assert_eq!(call(&bot, &log).await, Err(BotError::Token("AccessDenied")));
        rotation.replaced_by("xoxb-old");
        assert_eq!(call(&bot, &log).await, Err(BotError::Slack(WebError::Refused(SlackError::InvalidAuth))));
        assert_eq!(*log.lock().unwrap(), ["connect xoxb-old", "call xoxb-old", "call xoxb-old"]);
    }
}
