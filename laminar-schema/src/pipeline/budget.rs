//! How many records may be rejected before a pipeline ends: a rate over a window.

use std::{collections::VecDeque, fmt, time::Duration};

use tokio::time::Instant;

use crate::config::{ConfigErrors, ConfigKey, ConnectorConfig, FromConfigValue, OptionReader, Options};

/// Parts of a window that are counted together.
const PARTS: u32 = 32;

/// Options of `ON ERROR … WITHIN (…)`: a pipeline that skips records, or writes dead letters, ends where too many are rejected.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorBudget {
    /// Records that may be rejected, of the rows and rejected records in the window: 0.01 is one of a hundred.
    pub max_rate: f64,
    /// How long back records count, up to a thirty-second more.
    pub window: Duration,
    /// Records that must be in the window before the rate counts.
    pub min_records: u64,
}

impl ConnectorConfig for ErrorBudget {
    const KEYS: &'static [ConfigKey] = &[
        ConfigKey {
            required: true,
            ..ConfigKey::new("max_rate", "number from 0 to 1", "Records that may be rejected, of those in the window")
        },
        ConfigKey {
            default: Some("1m"),
            ..ConfigKey::new("window", Duration::TYPE_NAME, "How long back records count")
        },
        ConfigKey {
            default: Some("100"),
            ..ConfigKey::new("min_records", u64::TYPE_NAME, "Records in the window before the rate counts")
        },
    ];

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        let mut reader = OptionReader::new(options, Self::KEYS);
        let max_rate = reader.read(0, rate);
        let window = reader.read(1, window);
        let min_records = reader.read(2, u64::from_value);
        reader.build(|| Some(Self { max_rate: max_rate?, window: window?, min_records: min_records? }))
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = f64::from_value(text)?;
    if (0.0..=1.0).contains(&rate) { Ok(rate) } else { Err(String::new()) }
}

fn window(text: &str) -> Result<Duration, String> {
    let window = Duration::from_value(text)?;
    if window.is_zero() { Err("it is no time at all".to_owned()) } else { Ok(window) }
}

/// Too many records were rejected.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetExceeded {
    /// Records rejected in the window.
    pub rejected: u64,
    /// Records in the window.
    pub records: u64,
    /// What may be.
    pub budget: ErrorBudget,
    /// The last rejection.
    pub last: String,
}

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rejected, records, budget: ErrorBudget { max_rate, window, .. }, last } = self;
        write!(
            f,
            "{rejected} of the last {records} records were rejected, more than ON ERROR … WITHIN (max_rate = {max_rate}, window = '{}s') \
             allows; the last: {last}",
            window.as_secs_f64()
        )
    }
}

impl std::error::Error for BudgetExceeded {}

/// What was read and rejected lately.
#[derive(Debug)]
pub(super) struct Spent {
    budget: ErrorBudget,
    /// The oldest first.
    parts: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    since: Instant,
    records: u64,
    rejected: u64,
}

impl Spent {
    pub(super) fn new(budget: ErrorBudget) -> Self {
        Self { budget, parts: VecDeque::new() }
    }

    /// Counts records, and those of them that were rejected, `last` the last.
    ///
    /// # Errors
    /// There are too many of these.
    pub(super) fn count(
        &mut self,
        records: u64,
        rejected: u64,
        last: impl FnOnce() -> String,
    ) -> Result<(), BudgetExceeded> {
        let (now, window) = (Instant::now(), self.budget.window);
        while self.parts.front().is_some_and(|part| now.duration_since(part.since) >= window + window / PARTS) {
            self.parts.pop_front();
        }
        match self.parts.back_mut() {
            Some(part) if now.duration_since(part.since) < window / PARTS => {
                part.records += records;
                part.rejected += rejected;
            }
            _ => self.parts.push_back(Part { since: now, records, rejected }),
        }
        if rejected == 0 {
            return Ok(());
        }
        let sum = |of: fn(&Part) -> u64| self.parts.iter().map(of).sum::<u64>();
        let (records, rejected) = (sum(|part| part.records), sum(|part| part.rejected));
        if records < self.budget.min_records || rejected as f64 <= self.budget.max_rate * records as f64 {
            return Ok(());
        }
        Err(BudgetExceeded { rejected, records, budget: self.budget.clone(), last: last() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_older_than_the_window_does_not_count() {
        let budget = ErrorBudget { max_rate: 0.1, window: Duration::from_secs(60), min_records: 10 };
        let mut spent = Spent::new(budget.clone());
        let mut count = |records, rejected| spent.count(records, rejected, || "bad".to_owned());
        // Too few to tell; then exactly what may be.
        assert_eq!(count(5, 5), Ok(()));
        tokio::time::advance(Duration::from_secs(62)).await;
        assert_eq!(count(90, 9), Ok(()));
        assert_eq!(count(10, 1), Ok(()));
        tokio::time::advance(Duration::from_secs(30)).await;
        let exceeded = count(100, 11).unwrap_err();
        assert_eq!(exceeded, BudgetExceeded { rejected: 21, records: 200, budget, last: "bad".to_owned() });
        assert_eq!(
            exceeded.to_string(),
            "21 of the last 200 records were rejected, more than ON ERROR … WITHIN (max_rate = 0.1, window = '60s') allows; \
             the last: bad"
        );
        tokio::time::advance(Duration::from_secs(32)).await;
        assert_eq!(count(1000, 50), Ok(()));
    }

    #[test]
    fn options_are_read_and_checked() {
        let read = |pairs: &[(&str, &str)]| ErrorBudget::from_options(&Options::from_pairs(pairs.iter().copied()));
        let usual = ErrorBudget { max_rate: 0.01, window: Duration::from_secs(60), min_records: 100 };
        assert_eq!(read(&[("max_rate", "0.01")]).unwrap(), usual);
        for wrong in [&[][..], &[("max_rate", "1.5")], &[("max_rate", "NaN")], &[("max_rate", "0"), ("window", "0s")]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
