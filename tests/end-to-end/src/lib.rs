//! What end-to-end tests and the demo act with: the API as a person, Slack as a person, AWS with anybody's credentials.
//!
//! Everything goes through the front doors of a running local cloud; nothing here knows how Countersign works inside.
//! Start reading at [`stage::Stage`].

pub mod auditor;
pub mod chat;
pub mod cloud;
pub mod dice;
pub mod door;
pub mod failure;
pub mod log;
pub mod modals;
pub mod outputs;
pub mod signing;
pub mod simulation;
pub mod stage;
pub mod trail;
pub mod waiting;
