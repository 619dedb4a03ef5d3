//! Random messages of a definition, whole and mutated.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value, prost::Message};

use crate::random::Random;

/// Messages deeper in each other than this are left out.
const MAX_DEPTH: usize = 4;

/// A random message.
pub fn message(descriptor: &MessageDescriptor, random: &mut Random, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        let is_deep = matches!(field.kind(), Kind::Message(_)) && depth >= MAX_DEPTH;
        if is_deep || random.below(3) == 0 {
            continue;
        }
        let value = value_of(&field, random, depth);
        message.set_field(&field, value);
    }
    message
}

fn value_of(field: &FieldDescriptor, random: &mut Random, depth: usize) -> Value {
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else { unreachable!("a map is of entries") };
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let len = random.pick(&[0, 1, 2, 12]);
        let pairs = (0..len).filter_map(|_| {
            let key = match single(&key, random, depth) {
                Value::Bool(v) => MapKey::Bool(v),
                Value::I32(v) => MapKey::I32(v),
                Value::I64(v) => MapKey::I64(v),
                Value::U32(v) => MapKey::U32(v),
                Value::U64(v) => MapKey::U64(v),
                Value::String(v) => MapKey::String(v),
                _ => return None,
            };
            Some((key, single(&value, random, depth)))
        });
        return Value::Map(pairs.collect());
    }
    if field.is_list() {
        let len = random.pick(&[0, 1, 3, 20]);
        return Value::List((0..len).map(|_| single(field, random, depth)).collect());
    }
    single(field, random, depth)
}

fn single(field: &FieldDescriptor, random: &mut Random, depth: usize) -> Value {
    let parent = field.parent_message().full_name().to_owned();
    match field.kind() {
        Kind::Double => Value::F64(match random.below(4) {
            0 => random.pick(&[0.0, 1.5, -2.25, 1e300]),
            1 => f64::from_bits(random.bits()),
            _ => random.integer() as f64,
        }),
        Kind::Float => Value::F32(f32::from_bits(random.bits() as u32)),
        // Most times are possible ones.
        Kind::Int64 if parent.ends_with("Timestamp") || parent.ends_with("Duration") => {
            Value::I64(random.integer() % 400_000_000_000)
        }
        Kind::Int32 if parent.ends_with("Timestamp") => {
            Value::I32(random.pick(&[0, 1_000, 999_999_000, 1_000_000_000, -1, 5_000_000]))
        }
        Kind::Int32 if parent.ends_with("Duration") => Value::I32(random.pick(&[0, 1_000, -999_999_000, 5_000_000, 1])),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(random.integer() as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(random.integer()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(random.integer() as u32),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(random.integer().cast_unsigned()),
        Kind::Bool => Value::Bool(random.below(2) == 1),
        Kind::String if parent.ends_with("FieldMask") => {
            Value::String(random.pick(&["a", "a.b", "foo_bar.c"]).to_owned())
        }
        Kind::String if parent.ends_with("Any") => Value::String("type.googleapis.com/M".to_owned()),
        Kind::String => Value::String(random.text(6)),
        Kind::Bytes => {
            let bytes: Vec<u8> = (0..random.below(9)).map(|_| random.bits() as u8).collect();
            Value::Bytes(bytes.into())
        }
        Kind::Enum(_) => Value::EnumNumber(random.pick(&[0, 1, 2, 5, -1, 77])),
        Kind::Message(descriptor) => Value::Message(message(&descriptor, random, depth + 1)),
    }
}

/// The bytes of a random message with something done to them; sometimes nothing.
pub fn mutated(descriptor: &MessageDescriptor, random: &mut Random) -> Vec<u8> {
    let mut bytes = encode(&message(descriptor, random, 0));
    for _ in 0..random.below(4) {
        mutate(&mut bytes, descriptor, random);
    }
    bytes
}

fn encode(message: &DynamicMessage) -> Vec<u8> {
    message.encode_to_vec()
}

fn mutate(bytes: &mut Vec<u8>, descriptor: &MessageDescriptor, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    match random.below(9) {
        // Two messages, one behind the other, are one that is merged.
        0 | 1 => bytes.extend(encode(&message(descriptor, random, 0))),
        2 => {
            // The fields of the root in another order.
            let mut fields = cut(bytes);
            for i in (1..fields.len()).rev() {
                let j = random.below(i + 1);
                fields.swap(i, j);
            }
            *bytes = fields.concat();
        }
        3 if !bytes.is_empty() => {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
        4 => bytes.truncate(at),
        // A field that nobody knows: each wire type, a group among them.
        5 => {
            let unknown = random.pick(&[
                &[0xa0, 0x1f, 0x05][..],
                &[0xa1, 0x1f, 1, 2, 3, 4, 5, 6, 7, 8],
                &[0xa2, 0x1f, 2, 9, 9],
                &[0xa5, 0x1f, 1, 2, 3, 4],
                &[0xa3, 0x1f, 0x08, 0x01, 0xa4, 0x1f],
            ]);
            let fields = cut(bytes);
            let before = random.below(fields.len() + 1);
            let mut all: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
            all.insert(before, unknown);
            *bytes = all.concat();
        }
        6 => _ = bytes.splice(at..at, [random.bits() as u8]),
        7 if !bytes.is_empty() => {
            bytes.remove(random.below(bytes.len()));
        }
        // A part of it once more.
        _ => {
            let end = at + random.below(bytes.len() - at + 1);
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
    }
}

/// Whether a message has a field of its definition with another wire type, at any depth, as far as it can be read.
pub fn has_odd_wire_type(descriptor: &MessageDescriptor, bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some((tag, value_at)) = varint(bytes, at) {
        let field = u32::try_from(tag >> 3).ok().and_then(|number| descriptor.get_field(number));
        let Some(field) = field else {
            match field_end(bytes, at) {
                Some(end) => at = end,
                // A group: what is in it are fields of nobody's, but for those behind it.
                None => at = value_at,
            }
            continue;
        };
        let own = match field.kind() {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 1,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 5,
            Kind::String | Kind::Bytes | Kind::Message(_) => 2,
            _ => 0,
        };
        if tag & 7 != own && !(field.is_list() && tag & 7 == 2) {
            return true;
        }
        let Some(end) = field_end(bytes, at).filter(|end| *end <= bytes.len()) else { return false };
        if let Kind::Message(inner) = field.kind() {
            let content = varint(bytes, value_at).map_or(&[][..], |(_, start)| &bytes[start..end]);
            if has_odd_wire_type(&inner, content) || is_any_of_odd(&inner, content) {
                return true;
            }
        }
        at = end;
    }
    false
}

/// Whether a message is an `Any` of one that [`has_odd_wire_type`], which JSON has in it.
fn is_any_of_odd(descriptor: &MessageDescriptor, bytes: &[u8]) -> bool {
    if descriptor.full_name() != "google.protobuf.Any" {
        return false;
    }
    let (mut url, mut value) = (&[][..], &[][..]);
    let mut at = 0;
    // The last of each counts.
    while let Some(end) = field_end(bytes, at).filter(|end| *end <= bytes.len()) {
        let content = varint(bytes, at + 1).map_or(&[][..], |(_, start)| bytes.get(start..end).unwrap_or_default());
        match bytes[at] {
            0x0a => url = content,
            0x12 => value = content,
            _ => {}
        }
        at = end;
    }
    let name = std::str::from_utf8(url).ok().and_then(|url| url.rsplit('/').next());
    let inner = name.and_then(|name| descriptor.parent_pool().get_message_by_name(name));
    inner.is_some_and(|inner| has_odd_wire_type(&inner, value))
}

/// The fields of a message, each with its tag; what is malformed stays in one piece.
fn cut(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut fields, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let end = field_end(bytes, at).filter(|end| *end <= bytes.len()).unwrap_or(bytes.len());
        fields.push(bytes[at..end].to_vec());
        at = end;
    }
    fields
}

fn field_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (tag, at) = varint(bytes, at)?;
    match tag & 7 {
        0 => varint(bytes, at).map(|(_, end)| end),
        1 => Some(at + 8),
        2 => varint(bytes, at).and_then(|(len, start)| start.checked_add(usize::try_from(len).ok()?)),
        5 => Some(at + 4),
        _ => None,
    }
}

fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Some((value, at + index + 1));
        }
    }
    None
}
