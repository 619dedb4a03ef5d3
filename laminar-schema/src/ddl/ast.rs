//! What statements say, as data. Every part knows where it stands in the text.

use std::ops::Range;

use super::error::{DdlError, DdlErrorKind};
use crate::{
    config::{ConfigErrors, ConnectorConfig, FormatSpec, Options, SinkConfig, SourceConfig},
    declared::DeclaredSchema,
    evolution::OnSchemaChange,
    format::MetadataColumn,
    pipeline::ErrorBudget,
};

/// Bytes of the SQL text.
pub type Span = Range<usize>;

/// One statement of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// Where it stands, without the semicolon.
    pub span: Span,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StatementKind {
    /// `CREATE SOURCE …`
    CreateSource(Box<CreateSource>),
    /// `CREATE SINK …`
    CreateSink(Box<CreateSink>),
    /// `INSERT INTO sink SELECT … FROM source`
    Insert(Insert),
    /// `EXPLAIN SOURCE name`
    Explain(Ident),
    /// `DESCRIBE name`
    Describe(Ident),
    /// `SHOW CREATE SOURCE name`
    ShowCreateSource(Ident),
    /// `SHOW DRIFT FOR SOURCE name`
    ShowDrift(Ident),
    /// `SHOW CONNECTORS`
    ShowConnectors,
    /// `ALTER SOURCE name REFRESH SCHEMA [DRY RUN]`
    AlterSource(AlterSource),
    /// `DROP SOURCE [IF EXISTS] name`
    DropSource(Drop),
    /// `DROP SINK [IF EXISTS] name`
    DropSink(Drop),
}

/// A name as written, without its quotes. Case is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// Something with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What it is.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// `CREATE SOURCE name (columns) FROM connector (options) FORMAT …`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateSource {
    /// The source's name.
    pub name: Ident,
    /// Whether an existing source of this name is left alone.
    pub if_not_exists: bool,
    /// The columns declared; empty where the statement has no list.
    pub declared: DeclaredSchema,
    /// Where each declared column stands.
    pub column_spans: Vec<Span>,
    /// `WATERMARK FOR …`
    pub watermark: Option<Watermark>,
    /// `FROM connector (…)`
    pub connector: ConnectorClause,
    /// `FORMAT …`
    pub format: FormatClause,
    /// Options of `USING SCHEMA REGISTRY`; typed by [`CreateSource::registry_config`].
    pub registry: Option<Spanned<Options>>,
    /// Options of `INFER SCHEMA`; typed by [`CreateSource::inference_config`].
    pub inference: Option<Spanned<Options>>,
    /// `INCLUDE …`
    pub include: Vec<MetadataColumn>,
    /// Where each included column stands.
    pub include_spans: Vec<Span>,
    /// `ON ERROR …`, where it is given.
    pub on_error: Option<Spanned<OnError>>,
    /// Options of `ON ERROR … WITHIN (…)`; typed by [`CreateSource::error_budget`].
    pub error_budget: Option<Spanned<Options>>,
    /// `ON SCHEMA CHANGE …`, where it is given.
    pub on_schema_change: Option<Spanned<OnSchemaChange>>,
}

/// `WATERMARK FOR column AS expression`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// The event-time column.
    pub column: Ident,
    /// The watermark.
    pub expression: Expression,
    /// Where the whole clause stands.
    pub span: Span,
}

/// An expression that is read no further than to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A connector with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorClause {
    /// Name, lower case.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its options.
    pub options: Options,
}

/// A format with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatClause {
    /// The format; without a name where the statement has no FORMAT clause.
    pub spec: FormatSpec,
    /// Where its name stands, or where a FORMAT clause could stand.
    pub span: Span,
}

/// `CREATE SINK name INTO connector (options) FORMAT …`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateSink {
    /// The sink's name.
    pub name: Ident,
    /// Whether an existing sink of this name is left alone.
    pub if_not_exists: bool,
    /// `INTO connector (…)`
    pub connector: ConnectorClause,
    /// `FORMAT …`
    pub format: FormatClause,
    /// `USING SCHEMA REGISTRY (…)`
    pub registry: Option<Spanned<Options>>,
}

/// What happens to a record that cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnError {
    /// The pipeline ends with the error.
    #[default]
    Fail,
    /// The record is left out and counted.
    Skip,
    /// The record goes to this sink.
    DeadLetter(Ident),
}

/// `INSERT INTO sink SELECT … FROM source`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    /// Where rows go.
    pub sink: Ident,
    /// The columns to take.
    pub projection: Vec<SelectItem>,
    /// Where rows come from.
    pub source: Ident,
    /// `WHERE …`
    pub filter: Option<Expression>,
}

/// One entry of a SELECT list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectItem {
    /// `*`: every column.
    Wildcard(Span),
    /// A column, perhaps under another name.
    Column {
        /// The source's name before the dot.
        qualifier: Option<Ident>,
        /// The column.
        column: Ident,
        /// Its new name.
        alias: Option<Ident>,
    },
    /// Anything else.
    Expression {
        /// The expression.
        expression: Expression,
        /// Its name.
        alias: Option<Ident>,
    },
}

/// `ALTER SOURCE name REFRESH SCHEMA [DRY RUN]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterSource {
    /// The source.
    pub name: Ident,
    /// Whether changes are only shown.
    pub dry_run: bool,
}

/// `DROP SOURCE [IF EXISTS] name`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    /// What to drop.
    pub name: Ident,
    /// Whether it is fine when there is none.
    pub if_exists: bool,
}

impl Ident {
    /// The entry of `names` that this name means: the one spelled exactly so, or else the only one that differs in
    /// case alone.
    pub fn find_in<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<usize> {
        let mut loose = (0, None);
        for (i, name) in names.into_iter().enumerate() {
            if name == self.name {
                return Some(i);
            }
            if name.to_lowercase() == self.name.to_lowercase() {
                loose = (loose.0 + 1, Some(i));
            }
        }
        if loose.0 == 1 { loose.1 } else { None }
    }
}

impl CreateSource {
    /// What the connector is made from.
    pub fn source_config(&self) -> SourceConfig {
        SourceConfig { options: self.connector.options.clone(), format: self.format.spec.clone() }
    }

    /// What happens to bad records; FAIL where the statement does not say.
    pub fn on_error(&self) -> OnError {
        self.on_error.as_ref().map(|s| s.value.clone()).unwrap_or_default()
    }

    /// How many records may be rejected; `None` where the statement has no `WITHIN`.
    ///
    /// # Errors
    /// Everything that is wrong with its options.
    pub fn error_budget(&self) -> Result<Option<ErrorBudget>, ConfigErrors> {
        self.error_budget.as_ref().map(|clause| ErrorBudget::from_options(&clause.value)).transpose()
    }

    /// What happens when the schema changes; `None` where the statement does not say: the options of the format decide then,
    /// and nobody looks out for changes.
    pub fn on_schema_change(&self) -> Option<OnSchemaChange> {
        self.on_schema_change.as_ref().map(|s| s.value)
    }
}

impl CreateSink {
    /// What the connector is made from.
    pub fn sink_config(&self) -> SinkConfig {
        SinkConfig { options: self.connector.options.clone(), format: self.format.spec.clone() }
    }
}

impl FormatClause {
    /// Checks that there is a format where the connector needs one: when `known`, the formats it knows, is not empty.
    ///
    /// # Errors
    /// [`DdlErrorKind::FormatMissing`], pointing behind the clause that FORMAT should follow.
    pub fn require(&self, sql: &str, known: &[&str]) -> Result<(), DdlError> {
        if known.is_empty() || !self.spec.name.is_empty() {
            return Ok(());
        }
        let known = known.iter().map(|f| (*f).to_owned()).collect();
        Err(DdlError::new(sql, self.span.clone(), DdlErrorKind::FormatMissing { known }))
    }
}

impl Statement {
    /// What the statement says and nothing can carry out yet, each with its place. The grammar is ahead of the
    /// engine so that texts written for later versions are told apart from misspelt ones.
    pub fn not_supported_yet(&self, sql: &str) -> Vec<DdlError> {
        let mut errors = Vec::new();
        let mut refuse = |span: &Span, what, instead| {
            errors.push(DdlError::new(sql, span.clone(), DdlErrorKind::NotYet { what, instead }));
        };
        match &self.kind {
            StatementKind::CreateSource(source) => {
                let watermark = source.watermark.as_ref().map(|watermark| super::parse_watermark_delay(sql, watermark));
                errors.extend(watermark.and_then(Result::err));
            }
            StatementKind::Insert(insert) => {
                // The first says it for all of them; a text of a megabyte may have half a million.
                let first = insert.projection.iter().find_map(|item| match item {
                    SelectItem::Expression { expression, .. } => Some(expression),
                    _ => None,
                });
                if let Some(expression) = first {
                    refuse(&expression.span, "an expression in SELECT", EXPRESSIONS_LATER);
                }
                if let Some(filter) = &insert.filter {
                    errors.extend(super::parse_condition(sql, filter, &insert.source.name).err());
                }
            }
            _ => {}
        }
        errors
    }
}

const EXPRESSIONS_LATER: &str = "expressions come later: select plain columns";
