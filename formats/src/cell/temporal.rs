//! Dates, times, timestamps and durations as ISO 8601 text.

use std::io::Write as _;

use arrow_schema::TimeUnit;

const SECONDS_PER_DAY: i64 = 86_400;

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Appends the day that is `days` after 1970-01-01; a sign marks years outside 0..=9999.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
pub(super) fn write_date(out: &mut Vec<u8>, days: i64) {
    // Date64 counts milliseconds, so days have far fewer than 63 bits.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    // Writing to memory cannot fail.
    let _ = match year {
        0..=9999 => write!(out, "{year:04}-{month:02}-{day:02}"),
        _ => write!(out, "{year:+05}-{month:02}-{day:02}"),
    };
}

/// Appends `HH:MM:SS`, with as many groups of three decimals as the value needs.
pub(super) fn write_time(out: &mut Vec<u8>, value: i64, unit: TimeUnit) {
    let seconds = value.div_euclid(per_second(unit));
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    write_fraction(out, value.rem_euclid(per_second(unit)), unit, 3);
}

/// Appends date and time; `Z` marks a value that has a zone.
pub(super) fn write_timestamp(out: &mut Vec<u8>, value: i64, unit: TimeUnit, zoned: bool) {
    let per_day = per_second(unit) * SECONDS_PER_DAY;
    write_date(out, value.div_euclid(per_day));
    out.push(b'T');
    write_time(out, value.rem_euclid(per_day), unit);
    if zoned {
        out.push(b'Z');
    }
}

/// Appends the decimals of a second in whole groups of `group` digits, and the point before them.
fn write_fraction(out: &mut Vec<u8>, value: i64, unit: TimeUnit, group: usize) {
    if value == 0 {
        return;
    }
    let nanos = value * (1_000_000_000 / per_second(unit));
    let start = out.len();
    let _ = write!(out, ".{nanos:09}");
    while out[out.len() - group..].iter().all(|digit| *digit == b'0') && out.len() - start > group {
        out.truncate(out.len() - group);
    }
}

/// Appends a duration in seconds: `PT1.5S`.
pub(super) fn write_duration(out: &mut Vec<u8>, value: i64, unit: TimeUnit) {
    out.extend_from_slice(b"PT");
    write_seconds(out, value, unit);
}

fn write_seconds(out: &mut Vec<u8>, value: i64, unit: TimeUnit) {
    let (magnitude, per_second) = (value.unsigned_abs(), per_second(unit).unsigned_abs());
    let sign = if value < 0 { "-" } else { "" };
    let _ = write!(out, "{sign}{}", magnitude / per_second);
    // Below one second, so it fits.
    write_fraction(out, (magnitude % per_second) as i64, unit, 1);
    out.push(b'S');
}

/// Appends the parts of an interval that are not zero: `P14M3DT2.5S`.
pub(super) fn write_interval(out: &mut Vec<u8>, months: i32, days: i32, nanos: i64) {
    out.push(b'P');
    if months != 0 {
        let _ = write!(out, "{months}M");
    }
    if days != 0 {
        let _ = write!(out, "{days}D");
    }
    if nanos != 0 {
        out.push(b'T');
        write_seconds(out, nanos, TimeUnit::Nanosecond);
    }
    if (months, days, nanos) == (0, 0, 0) {
        out.extend_from_slice(b"0D");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_782, "2024-02-29"),
            (-719_468, "0000-03-01"),
            (-719_529, "-0001-12-31"),
            (2_932_897, "+10000-01-01"),
        ] {
            check(|out| write_date(out, days), expected);
        }
    }

    #[test]
    fn timestamps() {
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        for (value, unit, expected) in [
            (0, Second, "1970-01-01T00:00:00Z"),
            (-1, Millisecond, "1969-12-31T23:59:59.999Z"),
            (1_500, Microsecond, "1970-01-01T00:00:00.001500Z"),
            (1, Nanosecond, "1970-01-01T00:00:00.000000001Z"),
            (i64::MIN, Nanosecond, "1677-09-21T00:12:43.145224192Z"),
        ] {
            check(|out| write_timestamp(out, value, unit, true), expected);
        }
    }

    #[test]
    fn durations() {
        check(|out| write_duration(out, -1_500, TimeUnit::Millisecond), "PT-1.5S");
        check(|out| write_duration(out, i64::MIN, TimeUnit::Second), "PT-9223372036854775808S");
        check(|out| write_interval(out, 0, 0, 0), "P0D");
        check(|out| write_interval(out, -14, 3, 2_500_000_000), "P-14M3DT2.5S");
    }
}
