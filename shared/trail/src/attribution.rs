//! Whose call it was: exactly one grant's, or explicitly nobody's.
//!
//! Rules, the strongest first, and why they stand so:
//! 1. A role that was made for one request and bears its id: every session of it is that grant's. Its holder chooses both
//!    the session's name and its source identity, so neither says more than the role does.
//! 2. The source identity, if the session's role is one of that grant's: the trust of these roles lets nobody but
//!    Countersign set it, and it can't change within a chain of sessions.
//! 3. The key, if it is known to have come out of a grant's session. Before the source identity of a session of any
//!    other role: whoever has a session without one may open another with whatever they like.
//! 4. The source identity alone: a chain whose links are not all known.
//! 5. The session's name, if its role is one of that grant's, and nobody but Countersign opens sessions of it.
//! 6. Identity Center's user and permission set, if only one grant's time fits.
//! 7. The opening of a grant's session, whoever asks for it.
//!
//! Names are compared as a whole, byte by byte. Source: IAM user guide, "Monitor and control actions taken with assumed
//! roles"; CloudTrail user guide, `userIdentity`.

mod known;
mod mentioned;
mod roles;

use crate::call::{Call, Category, Opened};
use crate::entry::{Entry, Origin, Rule, When};
use crate::grant::Grant;
use model::names::RequestId;
use model::time::Time;
use roles::Role;
use std::collections::BTreeSet;

pub use known::{Grants, Taught};
pub use mentioned::mentioned;

/// How far the clocks of two services may be apart, in seconds: a call this long before a grant began still is its own.
pub const CLOCKS: u64 = 60;

/// Longest that a session of Identity Center lives on, in seconds.
/// Source: IAM Identity Center user guide, "Set session duration" (1 to 12 hours).
pub const LONGEST_SESSION: u64 = 12 * 3_600;

/// Most links of a chain that are followed through calls of the same second, within what came together.
const MOST_ROUNDS: usize = 32;

/// Whose call it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribution {
    /// A grant's.
    Of {
        /// The grant.
        id: RequestId,
        /// By which rule.
        rule: Rule,
        /// When, seen from its window.
        when: When,
        /// Whether the session's role is not one of the grant's own.
        chained: bool,
    },
    /// No known grant's.
    Nobody {
        /// Why not.
        why: Why,
    },
}

/// Why a call is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A service called for itself.
    Service,
    /// One of Countersign's own roles, which work under the id of the request they work for.
    OurOwn,
    /// The session has the name of a grant, but its role is not one of the grant's.
    ForeignRole,
    /// The session has name and role of a grant, but was opened by somebody else, or with another source identity.
    ForeignSession,
    /// The session has the name of a grant; its record doesn't say which role it is of.
    UnknownRole,
    /// It tried to open a session of a grant, and didn't.
    NotOpened,
    /// It names a request that is not among the known ones.
    UnknownRequest,
    /// Two grants or more could be meant.
    Ambiguous,
    /// It was made before the grant began, by more than clocks differ.
    BeforeStart,
    /// It was made after the last session that Identity Center can have given.
    AfterSessions,
    /// Nothing in it points to a grant.
    Unrelated,
}

impl Why {
    /// Stable name for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::OurOwn => "our_own",
            Self::ForeignRole => "foreign_role",
            Self::ForeignSession => "foreign_session",
            Self::UnknownRole => "unknown_role",
            Self::NotOpened => "not_opened",
            Self::UnknownRequest => "unknown_request",
            Self::Ambiguous => "ambiguous",
            Self::BeforeStart => "before_start",
            Self::AfterSessions => "after_sessions",
            Self::Unrelated => "unrelated",
        }
    }
}

impl Attribution {
    /// The grant, if it is one's.
    pub fn id(&self) -> Option<&RequestId> {
        match self {
            Self::Of { id, .. } => Some(id),
            Self::Nobody { .. } => None,
        }
    }

    /// What is kept of the call, if it is a grant's.
    pub fn entry(self, call: Call, origin: Origin) -> Option<(RequestId, Entry)> {
        match self {
            Self::Of { id, rule, when, chained } => Some((id, Entry { call, rule, when, chained, origin })),
            Self::Nobody { .. } => None,
        }
    }
}

impl Grant {
    /// When a call was made, seen from the grant's window; `None` if before it by more than [`CLOCKS`].
    pub fn when(&self, at: Time) -> Option<When> {
        if at >= self.ends_at {
            Some(When::After)
        } else if at >= self.starts_at {
            Some(When::Within)
        } else if at.plus(CLOCKS) >= self.starts_at {
            Some(When::JustBefore)
        } else {
            None
        }
    }

    fn has_role(&self, role: &Role<'_>) -> bool {
        self.roles.iter().any(|own| role.is(own))
    }
}

/// Whose call it was. Load what [`mentioned`] names first, and the keys of grants whose sessions may be chained: what is
/// not in `grants` can't be found.
pub fn attribute(call: &Call, grants: &Grants) -> Attribution {
    match by_caller(call, grants) {
        Found::Of(grant, rule) => settle(call, grant, rule),
        Found::Nobody(Why::Service) => Attribution::Nobody { why: Why::Service },
        Found::Nobody(why) => match call.opened.as_ref().map(|opened| whose_session(opened, grants)) {
            // Anybody may try, under any name. That counts as what it is: nobody's doing but theirs.
            Some(Session::Of(_)) if call.error.is_some() => Attribution::Nobody { why: Why::NotOpened },
            // Whoever asked: the trust of the role let them. It may be our own function, too.
            Some(Session::Of(grant)) => settle(call, grant, Rule::Opening),
            Some(Session::Forged) => Attribution::Nobody { why: Why::ForeignSession },
            Some(Session::Foreign) if why == Why::Unrelated => Attribution::Nobody { why: Why::ForeignRole },
            Some(Session::Unknown) if why == Why::Unrelated => Attribution::Nobody { why: Why::UnknownRequest },
            Some(Session::Foreign | Session::Unknown | Session::Unrelated) | None => Attribution::Nobody { why },
        },
    }
}

/// Attributes calls that came together, in any order: what one of them teaches about keys counts for all others. What
/// they teach stays in `grants`.
pub fn attribute_all(calls: &[Call], grants: &mut Grants) -> Vec<Attribution> {
    let mut order: Vec<(usize, &Call)> = calls.iter().enumerate().collect();
    order.sort_by_key(|(_, call)| (call.at, &call.region, &call.id));
    let before = grants.keys.clone();
    let mut lessons = BTreeSet::new();
    let mut found = vec![Attribution::Nobody { why: Why::Unrelated }; calls.len()];
    // In the order of time a chain is followed at once. Another round is needed where a link is in the same second as the
    // one before it, or clocks differ; and where a lesson makes an earlier one wrong, which is then not taught again.
    for _ in 0..MOST_ROUNDS {
        let mut taught = BTreeSet::new();
        for (place, call) in &order {
            let attribution = attribute(call, grants);
            if let Some(lesson) = grants.taught(call, &attribution) {
                grants.accept(&lesson);
                taught.insert(lesson);
            }
            if let Some(slot) = found.get_mut(*place) {
                *slot = attribution;
            }
        }
        if taught == lessons {
            break;
        }
        grants.keys = before.clone();
        for lesson in &taught {
            grants.accept(lesson);
        }
        lessons = taught;
    }
    found
}

enum Found<'a> {
    Of(&'a Grant, Rule),
    Nobody(Why),
}

fn settle(call: &Call, grant: &Grant, by: Rule) -> Attribution {
    let Some(when) = grant.when(call.at) else { return Attribution::Nobody { why: Why::BeforeStart } };
    let role = Role::of(call);
    // Who opens a session of the grant is not in one.
    let chained = !matches!(by, Rule::Opening | Rule::IdentityCenter) && role.is_known() && !grant.has_role(&role);
    Attribution::Of { id: grant.id.clone(), rule: by, when, chained }
}

/// By who called.
fn by_caller<'a>(call: &Call, grants: &'a Grants) -> Found<'a> {
    let caller = &call.caller;
    if caller.kind == "AWSService" {
        return Found::Nobody(Why::Service);
    }
    let role = Role::of(call);
    if grants.is_own(&role) {
        return Found::Nobody(Why::OurOwn);
    }
    let named = request(role.name());
    let identity = request(&caller.source_identity);
    let session = request(caller.session_name());

    // 1. The role made for one request.
    if let Some(grant) = named.as_ref().and_then(|id| grants.get(id)).filter(|grant| grant.has_role(&role)) {
        let by = if identity.as_ref() == Some(&grant.id) {
            Rule::SourceIdentity
        } else if session.as_ref() == Some(&grant.id) {
            Rule::SessionName
        } else {
            Rule::OwnRole
        };
        return Found::Of(grant, by);
    }
    // 2. The source identity, with one of the grant's roles.
    let by_identity = identity.as_ref().and_then(|id| grants.get(id));
    if let Some(grant) = by_identity.filter(|grant| grant.has_role(&role)) {
        return Found::Of(grant, Rule::SourceIdentity);
    }
    // 3. The key. A source identity that says the same is the better proof.
    match grants.holders(&caller.access_key_id) {
        [] => {}
        [id] => {
            if let Some(grant) = grants.get(id) {
                let by = if identity.as_ref() == Some(id) { Rule::SourceIdentity } else { Rule::KeyChain };
                return Found::Of(grant, by);
            }
        }
        [_, _, ..] => return Found::Nobody(Why::Ambiguous),
    }
    if grants.is_disowned(&caller.access_key_id) {
        return Found::Nobody(Why::ForeignSession);
    }
    // 4. The source identity alone. One that names an unknown request rules names out.
    match (identity, by_identity) {
        (Some(_), Some(grant)) => return Found::Of(grant, Rule::SourceIdentity),
        (Some(_), None) => return Found::Nobody(Why::UnknownRequest),
        (None, _) => {}
    }
    // 5. The session's name.
    if let Some(id) = session {
        return by_session_name(call, &role, grants.get(&id));
    }
    // 6. Identity Center.
    by_identity_center(call, &role, grants)
}

fn by_session_name<'a>(call: &Call, role: &Role<'_>, grant: Option<&'a Grant>) -> Found<'a> {
    let caller = &call.caller;
    match grant {
        None => Found::Nobody(Why::UnknownRequest),
        Some(_) if !role.is_known() => Found::Nobody(Why::UnknownRole),
        Some(grant) if !grant.has_role(role) => Found::Nobody(Why::ForeignRole),
        Some(_) if !caller.account.is_empty() && caller.account != role.account() => Found::Nobody(Why::ForeignRole),
        // Countersign sets name and source identity alike. Calls that a service makes for a session may lack the latter,
        // and Kubernetes' log doesn't know it; another one is somebody else's.
        Some(_) if !caller.source_identity.is_empty() => Found::Nobody(Why::ForeignSession),
        // The source identity is what nobody but Countersign sets there.
        Some(grant) if grant.shared => Found::Nobody(Why::ForeignSession),
        Some(grant) => Found::Of(grant, Rule::SessionName),
    }
}

fn by_identity_center<'a>(call: &Call, role: &Role<'_>, grants: &'a Grants) -> Found<'a> {
    let Some(set) = role.permission_set() else { return Found::Nobody(Why::Unrelated) };
    let caller = &call.caller;
    let user = if caller.on_behalf_of.is_empty() { caller.session_name() } else { &caller.on_behalf_of };
    let fitting: Vec<&Grant> =
        grants.of_identity_center(user, set).filter(|grant| grant.account.as_str() == role.account()).collect();
    let Some(latest) = fitting.iter().map(|grant| grant.ends_at).max() else {
        return Found::Nobody(Why::Unrelated);
    };
    let within = || fitting.iter().filter(|grant| grant.when(call.at) == Some(When::Within));
    let near = || {
        fitting.iter().filter(|grant| {
            grant.when(call.at).is_some_and(|when| when != When::After || call.at < grant.ends_at.plus(LONGEST_SESSION))
        })
    };
    // A call inside one window is that grant's, even if a session of an earlier one may still be alive: the person had
    // the right to it by the one that is active.
    match (within().count(), near().count()) {
        (1, _) => within().next().map_or(Found::Nobody(Why::Ambiguous), |grant| Found::Of(grant, Rule::IdentityCenter)),
        (0, 1) => near().next().map_or(Found::Nobody(Why::Ambiguous), |grant| Found::Of(grant, Rule::IdentityCenter)),
        (0, 0) if call.at >= latest => Found::Nobody(Why::AfterSessions),
        (0, 0) => Found::Nobody(Why::BeforeStart),
        _ => Found::Nobody(Why::Ambiguous),
    }
}

enum Session<'a> {
    Of(&'a Grant),
    /// It has the role and the name of a grant, but not its source identity.
    Forged,
    /// It has a grant's name or source identity, on another role.
    Foreign,
    /// It has the name or source identity of a request that isn't known.
    Unknown,
    Unrelated,
}

/// Whose session it is that was opened, or that somebody tried to open.
fn whose_session<'a>(opened: &Opened, grants: &'a Grants) -> Session<'a> {
    let role = Role::new(&opened.role_arn);
    if grants.is_own(&role) {
        return Session::Unrelated;
    }
    if let Some(grant) = request(role.name()).and_then(|id| grants.get(&id)).filter(|grant| grant.has_role(&role)) {
        return Session::Of(grant);
    }
    let identity = request(&opened.source_identity);
    let session = request(&opened.session_name);
    match identity.as_ref().or(session.as_ref()).map(|id| grants.get(id)) {
        None => Session::Unrelated,
        Some(None) => Session::Unknown,
        Some(Some(grant)) if !grant.has_role(&role) => Session::Foreign,
        // The trust of shared roles lets nobody but Countersign set a source identity; a name is anybody's choice.
        Some(Some(grant)) if identity.is_some() => Session::Of(grant),
        Some(Some(_)) => Session::Forged,
    }
}

/// A request's id, if the whole text is one.
fn request(text: &str) -> Option<RequestId> {
    text.parse().ok()
}

/// Whether a call is one of a Kubernetes API server, whose log names roles without their path.
fn is_kubernetes(call: &Call) -> bool {
    call.category == Category::Kubernetes
}

#[cfg(test)]
mod tests;
