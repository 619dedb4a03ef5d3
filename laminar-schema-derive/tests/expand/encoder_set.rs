// pub enum EngineEncoder {
// Builtin(AnyEncoder),
// Cbor(CborEncoder),
// }

// p = ::laminar_schema::__private
const _: () = {
    #[automatically_derived]
    impl p::FormatEncoder for EngineEncoder
    where
        AnyEncoder: p::EncoderSet,
        CborEncoder: p::EncoderSet,
    {
        #[inline]
        fn input_schema(&self) -> p::SchemaRef {
            match self {
                EngineEncoder::Builtin(__member) => {
                    p::FormatEncoder::input_schema(__member)
                }
                EngineEncoder::Cbor(__member) => p::FormatEncoder::input_schema(__member),
            }
        }
        #[inline]
        fn encode(
            &mut self,
            batch: &p::RecordBatch,
            out: &mut p::EncodedBatch,
        ) -> p::SchemaResult<()> {
            match self {
                EngineEncoder::Builtin(__member) => {
                    p::FormatEncoder::encode(__member, batch, out)
                }
                EngineEncoder::Cbor(__member) => {
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
                EngineEncoder::Builtin(__member) => {
                    p::FormatEncoder::encode_batch(__member, batch)
                }
                EngineEncoder::Cbor(__member) => {
                    p::FormatEncoder::encode_batch(__member, batch)
                }
            }
        }
        #[inline]
        fn prologue(&mut self) -> p::Vec<u8> {
            match self {
                EngineEncoder::Builtin(__member) => p::FormatEncoder::prologue(__member),
                EngineEncoder::Cbor(__member) => p::FormatEncoder::prologue(__member),
            }
        }
        #[inline]
        fn delimiter(&self) -> &'static [u8] {
            match self {
                EngineEncoder::Builtin(__member) => p::FormatEncoder::delimiter(__member),
                EngineEncoder::Cbor(__member) => p::FormatEncoder::delimiter(__member),
            }
        }
        #[inline]
        fn finish(&mut self) -> p::SchemaResult<p::Vec<u8>> {
            match self {
                EngineEncoder::Builtin(__member) => p::FormatEncoder::finish(__member),
                EngineEncoder::Cbor(__member) => p::FormatEncoder::finish(__member),
            }
        }
        #[inline]
        fn has_footer(&self) -> bool {
            match self {
                EngineEncoder::Builtin(__member) => {
                    p::FormatEncoder::has_footer(__member)
                }
                EngineEncoder::Cbor(__member) => p::FormatEncoder::has_footer(__member),
            }
        }
        #[inline]
        fn is_stateless(&self) -> bool {
            match self {
                EngineEncoder::Builtin(__member) => {
                    p::FormatEncoder::is_stateless(__member)
                }
                EngineEncoder::Cbor(__member) => p::FormatEncoder::is_stateless(__member),
            }
        }
        #[inline]
        fn format_name(&self) -> &'static str {
            match self {
                EngineEncoder::Builtin(__member) => {
                    p::FormatEncoder::format_name(__member)
                }
                EngineEncoder::Cbor(__member) => p::FormatEncoder::format_name(__member),
            }
        }
    }
    #[automatically_derived]
    impl p::EncoderSet for EngineEncoder
    where
        AnyEncoder: p::EncoderSet,
        CborEncoder: p::EncoderSet,
    {
        const FORMATS: &'static [&'static str] = const {
            &p::Words::union(
                &[
                    <AnyEncoder as p::EncoderSet>::FORMATS,
                    <CborEncoder as p::EncoderSet>::FORMATS,
                ],
            )
        }
            .as_slice();
        fn build(spec: &p::EncodeSpec) -> p::SchemaResult<p::Option<Self>> {
            if let p::Some(__found) = <AnyEncoder as p::EncoderSet>::build(spec)? {
                return p::Ok(p::Some(Self::Builtin(__found)));
            }
            if let p::Some(__found) = <CborEncoder as p::EncoderSet>::build(spec)? {
                return p::Ok(p::Some(Self::Cbor(__found)));
            }
            p::Ok(p::None)
        }
        fn format_info(format: &str) -> p::Option<p::FormatInfo> {
            if let p::Some(__found) = <AnyEncoder as p::EncoderSet>::format_info(
                format,
            ) {
                return p::Some(__found);
            }
            if let p::Some(__found) = <CborEncoder as p::EncoderSet>::format_info(
                format,
            ) {
                return p::Some(__found);
            }
            p::None
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<AnyEncoder> for EngineEncoder {
        fn from(__member: AnyEncoder) -> Self {
            Self::Builtin(__member)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<CborEncoder> for EngineEncoder {
        fn from(__member: CborEncoder) -> Self {
            Self::Cbor(__member)
        }
    }
    const __CHECKED: () = {
        #[allow(unused_imports)]
        use p::NotImplemented as _;
        p::require_distinct(
            &[p::Probe::<AnyEncoder>::ENCODES],
            p::Probe::<CborEncoder>::ENCODES,
            "Cbor",
        );
    };
};
