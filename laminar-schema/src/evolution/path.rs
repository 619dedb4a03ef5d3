//! Paths of nested columns: `address.city`, `lines[].price`, `labels{}`, `labels{key}`.

use std::fmt::Write as _;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A column, or a field of a struct.
    Field(String),
    /// The items of a list.
    Item,
    /// The keys of a map.
    Key,
    /// The values of a map.
    Value,
}

pub(super) const ITEM: &str = "[]";
pub(super) const KEY: &str = "{key}";
pub(super) const VALUE: &str = "{}";

/// The path of the field `name` of what stands at `parent`, which is empty for the columns.
pub(super) fn child(parent: &str, name: &str) -> String {
    let dot = if parent.is_empty() { "" } else { "." };
    if name.is_empty() || name.contains(['.', '[', ']', '{', '}', '"']) {
        format!("{parent}{dot}\"{}\"", name.replace('"', "\"\""))
    } else {
        format!("{parent}{dot}{name}")
    }
}

/// The steps of a path; `None` when it is none. The empty path has no step.
pub(super) fn parse(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let fixed = [(ITEM, Step::Item), (KEY, Step::Key), (VALUE, Step::Value)];
        let found = fixed.into_iter().find_map(|(text, step)| Some((rest.strip_prefix(text)?, step)));
        if let Some((after, step)) = found.filter(|_| !steps.is_empty()) {
            steps.push(step);
            rest = after;
            continue;
        }
        let name = if steps.is_empty() { rest } else { rest.strip_prefix('.')? };
        let (name, after) = match name.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = name.find(['.', '[', '{']).unwrap_or(name.len());
                let (bare, after) = name.split_at(end);
                if bare.is_empty() || bare.contains([']', '}', '"']) {
                    return None;
                }
                (bare.to_owned(), after)
            }
        };
        steps.push(Step::Field(name));
        rest = after;
    }
    Some(steps)
}

/// The name up to the closing quote, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                let _ = name.write_char('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let names = ["a", "a b", "a.b", "", "\"", "a\"\"b", "x[]", "{key}", "ü", "select"];
        for outer in names {
            for inner in names {
                let path = child(&(child("", outer) + ITEM + VALUE + KEY), inner);
                let field = |name: &str| Step::Field(name.to_owned());
                let expected = vec![field(outer), Step::Item, Step::Value, Step::Key, field(inner)];
                assert_eq!(parse(&path), Some(expected), "{path}");
            }
        }
        assert_eq!(child("address", "city"), "address.city");
        assert_eq!(child("lines[]", "unit.price"), r#"lines[]."unit.price""#);
    }

    #[test]
    fn what_is_no_path() {
        for text in ["[]", ".a", "a.", "a..b", "a[", "a[0]", "a]b", "\"a", "a{k}", "a\"b", "[]a", "a[]b"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(""), Some(Vec::new()));
    }
}
