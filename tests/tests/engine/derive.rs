//! What the derives write, from outside: capabilities, creation by name, dispatch, and options.

use std::time::Duration;

use laminar_schema::{
    BoxSink, BoxSource, Capabilities, Capability, ConnectorConfig, DecoderSet, EncoderSet, FormatDecoder,
    FormatEncoder, FormatSpec, Framing, InferenceConfig, Options, SchemaEvolvable, SchemaInferable, SchemaResult,
    Secret, SinkConfig, SinkConnector, SinkSet, Source, SourceConfig, SourceConnector, SourceFromConfig, SourceSet,
    SourceVisitor, StaticConnector,
};
use laminar_tests::{
    bare::{BareDecoder, BareEncoder, BareStream, RawDecoder},
    bare_sink,
    capable::{PlainSource, SampledSource},
};

/// Generic over its decoders, as published connectors are.
///
/// Not in the description.
#[derive(Debug, SourceConnector)]
#[connector(name = "generic")]
#[capabilities(inferable(csv))]
struct GenericSource<D: DecoderSet = BareDecoder> {
    marker: std::marker::PhantomData<fn() -> D>,
}

impl<D: DecoderSet> Source for GenericSource<D> {
    type Decoder = D;
    type Stream = BareStream;
    async fn start(&self, _: Option<&laminar_schema::Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

impl<D: DecoderSet> SourceFromConfig for GenericSource<D> {
    type Config = GenericConfig;
    fn from_config(_: GenericConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Ok(Self { marker: std::marker::PhantomData })
    }
}

impl<D: DecoderSet> SchemaInferable for GenericSource<D> {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<laminar_schema::RawRecord>> {
        Ok(vec![laminar_schema::RawRecord::new("a,b")])
    }
}

#[derive(Debug, ConnectorConfig)]
struct GenericConfig {
    /// Where it reads from
    #[config(alias = "bootstrap.servers")]
    #[allow(dead_code)]
    path: String,
}

/// Follows schema changes as everybody may: there is nothing to write.
#[derive(Debug, SourceConnector)]
#[connector(name = "following")]
#[capabilities(evolvable)]
struct FollowingSource;

impl Source for FollowingSource {
    type Decoder = BareDecoder;
    type Stream = BareStream;
    async fn start(&self, _: Option<&laminar_schema::Positions>) -> SchemaResult<BareStream> {
        Ok(BareStream)
    }
}

impl SourceFromConfig for FollowingSource {
    type Config = GenericConfig;
    fn from_config(_: GenericConfig, _: &SourceConfig) -> SchemaResult<Self> {
        Ok(Self)
    }
}

impl SchemaEvolvable for FollowingSource {}

#[derive(Debug, FormatDecoder)]
enum EngineDecoder {
    Bare(BareDecoder),
    Raw(RawDecoder),
}

#[derive(Debug, FormatEncoder)]
enum EngineEncoder {
    Bare(BareEncoder),
}

#[derive(Debug, SourceConnector)]
#[connector(decoder = EngineDecoder)]
enum EngineSource {
    Plain(PlainSource),
    Sampled(SampledSource),
    Generic(GenericSource<EngineDecoder>),
    #[connector(no_create)]
    Plugin(BoxSource<EngineDecoder>),
}

#[derive(Debug, SourceConnector)]
enum CompanionSource {
    Plain(PlainSource),
    Generic(GenericSource<RawDecoder>),
    Sampled(SampledSource),
}

#[derive(Debug, Default, SinkConnector)]
#[connector(name = "drop", formats(json))]
struct DropSink;
bare_sink!(DropSink);

#[derive(Debug, SinkConnector)]
#[connector(encoder = EngineEncoder)]
enum EngineSink {
    Drop(DropSink),
    #[connector(no_create)]
    Plugin(BoxSink<EngineEncoder>),
}

#[derive(Debug, SinkConnector)]
enum CompanionSink {
    Drop(DropSink),
}

fn create(name: &str) -> SchemaResult<EngineSource> {
    let options = Options::from_pairs([("path", "p")].into_iter().filter(|_| name == "generic"));
    EngineSource::create(name, &SourceConfig { options, format: FormatSpec::new("json") })
}

#[test]
fn a_struct_describes_itself() {
    let info = PlainSource::INFO;
    assert_eq!((info.name, info.doc, info.formats), ("plain", "Can do nothing but read.", &["json", "csv"][..]));
    assert_eq!(info.capabilities, Capabilities::NONE);
    assert_eq!(SampledSource::INFO.formats, ["json", "csv"]);
    assert!(SampledSource::INFO.supports(Capability::Inferable, "json"));
    assert!(!SampledSource::INFO.supports(Capability::Inferable, "csv"));
}

#[test]
fn a_generic_struct_takes_the_formats_of_its_set() {
    let info = GenericSource::<EngineDecoder>::INFO;
    assert_eq!(info.doc, "Generic over its decoders, as published connectors are.");
    assert_eq!(info.formats, ["json", "csv", "raw"]);
    assert_eq!(info.formats_of(Capability::Inferable), ["csv"]);
    assert_eq!(info.formats_of(Capability::Provider), [""; 0]);
}

#[test]
fn an_enum_answers_for_its_variant() -> SchemaResult<()> {
    let check = |name: &str, inferable: bool| -> SchemaResult<()> {
        let source = create(name)?;
        assert_eq!(source.connector_type(), name);
        assert_eq!(source.as_schema_inferable().is_some(), inferable, "{name}");
        assert!(source.as_schema_provider().is_none(), "{name}");
        let boxed = EngineSource::from(BoxSource::new(source));
        assert_eq!(boxed.as_schema_inferable().is_some(), inferable, "{name} as a plugin");
        Ok(())
    };
    check("plain", false)?;
    check("sampled", true)?;
    check("generic", true)?;
    assert_eq!(EngineSource::CAPABILITIES, Capabilities::ALL, "a plugin may have any");
    assert_eq!(CompanionSource::CAPABILITIES, Capabilities::of(Capability::Inferable));
    assert_eq!(CompanionSource::CAPABILITIES_ALL, Capabilities::NONE);
    Ok(())
}

#[tokio::test]
async fn a_view_asks_its_variant() -> SchemaResult<()> {
    let source = create("generic")?;
    let view = source.as_schema_inferable().into_iter().next();
    let records = match view {
        Some(view) => view.sample_records(&InferenceConfig::default()).await?,
        None => Vec::new(),
    };
    assert_eq!(records.len(), 1);
    Ok(())
}

#[test]
fn a_name_finds_its_variant_and_options() {
    let names: Vec<&str> = EngineSource::MEMBERS.iter().map(|m| m.name).collect();
    assert_eq!(names, ["plain", "sampled", "generic"]);
    let keys = EngineSource::config_schema("GENERIC").map(|s| s.keys[0].key);
    assert_eq!(keys, Some("path"));
    assert!(EngineSource::config_schema("nowhere").is_none());
    let error = create("sampledd").map(|_| ()).map_err(|e| e.to_string());
    assert!(matches!(&error, Err(e) if e.contains("did you mean `sampled`")), "{error:?}");
    let missing = EngineSource::create("generic", &SourceConfig::default()).map(|_| ()).map_err(|e| e.to_string());
    assert!(matches!(&missing, Err(e) if e.contains("path")), "{missing:?}");
}

#[test]
fn dispatch_hands_over_the_concrete_source() -> SchemaResult<()> {
    struct TypeName;
    impl SourceVisitor for TypeName {
        type Output = &'static str;
        fn visit<S: SourceConnector>(self, _: S) -> &'static str {
            std::any::type_name::<S>()
        }
    }
    assert!(create("plain")?.dispatch(TypeName).ends_with("PlainSource"));
    Ok(())
}

#[test]
fn a_decoder_set_asks_the_member_with_the_format() -> SchemaResult<()> {
    assert_eq!(EngineDecoder::FORMATS, ["json", "csv", "raw"]);
    assert_eq!(EngineDecoder::framing(&FormatSpec::new("raw"))?, Some(Framing::Whole));
    assert_eq!(EngineDecoder::framing(&FormatSpec::new("json"))?, Some(Framing::Lines));
    assert_eq!(EngineDecoder::framing(&FormatSpec::new("avro"))?, None);
    assert_eq!(EngineDecoder::format_info("raw").map(|i| i.name), Some("raw"));
    assert_eq!(EngineEncoder::FORMATS, ["json", "csv"]);
    Ok(())
}

#[test]
fn a_companion_set_lists_each_format_once() {
    assert_eq!(<CompanionSource as Source>::Decoder::FORMATS, ["json", "csv", "raw"]);
    assert_eq!(<CompanionSink as laminar_schema::Sink>::Encoder::FORMATS, ["json", "csv"]);
}

#[tokio::test]
async fn sinks_are_made_by_name_too() -> SchemaResult<()> {
    let sink = EngineSink::create("drop", &SinkConfig::default())?;
    assert_eq!((sink.connector_type(), EngineSink::MEMBERS.len()), ("drop", 1));
    assert!(sink.as_schema_evolvable().is_none());
    let plugin = EngineSink::from(BoxSink::new(sink));
    assert_eq!(plugin.connector_type(), "drop");
    assert_eq!(CompanionSink::from(DropSink).connector_type(), "drop");
    let spec = laminar_schema::EncodeSpec::new(arrow_schema::Schema::empty().into(), FormatSpec::new("json"));
    let writer = laminar_schema::Sink::start(&plugin, &spec).await?;
    assert_eq!(format!("{writer:?}"), "EngineSinkPart::Plugin");
    Ok(())
}

#[derive(Debug, ConnectorConfig)]
struct EveryOption {
    /// A number
    #[config(default = 10)]
    count: u64,
    /// A negative number
    #[config(default = -1)]
    offset: i64,
    /// A time
    #[config(default = "500ms")]
    wait: Duration,
    /// May be absent
    #[config(rename = "group.id", alias = "group")]
    group: Option<String>,
    /// A password
    password: Option<Secret>,
    /// Read by hand
    #[config(parse = parse_pair, default = "1:2", type_name = "two numbers")]
    pair: (u8, u8),
    /// Hidden although read by hand
    #[config(parse = parse_secret)]
    token: Option<Secret>,
}

fn parse_pair(text: &str) -> Result<(u8, u8), String> {
    let (a, b) = text.split_once(':').ok_or("the colon is missing")?;
    Ok((a.parse().map_err(|_| "no number")?, b.parse().map_err(|_| "no number")?))
}

fn parse_secret(text: &str) -> Result<Secret, String> {
    Err(format!("refused {text}"))
}

#[test]
fn options_are_read_by_type() -> SchemaResult<()> {
    let config = EveryOption::from_options(&Options::from_pairs([("GROUP", "g"), ("offset", "-7")]))?;
    assert_eq!((config.count, config.offset, config.wait), (10, -7, Duration::from_millis(500)));
    assert_eq!((config.group.as_deref(), config.pair), (Some("g"), (1, 2)));
    assert!(config.password.is_none() && config.token.is_none());
    Ok(())
}

#[test]
fn options_report_every_mistake() {
    let check = |pairs: &[(&str, &str)], expected: &str| {
        let result = EveryOption::from_options(&Options::from_pairs(pairs.iter().copied()));
        assert_eq!(result.map(|_| ()).map_err(|e| e.to_string()), Err(expected.to_owned()));
    };
    check(
        &[("count", "x"), ("cuont", "1")],
        "unknown option `cuont`; did you mean `count`?; \
         option `count` = 'x': expected integer from 0: invalid digit found in string",
    );
    check(&[("group", "a"), ("group.id", "b")], "option `group.id` is also given as `group`; keep one of them");
    check(&[("pair", "1")], "option `pair` = '1': expected two numbers: the colon is missing");
    check(&[("token", "hunter2")], "option `token` = '***': expected secret text");
}

#[test]
fn an_evolvable_source_has_nothing_to_write() {
    use arrow_schema::{DataType, Field, Schema};
    use laminar_schema::{CompatibilityMode, EvolutionVerdict};
    let schema = |t| std::sync::Arc::new(Schema::new(vec![Field::new("qty", t, true)]));
    let (current, proposed) = (schema(DataType::Int32), schema(DataType::Int64));
    let source = FollowingSource;
    let Some(evolvable) = source.as_schema_evolvable() else { panic!("it is declared") };
    let changes = evolvable.diff_schemas(&current, &proposed);
    let verdict = evolvable.evaluate_evolution(&changes, CompatibilityMode::Backward);
    assert_eq!(verdict, EvolutionVerdict::Compatible(changes.clone()));
    assert_eq!(evolvable.apply_evolution(&current, &changes).expect("a wider type").0, proposed);
}
