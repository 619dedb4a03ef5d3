//! What every decoder of records does around its records: rows with their DEFAULTs, and which record gave which.
//!
//! Lives here: the columns of a decoder as one thing that is filled and handed out ([`RootRows`]), the account of a batch's
//! records ([`Account`]), and whether a fast way is worth a try ([`Reluctance`]). Does not live here: how a record is decoded.
//!
//! ```text
//! for each record ─▶ the format pushes into RootRows::root ─▶ Account::settle: one row, none, several, or taken back
//! RootRows::finish ─▶ RecordBatch ─▶ Account::decoded
//! ```

mod account;
mod reluctance;
mod root;

pub(crate) use account::Account;
pub(crate) use reluctance::Reluctance;
pub(crate) use root::RootRows;
