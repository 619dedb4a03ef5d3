//! Clauses, options, INSERT.

use expect_test::expect;

use super::check;

#[test]
fn clauses() {
    check(
        "CREATE SOURCE t (a INT)\nFORM FILE\nFORMAT JSON",
        expect![[r#"
        error: expected `FROM`, found `FORM`
         --> line 2, column 1
          |
        2 | FORM FILE
          | ^^^^
        help: did you mean `FROM`?
    "#]],
    );
    check(
        "CREATE SOURCE t",
        expect![[r#"
        error: expected `(` or `FROM`, found the end of the text
         --> line 1, column 16
          |
        1 | CREATE SOURCE t
          |                ^
        help: the connector follows: FROM FILE (path = 'trades.ndjson')
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (path = 'a')\nFORMT JSON",
        expect![[r#"
            error: expected `FORMAT`, `ENVELOPE`, `USING SCHEMA REGISTRY`, `INFER SCHEMA`, `INCLUDE`, `ON ERROR`, `ON SCHEMA CHANGE` or `;`, found `FORMT`
             --> line 2, column 1
              |
            2 | FORMT JSON
              | ^^^^^
            help: did you mean `FORMAT`?
        "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE FORMAT JSON\nWITH (topic = 'a')",
        expect![[r#"
            error: expected `ENVELOPE`, `USING SCHEMA REGISTRY`, `INFER SCHEMA`, `INCLUDE`, `ON ERROR`, `ON SCHEMA CHANGE` or `;`, found `WITH`
             --> line 2, column 1
              |
            2 | WITH (topic = 'a')
              | ^^^^
            help: options stand behind the connector: FROM KAFKA (topic = 'trades')
        "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE\nFORMAT JSON\nON ERROR SKIP\nFORMAT CSV",
        expect![[r#"
        error: a second FORMAT clause
         --> line 4, column 1
          |
        4 | FORMAT CSV
          | ^^^^^^
        help: keep one of them
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE ON ERROR SKIP ON ERROR FAIL",
        expect![[r#"
        error: a second ON ERROR clause
         --> line 1, column 41
          |
        1 | CREATE SOURCE t FROM FILE ON ERROR SKIP ON ERROR FAIL
          |                                         ^^^^^^^^
        help: keep one of them
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE ON ERROR IGNORE",
        expect![[r#"
        error: expected `FAIL`, `SKIP` or `DEAD LETTER TO`, found `IGNORE`
         --> line 1, column 36
          |
        1 | CREATE SOURCE t FROM FILE ON ERROR IGNORE
          |                                    ^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE ON ERROR DEAD LETTER bad",
        expect![[r#"
        error: expected `TO`, found `bad`
         --> line 1, column 48
          |
        1 | CREATE SOURCE t FROM FILE ON ERROR DEAD LETTER bad
          |                                                ^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE ON SCHEMA CHANGE REFUSE",
        expect![[r#"
        error: expected `FAIL`, `IGNORE`, `EVOLVE` or `RESCUE`, found `REFUSE`
         --> line 1, column 44
          |
        1 | CREATE SOURCE t FROM FILE ON SCHEMA CHANGE REFUSE
          |                                            ^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE ON FAILURE SKIP",
        expect![[r#"
        error: expected `ERROR` or `SCHEMA CHANGE`, found `FAILURE`
         --> line 1, column 30
          |
        1 | CREATE SOURCE t FROM FILE ON FAILURE SKIP
          |                              ^^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE INCLUDE OFSET AS o",
        expect![[r#"
        error: expected `KEY`, `TIMESTAMP`, `PARTITION`, `OFFSET` or `HEADERS`, found `OFSET`
         --> line 1, column 35
          |
        1 | CREATE SOURCE t FROM FILE INCLUDE OFSET AS o
          |                                   ^^^^^
        help: did you mean `OFFSET`?
    "#]],
    );
    check(
        "CREATE SOURCE t (o INT) FROM FILE INCLUDE KEY AS k, OFFSET AS o",
        expect![[r#"
        error: column `o` is given twice
         --> line 1, column 53
          |
        1 | CREATE SOURCE t (o INT) FROM FILE INCLUDE KEY AS k, OFFSET AS o
          |                                                     ^^^^^^^^^^^
        help: rename or remove one of them
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE USING REGISTRY (url = 'x')",
        expect![[r#"
        error: expected `SCHEMA REGISTRY`, found `REGISTRY`
         --> line 1, column 33
          |
        1 | CREATE SOURCE t FROM FILE USING REGISTRY (url = 'x')
          |                                 ^^^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE USING SCHEMA REGISTRY",
        expect![[r#"
        error: expected `(`, found the end of the text
         --> line 1, column 48
          |
        1 | CREATE SOURCE t FROM FILE USING SCHEMA REGISTRY
          |                                                ^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE FORMAT",
        expect![[r#"
        error: expected a format name, found the end of the text
         --> line 1, column 33
          |
        1 | CREATE SOURCE t FROM FILE FORMAT
          |                                 ^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE INFER SCHEMA (a = 1) INFER SCHEMA",
        expect![[r#"
        error: a second INFER SCHEMA clause
         --> line 1, column 48
          |
        1 | CREATE SOURCE t FROM FILE INFER SCHEMA (a = 1) INFER SCHEMA
          |                                                ^^^^^^^^^^^^
        help: keep one of them
    "#]],
    );
    check(
        "CREATE SINK s FROM FILE",
        expect![[r#"
        error: expected `INTO`, found `FROM`
         --> line 1, column 15
          |
        1 | CREATE SINK s FROM FILE
          |               ^^^^
        help: the connector follows: INTO FILE (path = 'out.csv')
    "#]],
    );
    check(
        "CREATE SINK s INTO FILE (path = 'a') FORMAT CSV ON ERROR SKIP",
        expect![[r#"
            error: expected `USING SCHEMA REGISTRY` or `;`, found `ON`
             --> line 1, column 49
              |
            1 | CREATE SINK s INTO FILE (path = 'a') FORMAT CSV ON ERROR SKIP
              |                                                 ^^
        "#]],
    );
}

#[test]
fn options() {
    check(
        "CREATE SOURCE t FROM FILE (path 'a')",
        expect![[r#"
        error: expected `=`, found a string
         --> line 1, column 33
          |
        1 | CREATE SOURCE t FROM FILE (path 'a')
          |                                 ^^^
        help: an option is a name and a value: topic = 'trades'
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (path = )",
        expect![[r#"
        error: expected a string, a number or a word, found `)`
         --> line 1, column 35
          |
        1 | CREATE SOURCE t FROM FILE (path = )
          |                                   ^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (path = 'a', x = 1, Path = 'b')",
        expect![[r#"
        error: option `Path` is given twice
         --> line 1, column 47
          |
        1 | CREATE SOURCE t FROM FILE (path = 'a', x = 1, Path = 'b')
          |                                               ^^^^
        help: rename or remove one of them
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (linger = 5s)",
        expect![[r#"
        error: expected `,` or `)`, found `s`
         --> line 1, column 38
          |
        1 | CREATE SOURCE t FROM FILE (linger = 5s)
          |                                      ^
        help: write a value with a unit as a string: '5s'
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (path = 'a' x = 'b')",
        expect![[r#"
        error: expected `,` or `)`, found `x`
         --> line 1, column 39
          |
        1 | CREATE SOURCE t FROM FILE (path = 'a' x = 'b')
          |                                       ^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (path = 'a',)",
        expect![[r#"
        error: expected an option, found `)`
         --> line 1, column 39
          |
        1 | CREATE SOURCE t FROM FILE (path = 'a',)
          |                                       ^
        help: remove the comma before `)`
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (x = -'5')",
        expect![[r#"
        error: expected a number, found a string
         --> line 1, column 33
          |
        1 | CREATE SOURCE t FROM FILE (x = -'5')
          |                                 ^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (x = [1])",
        expect![[r#"
        error: expected a string, a number or a word, found `[`
         --> line 1, column 32
          |
        1 | CREATE SOURCE t FROM FILE (x = [1])
          |                                ^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (5 = x)",
        expect![[r#"
        error: expected an option, found `5`
         --> line 1, column 28
          |
        1 | CREATE SOURCE t FROM FILE (5 = x)
          |                            ^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE path = 'a'",
        expect![[r#"
            error: expected `FORMAT`, `ENVELOPE`, `USING SCHEMA REGISTRY`, `INFER SCHEMA`, `INCLUDE`, `ON ERROR`, `ON SCHEMA CHANGE` or `;`, found `path`
             --> line 1, column 27
              |
            1 | CREATE SOURCE t FROM FILE path = 'a'
              |                           ^^^^
            help: options stand in parentheses: FROM FILE (path = 'trades.ndjson')
        "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (a. = 'x')",
        expect![[r#"
        error: expected an option, found `=`
         --> line 1, column 31
          |
        1 | CREATE SOURCE t FROM FILE (a. = 'x')
          |                               ^
    "#]],
    );
}

#[test]
fn insert() {
    check(
        "INSERT big SELECT a FROM t",
        expect![[r#"
        error: expected `INTO`, found `big`
         --> line 1, column 8
          |
        1 | INSERT big SELECT a FROM t
          |        ^^^
    "#]],
    );
    check(
        "INSERT INTO big (a, b) SELECT a, b FROM t",
        expect![[r#"
        error: expected `SELECT`, found `(`
         --> line 1, column 17
          |
        1 | INSERT INTO big (a, b) SELECT a, b FROM t
          |                 ^
        help: name the sink's columns in SELECT: SELECT price AS p
    "#]],
    );
    check(
        "INSERT INTO big VALUES (1)",
        expect![[r#"
        error: expected `SELECT`, found `VALUES`
         --> line 1, column 17
          |
        1 | INSERT INTO big VALUES (1)
          |                 ^^^^^^
    "#]],
    );
    check(
        "INSERT INTO big SELECT FROM t",
        expect![[r#"
        error: expected a column or `*`, found `FROM`
         --> line 1, column 24
          |
        1 | INSERT INTO big SELECT FROM t
          |                        ^^^^
    "#]],
    );
    check(
        "INSERT INTO big SELECT a, FROM t",
        expect![[r#"
        error: expected a column or `*`, found `FROM`
         --> line 1, column 27
          |
        1 | INSERT INTO big SELECT a, FROM t
          |                           ^^^^
    "#]],
    );
    check(
        "INSERT INTO big SELECT a",
        expect![[r#"
        error: expected `AS`, `,` or `FROM`, found the end of the text
         --> line 1, column 25
          |
        1 | INSERT INTO big SELECT a
          |                         ^
    "#]],
    );
    check(
        "INSERT INTO big SELECT a b FROM t",
        expect![[r#"
        error: expected `AS`, `,` or `FROM`, found `b`
         --> line 1, column 26
          |
        1 | INSERT INTO big SELECT a b FROM t
          |                          ^
        help: write AS before a new name
    "#]],
    );
    check(
        "INSERT INTO big SELECT a FROM t JOIN u",
        expect![[r#"
        error: expected `WHERE` or `;`, found `JOIN`
         --> line 1, column 33
          |
        1 | INSERT INTO big SELECT a FROM t JOIN u
          |                                 ^^^^
        help: a pipeline copies columns of one source: INSERT INTO sink SELECT a, b AS c FROM source
    "#]],
    );
    check(
        "INSERT INTO big SELECT a FROM t, u",
        expect![[r#"
        error: expected `WHERE` or `;`, found `,`
         --> line 1, column 32
          |
        1 | INSERT INTO big SELECT a FROM t, u
          |                                ^
        help: a pipeline copies columns of one source: INSERT INTO sink SELECT a, b AS c FROM source
    "#]],
    );
    check(
        "INSERT INTO big SELECT a FROM t WHERE",
        expect![[r#"
        error: expected an expression, found the end of the text
         --> line 1, column 38
          |
        1 | INSERT INTO big SELECT a FROM t WHERE
          |                                      ^
    "#]],
    );
    check(
        "INSERT INTO big SELECT * EXCLUDE (a) FROM t",
        expect![[r#"
        error: expected `AS`, `,` or `FROM`, found `EXCLUDE`
         --> line 1, column 26
          |
        1 | INSERT INTO big SELECT * EXCLUDE (a) FROM t
          |                          ^^^^^^^
    "#]],
    );
    check(
        "INSERT INTO big SELECT a AS 'x' FROM t",
        expect![[r#"
        error: expected a column name, found a string
         --> line 1, column 29
          |
        1 | INSERT INTO big SELECT a AS 'x' FROM t
          |                             ^^^
        help: names stand in double quotes, strings in single ones
    "#]],
    );
}
