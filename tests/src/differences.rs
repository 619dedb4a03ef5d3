//! Lists of the files on which we and a peer differ: one line each, `name TAB reason TAB words`, the reason out of a
//! closed list. A suite's list is complete and has nothing else, so that whoever changes an answer has to say why.

use std::{collections::BTreeMap, fmt};

/// Why we differ on a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// We keep integers that the peer rounds, or wider ones.
    ExactIntegers,
    /// The peer's answer depends on the order of the records.
    OrderIndependence,
    /// A specification asks for our answer.
    SpecSaysSo,
    /// The peer is wrong, and it is known.
    DuckDbBug {
        /// Where the bug is described.
        link: String,
    },
    /// The peer is right.
    NotYet,
}

/// A file on which we differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The file's name in the suite; it may have blanks in it.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// What is different, in a few words.
    pub words: String,
}

/// How a suite went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Files that both read alike, or refuse.
    pub agree: usize,
    /// The other files.
    pub different: Vec<String>,
}

impl Reason {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "exact integers" => Self::ExactIntegers,
            "order independence" => Self::OrderIndependence,
            "spec says so" => Self::SpecSaysSo,
            "not yet" => Self::NotYet,
            bug => {
                let link = bug.strip_prefix("DuckDB bug ").filter(|link| link.starts_with("https://"))?;
                Self::DuckDbBug { link: link.to_owned() }
            }
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExactIntegers => "exact integers",
            Self::OrderIndependence => "order independence",
            Self::SpecSaysSo => "spec says so",
            Self::DuckDbBug { .. } => "DuckDB bug",
            Self::NotYet => "not yet",
        })
    }
}

/// Reads a list. Lines that are empty or begin with `#` say nothing.
///
/// # Errors
/// Every line that is no difference, with its number.
pub fn parse(text: &str) -> Result<Vec<Difference>, String> {
    let mut wrong = String::new();
    let mut differences: Vec<Difference> = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with('#')) {
        let parts: Vec<&str> = line.split('\t').collect();
        let problem = match parts[..] {
            [name, reason, words] if !name.is_empty() && !words.trim().is_empty() => match Reason::parse(reason) {
                Some(_) if differences.iter().any(|d| d.name == name) => "this file has a line already",
                Some(reason) => {
                    differences.push(Difference { name: name.to_owned(), reason, words: words.to_owned() });
                    continue;
                }
                None => "the reason is not of the closed list",
            },
            _ => "expected name, reason and words, a tab between them",
        };
        wrong += &format!("line {number}: {problem}: {line:?}\n");
    }
    if wrong.is_empty() { Ok(differences) } else { Err(wrong) }
}

impl Outcome {
    /// Holds the outcome against the list, and counts the reasons.
    ///
    /// # Errors
    /// A file that differs and is not listed, one that is listed and does not differ, less than four fifths of all
    /// files that agree, or one in twenty and more that should and do not yet.
    pub fn check(&self, listed: &[Difference]) -> Result<String, String> {
        let files = self.agree + self.different.len();
        let mut wrong = String::new();
        for name in self.different.iter().filter(|name| listed.iter().all(|d| d.name != **name)) {
            wrong += &format!("{name}: differs, and is not listed\n");
        }
        for stale in listed.iter().filter(|d| !self.different.contains(&d.name)) {
            wrong += &format!("{}: listed, and does not differ\n", stale.name);
        }
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        listed.iter().for_each(|d| *reasons.entry(d.reason.to_string()).or_default() += 1);
        let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let counts = format!("{} of {files} files agree; the others: {}", self.agree, reasons.join(", "));
        let not_yet = listed.iter().filter(|d| d.reason == Reason::NotYet).count();
        if self.agree * 5 < files * 4 {
            wrong += &format!("less than 80 % agree: {counts}\n");
        }
        if not_yet > 0 && not_yet * 20 >= files {
            wrong += &format!("5 % or more are `not yet`: {counts}\n");
        }
        if wrong.is_empty() { Ok(counts) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(listed: &str, agree: usize, different: &[&str], expected: Expect) {
        let outcome = Outcome { agree, different: different.iter().map(|n| (*n).to_owned()).collect() };
        let said = parse(listed).and_then(|listed| outcome.check(&listed));
        expected.assert_eq(&said.unwrap_or_else(|wrong| wrong));
    }

    #[test]
    fn a_list_is_complete_and_has_nothing_else() {
        let listed = "# words\n\na b.csv\tspec says so\twhy\nc\tDuckDB bug https://example.org/1\twhy\n";
        check(listed, 8, &["a b.csv", "c"], expect!["8 of 10 files agree; the others: 1 DuckDB bug, 1 spec says so"]);
        check(
            listed,
            8,
            &["c", "d"],
            expect![[r#"
            d: differs, and is not listed
            a b.csv: listed, and does not differ
        "#]],
        );
        check(
            listed,
            7,
            &["a b.csv", "c"],
            expect![[r#"
            less than 80 % agree: 7 of 9 files agree; the others: 1 DuckDB bug, 1 spec says so
        "#]],
        );
        check("a\tnot yet\twhy\n", 20, &["a"], expect!["20 of 21 files agree; the others: 1 not yet"]);
        check(
            "a\tnot yet\twhy\n",
            19,
            &["a"],
            expect![[r#"
            5 % or more are `not yet`: 19 of 20 files agree; the others: 1 not yet
        "#]],
        );
    }

    #[test]
    fn lines_that_are_no_difference_are_named() {
        check(
            "a\tspec says so\n",
            1,
            &[],
            expect![[r#"
            line 1: expected name, reason and words, a tab between them: "a\tspec says so"
        "#]],
        );
        check(
            "a\tit is Monday\twhy\n",
            1,
            &[],
            expect![[r#"
            line 1: the reason is not of the closed list: "a\tit is Monday\twhy"
        "#]],
        );
        check(
            "a\tDuckDB bug\twhy\n",
            1,
            &[],
            expect![[r#"
            line 1: the reason is not of the closed list: "a\tDuckDB bug\twhy"
        "#]],
        );
        check(
            "a\tnot yet\t \n",
            1,
            &[],
            expect![[r#"
            line 1: expected name, reason and words, a tab between them: "a\tnot yet\t "
        "#]],
        );
        check(
            "b\tnot yet\twhy\nb\tnot yet\twhy\n",
            1,
            &[],
            expect![[r#"
            line 2: this file has a line already: "b\tnot yet\twhy"
        "#]],
        );
    }
}
