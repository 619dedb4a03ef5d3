//! Rows that cannot be written.

use laminar_schema::{EncodeSpec, EncodedBatch, FormatEncoder as _, RecordSink as _, Sink as _, SinkBatch};

use super::{SinkHarness, make};
use crate::verdict::{Failed, Passed, Verdict};

/// A row that the sink or its format cannot write leads to an error that names its number and its column.
pub async fn names_row_and_column<H: SinkHarness>(harness: H) -> Verdict {
    let Some(unwritable) = harness.unwritable() else {
        return Passed::does_not_apply("the harness names no row that cannot be written");
    };
    let place = harness.place().await;
    let failed = |e: laminar_schema::SchemaError| Failed::new("a sink", e.to_string(), "correct the harness");
    let sink = make::<H>(&place.config).map_err(failed)?;
    let spec = EncodeSpec::new(unwritable.batch.schema(), place.config.format.clone());
    let written = async {
        if sink.takes_columns() {
            let mut writer = sink.start(&spec).await?;
            writer.recover(None).await?;
            return writer.write(SinkBatch::Columns(&unwritable.batch)).await;
        }
        sink.build_encoder(&spec)?.encode(&unwritable.batch, &mut EncodedBatch::new())
    };
    let expected = format!("an error that names row {} and column {}", unwritable.row, unwritable.column);
    let help = "add the place to the error: `.in_field(column)` and `.at(Location { row, .. })`";
    match written.await {
        Ok(()) => Err(Failed::new(expected, "rows that were written", help)),
        Err(e) => {
            let names_row = e.location().row == Some(unwritable.row);
            let names_column = e.to_string().contains(unwritable.column);
            if names_row && names_column {
                Ok(Passed::Checked)
            } else {
                Err(Failed::new(expected, e.to_string(), help))
            }
        }
    }
}
