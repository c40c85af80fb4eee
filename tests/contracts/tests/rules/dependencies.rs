//! Dependencies point inwards only.

use crate::holds;
use contracts::graph::{self, Graph};
use contracts::repository;
use std::process::Command;

/// The graph as Cargo resolved it. It counts optional dependencies in that are not built, so it errs to the strict side.
pub(crate) fn resolved() -> Graph {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(repository::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Graph::read(&String::from_utf8(output.stdout).unwrap()).unwrap()
}

#[test]
fn dependencies_point_inwards_only() {
    let graph = resolved();
    assert!(graph.own().len() > 10, "{:?}", graph.own());
    holds(&graph::complaints(&graph));
}
