//! The derive macros of laminar-schema: `SourceConnector`, `SinkConnector`, `FormatDecoder`, `FormatEncoder` and
//! `ConnectorConfig`. Use them through `laminar_schema`, which re-exports them beside the traits they implement.
//!
//! They keep no state from one invocation to the next, and do not depend on the order of expansion: what several
//! types have to agree on (formats, names, capabilities) is compared in constants of the generated code.
#![forbid(unsafe_code)]

mod attr;
mod check;
mod ctxt;
mod expand;
mod model;

use proc_macro::TokenStream;

/// Adds capabilities to a source, or makes a source of an enum of sources.
///
/// On a struct that implements `Source`:
///
/// ```text
/// /// Reads topics of a Kafka cluster.
/// #[derive(Debug, SourceConnector)]
/// #[connector(name = "kafka", formats(json, avro))]
/// #[capabilities(inferable(json), registry)]
/// struct KafkaSource<D: DecoderSet = AnyDecoder> { … }
/// ```
///
/// - `name = "…"` is what SQL calls it; the first paragraph of the doc comment describes it.
/// - `formats(…)` are the formats it accepts; without it, all of its decoder set; `formats()` means that it has its
///   own columns and needs none. Each word is looked up in `<Self as Source>::Decoder::FORMATS`.
/// - `#[capabilities(…)]` lists `provider`, `inferable`, `registry` and `evolvable`, as far as the source has them;
///   `inferable(json)` limits one to formats. Each needs its trait: `SchemaProvider`, `SchemaInferable`,
///   `SchemaRegistryAware`, `SchemaEvolvable`. A trait that is implemented and not declared is an error too.
/// - `crate = "…"` is the path of laminar-schema, where it is not `::laminar_schema`.
///
/// What a generic source has depends on its parameters. The impls are written for those parameters with which it is a
/// `Source` and has the capabilities it declares. When every parameter has a default, all of the above is checked for
/// the defaults; formats are looked up again for each type that the source is used with, when its code is generated
/// (`cargo build`, not `cargo check`). Without defaults, a capability that is implemented and not declared goes
/// unnoticed.
///
/// On an enum whose variants hold one source each:
///
/// ```text
/// #[derive(Debug, SourceConnector)]
/// #[connector(decoder = EngineDecoder)]
/// enum EngineSource {
///     File(FileSource),
///     Kafka(KafkaSource),
///     #[connector(no_create)]
///     Plugin(BoxSource<EngineDecoder>),
/// }
/// ```
///
/// This writes `Source`, `SourceConnector`, `SourceSet` and a `From` per variant, and beside them one enum,
/// `EngineSourcePart<…>`: what belongs to one variant, be it the running stream, or the view of a capability. A variant
/// without the capability holds `Absent` there, which takes neither space nor code. Every variant's decoder turns
/// `Into` the one that `decoder = …` names; without it, decoders are an `EngineSourcePart<…>` too. Two connectors of
/// one name, and a format that the named set lacks, are errors.
///
/// `no_create` keeps a variant out of `SourceSet::create`: its sources are made elsewhere, as a
/// `ConnectorRegistry` makes plugins.
#[proc_macro_derive(SourceConnector, attributes(connector, capabilities))]
pub fn source_connector(input: TokenStream) -> TokenStream {
    expand::derive(input.into(), expand::source).into()
}

/// Adds capabilities to a sink, or makes a sink of an enum of sinks.
///
/// As `SourceConnector`, with `Sink` for `Source`, `encoder` for `decoder`, `Writer` for `Stream`, and two
/// capabilities: `registry` and `evolvable`.
#[proc_macro_derive(SinkConnector, attributes(connector, capabilities))]
pub fn sink_connector(input: TokenStream) -> TokenStream {
    expand::derive(input.into(), expand::sink).into()
}

/// Makes a decoder and a set of decoders of an enum of decoder sets.
///
/// ```text
/// #[derive(Debug, FormatDecoder)]
/// enum EngineDecoder {
///     Builtin(AnyDecoder),
///     Cbor(CborDecoder),
/// }
/// ```
///
/// Each variant holds a `DecoderSet`: one format's decoder, or a set itself, from any crate. This writes
/// `FormatDecoder`, `DecoderSet` and a `From` per variant. A format that two variants can decode is an error.
/// `#[format(crate = "…")]` is the path of laminar-schema, where it is not `::laminar_schema`.
#[proc_macro_derive(FormatDecoder, attributes(format))]
pub fn format_decoder(input: TokenStream) -> TokenStream {
    expand::derive(input.into(), expand::decoder).into()
}

/// Makes an encoder and a set of encoders of an enum of encoder sets. As `FormatDecoder`.
#[proc_macro_derive(FormatEncoder, attributes(format))]
pub fn format_encoder(input: TokenStream) -> TokenStream {
    expand::derive(input.into(), expand::encoder).into()
}

/// Reads the options of a connector or format into the fields of a struct.
///
/// ```text
/// #[derive(Debug, ConnectorConfig)]
/// struct KafkaConfig {
///     /// Brokers to connect to first
///     #[config(alias = "bootstrap.servers")]
///     brokers: Vec<String>,
///     /// How long to wait for records
///     #[config(default = "500ms")]
///     poll_timeout: Duration,
///     /// Consumer group; none reads without one
///     #[config(rename = "group.id")]
///     group: Option<String>,
/// }
/// ```
///
/// A field is an option of the same name, and its doc comment is the help text, which is mandatory. An option is
/// required unless its field is an `Option` or has a default. In `#[config(…)]`:
///
/// - `default = …`: a number, `true`, `false` or a character where the field is one, which the compiler checks; for
///   all other types, text that is read as a user's would be, each time the option is absent.
/// - `rename = "…"`: its name; `alias = "…"`, any number of them: other names.
/// - `parse = path`: a function `fn(&str) -> Result<T, String>` in place of `FromConfigValue`, where the field is a
///   `T` or an `Option<T>`.
/// - `type_name = "…"`: what a value looks like, in words; needed with `parse` where the type cannot say.
/// - `secret`: its value is never shown. Fields of type `Secret` are secret anyway.
/// - `required`: says what is so anyway, for readers.
///
/// On the struct, `#[config(crate = "…")]` is the path of laminar-schema, where it is not `::laminar_schema`.
#[proc_macro_derive(ConnectorConfig, attributes(config))]
pub fn connector_config(input: TokenStream) -> TokenStream {
    expand::derive(input.into(), expand::config).into()
}
