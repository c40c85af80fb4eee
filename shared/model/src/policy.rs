//! Who may ask, and what it takes: the catalog and the Cedar policies, versioned together.
//!
//! Cedar decides four things about a person and an entitlement: `request`, `autoApprove`,
//! `approve` (which covers `deny`), `revoke`; and `audit` about everything. Forbid wins. An
//! evaluation error denies, whatever else permits: a broken forbid must not open a door.
//!
//! The strictest rule wins: policy approves by itself only if the entitlement asks for no
//! countersignature, the risk's floor asks for none, and Cedar permits `autoApprove`.

mod asking;
mod changes;
mod check;
mod nesting;
mod schema;
mod system;

use crate::catalog::{Catalog, Entitlement, Problem, Problems};
use crate::digest::{Digest, Encoding};
use crate::identity::Actor;
use crate::lifecycle::Permission;
use crate::names::{EntitlementName, PersonId};
use crate::request::{Judged, Request};
use crate::risk::RiskLevel;
use crate::time::Time;
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, RestrictedExpression,
    Schema, ValidationMode, Validator,
};
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use check::{line_of, nested_too_deep, problem, unknown_names};
use nesting::Brackets;

/// What policy says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Not at all.
    Deny {
        /// Why, for the person.
        reason: String,
        /// The policies that determined it.
        rules: Vec<String>,
    },
    /// Without anybody else.
    AutoApprove {
        /// The policies that determined it.
        rules: Vec<String>,
    },
    /// With countersignatures: as many as the request's quorum says.
    NeedsApprovals {
        /// The policies that determined it.
        rules: Vec<String>,
    },
}

/// The files of a policy bundle, as they were published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// `catalog.yaml`.
    pub catalog: String,
    /// `policies.cedar`.
    pub policies: String,
    /// `schema.cedarschema`.
    pub schema: String,
}

impl Bundle {
    /// The digest of all three.
    pub fn digest(&self) -> Digest {
        Encoding::of("countersign.policy-bundle.v1")
            .text(&self.catalog)
            .text(&self.policies)
            .text(&self.schema)
            .digest()
    }

    /// What whoever checked this bundle puts beside it. It is for these files, these checks and this version of Cedar, so that
    /// none of them can change and leave it right. It is no signature: who may write the bundle may write anything.
    pub fn seal(&self) -> Digest {
        seal(self.digest())
    }
}

/// The seal of the bundle with this digest.
fn seal(bundle: Digest) -> Digest {
    Encoding::of("countersign.policy-seal.v1")
        .text(CHECKS)
        .text(&cedar_policy::get_sdk_version().to_string())
        .text(&bundle.to_string())
        .digest()
}

/// A bundle that was checked and can decide.
#[derive(Debug)]
pub struct Policy {
    catalog: Catalog,
    policies: PolicySet,
    /// Questions are held to it, unless it is the one they are made from.
    schema: Option<Schema>,
    types: Types,
    bundle: Digest,
    rules: Digest,
    /// The schema as it was published.
    schema_text: String,
}

/// The schema's entity and action types, parsed once.
#[derive(Debug)]
struct Types {
    person: EntityTypeName,
    group: EntityTypeName,
    entitlement: EntityTypeName,
    system: EntityTypeName,
    action: EntityTypeName,
}

/// What may be asked of Cedar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Ask for an entitlement.
    Request,
    /// Get it without anybody else.
    AutoApprove,
    /// Countersign or refuse.
    Approve,
    /// End somebody's access early.
    Revoke,
    /// Read everything.
    Audit,
    /// End everything of a scope, together with a second person.
    Panic,
    /// The same without a second person.
    PanicAlone,
    /// End everything of a person who left, and bar them.
    Offboard,
    /// Let a person who was barred back in.
    Reinstate,
}

impl Act {
    fn id(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::AutoApprove => "autoApprove",
            Self::Approve => "approve",
            Self::Revoke => "revoke",
            Self::Audit => "audit",
            Self::Panic => "panic",
            Self::PanicAlone => "panicAlone",
            Self::Offboard => "offboard",
            Self::Reinstate => "reinstate",
        }
    }
}

/// The circumstances of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// Who asked for access, for `approve` and `revoke`.
    pub requester: &'a PersonId,
    /// The request's risk.
    pub risk: RiskLevel,
    /// How long, in seconds.
    pub duration_seconds: u64,
    /// Whether a ticket is named.
    pub has_ticket: bool,
    /// When.
    pub now: Time,
}

/// What [`Policy::load`] looks for. Changes with what that is.
const CHECKS: &str = "1";

const CATALOG_FILE: &str = "catalog.yaml";
const POLICIES_FILE: &str = "policies.cedar";
const SCHEMA_FILE: &str = "schema.cedarschema";

fn entity_type(name: &str) -> Result<EntityTypeName, Problems> {
    EntityTypeName::from_str(name).map_err(|error| Problems(vec![problem(SCHEMA_FILE, 0, error.to_string())]))
}

fn read_policies(text: &str) -> Result<PolicySet, Vec<Problem>> {
    PolicySet::from_str(text).map_err(|errors| {
        errors.iter().map(|error| problem(POLICIES_FILE, line_of(text, error), error.to_string())).collect()
    })
}

impl Policy {
    /// Reads and checks a bundle.
    ///
    /// # Errors
    /// Every problem found, each with file, line and reason.
    pub fn load(bundle: &Bundle) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let nested = [
            (POLICIES_FILE, &bundle.policies, Brackets::OfPolicies),
            (SCHEMA_FILE, &bundle.schema, Brackets::OfSchema),
        ];
        problems.extend(nested.into_iter().filter_map(|(file, text, brackets)| nested_too_deep(file, text, brackets)));
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let catalog = Catalog::read(CATALOG_FILE, &bundle.catalog).map_err(|found| problems.extend(found.0)).ok();
        let policies = read_policies(&bundle.policies).map_err(|found| problems.extend(found)).ok();
        let schema = schema::read(&bundle.schema).map_err(|found| problems.push(found)).ok();
        if let (Some(policies), Some(schema)) = (&policies, &schema) {
            let result = Validator::new(schema.clone()).validate(policies, ValidationMode::Strict);
            problems.extend(result.validation_errors().map(|error| {
                let said = error.to_string();
                // Cedar numbers the policies; the line says which one it is.
                let reason = said.strip_prefix(&format!("for policy `{}`, ", error.policy_id())).unwrap_or(&said);
                problem(POLICIES_FILE, line_of(&bundle.policies, error), reason)
            }));
        }
        if let (Some(policies), Some(catalog)) = (&policies, &catalog) {
            problems.extend(unknown_names(policies, catalog, &bundle.policies));
        }
        let (Some(catalog), Some(policies), Some(schema), true) = (catalog, policies, schema, problems.is_empty())
        else {
            return Err(Problems(problems));
        };
        let loaded = Self::of(catalog, policies, Some(schema), bundle, bundle.digest())?;
        loaded.fits_its_schema().map_err(|error| {
            let reason = format!("Countersign can't ask its questions with this schema: {error}");
            Problems(vec![problem(SCHEMA_FILE, 0, reason)])
        })?;
        Ok(loaded)
    }

    /// Reads a bundle that [`Policy::load`] has accepted, as `seal` says: see [`Bundle::seal`]. What it found then is not
    /// looked for again, and takes most of the time that loading takes. Without the right seal, or with another schema than
    /// the one that questions are made from, it is [`Policy::load`].
    ///
    /// # Errors
    /// Every problem found, each with file, line and reason.
    pub fn load_sealed(bundle: &Bundle, seal: Option<&str>) -> Result<Self, Problems> {
        // Every file is read for it, so it is computed once.
        let digest = bundle.digest();
        if !schema::is_ours(&bundle.schema) || seal != Some(self::seal(digest).to_string().as_str()) {
            return Self::load(bundle);
        }
        if let Some(problem) = nested_too_deep(POLICIES_FILE, &bundle.policies, Brackets::OfPolicies) {
            return Err(Problems(vec![problem]));
        }
        let catalog = Catalog::read(CATALOG_FILE, &bundle.catalog)?;
        let policies = read_policies(&bundle.policies).map_err(Problems)?;
        Self::of(catalog, policies, None, bundle, digest)
    }

    fn of(
        catalog: Catalog,
        policies: PolicySet,
        schema: Option<Schema>,
        bundle: &Bundle,
        digest: Digest,
    ) -> Result<Self, Problems> {
        let rules = catalog
            .floors()
            .fold(
                Encoding::of("countersign.policies.v1").text(&bundle.policies).text(&bundle.schema),
                |encoding, (level, needed)| encoding.text(level.as_str()).number(u64::from(needed)),
            )
            .digest();
        Ok(Self {
            catalog,
            policies,
            schema,
            types: Types {
                person: entity_type("Countersign::Person")?,
                group: entity_type("Countersign::Group")?,
                entitlement: entity_type("Countersign::Entitlement")?,
                system: entity_type("Countersign::System")?,
                action: entity_type("Countersign::Action")?,
            },
            bundle: digest,
            rules,
            schema_text: bundle.schema.clone(),
        })
    }

    /// The catalog.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The digest of the bundle's files.
    pub fn bundle_digest(&self) -> Digest {
        self.bundle
    }

    /// What a request for `entitlement` is judged by.
    pub fn judged(&self, entitlement: &Entitlement) -> Judged {
        Judged { entitlement: entitlement.digest(), policy: self.rules }
    }

    /// What the entitlement named `name` would be judged by now; `None` if it is gone.
    pub fn judged_now(&self, name: &EntitlementName) -> Option<Judged> {
        self.catalog.entitlement(name.as_str()).map(|entitlement| self.judged(entitlement))
    }

    /// What policy says of `request`.
    pub fn decide(&self, actor: &Actor, request: &Request, now: Time) -> Decision {
        let circumstances = circumstances(request, now);
        let may_ask = self.ask(actor, Act::Request, request.entitlement.as_str(), Some(&circumstances));
        if !may_ask.granted {
            let reason = format!("policy does not let you ask for {}", request.entitlement);
            return Decision::Deny { reason, rules: may_ask.rules };
        }
        let mut rules = may_ask.rules;
        if request.quorum.needed > 0 {
            return Decision::NeedsApprovals { rules };
        }
        let alone = self.ask(actor, Act::AutoApprove, request.entitlement.as_str(), Some(&circumstances));
        rules.extend(alone.rules);
        if alone.granted { Decision::AutoApprove { rules } } else { Decision::NeedsApprovals { rules } }
    }

    /// Whether `actor` may ask for `entitlement` in these circumstances.
    pub fn may_ask(&self, actor: &Actor, entitlement: &Entitlement, circumstances: &Circumstances<'_>) -> Permission {
        self.ask(actor, Act::Request, entitlement.name.as_str(), Some(circumstances))
    }

    /// How many countersignatures a request takes: the most that any rule asks for.
    pub fn quorum(&self, actor: &Actor, entitlement: &Entitlement, circumstances: &Circumstances<'_>) -> u8 {
        let needed = entitlement.approvals_needed.max(self.catalog.floor(circumstances.risk));
        if needed > 0 {
            return needed;
        }
        let alone = self.ask(actor, Act::AutoApprove, entitlement.name.as_str(), Some(circumstances));
        u8::from(!alone.granted)
    }

    /// Whether `actor` may countersign or refuse `request`: in one of its approver groups, and
    /// permitted by Cedar.
    pub fn may_approve(&self, actor: &Actor, request: &Request, now: Time) -> Permission {
        let in_group = self
            .catalog
            .person(&actor.person)
            .is_some_and(|person| self.catalog.is_in(person, &request.quorum.groups, now));
        let cedar = self.ask(actor, Act::Approve, request.entitlement.as_str(), Some(&circumstances(request, now)));
        Permission { granted: in_group && cedar.granted, rules: cedar.rules }
    }

    /// Whether the person who made `request` might ask for it now: the same circumstances as then,
    /// with the groups and policies of now.
    pub fn may_still_ask(&self, request: &Request) -> bool {
        // Whether their identity had a second factor is not in the request; they had what it took.
        let actor = Actor { person: request.requester.clone(), identity: request.identity.clone(), mfa: true };
        let then = circumstances(request, request.submitted_at);
        self.ask(&actor, Act::Request, request.entitlement.as_str(), Some(&then)).granted
    }

    /// Whether somebody who countersigned `request` at `then` might still have done so: as persons, groups and policies
    /// are now, at the hour that it was, and by who was on call.
    pub fn may_still_approve(&self, person: &PersonId, request: &Request, then: Time) -> bool {
        let actor = Actor { person: person.clone(), identity: request.identity.clone(), mfa: true };
        self.may_approve(&actor, request, then).granted
    }

    /// Whether `actor` may end `request`'s access early, not being the requester.
    pub fn may_revoke(&self, actor: &Actor, request: &Request, now: Time) -> Permission {
        self.ask(actor, Act::Revoke, request.entitlement.as_str(), Some(&circumstances(request, now)))
    }

    /// Whether `actor` may read everything.
    pub fn may_audit(&self, actor: &Actor) -> Permission {
        self.ask(actor, Act::Audit, "", None)
    }

    /// What `actor` may ask for, in the mildest circumstances.
    pub fn requestable<'a>(&'a self, actor: &'a Actor, now: Time) -> impl Iterator<Item = &'a Entitlement> {
        self.catalog.entitlements().filter(move |entitlement| self.may_request(actor, entitlement, now))
    }

    /// Whether `actor` may ask for `entitlement` at all, in the mildest circumstances.
    pub fn may_request(&self, actor: &Actor, entitlement: &Entitlement, now: Time) -> bool {
        let mildest = Circumstances {
            requester: &actor.person,
            risk: RiskLevel::Low,
            duration_seconds: crate::lifecycle::SHORTEST_GRANT,
            has_ticket: true,
            now,
        };
        self.may_ask(actor, entitlement, &mildest).granted
    }

    /// One question to Cedar. Anything that goes wrong is a no.
    fn ask(&self, actor: &Actor, act: Act, entitlement: &str, circumstances: Option<&Circumstances<'_>>) -> Permission {
        self.evaluate(actor, act, entitlement, circumstances).unwrap_or_else(|reason| Permission {
            granted: false,
            rules: vec![format!("error: {}", crate::text::inert(&reason, 200))],
        })
    }

    /// A person with the groups they are in, and the schedules they are on call by at `now`: without them `in` would
    /// quietly be false. Without a time nobody is on call.
    fn person_with_groups(&self, id: &PersonId, now: Option<Time>) -> Result<Entity, String> {
        let mut groups: HashSet<EntityUid> = self
            .catalog
            .person(id)
            .map(|person| person.groups.iter().map(|group| uid(&self.types.group, group.as_str())).collect())
            .unwrap_or_default();
        let on_call = now.into_iter().flat_map(|now| self.catalog.on_call(id, now));
        groups.extend(on_call.map(|schedule| uid(&self.types.group, schedule.as_str())));
        Entity::new(uid(&self.types.person, id.as_str()), HashMap::new(), groups).map_err(|error| error.to_string())
    }

    /// A question and all that the policies may look at. With `strict`, entities are held to that
    /// schema too; at run time they have been, when the bundle was loaded.
    fn question(
        &self,
        actor: &Actor,
        act: Act,
        entitlement: &str,
        circumstances: Option<&Circumstances<'_>>,
        strict: Option<&Schema>,
    ) -> Result<(cedar_policy::Request, Entities), String> {
        let principal = uid(&self.types.person, actor.person.as_str());
        let now = circumstances.map(|circumstances| circumstances.now);
        let person = |id: &PersonId| self.person_with_groups(id, now);
        let mut entities = vec![person(&actor.person)?];
        let (resource, context) = match circumstances {
            Some(circumstances) => {
                let found = self.catalog.entitlement(entitlement).ok_or("the entitlement is gone")?;
                let resource = uid(&self.types.entitlement, entitlement);
                let attributes = HashMap::from([
                    ("account".to_owned(), RestrictedExpression::new_string(found.account.to_string())),
                    ("environment".to_owned(), RestrictedExpression::new_string(found.environment.clone())),
                    ("mechanism".to_owned(), RestrictedExpression::new_string(found.mechanism.name().to_owned())),
                ]);
                entities.push(
                    Entity::new(resource.clone(), attributes, HashSet::new()).map_err(|error| error.to_string())?,
                );
                if *circumstances.requester != actor.person {
                    entities.push(person(circumstances.requester)?);
                }
                let requester = uid(&self.types.person, circumstances.requester.as_str());
                let duration = i64::try_from(circumstances.duration_seconds).map_err(|error| error.to_string())?;
                let pairs = [
                    ("requester", RestrictedExpression::new_entity_uid(requester)),
                    ("risk", RestrictedExpression::new_string(circumstances.risk.as_str().to_owned())),
                    ("riskRank", RestrictedExpression::new_long(i64::from(circumstances.risk.rank()))),
                    ("durationSeconds", RestrictedExpression::new_long(duration)),
                    ("hour", RestrictedExpression::new_long(i64::from(circumstances.now.hour()))),
                    ("weekday", RestrictedExpression::new_long(i64::from(circumstances.now.weekday()))),
                    ("ticket", RestrictedExpression::new_bool(circumstances.has_ticket)),
                    ("mfa", RestrictedExpression::new_bool(actor.mfa)),
                    ("door", RestrictedExpression::new_string(actor.identity.door().to_owned())),
                ];
                let context = Context::from_pairs(pairs.map(|(key, value)| (key.to_owned(), value)))
                    .map_err(|error| error.to_string())?;
                (resource, context)
            }
            None => (uid(&self.types.system, "countersign"), Context::empty()),
        };
        let question = cedar_policy::Request::new(
            principal,
            uid(&self.types.action, act.id()),
            resource,
            context,
            self.schema.as_ref(),
        )
        .map_err(|error| error.to_string())?;
        let entities = Entities::from_entities(entities, strict).map_err(|error| error.to_string())?;
        Ok((question, entities))
    }

    fn evaluate(
        &self,
        actor: &Actor,
        act: Act,
        entitlement: &str,
        circumstances: Option<&Circumstances<'_>>,
    ) -> Result<Permission, String> {
        let (question, entities) = self.question(actor, act, entitlement, circumstances, None)?;
        self.judged_by_cedar(&question, &entities)
    }

    fn judged_by_cedar(&self, question: &cedar_policy::Request, entities: &Entities) -> Result<Permission, String> {
        let response = Authorizer::new().is_authorized(question, &self.policies, entities);
        let mut rules: Vec<String> = response
            .diagnostics()
            .reason()
            .map(|id| self.policies.annotation(id, "id").map_or_else(|| id.to_string(), str::to_owned))
            .collect();
        rules.sort();
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(error.to_string());
        }
        Ok(Permission { granted: response.decision() == cedar_policy::Decision::Allow, rules })
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn circumstances(request: &Request, now: Time) -> Circumstances<'_> {
    Circumstances {
        requester: &request.requester,
        risk: request.risk.level,
        duration_seconds: request.duration_seconds,
        has_ticket: request.ticket.is_some(),
        now,
    }
}

#[cfg(test)]
mod tests;
