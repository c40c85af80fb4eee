//! The policies that are in force one after another: the sample's, with limits that a history can reach, with somebody
//! who has two identities and countersigns what others ask for, and changed in the ways that an operator changes it.

use model::policy::{Bundle, Policy};
use std::sync::{Arc, LazyLock};
use workflow::double::World;

/// Requests that a person may make within an hour, that may wait, and countersignatures within an hour.
pub(crate) const LIMITS: [usize; 3] = [4, 3, 6];

/// Which policy is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// The first.
    First,
    /// An entitlement allows less.
    Narrower,
    /// Carol countersigns no more.
    WithoutCarol,
    /// Alice asks no more.
    WithoutAlice,
}

impl Version {
    pub(crate) const ALL: [Self; 4] = [Self::First, Self::Narrower, Self::WithoutCarol, Self::WithoutAlice];

    /// Who countersigns while it is in force.
    pub(crate) fn approvers(self) -> &'static [&'static str] {
        match self {
            Self::First | Self::Narrower | Self::WithoutAlice => &["alice", "bob", "carol"],
            Self::WithoutCarol => &["alice", "bob"],
        }
    }

    /// Who asks while it is in force.
    pub(crate) fn engineers(self) -> &'static [&'static str] {
        match self {
            Self::First | Self::Narrower | Self::WithoutCarol => &["alice", "frank", "grace"],
            Self::WithoutAlice => &["frank", "grace"],
        }
    }

    fn changes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::First => &[],
            Self::Narrower => &[("maxDuration: 2h", "maxDuration: 90m"), ("dynamodb:UpdateItem", "dynamodb:Scan")],
            Self::WithoutCarol => &[("approvers: [alice, bob, carol]", "approvers: [alice, bob]")],
            Self::WithoutAlice => &[("engineers: [alice, frank, grace]", "engineers: [frank, grace]")],
        }
    }

    fn load(self) -> Arc<Policy> {
        let mut bundle = World::sample_bundle();
        let always = [
            ("requestsPerHour: 10000", format!("requestsPerHour: {}", LIMITS[0])),
            ("openRequests: 1000", format!("openRequests: {}", LIMITS[1])),
            ("approvalsPerHour: 10000", format!("approvalsPerHour: {}", LIMITS[2])),
            ("approvers: [bob, carol]\n  auditors", "approvers: [alice, bob, carol]\n  auditors".to_owned()),
            ("slack: [T0COUNTER1/U0ALICE01]", "slack: [T0COUNTER1/U0ALICE01, T0COUNTER1/U0ALICE02]".to_owned()),
            (
                "principals: [arn:aws:iam::111111111111:user/alice]",
                "principals: [arn:aws:iam::111111111111:user/alice, arn:aws:iam::111111111111:user/alice-too]"
                    .to_owned(),
            ),
        ];
        let given = self.changes().iter().map(|(from, to)| (*from, (*to).to_owned()));
        for (from, to) in always.into_iter().chain(given) {
            let changed = bundle.catalog.replacen(from, &to, 1);
            assert_ne!(changed, bundle.catalog, "the sample catalog has no `{from}` any more");
            bundle = Bundle { catalog: changed, ..bundle };
        }
        Arc::new(Policy::load(&bundle).unwrap())
    }

    /// The policy itself.
    pub(crate) fn policy(self) -> Arc<Policy> {
        static LOADED: LazyLock<Vec<Arc<Policy>>> = LazyLock::new(|| Version::ALL.map(Version::load).to_vec());
        Arc::clone(&LOADED[self as usize])
    }
}
