//! Options of the generator source.

use laminar_schema::{
    ConnectorConfig,
    config::{FromConfigValue, did_you_mean},
};

use crate::workload::Workload;

/// Options of the generator source.
#[derive(Debug, Clone, PartialEq, ConnectorConfig)]
pub struct GeneratorConfig {
    /// Shape of the records
    #[config(default = "trades")]
    pub workload: Workload,
    /// Records to yield; without it there is no end
    pub rows: Option<u64>,
    /// Seed of all values: the same seed gives the same bytes on every machine
    #[config(default = 42)]
    pub seed: u64,
    /// Share of records that are malformed, in one of several ways
    #[config(default = 0.0, parse = parse_share, type_name = "number from 0 to 1")]
    pub bad_rate: f64,
    /// Share of keys that are left out
    #[config(default = 0.0, parse = parse_share, type_name = "number from 0 to 1")]
    pub missing_rate: f64,
    /// Whether each record has its keys in an order of its own
    #[config(default = false)]
    pub shuffled_keys: bool,
    /// Records in a second, at most; without it, as fast as they are taken
    #[config(parse = parse_rate, type_name = "number greater than 0")]
    pub rows_per_second: Option<f64>,
}

impl GeneratorConfig {
    /// Options for an endless stream of `workload`, all others at their defaults.
    pub fn new(workload: Workload) -> Self {
        Self {
            workload,
            rows: None,
            seed: 42,
            bad_rate: 0.0,
            missing_rate: 0.0,
            shuffled_keys: false,
            rows_per_second: None,
        }
    }
}

impl FromConfigValue for Workload {
    const TYPE_NAME: &'static str = "trades, wide, nested, projected, escapes, floats or orders";

    fn from_value(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        Self::parse(&name).ok_or_else(|| match did_you_mean(&name, Self::names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => String::new(),
        })
    }
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = f64::from_value(text)?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(String::new()) }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    let rate = f64::from_value(text)?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err(String::new()) }
}

#[cfg(test)]
mod tests {
    use laminar_schema::Options;

    use super::*;

    #[test]
    fn declared_defaults_are_those_of_new() {
        assert_eq!(GeneratorConfig::from_options(&Options::new()), Ok(GeneratorConfig::new(Workload::Trades)));
    }

    #[test]
    fn every_workload_is_in_the_help() {
        for name in Workload::names() {
            assert!(Workload::TYPE_NAME.contains(name), "{name}");
            assert_eq!(Workload::from_value(name).map(Workload::name), Ok(name));
        }
    }

    #[test]
    fn wrong_values_are_explained() {
        let check = |key: &str, value: &str, expected: &str| {
            let error = GeneratorConfig::from_options(&Options::from_pairs([(key, value)])).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(
            "workload",
            "trads",
            "option `workload` = 'trads': expected trades, wide, nested, projected, escapes, floats or orders: did you mean `trades`?",
        );
        check("bad_rate", "1.5", "option `bad_rate` = '1.5': expected number from 0 to 1");
        check("rows_per_second", "0", "option `rows_per_second` = '0': expected number greater than 0");
    }
}
