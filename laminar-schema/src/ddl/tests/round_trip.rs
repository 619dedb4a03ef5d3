//! Whatever is accepted prints as text that says the same; whatever is not accepted is refused with a place in it.

use crate::ddl::{Secrets, Statement, parse, render};

/// Pieces that texts are put together from: words, punctuation, and what tokenizers stumble over.
const PIECES: &[&str] = &[
    "CREATE",
    "SOURCE",
    "SINK",
    "IF",
    "NOT",
    "EXISTS",
    "FROM",
    "INTO",
    "FORMAT",
    "JSON",
    "ENVELOPE",
    "(envelope = 'a', envelope.b = 'c')",
    "USING",
    "SCHEMA",
    "REGISTRY",
    "INFER",
    "INCLUDE",
    "KEY",
    "AS",
    "ON",
    "ERROR",
    "SKIP",
    "WITHIN",
    "DEAD",
    "LETTER",
    "TO",
    "CHANGE",
    "EVOLVE",
    "INSERT",
    "SELECT",
    "WHERE",
    "EXPLAIN",
    "DESCRIBE",
    "SHOW",
    "CONNECTORS",
    "ALTER",
    "REFRESH",
    "DRY",
    "RUN",
    "DROP",
    "NULL",
    "DEFAULT",
    "WATERMARK",
    "FOR",
    "PREFIX",
    "BIGINT",
    "STRUCT",
    "MAP",
    "DECIMAL",
    "TIMESTAMP",
    "WITH",
    "TIME",
    "ZONE",
    "a",
    "b",
    "größe",
    "\"a b\"",
    "\"\"",
    "\"from\"",
    "'x'",
    "''",
    "'it''s'",
    "'\\'",
    "1",
    "-1.5e3",
    "5s",
    "1_000",
    "0x1F",
    ".",
    "._",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    ",",
    ";",
    "=",
    "*",
    "-",
    "--c\n",
    "/*c*/",
    "/*",
    "$$",
    "$1",
    "@",
    "#",
    "?",
    ":",
    "::",
    "x'00'",
    "N'a'",
    "e'\\n'",
    "`",
    "\\",
    "\r",
    "\n",
    "\t",
    "\u{a0}",
    "\u{0}",
    "\u{feff}",
    "|",
    "!",
    "%",
];

/// Texts that are accepted, to change at random.
const SEEDS: &[&str] = &[
    "CREATE SOURCE IF NOT EXISTS t ( a BIGINT NOT NULL DEFAULT - 5 , b STRUCT ( c VARCHAR [ ] ) , * PREFIX 'x' , WATERMARK FOR ts AS ts - INTERVAL '5' SECOND ) FROM KAFKA ( topic = 'a' , 'g.id' = b ) FORMAT JSON ( u = 1 ) USING SCHEMA REGISTRY ( url = 'http' ) INFER SCHEMA ( n = 5 ) INCLUDE KEY AS k , OFFSET ON ERROR DEAD LETTER TO d WITHIN ( max_rate = 0.1 ) ON SCHEMA CHANGE EVOLVE ;",
    "CREATE SINK s INTO FILE ( path = 'x' ) FORMAT CSV ; INSERT INTO s SELECT a , t . b AS c , a + 1 AS d , * FROM t WHERE a > ( 1 )",
    "EXPLAIN SOURCE t ; DESCRIBE t ; SHOW CREATE SOURCE t ; SHOW CONNECTORS ; SHOW DRIFT FOR SOURCE t ; ALTER SOURCE t REFRESH SCHEMA DRY RUN ; DROP SOURCE IF EXISTS t ; DROP SINK s",
    "CREATE SOURCE t ( d DATE FORMAT '%d' NOT NULL KEY '' , s STRUCT ( a TIMESTAMP FORMAT ( 'x' , 'y' ) [ 2 ] ) KEY 'a b' ) FROM F",
    "CREATE SOURCE t ( m MAP ( VARCHAR , DECIMAL ( 10 , 2 ) [ 3 ] ) , d DOUBLE PRECISION DEFAULT DATE 'x' , z TIMESTAMP WITH TIME ZONE ) FROM F",
];

/// A small generator (xorshift64*): the same texts on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

/// Checks one text; says whether it was accepted.
fn check(sql: &str) -> bool {
    let mut statements = match parse(sql) {
        Ok(statements) => statements,
        Err(error) => {
            assert!(sql.get(error.span.clone()).is_some(), "{sql:?}: {error:?}");
            assert!(render(sql, &error).starts_with("error: "));
            return false;
        }
    };
    let printed: Vec<String> = statements.iter().map(|s| s.to_sql(Secrets::Shown)).collect();
    let printed = printed.join(";\n");
    let mut again =
        parse(&printed).unwrap_or_else(|e| panic!("{sql:?}\nprinted as\n{printed}\n{}", render(&printed, &e)));
    statements.iter_mut().chain(&mut again).for_each(Statement::erase_spans);
    assert_eq!(again, statements, "{sql:?}\nprinted as\n{printed}");
    true
}

#[test]
#[expect(clippy::print_stdout, reason = "whoever sees the test fail needs the seed")]
fn changed_statements() {
    const SEED: u64 = 0x5eed;
    println!("seed {SEED:#x}");
    let mut random = Random(SEED);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let seed = SEEDS[random.below(SEEDS.len())];
        let mut pieces: Vec<&str> = seed.split(' ').collect();
        for _ in 0..=random.below(2) {
            let at = random.below(pieces.len());
            match random.below(4) {
                0 if pieces.len() > 1 => drop(pieces.remove(at)),
                1 => pieces.insert(at, PIECES[random.below(PIECES.len())]),
                2 => pieces[at] = PIECES[random.below(PIECES.len())],
                _ => {
                    let other = random.below(pieces.len());
                    pieces.swap(at, other);
                }
            }
        }
        let separator = if random.below(16) == 0 { "" } else { " " };
        accepted += usize::from(check(&pieces.join(separator)));
    }
    // Otherwise the printer was hardly tested.
    assert!(accepted > 1_000, "{accepted} accepted");
}

#[test]
fn words_in_any_order() {
    let mut random = Random(0xbad);
    for _ in 0..20_000 {
        let pieces: Vec<&str> = (0..random.below(12)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        check(&pieces.join(if random.below(2) == 0 { "" } else { " " }));
    }
}

#[test]
fn hostile_nesting_and_length() {
    let many = 60_000;
    for piece in ["(", "[", "/*", "STRUCT(a ", "MAP(", "a ", "a,", "((", "a INT[", "- ", "'", "\"", "token=1,"] {
        for head in [
            "",
            "CREATE SOURCE t (a ",
            "CREATE SOURCE t (WATERMARK FOR a AS ",
            "INSERT INTO s SELECT ",
            "CREATE SOURCE t FROM F (",
        ] {
            let body = piece.repeat(many / piece.len());
            check(&format!("{head}{body}"));
        }
    }
}
