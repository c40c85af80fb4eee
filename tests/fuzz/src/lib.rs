//! What is fuzzed. A target is a function from any bytes to nothing; it panics if something does not hold that has to.
//! That is more than "no panic": what is read and written back is the same, two readers agree, what nobody signed changes
//! nothing, nobody's words become markup.
//!
//! The same targets run three ways: over their corpus and mutations of it with every test (`tests/corpora.rs`), under
//! libFuzzer (`cargo xtask fuzz`), and over every input that ever broke one (`crashes/`).
//!
//! Start reading at [`TARGETS`].
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a target that can't go on has found something: it has to panic"
)]

pub mod corpus;
#[cfg(feature = "doors")]
mod doors;
mod driven;
mod made;
pub mod malformed;
pub mod mutation;
mod said;
pub mod seeds;
mod targets;

use targets::{log, names, policy, record, render, slack, trail, verify};

/// One thing that is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its folders in `corpus` and `crashes`.
    pub name: &'static str,
    run: fn(&[u8]),
}

impl Target {
    /// Gives it one input. It panics if something does not hold.
    pub fn run(&self, data: &[u8]) {
        (self.run)(data);
    }

    /// The target of this name.
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.iter().find(|target| target.name == name).copied()
    }
}

macro_rules! targets {
    ($($(#[$about:meta])* $group:ident::$name:ident,)+) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$($(#[$about])* Target { name: stringify!($name), run: $group::$name },)+];
    };
}

targets! {
    slack::slack_headers,
    slack::slack_form_body,
    slack::slack_command_text,
    slack::slack_interaction_json,
    slack::slack_view_state,
    names::arn,
    names::action_pattern,
    names::duration_text,
    names::times,
    names::identifiers,
    names::cursors,
    policy::catalog_file,
    policy::cedar_policies,
    policy::cedar_schema,
    policy::caller_arn,
    policy::iam_document,
    trail::cloudtrail_record,
    trail::cloudtrail_file,
    trail::cloudtrail_digest,
    trail::kubernetes_lines,
    trail::terraform_report,
    trail::ledger_part,
    log::checkpoint_note,
    log::witness_submission,
    log::tlog_proof,
    log::tile,
    log::verifier_keys,
    record::record_entry,
    record::record_export,
    verify::verify_folder,
    render::justification_render,
    render::evidence_report,
    render::csv_row,
    #[cfg(feature = "doors")]
    doors::api_event,
    #[cfg(feature = "doors")]
    doors::api_body,
    #[cfg(feature = "doors")]
    doors::slack_event,
    #[cfg(feature = "doors")]
    doors::activity_event,
    #[cfg(feature = "doors")]
    doors::bus_event,
    #[cfg(feature = "doors")]
    doors::scheduler_event,
    #[cfg(feature = "doors")]
    doors::stream_batch,
    #[cfg(feature = "doors")]
    doors::table_item,
}
