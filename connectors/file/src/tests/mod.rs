//! The source and the sink against real files.

mod follow;
mod head;
mod resume;
mod sample;
mod sink;

use std::{fs, io::Write, path::Path};

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use laminar_schema::{
    ConfigError, DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder,
    FormatInfo, FormatSpec, Framing, Positions, RawBatch, RecordStream, SchemaResult, Source, SourceBatch,
    format::{CsvFraming, Encoding},
};

use crate::{FileSource, FileSourceConfig};

/// A set of formats that can be cut and not decoded: these tests look at records, not at rows.
#[derive(Debug)]
struct Uncut;

impl FormatDecoder for Uncut {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::new(Schema::empty())
    }
    fn decode(&mut self, _: &RawBatch) -> SchemaResult<Decoded> {
        Err(ConfigError::invalid("format", "uncut", "a format that decodes", "").into())
    }
    fn format_name(&self) -> &'static str {
        "uncut"
    }
}

impl DecoderSet for Uncut {
    const FORMATS: &'static [&'static str] = &["json", "csv", "utf-16", "latin-1", "lines", "whole"];

    fn build(_: &DecodeSpec) -> SchemaResult<Option<Self>> {
        Ok(Some(Self))
    }
    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        Ok(match format.name.as_str() {
            "json" => Some(Framing::JsonDocuments),
            "csv" | "utf-16" | "latin-1" => Some(Framing::Csv(CsvFraming {
                encoding: match format.name.as_str() {
                    "utf-16" => Encoding::Utf16,
                    "latin-1" => Encoding::Latin1,
                    _ => Encoding::Utf8,
                },
                delimiter: b",".to_vec(),
                quote: Some(b'"'),
                escape: None,
                trim: false,
                comment: Some(b'#'),
                has_header: true,
                skip_lines: 0,
                line_end: b'\n',
            })),
            "lines" => Some(Framing::Lines),
            "whole" => Some(Framing::Whole),
            _ => None,
        })
    }
    fn format_info(_: &str) -> Option<FormatInfo> {
        None
    }
}

impl FormatEncoder for Uncut {
    fn input_schema(&self) -> SchemaRef {
        SchemaRef::new(Schema::empty())
    }
    fn encode(&mut self, _: &RecordBatch, _: &mut EncodedBatch) -> SchemaResult<()> {
        Err(ConfigError::invalid("format", "uncut", "a format that encodes", "").into())
    }
    fn format_name(&self) -> &'static str {
        "uncut"
    }
}

impl EncoderSet for Uncut {
    const FORMATS: &'static [&'static str] = &["lines"];

    fn build(_: &EncodeSpec) -> SchemaResult<Option<Self>> {
        Ok(Some(Self))
    }
    fn format_info(_: &str) -> Option<FormatInfo> {
        None
    }
}

/// One record with what the source says of it: `name@offset:line value`, with the header in front for CSV.
type Shown = String;

fn source_of(path: impl AsRef<Path>, format: &str, change: impl FnOnce(&mut FileSourceConfig)) -> FileSource<Uncut> {
    let mut config = FileSourceConfig::new(path.as_ref().to_str().unwrap());
    config.poll_interval = std::time::Duration::from_millis(1);
    change(&mut config);
    FileSource::new(config, &FormatSpec::new(format)).unwrap()
}

fn show(batch: &SourceBatch) -> Vec<Shown> {
    let laminar_schema::record::BatchContent::Raw(raw) = batch.content() else { panic!("a file has no columns") };
    let shown = raw.iter().map(|r| {
        let partition = r.partition().unwrap();
        let name = Path::new(&*partition.name).file_name().unwrap().to_str().unwrap();
        let header = partition.preamble.as_ref().map_or(String::new(), |h| format!(" [{}]", h.escape_ascii()));
        let (offset, line) = (r.offset().unwrap(), r.line().unwrap());
        format!("{name}@{offset}:{line}{header} {}", r.value().unwrap().escape_ascii())
    });
    shown.collect()
}

/// Reads `max` records at a time to the end: the records, and the positions after each batch.
async fn read_all(
    source: &FileSource<Uncut>,
    from: Option<&Positions>,
    max: usize,
) -> SchemaResult<Vec<(Vec<Shown>, Positions)>> {
    let mut stream = source.start(from).await?;
    let mut reached = from.cloned().unwrap_or_default();
    let mut batches = Vec::new();
    let mut batch = SourceBatch::new();
    while stream.next(&mut batch, max).await? > 0 {
        reached.advance(&batch.positions);
        batches.push((show(&batch), reached.clone()));
        batch.clear();
    }
    Ok(batches)
}

async fn read_values(source: &FileSource<Uncut>, from: Option<&Positions>) -> SchemaResult<Vec<Shown>> {
    Ok(read_all(source, from, 1000).await?.into_iter().flat_map(|(shown, _)| shown).collect())
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    zstd::encode_all(plain, 1).unwrap()
}

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
}
