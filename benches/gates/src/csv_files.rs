//! Five CSV files, made up and the same at every run: what tables look like in the wild.

use std::{fmt::Write, sync::Arc};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// One kind of CSV file: its columns, and how it writes a row.
#[derive(Clone, Copy)]
pub struct CsvFile {
    pub name: &'static str,
    columns: fn() -> Vec<Field>,
    write: fn(&mut Numbers, &mut String),
}

/// What a file's rows are made from.
pub struct Numbers {
    state: u64,
    row: u64,
}

impl Numbers {
    /// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len() as u64) as usize]
    }
}

impl CsvFile {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self { name: "trades", columns: trades_columns, write: write_trade },
        Self { name: "wide", columns: wide_columns, write: write_wide },
        Self { name: "quoted", columns: quoted_columns, write: write_quoted },
        Self { name: "times", columns: times_columns, write: write_times },
        Self { name: "strings", columns: strings_columns, write: write_strings },
    ];

    /// The file of that name.
    ///
    /// # Panics
    /// When there is none.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|file| file.name == name).expect("a name out of `CsvFile::ALL`")
    }

    /// Its columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new((self.columns)()))
    }

    /// The file's bytes, in pieces of `rows` rows each: no header, a line feed behind each row.
    pub fn pieces(&self, pieces: usize, rows: usize) -> Vec<Vec<u8>> {
        let mut numbers = Numbers { state: 42, row: 0 };
        let piece = |_| {
            let mut text = String::new();
            for _ in 0..rows {
                (self.write)(&mut numbers, &mut text);
                text.push('\n');
                numbers.row += 1;
            }
            text.into_bytes()
        };
        (0..pieces).map(piece).collect()
    }
}

/// Adds formatted text, which a `String` never refuses.
macro_rules! put {
    ($out:expr, $($text:tt)*) => { write!($out, $($text)*).expect("memory for a row") };
}

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

const SYMBOLS: [&str; 6] = ["AAPL", "MSFT", "GOOGL", "BRK.B", "TSLA", "V"];

fn trades_columns() -> Vec<Field> {
    vec![
        field("id", DataType::Int64),
        field("symbol", DataType::Utf8),
        field("price", DataType::Float64),
        field("quantity", DataType::Int32),
        field("fee", DataType::Float64),
        field("at", DataType::Int64),
        field("is_buyer", DataType::Boolean),
    ]
}

fn write_trade(n: &mut Numbers, out: &mut String) {
    let (symbol, whole, cents) = (n.pick(&SYMBOLS), n.below(3000), n.below(100));
    let (quantity, fee, at) = (n.below(5000), n.below(100_000_000), 1_700_000_000_000 + n.row * 37);
    let (id, is_buyer) = (n.row + 1_000_000, n.below(2) == 0);
    put!(out, "{id},{symbol},{whole}.{cents:02},{quantity},0.{fee:08},{at},{is_buyer}");
}

const WIDE: usize = 40;

fn wide_columns() -> Vec<Field> {
    let column = |i: usize| {
        let data_type = match i % 5 {
            0 => DataType::Int64,
            1 => DataType::Float64,
            2 => DataType::Utf8,
            3 => DataType::Int32,
            _ => DataType::Boolean,
        };
        field(&format!("column_{i}"), data_type)
    };
    (0..WIDE).map(column).collect()
}

fn write_wide(n: &mut Numbers, out: &mut String) {
    for i in 0..WIDE {
        if i > 0 {
            out.push(',');
        }
        // One field of twenty is null.
        if n.below(20) == 0 {
            continue;
        }
        match i % 5 {
            0 => put!(out, "{}", n.below(1_000_000_000) as i64 - 500_000_000),
            1 => {
                let (whole, rest) = (n.below(1000), n.below(10_000));
                put!(out, "{whole}.{rest}");
            }
            2 => put!(out, "value-{}", n.below(10_000)),
            3 => put!(out, "{}", n.below(1000)),
            _ => put!(out, "{}", n.below(2) == 0),
        }
    }
}

const WORDS: [&str; 8] =
    ["red", "velvet", "a \"\"fine\"\" day", "well, yes", "two\nlines", "naïve", "stone", "and so on"];

fn quoted_columns() -> Vec<Field> {
    vec![
        field("id", DataType::Int64),
        field("title", DataType::Utf8),
        field("body", DataType::Utf8),
        field("rating", DataType::Float64),
    ]
}

fn write_quoted(n: &mut Numbers, out: &mut String) {
    let (id, title) = (n.row, n.below(100_000));
    put!(out, "{id},\"title {title}\",\"");
    for _ in 0..2 + n.below(8) {
        out.push_str(n.pick(&WORDS));
        out.push(' ');
    }
    let (whole, tenths) = (n.below(5), n.below(10));
    put!(out, "\",{whole}.{tenths}");
}

fn times_columns() -> Vec<Field> {
    vec![
        field("id", DataType::Int64),
        field("created", DataType::Timestamp(TimeUnit::Microsecond, None)),
        field("due", DataType::Date32),
        field("updated", DataType::Timestamp(TimeUnit::Millisecond, Some("+00:00".into()))),
        field("opens", DataType::Time64(TimeUnit::Microsecond)),
        field("amount", DataType::Decimal128(18, 4)),
        field("tax", DataType::Decimal128(12, 2)),
    ]
}

fn write_times(n: &mut Numbers, out: &mut String) {
    let row = n.row;
    let clock = |n: &mut Numbers| (n.below(24), n.below(60), n.below(60));
    put!(out, "{row},");
    push_day(n, out);
    let (h, m, s) = clock(n);
    put!(out, "T{h:02}:{m:02}:{s:02}.{:06},", n.below(1_000_000));
    push_day(n, out);
    out.push(',');
    push_day(n, out);
    let (h, m, s) = clock(n);
    put!(out, "T{h:02}:{m:02}:{s:02}.{:03}Z,", n.below(1000));
    let (h, m, s) = clock(n);
    let (amount, rest, tax, cents) = (n.below(10_000_000), n.below(10_000), n.below(1000), n.below(100));
    put!(out, "{h:02}:{m:02}:{s:02},{amount}.{rest:04},{tax}.{cents:02}");
}

fn push_day(n: &mut Numbers, out: &mut String) {
    let (year, month, day) = (1990 + n.below(40), 1 + n.below(12), 1 + n.below(28));
    put!(out, "{year}-{month:02}-{day:02}");
}

fn strings_columns() -> Vec<Field> {
    ["first", "last", "street", "city", "country", "mail", "note", "tag"].map(|name| field(name, DataType::Utf8)).into()
}

fn write_strings(n: &mut Numbers, out: &mut String) {
    const FIRST: [&str; 6] = ["Ada", "Grace", "Édouard", "Konrad", "Barbara", "Niklaus"];
    const LAST: [&str; 5] = ["Lovelace", "Hopper", "Lucas", "Zuse", "Liskov"];
    const CITY: [&str; 5] = ["London", "New York", "München", "Zürich", "Cambridge"];
    let (first, last, city) = (n.pick(&FIRST), n.pick(&LAST), n.pick(&CITY));
    put!(out, "{first},{last},{} High Street,{city},", n.below(300));
    // Half of what may be missing is.
    for text in ["United Kingdom", "someone@example.org", "to be called back in the afternoon"] {
        if n.below(2) == 0 {
            out.push_str(text);
        }
        out.push(',');
    }
    out.push_str(n.pick(&["", "", "new", "vip"]));
}
