//! What virtual_calls.py must see, and what it must not take for a virtual call: one root function each.
//!
//! Every root is its own symbol; `main` calls them all with values that the compiler cannot know.

use std::hint::black_box;

trait Codec {
    fn decode(&self, record: &[u8]) -> u64;
}

struct Sum;
struct Count;

impl Codec for Sum {
    #[inline(never)]
    fn decode(&self, record: &[u8]) -> u64 {
        record.iter().map(|&byte| u64::from(byte)).sum()
    }
}

impl Codec for Count {
    #[inline(never)]
    fn decode(&self, record: &[u8]) -> u64 {
        black_box(record.len() as u64)
    }
}

enum AnyCodec {
    Sum(Sum),
    Count(Count),
}

/// Virtual: the plain case.
#[inline(never)]
fn box_dyn(codec: &dyn Codec, record: &[u8]) -> u64 {
    codec.decode(record) + 1
}

/// Virtual: the last thing a function does is a jump through the vtable.
#[inline(never)]
fn box_dyn_tail(codec: &dyn Codec, record: &[u8]) -> u64 {
    codec.decode(record)
}

/// Virtual, two calls down.
#[inline(never)]
fn deep(codec: &dyn Codec, records: &[&[u8]]) -> u64 {
    records.iter().map(|record| middle(codec, record)).sum()
}

#[inline(never)]
fn middle(codec: &dyn Codec, record: &[u8]) -> u64 {
    if record.is_empty() {
        0
    } else {
        box_dyn(codec, record)
    }
}

/// Virtual: a function pointer in a register.
#[inline(never)]
fn pointer(decode: fn(u64) -> u64, value: u64) -> u64 {
    decode(value)
}

/// Virtual: a table of functions, which is no jump table although it is indexed like one.
#[inline(never)]
fn function_table(index: usize, value: u64) -> u64 {
    static TABLE: [fn(u64) -> u64; 4] = [op0, op1, op2, op3];
    TABLE[index & 3](value)
}

/// Virtual, and only on the way out of a panic.
#[inline(never)]
fn landing_pad(codec: Box<dyn Codec>, value: u64) -> u64 {
    let result = op0(value);
    std::mem::forget(codec);
    result
}

/// Clean: the same work as `deep`, through an enum.
#[inline(never)]
fn clean_enum(codec: &AnyCodec, records: &[&[u8]]) -> u64 {
    let decode = |record: &&[u8]| match codec {
        AnyCodec::Sum(codec) => codec.decode(record),
        AnyCodec::Count(codec) => codec.decode(record),
    };
    records.iter().map(decode).sum()
}

/// Clean: a jump table behind a bounds check.
#[inline(never)]
fn clean_jump_table(byte: u8, value: u64) -> u64 {
    match byte {
        b'0' => op0(value),
        b'1' => op1(value),
        b'2' => op2(value),
        b'3' => op3(value),
        b'4' => op0(value) ^ op1(value),
        b'5' => op1(value) ^ op2(value),
        b'6' => op2(value) ^ op3(value),
        b'7' => op3(value) ^ op0(value),
        _ => value,
    }
}

#[derive(Clone, Copy)]
enum Kind {
    A,
    B,
    C,
    D,
    E,
    F,
}

/// Clean: a jump table without a bounds check, since the match names every variant; its base stays in a register over the loop.
#[inline(never)]
fn clean_exhaustive_jump_table(kinds: &[Kind], mut value: u64) -> u64 {
    for kind in kinds {
        value = match kind {
            Kind::A => op0(value),
            Kind::B => op1(value),
            Kind::C => op2(value),
            Kind::D => op3(value),
            Kind::E => op0(value) ^ op1(value),
            Kind::F => op1(value) ^ op2(value),
        };
    }
    value
}

unsafe extern "C" {
    fn rand_r(seed: *mut u32) -> i32;
}

/// Clean: the compiler keeps the GOT entry of an external function in a register.
#[inline(never)]
fn clean_external(rounds: u32) -> i32 {
    let mut seed = 1;
    // SAFETY: `seed` is valid for reads and writes over the whole call.
    let mut draw = || unsafe { rand_r(&raw mut seed) };
    (0..rounds)
        .map(|_| draw() ^ draw() ^ draw() ^ draw())
        .fold(0, |sum, value| sum ^ value)
}

/// Clean once panics and formatting are allowed as cold.
#[inline(never)]
fn cold_panic(values: &[u64], index: usize) -> u64 {
    assert!(index < values.len(), "index {index} of {}", values.len());
    values[index]
}

#[inline(never)]
fn op0(value: u64) -> u64 {
    assert!(value != 77, "unlucky");
    black_box(value) + 1
}
#[inline(never)]
fn op1(value: u64) -> u64 {
    black_box(value) * 3
}
#[inline(never)]
fn op2(value: u64) -> u64 {
    black_box(value) ^ 5
}
#[inline(never)]
fn op3(value: u64) -> u64 {
    black_box(value).rotate_left(7)
}

fn main() {
    let record: &[u8] = black_box(b"record");
    let records = black_box([record, record]);
    let codec: Box<dyn Codec> = if black_box(true) {
        Box::new(Sum)
    } else {
        Box::new(Count)
    };
    let any = if black_box(true) {
        AnyCodec::Sum(Sum)
    } else {
        AnyCodec::Count(Count)
    };
    let kinds = black_box([Kind::A, Kind::B, Kind::C, Kind::D, Kind::E, Kind::F]);
    let results = [
        box_dyn(&*codec, record),
        box_dyn_tail(&*codec, record),
        deep(&*codec, &records),
        pointer(black_box(op1), 3),
        function_table(black_box(2), 3),
        clean_enum(&any, &records),
        clean_jump_table(black_box(b'3'), 3),
        clean_exhaustive_jump_table(&kinds, 3),
        clean_external(black_box(3)) as u64,
        cold_panic(black_box(&[1, 2, 3]), black_box(1)),
        landing_pad(codec, 3),
    ];
    println!("{results:?}");
}
