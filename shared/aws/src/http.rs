//! How AWS is reached: one connector for all clients, made at start-up.
//!
//! The SDK's own makes one whenever a client is made, to see whether it can be, and throws it away; the one that is used
//! is made by the first call. Each parses all root certificates of the machine, so a function with three clients did so
//! four times, and the last time within a request.

use crate::roots::Roots;
use aws_smithy_http_client::tls::{Provider, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector, HttpClientError};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::time::Duration;

/// How long a connection may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);

const TLS: Provider = Provider::Rustls(CryptoMode::AwsLc);

/// The HTTP client of all clients of AWS.
#[derive(Debug)]
pub(crate) struct Http {
    /// With [`CONNECT`] and no other limit of its own: what nearly all clients use.
    usual: SharedHttpConnector,
    /// Makes those with other limits, once for each.
    others: SharedHttpClient,
}

impl Http {
    /// Whoever answers has to be vouched for by `roots`.
    ///
    /// # Errors
    /// If the SDK can't take them.
    pub(crate) fn new(roots: Roots) -> Result<Self, HttpClientError> {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
        let tls = TlsContext::builder().with_trust_store(roots.store()).build()?;
        let usual = Connector::builder().connector_settings(settings).tls_provider(TLS).tls_context(tls.clone());
        let others = Builder::new().tls_provider(TLS).tls_context(tls).build_https();
        Ok(Self { usual: SharedHttpConnector::new(usual.build()), others })
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        if settings.connect_timeout() == Some(CONNECT) && settings.read_timeout().is_none() {
            self.usual.clone()
        } else {
            self.others.http_connector(settings, components)
        }
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.others.connector_metadata()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::clients::Clients;
    use crate::roots::Roots;
    use std::io::{BufRead as _, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use workflow::ports::LoadRequest as _;

    /// Answers every call of a connection with `{}`.
    pub(crate) fn answer(stream: impl Read + Write) -> Option<()> {
        let mut reading = BufReader::new(stream);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                reading.read_line(&mut line).ok().filter(|read| *read > 0)?;
                let line = line.trim().to_ascii_lowercase();
                if let Some(given) = line.strip_prefix("content-length:") {
                    length = given.trim().parse().ok()?;
                }
                if line.is_empty() {
                    break;
                }
            }
            reading.read_exact(&mut vec![0; length]).ok()?;
            reading.get_mut().write_all(b"HTTP/1.1 200 -\r\ncontent-length: 2\r\n\r\n{}").ok()?;
        }
    }

    #[tokio::test]
    async fn clients_of_several_services_share_their_connections() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let accepted = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&accepted);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counting.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || answer(stream.unwrap()));
            }
        });
        let credentials = aws_credential_types::Credentials::new("AKIDEXAMPLE", "example", None, None, "tests");
        let provider = aws_credential_types::provider::SharedCredentialsProvider::new(credentials);
        let clients = Clients::with(crate::clients::settings(
            "us-east-1",
            Some(&endpoint),
            super::Http::new(Roots::Amazon).unwrap(),
            provider,
        ));
        let id = "req_0198c0ffee0070000000000000000001".parse().unwrap();
        for table in [clients.table("countersign"), clients.table("countersign")] {
            assert!(table.load(&id).await.unwrap().is_none());
        }
        // Says nothing that could be read, and was asked.
        assert!(clients.signing_key("arn").public_key().await.is_err());
        assert_eq!(accepted.load(Ordering::SeqCst), 1);
    }
}
