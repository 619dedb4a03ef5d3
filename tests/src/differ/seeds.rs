//! Records to begin with, and the pieces that mutations put into them.

use std::{fs, path::Path};

use super::Target;

/// Values that parsers get wrong.
pub const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1",
    "-1",
    "1.0",
    "1e2",
    "1E+2",
    "1e-2",
    "127",
    "128",
    "-128",
    "-129",
    "255",
    "256",
    "32767",
    "32768",
    "-32769",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "123456789012345678901234567890",
    "-170141183460469231731687303715884105728",
    "1e400",
    "-1e400",
    "1e-400",
    "1e308",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "5e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "2.2250738585072011e-308",
    "0.1",
    "0.30000000000000004",
    "3.4028235677973366e38",
    "3.4028235e38",
    "16777217",
    "16777217.0000001",
    "1.00000005960464477539062500001",
    "1.000000059604644775390625",
    "8.98846567431158e307",
    "9007199254740993.0",
    "1180591620717411303424",
    "1180591620717411300000",
    "42.70",
    "1234567890.12345",
    "0.00010",
    "1234567890123456.7890",
    "1e00000000000000000000000002",
    "0e99999999999999999999",
    "1.5000000000000000000000000000000000000000000000000000001",
    "01",
    "-01",
    "1.",
    ".5",
    "+1",
    "-",
    "1e",
    "1e+",
    "0x1",
    "1_0",
    "NaN",
    "Infinity",
    "-Infinity",
    "tru",
    "nul",
    "truex",
    "nullnull",
    "True",
    "\"\"",
    "\"a\"",
    "\"1\"",
    "\"true\"",
    "\"\\u0061\"",
    "\"\\n\\t\\b\\f\\r\\/\\\\\\\"\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ud83d\\n\"",
    "\"\\ud83dx\"",
    "\"\\ud83d\\u0061\"",
    "\"\\u00\"",
    "\"\\u00zz\"",
    "\"\\x\"",
    "\"\\\"",
    "\"\u{7f}\"",
    "\"é\"",
    "\"漢字\"",
    "\"🦀\"",
    "\"\\u0000\"",
    "\"\\uFFFF\"",
    "\"\u{feff}\"",
    "\"2024-02-29\"",
    "\"2024-02-30\"",
    "\"2024-02-29T12:34:56.789Z\"",
    "\"2024-02-29 12:34:56.789123456+02:00\"",
    "\"12:34:56\"",
    "\"12:34:60\"",
    "\"29/02/2024\"",
    "1709210096789",
    "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"",
    "\"aGVsbG8=\"",
    "\"aGVsbG8\"",
    "\"P1Y2M3DT4H5M6.5S\"",
    "\"0123456789012345678901234567890123456789012345678901234567890123456789\"",
    "[]",
    "{}",
    "[null]",
    "[1,2]",
    "[1,\"two\"]",
    "[[]]",
    "[{}]",
    "[1,,2]",
    "[1,]",
    "[,1]",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":\"x\",\"a\":2}",
    "{\"x\":1.5,\"y\":true}",
    "{\"k\":\"v\",\"v\":1}",
    "{\"\":0}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "[1,2",
    "{\"a\":1",
    "]",
    "}",
    "[}",
    "{]",
    "\u{feff}1",
];

/// Keys of the targets, and keys that look like them.
pub const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "h",
    "i",
    "j",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "q",
    "s",
    "t",
    "v",
    "x",
    "y",
    "z",
    "mm",
    "mp",
    "",
    "value",
    "_rescued",
    "whole",
    "key_of_thirty_two_bytes_and_more",
    "key_of_thirty_two_bytes_and_mor",
    "key_of_thirty_two_bytes_and_more_",
    "\\u0061",
    "\\u0062",
    "symbol",
    "price",
    "aa",
    "a\\n",
    "ключ",
    "\\ud83d\\ude00",
    "\\ud83d",
    "a\u{0}b",
];

/// White space, legal and not.
pub const SPACES: &[&str] = &[
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    " \t\n\r ",
    "                                 ",
    "\u{b}",
    "\u{c}",
    "\u{a0}",
    "\u{feff}",
    "\0",
];

/// Records for a target: its workload's, or hand-written ones, and what a suite has where the corpora are.
///
/// # Panics
/// When the corpora cannot be read.
pub fn seeds(target: &Target, seed: u64) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    if let Some(workload) = target.workload() {
        for generator in [
            workload.generator(seed),
            workload.generator(seed + 1).with_missing_rate(0.2),
            workload.generator(seed + 2).with_shuffled_keys(),
            workload.generator(seed + 3).with_bad_rate(0.5).with_missing_rate(0.1),
        ] {
            let mut generator = generator;
            for _ in 0..200 {
                let mut record = Vec::new();
                generator.write_record(&mut record);
                seeds.push(record);
            }
        }
        return seeds;
    }
    seeds.extend(RECORDS.iter().map(|record| record.as_bytes().to_vec()));
    for value in VALUES {
        for key in ["a", "b", "e", "j", "m", "value", "z"] {
            seeds.push(format!("{{\"{key}\":{value}}}").into_bytes());
        }
        seeds.push(value.as_bytes().to_vec());
    }
    if let Some(files) = suite() {
        for (_, content) in files.into_iter().filter(|(_, content)| content.len() < 1_000) {
            seeds.push([&b"{\"a\":1,\"j\":"[..], &content, b"}"].concat());
            seeds.push([&b"{\"z\":"[..], &content, b",\"c\":\"x\"}"].concat());
            seeds.push(content);
        }
    }
    seeds
}

/// JSONTestSuite's files by name; `None` where the corpora are not.
///
/// # Panics
/// When they cannot be read.
pub fn suite() -> Option<Vec<(String, Vec<u8>)>> {
    let corpora = std::env::var_os("LAMINAR_CORPORA")?;
    // Relative to the repository, wherever the tests run.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora).join("json/JSONTestSuite/test_parsing");
    let entries = fs::read_dir(&root).unwrap_or_else(|e| panic!("{}: {e}", root.display()));
    let paths = entries.map(|entry| entry.unwrap_or_else(|e| panic!("{}: {e}", root.display())).path());
    let file = |path: std::path::PathBuf| {
        let content = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), content)
    };
    let mut files: Vec<_> = paths.map(file).collect();
    files.sort();
    Some(files)
}

const RECORDS: &[&str] = &[
    r#"{"a":1,"b":2.5,"c":"text","d":true,"e":12.3400,"l":200,"m":0.1,"n":12345678901234567890123,"p":18446744073709551615,"q":-5,"j":{"x":[1, 2]},"key_of_thirty_two_bytes_and_more":7,"":3}"#,
    r#"{"a":1,"b":2.5,"c":"text","d":true}"#,
    r#"{"a":2,"b":-0.0,"c":"with \"quotes\" and \\ and \u00e9 and é","d":false}"#,
    r#"{"d":null,"c":null,"b":null,"a":null}"#,
    r#" { "a" : 3 , "b" : 1e10 , "z" : [ 1 , { "a" : 5 } , "]}" ] , "c" : "" } "#,
    r#"{"a":5,"s":{"a":1,"b":["x","y",null],"t":{"x":1.5,"y":true}},"m":{"k":1.5,"l":2,"k":3},"l":[1,2,3],"f":[1,2],"j":[1.50,"x"],"o":[{"k":"a","v":1},{"v":2,"k":"b"},{}],"mm":{"p":{"x":1,"l":[1,{"a":2}]},"q":null}}"#,
    r#"{"a":6,"s":{"t":{"y":false,"x":-1},"b":[],"a":9},"l":[],"m":{},"o":[],"f":null,"j":null,"mm":{}}"#,
    r#"{"o":[{"k":"long text that is longer than thirty-two bytes, to be sure","v":-7},null],"a":7,"j":"str","f":[3,4]}"#,
    r#"{"a":"2024-02-29","b":"2024-02-29T12:34:56.789","c":"2024-02-29T12:34:56.789Z","d":"12:34:56.789","e":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","f":"aGVsbG8=","g":"P1Y2M3DT4H5M6.5S","h":"2024-02-29T12:34:56.789123456","i":"2024-02-29T12:34:56","j":"2024-02-29 12:34:56.789","k":12345678901234567890123456789012345678901234567890.0123456789,"l":1}"#,
    r#"{"a":"1969-12-31","b":"29/02/2024","c":"2024-02-29T12:34:56+05:30","d":"23:59:59.999999","e":"6BA7B8109DAD11D180B400C04FD430C8","f":"","b":1709210096789,"i":0,"l":1}"#,
    r#"{"a":1}{"a":2,"b":1} {"a":3}"#,
    r#"{"a":1,"a":2,"b":"x","b":1,"c":1,"c":"y"}"#,
    r#"{"a":8,"mp":{"k":{"p":1,"p":2},"l":{"q":3},"k":{"r":4}},"m":{"x":1}}"#,
    r#"{"value":[1,2]}"#,
    r#"[1,2,3]"#,
    r#""text""#,
    "",
    " ",
    "null",
    "{}",
    "\u{feff}{\"a\":9}",
];
