//! Holds the repository to its own rules: who may depend on whom, what `template.yaml` promises, what no crate may
//! switch off, and that `infra/openapi.yaml` says what the functions do.
//!
//! Every rule is a function that takes what it reads and gives back complaints, one sentence each; none means it holds.
//! So a rule is tried twice in `tests/rules`: on the repository as it is, where it has to be content, and on one that is
//! broken on purpose, where it has to complain.
//!
//! Start reading at [`template`], the largest set of rules.

pub mod codes;
pub mod graph;
pub mod openapi;
pub mod repository;
pub mod schema;
pub mod settings;
pub mod slack_manifest;
pub mod template;
pub mod yaml;

/// What is wrong, one sentence each.
pub type Complaints = Vec<String>;
