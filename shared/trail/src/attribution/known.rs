//! The grants that are known, and the keys that are known to be of their sessions.

use super::{Attribution, Session, roles::Role, whose_session};
use crate::call::Call;
use crate::grant::Grant;
use model::names::RequestId;
use std::collections::{BTreeMap, BTreeSet};

/// Grants that calls may belong to, and the access keys of their sessions.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    by_id: BTreeMap<RequestId, Grant>,
    pub(super) keys: Keys,
    /// Countersign's own roles.
    own: BTreeSet<String>,
}

/// Ids of keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    /// Whose they are. One holder, unless records contradict each other.
    held: BTreeMap<String, Vec<RequestId>>,
    /// Those of sessions that somebody else opened under a grant's name.
    disowned: BTreeSet<String>,
}

/// What a call teaches about a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taught {
    /// It is of a session of the grant, or of one that came out of such a session.
    Key {
        /// The grant.
        id: RequestId,
        /// The key's id.
        key: String,
    },
    /// It is of a session that bears a grant's name and isn't the grant's.
    Disowned {
        /// The key's id.
        key: String,
    },
}

impl Grants {
    /// No grants. `own`: ARNs of Countersign's own roles, with their paths, its provisioners in all accounts among them.
    /// These work under the id of a request as source identity, and would be taken for its holder if they weren't known.
    pub fn new(own: impl IntoIterator<Item = String>) -> Self {
        Self { own: own.into_iter().collect(), ..Self::default() }
    }

    /// Adds a grant, or what is newly known of it, and the ids of the keys that came out of its sessions.
    pub fn add<'a>(&mut self, grant: Grant, keys: impl IntoIterator<Item = &'a str>) {
        for key in keys {
            self.hold(&grant.id, key);
        }
        self.by_id.insert(grant.id.clone(), grant);
    }

    /// Adds a key that is known not to be a grant's, whatever its session is called.
    pub fn disown(&mut self, key: &str) -> bool {
        !key.is_empty() && self.keys.disowned.insert(key.to_owned())
    }

    /// A grant.
    pub fn get(&self, id: &RequestId) -> Option<&Grant> {
        self.by_id.get(id)
    }

    /// Whether records of this key have to be read, even if they don't name a request.
    pub fn wants_key(&self, key: &str) -> bool {
        self.keys.held.contains_key(key)
    }

    /// Remembers what a call teaches about a key, if that is new. For one call; those that come together are better
    /// attributed by [`super::attribute_all`].
    pub fn learn(&mut self, call: &Call, attribution: &Attribution) -> Option<Taught> {
        self.taught(call, attribution).filter(|lesson| self.accept(lesson))
    }

    /// What a call teaches about the key of the session that it opened.
    pub fn taught(&self, call: &Call, attribution: &Attribution) -> Option<Taught> {
        let opened = call.opened.as_ref().filter(|opened| !opened.access_key_id.is_empty())?;
        let key = opened.access_key_id.clone();
        let session = whose_session(opened, self);
        let is_strange = matches!(session, Session::Forged | Session::Foreign);
        match (session, attribution) {
            // The session's own grant, also if it was another grant's holder who opened it.
            (Session::Of(grant), Attribution::Of { .. }) => Some(Taught::Key { id: grant.id.clone(), key }),
            (_, Attribution::Of { id, .. }) => Some(Taught::Key { id: id.clone(), key }),
            // What was opened with a disowned key is not a grant's either.
            (_, Attribution::Nobody { .. }) if is_strange || self.is_disowned(&call.caller.access_key_id) => {
                Some(Taught::Disowned { key })
            }
            (_, Attribution::Nobody { .. }) => None,
        }
    }

    /// Whether it was new.
    pub fn accept(&mut self, lesson: &Taught) -> bool {
        match lesson {
            Taught::Key { id, key } => self.hold(id, key),
            Taught::Disowned { key } => self.disown(key),
        }
    }

    /// Whether it was new.
    fn hold(&mut self, id: &RequestId, key: &str) -> bool {
        if key.is_empty() {
            return false;
        }
        let holders = self.keys.held.entry(key.to_owned()).or_default();
        if holders.contains(id) {
            return false;
        }
        holders.push(id.clone());
        true
    }

    pub(super) fn holders(&self, key: &str) -> &[RequestId] {
        self.keys.held.get(key).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_disowned(&self, key: &str) -> bool {
        self.keys.disowned.contains(key)
    }

    pub(super) fn is_own(&self, role: &Role<'_>) -> bool {
        self.own.iter().any(|own| role.is(own))
    }

    pub(super) fn of_identity_center(&self, user: &str, set: &str) -> impl Iterator<Item = &Grant> {
        self.by_id.values().filter(move |grant| {
            grant
                .identity_center
                .as_ref()
                .is_some_and(|center| !user.is_empty() && center.user == user && center.permission_set == set)
        })
    }
}
