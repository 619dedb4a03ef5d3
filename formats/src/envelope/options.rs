//! Options of an envelope, which stand among those of the format in it.

use laminar_schema::{
    ConnectorConfig, SchemaResult,
    config::{ENVELOPE_OPTION, FormatSpec, Options},
};

use crate::policy::words;

/// What a format's options say of the envelope around its rows: `ENVELOPE DEBEZIUM (updates = 'both')`.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct EnvelopeOptions {
    /// In which envelope rows come: `none`, `debezium`, `maxwell`, or `upsert` for the newest row of each message key
    #[config(rename = "envelope", default = "none")]
    pub kind: EnvelopeKind,
    /// Name of the VARCHAR column that says what became of a row: `insert`, `update`, `delete`, `read` (of a snapshot), `upsert`
    #[config(rename = "envelope.change_column", default = "_op")]
    pub change_column: String,
    /// Rows that an update gives: `after`, or `both` images as `update_before` and `update_after`
    #[config(rename = "envelope.updates", default = "after")]
    pub updates: Updates,
    /// What happens to an operation that changes no single row (truncate, message): `reject` or `skip`
    #[config(rename = "envelope.other_operations", default = "reject")]
    pub other_operations: OtherOperations,
    /// Whether messages are `{"schema": …, "payload": …}`, as Kafka Connect writes them: `absent`, `present`, or `auto` for each its own way (DEBEZIUM in JSON; `absent` elsewhere)
    #[config(rename = "envelope.connect_schema", default = "auto")]
    pub connect_schema: ConnectSchema,
    /// Columns that are taken from the message key: of every row under UPSERT, of a delete without `before` under DEBEZIUM
    #[config(rename = "envelope.key_columns")]
    pub key_columns: Option<Vec<String>>,
    /// Format of the message key; `raw` takes it whole for the one key column. The format of the value where absent
    #[config(rename = "envelope.key_format")]
    pub key_format: Option<String>,
    /// Name of a JSON column for `source`: where a change happened. A column that is declared under this name has its own type
    #[config(rename = "envelope.source_column")]
    pub source_column: Option<String>,
    /// Name of a JSON column for `transaction`. A column that is declared under this name has its own type
    #[config(rename = "envelope.transaction_column")]
    pub transaction_column: Option<String>,
    /// Name of a TIMESTAMPTZ column for `ts_ms`: when the change was read
    #[config(rename = "envelope.timestamp_column")]
    pub timestamp_column: Option<String>,
}

/// The kinds of envelopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnvelopeKind {
    /// A record is a row.
    #[default]
    None,
    /// A record is a change of a row: its images before and after, and the operation.
    Debezium,
    /// A record is a change of a row as Maxwell writes it: the row, and the operation.
    Maxwell,
    /// A record is the newest row of its message key, or without a value says that there is none any more.
    Upsert,
}
words! { EnvelopeKind: "none, debezium, maxwell or upsert",
    "none" => None, "debezium" => Debezium, "maxwell" => Maxwell, "upsert" => Upsert,
}

/// Rows of an update.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Updates {
    /// The image after it.
    #[default]
    After,
    /// Both images, as two rows.
    Both,
}
words! { Updates: "after or both", "after" => After, "both" => Both }

/// An operation that changes no single row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OtherOperations {
    /// The record is rejected.
    #[default]
    Reject,
    /// It gives no row.
    Skip,
}
words! { OtherOperations: "reject or skip", "reject" => Reject, "skip" => Skip }

/// Whether a message holds its own schema beside its payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConnectSchema {
    /// Either, for each message.
    #[default]
    Auto,
    /// It is its payload alone.
    Absent,
    /// It is `{"schema": …, "payload": …}`.
    Present,
}
words! { ConnectSchema: "auto, absent or present", "auto" => Auto, "absent" => Absent, "present" => Present }

/// Whether an option is one of the envelope, and none of the format in it.
fn is_of_envelope(key: &str) -> bool {
    key.strip_prefix(ENVELOPE_OPTION).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Options of a format without those of the envelope.
pub(super) fn without_envelope(options: &Options) -> Options {
    let mut own = Options::new();
    for (key, value) in options.iter().filter(|(key, _)| !is_of_envelope(key)) {
        own.insert(key, value.text.clone(), value.span.clone());
    }
    own
}

/// The envelope that a format's options name, and the format in it; `None` where a record is a row.
///
/// # Errors
/// Wrong options of the envelope.
pub(super) fn divide(format: &FormatSpec) -> SchemaResult<Option<(EnvelopeOptions, FormatSpec)>> {
    let mut of_envelope = Options::new();
    for (key, value) in format.options.iter().filter(|(key, _)| is_of_envelope(key)) {
        of_envelope.insert(key, value.text.clone(), value.span.clone());
    }
    if of_envelope.is_empty() {
        return Ok(None);
    }
    let options = EnvelopeOptions::from_options(&of_envelope)?;
    if options.kind == EnvelopeKind::None {
        return Ok(None);
    }
    let inner = FormatSpec::new(&format.name).with_options(without_envelope(&format.options));
    Ok(Some((options, inner)))
}
