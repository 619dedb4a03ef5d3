//! A pause between two calls of librdkafka, which says only when it is asked whether there is room or a transaction may go on.

use std::time::Duration;

/// Waits, on a thread that may block: the reader's, or one that the runtime lends for that.
#[expect(
    clippy::disallowed_methods,
    reason = "librdkafka tells of no event to wait for, and these threads run no task"
)]
pub(crate) fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}
