//! The stable codes that callers may meet, found in the source that makes them.
//!
//! Found in the source and not by calling it: a code that is added is then found without anybody thinking of this test.

use std::collections::BTreeSet;

/// Source without its tests.
fn live(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap_or(source)
}

fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"')?.split_once('"').map(|(literal, _)| literal)
}

/// The codes of a `fn code`: the literals of its arms.
pub fn of_arms(source: &str) -> BTreeSet<String> {
    let bodies = live(source).split("fn code(").skip(1).map(|rest| rest.split("\n    }\n").next().unwrap_or(rest));
    bodies.flat_map(|body| body.split("=>").skip(1).filter_map(literal).map(str::to_owned)).collect()
}

/// Status and code of every problem that is made by `Problem::new(403, "…"`.
pub fn of_problems(source: &str) -> BTreeSet<(u16, String)> {
    let source = live(source);
    let calls = source.split("Problem::new(").skip(1).chain(source.split("Self::new(").skip(1));
    calls
        .filter_map(|call| {
            let (status, rest) = call.split_once(',')?;
            Some((status.trim().parse().ok()?, literal(rest)?.to_owned()))
        })
        // Other answers are made with `Self::new` too.
        .filter(|(status, _)| *status >= 400)
        .collect()
}

/// The codes of wrong fields: the second argument of `wrong(…)`, the `code` of a `FieldError`, and what a `let code`
/// chooses from.
pub fn of_fields(source: &str) -> BTreeSet<String> {
    let source = live(source);
    let argument = |call: &str| literal(call.split_once(',')?.1).map(str::to_owned);
    let arguments = source.split("wrong(").skip(1).filter_map(argument);
    let fields = source.split("code: ").skip(1).filter_map(|rest| literal(rest).map(str::to_owned));
    let choices = source.split("let code = ").skip(1).flat_map(|rest| {
        let choice = rest.split(';').next().unwrap_or(rest);
        let arms = choice.split("=>").skip(1).chain(choice.split('{').skip(1));
        arms.filter_map(literal).map(str::to_owned).collect::<Vec<_>>()
    });
    // A choice's first arm begins with the value that it is for, which is a field's name.
    let is_code = |code: &String| code.contains('_');
    arguments.chain(fields).chain(choices).filter(is_code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_every_form() {
        let source = r#"
    pub fn code(self) -> &'static str {
        match self {
            Self::A => "a_code",
            Self::B(inner) => inner.code(),
        }
    }
    let code = match name {
        "entitlement" => "unknown_entitlement",
        _ => "invalid_value",
    };
    let code = if name == "permissions" { "invalid_permissions" } else { "invalid_resources" };
    wrong("ticketId", "invalid_ticket", text); keep(wrong(
        name, "ticket_required", text));
    FieldError { field: "limit", code: "invalid_limit", message };
    Problem::new(413, "body_too_large", "x"); Self::new(status, code, "x"); Self::new(404, "no_route", "x");
#[cfg(test)]
    wrong("x", "only_in_tests", "x")
"#;
        let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(of_arms(source), set(&["a_code"]));
        assert_eq!(
            of_problems(source),
            BTreeSet::from([(413, "body_too_large".to_owned()), (404, "no_route".to_owned())])
        );
        let fields = [
            "unknown_entitlement",
            "invalid_value",
            "invalid_permissions",
            "invalid_resources",
            "invalid_ticket",
            "ticket_required",
            "invalid_limit",
        ];
        assert_eq!(of_fields(source), set(&fields));
    }
}
