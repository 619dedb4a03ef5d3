//! JSONTestSuite: each file bare, wanted as JSON, unwanted, and unwanted further down.

use laminar_tests::differ::seeds::suite;

use crate::check;

#[test]
fn json_test_suite_in_every_place() {
    let Some(files) = suite() else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return;
    };
    let places: [(&str, &[u8], &[u8]); 8] = [
        ("value JSON", b"", b""),
        ("a BIGINT", b"{\"z\":", b"}"),
        ("a BIGINT", b"{\"z\":", b",\"a\":1}"),
        ("j JSON", b"{\"j\":", b"}"),
        ("j JSON", b"{\"j\": ", b" ,\"z\":1}"),
        ("a BIGINT", b"{\"a\":1,\"z\":{\"y\":", b"}}"),
        ("s STRUCT(a BIGINT, j JSON)", b"{\"s\":{\"z\":", b",\"a\":1}}"),
        ("s STRUCT(a BIGINT, j JSON)[]", b"{\"s\":[{\"a\":1},{\"j\":", b"}]}"),
    ];
    let (mut accepted, mut refused) = (0, 0);
    for (columns, before, after) in places {
        let records: Vec<Vec<u8>> = files.iter().map(|(_, content)| [before, content, after].concat()).collect();
        // One column named `value` takes documents that are no objects, which the oracle does not know.
        let decoded = check(columns, if before.is_empty() { &[("non_objects", "value")] } else { &[] }, &records);
        for (index, (name, _)) in files.iter().enumerate() {
            let is_rejected = decoded.rejected.iter().any(|r| r.record == index);
            match name.as_bytes()[0] {
                b'y' => {
                    assert!(!is_rejected, "{name} in {columns}");
                    accepted += 1;
                }
                b'n' => {
                    assert!(is_rejected, "{name} in {columns}");
                    refused += 1;
                }
                _ => {}
            }
        }
    }
    println!("JSONTestSuite: {accepted} accepted, {refused} refused");
    assert!(accepted >= 95 * places.len() && refused >= 92 * places.len(), "the suite has shrunk");
}
