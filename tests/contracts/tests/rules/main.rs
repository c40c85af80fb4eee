//! The repository, held to its own rules; and each rule shown to notice when one is broken.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod activity;
mod answers;
mod bounds;
mod codes;
mod costs;
mod dependencies;
mod documents;
mod grant_documents;
mod limits;
mod log_archive;
mod manifests;
mod routes;
mod seeded;
mod slack_manifest;
mod spoke;
mod template;

use contracts::Complaints;
use contracts::openapi::Document;
use contracts::repository;
use contracts::template::Template;
use model::event::Event;
use std::collections::BTreeSet;

/// `template.yaml`, as text.
fn template_text() -> String {
    repository::text("template.yaml").unwrap()
}

fn template() -> Template {
    Template::read(&template_text()).unwrap()
}

fn openapi() -> Document {
    Document::read(&repository::text("infra/openapi.yaml").unwrap()).unwrap()
}

/// Nothing to complain about.
#[track_caller]
fn holds(complaints: &Complaints) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// The name of every event of a request, as its type reads them.
fn event_names() -> BTreeSet<String> {
    let unknown =
        serde_json::from_value::<Event>(serde_json::json!({"type": "?", "data": {}})).unwrap_err().to_string();
    let (_, names) = unknown.split_once("expected one of ").unwrap();
    names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

/// The name of everything that comes onto the bus.
fn names_on_the_bus() -> BTreeSet<String> {
    let others = model::sweep::Event::NAMES.into_iter().chain(model::account::Event::NAMES);
    let others = others.chain(model::system::Event::NAMES);
    event_names().into_iter().chain(others.map(str::to_owned)).collect()
}
