//! `infra/openapi.yaml` as a document to compare with.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::schema::{self, resolve};
use crate::{Complaints, yaml};

/// The methods that the document uses.
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// The document.
#[derive(Debug, Clone)]
pub struct Document(pub Value);

/// One call.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// Method and path as the template names a route: `POST /v1/requests`.
    pub route: String,
    /// Whether it is only announced.
    pub planned: bool,
    /// All of it.
    pub node: &'a Value,
}

impl Document {
    /// Reads it.
    ///
    /// # Errors
    /// If it is no YAML.
    pub fn read(text: &str) -> Result<Self, String> {
        Ok(Self(yaml::read(text)?.to_json()))
    }

    /// Every call.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.0.get("paths").and_then(Value::as_object).into_iter().flatten();
        let mut operations = Vec::new();
        for (path, item) in paths {
            for (method, node) in
                item.as_object().into_iter().flatten().filter(|(word, _)| METHODS.contains(&word.as_str()))
            {
                let route = format!("{} {path}", method.to_ascii_uppercase());
                let planned = node.get("x-countersign-planned") == Some(&Value::Bool(true));
                operations.push(Operation { route, planned, node });
            }
        }
        operations
    }

    /// The schema with this name.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.0.pointer("/components/schemas")?.get(name)
    }

    /// The words that a schema's property allows: `["Problem", "code"]`.
    pub fn words(&self, schema: &str, property: &str) -> BTreeSet<String> {
        let words = self.schema(schema).and_then(|schema| schema.pointer(property)).and_then(Value::as_array);
        words.into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
    }

    fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        node.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(&self.0, reference)).unwrap_or(node)
    }

    /// What the answers with `status`, to any call that is not only planned, say about themselves.
    pub fn descriptions(&self, status: u16) -> String {
        let answers = self.operations().into_iter().filter(|operation| !operation.planned);
        let answers = answers.filter_map(|operation| operation.node.get("responses")?.get(status.to_string()));
        let texts: BTreeSet<&str> =
            answers.filter_map(|answer| self.resolved(answer).get("description")?.as_str()).collect();
        texts.into_iter().collect::<Vec<_>>().join("\n")
    }

    /// Every example, with the schema it is an example of.
    fn examples(&self) -> Vec<(String, &Value, &Value)> {
        let mut found = Vec::new();
        for operation in self.operations() {
            let body = operation.node.get("requestBody").map(|body| ("body".to_owned(), body));
            let answers = operation.node.get("responses").and_then(Value::as_object).into_iter().flatten();
            let answers = answers.map(|(status, answer)| (status.clone(), answer));
            for (part, node) in body.into_iter().chain(answers) {
                let contents = self.resolved(node).get("content").and_then(Value::as_object).into_iter().flatten();
                for (_, content) in contents {
                    let examples = content.get("examples").and_then(Value::as_object).into_iter().flatten();
                    for (name, example) in examples {
                        let value = self.resolved(example).get("value").unwrap_or(&Value::Null);
                        let schema = content.get("schema").unwrap_or(&Value::Null);
                        found.push((format!("{} {part} {name}", operation.route), schema, value));
                    }
                }
            }
        }
        found
    }
}

/// Examples are what they are examples of.
pub fn example_complaints(document: &Document) -> Complaints {
    let examples = document.examples();
    let mut complaints = Vec::new();
    for (name, schema, value) in examples {
        let found = schema::complaints(&document.0, schema, value);
        complaints.extend(found.into_iter().map(|complaint| format!("{name}{complaint}")));
    }
    complaints
}

/// Every route is described, and what is described is a route or marked as planned.
pub fn route_complaints(document: &Document, routes: &[&str]) -> Complaints {
    let operations = document.operations();
    let described =
        |route: &str, planned: bool| operations.iter().any(|one| one.route == route && one.planned == planned);
    let missing = routes.iter().filter(|route| !described(route, false));
    let missing = missing.map(|route| format!("{route} is deployed and not described as such"));
    let idle = operations.iter().filter(|one| !one.planned && !routes.contains(&one.route.as_str()));
    let idle = idle.map(|one| format!("{} is described and not deployed", one.route));
    missing.chain(idle).collect()
}

/// What is signed is said to be: `/v1` by SigV4, `/slack` by Slack.
pub fn signature_complaints(document: &Document) -> Complaints {
    let general = document.0.get("security");
    let by = |operation: &Operation<'_>, scheme: &str| {
        let security = operation.node.get("security").or(general).and_then(Value::as_array);
        security.is_some_and(|ways| !ways.is_empty() && ways.iter().all(|way| way.get(scheme).is_some()))
    };
    let wrong = |operation: &Operation<'_>| {
        let slack = operation.route.contains(" /slack/");
        !by(operation, if slack { "slackSignature" } else { "sigv4" })
    };
    let operations = document.operations();
    operations
        .iter()
        .filter(|one| wrong(one))
        .map(|one| format!("{} doesn't say how it is signed", one.route))
        .collect()
}
