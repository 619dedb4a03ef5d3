//! `CREATE SOURCE` and `CREATE SINK`.

use sqlparser::tokenizer::Token;

use super::{
    ast::{ConnectorClause, CreateSink, CreateSource, FormatClause, Ident, OnError, Span, Spanned},
    columns::{self, ColumnList},
    cursor::Cursor,
    error::{DdlError, DdlErrorKind},
    options,
    statement::starts_statement,
};
use crate::{
    config::{ENVELOPE_OPTION, FormatSpec, Options},
    evolution::OnSchemaChange,
    format::{MetadataColumn, MetadataKind},
};

/// Reads what follows `CREATE SOURCE`.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<CreateSource, DdlError> {
    let if_not_exists = eat_if_not_exists(cursor)?;
    let name = cursor.name("a source name")?;
    let list = match cursor.peek() {
        Some(Token::LParen) => columns::parse(cursor)?,
        _ => ColumnList::default(),
    };
    if !cursor.eat_words(&["FROM"]) {
        let expected: &[&str] = if list.spans.is_empty() { &["`(`", "`FROM`"] } else { &["`FROM`"] };
        return Err(cursor.expected_or(expected, "the connector follows: FROM FILE (path = 'trades.ndjson')"));
    }
    let connector = connector(cursor)?;
    let behind = cursor.previous_end();
    let mut clauses = Clauses::default();
    while clauses.next(cursor)? {}
    let Clauses { mut format, envelope, registry, inference, include, on_error, error_budget, on_schema_change } =
        clauses;
    if let Some(envelope) = envelope {
        wrap(cursor, format.as_mut(), envelope)?;
    }
    let (include, include_spans) = include.unwrap_or_default().into_iter().unzip();
    let source = CreateSource {
        name,
        if_not_exists,
        declared: list.schema,
        column_spans: list.spans,
        watermark: list.watermark,
        connector,
        format: format.unwrap_or_else(|| no_format(behind)),
        registry,
        inference,
        include,
        include_spans,
        on_error,
        error_budget,
        on_schema_change,
    };
    refuse_duplicate_names(cursor, &source)?;
    Ok(source)
}

/// Reads what follows `CREATE SINK`.
pub(super) fn parse_sink(cursor: &mut Cursor<'_>) -> Result<CreateSink, DdlError> {
    let if_not_exists = eat_if_not_exists(cursor)?;
    let name = cursor.name("a sink name")?;
    if !cursor.eat_words(&["INTO"]) {
        return Err(cursor.expected_or(&["`INTO`"], "the connector follows: INTO FILE (path = 'out.csv')"));
    }
    let connector = connector(cursor)?;
    let behind = cursor.previous_end();
    let (mut clause, mut registry) = (None, None);
    loop {
        let span = cursor.span();
        if cursor.eat_words(&["FORMAT"]) {
            once(cursor, &mut clause, "FORMAT", span, format)?;
        } else if cursor.eat_words(&["USING"]) {
            registry_clause(cursor, &mut registry, span)?;
        } else {
            break;
        }
    }
    if !matches!(cursor.peek(), None | Some(Token::SemiColon)) {
        let open = [("`FORMAT`", clause.is_none()), ("`USING SCHEMA REGISTRY`", registry.is_none()), ("`;`", true)];
        let expected: Vec<&'static str> = open.iter().filter(|(_, is_open)| *is_open).map(|(word, _)| *word).collect();
        return Err(cursor.expected(&expected));
    }
    Ok(CreateSink { name, if_not_exists, connector, format: clause.unwrap_or_else(|| no_format(behind)), registry })
}

/// Reads what follows `USING`.
fn registry_clause(
    cursor: &mut Cursor<'_>,
    registry: &mut Option<Spanned<Options>>,
    span: Span,
) -> Result<(), DdlError> {
    cursor.expect_word("SCHEMA", "`SCHEMA REGISTRY`")?;
    cursor.expect_word("REGISTRY", "`REGISTRY`")?;
    once(cursor, registry, "USING SCHEMA REGISTRY", span, spanned_options)
}

/// The clauses behind FROM. They come in any order, each at most once.
#[derive(Default)]
struct Clauses {
    format: Option<FormatClause>,
    envelope: Option<Envelope>,
    registry: Option<Spanned<Options>>,
    inference: Option<Spanned<Options>>,
    include: Option<Vec<(MetadataColumn, Span)>>,
    on_error: Option<Spanned<OnError>>,
    error_budget: Option<Spanned<Options>>,
    on_schema_change: Option<Spanned<OnSchemaChange>>,
}

impl Clauses {
    /// Reads one clause; false at the end of the statement.
    fn next(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, DdlError> {
        let span = cursor.span();
        let word = cursor.word().map(str::to_ascii_uppercase);
        match word.as_deref() {
            Some("FORMAT") => {
                cursor.advance();
                once(cursor, &mut self.format, "FORMAT", span, format)?;
            }
            Some("ENVELOPE") => {
                cursor.advance();
                once(cursor, &mut self.envelope, "ENVELOPE", span, envelope)?;
            }
            Some("USING") => {
                cursor.advance();
                registry_clause(cursor, &mut self.registry, span)?;
            }
            Some("INFER") => {
                cursor.advance();
                cursor.expect_word("SCHEMA", "`SCHEMA`")?;
                once(cursor, &mut self.inference, "INFER SCHEMA", span, |cursor, span| {
                    let value = options::parse_optional(cursor)?;
                    Ok(Spanned { value, span: span.start..cursor.previous_end() })
                })?;
            }
            Some("INCLUDE") => {
                cursor.advance();
                once(cursor, &mut self.include, "INCLUDE", span, |cursor, _| include(cursor))?;
            }
            Some("ON") => {
                cursor.advance();
                if cursor.eat_words(&["ERROR"]) {
                    once(cursor, &mut self.on_error, "ON ERROR", span, on_error)?;
                    self.within(cursor)?;
                } else if cursor.eat_words(&["SCHEMA"]) {
                    cursor.expect_word("CHANGE", "`CHANGE`")?;
                    once(cursor, &mut self.on_schema_change, "ON SCHEMA CHANGE", span, on_schema_change)?;
                } else {
                    return Err(cursor.expected(&["`ERROR`", "`SCHEMA CHANGE`"]));
                }
            }
            _ if matches!(cursor.peek(), None | Some(Token::SemiColon)) => return Ok(false),
            _ => return Err(self.unknown(cursor)),
        }
        Ok(true)
    }

    /// `WITHIN (…)` behind an ON ERROR that lets the pipeline go on.
    fn within(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DdlError> {
        let goes_on = self.on_error.as_ref().is_some_and(|clause| clause.value != OnError::Fail);
        let span = cursor.span();
        if goes_on && cursor.eat_words(&["WITHIN"]) {
            self.error_budget = Some(spanned_options(cursor, span)?);
        }
        Ok(())
    }

    /// No clause starts like this.
    fn unknown(&self, cursor: &Cursor<'_>) -> DdlError {
        let left = [
            ("`FORMAT`", self.format.is_none()),
            ("`ENVELOPE`", self.envelope.is_none()),
            ("`USING SCHEMA REGISTRY`", self.registry.is_none()),
            ("`INFER SCHEMA`", self.inference.is_none()),
            ("`INCLUDE`", self.include.is_none()),
            ("`ON ERROR`", self.on_error.is_none()),
            ("`ON SCHEMA CHANGE`", self.on_schema_change.is_none()),
            ("`;`", true),
        ];
        let left: Vec<&'static str> = left.into_iter().filter(|(_, free)| *free).map(|(clause, _)| clause).collect();
        if cursor.at_words(&["WITH"]) {
            return cursor.expected_or(&left, "options stand behind the connector: FROM KAFKA (topic = 'trades')");
        }
        if matches!(cursor.peek_nth(1), Some(Token::Eq | Token::Period)) {
            return cursor.expected_or(&left, "options stand in parentheses: FROM FILE (path = 'trades.ndjson')");
        }
        if cursor.word().is_some_and(starts_statement) {
            return cursor.expected_or(&left, "a semicolon ends a statement");
        }
        cursor.expected(&left)
    }
}

/// Reads a clause that may be given once; `span` is its first word.
fn once<T>(
    cursor: &mut Cursor<'_>,
    slot: &mut Option<T>,
    clause: &'static str,
    span: Span,
    read: impl FnOnce(&mut Cursor<'_>, Span) -> Result<T, DdlError>,
) -> Result<(), DdlError> {
    if slot.is_some() {
        return Err(cursor.error(span.start..cursor.previous_end(), DdlErrorKind::DuplicateClause { clause }));
    }
    *slot = Some(read(cursor, span)?);
    Ok(())
}

pub(super) fn eat_if_not_exists(cursor: &mut Cursor<'_>) -> Result<bool, DdlError> {
    // A source may be called `if`; only the clause goes on with NOT.
    if !cursor.at_words(&["IF", "NOT"]) {
        return Ok(false);
    }
    cursor.eat_words(&["IF", "NOT"]);
    cursor.expect_word("EXISTS", "`EXISTS`")?;
    Ok(true)
}

fn connector(cursor: &mut Cursor<'_>) -> Result<ConnectorClause, DdlError> {
    let Ident { name, span } = cursor.name("a connector name")?;
    Ok(ConnectorClause { name: name.to_ascii_lowercase(), span, options: options::parse_optional(cursor)? })
}

fn format(cursor: &mut Cursor<'_>, _: Span) -> Result<FormatClause, DdlError> {
    let Ident { name, span } = cursor.name("a format name")?;
    let spec = FormatSpec::new(name).with_options(options::parse_optional(cursor)?);
    Ok(FormatClause { spec, span })
}

/// `ENVELOPE kind (…)`.
struct Envelope {
    kind: Ident,
    options: Options,
    /// The whole clause.
    span: Span,
}

fn envelope(cursor: &mut Cursor<'_>, span: Span) -> Result<Envelope, DdlError> {
    let kind = cursor.name("a kind of envelope")?;
    let options = options::parse_optional(cursor)?;
    Ok(Envelope { kind, options, span: span.start..cursor.previous_end() })
}

/// Puts the clause where decoding and inference look for it: among the options of the format.
fn wrap(cursor: &Cursor<'_>, format: Option<&mut FormatClause>, envelope: Envelope) -> Result<(), DdlError> {
    let Envelope { kind, options, span } = envelope;
    let Some(FormatClause { spec, .. }) = format else {
        return Err(cursor.error(span, DdlErrorKind::NothingToWrap));
    };
    let own = (ENVELOPE_OPTION.to_owned(), kind.name, Some(kind.span));
    let more = options.iter().map(|(key, v)| (format!("{ENVELOPE_OPTION}.{key}"), v.text.clone(), v.span.clone()));
    for (key, value, at) in std::iter::once(own).chain(more) {
        if spec.options.value(&key).is_some() {
            let kind = DdlErrorKind::Duplicate { what: "option", name: key };
            return Err(cursor.error(at.unwrap_or(span), kind));
        }
        spec.options.insert(key, value, at);
    }
    Ok(())
}

fn no_format(behind: usize) -> FormatClause {
    FormatClause { spec: FormatSpec::default(), span: behind..behind }
}

fn spanned_options(cursor: &mut Cursor<'_>, span: Span) -> Result<Spanned<Options>, DdlError> {
    let value = options::parse(cursor)?;
    Ok(Spanned { value, span: span.start..cursor.previous_end() })
}

fn include(cursor: &mut Cursor<'_>) -> Result<Vec<(MetadataColumn, Span)>, DdlError> {
    let mut columns = Vec::new();
    loop {
        let start = cursor.span().start;
        let found = cursor.word().and_then(|w| MetadataKind::WORDS.iter().find(|(k, _)| k.eq_ignore_ascii_case(w)));
        let Some((word, kind)) = found else {
            return Err(cursor.expected(&["`KEY`", "`TIMESTAMP`", "`PARTITION`", "`OFFSET`", "`HEADERS`"]));
        };
        cursor.advance();
        let name = match cursor.eat_words(&["AS"]) {
            true => cursor.ident("a column name")?.name,
            false => word.to_ascii_lowercase(),
        };
        columns.push((MetadataColumn { kind: *kind, name }, start..cursor.previous_end()));
        if !cursor.eat(&Token::Comma) {
            return Ok(columns);
        }
    }
}

fn on_error(cursor: &mut Cursor<'_>, span: Span) -> Result<Spanned<OnError>, DdlError> {
    let value = if cursor.eat_words(&["FAIL"]) {
        OnError::Fail
    } else if cursor.eat_words(&["SKIP"]) {
        OnError::Skip
    } else if cursor.eat_words(&["DEAD"]) {
        cursor.expect_word("LETTER", "`LETTER`")?;
        cursor.expect_word("TO", "`TO`")?;
        OnError::DeadLetter(cursor.name("a sink name")?)
    } else {
        return Err(cursor.expected(&["`FAIL`", "`SKIP`", "`DEAD LETTER TO`"]));
    };
    Ok(Spanned { value, span: span.start..cursor.previous_end() })
}

fn on_schema_change(cursor: &mut Cursor<'_>, span: Span) -> Result<Spanned<OnSchemaChange>, DdlError> {
    let found = cursor.word().and_then(|w| OnSchemaChange::WORDS.iter().find(|(k, _)| k.eq_ignore_ascii_case(w)));
    let Some((_, value)) = found else {
        return Err(cursor.expected(&["`FAIL`", "`IGNORE`", "`EVOLVE`", "`RESCUE`"]));
    };
    cursor.advance();
    Ok(Spanned { value: *value, span: span.start..cursor.previous_end() })
}

/// An included column must not have the name of another one.
fn refuse_duplicate_names(cursor: &Cursor<'_>, source: &CreateSource) -> Result<(), DdlError> {
    let mut names: std::collections::HashSet<&str> = source.declared.columns.iter().map(|c| c.name.as_str()).collect();
    for (column, span) in source.include.iter().zip(&source.include_spans) {
        if !names.insert(&column.name) {
            let kind = DdlErrorKind::Duplicate { what: "column", name: column.name.clone() };
            return Err(cursor.error(span.clone(), kind));
        }
    }
    Ok(())
}
