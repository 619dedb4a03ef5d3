//! WHERE: what a condition says, and what is none.

use expect_test::{Expect, expect};

use crate::ddl::{Condition, ConditionKind, StatementKind, parse, parse_condition, render};

fn shown(condition: &Condition) -> String {
    let several = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts.iter().map(shown).collect();
        format!("({})", parts.join(word))
    };
    match &condition.kind {
        ConditionKind::All(parts) => several(parts, " AND "),
        ConditionKind::Any(parts) => several(parts, " OR "),
        ConditionKind::Not(inner) => format!("NOT {}", shown(inner)),
        ConditionKind::Compare { column, comparison, value } => format!("{} {comparison} {}", column.name, value.text),
        ConditionKind::IsNull(column) => format!("{} IS NULL", column.name),
        ConditionKind::IsTrue(column) => column.name.clone(),
    }
}

/// The condition with all its parentheses, or the error.
fn check(condition: &str, expected: Expect) {
    let sql = format!("INSERT INTO s SELECT a FROM t WHERE {condition}");
    let statements = parse(&sql).expect("a statement");
    let StatementKind::Insert(insert) = &statements[0].kind else { panic!("an INSERT") };
    let filter = insert.filter.as_ref().expect("a WHERE");
    let found = match parse_condition(&sql, filter, "t") {
        Ok(condition) => {
            let (start, end) = (condition.span.start - filter.span.start, condition.span.end - filter.span.start);
            let mut around = filter.text[..start].chars().chain(filter.text[end..].chars());
            assert!(around.all(|c| "()".contains(c)), "{condition:?}");
            shown(&condition)
        }
        Err(error) => render(&sql, &error),
    };
    expected.assert_eq(&found);
}

#[test]
fn comparisons() {
    check("price > 100", expect!["price > 100"]);
    check("-1.5 <= t.price", expect!["price >= -1.5"]);
    check("\"WHERE\" <> 'it''s'", expect!["WHERE <> 'it''s'"]);
    check("d >= DATE '2024-01-01'", expect!["d >= '2024-01-01'"]);
    check("a = (1)", expect!["a = 1"]);
    check("a = 1_000", expect!["a = 1000"]);
    check("flag = true", expect!["flag = true"]);
    check("x IS NOT NULL", expect!["NOT x IS NULL"]);
    check("x NOT IN (1, 2)", expect!["NOT (x = 1 OR x = 2)"]);
    check("x BETWEEN 1 AND 2", expect!["(x >= 1 AND x <= 2)"]);
}

#[test]
fn and_binds_closer_than_or() {
    check("a = 1 OR b = 2 AND NOT c", expect!["(a = 1 OR (b = 2 AND NOT c))"]);
    check("x BETWEEN 1 AND 2 AND flag", expect!["((x >= 1 AND x <= 2) AND flag)"]);
    let deep = format!("{}a{}", "(".repeat(60), ")".repeat(60));
    check(&deep, expect!["a"]);
}

#[test]
fn what_is_no_condition() {
    check(
        "price * 2 > 100",
        expect![[r#"
        error: expected a comparison, `IS`, `IN` or `BETWEEN`, found `*`
         --> line 1, column 43
          |
        1 | INSERT INTO s SELECT a FROM t WHERE price * 2 > 100
          |                                           ^
        help: WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')
    "#]],
    );
    check(
        "a = b",
        expect![[r#"
        error: expected a number, a string, `TRUE` or `FALSE`, found `b`
         --> line 1, column 41
          |
        1 | INSERT INTO s SELECT a FROM t WHERE a = b
          |                                         ^
        help: WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')
    "#]],
    );
    check(
        "a = NULL",
        expect![[r#"
        error: expected a number, a string, `TRUE` or `FALSE`, found `NULL`
         --> line 1, column 41
          |
        1 | INSERT INTO s SELECT a FROM t WHERE a = NULL
          |                                         ^^^^
        help: nothing equals NULL; write IS NULL or IS NOT NULL
    "#]],
    );
    check(
        "lower(a) = 'x'",
        expect![[r#"
        error: expected a comparison, found `(`
         --> line 1, column 42
          |
        1 | INSERT INTO s SELECT a FROM t WHERE lower(a) = 'x'
          |                                          ^
        help: WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')
    "#]],
    );
    check(
        "a LIKE 'x%'",
        expect![[r#"
        error: expected a comparison, `IS`, `IN` or `BETWEEN`, found `LIKE`
         --> line 1, column 39
          |
        1 | INSERT INTO s SELECT a FROM t WHERE a LIKE 'x%'
          |                                       ^^^^
        help: WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')
    "#]],
    );
    check(
        "a IS 5",
        expect![[r#"
        error: expected `NULL`, found `5`
         --> line 1, column 42
          |
        1 | INSERT INTO s SELECT a FROM t WHERE a IS 5
          |                                          ^
    "#]],
    );
    check(
        "a > 1 b > 2",
        expect![[r#"
        error: expected `AND`, `OR` or the end of the statement, found `b`
         --> line 1, column 43
          |
        1 | INSERT INTO s SELECT a FROM t WHERE a > 1 b > 2
          |                                           ^
        help: WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')
    "#]],
    );
    check(
        "u.a > 1",
        expect![[r#"
        error: expected a comparison, found `.`
         --> line 1, column 38
          |
        1 | INSERT INTO s SELECT a FROM t WHERE u.a > 1
          |                                      ^
        help: WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')
    "#]],
    );
    check(
        "a > -b",
        expect![[r#"
        error: expected a number, found `-`
         --> line 1, column 41
          |
        1 | INSERT INTO s SELECT a FROM t WHERE a > -b
          |                                         ^
        help: WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')
    "#]],
    );
}

#[test]
fn nesting_has_a_limit() {
    let sql = format!("INSERT INTO s SELECT a FROM t WHERE {}a", "NOT ".repeat(100_000));
    let statements = parse(&sql).expect("a statement");
    let StatementKind::Insert(insert) = &statements[0].kind else { panic!("an INSERT") };
    let error = parse_condition(&sql, insert.filter.as_ref().expect("a WHERE"), "t").expect_err("too deep");
    assert!(error.help().is_some_and(|help| help.contains("64 levels")), "{error:?}");
}
