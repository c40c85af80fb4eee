//! What every function starts with: settings, logs, the HTTP edge, and the boundary at which a
//! failure is logged once and Lambda is told no more than a code.
//!
//! What this crate must never do: log a body, a header, a credential or a person's words.
//!
//! Start reading at [`start`].

pub mod edge;
pub mod http;
pub mod problem;
pub mod settings;
pub mod start;
