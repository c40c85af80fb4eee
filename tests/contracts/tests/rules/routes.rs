//! `infra/openapi.yaml` describes the routes of the template, and its examples are what it says.

use crate::{holds, openapi, template, template_text};
use contracts::openapi::{Document, example_complaints, route_complaints, signature_complaints};
use contracts::repository;
use contracts::template::Template;

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let template = template();
    assert!(template.routes().len() > 10, "{:?}", template.routes());
    holds(&route_complaints(&openapi(), &template.routes()));
    holds(&signature_complaints(&openapi()));
}

#[test]
fn examples_are_what_they_are_examples_of() {
    holds(&example_complaints(&openapi()));
}

#[test]
fn a_route_too_many_or_too_few_is_noticed() {
    let less = template_text().replacen(
        "RouteKey: 'POST /v1/requests/{id}/deny'",
        "RouteKey: 'POST /v1/requests/{id}/refuse'",
        1,
    );
    let less = Template::read(&less).unwrap();
    let found = route_complaints(&openapi(), &less.routes());
    assert_eq!(found.len(), 2, "{found:?}");
    let announced = repository::text("infra/openapi.yaml").unwrap().replacen(
        "operationId: listActivity\n",
        "operationId: listActivity\n      x-countersign-planned: true\n",
        1,
    );
    assert_eq!(route_complaints(&Document::read(&announced).unwrap(), &template().routes()).len(), 1);
    let unsigned = repository::text("infra/openapi.yaml").unwrap().replacen(
        "security: [{slackSignature: [], slackTimestamp: []}]",
        "security: []",
        1,
    );
    assert_eq!(signature_complaints(&Document::read(&unsigned).unwrap()).len(), 1);
    let wrong =
        repository::text("infra/openapi.yaml").unwrap().replacen("durationSeconds: 1800", "durationSeconds: soon", 1);
    assert!(!example_complaints(&Document::read(&wrong).unwrap()).is_empty());
}
