//! Which inputs a path means: one file, the files that match a pattern, or a stream that is read only once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use glob::{MatchOptions, Pattern};
use laminar_schema::{ConfigError, ConnectorError, SchemaResult};

use crate::config::STANDARD_STREAM;

/// What a `path` option means, before anything is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Standard input.
    Stdin,
    /// One path, whatever characters it has.
    One(PathBuf),
    /// All files that match a pattern.
    Glob(Arc<str>),
    /// Several of the two before.
    Several(Vec<Self>),
}

/// Dot files are matched by no pattern: editors leave such files behind. Their own path still names them.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

impl Target {
    /// Reads the `path` option.
    ///
    /// A path that exists is taken by its letters, even when it looks like a pattern.
    pub(crate) fn parse(path: &str) -> SchemaResult<Self> {
        if path == STANDARD_STREAM {
            return Ok(Self::Stdin);
        }
        let is_pattern = path.contains(['*', '?', '[']) && !Path::new(path).exists();
        if !is_pattern {
            return Ok(Self::One(path.into()));
        }
        match Pattern::new(path) {
            Ok(_) => Ok(Self::Glob(path.into())),
            Err(e) => Err(ConfigError::invalid("path", path, "a path or a glob pattern", e.msg).into()),
        }
    }

    /// Several paths and patterns, read in this order.
    pub(crate) fn several(paths: &[String]) -> SchemaResult<Self> {
        let targets: Vec<Self> = paths.iter().map(|p| Self::parse(p)).collect::<SchemaResult<_>>()?;
        match targets.iter().find(|t| t.is_read_once()) {
            None => Ok(Self::Several(targets)),
            Some(once) => {
                let reason = "it can be read only once, and must be the only input";
                Err(ConfigError::invalid("path", once.to_string(), "files that can be read again", reason).into())
            }
        }
    }

    /// True when the bytes can be read only once: standard input, a pipe, a device.
    pub(crate) fn is_read_once(&self) -> bool {
        match self {
            Self::Stdin => true,
            Self::Glob(_) => false,
            Self::Several(targets) => targets.iter().any(Self::is_read_once),
            Self::One(path) => fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()),
        }
    }

    /// The files there are now, in order of their paths; none where they are yet to come.
    pub(crate) fn files(&self) -> SchemaResult<Vec<PathBuf>> {
        match self {
            Self::Stdin => Ok(Vec::new()),
            Self::One(path) => Ok(one_file(path)?.into_iter().collect()),
            Self::Glob(pattern) => matching_files(pattern),
            Self::Several(targets) => {
                let mut files = Vec::new();
                for target in targets {
                    // Each must name something: a path that does not must not be drowned by the others.
                    let more = target.some_files()?;
                    files.extend(more.into_iter().filter(|f| !files.contains(f)).collect::<Vec<_>>());
                }
                Ok(files)
            }
        }
    }

    /// As [`Target::files`], but finding nothing is an error.
    pub(crate) fn some_files(&self) -> SchemaResult<Vec<PathBuf>> {
        let files = self.files()?;
        if !files.is_empty() {
            return Ok(files);
        }
        let help = match self {
            Self::Glob(_) => "check the pattern and the directory it starts from; `**` matches any depth",
            Self::One(_) | Self::Several(_) | Self::Stdin => {
                "check the path; it is taken from the directory the program runs in"
            }
        };
        Err(ConnectorError::NotFound { target: self.to_string(), help }.into())
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::One(path) => path.display().fmt(f),
            Self::Glob(pattern) => f.write_str(pattern),
            Self::Several(targets) => {
                for (i, target) in targets.iter().enumerate() {
                    write!(f, "{}{target}", if i > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

fn one_file(path: &Path) -> SchemaResult<Option<PathBuf>> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            let help = "it is a directory; name the files in it, as in `dir/*.json`";
            Err(ConnectorError::NotFound { target: path.display().to_string(), help }.into())
        }
        Ok(_) => Ok(Some(path.to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(ConnectorError::io("open", path.display(), e).into()),
    }
}

fn matching_files(pattern: &str) -> SchemaResult<Vec<PathBuf>> {
    let invalid = |e: glob::PatternError| ConfigError::invalid("path", pattern, "a path or a glob pattern", e.msg);
    let mut files = Vec::new();
    for found in glob::glob_with(pattern, MATCHING).map_err(invalid)? {
        let path = found.map_err(|e| {
            let path = e.path().display().to_string();
            ConnectorError::io("list", path, e.into())
        })?;
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(target: &Target, root: &Path) -> Vec<String> {
        let files = target.files().unwrap();
        files.iter().map(|f| f.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn patterns_find_files_in_order_and_leave_dot_files_alone() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.json", ".hidden.json", "a.csv", "deep/er/c.json", "odd[1].json"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(dir.path().join("dir.json")).unwrap();
        let check = |pattern: &str, expected: &[&str]| {
            let target = Target::parse(dir.path().join(pattern).to_str().unwrap()).unwrap();
            assert_eq!(names(&target, dir.path()), expected, "{pattern}");
        };
        check("*.json", &["a.json", "b.json", "odd[1].json"]);
        check("**/*.json", &["a.json", "b.json", "deep/er/c.json", "odd[1].json"]);
        check(".hidden.json", &[".hidden.json"]);
        check(".*.json", &[]);
        check("?.csv", &["a.csv"]);
        check("[bx].json", &["b.json"]);
        check("odd[1].json", &["odd[1].json"]);
        check("none*", &[]);
    }

    #[test]
    fn several_paths_are_read_in_the_order_given_and_once_each() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.json", "b.json", "c.json"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let several = |paths: &[&str]| {
            let full: Vec<String> = paths.iter().map(|p| dir.path().join(p).to_str().unwrap().to_owned()).collect();
            Target::several(&full)
        };
        let target = several(&["c.json", "*.json"]).unwrap();
        assert_eq!(names(&target, dir.path()), ["c.json", "a.json", "b.json"]);
        let absent = several(&["a.json", "absent"]).unwrap().files().unwrap_err().to_string();
        assert!(absent.contains("absent names nothing"), "{absent}");
        let once = Target::several(&["a".to_owned(), "-".to_owned()]).unwrap_err().to_string();
        assert!(once.contains("standard input") && once.contains("only input"), "{once}");
    }

    #[test]
    fn what_names_nothing_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let check = |path: &str, expected: &str| {
            let path = dir.path().join(path);
            let error = Target::parse(path.to_str().unwrap()).and_then(|t| t.some_files()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check("", "it is a directory; name the files in it");
        check("absent", "names nothing; check the path");
        check("absent*", "names nothing; check the pattern");
        check("***", "expected a path or a glob pattern");
    }
}
