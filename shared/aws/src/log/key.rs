//! An Ed25519 key in KMS. Its private half never leaves there.

use crate::fault::fault;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, MessageType, SigningAlgorithmSpec};
use workflow::ports::{Fault, Sign, SignAsFormer};

const SIGN: &str = "sign";
const READ: &str = "read a public key";

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo`. Source: RFC 8410, section 4.
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key of KMS, of key spec `ECC_NIST_EDWARDS25519`.
#[derive(Debug, Clone)]
pub struct SigningKey {
    client: Client,
    arn: String,
}

impl SigningKey {
    /// The key `arn`.
    pub(crate) fn new(client: Client, arn: &str) -> Self {
        Self { client, arn: arn.to_owned() }
    }

    /// Its public half.
    ///
    /// # Errors
    /// If KMS does not answer, or it is a key of another kind (`wrong_key`).
    pub async fn public_key(&self) -> Result<[u8; 32], Fault> {
        let answer = self.client.get_public_key().key_id(&self.arn).send().await;
        let answer = answer.map_err(|error| fault(READ, &error))?;
        let wrong = || Fault::new(READ, "wrong_key");
        if answer.key_spec() != Some(&KeySpec::EccNistEdwards25519) {
            return Err(wrong());
        }
        let bytes = answer.public_key().map(Blob::as_ref).and_then(|der| der.strip_prefix(&PREFIX));
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)
    }
}

impl Sign for SigningKey {
    /// Signs what it is given and not a digest of it, so that anybody's Ed25519 verifies it: `ED25519_SHA_512` with
    /// `RAW`, of at most 4,096 bytes. Source: KMS API reference, `Sign`.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        let answer = self
            .client
            .sign()
            .key_id(&self.arn)
            .message(Blob::new(message))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512)
            .send()
            .await
            .map_err(|error| fault(SIGN, &error))?;
        let signature = answer.signature().map(Blob::as_ref).and_then(|bytes| bytes.try_into().ok());
        signature.ok_or_else(|| Fault::new(SIGN, "wrong_signature"))
    }
}

/// The key that the log had before, if that still signs.
#[derive(Debug, Clone)]
pub struct FormerKey(Option<SigningKey>);

/// What a function is told that did not reach KMS, or came when KMS had no time: it is to ask again. Source: KMS API
/// reference, `GetPublicKey`, errors.
const ASK_AGAIN: [&str; 6] = [
    "timeout",
    "unreachable",
    "DependencyTimeoutException",
    "KMSInternalException",
    "KeyUnavailableException",
    "ThrottlingException",
];

impl FormerKey {
    /// Nothing signs beside the log's key.
    pub const NONE: Self = Self(None);

    /// This key, and its public half. If KMS does not let it be used, since it is disabled, on its way out or gone, or it is
    /// another kind of key: none, with an alarm. Nobody waits for it but who knows no other key.
    ///
    /// # Errors
    /// If KMS could not be asked.
    pub async fn of(key: SigningKey) -> Result<(Self, Option<[u8; 32]>), Fault> {
        match key.public_key().await {
            Ok(public) => Ok((Self(Some(key)), Some(public))),
            Err(fault) if ASK_AGAIN.contains(&fault.code.as_str()) => Err(fault),
            Err(fault) => {
                tracing::error!(
                    error.code = %fault.code,
                    alarm = "former_key_silent",
                    "the log's former key can't be used, and its key signs alone: who knows no other key can't verify it",
                );
                Ok((Self::NONE, None))
            }
        }
    }
}

impl SignAsFormer for FormerKey {
    async fn sign_as_former(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        match &self.0 {
            Some(key) => key.sign(message).await,
            None => Err(Fault::new(SIGN, "no_former_key")),
        }
    }
}
