//! The built binary, as a shell would run it.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]
#![allow(clippy::print_stdout, reason = "a test that cannot run says why")]

mod avro;
mod conversions;
mod convert;
mod corpora;
mod dlq;
mod evolve;
mod infer;
mod infer_ddl;
mod laminar;
mod lock;
mod new_connector;
mod old_cpu;
mod pin;
mod report;
mod run;
mod show;
#[cfg(unix)]
mod stop;
mod threads;
