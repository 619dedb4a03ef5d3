//! INFER SCHEMA and USING SCHEMA REGISTRY: typed options, and errors that point at them.

use expect_test::{Expect, expect};

use crate::{
    config::{ConfigErrors, ConnectorConfig, Options},
    ddl::{CreateSource, Span, StatementKind, parse, render_config},
    inference::InferenceConfig,
};

fn source(sql: &str) -> CreateSource {
    match parse(sql).expect("accepted").remove(0).kind {
        StatementKind::CreateSource(source) => *source,
        other => panic!("no CREATE SOURCE: {other:?}"),
    }
}

/// Checks what the options after `head` are read as; errors are rendered with the text.
fn check<T: std::fmt::Debug>(
    sql: &str,
    read: impl Fn(&CreateSource) -> (Result<T, ConfigErrors>, Span),
    expected: Expect,
) {
    let (result, clause) = read(&source(sql));
    expected.assert_eq(&match result {
        Ok(value) => format!("{value:#?}\n"),
        Err(errors) => render_config(sql, &errors, &clause),
    });
}

#[test]
fn defaults_are_those_of_the_struct() {
    assert_eq!(InferenceConfig::from_options(&Options::new()), Ok(InferenceConfig::default()));
}

#[test]
fn infer_schema() {
    let read = |s: &CreateSource| (s.inference_config(), s.inference.as_ref().map_or(0..0, |c| c.span.clone()));
    check(
        "CREATE SOURCE t FROM FILE FORMAT CSV (delimiter = ';') INFER SCHEMA (sample_size = 10, sample_timeout = '1m',
         null_type = 'BIGINT[]', number_type = 'decimal(20, 4)', timestamp_formats = '%Y, %H', max_depth = 3,
         array_strategy = json, map_threshold = 7, field_appearance_threshold = 0.5)",
        read,
        expect![[r#"
            InferenceConfig {
                sample_size: 10,
                sample_timeout: 60s,
                null_type: List(
                    Field {
                        data_type: Int64,
                        nullable: true,
                    },
                ),
                number_type: Decimal(
                    20,
                    4,
                ),
                timestamp_formats: [
                    "%Y",
                    "%H",
                ],
                max_depth: 3,
                array_strategy: Jsonb,
                map_threshold: 7,
                field_appearance_threshold: 0.5,
                hints: [],
                detect_dates: true,
                detect_uuids: true,
                min_confidence: 0.0,
                detect_format: true,
                format_options: {
                    "delimiter",
                },
                keep_evidence: false,
                threads: 1,
            }
        "#]],
    );
    check(
        "CREATE SOURCE t FROM FILE FORMAT JSON\nINFER SCHEMA (\n  sample_sise = 10,\n  null_type = 'BIGNT',\n  max_depth = 65,\n  sample_size = 0, field_appearance_threshold = 2\n)",
        read,
        expect![[r#"
            error: unknown option `sample_sise`
             --> line 3, column 3
              |
            3 |   sample_sise = 10,
              |   ^^^^^^^^^^^^^^^^
            help: did you mean `sample_size`?

            error: option `sample_size` = '0': expected integer from 1
             --> line 6, column 3
              |
            6 |   sample_size = 0, field_appearance_threshold = 2
              |   ^^^^^^^^^^^^^^^

            error: option `null_type` = 'BIGNT': expected a type: unknown type `BIGNT`
             --> line 4, column 3
              |
            4 |   null_type = 'BIGNT',
              |   ^^^^^^^^^^^^^^^^^^^

            error: option `max_depth` = '65': expected integer from 1 to 64
             --> line 5, column 3
              |
            5 |   max_depth = 65,
              |   ^^^^^^^^^^^^^^

            error: option `field_appearance_threshold` = '2': expected number from 0 to 1
             --> line 6, column 20
              |
            6 |   sample_size = 0, field_appearance_threshold = 2
              |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    check(
        "CREATE SOURCE t FROM F INFER SCHEMA (null_type = JSON, array_strategy = 'all')",
        read,
        expect![[r#"
            error: option `null_type` = 'JSON': expected a type: JSON and UUID cannot stand for null; use VARCHAR
             --> line 1, column 38
              |
            1 | CREATE SOURCE t FROM F INFER SCHEMA (null_type = JSON, array_strategy = 'all')
              |                                      ^^^^^^^^^^^^^^^^

            error: option `array_strategy` = 'all': expected first_element, union or json
             --> line 1, column 56
              |
            1 | CREATE SOURCE t FROM F INFER SCHEMA (null_type = JSON, array_strategy = 'all')
              |                                                        ^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
}

#[test]
fn schema_registry() {
    let read = |s: &CreateSource| (s.registry_config(), s.registry.as_ref().map_or(0..0, |c| c.span.clone()));
    let check = |options: &str, expected| {
        let sql = format!("CREATE SOURCE t FROM KAFKA FORMAT PROTOBUF\nUSING SCHEMA REGISTRY ({options})");
        check(&sql, read, expected);
    };
    check(
        "url = 'http://localhost:8081/', subject = 's', compatibility = full_transitive",
        expect![[r#"
            Some(
                RegistryConfig {
                    url: "http://localhost:8081",
                    subject: Some(
                        "s",
                    ),
                    schema_type: Protobuf,
                    compatibility: FullTransitive,
                    credentials: None,
                    connection: RegistryConnection {
                        context: None,
                        request_timeout: None,
                        ca_file: None,
                        identity_file: None,
                        pin_file: None,
                        glue: None,
                        foreign: None,
                    },
                },
            )
        "#]],
    );
    check(
        "type = glue, subject = 's', region = 'eu-central-1', registry = 'r', access_key_id = 'AKID', secret_access_key = 'hunter2'",
        expect![[r#"
            Some(
                RegistryConfig {
                    url: "",
                    subject: Some(
                        "s",
                    ),
                    schema_type: Protobuf,
                    compatibility: Backward,
                    credentials: Some(
                        Basic {
                            username: "AKID",
                            password: ***,
                        },
                    ),
                    connection: RegistryConnection {
                        context: None,
                        request_timeout: None,
                        ca_file: None,
                        identity_file: None,
                        pin_file: None,
                        glue: Some(
                            GlueConnection {
                                region: Some(
                                    "eu-central-1",
                                ),
                                registry: Some(
                                    "r",
                                ),
                                session_token: None,
                            },
                        ),
                        foreign: None,
                    },
                },
            )
        "#]],
    );
    check(
        "url = 'https://r', region = 'eu-central-1'",
        expect![[r#"
        error: option `type` = '***': expected glue, beside region, registry, access_key_id, secret_access_key or session_token
         --> line 2, column 1
          |
        2 | USING SCHEMA REGISTRY (url = 'https://r', region = 'eu-central-1')
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check(
        "url = 'https://r', schema_type = json, username = 'u', password = 'hunter2'",
        expect![[r#"
            Some(
                RegistryConfig {
                    url: "https://r",
                    subject: None,
                    schema_type: JsonSchema,
                    compatibility: Backward,
                    credentials: Some(
                        Basic {
                            username: "u",
                            password: ***,
                        },
                    ),
                    connection: RegistryConnection {
                        context: None,
                        request_timeout: None,
                        ca_file: None,
                        identity_file: None,
                        pin_file: None,
                        glue: None,
                        foreign: None,
                    },
                },
            )
        "#]],
    );
    check(
        "url = 'https://r', token = 'hunter2'",
        expect![[r#"
            Some(
                RegistryConfig {
                    url: "https://r",
                    subject: None,
                    schema_type: Protobuf,
                    compatibility: Backward,
                    credentials: Some(
                        Bearer(
                            ***,
                        ),
                    ),
                    connection: RegistryConnection {
                        context: None,
                        request_timeout: None,
                        ca_file: None,
                        identity_file: None,
                        pin_file: None,
                        glue: None,
                        foreign: None,
                    },
                },
            )
        "#]],
    );
    check(
        "",
        expect![[r#"
        error: missing required option `url`
         --> line 2, column 1
          |
        2 | USING SCHEMA REGISTRY ()
          | ^^^^^^^^^^^^^^^^^^^^^^^^
        help: url: Base URL of the registry, without credentials
    "#]],
    );
    check(
        "url = 'https://me:hunter2@r'",
        expect![[r#"
        error: option `url` = '***': expected a base URL: credentials do not belong in it; use username and password, or token
         --> line 2, column 24
          |
        2 | USING SCHEMA REGISTRY (url = 'https://***@r')
          |                        ^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check(
        "url = 'localhost:8081'",
        expect![[r#"
        error: option `url` = '***': expected a base URL: it starts with http:// or https://
         --> line 2, column 24
          |
        2 | USING SCHEMA REGISTRY (url = 'localhost:8081')
          |                        ^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check(
        "url = 'http://r', password = 'hunter2'",
        expect![[r#"
            error: option `password` = '***': expected a username beside it
             --> line 2, column 42
              |
            2 | USING SCHEMA REGISTRY (url = 'http://r', password = ***)
              |                                          ^^^^^^^^^^^^^^
        "#]],
    );
    check(
        "url = 'http://r', username = 'me'",
        expect![[r#"
        error: option `username` = '***': expected a password beside it
         --> line 2, column 42
          |
        2 | USING SCHEMA REGISTRY (url = 'http://r', username = 'me')
          |                                          ^^^^^^^^^^^^^^^
    "#]],
    );
    check(
        "url = 'http://r', token = 'hunter2', username = 'me'",
        expect![[r#"
            error: option `token` = '***': expected no username or password beside it
             --> line 2, column 42
              |
            2 | USING SCHEMA REGISTRY (url = 'http://r', token = ***, username = 'me')
              |                                          ^^^^^^^^^^^
        "#]],
    );
    check(
        "url = 'http://r', schema_type = 'xml', compatibility = 'sideways'",
        expect![[r#"
        error: option `schema_type` = 'xml': expected avro, protobuf or json
         --> line 2, column 42
          |
        2 | USING SCHEMA REGISTRY (url = 'http://r', schema_type = 'xml', compatibility = 'sideways')
          |                                          ^^^^^^^^^^^^^^^^^^^

        error: option `compatibility` = 'sideways': expected a compatibility mode: expected one of NONE, BACKWARD, FORWARD, FULL, BACKWARD_TRANSITIVE, FORWARD_TRANSITIVE, FULL_TRANSITIVE
         --> line 2, column 63
          |
        2 | USING SCHEMA REGISTRY (url = 'http://r', schema_type = 'xml', compatibility = 'sideways')
          |                                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
}
