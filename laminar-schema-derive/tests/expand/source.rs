// /// Reads topics of a Kafka cluster.
// #[connector(name = "kafka", formats(json, avro))]
// #[capabilities(inferable(json), registry)]
// pub struct KafkaSource;

// p = ::laminar_schema::__private
const _: () = {
    #[automatically_derived]
    impl p::StaticConnector for KafkaSource
    where
        KafkaSource: p::Source,
    {
        const INFO: p::ConnectorInfo = p::ConnectorInfo {
            name: "kafka",
            formats: &["json", "avro"],
            capabilities: p::Capabilities::NONE
                .with(p::Capability::Inferable)
                .with(p::Capability::Registry),
            capability_formats: [&[], &["json"], &["json", "avro"], &[]],
            doc: "Reads topics of a Kafka cluster.",
        };
    }
    #[automatically_derived]
    impl p::SourceConnector for KafkaSource
    where
        KafkaSource: p::Source,
    {
        const CAPABILITIES: p::Capabilities = p::Capabilities::NONE
            .with(p::Capability::Inferable)
            .with(p::Capability::Registry);
        const CAPABILITIES_ALL: p::Capabilities = p::Capabilities::NONE
            .with(p::Capability::Inferable)
            .with(p::Capability::Registry);
        type Provider<'a> = p::Absent where Self: 'a;
        #[inline(always)]
        fn as_schema_provider(&self) -> p::Option<Self::Provider<'_>> {
            p::None
        }
        type Inferable<'a> = &'a Self where Self: 'a;
        #[inline(always)]
        fn as_schema_inferable(&self) -> p::Option<Self::Inferable<'_>> {
            p::Some(self)
        }
        type Registry<'a> = &'a Self where Self: 'a;
        #[inline(always)]
        fn as_schema_registry_aware(&self) -> p::Option<Self::Registry<'_>> {
            p::Some(self)
        }
        type Evolvable<'a> = p::Absent where Self: 'a;
        #[inline(always)]
        fn as_schema_evolvable(&self) -> p::Option<Self::Evolvable<'_>> {
            p::None
        }
        fn info(&self) -> p::ConnectorInfo {
            <Self as p::StaticConnector>::INFO
        }
    }
    const __CHECKED: () = {
        #[allow(unused_imports)]
        use p::NotImplemented as _;
        p::require_format(p::Probe::<KafkaSource>::SOURCE_FORMATS, "json");
        p::require_format(p::Probe::<KafkaSource>::SOURCE_FORMATS, "avro");
        ::core::assert!(
            ! p::Probe:: < KafkaSource > ::PROVIDER,
            "`KafkaSource` implements `SchemaProvider` but does not declare it\nhelp: add `provider` to `#[capabilities(…)]`, or remove the impl"
        );
        ::core::assert!(
            ! p::Probe:: < KafkaSource > ::EVOLVABLE,
            "`KafkaSource` implements `SchemaEvolvable` but does not declare it\nhelp: add `evolvable` to `#[capabilities(…)]`, or remove the impl"
        );
    };
};
