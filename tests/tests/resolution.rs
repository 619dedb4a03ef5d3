//! The six branches of resolution, each from SQL, with what `EXPLAIN SOURCE` says of it.

use expect_test::{Expect, expect};
use laminar_testkit::engine::TestEngine;

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
        expect![[""]],
    )
    .await;
}

#[tokio::test]
async fn step_2_declared_columns_and_the_rest_by_wildcard() {
    check(
        r#"CREATE SOURCE s (id UBIGINT NOT NULL, * PREFIX 'x_')
         FROM STAND_IN (records = '{"id": 1, "price": 2.5, "deep": {"a": [1, 2]}}') FORMAT JSON"#,
        expect![[""]],
    )
    .await;
}

#[tokio::test]
async fn step_3_a_registry_has_it() {
    check(
        "CREATE SOURCE s FROM STAND_IN () FORMAT FRAMED USING SCHEMA REGISTRY (url = 'http://localhost:8081')",
        expect![[""]],
    )
    .await;
}

#[tokio::test]
async fn step_4_the_source_describes_itself() {
    check("CREATE SOURCE s FROM STAND_IN () FORMAT RAW", expect![[""]]).await;
}

#[tokio::test]
async fn step_4_a_guess_is_held_against_a_sample() {
    check(
        "CREATE SOURCE s FROM STAND_IN (records = 'a,1.5
b,x', authoritative = false) FORMAT CSV",
        expect![[""]],
    )
    .await;
}

#[tokio::test]
async fn step_5_sampling() {
    check(
        r#"CREATE SOURCE s FROM STAND_IN (records = '{"id": 1, "at": "2024-05-06T07:08:09Z"}
{"id": 18446744073709551615, "at": "2024-05-06T07:08:10Z", "note": null}') FORMAT JSON (unknown_fields = 'rescue')"#,
        expect![[""]],
    )
    .await;
}

#[tokio::test]
async fn step_6_nothing_helps() {
    check("CREATE SOURCE s FROM PLAIN () FORMAT JSON", expect![[""]]).await;
}

#[tokio::test]
async fn asking_for_a_capability_that_is_not_there() {
    check("CREATE SOURCE s FROM PLAIN () FORMAT JSON INFER SCHEMA (sample_size = 10)", expect![[""]]).await;
    check(
        "CREATE SOURCE s FROM STAND_IN () FORMAT RAW USING SCHEMA REGISTRY (url = 'http://localhost:8081')",
        expect![[""]],
    )
    .await;
}

#[tokio::test]
async fn contradictions() {
    check(
        r#"CREATE SOURCE s (x_price BIGINT, * PREFIX 'x_') FROM STAND_IN (records = '{"price": 1}') FORMAT JSON"#,
        expect![[""]],
    )
    .await;
    check("CREATE SOURCE s (n BIGINT DEFAULT 'many') FROM PLAIN () FORMAT JSON", expect![[""]]).await;
    check("CREATE SOURCE s (o BIGINT) FROM PLAIN () FORMAT JSON INCLUDE OFFSET AS o", expect![[""]]).await;
    check("CREATE SOURCE s (o BIGINT) FROM PLIAN () FORMAT JSON", expect![[""]]).await;
    check("CREATE SOURCE s (o BIGINT) FROM PLAIN (recrods = 'x') FORMAT JSON", expect![[""]]).await;
    check("CREATE SOURCE s (o BIGINT) FROM PLAIN () FORMAT JSN", expect![[""]]).await;
}
