//! Replacing a small file in one step, so that no crash leaves half of one.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

/// Writes a file beside the old one, syncs it, renames it over the old one, and syncs the folder.
///
/// # Errors
/// The system's; the old file is then in force still, or the new one already, and never a part of either.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The process's number keeps two writers apart; the last to finish wins, with a whole file.
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = Path::new(&beside);
    let written = fs::File::create(beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(beside, path));
    if written.is_err() {
        // What went wrong is said already; that this is left over too would not help.
        let _ = fs::remove_file(beside);
    }
    written?;
    // The rename itself must survive a crash too.
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => fs::File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}
