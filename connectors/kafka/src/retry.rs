//! Waiting for what may succeed later, on threads that may block.

use std::{
    thread,
    time::{Duration, Instant},
};

use rdkafka::error::KafkaError;

use crate::error::is_transient;

/// Waits on a thread that may block: librdkafka tells nobody when its buffer has room or a broker is back.
#[allow(
    clippy::disallowed_methods,
    reason = "these threads belong to the connector, and there is no event to wait for"
)]
pub(crate) fn wait(duration: Duration) {
    thread::sleep(duration);
}

/// Tries again what librdkafka says may be tried again.
pub(crate) fn until<R>(timeout: Duration, mut call: impl FnMut() -> Result<R, KafkaError>) -> Result<R, KafkaError> {
    let deadline = Instant::now() + timeout;
    loop {
        match call() {
            Err(error) if Instant::now() < deadline && is_retriable(&error) => wait(Duration::from_millis(50)),
            result => return result,
        }
    }
}

fn is_retriable(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(e) => e.is_retriable(),
        _ => error.rdkafka_error_code().is_some_and(is_transient),
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::error::RDKafkaErrorCode;

    use super::*;

    #[test]
    fn what_is_transient_is_tried_again_and_nothing_else() {
        let check = |code, expected| {
            let mut calls = 0;
            let result: Result<i32, _> = until(Duration::from_secs(60), || {
                calls += 1;
                if calls < 3 { Err(KafkaError::OffsetFetch(code)) } else { Ok(calls) }
            });
            assert_eq!((result.is_ok(), calls), expected, "{code:?}");
        };
        check(RDKafkaErrorCode::CoordinatorLoadInProgress, (true, 3));
        check(RDKafkaErrorCode::GroupAuthorizationFailed, (false, 1));
    }
}
