//! Policies with a mistake in them are refused at the mistake's line.

use super::*;

/// What is said of the sample with these policies in place of its own.
fn said(policies: &str) -> String {
    let bundle = Bundle { policies: policies.to_owned(), ..bundle() };
    Policy::load(&bundle).map(drop).unwrap_err().to_string()
}

const ASK: &str = "permit (\n  principal in Countersign::Group::\"engineers\",\n  action == Countersign::Action::\"request\",\n  resource\n)";

#[test]
fn syntax() {
    assert_eq!(said(&format!("// first\n{ASK}")), "policies.cedar:6: unexpected end of input");
    assert_eq!(
        said("// first\npermit (\n  principal,\n  action\n  resource\n);\n"),
        "policies.cedar:5: unexpected token `resource`"
    );
    assert_eq!(
        said(&format!("{ASK} when {{\n  context.durationSeconds => 5\n}};\n")),
        "policies.cedar:6: unexpected token `>`"
    );
}

#[test]
fn types() {
    assert_eq!(
        said(&format!("{ASK} when {{\n  context.durationSeconds == \"5\"\n}};\n")),
        "policies.cedar:6: the types Long and String are not compatible"
    );
    assert_eq!(
        said(&format!("{ASK} when {{\n  context.duration < 5\n}};\n")),
        "policies.cedar:6: attribute `duration` in context for Countersign::Action::\"request\" not found"
    );
    assert_eq!(
        said(&ASK.replace("\"request\"", "\"requests\"").replace(')', ");")),
        "policies.cedar:3: unrecognized action `Countersign::Action::\"requests\"`"
    );
}

#[test]
fn names_that_the_catalog_lacks() {
    let permit = |kind: &str, id: &str| {
        format!(
            "// \"{id}\" is meant, not Countersign::Other::\"{id}\"\npermit (\n  principal,\n  action == Countersign::Action::\"request\",\n  resource\n) when {{\n  principal in Countersign::{kind}::\"{id}\"\n}};\n"
        )
    };
    assert_eq!(
        said(&permit("Group", "enginers")),
        "policies.cedar:7: `Countersign::Group::\"enginers\"` is not in the catalog"
    );
    assert_eq!(
        said(&permit("Person", "alicia")),
        "policies.cedar:7: `Countersign::Person::\"alicia\"` is not in the catalog"
    );
    let entitlement = "\n\nforbid (principal, action == Countersign::Action::\"autoApprove\",\n  resource == Countersign::Entitlement::\"prod-admn\");";
    assert_eq!(said(entitlement), "policies.cedar:4: `Countersign::Entitlement::\"prod-admn\"` is not in the catalog");
    let twice = format!("{}{}", permit("Group", "enginers"), permit("Group", "enginers"));
    assert_eq!(said(&twice).lines().count(), 2);
}

#[test]
fn schemas() {
    let said = |schema: &str| {
        let bundle = Bundle { schema: schema.to_owned(), ..bundle() };
        Policy::load(&bundle).map(drop).unwrap_err().to_string()
    };
    let right = "    account: String,      // 12 digits";
    assert_eq!(SCHEMA.matches(right).count(), 1);
    assert_eq!(
        said(&SCHEMA.replace(right, "    account String,")),
        "schema.cedarschema:12: error parsing schema: unexpected token `String`"
    );
    assert_eq!(
        said(&SCHEMA.replace(right, "    account: Strin,")),
        "schema.cedarschema:12: failed to resolve type: Strin"
    );
}

/// All three files at once: who publishes a bundle sees all there is to mend.
#[test]
fn everything_wrong_is_said_at_once() {
    let mut bundle = bundle();
    bundle.catalog = bundle.catalog.replace("version: 1", "version: 7");
    bundle.policies = "permit".to_owned();
    bundle.schema = "namespace {".to_owned();
    let problems = Policy::load(&bundle).map(drop).unwrap_err();
    let files: Vec<&str> = problems.0.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["catalog.yaml", "policies.cedar", "schema.cedarschema"]);
}

/// A schema that leaves out what Countersign asks with would deny everything, later and quietly.
#[test]
fn a_schema_that_does_not_fit_is_refused() {
    for (from, to) in
        [("    door: String,", "    doors: String,"), ("approve, revoke", "approve"), ("action audit", "action audits")]
    {
        let schema = SCHEMA.replace(from, to);
        assert_ne!(schema, SCHEMA, "{from}");
        let bundle = Bundle { schema, policies: String::new(), ..bundle() };
        let said = Policy::load(&bundle).map(drop).unwrap_err().to_string();
        assert!(said.starts_with("schema.cedarschema: "), "{said}");
    }
}

#[test]
fn what_is_nested_too_deep_is_refused_and_does_not_end_the_process() {
    let nested = |n: usize| format!("{ASK} when {{\n  {}true{}\n}};\n", "(".repeat(n), ")".repeat(n));
    let refused = "policies.cedar:6: brackets are nested deeper than 20: say it in several policies, or name a type";
    assert_eq!(said(&nested(100_000)), refused);
    assert_eq!(said(&nested(20)), refused, "the braces around count too");
    let bundle = Bundle { policies: nested(19), ..bundle() };
    assert!(Policy::load(&bundle).is_ok());
    let schema = format!("entity A {{ a: {}Long{} }};", "{a: ".repeat(100_000), "}".repeat(100_000));
    let said = Policy::load(&Bundle { schema, ..bundle }).unwrap_err().to_string();
    assert!(said.starts_with("schema.cedarschema:1: brackets are nested deeper than 20"), "{said}");
}

/// What can't be read is quoted, and whoever reads the quotation has a terminal.
#[test]
fn what_is_quoted_of_a_file_does_nothing_to_a_terminal() {
    let escape = "\u{1b}]0;title\u{7}\u{202e}\"";
    let long = "x".repeat(10_000);
    let quoted = format!("@id(\"a\"){escape}{long}\");\nnext\"");
    let files = [
        Bundle { policies: quoted.clone(), ..bundle() },
        Bundle { schema: quoted.clone(), ..bundle() },
        Bundle { catalog: format!("version: \"{escape}{long}"), ..bundle() },
        Bundle { catalog: format!("version: 1\n\"\\e]0;title\\a{long}\": 1"), ..bundle() },
    ];
    for bundle in files {
        let problems = Policy::load(&bundle).map(drop).unwrap_err();
        for problem in problems.0 {
            let said = problem.to_string();
            assert!(!said.chars().any(|c| c.is_control() || c == '\u{202e}'), "{said:?}");
            assert!(said.chars().count() < 5_000, "{said}");
        }
    }
}
