//! The timestamp extension type: an instant, to the nanosecond.

use arrow_schema::TimeUnit;

use crate::cell::temporal::{self, write_instant};

/// The extension type's number.
pub(super) const EXT_TYPE: i8 = -1;

const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// An instant, counted from 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    pub(crate) seconds: i64,
    /// Below one second.
    pub(crate) nanos: u32,
}

impl Instant {
    /// The instant in an extension of type -1; `None` where it is malformed: another length, or a second or more of
    /// nanoseconds.
    ///
    /// Source: MessagePack specification, "Timestamp extension type".
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let instant = match *data {
            [a, b, c, d] => Self { seconds: i64::from(u32::from_be_bytes([a, b, c, d])), nanos: 0 },
            [a, b, c, d, e, f, g, h] => {
                let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                // The upper 30 bits are nanoseconds, the lower 34 seconds.
                Self { seconds: (both & ((1 << 34) - 1)).cast_signed(), nanos: (both >> 34) as u32 }
            }
            [n0, n1, n2, n3, a, b, c, d, e, f, g, h] => Self {
                seconds: i64::from_be_bytes([a, b, c, d, e, f, g, h]),
                nanos: u32::from_be_bytes([n0, n1, n2, n3]),
            },
            _ => return None,
        };
        (instant.nanos < NANOS_PER_SECOND).then_some(instant)
    }

    /// The instant that is `count` of a unit after 1970.
    pub(super) fn of(count: i64, unit: TimeUnit) -> Self {
        let per_second = temporal::per_second(unit);
        let rest = count.rem_euclid(per_second) * (i64::from(NANOS_PER_SECOND) / per_second);
        // Below a second, so it fits.
        Self { seconds: count.div_euclid(per_second), nanos: rest as u32 }
    }

    /// Appends the shortest extension that holds it.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let Self { seconds, nanos } = self;
        match u64::try_from(seconds) {
            Ok(seconds) if seconds < 1 << 34 => {
                let both = u64::from(nanos) << 34 | seconds;
                match u32::try_from(both) {
                    Ok(seconds) => {
                        out.extend_from_slice(&[0xd6, 0xff]);
                        out.extend_from_slice(&seconds.to_be_bytes());
                    }
                    Err(_) => {
                        out.extend_from_slice(&[0xd7, 0xff]);
                        out.extend_from_slice(&both.to_be_bytes());
                    }
                }
            }
            _ => {
                out.extend_from_slice(&[0xc7, 12, 0xff]);
                out.extend_from_slice(&nanos.to_be_bytes());
                out.extend_from_slice(&seconds.to_be_bytes());
            }
        }
    }

    /// Whether a 64-bit count of microseconds holds it, but for what is finer.
    pub(super) fn is_within_micros(self) -> bool {
        // The next second still fits, so that its fraction does.
        self.seconds.checked_add(1).and_then(|s| s.checked_mul(1_000_000)).is_some()
    }

    /// ISO 8601 in UTC: `2024-02-29T12:34:56.789Z`.
    pub(super) fn text(self) -> InstantText {
        let mut text = InstantText { bytes: [0; InstantText::ROOM], len: 0 };
        text.len = write_instant(&mut text.bytes, 0, self.seconds, self.nanos);
        text
    }
}

/// An instant's text, on the stack.
pub(super) struct InstantText {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl InstantText {
    const ROOM: usize = temporal::ROOM;

    pub(super) fn as_str(&self) -> &str {
        // Digits and punctuation are ASCII.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}
