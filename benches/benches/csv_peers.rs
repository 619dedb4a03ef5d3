//! Our CSV beside arrow-csv, in one process and in turns, so that a noisy machine hits both alike.
//!
//! Usage: `cargo bench --bench csv_peers -- [FILE …] [--rows N] [--rounds N] [--check]`;
//! `--no-default-features --features csv-peers` builds no other peer's crates. `--check` exits with 1 below a floor.
//!
//! Both turn the same bytes into the same columns, and the same columns into the same rows; before anything is timed, what
//! they make is compared. Printed is the median of the rounds, of the thread's time on a processor; a ratio is taken
//! within each round, and then its median.
//!
//! - `decode`: ours gets records in a batch, as sources hand them on; arrow-csv gets the bytes of the same rows.
//! - `stream`: ours gets the bytes too: it cuts records out of them, copies them into a batch and decodes that.
//! - `plain`: as `decode`, by the engine that knows every dialect and is the fast one's twin.
//! - `encode`: both write the same batch into memory that they have written before.

use std::{hint::black_box, process::ExitCode, sync::Arc};

use arrow_array::RecordBatch;
use arrow_csv::{ReaderBuilder, WriterBuilder, reader::Decoder};
use arrow_schema::SchemaRef;
use laminar_benches::contest::Arguments;
use laminar_formats::{
    csv::{CsvDecoder, CsvEncoder, CsvEngine, CsvOptions},
    framing::{FrameBuffer, Framer},
};
use laminar_gates::{
    csv_files::CsvFile,
    floors::{self, Floor},
    turns::{Turns, geometric_mean},
};
use laminar_schema::{
    ConnectorConfig, DecodeSpec, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder,
    FormatSpec, NewRecord, Options, RawBatch,
};

/// How many times as fast as arrow-csv our decoder must be: the geometric mean of all files.
const DECODE_NEEDED: f64 = 2.5;
/// The same with the framing in front of it.
const STREAM_NEEDED: f64 = 1.5;
/// The same for the encoder.
const ENCODE_NEEDED: f64 = 2.0;

/// Bytes that each peer is given in one round.
const BYTES_PER_ROUND: usize = 4_000_000;
/// Longest record that the framer lets through.
const MAX_RECORD_BYTES: usize = 1 << 20;

/// One batch in every form that someone takes it in.
struct Piece {
    bytes: Vec<u8>,
    raw: RawBatch,
    columns: RecordBatch,
}

/// Who does the work. There are as many of each as there are kinds of work, and only one of them is used.
struct Peer {
    name: &'static str,
    run: Box<dyn FnMut(&Piece)>,
}

fn main() -> ExitCode {
    let arguments = match Arguments::read(&CsvFile::ALL, |file| file.name, |_| true) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let Arguments { cases: files, rows_per_batch, rounds, check } = arguments;
    println!("{rows_per_batch} rows per batch, median of {rounds} rounds: MB/s (times arrow-csv, within a round)");
    let mut ratios = [("decode", DECODE_NEEDED), ("stream", STREAM_NEEDED), ("encode", ENCODE_NEEDED)]
        .map(|(work, needed)| (work, needed, Vec::new()));
    for file in &files {
        let pieces = pieces(file, rows_per_batch);
        let num_bytes: usize = pieces.iter().map(|piece| piece.bytes.len()).sum();
        print!("{:<8} {:>5} bytes per row", file.name, num_bytes / (pieces.len() * rows_per_batch));
        let schema = file.schema();
        let (reads, writes) = (readers(&schema, rows_per_batch), writers(&schema));
        for mut peers in [reads, writes] {
            let turns = Turns::take(&mut peers, &pieces, rounds, bring_into_cache, |peer, piece| (peer.run)(piece));
            let speed = |index| num_bytes as f64 / 1e6 / turns.seconds(index);
            print!("  {} {:.0}", peers[0].name, speed(0));
            for (index, peer) in peers.iter().enumerate().skip(1) {
                print!("  {} {:.0} ({:.2}x)", peer.name, speed(index), turns.ratio(index, 0));
                if let Some((_, _, ratios)) = ratios.iter_mut().find(|(work, ..)| *work == peer.name) {
                    ratios.push(turns.ratio(index, 0));
                }
            }
        }
        println!();
    }
    let floors = ratios.map(|(work, needed, ratios)| {
        let mean = geometric_mean(&ratios);
        Floor::new(format!("{work}: geometric mean to arrow-csv"), mean, needed)
    });
    if !floors::print_all(&floors) && check {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn readers(schema: &SchemaRef, rows: usize) -> Vec<Peer> {
    let mut arrow = arrow_decoder(schema, rows);
    let mut decoder = our_decoder(schema);
    let mut stream = Stream::new(schema);
    let options = CsvOptions::from_options(&Options::new()).expect("every option has a default");
    let plain = CsvDecoder::with_engine(Arc::clone(schema), &options, CsvEngine::Plain);
    let mut plain = plain.expect("CSV carries the schema");
    vec![
        Peer { name: "arrow-csv", run: Box::new(move |piece| drop(black_box(arrow_decode(&mut arrow, &piece.bytes)))) },
        Peer {
            name: "decode",
            run: Box::new(move |piece| drop(black_box(decoder.decode(&piece.raw).expect("a batch that decodes")))),
        },
        Peer { name: "stream", run: Box::new(move |piece| drop(black_box(stream.decode(&piece.bytes)))) },
        Peer {
            name: "plain",
            run: Box::new(move |piece| drop(black_box(plain.decode(&piece.raw).expect("a batch that decodes")))),
        },
    ]
}

fn writers(schema: &SchemaRef) -> Vec<Peer> {
    let (mut written, mut encoder, mut out) = (Vec::new(), our_encoder(schema), EncodedBatch::new());
    vec![
        Peer { name: "arrow-csv", run: Box::new(move |piece| arrow_encode(&piece.columns, &mut written)) },
        Peer {
            name: "encode",
            run: Box::new(move |piece| {
                out.clear();
                encoder.encode(&piece.columns, &mut out).expect("rows that can be written");
            }),
        },
    ]
}

fn our_decoder(schema: &SchemaRef) -> CsvDecoder {
    let decoder = CsvDecoder::build(&DecodeSpec::new(Arc::clone(schema), FormatSpec::new("csv")));
    decoder.expect("CSV carries the schema").expect("the decoder is CSV's")
}

fn our_encoder(schema: &SchemaRef) -> CsvEncoder {
    let encoder = CsvEncoder::build(&EncodeSpec::new(Arc::clone(schema), FormatSpec::new("csv")));
    encoder.expect("CSV carries the schema").expect("the encoder is CSV's")
}

/// Bytes → records → columns, without memory of its own for each batch.
struct Stream {
    frames: FrameBuffer,
    raw: RawBatch,
    decoder: CsvDecoder,
}

impl Stream {
    fn new(schema: &SchemaRef) -> Self {
        let mut format = FormatSpec::new("csv");
        format.options = Options::from_pairs([("header", "false")]);
        let framing = CsvDecoder::framing(&format).expect("options that agree").expect("CSV is framed");
        let framer = Framer::new(&framing, MAX_RECORD_BYTES).expect("CSV's framing");
        Self { frames: FrameBuffer::new(framer), raw: RawBatch::new(), decoder: our_decoder(schema) }
    }

    fn decode(&mut self, bytes: &[u8]) -> RecordBatch {
        self.frames.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.frames.filled(bytes.len());
        self.raw.clear();
        while let Some(frame) = self.frames.next().expect("records of no great length") {
            self.raw.push(NewRecord {
                offset: Some(frame.offset),
                line: frame.place_line(),
                ..NewRecord::new(frame.bytes)
            });
        }
        let decoded = self.decoder.decode(&self.raw).expect("a batch that decodes");
        assert!(decoded.rejected.is_empty());
        decoded.batch
    }
}

fn arrow_decoder(schema: &SchemaRef, rows: usize) -> Decoder {
    ReaderBuilder::new(Arc::clone(schema)).with_batch_size(rows).build_decoder()
}

fn arrow_decode(decoder: &mut Decoder, mut bytes: &[u8]) -> RecordBatch {
    while !bytes.is_empty() {
        let read = decoder.decode(bytes).expect("CSV that can be read");
        if read == 0 {
            break;
        }
        bytes = &bytes[read..];
    }
    assert!(bytes.is_empty(), "the piece has more rows than a batch");
    decoder.flush().expect("values that fit").expect("rows")
}

fn arrow_encode(columns: &RecordBatch, out: &mut Vec<u8>) {
    out.clear();
    let mut writer = WriterBuilder::new().with_header(false).build(&mut *out);
    writer.write(columns).expect("rows that can be written");
}

/// The file's batches, once it is certain that both make the same of them.
fn pieces(file: &CsvFile, rows: usize) -> Vec<Piece> {
    let schema = file.schema();
    let row_bytes = file.pieces(1, 100).concat().len() / 100;
    let count = (BYTES_PER_ROUND / (row_bytes * rows)).max(1);
    let mut arrow = arrow_decoder(&schema, rows);
    let (mut decoder, mut stream, mut encoder) = (our_decoder(&schema), Stream::new(&schema), our_encoder(&schema));
    let mut piece = |bytes: Vec<u8>| {
        let columns = stream.decode(&bytes);
        // Not `assert_eq!`, which would print megabytes.
        assert!(columns == arrow_decode(&mut arrow, &bytes), "{}: others read other columns", file.name);
        let raw = stream.raw.clone();
        assert!(decoder.decode(&raw).expect("a batch that decodes").batch == columns, "{}", file.name);
        let mut ours = EncodedBatch::new();
        encoder.encode(&columns, &mut ours).expect("rows that can be written");
        let ours: Vec<u8> = ours.iter().flat_map(|record| [record, b"\n"].concat()).collect();
        let mut theirs = Vec::new();
        arrow_encode(&columns, &mut theirs);
        // They may write a value in other ways, such as a timestamp's zone, so long as it is the same value.
        for written in [&ours, &theirs] {
            assert!(stream.decode(written) == columns, "{}: what was written reads as another", file.name);
        }
        Piece { bytes, raw, columns }
    };
    file.pieces(count, rows).into_iter().map(&mut piece).collect()
}

/// Reads every byte of the piece: a source has just written the records that an engine decodes.
fn bring_into_cache(piece: &Piece) {
    let records = (0..piece.raw.len()).flat_map(|record| piece.raw.value(record));
    black_box(piece.bytes.iter().chain(records).fold(0_u8, |sum, byte| sum ^ byte));
}
