//! Options: every mistake at once, and no secret shown.

use laminar_schema::{ConfigError, ConfigErrors, ConnectorConfig, ErrorKind, Options, SchemaError};

use crate::{
    place::BadOptions,
    verdict::{Failed, Passed, Verdict},
};

/// What stands in the place of a secret, and must not be seen again.
pub(crate) const MARKER: &str = "hunter2-of-the-testkit";

const NO_OPTION: &str = "no_such_option_of_the_testkit";

/// Texts that most options refuse.
const NONSENSE: [&str; 3] = ["\u{1}?!", "-1", ""];

/// How types are called whose options must refuse nonsense.
const TYPED: [&str; 4] = ["integer", "number", "true or false", "duration"];

/// Every wrong option is named, and all of them in one error.
pub(crate) fn tells_all_errors<C: ConnectorConfig>(good: &Options) -> Verdict {
    for key in C::KEYS {
        if key.doc.trim().is_empty() || key.type_name.trim().is_empty() {
            let found = format!("option `{}` without a text for people", key.key);
            return Err(Failed::new(
                "every option documented",
                found,
                "write a doc comment on each field of the options",
            ));
        }
    }
    if let Err(e) = C::from_options(good) {
        return Err(Failed::new("the harness's options to be read", e.to_string(), "correct the harness's options"));
    }
    let mut wrong = good.clone();
    let mut named: Vec<&str> = vec![NO_OPTION];
    wrong.insert(NO_OPTION, "1", None);
    for key in C::KEYS {
        let refused = NONSENSE.into_iter().find_map(|text| {
            let mut one = good.clone();
            key.aliases.iter().for_each(|alias| drop(one.remove(alias)));
            one.insert(key.key, text, None);
            // Some options are wrong only together with others; then it is not this one that is named.
            C::from_options(&one).err().filter(|errors| names(errors, key.key)).map(|_| text)
        });
        match refused {
            Some(text) => {
                key.aliases.iter().for_each(|alias| drop(wrong.remove(alias)));
                wrong.insert(key.key, text, None);
                named.push(key.key);
            }
            None if key.required => {
                key.aliases.iter().for_each(|alias| drop(wrong.remove(alias)));
                wrong.remove(key.key);
                named.push(key.key);
            }
            None if TYPED.iter().any(|typed| key.type_name.starts_with(typed)) && !key.secret => {
                let expected =
                    format!("an error that names option `{}` ({}) when it is nonsense", key.key, key.type_name);
                return Err(Failed::new(expected, "none", "let `#[derive(ConnectorConfig)]` read the options"));
            }
            None => {}
        }
    }
    let expected = format!("one error that names each of {}", named.join(", "));
    let help =
        "read the options with `#[derive(ConnectorConfig)]`, which keeps every error, or join the errors of both sets";
    match C::from_options(&wrong) {
        Ok(_) => Err(Failed::new(expected, "options that were taken as they are", help)),
        Err(errors) => match named.iter().find(|key| !names(&errors, key)) {
            Some(key) => Err(Failed::new(expected, format!("none about {key}: {errors}"), help)),
            None => Ok(Passed::Checked),
        },
    }
}

/// Whether one of the errors is about that option; texts name others too, as suggestions.
fn names(errors: &ConfigErrors, wanted: &str) -> bool {
    errors.0.iter().any(|error| match error {
        ConfigError::Missing { key, .. } | ConfigError::Duplicate { key, .. } => key.eq_ignore_ascii_case(wanted),
        ConfigError::Unknown { key, .. } | ConfigError::Invalid { key, .. } => key.eq_ignore_ascii_case(wanted),
        other => other.to_string().contains(wanted),
    })
}

/// Options that contradict each other are refused, by name, as a matter of configuration.
pub(crate) fn refuses(bad: &BadOptions, refused: Option<SchemaError>) -> Result<(), Failed> {
    let expected = format!("{:?} to be refused by an error that names {}", bad.options, bad.names);
    let help =
        "compare options in `from_config`, or in `validate` where that takes I/O, and return `ConfigError::invalid`";
    match refused {
        None => Err(Failed::new(expected, "a connector made of them", help)),
        Some(e) if !e.to_string().contains(bad.names) => Err(Failed::new(expected, e.to_string(), help)),
        Some(e) if !(e.is_config() || matches!(e.kind(), ErrorKind::Connector(_))) => {
            Err(Failed::new(expected, format!("an error that is none of configuration: {e}"), help))
        }
        Some(_) => Ok(()),
    }
}

/// The secrets among the options; an option that is called as a secret is and can be shown is a failure. The path of a
/// secret's file is none.
pub(crate) fn secrets<C: ConnectorConfig>() -> Result<Vec<&'static str>, Failed> {
    const CALLED: [&str; 3] = ["password", "secret", "token"];
    let shown = C::KEYS.iter().find(|k| {
        !k.secret && k.type_name != "path" && CALLED.iter().any(|word| k.key.split(['.', '_']).any(|w| w == *word))
    });
    match shown {
        Some(key) => Err(Failed::new(
            format!("option `{}` to be a secret", key.key),
            format!("one whose values are shown ({})", key.type_name),
            "give the field the type `laminar_schema::Secret`",
        )),
        None => Ok(C::KEYS.iter().filter(|k| k.secret).map(|k| k.key).collect()),
    }
}

/// The text has no secret.
pub(crate) fn hides(what: &str, text: &str) -> Result<(), Failed> {
    if !text.contains(MARKER) {
        return Ok(());
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let found = format!("{what} that shows it: {}", line.replace(MARKER, "<the secret>"));
    Err(Failed::new(
        "no secret shown anywhere",
        found,
        "keep it as a `Secret`, and call `expose` in the one place that needs it",
    ))
}
