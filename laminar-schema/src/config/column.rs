//! Columns that an option names.

use arrow_schema::Schema;

use super::{ConfigError, did_you_mean};

/// The column of a schema that a person names: that name exactly, or else the only one that differs in case alone, as SQL
/// names do.
pub(crate) fn position(schema: &Schema, name: &str) -> Option<usize> {
    let fields = || schema.fields().iter();
    fields().position(|f| f.name() == name).or_else(|| {
        let mut alike = fields().enumerate().filter(|(_, f)| f.name().eq_ignore_ascii_case(name));
        alike.next().filter(|_| alike.next().is_none()).map(|(index, _)| index)
    })
}

/// What to do about a name that is no column: the one that may have been meant, or all there are.
pub(crate) fn help(schema: &Schema, name: &str) -> String {
    let names = || schema.fields().iter().map(|f| f.name().as_str());
    match did_you_mean(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the columns are {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// The index of the column that an option of a sink names, such as that of a message's key.
///
/// ```
/// use arrow_schema::{DataType, Field, Schema};
/// use laminar_schema::config::column_of_option;
///
/// let schema = Schema::new(vec![Field::new("order_id", DataType::Int64, false)]);
/// assert_eq!(column_of_option(&schema, "key", "ORDER_ID")?, 0);
/// let error = column_of_option(&schema, "key", "oder_id").unwrap_err();
/// assert!(error.to_string().contains("did you mean `order_id`?"));
/// # Ok::<(), laminar_schema::config::ConfigError>(())
/// ```
///
/// # Errors
/// There is no such column, or several differ from the name in case alone.
pub fn column_of_option(schema: &Schema, option: &str, name: &str) -> Result<usize, ConfigError> {
    position(schema, name)
        .ok_or_else(|| ConfigError::invalid(option, name, "a column of what is selected", help(schema, name)))
}
