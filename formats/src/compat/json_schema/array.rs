//! Keywords of arrays: items by their place, and those behind.

use serde_json::Value;

use super::{ChangedPart, Condition, Inclusion, Keywords, scalar::End, shown};

impl<'v> Inclusion<'v> {
    pub(super) fn array(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let mut all = self.items(writer, wanted);
        all &= self.bound(writer, wanted, "minItems", End::Lower);
        all &= self.bound(writer, wanted, "maxItems", End::Upper);
        for keyword in ["minContains", "maxContains", "unevaluatedItems"] {
            all &= self.same(writer, wanted, keyword);
        }
        // `false` is what it is without it.
        if wanted.get("uniqueItems") != Some(&Value::Bool(false)) {
            all &= self.same(writer, wanted, "uniqueItems");
        }
        let Some(contains) = wanted.get("contains") else { return all };
        let mut of_writer = writer.iter().filter_map(|c| c.keywords.get("contains")).peekable();
        let from = of_writer.peek().map(|rule| format!("contains {}", shown(rule)));
        if of_writer.any(|rule| self.tried(|this| this.values(&[rule], contains))) {
            return all;
        }
        self.at.note(ChangedPart::Constraint, from, Some(format!("contains {}", shown(contains))), true)
    }

    fn items(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let reader = Items::of(wanted);
        let of_writer: Vec<Items<'v>> = writer.iter().map(|c| Items::of(c.keywords)).collect();
        let placed = of_writer.iter().map(|items| items.placed.len()).chain([reader.placed.len()]).max().unwrap_or(0);
        let mut all = true;
        for place in 0..=placed {
            // The last round is for all that are behind.
            let Some(rule) = reader.at(place) else { continue };
            let rules: Vec<&Value> = of_writer.iter().filter_map(|items| items.at(place)).collect();
            let name = if placed == 0 || place == placed { "[]".to_owned() } else { format!("[{place}]") };
            self.at.push(&name);
            all &= self.values(&rules, rule);
            self.at.pop();
        }
        all
    }
}

/// What holds for the items at each place, and for those behind.
struct Items<'v> {
    placed: &'v [Value],
    behind: Option<&'v Value>,
}

impl<'v> Items<'v> {
    /// `items` is a list and `additionalItems` what is behind it up to draft 2019-09; `prefixItems` and `items` are since.
    fn of(keywords: &'v Keywords) -> Self {
        match (keywords.get("prefixItems"), keywords.get("items")) {
            (Some(Value::Array(placed)), behind) => Self { placed, behind },
            (_, Some(Value::Array(placed))) => Self { placed, behind: keywords.get("additionalItems") },
            (_, behind) => Self { placed: &[], behind },
        }
    }

    fn at(&self, place: usize) -> Option<&'v Value> {
        self.placed.get(place).or(self.behind)
    }
}
