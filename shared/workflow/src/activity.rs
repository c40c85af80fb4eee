//! What was done under grants: taken in from whatever source, in any order and any number of times; summed up after the
//! end; shown to those who may see the request.
//!
//! What is kept of one grant changes in one transaction conditioned on its version ([`keep`]). Everything that follows
//! from it (findings in the record, the end of a grant, the summary) is derived from what is kept, so that a worker that
//! died in between is made up for by the next one.

pub mod digests;
pub mod file;
pub mod ingest;
pub mod keep;
pub mod lines;
pub mod reading;
pub mod runs;
pub mod settle;

use crate::ports::{
    Clock, CommitActivity, CommitRequest, DigestKeys, FindDueActivity, KeepCopies, KeepUses, KnowDigests, KnowFiles,
    KnowHabits, LiveKeys, LoadActivity, LoadRequest, LoadRequests, LookUp, Policies, ReadObject, TrailSettings,
    VerifyDigest,
};

crate::together! {
    /// All that taking in and summing up need.
    pub Ports: LoadRequest, LoadRequests, CommitRequest, Policies, Clock, LoadActivity, CommitActivity, FindDueActivity,
        LiveKeys, KnowHabits, KeepUses, KnowFiles, KnowDigests, KeepCopies, ReadObject, LookUp, DigestKeys, VerifyDigest, TrailSettings,
}

/// Our part of the record.
const PART: &str = "activity";
