//! CSV samples → schemas: each case in several orders, and proven to decode.

use expect_test::{Expect, expect};
use laminar_formats::{
    csv::{CsvDecoder, CsvInference, CsvSample},
    framing::text_of_head,
};
use laminar_schema::{
    DecoderSet, FormatInference, FormatSpec, InferenceConfig, NumberInference, Options, RawRecord, SampleHead,
};
use laminar_tests::{
    frames::file_records,
    inferred::{infer_in_every_order, records, show_outcome, with_options},
};

fn check_with(config: InferenceConfig, options: &[(&str, &str)], lines: &[&str], expected: Expect) {
    let config = with_options(config, options);
    let has_header = !options.contains(&("header", "false"));
    let samples = records(lines);
    let outcome = infer_in_every_order::<CsvDecoder>("csv", &samples, usize::from(has_header), &config);
    expected.assert_eq(&show_outcome(&outcome));

    // Read in two parts and merged, the answer is the same.
    let (header, rows) =
        if has_header { (samples.first(), samples.get(1..).unwrap_or(&[])) } else { (None, &samples[..]) };
    for cut in 0..=rows.len() {
        let part = |rows| {
            let mut part = CsvSample::new(&config, header).unwrap();
            <[_]>::iter(rows).for_each(|row| part.observe(row));
            part
        };
        let mut merged = part(&rows[cut..]);
        merged.merge(part(&rows[..cut]));
        assert_eq!(show_outcome(&merged.finish(&config)), show_outcome(&outcome), "cut at {cut}");
    }
}

fn check(lines: &[&str], expected: Expect) {
    check_with(InferenceConfig::default(), &[], lines, expected);
}

#[test]
fn each_column_has_the_narrowest_type_of_all_its_fields() {
    check(
        &[
            "id,ok,price,day,at,zoned,clock,key,name",
            "1,true,1.5,2024-01-01,2024-01-01 10:00:00,2024-01-01T10:00:00Z,10:00:00,123e4567-e89b-12d3-a456-426614174000,a",
            "-2,FALSE,2,2024-02-29,2024-01-01T10:00:00.5,2024-01-01T10:00:00+01:00,23:59:59.5,,b",
        ],
        expect![[r#"
            id BIGINT 1.00 [2 BIGINT]
            ok BOOLEAN 1.00 [2 BOOLEAN]
            price DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
            day DATE 1.00 [2 DATE]
            at TIMESTAMP 1.00 [2 TIMESTAMP]
            zoned TIMESTAMPTZ 1.00 [2 TIMESTAMPTZ]
            clock TIME 1.00 [2 TIME]
            key UUID 0.50 [1 NULL, 1 UUID]
            name VARCHAR 1.00 [2 VARCHAR]
        "#]],
    );
}

#[test]
fn codes_are_no_numbers() {
    check(
        &["zip,phone,id", "01234,+441234,1", "90210,+449999,2"],
        expect![[r#"
            zip VARCHAR 1.00 [1 BIGINT, 1 VARCHAR]
            phone VARCHAR 1.00 [2 VARCHAR]
            id BIGINT 1.00 [2 BIGINT]
            info: field zip: kept as VARCHAR for its leading zeros (01234); declare BIGINT to read numbers
        "#]],
    );
    check(
        &["n,m", "0,0.5", "-0,-.5", "10,5."],
        expect![[r#"
        n BIGINT 1.00 [3 BIGINT]
        m DOUBLE 1.00 [3 DOUBLE]
    "#]],
    );
}

#[test]
fn numbers_keep_every_digit() {
    check(
        &["u,h,v,mix", "18446744073709551615,-18446744073709551615,1e400,9007199254740993", "1,1,1,0.5"],
        expect![[r#"
            u UBIGINT 1.00 [1 BIGINT, 1 UBIGINT]
            h HUGEINT 1.00 [1 BIGINT, 1 HUGEINT]
            v VARCHAR 1.00 [1 BIGINT, 1 NUMBER]
            mix DECIMAL(38,1) 1.00 [1 BIGINT, 1 DOUBLE]
            warning: field v: no number type holds all of 1 BIGINT (1) and 1 NUMBER (1e400); kept as VARCHAR
            warning: field mix: holds 1 BIGINT (9007199254740993) and 1 DOUBLE (0.5); DOUBLE would round integers; declare it to accept that: made DECIMAL(38,1)
        "#]],
    );
    check_with(
        InferenceConfig { number_type: NumberInference::Decimal(10, 2), ..InferenceConfig::default() },
        &[],
        &["a,b,c", "1,1.25,0.125", "2,10,1"],
        expect![[r#"
            a DECIMAL(10,2) 1.00 [2 BIGINT]
            b DECIMAL(10,2) 1.00 [1 BIGINT, 1 DOUBLE]
            c DECIMAL(11,3) 1.00 [1 BIGINT, 1 DOUBLE]
            warning: field c: holds 1 BIGINT (1) and 1 DOUBLE (0.125); the DECIMAL that number_type asks for is too small: made DECIMAL(11,3)
        "#]],
    );
    check_with(
        InferenceConfig { number_type: NumberInference::Double, ..InferenceConfig::default() },
        &[],
        &["a,b", "1,9007199254740993", "2,1"],
        expect![[r#"
            a DOUBLE 1.00 [2 BIGINT]
            b BIGINT 1.00 [2 BIGINT]
            warning: field b: holds 2 BIGINT (1); DOUBLE, as number_type asks, would round integers; declare it to accept that: made BIGINT
        "#]],
    );
}

#[test]
fn kinds_without_a_common_type_stay_text() {
    check(
        &[
            "a,b,c,d",
            "1,true,2024-01-01,2024-01-01T00:00:00",
            "n/a,1,-,2024-01-01T00:00:00Z",
            "2,false,2024-01-02,2024-01-01",
        ],
        expect![[r#"
            a VARCHAR 1.00 [2 BIGINT, 1 VARCHAR]
            b VARCHAR 1.00 [1 BIGINT, 2 BOOLEAN]
            c VARCHAR 1.00 [2 DATE, 1 VARCHAR]
            d VARCHAR 1.00 [1 DATE, 1 TIMESTAMP, 1 TIMESTAMPTZ]
            warning: field a: holds 2 BIGINT (1) and 1 VARCHAR (n/a), which only VARCHAR holds together
            warning: field b: holds 2 BOOLEAN (true) and 1 BIGINT (1), which only VARCHAR holds together
            warning: field c: holds 2 DATE (2024-01-01) and 1 VARCHAR (-), which only VARCHAR holds together
            warning: field d: holds 1 DATE (2024-01-01) and 1 TIMESTAMP (2024-01-01T00:00:00), which only VARCHAR holds together
        "#]],
    );
}

#[test]
fn nulls_say_nothing_of_a_type() {
    check(
        &["a,b,c", "1,,x", ",,\"\"", "3,,"],
        expect![[r#"
            a BIGINT 0.67 [2 BIGINT, 1 NULL]
            b VARCHAR 0.00 [3 NULL]
            c VARCHAR 0.33 [2 NULL, 1 VARCHAR]
            warning: field b: null in every sample (3 of them); null_type makes it VARCHAR
        "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("null_values", ",NA,-")],
        &["a,b", "1,2024-01-01", "NA,-", ",\"-\""],
        expect![[r#"
            a BIGINT 0.33 [1 BIGINT, 2 NULL]
            b DATE 0.33 [1 DATE, 2 NULL]
        "#]],
    );
}

#[test]
fn the_header_names_the_columns() {
    check(
        &["a"],
        expect![[r#"
            a VARCHAR 0.00 []
            warning: the sample has a header and no row below it, so every column is VARCHAR
        "#]],
    );
    check(
        &["a,,b", "1,2,3"],
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        column1 BIGINT 1.00 [1 BIGINT]
        b BIGINT 1.00 [1 BIGINT]
    "#]],
    );
    check(
        &["a,b,a", "1,2,x"],
        expect![[r#"
            b BIGINT 1.00 [1 BIGINT]
            error: field a: the header names it more than once, so it was left out; set duplicate_fields to 'rename', 'first' or 'last'
        "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("duplicate_fields", "last")],
        &["a,b,a", "1,2,x"],
        expect![[r#"
        b BIGINT 1.00 [1 BIGINT]
        a VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    check(
        &["1,x,2024-01-01", "2,y,2024-01-02"],
        expect![[r#"
        1 BIGINT 1.00 [1 BIGINT]
        x VARCHAR 1.00 [1 VARCHAR]
        2024-01-01 DATE 1.00 [1 DATE]
        warning: field 1: the header `1` looks like data; set header to false if the first line is a row
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("header", "false")],
        &["1,x", "2,y"],
        expect![[r#"
        column0 BIGINT 1.00 [2 BIGINT]
        column1 VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
}

#[test]
fn rows_of_another_width_follow_the_option() {
    let lines = ["a,b", "1,2", "3", "4,5,6", "", "x\"y,\"z"];
    check(
        &lines,
        expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        b BIGINT 1.00 [1 BIGINT]
        error: 3 of 5 sampled records are unusable and were left out, the first: expected 2 fields, found 1
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("ragged_rows", "pad")],
        &lines[..3],
        expect![[r#"
        a BIGINT 1.00 [2 BIGINT]
        b BIGINT 0.50 [1 BIGINT]
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("ragged_rows", "accept")],
        &lines[..4],
        expect![[r#"
        a BIGINT 1.00 [3 BIGINT]
        b BIGINT 0.67 [2 BIGINT]
    "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("header", "false")],
        &["1,2", "3", "4,5"],
        expect![[r#"
        column0 BIGINT 1.00 [2 BIGINT]
        column1 BIGINT 1.00 [2 BIGINT]
        error: 1 of 3 sampled records are unusable and were left out, the first: expected 2 fields, found 1
    "#]],
    );
    check(
        &["a", "1", "", "2"],
        expect![[r#"
        a BIGINT 0.67 [2 BIGINT, 1 NULL]
    "#]],
    );
}

#[test]
fn timestamp_formats_are_handed_on_to_the_decoder() {
    let config = InferenceConfig {
        timestamp_formats: vec!["iso8601".into(), "%m/%d/%Y".into(), "%d/%m/%Y".into(), "%d.%m.%Y %H:%M".into()],
        ..InferenceConfig::default()
    };
    check_with(
        config,
        &[],
        &["a,b,c", "31/12/2024,01/02/2024,24.12.2024 18:00", "01/02/2024,12/31/2024,2024-12-24"],
        expect![[r#"
            a DATE 1.00 [2 DATE]
            b DATE 1.00 [2 DATE]
            c TIMESTAMP 1.00 [1 DATE, 1 TIMESTAMP]
            warning: field c: no one timestamp format fits all texts; tried in order: iso8601, %d.%m.%Y %H:%M
        "#]],
    );
    check_with(
        InferenceConfig::default(),
        &[("timestamp_formats", "%d/%m/%Y")],
        &["a,b", "31/12/2024,2024-12-31"],
        expect![[r#"
            a DATE 1.00 [1 DATE]
            b DATE 1.00 [1 DATE]
        "#]],
    );
}

/// What is found in a stream's first bytes, then the schema of its records; found options spelled out give it again.
fn check_stream(bytes: &[u8], expected: Expect) {
    check_stream_with(&[], bytes, expected);
}

fn check_stream_with(given: &[(&str, &str)], bytes: &[u8], expected: Expect) {
    let config = with_options(InferenceConfig::default(), given);
    let detected = CsvInference.detect(SampleHead::Bytes { bytes, is_whole: true }, &config).unwrap().unwrap();
    let found: Vec<(&str, &str)> = detected.found.iter().map(|k| (&**k, detected.options.get(k).unwrap())).collect();
    let mut shown = found.iter().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join(" ") + "\n";
    for warning in &detected.warnings {
        shown += &format!("{warning}\n");
    }
    for (key, value) in given {
        assert_eq!(detected.options.get(key), Some(*value), "an option that was given is never changed");
    }

    let infer = |options: &Options| {
        let config = InferenceConfig { format_options: options.clone(), ..InferenceConfig::default() };
        let spec = FormatSpec::new("csv").with_options(options.clone());
        let framing = CsvDecoder::framing(&spec).unwrap().unwrap();
        let (batch, _) = file_records(&framing, &text_of_head(bytes, true, framing.encoding()));
        let header = batch.partitions().first().and_then(|p| p.preamble.as_deref()).map(RawRecord::new);
        let fixed = usize::from(header.is_some());
        let samples: Vec<RawRecord> = header.into_iter().chain(batch.iter().map(|r| r.to_owned())).collect();
        show_outcome(&infer_in_every_order::<CsvDecoder>("csv", &samples, fixed, &config))
    };
    let outcome = infer(&detected.options);
    let spelled_out = found.iter().chain(given).copied();
    assert_eq!(infer(&Options::from_pairs(spelled_out)), outcome, "the dialect is reproducible as options");
    expected.assert_eq(&(shown + &outcome));
}

#[test]
fn dialects_are_found() {
    check_stream(
        b"a;b;c\n1;2,5;x\n2;3,5;y\n",
        expect![[r#"
        delimiter=";" header="true" decimal_separator=","
        a BIGINT 1.00 [2 BIGINT]
        b DOUBLE 1.00 [2 DOUBLE]
        c VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"a,b\r1,x\r2,y\r",
        expect![[r#"
        delimiter="," header="true" line_end="cr"
        a BIGINT 1.00 [2 BIGINT]
        b VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"a\tb\n1\tx\n2\ty\n",
        expect![[r#"
        delimiter="\\t" header="true"
        a BIGINT 1.00 [2 BIGINT]
        b VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"a||b||c\n1||2|3||x\n4||5||y\n",
        expect![[r#"
        delimiter="||" header="true"
        a BIGINT 1.00 [2 BIGINT]
        b VARCHAR 1.00 [1 BIGINT, 1 VARCHAR]
        c VARCHAR 1.00 [2 VARCHAR]
        warning: field b: holds 1 BIGINT (5 at line 3 of file) and 1 VARCHAR (2|3 at line 2 of file), which only VARCHAR holds together
    "#]],
    );
    check_stream(
        b"1|~|x\n2|~|y\n",
        expect![[r#"
        delimiter="|~|" header="false"
        column0 BIGINT 1.00 [2 BIGINT]
        column1 VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"'a','b,c'\n'1','x,y'\n'2','z'\n",
        expect![[r#"
        delimiter="," header="true" quote="'"
        a BIGINT 1.00 [2 BIGINT]
        b,c VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"a,b\n\"say \\\"hi, you\\\"\",1\n\"x\",2\n",
        expect![[r#"
        delimiter="," header="true" escape="\\"
        a VARCHAR 1.00 [2 VARCHAR]
        b BIGINT 1.00 [2 BIGINT]
    "#]],
    );
    check_stream(
        b"a, b\n1, 2.5\n2, 3\n",
        expect![[r#"
        delimiter="," header="true" trim="true"
        a BIGINT 1.00 [2 BIGINT]
        b DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
    "#]],
    );
    check_stream(
        b"k,v,w\n1,NULL,x\n2,7,NULL\n3,8,y\n",
        expect![[r#"
        delimiter="," header="true" null_values=",NULL"
        k BIGINT 1.00 [3 BIGINT]
        v BIGINT 0.67 [2 BIGINT, 1 NULL]
        w VARCHAR 0.67 [1 NULL, 2 VARCHAR]
    "#]],
    );
    // In a column of countries `NA` is one.
    check_stream(
        b"country,v\nNA,1\nDE,NA\nFR,3\nUS,4\n",
        expect![[r#"
        delimiter="," header="true"
        country VARCHAR 1.00 [4 VARCHAR]
        v VARCHAR 1.00 [3 BIGINT, 1 VARCHAR]
        warning: field v: holds 3 BIGINT (1 at line 2 of file) and 1 VARCHAR (NA at line 3 of file), which only VARCHAR holds together
    "#]],
    );
    check_stream(
        b"k;v\nx;1.234,56\ny;7,5\n",
        expect![[r#"
        delimiter=";" header="true" decimal_separator="," thousands_separator="."
        k VARCHAR 1.00 [2 VARCHAR]
        v DOUBLE 1.00 [2 DOUBLE]
    "#]],
    );
}

#[test]
fn headers_are_told_from_rows() {
    check_stream(
        b"1,x\n2,y\n",
        expect![[r#"
        delimiter="," header="false"
        column0 BIGINT 1.00 [2 BIGINT]
        column1 VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"id,name\n",
        expect![[r#"
        delimiter="," header="true"
        id VARCHAR 0.00 []
        name VARCHAR 0.00 []
        warning: the sample has a header and no row below it, so every column is VARCHAR
    "#]],
    );
    check_stream(
        b"name\nanna\nbob\n",
        expect![[r#"
        delimiter="," header="true"
        name VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"7\n8\n",
        expect![[r#"
        delimiter="," header="false"
        column0 BIGINT 1.00 [2 BIGINT]
    "#]],
    );
    check_stream(
        b"a,a, ,b\n1,2,3,4\n",
        expect![[r#"
        delimiter="," header="true" duplicate_fields="rename"
        a BIGINT 1.00 [1 BIGINT]
        a_1 BIGINT 1.00 [1 BIGINT]
        column2 BIGINT 1.00 [1 BIGINT]
        b BIGINT 1.00 [1 BIGINT]
    "#]],
    );
}

#[test]
fn what_stands_around_a_table_is_left_out() {
    check_stream(
        "\u{feff}id,n\n1,2\n".as_bytes(),
        expect![[r#"
        delimiter="," header="true"
        id BIGINT 1.00 [1 BIGINT]
        n BIGINT 1.00 [1 BIGINT]
    "#]],
    );
    check_stream(
        b"# made by hand\nid,n\n1,2\n# more\n3,4\n",
        expect![[r##"
        delimiter="," header="true" comment="#"
        id BIGINT 1.00 [2 BIGINT]
        n BIGINT 1.00 [2 BIGINT]
    "##]],
    );
    check_stream(
        b"Report of today\n\nid,n\n1,2\n3,4\n5,6\n",
        expect![[r#"
        delimiter="," header="true" skip_lines="2"
        warning: 2 lines in front of the table are skipped; set skip_lines to 0 to read them
        id BIGINT 1.00 [3 BIGINT]
        n BIGINT 1.00 [3 BIGINT]
    "#]],
    );
    check_stream(
        b"a,b\r\n1,\"x\ny\"\n2,z\r\n",
        expect![[r#"
        delimiter="," header="true"
        a BIGINT 1.00 [2 BIGINT]
        b VARCHAR 1.00 [2 VARCHAR]
    "#]],
    );
    check_stream(
        b"a,b\n1,2,\n3,4,\n",
        expect![[r#"
        delimiter="," header="true" ragged_rows="ignore_extra"
        a BIGINT 1.00 [2 BIGINT]
        b BIGINT 1.00 [2 BIGINT]
    "#]],
    );
}

#[test]
fn ragged_rows_are_padded_or_one_column() {
    check_stream(
        b"a,b,c\n1,2,3\n4,5,6\n7,8\n",
        expect![[r#"
        delimiter="," header="true" ragged_rows="pad"
        warning: 1 of 4 rows are short, and filled up with nulls; set ragged_rows to reject them
        a BIGINT 1.00 [3 BIGINT]
        b BIGINT 1.00 [3 BIGINT]
        c BIGINT 0.67 [2 BIGINT]
    "#]],
    );
    check_stream(
        b"Dear all,\nhow are you?\nBest, me, and, others\nbye\n",
        expect![[r#"
        delimiter="|" header="true"
        error: no delimiter gives all rows as many fields, so each row is kept as one text; set delimiter
        Dear all, VARCHAR 1.00 [3 VARCHAR]
    "#]],
    );
}

#[test]
fn encodings_are_found() {
    let utf16: Vec<u8> = "id,stadt\n1,Köln\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    check_stream(
        &utf16,
        expect![[r#"
        delimiter="," header="true" encoding="utf-16be"
        id BIGINT 1.00 [1 BIGINT]
        stadt VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    let marked: Vec<u8> = "\u{feff}id,stadt\n1,Köln\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_stream(
        &marked,
        expect![[r#"
        delimiter="," header="true" encoding="utf-16"
        id BIGINT 1.00 [1 BIGINT]
        stadt VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    check_stream(
        b"id,stadt\n1,K\xf6ln\n",
        expect![[r#"
        delimiter="," header="true" encoding="latin-1"
        warning: the bytes are no UTF-8, and are read as Latin-1; set encoding if that is wrong
        id BIGINT 1.00 [1 BIGINT]
        stadt VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
}

#[test]
fn days_are_read_as_the_unambiguous_ones_say() {
    check_stream(
        b"us,eu,open,mixed\n01/31/2024,31/01/2024,01/02/2024,31/01/2024\n02/01/2024,01/02/2024,03/04/2024,01/31/2024\n",
        expect![[r#"
            delimiter="," header="true"
            us DATE 1.00 [2 DATE]
            eu DATE 1.00 [2 DATE]
            open DATE 1.00 [2 DATE]
            mixed VARCHAR 1.00 [2 DATE]
            warning: field open: no value tells %d/%m/%Y from %m/%d/%Y; read as %d/%m/%Y: set timestamp_formats
            warning: field mixed: its days are written in more than one order (%d/%m/%Y, %m/%d/%Y); kept as VARCHAR
        "#]],
    );
    check_stream(
        b"at;no;short\n03.04.2024 10:30;1.2.3;24-12-31\n13.04.2024 11:00;1.2.4;25-01-01\n",
        expect![[r#"
        delimiter=";" header="true"
        at TIMESTAMP 1.00 [2 TIMESTAMP]
        no VARCHAR 1.00 [2 VARCHAR]
        short DATE 1.00 [2 DATE]
        warning: field short: no value tells %d-%m-%y from %y-%m-%d; read as %d-%m-%y: set timestamp_formats
    "#]],
    );
}

#[test]
fn a_dash_is_no_date_and_a_mostly_empty_column_keeps_its_type() {
    check_stream(
        b"d,e\n2024-01-01,-\n2024-01-02,-\n,2024-01-03\n",
        expect![[r#"
        delimiter="," header="true"
        d DATE 0.67 [2 DATE, 1 NULL]
        e VARCHAR 1.00 [1 DATE, 2 VARCHAR]
    "#]],
    );
    let mut mostly_empty = b"id,n\n1,5\n".to_vec();
    for id in 2..40 {
        mostly_empty.extend_from_slice(format!("{id},\n").as_bytes());
    }
    check_stream(
        &mostly_empty,
        expect![[r#"
        delimiter="," header="true"
        id BIGINT 1.00 [39 BIGINT]
        n BIGINT 0.03 [1 BIGINT, 38 NULL]
    "#]],
    );
    check_stream(
        b"zip,n\n01234,1\n90210,2\n",
        expect![[r#"
        delimiter="," header="true"
        zip VARCHAR 1.00 [1 BIGINT, 1 VARCHAR]
        n BIGINT 1.00 [2 BIGINT]
        info: field zip: kept as VARCHAR for its leading zeros (01234 at line 2 of file); declare BIGINT to read numbers
    "#]],
    );
}

#[test]
fn options_that_were_given_narrow_the_search() {
    check_stream_with(
        &[("delimiter", ";")],
        b"a,b;c\n1,2;3\n",
        expect![[r#"
        header="true" decimal_separator=","
        a,b DOUBLE 1.00 [1 DOUBLE]
        c BIGINT 1.00 [1 BIGINT]
    "#]],
    );
    check_stream_with(
        &[("header", "false")],
        b"a,b\n1,2\n",
        expect![[r#"
        delimiter=","
        column0 VARCHAR 1.00 [1 BIGINT, 1 VARCHAR]
        column1 VARCHAR 1.00 [1 BIGINT, 1 VARCHAR]
        warning: field column0: holds 1 BIGINT (1 at line 2 of file) and 1 VARCHAR (a at line 1 of file), which only VARCHAR holds together
        warning: field column1: holds 1 BIGINT (2 at line 2 of file) and 1 VARCHAR (b at line 1 of file), which only VARCHAR holds together
    "#]],
    );
    check_stream_with(
        &[("sep", "|"), ("quote", "'")],
        b"a|b\n'1|2'|3\n",
        expect![[r#"
        header="true"
        a VARCHAR 1.00 [1 VARCHAR]
        b BIGINT 1.00 [1 BIGINT]
    "#]],
    );
}

#[test]
fn records_have_no_header() {
    let samples = records(["a;1,5", "b;2,5"]);
    let detected = CsvInference.detect(SampleHead::Records(&samples), &InferenceConfig::default()).unwrap().unwrap();
    let found: Vec<_> = detected.found.iter().map(|k| (&**k, detected.options.get(k).unwrap())).collect();
    assert_eq!(found, [("delimiter", ";"), ("header", "false"), ("decimal_separator", ",")]);
}

#[test]
fn null_texts_of_single_columns_say_nothing_of_their_types() {
    let lines = ["price,note", "1.5,n/a", "n/a,x", "\"-\",y"];
    check_with(
        InferenceConfig::default(),
        &[("column_null_values", "price: n/a,-")],
        &lines,
        expect![[r#"
        price DOUBLE 0.33 [1 DOUBLE, 2 NULL]
        note VARCHAR 1.00 [3 VARCHAR]
    "#]],
    );
    let never = [("column_null_values", "price: n/a,-"), ("quoted_nulls", "never")];
    check_with(
        InferenceConfig::default(),
        &never,
        &lines,
        expect![[r#"
        price VARCHAR 0.67 [1 DOUBLE, 1 NULL, 1 VARCHAR]
        note VARCHAR 1.00 [3 VARCHAR]
        warning: field price: holds 1 DOUBLE (1.5) and 1 VARCHAR (-), which only VARCHAR holds together
    "#]],
    );
}
