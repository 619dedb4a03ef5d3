// /// Reads topics of a Kafka cluster.
// #[connector(name = "kafka")]
// #[capabilities(inferable)]
// pub struct KafkaSource<D: DecoderSet = AnyDecoder>(D);

// p = ::laminar_schema::__private
const _: () = {
    #[automatically_derived]
    impl<D: DecoderSet> p::StaticConnector for KafkaSource<D>
    where
        KafkaSource<D>: p::Source,
    {
        const INFO: p::ConnectorInfo = p::ConnectorInfo {
            name: "kafka",
            formats: p::source_formats::<Self>(),
            capabilities: p::Capabilities::NONE.with(p::Capability::Inferable),
            capability_formats: [&[], p::source_formats::<Self>(), &[], &[]],
            doc: "Reads topics of a Kafka cluster.",
        };
    }
    #[automatically_derived]
    impl<D: DecoderSet> p::SourceConnector for KafkaSource<D>
    where
        KafkaSource<D>: p::Source,
        KafkaSource<D>: p::SchemaInferable,
    {
        const CAPABILITIES: p::Capabilities = p::Capabilities::NONE
            .with(p::Capability::Inferable);
        const CAPABILITIES_ALL: p::Capabilities = p::Capabilities::NONE
            .with(p::Capability::Inferable);
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
        type Registry<'a> = p::Absent where Self: 'a;
        #[inline(always)]
        fn as_schema_registry_aware(&self) -> p::Option<Self::Registry<'_>> {
            p::None
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
        ::core::assert!(
            ! p::Probe:: < KafkaSource > ::PROVIDER,
            "`KafkaSource` implements `SchemaProvider` but does not declare it\nhelp: add `provider` to `#[capabilities(…)]`, or remove the impl"
        );
        ::core::assert!(
            p::Probe:: < KafkaSource > ::INFERABLE,
            "`KafkaSource` declares `inferable` but does not implement `SchemaInferable`\nhelp: write `impl SchemaInferable for KafkaSource`, or remove `inferable`"
        );
        ::core::assert!(
            ! p::Probe:: < KafkaSource > ::REGISTRY,
            "`KafkaSource` implements `SchemaRegistryAware` but does not declare it\nhelp: add `registry` to `#[capabilities(…)]`, or remove the impl"
        );
        ::core::assert!(
            ! p::Probe:: < KafkaSource > ::EVOLVABLE,
            "`KafkaSource` implements `SchemaEvolvable` but does not declare it\nhelp: add `evolvable` to `#[capabilities(…)]`, or remove the impl"
        );
    };
};
