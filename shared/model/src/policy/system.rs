//! Who may end everything of a scope, and who may bar and reinstate a person.

use super::{Act, Policy, uid};
use crate::identity::Actor;
use crate::lifecycle::Permission;
use crate::sweep::Scope;
use cedar_policy::{Context, Entities, RestrictedExpression, Schema};

impl Act {
    /// What is asked about the installation with a scope. A schema from before there was such a
    /// thing does not know it: then nobody may.
    pub(super) const SWEEPS: [Self; 4] = [Self::Panic, Self::PanicAlone, Self::Offboard, Self::Reinstate];
}

impl Policy {
    /// Whether `actor` may propose a panic over `scope`, or, as the `second` person, confirm one.
    pub fn may_panic(&self, actor: &Actor, scope: &Scope, second: bool) -> Permission {
        self.ask_about(actor, Act::Panic, scope, second)
    }

    /// Whether `actor` may start a panic over `scope` without a second person.
    pub fn may_panic_alone(&self, actor: &Actor, scope: &Scope) -> Permission {
        self.ask_about(actor, Act::PanicAlone, scope, false)
    }

    /// Whether `actor` may end everything of the person in `scope`, and bar them.
    pub fn may_offboard(&self, actor: &Actor, scope: &Scope) -> Permission {
        self.ask_about(actor, Act::Offboard, scope, false)
    }

    /// Whether `actor` may let the person in `scope` back in.
    pub fn may_reinstate(&self, actor: &Actor, scope: &Scope) -> Permission {
        self.ask_about(actor, Act::Reinstate, scope, false)
    }

    /// One question to Cedar. Anything that goes wrong is a no.
    fn ask_about(&self, actor: &Actor, act: Act, scope: &Scope, second: bool) -> Permission {
        self.question_about(actor, act, scope, second, None)
            .and_then(|(question, entities)| self.judged_by_cedar(&question, &entities))
            .unwrap_or_else(|reason| Permission {
                granted: false,
                rules: vec![format!("error: {}", crate::text::inert(&reason, 200))],
            })
    }

    fn question_about(
        &self,
        actor: &Actor,
        act: Act,
        scope: &Scope,
        second: bool,
        strict: Option<&Schema>,
    ) -> Result<(cedar_policy::Request, Entities), String> {
        let pairs = [
            ("scope", RestrictedExpression::new_string(scope.kind().to_owned())),
            ("second", RestrictedExpression::new_bool(second)),
            ("mfa", RestrictedExpression::new_bool(actor.mfa)),
            ("door", RestrictedExpression::new_string(actor.identity.door().to_owned())),
        ];
        let context = Context::from_pairs(pairs.map(|(key, value)| (key.to_owned(), value)))
            .map_err(|error| error.to_string())?;
        let question = cedar_policy::Request::new(
            uid(&self.types.person, actor.person.as_str()),
            uid(&self.types.action, act.id()),
            uid(&self.types.system, "countersign"),
            context,
            self.schema.as_ref(),
        )
        .map_err(|error| error.to_string())?;
        let entities = Entities::from_entities([self.person_with_groups(&actor.person, None)?], strict)
            .map_err(|error| error.to_string())?;
        Ok((question, entities))
    }

    /// As `fits_its_schema`, for those of these actions that the schema knows.
    pub(super) fn sweeps_fit_the_schema(&self, actor: &Actor) -> Result<(), String> {
        let Some(schema) = &self.schema else { return Ok(()) };
        for act in Act::SWEEPS {
            let known = schema.actions().any(|action| action.id().unescaped() == act.id());
            if known {
                self.question_about(actor, act, &Scope::All, false, Some(schema))?;
            }
        }
        Ok(())
    }
}
