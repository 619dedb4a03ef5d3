//! The built binary, as a shell would run it.

mod convert;
mod infer;
mod laminar;
mod run;
mod show;
#[cfg(unix)]
mod stop;
