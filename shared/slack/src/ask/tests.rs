use super::*;
use crate::sample::{entitlement, facts};
use model::names::EntitlementName;
use proptest::prelude::*;

fn orders() -> Entitlement {
    Entitlement { environment: "prod".to_owned(), ..entitlement("Look at and repair single orders") }
}

#[test]
fn durations_stay_within_the_entitlement() {
    for (longest, offered) in [
        (65, vec![65]),
        (900, vec![900]),
        (3_600, vec![900, 1_800, 3_600]),
        (5_400, vec![900, 1_800, 3_600, 5_400]),
        (43_200, vec![900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200]),
    ] {
        let entitlement = Entitlement { max_duration_seconds: longest, ..orders() };
        assert_eq!(durations(&entitlement), offered);
        assert!(offered.contains(&usual_duration(&entitlement)));
    }
}

#[test]
fn what_was_chosen_comes_back_as_patterns() {
    let form = AskForm {
        duration_seconds: Some(1_800),
        permissions: Selection::Chosen(vec![option_value("dynamodb:UpdateItem")]),
        resources: Selection::Written(" arn:a \n\n arn:b\n".to_owned()),
        ticket: Some("  ".to_owned()),
        justification: Some("stuck".to_owned()),
        ..AskForm::default()
    };
    let wish = wish(&form, &orders()).unwrap();
    assert_eq!(wish.entitlement, "orders-db-debug");
    assert_eq!(wish.permissions, Some(vec!["dynamodb:UpdateItem".to_owned()]));
    assert_eq!(wish.resources, Some(vec!["arn:a".to_owned(), "arn:b".to_owned()]));
    assert_eq!((wish.duration_seconds, wish.ticket, wish.justification.as_str()), (1_800, None, "stuck"));
}

#[test]
fn nothing_chosen_means_all_of_it_for_the_usual_time() {
    for empty in [Selection::All, Selection::Chosen(vec![]), Selection::Written(" \n".to_owned())] {
        let form = AskForm { permissions: empty.clone(), resources: empty, ..AskForm::default() };
        let wish = wish(&form, &orders()).unwrap();
        assert_eq!((wish.permissions, wish.resources, wish.duration_seconds), (None, None, 3_600));
    }
}

#[test]
fn what_cannot_be_chosen_any_more_is_an_error_and_not_everything() {
    let gone = Selection::Chosen(vec![option_value("dynamodb:GetItem"), option_value("dynamodb:Scan")]);
    let form = AskForm { permissions: gone.clone(), resources: gone, ..AskForm::default() };
    let errors = wish(&form, &orders()).unwrap_err();
    let codes: Vec<_> = errors.iter().map(|error| (error.field, error.code)).collect();
    assert_eq!(codes, [("permissions", "changed_meanwhile"), ("resources", "changed_meanwhile")]);
}

#[test]
fn errors_stand_at_the_fields_of_the_form() {
    let error = |field: &'static str, message: &str| FieldError { field, code: "x", message: message.to_owned() };
    let answer = errors(
        &[
            error("durationSeconds", "too long"),
            error("ticketId", "no ticket"),
            error("justification", "is empty"),
            error("permissions", "a\nb"),
            error("entitlement", "gone"),
            error("somewhere", "else"),
        ],
        Some(&orders()),
    );
    let expected = json!({
        "response_action": "errors",
        "errors": {
            "duration.orders-db-debug": "too long",
            "ticket.orders-db-debug": "no ticket",
            "justification.orders-db-debug": "is empty",
            "permissions.orders-db-debug": "a b",
            "entitlement": "gone; else",
        },
    });
    assert_eq!(answer, expected);
}

/// Whatever errors stand at is an input of the form.
#[test]
fn errors_stand_at_blocks_that_exist() {
    let (entitlement, preview) = (orders(), Err(vec![]));
    let view = AskView {
        entitlement: &entitlement,
        form: &AskForm::default(),
        preview: &preview,
        names: &crate::sample::names,
    };
    let shape = form(&view).shape().clone();
    let inputs: Vec<&str> = shape["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|block| block["type"] == "input")
        .map(|block| block["block_id"].as_str().unwrap())
        .collect();
    for field in ["entitlement", "durationSeconds", "permissions", "resources", "ticketId", "justification", "other"] {
        let wrong = FieldError { field, code: "x", message: "wrong".to_owned() };
        let answer = errors(&[wrong], Some(&entitlement));
        let block = answer["errors"].as_object().unwrap().keys().next().unwrap().clone();
        assert!(inputs.contains(&block.as_str()), "{field}: {block} in {inputs:?}");
    }
}

#[test]
fn typing_finds_entitlements_by_all_that_is_said_about_them() {
    for (typed, rank) in [
        ("", Some(0)),
        ("  ORDERS ", Some(0)),
        ("orders debug", Some(0)),
        ("db", Some(1)),
        ("debug db", Some(1)),
        ("repair", Some(2)),
        ("Single PROD", Some(2)),
        ("1111", Some(2)),
        ("orders staging", None),
        ("nothing", None),
    ] {
        assert_eq!(matches(typed, &orders()), rank, "{typed}");
    }
}

#[test]
fn options_are_at_most_as_many_as_slack_takes() {
    let many: Vec<Entitlement> = (0..150)
        .map(|n| {
            let name: EntitlementName = format!("e{n}").parse().unwrap();
            Entitlement { name, description: "ﷺ".repeat(200), ..orders() }
        })
        .collect();
    let offered = options(&many.iter().collect::<Vec<_>>());
    let offered = offered["options"].as_array().unwrap();
    assert_eq!(offered.len(), OPTIONS);
    assert_eq!((offered[0]["value"].as_str(), offered[0]["text"]["text"].as_str()), (Some("e0"), Some("e0")));
    assert!(offered.iter().all(|option| option["description"]["text"].as_str().unwrap().chars().count() <= 75));
}

proptest! {
    #[test]
    fn every_pattern_that_is_offered_comes_back(picked in prop::collection::vec(any::<bool>(), 2)) {
        let all = facts().permissions;
        let chosen: Vec<String> = all.iter().zip(&picked).filter(|(_, on)| **on).map(|(p, _)| p.clone()).collect();
        let values = chosen.iter().map(|pattern| option_value(pattern)).collect();
        let form = AskForm { permissions: Selection::Chosen(values), ..AskForm::default() };
        let back = wish(&form, &orders()).unwrap().permissions.unwrap_or_default();
        prop_assert_eq!(back, chosen);
    }

    #[test]
    fn any_typing_is_survived(typed in "(?s).{0,300}") {
        let _ = matches(&typed, &orders());
    }
}
