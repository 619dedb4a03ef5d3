//! The six branches of resolution, each from SQL, with what `EXPLAIN SOURCE` says of it.

use expect_test::{Expect, expect};
use laminar_tests::engine::TestEngine;

/// What EXPLAIN SOURCE prints, or the error that creating, binding or explaining the source gives.
async fn explain(sql: &str) -> String {
    let mut engine = TestEngine::new();
    if let Err(error) = engine.load(sql) {
        return error.to_string();
    }
    match engine.bind("s").await {
        Ok(bound) => bound.explain().unwrap_or_else(|e| e.to_string()),
        Err(error) => error.to_string(),
    }
}

async fn check(sql: &str, expected: Expect) {
    expected.assert_eq(&explain(sql).await);
}

#[tokio::test]
async fn step_1_every_column_is_declared() {
    check(
        "CREATE SOURCE s (id BIGINT NOT NULL, price DOUBLE DEFAULT 0.0, tags VARCHAR[], extra JSON)
         FROM STAND_IN () FORMAT JSON INCLUDE OFFSET AS o ON ERROR SKIP",
        expect![[r#"
            source s: connector `stand_in`, format json
            capabilities: provider, inferable, registry, evolvable
            schema: declared
            strategies:
              ✓ 1 full declaration: taken: all 4 columns are declared
              – 2 declared columns with *: not needed: every column is declared
              – 3 schema registry: not needed: every column is declared
              – 4 self-describing source: not needed: every column is declared
              – 5 sampling: not needed: every column is declared
            columns:
              name   type       null  origin    evidence
              id     BIGINT     no    declared
              price  DOUBLE     yes   declared  DEFAULT 0.0
              tags   VARCHAR[]  yes   declared
              extra  JSON       yes   declared
            metadata columns: o BIGINT
            decoder: json
            on error: skip bad records and count them
        "#]],
    )
    .await;
}

#[tokio::test]
async fn step_2_declared_columns_and_the_rest_by_wildcard() {
    check(
        r#"CREATE SOURCE s (id UBIGINT NOT NULL, * PREFIX 'x_')
         FROM STAND_IN (records = '{"id": 1, "price": 2.5, "deep": {"a": [1, 2]}}') FORMAT JSON"#,
        expect![[r#"
            source s: connector `stand_in`, format json
            capabilities: provider, inferable, registry, evolvable
            schema: inferred from 1 records
            strategies:
              ✗ 1 full declaration: not possible: * asks for more than is declared
              ✓ 2 declared columns with *: taken: 1 declared, * takes the rest from what is found below
              ✗ 3 schema registry: not possible: there is no USING SCHEMA REGISTRY
              ✗ 4 self-describing source: not possible: connector `stand_in` has capability `provider` for raw, csv only, not for json
              ✓ 5 sampling: taken: connector `stand_in` has capability `inferable` for json
            columns:
              name     type                null  origin    evidence
              id       UBIGINT             no    declared  in 100.0 % of records, confidence 0.207, seen BIGINT × 1
              x_price  DOUBLE              yes   wildcard  key price; in 100.0 % of records, confidence 0.207, seen DOUBLE × 1
              x_deep   STRUCT(a BIGINT[])  yes   wildcard  key deep; in 100.0 % of records, confidence 0.207, seen STRUCT × 1
            warnings:
              info: field id: declared UBIGINT, found BIGINT; the declaration wins
            decoder: json
            on error: fail at the first bad record
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_declared_column_that_nothing_has_is_warned_about() {
    let mut engine = TestEngine::new();
    engine.load(r#"CREATE SOURCE s (idd BIGINT, *) FROM STAND_IN (records = '{"id": 1}') FORMAT JSON"#).unwrap();
    let warnings = engine.bind("s").await.unwrap().resolved.warnings;
    let shown: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["warning: field idd: declared, and not in the one record that was sampled; did you mean `id`?"]);
}

#[tokio::test]
async fn step_3_a_registry_has_it() {
    check(
        "CREATE SOURCE s FROM STAND_IN () FORMAT FRAMED USING SCHEMA REGISTRY (url = 'http://localhost:8081')",
        expect![[r#"
            source s: connector `stand_in`, format framed
            capabilities: provider, inferable, registry, evolvable
            schema: schema registry, id 7
            strategies:
              ✗ 1 full declaration: not possible: no columns are declared
              ✗ 2 declared columns with *: not possible: there is no *
              ✓ 3 schema registry: taken: USING SCHEMA REGISTRY names http://localhost:8081
              – 4 self-describing source: not needed: the schema was already found
              – 5 sampling: not needed: the schema was already found
            columns:
              name  type     null  origin    evidence
              text  VARCHAR  no    resolved
            decoder: framed
            on error: fail at the first bad record
        "#]],
    )
    .await;
}

#[tokio::test]
async fn step_4_the_source_describes_itself() {
    check("CREATE SOURCE s FROM STAND_IN () FORMAT CSV (header = false)", expect![[r#"
        source s: connector `stand_in`, format csv
        capabilities: provider, inferable, registry, evolvable
        schema: provided by the source
        strategies:
          ✗ 1 full declaration: not possible: no columns are declared
          ✗ 2 declared columns with *: not possible: there is no *
          ✗ 3 schema registry: not possible: connector `stand_in` has capability `registry` for framed, json only, not for csv
          ✓ 4 self-describing source: taken: connector `stand_in` has capability `provider` for csv
          – 5 sampling: not needed: the schema was already found
        columns:
          name    type     null  origin    evidence
          symbol  VARCHAR  no    resolved
          price   DOUBLE   yes   resolved  DEFAULT 0.5
        decoder: csv
        on error: fail at the first bad record
    "#]]).await;
}

#[tokio::test]
async fn step_4_a_guess_is_held_against_a_sample() {
    let guess = |records: &str| {
        format!(
            "CREATE SOURCE s FROM STAND_IN (records = '{records}', authoritative = false) FORMAT CSV (header = false)"
        )
    };
    check(&guess("a,1.5\nb,2"), expect![[r#"
        source s: connector `stand_in`, format csv
        capabilities: provider, inferable, registry, evolvable
        schema: provided by the source
        strategies:
          ✗ 1 full declaration: not possible: no columns are declared
          ✗ 2 declared columns with *: not possible: there is no *
          ✗ 3 schema registry: not possible: connector `stand_in` has capability `registry` for framed, json only, not for csv
          ✓ 4 self-describing source: taken: connector `stand_in` has capability `provider` for csv
          – 5 sampling: not needed: the schema was already found
        columns:
          name    type     null  origin    evidence
          symbol  VARCHAR  no    resolved
          price   DOUBLE   yes   resolved  DEFAULT 0.5
        warnings:
          warning: the source's own schema is a best guess; it decodes all of 2 sampled records
        decoder: csv
        on error: fail at the first bad record
    "#]]).await;
    check(&guess("a,1.5\nb,x"), expect![[r#"
        source s: connector `stand_in`, format csv
        capabilities: provider, inferable, registry, evolvable
        schema: provided by the source
        strategies:
          ✗ 1 full declaration: not possible: no columns are declared
          ✗ 2 declared columns with *: not possible: there is no *
          ✗ 3 schema registry: not possible: connector `stand_in` has capability `registry` for framed, json only, not for csv
          ✓ 4 self-describing source: taken: connector `stand_in` has capability `provider` for csv
          – 5 sampling: not needed: the schema was already found
        columns:
          name    type     null  origin    evidence
          symbol  VARCHAR  no    resolved
          price   DOUBLE   yes   resolved  DEFAULT 0.5
        warnings:
          error: field price: 1 of 2 sampled records do not decode with this schema, the first: [partition 0, offset 1] field price: expected DOUBLE, found text "x"
        decoder: csv
        on error: fail at the first bad record
    "#]]).await;
    check(&guess("a\nb"), expect![[r#"
        error: s: the source's own schema does not decode its records (2 sampled), the first because: [partition 0, offset 0]: expected 2 columns, found 1; see `ragged_rows`
         --> line 1, column 22
          |
        1 | CREATE SOURCE s FROM STAND_IN (records = 'a
          |                      ^^^^^^^^"#]]).await;
}

#[tokio::test]
async fn step_4_a_guess_without_a_sample_is_said_to_be_one() {
    let check = async |format: &str, expected: &str| {
        let mut engine = TestEngine::new();
        engine
            .load(&format!("CREATE SOURCE s FROM STAND_IN (records = '', authoritative = false) FORMAT {format}"))
            .unwrap();
        let warnings = engine.bind("s").await.unwrap().resolved.warnings;
        let shown: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(shown, [format!("warning: the source's own schema is a best guess; {expected}")]);
    };
    check("CSV", "there was no record within 5s to hold it against").await;
    // It can be sampled, and says of itself that it is not to be for this format.
    check("RAW", "it was not held against a sample").await;
}

#[tokio::test]
async fn step_5_sampling() {
    check(
        r#"CREATE SOURCE s FROM STAND_IN (records = '{"id": 1, "at": "2024-05-06T07:08:09Z"}
{"id": 18446744073709551615, "at": "2024-05-06T07:08:10Z", "note": null}') FORMAT JSON (unknown_fields = 'rescue')"#,
        expect![[r#"
            source s: connector `stand_in`, format json
            capabilities: provider, inferable, registry, evolvable
            schema: inferred from 2 records
            strategies:
              ✗ 1 full declaration: not possible: no columns are declared
              ✗ 2 declared columns with *: not possible: there is no *
              ✗ 3 schema registry: not possible: there is no USING SCHEMA REGISTRY
              ✗ 4 self-describing source: not possible: connector `stand_in` has capability `provider` for raw, csv only, not for json
              ✓ 5 sampling: taken: connector `stand_in` has capability `inferable` for json
            columns:
              name      type         null  origin    evidence
              id        UBIGINT      yes   resolved  in 100.0 % of records, confidence 0.342, seen BIGINT × 1, UBIGINT × 1
              at        TIMESTAMPTZ  yes   resolved  in 100.0 % of records, confidence 0.342, seen TIMESTAMPTZ × 2
              note      VARCHAR      yes   resolved  in 0.0 % of records, confidence 0.000, seen NULL × 1
              _rescued  JSON         yes   added
            warnings:
              warning: field note: null in every sample (1 of them); null_type makes it VARCHAR
            decoder: json
            on error: fail at the first bad record
        "#]],
    )
    .await;
}

#[tokio::test]
async fn step_6_nothing_helps() {
    check("CREATE SOURCE s FROM PLAIN () FORMAT JSON", expect![[r#"
        error: s: no schema for connector `plain` with format `json`; declare the columns; full declaration: not possible: no columns are declared; declared columns with *: not possible: there is no *; schema registry: not possible: connector `plain` has no capability `registry`; self-describing source: not possible: connector `plain` has no capability `provider`; sampling: not possible: connector `plain` has no capability `inferable`
         --> line 1, column 22
          |
        1 | CREATE SOURCE s FROM PLAIN () FORMAT JSON
          |                      ^^^^^"#]]).await;
}

#[tokio::test]
async fn asking_for_a_capability_that_is_not_there() {
    check(
        "CREATE SOURCE s FROM PLAIN () FORMAT JSON INFER SCHEMA (sample_size = 10)",
        expect![[r#"
        error: s: connector `plain` has no capability `inferable`; declare the columns instead
         --> line 1, column 22
          |
        1 | CREATE SOURCE s FROM PLAIN () FORMAT JSON INFER SCHEMA (sample_size = 10)
          |                      ^^^^^"#]],
    )
    .await;
    check(
        "CREATE SOURCE s FROM STAND_IN () FORMAT RAW USING SCHEMA REGISTRY (url = 'http://localhost:8081')",
        expect![[r#"
            error: s: connector `stand_in` has no capability `registry` for format `raw`, only for framed, json
             --> line 1, column 22
              |
            1 | CREATE SOURCE s FROM STAND_IN () FORMAT RAW USING SCHEMA REGISTRY (url = 'http://localhost:8081')
              |                      ^^^^^^^^"#]],
    )
    .await;
}

#[tokio::test]
async fn contradictions() {
    check(
        r#"CREATE SOURCE s (x_price BIGINT, * PREFIX 'x_') FROM STAND_IN (records = '{"price": 1}') FORMAT JSON"#,
        expect![[r#"
            error: s: two columns are named `x_price`: declared column `x_price`, and field `price` brought in by *; rename one, or give * another PREFIX
             --> line 1, column 54
              |
            1 | CREATE SOURCE s (x_price BIGINT, * PREFIX 'x_') FROM STAND_IN (records = '{"price": 1}') FORMAT JSON
              |                                                      ^^^^^^^^"#]],
    )
    .await;
    check(
        "CREATE SOURCE s (n BIGINT DEFAULT 'many') FROM PLAIN () FORMAT JSON",
        expect![[r#"
        error: s: column `n`: DEFAULT 'many' is no BIGINT: Cast error: Cannot cast string 'many' to value of Int64 type
         --> line 1, column 48
          |
        1 | CREATE SOURCE s (n BIGINT DEFAULT 'many') FROM PLAIN () FORMAT JSON
          |                                                ^^^^^"#]],
    )
    .await;
    check(
        "CREATE SOURCE s (o BIGINT) FROM PLAIN () FORMAT JSON INCLUDE OFFSET AS o",
        expect![[r#"
        error: column `o` is given twice
         --> line 1, column 62
          |
        1 | CREATE SOURCE s (o BIGINT) FROM PLAIN () FORMAT JSON INCLUDE OFFSET AS o
          |                                                              ^^^^^^^^^^^
        help: rename or remove one of them"#]],
    )
    .await;
    check(
        "CREATE SOURCE s (o BIGINT) FROM PLIAN () FORMAT JSON",
        expect![[r#"
        error: unknown source connector `plian`; did you mean `plain`?
         --> line 1, column 33
          |
        1 | CREATE SOURCE s (o BIGINT) FROM PLIAN () FORMAT JSON
          |                                 ^^^^^"#]],
    )
    .await;
    check(
        "CREATE SOURCE s (o BIGINT) FROM PLAIN (recrods = 'x') FORMAT JSON",
        expect![[r#"
        error: unknown option `recrods`
         --> line 1, column 40
          |
        1 | CREATE SOURCE s (o BIGINT) FROM PLAIN (recrods = 'x') FORMAT JSON
          |                                        ^^^^^^^^^^^^^
        help: did you mean `records`?"#]],
    )
    .await;
    check(
        "CREATE SOURCE s (o BIGINT) FROM PLAIN () FORMAT JSN",
        expect![[r#"
        error: connector `plain` does not speak format `jsn`; did you mean `json`?
         --> line 1, column 49
          |
        1 | CREATE SOURCE s (o BIGINT) FROM PLAIN () FORMAT JSN
          |                                                 ^^^"#]],
    )
    .await;
}
