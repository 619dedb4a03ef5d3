//! A short identity of a schema: two schemas with the same fingerprint read the same in SQL.

use std::fmt::{self, Write as _};

use arrow_schema::{DataType, Field, Fields, Schema};

use crate::types::field_type_name;

/// 64 bits that stand for a schema. Displayed as 16 hexadecimal digits.
///
/// It is the FNV-1a hash of [`canonical_text`], so it is the same on every machine and in every later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a schema whose [`canonical_text`] this is.
    ///
    /// Source: FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
    pub fn of_canonical_text(text: &str) -> Self {
        const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        Self(text.as_bytes().iter().fold(OFFSET_BASIS, hash))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The fingerprint of a schema: that of its columns' names, types and nullability, in order.
pub fn fingerprint(schema: &Schema) -> Fingerprint {
    Fingerprint::of_canonical_text(&canonical_text(schema))
}

/// What a schema says, without what does not change its rows: `"id" BIGINT NOT NULL,"tags" VARCHAR[]`.
///
/// Columns in order, each with its name, its type as DuckDB spells it, and NOT NULL; nested fields likewise. DEFAULTs,
/// payload keys, descriptions and other metadata are left out, and so is how Arrow lays a type out in memory.
pub fn canonical_text(schema: &Schema) -> String {
    let mut out = String::new();
    write_fields(&mut out, schema.fields());
    out
}

fn write_fields(out: &mut String, fields: &Fields) {
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let _ = write!(out, "\"{}\" ", field.name().replace('"', "\"\""));
        write_type(out, field);
    }
}

/// The type with the nullability of everything inside it, which SQL's own spelling leaves out.
fn write_type(out: &mut String, field: &Field) {
    match field.data_type() {
        DataType::Struct(fields) => {
            out.push_str("STRUCT(");
            write_fields(out, fields);
            out.push(')');
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) | DataType::LargeListView(item) => {
            out.push_str("LIST(");
            write_type(out, item);
            out.push(')');
        }
        DataType::FixedSizeList(item, n) => {
            let _ = write!(out, "ARRAY({n},");
            write_type(out, item);
            out.push(')');
        }
        DataType::Map(entries, _) => {
            out.push_str("MAP(");
            if let DataType::Struct(entry) = entries.data_type() {
                for (i, part) in entry.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_type(out, part);
                }
            }
            out.push(')');
        }
        _ => out.push_str(&field_type_name(field)),
    }
    if !field.is_nullable() {
        out.push_str(" NOT NULL");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::field::{self, DESCRIPTION_METADATA};

    fn of(fields: Vec<Field>) -> Schema {
        Schema::new(fields)
    }

    #[test]
    fn canonical_text_says_everything_that_changes_rows() {
        let check = |field: Field, expected: &str| assert_eq!(canonical_text(&of(vec![field])), expected);
        check(Field::new("id", DataType::Int64, false), r#""id" BIGINT NOT NULL"#);
        check(Field::new("a\"b", DataType::Utf8, true), r#""a""b" VARCHAR"#);
        check(field::json_field("j", true), r#""j" JSON"#);
        let inner = Fields::from(vec![Field::new("x", DataType::Float64, false), field::uuid_field("y", true)]);
        check(Field::new("s", DataType::Struct(inner), true), r#""s" STRUCT("x" DOUBLE NOT NULL,"y" UUID)"#);
        let item = Arc::new(Field::new_list_field(DataType::Int32, false));
        check(Field::new("l", DataType::List(item), true), r#""l" LIST(INTEGER NOT NULL)"#);
    }

    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        let check = |fields, expected: &str| assert_eq!(fingerprint(&of(fields)).to_string(), expected);
        // The basis itself: nothing is hashed.
        check(vec![], "cbf29ce484222325");
        check(vec![Field::new("id", DataType::Int64, false)], "4ca71f55783188c5");
        // Every kind of container, an extension type, and a name that is quoted.
        let member = Arc::new(Field::new_list_field(DataType::Utf8, true));
        let inside =
            Fields::from(vec![Field::new("a\"b", DataType::List(member), true), field::uuid_field("u", false)]);
        let entries = Fields::from(vec![Field::new("keys", DataType::Utf8, false), field::json_field("values", true)]);
        let entries = Arc::new(Field::new("entries", DataType::Struct(entries), false));
        let nested =
            vec![Field::new("s", DataType::Struct(inside), true), Field::new("m", DataType::Map(entries, false), true)];
        check(nested, "2a8cbf2486e34890");
    }

    #[test]
    fn metadata_in_any_order_gives_the_same_fingerprint() {
        let id = || Field::new("id", DataType::Int64, false);
        let keys = ["a", "b", "c", DESCRIPTION_METADATA];
        let filled = |keys: &[&str]| keys.iter().fold(id(), |f, key| field::with_metadata(f, key, "v"));
        let reversed: Vec<&str> = keys.iter().rev().copied().collect();
        let of_schema = |metadata: &str| Schema::new_with_metadata(vec![id()], [(metadata.into(), "v".into())].into());
        for other in [of(vec![filled(&keys)]), of(vec![filled(&reversed)]), of_schema("x"), of_schema("y")] {
            assert_eq!(fingerprint(&other), fingerprint(&of(vec![id()])));
        }
    }

    #[test]
    fn only_what_changes_rows_changes_the_fingerprint() {
        let id = || Field::new("id", DataType::Int64, false);
        let base = fingerprint(&of(vec![id()]));
        let described = field::with_metadata(id(), DESCRIPTION_METADATA, "key");
        assert_eq!(base, fingerprint(&of(vec![described])));
        for other in [
            vec![id().with_name("ID")],
            vec![id().with_nullable(true)],
            vec![id().with_data_type(DataType::Int32)],
            vec![id(), Field::new("b", DataType::Null, true)],
        ] {
            assert_ne!(base, fingerprint(&of(other)));
        }
    }
}
