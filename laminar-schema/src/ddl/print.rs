//! Statements → text. What is printed reads back as the same statement, unless secrets are masked.

use std::fmt::Write as _;

use arrow_schema::Schema;

use super::{
    ast::{
        ConnectorClause, CreateSink, CreateSource, Drop, Expression, FormatClause, Ident, Insert, OnError, SelectItem,
        Span, Spanned, Statement, StatementKind,
    },
    registry::shown_keys,
};
use crate::{
    config::{ConfigKey, ENVELOPE_OPTION, FormatSpec, Options},
    declared::{DeclaredColumn, DeclaredSchema},
    field,
    format::MetadataKind,
    types::{declared_type_name, quote_ident, quote_literal},
};

/// Which option values a printed statement shows.
#[derive(Debug, Clone, Copy)]
pub enum Secrets<'a> {
    /// All of them: for text that goes back to whoever wrote it.
    Shown,
    /// Those that a connector or format declares and does not declare secret. A value is printed as `'***'` when its
    /// option is secret, or when nobody knows the option.
    Masked {
        /// The connector's options.
        connector: &'a [ConfigKey],
        /// The format's options.
        format: &'a [ConfigKey],
    },
}

/// Longest list of options that is printed on one line, in bytes.
const ONE_LINE: usize = 60;

impl Statement {
    /// The statement as text, without a semicolon.
    pub fn to_sql(&self, secrets: Secrets<'_>) -> String {
        match &self.kind {
            StatementKind::CreateSource(source) => source.to_sql(secrets),
            StatementKind::CreateSink(sink) => sink.to_sql(secrets),
            StatementKind::Insert(insert) => insert.to_sql(),
            StatementKind::Explain(name) => format!("EXPLAIN SOURCE {}", ident(name)),
            StatementKind::Describe(name) => format!("DESCRIBE {}", ident(name)),
            StatementKind::ShowCreateSource(name) => format!("SHOW CREATE SOURCE {}", ident(name)),
            StatementKind::ShowDrift(name) => format!("SHOW DRIFT FOR SOURCE {}", ident(name)),
            StatementKind::ShowConnectors => "SHOW CONNECTORS".to_owned(),
            StatementKind::AlterSource(alter) => {
                let dry_run = if alter.dry_run { " DRY RUN" } else { "" };
                format!("ALTER SOURCE {} REFRESH SCHEMA{dry_run}", ident(&alter.name))
            }
            StatementKind::DropSource(drop) => drop_sql("SOURCE", drop),
            StatementKind::DropSink(drop) => drop_sql("SINK", drop),
        }
    }
}

impl CreateSource {
    /// A statement with the columns of `schema`, as `infer` prints it.
    pub fn of_schema(name: &str, schema: &Schema, connector: &str, options: Options, format: FormatSpec) -> Self {
        let columns: Vec<_> = schema.fields().iter().map(|f| DeclaredColumn::from(f.as_ref())).collect();
        let nowhere: Span = 0..0;
        Self {
            name: Ident { name: name.to_owned(), span: nowhere.clone() },
            if_not_exists: false,
            column_spans: vec![nowhere.clone(); columns.len()],
            declared: DeclaredSchema { columns, ..DeclaredSchema::default() },
            watermark: None,
            connector: ConnectorClause { name: connector.to_ascii_lowercase(), span: nowhere.clone(), options },
            format: FormatClause { spec: format, span: nowhere },
            registry: None,
            inference: None,
            include: Vec::new(),
            include_spans: Vec::new(),
            on_error: None,
            error_budget: None,
            on_schema_change: None,
        }
    }

    /// The statement as text, without a semicolon: SHOW CREATE SOURCE.
    pub fn to_sql(&self, secrets: Secrets<'_>) -> String {
        let (connector, format) = secrets.keys();
        let mut out = String::from("CREATE SOURCE ");
        if self.if_not_exists {
            out.push_str("IF NOT EXISTS ");
        }
        out.push_str(&ident(&self.name));
        let mut entries: Vec<String> = self.declared.columns.iter().map(column_sql).collect();
        entries.extend(wildcard_sql(&self.declared));
        if let Some(watermark) = &self.watermark {
            let Expression { text, .. } = &watermark.expression;
            entries.push(format!("WATERMARK FOR {} AS {text}", ident(&watermark.column)));
        }
        if !entries.is_empty() {
            let _ = write!(out, " (\n    {}\n)", entries.join(",\n    "));
        }
        let _ = write!(out, "\nFROM {}", keyword_or_quoted(&self.connector.name));
        write_options(&mut out, &self.connector.options, connector);
        write_format(&mut out, &self.format, format);
        write_registry(&mut out, self.registry.as_ref(), secrets);
        if let Some(inference) = &self.inference {
            out.push_str("\nINFER SCHEMA");
            write_options(&mut out, &inference.value, None);
        }
        for (i, column) in self.include.iter().enumerate() {
            let lead = if i == 0 { "\nINCLUDE" } else { "," };
            let _ = write!(out, "{lead} {} AS {}", metadata_word(column.kind), quote_ident(&column.name));
        }
        match self.on_error.as_ref().map(|s| &s.value) {
            None => {}
            Some(OnError::Fail) => out.push_str("\nON ERROR FAIL"),
            Some(OnError::Skip) => out.push_str("\nON ERROR SKIP"),
            Some(OnError::DeadLetter(sink)) => {
                let _ = write!(out, "\nON ERROR DEAD LETTER TO {}", ident(sink));
            }
        }
        if let Some(budget) = &self.error_budget {
            out.push_str(" WITHIN");
            write_options(&mut out, &budget.value, None);
        }
        if let Some(change) = &self.on_schema_change {
            let word = change.value.word();
            let _ = write!(out, "\nON SCHEMA CHANGE {word}");
        }
        out
    }
}

impl CreateSink {
    /// The statement as text, without a semicolon.
    pub fn to_sql(&self, secrets: Secrets<'_>) -> String {
        let (connector, format) = secrets.keys();
        let if_not_exists = if self.if_not_exists { "IF NOT EXISTS " } else { "" };
        let mut out = format!("CREATE SINK {if_not_exists}{}", ident(&self.name));
        let _ = write!(out, "\nINTO {}", keyword_or_quoted(&self.connector.name));
        write_options(&mut out, &self.connector.options, connector);
        write_plain_format(&mut out, &self.format.spec, format);
        write_registry(&mut out, self.registry.as_ref(), secrets);
        out
    }
}

fn write_registry(out: &mut String, registry: Option<&Spanned<Options>>, secrets: Secrets<'_>) {
    let Some(registry) = registry else { return };
    out.push_str("\nUSING SCHEMA REGISTRY");
    let known = matches!(secrets, Secrets::Masked { .. }).then(|| shown_keys(&registry.value));
    write_options(out, &registry.value, known);
    if registry.value.is_empty() {
        out.push_str(" ()");
    }
}

impl Insert {
    /// The statement as text, without a semicolon.
    pub fn to_sql(&self) -> String {
        let items: Vec<String> = self.projection.iter().map(select_item_sql).collect();
        let mut out =
            format!("INSERT INTO {}\nSELECT {}\nFROM {}", ident(&self.sink), items.join(", "), ident(&self.source));
        if let Some(filter) = &self.filter {
            let _ = write!(out, "\nWHERE {}", filter.text);
        }
        out
    }
}

/// CREATE SOURCE with every column of a schema and a semicolon: what `infer -o ddl` prints.
pub fn ddl_of(name: &str, schema: &Schema, connector: &str, options: Options, format: FormatSpec) -> String {
    let mut sql = CreateSource::of_schema(name, schema, connector, options, format).to_sql(Secrets::Shown);
    sql.push_str(";\n");
    sql
}

/// The columns of a schema as [`parse_columns`](super::parse_columns) reads them: `a BIGINT NOT NULL, b VARCHAR`.
pub fn columns_of(schema: &DeclaredSchema) -> String {
    schema.columns.iter().map(column_sql).chain(wildcard_sql(schema)).collect::<Vec<_>>().join(", ")
}

impl<'a> Secrets<'a> {
    /// The declared options of connector and format; `None` where all values are shown.
    fn keys(self) -> (Option<&'a [ConfigKey]>, Option<&'a [ConfigKey]>) {
        match self {
            Self::Shown => (None, None),
            Self::Masked { connector, format } => (Some(connector), Some(format)),
        }
    }
}

fn ident(name: &Ident) -> String {
    quote_ident(&name.name)
}

/// Connectors and formats are shown like keywords where that is possible.
fn keyword_or_quoted(name: &str) -> String {
    let quoted = quote_ident(name);
    if quoted == name { name.to_ascii_uppercase() } else { quoted }
}

fn column_sql(column: &DeclaredColumn) -> String {
    let f = column.to_field();
    let mut out = format!("{} {}", quote_ident(f.name()), declared_type_name(&f));
    if !f.is_nullable() {
        out.push_str(" NOT NULL");
    }
    if let Some(default) = field::default_expr(&f) {
        let _ = write!(out, " DEFAULT {default}");
    }
    if let Some(key) = &column.key {
        let _ = write!(out, " KEY {}", quote_literal(key));
    }
    out
}

fn wildcard_sql(schema: &DeclaredSchema) -> Option<String> {
    let prefix = schema.wildcard_prefix.as_ref().map(|p| format!("* PREFIX {}", quote_literal(p)));
    schema.has_wildcard.then(|| prefix.unwrap_or_else(|| "*".to_owned()))
}

fn metadata_word(kind: MetadataKind) -> &'static str {
    MetadataKind::WORDS.iter().find(|(_, k)| *k == kind).map_or("", |(word, _)| word)
}

fn select_item_sql(item: &SelectItem) -> String {
    let (mut out, alias) = match item {
        SelectItem::Wildcard(_) => return "*".to_owned(),
        SelectItem::Column { qualifier: Some(source), column, alias } => {
            (format!("{}.{}", ident(source), ident(column)), alias)
        }
        SelectItem::Column { qualifier: None, column, alias } => (ident(column), alias),
        SelectItem::Expression { expression, alias } => (expression.text.clone(), alias),
    };
    if let Some(alias) = alias {
        let _ = write!(out, " AS {}", ident(alias));
    }
    out
}

fn drop_sql(what: &str, drop: &Drop) -> String {
    let if_exists = if drop.if_exists { " IF EXISTS" } else { "" };
    format!("DROP {what}{if_exists} {}", ident(&drop.name))
}

/// Writes the format of a source, and the envelope that is among its options.
fn write_format(out: &mut String, format: &FormatClause, known: Option<&[ConfigKey]>) {
    let Enveloped { format: own, kind, options } = divided(&format.spec.options);
    let spec = FormatSpec { name: format.spec.name.clone(), options: own };
    write_plain_format(out, &spec, known);
    if let Some(kind) = kind {
        let _ = write!(out, "\nENVELOPE {}", keyword_or_quoted(&kind));
        let known = known.map(of_envelope);
        write_options(out, &options, known.as_deref());
    }
}

/// Writes a format as it is.
fn write_plain_format(out: &mut String, spec: &FormatSpec, known: Option<&[ConfigKey]>) {
    // A statement without a FORMAT clause has an empty name; a quoted empty name was refused.
    if !spec.name.is_empty() {
        let _ = write!(out, "\nFORMAT {}", keyword_or_quoted(&spec.name));
        write_options(out, &spec.options, known);
    }
}

/// Options of a format, and what its ENVELOPE clause says.
struct Enveloped {
    format: Options,
    kind: Option<String>,
    options: Options,
}

/// The options of the envelope among those of a format, as its clause calls them.
fn of_envelope(keys: &[ConfigKey]) -> Vec<ConfigKey> {
    let behind = |key: &ConfigKey| key.key.strip_prefix(ENVELOPE_OPTION)?.strip_prefix('.');
    keys.iter().filter_map(|key| Some(ConfigKey { key: behind(key)?, ..*key })).collect()
}

fn divided(options: &Options) -> Enveloped {
    let mut divided = Enveloped { format: Options::new(), kind: None, options: Options::new() };
    // An empty word is no name that a clause could have.
    let has_envelope = options.get(ENVELOPE_OPTION).is_some_and(|kind| !kind.is_empty());
    for (key, value) in options.iter() {
        let behind = key.strip_prefix(ENVELOPE_OPTION).filter(|_| has_envelope);
        let own = behind.and_then(|behind| behind.strip_prefix('.')).filter(|own| !own.is_empty());
        match (behind, own) {
            (Some(""), _) => divided.kind = Some(value.text.clone()),
            (_, Some(own)) => _ = divided.options.insert(own, value.text.clone(), value.span.clone()),
            (_, None) => _ = divided.format.insert(key, value.text.clone(), value.span.clone()),
        }
    }
    divided
}

/// Writes options in parentheses, or nothing where there are none. `known` has the declared options when values are
/// to be masked.
fn write_options(out: &mut String, options: &Options, known: Option<&[ConfigKey]>) {
    if options.is_empty() {
        return;
    }
    let entries: Vec<String> = options
        .iter()
        .map(|(key, value)| {
            let key_sql = if quote_ident(key) == key { key.to_owned() } else { quote_literal(key) };
            let shown = known.is_none_or(|keys| keys.iter().any(|k| names(k, key) && !k.secret));
            format!("{key_sql} = {}", if shown { quote_literal(&value.text) } else { "'***'".to_owned() })
        })
        .collect();
    let length: usize = entries.iter().map(|e| e.len() + 2).sum();
    if length <= ONE_LINE {
        let _ = write!(out, " ({})", entries.join(", "));
    } else {
        let _ = write!(out, " (\n    {}\n)", entries.join(",\n    "));
    }
}

fn names(known: &ConfigKey, key: &str) -> bool {
    known.key.eq_ignore_ascii_case(key) || known.aliases.iter().any(|a| a.eq_ignore_ascii_case(key))
}
