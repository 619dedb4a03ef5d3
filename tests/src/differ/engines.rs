//! Every engine that this machine can run, side by side over the same records.

use arrow_array::Array;
use arrow_schema::SchemaRef;
use laminar_formats::json::{JsonDecoder, JsonEngine, JsonOptions};
use laminar_schema::{Decoded, ErrorKind, FormatDecoder, RawBatch, SchemaResult};

/// A decoder of each engine that tries every record, and the one that everybody gets, all of the same schema and
/// options.
#[derive(Debug)]
pub struct Engines {
    decoders: Vec<JsonDecoder>,
}

impl Engines {
    /// Decoders that have seen nothing yet.
    ///
    /// # Errors
    /// The schema or the options are refused, as every engine must refuse them.
    ///
    /// # Panics
    /// When the engines disagree about that.
    pub fn new(schema: &SchemaRef, options: &JsonOptions) -> SchemaResult<Self> {
        let build = |engine| JsonDecoder::with_engine(SchemaRef::clone(schema), options, engine);
        let mut built: Vec<SchemaResult<JsonDecoder>> =
            JsonEngine::available().map(|engine| build(engine).map(JsonDecoder::eager)).collect();
        built.push(build(JsonEngine::best()));
        let refused = built.iter().filter(|d| d.is_err()).count();
        assert!(refused == 0 || refused == built.len(), "engines disagree about {schema} with {options:?}: {built:?}");
        if refused > 0 {
            return Err(built.swap_remove(0).err().unwrap_or_else(|| unreachable!("all were refused")));
        }
        Ok(Self { decoders: built.into_iter().flatten().collect() })
    }

    /// Decodes the records with every engine and returns what the first one made of them.
    ///
    /// # Errors
    /// How another engine differs from it: in its rows, in the records they come from, in what it rejects, or in an
    /// error's kind, fields and place.
    ///
    /// # Panics
    /// When an engine fails altogether, which it must not whatever the records are.
    pub fn decode(&mut self, batch: &RawBatch) -> Result<Decoded, String> {
        let mut first: Option<(JsonEngine, Decoded)> = None;
        for decoder in &mut self.decoders {
            let engine = decoder.engine();
            let decoded = decoder.decode(batch).unwrap_or_else(|e| panic!("{engine:?} gives up: {e}"));
            match &first {
                None => first = Some((engine, decoded)),
                Some((expected_of, expected)) => {
                    difference(expected, &decoded).map_err(|e| format!("{expected_of:?} and {engine:?}: {e}"))?;
                }
            }
        }
        Ok(first.unwrap_or_else(|| unreachable!("there is always the tape")).1)
    }
}

/// Whether two outcomes are the same; decided on data, so that it costs little where they are.
///
/// # Errors
/// How they differ.
pub fn difference(a: &Decoded, b: &Decoded) -> Result<(), String> {
    if (a.consumed, &a.needs) != (b.consumed, &b.needs) {
        return Err(format!("consumed {} and {}", a.consumed, b.consumed));
    }
    for (x, y) in a.rejected.iter().zip(&b.rejected) {
        let kinds = (x.error.kind(), y.error.kind());
        let same = matches!(kinds, (ErrorKind::Decode(x), ErrorKind::Decode(y)) if x == y);
        if x.record != y.record || !same || x.error.location() != y.error.location() {
            return Err(format!("rejected #{} {} and #{} {}", x.record, x.error, y.record, y.error));
        }
    }
    if a.rejected.len() != b.rejected.len() {
        let extra = a.rejected.get(b.rejected.len()).or_else(|| b.rejected.get(a.rejected.len()));
        let extra = extra.map(|r| format!("#{} {}", r.record, r.error)).unwrap_or_default();
        return Err(format!(
            "rejected {} and {} records, one of them alone {extra}",
            a.rejected.len(),
            b.rejected.len()
        ));
    }
    if a.rows != b.rows {
        return Err(format!("rows {:?} and {:?}", a.rows, b.rows));
    }
    if a.batch == b.batch {
        return Ok(());
    }
    for ((field, x), y) in a.batch.schema().fields().iter().zip(a.batch.columns()).zip(b.batch.columns()) {
        let row = (0..x.len().min(y.len())).find(|row| x.slice(*row, 1) != y.slice(*row, 1));
        if let Some(row) = row {
            let (x, y, record) = (x.slice(row, 1), y.slice(row, 1), a.rows.record_of(row));
            return Err(format!("record #{record} column {}: {x:?} and {y:?}", field.name()));
        }
    }
    Err("the batches differ".to_owned())
}
