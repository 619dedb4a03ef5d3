//! Writing as a pipeline does, and judging what another reader finds.

use std::{collections::BTreeMap, future::Future, ops::Range, sync::Arc, sync::mpsc, time::Duration};

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use laminar_formats::AnyEncoder;
use laminar_schema::{
    Checkpoint, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatSpec, Position, Positions, Prepared,
    RecordSink, SchemaResult, Sink, SinkBatch, SinkConfig,
};

use super::{SinkHarness, make};
use crate::{
    source::show,
    verdict::{Failed, Passed, Verdict},
};

/// The rows that the kit writes.
fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false), Field::new("text", DataType::Utf8, true)]))
}

fn rows(ids: Range<i64>) -> Result<RecordBatch, Failed> {
    let texts = StringArray::from_iter_values(ids.clone().map(|id| format!("row {id}")));
    RecordBatch::try_new(schema(), vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(texts)])
        .map_err(|e| Failed::new("rows to write", e.to_string(), ""))
}

/// A running sink with its encoder.
pub(crate) struct Writing<K: Sink> {
    writer: K::Writer,
    encoder: Option<K::Encoder>,
    prologue: Vec<u8>,
    encoded: EncodedBatch,
    within: Duration,
    /// Checkpoints so far.
    epoch: u64,
}

impl<K: Sink> Writing<K> {
    /// Opens the sink and recovers it.
    pub(crate) async fn start<H: SinkHarness<Sink = K>>(
        harness: &H,
        config: &SinkConfig,
        epoch: u64,
        last: Option<&Prepared>,
    ) -> Result<Self, Failed> {
        let within = harness.promises().answers_within;
        let sink = make::<H>(config).map_err(|e| Failed::new("a sink of the harness's options", e.to_string(), ""))?;
        let spec = EncodeSpec::new(schema(), config.format.clone());
        let encoder = if sink.takes_columns() { None } else { Some(sink.build_encoder(&spec)) };
        let help = "`start` opens the sink, and builds nothing that the encoder builds";
        let mut encoder = encoder.transpose().map_err(|e| Failed::new("an encoder", e.to_string(), help))?;
        let writer = step("start", within, sink.start(&spec)).await?;
        let prologue = encoder.as_mut().map(FormatEncoder::prologue).unwrap_or_default();
        let mut writing = Self { writer, encoder, prologue, encoded: EncodedBatch::new(), within, epoch };
        step("recover", within, writing.writer.recover(last)).await?;
        Ok(writing)
    }

    pub(crate) async fn write(&mut self, ids: Range<i64>) -> Result<(), Failed> {
        let rows = rows(ids)?;
        step("write", self.within, self.try_write(&rows)).await
    }

    pub(crate) async fn try_write(&mut self, rows: &RecordBatch) -> SchemaResult<()> {
        let Some(encoder) = &mut self.encoder else { return self.writer.write(SinkBatch::Columns(rows)).await };
        self.encoded.clear();
        encoder.encode(rows, &mut self.encoded)?;
        let (records, prologue, delimiter) = (&self.encoded, &self.prologue[..], encoder.delimiter());
        self.writer.write(SinkBatch::Encoded { records, prologue, delimiter }).await
    }

    pub(crate) async fn prepare(&mut self) -> Result<Prepared, Failed> {
        self.epoch += 1;
        let positions: Positions = [("testkit", Position::from_u64(self.epoch))].into_iter().collect();
        let checkpoint = Checkpoint { epoch: self.epoch, positions: &positions };
        let prepared = step("prepare", self.within, self.writer.prepare(checkpoint)).await?;
        // A checkpoint is stored between the two steps, so that only bytes pass.
        Ok(Prepared(prepared.0.clone()))
    }

    pub(crate) async fn commit(&mut self, prepared: &Prepared) -> Result<(), Failed> {
        step("commit", self.within, self.writer.commit(prepared)).await
    }

    pub(crate) async fn abort(&mut self) -> Result<(), Failed> {
        step("abort", self.within, self.writer.abort()).await
    }

    pub(crate) async fn close(mut self) -> Result<(), Failed> {
        step("close", self.within, self.writer.close(&[])).await
    }
}

/// One step of a sink, which must succeed in time.
async fn step<T>(name: &str, within: Duration, future: impl Future<Output = SchemaResult<T>>) -> Result<T, Failed> {
    let expected = || format!("`{name}` to succeed");
    match tokio::time::timeout(within, future).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => Err(Failed::new(expected(), format!("the error: {e}"), "the steps come as `RecordSink` says")),
        Err(_) => Err(Failed::new(expected(), format!("nothing in {within:?}"), "no step waits for ever")),
    }
}

/// The records of these rows, as the sink's format, or for a sink of columns JSON, writes them.
fn records<H: SinkHarness>(config: &SinkConfig, ids: Range<i64>) -> Result<Vec<Vec<u8>>, Failed> {
    let failed = |e: laminar_schema::SchemaError| Failed::new("rows that can be encoded", e.to_string(), "");
    let sink = make::<H>(config).map_err(failed)?;
    let rows = rows(ids)?;
    if !sink.takes_columns() {
        let spec = EncodeSpec::new(schema(), config.format.clone());
        return sink.build_encoder(&spec).and_then(|mut encoder| encoder.encode_batch(&rows)).map_err(failed);
    }
    let encoder = AnyEncoder::build(&EncodeSpec::new(schema(), FormatSpec::new("json"))).map_err(failed)?;
    encoder.map_or(Ok(Vec::new()), |mut encoder| encoder.encode_batch(&rows)).map_err(failed)
}

/// How far records may be from what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// Each is there once.
    Once,
    /// Each is there, and some may be there again.
    AtLeastOnce,
}

/// Sees that the records of these rows are what another reader finds.
pub(crate) async fn is_there<H: SinkHarness>(
    harness: &H,
    place: &crate::SinkPlace,
    ids: Range<i64>,
    times: Times,
    when: &str,
    help: &'static str,
) -> Result<(), Failed> {
    let expected = records::<H>(&place.config, ids)?;
    let found = harness.read(place).await;
    let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
    found.iter().for_each(|record| *counts.entry(record).or_default() += 1);
    let lost: Vec<_> = expected.iter().filter(|record| !counts.contains_key(record.as_slice())).collect();
    let doubled: Vec<_> = counts.iter().filter(|(_, n)| **n > 1).collect();
    let strange: Vec<_> = found.iter().filter(|record| !expected.contains(record)).collect();
    let wanted = match expected.len() {
        0 => format!("no record {when}"),
        n => format!("each of {n} records {} {when}", if times == Times::Once { "once" } else { "at least once" }),
    };
    let found = if let Some(first) = lost.first() {
        format!("{} of them missing, such as {}", lost.len(), show(first))
    } else if let (Some((first, _)), Times::Once) = (doubled.first(), times) {
        format!("{} of them there twice, such as {}", doubled.len(), show(first))
    } else if let Some(first) = strange.first() {
        format!("{} that should not be there, such as {}", strange.len(), show(first))
    } else if times == Times::Once && harness.promises().is_ordered && found != expected {
        "them in another order".to_owned()
    } else {
        return Ok(());
    };
    Err(Failed::new(wanted, found, help))
}

/// A sink is dropped in the middle of a transaction: neither dropping it nor ending its runtime takes longer than it promises.
pub async fn stops_in_time<H: SinkHarness>(harness: H) -> Verdict {
    let place = harness.place().await;
    let promises = harness.promises();
    let within = promises.stops_within;
    let expected = format!("a sink that is dropped while it writes to be gone in {within:?}");
    let help = "end threads and tasks when the sink is dropped, and never join them there without a bound";
    let (started, done) = (mpsc::channel(), mpsc::channel());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        if let Ok(runtime) = runtime {
            let written = runtime.block_on(async {
                let mut writing = Writing::start(&harness, &place.config, 0, None).await?;
                writing.write(0..50).await?;
                drop(writing);
                Ok::<(), Failed>(())
            });
            let _ = started.0.send(written);
            drop(runtime);
            let _ = done.0.send(());
        }
    });
    let patience = 4 * promises.answers_within;
    let waiting = tokio::task::spawn_blocking(move || {
        let written = started.1.recv_timeout(patience).map_err(|_| None)?;
        written.map_err(Some)?;
        Ok::<bool, Option<Failed>>(done.1.recv_timeout(within).is_ok())
    });
    match waiting.await {
        Ok(Ok(true)) => Ok(Passed::Checked),
        Ok(Err(Some(failed))) => Err(failed),
        Ok(Ok(false)) => Err(Failed::new(expected, "its runtime still waiting for it", help)),
        Ok(Err(None)) | Err(_) => Err(Failed::new(expected, "no end", help)),
    }
}
