//! The built program against a stand-in for the API on a loopback port.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that can't go on has failed"
)]

mod activity;
mod asking;
mod audit;
mod cloud;
mod deciding;
mod evidence;
mod exporting;
mod failing;
mod fetching;
mod policies;
mod rebuilding;
mod stand_in;
mod terraform;
mod using;
mod verifying;
