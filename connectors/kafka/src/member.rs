//! What a group calls a member by: rdkafka has no call for it, and librdkafka tells in no other way whether a group was left.

#![allow(unsafe_code, reason = "rdkafka has no safe call that tells the name of a member")]

use std::ptr::NonNull;

use rdkafka::{
    bindings as rd,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
};

/// Whether the group knows the consumer: a member gets its name when it joins, and has none any more once it has told the group that
/// it leaves.
pub(crate) fn is_member<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> bool {
    let client = consumer.client().native_ptr();
    // SAFETY: `client` is the living consumer's.
    let name = unsafe { rd::rd_kafka_memberid(client) };
    let Some(name) = NonNull::new(name) else { return false };
    // SAFETY: librdkafka's texts end in a NUL, so that there is a first byte.
    let is_named = unsafe { name.read() } != 0;
    // SAFETY: it is ours to give back, once, and is not looked at again.
    unsafe { rd::rd_kafka_mem_free(client, name.as_ptr().cast()) };
    is_named
}
