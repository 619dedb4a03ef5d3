//! Whole expansions against `tests/expand/*.rs`; `UPDATE_EXPECT=1 cargo test -p laminar-schema-derive` rewrites them.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::ctxt::Ctxt;

fn check(derive: fn(&Ctxt, &DeriveInput) -> TokenStream, input: &str, expected: ExpectFile) {
    let parsed = syn::parse_str(input).expect("the test's input is an item");
    let cx = Ctxt::default();
    let code = derive(&cx, &parsed);
    assert_eq!(cx.into_compile_errors().to_string(), "", "the test's input is correct");
    // The absolute paths are the same on every line, and hide the rest.
    let code = code.to_string().replace(":: laminar_schema :: __private ::", "p ::");
    let code = prettyplease::unparse(&syn::parse_str(&code).expect("the expansion is Rust"));
    let input: String = input.lines().map(|line| format!("// {}\n", line.trim_start())).collect();
    expected.assert_eq(&format!("{input}\n// p = ::laminar_schema::__private\n{code}"));
}

#[test]
fn a_source() {
    check(
        super::source,
        r#"/// Reads topics of a Kafka cluster.
        #[connector(name = "kafka", formats(json, avro))]
        #[capabilities(inferable(json), registry)]
        pub struct KafkaSource;"#,
        expect_file!["../../tests/expand/source.rs"],
    );
}

#[test]
fn a_generic_source() {
    check(
        super::source,
        r#"/// Reads topics of a Kafka cluster.
        #[connector(name = "kafka")]
        #[capabilities(inferable)]
        pub struct KafkaSource<D: DecoderSet = AnyDecoder>(D);"#,
        expect_file!["../../tests/expand/generic_source.rs"],
    );
}

#[test]
fn a_sink() {
    check(
        super::sink,
        r#"/// Writes topics of a Kafka cluster.
        #[connector(name = "kafka", formats(json))]
        #[capabilities(registry)]
        pub struct KafkaSink;"#,
        expect_file!["../../tests/expand/sink.rs"],
    );
}

#[test]
fn a_set_of_sources() {
    check(
        super::source,
        r#"#[connector(decoder = EngineDecoder)]
        pub enum EngineSource {
        Kafka(KafkaSource),
        #[connector(no_create)]
        Plugin(BoxSource<EngineDecoder>),
        }"#,
        expect_file!["../../tests/expand/source_set.rs"],
    );
}

#[test]
fn a_set_of_sinks() {
    check(
        super::sink,
        r#"pub enum EngineSink {
        Kafka(KafkaSink),
        File(FileSink),
        }"#,
        expect_file!["../../tests/expand/sink_set.rs"],
    );
}

#[test]
fn a_set_of_decoders() {
    check(
        super::decoder,
        r#"pub enum EngineDecoder {
        Builtin(AnyDecoder),
        Cbor(CborDecoder),
        }"#,
        expect_file!["../../tests/expand/decoder_set.rs"],
    );
}

#[test]
fn a_set_of_encoders() {
    check(
        super::encoder,
        r#"pub enum EngineEncoder {
        Builtin(AnyEncoder),
        Cbor(CborEncoder),
        }"#,
        expect_file!["../../tests/expand/encoder_set.rs"],
    );
}

#[test]
fn options() {
    check(
        super::config,
        r#"pub struct KafkaConfig {
        /// Brokers to connect to first
        #[config(alias = "bootstrap.servers")]
        brokers: Vec<String>,
        /// Records to fetch at most
        #[config(default = 500)]
        max_records: u64,
        /// Consumer group; none reads without one
        #[config(rename = "group.id")]
        group: Option<String>,
        /// Where to start
        #[config(parse = parse_start, default = "earliest", type_name = "earliest or latest")]
        start: Start,
        }"#,
        expect_file!["../../tests/expand/config.rs"],
    );
}
