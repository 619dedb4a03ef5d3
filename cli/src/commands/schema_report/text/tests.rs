//! The table on every kind of screen.

use laminar_schema::{FieldInferenceDetail, FormatSpec, InferenceWarning, Options, ResolvedSchema, SampleValue, ddl};

use super::*;

const PIPE: Screen = Screen { width: None, unicode: false, colour: false };

/// A schema with a field of every nesting, and evidence for all but one of them.
fn resolved() -> ResolvedSchema {
    let declared = ddl::parse_columns(
        "id BIGINT, \"at\x1b[2J\" DATE, o STRUCT(lines STRUCT(sku VARCHAR)[], m MAP(VARCHAR, JSON))",
    )
    .unwrap();
    let fields: Vec<_> = declared.columns.iter().map(|c| c.to_field()).collect();
    let schema = std::sync::Arc::new(arrow_schema::Schema::new(fields));
    let detail = |path: &str, rate, confidence, seen: &[(&str, u64)], first: &str| FieldInferenceDetail {
        appearance_rate: rate,
        confidence,
        observed_types: seen.iter().map(|(t, n)| ((*t).to_owned(), *n)).collect(),
        first: (!first.is_empty()).then(|| SampleValue {
            text: first.to_owned(),
            line: Some(7),
            ..SampleValue::default()
        }),
        ..FieldInferenceDetail::new(path, schema.field(0))
    };
    ResolvedSchema {
        resolution: laminar_schema::ResolutionKind::Inferred { sample_count: 12_345, warnings: Vec::new() },
        field_origins: [].into(),
        warnings: vec![
            InferenceWarning::warning("o.m{}", "holds 1 at line 3 and \"x\x1b[2J\" at line 4"),
            InferenceWarning::warning("", "2 records are unusable"),
            InferenceWarning::warning("o.m{}", "rare"),
        ],
        field_details: vec![
            detail("id", 1.0, 0.9997, &[("BIGINT", 12_345)], "1"),
            detail("at\x1b[2J", 0.5, 0.6, &[("DATE", 6_000), ("NULL", 345)], "2026-01-02"),
            detail("o", 0.00001, 0.2, &[("STRUCT", 1)], "{\"lines\":[{\"sku\":\"a quite long value that goes on\"}]}"),
            detail("o.lines[].sku", 0.9999999, 0.0, &[], "größe"),
        ],
        strategies: Vec::new(),
        format: FormatSpec::new("csv").with_options(Options::from_pairs([("delimiter", ";"), ("header", "true")])),
        registered: None,
        found_options: vec!["delimiter".to_owned()],
        inference: None,
        sample: Vec::new(),
        evidence: None,
        schema,
    }
}

fn shown(screen: Screen) -> String {
    to_text(&resolved(), screen)
}

#[track_caller]
fn check(screen: Screen, expected: expect_test::Expect) {
    expected.assert_eq(&shown(screen));
}

#[test]
fn a_pipe_gets_plain_text_uncut() {
    check(
        PIPE,
        expect_test::expect![[r#"
            format csv (found: delimiter = ';'), 12,345 records sampled, fingerprint 4b65a5659b39aeae

            name         type                null  appears           confidence      seen                      first value
            id           BIGINT              no    ######## 100.0 %  ######## 0.999  BIGINT x 12,345           1
            at\u{1b}[2J  DATE                yes   ####....  50.0 %  #####... 0.600  DATE x 6,000, NULL x 345  2026-01-02
            o            STRUCT              yes   #.......  <0.1 %  ##...... 0.200  STRUCT x 1                {"lines":[{"sku":"a quite long value that goes on"}]}
              lines      STRUCT[]            yes
                []       STRUCT              yes
                  sku    VARCHAR             yes   ########  99.9 %  ........ 0.000                            größe
              m          MAP(VARCHAR, JSON)  yes
                {}       JSON                yes

            o.m{}
              warning: holds 1 at line 3 and "x\u{1b}[2J" at line 4
              warning: rare

            the whole sample
              warning: 2 records are unusable
        "#]],
    );
}

#[test]
fn a_terminal_gets_bars() {
    check(
        Screen { width: Some(120), unicode: true, colour: false },
        expect_test::expect![[r#"
            format csv (found: delimiter = ';'), 12,345 records sampled, fingerprint 4b65a5659b39aeae

            name         type                null  appears           confidence      seen                      first value
            id           BIGINT              no    ████████ 100.0 %  ████████ 0.999  BIGINT × 12,345           1
            at\u{1b}[2J  DATE                yes   ████      50.0 %  ████▊    0.600  DATE × 6,000, NULL × 345  2026-01-02
            o            STRUCT              yes   ▏         <0.1 %  █▋       0.200  STRUCT × 1                {"lines":[{"sku":"a …
              lines      STRUCT[]            yes
                []       STRUCT              yes
                  sku    VARCHAR             yes   ████████  99.9 %           0.000                            größe
              m          MAP(VARCHAR, JSON)  yes
                {}       JSON                yes

            o.m{}
              warning: holds 1 at line 3 and "x\u{1b}[2J" at line 4
              warning: rare

            the whole sample
              warning: 2 records are unusable
        "#]],
    );
}

#[test]
fn a_narrow_terminal_gets_numbers() {
    check(
        Screen { width: Some(80), unicode: true, colour: false },
        expect_test::expect![[r#"
            format csv (found: delimiter = ';'), 12,345 records sampled, fingerprint 4b65a5659b39aeae

            name         type          null  appears  confidence  seen          first value
            id           BIGINT        no    100.0 %  0.999       BIGINT × 12…  1
            at\u{1b}[2J  DATE          yes    50.0 %  0.600       DATE × 6,00…  2026-01-02
            o            STRUCT        yes    <0.1 %  0.200       STRUCT × 1    {"lines":[{…
              lines      STRUCT[]      yes
                []       STRUCT        yes
                  sku    VARCHAR       yes    99.9 %  0.000                     größe
              m          MAP(VARCHAR…  yes
                {}       JSON          yes

            o.m{}
              warning: holds 1 at line 3 and "x\u{1b}[2J" at line 4
              warning: rare

            the whole sample
              warning: 2 records are unusable
        "#]],
    );
}

#[test]
fn lines_of_the_table_fit() {
    for width in 14..200 {
        let text = shown(Screen { width: Some(width), unicode: true, colour: false });
        let table = text.split("\n\n").nth(1).unwrap();
        assert!(table.lines().all(|line| line.width() <= width), "{width}\n{table}");
    }
}

#[test]
fn escape_codes_are_colours_of_ours_and_nothing_else() {
    let coloured = shown(Screen { width: Some(120), unicode: true, colour: true });
    let plain = shown(Screen { width: Some(120), unicode: true, colour: false });
    assert!(!plain.contains('\x1b') && coloured.contains("\x1b[32m") && !coloured.contains("\x1b[2J"));
    let mut bare = coloured;
    for code in [0, 1, 2, 31, 32, 33] {
        bare = bare.replace(&format!("\x1b[{code}m"), "");
    }
    let trimmed = |text: &str| text.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(trimmed(&bare), trimmed(&plain));
}
