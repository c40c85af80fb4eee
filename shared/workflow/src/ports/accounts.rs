//! The store of what is known of accounts.

use super::{CommitError, Fault};
use model::account::Account;
use model::names::AccountId;
use model::time::Time;
use record::chain::{Head, Link};
use std::future::Future;

/// What is known of an account as stored: the end of its chain, and when it last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// What is known.
    pub account: Account,
    /// The end of its chain; `head.seq` is the version that a write is conditioned on.
    pub head: Head,
    /// The time of its last event.
    pub at: Time,
}

/// One change of what is known of an account: events and state, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCommit {
    /// Which account.
    pub id: AccountId,
    /// The version the change was decided on; 0: the account must not be known.
    pub expected: u64,
    /// The new entries of its chain. Never empty.
    pub links: Vec<Link>,
    /// What is known after them.
    pub next: StoredAccount,
}

port! {
    /// Reads what is known of an account, strongly consistent.
    LoadAccount {
        /// What is known, if anything.
        fn load_account(id: &AccountId) -> Result<Option<StoredAccount>, Fault>;
    }
}

port! {
    /// Stores one change of what is known of an account.
    CommitAccount {
        /// Stores it, if every condition holds. [`CommitError::Conflict`]: it changed meanwhile.
        fn commit_account(commit: AccountCommit) -> Result<(), CommitError>;
    }
}

/// How an installation looks into accounts.
pub trait Observation: Send + Sync {
    /// How long what no request owns is only observed in an account that is new, in seconds.
    fn observe_seconds(&self) -> u64;
}
