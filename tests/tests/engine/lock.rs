//! `laminar.lock` of every way to a schema, and what of it can be held against the lock without the source.

use std::fmt::Write as _;

use arrow_schema::DataType;
use expect_test::{Expect, expect};
use laminar_formats::json::JsonInference;
use laminar_schema::{FormatInference, lock::LockFile};
use laminar_tests::{engine::TestEngine, guesses::Claims};

const RECORDS: &str = r#"{"a": 1, "b": {"c": "x"}}
{"a": 2, "b": {"c": "-"}}"#;

fn engine(sql: &str, claims: &[(&'static str, DataType)]) -> TestEngine {
    let json: Box<dyn FormatInference> = Box::new(Claims::new(JsonInference, claims));
    let mut engine = TestEngine::new().with_inference([json]).with_evidence();
    engine.load(sql).unwrap();
    engine
}

/// What is locked of the source, what verification says with the source and without it, and without it when the SQL has
/// changed.
async fn check(source: &str, claims: &[(&'static str, DataType)], changed: (&str, &str), expected: Expect) {
    let source = source.replace("RECORDS", &format!("records = '{RECORDS}'"));
    let sql = format!("CREATE SOURCE s {source}");
    let at_first = engine(&sql, claims);
    let text = at_first.lock().await.unwrap().to_text().unwrap();
    let locked = LockFile::from_text(&text, "laminar.lock").unwrap();
    let source = &locked.sources[0];
    let mut shown = format!("{} by {}: {}\n", source.resolution, source.strategies.join(", "), source.schema);
    let lowered: Vec<String> = source.lowered.iter().map(|l| format!("{} {}", l.path, l.sql_type)).collect();
    let evidence = if source.evidence.is_some() { "evidence" } else { "no evidence" };
    let as_replayed = source.replay.as_ref() == Some(&source.fingerprint);
    let _ = writeln!(shown, "{evidence}, replays to the same: {as_replayed}, lowered: [{}]", lowered.join(", "));
    let _ = write!(shown, "online  {}", at_first.verify_lock(&locked).await.unwrap());
    let _ = write!(shown, "offline {}", at_first.verify_lock_offline(&locked).unwrap());
    assert!(sql.contains(changed.0));
    let later = engine(&sql.replace(changed.0, changed.1), claims);
    let _ = write!(shown, "changed {}", later.verify_lock_offline(&locked).unwrap());
    expected.assert_eq(&shown);
}

#[tokio::test]
async fn every_column_is_declared() {
    check(
        "(a BIGINT) FROM PLAIN () FORMAT JSON",
        &[],
        ("BIGINT", "DOUBLE"),
        expect![[r#"
        declared by full declaration: "a" BIGINT
        no evidence, replays to the same: false, lowered: []
        online  source s: unchanged, resolved again
        offline source s: unchanged, its declaration was compared
        changed source s: changed, its declaration was compared
          ~ field a: BIGINT → DOUBLE
          ~ fingerprint: ee4efef90e4541f1 → a5140ba6a5b16103
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_sample_was_taken() {
    let sql = "FROM STAND_IN (RECORDS) FORMAT JSON INFER SCHEMA (max_depth = 3)";
    check(
        sql,
        &[],
        ("max_depth = 3", "max_depth = 4"),
        expect![[r#"
        inferred by sampling: "a" BIGINT,"b" STRUCT("c" VARCHAR)
        evidence, replays to the same: true, lowered: []
        online  source s: unchanged, resolved again
        offline source s: unchanged, inferred again from its evidence
        changed source s: changed, inferred again from its evidence
          ~ inference option max_depth: '3' → '4'
    "#]],
    )
    .await;
}

#[tokio::test]
async fn fields_were_lowered_because_they_did_not_decode() {
    let sql = "(a BIGINT, * PREFIX 'x_') FROM STAND_IN (RECORDS) FORMAT JSON";
    check(
        sql,
        &[("b.c", DataType::Date32)],
        ("'x_'", "'y_'"),
        expect![[r#"
        inferred by declared columns with *, sampling: "a" BIGINT,"x_b" STRUCT("c" JSON)
        evidence, replays to the same: true, lowered: [b.c JSON]
        online  source s: unchanged, resolved again
        offline source s: unchanged, inferred again from its evidence
        changed source s: changed, inferred again from its evidence
          - field x_b STRUCT(c JSON)
          + field y_b STRUCT(c JSON)
          ~ fingerprint: 4578611605a390d5 → 350cdbeb8ec8b876
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_registry_or_the_source_knows() {
    let registry = "FROM STAND_IN (RECORDS) FORMAT JSON USING SCHEMA REGISTRY (url = 'http://localhost:8081')";
    check(
        registry,
        &[],
        ("FORMAT JSON", "FORMAT JSON (unknown_fields = 'reject')"),
        expect![[r#"
            schema registry, id 7 by schema registry: "text" VARCHAR NOT NULL
            no evidence, replays to the same: false, lowered: []
            online  source s: unchanged, resolved again
            offline source s: not compared: the lock holds no evidence, so only the source or a registry could say
            changed source s: changed, not compared: the lock holds no evidence, so only the source or a registry could say
              ~ format option unknown_fields: none → 'reject'
        "#]],
    )
    .await;
    check(
        "FROM STAND_IN () FORMAT CSV",
        &[],
        ("FORMAT CSV", "FORMAT RAW"),
        expect![[r#"
            provided by the source by self-describing source: "symbol" VARCHAR NOT NULL,"price" DOUBLE
            no evidence, replays to the same: false, lowered: []
            online  source s: unchanged, resolved again
            offline source s: not compared: the lock holds no evidence, so only the source or a registry could say
            changed source s: changed, not compared: the lock holds no evidence, so only the source or a registry could say
              ~ format: csv → raw
        "#]],
    )
    .await;
}
