//! Whose call was it? [`attribution_cases`] is the table; the others are what a table can't show.

mod order;
mod real;
mod sample;

use super::*;
use sample::{Record, grants};

/// Session: sessions of a base role that Alice's two grants share.
pub(super) const ALICE: &str = "req_0198c0ffee00700080000000aaaaaaaa";
pub(super) const ALICE_TOO: &str = "req_0198c0ffee00700080000000aaaaaaab";
/// Role: a role of its own.
pub(super) const BOB: &str = "req_0198c0ffee00700080000000bbbbbbbb";
/// Policy: sessions of a role that others enter, too, in another account.
pub(super) const CAROL: &str = "req_0198c0ffee00700080000000cccccccc";
/// Identity Center: two whose windows overlap, one of another person, one of another account.
pub(super) const DAVE: &str = "req_0198c0ffee00700080000000dddddddd";
pub(super) const DAVE_TOO: &str = "req_0198c0ffee00700080000000ddddddde";
/// No grant has it.
const NOBODYS: &str = "req_0198c0ffee00700080000000ffffffff";

pub(super) const BASE: &str = "arn:aws:iam::111111111111:role/countersign-base/debug";
pub(super) const BOBS: &str = "arn:aws:iam::111111111111:role/countersign/req_0198c0ffee00700080000000bbbbbbbb";
pub(super) const SHARED: &str = "arn:aws:iam::222222222222:role/team/app";
const OTHER: &str = "arn:aws:iam::333333333333:role/elsewhere";
pub(super) const PROVISIONER: &str = "arn:aws:iam::222222222222:role/countersign-system/countersign-provisioner";
pub(super) const CREDENTIALS: &str = "arn:aws:iam::111111111111:role/countersign-system/countersign-credentials";
const SSO: &str =
    "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef";

/// Keys that Alice's first grant, and Bob's, are known to have.
pub(super) const ALICES_KEY: &str = "ASIAALICE";
pub(super) const BOBS_KEY: &str = "ASIABOB";

fn of(id: &str, rule: Rule) -> Attribution {
    Attribution::Of { id: id.parse().unwrap(), rule, when: When::Within, chained: false }
}

fn chained(id: &str, rule: Rule) -> Attribution {
    Attribution::Of { id: id.parse().unwrap(), rule, when: When::Within, chained: true }
}

fn at(id: &str, rule: Rule, when: When) -> Attribution {
    Attribution::Of { id: id.parse().unwrap(), rule, when, chained: false }
}

fn nobody(why: Why) -> Attribution {
    Attribution::Nobody { why }
}

fn session(role: &str, name: &str) -> Record {
    Record::session(role, name)
}

/// A session as Countersign opens it.
fn ours(role: &str, id: &str) -> Record {
    session(role, id).identity(id)
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn attribution_cases() {
    let longer = format!("{ALICE}0");
    let shorter = ALICE.replace("aaaaaaaa", "aaaaaaa");
    let upper = ALICE.to_uppercase();
    let cases = [
        // Source identity.
        ("source identity in the grant's role", ours(BASE, ALICE), of(ALICE, Rule::SourceIdentity)),
        ("another grant of the same person", ours(BASE, ALICE_TOO), of(ALICE_TOO, Rule::SourceIdentity)),
        ("source identity in a chain", session(OTHER, "x").identity(ALICE), chained(ALICE, Rule::SourceIdentity)),
        (
            "source identity in a chain of another account's session that is called like another grant",
            session(OTHER, ALICE_TOO).identity(ALICE),
            chained(ALICE, Rule::SourceIdentity),
        ),
        (
            "source identity, whatever the session is called",
            session(BASE, ALICE_TOO).identity(ALICE),
            of(ALICE, Rule::SourceIdentity),
        ),
        ("a longer source identity", session(BASE, "x").identity(&longer), nobody(Why::Unrelated)),
        ("a shorter source identity", session(BASE, "x").identity(&shorter), nobody(Why::Unrelated)),
        ("a source identity in capitals", session(BASE, "x").identity(&upper), nobody(Why::Unrelated)),
        ("an unknown request", session(BASE, NOBODYS).identity(NOBODYS), nobody(Why::UnknownRequest)),
        ("an unknown request rules the name out", session(BASE, ALICE).identity(NOBODYS), nobody(Why::UnknownRequest)),
        // Session name.
        ("session name and role", session(BASE, ALICE_TOO), of(ALICE_TOO, Rule::SessionName)),
        ("a name on a role that others use too", session(SHARED, CAROL), nobody(Why::ForeignSession)),
        ("and with the source identity", session(SHARED, CAROL).identity(CAROL), of(CAROL, Rule::SourceIdentity)),
        ("a service on behalf", session(BASE, ALICE).by("cloudformation.amazonaws.com"), of(ALICE, Rule::SessionName)),
        (
            "a console session with another key",
            session(BASE, ALICE).key("ASIACONSOLE").console(),
            of(ALICE, Rule::SessionName),
        ),
        ("a console session without a key", ours(BASE, ALICE).key("").console(), of(ALICE, Rule::SourceIdentity)),
        ("a longer session name", session(BASE, &longer), nobody(Why::Unrelated)),
        ("a shorter session name", session(BASE, &shorter), nobody(Why::Unrelated)),
        ("somebody else's session of that name", session(OTHER, ALICE), nobody(Why::ForeignRole)),
        (
            "a role of that name in another account",
            session("arn:aws:iam::222222222222:role/countersign-base/debug", ALICE),
            nobody(Why::ForeignRole),
        ),
        (
            "a role of that name under another path",
            session("arn:aws:iam::111111111111:role/debug", ALICE),
            nobody(Why::ForeignRole),
        ),
        (
            "a session whose account is not the role's",
            session(BASE, ALICE).account("222222222222"),
            nobody(Why::ForeignRole),
        ),
        ("another's session of a shared role", session(SHARED, CAROL).identity("mallory"), nobody(Why::ForeignSession)),
        ("a session name of an unknown request", session(BASE, NOBODYS), nobody(Why::UnknownRequest)),
        ("a session without context", session("", ALICE), nobody(Why::UnknownRole)),
        ("a session without context, known by key", session("", ALICE).key(ALICES_KEY), of(ALICE, Rule::KeyChain)),
        // A role of its own.
        ("the request's own role", session(BOBS, "bob"), of(BOB, Rule::OwnRole)),
        ("its own role, called by the id", session(BOBS, BOB), of(BOB, Rule::SessionName)),
        ("its own role, with the person's source identity", session(BOBS, "b").identity("bob"), of(BOB, Rule::OwnRole)),
        (
            "its own role, under another grant's source identity",
            session(BOBS, "b").identity(ALICE),
            of(BOB, Rule::OwnRole),
        ),
        (
            "squatting: a role with the id for its name, elsewhere",
            session(&BOBS.replace("/countersign/", "/evil/"), "bob"),
            nobody(Why::Unrelated),
        ),
        (
            "squatting: with the session's name, too",
            session(&BOBS.replace("111111111111", "333333333333"), BOB),
            nobody(Why::ForeignRole),
        ),
        // Keys.
        ("a chain by its key", session(OTHER, "x").key(ALICES_KEY), chained(ALICE, Rule::KeyChain)),
        (
            "a chain that was called like another's grant",
            session(OTHER, BOB).key(ALICES_KEY),
            chained(ALICE, Rule::KeyChain),
        ),
        (
            "a chain that was given another's source identity",
            session(OTHER, "x").key(BOBS_KEY).identity(ALICE),
            chained(BOB, Rule::KeyChain),
        ),
        (
            "the source identity of the grant's own role, whatever the key",
            ours(BASE, ALICE).key(BOBS_KEY),
            of(ALICE, Rule::SourceIdentity),
        ),
        (
            "a chain that was given the source identity of no known request",
            session(OTHER, "x").key(ALICES_KEY).identity(NOBODYS),
            chained(ALICE, Rule::KeyChain),
        ),
        ("a key that merely begins so", session(OTHER, "x").key("ASIAALICE0"), nobody(Why::Unrelated)),
        ("a key that is empty", session(OTHER, "x").key(""), nobody(Why::Unrelated)),
        // Identity Center.
        (
            "Identity Center, by user",
            session(SSO, "d").behalf("user-d").at("11:30"),
            at(DAVE, Rule::IdentityCenter, When::Within),
        ),
        ("Identity Center, by name", session(SSO, "user-d").at("11:30"), at(DAVE, Rule::IdentityCenter, When::Within)),
        ("Identity Center, two overlap", session(SSO, "d").behalf("user-d").at("12:15"), nobody(Why::Ambiguous)),
        (
            "Identity Center, the second alone",
            session(SSO, "d").behalf("user-d").at("12:45"),
            of(DAVE_TOO, Rule::IdentityCenter),
        ),
        ("Identity Center, another user", session(SSO, "user-d").behalf("user-e"), nobody(Why::Unrelated)),
        (
            "Identity Center, another permission set",
            session(&SSO.replace("Admin", "Admin_More"), "d").behalf("user-d"),
            nobody(Why::Unrelated),
        ),
        (
            "Identity Center, another account",
            session(&SSO.replace("111111111111", "222222222222"), "d").behalf("user-d"),
            nobody(Why::Unrelated),
        ),
        (
            "a role that is called like one of Identity Center's",
            session("arn:aws:iam::111111111111:role/AWSReservedSSO_Admin_0123456789abcdef", "user-d"),
            nobody(Why::Unrelated),
        ),
        ("Identity Center, after both", session(SSO, "d").behalf("user-d").at("13:30"), nobody(Why::Ambiguous)),
        ("Identity Center, a day later", session(SSO, "d").behalf("user-d").at("+1d"), nobody(Why::AfterSessions)),
        ("Identity Center, before", session(SSO, "d").behalf("user-d").at("10:00"), nobody(Why::BeforeStart)),
        // Opening.
        (
            "our own function opens it",
            session(CREDENTIALS, "lambda").opens(BASE, ALICE, ALICE, "ASIANEW"),
            of(ALICE, Rule::Opening),
        ),
        (
            "the same in the other account's trail",
            Record::other_account().opens(SHARED, CAROL, CAROL, "ASIANEW"),
            of(CAROL, Rule::Opening),
        ),
        (
            "the person opens their role",
            Record::user("bob").opens(BOBS, "laptop", "", "ASIANEW"),
            of(BOB, Rule::Opening),
        ),
        ("by SAML", Record::saml().opens_with("AssumeRoleWithSAML", BOBS, "b", "ASIANEW"), of(BOB, Rule::Opening)),
        (
            "by web identity",
            Record::saml().opens_with("AssumeRoleWithWebIdentity", BOBS, "b", "ASIANEW"),
            of(BOB, Rule::Opening),
        ),
        (
            "somebody opens a shared role under a grant's name",
            Record::user("mallory").opens(SHARED, CAROL, "", "ASIAEVIL"),
            nobody(Why::ForeignSession),
        ),
        (
            "somebody opens a role of theirs under a grant's name",
            Record::user("mallory").opens(OTHER, ALICE, "", "ASIAEVIL"),
            nobody(Why::ForeignRole),
        ),
        (
            "somebody opens a role of theirs under a grant's source identity",
            Record::user("mallory").opens(OTHER, "m", ALICE, "ASIAEVIL"),
            nobody(Why::ForeignRole),
        ),
        (
            "somebody tries a grant's role",
            Record::user("mallory").opens(BOBS, "m", "", "").error("AccessDenied"),
            nobody(Why::NotOpened),
        ),
        (
            "a session of an unknown request",
            session(CREDENTIALS, "lambda").opens(BASE, NOBODYS, NOBODYS, "ASIANEW"),
            nobody(Why::OurOwn),
        ),
        (
            "the holder opens another role",
            ours(BASE, ALICE).opens(OTHER, "x", "", "ASIANEW"),
            of(ALICE, Rule::SourceIdentity),
        ),
        (
            "the provisioner is entered in a request's name",
            session(CREDENTIALS, "lambda").opens(PROVISIONER, ALICE, ALICE, "ASIANEW"),
            nobody(Why::OurOwn),
        ),
        ("the provisioner works in a request's name", ours(PROVISIONER, ALICE), nobody(Why::OurOwn)),
        // Others.
        ("a user of IAM", Record::user("alice"), nobody(Why::Unrelated)),
        ("a user of IAM with the id for a name", Record::user(ALICE), nobody(Why::Unrelated)),
        ("root", Record::root(), nobody(Why::Unrelated)),
        ("a service", Record::service(), nobody(Why::Service)),
        ("a service that opens a role", Record::service().opens(BOBS, "s", "", "ASIAX"), nobody(Why::Service)),
        ("a federated user of that name", Record::federated(ALICE), nobody(Why::UnknownRole)),
        ("nobody at all", Record::nobody(), nobody(Why::Unrelated)),
        // Time.
        ("the first second", ours(BASE, ALICE).at("12:00"), of(ALICE, Rule::SourceIdentity)),
        ("a minute before", ours(BASE, ALICE).at("11:59"), at(ALICE, Rule::SourceIdentity, When::JustBefore)),
        ("more than a minute before", ours(BASE, ALICE).at("11:58"), nobody(Why::BeforeStart)),
        ("the end", ours(BASE, ALICE).at("13:00"), at(ALICE, Rule::SourceIdentity, When::After)),
        ("a day after", ours(BASE, ALICE).at("+1d"), at(ALICE, Rule::SourceIdentity, When::After)),
        // Kubernetes' log has no path, and no source identity.
        ("Kubernetes, by session name", session(BASE, ALICE).kubernetes(), of(ALICE, Rule::SessionName)),
        ("Kubernetes, the request's own role", session(BOBS, "b").kubernetes(), of(BOB, Rule::OwnRole)),
        (
            "Kubernetes, a role of another account",
            session("arn:aws:iam::222222222222:role/debug", ALICE).kubernetes(),
            nobody(Why::ForeignRole),
        ),
    ];
    let known = grants();
    for (case, record, wanted) in cases {
        assert_eq!(attribute(&record.call(), &known), wanted, "{case}");
    }
}

#[test]
fn chains_are_followed_in_whatever_order_their_links_come() {
    // Alice's session opens a role, that one a second, and that one is used. None has a source identity.
    let calls = [
        session("arn:aws:iam::333333333333:role/two", "x").key("ASIATWO").call(),
        session(OTHER, "x").key("ASIAONE").opens("arn:aws:iam::333333333333:role/two", "x", "", "ASIATWO").call(),
        session(BASE, "x").key(ALICES_KEY).opens(OTHER, "x", "", "ASIAONE").call(),
        session(OTHER, "x").key("ASIAUNRELATED").call(),
    ];
    let wanted = [
        chained(ALICE, Rule::KeyChain),
        chained(ALICE, Rule::KeyChain),
        of(ALICE, Rule::KeyChain),
        nobody(Why::Unrelated),
    ];
    assert_eq!(attribute_all(&calls, &mut grants()), wanted);
    let (backwards, mut wanted_backwards) = (calls.iter().rev().cloned().collect::<Vec<_>>(), wanted);
    wanted_backwards.reverse();
    assert_eq!(attribute_all(&backwards, &mut grants()), wanted_backwards);

    // Learned late: what is attributed again when the key is known is the same.
    let mut known = grants();
    assert_eq!(attribute(&calls[0], &known), nobody(Why::Unrelated));
    attribute_all(&calls[1..3], &mut known);
    assert!(known.wants_key("ASIATWO"));
    assert_eq!(attribute(&calls[0], &known), wanted_backwards[3]);
}

#[test]
fn the_key_of_an_opening_is_followed() {
    let mut known = grants();
    let opening = session(CREDENTIALS, "lambda").opens(BASE, ALICE, ALICE, "ASIANEW").call();
    let found = attribute(&opening, &known);
    let taught = Taught::Key { id: ALICE.parse().unwrap(), key: "ASIANEW".to_owned() };
    assert_eq!(known.learn(&opening, &found), Some(taught));
    assert_eq!(known.learn(&opening, &found), None, "it is known already");
    assert_eq!(attribute(&session(OTHER, "x").key("ASIANEW").call(), &known), chained(ALICE, Rule::KeyChain));
}

#[test]
fn a_forged_session_is_nobodys_once_its_opening_is_known() {
    for (opening, used) in [
        (Record::user("mallory").opens(SHARED, CAROL, "", "ASIAEVIL"), session(SHARED, CAROL).key("ASIAEVIL")),
        (
            Record::user("mallory").opens(OTHER, "m", ALICE, "ASIAEVIL"),
            session(OTHER, "m").identity(ALICE).key("ASIAEVIL"),
        ),
    ] {
        let mut known = grants();
        let calls = [used.call(), opening.call()];
        assert_eq!(attribute_all(&calls, &mut known)[0], nobody(Why::ForeignSession));
        // And what is opened with it.
        let further = used.clone().opens(OTHER, "y", "", "ASIAFURTHER").call();
        let found = attribute(&further, &known);
        assert_eq!(found, nobody(Why::ForeignSession));
        assert_eq!(known.learn(&further, &found), Some(Taught::Disowned { key: "ASIAFURTHER".to_owned() }));
    }
}

#[test]
fn a_key_that_two_grants_claim_is_nobodys() {
    let mut known = grants();
    let bob = known.get(&BOB.parse().unwrap()).unwrap().clone();
    known.add(bob, [ALICES_KEY]);
    assert_eq!(attribute(&session(OTHER, "x").key(ALICES_KEY).call(), &known), nobody(Why::Ambiguous));
    // What is certain without the key stays so.
    assert_eq!(attribute(&ours(BASE, ALICE).key(ALICES_KEY).call(), &known), of(ALICE, Rule::SourceIdentity));
}
