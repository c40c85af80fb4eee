//! The catalog's file form, and its checks.

use super::form::{CatalogFile, EntitlementFile, Key, LimitsFile, PersonFile, SessionNamesFile, line};
use super::{Catalog, EntitledMechanism, Person, SessionNames};
use crate::amount::parse_duration;
use crate::lifecycle::SHORTEST_GRANT;
use crate::limits::Limits;
use crate::names::{GroupName, NameError, PersonId, PrincipalArn, SlackUser};
use crate::risk::RiskLevel;
use crate::text::inert;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// Longest catalog, in bytes: some ten thousand entitlements. It is read whenever a function starts.
const LONGEST_CATALOG: usize = 4_000_000;

/// Mappings, sequences and scalars of a catalog; the parser's own bound, 250,000, would be reached by eight thousand
/// entitlements, which are shorter than [`LONGEST_CATALOG`].
const MOST_NODES: usize = 1_000_000;

/// How the resource of a base role's ARN begins. The functions' own roles reach no others, and a role
/// elsewhere may be one that people enter by themselves.
const BASE_ROLES: &str = "role/countersign-base/";

/// Most countersignatures that may be asked for.
const MOST_APPROVALS: u8 = 10;

/// Most requests of one person within an hour that may be allowed.
const MOST_PER_HOUR: u32 = 10_000;

/// Most requests of one person that may be allowed to wait at the same time: all of them are read when there is no more room.
const MOST_OPEN: u32 = 1_000;

/// What the YAML reader says, and what a person who writes a catalog understands.
const IN_PLAIN_WORDS: [(&str, &str); 3] = [
    ("invalid i64", "not a whole number"),
    ("expected sequence start", "expected a list"),
    ("expected mapping start", "expected names with values"),
];

/// One problem of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 if it concerns the whole file.
    pub line: usize,
    /// What is wrong and what would be right.
    pub reason: String,
    /// A stable code, for what somebody may want to look for.
    pub code: Option<&'static str>,
}

/// Longest reason, in characters: what reads a file quotes what it stumbled over, to the file's end if need be.
const LONGEST_REASON: usize = 4_000;

impl Problem {
    /// A problem, told so that whatever it quotes of the file does nothing to a terminal.
    pub(crate) fn new(file: &str, line: usize, reason: &str, code: Option<&'static str>) -> Self {
        Self { file: file.to_owned(), line, reason: inert(reason, LONGEST_REASON), code }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.reason)?;
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.reason)?;
        }
        self.code.map_or(Ok(()), |code| write!(f, " [{code}]"))
    }
}

/// Everything wrong with a bundle of files. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Collects problems while reading on.
pub(super) struct Reader<'a> {
    file: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, line: usize, reason: impl AsRef<str>) {
        self.problems.push(Problem::new(self.file, line, reason.as_ref(), None));
    }

    pub(super) fn problem_named(&mut self, code: &'static str, line: usize, reason: &str) {
        self.problems.push(Problem::new(self.file, line, reason, Some(code)));
    }

    pub(super) fn spanned<T: FromStr<Err = NameError>>(&mut self, text: &Spanned<String>) -> Option<T> {
        text.value.parse().map_err(|error: NameError| self.problem(line(text), error.to_string())).ok()
    }

    pub(super) fn approvals(&mut self, needed: &Spanned<i64>) -> Option<u8> {
        let number = u8::try_from(needed.value).ok().filter(|number| *number <= MOST_APPROVALS);
        if number.is_none() {
            self.problem(line(needed), format!("approvals takes 0 to {MOST_APPROVALS}"));
        }
        number
    }

    pub(super) fn duration(&mut self, text: &Spanned<String>, longest: u64) -> Option<u64> {
        match parse_duration(&text.value) {
            Ok(seconds) if (SHORTEST_GRANT..=longest).contains(&seconds) => Some(seconds),
            Ok(_) => {
                self.problem(
                    line(text),
                    format!(
                        "`{}` must be from {SHORTEST_GRANT}s to {}",
                        text.value,
                        crate::amount::display_duration(longest)
                    ),
                );
                None
            }
            Err(error) => {
                self.problem(line(text), error.to_string());
                None
            }
        }
    }
}

pub(super) fn read(file: &str, text: &str) -> Result<Catalog, Problems> {
    let mut reader = Reader { file, problems: Vec::new() };
    if text.len() > LONGEST_CATALOG {
        reader.problem(0, format!("longer than {LONGEST_CATALOG} bytes"));
        return Err(Problems(reader.problems));
    }
    let budget = serde_saphyr::budget! { max_nodes: MOST_NODES, max_events: 2 * MOST_NODES };
    let raw: CatalogFile = match serde_saphyr::from_str_with_options(text, serde_saphyr::options! { budget: budget }) {
        Ok(raw) => raw,
        Err(error) => {
            let at = error.location().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
            let shown = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
            // The place is said before the reason already.
            let reason =
                shown.lines().next().and_then(|first| first.split(" at line ").next()).unwrap_or("not a catalog");
            let reason =
                IN_PLAIN_WORDS.iter().fold(reason.to_owned(), |reason, (theirs, ours)| reason.replace(theirs, ours));
            reader.problem(at, reason);
            return Err(Problems(reader.problems));
        }
    };
    if raw.version.value != 1 {
        reader.problem(
            line(&raw.version),
            format!("version {} is not known; this release reads version 1", raw.version.value),
        );
    }
    let mut catalog = Catalog {
        entitlements: BTreeMap::new(),
        persons: BTreeMap::new(),
        groups: BTreeSet::new(),
        schedules: BTreeMap::new(),
        session_names: Vec::new(),
        floors: BTreeMap::new(),
        limits: Limits::default(),
        by_slack: BTreeMap::new(),
        by_principal: BTreeMap::new(),
        by_email: BTreeMap::new(),
    };
    for (id, person) in &raw.persons {
        reader.person(&mut catalog, id, person);
    }
    for (name, members) in &raw.groups {
        reader.group(&mut catalog, name, members);
    }
    for (name, schedule) in &raw.schedules {
        reader.schedule(&mut catalog, name, schedule);
    }
    for names in &raw.session_names {
        reader.session_names(&mut catalog, names);
    }
    reader.limits(&mut catalog, &raw.limits);
    for (level, needed) in &raw.risk.approvals {
        match RiskLevel::named(&level.0.value) {
            Some(level) => {
                if let Some(needed) = reader.approvals(needed) {
                    catalog.floors.insert(level, needed);
                }
            }
            None => reader
                .problem(line(&level.0), format!("`{}` is not a risk: low, medium, high or critical", level.0.value)),
        }
    }
    for (name, entitlement) in &raw.entitlements {
        if let Some(entitlement) = reader.entitlement(&catalog, name, entitlement) {
            catalog.entitlements.insert(entitlement.name.clone(), entitlement);
        }
    }
    if reader.problems.is_empty() { Ok(catalog) } else { Err(Problems(reader.problems)) }
}

impl Reader<'_> {
    fn limits(&mut self, catalog: &mut Catalog, file: &LimitsFile) {
        let mut read = |given: &Option<Spanned<i64>>, what: &str, most: u32, limit: &mut u32| {
            let Some(given) = given else { return };
            match u32::try_from(given.value).ok().filter(|number| (1..=most).contains(number)) {
                Some(number) => *limit = number,
                None => self.problem(line(given), format!("{what} takes 1 to {most}")),
            }
        };
        read(&file.requests_per_hour, "requestsPerHour", MOST_PER_HOUR, &mut catalog.limits.requests_per_hour);
        read(&file.open_requests, "openRequests", MOST_OPEN, &mut catalog.limits.open_requests);
        read(&file.approvals_per_hour, "approvalsPerHour", MOST_PER_HOUR, &mut catalog.limits.approvals_per_hour);
    }

    fn person(&mut self, catalog: &mut Catalog, id: &Key, file: &PersonFile) {
        let Some(id) = self.spanned::<PersonId>(&id.0) else { return };
        let mut slack = Vec::new();
        for text in &file.slack {
            let Some(user) = self.spanned::<SlackUser>(text) else { continue };
            if let Some(other) = catalog.by_slack.insert(user.clone(), id.clone()) {
                self.problem(
                    line(text),
                    format!("Slack user `{user}` belongs to `{other}` already; an identity has one person"),
                );
            }
            slack.push(user);
        }
        let mut principals = Vec::new();
        for text in &file.principals {
            let Some(arn) = self.spanned::<PrincipalArn>(text) else { continue };
            if let Some(other) = catalog.by_principal.insert(arn.clone(), id.clone()) {
                self.problem(line(text), format!("`{arn}` belongs to `{other}` already; an identity has one person"));
            }
            principals.push(arn);
        }
        if let Some(email) = &file.email {
            let address = email.value.to_ascii_lowercase();
            if !address.is_ascii()
                || address.len() > 64
                || address.split_once('@').is_none_or(|(a, b)| a.is_empty() || b.is_empty())
            {
                self.problem(
                    line(email),
                    format!("`{}` is not an e-mail address of at most 64 ASCII characters", email.value),
                );
            } else if let Some(other) = catalog.by_email.insert(address, id.clone()) {
                self.problem(
                    line(email),
                    format!("the address belongs to `{other}` already; an identity has one person"),
                );
            }
        }
        let email = file.email.as_ref().map(|email| email.value.clone());
        catalog.persons.insert(id.clone(), Person { id, email, slack, principals, groups: BTreeSet::new() });
    }

    fn group(&mut self, catalog: &mut Catalog, name: &Key, members: &[Spanned<String>]) {
        let Some(name) = self.spanned::<GroupName>(&name.0) else { return };
        for member in members {
            let Some(id) = self.spanned::<PersonId>(member) else { continue };
            match catalog.persons.get_mut(&id) {
                Some(person) => {
                    person.groups.insert(name.clone());
                }
                None => self.problem(line(member), format!("`{id}` is not a person of this catalog")),
            }
        }
        catalog.groups.insert(name);
    }

    fn session_names(&mut self, catalog: &mut Catalog, names: &SessionNamesFile) {
        let account = match &names.account {
            Some(account) => match self.spanned(account) {
                Some(account) => Some(account),
                None => return,
            },
            None => None,
        };
        let role = names.role.value.clone();
        let stem = role.strip_suffix('*').unwrap_or(&role);
        if stem.len() < 3 || !stem.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c)) {
            self.problem(
                line(&names.role),
                format!("`{role}` must be a role name of at least 3 characters, with `*` only at its end"),
            );
            return;
        }
        catalog.session_names.push(SessionNames { account, role, mfa: names.mfa });
    }

    pub(super) fn mechanism(&mut self, file: &EntitlementFile) -> Option<EntitledMechanism> {
        let at = line(&file.mechanism);
        match (file.mechanism.value.as_str(), &file.base_role, &file.target_role) {
            ("session", Some(role), None) => {
                self.base_role(file, role).map(|base_role| EntitledMechanism::Session { base_role })
            }
            ("role", None, None) => Some(EntitledMechanism::Role),
            ("policy", None, Some(role)) => {
                self.own_role(file, role).map(|target_role| EntitledMechanism::Policy { target_role })
            }
            ("session", ..) => {
                self.problem(at, "mechanism `session` takes `baseRole` and no `targetRole`");
                None
            }
            ("role", ..) => {
                self.problem(at, "mechanism `role` takes neither `baseRole` nor `targetRole`");
                None
            }
            ("policy", ..) => {
                self.problem(at, "mechanism `policy` takes `targetRole` and no `baseRole`");
                None
            }
            (other, ..) => {
                self.problem(at, format!("`{other}` is not a mechanism: session, role or policy"));
                None
            }
        }
    }

    /// A role that sessions are cut from: the functions enter, and deny on, those under this path alone.
    fn base_role(&mut self, file: &EntitlementFile, role: &Spanned<String>) -> Option<PrincipalArn> {
        let arn = self.own_role(file, role)?;
        let under = arn.as_str().splitn(6, ':').nth(5).is_some_and(|resource| resource.starts_with(BASE_ROLES));
        if !under {
            self.problem(line(role), format!("`{arn}` is not a base role: its path must be /countersign-base/, as in `arn:aws:iam::{}:{BASE_ROLES}{}`", arn.account(), arn.name()));
            return None;
        }
        Some(arn)
    }

    fn own_role(&mut self, file: &EntitlementFile, role: &Spanned<String>) -> Option<PrincipalArn> {
        let arn: PrincipalArn = self.spanned(role)?;
        if !arn.is_role() || arn.account() != file.account.value {
            self.problem(line(role), format!("`{arn}` is not a role of account {}", file.account.value));
            return None;
        }
        Some(arn)
    }
}
