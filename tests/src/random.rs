//! Random columns from a seed, for properties that must hold for every value of every type.

use std::sync::Arc;

use arrow_array::{types::*, *};
use arrow_buffer::{IntervalDayTime, IntervalMonthDayNano, i256};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use half::f16;

/// SplitMix64: small, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }

    /// One of `choices`.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// An integer of any magnitude, small ones and both ends as likely as large ones.
    pub fn integer(&mut self) -> i64 {
        match self.below(8) {
            0 => self.pick(&[0, 1, -1, i64::MAX, i64::MIN]),
            _ => {
                let shift = self.below(64) as u32;
                self.bits() as i64 >> shift
            }
        }
    }

    /// A text of up to `max` pieces, some of which mean something in CSV or JSON.
    pub fn text(&mut self, max: usize) -> String {
        const PIECES: [&str; 24] = [
            "a", "Z", "0", "7", "-", ".", "word", " ", "\t", ",", ";", "|", "||", "\"", "'", "\\", "\n", "\r\n", "\r",
            "#", "é", "漢", "🦀", "NULL",
        ];
        (0..self.below(max + 1)).map(|_| self.pick(&PIECES)).collect()
    }

    /// A column of `rows` values, one in `null_every` of them null; 0 for none.
    ///
    /// # Panics
    /// For types that are no single text: containers.
    pub fn column(&mut self, data_type: &DataType, rows: usize, null_every: usize) -> ArrayRef {
        macro_rules! values {
            ($make:expr) => {
                (0..rows).map(|_| {
                    let value = $make;
                    (null_every == 0 || self.below(null_every) > 0).then_some(value)
                })
            };
        }
        macro_rules! primitive {
            ($ty:ty, $make:expr) => {
                Arc::new(values!($make).collect::<PrimitiveArray<$ty>>().with_data_type(data_type.clone()))
            };
        }
        let ticks = |unit: &TimeUnit| match unit {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000_i64,
        };
        // The years that six digits can write.
        let seconds = 30_000_000_000_000_i64;
        match data_type {
            DataType::Boolean => Arc::new(values!(self.below(2) == 1).collect::<BooleanArray>()),
            DataType::Int8 => primitive!(Int8Type, self.integer() as i8),
            DataType::Int16 => primitive!(Int16Type, self.integer() as i16),
            DataType::Int32 => primitive!(Int32Type, self.integer() as i32),
            DataType::Int64 => primitive!(Int64Type, self.integer()),
            DataType::UInt8 => primitive!(UInt8Type, self.integer() as u8),
            DataType::UInt16 => primitive!(UInt16Type, self.integer() as u16),
            DataType::UInt32 => primitive!(UInt32Type, self.integer() as u32),
            DataType::UInt64 => primitive!(UInt64Type, self.integer() as u64),
            DataType::Float16 => primitive!(Float16Type, f16::from_f64(self.float())),
            DataType::Float32 => primitive!(Float32Type, self.float() as f32),
            DataType::Float64 => primitive!(Float64Type, self.float()),
            DataType::Decimal32(p, _) => primitive!(Decimal32Type, (self.integer() % 10_i64.pow(u32::from(*p))) as i32),
            DataType::Decimal64(p, _) => primitive!(Decimal64Type, self.integer() % 10_i64.pow(u32::from(*p))),
            DataType::Decimal128(p, _) => {
                let wide = |r: &mut Self| i128::from(r.integer()) * i128::from(r.integer());
                primitive!(Decimal128Type, wide(self) % 10_i128.pow(u32::from(*p)))
            }
            DataType::Decimal256(..) => primitive!(Decimal256Type, i256::from_i128(i128::from(self.integer()))),
            DataType::Utf8 => Arc::new(values!(self.text(6)).collect::<StringArray>()),
            DataType::LargeUtf8 => Arc::new(values!(self.text(6)).collect::<LargeStringArray>()),
            DataType::Utf8View => Arc::new(values!(self.text(6)).collect::<StringViewArray>()),
            DataType::Binary => Arc::new(values!(self.bytes(9)).collect::<BinaryArray>()),
            DataType::LargeBinary => Arc::new(values!(self.bytes(9)).collect::<LargeBinaryArray>()),
            DataType::FixedSizeBinary(width) => {
                let rows: Vec<_> = values!((0..*width).map(|_| self.bits() as u8).collect::<Vec<u8>>()).collect();
                Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(rows.into_iter(), *width).expect("width"))
            }
            DataType::Dictionary(key, _) if **key == DataType::Int32 => {
                let rows: Vec<Option<String>> = values!(self.text(1)).collect();
                Arc::new(rows.iter().map(|r| r.as_deref()).collect::<DictionaryArray<Int32Type>>())
            }
            DataType::Date32 => primitive!(Date32Type, (self.integer() % 300_000_000) as i32),
            DataType::Date64 => primitive!(Date64Type, self.integer() % 300_000_000 * 86_400_000),
            DataType::Time32(unit @ TimeUnit::Second) => {
                primitive!(Time32SecondType, self.below(86_400 * ticks(unit) as usize) as i32)
            }
            DataType::Time32(unit) => {
                primitive!(Time32MillisecondType, self.below(86_400 * ticks(unit) as usize) as i32)
            }
            DataType::Time64(unit @ TimeUnit::Microsecond) => {
                primitive!(Time64MicrosecondType, self.below(86_400 * ticks(unit) as usize) as i64)
            }
            DataType::Time64(unit) => {
                primitive!(Time64NanosecondType, self.below(86_400 * ticks(unit) as usize) as i64)
            }
            DataType::Timestamp(unit, _) => match unit {
                TimeUnit::Second => primitive!(TimestampSecondType, self.integer() % seconds),
                TimeUnit::Millisecond => primitive!(TimestampMillisecondType, self.integer() % (seconds * 1_000)),
                TimeUnit::Microsecond => primitive!(TimestampMicrosecondType, self.integer()),
                TimeUnit::Nanosecond => primitive!(TimestampNanosecondType, self.integer()),
            },
            DataType::Duration(unit) => match unit {
                TimeUnit::Second => primitive!(DurationSecondType, self.integer()),
                TimeUnit::Millisecond => primitive!(DurationMillisecondType, self.integer()),
                TimeUnit::Microsecond => primitive!(DurationMicrosecondType, self.integer()),
                TimeUnit::Nanosecond => primitive!(DurationNanosecondType, self.integer()),
            },
            DataType::Interval(IntervalUnit::YearMonth) => primitive!(IntervalYearMonthType, self.integer() as i32),
            DataType::Interval(IntervalUnit::DayTime) => {
                primitive!(IntervalDayTimeType, IntervalDayTime::new(self.integer() as i32, self.integer() as i32))
            }
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                let value =
                    |r: &mut Self| IntervalMonthDayNano::new(r.integer() as i32, r.integer() as i32, r.integer());
                primitive!(IntervalMonthDayNanoType, value(self))
            }
            other => panic!("no random values of {other}"),
        }
    }

    fn float(&mut self) -> f64 {
        match self.below(6) {
            0 => self.pick(&[0.0, -0.0, 1.0, 0.1, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY]),
            1 => self.integer() as f64,
            2 => f64::from_bits(self.bits()),
            _ => (self.bits() >> 11) as f64 / (1_u64 << self.below(60)) as f64,
        }
        // Every NaN is written the same, so only that one reads back as itself.
        .clamp(f64::NEG_INFINITY, f64::INFINITY)
    }

    fn bytes(&mut self, max: usize) -> Vec<u8> {
        (0..self.below(max + 1)).map(|_| self.bits() as u8).collect()
    }
}
