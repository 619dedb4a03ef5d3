//! Records taken from the client many at a time: what rdkafka yields one by one, with a clock, a lock and an allocation for
//! each, librdkafka's batch call yields by the thousand.
//!
//! The records of our partitions are led into a queue of their own. Everything else that librdkafka has to say, such as
//! rebalances, stays in the consumer's queue, which rdkafka polls. It so can be polled while no record is wanted.

#![allow(unsafe_code, reason = "rdkafka has no safe call that takes several records at once")]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    ptr::{self, NonNull},
    slice,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use laminar_schema::SchemaResult;
use rdkafka::{
    bindings as rd,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaError,
    types::{RDKafkaErrorCode, RDKafkaRespErr},
};

use crate::{context::ReaderConsumer, error::KafkaFault};

/// Records that one call of librdkafka yields, at most.
const MAX_TAKEN: usize = 1024;

/// Where the records of partitions are led to, once there is a [`Fetched`]; shared with the callback that assigns them.
#[derive(Debug, Default)]
pub(crate) struct Diversion(Mutex<Option<Queue>>);

#[derive(Debug, Clone, Copy)]
struct Queue(NonNull<rd::rd_kafka_queue_t>);

// SAFETY: librdkafka's queues are locked inside and may be used from any thread.
unsafe impl Send for Queue {}

impl Diversion {
    /// Whether anybody reads.
    pub(crate) fn is_open(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Leads the records of a partition here. Must come before the partition is assigned, or records that are there
    /// already stay in the consumer's queue, behind which newer ones are read.
    ///
    /// # Errors
    /// A partition that librdkafka has no queue for, which is then not to be assigned.
    pub(crate) fn divert<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        topic: &str,
        partition: i32,
    ) -> SchemaResult<()> {
        let no_queue = || KafkaFault::Refused { reason: format!("{topic}/{partition} has no queue") };
        let queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a queue to lead to nobody reads any more: the consumer is being closed.
        let Some(Queue(queue)) = *queue else { return Ok(()) };
        let name = CString::new(topic).map_err(|_| no_queue().during("take over a partition"))?;
        let client = consumer.client().native_ptr();
        // SAFETY: `client` is the living consumer's, and `name` ends in a NUL.
        let of_partition = unsafe { rd::rd_kafka_queue_get_partition(client, name.as_ptr(), partition) };
        if of_partition.is_null() {
            return Err(no_queue().during("take over a partition"));
        }
        // SAFETY: both are queues of this client; `queue` lives while the lock is held.
        unsafe { rd::rd_kafka_queue_forward(of_partition, queue.as_ptr()) };
        // SAFETY: it is ours to give back, once; the partition has a reference of its own.
        unsafe { rd::rd_kafka_queue_destroy(of_partition) };
        Ok(())
    }
}

/// Records that were fetched and not handed over yet.
pub(crate) struct Fetched {
    consumer: Arc<ReaderConsumer>,
    queue: NonNull<rd::rd_kafka_queue_t>,
    taken: Vec<*mut rd::rd_kafka_message_t>,
    /// Those before it were handed over.
    at: usize,
}

// SAFETY: the messages are owned by it alone, and librdkafka's calls for them may come from any thread.
unsafe impl Send for Fetched {}

impl Fetched {
    /// An empty queue, to which the consumer's diversion leads from now on.
    ///
    /// # Errors
    /// A consumer that has one already.
    pub(crate) fn of(consumer: &Arc<ReaderConsumer>) -> SchemaResult<Self> {
        let refused = || KafkaFault::Refused { reason: "its records are taken already".to_owned() };
        let mut diversion = consumer.context().diversion.0.lock().unwrap_or_else(PoisonError::into_inner);
        if diversion.is_some() {
            return Err(refused().during("read the topic"));
        }
        let client = consumer.client().native_ptr();
        // SAFETY: `client` is the living consumer's.
        let queue = unsafe { rd::rd_kafka_queue_new(client) };
        let queue = NonNull::new(queue).ok_or_else(|| refused().during("read the topic"))?;
        *diversion = Some(Queue(queue));
        drop(diversion);
        Ok(Self { consumer: Arc::clone(consumer), queue, taken: Vec::with_capacity(MAX_TAKEN), at: 0 })
    }

    /// Sees that there are records, waiting for the first one up to `timeout`. Yields false where there are none.
    pub(crate) fn fill(&mut self, timeout: Duration) -> bool {
        if self.at < self.taken.len() {
            return true;
        }
        self.taken.clear();
        self.at = 0;
        // The call waits until it has as many as it was asked for, so that it is asked for one where it may wait.
        if self.take(0, MAX_TAKEN) == 0 && !timeout.is_zero() {
            self.take(c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX), 1);
        }
        !self.taken.is_empty()
    }

    fn take(&mut self, millis: c_int, count: usize) -> usize {
        self.taken.resize(count, ptr::null_mut());
        let (queue, to) = (self.queue.as_ptr(), self.taken.as_mut_ptr());
        // SAFETY: `to` has room for `count` pointers, and the queue lives until `self` is dropped.
        let taken = unsafe { rd::rd_kafka_consume_batch_queue(queue, millis, to, count) };
        self.taken.truncate(usize::try_from(taken).unwrap_or(0));
        self.taken.len()
    }

    /// The next of the records that [`Fetched::fill`] has taken, or what librdkafka says in its place; it is handed
    /// over with the call after this one.
    pub(crate) fn peek(&self) -> Option<Result<Record<'_>, KafkaError>> {
        // SAFETY: the message is ours until `advance`, which needs `self` mutably.
        let message = unsafe { &**self.taken.get(self.at)? };
        Some(match message.err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(Record { message }),
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__PARTITION_EOF => Err(KafkaError::PartitionEOF(message.partition)),
            fatal @ RDKafkaRespErr::RD_KAFKA_RESP_ERR__FATAL => Err(KafkaError::MessageConsumptionFatal(fatal.into())),
            error => Err(KafkaError::MessageConsumption(RDKafkaErrorCode::from(error))),
        })
    }

    /// Forgets the records of a partition that was given up.
    pub(crate) fn forget(&mut self, topic: &str, partition: i32) {
        for message in self.taken.split_off(self.at) {
            // SAFETY: the message is ours: it stands behind `at`.
            let record = Record { message: unsafe { &*message } };
            if record.partition() == partition && !record.message.rkt.is_null() && record.topic() == topic {
                // SAFETY: as above, and it is not looked at again.
                unsafe { rd::rd_kafka_message_destroy(message) };
            } else {
                self.taken.push(message);
            }
        }
    }

    /// Goes on behind what was peeked at.
    pub(crate) fn advance(&mut self) {
        if let Some(message) = self.taken.get(self.at) {
            self.at += 1;
            // SAFETY: it is ours, and is not looked at again: `at` is behind it.
            unsafe { rd::rd_kafka_message_destroy(*message) };
        }
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        while self.at < self.taken.len() {
            self.advance();
        }
        let mut diversion = self.consumer.context().diversion.0.lock().unwrap_or_else(PoisonError::into_inner);
        *diversion = None;
        // SAFETY: nobody leads anything to it any more, and the client outlives it: `consumer` is dropped behind this.
        unsafe { rd::rd_kafka_queue_destroy(self.queue.as_ptr()) };
    }
}

/// One record as librdkafka holds it.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    message: &'a rd::rd_kafka_message_t,
}

impl<'a> Record<'a> {
    /// The same number for every record of a topic that was taken in one call.
    pub(crate) fn topic_id(&self) -> usize {
        self.message.rkt as usize
    }

    pub(crate) fn topic(&self) -> &'a str {
        // SAFETY: a record's message holds its topic.
        let name = unsafe { rd::rd_kafka_topic_name(self.message.rkt) };
        // SAFETY: the topic holds its name, which ends in a NUL, as long as the message holds the topic.
        let name: &'a CStr = unsafe { CStr::from_ptr(name) };
        // Kafka's names are of ASCII letters, digits, and three signs.
        name.to_str().unwrap_or("")
    }

    pub(crate) fn partition(&self) -> i32 {
        self.message.partition
    }

    pub(crate) fn offset(&self) -> i64 {
        self.message.offset
    }

    pub(crate) fn value(&self) -> Option<&'a [u8]> {
        self.bytes(self.message.payload, self.message.len)
    }

    pub(crate) fn key(&self) -> Option<&'a [u8]> {
        self.bytes(self.message.key, self.message.key_len)
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn timestamp(&self) -> Option<i64> {
        let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive, and `kind` is a place to write to.
        let millis = unsafe { rd::rd_kafka_message_timestamp(self.message, &mut kind) };
        (kind != rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && millis != -1).then_some(millis)
    }

    /// The headers in their order; a name that is not UTF-8 is an error.
    pub(crate) fn headers(&self) -> impl Iterator<Item = Result<(&'a str, &'a [u8]), std::str::Utf8Error>> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive, and `headers` is a place to write to.
        let found = unsafe { rd::rd_kafka_message_headers(self.message, &mut headers) };
        let headers = (found == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).then_some(headers);
        let record = *self;
        (0..).map_while(move |at| record.header(headers?, at))
    }

    fn header(
        &self,
        headers: *mut rd::rd_kafka_headers_t,
        at: usize,
    ) -> Option<Result<(&'a str, &'a [u8]), std::str::Utf8Error>> {
        let (mut name, mut value, mut length): (*const c_char, *const c_void, usize) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the headers are the message's and live as long; the three are places to write to.
        let found = unsafe { rd::rd_kafka_header_get_all(headers, at, &mut name, &mut value, &mut length) };
        if found != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            return None;
        }
        // SAFETY: librdkafka ends names with a NUL, and this one lives as long as the message.
        let name: &'a CStr = unsafe { CStr::from_ptr(name) };
        Some(name.to_str().map(|name| (name, self.bytes(value, length).unwrap_or_default())))
    }

    /// Bytes that the message holds; `None` for none, which is not the same as an empty text.
    fn bytes(&self, from: *const c_void, length: usize) -> Option<&'a [u8]> {
        if from.is_null() {
            return None;
        }
        // SAFETY: librdkafka says that so many bytes are there, and they live as long as the message.
        Some(unsafe { slice::from_raw_parts(from.cast(), length) })
    }
}
