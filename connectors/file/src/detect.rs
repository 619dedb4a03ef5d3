//! Which format a file is in, by its name or its first bytes: for tools whose users did not say.

use std::{
    io::{self, Chain, Cursor, Read},
    path::Path,
};

use laminar_formats::framing::text_of_head;
use laminar_schema::{FormatSpec, Options, format::Encoding};

use crate::compression::{Codec, Compression, Decompressor};

/// Bytes that are looked at, at most.
const HEAD_BYTES: usize = 64 * 1024;

/// Delimiters of text tables, the likeliest first.
const DELIMITERS: [u8; 4] = *b",\t;|";

/// The format that a path's extension promises, with compression's extension passed over: `a.csv.gz` is CSV.
///
/// Formats are named whether or not anything linked can read them, so that the error can name them too.
pub fn format_of_path(path: &str) -> Option<FormatSpec> {
    let path = Path::new(path);
    let path = if Codec::of_extension(path).is_some() { Path::new(path.file_stem()?) } else { path };
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "json" | "ndjson" | "jsonl" | "geojson" => FormatSpec::new("json"),
        "csv" => FormatSpec::new("csv"),
        "tsv" | "tab" => csv_with(b'\t'),
        "msgpack" | "mpk" => FormatSpec::new("msgpack"),
        "pb" => FormatSpec::new("protobuf"),
        "parquet" | "avro" => FormatSpec::new(extension),
        "binpb" => FormatSpec::new("protobuf"),
        _ => return None,
    })
}

/// A reader with the bytes that were looked at put back in front.
pub type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// The format that a stream's first bytes show, and the stream, whole again. Compressed streams are looked into.
///
/// # Errors
/// Whatever reading gives.
pub fn format_of_stream<R: Read>(mut stream: R) -> io::Result<(Option<FormatSpec>, Whole<R>)> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    let format = loop {
        if let Some(format) = format_of_bytes(&head) {
            break Some(format);
        }
        let room = chunk.len().min(HEAD_BYTES - head.len());
        match stream.read(&mut chunk[..room]) {
            Ok(0) => break format_of_bytes(&[&head, &b"\n"[..]].concat()),
            Ok(n) => head.extend_from_slice(&chunk[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    };
    Ok((format, Cursor::new(head).chain(stream)))
}

/// The format that the first bytes of a stream show, if they are enough to tell.
fn format_of_bytes(head: &[u8]) -> Option<FormatSpec> {
    let codec = Codec::of_input(Compression::Auto, head.get(..4).unwrap_or(head));
    if codec != Codec::Plain {
        let mut inside = Vec::new();
        let plain = Decompressor::new(codec, Vec::new(), head).ok()?;
        // The end is missing, so this fails after giving what there is.
        let _ = plain.take(HEAD_BYTES as u64).read_to_end(&mut inside);
        return if inside.is_empty() { None } else { format_of_plain_bytes(&inside) };
    }
    format_of_plain_bytes(head)
}

fn format_of_plain_bytes(head: &[u8]) -> Option<FormatSpec> {
    if head.starts_with(b"PAR1") {
        return Some(FormatSpec::new("parquet"));
    }
    if head.starts_with(b"Obj\x01") {
        return Some(FormatSpec::new("avro"));
    }
    // A map of up to 15 fields with a first key of up to 31 bytes; no text begins so.
    if matches!(head, [0x81..=0x8f, 0xa1..=0xbf, ..]) {
        return Some(FormatSpec::new("msgpack"));
    }
    if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
        // Of the formats of text only tables come in other encodings than UTF-8.
        let table = format_of_table(&text_of_head(head, false, Encoding::Utf16))?;
        let mut options = table.options;
        options.insert("encoding", Encoding::Utf16.name(), None);
        return Some(FormatSpec::new(table.name).with_options(options));
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if matches!(text.first()?, b'{' | b'[') {
        return Some(FormatSpec::new("json"));
    }
    format_of_table(text)
}

/// CSV with the delimiter that a text's first line shows.
fn format_of_table(text: &[u8]) -> Option<FormatSpec> {
    let line = &text[..text.iter().position(|b| *b == b'\n')?];
    if line.contains(&0) {
        return None;
    }
    // The delimiter that divides the first line most often; the likelier one where two do equally.
    let count = |delimiter: &u8| line.iter().filter(|b| *b == delimiter).count();
    let delimiter = DELIMITERS.iter().rev().max_by_key(|d| count(d))?;
    match (count(delimiter), *delimiter) {
        (0, _) => None,
        (_, b',') => Some(FormatSpec::new("csv")),
        (_, other) => Some(csv_with(other)),
    }
}

fn csv_with(delimiter: u8) -> FormatSpec {
    let text = if delimiter == b'\t' { "\\t".to_owned() } else { char::from(delimiter).to_string() };
    FormatSpec::new("csv").with_options(Options::from_pairs([("delimiter", text)]))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn shown(format: Option<FormatSpec>) -> String {
        let Some(format) = format else { return "?".to_owned() };
        format.options.iter().fold(format.name, |name, (_, value)| format!("{name} {}", value.text))
    }

    #[test]
    fn extensions_promise_formats() {
        let check = |path, expected: &str| assert_eq!(shown(format_of_path(path)), expected, "{path}");
        check("a.json", "json");
        check("dir.csv/a.NDJSON", "json");
        check("a.jsonl.gz", "json");
        check("a.csv.zst", "csv");
        check("a.msgpack.gz", "msgpack");
        check("a.mpk", "msgpack");
        check("logs/*.tsv", "csv \\t");
        check("a.parquet", "parquet");
        check("a.gz", "?");
        check("json", "?");
        check("-", "?");
    }

    #[test]
    fn first_bytes_show_formats_and_stay_in_the_stream() {
        let check = |bytes: &[u8], expected: &str| {
            let (format, mut whole) = format_of_stream(bytes).unwrap();
            assert_eq!(shown(format), expected, "{bytes:?}");
            let mut back = Vec::new();
            whole.read_to_end(&mut back).unwrap();
            assert_eq!(back, bytes);
        };
        check(b"", "?");
        check(b" \n {\"a\": 1}", "json");
        check(b"\xef\xbb\xbf[1]", "json");
        check(b"a,b\n1,2\n", "csv");
        check(b"a\tb,c\td\n", "csv \\t");
        check(b"\xff\xfea\0;\0b\0\n\0", "csv ; utf-16");
        check(b"\xfe\xff\0a\0,\0b\0\n", "csv utf-16");
        check(b"\xff\xfe{\0}\0\n\0", "?");
        check(b"a;b", "csv ;");
        check(b"a|b\n", "csv |");
        check(b"plain words\nmore\n", "?");
        check(b"\0,\0\n", "?");
        check(b"PAR1\0", "parquet");
        check(b"\x82\xa1a\x01\xa1b\xc0", "msgpack");
        check(b"\x82\x01\x01\x02\xc0", "?");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"{\"a\": 1}\n").unwrap();
        check(&gzip.finish().unwrap(), "json");
        check(&zstd::encode_all(&b"a,b\n"[..], 0).unwrap(), "csv");
    }
}
