//! Formats whose records wrap their rows: change data in an envelope.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};

/// How records wrap rows. What the records' own schema says of the columns lies inside them, and every row gets columns
/// that no payload has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wrapping {
    /// Paths of the fields that hold a row, the one that says most of it first: `["payload", "after"]`.
    pub rows: Vec<Vec<&'static str>>,
    /// Columns behind those of the row, unless the user has declared them.
    pub added: Vec<Field>,
}

impl Wrapping {
    /// The columns of the rows in records of `schema`; `schema` itself where it has no such field.
    ///
    /// A field that is in one row alone, the image before a change, is there too. Its columns are nullable: a row may come
    /// from the other.
    pub fn unwrap(&self, schema: &SchemaRef) -> SchemaRef {
        let mut columns: Vec<FieldRef> = Vec::new();
        for row in &self.rows {
            for field in self.fields_at(schema, row) {
                if !columns.iter().any(|known| known.name() == field.name()) {
                    let is_first = columns.is_empty() || row == &self.rows[0];
                    let nullable = field.is_nullable() || !is_first;
                    columns.push(Arc::new(field.as_ref().clone().with_nullable(nullable)));
                }
            }
        }
        if columns.is_empty() {
            return Arc::clone(schema);
        }
        Arc::new(Schema::new_with_metadata(columns, schema.metadata().clone()))
    }

    fn fields_at<'s>(&self, schema: &'s SchemaRef, path: &[&str]) -> &'s [FieldRef] {
        let mut fields: &[FieldRef] = schema.fields();
        for name in path {
            match fields.iter().find(|f| f.name() == name).map(|f| f.data_type()) {
                Some(DataType::Struct(inner)) => fields = inner,
                _ => return &[],
            }
        }
        fields
    }

    /// The place in the row of a place in a record: `price` of `payload.after.price`.
    pub fn place_in_row<'p>(&self, place: &'p str) -> &'p str {
        let inside =
            |path: &Vec<&str>| path.iter().try_fold(place, |rest, name| rest.strip_prefix(name)?.strip_prefix('.'));
        // The longest path that fits is meant: `after` may be a column of its own in the row.
        self.rows.iter().filter_map(inside).min_by_key(|rest| rest.len()).unwrap_or(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapping() -> Wrapping {
        Wrapping { rows: vec![vec!["after"], vec!["before"], vec!["payload", "after"]], added: Vec::new() }
    }

    fn check(schema: Schema, expected: &[(&str, bool)]) {
        let columns = wrapping().unwrap(&Arc::new(schema));
        let columns: Vec<_> = columns.fields().iter().map(|f| (f.name().as_str(), f.is_nullable())).collect();
        assert_eq!(columns, expected);
    }

    fn row(name: &str, columns: &[&str]) -> Field {
        let columns: Vec<Field> = columns.iter().map(|c| Field::new(*c, DataType::Int64, false)).collect();
        Field::new(name, DataType::Struct(columns.into()), true)
    }

    #[test]
    fn rows_lie_inside_records() {
        check(Schema::new(vec![row("before", &["a"]), row("after", &["a", "b"])]), &[("a", false), ("b", false)]);
        check(Schema::new(vec![row("before", &["a", "old"]), row("after", &["a"])]), &[("a", false), ("old", true)]);
        let wrapped = Field::new("payload", DataType::Struct(vec![row("after", &["a"])].into()), true);
        check(Schema::new(vec![wrapped]), &[("a", false)]);
        check(Schema::new(vec![Field::new("a", DataType::Int64, false)]), &[("a", false)]);
        check(Schema::empty(), &[]);
    }

    #[test]
    fn places_in_records_are_places_in_rows() {
        let check = |place: &str, expected: &str| assert_eq!(wrapping().place_in_row(place), expected);
        check("after.price", "price");
        check("payload.after.items[2].sku", "items[2].sku");
        check("before.after", "after");
        check("after", "after");
        check("op", "op");
    }
}
