//! Statements: which one it is, and where it ends.

use sqlparser::tokenizer::Token;

use super::{
    ast::{AlterSource, Drop, Statement, StatementKind},
    cursor::Cursor,
    error::DdlError,
    select, source,
};

const STATEMENTS: [&str; 7] =
    ["`CREATE`", "`INSERT INTO`", "`EXPLAIN SOURCE`", "`DESCRIBE`", "`SHOW`", "`ALTER SOURCE`", "`DROP`"];
const NO_TABLES: &str = "there are sources and sinks: CREATE SOURCE … FROM …, CREATE SINK … INTO …";

/// Reads all statements of a text.
pub(super) fn parse_all(cursor: &mut Cursor<'_>) -> Result<Vec<Statement>, DdlError> {
    let mut statements = Vec::new();
    loop {
        while cursor.eat(&Token::SemiColon) {}
        if cursor.is_at_end() {
            return Ok(statements);
        }
        let start = cursor.span().start;
        let kind = parse(cursor)?;
        statements.push(Statement { kind, span: start..cursor.previous_end() });
        if !matches!(cursor.peek(), None | Some(Token::SemiColon)) {
            return Err(if cursor.word().is_some_and(starts_statement) {
                cursor.expected_or(&["`;`"], "a semicolon ends a statement")
            } else {
                cursor.expected(&["`;`"])
            });
        }
    }
}

fn parse(cursor: &mut Cursor<'_>) -> Result<StatementKind, DdlError> {
    let Some(word) = cursor.word().map(str::to_ascii_uppercase) else {
        return Err(cursor.expected(&["a statement"]));
    };
    if !starts_statement(&word) {
        let help = match word.as_str() {
            "SELECT" => "rows go into a sink: INSERT INTO sink SELECT …",
            _ => return Err(cursor.expected(&STATEMENTS)),
        };
        return Err(cursor.expected_or(&STATEMENTS, help));
    }
    cursor.advance();
    match word.as_str() {
        "CREATE" => create(cursor),
        "INSERT" => select::parse(cursor).map(StatementKind::Insert),
        "EXPLAIN" => {
            cursor.expect_word("SOURCE", "`SOURCE`")?;
            cursor.name("a source name").map(StatementKind::Explain)
        }
        "DESCRIBE" => cursor.name("a source name").map(StatementKind::Describe),
        "SHOW" => show(cursor),
        "ALTER" => alter(cursor),
        _ => drop_statement(cursor),
    }
}

/// Whether a statement starts with this word.
pub(super) fn starts_statement(word: &str) -> bool {
    let first = |shown: &'static str| shown.trim_matches('`').split(' ').next().unwrap_or_default();
    STATEMENTS.iter().any(|s| first(s).eq_ignore_ascii_case(word))
}

fn create(cursor: &mut Cursor<'_>) -> Result<StatementKind, DdlError> {
    if cursor.eat_words(&["SOURCE"]) {
        return source::parse(cursor).map(|s| StatementKind::CreateSource(Box::new(s)));
    }
    if cursor.eat_words(&["SINK"]) {
        return source::parse_sink(cursor).map(|s| StatementKind::CreateSink(Box::new(s)));
    }
    let help = match cursor.word().map(str::to_ascii_uppercase).as_deref() {
        Some("OR") => "drop the old one first: DROP SOURCE IF EXISTS …",
        Some("TABLE" | "STREAM" | "VIEW" | "EXTERNAL") => NO_TABLES,
        _ => return Err(cursor.expected(&["`SOURCE`", "`SINK`"])),
    };
    Err(cursor.expected_or(&["`SOURCE`", "`SINK`"], help))
}

fn show(cursor: &mut Cursor<'_>) -> Result<StatementKind, DdlError> {
    if cursor.eat_words(&["CONNECTORS"]) {
        return Ok(StatementKind::ShowConnectors);
    }
    if cursor.eat_words(&["DRIFT"]) {
        cursor.expect_word("FOR", "`FOR SOURCE`")?;
        cursor.expect_word("SOURCE", "`SOURCE`")?;
        return cursor.name("a source name").map(StatementKind::ShowDrift);
    }
    if !cursor.eat_words(&["CREATE"]) {
        return Err(cursor.expected(&["`CONNECTORS`", "`CREATE SOURCE`", "`DRIFT FOR SOURCE`"]));
    }
    cursor.expect_word("SOURCE", "`SOURCE`")?;
    cursor.name("a source name").map(StatementKind::ShowCreateSource)
}

fn alter(cursor: &mut Cursor<'_>) -> Result<StatementKind, DdlError> {
    cursor.expect_word("SOURCE", "`SOURCE`")?;
    let name = cursor.name("a source name")?;
    cursor.expect_word("REFRESH", "`REFRESH SCHEMA`")?;
    cursor.expect_word("SCHEMA", "`SCHEMA`")?;
    let dry_run = cursor.eat_words(&["DRY"]);
    if dry_run {
        cursor.expect_word("RUN", "`RUN`")?;
    } else if !matches!(cursor.peek(), None | Some(Token::SemiColon)) {
        return Err(cursor.expected(&["`DRY RUN`", "`;`"]));
    }
    Ok(StatementKind::AlterSource(AlterSource { name, dry_run }))
}

fn drop_statement(cursor: &mut Cursor<'_>) -> Result<StatementKind, DdlError> {
    let is_source = cursor.eat_words(&["SOURCE"]);
    if !is_source && !cursor.eat_words(&["SINK"]) {
        return Err(cursor.expected(&["`SOURCE`", "`SINK`"]));
    }
    let if_exists = cursor.eat_words(&["IF", "EXISTS"]);
    let name = cursor.name(if is_source { "a source name" } else { "a sink name" })?;
    let drop = Drop { name, if_exists };
    Ok(if is_source { StatementKind::DropSource(drop) } else { StatementKind::DropSink(drop) })
}
