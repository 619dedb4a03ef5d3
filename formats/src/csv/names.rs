//! Names of columns that a header leaves out or gives twice.

use std::collections::{HashMap, HashSet};

/// The name of a column that has none. Numbers have as many digits as the last one, so that names sort as columns do.
pub(super) fn column_name(index: usize, count: usize) -> String {
    let digits = count.saturating_sub(1).max(1).ilog10() as usize + 1;
    format!("column{index:0digits$}")
}

/// A header's names, each of them once: blanks around them go, an empty one is named by its position, and further ones
/// of a name are numbered.
pub(super) fn unique_names<'a>(header: impl ExactSizeIterator<Item = &'a str>) -> Vec<String> {
    let count = header.len();
    let header: Vec<&str> = header.map(str::trim_ascii).collect();
    let own: HashSet<&str> = header.iter().copied().collect();
    let mut taken: HashSet<String> = HashSet::with_capacity(count);
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(count);
    for (index, name) in header.iter().enumerate() {
        let name = if name.is_empty() { column_name(index, count) } else { (*name).to_owned() };
        let mut unique = name.clone();
        // Counting goes on from name to name, so that many of one name take no longer each.
        let number = numbers.entry(name.clone()).or_insert(0_usize);
        // A name that another column has by itself stays with that column.
        while taken.contains(&unique) || (*number > 0 && unique != name && own.contains(unique.as_str())) {
            *number += 1;
            unique = format!("{name}_{number}");
        }
        taken.insert(unique.clone());
        names.push(unique);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once() {
        for (header, expected) in [
            (&["a", "b"][..], &["a", "b"][..]),
            (&["a", "a", "a"], &["a", "a_1", "a_2"]),
            (&["a", "a_1", "a"], &["a", "a_1", "a_2"]),
            (&["a", "a", "a_1"], &["a", "a_2", "a_1"]),
            (&[" a", "b c "], &["a", "b c"]),
            (&["", "x", " "], &["column0", "x", "column2"]),
        ] {
            assert_eq!(unique_names(header.iter().copied()), expected);
        }
        assert_eq!(column_name(9, 10), "column9");
        assert_eq!(column_name(1, 11), "column01");
        assert_eq!(column_name(0, 1), "column0");
    }
}
