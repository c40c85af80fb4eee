//! `audit`: the record and what lies beside it.

pub(crate) mod erase;
