//! Every entry of every stream is in the log exactly once and in order, whatever dies, comes twice, late or never, or runs
//! beside; no two roots are signed for one size; and what gives access waits for the log's anchor, what ends it never.

mod anchors;
mod beside;
mod broken;
mod contention;
mod crashes;
mod days;
mod deployed;
mod gate;
mod histories;
mod misread;
mod pace;
mod rotated;
mod round_trips;
mod scene;
mod tampered;
