//! Accepted texts: statements print as one would write them, and read back the same.

use expect_test::{Expect, expect};

use crate::ddl::{Ident, Secrets, Statement, columns_of, parse, parse_columns};

/// Checks how statements print, and that the print reads back as the same statements.
fn check(sql: &str, expected: Expect) {
    let statements = parse(sql).expect("accepted");
    let printed: Vec<String> = statements.iter().map(|s| s.to_sql(Secrets::Shown)).collect();
    let printed = printed.join(";\n");
    expected.assert_eq(&printed);
    let erased = |mut statements: Vec<Statement>| {
        statements.iter_mut().for_each(Statement::erase_spans);
        statements
    };
    assert_eq!(erased(parse(&printed).expect("what is printed is accepted")), erased(statements));
}

#[test]
fn every_clause() {
    check(
        "create source if not exists trades (
            symbol varchar not null, -- a comment
            price double default 0.0 /* and /* another */ one */,
            \"the \"\"volume\"\"\" int8 null default -5,
            day date default date '2026-01-01',
            * prefix 'ex''tra_',
            watermark for ts as ts - interval '5' second
        )
        from kafka ( brokers = 'localhost:9092', topic = trades, group.id = 'g1', 'max.poll' = 500, eager = true, low = -1.5e3 )
        on schema change evolve
        infer schema ( sample_size = 1_000, sample_timeout = '5s', array_strategy = 'union' )
        include key as k, timestamp as ts2, partition, offset as \"from\", headers
        using schema registry ( url = 'http://localhost:8081', subject = 'trades-value' )
        on error dead letter to bad
        format json ( unknown_fields = 'ignore' );",
        expect![[r#"
            CREATE SOURCE IF NOT EXISTS trades (
                symbol VARCHAR NOT NULL,
                price DOUBLE DEFAULT 0.0,
                "the ""volume""" BIGINT DEFAULT -5,
                day DATE DEFAULT DATE '2026-01-01',
                * PREFIX 'ex''tra_',
                WATERMARK FOR ts AS ts - interval '5' second
            )
            FROM KAFKA (
                brokers = 'localhost:9092',
                eager = 'true',
                'group.id' = 'g1',
                low = '-1.5e3',
                'max.poll' = '500',
                topic = 'trades'
            )
            FORMAT JSON (unknown_fields = 'ignore')
            USING SCHEMA REGISTRY (subject = 'trades-value', url = 'http://localhost:8081')
            INFER SCHEMA (
                array_strategy = 'union',
                sample_size = '1_000',
                sample_timeout = '5s'
            )
            INCLUDE KEY AS k, TIMESTAMP AS ts2, PARTITION AS partition, OFFSET AS "from", HEADERS AS headers
            ON ERROR DEAD LETTER TO bad
            ON SCHEMA CHANGE EVOLVE"#]],
    );
}

#[test]
fn short_forms() {
    check(
        "CREATE SOURCE t FROM GENERATOR",
        expect![[r#"
        CREATE SOURCE t
        FROM GENERATOR"#]],
    );
    check(
        "CREATE SOURCE t (*) FROM FILE (path = 'a') FORMAT CSV INFER SCHEMA ON ERROR SKIP",
        expect![[r#"
        CREATE SOURCE t (
            *
        )
        FROM FILE (path = 'a')
        FORMAT CSV
        INFER SCHEMA
        ON ERROR SKIP"#]],
    );
    check(
        "CREATE SOURCE t FROM X () FORMAT Y () INFER SCHEMA () ON ERROR FAIL ON SCHEMA CHANGE FAIL",
        expect![[r#"
        CREATE SOURCE t
        FROM X
        FORMAT Y
        INFER SCHEMA
        ON ERROR FAIL
        ON SCHEMA CHANGE FAIL"#]],
    );
    check(
        "CREATE SOURCE t FROM \"post-gres\" FORMAT \"json-lines\"",
        expect![[r#"
        CREATE SOURCE t
        FROM "post-gres"
        FORMAT "json-lines""#]],
    );
    check(
        "CREATE SINK IF NOT EXISTS big INTO FILE (path = 'out/big.parquet') FORMAT PARQUET",
        expect![[r#"
        CREATE SINK IF NOT EXISTS big
        INTO FILE (path = 'out/big.parquet')
        FORMAT PARQUET"#]],
    );
    check(
        "create sink big into memory",
        expect![[r#"
        CREATE SINK big
        INTO MEMORY"#]],
    );
    check(
        ";;EXPLAIN SOURCE Trades;describe trades;; SHOW CREATE SOURCE trades; SHOW CONNECTORS; show drift for source trades",
        expect![[r#"
        EXPLAIN SOURCE Trades;
        DESCRIBE trades;
        SHOW CREATE SOURCE trades;
        SHOW CONNECTORS;
        SHOW DRIFT FOR SOURCE trades"#]],
    );
    check(
        "ALTER SOURCE t REFRESH SCHEMA; ALTER SOURCE t REFRESH SCHEMA DRY RUN",
        expect![[r#"
        ALTER SOURCE t REFRESH SCHEMA;
        ALTER SOURCE t REFRESH SCHEMA DRY RUN"#]],
    );
    check(
        "DROP SOURCE t; DROP SINK IF EXISTS s; DROP SOURCE if",
        expect![[r#"
        DROP SOURCE t;
        DROP SINK IF EXISTS s;
        DROP SOURCE if"#]],
    );
    check("  -- nothing but a comment", expect![[""]]);
}

#[test]
fn words_of_the_grammar_are_names_where_that_is_clear() {
    check(
        "CREATE SOURCE source (watermark BIGINT, prefix INT, format TEXT, sink JSON, primary BOOL, key INT, \"not\" INT)
         FROM FILE FORMAT JSON",
        expect![[r#"
            CREATE SOURCE "source" (
                "watermark" BIGINT,
                "prefix" INTEGER,
                "format" VARCHAR,
                "sink" JSON,
                primary BOOLEAN,
                key INTEGER,
                "not" INTEGER
            )
            FROM FILE
            FORMAT JSON"#]],
    );
    check(
        "INSERT INTO source SELECT format, include AS sink FROM infer",
        expect![[r#"
        INSERT INTO "source"
        SELECT "format", "include" AS "sink"
        FROM "infer""#]],
    );
}

#[test]
fn insert() {
    check(
        "INSERT INTO big SELECT symbol, t.price AS p, \"a b\", * FROM t",
        expect![[r#"
        INSERT INTO big
        SELECT symbol, t.price AS p, "a b", *
        FROM t"#]],
    );
    check(
        "insert into big select price * 2 as double, cast(a as int), (1, 2) from t where price > 100 and (a or b)",
        expect![[r#"
            INSERT INTO big
            SELECT price * 2 AS double, cast(a as int), (1, 2)
            FROM t
            WHERE price > 100 and (a or b)"#]],
    );
}

#[test]
fn what_is_not_supported_yet_is_refused_by_name() {
    let check = |sql: &str, expected: Expect| {
        let errors: Vec<String> = parse(sql)
            .expect("accepted")
            .iter()
            .flat_map(|s| s.not_supported_yet(sql))
            .map(|e| e.to_string())
            .collect();
        expected.assert_eq(&errors.join("\n"));
    };
    check(
        "CREATE SOURCE t (ts TIMESTAMP, WATERMARK FOR ts AS ts - 1)\nFROM FILE FORMAT JSON ON SCHEMA CHANGE RESCUE",
        expect![
            "line 1, column 57: expected `INTERVAL`, found `1`; a watermark is the column, or the column less a time: ts - INTERVAL '5' SECOND"
        ],
    );
    check(
        "CREATE SOURCE t FROM F ON SCHEMA CHANGE IGNORE; CREATE SOURCE t FROM F ON SCHEMA CHANGE EVOLVE",
        expect![""],
    );
    check(
        "INSERT INTO s SELECT a, b + 1 AS c, 5 FROM t WHERE a + 1 > 1",
        expect![[r#"
            line 1, column 25: an expression in SELECT is not supported yet; expressions come later: select plain columns
            line 1, column 54: expected a comparison, `IS`, `IN` or `BETWEEN`, found `+`; WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')"#]],
    );
    check("CREATE SOURCE t FROM F ON SCHEMA CHANGE FAIL; INSERT INTO s SELECT a FROM t", expect![[""]]);
}

#[test]
fn a_format_is_required_only_where_the_connector_has_one() {
    let sql = "CREATE SOURCE t\nFROM FILE (path = 'a')\nON ERROR SKIP";
    let statements = parse(sql).expect("accepted");
    let crate::ddl::StatementKind::CreateSource(source) = &statements[0].kind else { panic!("a source") };
    assert_eq!(source.format.require(sql, &[]), Ok(()));
    let error = source.format.require(sql, &["json", "csv"]).expect_err("a format is needed");
    expect![[r#"
        error: FORMAT is missing
         --> line 2, column 23
          |
        2 | FROM FILE (path = 'a')
          |                       ^
        help: add one of: FORMAT JSON, FORMAT CSV
    "#]]
    .assert_eq(&crate::ddl::render(sql, &error));
}

#[test]
fn columns_without_a_statement() {
    let check = |text: &str, expected: Expect| {
        let schema = parse_columns(text).expect("accepted");
        let printed = columns_of(&schema);
        expected.assert_eq(&printed);
        assert_eq!(parse_columns(&printed).expect("what is printed is accepted"), schema);
    };
    check("a BIGINT, b STRUCT(c DOUBLE)", expect!["a BIGINT, b STRUCT(c DOUBLE)"]);
    check("(a BIGINT NOT NULL DEFAULT 5, * PREFIX 'x')", expect!["a BIGINT NOT NULL DEFAULT 5, * PREFIX 'x'"]);
    check("a NULL, b NULL NULL DEFAULT NULL", expect!["a NULL, b NULL DEFAULT NULL"]);
}

#[test]
fn names_are_found_by_exact_spelling_then_by_case() {
    let check = |name: &str, names: &[&str], expected: Option<usize>| {
        let ident = Ident { name: name.to_owned(), span: 0..0 };
        assert_eq!(ident.find_in(names.iter().copied()), expected, "{name} in {names:?}");
    };
    check("a", &["b", "a"], Some(1));
    check("A", &["b", "a"], Some(1));
    check("a", &["A", "a"], Some(1));
    check("ID", &["id", "Id"], None);
    check("c", &["b", "a"], None);
}

#[test]
fn reserved_words_are_quoted_when_they_are_names() {
    for word in crate::ddl::cursor::RESERVED {
        assert_ne!(crate::types::quote_ident(word), *word);
        assert!(parse(&format!("DESCRIBE {word}")).is_err(), "{word}");
    }
}
