//! The clause for registries of kinds that other crates have brought along.

use super::{super::ast::Spanned, RegistryOptions, config as shipped, language_of, schema_type};
use crate::{
    config::{
        ConfigError, ConfigErrors, ConfigKey, ConnectorConfig, FromConfigValue, OptionReader, Options, did_you_mean,
    },
    error::SchemaResult,
    registry::{CompatibilityMode, RegistryConfig, RegistryConnection, RegistryKinds, RegistrySchemaType},
};

/// The option that names the kind.
const TYPE: &str = "type";
/// The kinds that are not foreign.
const SHIPPED: [&str; 2] = ["confluent", "glue"];

/// Options that all kinds have.
struct SharedOptions {
    subject: Option<String>,
    schema_type: Option<RegistrySchemaType>,
    compatibility: CompatibilityMode,
}

impl ConnectorConfig for SharedOptions {
    const KEYS: &'static [ConfigKey] =
        &[RegistryOptions::KEYS[12], RegistryOptions::KEYS[1], RegistryOptions::KEYS[2], RegistryOptions::KEYS[3]];

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        let mut reader = OptionReader::new(options, Self::KEYS);
        let subject = reader.read(1, String::from_value);
        let schema_type = reader.read(2, schema_type);
        let compatibility = reader.read(3, |text| text.parse());
        reader.build(|| Some(Self { subject, schema_type, compatibility: compatibility? }))
    }
}

/// The clause as a configuration, of whatever kind it is.
///
/// # Errors
/// Everything that is wrong with the options; whatever kept the registry from being opened.
pub(super) fn config(clause: &Spanned<Options>, format: &str, kinds: &RegistryKinds) -> SchemaResult<RegistryConfig> {
    let Some(named) = kind_of(&clause.value).filter(|named| !SHIPPED.contains(&named.as_str())) else {
        return Ok(shipped(clause, format)?);
    };
    let Some(kind) = kinds.get(&named) else {
        let known = || SHIPPED.into_iter().chain(kinds.names());
        return Err(ConfigErrors::from(ConfigError::Invalid {
            key: TYPE.to_owned(),
            value: crate::error::cut(&named),
            expected: known().collect::<Vec<_>>().join(", "),
            reason: match did_you_mean(&named, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "an engine knows other kinds from Engine::with_registry".to_owned(),
            },
            span: clause.value.value(TYPE).and_then(|v| v.span.clone()),
        })
        .into());
    };
    let (mut shared, mut own) = (Options::new(), Options::new());
    for (key, value) in clause.value.iter() {
        let is_own = kind.keys.iter().any(|k| k.key.eq_ignore_ascii_case(key));
        let is_shared = !is_own && SharedOptions::KEYS.iter().any(|k| k.key.eq_ignore_ascii_case(key));
        let into = if is_shared { &mut shared } else { &mut own };
        into.insert(key, value.text.clone(), value.span.clone());
    }
    let SharedOptions { subject, schema_type, compatibility } = SharedOptions::from_options(&shared)?;
    let connection = RegistryConnection { foreign: Some((kind.open)(&own)?), ..RegistryConnection::default() };
    Ok(RegistryConfig {
        url: String::new(),
        subject,
        schema_type: schema_type.unwrap_or(language_of(format)),
        compatibility,
        credentials: None,
        connection,
    })
}

/// Options whose values may be shown unless they are secret. Of a kind that other crates have brought along those that all
/// kinds have: nobody knows here which of the others are.
pub(in crate::ddl) fn shown_keys(options: &Options) -> &'static [ConfigKey] {
    match kind_of(options) {
        Some(kind) if !SHIPPED.contains(&kind.as_str()) => SharedOptions::KEYS,
        _ => RegistryOptions::KEYS,
    }
}

fn kind_of(options: &Options) -> Option<String> {
    options.get(TYPE).map(|named| named.trim().to_ascii_lowercase())
}
