//! Options of a connector that come in two sets, such as its own and those of its connection, which its source and its sink
//! have in common.

use super::{ConfigErrors, ConfigKey, ConnectorConfig, Options};

/// The keys of two sets as those of one. `N` is the number of both.
///
/// ```
/// # use laminar_schema::config::{ConfigKey, joined_keys};
/// const OWN: &[ConfigKey] = &[ConfigKey::new("path", "text", "Where to read")];
/// const LINK: &[ConfigKey] = &[ConfigKey::new("token", "text", "Who is there")];
/// const ALL: [ConfigKey; OWN.len() + LINK.len()] = joined_keys(OWN, LINK);
/// assert_eq!(ALL.map(|key| key.key), ["path", "token"]);
/// ```
pub const fn joined_keys<const N: usize>(first: &[ConfigKey], second: &[ConfigKey]) -> [ConfigKey; N] {
    assert!(N == first.len() + second.len(), "as many as both sets have");
    let mut all = [if first.is_empty() { second[0] } else { first[0] }; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// Reads two sets out of the options of a connector. What neither declares is for the first to refuse.
///
/// # Errors
/// Every mistake in both.
pub fn read_joined<A: ConnectorConfig, B: ConnectorConfig>(options: &Options) -> Result<(A, B), ConfigErrors> {
    let (mut first, mut second) = (Options::new(), Options::new());
    for (key, value) in options.iter() {
        let is_second = B::KEYS.iter().any(|k| k.key == key || k.aliases.contains(&key));
        let of = if is_second { &mut second } else { &mut first };
        of.insert(key, value.text.clone(), value.span.clone());
    }
    match (A::from_options(&first), B::from_options(&second)) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (first, second) => {
            let errors = first.err().into_iter().chain(second.err()).flat_map(|errors| errors.0);
            Err(ConfigErrors(errors.collect()).among(&[B::KEYS, A::KEYS]))
        }
    }
}
