//! The ports of `workflow` on AWS, one small struct per service, each with no more than it needs.
//!
//! What this crate must never do: decide. It holds no rule about requests; what AWS answers is
//! told as it is, as a value or as a [`workflow::ports::Fault`] that carries AWS's code and nothing
//! of the data.
//!
//! A function makes its clients once ([`clients::Clients`]), puts the ports it uses into a struct,
//! and hands each port trait on to a field with [`delegate!`]:
//!
//! ```
//! use aws::{clients::Clients, roots::Roots, table::Table, time::SystemClock};
//! use workflow::ports::{Clock, LoadRequest};
//!
//! struct Ports {
//!     table: Table,
//!     clock: SystemClock,
//! }
//!
//! aws::delegate! {
//!     Ports {
//!         table: LoadRequest, CommitRequest, FindByKey;
//!         clock: Clock;
//!     }
//! }
//!
//! fn needs<P: LoadRequest + Clock>(_: &P) {}
//!
//! let clients = Clients::new("us-east-1", Some("http://127.0.0.1:4570"), Roots::Amazon)?;
//! needs(&Ports { table: clients.table("countersign"), clock: SystemClock });
//! # Ok::<(), aws::clients::NoClients>(())
//! ```
//!
//! Start reading at [`table`].

pub mod accounts;
pub mod bus;
pub mod clients;
pub mod delegate;
#[cfg(test)]
mod double;
pub mod exports;
pub mod fault;
pub mod functions;
mod http;
pub mod log;
pub mod managed;
pub mod policy;
pub mod probes;
pub mod roles;
pub mod roots;
pub mod schedules;
pub mod secrets;
pub mod sessions;
pub mod table;
pub mod time;
pub mod trail;
mod watch;
