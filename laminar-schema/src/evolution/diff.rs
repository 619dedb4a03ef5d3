//! The changes from one schema to another.

use arrow_schema::{DataType, Schema};

use super::SchemaChange;

/// Top-level changes from `current` to `proposed`, columns matched by name: a rename is a drop and an add.
pub fn diff_by_name(current: &Schema, proposed: &Schema) -> Vec<SchemaChange> {
    let dropped = current
        .fields()
        .iter()
        .filter(|f| proposed.column_with_name(f.name()).is_none())
        .map(|f| SchemaChange::ColumnDropped { name: f.name().clone() });
    let rest = proposed.fields().iter().filter_map(|new| match current.column_with_name(new.name()) {
        None => Some(SchemaChange::ColumnAdded {
            name: new.name().clone(),
            data_type: new.data_type().clone(),
            nullable: new.is_nullable(),
            default: crate::field::default_expr(new).map(str::to_owned),
        }),
        Some((_, old)) if old.data_type() == new.data_type() => None,
        Some((_, old)) => {
            let (name, from, to) = (new.name().clone(), old.data_type().clone(), new.data_type().clone());
            Some(if widens(&from, &to) {
                SchemaChange::TypeWidened { name, from, to }
            } else {
                SchemaChange::TypeNarrowed { name, from, to }
            })
        }
    });
    dropped.chain(rest).collect()
}

/// Whether every value of `from` is exactly a value of `to`.
fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Float32, Float64, Int8, Int16, Int32, Int64, LargeUtf8, UInt8, UInt16, UInt32, UInt64, Utf8};
    const CHAINS: &[&[DataType]] = &[
        &[Int8, Int16, Int32, Int64],
        &[UInt8, UInt16, UInt32, UInt64],
        &[UInt8, Int16, Int32, Int64],
        &[UInt16, Int32, Int64],
        &[UInt32, Int64],
        &[Int8, Int16, Float32, Float64],
        &[UInt8, UInt16, Float32, Float64],
        &[Int32, Float64],
        &[UInt32, Float64],
        &[Utf8, LargeUtf8],
    ];
    CHAINS.iter().any(|chain| {
        let at = |t: &DataType| chain.iter().position(|c| c == t);
        matches!((at(from), at(to)), (Some(a), Some(b)) if a < b)
    })
}
