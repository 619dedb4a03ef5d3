//! What a memory sink writes to: transactions kept apart, as a database keeps them.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arrow_array::RecordBatch;
use laminar_schema::{ConnectorError, EncoderSet, Prepared, SchemaResult};

use crate::{
    fault::{SinkStep, injected},
    names::Names,
    sink::MemorySink,
};

static NAMES: Names<Mutex<State>> = Names::new();

/// A handle on everything that was written. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

/// One thing that was written.
#[derive(Debug, Clone)]
pub(crate) enum Written {
    Record(Vec<u8>),
    Columns(RecordBatch),
}

/// Things written together.
pub(crate) type Transaction = Vec<Written>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) open: Transaction,
    prepared: BTreeMap<u64, Transaction>,
    committed: BTreeMap<u64, Transaction>,
    /// Transactions prepared so far; their numbers start at 1.
    last: u64,
    prologue: Vec<u8>,
    epilogue: Option<Vec<u8>>,
    faults: Vec<(SinkStep, usize)>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemoryStore")
            .field("open", &state.open.len())
            .field("prepared", &state.prepared.len())
            .field("committed", &state.committed.len())
            .finish()
    }
}

impl MemoryStore {
    /// A store that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets SQL find the store: `INTO MEMORY (name = '…')`. False when another live store has the name.
    #[must_use]
    pub fn register(&self, name: &str) -> bool {
        NAMES.register(name, &self.0)
    }

    pub(crate) fn find(name: &str) -> SchemaResult<Self> {
        let help = "the program registers a store with `MemoryStore::register` before it runs the SQL";
        NAMES.find("memory store", name, help).map(Self)
    }

    /// A sink that takes encoded records.
    pub fn sink<E: EncoderSet>(&self) -> MemorySink<E> {
        MemorySink::new(self.clone(), false)
    }

    /// A sink that takes columns and needs no encoder.
    pub fn column_sink<E: EncoderSet>(&self) -> MemorySink<E> {
        MemorySink::new(self.clone(), true)
    }

    /// Committed records, in the order they were written.
    pub fn records(&self) -> Vec<Vec<u8>> {
        self.committed(|written| match written {
            Written::Record(record) => Some(record.clone()),
            Written::Columns(_) => None,
        })
    }

    /// Committed records as text, for assertions; what is not UTF-8 is replaced.
    pub fn texts(&self) -> Vec<String> {
        self.records().iter().map(|r| String::from_utf8_lossy(r).into_owned()).collect()
    }

    /// Committed batches of columns, in the order they were written.
    pub fn batches(&self) -> Vec<RecordBatch> {
        self.committed(|written| match written {
            Written::Record(_) => None,
            Written::Columns(batch) => Some(batch.clone()),
        })
    }

    /// Records and batches that were written and are not committed, prepared ones included.
    pub fn num_uncommitted(&self) -> usize {
        let state = self.state();
        state.open.len() + state.prepared.values().map(Vec::len).sum::<usize>()
    }

    /// Transactions that were committed.
    pub fn num_commits(&self) -> usize {
        self.state().committed.len()
    }

    /// What the encoder writes in front of a byte stream; empty before the first write.
    pub fn prologue(&self) -> Vec<u8> {
        self.state().prologue.clone()
    }

    /// What the encoder wrote behind the stream; `None` while no sink has been closed.
    pub fn epilogue(&self) -> Option<Vec<u8>> {
        self.state().epilogue.clone()
    }

    /// Lets `step` fail once, before it has done anything, after `calls` calls of it that succeed.
    pub fn fail_at(&self, step: SinkStep, calls: usize) {
        self.state().faults.push((step, calls));
    }

    fn committed<T>(&self, pick: impl Fn(&Written) -> Option<T>) -> Vec<T> {
        self.state().committed.values().flatten().filter_map(pick).collect()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked while it looked has changed nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Fails where the test asked for it.
    pub(crate) fn enter(&mut self, step: SinkStep, action: &'static str) -> SchemaResult<()> {
        let mut fails = false;
        self.faults.retain_mut(|(at, calls)| {
            if *at != step {
                return true;
            }
            let is_due = *calls == 0;
            *calls = calls.saturating_sub(1);
            fails |= is_due;
            !is_due
        });
        if fails { Err(injected(action, false)) } else { Ok(()) }
    }

    pub(crate) fn begin(&mut self, prologue: &[u8]) {
        if self.prologue.is_empty() {
            self.prologue.extend_from_slice(prologue);
        }
    }

    pub(crate) fn prepare(&mut self) -> Prepared {
        self.last += 1;
        let transaction = std::mem::take(&mut self.open);
        self.prepared.insert(self.last, transaction);
        Prepared(self.last.to_be_bytes().to_vec())
    }

    pub(crate) fn commit(&mut self, prepared: &Prepared) -> SchemaResult<u64> {
        let bad = |reason: &str| ConnectorError::BadCheckpoint { reason: reason.to_owned() };
        let number = prepared.0.as_slice().try_into().map(u64::from_be_bytes);
        let number = number.map_err(|_| bad("it is none of the memory sink's"))?;
        match self.prepared.remove(&number) {
            Some(transaction) => {
                self.committed.insert(number, transaction);
                Ok(number)
            }
            None if self.committed.contains_key(&number) => Ok(number),
            None => Err(bad("its transaction was undone, or is another store's").into()),
        }
    }

    /// Drops everything that is not committed.
    pub(crate) fn abort(&mut self) {
        self.open.clear();
        self.prepared.clear();
    }

    pub(crate) fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        if let Some(last) = last {
            let number = self.commit(last)?;
            self.committed.retain(|later, _| *later <= number);
        }
        self.abort();
        Ok(())
    }

    pub(crate) fn close(&mut self, epilogue: &[u8]) {
        self.epilogue = Some(epilogue.to_vec());
    }
}
