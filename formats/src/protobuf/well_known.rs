//! Google's messages that stand for something else: timestamps, durations, wrappers, field masks.
//!
//! Source: `google/protobuf/timestamp.proto`, `duration.proto`, `wrappers.proto`, `field_mask.proto`.

use arrow_schema::Field;
use laminar_schema::{Found, SchemaResult};

use super::{
    catalog::{FieldType, Kind},
    gather::{Slot, Wanted},
    varint::{Fault, Malformed, span_of},
    walk::Walker,
};
use crate::{
    cell::temporal,
    column::{Column, ColumnOps, IntegerText, Mismatch, Scalar, is_text},
};

/// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
const TIMESTAMP_SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// Ten thousand years, about.
const DURATION_SECONDS: std::ops::RangeInclusive<i64> = -315_576_000_000..=315_576_000_000;
const NANOS_PER_SECOND: i32 = 1_000_000_000;

/// Seconds and nanoseconds, as the fields of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    pub(super) seconds: i64,
    pub(super) nanos: i32,
}

impl Time {
    pub(super) fn is_timestamp(self) -> bool {
        TIMESTAMP_SECONDS.contains(&self.seconds) && (0..NANOS_PER_SECOND).contains(&self.nanos)
    }

    pub(super) fn is_duration(self) -> bool {
        let has_one_sign = self.seconds == 0 || self.nanos == 0 || (self.seconds < 0) == (self.nanos < 0);
        DURATION_SECONDS.contains(&self.seconds)
            && self.nanos.unsigned_abs() < NANOS_PER_SECOND.unsigned_abs()
            && has_one_sign
    }

    /// A count of units, of which there are so many in a second; `None` where that loses something.
    fn count(self, per_second: i64) -> Option<i64> {
        let unit_nanos = i64::from(NANOS_PER_SECOND) / per_second;
        let nanos = i64::from(self.nanos);
        if nanos % unit_nanos != 0 {
            return None;
        }
        self.seconds.checked_mul(per_second)?.checked_add(nanos / unit_nanos)
    }

    /// Appends the timestamp as RFC 3339 text with as many digits behind the point as it needs: 0, 3, 6 or 9.
    pub(super) fn push_timestamp(self, out: &mut Vec<u8>) {
        let at = out.len();
        out.resize(at + temporal::ROOM, 0);
        let end = temporal::write_instant(out, at, self.seconds, self.nanos.unsigned_abs());
        out.truncate(end);
    }

    /// Appends the duration as seconds with an `s` behind them.
    pub(super) fn push_duration(self, out: &mut Vec<u8>) {
        if self.seconds < 0 || self.nanos < 0 {
            out.push(b'-');
        }
        out.extend_from_slice(IntegerText::new(i128::from(self.seconds.unsigned_abs())).as_str().as_bytes());
        push_fraction(out, self.nanos.unsigned_abs());
        out.push(b's');
    }
}

/// Appends a point and 3, 6 or 9 digits, or nothing for none.
pub(super) fn push_fraction(out: &mut Vec<u8>, nanos: u32) {
    if nanos == 0 {
        return;
    }
    out.push(b'.');
    let digits = match nanos {
        n if n.is_multiple_of(1_000_000) => 3,
        n if n.is_multiple_of(1_000) => 6,
        _ => 9,
    };
    let (mut rest, mut scale) = (nanos, 100_000_000);
    for _ in 0..digits {
        out.push(b'0' + (rest / scale) as u8);
        rest %= scale;
        scale /= 10;
    }
}

impl Walker<'_, '_, '_> {
    /// The two fields of a timestamp or a duration.
    pub(super) fn time(&mut self, message: u32, slot: Slot, depth: usize) -> SchemaResult<Time> {
        let base = self.gather(message, Wanted::All, slot, depth)?;
        let mut time = Time { seconds: 0, nanos: 0 };
        for (index, field) in self.catalog.message(message).fields.iter().enumerate() {
            let raw = self.state.gathered.slots[base + index].raw;
            match field.number {
                1 => time.seconds = raw.cast_signed(),
                2 => time.nanos = raw as u32 as i32,
                _ => {}
            }
        }
        self.state.gathered.slots.truncate(base);
        Ok(time)
    }

    pub(super) fn timestamp(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        message: u32,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let time = self.time(message, slot, depth)?;
        let (seconds, nanos) = (time.seconds, time.nanos.unsigned_abs());
        let pushed = match column {
            _ if !time.is_timestamp() => Err(Mismatch::Range),
            Column::TimestampMicrosecond(rows) => rows.push_instant(seconds, nanos),
            Column::TimestampNanosecond(rows) => rows.push_instant(seconds, nanos),
            Column::TimestampMillisecond(rows) => rows.push_instant(seconds, nanos),
            Column::TimestampSecond(rows) => rows.push_instant(seconds, nanos),
            _ => {
                self.state.text.clear();
                time.push_timestamp(&mut self.state.text);
                self.push_text(column)
            }
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(mismatch) => self.misfit(column, f, field, slot, (time, mismatch)),
        }
    }

    /// A time does not fit: null where that is asked for and possible, an error otherwise.
    #[cold]
    #[inline(never)]
    fn misfit(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        slot: Slot,
        (time, mismatch): (Time, Mismatch),
    ) -> SchemaResult<()> {
        if self.forgives(f, field, slot.raw) {
            column.push_null();
            return Ok(());
        }
        let found = Found::new("message", &format!("of {} seconds and {} nanoseconds", time.seconds, time.nanos));
        Err(mismatch.into_error(f.data_type().clone(), found).into())
    }

    pub(super) fn duration(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        message: u32,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let time = self.time(message, slot, depth)?;
        let per_second = match column {
            Column::DurationSecond(_) => Some(1),
            Column::DurationMillisecond(_) => Some(1_000),
            Column::DurationMicrosecond(_) => Some(1_000_000),
            Column::DurationNanosecond(_) => Some(1_000_000_000),
            _ => None,
        };
        let pushed = match (per_second, time.is_duration()) {
            (_, false) => Err(Mismatch::Range),
            (Some(per_second), true) => match time.count(per_second) {
                Some(count) => column.push_scalar(Scalar::I64(count)),
                None => Err(Mismatch::Range),
            },
            (None, true) => {
                self.state.text.clear();
                if is_interval(column) {
                    // ISO 8601, which has its own mark for seconds at its end.
                    self.state.text.extend_from_slice(b"PT");
                    time.push_duration(&mut self.state.text);
                    self.state.text.make_ascii_uppercase();
                } else {
                    time.push_duration(&mut self.state.text);
                }
                self.push_text(column)
            }
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(mismatch) => self.misfit(column, f, field, slot, (time, mismatch)),
        }
    }

    /// Pushes the one field of a message; where it is not there, it is zero or empty.
    pub(super) fn wrapper(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        (message, kind): (u32, Kind),
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let base = self.gather(message, Wanted::All, slot, depth)?;
        let raw = self.state.gathered.slots[base].raw;
        self.state.gathered.slots.truncate(base);
        match self.scalar(column, kind, raw) {
            Ok(()) => Ok(()),
            Err(unfit) => {
                let value = &self.catalog.message(message).fields[0];
                match unfit {
                    super::walk::Unfit::Mismatch(_) if self.forgives(f, field, slot.raw) => {
                        column.push_null();
                        Ok(())
                    }
                    unfit => Err(self.unfit(unfit, f, value, raw)),
                }
            }
        }
    }

    /// Pushes the paths of a field mask, with commas between them.
    pub(super) fn paths(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        message: u32,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let base = self.gather(message, Wanted::All, slot, depth)?;
        let paths = self.state.gathered.slots[base];
        self.state.gathered.slots.truncate(base);
        self.state.text.clear();
        let (mut raw, mut next) = (paths.raw, paths.second());
        while !paths.is_empty() {
            let (start, end) = span_of(raw);
            if !is_text(&self.record[start..end]) {
                return Err(self.fault(Fault { at: start, why: Malformed::InvalidUtf8 }));
            }
            self.state.text.extend_from_slice(&self.record[start..end]);
            match Slot::after(&self.state.gathered.chain, next) {
                Some(path) => (raw, next) = path,
                None => break,
            }
            self.state.text.push(b',');
        }
        match self.push_text(column) {
            Ok(()) => Ok(()),
            Err(mismatch) => self.mismatch(column, f, field, slot.raw, mismatch),
        }
    }

    /// Pushes the text that was made up.
    fn push_text(&mut self, column: &mut Column) -> Result<(), Mismatch> {
        // Made of UTF-8 pieces only.
        column.push_scalar(Scalar::Str(std::str::from_utf8(&self.state.text).unwrap_or("")))
    }
}

fn is_interval(column: &Column) -> bool {
    matches!(column, Column::IntervalYearMonth(_) | Column::IntervalDayTime(_) | Column::IntervalMonthDayNano(_))
}
