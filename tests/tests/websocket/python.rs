//! Peers written in Python, by a library that shares no code with ours.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

/// The interpreter that has the library, or `None` after saying why there is none. It is installed once, below `target`.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match PYTHON.get_or_init(install) {
        Ok(path) => Some(path),
        Err(why) => {
            println!("skipped: no Python with the package websockets: {why}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/websockets");
    let python = folder.join("bin/python");
    let run = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().map_err(|e| e.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    };
    if run(&python, &["-c", "import websockets.asyncio.server"]).is_err() {
        run(Path::new("python3"), &["-m", "venv", &folder.display().to_string()])?;
        run(&python, &["-m", "pip", "install", "--quiet", "websockets==17.*"])
            .or_else(|_| run(&python, &["-m", "pip", "install", "--quiet", "websockets"]))?;
    }
    Ok(python)
}

/// A running peer; it ends with this.
pub(crate) struct Peer {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Where a server listens.
    pub(crate) url: String,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// Starts a client.
    pub(crate) fn client(arguments: &[&str]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/websocket/peer.py");
        let mut command = Command::new(python()?);
        command.arg(script).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, out, url: String::new() })
    }

    /// Starts a server, and waits until it listens.
    pub(crate) fn server(arguments: &[&str]) -> Option<Self> {
        let mut peer = Self::client(arguments)?;
        peer.url = format!("ws://127.0.0.1:{}/", peer.line());
        Some(peer)
    }

    /// The next line that it prints; empty at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// So many lines.
    pub(crate) fn lines(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line()).collect()
    }
}
