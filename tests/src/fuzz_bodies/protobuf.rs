//! Protobuf records, decoded beside prost-reflect.

use std::sync::Arc;

use arrow_array::RecordBatch;
use laminar_formats::{
    json::{JsonEncoder, JsonOptions},
    protobuf::{ProtobufDecoder, ProtobufOptions},
};
use laminar_schema::{
    ConnectorConfig, DecodeError, DecoderSet, EncodedBatch, ErrorKind, FormatDecoder, FormatEncoder, FormatSpec,
    Options, RawBatch, SchemaError,
};
use prost_reflect::DescriptorPool;
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver},
};

use crate::{
    protobuf::{messages, reflect::Reflect},
    random::Random,
};

/// Scalars of every type; everything nested; Google's own messages; what proto2 alone has.
pub(crate) const DEFINITIONS: [&str; 4] = [
    r#"syntax = "proto3"; message M {
        double a = 1; float b = 2; int32 c = 3; int64 d = 4; uint32 e = 5; uint64 f = 6; sint32 g = 7; sint64 h = 8;
        fixed32 i = 9; fixed64 j = 10; sfixed32 k = 11; sfixed64 l = 12; bool m = 13; string n = 14; bytes o = 15;
        optional int32 p = 16; Color q = 17; optional string r = 300; Color s = 2000;
        enum Color { RED = 0; GREEN = 1; BLUE = 5; OTHER = -1; } }"#,
    r#"syntax = "proto3"; message M {
        I a = 1; repeated I b = 2; map<string, int32> c = 3; map<int32, I> d = 4; repeated int32 e = 5;
        repeated string f = 6; repeated double g = 7; repeated fixed32 h = 8; repeated sint64 i = 9;
        oneof j { int32 k = 10; I l = 11; string m = 12; } repeated bool n = 13; map<bool, bytes> o = 14; repeated E p = 15;
        message I { int32 a = 1; string b = 2; repeated int64 c = 3; I d = 4; oneof e { string f = 5; bytes g = 6; } J h = 7; }
        message J { map<sint64, string> a = 1; repeated J b = 2; uint64 c = 3; }
        enum E { ZERO = 0; ONE = 1; } }"#,
    r#"syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
        import "google/protobuf/wrappers.proto"; import "google/protobuf/struct.proto";
        import "google/protobuf/any.proto"; import "google/protobuf/field_mask.proto"; import "google/protobuf/empty.proto";
        message M {
        google.protobuf.Timestamp a = 1; google.protobuf.Duration b = 2; google.protobuf.Int64Value c = 3;
        google.protobuf.StringValue d = 4; google.protobuf.Struct e = 5; google.protobuf.Value f = 6;
        google.protobuf.ListValue g = 7; google.protobuf.Any h = 8; google.protobuf.FieldMask i = 9;
        google.protobuf.Empty j = 10; repeated google.protobuf.Timestamp k = 11; map<string, google.protobuf.Value> l = 12;
        google.protobuf.BoolValue m = 13; google.protobuf.DoubleValue n = 14; google.protobuf.BytesValue o = 15; M p = 16; }"#,
    r#"syntax = "proto2"; message M {
        optional int32 a = 1; optional string b = 2 [default = "x"]; repeated int32 c = 3; repeated int32 d = 4 [packed = true];
        optional E e = 5 [default = TWO]; optional double f = 6 [default = -inf]; optional bytes g = 7 [default = "\001"];
        optional M h = 8; oneof i { int32 j = 9; string k = 10; } map<string, E> l = 11; optional bool m = 12 [default = true];
        enum E { ONE = 1; TWO = 2; } }"#,
];

/// A definition, and both decoders of it.
pub(crate) struct Pair {
    ours: ProtobufDecoder,
    reflect: Reflect,
}

impl Pair {
    pub(crate) fn new(definition: &str) -> Self {
        let options = Options::from_pairs([("schema", definition), ("message", "M")]);
        let format = FormatSpec::new("protobuf").with_options(options.clone());
        let described = ProtobufDecoder::describe(&format, None).expect("a definition").expect("the options name one");
        let options = ProtobufOptions::from_options(&options).expect("options of the format");
        let ours = ProtobufDecoder::new(Arc::clone(&described.schema), &options).expect("columns of the definition");
        let message = pool(definition).get_message_by_name("M").expect("every definition has it");
        Self { ours, reflect: Reflect::new(message, described.schema) }
    }

    /// A random message, mutated.
    pub(crate) fn mutated(&self, random: &mut Random) -> Vec<u8> {
        messages::mutated(self.reflect.message(), random)
    }

    /// Decodes a record with both; a text is what they disagree about.
    ///
    /// A known field of another wire type than its own is an unknown field ("Updating A Message Type": "unknown fields"
    /// are "fields that the parser does not recognize"; protoc's parsers go by number *and* wire type). prost rejects it, or, in
    /// a map, takes whatever follows for an entry, so nothing can be said of such records.
    pub(crate) fn check(&mut self, record: &[u8]) -> Result<Outcome, String> {
        match self.compare(record) {
            Err(_) if messages::has_odd_wire_type(self.reflect.message(), record) => Ok(Outcome::WireType),
            outcome => outcome,
        }
    }

    fn compare(&mut self, record: &[u8]) -> Result<Outcome, String> {
        // Of bad records the neighbours are not spoilt.
        let batch = RawBatch::from_values([&[][..], record, &[][..]]);
        let mut decoded = self.ours.decode(&batch).expect("a decoder stays usable");
        let theirs = self.reflect.decode(record);
        let empty = self.reflect.decode(&[]).expect("a message of nothing");
        let rejected = decoded.rejected.pop();
        // Of a record before, on which they disagreed.
        self.reflect.finish();
        self.reflect.push(&empty);
        match (&theirs, &rejected) {
            (Ok(message), None) => self.reflect.push(message),
            (Err(reason), None) => return Err(format!("prost rejects it: {reason}")),
            (Ok(message), Some(rejected)) if !is_value(&rejected.error) => {
                self.reflect.push(message);
                if self.reflect.has_no_json {
                    return Ok(Outcome::Rejected);
                }
                return Err(format!("prost accepts it, we do not: {}", rejected.error));
            }
            // Times out of their range, which prost does not look at; what both reject.
            (Ok(_) | Err(_), Some(_)) => {}
        }
        self.reflect.push(&empty);
        if self.reflect.has_no_json {
            // An `Any` of a type that nobody knows, or of none: prost has no JSON for it, we have its bytes in base64.
            return Ok(Outcome::Rejected);
        }
        let expected = self.reflect.finish();
        if decoded.batch.columns() != expected.columns() {
            let (found, expected) = (rows(&decoded.batch), rows(&expected));
            if found != expected {
                let pairs = expected.iter().zip(&found);
                let first = pairs.filter_map(|(expected, found)| difference("", expected, found)).next();
                return Err(first.unwrap_or_else(|| format!("expected {} rows, found {}", expected.len(), found.len())));
            }
        }
        Ok(if rejected.is_some() { Outcome::Rejected } else { Outcome::Same })
    }
}

/// The shortest record found that is a finding, too: parts are left out, and lengths made smaller.
fn shrunk(pair: &mut Pair, mut bytes: Vec<u8>) -> Vec<u8> {
    let mut len = bytes.len();
    while len > 0 {
        let mut at = 0;
        while at + len <= bytes.len() {
            let mut shorter = bytes.clone();
            shorter.drain(at..at + len);
            // Whatever length in front of it counts the part.
            let candidates = (0..at.min(shorter.len())).rev().take(40).filter_map(|i| {
                let mut fixed = shorter.clone();
                fixed[i] = fixed[i].checked_sub(u8::try_from(len).ok()?)?;
                Some(fixed)
            });
            let all: Vec<Vec<u8>> = std::iter::once(shorter.clone()).chain(candidates).collect();
            match all.into_iter().find(|candidate| pair.check(candidate).is_err()) {
                Some(found) => bytes = found,
                None => at += 1,
            }
        }
        len = if len > 8 { len / 2 } else { len - 1 };
    }
    bytes
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Same,
    Rejected,
    WireType,
}

/// Whether a record is refused for a value that is well-formed: a time that no column holds, JSON that cannot be written.
fn is_value(error: &SchemaError) -> bool {
    matches!(error.kind(), ErrorKind::Decode(DecodeError::OutOfRange { .. }))
}

fn pool(definition: &str) -> DescriptorPool {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Inline(File::from_source("m.proto", definition).expect("a definition")));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file("m.proto").expect("a definition");
    compiler.descriptor_pool()
}

/// A file that is there already.
struct Inline(File);

impl FileResolver for Inline {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == self.0.name() { Ok(self.0.clone()) } else { Err(protox::Error::file_not_found(name)) }
    }
}

/// Rows as JSON, in which the order of a map's entries does not count.
fn rows(batch: &RecordBatch) -> Vec<serde_json::Value> {
    let options = Options::from_pairs([("non_finite", "null"), ("binary_encoding", "hex")]);
    let options = JsonOptions::from_options(&options).expect("options of JSON");
    let mut encoded = EncodedBatch::default();
    let mut encoder = JsonEncoder::new(batch.schema(), &options).expect("JSON carries all of it");
    encoder.encode(batch, &mut encoded).expect("what was decoded can be written");
    encoded.iter().map(|row| serde_json::from_slice(row).expect("the encoder writes JSON")).collect()
}

/// The first place in which two values differ.
fn difference(path: &str, expected: &serde_json::Value, found: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    if expected == found {
        return None;
    }
    let within = match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().find_map(|(key, value)| {
            difference(&format!("{path}.{key}"), value, found.get(key).unwrap_or(&Value::Null))
        }),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs.filter_map(|(i, (e, f))| difference(&format!("{path}[{i}]"), e, f)).next()
        }
        _ => None,
    };
    within.or_else(|| Some(format!("{path}: expected {expected}, found {found}")))
}

thread_local! {
    static PAIRS: std::cell::RefCell<Vec<Pair>> =
        std::cell::RefCell::new(DEFINITIONS.iter().map(|definition| Pair::new(definition)).collect());
}

/// Decodes bytes as a message of each definition.
///
/// # Panics
/// When prost-reflect and we disagree.
pub fn protobuf(bytes: &[u8]) {
    PAIRS.with_borrow_mut(|pairs| {
        for (pair, definition) in pairs.iter_mut().zip(DEFINITIONS) {
            if let Err(finding) = pair.check(bytes) {
                panic!("{finding}\n{definition}\n{bytes:02x?}");
            }
        }
    });
}

/// Decodes so many random messages of each definition, mutated; says how they went.
///
/// # Panics
/// When prost-reflect and we disagree.
pub fn protobuf_mutations(count: usize, seed: u64) -> String {
    let mut random = Random(seed);
    let (mut same, mut rejected, mut wire_types) = (0_u64, 0_u64, 0_u64);
    PAIRS.with_borrow_mut(|pairs| {
        for (pair, definition) in pairs.iter_mut().zip(DEFINITIONS) {
            let message = pair.reflect.message().clone();
            for _ in 0..count {
                let bytes = messages::mutated(&message, &mut random);
                match pair.check(&bytes) {
                    Ok(Outcome::Same) => same += 1,
                    Ok(Outcome::Rejected) => rejected += 1,
                    Ok(Outcome::WireType) => wire_types += 1,
                    Err(_) => {
                        let bytes = shrunk(pair, bytes);
                        let finding = pair.check(&bytes).expect_err("it was a finding");
                        panic!("{finding}\n{definition}\n{bytes:02x?}\nseed {seed}");
                    }
                }
            }
        }
    });
    format!(
        "{} messages, seed {seed}: {same} with the same rows, {rejected} rejected by both or for a value, \
         {wire_types} with a known field of another wire type, which prost alone rejects",
        same + rejected + wire_types
    )
}
