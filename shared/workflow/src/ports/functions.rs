//! The functions of the stack, as Lambda knows them.

use super::Fault;
use model::system::Code;
use std::future::Future;

port! {
    /// Reads what of a function runs.
    ReadFunction {
        /// Its code and when it was changed; `None`: there is no such function.
        fn function_code(name: &str) -> Result<Option<Code>, Fault>;
    }
}

/// What is deployed together.
pub trait DeploymentSettings: Send + Sync {
    /// The names of the stack's functions.
    fn functions(&self) -> Vec<String>;
    /// What whoever deployed last calls it, such as a commit, if they said so. It is the caller's own setting, and no
    /// function's that is looked at.
    fn release(&self) -> Option<String>;
}
