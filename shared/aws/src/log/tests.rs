use crate::double::{ETAG, World};
use crate::log::FormerKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use workflow::ports::{Anchors as _, Fault, LogObjects as _, Put, Sign as _, SignAsFormer as _, Submissions as _};

const KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/0198c0ff-ee00-7000-8000-0000deadbeef";

const ED25519: &str = "ECC_NIST_EDWARDS25519";

fn refused(code: &str) -> (u16, String) {
    let status = if code == "NoSuchKey" { 404 } else { 412 };
    (status, format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>-</Message></Error>"))
}

#[tokio::test]
async fn a_message_is_signed_as_it_is() {
    let signature = [7u8; 64];
    let world = World::answering(vec![(200, json!({"Signature": STANDARD.encode(signature)}))]);
    assert_eq!(world.clients().signing_key(KEY).sign(b"log\n1\n").await, Ok(signature));
    let sent = world.json(0);
    assert_eq!((sent["KeyId"].as_str(), sent["MessageType"].as_str()), (Some(KEY), Some("RAW")));
    assert_eq!(sent["SigningAlgorithm"], "ED25519_SHA_512");
    assert_eq!(sent["Message"], STANDARD.encode("log\n1\n"));
}

#[tokio::test]
async fn what_is_no_signature_is_none() {
    let world = World::answering(vec![(200, json!({"Signature": STANDARD.encode([7u8; 63])}))]);
    let fault = world.clients().signing_key(KEY).sign(b"").await.unwrap_err();
    assert_eq!(fault, Fault::new("sign", "wrong_signature"));
}

/// KMS's answer of a key: its public half, in its envelope, and of which kind it is.
fn told(der: &[u8], spec: &str) -> (u16, Value) {
    (200, json!({"PublicKey": STANDARD.encode(der), "KeySpec": spec}))
}

fn envelope(key: [u8; 32]) -> Vec<u8> {
    let before = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    before.into_iter().chain(key).collect()
}

#[tokio::test]
async fn a_former_key_signs_likewise_if_there_is_one() {
    let signature = [7u8; 64];
    let signed = (200, json!({"Signature": STANDARD.encode(signature)}));
    let world = World::answering(vec![told(&envelope([9u8; 32]), ED25519), signed]);
    let (former, public) = FormerKey::of(world.clients().signing_key(KEY)).await.unwrap();
    assert_eq!(public, Some([9u8; 32]));
    assert_eq!(former.sign_as_former(b"log\n1\n").await, Ok(signature));
    assert_eq!(world.json(1)["KeyId"], KEY);
    assert_eq!(FormerKey::NONE.sign_as_former(b"").await.unwrap_err().code, "no_former_key");
}

/// Disabled, on its way out, gone, closed to us, or none for signing: the log goes on without it.
#[tokio::test]
async fn a_former_key_that_can_not_be_used_is_none() {
    let refusals = ["DisabledException", "KMSInvalidStateException", "NotFoundException", "AccessDeniedException"];
    for refusal in refusals.into_iter().map(|code| (400, json!({"__type": code}))).chain([told(&[], "RSA_2048")]) {
        let world = World::answering(vec![refusal.clone()]);
        let (former, public) = FormerKey::of(world.clients().signing_key(KEY)).await.unwrap();
        assert_eq!(public, None, "{refusal:?}");
        assert_eq!(former.sign_as_former(b"").await.unwrap_err().code, "no_former_key", "{refusal:?}");
    }
    // KMS has no time: it is asked again by the next who starts, so that the former key is not left out for hours.
    let world = World::answering(vec![(400, json!({"__type": "ThrottlingException"})); 9]);
    let fault = FormerKey::of(world.clients().signing_key(KEY)).await.unwrap_err();
    assert_eq!(fault.code, "ThrottlingException");
}

#[tokio::test]
async fn a_public_key_is_taken_out_of_its_envelope_and_no_other_kind_is() {
    let (der, ours) = (envelope([9u8; 32]), ED25519);
    let world = World::answering(vec![
        told(&der, ours),
        told(&der, "ECC_NIST_P256"),
        told(&der[1..], ours),
        told(&der[..43], ours),
        told(&[], ours),
    ]);
    let key = world.clients().signing_key(KEY);
    assert_eq!(key.public_key().await, Ok([9u8; 32]));
    for _ in 0..4 {
        assert_eq!(key.public_key().await.unwrap_err().code, "wrong_key");
    }
}

#[tokio::test]
async fn a_tile_is_put_where_nothing_is() {
    let world = World::answering(vec![(200, String::new()), refused("PreconditionFailed")]);
    let bucket = world.clients().log_bucket("log");
    assert_eq!(bucket.put_tile("tile/0/x001/234.p/8", b"tile").await, Ok(Put::Written));
    assert_eq!(bucket.put_tile("tile/0/x001/234.p/8", b"tile").await, Ok(Put::Exists));
    let sent = world.sent();
    assert!(sent[0].uri.contains("/tile/0/x001/234.p/8"), "{}", sent[0].uri);
    assert!(sent.iter().all(|call| call.method == "PUT" && call.condition.as_deref() == Some("if-none-match: *")));
}

#[tokio::test]
async fn a_checkpoint_goes_over_the_one_that_was_read() {
    let world = World::answering(vec![
        refused("NoSuchKey"),
        (200, String::new()),
        (200, "log\n1\n".to_owned()),
        (200, String::new()),
        refused("PreconditionFailed"),
    ]);
    let bucket = world.clients().log_bucket("log");
    assert_eq!(bucket.checkpoint().await, Ok(None));
    assert_eq!(bucket.put_checkpoint("log\n1\n", None).await, Ok(true));
    let found = bucket.checkpoint().await.unwrap().unwrap();
    assert_eq!((found.note.as_str(), found.version.as_str()), ("log\n1\n", ETAG));
    assert_eq!(bucket.put_checkpoint("log\n2\n", Some(&found.version)).await, Ok(true));
    assert_eq!(bucket.put_checkpoint("log\n3\n", Some(&found.version)).await, Ok(false));
    let conditions: Vec<Option<String>> = world.sent().into_iter().map(|call| call.condition).collect();
    let over = Some(format!("if-match: {ETAG}"));
    assert_eq!(conditions, [None, Some("if-none-match: *".to_owned()), None, over.clone(), over]);
}

#[tokio::test]
async fn two_puts_at_once_are_tried_again_and_not_for_ever() {
    let conflict = || (409, refused("ConditionalRequestConflict").1);
    let world = World::answering(vec![conflict(), (200, String::new()), conflict(), conflict(), conflict()]);
    let bucket = world.clients().anchor_bucket("anchors");
    assert_eq!(bucket.put_anchor("anchors/00000000000000000001", b"note").await, Ok(Put::Written));
    let fault = bucket.put_anchor("anchors/00000000000000000001", b"note").await.unwrap_err();
    assert_eq!(fault.code, "ConditionalRequestConflict");
}

#[tokio::test]
async fn what_is_too_long_is_not_read() {
    let world = World::answering(vec![(200, "x".repeat(64 * 1024)), (200, "x".repeat(64 * 1024 + 1))]);
    let bucket = world.clients().anchor_bucket("anchors");
    assert!(bucket.anchored("cosigned/00000000000000000001").await.unwrap().is_some());
    assert_eq!(bucket.anchored("cosigned/00000000000000000001").await.unwrap_err().code, "too_long");
}

#[tokio::test]
async fn a_witness_remembers_over_what_it_read() {
    let world = World::answering(vec![(200, "log\n1\n".to_owned()), (200, String::new()), (200, String::new())]);
    let bucket = world.clients().witness_bucket("anchors");
    let known = bucket.remembered().await.unwrap().unwrap();
    assert_eq!(bucket.remember("log\n2\n", Some(&known.version)).await, Ok(true));
    assert_eq!(bucket.answer("refused/00000000000000000003", b"422 -").await, Ok(Put::Written));
    let sent = world.sent();
    assert!(sent[1].uri.contains("/witness/checkpoint"), "{}", sent[1].uri);
    assert_eq!(sent[1].condition, Some(format!("if-match: {ETAG}")));
    assert_eq!(sent[2].condition.as_deref(), Some("if-none-match: *"));
}
