//! Keywords of texts and numbers, and bounds of all kinds.

use serde_json::Value;

use super::{ChangedPart, Condition, Inclusion, Keywords, rule, types::Types};

/// Which end of a range a keyword bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Lower,
    Upper,
}

impl<'v> Inclusion<'v> {
    pub(super) fn text(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let mut all = self.bound(writer, wanted, "minLength", End::Lower);
        all &= self.bound(writer, wanted, "maxLength", End::Upper);
        for keyword in ["pattern", "format", "contentEncoding", "contentMediaType"] {
            all &= self.same(writer, wanted, keyword);
        }
        all
    }

    pub(super) fn number(&mut self, writer: &[Condition<'v>], types: Types, wanted: &'v Keywords) -> bool {
        let mut all = self.range(writer, wanted, ["minimum", "exclusiveMinimum"], End::Lower);
        all &= self.range(writer, wanted, ["maximum", "exclusiveMaximum"], End::Upper);
        let Some(reader) = wanted.get("multipleOf") else { return self.dropped(writer, "multipleOf") && all };
        let step = reader.as_f64().unwrap_or(0.0);
        let of_writer = writer.iter().filter_map(|c| c.keywords.get("multipleOf"));
        // Whole numbers are multiples of one.
        let whole = (!types.has_fraction()).then_some(1.0);
        let is_multiple =
            of_writer.clone().filter_map(Value::as_f64).chain(whole).any(|n| step != 0.0 && n % step == 0.0);
        if is_multiple {
            return all;
        }
        let from = of_writer.clone().next().map(|value| rule("multipleOf", value));
        self.at.note(ChangedPart::Constraint, from, Some(rule("multipleOf", reader)), true)
    }

    /// A bound that counts something: a writer's has to be as narrow at least.
    pub(super) fn bound(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords, keyword: &str, end: End) -> bool {
        let Some(reader) = wanted.get(keyword) else { return self.dropped(writer, keyword) };
        let Some(limit) = reader.as_f64() else { return self.same(writer, wanted, keyword) };
        let of_writer = writer.iter().filter_map(|c| c.keywords.get(keyword));
        let narrower = |n: f64| if end == End::Lower { n >= limit } else { n <= limit };
        let is_within =
            of_writer.clone().filter_map(Value::as_f64).any(narrower) || (end == End::Lower && limit <= 0.0);
        let from = of_writer.clone().next();
        if is_within && from == Some(reader) {
            return true;
        }
        self.at.note(ChangedPart::Constraint, from.map(|v| rule(keyword, v)), Some(rule(keyword, reader)), !is_within)
    }

    /// The bound of a number, whose exclusive form is a flag in draft 4 and a number since draft 6.
    fn range(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords, words: [&str; 2], end: End) -> bool {
        let Some(limit) = tightest(wanted, words, end) else {
            return self.dropped(writer, words[0]) && self.dropped(writer, words[1]);
        };
        let of_writer: Vec<Limit> = writer.iter().filter_map(|c| tightest(c.keywords, words, end)).collect();
        let is_within = of_writer.iter().any(|found| found.is_within(limit, end));
        if is_within && of_writer.first() == Some(&limit) {
            return true;
        }
        let shown = |limit: &Limit| format!("{} {}", words[usize::from(limit.exclusive)], limit.at);
        self.at.note(ChangedPart::Constraint, of_writer.first().map(shown), Some(shown(&limit)), !is_within)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Limit {
    at: f64,
    exclusive: bool,
}

impl Limit {
    fn is_within(self, other: Self, end: End) -> bool {
        let beyond = if end == End::Lower { self.at > other.at } else { self.at < other.at };
        beyond || (self.at == other.at && (self.exclusive || !other.exclusive))
    }
}

fn tightest(keywords: &Keywords, [inclusive, exclusive]: [&str; 2], end: End) -> Option<Limit> {
    let number = |word: &str| keywords.get(word).and_then(Value::as_f64);
    let flag = keywords.get(exclusive).and_then(Value::as_bool).unwrap_or(false);
    let first = number(inclusive).map(|at| Limit { at, exclusive: flag });
    let second = number(exclusive).map(|at| Limit { at, exclusive: true });
    match (first, second) {
        (Some(a), Some(b)) => Some(if a.is_within(b, end) { a } else { b }),
        (a, b) => a.or(b),
    }
}
