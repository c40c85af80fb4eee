//! What people live in besides messages: modals, home tabs, shortcuts, and the page that shows it all.

#![cfg(test)]

mod app;
mod events;
mod modals;
mod presses;
mod reading;
