//! A sink into ledgers in memory, sound or with one flaw.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use arrow_array::{Array as _, cast::AsArray as _};
use laminar_formats::AnyEncoder;
use laminar_schema::{
    Checkpoint, ConnectorConfig, ConnectorError, EncodeError, EncodeSpec, Location, Options, Prepared, RecordSink,
    SchemaError, SchemaResult, Secret, Sink, SinkBatch, SinkConfig, SinkConnector, SinkFromConfig,
    config::{ConfigErrors, ConfigKey},
};

/// What is wrong with a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Flaw {
    Nothing,
    ShowsEarly,
    CommitsAgain,
    KeepsAborted,
    ForgetsPrepared,
    NamesNoPlace,
    TellsOneError,
    ShowsSecrets,
    LeavesThreads,
}

const fn has<const FLAW: u8>(flaw: Flaw) -> bool {
    FLAW == flaw as u8
}

/// All ledgers by name, with what is committed and what is prepared.
static LEDGERS: Mutex<BTreeMap<String, Ledger>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) committed: Vec<Vec<u8>>,
    prepared: BTreeMap<u64, Vec<Vec<u8>>>,
}

pub(crate) fn ledgers() -> MutexGuard<'static, BTreeMap<String, Ledger>> {
    LEDGERS.lock().unwrap()
}

/// Options of the sink of ledgers.
#[derive(ConnectorConfig)]
pub(crate) struct LedgerOptions {
    /// Name of the ledger
    pub(crate) name: String,
    /// Pages that it has
    #[config(default = 7)]
    pub(crate) pages: u32,
    /// Password that nobody looks at
    pub(crate) password: Option<Secret>,
}

pub(crate) struct LedgerConfig<const FLAW: u8>(LedgerOptions);

impl<const FLAW: u8> ConnectorConfig for LedgerConfig<FLAW> {
    const KEYS: &'static [ConfigKey] = LedgerOptions::KEYS;

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        LedgerOptions::from_options(options).map(Self).map_err(|mut errors| {
            if has::<FLAW>(Flaw::TellsOneError) {
                errors.0.truncate(1);
            }
            errors
        })
    }
}

#[derive(SinkConnector)]
#[connector(name = "ledger", formats(json))]
pub(crate) struct LedgerSink<const FLAW: u8>(LedgerOptions);

impl<const FLAW: u8> fmt::Debug for LedgerSink<FLAW> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.0.password.as_ref().filter(|_| has::<FLAW>(Flaw::ShowsSecrets)).map(Secret::expose);
        let LedgerOptions { name, pages, .. } = &self.0;
        f.debug_struct("LedgerSink").field("name", name).field("pages", pages).field("password", &password).finish()
    }
}

impl<const FLAW: u8> SinkFromConfig for LedgerSink<FLAW> {
    type Config = LedgerConfig<FLAW>;

    fn from_config(config: LedgerConfig<FLAW>, _: &SinkConfig) -> SchemaResult<Self> {
        Ok(Self(config.0))
    }
}

impl<const FLAW: u8> Sink for LedgerSink<FLAW> {
    type Encoder = AnyEncoder;
    type Writer = LedgerWriter<FLAW>;
    const TAKES_COLUMNS: bool = true;

    async fn start(&self, _: &EncodeSpec) -> SchemaResult<LedgerWriter<FLAW>> {
        if has::<FLAW>(Flaw::LeavesThreads) {
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(4)));
        }
        Ok(LedgerWriter { name: self.0.name.clone(), open: Vec::new(), last: 0 })
    }
}

/// The running sink.
pub(crate) struct LedgerWriter<const FLAW: u8> {
    name: String,
    open: Vec<Vec<u8>>,
    /// Number of the transaction that was prepared last.
    last: u64,
}

impl<const FLAW: u8> LedgerWriter<FLAW> {
    fn with<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        change(ledgers().entry(self.name.clone()).or_default())
    }
}

fn number(prepared: &Prepared) -> SchemaResult<u64> {
    let bytes = prepared.0.as_slice().try_into();
    bytes.map(u64::from_be_bytes).map_err(|_| ConnectorError::BadCheckpoint { reason: "no number".to_owned() }.into())
}

impl<const FLAW: u8> RecordSink for LedgerWriter<FLAW> {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        let SinkBatch::Columns(rows) = batch else { return Ok(()) };
        let (ids, texts) =
            (rows.column(0).as_primitive::<arrow_array::types::Int64Type>(), rows.column(1).as_string::<i32>());
        for row in 0..rows.num_rows() {
            if texts.is_null(row) {
                let data_type = texts.data_type().clone();
                let e =
                    EncodeError::UnsupportedType { format: "ledger", data_type, help: "null has no place in a ledger" };
                return Err(match has::<FLAW>(Flaw::NamesNoPlace) {
                    true => e.into(),
                    false => {
                        let place = Location { row: Some(row as u64), ..Location::default() };
                        SchemaError::from(e).in_field("text").at(place)
                    }
                });
            }
            self.open.push(format!("{{\"id\":{},\"text\":\"{}\"}}", ids.value(row), texts.value(row)).into_bytes());
        }
        Ok(())
    }

    async fn prepare(&mut self, checkpoint: Checkpoint<'_>) -> SchemaResult<Prepared> {
        let open = std::mem::take(&mut self.open);
        self.last = checkpoint.epoch;
        self.with(|ledger| {
            if has::<FLAW>(Flaw::ShowsEarly) {
                ledger.committed.extend(open.iter().cloned());
            }
            ledger.prepared.insert(checkpoint.epoch, if has::<FLAW>(Flaw::ShowsEarly) { Vec::new() } else { open });
        });
        Ok(Prepared(checkpoint.epoch.to_be_bytes().to_vec()))
    }

    async fn commit(&mut self, prepared: &Prepared) -> SchemaResult<()> {
        let number = number(prepared)?;
        self.with(|ledger| {
            if has::<FLAW>(Flaw::CommitsAgain) {
                let rows = ledger.prepared.get(&number).cloned().unwrap_or_default();
                ledger.committed.extend(rows);
            } else if let Some(rows) = ledger.prepared.remove(&number) {
                ledger.committed.extend(rows);
            }
        });
        Ok(())
    }

    async fn abort(&mut self) -> SchemaResult<()> {
        let open = std::mem::take(&mut self.open);
        if has::<FLAW>(Flaw::KeepsAborted) {
            self.with(|ledger| ledger.committed.extend(open));
        }
        self.with(|ledger| ledger.prepared.clear());
        Ok(())
    }

    async fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        if let Some(last) = last.filter(|_| !has::<FLAW>(Flaw::ForgetsPrepared)) {
            self.commit(last).await?;
        }
        self.with(|ledger| ledger.prepared.clear());
        Ok(())
    }
}
