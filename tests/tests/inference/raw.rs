//! Raw samples → the one schema they have, and the closed set of inferences.

use expect_test::{Expect, expect};
use laminar_formats::{AnyDecoder, infer::AnyInference};
use laminar_schema::{DecoderSet, FormatInference, InferenceConfig, RawRecord};
use laminar_tests::inferred::{infer_in_every_order, show_outcome};

fn check(samples: &[RawRecord], expected: Expect) {
    let outcome = infer_in_every_order::<AnyDecoder>("raw", samples, 0, &InferenceConfig::default());
    expected.assert_eq(&show_outcome(&outcome));
}

#[test]
fn bytes_are_one_blob() {
    check(
        &[RawRecord::new("text"), RawRecord::new([0xff])],
        expect![[r#"
        value BLOB 1.00 [1 BLOB, 1 VARCHAR]
    "#]],
    );
    check(
        &[RawRecord::new("text"), RawRecord::new("")],
        expect![[r#"
        value BLOB 1.00 [2 VARCHAR]
        info: field value: all 2 samples are UTF-8 text; declare the column VARCHAR to read it as such
    "#]],
    );
    check(
        &[],
        expect![[r#"
        expected records to sample, found none within 5s; declare the columns, raise `sample_timeout`, or wait for data
    "#]],
    );
}

#[test]
fn every_format_has_the_inference_of_its_name() {
    // Those of Avro and Parquet say what they are, and are not sampled.
    let sampled = AnyDecoder::FORMATS.iter().filter(|format| !["avro", "parquet"].contains(format));
    for format in sampled {
        let by_name = AnyInference::of(format).map(|i| i.format_name().to_owned());
        let of_set = AnyDecoder::inference(format).map(|i| i.format_name().to_owned());
        assert_eq!((by_name.as_deref(), of_set.as_deref()), (Some(*format), Some(*format)));
    }
    assert!(AnyDecoder::inference("avro").is_none());
}
