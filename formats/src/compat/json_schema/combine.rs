//! Keywords that combine schemas. `allOf` and `$ref` are conditions of their own (see [`super::document`]).

use serde_json::Value;

use super::{ChangedPart, Condition, Inclusion, Keywords, rule, shown};

const CHOICES: [&str; 2] = ["oneOf", "anyOf"];

/// The first combination of a writer that no branch was taken of: where it is, its word and its branches.
pub(super) fn branches<'v>(writer: &[Condition<'v>]) -> Option<(usize, &'static str, &'v [Value])> {
    writer.iter().enumerate().filter(|(_, c)| c.split.is_none()).find_map(|(place, c)| {
        CHOICES.iter().find_map(|word| Some((place, *word, c.keywords.get(*word)?.as_array()?.as_slice())))
    })
}

impl<'v> Inclusion<'v> {
    pub(super) fn combination(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let mut all = true;
        for word in CHOICES {
            if let Some(branches) = wanted.get(word).and_then(Value::as_array) {
                all &= self.choice(writer, word, branches);
            }
        }
        if let Some(excluded) = wanted.get("not") {
            all &= self.exclusion(writer, excluded);
        }
        if let Some(condition) = wanted.get("if") {
            all &= self.conditional(writer, condition, wanted);
        }
        // One that leads to another text: only the same one is known to be the same.
        let leads_out =
            wanted.get("$ref").and_then(Value::as_str).is_some_and(|name| self.reader.named(name).is_none());
        if leads_out || wanted.contains_key("$dynamicRef") {
            all &= self.same(writer, wanted, "$ref") & self.same(writer, wanted, "$dynamicRef");
        }
        all
    }

    /// One branch takes all values. Where the writer has branches too, each of them is looked at alone, after this has failed.
    fn choice(&mut self, writer: &[Condition<'v>], word: &str, branches: &'v [Value]) -> bool {
        // Any of several may be several at once, which is not exactly one.
        let any = |c: &Condition<'_>| c.split == Some("anyOf");
        let is_exact = word == "anyOf" || !writer.iter().any(any);
        if is_exact && branches.iter().any(|branch| self.tried(|this| this.conditions(writer, branch))) {
            return true;
        }
        let mut from = writer.iter().find_map(|c| CHOICES.iter().find_map(|w| c.keywords.get(*w).map(|v| rule(w, v))));
        if from.is_none() {
            from = writer.first().map(|c| super::shown_keywords(c.keywords));
        }
        let to = branches.iter().map(shown).collect::<Vec<_>>().join(", ");
        let to = laminar_schema::error::cut(&format!("{word} [{to}]"));
        self.at.note(ChangedPart::Combination, from, Some(to), true)
    }

    /// What the reader excludes has to be excluded by the writer.
    fn exclusion(&mut self, writer: &[Condition<'v>], excluded: &'v Value) -> bool {
        let of_writer: Vec<&'v Value> = writer.iter().filter_map(|c| c.keywords.get("not")).collect();
        if of_writer.iter().any(|not| self.turned(|this| this.values(&[excluded], not))) {
            return true;
        }
        let from = of_writer.first().map(|value| rule("not", value));
        self.at.note(ChangedPart::Combination, from, Some(rule("not", excluded)), true)
    }

    /// The same condition, and consequences that hold of the writer's.
    fn conditional(&mut self, writer: &[Condition<'v>], condition: &'v Value, wanted: &'v Keywords) -> bool {
        let found = writer.iter().find(|c| {
            c.keywords.get("if").is_some_and(|of_writer| {
                self.tried(|this| this.values(&[of_writer], condition))
                    && self.turned(|this| this.values(&[condition], of_writer))
            })
        });
        let Some(found) = found else {
            let from = writer.iter().find_map(|c| c.keywords.get("if")).map(|value| rule("if", value));
            return self.at.note(ChangedPart::Combination, from, Some(rule("if", condition)), true);
        };
        let mut all = true;
        for word in ["then", "else"] {
            let Some(consequence) = wanted.get(word) else { continue };
            // What the writer has beside the condition holds as well.
            let mut conditions = writer.to_vec();
            match found.keywords.get(word).map(|of_writer| self.writer.conditions(of_writer)) {
                Some(Some(taken)) => conditions.extend(taken),
                Some(None) => continue,
                None => {}
            }
            all &= self.conditions(&conditions, consequence);
        }
        all
    }
}
