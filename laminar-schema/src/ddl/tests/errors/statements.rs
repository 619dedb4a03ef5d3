//! Statements, names, missing ends, and where errors point.

use expect_test::expect;

use super::check;
use crate::ddl::MAX_SQL_BYTES;

#[test]
fn unknown_statements() {
    check(
        "SELEC * FROM t",
        expect![[r#"
        error: expected `CREATE`, `INSERT INTO`, `EXPLAIN SOURCE`, `DESCRIBE`, `SHOW`, `ALTER SOURCE` or `DROP`, found `SELEC`
         --> line 1, column 1
          |
        1 | SELEC * FROM t
          | ^^^^^
    "#]],
    );
    check(
        "SELECT a FROM t",
        expect![[r#"
        error: expected `CREATE`, `INSERT INTO`, `EXPLAIN SOURCE`, `DESCRIBE`, `SHOW`, `ALTER SOURCE` or `DROP`, found `SELECT`
         --> line 1, column 1
          |
        1 | SELECT a FROM t
          | ^^^^^^
        help: rows go into a sink: INSERT INTO sink SELECT …
    "#]],
    );
    check(
        "CRAETE SOURCE t FROM FILE",
        expect![[r#"
        error: expected `CREATE`, `INSERT INTO`, `EXPLAIN SOURCE`, `DESCRIBE`, `SHOW`, `ALTER SOURCE` or `DROP`, found `CRAETE`
         --> line 1, column 1
          |
        1 | CRAETE SOURCE t FROM FILE
          | ^^^^^^
        help: did you mean `CREATE`?
    "#]],
    );
    check(
        "42",
        expect![[r#"
        error: expected a statement, found `42`
         --> line 1, column 1
          |
        1 | 42
          | ^^
    "#]],
    );
    check(
        "CREATE TABLE t (a INT)",
        expect![[r#"
        error: expected `SOURCE` or `SINK`, found `TABLE`
         --> line 1, column 8
          |
        1 | CREATE TABLE t (a INT)
          |        ^^^^^
        help: there are sources and sinks: CREATE SOURCE … FROM …, CREATE SINK … INTO …
    "#]],
    );
    check(
        "CREATE OR REPLACE SOURCE t FROM FILE",
        expect![[r#"
        error: expected `SOURCE` or `SINK`, found `OR`
         --> line 1, column 8
          |
        1 | CREATE OR REPLACE SOURCE t FROM FILE
          |        ^^
        help: drop the old one first: DROP SOURCE IF EXISTS …
    "#]],
    );
    check(
        "CREATE",
        expect![[r#"
        error: expected `SOURCE` or `SINK`, found the end of the text
         --> line 1, column 7
          |
        1 | CREATE
          |       ^
    "#]],
    );
    check(
        "SHOW TABLES",
        expect![[r#"
        error: expected `CONNECTORS`, `CREATE SOURCE` or `DRIFT FOR SOURCE`, found `TABLES`
         --> line 1, column 6
          |
        1 | SHOW TABLES
          |      ^^^^^^
    "#]],
    );
    check(
        "SHOW DRIFT s",
        expect![[r#"
        error: expected `FOR SOURCE`, found `s`
         --> line 1, column 12
          |
        1 | SHOW DRIFT s
          |            ^
    "#]],
    );
    check(
        "SHOW CREATE SINK s",
        expect![[r#"
        error: expected `SOURCE`, found `SINK`
         --> line 1, column 13
          |
        1 | SHOW CREATE SINK s
          |             ^^^^
    "#]],
    );
    check(
        "EXPLAIN trades",
        expect![[r#"
        error: expected `SOURCE`, found `trades`
         --> line 1, column 9
          |
        1 | EXPLAIN trades
          |         ^^^^^^
    "#]],
    );
    check(
        "ALTER SOURCE t REFRESH",
        expect![[r#"
        error: expected `SCHEMA`, found the end of the text
         --> line 1, column 23
          |
        1 | ALTER SOURCE t REFRESH
          |                       ^
    "#]],
    );
    check(
        "ALTER SOURCE t REFRESH SCHEMA DRYRUN",
        expect![[r#"
        error: expected `DRY RUN` or `;`, found `DRYRUN`
         --> line 1, column 31
          |
        1 | ALTER SOURCE t REFRESH SCHEMA DRYRUN
          |                               ^^^^^^
    "#]],
    );
    check(
        "DROP TABLE t",
        expect![[r#"
        error: expected `SOURCE` or `SINK`, found `TABLE`
         --> line 1, column 6
          |
        1 | DROP TABLE t
          |      ^^^^^
    "#]],
    );
    check(
        "DESCRIBE a b",
        expect![[r#"
        error: expected `;`, found `b`
         --> line 1, column 12
          |
        1 | DESCRIBE a b
          |            ^
    "#]],
    );
    check(
        "DESCRIBE 'trades'",
        expect![[r#"
        error: expected a source name, found a string
         --> line 1, column 10
          |
        1 | DESCRIBE 'trades'
          |          ^^^^^^^^
        help: names stand in double quotes, strings in single ones
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE FORMAT JSON\nCREATE SINK s INTO FILE",
        expect![[r#"
            error: expected `ENVELOPE`, `USING SCHEMA REGISTRY`, `INFER SCHEMA`, `INCLUDE`, `ON ERROR`, `ON SCHEMA CHANGE` or `;`, found `CREATE`
             --> line 2, column 1
              |
            2 | CREATE SINK s INTO FILE
              | ^^^^^^
            help: a semicolon ends a statement
        "#]],
    );
}

#[test]
fn missing_ends() {
    check(
        "CREATE SOURCE t FROM FILE (\n    path = 'a,\n    x = 'b'\n)\nFORMAT JSON",
        expect![[r#"
            error: this string has no end: `'` is missing
             --> line 3, column 11
              |
            3 |     x = 'b'
              |           ^
            help: perhaps a quote is missing further up; one inside a string is written twice: 'it''s'
        "#]],
    );
    check(
        "DESCRIBE \"trades",
        expect![[r#"
        error: this quoted name has no end: `"` is missing
         --> line 1, column 10
          |
        1 | DESCRIBE "trades
          |          ^^^^^^^
    "#]],
    );
    check(
        "DESCRIBE t /* and so on",
        expect![[r#"
        error: this comment has no end: `*/` is missing
         --> line 1, column 12
          |
        1 | DESCRIBE t /* and so on
          |            ^^^^^^^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT, b STRUCT(c INT FROM FILE",
        expect![[r#"
        error: expected `,` or `)`, found `FROM`
         --> line 1, column 40
          |
        1 | CREATE SOURCE t (a INT, b STRUCT(c INT FROM FILE
          |                                        ^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT",
        expect![[r#"
        error: this has no partner: `)` is missing
         --> line 1, column 17
          |
        1 | CREATE SOURCE t (a INT
          |                 ^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE (path = 'a'; DESCRIBE t",
        expect![[r#"
        error: this has no partner: `)` is missing
         --> line 1, column 27
          |
        1 | CREATE SOURCE t FROM FILE (path = 'a'; DESCRIBE t
          |                           ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT[ FROM FILE",
        expect![[r#"
        error: expected `]` or a number, found `FROM`
         --> line 1, column 25
          |
        1 | CREATE SOURCE t (a INT[ FROM FILE
          |                         ^^^^
        help: a list is BIGINT[], an array of three BIGINT[3]
    "#]],
    );
    check(
        "INSERT INTO s SELECT (a FROM t",
        expect![[r#"
        error: this has no partner: `)` is missing
         --> line 1, column 22
          |
        1 | INSERT INTO s SELECT (a FROM t
          |                      ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT[3",
        expect![[r#"
        error: this has no partner: `]` is missing
         --> line 1, column 23
          |
        1 | CREATE SOURCE t (a INT[3
          |                       ^
    "#]],
    );
    check(
        "DESCRIBE ._a",
        expect![[r#"
            error: expected a name or a number, found `.`
             --> line 1, column 10
              |
            1 | DESCRIBE ._a
              |          ^
        "#]],
    );
    check(
        "CREATE SOURCE t (m MAP(INT, INT",
        expect![[r#"
        error: this has no partner: `)` is missing
         --> line 1, column 23
          |
        1 | CREATE SOURCE t (m MAP(INT, INT
          |                       ^
    "#]],
    );
}

#[test]
fn names() {
    check(
        "CREATE SOURCE (a INT) FROM FILE",
        expect![[r#"
        error: expected a source name, found `(`
         --> line 1, column 15
          |
        1 | CREATE SOURCE (a INT) FROM FILE
          |               ^
    "#]],
    );
    check(
        "CREATE SOURCE FROM FILE",
        expect![[r#"
        error: expected a source name, found `FROM`
         --> line 1, column 15
          |
        1 | CREATE SOURCE FROM FILE
          |               ^^^^
        help: to use a reserved word as a name, write it in double quotes
    "#]],
    );
    check(
        "CREATE SOURCE t (from INT) FROM FILE",
        expect![[r#"
        error: expected a column name, found `from`
         --> line 1, column 18
          |
        1 | CREATE SOURCE t (from INT) FROM FILE
          |                  ^^^^
        help: to use a reserved word as a name, write it in double quotes
    "#]],
    );
    check(
        "DROP SINK \"\"",
        expect![[r#"
        error: expected a sink name, found `""`
         --> line 1, column 11
          |
        1 | DROP SINK ""
          |           ^^
    "#]],
    );
    check(
        "CREATE SOURCE IF NOT EXIST t FROM FILE",
        expect![[r#"
        error: expected `EXISTS`, found `EXIST`
         --> line 1, column 22
          |
        1 | CREATE SOURCE IF NOT EXIST t FROM FILE
          |                      ^^^^^
        help: did you mean `EXISTS`?
    "#]],
    );
    check(
        "EXPLAIN SOURCE x'00'",
        expect![[r#"
        error: expected a source name, found a string with a prefix
         --> line 1, column 16
          |
        1 | EXPLAIN SOURCE x'00'
          |                ^^^^^
    "#]],
    );
    check(
        "EXPLAIN SOURCE $1",
        expect![[r#"
        error: expected a source name, found `$1`
         --> line 1, column 16
          |
        1 | EXPLAIN SOURCE $1
          |                ^^
    "#]],
    );
    check(
        "EXPLAIN SOURCE `t`",
        expect![[r#"
        error: expected a source name, found ```
         --> line 1, column 16
          |
        1 | EXPLAIN SOURCE `t`
          |                ^
    "#]],
    );
}

#[test]
fn places() {
    check(
        "CREATE SOURCE t (\n\ta INT,\n\tb INTT\n) FROM FILE",
        expect![[r#"
            error: unknown type `INTT`
             --> line 3, column 4
              |
            3 |  b INTT
              |    ^^^^
            help: did you mean `INT`?
        "#]],
    );
    check(
        "CREATE SOURCE t (/* größer ≥ */ é INTT) FROM FILE",
        expect![[r#"
            error: unknown type `INTT`
             --> line 1, column 35
              |
            1 | CREATE SOURCE t (/* größer ≥ */ é INTT) FROM FILE
              |                                   ^^^^
            help: did you mean `INT`?
        "#]],
    );
    check(
        "CREATE SOURCE t (a INT\r\n, b INTT)\r\nFROM FILE",
        expect![[r#"
            error: unknown type `INTT`
             --> line 2, column 5
              |
            2 | , b INTT)
              |     ^^^^
            help: did you mean `INT`?
        "#]],
    );
    check(
        "CREATE SOURCE t\u{1b}[31m FROM FILE",
        expect![[r#"
        error: expected `(` or `FROM`, found `\u{1b}`
         --> line 1, column 16
          |
        1 | CREATE SOURCE t�[31m FROM FILE
          |                ^
        help: the connector follows: FROM FILE (path = 'trades.ndjson')
    "#]],
    );
}

#[test]
fn long_lines_and_long_texts() {
    let columns: Vec<String> = (0..200).map(|i| format!("column_{i} BIGINT")).collect();
    check(
        &format!("CREATE SOURCE t ({}, x BIGNT, {}) FROM FILE", columns[..100].join(", "), columns[100..].join(", ")),
        expect![[r#"
            error: unknown type `BIGNT`
             --> line 1, column 1810
              |
            1 | …, column_98 BIGINT, column_99 BIGINT, x BIGNT, column_100 BIGINT, column_101 BIGINT, column_102 BIGI…
              |                                          ^^^^^
            help: did you mean `BIGINT`?
        "#]],
    );
    check(
        &" ".repeat(MAX_SQL_BYTES + 1),
        expect![[r#"
        error: the text has 1048577 bytes; at most 1048576 are read
         --> line 1, column 1
          |
        1 |                                                                                                     …
          | ^
        help: split it into several files
    "#]],
    );
    check(
        &format!("DESCRIBE t {}", "x".repeat(1000)),
        expect![[r#"
        error: expected `;`, found `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`
         --> line 1, column 12
          |
        1 | DESCRIBE t xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
}
