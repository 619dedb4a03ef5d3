// pub enum EngineSink {
// Kafka(KafkaSink),
// File(FileSink),
// }

// p = ::laminar_schema::__private
///What belongs to one variant of [`EngineSink`]: its writer, its encoder, or its view of a capability.
#[allow(clippy::large_enum_variant)]
pub enum EngineSinkPart<__Kafka, __File> {
    ///Of [`EngineSink::Kafka`].
    Kafka(__Kafka),
    ///Of [`EngineSink::File`].
    File(__File),
}
const _: () = {
    #[automatically_derived]
    impl<__Kafka, __File> ::core::fmt::Debug for EngineSinkPart<__Kafka, __File> {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            __f.write_str(
                match self {
                    Self::Kafka(_) => "EngineSinkPart::Kafka",
                    Self::File(_) => "EngineSinkPart::File",
                },
            )
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<__Kafka: p::RecordSink, __File: p::RecordSink> p::RecordSink
    for EngineSinkPart<__Kafka, __File> {
        #[inline]
        async fn write(&mut self, batch: p::SinkBatch<'_>) -> p::SchemaResult<()> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::RecordSink::write(__member, batch).await
                }
                EngineSinkPart::File(__member) => {
                    p::RecordSink::write(__member, batch).await
                }
            }
        }
        #[inline]
        async fn prepare(
            &mut self,
            checkpoint: p::Checkpoint<'_>,
        ) -> p::SchemaResult<p::Prepared> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::RecordSink::prepare(__member, checkpoint).await
                }
                EngineSinkPart::File(__member) => {
                    p::RecordSink::prepare(__member, checkpoint).await
                }
            }
        }
        #[inline]
        async fn commit(&mut self, prepared: &p::Prepared) -> p::SchemaResult<()> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::RecordSink::commit(__member, prepared).await
                }
                EngineSinkPart::File(__member) => {
                    p::RecordSink::commit(__member, prepared).await
                }
            }
        }
        #[inline]
        async fn abort(&mut self) -> p::SchemaResult<()> {
            match self {
                EngineSinkPart::Kafka(__member) => p::RecordSink::abort(__member).await,
                EngineSinkPart::File(__member) => p::RecordSink::abort(__member).await,
            }
        }
        #[inline]
        async fn recover(
            &mut self,
            last: p::Option<&p::Prepared>,
        ) -> p::SchemaResult<()> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::RecordSink::recover(__member, last).await
                }
                EngineSinkPart::File(__member) => {
                    p::RecordSink::recover(__member, last).await
                }
            }
        }
        #[inline]
        async fn close(&mut self, epilogue: &[u8]) -> p::SchemaResult<()> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::RecordSink::close(__member, epilogue).await
                }
                EngineSinkPart::File(__member) => {
                    p::RecordSink::close(__member, epilogue).await
                }
            }
        }
        #[inline]
        fn measures(&self) -> p::Option<p::Measures> {
            match self {
                EngineSinkPart::Kafka(__member) => p::RecordSink::measures(__member),
                EngineSinkPart::File(__member) => p::RecordSink::measures(__member),
            }
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<
        __Kafka: p::SchemaRegistryAware,
        __File: p::SchemaRegistryAware,
    > p::SchemaRegistryAware for EngineSinkPart<__Kafka, __File> {
        #[inline]
        async fn fetch_schema(
            &self,
            config: &p::RegistryConfig,
        ) -> p::SchemaResult<p::RegisteredSchema> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaRegistryAware::fetch_schema(__member, config).await
                }
                EngineSinkPart::File(__member) => {
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
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaRegistryAware::fetch_schema_by_id(
                            __member,
                            config,
                            schema_id,
                        )
                        .await
                }
                EngineSinkPart::File(__member) => {
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
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaRegistryAware::check_compatibility(
                            __member,
                            config,
                            current,
                            proposed,
                        )
                        .await
                }
                EngineSinkPart::File(__member) => {
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
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaRegistryAware::register_schema(__member, config, schema)
                        .await
                }
                EngineSinkPart::File(__member) => {
                    p::SchemaRegistryAware::register_schema(__member, config, schema)
                        .await
                }
            }
        }
    }
    #[automatically_derived]
    #[diagnostic::do_not_recommend]
    impl<__Kafka: p::SchemaEvolvable, __File: p::SchemaEvolvable> p::SchemaEvolvable
    for EngineSinkPart<__Kafka, __File> {
        #[inline]
        fn diff_schemas(
            &self,
            current: &p::SchemaRef,
            proposed: &p::SchemaRef,
        ) -> p::Vec<p::SchemaChange> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaEvolvable::diff_schemas(__member, current, proposed)
                }
                EngineSinkPart::File(__member) => {
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
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaEvolvable::evaluate_evolution(
                        __member,
                        changes,
                        compatibility,
                    )
                }
                EngineSinkPart::File(__member) => {
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
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaEvolvable::apply_evolution(__member, current, changes)
                }
                EngineSinkPart::File(__member) => {
                    p::SchemaEvolvable::apply_evolution(__member, current, changes)
                }
            }
        }
        #[inline]
        fn follows(&self) -> bool {
            match self {
                EngineSinkPart::Kafka(__member) => p::SchemaEvolvable::follows(__member),
                EngineSinkPart::File(__member) => p::SchemaEvolvable::follows(__member),
            }
        }
        #[inline]
        fn schema_version(&self) -> u64 {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::SchemaEvolvable::schema_version(__member)
                }
                EngineSinkPart::File(__member) => {
                    p::SchemaEvolvable::schema_version(__member)
                }
            }
        }
    }
    #[automatically_derived]
    impl<__Kafka, __File> p::FormatEncoder for EngineSinkPart<__Kafka, __File>
    where
        __Kafka: p::EncoderSet,
        __File: p::EncoderSet,
    {
        #[inline]
        fn input_schema(&self) -> p::SchemaRef {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::FormatEncoder::input_schema(__member)
                }
                EngineSinkPart::File(__member) => {
                    p::FormatEncoder::input_schema(__member)
                }
            }
        }
        #[inline]
        fn encode(
            &mut self,
            batch: &p::RecordBatch,
            out: &mut p::EncodedBatch,
        ) -> p::SchemaResult<()> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::FormatEncoder::encode(__member, batch, out)
                }
                EngineSinkPart::File(__member) => {
                    p::FormatEncoder::encode(__member, batch, out)
                }
            }
        }
        #[inline]
        fn encode_batch(
            &mut self,
            batch: &p::RecordBatch,
        ) -> p::SchemaResult<p::Vec<p::Vec<u8>>> {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::FormatEncoder::encode_batch(__member, batch)
                }
                EngineSinkPart::File(__member) => {
                    p::FormatEncoder::encode_batch(__member, batch)
                }
            }
        }
        #[inline]
        fn prologue(&mut self) -> p::Vec<u8> {
            match self {
                EngineSinkPart::Kafka(__member) => p::FormatEncoder::prologue(__member),
                EngineSinkPart::File(__member) => p::FormatEncoder::prologue(__member),
            }
        }
        #[inline]
        fn delimiter(&self) -> &'static [u8] {
            match self {
                EngineSinkPart::Kafka(__member) => p::FormatEncoder::delimiter(__member),
                EngineSinkPart::File(__member) => p::FormatEncoder::delimiter(__member),
            }
        }
        #[inline]
        fn finish(&mut self) -> p::SchemaResult<p::Vec<u8>> {
            match self {
                EngineSinkPart::Kafka(__member) => p::FormatEncoder::finish(__member),
                EngineSinkPart::File(__member) => p::FormatEncoder::finish(__member),
            }
        }
        #[inline]
        fn has_footer(&self) -> bool {
            match self {
                EngineSinkPart::Kafka(__member) => p::FormatEncoder::has_footer(__member),
                EngineSinkPart::File(__member) => p::FormatEncoder::has_footer(__member),
            }
        }
        #[inline]
        fn is_stateless(&self) -> bool {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::FormatEncoder::is_stateless(__member)
                }
                EngineSinkPart::File(__member) => {
                    p::FormatEncoder::is_stateless(__member)
                }
            }
        }
        #[inline]
        fn format_name(&self) -> &'static str {
            match self {
                EngineSinkPart::Kafka(__member) => {
                    p::FormatEncoder::format_name(__member)
                }
                EngineSinkPart::File(__member) => p::FormatEncoder::format_name(__member),
            }
        }
    }
    #[automatically_derived]
    impl<__Kafka, __File> p::EncoderSet for EngineSinkPart<__Kafka, __File>
    where
        __Kafka: p::EncoderSet,
        __File: p::EncoderSet,
    {
        const FORMATS: &'static [&'static str] = const {
            &p::Words::union(
                &[
                    <__Kafka as p::EncoderSet>::FORMATS,
                    <__File as p::EncoderSet>::FORMATS,
                ],
            )
        }
            .as_slice();
        fn build(spec: &p::EncodeSpec) -> p::SchemaResult<p::Option<Self>> {
            if let p::Some(__found) = <__Kafka as p::EncoderSet>::build(spec)? {
                return p::Ok(p::Some(Self::Kafka(__found)));
            }
            if let p::Some(__found) = <__File as p::EncoderSet>::build(spec)? {
                return p::Ok(p::Some(Self::File(__found)));
            }
            p::Ok(p::None)
        }
        fn format_info(format: &str) -> p::Option<p::FormatInfo> {
            if let p::Some(__found) = <__Kafka as p::EncoderSet>::format_info(format) {
                return p::Some(__found);
            }
            if let p::Some(__found) = <__File as p::EncoderSet>::format_info(format) {
                return p::Some(__found);
            }
            p::None
        }
    }
    #[automatically_derived]
    impl p::Sink for EngineSink
    where
        KafkaSink: p::SinkFromConfig,
        FileSink: p::SinkFromConfig,
    {
        type Encoder = EngineSinkPart<
            <KafkaSink as p::Sink>::Encoder,
            <FileSink as p::Sink>::Encoder,
        >;
        type Writer = EngineSinkPart<
            <KafkaSink as p::Sink>::Writer,
            <FileSink as p::Sink>::Writer,
        >;
        const TAKES_COLUMNS: bool = true && <KafkaSink as p::Sink>::TAKES_COLUMNS
            && <FileSink as p::Sink>::TAKES_COLUMNS;
        #[inline]
        fn takes_columns(&self) -> bool {
            match self {
                EngineSink::Kafka(__member) => p::Sink::takes_columns(__member),
                EngineSink::File(__member) => p::Sink::takes_columns(__member),
            }
        }
        #[inline]
        fn value_schema(&self, schema: &p::SchemaRef) -> p::SchemaResult<p::SchemaRef> {
            match self {
                EngineSink::Kafka(__member) => p::Sink::value_schema(__member, schema),
                EngineSink::File(__member) => p::Sink::value_schema(__member, schema),
            }
        }
        #[inline]
        async fn validate(&self) -> p::SchemaResult<()> {
            match self {
                EngineSink::Kafka(__member) => p::Sink::validate(__member).await,
                EngineSink::File(__member) => p::Sink::validate(__member).await,
            }
        }
        #[inline]
        fn build_encoder(&self, spec: &p::EncodeSpec) -> p::SchemaResult<Self::Encoder> {
            match self {
                EngineSink::Kafka(__member) => {
                    p::Sink::build_encoder(__member, spec).map(EngineSinkPart::Kafka)
                }
                EngineSink::File(__member) => {
                    p::Sink::build_encoder(__member, spec).map(EngineSinkPart::File)
                }
            }
        }
        #[inline]
        async fn start(&self, spec: &p::EncodeSpec) -> p::SchemaResult<Self::Writer> {
            match self {
                EngineSink::Kafka(__member) => {
                    p::Sink::start(__member, spec).await.map(EngineSinkPart::Kafka)
                }
                EngineSink::File(__member) => {
                    p::Sink::start(__member, spec).await.map(EngineSinkPart::File)
                }
            }
        }
    }
    #[automatically_derived]
    impl p::SinkConnector for EngineSink
    where
        KafkaSink: p::SinkFromConfig,
        FileSink: p::SinkFromConfig,
    {
        const CAPABILITIES: p::Capabilities = p::Capabilities::NONE
            .union(<KafkaSink as p::SinkConnector>::CAPABILITIES)
            .union(<FileSink as p::SinkConnector>::CAPABILITIES);
        const CAPABILITIES_ALL: p::Capabilities = p::Capabilities::ALL
            .intersection(<KafkaSink as p::SinkConnector>::CAPABILITIES_ALL)
            .intersection(<FileSink as p::SinkConnector>::CAPABILITIES_ALL);
        #[inline]
        fn info(&self) -> p::ConnectorInfo {
            match self {
                EngineSink::Kafka(__member) => p::SinkConnector::info(__member),
                EngineSink::File(__member) => p::SinkConnector::info(__member),
            }
        }
        type Registry<'a> = EngineSinkPart<
            <KafkaSink as p::SinkConnector>::Registry<'a>,
            <FileSink as p::SinkConnector>::Registry<'a>,
        >;
        #[inline]
        fn as_schema_registry_aware(&self) -> p::Option<Self::Registry<'_>> {
            match self {
                EngineSink::Kafka(__member) => {
                    p::SinkConnector::as_schema_registry_aware(__member)
                        .map(EngineSinkPart::Kafka)
                }
                EngineSink::File(__member) => {
                    p::SinkConnector::as_schema_registry_aware(__member)
                        .map(EngineSinkPart::File)
                }
            }
        }
        type Evolvable<'a> = EngineSinkPart<
            <KafkaSink as p::SinkConnector>::Evolvable<'a>,
            <FileSink as p::SinkConnector>::Evolvable<'a>,
        >;
        #[inline]
        fn as_schema_evolvable(&self) -> p::Option<Self::Evolvable<'_>> {
            match self {
                EngineSink::Kafka(__member) => {
                    p::SinkConnector::as_schema_evolvable(__member)
                        .map(EngineSinkPart::Kafka)
                }
                EngineSink::File(__member) => {
                    p::SinkConnector::as_schema_evolvable(__member)
                        .map(EngineSinkPart::File)
                }
            }
        }
    }
    #[automatically_derived]
    impl p::SinkSet for EngineSink
    where
        KafkaSink: p::SinkFromConfig,
        FileSink: p::SinkFromConfig,
    {
        const MEMBERS: &'static [p::ConnectorInfo] = &[
            <KafkaSink as p::StaticConnector>::INFO,
            <FileSink as p::StaticConnector>::INFO,
        ];
        fn create(__name: &str, __config: &p::SinkConfig) -> p::SchemaResult<Self> {
            if __name.eq_ignore_ascii_case(<KafkaSink as p::StaticConnector>::INFO.name)
            {
                return p::create_sink::<KafkaSink>(__config).map(Self::Kafka);
            }
            if __name.eq_ignore_ascii_case(<FileSink as p::StaticConnector>::INFO.name) {
                return p::create_sink::<FileSink>(__config).map(Self::File);
            }
            p::Err(p::unknown_connector("sink", __name, <Self as p::SinkSet>::MEMBERS))
        }
        fn config_schema(__name: &str) -> p::Option<p::ConnectorConfigSchema> {
            if __name.eq_ignore_ascii_case(<KafkaSink as p::StaticConnector>::INFO.name)
            {
                return p::Some(p::sink_config_schema::<KafkaSink>());
            }
            if __name.eq_ignore_ascii_case(<FileSink as p::StaticConnector>::INFO.name) {
                return p::Some(p::sink_config_schema::<FileSink>());
            }
            p::None
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<KafkaSink> for EngineSink {
        fn from(__member: KafkaSink) -> Self {
            Self::Kafka(__member)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<FileSink> for EngineSink {
        fn from(__member: FileSink) -> Self {
            Self::File(__member)
        }
    }
    const __CHECKED: () = {
        #[allow(unused_imports)]
        use p::NotImplemented as _;
        p::require_new_name(
            &[p::Probe::<KafkaSink>::INFO],
            p::Probe::<FileSink>::INFO,
            "File",
        );
    };
};
