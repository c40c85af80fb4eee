//! Whose word it takes that AWS answers: root certificates.
//!
//! Functions believe those of Amazon Trust Services alone, where AWS's endpoints have certificates under them. There are
//! five instead of the machine's 140 or so: nobody else can vouch for AWS, and a start takes a seventh of the instructions.
//! Nothing falls back to others after a handshake that failed.

use aws_smithy_http_client::tls::TrustStore;
use std::path::Path;

#[cfg(test)]
mod tests;

/// All that Amazon Trust Services has for the partition `aws`: who trusts a choice of their own is asked to trust all five.
/// As they are in Mozilla's list. Source: <https://www.amazontrust.com/repository/>.
const AMAZONS: [&[u8]; 5] = [
    include_bytes!("roots/amazon-root-ca-1.pem"),
    include_bytes!("roots/amazon-root-ca-2.pem"),
    include_bytes!("roots/amazon-root-ca-3.pem"),
    include_bytes!("roots/amazon-root-ca-4.pem"),
    include_bytes!("roots/starfield-services-root-g2.pem"),
];

/// The areas that regions of the partition `aws` begin with. Those of other partitions have others, or one part more:
/// `cn-north-1`, `us-gov-west-1`, `eusc-de-east-1`. Source: `regionRegex` of botocore's `partitions.json`.
const AREAS: [&str; 9] = ["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"];

/// The variables by which an operator says which root certificates the machine's are.
const OWN_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Where all root certificates of the machine are in one file: on Amazon Linux, which Lambda runs on, and on Debian.
const FILES: [&str; 2] = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// The file with all root certificates of the machine, for others than AWS; `None` if there is none, or if the operator
/// has roots of their own.
pub fn machine_file() -> Option<&'static Path> {
    file_unless_own(|name| std::env::var_os(name).is_some())
}

fn file_unless_own(is_set: impl Fn(&str) -> bool) -> Option<&'static Path> {
    let files = if OWN_ROOTS.into_iter().any(is_set) { &[] } else { FILES.as_slice() };
    files.iter().map(Path::new).find(|file| file.is_file())
}

/// Which root certificates are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roots {
    /// Those of Amazon Trust Services, and no others.
    Amazon,
    /// The machine's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    System,
}

impl Roots {
    /// What a function believes that calls `region`, at `endpoint` instead of AWS if there is one, in an environment in
    /// which `is_set` tells which variables there are: Amazon's roots, unless another partition is called, somebody else,
    /// or the operator has roots of their own. A region that is not known to be in the partition `aws` is not.
    pub(crate) fn of_function(region: &str, endpoint: Option<&str>, is_set: impl Fn(&str) -> bool) -> Self {
        let is_ours = endpoint.is_none_or(|endpoint| endpoint.starts_with("http://"));
        if is_ours && is_of_aws(region) && !OWN_ROOTS.into_iter().any(is_set) { Self::Amazon } else { Self::System }
    }

    pub(crate) fn store(self) -> TrustStore {
        match self {
            Self::Amazon => AMAZONS.into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate),
            Self::System => TrustStore::default(),
        }
    }
}

/// Whether a region is of the partition `aws`: `<area>-<direction>-<number>`.
fn is_of_aws(region: &str) -> bool {
    let mut parts = region.split('-');
    let (area, direction, number, more) = (parts.next(), parts.next(), parts.next(), parts.next());
    let is_made_of = |part: Option<&str>, fits: fn(&u8) -> bool| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| fits(&byte)))
    };
    area.is_some_and(|area| AREAS.contains(&area))
        && is_made_of(direction, u8::is_ascii_lowercase)
        && is_made_of(number, u8::is_ascii_digit)
        && more.is_none()
}
