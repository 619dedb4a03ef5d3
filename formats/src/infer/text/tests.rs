//! What texts are, as tables.

use super::*;

fn check_with(formats: &[&str], text: &str, expected: &str) {
    let config = InferenceConfig {
        timestamp_formats: formats.iter().map(|f| (*f).to_owned()).collect(),
        ..InferenceConfig::default()
    };
    let rules = TextRules::new(&config);
    let mut facts = TextFacts::default();
    let kind = rules.observe(text.as_bytes(), &mut facts);
    let mut shown = kind.to_string();
    if facts.needs_nanos() {
        shown += " ns";
    }
    if facts.is_far_away() {
        shown += " far";
    }
    for format in rules.column_formats(&facts) {
        shown += &format!(" [{format}]");
    }
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn texts_are_what_they_look_like_to_the_last_character() {
    let check = |text, expected| check_with(&["iso8601"], text, expected);
    check("2024-02-29", "DATE");
    check("2023-02-29", "VARCHAR");
    check("2024-13-01", "VARCHAR");
    check("2024-1-1", "VARCHAR");
    check("24-01-01", "VARCHAR");
    check("20240101", "VARCHAR");
    check("0001-01-01", "DATE far");
    check("23:59:59", "TIME");
    check("23:59:59.123456", "TIME");
    check("23:59:59.123456700", "TIME ns");
    check("24:00:00", "VARCHAR");
    check("12:30", "VARCHAR");
    check("2024-01-01T00:00", "TIMESTAMP");
    check("2024-01-01 00:00:00", "TIMESTAMP");
    check("2024-01-01T00:00:00.5", "TIMESTAMP");
    check("2024-01-01T00:00:00.123456789", "TIMESTAMP ns");
    check("2024-01-01T00:00:00.1234567890", "VARCHAR");
    check("2024-01-01T00:00:00.", "VARCHAR");
    check("2024-01-01T00:00:60Z", "VARCHAR");
    check("2024-01-01T00:00:00Z", "TIMESTAMPTZ");
    check("2024-01-01 00:00:00+02", "TIMESTAMPTZ");
    check("2024-01-01T00:00:00.5-0230", "TIMESTAMPTZ");
    check("2024-01-01T00:00:00+02:30", "TIMESTAMPTZ");
    check("2024-01-01T00:00:00+25:00", "VARCHAR");
    check("2024-01-01Z", "VARCHAR");
    check("2024-01-01é", "VARCHAR");
    check("日本語日本語日本", "VARCHAR");
    check("123e4567-e89b-12d3-a456-426614174000", "UUID");
    check("123E4567-E89B-12D3-A456-426614174000", "UUID");
    check("123e4567e89b12d3a456426614174000", "VARCHAR");
    check("123g4567-e89b-12d3-a456-426614174000", "VARCHAR");
    check("PT5M", "INTERVAL");
    check("-PT5M", "INTERVAL");
    check("PT-1.5S", "INTERVAL");
    check("P1DT2H", "INTERVAL");
    check("P1Y2M", "INTERVAL");
    check("P1W2D", "INTERVAL");
    // One part of days or more is a code as often; and what the decoder cannot read is none.
    check("P1D", "VARCHAR");
    check("P3M", "VARCHAR");
    check("P", "VARCHAR");
    check("PT", "VARCHAR");
    check("P1H", "VARCHAR");
    check("PT5", "VARCHAR");
    check("PT5m", "VARCHAR");
    check("PT1.5H", "INTERVAL");
    check("PT0.0000000001S", "VARCHAR");
    check("P99999999999999999999Y1D", "VARCHAR");
    check("PT5M ", "VARCHAR");
    check("Paul", "VARCHAR");
    check("-", "VARCHAR");
    check("", "VARCHAR");
    check("12345", "VARCHAR");
}

#[test]
fn timestamp_formats_decide_what_is_a_timestamp() {
    check_with(&[], "2024-01-01T00:00:00Z", "VARCHAR");
    check_with(&[], "123e4567-e89b-12d3-a456-426614174000", "UUID");
    check_with(&["%d/%m/%Y %H:%M"], "31/12/2024 10:00", "TIMESTAMP [%d/%m/%Y %H:%M]");
    check_with(&["iso8601", "%d/%m/%Y"], "31/12/2024", "DATE [%d/%m/%Y]");
    check_with(&["%d/%m/%Y %H:%M:%S %z"], "31/12/2024 10:00:00 +0100", "TIMESTAMPTZ [%d/%m/%Y %H:%M:%S %z]");
    check_with(&["%Y-%m-%dT%H:%M:%S%.fZ"], "2024-01-01T00:00:00.5Z", "TIMESTAMPTZ [%Y-%m-%dT%H:%M:%S%.fZ]");
    check_with(&["%Y-%m-%d %H:%M:%S", "iso8601"], "2024-01-01 00:00:00", "TIMESTAMP [%Y-%m-%d %H:%M:%S]");
    check_with(&["%Q"], "31/12/2024", "VARCHAR");
}

#[test]
fn one_format_that_fits_all_is_chosen_over_several() {
    let config = InferenceConfig {
        timestamp_formats: vec!["%m/%d/%Y".to_owned(), "%d/%m/%Y".to_owned()],
        ..InferenceConfig::default()
    };
    let rules = TextRules::new(&config);
    let formats = |texts: &[&str]| {
        let mut facts = TextFacts::default();
        for text in texts {
            assert_eq!(rules.observe(text.as_bytes(), &mut facts), Kind::Date);
        }
        rules.column_formats(&facts).join(", ")
    };
    assert_eq!(formats(&["01/02/2024", "02/03/2024"]), "%m/%d/%Y");
    assert_eq!(formats(&["01/02/2024", "31/12/2024"]), "%d/%m/%Y");
    assert_eq!(formats(&["12/31/2024", "31/12/2024"]), "%m/%d/%Y, %d/%m/%Y");
}

#[test]
fn escapes_hide_no_meaning() {
    let config = InferenceConfig {
        timestamp_formats: vec!["iso8601".to_owned(), "%d.%m.%Y".to_owned(), "年%Y-%m-%d".to_owned()],
        ..InferenceConfig::default()
    };
    let rules = TextRules::new(&config);
    // Each is JSON; those that mean something once they are unescaped must not be passed over.
    for (escaped, expected) in [
        (r"2024\u002d01-01", true),
        (r"\u0032024-01-01", true),
        (r"2024-01-01\u0054\u0031\u0032:00", true),
        (r"31\u002e12.2024", true),
        (r"\u5e742024-01-01", true),
        (r"\u0061bcdef01-0123-0123-0123-0123456789ab", true),
        (r"a\u0062cdef01-0123-0123-0123-0123456789ab", true),
        (r"0\u0030\u0037", true),
        (r"\/2024", false),
        (r"\n2024-01-01", false),
        (r"he said \u0022no\u0022", false),
        (r"2nd \u00e9tage", false),
        (r"12345\n", true),
    ] {
        assert_eq!(rules.may_tell(escaped.as_bytes()), expected, "{escaped}");
    }
}
