//! What code the stack's functions run.

use crate::fault::fault;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationError as Error;
use model::system::Code;
use workflow::ports::{Fault, ReadFunction};

const READ: &str = "read what code a function runs";

/// What a function runs on that says nothing of it. Source: Lambda API reference, `CreateFunction`.
const DEFAULT_ARCHITECTURE: &str = "x86_64";

/// Functions of our own account and Region.
#[derive(Debug, Clone)]
pub struct Functions(Client);

impl Functions {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }
}

impl ReadFunction for Functions {
    /// What is called without a version: `$LATEST`. An answer without a hash is none.
    async fn function_code(&self, name: &str) -> Result<Option<Code>, Fault> {
        let answer = match self.0.get_function_configuration().function_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(Error::is_resource_not_found_exception) => {
                return Ok(None);
            }
            Err(error) => return Err(fault(READ, &error)),
        };
        let architecture = answer.architectures().first().map_or(DEFAULT_ARCHITECTURE, |one| one.as_str());
        let sha256 = answer.code_sha256().ok_or_else(|| Fault::new(READ, "unreadable_answer"))?;
        Ok(Some(Code::new(sha256, architecture, answer.last_modified().unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::World;
    use serde_json::json;

    #[tokio::test]
    async fn what_runs_is_as_lambda_says() {
        let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let modified = "2026-11-20T19:00:00.000+0000";
        let world = World::answering(vec![
            (200, json!({"CodeSha256": hash, "Architectures": ["arm64"], "LastModified": modified})),
            (200, json!({"CodeSha256": hash, "LastModified": modified})),
            (200, json!({"LastModified": modified})),
        ]);
        let functions = world.clients().functions();
        assert_eq!(functions.function_code("a").await, Ok(Some(Code::new(hash, "arm64", modified))));
        assert_eq!(functions.function_code("a").await, Ok(Some(Code::new(hash, "x86_64", modified))));
        assert_eq!(functions.function_code("a").await.unwrap_err().code, "unreadable_answer");
        let sent = world.sent();
        assert_eq!(sent[0].method, "GET");
        assert!(sent[0].uri.ends_with("/2015-03-31/functions/a/configuration"), "{}", sent[0].uri);
    }
}
