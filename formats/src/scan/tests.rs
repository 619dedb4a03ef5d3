//! Every instruction set against plain code, and numbers against the standard library's.

use super::*;

/// Calls `$check` with every instruction set that this machine has.
macro_rules! for_each_isa {
    ($isa:ident => $body:expr) => {{
        {
            let $isa = Portable;
            $body
        }
        #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
        if let Some($isa) = Avx2::detect() {
            $body
        }
    }};
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

fn windows() -> impl Iterator<Item = [u8; WINDOW]> {
    const INTERESTING: &[u8] = b"\"\\\x00\x1F\x20!/0195:;AZaz{}[],.\x7F\x80\xA0\xFE\xFF";
    let mut random = Random(1);
    (0..if cfg!(miri) { 200 } else { 50_000 }).map(move |i| {
        let mut window = [0; WINDOW];
        for byte in &mut window {
            *byte = match i % 3 {
                0 => random.next() as u8,
                1 => INTERESTING[random.below(INTERESTING.len() as u64) as usize],
                _ => b'0' + random.below(11) as u8,
            };
        }
        window
    })
}

#[test]
fn looks_find_what_plain_code_finds() {
    for window in windows() {
        let is_special = |b: u8| b < 0x20 || matches!(b, b'"' | b'\\');
        let plain = window.iter().position(|b| is_special(*b)).unwrap_or(WINDOW);
        let specials = (0..WINDOW).filter(|i| is_special(window[*i])).fold(0, |mask, i| mask | 1 << i);
        let not_digits = (0..WINDOW).filter(|i| !window[*i].is_ascii_digit()).fold(0, |mask, i| mask | 1 << i);
        for_each_isa!(isa => {
            assert_eq!(isa.plain_prefix(&window), plain, "{isa:?} {window:?}");
            assert_eq!(isa.specials(&window), specials, "{isa:?} {window:?}");
            assert_eq!(isa.not_digits(&window), not_digits, "{isa:?} {window:?}");
        });
    }
}

#[test]
fn patterns_match_their_own_length_only() {
    for (i, window) in windows().filter(|window| !window.contains(&0)).enumerate() {
        let len = i % (WINDOW + 1);
        let pattern = Pattern::new(&window[..len]).expect("it is short enough");
        for at in 0..WINDOW {
            let mut other = window;
            other[at] ^= 1 << (i % 8);
            for_each_isa!(isa => {
                assert!(isa.starts_with(&window, &pattern), "{isa:?} {window:?} {len}");
                assert_eq!(isa.starts_with(&other, &pattern), at >= len, "{isa:?} {window:?} {len} {at}");
                assert!(!isa.starts_with(&window, &Pattern::NEVER), "{isa:?}");
            });
        }
        if cfg!(miri) && i > 40 || i > 2_000 {
            break;
        }
    }
    assert!(Pattern::new(&[b'x'; WINDOW + 1]).is_none());
    assert!(Pattern::new(b"x\0").is_none());
}

#[test]
fn digits_make_numbers() {
    let mut random = Random(2);
    for i in 0..if cfg!(miri) { 100 } else { 20_000 } {
        let text: [u8; 16] = std::array::from_fn(|_| b'0' + random.below(10) as u8);
        let (end, dot) = (i % 17, random.below(16) as usize);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |n: u64, b| n * 10 + u64::from(b - b'0'));
        let mut dotted = text;
        dotted[dot] = b'.';
        let mut signed = text;
        signed[0] = b'-';
        for_each_isa!(isa => {
            assert_eq!(isa.digits(&text, end), number(&text[..end]), "{isa:?} {text:?} {end}");
            assert_eq!(isa.digits(&signed, end), number(&text[end.min(1)..end]), "{isa:?} {signed:?} {end}");
            if dot < end {
                let around = [&text[..dot], &text[dot + 1..end]].concat();
                assert_eq!(isa.digits_around(&dotted, dot, end), number(&around), "{isa:?} {dotted:?} {dot} {end}");
            }
        });
    }
}

/// A record in an arena, with the slack that a cursor asks for.
fn with_record(text: &str, check: impl Fn(Cursor<'_>)) {
    let mut arena = text.as_bytes().to_vec();
    arena.push(0);
    arena.extend_from_slice(&[b'7'; 64]);
    let span = Utf8Span::check(&arena, 0..text.len()).expect("it is UTF-8");
    check(span.record(0..text.len()).expect("it has its slack"));
}

/// Where a token ends, as `Option<usize>`.
fn end(start: Cursor<'_>, end: Option<Cursor<'_>>) -> Option<usize> {
    end.map(|end| end.since(start).len())
}

#[test]
fn tokens_are_those_of_rfc_8259() {
    let check = |text: &str, expected: Option<usize>| {
        with_record(text, |start| {
            for_each_isa!(isa => assert_eq!(end(start, number::token(isa, start)), expected, "{isa:?} {text}"));
        });
    };
    for (text, expected) in [
        ("0", Some(1)),
        ("-0", Some(2)),
        ("-", None),
        ("", None),
        ("+1", None),
        ("01", None),
        ("-01.5", None),
        ("1.", None),
        ("1.e5", None),
        (".5", None),
        ("1.5", Some(3)),
        ("1.5.5", Some(3)),
        ("1e5", Some(3)),
        ("1E+5", Some(4)),
        ("1.25e-07,", Some(8)),
        ("1e", None),
        ("1e+", None),
        ("12}", Some(2)),
        ("00", None),
        ("0.0", Some(3)),
        ("1.0e1e1", Some(5)),
        ("Infinity", None),
    ] {
        check(text, expected);
    }
    for len in 1..100 {
        let digits = "1234567890".repeat(10);
        check(&digits[..len], Some(len));
        check(&format!("{}.5", &digits[..len]), Some(len + 2));
        check(&format!("-0.{}", &digits[..len]), Some(len + 3));
        check(&format!("1.{}E1", &digits[..len]), Some(len + 4));
        check(&format!("{}.", &digits[..len]), None);
        check(&format!("0{}", &digits[..len]), None);
    }
}

#[test]
fn integers_are_exact_or_left_alone() {
    let mut random = Random(3);
    let check = |text: &str| {
        with_record(text, |start| {
            for_each_isa!(isa => match number::integer(isa, start) {
                Some((value, behind)) => {
                    assert_eq!(Ok(value), text.parse(), "{isa:?} {text}");
                    assert!(behind.is_at_end(), "{isa:?} {text}");
                }
                None => assert!(text.len() > 18 || text.contains(['.', 'e', 'E']) || text.starts_with("0") && text != "0"
                    || text.starts_with("-0") && text != "-0" || text.is_empty() || text == "-", "{isa:?} {text}"),
            });
        });
    };
    for text in
        ["0", "-0", "7", "-7", "00", "-01", "", "-", "1.5", "1e3", "1E3", "999999999999999999", "1000000000000000000"]
    {
        check(text);
    }
    for _ in 0..if cfg!(miri) { 100 } else { 100_000 } {
        let value = (random.next() as i64) >> random.below(64);
        check(&value.to_string());
    }
}

#[test]
fn floats_are_rounded_correctly_or_left_alone() {
    let mut random = Random(4);
    let check = |text: &str| {
        with_record(text, |start| {
            for_each_isa!(isa => if let Some((value, behind)) = number::float(isa, start) {
                let expected: f64 = text.parse().expect("a number");
                assert_eq!(value.to_bits(), expected.to_bits(), "{isa:?} {text}");
                assert!(behind.is_at_end(), "{isa:?} {text}");
            });
        });
    };
    for text in [
        "0.0",
        "-0.0",
        "0",
        "-0",
        "1.5",
        "9007199254740993.0",
        "9007199254740992.5",
        "0.9999999999999999",
        "0.99999999999999999",
        "1.7976931348623157",
        "0.00000095367431640625",
        "9007199254740991.9",
        "4503599627370496.5",
        "4503599627370497.5",
        "0.0000000000000000000000001",
        "123456789012345",
        "1234567890123456",
    ] {
        check(text);
    }
    for _ in 0..if cfg!(miri) { 50 } else { 100_000 } {
        let bits = |random: &mut Random| random.next() >> random.below(64);
        let (a, b) = (bits(&mut random), bits(&mut random));
        check(&format!("{a}.{b}"));
        check(&format!("-0.{}{b}", &"00000000000000"[..random.below(14) as usize]));
        check(&format!("{}.{:0width$}", a % 1_000_000, b % 1_000_000_000, width = 9 + random.below(6) as usize));
        check(&format!("{}", (random.next() as i64 as f64) / 10_f64.powi(random.below(40) as i32 - 10)));
        // A tie: 54 bits with the last one set, over a power of two that a power of ten divides.
        check(&format!("{:.4}", ((a >> 11 | 1 << 53) | 1) as f64 / 16.0));
    }
}

#[test]
fn strings_are_unescaped_or_refused() {
    let check = |body: &str, expected: Option<&str>| {
        let text = format!("\"{body}\" and what follows");
        with_record(&text, |start| {
            for_each_isa!(isa => {
                let mut out = b"before".to_vec();
                let read = string::append(isa, start, &mut out);
                assert_eq!(end(start, read), expected.map(|_| body.len() + 2), "{isa:?} {body}");
                assert_eq!(end(start, string::skip(isa, start)), end(start, read), "{isa:?} {body}");
                if let Some(expected) = expected {
                    assert_eq!(out, ["before", expected].concat().as_bytes(), "{isa:?} {body}");
                }
            });
        });
    };
    for (escape, expected) in [
        (r"", Some("")),
        (r"\n", Some("\n")),
        (r#"\"\\\/\b\f\n\r\t"#, Some("\"\\/\u{8}\u{c}\n\r\t")),
        (r"\u0041", Some("A")),
        (r"\u0000", Some("\0")),
        (r"\u00e9\u65E5", Some("é日")),
        (r"\ud83c\udf0a", Some("🌊")),
        (r"\uDBFF\uDFFF", Some("\u{10FFFF}")),
        (r"\ud83c", None),
        (r"\ud83cx", None),
        (r"\ud83c\n", None),
        (r"\ud83c\u0041", None),
        (r"\udf0a", None),
        (r"\udf0a\ud83c", None),
        (r"\u12", None),
        (r"\u12g4", None),
        (r"\x41", None),
        (r"\U0041", None),
        ("\u{1}", None),
        ("\n", None),
        ("\0", None),
        ("é日🌊", Some("é日🌊")),
    ] {
        for len in 0..if cfg!(miri) { 3 } else { 70 } {
            let (before, after) = ("a".repeat(len), "z".repeat(len % 7));
            let expected = expected.map(|text| [&before, text, &after].concat());
            check(&[&before, escape, &after].concat(), expected.as_deref());
        }
    }
}

#[test]
fn cursors_stay_in_their_record() {
    with_record("  ab", |start| {
        assert_eq!(start.skip_space().byte(), b'a');
        assert_eq!(start.advance(4).byte(), 0);
        assert!(start.advance(1000).is_at_end());
        assert_eq!(start.advance(1000).skip_space().since(start), b"  ab");
        assert_eq!(start.since(start.advance(1)), b"");
    });
    let mut arena = [b' '; 200];
    arena[120] = 0;
    let span = Utf8Span::check(&arena, 10..120).expect("it is UTF-8");
    assert!(span.record(10..120).is_some());
    assert!(span.record(10..119).is_none(), "no NUL at its end");
    for outside in [9..20, 100..121, 130..140, 119..190] {
        assert!(span.record(outside.clone()).is_none(), "{outside:?}");
    }
    arena[199] = 0;
    assert!(Utf8Span::check(&arena, 150..199).is_some_and(|span| span.record(150..199).is_none()), "no slack");
    assert!(Utf8Span::check(b"a\xFFb", 0..3).is_none());
    assert!(Utf8Span::check(b"ab", 0..3).is_none());
}
