//! Random batches of every type JSON can carry → JSON → the same batch.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{cast::AsArray, types::*, *};
use arrow_buffer::{BooleanBuffer, IntervalDayTime, IntervalMonthDayNano, NullBuffer, OffsetBuffer, i256};
use arrow_schema::{DataType as T, Field, FieldRef, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use laminar_formats::{
    AnyEncoder,
    json::{JsonDecoder, JsonEngine, JsonOptions},
};
use laminar_schema::{
    ConnectorConfig, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec, Options, RawBatch,
    field::{json_field, uuid_field},
};

/// SplitMix64: a seed is enough to repeat a failure.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Small and large magnitudes alike, within ±`limit`.
    fn signed(&mut self, limit: i128) -> i128 {
        let wide = i128::from(self.next() as i64) << 64 | i128::from(self.next());
        let value = wide >> self.below(127);
        value % (limit + 1)
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 12] =
            ["a", "\"", "\\", "\n", "\u{0}", "é", "😀", "/", "\u{7f}", "\u{2028}", "1", "long enough"];
        (0..self.below(6)).map(|_| PIECES[self.below(12) as usize]).collect()
    }

    fn nulls(&mut self, nullable: bool, len: usize) -> Option<NullBuffer> {
        (nullable && self.below(3) > 0)
            .then(|| NullBuffer::new(BooleanBuffer::collect_bool(len, |_| self.below(4) > 0)))
    }
}

/// A limit on |value| per type, so that the value has a text.
fn limit(t: &T) -> i128 {
    // Years up to 9999, which ISO 8601 writes without a sign; and some beyond.
    const SECONDS: i128 = 8_000_000_000_000;
    match t {
        T::Date32 => 90_000_000,
        T::Date64 => 90_000_000,
        T::Timestamp(TimeUnit::Second, _) => SECONDS,
        T::Timestamp(TimeUnit::Millisecond, _) => SECONDS * 1_000,
        T::Timestamp(TimeUnit::Microsecond, _) => SECONDS * 1_000_000,
        T::Decimal32(p, _) | T::Decimal64(p, _) | T::Decimal128(p, _) => 10_i128.pow(u32::from(*p)) - 1,
        _ => i128::from(i64::MAX),
    }
}

fn primitive<P: ArrowPrimitiveType>(
    t: &T,
    nulls: Option<NullBuffer>,
    len: usize,
    mut value: impl FnMut() -> P::Native,
) -> ArrayRef {
    let values = (0..len).map(|_| value()).collect::<Vec<_>>();
    let array = PrimitiveArray::<P>::new(values.into(), nulls).with_data_type(t.clone());
    // What lies under a null is no value.
    Arc::new(array.iter().collect::<PrimitiveArray<P>>().with_data_type(t.clone()))
}

fn random_array(f: &Field, len: usize, r: &mut Random) -> ArrayRef {
    let t = f.data_type();
    let nulls = r.nulls(f.is_nullable(), len);
    macro_rules! int {
        ($ty:ty) => {
            primitive::<$ty>(t, nulls, len, || r.signed(limit(t)) as _)
        };
    }
    macro_rules! text {
        ($array:ty) => {{
            let valid = |row| nulls.as_ref().is_none_or(|n: &NullBuffer| n.is_valid(row));
            let json = laminar_schema::field::is_json(f);
            Arc::new(
                (0..len)
                    .map(|row| {
                        let text = if json { JSON[r.below(JSON.len() as u64) as usize].to_owned() } else { r.text() };
                        valid(row).then_some(text)
                    })
                    .collect::<$array>(),
            ) as ArrayRef
        }};
    }
    match t {
        T::Null => Arc::new(NullArray::new(len)),
        T::Boolean => Arc::new(
            (0..len)
                .map(|row| nulls.as_ref().is_none_or(|n| n.is_valid(row)).then(|| r.below(2) == 0))
                .collect::<BooleanArray>(),
        ),
        T::Int8 => int!(Int8Type),
        T::Int16 => int!(Int16Type),
        T::Int32 => int!(Int32Type),
        T::Int64 => int!(Int64Type),
        T::UInt8 => int!(UInt8Type),
        T::UInt16 => int!(UInt16Type),
        T::UInt32 => int!(UInt32Type),
        T::UInt64 => primitive::<UInt64Type>(t, nulls, len, || r.next()),
        T::Float32 => primitive::<Float32Type>(t, nulls, len, || finite(f32::from_bits(r.next() as u32))),
        T::Float64 => primitive::<Float64Type>(t, nulls, len, || {
            let any = f64::from_bits(r.next());
            if any.is_finite() { any } else { r.signed(1 << 60) as f64 }
        }),
        T::Decimal32(..) => int!(Decimal32Type),
        T::Decimal64(..) => int!(Decimal64Type),
        T::Decimal128(..) => int!(Decimal128Type),
        T::Decimal256(..) => primitive::<Decimal256Type>(t, nulls, len, || {
            i256::from_i128(r.signed(i128::MAX - 1)).wrapping_mul(i256::from_i128(10_i128.pow(37)))
        }),
        T::Date32 => int!(Date32Type),
        T::Date64 => primitive::<Date64Type>(t, nulls, len, || (r.signed(limit(t)) * 86_400_000) as i64),
        T::Time32(TimeUnit::Second) => primitive::<Time32SecondType>(t, nulls, len, || r.below(86_400) as i32),
        T::Time32(_) => primitive::<Time32MillisecondType>(t, nulls, len, || r.below(86_400_000) as i32),
        T::Time64(TimeUnit::Microsecond) => {
            primitive::<Time64MicrosecondType>(t, nulls, len, || r.below(86_400_000_000) as i64)
        }
        T::Time64(_) => primitive::<Time64NanosecondType>(t, nulls, len, || r.below(86_400_000_000_000) as i64),
        T::Timestamp(TimeUnit::Second, _) => int!(TimestampSecondType),
        T::Timestamp(TimeUnit::Millisecond, _) => int!(TimestampMillisecondType),
        T::Timestamp(TimeUnit::Microsecond, _) => int!(TimestampMicrosecondType),
        T::Timestamp(TimeUnit::Nanosecond, _) => int!(TimestampNanosecondType),
        T::Duration(TimeUnit::Second) => int!(DurationSecondType),
        T::Duration(TimeUnit::Millisecond) => int!(DurationMillisecondType),
        T::Duration(TimeUnit::Microsecond) => int!(DurationMicrosecondType),
        T::Duration(TimeUnit::Nanosecond) => int!(DurationNanosecondType),
        T::Interval(IntervalUnit::YearMonth) => primitive::<IntervalYearMonthType>(t, nulls, len, || r.next() as i32),
        T::Interval(IntervalUnit::DayTime) => {
            primitive::<IntervalDayTimeType>(t, nulls, len, || IntervalDayTime::new(r.next() as i32, r.next() as i32))
        }
        T::Interval(IntervalUnit::MonthDayNano) => primitive::<IntervalMonthDayNanoType>(t, nulls, len, || {
            IntervalMonthDayNano::new(r.next() as i32, r.next() as i32, r.next() as i64)
        }),
        T::Utf8 => text!(StringArray),
        T::LargeUtf8 => text!(LargeStringArray),
        T::Utf8View => text!(StringViewArray),
        T::Binary => text!(BinaryArray),
        T::LargeBinary => text!(LargeBinaryArray),
        T::FixedSizeBinary(n) => {
            let rows = (0..len).map(|row| {
                let bytes: Vec<u8> = (0..*n).map(|_| r.next() as u8).collect();
                nulls.as_ref().is_none_or(|n| n.is_valid(row)).then_some(bytes)
            });
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(rows, *n).unwrap())
        }
        T::Dictionary(..) => {
            let rows = (0..len).map(|row| {
                let text = ["red", "green", "a \"blue\" that is long"][r.below(3) as usize];
                nulls.as_ref().is_none_or(|n| n.is_valid(row)).then_some(text)
            });
            Arc::new(rows.collect::<DictionaryArray<Int16Type>>())
        }
        T::Struct(fields) => {
            let columns = fields.iter().map(|f| random_array(f, len, r)).collect();
            Arc::new(StructArray::new(fields.clone(), columns, nulls))
        }
        T::List(item) => {
            let offsets = offsets(len, nulls.as_ref(), r);
            let items = random_array(item, offsets.last().copied().unwrap() as usize, r);
            Arc::new(ListArray::new(FieldRef::clone(item), offsets, items, nulls))
        }
        T::LargeList(item) => {
            let ends = offsets(len, nulls.as_ref(), r);
            let ends = OffsetBuffer::new(ends.iter().map(|end| i64::from(*end)).collect());
            let items = random_array(item, ends.last().copied().unwrap() as usize, r);
            Arc::new(LargeListArray::new(FieldRef::clone(item), ends, items, nulls))
        }
        T::FixedSizeList(item, width) => {
            let items = random_array(item, len * *width as usize, r);
            Arc::new(FixedSizeListArray::new(FieldRef::clone(item), *width, items, nulls))
        }
        T::Map(entries, sorted) => {
            let T::Struct(pair) = entries.data_type() else { panic!("entries are pairs") };
            let offsets = offsets(len, nulls.as_ref(), r);
            let count = offsets.last().copied().unwrap() as usize;
            // Keys are distinct, as maps demand.
            let keys: ArrayRef = match pair[0].data_type() {
                T::Int64 => Arc::new(Int64Array::from_iter_values((0..count as i64).map(|k| k - 5))),
                _ => Arc::new(StringArray::from_iter_values((0..count).map(|k| format!("k\"{k}")))),
            };
            let pairs = StructArray::new(pair.clone(), vec![keys, random_array(&pair[1], count, r)], None);
            Arc::new(MapArray::new(FieldRef::clone(entries), offsets, pairs, nulls, *sorted))
        }
        other => panic!("no generator for {other}"),
    }
}

const JSON: [&str; 6] =
    ["{\"a\":[1.50,null]}", "\"text\"", "1e400", "true", "[{\"x\" : -0.0}]", "123456789012345678901234567890"];

fn finite(v: f32) -> f32 {
    if v.is_finite() { v } else { 0.5 }
}

fn offsets(len: usize, nulls: Option<&NullBuffer>, r: &mut Random) -> OffsetBuffer<i32> {
    OffsetBuffer::from_lengths(
        (0..len).map(|row| if nulls.is_some_and(|n| n.is_null(row)) { 0 } else { r.below(4) as usize }),
    )
}

fn list(item: Field) -> FieldRef {
    Arc::new(item.with_name("item"))
}

fn map(key: T, value: Field) -> T {
    let pair = Fields::from(vec![Field::new("keys", key, false), value.with_name("values")]);
    T::Map(Arc::new(Field::new("entries", T::Struct(pair), false)), false)
}

fn scalars() -> Vec<Field> {
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut types = vec![
        T::Null,
        T::Boolean,
        T::Int8,
        T::Int16,
        T::Int32,
        T::Int64,
        T::UInt8,
        T::UInt16,
        T::UInt32,
        T::UInt64,
        T::Float32,
        T::Float64,
        T::Decimal32(9, 3),
        T::Decimal64(18, 0),
        T::Decimal128(38, 10),
        T::Decimal128(7, -3),
        T::Decimal256(76, 20),
        T::Utf8,
        T::LargeUtf8,
        T::Utf8View,
        T::Binary,
        T::LargeBinary,
        T::FixedSizeBinary(5),
        T::Date32,
        T::Date64,
        T::Time32(TimeUnit::Second),
        T::Time32(TimeUnit::Millisecond),
        T::Time64(TimeUnit::Microsecond),
        T::Time64(TimeUnit::Nanosecond),
        T::Interval(IntervalUnit::YearMonth),
        T::Interval(IntervalUnit::DayTime),
        T::Interval(IntervalUnit::MonthDayNano),
        T::Dictionary(Box::new(T::Int16), Box::new(T::Utf8)),
    ];
    for unit in units {
        types.extend([T::Timestamp(unit, None), T::Timestamp(unit, Some("UTC".into())), T::Duration(unit)]);
        types.push(T::Timestamp(unit, Some("+05:30".into())));
    }
    let mut fields: Vec<Field> = types.into_iter().map(|t| Field::new("c", t, true)).collect();
    fields.extend([uuid_field("c", true), json_field("c", true)]);
    fields
}

fn random_field(depth: u64, r: &mut Random) -> Field {
    let scalars = scalars();
    let nullable = r.below(4) > 0;
    let scalar = scalars[r.below(scalars.len() as u64) as usize].clone();
    if depth == 0 || r.below(3) > 0 {
        let nullable = nullable || scalar.data_type().is_null();
        return scalar.with_nullable(nullable);
    }
    let inner = random_field(depth - 1, r);
    let t = match r.below(6) {
        0 => T::List(list(inner)),
        1 => T::LargeList(list(inner)),
        2 => T::FixedSizeList(list(inner), 2),
        3 => map(T::Utf8, inner),
        4 => map(T::Int64, inner),
        _ => T::Struct(Fields::from(vec![inner.with_name("x \"y"), random_field(depth - 1, r).with_name("z")])),
    };
    Field::new("c", t, nullable)
}

/// What `options` write, read by every engine.
fn round_trips(schema: &SchemaRef, batch: &RecordBatch, options: &[(&str, &str)]) -> Vec<RecordBatch> {
    let options = Options::from_pairs(options.iter().copied());
    let format = FormatSpec::new("json").with_options(options.clone());
    let mut encoder = AnyEncoder::build(&EncodeSpec::new(Arc::clone(schema), format)).unwrap().unwrap();
    let mut out = EncodedBatch::new();
    encoder.encode(batch, &mut out).unwrap();
    let options = JsonOptions::from_options(&options).unwrap();
    let decode = |engine| {
        let mut decoder = JsonDecoder::with_engine(Arc::clone(schema), &options, engine).unwrap();
        let decoded = decoder.decode(&RawBatch::from_values(out.iter())).unwrap();
        let first =
            decoded.rejected.first().map(|r| format!("{}\n{}", r.error, String::from_utf8_lossy(out.record(r.record))));
        assert_eq!(first, None, "{engine:?}: {schema:#?}");
        decoded.batch
    };
    JsonEngine::available().map(decode).collect()
}

fn check_batch(batch: &RecordBatch) {
    let schema = batch.schema();
    for options in [&[][..], &[("explicit_nulls", "false")], &[("binary_encoding", "hex")]] {
        for back in round_trips(&schema, batch, options) {
            for (f, (expected, found)) in schema.fields().iter().zip(batch.columns().iter().zip(back.columns())) {
                assert_eq!(&*plain(found), &*plain(expected), "{f:?} with {options:?}");
            }
        }
    }
}

fn check(schema: &SchemaRef, rows: usize, r: &mut Random) {
    let columns = schema.fields().iter().map(|f| random_array(f, rows, r)).collect();
    check_batch(&RecordBatch::try_new(Arc::clone(schema), columns).unwrap());
}

/// Dictionaries are compared by what they stand for: ours has its values in order of appearance.
fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        T::Dictionary(_, value) => arrow_cast::cast(array, value).unwrap(),
        _ => Arc::clone(array),
    }
}

#[test]
fn every_scalar_type_comes_back() {
    for f in scalars() {
        let schema = Arc::new(Schema::new(vec![f]));
        check(&schema, 200, &mut Random(7));
    }
}

#[test]
fn random_schemas_come_back() {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for seed in 0..300 {
        println!("seed {seed}");
        let mut r = Random(seed);
        let fields: Vec<Field> = (0..1 + r.below(5))
            .map(|i| random_field(3, &mut r).with_name(format!("c{i}")))
            .filter(|f| !has_dictionary(f.data_type()))
            .collect();
        fields.iter().for_each(|f| *seen.entry(f.data_type().to_string()).or_default() += 1);
        check(&Arc::new(Schema::new(fields)), r.below(20) as usize, &mut r);
    }
    assert!(seen.len() > 200, "{} different types are too few", seen.len());
}

/// Nested dictionaries do not compare by what they stand for.
fn has_dictionary(t: &T) -> bool {
    match t {
        T::Dictionary(..) => true,
        T::List(f) | T::LargeList(f) | T::FixedSizeList(f, _) | T::Map(f, _) => has_dictionary(f.data_type()),
        T::Struct(fields) => fields.iter().any(|f| has_dictionary(f.data_type())),
        _ => false,
    }
}

#[test]
fn sliced_batches_are_written_from_their_own_rows() {
    let mut r = Random(3);
    for _ in 0..50 {
        let f = random_field(2, &mut r);
        if has_dictionary(f.data_type()) {
            continue;
        }
        let schema: SchemaRef = Arc::new(Schema::new(vec![f.clone()]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![random_array(&f, 20, &mut r)]).unwrap();
        let slice = batch.slice(7, 9);
        check_batch(&slice);
    }
}

/// A column of the ends of its type, nulls between them, twice: so that they stand in a whole block and at its end.
fn ends(f: Field, values: ArrayRef) {
    let nulls = new_null_array(values.data_type(), 1);
    let column = arrow_select::concat::concat(&[&*values, &*nulls, &*values]).unwrap();
    check_batch(&RecordBatch::try_new(Arc::new(Schema::new(vec![f])), vec![column]).unwrap());
}

#[test]
fn the_ends_of_numbers_come_back() {
    macro_rules! check {
        ($array:ty, [$($value:expr),* $(,)?]) => {{
            let values: ArrayRef = Arc::new(<$array>::from(vec![$($value),*]));
            ends(Field::new("c", values.data_type().clone(), true), values);
        }};
    }
    check!(Int8Array, [i8::MIN, -1, 0, 1, i8::MAX]);
    check!(Int16Array, [i16::MIN, 0, i16::MAX]);
    check!(Int32Array, [i32::MIN, -99_999_999, 99_999_999, 100_000_000, i32::MAX]);
    check!(Int64Array, [i64::MIN, i64::MIN + 1, -10_000_000_000_000_000, 9_999_999_999_999_999, i64::MAX]);
    check!(UInt64Array, [0, 99_999_999, 100_000_000, 10_000_000_000_000_000, u64::MAX]);
    check!(Float64Array, [0.0, f64::MIN, f64::MAX, f64::MIN_POSITIVE, 5e-324, -5e-324, 1e16, 1e15, 0.1 + 0.2]);
    check!(Float64Array, [1e-5, 9e-6, 1e-6, 1e-7, 999_999_999.999_999, 999_999_999.999_999_9, 1e9, 0.5, -2.25]);
    check!(Float32Array, [f32::MIN, f32::MAX, f32::MIN_POSITIVE, 1e-45, 16_777_216.0, 0.1, 3.4e38]);
}

#[test]
fn the_ends_of_half_precision_come_back() {
    use half::f16;
    let values =
        [f16::MIN, f16::MAX, f16::MIN_POSITIVE, f16::MIN_POSITIVE_SUBNORMAL, f16::EPSILON, f16::ONE, f16::ZERO];
    ends(Field::new("c", T::Float16, true), Arc::new(Float16Array::from_iter_values(values)));
    // All of the finite ones: there are not many.
    let all = (0..=u16::MAX).map(f16::from_bits).filter(|value| value.is_finite());
    let column: ArrayRef = Arc::new(Float16Array::from_iter_values(all));
    check_batch(
        &RecordBatch::try_new(Arc::new(Schema::new(vec![Field::new("c", T::Float16, true)])), vec![column]).unwrap(),
    );
}

#[test]
fn containers_of_nothing_and_nulls_at_every_depth_come_back() {
    // Null, empty, of a null, and of values, for each container in each other.
    let lengths = [0, 0, 1, 2];
    let nulls = NullBuffer::from(vec![false, true, true, true]);
    let items: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1), None]));
    let mut arrays = vec![items];
    for _ in 0..2 {
        let wrapped = arrays.iter().flat_map(|items| {
            // Rows 0 and 1 take nothing, so the items are those of rows 2 and 3.
            let items = items.slice(items.len() - 3, 3);
            let item = |name| Field::new(name, items.data_type().clone(), true);
            let offsets = OffsetBuffer::from_lengths(lengths);
            let list = ListArray::new(list(item("item")), offsets.clone(), Arc::clone(&items), Some(nulls.clone()));
            let T::Map(entries, _) = map(T::Utf8, item("values")) else { panic!("it is a map") };
            let T::Struct(pair) = entries.data_type() else { panic!("entries are pairs") };
            let keys: ArrayRef = Arc::new(StringArray::from(vec!["", "a", "\"b"]));
            let pairs = StructArray::new(pair.clone(), vec![keys, Arc::clone(&items)], None);
            let map = MapArray::new(FieldRef::clone(&entries), offsets, pairs, Some(nulls.clone()), false);
            let rows = NullBuffer::from(vec![false, true, true]);
            let row = StructArray::new(Fields::from(vec![item("x")]), vec![items], Some(rows));
            [Arc::new(list) as ArrayRef, Arc::new(map), Arc::new(row)]
        });
        arrays = wrapped.collect();
        for column in &arrays {
            ends(Field::new("c", column.data_type().clone(), true), Arc::clone(column));
        }
    }
    assert_eq!(arrays.len(), 9);
}

#[test]
fn a_time_outside_the_day_is_refused_by_name() {
    let day = 86_400_000_000_i64;
    for (time, expected) in [
        (day, "cannot write time 24:00:00;"),
        (-1, "cannot write time -1:59:59.999999;"),
        (i64::MAX, "cannot write time 2562047788:00:54.775807;"),
    ] {
        let schema = Arc::new(Schema::new(vec![Field::new("at", T::Time64(TimeUnit::Microsecond), true)]));
        let column: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![day - 1, time]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
        let mut encoder = AnyEncoder::build(&EncodeSpec::new(schema, FormatSpec::new("json"))).unwrap().unwrap();
        let mut out = EncodedBatch::new();
        let error = encoder.encode(&batch, &mut out).unwrap_err().to_string();
        assert!(error.contains("field at") && error.contains(expected), "{error}");
        assert_eq!(out.iter().collect::<Vec<_>>(), [br#"{"at":"23:59:59.999999"}"#]);
    }
}

#[test]
fn the_sign_of_zero_comes_back() {
    let schema = Arc::new(Schema::new(vec![Field::new("c", T::Float64, true), Field::new("d", T::Float32, true)]));
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Float64Array::from(vec![-0.0, 0.0])), Arc::new(Float32Array::from(vec![-0.0, 0.0]))];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
    for back in round_trips(&schema, &batch, &[]) {
        let bits: Vec<u64> =
            back.column(0).as_primitive::<Float64Type>().values().iter().map(|v| v.to_bits()).collect();
        assert_eq!(bits, [(-0.0_f64).to_bits(), 0]);
        let bits: Vec<u32> =
            back.column(1).as_primitive::<Float32Type>().values().iter().map(|v| v.to_bits()).collect();
        assert_eq!(bits, [(-0.0_f32).to_bits(), 0]);
    }
}

#[test]
fn the_longest_decimals_come_back() {
    let longest = 10_i128.pow(38) - 1;
    for scale in [0, 1, 37, 38, -1, -5] {
        let values = Decimal128Array::from(vec![longest, -longest, 0, 1, -1, 10, i128::from(u64::MAX)]);
        let values = values.with_precision_and_scale(38, scale).unwrap();
        ends(Field::new("c", values.data_type().clone(), true), Arc::new(values));
    }
    let ten = |power| i256::from_i128(10).wrapping_pow(power);
    let longest = ten(76).wrapping_sub(i256::ONE);
    for scale in [0, 40, 75, 76, -3] {
        let values = [longest, longest.wrapping_neg(), i256::ZERO, i256::ONE, i256::MINUS_ONE, ten(16), ten(64)];
        let values = Decimal256Array::from_iter_values(values).with_precision_and_scale(76, scale).unwrap();
        ends(Field::new("c", values.data_type().clone(), true), Arc::new(values));
    }
}

#[test]
fn the_ends_of_calendars_come_back() {
    // Years 1, 1600, 1969, 1970, 2000, 9999, 10000 and 12345.
    let days = [-719_162_i64, -135_140, -1, 0, 11_016, 2_932_896, 2_932_897, 3_789_743];
    let dates = Date32Array::from_iter_values(days.iter().map(|days| *days as i32));
    ends(Field::new("c", T::Date32, true), Arc::new(dates));
    let seconds = || days.iter().flat_map(|day| [day * 86_400, day * 86_400 + 86_399]);
    for zone in [None, Some("UTC"), Some("+05:30")] {
        let zone: Option<Arc<str>> = zone.map(Into::into);
        let whole = TimestampSecondArray::from_iter_values(seconds()).with_timezone_opt(zone.clone());
        ends(Field::new("c", whole.data_type().clone(), true), Arc::new(whole));
        let millis = seconds().flat_map(|s| [s * 1_000, s * 1_000 + 7]);
        let millis = TimestampMillisecondArray::from_iter_values(millis).with_timezone_opt(zone.clone());
        ends(Field::new("c", millis.data_type().clone(), true), Arc::new(millis));
        let micros = seconds().flat_map(|s| [s * 1_000_000 - 1, s * 1_000_000 + 120]);
        let micros = TimestampMicrosecondArray::from_iter_values(micros).with_timezone_opt(zone.clone());
        ends(Field::new("c", micros.data_type().clone(), true), Arc::new(micros));
        let nanos = [i64::MIN, -1, 0, 1, 1_000, 999_999_999, i64::MAX];
        let nanos = TimestampNanosecondArray::from_iter_values(nanos).with_timezone_opt(zone);
        ends(Field::new("c", nanos.data_type().clone(), true), Arc::new(nanos));
    }
    let times = Time64NanosecondArray::from_iter_values([0, 1, 1_000, 86_399_999_999_999, 43_200_000_000_000]);
    ends(Field::new("c", times.data_type().clone(), true), Arc::new(times));
}

#[test]
fn every_character_comes_back_at_every_place() {
    let mut texts = vec![String::new()];
    for c in (0..0x30_u8).map(char::from).chain(['\\', '\u{7f}', 'é', '\u{2028}', '\u{fffe}', '😀', '\u{10ffff}']) {
        for before in [0, 1, 7, 15, 16, 31, 32, 33, 64] {
            texts.push(format!("{}{c}", "a".repeat(before)));
            texts.push(format!("{}{c}{c}z{c}", "é".repeat(before)));
        }
    }
    // Longer than the pieces that texts are escaped by.
    texts.extend(["\u{1}\"😀".repeat(1_000), "x".repeat(5_000)]);
    ends(Field::new("c", T::Utf8, true), Arc::new(StringArray::from_iter_values(&texts)));
    ends(Field::new("c", T::LargeUtf8, true), Arc::new(LargeStringArray::from_iter_values(&texts)));
    ends(Field::new("c", T::Utf8View, true), Arc::new(StringViewArray::from_iter_values(&texts)));
    // The same as names of columns, which are written from another place.
    let fields: Vec<Field> = texts.iter().take(200).map(|name| Field::new(name, T::Int64, true)).collect();
    let columns = fields.iter().map(|_| Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef).collect();
    let mut names: Vec<&String> = fields.iter().map(|f| f.name()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), fields.len(), "names stand once");
    check_batch(&RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap());
}

/// arrow-json writes the generator's workloads as we do, but for the texts of some floats: values are compared.
#[test]
fn arrow_json_writes_the_same_values() {
    use laminar_connector_generator::workload::Workload;
    for workload in Workload::ALL {
        // It writes a zone's own time, and we write UTC.
        if workload == Workload::Orders {
            continue;
        }
        let schema = workload.schema();
        let mut generator = workload.generator(5);
        let mut raw = EncodedBatch::new();
        for _ in 0..300 {
            generator.write_record(raw.bytes_mut());
            raw.end_record();
        }
        let options = JsonOptions::from_options(&Options::new()).unwrap();
        let mut decoder = JsonDecoder::new(Arc::clone(&schema), &options).unwrap();
        let batch = decoder.decode(&RawBatch::from_values(raw.iter())).unwrap().batch;
        let mut encoder = AnyEncoder::build(&EncodeSpec::new(schema, FormatSpec::new("json"))).unwrap().unwrap();
        let mut ours = EncodedBatch::new();
        encoder.encode(&batch, &mut ours).unwrap();
        let mut lines = Vec::new();
        let mut writer = arrow_json::WriterBuilder::new()
            .with_explicit_nulls(true)
            .build::<_, arrow_json::writer::LineDelimited>(&mut lines);
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let theirs: Vec<&[u8]> = lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
        assert_eq!((theirs.len(), ours.len()), (300, 300));
        for (ours, theirs) in ours.iter().zip(theirs) {
            let value = |text| serde_json::from_slice::<serde_json::Value>(text).unwrap();
            assert_eq!(value(ours), value(theirs));
        }
    }
}
