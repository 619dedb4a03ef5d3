//! Which texts mean null: for all columns, for one of them, in quotes or not.

use arrow_schema::Schema;
use laminar_schema::{
    SchemaResult,
    config::{ConfigError, FromConfigValue, did_you_mean},
    field::payload_key,
};

use super::CsvOptions;
use crate::policy::{UnknownFields, words};

/// Texts that mean null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NullValues {
    /// The first one, which is written.
    pub written: String,
    empty: bool,
    texts: Vec<String>,
}

impl NullValues {
    /// Whether an unquoted field means null.
    #[inline]
    pub fn contains(&self, field: impl AsRef<[u8]>) -> bool {
        let field = field.as_ref();
        if field.is_empty() { self.empty } else { self.texts.iter().any(|t| t.as_bytes() == field) }
    }

    /// All of them but the empty one.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
}

impl FromConfigValue for NullValues {
    const TYPE_NAME: &'static str = "comma-separated list";
    fn from_value(text: &str) -> Result<Self, String> {
        if text.contains(['\n', '\r']) {
            return Err("it holds a line end".to_owned());
        }
        let texts: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).collect();
        let (empty, texts): (Vec<String>, Vec<String>) = texts.into_iter().partition(String::is_empty);
        let written = text.split(',').next().unwrap_or("").trim().to_owned();
        Ok(Self { written, empty: !empty.is_empty(), texts })
    }
}

/// Null texts of single columns, by the names that the columns have in the data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNullValues(Vec<(String, NullValues)>);

impl ColumnNullValues {
    /// The null texts of a column, should it have some of its own.
    pub fn of(&self, column: &str) -> Option<&NullValues> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, nulls)| nulls)
    }

    /// Checks that every name is a column's.
    ///
    /// # Errors
    /// A name that is none, unless columns that the schema lacks are rescued.
    pub(super) fn check(&self, schema: &Schema, options: &CsvOptions) -> SchemaResult<()> {
        let keys = || schema.fields().iter().map(|f| payload_key(f));
        let is_known = |name: &str| options.unknown_fields == UnknownFields::Rescue || keys().any(|key| key == name);
        let Some((name, _)) = self.0.iter().find(|(name, _)| !is_known(name)) else { return Ok(()) };
        let reason = match did_you_mean(name, keys()) {
            Some(near) => format!("there is no such column; did you mean `{near}`?"),
            None => "there is no such column".to_owned(),
        };
        Err(ConfigError::invalid("column_null_values", name, "a column of the schema", reason).into())
    }
}

impl FromConfigValue for ColumnNullValues {
    const TYPE_NAME: &'static str = "list of columns with their null texts, `price: NA,-; note: none`";
    fn from_value(text: &str) -> Result<Self, String> {
        let mut found: Vec<(String, NullValues)> = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (name, behind) = column_name(rest)?;
            let (texts, next) = behind.split_once(';').unwrap_or((behind, ""));
            if found.iter().any(|(known, _)| *known == name) {
                return Err(format!("the column `{name}` stands in it twice"));
            }
            found.push((name, NullValues::from_value(texts)?));
            rest = next.trim_start();
        }
        Ok(Self(found))
    }
}

/// The name in front of a colon, in double quotes or not, and what stands behind the colon.
fn column_name(text: &str) -> Result<(String, &str), String> {
    let colon = || "a column's name and a colon stand in front of its null texts: `price: NA,-`".to_owned();
    let Some(mut rest) = text.strip_prefix('"') else {
        let (name, behind) = text.split_once(':').ok_or_else(colon)?;
        // A semicolon in front of the colon ended an entry that had none.
        return match name.trim() {
            name if name.is_empty() || name.contains(';') => Err(colon()),
            name => Ok((name.to_owned(), behind)),
        };
    };
    let mut name = String::new();
    loop {
        let (piece, behind) = rest.split_once('"').ok_or("the quote around a column's name is not closed")?;
        name.push_str(piece);
        match behind.strip_prefix('"') {
            Some(doubled) => {
                name.push('"');
                rest = doubled;
            }
            None => return Ok((name, behind.trim_start().strip_prefix(':').ok_or_else(colon)?)),
        }
    }
}

/// A null text in quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QuotedNulls {
    /// It is a value where its column has such a value, as text always does, and null elsewhere.
    #[default]
    UnlessValue,
    /// It is null. A value that is written like one cannot be written.
    Always,
    /// It is a value, or a mismatch.
    Never,
}
words! {
    QuotedNulls: "unless_value, always or never",
    "unless_value" => UnlessValue, "always" => Always, "never" => Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_null_texts_of_their_own() {
        let read = |text: &str| ColumnNullValues::from_value(text).unwrap();
        assert_eq!(read(""), ColumnNullValues::default());
        let columns = read("price: NA, -; note:; \"a;\"\":b\" : x ;");
        let price = columns.of("price").unwrap();
        assert!(price.contains("NA") && price.contains("-") && !price.contains(""));
        assert_eq!(price.written, "NA");
        assert!(columns.of("note").unwrap().contains(""));
        assert!(columns.of("a;\":b").unwrap().contains("x"));
        assert_eq!(columns.of("Price"), None);
    }

    #[test]
    fn what_is_no_list_says_why() {
        let check = |text: &str, expected: &str| {
            assert_eq!(ColumnNullValues::from_value(text).unwrap_err(), expected, "{text}");
        };
        let colon = "a column's name and a colon stand in front of its null texts: `price: NA,-`";
        for text in ["NA", ": NA", "price; note: x", "\"price\" NA"] {
            check(text, colon);
        }
        check("\"price: NA", "the quote around a column's name is not closed");
        check("a: 1; a: 2", "the column `a` stands in it twice");
        check("a: x\ny", "it holds a line end");
    }
}
