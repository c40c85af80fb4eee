//! What sessions of grants could do at any time, by what there was in IAM.

use super::Findings;
use super::iam::{Library, Try};
use super::story::Story;
use crate::recording::{Picture, Recording};
use std::collections::{BTreeMap, BTreeSet};

/// What no grant is for, and each denies: ways to go on without it.
const ESCAPES: [&str; 10] = [
    "account:CloseAccount",
    "cloudtrail:StopLogging",
    "iam:CreateUser",
    "lambda:CreateFunctionUrlConfig",
    "organizations:LeaveOrganization",
    "s3:PutBucketPolicy",
    "scheduler:CreateSchedule",
    "signin:CreateOAuth2Token",
    "ssm:StartSession",
    "sts:AssumeRole",
];

/// Another request, whose sessions a grant is not for.
const ANOTHER: &str = "req_ffffffffffffffffffffffffffffffff";

/// By how much a worker's clock may be ahead of AWS's, in seconds.
const CLOCKS_DIFFER: i64 = 2;

const TEN_YEARS: i64 = 315_360_000;

struct Judge<'a> {
    picture: &'a Picture,
    /// Names that somebody else had taken.
    planted: &'a BTreeSet<String>,
    library: &'a mut Library,
}

impl Judge<'_> {
    /// Whether a session of `id`'s grant can do this at `at`, if nothing is written any more.
    fn may(&mut self, id: &str, action: &str, resource: &str, at: i64) -> bool {
        let attempt = Try { action, resource, at, request: id, begun: None };
        self.by_session(&attempt) || self.by_role(&attempt)
    }

    fn by_session(&mut self, attempt: &Try<'_>) -> bool {
        let picture = self.picture;
        picture.sessions.iter().filter(|session| session.request == attempt.request).any(|session| {
            let attempt = Try { begun: Some(session.issued_at), ..*attempt };
            let on_role = picture.denies.iter().filter(|((role, _), _)| *role == session.role).map(|(_, text)| text);
            let attached = picture.attached.get(&session.role).into_iter().flatten();
            let attached = attached.filter_map(|name| picture.policies.get(name));
            let denied = on_role.chain(attached).any(|text| self.library.read(text).denies(&attempt));
            let own = self.library.read(&session.policy);
            !denied && own.allows(&attempt) && !own.denies(&attempt)
        })
    }

    /// Whatever the documents of a grant are put to: each that allows something denies what nothing is for, none lets in
    /// whom it is not for, and one that is on a role which others share is for its own sessions, in its own time.
    fn documents(&mut self, id: &str, story: &Story, start: i64, found: &mut Findings) {
        let picture = self.picture;
        let attempt = Try { action: "", resource: "*", at: start, request: id, begun: Some(start) };
        let sessions = picture.sessions.iter().filter(|session| session.request == id).map(|session| &session.policy);
        let role = picture.roles.get(id).filter(|role| role.request.as_deref() == Some(id));
        let inline = role.into_iter().flat_map(|role| role.policies.values());
        // Whoever had the name before us is not ours to judge.
        let shared: Vec<&String> =
            picture.policies.get(id).filter(|_| !self.planted.contains(id)).into_iter().collect();
        for text in sessions.chain(inline).chain(shared.iter().copied()) {
            let document = self.library.read(text);
            if !document.allows_anything() {
                continue;
            }
            let open = |escape: &&&str| !document.denies(&Try { action: escape, ..attempt });
            for escape in ESCAPES.iter().filter(|_| story.may_outlive.is_empty()).filter(open) {
                found.add(12, id, format!("a document of it does not deny {escape}"));
            }
        }
        for principal in role.into_iter().flat_map(|role| {
            let trust = self.library.read(&role.trust);
            trust.lets_in().map(str::to_owned).collect::<Vec<_>>()
        }) {
            if !story.principals.contains(&principal) {
                found.add(0, id, format!("its role lets {principal} in"));
            }
        }
        let (Some(action), Some(resource)) = (story.permissions.first(), story.resources.first()) else { return };
        let (action, resource) = (concrete(action), concrete(resource));
        let end = story.window.map_or(start, |(_, end)| end);
        for text in shared {
            let document = self.library.read(text);
            let attempt = Try { action: &action, resource: &resource, ..attempt };
            if document.allows(&Try { request: ANOTHER, ..attempt }) {
                found.add(12, id, "its policy lets sessions of other requests in");
            }
            if document.allows(&Try { at: end, ..attempt }) && !document.denies(&Try { at: end, ..attempt }) {
                found.add(1, id, "its policy lets somebody in at the end of its window");
            }
        }
    }

    fn by_role(&mut self, attempt: &Try<'_>) -> bool {
        let Some(role) = self.picture.roles.get(attempt.request) else { return false };
        if role.request.as_deref() != Some(attempt.request) {
            return false;
        }
        let trust = self.library.read(&role.trust);
        // Entered at any time until then at which somebody could enter it.
        let times = trust.times().flat_map(|time| [time, time - 1]).chain([attempt.at]);
        let entered = times.filter(|time| *time <= attempt.at).any(|at| {
            let enter = Try { action: "sts:AssumeRole", resource: "", at, ..*attempt };
            trust.allows(&enter) && !trust.denies(&enter)
        });
        let policies: Vec<_> = role.policies.values().map(|text| self.library.read(text)).collect();
        entered
            && policies.iter().any(|document| document.allows(attempt))
            && !policies.iter().any(|document| document.denies(attempt))
    }
}

fn concrete(pattern: &str) -> String {
    pattern.replace('*', "GetThing")
}

/// Holds every picture against what the record says of each request.
pub(super) fn judge(recording: &Recording, stories: &BTreeMap<String, Story>, found: &mut Findings) {
    let mut library = Library::default();
    let requests = || stories.iter().filter(|(id, _)| id.starts_with("req_") && !recording.tampered.contains(*id));
    for (at, picture) in recording.pictures.iter().enumerate() {
        let until = recording.pictures.get(at + 1).map_or(recording.until, |next| next.at);
        for (id, story) in requests() {
            let made = picture.roles.contains_key(id) || picture.sessions.iter().any(|session| session.request == *id);
            if made {
                let mut judge = Judge { picture, planted: &recording.planted, library: &mut library };
                of_one(&mut judge, id, story, until, found);
            }
        }
    }
}

fn of_one(judge: &mut Judge<'_>, id: &str, story: &Story, until: i64, found: &mut Findings) {
    let picture = judge.picture;
    let (Some(action), Some(resource)) = (story.permissions.first(), story.resources.first()) else { return };
    let (action, resource) = (concrete(action), concrete(resource));
    let intended = story.has_before(&["provisioningStarted"], picture.order + 1);
    let Some((start, end)) = story.window.filter(|_| intended) else {
        if [picture.at, until].into_iter().any(|at| judge.may(id, &action, &resource, at)) {
            found.add(1, id, "lets somebody in, and has no window");
        }
        return;
    };
    for (at, name) in [
        (start - 1, "before"),
        (end, "at the end of"),
        (end + 1, "after"),
        (end + 3_600, "long after"),
        (end + TEN_YEARS, "years after"),
    ] {
        if judge.may(id, &action, &resource, at) {
            found.add(1, id, format!("lets somebody in {name} its window"));
        }
    }
    if !story.has_before(&["requestApproved"], picture.order + 1) && judge.may(id, &action, &resource, start) {
        found.add(0, id, "lets somebody in, and nobody approved it");
    }
    for escape in ESCAPES {
        if judge.may(id, escape, "*", start) {
            found.add(12, id, format!("lets somebody do {escape}"));
        }
    }
    judge.documents(id, story, start, found);
    for taken in story.taken.iter().filter(|taken| !taken.contains('*') && !story.permissions.contains(taken)) {
        if !story.permissions.iter().any(|left| left.contains('*')) && judge.may(id, taken, &resource, start) {
            found.add(0, id, format!("lets somebody do {taken}, which was taken away"));
        }
    }
    // What is over by a worker's clock is over by AWS's as soon as that is as far.
    let settled = if story.ended_on_time() { picture.at + CLOCKS_DIFFER } else { picture.at };
    // From when the record says that nothing of it lets anybody in.
    if story.denied().is_some_and(|order| order <= picture.order) {
        for at in [settled, settled + 1, settled + 60, until, end - 1].into_iter().filter(|at| *at >= settled) {
            if judge.may(id, &action, &resource, at) {
                found.add(3, id, "lets somebody in after the record said that nobody is");
            }
        }
    }
    let inside = settled.max(start);
    if inside < end && judge.may(id, &action, &resource, inside) && picture.schedules.get(id) != Some(&end) {
        found.add(2, id, "lets somebody in, and no schedule ends it");
    }
}
