//! Every change under every mode, and the table of them in docs/evolution.md.

use std::{fmt::Write as _, fs, path::Path};

use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};

use crate::{
    CompatibilityMode, EvolutionVerdict, SchemaChange,
    evolution::{diff, evaluate},
    field::{DEFAULT_METADATA, DESCRIPTION_METADATA, FIELD_ID_METADATA, json_field, with_metadata},
};

const BEGIN: &str = "<!-- verdicts: written by `BLESS=1 cargo test -p laminar-schema --lib verdicts` -->\n";
const END: &str = "<!-- end of verdicts -->";

/// A change, and what NONE, BACKWARD, FORWARD and FULL say to it.
struct Case {
    what: &'static str,
    changes: Vec<SchemaChange>,
    verdicts: [&'static str; 4],
}

fn case(what: &'static str, from: Vec<Field>, to: Vec<Field>, verdicts: [&'static str; 4]) -> Case {
    Case { what, changes: diff(&Schema::new(from), &Schema::new(to)), verdicts }
}

fn cases() -> Vec<Case> {
    use DataType::{Float64, Int32, Int64, Utf8, Utf8View};
    let id = || Field::new("id", Int64, false);
    let of = |t: DataType| vec![Field::new("c", t, true)];
    let note = |nullable| Field::new("note", Utf8, nullable);
    let filled = || with_metadata(note(false), DEFAULT_METADATA, "''");
    let numbered = |name: &str| with_metadata(Field::new(name, Int64, false), FIELD_ID_METADATA, "1");
    let list = |t: DataType| DataType::List(Field::new_list_field(t, true).into());
    let pair = |t: DataType| DataType::FixedSizeList(Field::new_list_field(t, true).into(), 2);
    let inside = |fields: Vec<Field>| DataType::Struct(Fields::from(fields));
    let map = |t: DataType| {
        let parts = inside(vec![Field::new("keys", Utf8, false), Field::new("values", t, true)]);
        DataType::Map(Field::new("entries", parts, false).into(), false)
    };
    let at = |unit| DataType::Timestamp(unit, None);
    const SAFE: [&str; 4] = ["yes", "yes", "yes", "yes"];
    const NEW_ONLY: [&str; 4] = ["yes", "yes", "no", "no"];
    const OLD_ONLY: [&str; 4] = ["ask", "no", "ask", "no"];
    const NEITHER: [&str; 4] = ["ask", "no", "no", "no"];
    vec![
        case("nothing", vec![id()], vec![id()], SAFE),
        case("add a nullable column", vec![id()], vec![id(), note(true)], SAFE),
        case("add a NOT NULL column with DEFAULT", vec![id()], vec![id(), filled()], SAFE),
        case("add a NOT NULL column without DEFAULT", vec![id()], vec![id(), note(false)], OLD_ONLY),
        case("drop a nullable column", vec![id(), note(true)], vec![id()], SAFE),
        case("drop a NOT NULL column with DEFAULT", vec![id(), filled()], vec![id()], SAFE),
        case("drop a NOT NULL column without DEFAULT", vec![id(), note(false)], vec![id()], NEW_ONLY),
        Case {
            what: "drop a column of which nothing more is said",
            changes: vec![SchemaChange::ColumnDropped { name: "note".to_owned() }],
            verdicts: NEW_ONLY,
        },
        case("rename a column, with field ids", vec![numbered("a")], vec![numbered("b")], SAFE),
        case("rename a NOT NULL column, without field ids", vec![note(false)], vec![id()], NEITHER),
        case("widen a type: INTEGER → BIGINT", of(Int32), of(Int64), NEW_ONLY),
        case("widen a type: INTEGER → DOUBLE", of(Int32), of(Float64), NEW_ONLY),
        case("narrow a type: BIGINT → INTEGER", of(Int64), of(Int32), OLD_ONLY),
        case("another type: VARCHAR → BIGINT", of(Utf8), of(Int64), NEITHER),
        case("another unit: TIMESTAMP_S → TIMESTAMP", of(at(TimeUnit::Second)), of(at(TimeUnit::Microsecond)), NEITHER),
        case("another layout: text as views", of(Utf8), of(Utf8View), SAFE),
        case("allow null", vec![note(false)], vec![note(true)], NEW_ONLY),
        case("forbid null", vec![note(true)], vec![note(false)], OLD_ONLY),
        case("move a column", vec![id(), note(true)], vec![note(true), id()], SAFE),
        case("change a DEFAULT", vec![filled()], vec![with_metadata(filled(), DEFAULT_METADATA, "'?'")], SAFE),
        case("change a description", vec![id()], vec![with_metadata(id(), DESCRIPTION_METADATA, "key")], SAFE),
        case("give a column a field id", vec![Field::new("a", Int64, false)], vec![numbered("a")], SAFE),
        case("JSON → VARCHAR", vec![json_field("j", true)], vec![Field::new("j", Utf8, true)], NEW_ONLY),
        case("VARCHAR → JSON", vec![Field::new("j", Utf8, true)], vec![json_field("j", true)], OLD_ONLY),
        case("add a nullable field to a struct", of(inside(vec![id()])), of(inside(vec![id(), note(true)])), SAFE),
        case(
            "add a NOT NULL field to a struct in a list",
            of(list(inside(vec![id()]))),
            of(list(inside(vec![id(), note(false)]))),
            OLD_ONLY,
        ),
        case("narrow the items of a list", of(list(Int64)), of(list(Int32)), OLD_ONLY),
        case("widen the values of a map", of(map(Int32)), of(map(Int64)), NEW_ONLY),
        case("a list of two → a list", of(pair(Int32)), of(list(Int32)), NEW_ONLY),
        case("a list → a list of two", of(list(Int32)), of(pair(Int32)), OLD_ONLY),
    ]
}

fn word(verdict: &EvolutionVerdict) -> &'static str {
    match verdict {
        EvolutionVerdict::Compatible(_) => "yes",
        EvolutionVerdict::RequiresConfirmation(..) => "ask",
        EvolutionVerdict::Incompatible(_) => "no",
    }
}

#[test]
fn every_change_under_every_mode() {
    for Case { what, changes, verdicts: [none, backward, forward, full] } in cases() {
        let expected = [none, backward, forward, full, backward, forward, full];
        for ((name, mode), expected) in CompatibilityMode::NAMES.into_iter().zip(expected) {
            let verdict = evaluate(&changes, mode);
            assert_eq!(word(&verdict), expected, "{what} under {name}: {verdict:?}");
            match verdict {
                EvolutionVerdict::Compatible(kept) => assert_eq!(kept, changes, "{what}"),
                EvolutionVerdict::RequiresConfirmation(kept, reason) => {
                    assert_eq!(kept, changes, "{what}");
                    assert!(reason.contains(" breaks BACKWARD: "), "{what} under {name}: {reason}");
                }
                EvolutionVerdict::Incompatible(reason) => {
                    let promises = |word: &str| name.contains(word) || name.contains("FULL");
                    let is_named = |word: &str| reason.contains(&format!(" breaks {word}: "));
                    assert!(is_named("BACKWARD") || is_named("FORWARD"), "{what} under {name}: {reason}");
                    for word in ["BACKWARD", "FORWARD"] {
                        assert!(promises(word) || !is_named(word), "{what} under {name}: {reason}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_reason_names_change_direction_and_cause() {
    let from = Schema::new(vec![Field::new("qty", DataType::Int64, true), Field::new("note", DataType::Utf8, false)]);
    let to = Schema::new(vec![Field::new("qty", DataType::Int32, false)]);
    let EvolutionVerdict::Incompatible(reason) = evaluate(&diff(&from, &to), CompatibilityMode::Full) else {
        panic!("it breaks both");
    };
    let expected = [
        "drop note breaks FORWARD: data of the new schema lack the column, and readers of the schema before have neither null \
         nor DEFAULT to put there",
        "narrow qty BIGINT → INTEGER breaks BACKWARD: a value in data of the schema before may not fit the type that readers \
         of the new schema expect",
        "forbid null in qty breaks BACKWARD: data of the schema before may hold a null where readers of the new schema take none",
    ];
    assert_eq!(reason.split("; ").collect::<Vec<_>>(), expected);
}

#[test]
#[allow(clippy::print_stdout, reason = "a test that looks at nothing says so")]
fn the_table_in_the_documentation_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/evolution.md");
    let Ok(text) = fs::read_to_string(&path) else { return println!("skipped: {} is not there", path.display()) };
    let mut table = String::from("\n| change | NONE | BACKWARD | FORWARD | FULL |\n|---|---|---|---|---|\n");
    for Case { what, verdicts, .. } in cases() {
        let _ = writeln!(table, "| {what} | {} |", verdicts.join(" | "));
    }
    table.push('\n');
    let (before, rest) = text.split_once(BEGIN).expect("the place of the table");
    let (found, after) = rest.split_once(END).expect("the end of the table");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).expect("docs/evolution.md can be written");
    } else {
        assert_eq!(found, table, "write it anew with BLESS=1");
    }
}
