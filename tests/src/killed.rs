//! Pipelines that are killed as `kill -9` does: they run in a process of their own, which is the test's binary once more.

use std::{
    future::pending,
    ops::{Deref, DerefMut},
    path::Path,
    process::{Child, Command, Stdio},
};

use laminar_schema::{SinkSet, SourceSet};

use crate::served::run_until;

const SQL: &str = "LAMINAR_CHILD_SQL";
const CHECKPOINTS: &str = "LAMINAR_CHILD_CHECKPOINTS";

/// What the process does: it runs the pipeline that [`spawn`] has given it. In any other process it does nothing, so that it can stand
/// among the tests.
///
/// # Panics
/// When the pipeline fails.
pub async fn child<S: SourceSet, K: SinkSet>() {
    let (Ok(sql), Ok(dir)) = (std::env::var(SQL), std::env::var(CHECKPOINTS)) else { return };
    run_until::<S, K>(&sql, Some(Path::new(&dir)), pending()).await.expect("the pipeline runs to its end");
}

/// A process that ends with this.
#[derive(Debug)]
pub struct Process(Child);

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended is not there to be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the pipeline of `sql` in a process. `test` is the path of the test that calls [`child`] and nothing else.
///
/// # Panics
/// When no process can be started.
pub fn spawn(test: &str, sql: &str, checkpoints: &Path) -> Process {
    let child = Command::new(std::env::current_exe().expect("a test has a program"))
        .args(["--exact", test, "--nocapture"])
        .env(SQL, sql)
        .env(CHECKPOINTS, checkpoints)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn();
    Process(child.expect("the test's program starts once more"))
}

/// How many records a fault test has: a script sets `variable`, and CI has few.
pub fn num_records(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}
