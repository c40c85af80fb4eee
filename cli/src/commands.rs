//! The commands, one file for each group.

pub(crate) mod access;
pub(crate) mod activity;
pub(crate) mod asking;
pub(crate) mod audit;
pub(crate) mod configure;
pub(crate) mod console;
pub(crate) mod deciding;
pub(crate) mod policy;
pub(crate) mod reading;
mod running;
mod serving;
pub(crate) mod shell;
pub(crate) mod stopping;
mod terraform;
