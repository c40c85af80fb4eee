//! What was done under a grant comes out the same whatever comes in whichever order, how often and split however, beside
//! other workers, and with a crash at every call; and what follows from it happens once.

mod broken;
mod chains;
mod crashes;
mod digests;
mod endings;
mod order;
mod pages;
mod records;
mod round_trips;
mod runs;
mod scene;
mod sources;
