//! The functions of the stack: whatever the world was told is deployed. None, unless it was.

use super::{Verb, World};
use crate::ports::{DeploymentSettings, Fault, ReadFunction};
use model::system::Code;
use std::collections::BTreeMap;

/// What is deployed.
#[derive(Debug, Default, Clone)]
pub(super) struct Functions {
    /// What runs, by name; `None`: the stack names it, and it is not there.
    code: BTreeMap<String, Option<Code>>,
    release: Option<String>,
}

impl World {
    /// Deploys a function; `None`: takes its code away, and leaves its name in the stack.
    pub fn deploy(&self, name: &str, code: Option<Code>) {
        self.lock().functions.code.insert(name.to_owned(), code);
    }

    /// Takes a function out of the stack.
    pub fn undeploy(&self, name: &str) {
        self.lock().functions.code.remove(name);
    }

    /// What is deployed is called so from now on.
    pub fn call_release(&self, release: &str) {
        self.lock().functions.release = Some(release.to_owned());
    }
}

impl DeploymentSettings for World {
    fn functions(&self) -> Vec<String> {
        self.lock().functions.code.keys().cloned().collect()
    }

    fn release(&self) -> Option<String> {
        self.lock().functions.release.clone()
    }
}

impl ReadFunction for World {
    async fn function_code(&self, name: &str) -> Result<Option<Code>, Fault> {
        self.call(Verb::FunctionCode, name, "", |inner| Ok(inner.functions.code.get(name).cloned().flatten())).await
    }
}
