//! CSV, judged by the `csv` crate, whose fields are read by arithmetic of our own.

use arrow_schema::{DataType, Field, SchemaRef};

use super::{
    Cell, Class, Judgement, Oracle, Reading, Target, mutate,
    number::{is_integer, keeps, scaled},
};
use crate::random::Random;

const STRAY_QUOTE: Class = Class {
    name: "text behind a closing quote",
    clause: "csv is lax: it takes the text for the field's; RFC 4180 §2.5, 2.7: a quoted field ends with its quote, and a \
             quote in it is doubled",
};
const OPEN_QUOTE: Class = Class {
    name: "a quote that is never closed",
    clause: "csv is lax: it takes the record's end for the field's; RFC 4180, ABNF: escaped = DQUOTE … DQUOTE",
};
const LONE_CR: Class = Class {
    name: "a lone CR",
    clause: "csv is lax: it ends a record there; RFC 4180 §2.1: records end at CRLF; ours takes LF too, and CR as text",
};
const EMPTY_LINES: Class = Class {
    name: "empty lines beside a record",
    clause: "csv is lax: it passes over them; RFC 4180 §2.1: each record is on a line of its own, and a message is one record",
};
const BYTE_ORDER_MARK: Class = Class {
    name: "a byte order mark",
    clause: "not judged: csv passes over it where a record begins; RFC 4180 knows none, and messages have none",
};

/// The oracle of one target.
#[derive(Debug)]
pub struct Csv {
    schema: SchemaRef,
    delimiter: u8,
    quote: u8,
}

/// What quotes do in a record, seen byte by byte.
#[derive(Debug, Default)]
struct Shape {
    /// Whether each field began with a quote.
    quoted: Vec<bool>,
    has_stray: bool,
    is_open: bool,
    has_lone_cr: bool,
    /// A line ends, and more comes behind it.
    has_two_lines: bool,
}

impl Csv {
    fn shape(&self, record: &[u8]) -> Shape {
        let (mut shape, mut at) = (Shape::default(), 0);
        loop {
            let quoted = record.get(at) == Some(&self.quote);
            shape.quoted.push(quoted);
            if quoted {
                at += 1;
                loop {
                    match record.get(at) {
                        None => {
                            shape.is_open = true;
                            return shape;
                        }
                        Some(byte) if *byte == self.quote => {
                            at += 1;
                            if record.get(at) != Some(&self.quote) {
                                break;
                            }
                        }
                        Some(_) => {}
                    }
                    at += 1;
                }
                let ends = matches!(record[at..], [] | [b'\n', ..] | [b'\r', b'\n', ..]);
                shape.has_stray |= !ends && record[at] != self.delimiter;
            }
            loop {
                match record[at..] {
                    [] => return shape,
                    [b'\n', ref rest @ ..] | [b'\r', b'\n', ref rest @ ..] => {
                        shape.has_two_lines = !rest.is_empty();
                        return shape;
                    }
                    [byte, ..] if byte == self.delimiter => break,
                    [b'\r', ..] => shape.has_lone_cr = true,
                    _ => {}
                }
                at += 1;
            }
            at += 1;
        }
    }

    /// What the library makes of a record.
    fn theirs(&self, record: &[u8], quoted: &[bool]) -> Reading {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .quote(self.quote)
            .from_reader(record);
        let mut fields = csv::StringRecord::new();
        match reader.read_record(&mut fields) {
            Ok(true) => {}
            Ok(false) => return Reading::Nothing,
            Err(_) => return Reading::Refused,
        }
        if reader.read_byte_record(&mut csv::ByteRecord::new()).unwrap_or(true) {
            return Reading::Refused;
        }
        let columns = self.schema.fields();
        if fields.len() != columns.len() {
            return Reading::Refused;
        }
        let cells = columns.iter().zip(&fields).enumerate().map(|(index, (field, text))| {
            let quoted = quoted.get(index).copied().unwrap_or(false);
            cell(field, text, quoted)
        });
        cells.collect::<Option<Vec<_>>>().map_or(Reading::Refused, Reading::Row)
    }

    /// The record as the specification reads it: its fields cut by hand, where no class applies but a lone CR.
    fn by_hand(&self, record: &[u8]) -> Reading {
        let record = record.strip_suffix(b"\n").map_or(record, |r| r.strip_suffix(b"\r").unwrap_or(r));
        let Ok(text) = std::str::from_utf8(record) else { return Reading::Refused };
        let (mut fields, mut rest) = (Vec::new(), text);
        let (delimiter, quote) = (char::from(self.delimiter), char::from(self.quote));
        loop {
            let (field, quoted, behind) = match rest.strip_prefix(quote) {
                Some(mut inside) => {
                    let mut field = String::new();
                    loop {
                        let Some((before, behind)) = inside.split_once(quote) else { return Reading::Refused };
                        field.push_str(before);
                        match behind.strip_prefix(quote) {
                            Some(more) => {
                                field.push(quote);
                                inside = more;
                            }
                            None => break (field, true, behind),
                        }
                    }
                }
                None => {
                    let end = rest.find(delimiter).unwrap_or(rest.len());
                    (rest[..end].to_owned(), false, &rest[end..])
                }
            };
            fields.push((field, quoted));
            match behind.strip_prefix(delimiter) {
                Some(more) => rest = more,
                None if behind.is_empty() => break,
                None => return Reading::Refused,
            }
        }
        let columns = self.schema.fields();
        if fields.len() != columns.len() {
            return Reading::Refused;
        }
        let cells = columns.iter().zip(&fields).map(|(field, (text, quoted))| cell(field, text, *quoted));
        cells.collect::<Option<Vec<_>>>().map_or(Reading::Refused, Reading::Row)
    }
}

impl Oracle for Csv {
    const FORMAT: &'static str = "csv";
    const TARGETS: &'static [Target] = &[
        Target { columns: "a VARCHAR, b VARCHAR, c VARCHAR", options: &[] },
        Target {
            columns: "i BIGINT, d DOUBLE, s VARCHAR, b BOOLEAN, t TINYINT, u UBIGINT, f FLOAT, p DECIMAL(12,2), h HUGEINT",
            options: &[],
        },
        Target {
            columns: "a VARCHAR NOT NULL, i INTEGER, b VARCHAR",
            options: &[("delimiter", "\\t"), ("quote", "'")],
        },
        Target { columns: "a VARCHAR, d DOUBLE", options: &[("delimiter", ";")] },
    ];

    fn new(target: &Target, schema: &SchemaRef) -> Self {
        let option = |name| target.options.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        let delimiter = match option("delimiter") {
            Some("\\t") => b'\t',
            Some(text) => text.as_bytes()[0],
            None => b',',
        };
        let quote = option("quote").map_or(b'"', |text| text.as_bytes()[0]);
        Self { schema: SchemaRef::clone(schema), delimiter, quote }
    }

    fn generate(&mut self, random: &mut Random) -> Vec<u8> {
        let style = random.pick(&[csv::QuoteStyle::Necessary, csv::QuoteStyle::Necessary, csv::QuoteStyle::Always]);
        let terminator = random.pick(&[csv::Terminator::Any(b'\n'), csv::Terminator::CRLF]);
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote)
            .quote_style(style)
            .terminator(terminator)
            .from_writer(Vec::new());
        let fields: Vec<String> = self.schema.fields().iter().map(|field| text_for(random, field)).collect();
        writer.write_record(fields).unwrap_or_else(|e| panic!("{e}"));
        let mut record = writer.into_inner().unwrap_or_else(|e| panic!("{e}"));
        // A message needs no line end.
        if random.below(2) == 0 {
            record.pop();
            if record.last() == Some(&b'\r') {
                record.pop();
            }
        }
        record
    }

    fn mutate(&mut self, random: &mut Random, record: &mut Vec<u8>, other: &[u8]) {
        let telling = [self.delimiter, self.quote, b'\n', b'\r', b',', b'"', b'.', b'-', b'e', b'0', b'9', b' ', b'\\'];
        mutate::bytes(random, record, other, &telling);
    }

    fn judge(&mut self, record: &[u8]) -> Judgement {
        let shape = self.shape(record);
        let theirs = self.theirs(record, &shape.quoted);
        if record.starts_with(b"\xef\xbb\xbf") {
            return Judgement::Unknown(BYTE_ORDER_MARK);
        }
        if shape.is_open {
            return Judgement::Corrected(theirs, OPEN_QUOTE, Reading::Refused);
        }
        if shape.has_stray {
            return Judgement::Corrected(theirs, STRAY_QUOTE, Reading::Refused);
        }
        if shape.has_two_lines {
            return Judgement::Corrected(theirs, EMPTY_LINES, Reading::Refused);
        }
        if shape.has_lone_cr {
            return Judgement::Corrected(theirs, LONE_CR, self.by_hand(record));
        }
        Judgement::Theirs(theirs)
    }
}

/// A text for a column, which fits it most of the time.
fn text_for(random: &mut Random, field: &Field) -> String {
    match (field.data_type(), random.below(12)) {
        (_, 0) => String::new(),
        (_, 1) => random.text(4),
        (DataType::Utf8, 2) => random.pick(&["true", "12", "-0.5", "NaN", " padded ", "\u{feff}x"]).to_owned(),
        (DataType::Utf8, _) => random.text(9),
        (DataType::Boolean, _) => random.pick(&["true", "false", "TRUE", "False"]).to_owned(),
        (_, 2) => random
            .pick(&["NaN", "inf", "-Infinity", "+1", "1.", ".5", "1e3", "42.0", "4.2e1", "0x10", "1_000"])
            .to_owned(),
        (DataType::Int8, _) => (random.bits() as i8).to_string(),
        (DataType::Float64 | DataType::Float32, 3) => f64::from_bits(random.bits()).to_string(),
        (DataType::Float64 | DataType::Float32, 4) => random.integer().to_string(),
        (DataType::Float64 | DataType::Float32 | DataType::Decimal128(12, _), _) => {
            format!("{}.{:02}", random.integer() >> 32, random.below(100))
        }
        _ => random.integer().to_string(),
    }
}

/// A field's cell in a column; `None` where it does not fit. The empty field is null, but in quotes it is a text.
fn cell(field: &Field, text: &str, quoted: bool) -> Option<Cell> {
    let is_text = *field.data_type() == DataType::Utf8;
    if text.is_empty() && !(quoted && is_text) {
        return field.is_nullable().then_some(Cell::Null);
    }
    let integer = |min: i128, max: i128| scaled(text, 0).filter(|v| (min..=max).contains(v)).map(Cell::Int);
    match field.data_type() {
        DataType::Utf8 => Some(Cell::Text(text.to_owned())),
        DataType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" => Some(Cell::Bool(true)),
            "false" => Some(Cell::Bool(false)),
            _ => None,
        },
        DataType::Int8 => integer(i8::MIN.into(), i8::MAX.into()),
        DataType::Int32 => integer(i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => integer(i64::MIN.into(), i64::MAX.into()),
        DataType::UInt64 => integer(0, u64::MAX.into()),
        DataType::Decimal128(precision, scale) => {
            let limit = 10_i128.pow((*precision).into());
            scaled(text, (*scale).into()).filter(|v| v.abs() < limit).map(Cell::Int)
        }
        DataType::Float64 => {
            let v: f64 = text.parse().ok()?;
            let fits = fits_float(text, v, v.is_finite(), &v.to_string());
            fits.then(|| Cell::double(v))
        }
        DataType::Float32 => {
            let v: f32 = text.parse().ok()?;
            let fits = fits_float(text, v.into(), v.is_finite(), &v.to_string());
            fits.then(|| Cell::float(v))
        }
        other => panic!("no target has {other}"),
    }
}

/// Whether a text keeps its meaning as the floating-point number that is nearest to it.
fn fits_float(text: &str, v: f64, is_finite: bool, shortest: &str) -> bool {
    if !is_finite {
        // Written in digits, it has become too large.
        return !text.bytes().any(|b| b.is_ascii_digit());
    }
    !is_integer(text) || keeps(v, shortest, text)
}
