//! What several benches measure with.

pub mod time;
