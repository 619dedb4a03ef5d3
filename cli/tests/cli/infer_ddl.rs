//! `laminar infer -o ddl` prints a source that runs as it is: its rows are those that `laminar convert` gives.

use std::io::Write as _;

use crate::laminar::Folder;

/// Infers `file`, runs what is printed, and compares. `parts` must stand in the statement.
#[track_caller]
fn check(file: &str, bytes: &[u8], settings: &[&str], parts: &[&str]) {
    let folder = Folder::new();
    folder.write(file, bytes);
    let set: Vec<&str> = settings.iter().flat_map(|s| ["--set", s]).collect();
    let ddl = folder.run(&[&["infer", "-o", "ddl", file], &set[..]].concat()).ended(0, &[]).stdout;
    for part in parts {
        assert!(ddl.contains(part), "{part:?} is not in {ddl}");
    }
    let name = ddl.strip_prefix("CREATE SOURCE ").unwrap().split(" (").next().unwrap();
    folder.write(
        "q.sql",
        format!("{ddl}CREATE SINK o INTO FILE (path = 'o.ndjson') FORMAT JSON;\nINSERT INTO o SELECT * FROM {name};"),
    );
    folder.run(&["run", "q.sql"]).ended(0, &[]);
    let converted = folder.run(&[&["convert", file, "--to", "json"], &set[..]].concat()).ended(0, &[]).stdout;
    assert!(!converted.is_empty());
    assert_eq!(folder.read("o.ndjson"), converted, "{ddl}");
}

#[test]
fn json_of_every_shape() {
    check(
        "flat.ndjson",
        b"{\"id\":1,\"x\":1.5,\"ok\":true,\"s\":\"a\"}\n{\"id\":2}\n",
        &[],
        &["id BIGINT", "x DOUBLE"],
    );
    check(
        "nested.json",
        br#"[{"a":{"b":[{"c":1,"d":"x"},{"c":2}],"e":{}},"l":[[1],[2,3]],"mixed":[1,"x"]}, {"a":null}]"#,
        &[],
        &["a STRUCT(b STRUCT(c BIGINT, d VARCHAR)[], e MAP(VARCHAR, JSON))", "l BIGINT[][]", "mixed JSON"],
    );
    check(
        "types.ndjson",
        b"{\"big\":18446744073709551615,\"huge\":123456789012345678901234567890,\"u\":\"550e8400-e29b-41d4-a716-446655440000\"}\n",
        &[],
        &["big UBIGINT", "huge HUGEINT", "u UUID"],
    );
    check("exact.ndjson", b"{\"x\":1.25}\n{\"x\":2}\n", &["number_type=decimal(10,2)"], &["x DECIMAL(10,2)"]);
    check(
        "map.ndjson",
        b"{\"m\":{\"a\":1,\"b\":2,\"c\":3}}\n{\"m\":{\"d\":4}}\n",
        &["map_threshold=2"],
        &["MAP(VARCHAR, BIGINT)"],
    );
    check("rescued.ndjson", b"{\"x\":1}\n{\"x\":2}\n", &["unknown_fields=rescue"], &["unknown_fields = 'rescue'"]);
    check("values.ndjson", b"1\n2\n", &[], &["value BIGINT"]);
}

#[test]
fn options_that_were_found() {
    let text = "id;name\n1;Zoë\n2;père\n3;ÿ\n";
    let utf_16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let latin_1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    check("narrow.csv", text.as_bytes(), &[], &["delimiter = ';'", "name VARCHAR"]);
    check("wide.csv", &utf_16, &[], &["delimiter = ';'", "encoding = 'utf-16", "name VARCHAR"]);
    check("latin.csv", &latin_1, &[], &["delimiter = ';'", "encoding = 'latin-1'", "name VARCHAR"]);
}

#[test]
fn names_that_need_quotes() {
    check(
        "a b-select.ndjson",
        br#"{"a b":1,"it's":2,"say \"x\"":3,"select":4,"format":5,"Key":6,"key":7,"":8,"gr\u00f6\u00dfe":9,"x;--y":10,"s":{"a b":1,"null":2,"q\"":3}}"#,
        &[],
        &["\"a b\" BIGINT", "\"say \"\"x\"\"\" BIGINT", "\"select\" BIGINT", "STRUCT(\"a b\" BIGINT, \"null\" BIGINT"],
    );
    // A header without a name, as pandas writes its index.
    check("index.csv", b",a\n0,x\n1,y\n", &["detect_format=false"], &["column0 BIGINT KEY ''"]);
}

#[test]
fn dates_keep_the_format_of_their_own_column() {
    let us_and_eu = "timestamp_formats=%m/%d/%Y, %d.%m.%Y, %d/%m/%Y, iso8601, epoch_s";
    check(
        "dates.ndjson",
        // The same text means two days, and only the other rows tell which.
        b"{\"us\":\"03/04/2026\",\"eu\":\"03/04/2026\",\"de\":\"24.12.2026\",\"l\":[\"01.02.2026\"],\"s\":{\"at\":\"2026-01-02\"}}\n\
          {\"us\":\"12/31/2026\",\"eu\":\"31/12/2026\",\"de\":\"01.02.2026\",\"l\":[],\"s\":{\"at\":\"2026-01-03\"}}\n",
        &[us_and_eu],
        &["us DATE FORMAT '%m/%d/%Y'", "eu DATE FORMAT '%d/%m/%Y'", "l DATE FORMAT '%d.%m.%Y'[]"],
    );
    check(
        "mixed.ndjson",
        b"{\"s\":{\"d\":\"31/12/2026\"}}\n{\"s\":{\"d\":\"2026-05-06\"}}\n",
        &["timestamp_formats=iso8601,%d/%m/%Y"],
        &["s STRUCT(d DATE FORMAT ('iso8601', '%d/%m/%Y'))"],
    );
    check(
        "fine.ndjson",
        b"{\"z\":\"2026-01-01T00:00:00.123456789Z\",\"n\":\"2026-01-01T00:00:00.123456789\",\"t\":\"01:02:03.123456789\"}\n",
        &[],
        &["z TIMESTAMPTZ_NS", "n TIMESTAMP_NS", "t TIME_NS"],
    );
    check(
        "dates.csv",
        b"us,eu\n03/04/2026,03/04/2026\n12/31/2026,31/12/2026\n",
        &[us_and_eu],
        &["us DATE FORMAT '%m/%d/%Y'"],
    );
}

#[test]
fn csv_with_the_options_that_it_needs() {
    check("semi.csv", b"a;b\n1;x,y\n2;z\n", &["delimiter=;"], &["delimiter = ';'"]);
    check("plain.tsv", b"a\tb\n1\tx\n", &[], &["delimiter"]);
    check("bare.csv", b"1,x\n2,y\n", &["header=false"], &["column0 BIGINT", "header = 'false'"]);
    check("nulls.csv", b"a,b\n1,NA\n,3\n", &["null_values=,NA"], &["a BIGINT", "b BIGINT"]);
}

#[test]
fn csv_with_the_options_that_its_data_show() {
    check(
        "semi.csv",
        b"a;b;c\n1;x,y;1,5\n2;z;2,5\n3;w;10,25\n",
        &[],
        &["delimiter = ';'", "decimal_separator = ','", "c DOUBLE"],
    );
    check("bars.csv", b"id|at\n1|31/12/2026\n2|01/02/2026\n", &[], &["delimiter = '|'", "at DATE FORMAT '%d/%m/%Y'"]);
    check(
        "twice.csv",
        b"id,id,when\n1,2,x\n3,4,y\n",
        &[],
        &["id BIGINT,\n    id_1 BIGINT", "duplicate_fields = 'rename'"],
    );
    check("quotes.csv", b"a;b\n'x;y';1\n'it''s';2\n", &[], &["delimiter = ';'"]);
    check("utf16.csv", &utf16("name;n\ngr\u{f6}\u{df}e;1\nk;2\n"), &[], &["encoding = 'utf-16"]);
}

/// UTF-16 in little-endian order, with its mark.
fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn compressed_files() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"{\"id\":1,\"s\":\"a\"}\n{\"id\":2}\n").unwrap();
    check("rows.ndjson.gz", &gz.finish().unwrap(), &[], &["CREATE SOURCE rows (", "path = 'rows.ndjson.gz'"]);
}
