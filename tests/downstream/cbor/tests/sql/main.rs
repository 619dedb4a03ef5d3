//! The stranger's engine, from SQL to files.

mod cbor;
mod folder_registry;

use std::{error::Error, fs, path::Path};

use downstream_cbor::{EngineSinks, EngineSources, FolderRegistry};
use laminar_schema::{
    Metrics,
    engine::{Engine, RunOptions},
};

type Outcome = Result<(), Box<dyn Error>>;

/// A folder that is removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("downstream-cbor-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn engine() -> Engine<EngineSources, EngineSinks> {
    Engine::new().with_registry::<FolderRegistry>()
}

/// Runs SQL; rows that were written, and records that were rejected.
async fn run(sql: &str) -> Result<(u64, u64), Box<dyn Error>> {
    let mut engine = engine();
    let script = engine.load(sql)?;
    let (mut rows, mut rejected) = (0, 0);
    for planned in engine.plan(&script, &RunOptions::default()).await? {
        let summary = planned.pipeline.run(std::future::pending(), &Metrics::new()).await?;
        rows += summary.rows;
        rejected += summary.rejected;
    }
    Ok((rows, rejected))
}

fn json_lines(path: impl AsRef<Path>) -> Result<Vec<serde_json::Value>, Box<dyn Error>> {
    fs::read_to_string(path)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
