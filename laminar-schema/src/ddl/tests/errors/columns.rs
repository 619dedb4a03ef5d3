//! Column lists and types.

use expect_test::expect;

use super::check;

#[test]
fn columns() {
    check(
        "CREATE SOURCE t () FROM FILE",
        expect![[r#"
        error: expected a column, found `)`
         --> line 1, column 18
          |
        1 | CREATE SOURCE t () FROM FILE
          |                  ^
        help: leave the parentheses out to have the columns found
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT,) FROM FILE",
        expect![[r#"
        error: expected a column, found `)`
         --> line 1, column 24
          |
        1 | CREATE SOURCE t (a INT,) FROM FILE
          |                        ^
        help: remove the comma before it
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT b INT) FROM FILE",
        expect![[r#"
        error: expected `NOT NULL`, `DEFAULT`, `,` or `)`, found `b`
         --> line 1, column 24
          |
        1 | CREATE SOURCE t (a INT b INT) FROM FILE
          |                        ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT, b INT, a TEXT) FROM FILE",
        expect![[r#"
        error: column `a` is given twice
         --> line 1, column 32
          |
        1 | CREATE SOURCE t (a INT, b INT, a TEXT) FROM FILE
          |                                ^
        help: rename or remove one of them
    "#]],
    );
    check(
        "CREATE SOURCE t (*, a INT, *) FROM FILE",
        expect![[r#"
        error: a second `*`
         --> line 1, column 28
          |
        1 | CREATE SOURCE t (*, a INT, *) FROM FILE
          |                            ^
        help: keep one of them
    "#]],
    );
    check(
        "CREATE SOURCE t (* PREFX 'a') FROM FILE",
        expect![[r#"
        error: expected `PREFIX`, `,` or `)`, found `PREFX`
         --> line 1, column 20
          |
        1 | CREATE SOURCE t (* PREFX 'a') FROM FILE
          |                    ^^^^^
        help: did you mean `PREFIX`?
    "#]],
    );
    check(
        "CREATE SOURCE t (* PREFIX a) FROM FILE",
        expect![[r#"
        error: expected the prefix as a string, found `a`
         --> line 1, column 27
          |
        1 | CREATE SOURCE t (* PREFIX a) FROM FILE
          |                           ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT NOT NUL) FROM FILE",
        expect![[r#"
        error: expected `NULL`, found `NUL`
         --> line 1, column 28
          |
        1 | CREATE SOURCE t (a INT NOT NUL) FROM FILE
          |                            ^^^
        help: did you mean `NULL`?
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT NOT NULL NULL) FROM FILE",
        expect![[r#"
        error: a second NULL or NOT NULL clause
         --> line 1, column 33
          |
        1 | CREATE SOURCE t (a INT NOT NULL NULL) FROM FILE
          |                                 ^^^^
        help: keep one of them
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT DEFAULT 1 DEFAULT 2) FROM FILE",
        expect![[r#"
        error: a second DEFAULT clause
         --> line 1, column 34
          |
        1 | CREATE SOURCE t (a INT DEFAULT 1 DEFAULT 2) FROM FILE
          |                                  ^^^^^^^
        help: keep one of them
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT DEFAULT now()) FROM FILE",
        expect![[r#"
        error: expected a literal, found `now`
         --> line 1, column 32
          |
        1 | CREATE SOURCE t (a INT DEFAULT now()) FROM FILE
          |                                ^^^
        help: a DEFAULT is a number, a string, TRUE, FALSE, NULL, or a type and a string: DATE '2026-01-01'
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT DEFAULT -'1') FROM FILE",
        expect![[r#"
        error: expected a number, found a string
         --> line 1, column 33
          |
        1 | CREATE SOURCE t (a INT DEFAULT -'1') FROM FILE
          |                                 ^^^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT DEFUALT 1) FROM FILE",
        expect![[r#"
        error: expected `NOT NULL`, `DEFAULT`, `,` or `)`, found `DEFUALT`
         --> line 1, column 24
          |
        1 | CREATE SOURCE t (a INT DEFUALT 1) FROM FILE
          |                        ^^^^^^^
        help: did you mean `DEFAULT`?
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT, PRIMARY KEY (a)) FROM FILE",
        expect![[r#"
        error: PRIMARY KEY is not supported yet
         --> line 1, column 25
          |
        1 | CREATE SOURCE t (a INT, PRIMARY KEY (a)) FROM FILE
          |                         ^^^^^^^
        help: a source has no keys; remove the clause
    "#]],
    );
    check(
        "CREATE SOURCE t (WATERMARK FOR ts) FROM FILE",
        expect![[r#"
        error: expected `AS`, found `)`
         --> line 1, column 34
          |
        1 | CREATE SOURCE t (WATERMARK FOR ts) FROM FILE
          |                                  ^
    "#]],
    );
    check(
        "CREATE SOURCE t (WATERMARK FOR ts AS ) FROM FILE",
        expect![[r#"
        error: expected an expression, found `)`
         --> line 1, column 38
          |
        1 | CREATE SOURCE t (WATERMARK FOR ts AS ) FROM FILE
          |                                      ^
    "#]],
    );
    check(
        "CREATE SOURCE t (WATERMARK FOR ts AS ts, WATERMARK FOR a AS a) FROM FILE",
        expect![[r#"
        error: a second WATERMARK clause
         --> line 1, column 42
          |
        1 | CREATE SOURCE t (WATERMARK FOR ts AS ts, WATERMARK FOR a AS a) FROM FILE
          |                                          ^^^^^^^^^
        help: keep one of them
    "#]],
    );
}

#[test]
fn types() {
    check(
        "CREATE SOURCE t (a) FROM FILE",
        expect![[r#"
        error: expected a type, found `)`
         --> line 1, column 19
          |
        1 | CREATE SOURCE t (a) FROM FILE
          |                   ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a VARCHR) FROM FILE",
        expect![[r#"
        error: unknown type `VARCHR`
         --> line 1, column 20
          |
        1 | CREATE SOURCE t (a VARCHR) FROM FILE
          |                    ^^^^^^
        help: did you mean `VARCHAR`?
    "#]],
    );
    check(
        "CREATE SOURCE t (a FROBNICATE) FROM FILE",
        expect![[r#"
        error: unknown type `FROBNICATE`
         --> line 1, column 20
          |
        1 | CREATE SOURCE t (a FROBNICATE) FROM FILE
          |                    ^^^^^^^^^^
        help: types are spelled as in DuckDB: BIGINT, DOUBLE, VARCHAR, TIMESTAMP, STRUCT(a BIGINT), …
    "#]],
    );
    check(
        "CREATE SOURCE t (a 'INT') FROM FILE",
        expect![[r#"
        error: expected a type, found a string
         --> line 1, column 20
          |
        1 | CREATE SOURCE t (a 'INT') FROM FILE
          |                    ^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t (a ENUM('x')) FROM FILE",
        expect![[r#"
        error: type ENUM is not supported
         --> line 1, column 20
          |
        1 | CREATE SOURCE t (a ENUM('x')) FROM FILE
          |                    ^^^^
        help: use VARCHAR
    "#]],
    );
    check(
        "CREATE SOURCE t (a ARRAY<INT>) FROM FILE",
        expect![[r#"
        error: type ARRAY is not supported
         --> line 1, column 20
          |
        1 | CREATE SOURCE t (a ARRAY<INT>) FROM FILE
          |                    ^^^^^
        help: write the element's type and `[]`: BIGINT[]
    "#]],
    );
    check(
        "CREATE SOURCE t (a TIME WITH TIME ZONE) FROM FILE",
        expect![[r#"
        error: type TIME WITH TIME ZONE is not supported
         --> line 1, column 20
          |
        1 | CREATE SOURCE t (a TIME WITH TIME ZONE) FROM FILE
          |                    ^^^^
        help: use TIME or TIMESTAMPTZ
    "#]],
    );
    check(
        "CREATE SOURCE t (a DECIMAL(80)) FROM FILE",
        expect![[r#"
        error: precision of DECIMAL is 1 to 76, found 80
         --> line 1, column 28
          |
        1 | CREATE SOURCE t (a DECIMAL(80)) FROM FILE
          |                            ^^
    "#]],
    );
    check(
        "CREATE SOURCE t (a DECIMAL(10, 11)) FROM FILE",
        expect![[r#"
        error: scale of DECIMAL is 0 to 10, found 11
         --> line 1, column 27
          |
        1 | CREATE SOURCE t (a DECIMAL(10, 11)) FROM FILE
          |                           ^^^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t (a DECIMAL(10, -2)) FROM FILE",
        expect![[r#"
        error: expected a number, found `-`
         --> line 1, column 32
          |
        1 | CREATE SOURCE t (a DECIMAL(10, -2)) FROM FILE
          |                                ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a DECIMAL(10, 2, 3)) FROM FILE",
        expect![[r#"
        error: expected `)`, found `,`
         --> line 1, column 33
          |
        1 | CREATE SOURCE t (a DECIMAL(10, 2, 3)) FROM FILE
          |                                 ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a DECIMAL()) FROM FILE",
        expect![[r#"
        error: expected a number, found `)`
         --> line 1, column 28
          |
        1 | CREATE SOURCE t (a DECIMAL()) FROM FILE
          |                            ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT[0]) FROM FILE",
        expect![[r#"
        error: size of an array is 1 to 100000, found 0
         --> line 1, column 24
          |
        1 | CREATE SOURCE t (a INT[0]) FROM FILE
          |                        ^
    "#]],
    );
    check(
        "CREATE SOURCE t (a INT[x]) FROM FILE",
        expect![[r#"
        error: expected `]` or a number, found `x`
         --> line 1, column 24
          |
        1 | CREATE SOURCE t (a INT[x]) FROM FILE
          |                        ^
        help: a list is BIGINT[], an array of three BIGINT[3]
    "#]],
    );
    check(
        "CREATE SOURCE t (a MAP(INT)) FROM FILE",
        expect![[r#"
        error: expected `,`, found `)`
         --> line 1, column 27
          |
        1 | CREATE SOURCE t (a MAP(INT)) FROM FILE
          |                           ^
        help: a map has two types: MAP(VARCHAR, BIGINT)
    "#]],
    );
    check(
        "CREATE SOURCE t (a STRUCT<b: INT>) FROM FILE",
        expect![[r#"
        error: expected `(`, found `<`
         --> line 1, column 26
          |
        1 | CREATE SOURCE t (a STRUCT<b: INT>) FROM FILE
          |                          ^
        help: fields stand in parentheses: STRUCT(a BIGINT, b VARCHAR)
    "#]],
    );
    check(
        "CREATE SOURCE t (a STRUCT(b: INT)) FROM FILE",
        expect![[r#"
        error: expected a type, found `:`
         --> line 1, column 28
          |
        1 | CREATE SOURCE t (a STRUCT(b: INT)) FROM FILE
          |                            ^
        help: a field is a name and a type: STRUCT(a BIGINT, b VARCHAR)
    "#]],
    );
    check(
        "CREATE SOURCE t (a STRUCT(b INT, b INT)) FROM FILE",
        expect![[r#"
        error: field `b` is given twice
         --> line 1, column 34
          |
        1 | CREATE SOURCE t (a STRUCT(b INT, b INT)) FROM FILE
          |                                  ^
        help: rename or remove one of them
    "#]],
    );
    check(
        "CREATE SOURCE t (a STRUCT(b INT NOT NULL)) FROM FILE",
        expect![[r#"
            error: expected `,` or `)`, found `NOT`
             --> line 1, column 33
              |
            1 | CREATE SOURCE t (a STRUCT(b INT NOT NULL)) FROM FILE
              |                                 ^^^
            help: only columns have NOT NULL and DEFAULT, fields of a STRUCT do not
        "#]],
    );
    check(
        "CREATE SOURCE t (a TIMESTAMP(12)) FROM FILE",
        expect![[r#"
            error: precision of TIMESTAMP is 0 to 9, found 12
             --> line 1, column 30
              |
            1 | CREATE SOURCE t (a TIMESTAMP(12)) FROM FILE
              |                              ^^
        "#]],
    );
}
