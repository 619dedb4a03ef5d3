//! The built binary, as a shell would run it.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

mod convert;
mod infer;
mod laminar;
mod run;
mod show;
#[cfg(unix)]
mod stop;
