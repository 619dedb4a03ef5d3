//! Tokens at every length and place: strings, numbers, white space, and where a record ends.

use crate::check;

const RECORD: [&str; 33] = [
    "{", "\"a\"", ":", "-12.5e1", ",", "\"s\"", ":", "{", "\"x\"", ":", "true", ",", "\"y\"", ":", "null", "}", ",",
    "\"l\"", ":", "[", "1", ",", "\"t\\n\"", ",", "[", "]", "]", ",", "\"t\"", ":", "\"text\"", "}", "",
];
const COLUMNS: &str = "a BIGINT, s STRUCT(x BOOLEAN, y BOOLEAN), l JSON, t VARCHAR";

#[test]
fn white_space_in_every_place() {
    let spaces = [" ", "\t", "\n", "\r", "\r\n \t", "        ", "                                  "];
    let wrong = ["\u{b}", "\u{c}", "\u{a0}", "\u{2028}", "\u{feff}", "\0", "/**/", "x"];
    let mut records = Vec::new();
    for space in spaces {
        records.push(RECORD.join(space));
    }
    let good = records.len();
    for space in spaces.into_iter().chain(wrong) {
        for at in 0..RECORD.len() {
            records.push([&RECORD[..at].concat(), space, &RECORD[at..].concat()].concat());
        }
    }
    let rows = check(COLUMNS, &[], &records).batch.num_rows();
    // A byte order mark in front is no mistake.
    assert_eq!(rows, good + spaces.len() * RECORD.len() + 1);
    check("z BIGINT", &[], &records);
    check("l VARCHAR[]", &[("type_mismatch", "null")], &records);
}

/// A record cut in two: neither half may borrow from the other, which stands behind it in memory.
#[test]
fn records_end_where_they_end() {
    let texts = [
        RECORD.concat(),
        RECORD.join(" "),
        r#"{"a":1,"t":"\u00e9\ud83e\udd80 é🦀","z":[1.5e+3,-0,{"k":false}]}"#.to_owned(),
    ];
    for text in texts.iter().map(String::as_bytes) {
        let mut records: Vec<Vec<u8>> = Vec::new();
        for at in 0..text.len() {
            records.extend([text[..at].to_vec(), text[at..].to_vec()]);
            // What would complete it, and what no text has.
            for more in [&b"\0"[..], b"}", b"]", b"\"", b"0", b",", b"\xff", b" ", b"\0\0\0\0}"] {
                records.push([&text[..at], more].concat());
                records.push([&text[..at], more, &text[at..]].concat());
            }
        }
        check(COLUMNS, &[], &records);
        check("z JSON, t VARCHAR", &[], &records);
        check("t VARCHAR", &[("multiple_documents", "split"), ("duplicate_fields", "reject")], &records);
    }
}

/// Something special at every place of strings of every length to beyond two blocks.
#[test]
fn strings_of_every_length() {
    let specials: [&[u8]; 18] = [
        b"\"",
        b"\\",
        b"\\n",
        b"\\\\",
        b"\\\"",
        b"\\u0041",
        b"\\ud83e\\udd80",
        b"\\ud83e",
        b"\n",
        b"\x1f",
        b"\0",
        b"\x7f",
        "é".as_bytes(),
        "漢".as_bytes(),
        "🦀".as_bytes(),
        b"\xff",
        b"\xe6\xbc",
        b"\xed\xa0\x80",
    ];
    let mut wanted = 0;
    for special in specials {
        let mut records: Vec<Vec<u8>> = Vec::new();
        for length in 0..=130_usize {
            // Every place where strings are short, and around the ends of blocks where they are long.
            let places = (0..=length).filter(|at| length < 20 || *at < 2 || length - at < 2 || (at + 2) % 16 < 4);
            for at in places {
                let mut text = vec![b'x'; length];
                text.splice(at..at, special.iter().copied());
                records.push([b"{\"t\":\"", &text[..], b"\",\"n\":1}"].concat());
            }
        }
        wanted += check("t VARCHAR, n BIGINT", &[], &records).batch.num_rows();
        // As JSON text, and unwanted.
        check("t JSON", &[], &records[..records.len() / 2]);
        check("n BIGINT", &[], &records);
    }
    assert!(wanted > 5_000, "{wanted}");
}

/// Numbers of 1 to 40 digits, with the point and the exponent at every place.
#[test]
fn numbers_of_every_shape() {
    let mut numbers = Vec::new();
    for digits in (1..=24).chain([25, 30, 35, 38, 39, 40]) {
        let text: String = (0..digits).map(|i| char::from(b'1' + (i * 7 % 9) as u8)).collect();
        for at in 0..=digits {
            let (before, after) = text.split_at(at);
            numbers.extend([
                format!("{before}.{after}"),
                format!("{before}e{after}"),
                format!("-{before}.{after}e-3"),
                format!("{before}.{after}E+{digits}"),
                format!("0.{}{after}", "0".repeat(at)),
            ]);
        }
        numbers.extend([
            text.clone(),
            format!("-{text}"),
            format!("0{text}"),
            format!("{text}-"),
            format!("{text}.0"),
            format!("{text}x"),
        ]);
    }
    for close in ["}", ",\"z\":0}"] {
        let records: Vec<String> = numbers.iter().map(|number| format!("{{\"a\":{number}{close}")).collect();
        for columns in [
            "a BIGINT",
            "a UBIGINT",
            "a INTEGER",
            "a HUGEINT",
            "a DOUBLE",
            "a FLOAT",
            "a DECIMAL(38,20)",
            "a JSON",
            "b BIGINT",
        ] {
            check(columns, &[], &records);
        }
    }
}
