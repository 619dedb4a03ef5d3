//! A format whose records name their writer schema: four bytes of schema id, then UTF-8 text.
//!
//! A stand-in for Avro in Confluent framing, as far as the pipeline can tell: it stops at an id that it does not
//! know and asks for it.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, builder::StringBuilder};
use arrow_schema::SchemaRef;
use laminar_schema::{
    DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatInfo, RawBatch, Rejected, RowRecords,
    SchemaResult, config::ConnectorConfig as _, format::WriterSchemaId,
};

/// Decodes each record into one VARCHAR column: the text, behind the definition of its writer schema.
#[derive(Debug)]
pub struct FramedDecoder {
    schema: SchemaRef,
    known: Vec<(WriterSchemaId, String)>,
}

impl FormatDecoder for FramedDecoder {
    fn output_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut column = StringBuilder::new();
        let (mut rejected, mut rows) = (Vec::new(), Vec::new());
        let (mut consumed, mut needs) = (batch.len(), None);
        for index in 0..batch.len() {
            let Some((id, text)) = batch.value(index).split_first_chunk::<4>() else {
                let error = DecodeError::Syntax { reason: "expected four bytes of schema id".to_owned() };
                rejected.push(Rejected { record: index, error: error.into() });
                continue;
            };
            let id = WriterSchemaId::from(u32::from_be_bytes(*id));
            let Some((_, definition)) = self.known.iter().find(|(known, _)| *known == id) else {
                (consumed, needs) = (index, Some(id));
                break;
            };
            column.append_value(format!("{definition}:{}", String::from_utf8_lossy(text)));
            rows.push(index as u32);
        }
        let column = Arc::new(column.finish()) as Arc<dyn Array>;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), vec![column])?;
        Ok(Decoded { batch, rejected, rows: RowRecords::Indices(rows), consumed, needs })
    }

    fn format_name(&self) -> &'static str {
        "framed"
    }
}

impl DecoderSet for FramedDecoder {
    const FORMATS: &'static [&'static str] = &["framed"];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        let known = spec.writer_schemas.iter().map(|w| (w.id, String::from_utf8_lossy(&w.raw).into_owned())).collect();
        Ok((spec.format.name == "framed").then(|| Self { schema: Arc::clone(&spec.schema), known }))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == "framed").then_some(FormatInfo {
            name: "framed",
            options: <()>::config_schema(),
            doc: "Schema id and text; a stand-in for tests",
        })
    }
}
