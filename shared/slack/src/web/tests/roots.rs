//! Whom the client believes, by handshakes.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use tempfile::NamedTempFile;

/// Certificates of nobody's for 127.0.0.1 until 2049, each signed by its own key; the first one's key lies beside it.
const NOBODYS: &[u8] = include_bytes!("nobody/certificate.der");
const ITS_KEY: &[u8] = include_bytes!("nobody/key.der");
const OTHERS: &[u8] = include_bytes!("nobody/other.der");

/// Opens conversations behind TLS, as nobody; says where.
fn serve() -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::Pkcs8(ITS_KEY.into());
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![NOBODYS.into()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api_url = format!("https://{}/api", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // Whoever believes us not hangs up.
            if stream.read(&mut [0; 4096]).is_ok() {
                let said = r#"{"ok":true,"channel":{"id":"D0NOBODY1"}}"#;
                let length = said.len();
                let _ = write!(stream, "HTTP/1.1 200 -\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{said}");
            }
        }
    });
    api_url
}

fn file(certificates: &[&[u8]]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    for certificate in certificates {
        let encoded = STANDARD.encode(certificate);
        write!(file, "-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n").unwrap();
    }
    file
}

#[tokio::test]
async fn who_is_in_the_file_is_believed_and_nobody_else() {
    let (both, others) = (file(&[OTHERS, NOBODYS]), file(&[OTHERS]));
    let api_url = serve();
    let open = async |roots: Option<&Path>| {
        let client = Client::with_roots(&api_url, TOKEN.into(), roots).unwrap();
        client.open_dm(&alice()).await.map(|channel| channel.to_string()).map_err(|error| error.code().to_owned())
    };
    for roots in [None, Some(others.path()), Some(Path::new("/nowhere/at/all"))] {
        assert_eq!(open(roots).await, Err("slack_unreachable".to_owned()), "{roots:?}");
    }
    // Last: whoever was not believed was there.
    assert_eq!(open(Some(both.path())).await, Ok("D0NOBODY1".to_owned()));
}
