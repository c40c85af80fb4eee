//! The roots themselves, who believes them, and what a handshake makes of it.

use super::{AMAZONS, OWN_ROOTS, Roots, file_unless_own};
use crate::clients::{Clients, settings};
use crate::http::Http;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use workflow::ports::LoadRequest as _;

/// Name, SHA-256 of the public key as Amazon Trust Services publishes it, and of the certificate as it is in Mozilla's
/// list; until when it is valid.
const PUBLISHED: [(&str, &str, &str, &str); 5] = [
    (
        "Amazon Root CA 1",
        "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "2038-01-17",
    ),
    (
        "Amazon Root CA 2",
        "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "2040-05-26",
    ),
    (
        "Amazon Root CA 3",
        "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "2040-05-26",
    ),
    (
        "Amazon Root CA 4",
        "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "2040-05-26",
    ),
    (
        "Starfield Services Root Certificate Authority - G2",
        "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        "2037-12-31",
    ),
];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;

fn hashed(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The first element, its contents, and what comes after it.
fn element(der: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (head, length) = match der[1] {
        short if short < 0x80 => (2, usize::from(short)),
        long => {
            let bytes = usize::from(long & 0x7f);
            (2 + bytes, der[2..2 + bytes].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
        }
    };
    let (whole, rest) = der.split_at(head.saturating_add(length));
    (whole, &whole[head..], rest)
}

/// The elements of a certificate from its version on: …, issuer, validity, subject, public key, ….
fn fields(certificate: &[u8]) -> Vec<&[u8]> {
    let mut rest = element(element(certificate).1).1;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (field, _, after) = element(rest);
        fields.push(field);
        rest = after;
    }
    fields
}

fn is_within(part: &str, bytes: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn the_roots_are_those_that_amazon_trust_services_publishes() {
    for (pem, (name, key, certificate, until)) in AMAZONS.into_iter().zip(PUBLISHED) {
        let text: String = str::from_utf8(pem).unwrap().lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(text).unwrap();
        assert_eq!(hashed(&der), certificate, "{name}");
        let fields = fields(&der);
        let (validity, subject, public_key) = (fields[4], fields[5], fields[6]);
        assert_eq!(hashed(public_key), key, "{name}");
        assert!(is_within(name, subject), "{name}");
        // `YYMMDDHHMMSSZ`. None ends before 2037: whoever is told otherwise here has years left.
        let (tag, ends) = (element(element(validity).1).2[0], element(element(element(validity).1).2).1);
        assert_eq!(tag, UTC_TIME, "{name}");
        assert_eq!(format!("20{}", str::from_utf8(&ends[..6]).unwrap()), until.replace('-', ""), "{name}");
        assert!(until >= "2037", "{name}");
    }
}

#[test]
fn amazons_roots_vouch_for_the_partition_aws_and_for_nothing_else() {
    let of = |region, endpoint, set: &'static [&str]| Roots::of_function(region, endpoint, |name| set.contains(&name));
    for region in ["us-east-1", "eu-central-2", "ap-southeast-7", "me-central-1", "il-central-1", "mx-central-1"] {
        assert_eq!(of(region, None, &[]), Roots::Amazon, "{region}");
        for own in [&["SSL_CERT_FILE"], &["SSL_CERT_DIR"]] {
            assert_eq!(of(region, None, own), Roots::System, "{region}, {own:?}");
        }
    }
    let others =
        ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"];
    let unknown = ["eusc-de-east-1", "aws-global", "us-east", "us--1", "us-east-", "xx-east-1", "us-east-1a", ""];
    for region in others.into_iter().chain(unknown) {
        assert_eq!(of(region, None, &[]), Roots::System, "{region}");
    }
    assert_eq!(of("us-east-1", Some("https://aws.example.com"), &[]), Roots::System);
    // Without TLS nobody vouches for anything.
    assert_eq!(of("us-east-1", Some("http://127.0.0.1:4566"), &[]), Roots::Amazon);
}

/// What others than AWS are believed by. An operator's own roots are theirs, not the machine's.
#[test]
fn the_machines_file_is_for_who_has_no_roots_of_their_own() {
    for own in OWN_ROOTS {
        assert_eq!(file_unless_own(|name| name == own), None, "{own}");
    }
    if let Some(file) = file_unless_own(|_| false) {
        assert!(std::fs::read_to_string(file).unwrap().contains("-----BEGIN CERTIFICATE-----"), "{}", file.display());
    }
}

/// An element, its length in as few bytes as it takes.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), &content].concat()
}

/// A certificate of nobody's for 127.0.0.1, signed by its own key, and that key.
fn nobodys() -> (Vec<u8>, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let algorithm = der(SEQUENCE, &[&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    let common_name = der(SEQUENCE, &[&[0x06, 3, 0x55, 4, 3], &der(0x0c, &[b"nobody"])]);
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let years = der(SEQUENCE, &[&der(UTC_TIME, &[b"200101000000Z"]), &der(UTC_TIME, &[b"491231235959Z"])]);
    let address = der(SEQUENCE, &[&der(0x87, &[&[127, 0, 0, 1]])]);
    let alternative = der(SEQUENCE, &[&[0x06, 3, 0x55, 0x1d, 0x11], &der(0x04, &[&address])]);
    let extensions = der(0xa3, &[&der(SEQUENCE, &[&alternative])]);
    let (version, serial) = (der(0xa0, &[&[2, 1, 2]]), [2, 1, 1]);
    let public_key = pair.public_key().as_der().unwrap();
    let parts = [&version, serial.as_slice(), &algorithm, &name, &years, &name, public_key.as_ref(), &extensions];
    let signed = der(SEQUENCE, &parts);
    let signature = pair.sign(&SystemRandom::new(), &signed).unwrap();
    let certificate = der(SEQUENCE, &[&signed, &algorithm, &der(0x03, &[&[0], signature.as_ref()])]);
    (certificate, pair.to_pkcs8v1().unwrap().as_ref().to_vec())
}

/// Answers calls behind TLS, as nobody; says where.
fn serve(certificate: Vec<u8>, key: Vec<u8>) -> u16 {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let config = config.with_no_client_auth().with_single_cert(vec![CertificateDer::from(certificate)], key).unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = StreamOwned::new(connection, stream.unwrap());
            std::thread::spawn(move || crate::http::tests::answer(stream));
        }
    });
    port
}

/// Whether a call at that endpoint is answered.
async fn is_answered(roots: Roots, endpoint: &str) -> bool {
    let provider = SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", "example", None, None, "tests"));
    let clients = Clients::with(settings("us-east-1", Some(endpoint), Http::new(roots).unwrap(), provider));
    let id = "req_0198c0ffee0070000000000000000001".parse().unwrap();
    clients.table("countersign").load(&id).await.is_ok()
}

/// The endpoint, for the process that this test starts.
const ENDPOINT: &str = "COUNTERSIGN_TEST_ENDPOINT";

/// The machine's roots are `SSL_CERT_FILE`'s: so it takes a process of its own to believe nobody.
#[tokio::test]
async fn whom_the_machine_believes_is_not_believed_to_be_aws() {
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        assert!(is_answered(Roots::System, &endpoint).await);
        assert!(!is_answered(Roots::Amazon, &endpoint).await);
        return;
    }
    let (certificate, key) = nobodys();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let encoded = STANDARD.encode(&certificate);
    write!(file, "-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n").unwrap();
    let port = serve(certificate, key);
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "roots::tests::whom_the_machine_believes_is_not_believed_to_be_aws"])
        .env(ENDPOINT, format!("https://127.0.0.1:{port}"))
        .env("SSL_CERT_FILE", file.path())
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&again.stderr));
}
