//! A delivery as a record: the only place where its bytes are copied.

use std::fmt::Write as _;

use laminar_schema::{NewRecord, RawBatch};
use lapin::{BasicProperties, message::Delivery, types::AMQPValue, types::FieldTable};

/// Headers and properties of a record that need no allocation.
const USUAL_HEADERS: usize = 32;
/// The header in which a stream queue says where a record stands.
const STREAM_OFFSET: &str = "x-stream-offset";

/// How deliveries become records.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    with_headers: bool,
    /// Texts of headers that are no texts; kept, so that none is allocated for a record.
    texts: String,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) partition: Option<u32>,
    pub(crate) offset: u64,
}

/// The offset of a record in its stream queue; `None` where it is of no stream queue.
pub(crate) fn stream_offset(properties: &BasicProperties) -> Option<u64> {
    match properties.headers().as_ref()?.inner().get(STREAM_OFFSET)? {
        AMQPValue::LongLongInt(offset) => u64::try_from(*offset).ok(),
        AMQPValue::LongInt(offset) => u64::try_from(*offset).ok(),
        AMQPValue::LongUInt(offset) => Some((*offset).into()),
        _ => None,
    }
}

/// When a record was made, as its sender says: milliseconds since the Unix epoch.
pub(crate) fn timestamp(properties: &BasicProperties) -> Option<i64> {
    i64::try_from(properties.timestamp().as_ref()?.checked_mul(1000)?).ok()
}

/// A name and a value, which is text of the delivery or a part of [`Shape::texts`].
#[derive(Debug, Clone, Copy)]
enum Entry<'a> {
    Of(&'a str, &'a [u8]),
    Made(&'a str, usize, usize),
}

impl Shape {
    pub(crate) fn new(with_headers: bool) -> Self {
        Self { with_headers, texts: String::new() }
    }

    /// Appends a delivery.
    pub(crate) fn push(&mut self, delivery: &Delivery, standing: Standing, raw: &mut RawBatch) {
        let mut record = NewRecord {
            value: Some(&delivery.data),
            key: Some(delivery.routing_key.as_str().as_bytes()),
            timestamp: timestamp(&delivery.properties),
            partition: standing.partition,
            offset: Some(standing.offset),
            line: None,
            headers: &[],
        };
        if !self.with_headers {
            raw.push(record);
            return;
        }
        self.texts.clear();
        let (mut few, mut many) = ([Entry::Of("", &[]); USUAL_HEADERS], Vec::new());
        let mut count = 0;
        entries(delivery, &mut self.texts, &mut |entry| {
            match few.get_mut(count) {
                Some(slot) => *slot = entry,
                None => many.push(entry),
            }
            count += 1;
        });
        let texts = self.texts.as_bytes();
        if many.is_empty() {
            let mut pairs = [("", &[][..]); USUAL_HEADERS];
            for (slot, entry) in pairs.iter_mut().zip(&few[..count]) {
                *slot = pair_of(entry, texts);
            }
            record.headers = &pairs[..count];
            raw.push(record);
        } else {
            let pairs: Vec<_> = few.iter().chain(&many).map(|entry| pair_of(entry, texts)).collect();
            record.headers = &pairs;
            raw.push(record);
        }
    }
}

fn pair_of<'a>(entry: &Entry<'a>, texts: &'a [u8]) -> (&'a str, &'a [u8]) {
    match *entry {
        Entry::Of(name, value) => (name, value),
        Entry::Made(name, start, end) => (name, &texts[start..end]),
    }
}

/// Headers by their names, in order, and behind them what AMQP has as properties and as parts of a delivery.
fn entries<'a>(delivery: &'a Delivery, texts: &mut String, push: &mut impl FnMut(Entry<'a>)) {
    let properties = &delivery.properties;
    for (name, value) in properties.headers().iter().flat_map(|headers| headers.inner()) {
        push(match value {
            AMQPValue::LongString(text) => Entry::Of(name.as_str(), text.as_bytes()),
            AMQPValue::ShortString(text) => Entry::Of(name.as_str(), text.as_str().as_bytes()),
            AMQPValue::ByteArray(bytes) => Entry::Of(name.as_str(), bytes.as_slice()),
            value => made(name.as_str(), texts, |texts| write_value(value, texts)),
        });
    }
    let is_redelivered: &[u8] = if delivery.redelivered { b"true" } else { b"false" };
    push(Entry::Of("amqp.exchange", delivery.exchange.as_str().as_bytes()));
    push(Entry::Of("amqp.redelivered", is_redelivered));
    let named = [
        ("amqp.app_id", properties.app_id()),
        ("amqp.content_encoding", properties.content_encoding()),
        ("amqp.content_type", properties.content_type()),
        ("amqp.correlation_id", properties.correlation_id()),
        ("amqp.expiration", properties.expiration()),
        ("amqp.message_id", properties.message_id()),
        ("amqp.reply_to", properties.reply_to()),
        ("amqp.type", properties.kind()),
        ("amqp.user_id", properties.user_id()),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            push(Entry::Of(name, value.as_str().as_bytes()));
        }
    }
    let numbers = [
        ("amqp.delivery_mode", properties.delivery_mode().map(u64::from)),
        ("amqp.priority", properties.priority().map(u64::from)),
        ("amqp.timestamp", *properties.timestamp()),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            push(made(name, texts, |texts| write_value(&AMQPValue::Timestamp(number), texts)));
        }
    }
}

fn made<'a>(name: &'a str, texts: &mut String, write: impl FnOnce(&mut String)) -> Entry<'a> {
    let start = texts.len();
    write(texts);
    Entry::Made(name, start, texts.len())
}

/// A value as text: numbers in digits, tables and arrays as JSON. Writing to a string cannot fail.
fn write_value(value: &AMQPValue, out: &mut String) {
    let _ = match value {
        AMQPValue::Boolean(value) => write!(out, "{value}"),
        AMQPValue::ShortShortInt(value) => write!(out, "{value}"),
        AMQPValue::ShortShortUInt(value) => write!(out, "{value}"),
        AMQPValue::ShortInt(value) => write!(out, "{value}"),
        AMQPValue::ShortUInt(value) => write!(out, "{value}"),
        AMQPValue::LongInt(value) => write!(out, "{value}"),
        AMQPValue::LongUInt(value) => write!(out, "{value}"),
        AMQPValue::LongLongInt(value) => write!(out, "{value}"),
        AMQPValue::Float(value) if value.is_finite() => write!(out, "{value}"),
        AMQPValue::Double(value) if value.is_finite() => write!(out, "{value}"),
        AMQPValue::Timestamp(value) => write!(out, "{value}"),
        AMQPValue::DecimalValue(value) => write!(out, "{}e-{}", value.value, value.scale),
        AMQPValue::Float(_) | AMQPValue::Double(_) | AMQPValue::Void => write!(out, "null"),
        AMQPValue::LongString(text) => return write_text(&String::from_utf8_lossy(text.as_bytes()), out),
        AMQPValue::ShortString(text) => return write_text(text.as_str(), out),
        AMQPValue::ByteArray(bytes) => return write_text(&String::from_utf8_lossy(bytes.as_slice()), out),
        AMQPValue::FieldArray(values) => return write_array(values.as_slice(), out),
        AMQPValue::FieldTable(table) => return write_table(table, out),
    };
}

fn write_array(values: &[AMQPValue], out: &mut String) {
    out.push('[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_value(value, out);
    }
    out.push(']');
}

fn write_table(table: &FieldTable, out: &mut String) {
    out.push('{');
    for (index, (name, value)) in table.inner().iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(name.as_str(), out);
        out.push(':');
        write_value(value, out);
    }
    out.push('}');
}

/// A JSON string.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use lapin::types::DecimalValue;

    use super::*;

    fn delivery(properties: BasicProperties) -> Delivery {
        let mut delivery = Delivery::mock(1, "e".into(), "a.b".into(), true, b"{}".to_vec());
        delivery.properties = properties;
        delivery
    }

    fn pushed(shape: &mut Shape, delivery: &Delivery) -> (Option<i64>, Vec<(String, String)>) {
        let mut raw = RawBatch::new();
        shape.push(delivery, Standing { partition: None, offset: 7 }, &mut raw);
        let record = raw.record(0);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(record.key().map(text).as_deref(), Some("a.b"));
        (record.timestamp(), record.headers().map(|(name, value)| (name.to_owned(), text(value))).collect())
    }

    #[test]
    fn headers_stand_before_properties_and_both_are_texts() {
        let mut headers = FieldTable::default();
        headers.insert("n".into(), AMQPValue::LongLongInt(-1));
        headers.insert("d".into(), AMQPValue::DecimalValue(DecimalValue { scale: 2, value: 314 }));
        headers.insert("t".into(), AMQPValue::LongString("x".into()));
        let properties = BasicProperties::default().with_headers(headers).with_timestamp(2).with_type("k".into());
        let (timestamp, found) = pushed(&mut Shape::new(true), &delivery(properties.clone()));
        let expected = [
            ("d", "314e-2"),
            ("n", "-1"),
            ("t", "x"),
            ("amqp.exchange", "e"),
            ("amqp.redelivered", "true"),
            ("amqp.type", "k"),
            ("amqp.timestamp", "2"),
        ];
        assert_eq!(timestamp, Some(2000));
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(pushed(&mut Shape::new(false), &delivery(properties)).1, []);
    }

    #[test]
    fn more_headers_than_usual_are_all_there() {
        let mut headers = FieldTable::default();
        for n in 10..60 {
            headers.insert(format!("h{n}").into(), AMQPValue::Boolean(n % 2 == 0));
        }
        let found = pushed(&mut Shape::new(true), &delivery(BasicProperties::default().with_headers(headers))).1;
        assert_eq!(found.len(), 52);
        assert_eq!(found[49], ("h59".to_owned(), "false".to_owned()));
    }

    #[test]
    fn times_and_offsets_that_cannot_be_are_none() {
        assert_eq!(timestamp(&BasicProperties::default().with_timestamp(u64::MAX)), None);
        let offset = |value| {
            let mut headers = FieldTable::default();
            headers.insert(STREAM_OFFSET.into(), value);
            stream_offset(&BasicProperties::default().with_headers(headers))
        };
        assert_eq!(offset(AMQPValue::LongLongInt(9)), Some(9));
        assert_eq!(offset(AMQPValue::LongLongInt(-9)), None);
        assert_eq!(offset(AMQPValue::Boolean(true)), None);
    }

    #[test]
    fn tables_are_json() {
        let mut table = FieldTable::default();
        table.insert("a\n".into(), AMQPValue::FieldArray(vec![AMQPValue::Void, AMQPValue::Float(f32::NAN)].into()));
        let mut out = String::new();
        write_value(&AMQPValue::FieldTable(table), &mut out);
        assert_eq!(out, r#"{"a\u000a":[null,null]}"#);
    }
}
