//! Everyone and everything of one running local cloud.

use crate::chat::Chat;
use crate::cloud::Cloud;
use crate::door::Api;
use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::signing::Keys;

/// The people of the sample catalog at their doors.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Where everything is.
    pub outputs: Outputs,
    /// Slack.
    pub chat: Chat,
    /// May ask.
    pub alice: Api,
    /// May countersign.
    pub bob: Api,
    /// May countersign.
    pub carol: Api,
    /// Audits.
    pub dave: Api,
    /// May nothing.
    pub mallory: Api,
}

impl Stage {
    /// That of the local cloud that [`Outputs::find`] finds.
    ///
    /// # Errors
    /// None runs.
    pub fn find() -> Result<Self, Failure> {
        let outputs = Outputs::find()?;
        let api = |person| Api::of(&outputs, person);
        Ok(Self {
            chat: Chat::of(&outputs)?,
            alice: api("alice")?,
            bob: api("bob")?,
            carol: api("carol")?,
            dave: api("dave")?,
            mallory: api("mallory")?,
            outputs,
        })
    }

    /// AWS with these keys.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn cloud(&self, keys: Keys) -> Result<Cloud, Failure> {
        Cloud::with(&self.outputs, keys)
    }

    /// AWS with credentials of an active grant of alice's.
    ///
    /// # Errors
    /// There is no access.
    pub async fn granted(&self, request: &str) -> Result<Cloud, Failure> {
        self.cloud(self.alice.keys(request).await?)
    }

    /// AWS as the account's root: to look at things.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn root(&self) -> Result<Cloud, Failure> {
        self.cloud(Keys::root())
    }

    /// AWS as the root of another account.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn root_of(&self, account: &str) -> Result<Cloud, Failure> {
        self.cloud(Keys::root_of(account))
    }

    /// AWS as one of the people.
    ///
    /// # Errors
    /// There is no such person.
    pub fn as_person(&self, person: &str) -> Result<Cloud, Failure> {
        self.cloud(Keys::of(self.outputs.person(person)?))
    }
}
