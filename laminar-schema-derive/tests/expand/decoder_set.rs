// pub enum EngineDecoder {
// Builtin(AnyDecoder),
// Cbor(CborDecoder),
// }

// p = ::laminar_schema::__private
const _: () = {
    #[automatically_derived]
    impl p::FormatDecoder for EngineDecoder
    where
        AnyDecoder: p::DecoderSet,
        CborDecoder: p::DecoderSet,
    {
        #[inline]
        fn output_schema(&self) -> p::SchemaRef {
            match self {
                EngineDecoder::Builtin(__member) => {
                    p::FormatDecoder::output_schema(__member)
                }
                EngineDecoder::Cbor(__member) => {
                    p::FormatDecoder::output_schema(__member)
                }
            }
        }
        #[inline]
        fn decode(&mut self, batch: &p::RawBatch) -> p::SchemaResult<p::Decoded> {
            match self {
                EngineDecoder::Builtin(__member) => {
                    p::FormatDecoder::decode(__member, batch)
                }
                EngineDecoder::Cbor(__member) => {
                    p::FormatDecoder::decode(__member, batch)
                }
            }
        }
        #[inline]
        fn decode_batch(
            &mut self,
            records: &[p::RawRecord],
        ) -> p::SchemaResult<p::RecordBatch> {
            match self {
                EngineDecoder::Builtin(__member) => {
                    p::FormatDecoder::decode_batch(__member, records)
                }
                EngineDecoder::Cbor(__member) => {
                    p::FormatDecoder::decode_batch(__member, records)
                }
            }
        }
        #[inline]
        fn decode_one(
            &mut self,
            record: &p::RawRecord,
        ) -> p::SchemaResult<p::RecordBatch> {
            match self {
                EngineDecoder::Builtin(__member) => {
                    p::FormatDecoder::decode_one(__member, record)
                }
                EngineDecoder::Cbor(__member) => {
                    p::FormatDecoder::decode_one(__member, record)
                }
            }
        }
        #[inline]
        fn format_name(&self) -> &'static str {
            match self {
                EngineDecoder::Builtin(__member) => {
                    p::FormatDecoder::format_name(__member)
                }
                EngineDecoder::Cbor(__member) => p::FormatDecoder::format_name(__member),
            }
        }
    }
    #[automatically_derived]
    impl p::DecoderSet for EngineDecoder
    where
        AnyDecoder: p::DecoderSet,
        CborDecoder: p::DecoderSet,
    {
        const FORMATS: &'static [&'static str] = const {
            &p::Words::union(
                &[
                    <AnyDecoder as p::DecoderSet>::FORMATS,
                    <CborDecoder as p::DecoderSet>::FORMATS,
                ],
            )
        }
            .as_slice();
        fn build(spec: &p::DecodeSpec) -> p::SchemaResult<p::Option<Self>> {
            if let p::Some(__found) = <AnyDecoder as p::DecoderSet>::build(spec)? {
                return p::Ok(p::Some(Self::Builtin(__found)));
            }
            if let p::Some(__found) = <CborDecoder as p::DecoderSet>::build(spec)? {
                return p::Ok(p::Some(Self::Cbor(__found)));
            }
            p::Ok(p::None)
        }
        fn inference(format: &str) -> p::Option<p::Box<dyn p::FormatInference>> {
            if let p::Some(__found) = <AnyDecoder as p::DecoderSet>::inference(format) {
                return p::Some(__found);
            }
            if let p::Some(__found) = <CborDecoder as p::DecoderSet>::inference(format) {
                return p::Some(__found);
            }
            p::None
        }
        fn framing(format: &p::FormatSpec) -> p::SchemaResult<p::Option<p::Framing>> {
            if let p::Some(__found) = <AnyDecoder as p::DecoderSet>::framing(format)? {
                return p::Ok(p::Some(__found));
            }
            if let p::Some(__found) = <CborDecoder as p::DecoderSet>::framing(format)? {
                return p::Ok(p::Some(__found));
            }
            p::Ok(p::None)
        }
        fn wrapping(format: &p::FormatSpec) -> p::SchemaResult<p::Option<p::Wrapping>> {
            if let p::Some(__found) = <AnyDecoder as p::DecoderSet>::wrapping(format)? {
                return p::Ok(p::Some(__found));
            }
            if let p::Some(__found) = <CborDecoder as p::DecoderSet>::wrapping(format)? {
                return p::Ok(p::Some(__found));
            }
            p::Ok(p::None)
        }
        fn wrapping_options(format: &str) -> p::Option<&'static [p::ConfigKey]> {
            if let p::Some(__found) = <AnyDecoder as p::DecoderSet>::wrapping_options(
                format,
            ) {
                return p::Some(__found);
            }
            if let p::Some(__found) = <CborDecoder as p::DecoderSet>::wrapping_options(
                format,
            ) {
                return p::Some(__found);
            }
            p::None
        }
        fn format_info(format: &str) -> p::Option<p::FormatInfo> {
            if let p::Some(__found) = <AnyDecoder as p::DecoderSet>::format_info(
                format,
            ) {
                return p::Some(__found);
            }
            if let p::Some(__found) = <CborDecoder as p::DecoderSet>::format_info(
                format,
            ) {
                return p::Some(__found);
            }
            p::None
        }
        fn describe(
            format: &p::FormatSpec,
            mut file: p::Option<&mut dyn p::FormatFile>,
        ) -> p::SchemaResult<p::Option<p::SelfDescription>> {
            let __lent = match &mut file {
                p::Some(__file) => p::Some(&mut **__file as &mut dyn p::FormatFile),
                p::None => p::None,
            };
            if let p::Some(__found) = <AnyDecoder as p::DecoderSet>::describe(
                format,
                __lent,
            )? {
                return p::Ok(p::Some(__found));
            }
            let __lent = match &mut file {
                p::Some(__file) => p::Some(&mut **__file as &mut dyn p::FormatFile),
                p::None => p::None,
            };
            if let p::Some(__found) = <CborDecoder as p::DecoderSet>::describe(
                format,
                __lent,
            )? {
                return p::Ok(p::Some(__found));
            }
            p::Ok(p::None)
        }
        fn open_columns(
            format: &p::FormatSpec,
            request: &p::ColumnsRequest<'_>,
            file: p::Box<dyn p::FormatFile>,
        ) -> p::SchemaResult<p::Option<p::Box<dyn p::ColumnsReader>>> {
            if <AnyDecoder as p::DecoderSet>::FORMATS.contains(&format.name.as_str()) {
                return <AnyDecoder as p::DecoderSet>::open_columns(
                    format,
                    request,
                    file,
                );
            }
            if <CborDecoder as p::DecoderSet>::FORMATS.contains(&format.name.as_str()) {
                return <CborDecoder as p::DecoderSet>::open_columns(
                    format,
                    request,
                    file,
                );
            }
            p::Ok(p::None)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<AnyDecoder> for EngineDecoder {
        fn from(__member: AnyDecoder) -> Self {
            Self::Builtin(__member)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<CborDecoder> for EngineDecoder {
        fn from(__member: CborDecoder) -> Self {
            Self::Cbor(__member)
        }
    }
    const __CHECKED: () = {
        #[allow(unused_imports)]
        use p::NotImplemented as _;
        p::require_distinct(
            &[p::Probe::<AnyDecoder>::DECODES],
            p::Probe::<CborDecoder>::DECODES,
            "Cbor",
        );
    };
};
