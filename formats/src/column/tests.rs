use std::sync::Arc;

use arrow_array::{Array, ArrayRef, cast::AsArray, types::TimestampMicrosecondType};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType as T, Field, Fields, IntervalUnit, TimeUnit};
use laminar_schema::field::{TIMESTAMP_FORMATS_METADATA, uuid_field, with_metadata};

use super::{Column, ColumnOps, ColumnOptions, Mismatch, Scalar};

fn column(field: &Field) -> Column {
    Column::new(field, &ColumnOptions::default()).unwrap()
}

fn shown(array: &ArrayRef) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    // Arrow shows zones by name only with its database of zones, which nothing else here needs.
    let utc = array.as_primitive_opt::<TimestampMicrosecondType>().map(|a| a.clone().with_timezone("+00:00"));
    let array: &dyn Array = match &utc {
        Some(stamps) if matches!(array.data_type(), T::Timestamp(_, Some(_))) => stamps,
        _ => array,
    };
    let formatter = ArrayFormatter::try_new(array, &options).unwrap();
    (0..array.len()).map(|row| formatter.value(row).to_string()).collect()
}

/// Pushes `scalar` into a column of `data_type` and compares the value, or the mismatch.
fn check(data_type: T, scalar: Scalar<'_>, expected: Result<&str, Mismatch>) {
    check_field(&Field::new("c", data_type, true), scalar, expected);
}

fn check_field(field: &Field, scalar: Scalar<'_>, expected: Result<&str, Mismatch>) {
    let mut column = column(field);
    let pushed = column.push_scalar(scalar);
    assert_eq!(column.num_rows(), usize::from(pushed.is_ok()), "{field:?} {scalar:?}");
    let array = column.finish();
    assert_eq!(array.data_type(), field.data_type());
    let found = pushed.map(|()| shown(&array).remove(0));
    assert_eq!(found.as_deref(), expected.as_ref().map(|s| *s), "{field:?} {scalar:?}");
}

const TYPE: Result<&str, Mismatch> = Err(Mismatch::Type);
const RANGE: Result<&str, Mismatch> = Err(Mismatch::Range);

#[test]
fn integers_are_exact() {
    use Scalar::{Bool, F64, I64, Number, Str, Text, U64};
    check(T::Int8, I64(-128), Ok("-128"));
    check(T::Int8, I64(128), RANGE);
    check(T::UInt8, I64(-1), RANGE);
    check(T::UInt64, U64(u64::MAX), Ok("18446744073709551615"));
    check(T::UInt64, Number("18446744073709551616"), RANGE);
    check(T::Int64, U64(u64::MAX), RANGE);
    check(T::Int64, Number("-9223372036854775808"), Ok("-9223372036854775808"));
    check(T::Int64, Number("42.0"), Ok("42"));
    check(T::Int64, Number("42.7"), RANGE);
    check(T::Int64, Number("42.00000000000000000000000000000000000001"), RANGE);
    check(T::Int64, Number("4.2e1"), Ok("42"));
    check(T::Int64, Number("4200e-2"), Ok("42"));
    check(T::Int64, Number("1e400"), RANGE);
    check(T::Int64, Number("0e99999999999999999999"), Ok("0"));
    check(T::Int64, F64(42.0), Ok("42"));
    check(T::Int64, F64(42.5), RANGE);
    check(T::Int64, F64(f64::NAN), RANGE);
    check(T::Int64, F64(f64::INFINITY), RANGE);
    check(T::Int64, F64(-9_223_372_036_854_775_808.0), Ok("-9223372036854775808"));
    check(T::UInt64, F64(1.8446744073709552e19), RANGE);
    check(T::Int64, Str("42"), TYPE);
    check(T::Int64, Bool(true), TYPE);
    check(T::Int32, Text("+007"), Ok("7"));
    check(T::Int32, Text("seven"), TYPE);
    check(T::Int32, Text(""), TYPE);
    check(T::Int32, Text("1e"), TYPE);
    check(T::Int32, Text("99999999999"), RANGE);
}

#[test]
fn floats_round_fractions_but_never_integers() {
    use Scalar::{F64, I64, Number, Str, Text, U64};
    check(T::Float64, F64(0.1), Ok("0.1"));
    check(T::Float64, I64(9_007_199_254_740_992), Ok("9007199254740992.0"));
    check(T::Float64, I64(9_007_199_254_740_993), RANGE);
    check(T::Float64, U64(1 << 63), Ok("9.223372036854776e18"));
    check(T::Float64, Number("1180591620717411303424"), Ok("1.1805916207174113e21"));
    // 2^70 as JavaScript prints it, and one off.
    check(T::Float64, Number("1180591620717411300000"), Ok("1.1805916207174113e21"));
    check(T::Float64, Number("1180591620717411300001"), RANGE);
    check(
        T::Float64,
        Number("1606938044258990275541962092341162602522202993782792835301376"),
        Ok("1.6069380442589903e60"),
    );
    check(T::Float64, Number("1606938044258990275541962092341162602522202993782792835301377"), RANGE);
    check(T::Float64, Number("123456789012345680000"), Ok("1.2345678901234568e20"));
    check(T::Float32, Number("123456790"), Ok("123456790.0"));
    check(T::Float32, Number("123456789"), RANGE);
    // 2^1000, and one more.
    let long = format!("{:.0}", 2_f64.powi(1000));
    check(T::Float64, Number(&long), Ok("1.0715086071862673e301"));
    check(T::Float64, Number(&long.replace("069376", "069377")), RANGE);
    check(T::Float64, Number(&format!("-{long}")), Ok("-1.0715086071862673e301"));
    check(T::Float64, Number("18446744073709551615"), RANGE);
    check(T::Float64, Number("1e400"), RANGE);
    check(T::Float64, Number("1e-400"), Ok("0.0"));
    check(T::Float64, Number("-0"), Ok("-0.0"));
    check(T::Float64, Str("0.1"), TYPE);
    check(T::Float64, Text("NaN"), Ok("NaN"));
    check(T::Float64, Text("-inf"), Ok("-inf"));
    check(T::Float64, Text("1e999"), RANGE);
    check(T::Float64, Text("n/a"), TYPE);
    check(T::Float32, F64(0.1), Ok("0.1"));
    check(T::Float32, F64(1e39), RANGE);
    check(T::Float32, I64(16_777_217), RANGE);
    // Just above and below the middle between two neighbours: through f64, both would be the middle itself.
    check(T::Float32, Number("1.00000005960464477539062500001"), Ok("1.0000001"));
    check(T::Float32, Number("1.00000005960464477539062500000"), Ok("1.0"));
    check(T::Float32, Number("3.4028235677973366e38"), Ok("3.4028235e38"));
    check(T::Float32, Number("3.40282356779733661637539395458142568448e38"), RANGE);
    check(T::Float16, Number("1.00048828125000000000000000000000001"), Ok("1.0009766"));
    check(T::Float16, Number("-1.00048828125000000000000000000000001"), Ok("-1.0009766"));
    check(T::Float16, Number("1.00048828125"), Ok("1"));
    check(T::Float16, Number("1.00146484375"), Ok("1.0019531"));
    check(T::Float16, Number("1.00146484374999999999999999999999999"), Ok("1.0009766"));
    check(T::Float16, Number("2.98023223876953125e-8"), Ok("0"));
    check(T::Float16, Number("0.0000000298023223876953125000000000000000001"), Ok("0.000000059604645"));
    check(T::Float16, Number("65519.99999999999999999999999"), Ok("65504"));
    check(T::Float16, Number("65520.0"), RANGE);
    check(T::Float16, F64(65504.0), Ok("65504"));
    check(T::Float16, F64(65520.0), RANGE);
    check(T::Float16, I64(2049), RANGE);
}

#[test]
fn decimals_lose_no_digit() {
    use Scalar::{F64, I64, Number, Str, U64};
    let d = T::Decimal128(18, 4);
    check(d.clone(), Number("1.1"), Ok("1.1000"));
    check(d.clone(), Number("-0.00010"), Ok("-0.0001"));
    check(d.clone(), Number("1.23450000"), Ok("1.2345"));
    check(d.clone(), Number("1.23456"), RANGE);
    check(d.clone(), Number("12345678901234.5678"), Ok("12345678901234.5678"));
    check(d.clone(), Number("123456789012345"), RANGE);
    check(d.clone(), Number("1e13"), Ok("10000000000000.0000"));
    check(d.clone(), I64(-7), Ok("-7.0000"));
    check(d.clone(), U64(u64::MAX), RANGE);
    check(d.clone(), F64(0.1), TYPE);
    check(d, Str("1.1"), TYPE);
    check(T::Decimal32(9, 2), Number("1234567.89"), Ok("1234567.89"));
    check(T::Decimal64(18, 0), Number("999999999999999999"), Ok("999999999999999999"));
    check(
        T::Decimal128(38, 0),
        Number("-99999999999999999999999999999999999999"),
        Ok("-99999999999999999999999999999999999999"),
    );
    check(T::Decimal128(38, 0), Number("100000000000000000000000000000000000000"), RANGE);
    let seventy_six = "9".repeat(76);
    check(T::Decimal256(76, 0), Number(&seventy_six), Ok(&seventy_six));
    check(T::Decimal128(5, -2), Number("12300"), Ok("12300"));
    check(T::Decimal128(5, -2), Number("12345"), RANGE);
}

#[test]
fn text_and_bytes() {
    use Scalar::{Bool, Bytes, I64, Str, Text};
    for t in [T::Utf8, T::LargeUtf8, T::Utf8View, T::Dictionary(Box::new(T::Int8), Box::new(T::Utf8))] {
        check(t.clone(), Str("a longer text than a view holds"), Ok("a longer text than a view holds"));
        check(t.clone(), Text(""), Ok(""));
        check(t.clone(), Bytes(b"\xff"), TYPE);
        check(t.clone(), I64(1), TYPE);
        check(t, Bool(true), TYPE);
    }
    for t in [T::Binary, T::LargeBinary, T::FixedSizeBinary(3)] {
        check(t.clone(), Str("AQID"), Ok("010203"));
        check(t.clone(), Bytes(&[1, 2, 3]), Ok("010203"));
        check(t.clone(), Str("AQ*D"), TYPE);
        check(t, I64(1), TYPE);
    }
    check(T::Binary, Str("AQI"), Ok("0102"));
    check(T::Binary, Str("AQI="), Ok("0102"));
    check(T::FixedSizeBinary(2), Str("AQID"), RANGE);
    let uuid = uuid_field("c", true);
    check_field(&uuid, Str("6ba7b810-9dad-11d1-80b4-00C04FD430C8"), Ok("6ba7b8109dad11d180b400c04fd430c8"));
    check_field(&uuid, Text("6ba7b8109dad11d180b400c04fd430c8"), Ok("6ba7b8109dad11d180b400c04fd430c8"));
    check_field(&uuid, Str("6ba7b810+9dad-11d1-80b4-00c04fd430c8"), TYPE);
    check_field(&uuid, Bytes(&[1; 15]), RANGE);
    check(T::Boolean, Text("TRUE"), Ok("true"));
    check(T::Boolean, Str("true"), TYPE);
    check(T::Boolean, I64(1), TYPE);
    check(T::Null, I64(1), TYPE);
}

#[test]
fn dates_and_times() {
    use Scalar::{I64, Number, Str};
    let micros = |zone: Option<&str>| T::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    check(T::Date32, Str("2024-02-29"), Ok("2024-02-29"));
    check(T::Date32, Str("2023-02-29"), TYPE);
    check(T::Date32, Str("0001-01-01"), Ok("0001-01-01"));
    check(T::Date64, Str("1969-12-31"), Ok("1969-12-31T00:00:00"));
    check(T::Date32, I64(5), TYPE);
    check(T::Time32(TimeUnit::Second), Str("23:59:59"), Ok("23:59:59"));
    check(T::Time32(TimeUnit::Second), Str("23:59:59.5"), RANGE);
    check(T::Time32(TimeUnit::Millisecond), Str("12:34"), Ok("12:34:00"));
    check(T::Time64(TimeUnit::Nanosecond), Str("00:00:00.123456789"), Ok("00:00:00.123456789"));
    check(T::Time64(TimeUnit::Microsecond), Str("24:00:00"), TYPE);
    check(micros(None), Str("2024-02-29T12:34:56.789+01:00"), Ok("2024-02-29T11:34:56.789"));
    check(micros(None), Str("2024-02-29 12:34:56"), Ok("2024-02-29T12:34:56"));
    check(micros(None), Str("2024-02-29"), Ok("2024-02-29T00:00:00"));
    check(micros(None), Str("2024-02-29T12:34:56.1234567"), RANGE);
    check(micros(None), Str("2024-02-29T12:34:56.1234560000000Z"), Ok("2024-02-29T12:34:56.123456"));
    check(micros(None), Str("2016-12-31T23:59:60Z"), RANGE);
    check(micros(None), Str("1969-12-31T23:59:59.999999Z"), Ok("1969-12-31T23:59:59.999999"));
    check(micros(None), Str("yesterday"), TYPE);
    check(micros(None), I64(0), TYPE);
    check(micros(Some("UTC")), Str("2024-01-01T00:00:00"), Ok("2024-01-01T00:00:00Z"));
    check(micros(Some("+02:00")), Str("2024-01-01T00:00:00"), Ok("2023-12-31T22:00:00Z"));
    let berlin = Field::new("c", micros(Some("Europe/Berlin")), true);
    assert_eq!(column(&berlin).push_scalar(Str("2024-01-01T00:00:00")), Err(Mismatch::Type));
    assert_eq!(column(&berlin).push_scalar(Str("2024-01-01T00:00:00Z")), Ok(()));
    check(T::Timestamp(TimeUnit::Nanosecond, None), Str("2263-01-01T00:00:00Z"), RANGE);
    check(T::Timestamp(TimeUnit::Second, None), Str("+12345-06-07T00:00:00Z"), Ok("+12345-06-07T00:00:00"));

    let formats = |lines: &str| with_metadata(Field::new("c", micros(None), true), TIMESTAMP_FORMATS_METADATA, lines);
    check_field(&formats("epoch_ms"), I64(1_700_000_000_123), Ok("2023-11-14T22:13:20.123"));
    check_field(&formats("epoch_s"), Number("1700000000.5"), Ok("2023-11-14T22:13:20.500"));
    check_field(&formats("epoch_ns"), I64(1), RANGE);
    check_field(&formats("%d/%m/%Y %H:%M\niso8601"), Str("29/02/2024 12:34"), Ok("2024-02-29T12:34:00"));
    check_field(&formats("%d/%m/%Y %H:%M\niso8601"), Str("2024-02-29T12:34Z"), Ok("2024-02-29T12:34:00"));
    check_field(&formats("%d/%m/%Y"), Str("2024-02-29"), TYPE);
    for pattern in ["epoch_weeks", "%Q", "%Y-%", "%U %Y", "%"] {
        let error = Column::new(&formats(pattern), &ColumnOptions::default()).unwrap_err();
        assert!(error.is_config(), "{pattern}");
    }
}

#[test]
fn patterns_of_ones_own() {
    let check = |pattern: &str, text: &str, expected: Result<&str, Mismatch>| {
        let t = T::Timestamp(TimeUnit::Microsecond, None);
        let field = with_metadata(Field::new("c", t, true), TIMESTAMP_FORMATS_METADATA, pattern);
        check_field(&field, Scalar::Str(text), expected);
    };
    check("%Y%m%d%H%M%S", "20240229123456", Ok("2024-02-29T12:34:56"));
    check("%d %B %Y", "29 february 2024", Ok("2024-02-29T00:00:00"));
    check("%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700", Ok("2000-10-10T20:55:36"));
    check("%a, %d %b %Y %T GMT", "Thu, 29 Feb 2024 00:00:01 GMT", Ok("2024-02-29T00:00:01"));
    check("%a, %d %b %Y %T GMT", "Fri, 29 Feb 2024 00:00:01 GMT", TYPE);
    check("%c", "Thu Feb 29 12:00:00 2024", Ok("2024-02-29T12:00:00"));
    check("%m/%d/%y %I:%M %p", "2/9/69 12:05 am", Ok("2069-02-09T00:05:00"));
    check("%D %r", "02/09/70 11:05:59 PM", Ok("1970-02-09T23:05:59"));
    check("%Y-%j", "2023-365", Ok("2023-12-31T00:00:00"));
    check("%Y-%j", "2023-366", TYPE);
    check("%F %T%.f", "2024-02-29 12:34:56", Ok("2024-02-29T12:34:56"));
    check("%F %T%.f", "2024-02-29 12:34:56.5", Ok("2024-02-29T12:34:56.500"));
    check("%F %T.%f", "2024-02-29 12:34:56.500", Ok("2024-02-29T12:34:56.500"));
    check("%F %T.%3f%z", "2024-02-29 12:34:56.789+01:00", Ok("2024-02-29T11:34:56.789"));
    check("%F %T%.f", "2024-02-29 12:34:56.1234567", RANGE);
    check("%F %T%.f", "2024-02-29 12:34:56.12345600001", RANGE);
    check("%F %T", "2016-12-31 23:59:60", RANGE);
    check("%F %T %Z", "2024-02-29 12:34:56 UTC", Ok("2024-02-29T12:34:56"));
    check("%F %T %Z", "2024-02-29 12:34:56 PST", TYPE);
    check("%Y-%m-%dT%H:%M:%S%.fZ", "2024-02-29T12:34:56.25Z", Ok("2024-02-29T12:34:56.250"));
    check("%s", "-1", Ok("1969-12-31T23:59:59"));
    check("%s%.f", "1700000000.25", Ok("2023-11-14T22:13:20.250"));
    check("100%% %F", "100% 2024-02-29", Ok("2024-02-29T00:00:00"));
    check("%F", "2023-02-29", TYPE);
    check("%F", "2024-02-29x", TYPE);
    check("%F %M", "2024-02-29 30", TYPE);
    check("%H:%M", "12:30", TYPE);
    check("%b", "é", TYPE);
    check("%p", "é", TYPE);
    let time = Field::new("c", T::Time32(TimeUnit::Second), true);
    let time = with_metadata(time, TIMESTAMP_FORMATS_METADATA, "%I:%M %p");
    check_field(&time, Scalar::Str("1:05 pm"), Ok("13:05:00"));
    let date = with_metadata(Field::new("c", T::Date32, true), TIMESTAMP_FORMATS_METADATA, "%d.%m.%Y");
    check_field(&date, Scalar::Str("29.02.2024"), Ok("2024-02-29"));
}

#[test]
fn intervals() {
    use Scalar::{I64, Str};
    let millis = T::Duration(TimeUnit::Millisecond);
    check(millis.clone(), Str("PT1.5S"), Ok("PT1.5S"));
    check(millis.clone(), Str("P1DT-1H"), Ok("PT82800S"));
    check(millis.clone(), Str("PT0.0001S"), RANGE);
    check(millis.clone(), Str("P1M"), RANGE);
    check(millis.clone(), Str("P"), TYPE);
    check(millis, I64(-1), Ok("-PT0.001S"));
    check(T::Interval(IntervalUnit::YearMonth), Str("P1Y2M"), Ok("1 years 2 mons"));
    check(T::Interval(IntervalUnit::DayTime), Str("P2DT-0.5S"), Ok("2 days -0.500 secs"));
    check(T::Interval(IntervalUnit::MonthDayNano), Str("-P1M2DT3.000000004S"), Ok("-1 mons -2 days -3.000000004 secs"));
    check(T::Interval(IntervalUnit::YearMonth), Str("P1D"), RANGE);
}

/// Every scalar type with two values that fit it and one that does not.
fn scalar_types() -> Vec<(Field, [Scalar<'static>; 2], Scalar<'static>)> {
    use Scalar::{Bool, I64, Str};
    let text = [Str("one"), Str("another that is longer")];
    let time = [Str("12:00:00"), Str("13:00:00")];
    let stamp = [Str("2024-01-01T00:00:00Z"), Str("2025-01-01T00:00:00Z")];
    let span = [Str("PT1S"), Str("PT2S")];
    let ints = [I64(1), I64(2)];
    let dictionary = |key: T| T::Dictionary(Box::new(key), Box::new(T::Utf8));
    let mut all = vec![(T::Boolean, [Bool(true), Bool(true)])];
    for t in [T::Int8, T::Int16, T::Int32, T::Int64, T::UInt8, T::UInt16, T::UInt32, T::UInt64] {
        all.push((t.clone(), ints));
        all.push((dictionary(t), text));
    }
    for t in [T::Float16, T::Float32, T::Float64, T::Decimal32(5, 1), T::Decimal64(5, 1), T::Decimal128(5, 1)] {
        all.push((t, ints));
    }
    all.push((T::Decimal256(5, 1), ints));
    for t in [T::Utf8, T::LargeUtf8, T::Utf8View] {
        all.push((t, text));
    }
    for t in [T::Binary, T::LargeBinary, T::FixedSizeBinary(3)] {
        all.push((t, [Str("AQID"), Str("BAUG")]));
    }
    all.extend([T::Date32, T::Date64].map(|t| (t, [Str("2024-01-01"), Str("2024-01-02")])));
    all.extend([TimeUnit::Second, TimeUnit::Millisecond].map(|u| (T::Time32(u), time)));
    all.extend([TimeUnit::Microsecond, TimeUnit::Nanosecond].map(|u| (T::Time64(u), time)));
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
        all.push((T::Timestamp(unit, None), stamp));
        all.push((T::Timestamp(unit, Some("UTC".into())), stamp));
        all.push((T::Duration(unit), span));
    }
    all.push((T::Interval(IntervalUnit::YearMonth), [Str("P1M"), Str("P2M")]));
    all.push((T::Interval(IntervalUnit::DayTime), span));
    all.push((T::Interval(IntervalUnit::MonthDayNano), span));
    let mut all: Vec<_> = all.into_iter().map(|(t, values)| (Field::new("c", t, true), values)).collect();
    all.push((
        uuid_field("c", true),
        [Str("6ba7b8109dad11d180b400c04fd430c8"), Str("00000000000000000000000000000000")],
    ));
    all.into_iter()
        .map(|(field, values)| {
            let takes_bytes = matches!(field.data_type(), T::Binary | T::LargeBinary);
            (field, values, if takes_bytes { Bool(true) } else { Scalar::Bytes(b"\xff\xff") })
        })
        .collect()
}

/// One row of any column; nested columns get two items, the second of them null.
fn push_row(column: &mut Column, value: Scalar<'_>) {
    match column {
        Column::List(list) => {
            push_row(list.item(), value);
            list.item().push_null();
            list.end_row().unwrap();
        }
        Column::LargeList(list) => {
            push_row(list.item(), value);
            list.item().push_null();
            list.end_row().unwrap();
        }
        Column::FixedSizeList(list) => {
            push_row(list.item(), value);
            list.item().push_null();
            list.end_row().unwrap();
        }
        Column::Map(map) => {
            map.key().push_scalar(Scalar::Str("k")).unwrap();
            push_row(map.value(), value);
            map.end_row().unwrap();
        }
        Column::Struct(row) => {
            push_row(&mut row.fields[0].column, value);
            row.fields[1].column.push_null();
            row.end_row();
        }
        scalar => scalar.push_scalar(value).unwrap(),
    }
}

/// Leaves a nested column in the middle of a row.
fn push_part(column: &mut Column, value: Scalar<'_>) {
    match column {
        Column::List(list) => push_row(list.item(), value),
        Column::LargeList(list) => push_row(list.item(), value),
        Column::FixedSizeList(list) => push_row(list.item(), value),
        Column::Map(map) => map.key().push_scalar(Scalar::Str("open")).unwrap(),
        Column::Struct(row) => push_row(&mut row.fields[0].column, value),
        scalar => push_row(scalar, value),
    }
}

/// The field itself, and every nesting of it.
fn nestings(field: &Field) -> Vec<Field> {
    let item = Arc::new(field.clone().with_name("item"));
    let pair = Fields::from(vec![Field::new("key", T::Utf8, false), field.clone().with_name("value")]);
    let entries = Arc::new(Field::new("entries", T::Struct(pair), false));
    let row = Fields::from(vec![field.clone().with_name("a"), field.clone().with_name("b")]);
    let list = Arc::new(Field::new("item", T::List(Arc::clone(&item)), true));
    let types = [
        T::List(Arc::clone(&item)),
        T::LargeList(Arc::clone(&item)),
        T::FixedSizeList(item, 2),
        T::Map(entries, false),
        T::Struct(row),
        T::LargeList(list),
    ];
    std::iter::once(field.clone()).chain(types.map(|t| Field::new("c", t, true))).collect()
}

#[test]
fn a_rejected_row_leaves_no_trace_at_any_type() {
    for (scalar_field, [first, second], bad) in scalar_types() {
        for field in nestings(&scalar_field) {
            let mut clean = column(&field);
            let mut dirty = column(&field);
            for round in 0..3 {
                for column in [&mut clean, &mut dirty] {
                    push_row(column, first);
                    column.push_null();
                    push_row(column, first);
                }
                for rejected in 0..5 {
                    let rows = dirty.num_rows();
                    push_row(&mut dirty, second);
                    dirty.push_null();
                    push_part(&mut dirty, second);
                    assert!(dirty.push_scalar(bad).is_err(), "{field:?}");
                    dirty.truncate(rows);
                    assert_eq!(dirty.num_rows(), rows, "{field:?}, rejection {rejected}");
                }
                for column in [&mut clean, &mut dirty] {
                    push_row(column, second);
                    push_row(column, first);
                }
                let (clean, dirty) = (clean.finish(), dirty.finish());
                assert_eq!(dirty.len(), 5);
                assert_eq!(clean.to_data(), dirty.to_data(), "{field:?}, batch {round}");
                assert_eq!(dirty.null_count(), 1);
            }
        }
    }
}

#[test]
fn columns_without_nulls_have_no_validity() {
    for (field, [first, second], _) in scalar_types() {
        let mut column = column(&field);
        push_row(&mut column, first);
        column.push_null();
        column.truncate(1);
        push_row(&mut column, second);
        assert!(column.finish().nulls().is_none(), "{field:?}");
    }
}

#[test]
fn a_full_dictionary_is_freed_by_rejection() {
    let mut column = column(&Field::new("c", T::Dictionary(Box::new(T::Int8), Box::new(T::Utf8)), true));
    let texts: Vec<String> = (0..129).map(|i| format!("value {i}")).collect();
    for text in &texts[..128] {
        column.push_scalar(Scalar::Str(text)).unwrap();
    }
    assert_eq!(column.push_scalar(Scalar::Str(&texts[128])), Err(Mismatch::Range));
    column.truncate(100);
    for text in texts[100..128].iter().rev() {
        column.push_scalar(Scalar::Str(text)).unwrap();
    }
    let array = column.finish();
    assert_eq!(shown(&array)[100], "value 127");
    assert_eq!(shown(&array)[99], "value 99");
}

#[test]
fn types_that_text_cannot_carry_are_named_by_path() {
    let union = T::Union(arrow_schema::UnionFields::empty(), arrow_schema::UnionMode::Sparse);
    let list = T::List(Arc::new(Field::new("item", union, true)));
    let row = T::Struct(Fields::from(vec![Field::new("tags", list, true)]));
    let error = Column::new(&Field::new("c", row, true), &ColumnOptions::default()).unwrap_err();
    assert_eq!(error.location().field.as_deref(), Some("tags[]"));
    assert!(error.is_config());
}
