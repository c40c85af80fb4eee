//! The rules: what is odd, how much it matters, and what people are told about it.
//!
//! | rule | found when | severity |
//! |---|---|---|
//! | `outside_actions` | an action was called that no granted pattern names | high; refused: low, medium if it changes permissions |
//! | `outside_resources` | a granted action worked on nothing but resources that no granted pattern names | high; reads: medium |
//! | `many_denied` | 25 calls were refused for want of permission | medium |
//! | `permission_change` | who may do what was changed | high; medium if the grant names the action |
//! | `logging_disabled` | recording or watching was, or may have been, turned off | critical, or high; an attempt: medium |
//! | `new_credentials` | a way in was made that outlives the grant | high; medium if the grant names the action |
//! | `new_trust` | somebody was let in: an account, a provider of identities, everybody | high; medium if the grant names the action |
//! | `new_address` | an address this person was never seen at | medium |
//! | `two_addresses` | two addresses within five minutes | high |
//! | `outside_source_ips` | something worked from an address that the grant is not bound to | high |
//! | `after_end` | a call after the end | critical if it worked; refused: medium |
//! | `chained_session` | a session of a role that is not the grant's own | medium |
//! | `first_service` | this person's first use of a service | low |
//! | `bulk_read` | 500 reads of data within ten minutes; 20 different secrets | medium; secrets: high |
//! | `mass_deletion` | 50 deletions within ten minutes | high |
//! | `more_findings` | there was no room for another finding | that of the gravest that was left out |
//! | `coverage_gap` | something of the grant's time is missing; found by [`crate::coverage`] | medium; high if the record was touched |
//!
//! Every rule is one that more calls can only fulfil, never undo. That is why none goes by a share, as in "half of the
//! calls were refused": records come in any order, and what is found in the end must not depend on it.

use super::address;
use super::named::{CHANGES_LOGGING, NEVER_CHECKED, NEW_CREDENTIALS, NEW_TRUST, STOPS_LOGGING, among};
use super::tallies::{Tallies, is_data_read, is_deletion, is_refusal, most, somebody};
use super::{Context, Severity};
use crate::call::{Call, Category};
use crate::entry::{Entry, Rule as Attribution, When};
use model::actions::{AccessLevel, level, pattern_matches, resource_covers, without_variables};
use model::text::inert;

use Severity::{Critical, High, Low, Medium};

/// Refused calls of one grant from which on they are many. A person who lacks one permission notices sooner.
pub const MANY_DENIED: u64 = 25;

/// Reads of data within ten minutes from which on they are a bulk: more than somebody looks at.
pub const MANY_READS: u64 = 500;

/// Different secrets of one grant from which on they are many.
pub const MANY_SECRETS: usize = 20;

/// Deletions within ten minutes from which on they are many.
pub const MANY_DELETIONS: u64 = 50;

/// How long after the end something may seem to have worked because two clocks differ, in seconds.
const CLOCKS: u64 = 5;

/// Most characters of a recorded text in a sentence.
const QUOTED: usize = 80;

/// What a rule found.
pub(super) struct Hit {
    pub(super) severity: Severity,
    pub(super) subject: String,
    pub(super) reason: String,
}

/// A rule about single calls.
pub(super) struct OfCalls {
    pub(super) code: &'static str,
    pub(super) finds: fn(&Context<'_>, &Entry) -> Option<Hit>,
}

/// A rule about all calls together, and which calls show it.
pub(super) struct OfAll {
    pub(super) code: &'static str,
    pub(super) finds: fn(&Tallies) -> Vec<Hit>,
    pub(super) shows: fn(&Hit, &Entry) -> bool,
}

/// Found when there is no room for another.
pub(super) const MORE: &str = "more_findings";

pub(super) const OF_CALLS: &[OfCalls] = &[
    OfCalls { code: "after_end", finds: after_end },
    OfCalls { code: "logging_disabled", finds: logging_disabled },
    OfCalls { code: "outside_source_ips", finds: outside_source_ips },
    OfCalls { code: "new_trust", finds: new_trust },
    OfCalls { code: "new_credentials", finds: new_credentials },
    OfCalls { code: "permission_change", finds: permission_change },
    OfCalls { code: "outside_actions", finds: outside_actions },
    OfCalls { code: "outside_resources", finds: outside_resources },
    OfCalls { code: "chained_session", finds: chained_session },
    OfCalls { code: "new_address", finds: new_address },
    OfCalls { code: "first_service", finds: first_service },
];

pub(super) const OF_ALL: &[OfAll] = &[
    OfAll {
        code: "two_addresses",
        finds: two_addresses,
        shows: |hit, entry| {
            somebody(&entry.call).is_some_and(|address| hit.subject.split(" + ").any(|one| one == address))
        },
    },
    OfAll { code: "mass_deletion", finds: mass_deletion, shows: |_, entry| is_deletion(&entry.call) },
    OfAll { code: "bulk_read", finds: bulk_read, shows: |_, entry| is_data_read(&entry.call) },
    OfAll { code: "many_denied", finds: many_denied, shows: |_, entry| is_refusal(&entry.call) },
];

fn after_end(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let call = &entry.call;
    if entry.when != When::After {
        return None;
    }
    let late = context.grant.ends_at.seconds_until(call.at);
    let told = format!("{} was called {} after the grant had ended", called(call), lasting(late));
    Some(if call.error.is_some() || is_never_checked(call) {
        let reason = format!("{told}; it was refused or changed nothing, but somebody still tries.");
        Hit { severity: Medium, subject: "refused".to_owned(), reason }
    } else {
        let severity = if late <= CLOCKS { High } else { Critical };
        let reason = format!("{told}, and it worked: access outlived its end. Find out how, and what else it did.");
        Hit { severity, subject: subject(&called(call)), reason }
    })
}

fn logging_disabled(_: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let (call, action) = work(entry)?;
    let stops = among(&STOPS_LOGGING, action);
    if !stops && !among(&CHANGES_LOGGING, action) {
        return None;
    }
    let (severity, what) = match (call.error.is_none(), stops) {
        (true, true) => (Critical, "turned recording or watching off: what is done next may leave no trace"),
        (true, false) => (High, "changed what is recorded or watched: see whether something is now left out"),
        (false, _) => (Medium, "was tried and failed: it would have changed what is recorded or watched"),
    };
    Some(Hit { severity, subject: subject(action), reason: format!("{}{} {what}.", shown(action), on(call)) })
}

fn outside_source_ips(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let call = &entry.call;
    let bound = &context.grant.source_ips;
    // Opening a session is bound by the role's trust, not by the grant's documents.
    let unbound = call.error.is_some() || is_never_checked(call) || entry.rule == Attribution::Opening;
    // A call that a service makes for somebody comes from the service's address, and IAM lets it: `aws:ViaAWSService`.
    if bound.is_empty() || unbound || !call.caller.invoked_by.is_empty() {
        return None;
    }
    let address = call.address.parse().ok()?;
    if bound.iter().any(|range| address::holds(range, address)) {
        return None;
    }
    let known = address::known_as(address);
    let reason = format!(
        "{} worked from {known}, which is not among the addresses that this grant is bound to ({}).",
        called(call),
        shown(&bound.join(", "))
    );
    Some(Hit { severity: High, subject: subject(&known), reason })
}

fn new_trust(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let what = "may let somebody in who was not: another account, another provider of identities, or everybody";
    granting(context, entry, |action| among(&NEW_TRUST, action), what)
}

fn new_credentials(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let what = "made or showed credentials that do not end with the grant";
    granting(context, entry, |action| among(&NEW_CREDENTIALS, action), what)
}

fn permission_change(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let manages = |action: &str| level(action) == Some(AccessLevel::PermissionsManagement);
    granting(context, entry, manages, "changed who may do what, and that stays when the grant ends")
}

/// A call that worked, and gave something to somebody. What the grant names word for word was looked at when it was
/// countersigned.
fn granting(context: &Context<'_>, entry: &Entry, is_it: impl Fn(&str) -> bool, what: &str) -> Option<Hit> {
    let (call, action) = work(entry)?;
    if call.error.is_some() || is_for_a_key(call) || !is_it(action) {
        return None;
    }
    let named = context.grant.permissions.iter().any(|pattern| pattern.eq_ignore_ascii_case(action));
    let severity = if named { Medium } else { High };
    Some(Hit { severity, subject: subject(action), reason: format!("{}{} {what}.", shown(action), on(call)) })
}

fn outside_actions(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let (call, action) = work(entry)?;
    if is_never_checked(call) || is_for_a_key(call) || is_granted(context, action) {
        return None;
    }
    let permissions = level(action) == Some(AccessLevel::PermissionsManagement);
    let (severity, what) = match (call.error.is_none(), permissions) {
        (true, _) => (High, "worked, and is not among the approved actions: something else than this grant allows it"),
        // The console asks for all that its pages show.
        (false, _) if call.caller.console && call.read_only => return None,
        (false, true) => (Medium, "is not among the approved actions and would change permissions; it did not work"),
        (false, false) => (Low, "is not among the approved actions; it did not work"),
    };
    Some(Hit { severity, subject: subject(action), reason: format!("{}{} {what}.", shown(action), on(call)) })
}

fn outside_resources(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let (call, action) = work(entry)?;
    // A record with parts left out may have named others; an action that isn't granted is odd by itself.
    let unsure = call.incomplete || call.resources.is_empty() || is_never_checked(call) || is_for_a_key(call);
    if call.error.is_some() || unsure || !is_granted(context, action) {
        return None;
    }
    let known = call.resources.iter().all(|resource| resource.starts_with("arn:"));
    if !known || call.resources.iter().any(|resource| is_granted_resource(context, resource)) {
        return None;
    }
    let first = call.resources.iter().min()?;
    let severity = if call.read_only { Medium } else { High };
    let reason = format!("{} worked on {}, which is not among the approved resources.", shown(action), shown(first));
    Some(Hit { severity, subject: subject(first), reason })
}

fn chained_session(_: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let call = &entry.call;
    if !entry.chained {
        return None;
    }
    let role = if call.caller.issuer_arn.is_empty() { &call.caller.arn } else { &call.caller.issuer_arn };
    let reason = format!(
        "The session went on into {}: what that role may do was not approved, and its session does not end with the grant.",
        shown(role)
    );
    Some(Hit { severity: Medium, subject: subject(role), reason })
}

fn new_address(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let known = context.known_addresses?;
    let address = somebody(&entry.call).filter(|_| !context.is_ours(entry))?;
    if known.iter().any(|text| *text == address || address::of_somebody(text).as_ref() == Some(&address)) {
        return None;
    }
    let reason =
        format!("This person was never seen at {address}: if it is not theirs, their credentials are elsewhere.");
    Some(Hit { severity: Medium, subject: subject(&address), reason })
}

fn first_service(context: &Context<'_>, entry: &Entry) -> Option<Hit> {
    let known = context.known_services?;
    let call = &entry.call;
    let works = entry.rule != Attribution::Opening && call.error.is_none() && !is_never_checked(call);
    if !works || !call.caller.invoked_by.is_empty() || known.contains(&call.service) {
        return None;
    }
    let reason = format!("This person's first use of {} under any grant, by {}.", shown(&call.service), called(call));
    Some(Hit { severity: Low, subject: subject(&call.service), reason })
}

fn two_addresses(tallies: &Tallies) -> Vec<Hit> {
    let hit = |(one, other): (&str, &str)| Hit {
        severity: High,
        subject: format!("{one} + {other}"),
        reason: format!("Used from {one} and {other} within five minutes: most likely by two persons or machines."),
    };
    tallies.at_once().map(hit).collect()
}

fn mass_deletion(tallies: &Tallies) -> Vec<Hit> {
    let found = most(&tallies.deletions).filter(|(count, _)| *count >= MANY_DELETIONS);
    let hit = found.map(|(count, from)| Hit {
        severity: High,
        subject: "deletions".to_owned(),
        reason: format!(
            "{count} deletions within ten minutes from {from} on; ask what they were for while it can be undone."
        ),
    });
    hit.into_iter().collect()
}

fn bulk_read(tallies: &Tallies) -> Vec<Hit> {
    let reads = most(&tallies.reads).filter(|(count, _)| *count >= MANY_READS).map(|(count, from)| Hit {
        severity: Medium,
        subject: "reads".to_owned(),
        reason: format!("{count} reads of data within ten minutes from {from} on: more than a person looks at."),
    });
    let secrets = (tallies.secrets.len() >= MANY_SECRETS).then(|| Hit {
        severity: High,
        subject: "secrets".to_owned(),
        reason: format!("At least {MANY_SECRETS} different secrets were read; each of them may need to be changed."),
    });
    reads.into_iter().chain(secrets).collect()
}

fn many_denied(tallies: &Tallies) -> Vec<Hit> {
    let many = tallies.denied >= MANY_DENIED;
    let hit = many.then(|| Hit {
        severity: Medium,
        subject: "denied".to_owned(),
        reason: format!("{} calls were refused for want of permission: somebody is trying what works.", tallies.denied),
    });
    hit.into_iter().collect()
}

/// A call that was made under the grant, and the IAM action that it took; `None` if it is not known which.
fn work(entry: &Entry) -> Option<(&Call, &str)> {
    let by_iam = entry.call.category != Category::Kubernetes && entry.rule != Attribution::Opening;
    entry.call.action.as_deref().filter(|_| by_iam).map(|action| (&entry.call, action))
}

fn is_never_checked(call: &Call) -> bool {
    call.action.as_deref().is_some_and(|action| among(&NEVER_CHECKED, action))
}

/// Whether a service used a key of KMS for the caller. The key's own policy allows that (`kms:ViaService`), as for each of
/// the keys that AWS manages; nobody was granted it, and nothing else was done by it.
fn is_for_a_key(call: &Call) -> bool {
    call.service == "kms" && !call.caller.invoked_by.is_empty()
}

fn is_granted(context: &Context<'_>, action: &str) -> bool {
    context.grant.permissions.iter().any(|pattern| pattern_matches(pattern, action))
}

/// Whether a resource is granted, or holds something that is: of a call on an object some records name the bucket alone.
fn is_granted_resource(context: &Context<'_>, resource: &str) -> bool {
    // A secret's name may be recorded without the six characters that its ARN ends with.
    let separators: &[char] = if resource.contains(":secretsmanager:") { &['/', ':', '-'] } else { &['/', ':'] };
    context.grant.resources.iter().any(|pattern| {
        let pattern = without_variables(pattern);
        let holds = || pattern.strip_prefix(resource).is_some_and(|rest| rest.starts_with(separators));
        resource_covers(&pattern, resource) || holds()
    })
}

/// What was called, as people read it.
fn called(call: &Call) -> String {
    shown(&format!("{}:{}", call.service, call.name))
}

/// What it was about.
fn on(call: &Call) -> String {
    call.resources.first().map(|resource| format!(" on {}", shown(resource))).unwrap_or_default()
}

fn shown(text: &str) -> String {
    inert(text, QUOTED)
}

fn subject(text: &str) -> String {
    inert(text, super::LONGEST_SUBJECT)
}

fn lasting(seconds: u64) -> String {
    model::amount::display_duration(seconds)
}
