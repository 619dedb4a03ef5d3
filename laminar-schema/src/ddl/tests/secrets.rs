//! No secret in an error, a printed statement or a `Debug`.

use expect_test::{Expect, expect};

use crate::{
    config::ConfigKey,
    ddl::{Secrets, parse, render},
};

/// Checks an error about a text that holds `hunter2`, which is the password everywhere here.
fn check(sql: &str, expected: Expect) {
    let error = parse(sql).expect_err("refused");
    let shown = render(sql, &error);
    assert!(sql.contains("hunter2"));
    for text in [&shown, &error.to_string(), &format!("{error:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    expected.assert_eq(&shown);
}

#[test]
fn errors_show_no_secrets() {
    check(
        "CREATE SOURCE t FROM KAFKA (sasl.password = 'hunter2' topic = 'x')",
        expect![[r#"
            error: expected `,` or `)`, found ***
             --> line 1, column 55
              |
            1 | CREATE SOURCE t FROM KAFKA (sasl.password = ***)
              |                                                 ^
        "#]],
    );
    check(
        "CREATE SOURCE t FROM KAFKA ('sasl.password' = 'it''s hunter2', topic = )",
        expect![[r#"
            error: expected a string, a number or a word, found `)`
             --> line 1, column 72
              |
            1 | CREATE SOURCE t FROM KAFKA ('sasl.password' = ***, topic = )
              |                                                            ^
        "#]],
    );
    check(
        "CREATE SOURCE t FROM KAFKA (password = hunter1 hunter2, topic = 'x')",
        expect![[r#"
            error: expected `,` or `)`, found ***
             --> line 1, column 48
              |
            1 | CREATE SOURCE t FROM KAFKA (password = ***, topic = 'x')
              |                                                ^
        "#]],
    );
    check(
        "CREATE SOURCE t FROM KAFKA (password = 'hunter2",
        expect![[r#"
            error: this string has no end: `'` is missing
             --> line 1, column 40
              |
            1 | CREATE SOURCE t FROM KAFKA (password = ***
              |                                        ^^^
            help: perhaps a quote is missing further up; one inside a string is written twice: 'it''s'
        "#]],
    );
    check(
        "CREATE SOURCE t FROM KAFKA (password hunter2)",
        expect![[r#"
        error: expected `=`, found ***
         --> line 1, column 29
          |
        1 | CREATE SOURCE t FROM KAFKA (password ***)
          |                             ^^^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM KAFKA (password 'hunter2')",
        expect![[r#"
        error: expected `=`, found ***
         --> line 1, column 29
          |
        1 | CREATE SOURCE t FROM KAFKA (password '***')
          |                             ^^^^^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM KAFKA (api_token\n= 'hunter2' oops 'a', topic = 5)",
        expect![[r#"
            error: expected `,` or `)`, found ***
             --> line 2, column 13
              |
            2 | = ***, topic = 5)
              |             ^
        "#]],
    );
    check(
        "CREATE SOURCE t FROM NATS (url = 'nats://me:hunter2@host/x' oops)",
        expect![[r#"
        error: expected `,` or `)`, found `oops`
         --> line 1, column 61
          |
        1 | CREATE SOURCE t FROM NATS (url = 'nats://***@host/x' oops)
          |                                                      ^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM NATS (url = 'amqp://u:p@h1,amqp://u:hunter2@h2' oops)",
        expect![[r#"
        error: expected `,` or `)`, found `oops`
         --> line 1, column 70
          |
        1 | CREATE SOURCE t FROM NATS (url = 'amqp://***@h1,amqp://***@h2' oops)
          |                                                                ^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM NATS (url = 'amqp://u:p@h1,u:hunter2@h2' oops)",
        expect![[r#"
        error: expected `,` or `)`, found `oops`
         --> line 1, column 63
          |
        1 | CREATE SOURCE t FROM NATS (url = 'amqp://***@h2' oops)
          |                                                  ^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM NATS (url = 'nats://u:/hunter2@h/x' oops)",
        expect![[r#"
        error: expected `,` or `)`, found `oops`
         --> line 1, column 58
          |
        1 | CREATE SOURCE t FROM NATS (url = 'nats://***@h/x' oops)
          |                                                   ^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM NATS (url = 'nats://u:hunter2?@h/x' oops)",
        expect![[r#"
        error: expected `,` or `)`, found `oops`
         --> line 1, column 58
          |
        1 | CREATE SOURCE t FROM NATS (url = 'nats://***@h/x' oops)
          |                                                   ^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM NATS (url = 'nats://u:x,hunter2@h' oops)",
        expect![[r#"
        error: expected `,` or `)`, found `oops`
         --> line 1, column 57
          |
        1 | CREATE SOURCE t FROM NATS (url = 'nats://***@h' oops)
          |                                                 ^^^^
    "#]],
    );
    check(
        "CREATE SOURCE t FROM NATS (url = 'a://u:hunter2://x@h b://u:hunter2@h' oops)",
        expect![[r#"
        error: expected `,` or `)`, found `oops`
         --> line 1, column 72
          |
        1 | CREATE SOURCE t FROM NATS (url = 'a://***@h b://***@h' oops)
          |                                                        ^^^^
    "#]],
    );
    check(
        "-- don't\nCREATE SOURCE t FROM KAFKA (password = 'hunter2' /* it's */ oops)",
        expect![[r#"
            error: expected `,` or `)`, found ***
             --> line 2, column 61
              |
            2 | CREATE SOURCE t FROM KAFKA (password = ***
              |                                           ^
        "#]],
    );
    check(
        "CREATE SOURCE t FROM KAFKA (topic = 5s) -- password is hunter2",
        expect![[r#"
        error: expected `,` or `)`, found `s`
         --> line 1, column 38
          |
        1 | CREATE SOURCE t FROM KAFKA (topic = 5s) --***
          |                                      ^
        help: write a value with a unit as a string: '5s'
    "#]],
    );
}

#[test]
fn printed_statements_show_known_harmless_options_only() {
    const fn key(key: &'static str, secret: bool) -> ConfigKey {
        ConfigKey { key, aliases: &["servers"], type_name: "text", required: false, default: None, doc: "", secret }
    }
    let sql = "CREATE SOURCE t FROM KAFKA (brokers = 'a', password = 'hunter2', other = 'hunter2') FORMAT CSV (delimiter = ';')
        ENVELOPE UPSERT (key_columns = 'k', other = 'hunter2') USING SCHEMA REGISTRY (url = 'http://r', username = 'me', password = 'hunter2') INFER SCHEMA (sample_size = 5)";
    let secrets = Secrets::Masked {
        connector: &[key("brokers", false), key("password", true)],
        format: &[key("delimiter", false), key("envelope.key_columns", false)],
    };
    let statements = parse(sql).expect("accepted");
    expect![[r#"
        CREATE SOURCE t
        FROM KAFKA (brokers = 'a', other = '***', password = '***')
        FORMAT CSV (delimiter = ';')
        ENVELOPE UPSERT (key_columns = 'k', other = '***')
        USING SCHEMA REGISTRY (password = '***', url = 'http://r', username = 'me')
        INFER SCHEMA (sample_size = '5')"#]]
    .assert_eq(&statements[0].to_sql(secrets));
    assert!(!format!("{statements:?}").contains("hunter2"));
}
