// #[connector(decoder = EngineDecoder)]
// pub enum EngineSource {
// Kafka(KafkaSource),
// #[connector(no_create)]
// Plugin(BoxSource<EngineDecoder>),
// }

// p = ::laminar_schema::__private
///What belongs to one variant of [`EngineSource`]: its stream, its decoder, or its view of a capability.
#[allow(clippy::large_enum_variant)]
pub enum EngineSourcePart<__Kafka, __Plugin> {
    ///Of [`EngineSource::Kafka`].
    Kafka(__Kafka),
    ///Of [`EngineSource::Plugin`].
    Plugin(__Plugin),
}
const _: () = {
    #[automatically_derived]
    impl<__Kafka, __Plugin> ::core::fmt::Debug for EngineSourcePart<__Kafka, __Plugin> {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            __f.write_str(
                match self {
                    Self::Kafka(_) => "EngineSourcePart::Kafka",
                    Self::Plugin(_) => "EngineSourcePart::Plugin",
                },
            )
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<__Kafka: p::RecordStream, __Plugin: p::RecordStream> p::RecordStream
    for EngineSourcePart<__Kafka, __Plugin> {
        #[inline]
        async fn next(
            &mut self,
            out: &mut p::SourceBatch,
            max: usize,
        ) -> p::SchemaResult<usize> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::RecordStream::next(__member, out, max).await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::RecordStream::next(__member, out, max).await
                }
            }
        }
        #[inline]
        async fn commit(&mut self, upto: &p::Positions) -> p::SchemaResult<()> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::RecordStream::commit(__member, upto).await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::RecordStream::commit(__member, upto).await
                }
            }
        }
        #[inline]
        fn wants_commit(&self) -> bool {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::RecordStream::wants_commit(__member)
                }
                EngineSourcePart::Plugin(__member) => {
                    p::RecordStream::wants_commit(__member)
                }
            }
        }
        #[inline]
        fn measures(&self) -> p::Option<p::Measures> {
            match self {
                EngineSourcePart::Kafka(__member) => p::RecordStream::measures(__member),
                EngineSourcePart::Plugin(__member) => p::RecordStream::measures(__member),
            }
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<__Kafka: p::SchemaProvider, __Plugin: p::SchemaProvider> p::SchemaProvider
    for EngineSourcePart<__Kafka, __Plugin> {
        #[inline]
        async fn provide_schema(&self) -> p::SchemaResult<p::SchemaRef> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaProvider::provide_schema(__member).await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaProvider::provide_schema(__member).await
                }
            }
        }
        #[inline]
        fn is_authoritative(&self) -> bool {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaProvider::is_authoritative(__member)
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaProvider::is_authoritative(__member)
                }
            }
        }
        #[inline]
        async fn field_metadata(
            &self,
        ) -> p::SchemaResult<p::HashMap<p::String, p::FieldMeta>> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaProvider::field_metadata(__member).await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaProvider::field_metadata(__member).await
                }
            }
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<__Kafka: p::SchemaInferable, __Plugin: p::SchemaInferable> p::SchemaInferable
    for EngineSourcePart<__Kafka, __Plugin> {
        #[inline]
        async fn sample_records(
            &self,
            config: &p::InferenceConfig,
        ) -> p::SchemaResult<p::Vec<p::RawRecord>> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaInferable::sample_records(__member, config).await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaInferable::sample_records(__member, config).await
                }
            }
        }
        #[inline]
        async fn sample_head(
            &self,
            config: &p::InferenceConfig,
        ) -> p::SchemaResult<p::Option<p::StreamHead>> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaInferable::sample_head(__member, config).await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaInferable::sample_head(__member, config).await
                }
            }
        }
        #[inline]
        async fn infer_from_samples(
            &self,
            samples: &[p::RawRecord],
            format: &str,
            config: &p::InferenceConfig,
            formats: &p::FormatInferenceRegistry,
        ) -> p::SchemaResult<p::InferredSchema> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaInferable::infer_from_samples(
                            __member,
                            samples,
                            format,
                            config,
                            formats,
                        )
                        .await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaInferable::infer_from_samples(
                            __member,
                            samples,
                            format,
                            config,
                            formats,
                        )
                        .await
                }
            }
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<
        __Kafka: p::SchemaRegistryAware,
        __Plugin: p::SchemaRegistryAware,
    > p::SchemaRegistryAware for EngineSourcePart<__Kafka, __Plugin> {
        #[inline]
        async fn fetch_schema(
            &self,
            config: &p::RegistryConfig,
        ) -> p::SchemaResult<p::RegisteredSchema> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaRegistryAware::fetch_schema(__member, config).await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaRegistryAware::fetch_schema(__member, config).await
                }
            }
        }
        #[inline]
        async fn fetch_schema_by_id(
            &self,
            config: &p::RegistryConfig,
            schema_id: p::WriterSchemaId,
        ) -> p::SchemaResult<p::RegisteredSchema> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaRegistryAware::fetch_schema_by_id(
                            __member,
                            config,
                            schema_id,
                        )
                        .await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaRegistryAware::fetch_schema_by_id(
                            __member,
                            config,
                            schema_id,
                        )
                        .await
                }
            }
        }
        #[inline]
        async fn check_compatibility(
            &self,
            config: &p::RegistryConfig,
            current: &p::RegisteredSchema,
            proposed: &p::SchemaRef,
        ) -> p::SchemaResult<bool> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaRegistryAware::check_compatibility(
                            __member,
                            config,
                            current,
                            proposed,
                        )
                        .await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaRegistryAware::check_compatibility(
                            __member,
                            config,
                            current,
                            proposed,
                        )
                        .await
                }
            }
        }
        #[inline]
        async fn register_schema(
            &self,
            config: &p::RegistryConfig,
            schema: &p::SchemaRef,
        ) -> p::SchemaResult<p::RegisteredSchema> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaRegistryAware::register_schema(__member, config, schema)
                        .await
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaRegistryAware::register_schema(__member, config, schema)
                        .await
                }
            }
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<__Kafka: p::SchemaEvolvable, __Plugin: p::SchemaEvolvable> p::SchemaEvolvable
    for EngineSourcePart<__Kafka, __Plugin> {
        #[inline]
        fn diff_schemas(
            &self,
            current: &p::SchemaRef,
            proposed: &p::SchemaRef,
        ) -> p::Vec<p::SchemaChange> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaEvolvable::diff_schemas(__member, current, proposed)
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaEvolvable::diff_schemas(__member, current, proposed)
                }
            }
        }
        #[inline]
        fn evaluate_evolution(
            &self,
            changes: &[p::SchemaChange],
            compatibility: p::CompatibilityMode,
        ) -> p::EvolutionVerdict {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaEvolvable::evaluate_evolution(
                        __member,
                        changes,
                        compatibility,
                    )
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaEvolvable::evaluate_evolution(
                        __member,
                        changes,
                        compatibility,
                    )
                }
            }
        }
        #[inline]
        fn apply_evolution(
            &self,
            current: &p::SchemaRef,
            changes: &[p::SchemaChange],
        ) -> p::SchemaResult<(p::SchemaRef, p::ColumnProjection)> {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaEvolvable::apply_evolution(__member, current, changes)
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaEvolvable::apply_evolution(__member, current, changes)
                }
            }
        }
        #[inline]
        fn follows(&self) -> bool {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaEvolvable::follows(__member)
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaEvolvable::follows(__member)
                }
            }
        }
        #[inline]
        fn schema_version(&self) -> u64 {
            match self {
                EngineSourcePart::Kafka(__member) => {
                    p::SchemaEvolvable::schema_version(__member)
                }
                EngineSourcePart::Plugin(__member) => {
                    p::SchemaEvolvable::schema_version(__member)
                }
            }
        }
    }
    #[automatically_derived]
    impl p::Source for EngineSource
    where
        KafkaSource: p::SourceFromConfig,
        BoxSource<EngineDecoder>: p::SourceConnector,
        EngineDecoder: p::DecoderSet,
        EngineDecoder: p::FromCodec<<KafkaSource as p::Source>::Decoder>,
        EngineDecoder: p::FromCodec<<BoxSource<EngineDecoder> as p::Source>::Decoder>,
    {
        type Decoder = EngineDecoder;
        type Stream = EngineSourcePart<
            <KafkaSource as p::Source>::Stream,
            <BoxSource<EngineDecoder> as p::Source>::Stream,
        >;
        #[inline]
        fn is_bounded(&self) -> bool {
            match self {
                EngineSource::Kafka(__member) => p::Source::is_bounded(__member),
                EngineSource::Plugin(__member) => p::Source::is_bounded(__member),
            }
        }
        #[inline]
        fn with_format(self, format: &p::FormatSpec) -> p::SchemaResult<Self> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::Source::with_format(__member, format).map(EngineSource::Kafka)
                }
                EngineSource::Plugin(__member) => {
                    p::Source::with_format(__member, format).map(EngineSource::Plugin)
                }
            }
        }
        #[inline]
        fn with_scan(self, scan: &p::Scan) -> p::SchemaResult<Self> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::Source::with_scan(__member, scan).map(EngineSource::Kafka)
                }
                EngineSource::Plugin(__member) => {
                    p::Source::with_scan(__member, scan).map(EngineSource::Plugin)
                }
            }
        }
        #[inline]
        async fn validate(&self) -> p::SchemaResult<()> {
            match self {
                EngineSource::Kafka(__member) => p::Source::validate(__member).await,
                EngineSource::Plugin(__member) => p::Source::validate(__member).await,
            }
        }
        #[inline]
        fn build_decoder(&self, spec: &p::DecodeSpec) -> p::SchemaResult<Self::Decoder> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::Source::build_decoder(__member, spec)
                        .map(p::FromCodec::from_codec)
                }
                EngineSource::Plugin(__member) => {
                    p::Source::build_decoder(__member, spec)
                        .map(p::FromCodec::from_codec)
                }
            }
        }
        #[inline]
        async fn start(
            &self,
            from: p::Option<&p::Positions>,
        ) -> p::SchemaResult<Self::Stream> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::Source::start(__member, from).await.map(EngineSourcePart::Kafka)
                }
                EngineSource::Plugin(__member) => {
                    p::Source::start(__member, from).await.map(EngineSourcePart::Plugin)
                }
            }
        }
    }
    #[automatically_derived]
    impl p::SourceConnector for EngineSource
    where
        KafkaSource: p::SourceFromConfig,
        BoxSource<EngineDecoder>: p::SourceConnector,
        EngineDecoder: p::DecoderSet,
        EngineDecoder: p::FromCodec<<KafkaSource as p::Source>::Decoder>,
        EngineDecoder: p::FromCodec<<BoxSource<EngineDecoder> as p::Source>::Decoder>,
    {
        const CAPABILITIES: p::Capabilities = p::Capabilities::NONE
            .union(<KafkaSource as p::SourceConnector>::CAPABILITIES)
            .union(<BoxSource<EngineDecoder> as p::SourceConnector>::CAPABILITIES);
        const CAPABILITIES_ALL: p::Capabilities = p::Capabilities::ALL
            .intersection(<KafkaSource as p::SourceConnector>::CAPABILITIES_ALL)
            .intersection(
                <BoxSource<EngineDecoder> as p::SourceConnector>::CAPABILITIES_ALL,
            );
        #[inline]
        fn info(&self) -> p::ConnectorInfo {
            match self {
                EngineSource::Kafka(__member) => p::SourceConnector::info(__member),
                EngineSource::Plugin(__member) => p::SourceConnector::info(__member),
            }
        }
        type Provider<'a> = EngineSourcePart<
            <KafkaSource as p::SourceConnector>::Provider<'a>,
            <BoxSource<EngineDecoder> as p::SourceConnector>::Provider<'a>,
        >;
        #[inline]
        fn as_schema_provider(&self) -> p::Option<Self::Provider<'_>> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::SourceConnector::as_schema_provider(__member)
                        .map(EngineSourcePart::Kafka)
                }
                EngineSource::Plugin(__member) => {
                    p::SourceConnector::as_schema_provider(__member)
                        .map(EngineSourcePart::Plugin)
                }
            }
        }
        type Inferable<'a> = EngineSourcePart<
            <KafkaSource as p::SourceConnector>::Inferable<'a>,
            <BoxSource<EngineDecoder> as p::SourceConnector>::Inferable<'a>,
        >;
        #[inline]
        fn as_schema_inferable(&self) -> p::Option<Self::Inferable<'_>> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::SourceConnector::as_schema_inferable(__member)
                        .map(EngineSourcePart::Kafka)
                }
                EngineSource::Plugin(__member) => {
                    p::SourceConnector::as_schema_inferable(__member)
                        .map(EngineSourcePart::Plugin)
                }
            }
        }
        type Registry<'a> = EngineSourcePart<
            <KafkaSource as p::SourceConnector>::Registry<'a>,
            <BoxSource<EngineDecoder> as p::SourceConnector>::Registry<'a>,
        >;
        #[inline]
        fn as_schema_registry_aware(&self) -> p::Option<Self::Registry<'_>> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::SourceConnector::as_schema_registry_aware(__member)
                        .map(EngineSourcePart::Kafka)
                }
                EngineSource::Plugin(__member) => {
                    p::SourceConnector::as_schema_registry_aware(__member)
                        .map(EngineSourcePart::Plugin)
                }
            }
        }
        type Evolvable<'a> = EngineSourcePart<
            <KafkaSource as p::SourceConnector>::Evolvable<'a>,
            <BoxSource<EngineDecoder> as p::SourceConnector>::Evolvable<'a>,
        >;
        #[inline]
        fn as_schema_evolvable(&self) -> p::Option<Self::Evolvable<'_>> {
            match self {
                EngineSource::Kafka(__member) => {
                    p::SourceConnector::as_schema_evolvable(__member)
                        .map(EngineSourcePart::Kafka)
                }
                EngineSource::Plugin(__member) => {
                    p::SourceConnector::as_schema_evolvable(__member)
                        .map(EngineSourcePart::Plugin)
                }
            }
        }
    }
    #[automatically_derived]
    impl p::SourceSet for EngineSource
    where
        KafkaSource: p::SourceFromConfig,
        BoxSource<EngineDecoder>: p::SourceConnector,
        EngineDecoder: p::DecoderSet,
        EngineDecoder: p::FromCodec<<KafkaSource as p::Source>::Decoder>,
        EngineDecoder: p::FromCodec<<BoxSource<EngineDecoder> as p::Source>::Decoder>,
    {
        const MEMBERS: &'static [p::ConnectorInfo] = &[
            <KafkaSource as p::StaticConnector>::INFO,
        ];
        fn create(__name: &str, __config: &p::SourceConfig) -> p::SchemaResult<Self> {
            if __name
                .eq_ignore_ascii_case(<KafkaSource as p::StaticConnector>::INFO.name)
            {
                return p::create_source::<KafkaSource>(__config).map(Self::Kafka);
            }
            p::Err(
                p::unknown_connector("source", __name, <Self as p::SourceSet>::MEMBERS),
            )
        }
        fn config_schema(__name: &str) -> p::Option<p::ConnectorConfigSchema> {
            if __name
                .eq_ignore_ascii_case(<KafkaSource as p::StaticConnector>::INFO.name)
            {
                return p::Some(p::source_config_schema::<KafkaSource>());
            }
            p::None
        }
        fn dispatch<__V: p::SourceVisitor>(self, __visitor: __V) -> __V::Output {
            match self {
                Self::Kafka(__member) => __visitor.visit(__member),
                Self::Plugin(__member) => __visitor.visit(__member),
            }
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<KafkaSource> for EngineSource {
        fn from(__member: KafkaSource) -> Self {
            Self::Kafka(__member)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<BoxSource<EngineDecoder>> for EngineSource {
        fn from(__member: BoxSource<EngineDecoder>) -> Self {
            Self::Plugin(__member)
        }
    }
    const __CHECKED: () = {
        #[allow(unused_imports)]
        use p::NotImplemented as _;
        p::require_covered(
            p::Probe::<EngineDecoder>::DECODES,
            p::Probe::<KafkaSource>::INFO,
            "Kafka",
        );
    };
};
