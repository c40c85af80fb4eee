//! What others recorded of a grant: CloudTrail's files and events, Kubernetes' audit log, Terraform's plans.
//!
//! Pure: bytes in, facts out. Nothing in here decides about a request; it says what was done under one, by which rule it
//! was found to be that one's, and what can't be known.

pub mod attribution;
pub mod call;
pub mod coverage;
pub mod digest;
pub mod entry;
pub mod findings;
pub mod grant;
pub mod kubernetes;
pub mod ledger;
pub mod place;
pub mod scan;
pub mod shrink;
pub mod summary;
pub mod terraform;
