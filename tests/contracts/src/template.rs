//! `template.yaml`, and the rules that it keeps.
//!
//! Each rule takes the template as read and gives back complaints. [`functions`] has those about single functions,
//! [`access`] those about who may do what, [`storage`] those about what is kept, [`limits`] those that hold in every template.

pub mod access;
pub mod functions;
pub mod limits;
pub mod log;
pub mod storage;

use crate::yaml::{self, Node};

/// The template.
#[derive(Debug, Clone)]
pub struct Template {
    root: Node,
    lines: Vec<String>,
}

/// One resource.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// Its logical name.
    pub name: &'a str,
    /// All of it.
    pub node: &'a Node,
}

impl<'a> Resource<'a> {
    /// What stands under the last of `keys`, below its properties.
    pub fn property(&self, keys: &[&str]) -> Option<&'a Node> {
        self.node.get("Properties").and_then(|properties| properties.at(keys))
    }

    /// The text under the last of `keys`, below its properties.
    pub fn text(&self, keys: &[&str]) -> Option<&'a str> {
        self.property(keys).and_then(Node::text)
    }

    /// The binary that a function runs: the name of its crate.
    pub fn binary(&self) -> Option<&'a str> {
        self.node.text_at(&["Metadata", "BuildProperties", "Binary"])
    }
}

impl Template {
    /// Reads it.
    ///
    /// # Errors
    /// If it is no YAML.
    pub fn read(text: &str) -> Result<Self, String> {
        Ok(Self { root: yaml::read(text)?, lines: text.lines().map(str::to_owned).collect() })
    }

    /// All resources of one type, in the file's order.
    pub fn of_type(&self, kind: &str) -> Vec<Resource<'_>> {
        let all = self.root.get("Resources").map(Node::entries).unwrap_or_default();
        all.iter()
            .map(|(name, node)| Resource { name, node })
            .filter(|resource| resource.node.text_at(&["Type"]) == Some(kind))
            .collect()
    }

    /// The functions.
    pub fn functions(&self) -> Vec<Resource<'_>> {
        self.of_type("AWS::Serverless::Function")
    }

    /// The resource with this logical name.
    pub fn resource(&self, name: &str) -> Option<Resource<'_>> {
        let all = self.root.get("Resources").map(Node::entries).unwrap_or_default();
        all.iter().find(|(known, _)| known == name).map(|(name, node)| Resource { name, node })
    }

    /// A function's setting, its own or the one all functions share.
    pub fn setting<'a>(&'a self, function: &Resource<'a>, keys: &[&str]) -> Option<&'a Node> {
        let shared = || self.root.at(&["Globals", "Function"]).and_then(|shared| shared.at(keys));
        function.property(keys).or_else(shared)
    }

    /// The variables of a function's environment, its own and those that all functions share.
    pub fn environment<'a>(&'a self, function: &Resource<'a>) -> Vec<(&'a str, &'a Node)> {
        let keys = ["Environment", "Variables"];
        let shared = self.root.at(&["Globals", "Function"]).and_then(|shared| shared.at(&keys));
        let both = [shared, function.property(&keys)].into_iter().flatten();
        both.flat_map(Node::entries).map(|(name, node)| (name.as_str(), node)).collect()
    }

    /// The line before `line`, both counted from 1.
    fn line_before(&self, line: usize) -> &str {
        line.checked_sub(2).and_then(|index| self.lines.get(index)).map_or("", String::as_str)
    }

    /// The routes of the HTTP API: `POST /v1/requests`.
    pub fn routes(&self) -> Vec<&str> {
        self.of_type("AWS::ApiGatewayV2::Route").iter().filter_map(|route| route.text(&["RouteKey"])).collect()
    }
}
