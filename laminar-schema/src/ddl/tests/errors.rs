//! Refused texts, each with the exact error a user sees.

mod clauses;
mod columns;
mod statements;

use expect_test::Expect;

use crate::ddl::{parse, render};

fn check(sql: &str, expected: Expect) {
    let error = parse(sql).expect_err("refused");
    expected.assert_eq(&render(sql, &error));
}
