//! RSA, as CloudTrail signs its digests: PKCS #1 v1.5 with SHA-256.
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html>.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use workflow::ports::VerifyDigest;

/// Checks signatures by [`verifies`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Signatures;

impl VerifyDigest for Signatures {
    fn verifies(&self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        verifies(key, message, signature)
    }
}

/// Whether `signature` is that of `message` by the key whose public half is `key`: PKCS #1 in DER, as `ListPublicKeys`
/// gives it (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PublicKey.html>), of 2,048 bits at least.
/// A key that can't be read verifies nothing.
pub fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

    /// Made by `openssl dgst -sha256 -sign` with a key of 2,048 bits that was then thrown away.
    const MESSAGE: &str = "2026-11-20T11:01:31Z\n\
         logs/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/11/20/111122223333_CloudTrail-Digest_eu-west-1_all_eu-west-1_20261120T110131Z.json.gz\n\
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
         null";
    const KEY: &str = "MIIBCgKCAQEAxzemqnLN+SbHjpU3fu/cvldZu0M3G0BM0GIQSDWgFSppGlnnkhACrOJTb24CPn8esCOct+3TJwYExRfZ5iifrilu\
         dAlpZHB9DdJrbEdGNR1e51LwDmRm+fKUylMqjcUYWOaeFGFVYJA1NJcyXd37iIvpOfIAZtd29/ikMp2AwvPr3roKQbHXJI68Vtfn\
         yHtUZHa+KjfG0Q73NEg8y0jlOQDTtdYgwiwZdV10zyqXbj4AeLGPjj+vt3/HamIIe1VT3mW5EJ6BO2TFdk12zKlRdY/VRSMlYCQU\
         BiPqa85CUcP43pqPq1Xp43zOKZkX2zy73wSgOwxjrEZdeEOkcvfBiQIDAQAB";
    const SIGNATURE: &str = "3b83cd44abab667f10752e9d41e81c51f9ea0444dc3f16a77a0262f0b9bd2b371e81aaecfcf52e452f2365cfd2bd46724b89\
         74b19869e784696c734ee44eb4997c7e95ba12a175b331e8a050c0e054f8e770e0bf98db18f1d151ef5ffdfb41cdbb28265a\
         dc354ef62d1fe7a389145399f62bed7792df9442cf6f75fea5b8264fb443571a1adcdc87f328fa65bb770ec2bfa472a8c61b\
         e67f0005850d9dbedb3e82289b3738a0be7d5172c7783053069e7fea77df531f843dce42485a6e8682bc905c0ae890d5f64d\
         3dc21b7f07b3b570b8b182f9a3548f17ad0a548f9a6aa2cef134050c1fb00d59982cb3a999bf0b9978f3c99b42de67f96906\
         a5303a0a1b86";

    #[test]
    fn what_another_implementation_signed_verifies() {
        let (key, signature) = (base64(KEY), hex(SIGNATURE));
        assert!(verifies(&key, MESSAGE.as_bytes(), &signature));
        assert!(!verifies(&key, MESSAGE.replace("null", "nulL").as_bytes(), &signature));
        assert!(!verifies(&key, MESSAGE.as_bytes(), &[]));
        assert!(!verifies(&[], MESSAGE.as_bytes(), &signature));
        for position in 0..signature.len() {
            let mut other = signature.clone();
            other[position] ^= 1;
            assert!(!verifies(&key, MESSAGE.as_bytes(), &other), "byte {position}");
        }
    }

    #[test]
    fn a_signature_is_by_one_key_over_one_message() {
        let pair = || RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let (ours, theirs) = (pair(), pair());
        let key = |pair: &RsaKeyPair| pair.public_key().as_ref().to_vec();
        let mut signature = vec![0; ours.public_modulus_len()];
        ours.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"digest", &mut signature).unwrap();
        assert!(verifies(&key(&ours), b"digest", &signature));
        assert!(!verifies(&key(&ours), b"digesT", &signature));
        assert!(!verifies(&key(&theirs), b"digest", &signature));
        // The other form of the same key, which CloudTrail does not use: harmless either way, and read.
        let spki = ours.public_key().as_der().unwrap();
        assert!(verifies(spki.as_ref(), b"digest", &signature));
    }

    fn base64(text: &str) -> Vec<u8> {
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap()
    }

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }
}
