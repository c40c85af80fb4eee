//! Which calls fail, and how.

use super::History;
use crate::damage::READS;
use crate::plan::Fault;
use std::sync::Arc;
use workflow::double::{Trouble, Verb};

impl History {
    /// From now on calls fail as the plan has it.
    pub(super) fn trouble(&mut self) {
        /// What may be lost for ever, for as long as nothing heals.
        const COMPONENTS: [Verb; 20] = [
            Verb::Arm,
            Verb::Disarm,
            Verb::Assume,
            Verb::CreateRole,
            Verb::PutRolePolicy,
            Verb::RemoveRole,
            Verb::PutKill,
            Verb::Kill,
            Verb::RemoveKill,
            Verb::CreatePolicy,
            Verb::AttachPolicy,
            Verb::ReplacePolicy,
            Verb::RemovePolicy,
            Verb::ProbeRole,
            Verb::ProbeDocument,
            Verb::Due,
            Verb::List,
            Verb::Sign,
            Verb::MoveHead,
            Verb::PutAnchor,
        ];
        let damages = self.plan.has(Fault::Damaged);
        let (mut ways, mut whole_until) = (self.later.split(), 0);
        let (mut own, rate, hits) = (self.dice.split(), self.plan.calls_permille, Arc::clone(&self.hits));
        let broken = self.plan.has(Fault::Outage).then(|| self.dice.one(&COMPONENTS).copied()).flatten();
        let kinds: Vec<Fault> = [
            Fault::CrashBefore,
            Fault::CrashAfter,
            Fault::ErrorBefore,
            Fault::ErrorAfter,
            Fault::Throttle,
            Fault::Conflict,
        ]
        .into_iter()
        .filter(|kind| self.plan.has(*kind))
        .collect();
        let bursts = self.plan.has(Fault::Burst);
        let mut burst: Option<(Verb, u32)> = None;
        self.site.world.trouble(move |call| {
            if Some(call.verb) == broken {
                hits.count(Fault::Outage);
                return Some(if own.percent(70) { Trouble::FaultBefore } else { Trouble::FaultAfter });
            }
            if bursts && burst.is_none() && own.permille(10) {
                burst = Some((call.verb, 3 + u32::try_from(own.below(8)).unwrap_or(0)));
            }
            if let Some((verb, left)) = burst
                && verb == call.verb
            {
                burst = (left > 1).then_some((verb, left - 1));
                hits.count(Fault::Burst);
                return Some(Trouble::Throttle);
            }
            if !own.permille(rate) {
                // The next readings are right: who looks again sees what is there.
                let strikes = damages && READS.contains(&call.verb) && call.nth >= whole_until && ways.permille(30);
                return strikes.then(|| {
                    whole_until = call.nth + 60;
                    Trouble::Misread(ways.number())
                });
            }
            let kind = *own.one(&kinds)?;
            let trouble = match kind {
                Fault::CrashBefore => Trouble::CrashBefore,
                Fault::CrashAfter => Trouble::CrashAfter,
                Fault::ErrorBefore => Trouble::FaultBefore,
                Fault::ErrorAfter => Trouble::FaultAfter,
                Fault::Throttle => Trouble::Throttle,
                _ if call.verb == Verb::Commit => Trouble::Refuse("TransactionConflictException"),
                _ => return None,
            };
            hits.count(kind);
            Some(trouble)
        });
    }
}
