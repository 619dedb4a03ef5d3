//! Inference as a test sees it: run in every order, proven, and printed.

use laminar_schema::{
    DecoderSet, FormatInferenceRegistry, FormatSpec, InferenceConfig, InferredSchema, Options, RawRecord, SchemaError,
    inference::prove,
};

/// Records without a place, from their texts.
pub fn records<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Vec<RawRecord> {
    texts.into_iter().map(|text| RawRecord::new(text.as_ref())).collect()
}

/// A configuration with options of the format.
pub fn with_options(config: InferenceConfig, options: &[(&str, &str)]) -> InferenceConfig {
    InferenceConfig { format_options: Options::from_pairs(options.iter().copied()), ..config }
}

/// Infers, and checks what must hold for every sample: no order of the records behind the first `fixed` changes the
/// answer, and the schema decodes what inference could use.
///
/// # Errors
/// What inference says; every order must say the same.
pub fn infer_in_every_order<D: DecoderSet>(
    format: &str,
    samples: &[RawRecord],
    fixed: usize,
    config: &InferenceConfig,
) -> Result<InferredSchema, SchemaError> {
    let inferences = FormatInferenceRegistry::of::<D>();
    let inferred = inferences.infer(format, samples, config);
    for seed in 1..=4 {
        let other = inferences.infer(format, &shuffled(samples, fixed, seed), config);
        match (&inferred, &other) {
            (Ok(a), Ok(b)) => assert_eq!(a, b, "the order of the records matters, seed {seed}"),
            (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string()),
            _ => panic!("the order of the records decides whether there is a schema: {inferred:?}, {other:?}"),
        }
    }
    let inferred = inferred?;
    let spec = FormatSpec::new(format).with_options(config.format_options.clone());
    let unusable = inferred.warnings.iter().any(|w| w.message.contains("are unusable"));
    let proof = prove::<D>(&inferred.schema, samples, &spec)?;
    assert!(proof.is_empty() || unusable, "{proof:?}\n{}", show(&inferred));
    Ok(inferred)
}

/// The same records in another order, all behind the first `fixed`. The seed is what a failure prints.
pub fn shuffled(samples: &[RawRecord], fixed: usize, seed: u64) -> Vec<RawRecord> {
    let mut order = samples.to_vec();
    let mut state = seed;
    for i in (fixed + 1..order.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The state's low bits repeat early, so the high ones choose.
        let below = (i - fixed + 1) as u64;
        order.swap(i, fixed + ((state >> 33) % below) as usize);
    }
    order
}

/// `path TYPE rate` per field with the kinds seen, then the warnings.
pub fn show(inferred: &InferredSchema) -> String {
    let mut out = String::new();
    for detail in &inferred.field_details {
        let seen: Vec<String> = detail.observed_types.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let rate = detail.appearance_rate;
        out += &format!("{} {} {rate:.2} [{}]\n", detail.field_name, detail.sql_type, seen.join(", "));
    }
    for warning in &inferred.warnings {
        out += &format!("{warning}\n");
    }
    out
}

/// The outcome as text, whichever it is.
pub fn show_outcome(outcome: &Result<InferredSchema, SchemaError>) -> String {
    match outcome {
        Ok(inferred) => show(inferred),
        Err(e) => format!("{e}\n"),
    }
}
