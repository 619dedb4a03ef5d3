// /// Writes topics of a Kafka cluster.
// #[connector(name = "kafka", formats(json))]
// #[capabilities(registry)]
// pub struct KafkaSink;

// p = ::laminar_schema::__private
const _: () = {
    #[automatically_derived]
    impl p::StaticConnector for KafkaSink
    where
        KafkaSink: p::Sink,
    {
        const INFO: p::ConnectorInfo = p::ConnectorInfo {
            name: "kafka",
            formats: &["json"],
            capabilities: p::Capabilities::NONE.with(p::Capability::Registry),
            capability_formats: [&[], &[], &["json"], &[]],
            doc: "Writes topics of a Kafka cluster.",
        };
    }
    #[automatically_derived]
    impl p::SinkConnector for KafkaSink
    where
        KafkaSink: p::Sink,
    {
        const CAPABILITIES: p::Capabilities = p::Capabilities::NONE
            .with(p::Capability::Registry);
        const CAPABILITIES_ALL: p::Capabilities = p::Capabilities::NONE
            .with(p::Capability::Registry);
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
        p::require_format(p::Probe::<KafkaSink>::SINK_FORMATS, "json");
        ::core::assert!(
            ! p::Probe:: < KafkaSink > ::EVOLVABLE,
            "`KafkaSink` implements `SchemaEvolvable` but does not declare it\nhelp: add `evolvable` to `#[capabilities(…)]`, or remove the impl"
        );
    };
};
