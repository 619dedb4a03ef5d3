//! Statements without their places, to compare what different texts say.

use super::ast::{ConnectorClause, CreateSource, FormatClause, Insert, OnError, SelectItem, Statement, StatementKind};
use crate::config::Options;

impl Statement {
    /// Forgets where things stand, so that statements from different texts can be compared.
    pub fn erase_spans(&mut self) {
        self.span = 0..0;
        match &mut self.kind {
            StatementKind::CreateSource(source) => source.erase_spans(),
            StatementKind::CreateSink(sink) => {
                sink.name.span = 0..0;
                sink.connector.erase_spans();
                sink.format.erase_spans();
            }
            StatementKind::Insert(insert) => insert.erase_spans(),
            StatementKind::Explain(name)
            | StatementKind::Describe(name)
            | StatementKind::ShowCreateSource(name)
            | StatementKind::ShowDrift(name) => {
                name.span = 0..0;
            }
            StatementKind::AlterSource(alter) => alter.name.span = 0..0,
            StatementKind::DropSource(drop) | StatementKind::DropSink(drop) => drop.name.span = 0..0,
            StatementKind::ShowConnectors => {}
        }
    }
}

impl CreateSource {
    fn erase_spans(&mut self) {
        self.name.span = 0..0;
        self.column_spans.fill(0..0);
        self.include_spans.fill(0..0);
        self.connector.erase_spans();
        self.format.erase_spans();
        if let Some(watermark) = &mut self.watermark {
            (watermark.span, watermark.column.span, watermark.expression.span) = (0..0, 0..0, 0..0);
        }
        for clause in [&mut self.registry, &mut self.inference, &mut self.error_budget].into_iter().flatten() {
            clause.span = 0..0;
            erase_option_spans(&mut clause.value);
        }
        if let Some(on_error) = &mut self.on_error {
            on_error.span = 0..0;
            if let OnError::DeadLetter(sink) = &mut on_error.value {
                sink.span = 0..0;
            }
        }
        if let Some(on_change) = &mut self.on_schema_change {
            on_change.span = 0..0;
        }
    }
}

impl ConnectorClause {
    fn erase_spans(&mut self) {
        self.span = 0..0;
        erase_option_spans(&mut self.options);
    }
}

impl FormatClause {
    fn erase_spans(&mut self) {
        self.span = 0..0;
        erase_option_spans(&mut self.spec.options);
    }
}

impl Insert {
    fn erase_spans(&mut self) {
        self.sink.span = 0..0;
        self.source.span = 0..0;
        if let Some(filter) = &mut self.filter {
            filter.span = 0..0;
        }
        for item in &mut self.projection {
            let alias = match item {
                SelectItem::Wildcard(span) => {
                    *span = 0..0;
                    continue;
                }
                SelectItem::Column { qualifier, column, alias } => {
                    column.span = 0..0;
                    if let Some(qualifier) = qualifier {
                        qualifier.span = 0..0;
                    }
                    alias
                }
                SelectItem::Expression { expression, alias } => {
                    expression.span = 0..0;
                    alias
                }
            };
            if let Some(alias) = alias {
                alias.span = 0..0;
            }
        }
    }
}

fn erase_option_spans(options: &mut Options) {
    *options = Options::from_pairs(options.iter().map(|(key, value)| (key, value.text.as_str())));
}
