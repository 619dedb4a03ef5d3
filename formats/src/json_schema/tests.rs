use laminar_schema::types::field_type_name;

use super::*;

fn columns(text: &str) -> Result<Vec<String>, String> {
    with(text, &[])
}

fn with(text: &str, referenced: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let referenced: Vec<(String, String)> =
        referenced.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let schema = arrow_schema_of(text, &referenced).map_err(|e| e.to_string())?;
    let shown = |f: &std::sync::Arc<arrow_schema::Field>| {
        format!("{} {}{}", f.name(), field_type_name(f), if f.is_nullable() { "" } else { " NOT NULL" })
    };
    Ok(schema.fields().iter().map(shown).collect())
}

/// The type of one property `a`.
#[track_caller]
fn check(property: &str, expected: &str) {
    let text = format!(r#"{{"type":"object","properties":{{"a":{property}}},"required":["a"]}}"#);
    assert_eq!(columns(&text), Ok(vec![format!("a {expected}")]), "{property}");
}

#[test]
fn every_type_has_a_column() {
    check(r#"{"type":"integer"}"#, "BIGINT NOT NULL");
    check(r#"{"type":"integer","connect.type":"int16"}"#, "SMALLINT NOT NULL");
    check(r#"{"type":"integer","minimum":0,"maximum":18446744073709551615}"#, "UBIGINT NOT NULL");
    check(r#"{"type":"number"}"#, "DOUBLE NOT NULL");
    check(r#"{"type":["integer","number"]}"#, "DOUBLE NOT NULL");
    check(r#"{"type":"boolean"}"#, "BOOLEAN NOT NULL");
    check(r#"{"type":"string","format":"date"}"#, "DATE NOT NULL");
    check(r#"{"type":"string","format":"date-time"}"#, "TIMESTAMPTZ NOT NULL");
    check(r#"{"type":"string","format":"uuid"}"#, "UUID NOT NULL");
    check(r#"{"type":"string","format":"email"}"#, "VARCHAR NOT NULL");
    check(r#"{"type":["null","string"]}"#, "VARCHAR");
    check(r#"{"oneOf":[{"type":"null"},{"type":"integer"}]}"#, "BIGINT");
    check(r#"{"anyOf":[{"type":"string"},{"type":"integer"}]}"#, "JSON NOT NULL");
    check(r#"{"type":["string","integer","null"]}"#, "JSON");
    check(r#"{"type":"null"}"#, "JSON");
    check("true", "JSON");
    check("{}", "JSON");
    check(r#"{"enum":["x","y",null]}"#, "VARCHAR");
    check(r#"{"enum":["x",1]}"#, "JSON NOT NULL");
    check(r#"{"const":7}"#, "BIGINT NOT NULL");
    check(r#"{"type":"array","items":{"type":"integer"}}"#, "BIGINT[] NOT NULL");
    check(r#"{"type":"array","items":[{"type":"integer"}]}"#, "JSON NOT NULL");
    check(r#"{"type":"array"}"#, "JSON NOT NULL");
    check(r#"{"type":"object","additionalProperties":{"type":"number"}}"#, "MAP(VARCHAR, DOUBLE) NOT NULL");
    check(r#"{"type":"object"}"#, "JSON NOT NULL");
    check(r#"{"properties":{"x":{"type":"string"}}}"#, "STRUCT(x VARCHAR) NOT NULL");
    check(
        r#"{"allOf":[{"properties":{"x":{"type":"string"}}},{"properties":{"y":{"type":"integer"}}}]}"#,
        "STRUCT(x VARCHAR, y BIGINT) NOT NULL",
    );
}

#[test]
fn references_are_followed_and_circles_are_json() {
    let text = r##"{"type":"object","properties":{
        "home":{"$ref":"#/$defs/address"},"work":{"$ref":"address.json"},"point":{"$ref":"address.json#/definitions/point"},
        "left":{"$ref":"#"},"named":{"$ref":"#spot"}},
        "$defs":{"address":{"type":"object","properties":{"city":{"type":"string"}}},"s":{"$anchor":"spot","type":"integer"}}}"##;
    let address = r##"{"type":"object","properties":{"street":{"$ref":"#/definitions/name"}},
        "definitions":{"name":{"type":"string"},"point":{"type":"array","items":{"type":"number"}}}}"##;
    assert_eq!(
        with(text, &[("address.json", address)]).unwrap(),
        ["home STRUCT(city VARCHAR)", "work STRUCT(street VARCHAR)", "point DOUBLE[]", "left JSON", "named BIGINT"]
    );
    let error = columns(text).unwrap_err();
    assert!(error.contains("field work: `$ref` names `address.json`, which is not there"), "{error}");
}

#[test]
fn what_is_no_schema_of_an_object_says_so() {
    for (text, expected) in [
        ("[", "EOF while parsing"),
        ("[]", "expected a schema, found []"),
        (r#"{"type":"array","items":{"type":"string"}}"#, "expected an object with `properties`"),
        (r#"{"properties":{"a":{"type":"text"}}}"#, "field a: expected a type of JSON, found `text`"),
        (r#"{"properties":{"a":false}}"#, "field a: expected a schema, found false"),
    ] {
        let error = columns(text).unwrap_err();
        assert!(error.contains(expected) && error.contains("a JSON Schema of an object"), "{error}");
    }
    let deep = format!("{}{{}}{}", r#"{"type":"array","items":"#.repeat(70), "}".repeat(70));
    let error = columns(&format!(r#"{{"properties":{{"a":{deep}}}}}"#)).unwrap_err();
    assert!(error.contains("expected at most 64 levels, found more"), "{error}");
}

#[test]
fn references_that_multiply_have_an_end() {
    let level = |n: usize| {
        format!(
            r##""l{n}":{{"properties":{{"x":{{"$ref":"#/$defs/l{m}"}},"y":{{"$ref":"#/$defs/l{m}"}}}}}}"##,
            m = n + 1
        )
    };
    let levels: Vec<String> = (0..30).map(level).collect();
    let text = format!(
        r##"{{"properties":{{"a":{{"$ref":"#/$defs/l0"}}}},"$defs":{{{},"l30":{{"type":"string"}}}}}}"##,
        levels.join(",")
    );
    let error = columns(&text).unwrap_err();
    assert!(error.contains("expected at most 10000 subschemas"), "{error}");
}

#[test]
fn columns_come_back() {
    let declared = r#"{"type":"object","properties":{
        "a":{"type":"integer"},"b":{"type":["string","null"],"format":"uuid"},"c":{"type":["array","null"],"items":{"type":"number"}},
        "d":{"type":"object","properties":{"x":{"type":"boolean"}},"required":["x"]},"e":{},
        "f":{"type":"object","additionalProperties":{"type":"string","format":"date-time"}},
        "g":{"type":"integer","connect.type":"int8","description":"small"},"h":{"type":"integer","maximum":18446744073709551615}},
        "required":["a","d","f","g","h"]}"#;
    let schema = arrow_schema_of(declared, &[]).unwrap();
    let text = json_schema_of(&schema, "row");
    let back = arrow_schema_of(&text, &[]).unwrap();
    assert_eq!(back, schema, "{text}");
    assert!(text.contains(r#""title":"row""#) && text.contains(r#""description":"small""#), "{text}");
}
