//! Real records of sessions, made into sessions of a grant by no more than their names.

use super::sample::grant_of;
use super::*;

const RECORDS: &str = include_str!("../data/records.jsonl");
const DAY: &str = "2023-07-10";
const SESSION: &str = "aws-go-sdk-1688990082523310002";
const ROLE: &str = "stratus-red-team-ec2-get-password-data-role";
const ID: &str = "req_0198c0ffee00700080000000eeeeeeee";

fn calls(change: impl Fn(&str) -> String) -> Vec<Call> {
    RECORDS.lines().map(|line| Call::parse(change(line).as_bytes()).unwrap()).collect()
}

fn found(calls: &[Call], known: &mut Grants) -> Vec<(String, Rule, When, bool)> {
    let attributed = attribute_all(calls, known);
    let ours = calls.iter().zip(attributed).filter_map(|(call, attribution)| match attribution {
        Attribution::Of { rule, when, chained, .. } => Some((call.name.clone(), rule, when, chained)),
        Attribution::Nobody { .. } => None,
    });
    ours.collect()
}

#[test]
fn nothing_real_is_anybodys_without_a_grant() {
    let mut known = Grants::new([]);
    assert_eq!(found(&calls(str::to_owned), &mut known), []);
}

#[test]
fn a_session_that_bears_the_id() {
    // As `policy` has it: the role is shared, the session is named; that its key was handed out under another name than
    // ours can be seen only from its opening, which is left out here.
    let role = format!("arn:aws:iam::123837392027:role/{ROLE}");
    let mut calls = calls(|line| line.replace(SESSION, ID));
    calls.retain(|call| call.opened.is_none());
    let mut known = Grants::new([]);
    known.add(grant_of(ID, &role, DAY), []);
    let all = vec![("GetPasswordData".to_owned(), Rule::SessionName, When::Within, false); 6];
    assert_eq!(found(&calls, &mut known), all);
}

#[test]
fn a_session_that_somebody_else_opened_under_that_name() {
    let role = format!("arn:aws:iam::123837392027:role/{ROLE}");
    let mut known = Grants::new([]);
    known.add(grant_of(ID, &role, DAY), []);
    assert_eq!(found(&calls(|line| line.replace(SESSION, ID)), &mut known), []);
}

#[test]
fn a_role_that_bears_the_id() {
    let change =
        |line: &str| line.replace(&format!(":role/{ROLE}"), &format!(":role/countersign/{ID}")).replace(ROLE, ID);
    let mut known = Grants::new([]);
    known.add(grant_of(ID, &format!("arn:aws:iam::123837392027:role/countersign/{ID}"), DAY), []);
    let opening = ("AssumeRole".to_owned(), Rule::Opening, When::Within, false);
    let used = ("GetPasswordData".to_owned(), Rule::OwnRole, When::Within, false);
    let wanted: Vec<_> = std::iter::repeat_n(opening, 2).chain(std::iter::repeat_n(used, 6)).collect();
    assert_eq!(found(&calls(change), &mut known), wanted);
    // The keys that the openings gave.
    assert!(known.wants_key("ASIATFQR7NSCWLLE7IWW") && known.wants_key("ASIATFQR7NSC7E2ZIBM2"));
}

#[test]
fn a_session_that_only_its_key_tells() {
    // The user's own key as a grant's: what they opened with it, and what was done in there.
    let mut known = Grants::new([]);
    let elsewhere = "arn:aws:iam::123837392027:role/elsewhere";
    known.add(
        Grant { ends_at: "2023-07-10T13:00:00Z".parse().unwrap(), ..grant_of(ID, elsewhere, DAY) },
        ["AKIATFQR7NSC8Q4X20BJ"],
    );
    let found = found(&calls(str::to_owned), &mut known);
    let chained: Vec<_> = found.iter().filter(|(_, _, _, chained)| *chained).map(|(name, ..)| name.as_str()).collect();
    assert_eq!(chained, ["GetPasswordData"; 6]);
    assert!(found.iter().all(|(_, rule, ..)| *rule == Rule::KeyChain));
    let opened = found.iter().filter(|(name, ..)| name == "AssumeRole").count();
    assert_eq!(opened, 6, "five that were opened, and one that was refused");
}
