//! `laminar convert` between every pair of formats, on one data set: `docs/conversions.md` is what comes out.
//!
//! Every column is written in every format and read back under its declaration. The table says what came back; then every pair
//! converts the columns that both keep, in one table, and the rows must be those that went in.

use std::fmt::Write as _;

use arrow_schema::{Field, Schema};
use expect_test::expect_file;
use laminar_formats::protobuf::proto_text;
use laminar_schema::ddl;

use super::laminar::{Folder, Ran};

/// A format with the options that both its reader and its writer get.
struct Format {
    name: &'static str,
    options: &'static [&'static str],
    /// It has one column, of VARCHAR or BLOB.
    is_single: bool,
}

const FORMATS: &[Format] = &[
    Format { name: "json", options: &[], is_single: false },
    Format { name: "csv", options: &[], is_single: false },
    Format { name: "msgpack", options: &[], is_single: false },
    Format { name: "avro", options: &[], is_single: false },
    Format { name: "protobuf", options: &[], is_single: false },
    Format { name: "parquet", options: &[], is_single: false },
    Format { name: "raw", options: &[], is_single: true },
];

/// One column: its type, and its values as JSON.
struct Case {
    sql_type: &'static str,
    /// What the values are, where the type does not say it.
    about: &'static str,
    values: &'static [&'static str],
}

const fn case(sql_type: &'static str, about: &'static str, values: &'static [&'static str]) -> Case {
    Case { sql_type, about, values }
}

const CASES: &[Case] = &[
    case("BOOLEAN", "", &["true", "false", "null"]),
    case("TINYINT", "", &["-128", "127", "null"]),
    case("SMALLINT", "", &["-32768", "32767", "null"]),
    case("INTEGER", "", &["-2147483648", "2147483647", "null"]),
    case("BIGINT", "", &["-9223372036854775808", "9223372036854775807", "null"]),
    case("UTINYINT", "", &["0", "255", "null"]),
    case("USMALLINT", "", &["0", "65535", "null"]),
    case("UINTEGER", "", &["0", "4294967295", "null"]),
    case("UBIGINT", "", &["0", "18446744073709551615", "null"]),
    case("HUGEINT", "", &["-99999999999999999999999999999999999999", "1", "null"]),
    case("FLOAT", "", &["0.1", "-3.4e38", "1e-45", "null"]),
    case("DOUBLE", "", &["0.1", "-1.7976931348623157e308", "5e-324", "null"]),
    case("DECIMAL(18,4)", "", &["0.0001", "-99999999999999.9999", "null"]),
    case("DECIMAL(38,10)", "", &["1234567890123456789012345678.0123456789", "null"]),
    case("VARCHAR", "", &["\"a\"", "\"Zürich, \\\"quoted\\\"\"", "null"]),
    case("VARCHAR", "empty text", &["\"\"", "\"a\""]),
    case("VARCHAR", "line ends", &["\"a\\nb\"", "\"c\\r\\nd\""]),
    case("BLOB", "", &["\"AAH/\"", "\"\"", "null"]),
    case("DATE", "", &["\"2024-02-29\"", "\"0001-01-01\"", "\"9999-12-31\"", "null"]),
    case("TIME", "", &["\"23:59:59.999999\"", "\"00:00:00\"", "null"]),
    case("TIMESTAMP", "", &["\"2024-02-29T12:34:56.789012\"", "\"1969-12-31T23:59:59\"", "null"]),
    case("TIMESTAMPTZ", "", &["\"2024-02-29T12:34:56.789012Z\"", "\"1969-12-31T23:59:59Z\"", "null"]),
    case("TIMESTAMP_NS", "", &["\"2024-02-29T12:34:56.789012345\"", "null"]),
    case("INTERVAL", "", &["\"P1M2DT3.5S\"", "\"P-1M\"", "null"]),
    case("UUID", "", &["\"00112233-4455-6677-8899-aabbccddeeff\"", "null"]),
    case("JSON", "", &["{\"a\":[1,\"x\",null]}", "[1.50,true]", "null"]),
    case("BIGINT[]", "", &["[1,null,3]", "[]", "null"]),
    case("VARCHAR[][]", "", &["[[\"a\"],[],null]", "null"]),
    case("STRUCT(a BIGINT, b VARCHAR)", "", &["{\"a\":1,\"b\":\"x\"}", "{\"a\":null,\"b\":null}", "null"]),
    case("STRUCT(a STRUCT(b DOUBLE[]))", "", &["{\"a\":{\"b\":[0.5]}}", "{\"a\":null}"]),
    case("MAP(VARCHAR, BIGINT)", "", &["{\"k\":1,\"l\":null}", "{}", "null"]),
    case("MAP(VARCHAR, STRUCT(x BIGINT)[])", "", &["{\"k\":[{\"x\":1}]}", "{}"]),
];

/// What became of a column in a format.
enum Outcome {
    Kept,
    /// Nothing was written, and why.
    Refused(String),
    /// Written, and not read back: why.
    Unreadable(String),
    /// Other values came back: the first of them.
    Changed(String),
}

impl Outcome {
    fn cell(&self, notes: &mut Vec<String>) -> String {
        let (mark, why) = match self {
            Self::Kept => return "kept".to_owned(),
            Self::Refused(why) => ("refused", why),
            Self::Unreadable(why) => ("unreadable", why),
            Self::Changed(why) => ("changed", why),
        };
        let number = notes.iter().position(|note| note == why).unwrap_or_else(|| {
            notes.push(why.clone());
            notes.len() - 1
        });
        format!("{mark} [{}]", number + 1)
    }
}

/// Converts `from` to `to`, both named after their formats, under the columns `schema`.
fn convert(folder: &Folder, from: (&str, &Format), to: (&str, &Format), schema: &str) -> Ran {
    let definition = definition(folder, from.1, schema);
    let mut args = vec!["convert", from.0, "-f", from.1.name, "--schema", schema, "--to", to.1.name, "-o", to.0];
    if let Some(definition) = &definition {
        args.extend(["--set", definition]);
    }
    from.1.options.iter().for_each(|option| args.extend(["--set", option]));
    to.1.options.iter().for_each(|option| args.extend(["--to-set", option]));
    folder.run(&args)
}

/// Messages of Protobuf are read with a definition: the one that the encoder makes of the same columns.
fn definition(folder: &Folder, format: &Format, schema: &str) -> Option<String> {
    let columns = ddl::parse_columns(schema).ok().filter(|_| format.name == "protobuf")?.columns;
    let fields: Vec<Field> = columns.iter().map(|c| c.to_field()).collect();
    folder.write("row.proto", proto_text(&Schema::new(fields), "Row").ok()?);
    Some("schema_file=row.proto".to_owned())
}

/// The first line that was said, without names of files and of the type that the table's row has.
fn reason(ran: &Ran, case: &Case) -> String {
    let shown =
        |said: &str, word: &str| said.replace(&format!("{word} {}", case.sql_type), &format!("{word} this type"));
    let said = shown(&shown(&ran.stderr, "carry"), "expected");
    let line = said.lines().find(|line| line.starts_with("error")).unwrap_or(&said);
    let line = line.trim_start_matches("error: ");
    // Which file it was says nothing here.
    match line.split_once(": ") {
        Some((place, what)) if place.contains("x.") => match place.split_once(" field ") {
            Some((_, field)) => format!("field {field}: {what}"),
            None => what.to_owned(),
        },
        _ => line.to_owned(),
    }
}

fn first_difference(before: &str, after: &str) -> String {
    let mut pairs = before.lines().zip(after.lines());
    match pairs.find(|(a, b)| a != b) {
        Some((a, b)) => format!("`{a}` comes back as `{b}`"),
        None => format!("{} rows come back as {}", before.lines().count(), after.lines().count()),
    }
}

/// Writes rows in JSON as our own writer spells them, so that texts can be compared.
fn canonical(folder: &Folder, rows: &str, schema: &str) -> String {
    folder.write("rows.json", rows);
    let json = &FORMATS[0];
    convert(folder, ("rows.json", json), ("canon.json", json), schema).ended(0, &[]);
    folder.read("canon.json")
}

fn outcome(case: &Case, format: &Format) -> Outcome {
    let folder = Folder::new();
    let schema = format!("c {}", case.sql_type);
    let rows = case.values.iter().fold(String::new(), |rows, value| format!("{rows}{{\"c\":{value}}}\n"));
    let before = canonical(&folder, &rows, &schema);
    let file = format!("x.{}", format.name);
    let written = convert(&folder, ("canon.json", &FORMATS[0]), (&file, format), &schema);
    if written.code != Some(0) {
        return Outcome::Refused(reason(&written, case));
    }
    let read = convert(&folder, (&file, format), ("back.json", &FORMATS[0]), &schema);
    if read.code != Some(0) {
        return Outcome::Unreadable(reason(&read, case));
    }
    let after = folder.read("back.json");
    match before == after {
        true => Outcome::Kept,
        false => Outcome::Changed(first_difference(&before, &after)),
    }
}

/// Rows of all columns at `kept`: as many as the column with most values, which the others repeat theirs up to.
fn table_of(kept: &[&Case]) -> (String, String) {
    let num_rows = kept.iter().map(|c| c.values.len()).max().unwrap_or(0);
    let mut rows = String::new();
    for row in 0..num_rows {
        let fields: Vec<String> =
            kept.iter().enumerate().map(|(i, c)| format!("\"c{i}\":{}", c.values[row % c.values.len()])).collect();
        writeln!(rows, "{{{}}}", fields.join(",")).unwrap();
    }
    let columns: Vec<String> = kept.iter().enumerate().map(|(i, c)| format!("c{i} {}", c.sql_type)).collect();
    (rows, columns.join(", "))
}

/// Checks that `from` → `to` keeps a table of all columns that both keep.
fn check_pair(from: &Format, to: &Format, kept: &[&Case]) -> usize {
    // A format of one column takes the columns one at a time.
    let tables: Vec<Vec<&Case>> = match from.is_single || to.is_single {
        true => kept.iter().map(|case| vec![*case]).collect(),
        false if kept.is_empty() => Vec::new(),
        false => vec![kept.to_vec()],
    };
    for table in tables.iter().map(|cases| table_of(cases)) {
        let folder = Folder::new();
        let (rows, schema) = table;
        let before = canonical(&folder, &rows, &schema);
        let (first, second) = (format!("a.{}", from.name), format!("b.{}", to.name));
        convert(&folder, ("canon.json", &FORMATS[0]), (&first, from), &schema).ended(0, &[]);
        convert(&folder, (&first, from), (&second, to), &schema).ended(0, &[]);
        convert(&folder, (&second, to), ("back.json", &FORMATS[0]), &schema).ended(0, &[]);
        assert_eq!(before, folder.read("back.json"), "{} → {}", from.name, to.name);
    }
    kept.len()
}

#[test]
fn every_pair_of_formats() {
    let outcomes: Vec<Vec<Outcome>> =
        CASES.iter().map(|case| FORMATS.iter().map(|format| outcome(case, format)).collect()).collect();
    let keeps = |row: usize, format: usize| matches!(outcomes[row][format], Outcome::Kept);

    let mut page = String::from(
        "# What conversions keep\n\n\
         Every column below was written in every format by `laminar convert`, with the options that the formats have by\n\
         themselves, and read back under its declaration. `kept` means that the same values came back. This page is the output of\n\
         the test `conversions` in `cli/tests`, which also converts every pair of formats.\n\n",
    );
    let names: Vec<&str> = FORMATS.iter().map(|f| f.name).collect();
    writeln!(page, "| column | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len())).unwrap();
    let mut notes = Vec::new();
    for (case, row) in CASES.iter().zip(&outcomes) {
        let cells: Vec<String> = row.iter().map(|outcome| outcome.cell(&mut notes)).collect();
        let about = if case.about.is_empty() { String::new() } else { format!(", {}", case.about) };
        writeln!(page, "| {}{about} | {} |", case.sql_type, cells.join(" | ")).unwrap();
    }
    page.push('\n');
    for (i, note) in notes.iter().enumerate() {
        writeln!(page, "{}. {note}", i + 1).unwrap();
    }

    page.push_str(
        "\n## Pairs\n\nFrom the format at the left to the one at the top: how many of the columns above both keep. Their rows come\n\
         through both as they were; a column that one of them refuses or changes is not converted any better by the pair.\n\n",
    );
    writeln!(page, "| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len())).unwrap();
    for (a, from) in FORMATS.iter().enumerate() {
        let mut cells = Vec::new();
        for (b, to) in FORMATS.iter().enumerate() {
            let both = (0..CASES.len()).filter(|row| keeps(*row, a) && keeps(*row, b));
            let kept: Vec<&Case> = both.map(|row| &CASES[row]).collect();
            cells.push(check_pair(from, to, &kept).to_string());
        }
        writeln!(page, "| {} | {} |", from.name, cells.join(" | ")).unwrap();
    }
    expect_file!["../../../docs/conversions.md"].assert_eq(&page);
}
