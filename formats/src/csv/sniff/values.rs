//! Options about the values: what means null, blanks around them, how numbers are written.

use laminar_schema::{InferenceConfig, config::FromConfigValue};

use super::{
    columns::{columns, is_typed, kinds},
    given::Given,
    grid::{Grid, Row},
};
use crate::{
    csv::{CsvOptions, Mark, NullValues, number_style::NumberStyle, typing::Typing},
    infer::Kind,
};

/// Texts that mean null where they alone keep a column from having a type.
const NULL_TEXTS: [&str; 9] = ["NULL", "null", "Null", "\\N", "N/A", "n/a", "#N/A", "NA", "None"];

/// Sets the options that the values below the first row show.
pub(super) fn find(
    grid: &mut Grid<'_>,
    rows: &[Row],
    options: &mut CsvOptions,
    given: &Given<'_>,
    config: &InferenceConfig,
    has_delimiter: bool,
) {
    if !given.has("trim") && !options.trim {
        find_trim(grid, rows, options, config);
    }
    if !given.has("null_values") {
        find_nulls(grid, rows, options, config);
    }
    // Without a delimiter a comma in a number may as well be one.
    if has_delimiter && !given.has("decimal_separator") && !given.has("thousands_separator") {
        find_numbers(grid, rows, options, config);
    }
}

/// How fields are read: with the blanks around them or without.
pub(super) fn reader(trim: bool) -> fn(&str) -> &str {
    if trim { str::trim_ascii } else { |text| text }
}

/// Blanks around fields go where a column has a type without them and none with them.
fn find_trim(grid: &mut Grid<'_>, rows: &[Row], options: &mut CsvOptions, config: &InferenceConfig) {
    let typing = Typing::new(config, options);
    let with = kinds(&columns(grid, rows, &typing, reader(false)));
    if with.iter().all(|kind| is_typed(*kind)) {
        return;
    }
    let without = kinds(&columns(grid, rows, &typing, reader(true)));
    options.trim = with.iter().zip(&without).any(|(with, without)| !is_typed(*with) && is_typed(*without));
}

fn find_nulls(grid: &mut Grid<'_>, rows: &[Row], options: &mut CsvOptions, config: &InferenceConfig) {
    let read = reader(options.trim);
    let plain = Typing::new(config, options);
    let as_they_are = columns(grid, rows, &plain, read);
    if kinds(&as_they_are).iter().all(|kind| is_typed(*kind)) {
        return;
    }
    let mut found: Vec<&str> = Vec::new();
    let mut without = as_they_are.clone();
    for text in NULL_TEXTS {
        let Ok(nulls) = NullValues::from_value(&list(&[&found[..], &[text]].concat())) else { continue };
        let typing = Typing { nulls, ..plain.clone() };
        let with = columns(grid, rows, &typing, read);
        let is_evident = without.iter().zip(&with).any(|(before, after)| {
            let kinds = kinds(&[before.clone(), after.clone()]);
            // More values than nulls: a single number among many of these is no evidence.
            let nulls = before.value.non_nulls() - after.value.non_nulls();
            !is_typed(kinds[0]) && is_typed(kinds[1]) && nulls > 0 && nulls <= after.value.non_nulls()
        });
        // The option holds for all columns, and in one of countries `NA` is Namibia.
        let is_word = matches!(text, "NA" | "None");
        let is_text_elsewhere = is_word
            && without.iter().zip(&with).any(|(before, after)| {
                !is_typed(kinds(std::slice::from_ref(after))[0]) && before.value.non_nulls() > after.value.non_nulls()
            });
        if is_evident && !is_text_elsewhere {
            found.push(text);
            without = with;
        }
    }
    if let Ok(nulls) = NullValues::from_value(&list(&found)) {
        options.null_values = nulls;
    }
}

/// Null texts as an option: the empty field first, which is what is written.
pub(super) fn list(texts: &[&str]) -> String {
    texts.iter().fold(String::new(), |list, text| list + "," + text)
}

/// Number styles are tried where the usual one leaves columns without a type.
fn find_numbers(grid: &mut Grid<'_>, rows: &[Row], options: &mut CsvOptions, config: &InferenceConfig) {
    const STYLES: [(u8, Option<u8>); 5] =
        [(b',', Some(b'.')), (b'.', Some(b',')), (b',', Some(b' ')), (b',', Some(b'\'')), (b'.', Some(b'\''))];
    let read = reader(options.trim);
    let plain = Typing::new(config, options);
    let before = kinds(&columns(grid, rows, &plain, read));
    // A column of nulls says nothing of how numbers are written, and would be gone through to its end.
    let texts: Vec<usize> = (0..before.len()).filter(|at| before[*at] == Kind::Varchar).collect();
    for (decimal, thousands) in STYLES {
        let style = NumberStyle { decimal, thousands };
        let (mut with_decimal, mut with_thousands) = (false, false);
        for column in &texts {
            let (mut values, mut fits, mut points, mut groups, mut is_sure) = (0, 0, 0, 0, false);
            for row in rows {
                let fields = grid.fields(*row);
                let Some(text) = fields.get(*column).map(|field| read(field.text)) else { continue };
                if plain.nulls.contains(text) {
                    continue;
                }
                values += 1;
                if style.canonical(text).is_none() {
                    break;
                }
                fits += 1;
                let has = |mark: u8| text.bytes().filter(|b| *b == mark).count();
                points += has(decimal);
                let group = thousands.map_or(0, has);
                groups += group;
                // `1,234` alone may as well be a fraction of three digits.
                let is_three = text.bytes().rev().position(|b| b == decimal) == Some(3);
                is_sure |= group > 1 || (has(decimal) == 1 && (group > 0 || !is_three));
            }
            if values > 0 && fits == values && is_sure {
                with_decimal |= points > 0 && decimal != b'.';
                with_thousands |= groups > 0;
            }
        }
        if with_decimal || with_thousands {
            if with_decimal {
                options.decimal_separator = Mark(Some(decimal));
            }
            if with_thousands {
                options.thousands_separator = thousands.map(|mark| Mark(Some(mark)));
            }
            return;
        }
    }
}
