//! Durations: a text is an INTERVAL in every format alike, exactly where the decoder reads it, and is written back as the same span.

use arrow_schema::{DataType, IntervalUnit};
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{
    DecodeSpec, DecoderSet, EncodeSpec, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec, InferenceConfig,
    RawRecord, inference::sample_batch,
};
use laminar_tests::inferred::{infer_in_every_order, records};

/// Records of one column `d`, in each format; CSV's have a header.
fn samples(texts: &[&str]) -> [(&'static str, Vec<RawRecord>); 3] {
    let json = texts.iter().map(|text| format!("{{\"d\":\"{text}\"}}").into_bytes());
    let csv = ["d"].iter().chain(texts).map(|text| (*text).as_bytes().to_vec());
    let msgpack = texts.iter().map(|text| {
        let mut out = Vec::new();
        let row = rmpv::Value::Map(vec![("d".into(), (*text).into())]);
        rmpv::encode::write_value(&mut out, &row).unwrap();
        out
    });
    [("json", records(json)), ("csv", records(csv)), ("msgpack", records(msgpack))]
}

fn check(texts: &[&str], is_interval: bool) {
    let expected = if is_interval { DataType::Interval(IntervalUnit::MonthDayNano) } else { DataType::Utf8 };
    for (format, samples) in samples(texts) {
        let header = usize::from(format == "csv");
        let inferred =
            infer_in_every_order::<AnyDecoder>(format, &samples, header, &InferenceConfig::default()).unwrap();
        assert_eq!(inferred.schema.field(0).data_type(), &expected, "{format} {texts:?}");

        let spec = FormatSpec::new(format);
        let mut decoder = AnyDecoder::build(&DecodeSpec::new(inferred.schema.clone(), spec.clone())).unwrap().unwrap();
        let framing = AnyDecoder::framing(&spec).unwrap();
        let decoded = decoder.decode(&sample_batch(&samples, framing.as_ref())).unwrap();
        assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (texts.len(), 0), "{format} {texts:?}");
        let mut encoder = AnyEncoder::build(&EncodeSpec::new(inferred.schema, spec)).unwrap().unwrap();
        let written = records(encoder.encode_batch(&decoded.batch).unwrap());
        let again: Vec<RawRecord> = samples[..header].iter().chain(&written).cloned().collect();
        let again = decoder.decode(&sample_batch(&again, framing.as_ref())).unwrap();
        assert_eq!(again.batch, decoded.batch, "{format} {texts:?}");
    }
}

#[test]
fn durations_are_intervals() {
    check(&["PT5M", "P1DT2H", "P1Y2M", "-PT1.5S", "PT0.000000001S"], true);
    check(&["P2147483647M1D", "PT2562047H", "P1Y-2M", "P1W2D"], true);
    // Months, days or nanoseconds that no INTERVAL holds.
    check(&["PT5M", "P2147483648M1D"], false);
    check(&["PT5M", "PT2562048H"], false);
    check(&["PT5M", "PT0.0000000001S"], false);
}

#[test]
fn what_is_a_code_as_often_is_none() {
    check(&["P1D", "P2D"], false);
    check(&["PT5M", "P1D"], false);
    check(&["P", "PT"], false);
    check(&["PT5M", "PT5M30"], false);
    check(&["PT5M", "-"], false);
    // Nor with a date or a time beside it.
    check(&["PT5M", "2024-01-01"], false);
}
