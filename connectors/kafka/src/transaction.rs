//! Exactly once: Kafka's transactions, and what makes them two-phase.
//!
//! Kafka has no prepared state: a transaction that its producer did not commit is aborted when the next producer of the
//! same name begins. So a checkpoint that is stored before the commit would be one whose records may be gone. Therefore
//! everything that a transaction writes also goes to a spool, which is synced in `prepare`; and the transaction carries
//! the checkpoint's number, as an offset of a group that is named like the transaction. After a crash, `recover` reads
//! that number: where it is not that of the stored checkpoint, the transaction was lost, and is written again from the
//! spool. In the usual run a spool is written and deleted, and never read.

use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use laminar_schema::{ConnectorError, Positions, Prepared, SchemaResult};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    producer::Producer,
};
use serde::{Deserialize, Serialize};

use crate::{
    delivery::{Outgoing, Topic},
    error::{self, KafkaFault},
    link::{self, Link},
    retry::{until, wait},
    source_offsets::{SourceOffset, SourceOffsets},
    spool::{Spool, SpoolReader, Spooled},
};

/// How often a lost transaction is written again before it is given up.
const ATTEMPTS: u32 = 3;

/// The transactions of one sink.
pub(crate) struct Transactions {
    id: String,
    dir: PathBuf,
    /// Reads and writes the number of the last committed checkpoint.
    group: BaseConsumer<Link>,
    source_offsets: Option<SourceOffsets>,
    /// Tells this pipeline's checkpoints from those of an earlier one of the same name.
    run: String,
    spool: Option<Spool>,
    /// The transaction that is prepared here, and open at the brokers.
    prepared: Option<u64>,
    /// Whether a transaction is open at the brokers.
    is_open: bool,
    is_recovered: bool,
}

/// What a checkpoint keeps of a prepared transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ticket {
    run: String,
    epoch: u64,
    records: u64,
    bytes: u64,
    /// What the transaction commits of the source's progress.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    offsets: Vec<SourceOffset>,
}

impl Ticket {
    fn is_empty(&self) -> bool {
        self.records == 0 && self.offsets.is_empty()
    }
}

impl Transactions {
    /// The transactions of `topic`'s sink, if its options ask for them.
    pub(crate) fn of(topic: &Topic) -> SchemaResult<Option<Self>> {
        let options = &topic.config.sink;
        let (Some(id), Some(dir)) = (&options.transactional_id, &options.spool_dir) else { return Ok(None) };
        let mut config = topic.config.connection();
        // Reading committed also means to wait for the offsets of a transaction that is just being committed.
        config.set("group.id", id).set("enable.auto.commit", "false").set("isolation.level", "read_committed");
        let group = link::consumer(&config, &options.brokers, Link::new(&topic.config.security))?;
        let source_offsets = SourceOffsets::of(&topic.config)?;
        Ok(Some(Self {
            id: id.clone(),
            dir: dir.clone(),
            group,
            source_offsets,
            run: new_run(),
            spool: None,
            prepared: None,
            is_open: false,
            is_recovered: false,
        }))
    }

    /// Appends a record to the spool, beginning a transaction if none is open.
    pub(crate) fn spool(&mut self, topic: &Topic, record: Outgoing<'_>) -> SchemaResult<()> {
        self.begin(topic)?;
        let path = self.open_path();
        if self.spool.is_none() {
            self.spool = Some(Spool::create(path.clone()).map_err(|e| spool_error("create", &path, e))?);
        }
        let Some(spool) = &mut self.spool else { return Ok(()) };
        spool.push(record).map_err(|e| spool_error("write", &path, e))
    }

    /// Begins a transaction if none is open.
    fn begin(&mut self, topic: &Topic) -> SchemaResult<()> {
        if !self.is_recovered {
            self.recover(topic, None)?;
        }
        if !self.is_open {
            topic.producer.begin_transaction().map_err(|e| topic.failed(e))?;
            self.is_open = true;
        }
        Ok(())
    }

    /// Waits until the brokers have everything, and makes the spool safe under the checkpoint's number.
    pub(crate) fn prepare(&mut self, topic: &Topic, epoch: u64, positions: &Positions) -> SchemaResult<Prepared> {
        topic.flush()?;
        let offsets = match &mut self.source_offsets {
            Some(source) => source.since_last(positions)?,
            None => Vec::new(),
        };
        if !offsets.is_empty() {
            self.begin(topic)?;
        }
        let (records, bytes) = match self.spool.take() {
            None => (0, 0),
            Some(spool) => {
                let (from, to) = (self.open_path(), self.path_of(&self.run, epoch));
                let size = spool.sync().map_err(|e| spool_error("sync", &from, e))?;
                fs::rename(&from, &to).map_err(|e| spool_error("rename", &from, e))?;
                let synced = fs::File::open(&self.dir).and_then(|folder| folder.sync_all());
                synced.map_err(|e| spool_error("sync", &self.dir, e))?;
                size
            }
        };
        self.prepared = Some(epoch);
        let ticket = Ticket { run: self.run.clone(), epoch, records, bytes, offsets };
        let text = serde_json::to_vec(&ticket).map_err(|e| spool_error("describe", &self.dir, e.into()))?;
        Ok(Prepared(text))
    }

    /// Commits what was prepared; a transaction that the brokers have aborted meanwhile is written again.
    pub(crate) fn commit(&mut self, topic: &Topic, prepared: &Prepared) -> SchemaResult<()> {
        let ticket = read_ticket(prepared)?;
        let is_mine = self.is_open && self.prepared == Some(ticket.epoch) && ticket.run == self.run;
        self.prepared = None;
        if ticket.is_empty() {
            return Ok(());
        }
        if !is_mine {
            return self.settle(topic, &ticket);
        }
        match self.end(topic, &ticket) {
            Ok(()) => self.remove(&ticket),
            Err(error) if requires_abort(&error) => {
                self.abort_open(topic)?;
                self.settle(topic, &ticket)
            }
            Err(error) => Err(topic.failed(error)),
        }
    }

    /// Undoes the open transaction.
    pub(crate) fn abort(&mut self, topic: &Topic) -> SchemaResult<()> {
        self.prepared = None;
        if let Some(source) = &mut self.source_offsets {
            source.abort();
        }
        self.abort_open(topic)?;
        if self.spool.take().is_some() {
            let path = self.open_path();
            fs::remove_file(&path).map_err(|e| spool_error("remove", &path, e))?;
        }
        Ok(())
    }

    /// Ends what an earlier process left: its open transaction is aborted, and the one of the last checkpoint is committed
    /// or written again.
    pub(crate) fn recover(&mut self, topic: &Topic, last: Option<&Prepared>) -> SchemaResult<()> {
        let timeout = topic.config.sink.connect_timeout;
        until(timeout, || topic.producer.init_transactions(timeout))
            .map_err(|e| error::client("begin transactions", topic.about(), e))?;
        self.is_recovered = true;
        let ticket = last.map(read_ticket).transpose()?;
        if let Some(ticket) = &ticket {
            self.run.clone_from(&ticket.run);
            if !ticket.is_empty() {
                self.settle(topic, ticket)?;
            }
        }
        self.remove_others()
    }

    /// Sees that a prepared transaction is committed: it is, or it was lost and is written again.
    fn settle(&mut self, topic: &Topic, ticket: &Ticket) -> SchemaResult<()> {
        let mut attempt = 1;
        loop {
            if self.committed(topic)?.is_some_and(|(run, epoch)| run == ticket.run && epoch >= ticket.epoch) {
                return self.remove(ticket);
            }
            match self.write_again(topic, ticket)? {
                Ok(()) => return self.remove(ticket),
                Err(error) if requires_abort(&error) && attempt < ATTEMPTS => self.abort_open(topic)?,
                Err(error) => return Err(topic.failed(error)),
            }
            attempt += 1;
        }
    }

    /// Writes a spool in a transaction of its own.
    fn write_again(&mut self, topic: &Topic, ticket: &Ticket) -> SchemaResult<Result<(), KafkaError>> {
        let path = self.path_of(&ticket.run, ticket.epoch);
        let open = || SpoolReader::open(&path, ticket.bytes).map_err(|e| lost(&path, e));
        // One of offsets alone has written no spool.
        let spool = (ticket.records > 0).then(open).transpose()?;
        topic.producer.begin_transaction().map_err(|e| topic.failed(e))?;
        self.is_open = true;
        if let Some(spool) = spool {
            self.send_again(topic, ticket, spool)?;
        }
        Ok(self.end(topic, ticket))
    }

    /// Sends what a spool holds, in the open transaction.
    fn send_again(&self, topic: &Topic, ticket: &Ticket, mut spool: SpoolReader) -> SchemaResult<()> {
        let path = self.path_of(&ticket.run, ticket.epoch);
        let (mut record, mut records) = (Spooled::default(), 0);
        while spool.next(&mut record).map_err(|e| lost(&path, e))? {
            let headers: Vec<(&str, &[u8])> = record.headers.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
            let (key, value) = (record.key.as_deref(), record.value.as_deref());
            let outgoing = Outgoing { key, value, headers: &headers, partition: record.partition };
            while !topic.try_send(outgoing)? {
                wait(Duration::from_millis(1));
            }
            records += 1;
        }
        if records != ticket.records {
            let found = io::Error::other(format!("expected {} records, found {records}", ticket.records));
            return Err(lost(&path, found));
        }
        topic.flush()
    }

    /// Commits the open transaction, which then says whose it is.
    fn end(&mut self, topic: &Topic, ticket: &Ticket) -> Result<(), KafkaError> {
        let timeout = topic.config.sink.transaction_timeout;
        let mut marker = TopicPartitionList::new();
        let epoch = i64::try_from(ticket.epoch).unwrap_or(i64::MAX);
        marker.add_partition_offset(&topic.config.sink.topic, 0, Offset::Offset(epoch))?;
        if let Some(mut element) = marker.find_partition(&topic.config.sink.topic, 0) {
            element.set_metadata(&ticket.run);
        }
        let member = self.group.group_metadata().ok_or_else(|| KafkaError::Canceled)?;
        until(timeout, || topic.producer.send_offsets_to_transaction(&marker, &member, timeout))?;
        if let (Some(source), false) = (&self.source_offsets, ticket.offsets.is_empty()) {
            source.send(topic, &ticket.offsets)?;
        }
        until(timeout, || topic.producer.commit_transaction(timeout))?;
        self.is_open = false;
        Ok(())
    }

    /// The run and the checkpoint of the last transaction that was committed under this name.
    fn committed(&self, topic: &Topic) -> SchemaResult<Option<(String, u64)>> {
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition(&topic.config.sink.topic, 0);
        let timeout = topic.config.sink.connect_timeout;
        let about = || format!("group `{}`", self.id);
        link::listen(&self.group);
        let committed = || {
            let found = self.group.committed_offsets(wanted.clone(), timeout)?;
            found.elements().iter().try_for_each(|element| element.error())?;
            Ok(found)
        };
        let found =
            until(timeout, committed).map_err(|e| error::client("read the last committed checkpoint", about(), e))?;
        let element = found.find_partition(&topic.config.sink.topic, 0);
        Ok(element.and_then(|e| match e.offset() {
            Offset::Offset(epoch) => Some((e.metadata().to_owned(), u64::try_from(epoch).ok()?)),
            _ => None,
        }))
    }

    fn abort_open(&mut self, topic: &Topic) -> SchemaResult<()> {
        if std::mem::take(&mut self.is_open) {
            let timeout = topic.config.sink.connect_timeout;
            until(timeout, || topic.producer.abort_transaction(timeout))
                .map_err(|e| error::client("abort a transaction", topic.about(), e))?;
        }
        // What was not delivered was to be undone anyway.
        let _ = topic.check();
        Ok(())
    }

    fn prefix(&self) -> String {
        let escape = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02x}"),
        };
        self.id.bytes().map(escape).collect()
    }

    fn open_path(&self) -> PathBuf {
        self.dir.join(format!("{}.open.spool", self.prefix()))
    }

    fn path_of(&self, run: &str, epoch: u64) -> PathBuf {
        self.dir.join(format!("{}.{run}.{epoch}.spool", self.prefix()))
    }

    fn remove(&self, ticket: &Ticket) -> SchemaResult<()> {
        let path = self.path_of(&ticket.run, ticket.epoch);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(spool_error("remove", &path, e)),
            _ => Ok(()),
        }
    }

    /// Removes spools of transactions whose checkpoint was never stored.
    fn remove_others(&self) -> SchemaResult<()> {
        fs::create_dir_all(&self.dir).map_err(|e| spool_error("create", &self.dir, e))?;
        let prefix = format!("{}.", self.prefix());
        for entry in fs::read_dir(&self.dir).map_err(|e| spool_error("list", &self.dir, e))? {
            let entry = entry.map_err(|e| spool_error("list", &self.dir, e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&prefix) && name.ends_with(".spool") {
                fs::remove_file(entry.path()).map_err(|e| spool_error("remove", &entry.path(), e))?;
            }
        }
        Ok(())
    }
}

fn requires_abort(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(e) if e.txn_requires_abort())
}

/// A name that no other run has: when it began, and which process it was.
fn new_run() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}

fn read_ticket(prepared: &Prepared) -> SchemaResult<Ticket> {
    Ok(serde_json::from_slice(&prepared.0).map_err(|e| ConnectorError::BadCheckpoint {
        reason: format!("what it keeps of the Kafka sink's transaction is none of ours ({e})"),
    })?)
}

#[cold]
fn spool_error(action: &'static str, path: &std::path::Path, error: io::Error) -> laminar_schema::SchemaError {
    ConnectorError::io(action, path.display(), error).into()
}

#[cold]
fn lost(path: &std::path::Path, error: io::Error) -> laminar_schema::SchemaError {
    let reason = format!(
        "a transaction was lost after its checkpoint had been stored, and its spool {} cannot be read: {error}; bring it back, \
         or delete the checkpoint to start over",
        path.display()
    );
    KafkaFault::Refused { reason }.during("recover the Kafka sink")
}
