//! What the documents show is what the code does.

use contracts::repository;

/// The text between `<!-- mark -->` and `<!-- /mark -->`.
fn between<'a>(document: &'a str, mark: &str) -> &'a str {
    let (open, close) = (format!("<!-- {mark} -->"), format!("<!-- /{mark} -->"));
    let after = document.split_once(&open).unwrap().1;
    after.split_once(&close).unwrap().0.trim()
}

#[test]
fn the_state_tables_are_those_that_the_code_makes() {
    let architecture = repository::text("ARCHITECTURE.md").unwrap();
    for (mark, snapshot) in
        [("states", "every_status_against_every_command"), ("states:role", "what_a_role_does_otherwise")]
    {
        let path =
            format!("shared/model/src/lifecycle/tests/snapshots/model__lifecycle__tests__table__{snapshot}.snap");
        let made = repository::text(&path).unwrap();
        let table = made.splitn(3, "---\n").nth(2).unwrap_or_default().trim();
        assert_eq!(between(&architecture, mark), table, "{mark}: copy the table from {path}");
    }
}
