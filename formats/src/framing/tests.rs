//! Every case is checked in every split of its input, and resumed from every position it reports.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use laminar_schema::{
    DecodeError, ErrorKind,
    format::{CsvFraming, Encoding, Framing},
};

use super::*;

fn buffer(framing: &Framing, limit: usize) -> FrameBuffer {
    FrameBuffer::new(Framer::new(framing, limit).unwrap())
}

/// Yields every event that is due, with the place to resume behind it. False when the last one ends everything.
fn drain(buffer: &mut FrameBuffer, events: &mut Vec<(String, Resume)>) -> bool {
    loop {
        let event = match buffer.next() {
            Ok(None) => return true,
            Ok(Some(f)) => format!("{}@{} {:?}", f.line, f.offset, String::from_utf8_lossy(f.bytes)),
            Err(e) if !e.is_row_level() => {
                let again = buffer.next().map(|frame| frame.map(|f| f.offset)).unwrap_err();
                assert_eq!(e.to_string(), again.to_string(), "nothing comes behind it");
                let at = e.location();
                let event = format!("{}@{} !! {}", at.line.unwrap(), at.offset.unwrap(), e.message());
                events.push((event, buffer.framer().resume_at()));
                return false;
            }
            Err(e) => {
                let what = match e.kind() {
                    // How much was seen when the limit was passed depends on the chunks.
                    ErrorKind::Decode(DecodeError::TooLarge { limit, .. }) => format!("more than {limit} bytes"),
                    other => other.to_string(),
                };
                let at = e.location();
                let kept = e.record().map(|bytes| format!(" {:?}", String::from_utf8_lossy(bytes))).unwrap_or_default();
                format!("{}@{} ! {what}{kept}", at.line.unwrap_or(0), at.offset.unwrap())
            }
        };
        events.push((event, buffer.framer().resume_at()));
    }
}

fn read(buffer: &mut FrameBuffer, chunks: &[&[u8]]) -> Vec<(String, Resume)> {
    read_by(buffer, chunks, |buffer, chunk| {
        buffer.space(chunk.len())[..chunk.len()].copy_from_slice(chunk);
        buffer.filled(chunk.len());
    })
}

/// Hands over whole buffers, with room in front for some of the records that are unfinished, and not for others.
fn read_buffers(buffer: &mut FrameBuffer, chunks: &[&[u8]]) -> Vec<(String, Resume)> {
    let mut spare = Vec::new();
    read_by(buffer, chunks, |buffer, chunk| {
        let mut bytes = std::mem::take(&mut spare);
        bytes.resize(4, b'?');
        bytes.extend_from_slice(chunk);
        spare = buffer.take_over(bytes, 4);
    })
}

fn read_by(
    buffer: &mut FrameBuffer,
    chunks: &[&[u8]],
    mut hand_over: impl FnMut(&mut FrameBuffer, &[u8]),
) -> Vec<(String, Resume)> {
    let mut events = Vec::new();
    for chunk in chunks {
        hand_over(buffer, chunk);
        if !drain(buffer, &mut events) {
            return events;
        }
    }
    buffer.end();
    for _ in 0..2 {
        if !drain(buffer, &mut events) {
            break;
        }
    }
    events
}

fn texts(events: &[(String, Resume)]) -> Vec<&str> {
    events.iter().map(|(text, _)| text.as_str()).collect()
}

/// Every split for short inputs; every split in three and the split in single bytes for the others.
fn splits(input: &[u8]) -> Vec<Vec<&[u8]>> {
    let n = input.len();
    let mut all = vec![input.chunks(1).collect()];
    if n <= 11 {
        for mask in 0..1_usize << n.saturating_sub(1) {
            let (mut chunks, mut from) = (Vec::new(), 0);
            for at in (1..n).filter(|at| mask >> (at - 1) & 1 == 1) {
                chunks.push(&input[from..at]);
                from = at;
            }
            chunks.push(&input[from..]);
            all.push(chunks);
        }
    } else {
        for i in 0..=n {
            all.extend((i..=n).map(|j| vec![&input[..i], &input[i..j], &input[j..]]));
        }
    }
    all
}

fn check_limited(framing: &Framing, limit: usize, input: &[u8], expected: &Expect) {
    let whole = read(&mut buffer(framing, limit), &[input]);
    for chunks in splits(input) {
        let again = read(&mut buffer(framing, limit), &chunks);
        assert_eq!(texts(&whole), texts(&again), "split as {chunks:?}");
        let exchanged = read_buffers(&mut buffer(framing, limit), &chunks);
        assert_eq!(again, exchanged, "split as {chunks:?}, in buffers of their own");
        for (i, (_, resume)) in again.iter().enumerate() {
            // A fault in the middle of a record that is still being discarded is no place to resume at.
            if again[i].0.contains("more than") || again[i].0.contains("!!") {
                continue;
            }
            let mut resumed = buffer(framing, limit);
            if resumed.framer().has_preamble() {
                resumed.space(input.len())[..input.len()].copy_from_slice(input);
                resumed.filled(input.len());
                resumed.end();
                assert!(resumed.find_preamble().unwrap());
            }
            let stored = Resume::from_position(&resume.to_position()).unwrap();
            resumed.seek(stored);
            let rest = read(&mut resumed, &[&input[usize::try_from(stored.offset).unwrap()..]]);
            assert_eq!(texts(&rest), texts(&again[i + 1..]), "resumed behind {:?}, split as {chunks:?}", again[i].0);
        }
    }
    let mut shown = String::new();
    let mut end = buffer(framing, limit);
    for text in texts(&read(&mut end, &[input])) {
        writeln!(shown, "{text}").unwrap();
    }
    if let Some(preamble) = end.framer().preamble() {
        writeln!(shown, "preamble {:?}", String::from_utf8_lossy(preamble)).unwrap();
    }
    expected.assert_eq(&shown);
}

fn check(framing: &Framing, input: &str, expected: Expect) {
    check_limited(framing, 1 << 20, input.as_bytes(), &expected);
}

#[test]
fn lines() {
    let check = |input, expected| check(&Framing::Lines, input, expected);
    check("", expect![[""]]);
    check(
        "a\nb\r\n\n\rc\r",
        expect![[r#"
        1@0 "a"
        2@2 "b"
        3@5 ""
        4@6 "\rc"
    "#]],
    );
}

#[test]
fn whole() {
    let check = |input, expected| check(&Framing::Whole, input, expected);
    check(
        "",
        expect![[r#"
        1@0 ""
    "#]],
    );
    check(
        "a\nb\n",
        expect![[r#"
        1@0 "a\nb\n"
    "#]],
    );
}

fn dialect() -> CsvFraming {
    CsvFraming {
        encoding: Encoding::Utf8,
        delimiter: b",".to_vec(),
        trim: false,
        quote: Some(b'"'),
        escape: Some(b'"'),
        comment: None,
        has_header: false,
        skip_lines: 0,
        line_end: b'\n',
    }
}

#[test]
fn csv_quotes() {
    let check = |input, expected| check(&Framing::Csv(dialect()), input, expected);
    check(
        "1,\"a\nb\"\n2,c\r\n\"x\"\"\r\n,\"\"y\",\n",
        expect![[r#"
        1@0 "1,\"a\nb\""
        3@8 "2,c"
        4@13 "\"x\"\"\r\n,\"\"y\","
    "#]],
    );
    // A quote that does not open a field is text, here and wherever the line ends.
    check(
        "5\" x,3\"\n\n\"a\"b\"\nc",
        expect![[r#"
        1@0 "5\" x,3\""
        2@8 ""
        3@9 "\"a\"b\""
        4@15 "c"
    "#]],
    );
    check(
        "a,\"open\nb\n",
        expect![[r#"
        1@0 "a,\"open\nb\n"
    "#]],
    );
}

#[test]
fn csv_dialects() {
    let check = |dialect: CsvFraming, input, expected| check(&Framing::Csv(dialect), input, expected);
    check(
        CsvFraming { escape: Some(b'\\'), ..dialect() },
        "\"a\\\"\nb\"\n\"\\\\\"\nc\\\n",
        expect![[r#"
        1@0 "\"a\\\"\nb\""
        3@8 "\"\\\\\""
        4@13 "c\\"
    "#]],
    );
    check(
        CsvFraming { quote: None, escape: None, ..dialect() },
        "\"a\nb\"\n",
        expect![[r#"
        1@0 "\"a"
        2@3 "b\""
    "#]],
    );
    check(
        CsvFraming { delimiter: b"||".to_vec(), ..dialect() },
        "a||\"\n\"\n|\"\nb",
        expect![[r#"
        1@0 "a||\"\n\""
        3@7 "|\""
        4@10 "b"
    "#]],
    );
    check(
        CsvFraming { trim: true, ..dialect() },
        "a, \t\"\n\"\nb \"\n",
        expect![[r#"
        1@0 "a, \t\"\n\""
        3@8 "b \""
    "#]],
    );
    check(
        CsvFraming { line_end: b'\r', comment: Some(b'#'), skip_lines: 1, ..dialect() },
        "title\ra,\"b\rc\"\r#d\r\rf\n,g\r\rh",
        expect![[r#"
            2@6 "a,\"b\rc\""
            5@17 ""
            6@18 "f\n,g"
            7@23 ""
            8@24 "h"
        "#]],
    );
    check(
        CsvFraming { comment: Some(b'#'), ..dialect() },
        "#a \"\n1\n #\n\"\n#\"\n#end",
        expect![[r#"
        2@5 "1"
        3@7 " #"
        4@10 "\"\n#\""
    "#]],
    );
    check(
        CsvFraming { skip_lines: 2, ..dialect() },
        "a\"\nb\n1,2\n3",
        expect![[r#"
        3@5 "1,2"
        4@9 "3"
    "#]],
    );
}

#[test]
fn csv_headers() {
    let header = CsvFraming { has_header: true, ..dialect() };
    let check = |dialect: CsvFraming, input, expected| check(&Framing::Csv(dialect), input, expected);
    check(
        header.clone(),
        "\u{feff}a,b\r\n1,2\r\n3,4",
        expect![[r#"
        2@8 "1,2"
        3@13 "3,4"
        preamble "a,b"
    "#]],
    );
    check(
        header.clone(),
        "\n\n\"a\nb\"\n1\n",
        expect![[r#"
        5@8 "1"
        preamble "\"a\nb\""
    "#]],
    );
    check(
        header.clone(),
        "a,b",
        expect![[r#"
        preamble "a,b"
    "#]],
    );
    check(header.clone(), "", expect![[""]]);
    check(
        CsvFraming { skip_lines: 1, comment: Some(b'#'), ..header },
        "x\n#y\na\n#z\n1\n",
        expect![[r#"
        5@10 "1"
        preamble "a"
    "#]],
    );
}

#[test]
fn json_lines() {
    let check = |input, expected| check(&Framing::JsonDocuments, input, expected);
    check("", expect![[""]]);
    check(" \n\t\r\n", expect![[""]]);
    check(
        "\u{feff}{\"a\":1}\r\n\n{\"b\" \n{}{}\n 7\n[1]",
        expect![[r#"
        1@3 "{\"a\":1}"
        3@13 "{\"b\""
        4@19 "{}{}"
        5@25 "7"
        6@27 "[1]"
    "#]],
    );
    // White space by RFC 8259 is trimmed. Anything else is left, for the decoder to reject.
    check(
        "{\"a\":1} \t\r\n{\"a\":2}\x0c\n{\"a\":3}\x0c",
        expect![[r#"
            1@0 "{\"a\":1}"
            2@11 "{\"a\":2}\u{c}"
            3@20 "{\"a\":3}\u{c}"
        "#]],
    );
    check(
        "7\x0c\n\x0c\n8",
        expect![[r#"
            1@0 "7\u{c}"
            2@3 "\u{c}"
            3@5 "8"
        "#]],
    );
    // A first line that is no object decides nothing; one that is cut off does not take the next with it.
    check(
        "x y\n{\"a\":[\n{}\n{",
        expect![[r#"
        1@0 "x y"
        2@4 "{\"a\":[\n{}"
        4@14 "{"
    "#]],
    );
    check(
        "{\"a\":\"\n{}\n{\n{}",
        expect![[r#"
        1@0 "{\"a\":\""
        2@7 "{}"
        3@10 "{"
        4@12 "{}"
    "#]],
    );
    check(
        "{\"a\": {}\n{}\n}",
        expect![[r#"
        1@0 "{\"a\": {}"
        2@9 "{}"
        3@12 "}"
    "#]],
    );
}

#[test]
fn json_documents() {
    let check = |input, expected| check(&Framing::JsonDocuments, input, expected);
    check(
        "{\"a\":\n [\"}\\\"\"]}\n{}",
        expect![[r#"
        1@0 "{\"a\":\n [\"}\\\"\"]}"
        3@16 "{}"
    "#]],
    );
    check(
        "{}{\"a\":[{}]} 1 2\"s\"{}t[]]",
        expect![[r#"
        1@0 "{}"
        1@2 "{\"a\":[{}]}"
        1@13 "1"
        1@15 "2"
        1@16 "\"s\""
        1@19 "{}"
        1@21 "t"
        1@22 "[]"
        1@24 "]"
    "#]],
    );
    check(
        "{}{\n \"a\":]\n }\n{\n}",
        expect![[r#"
        1@0 "{}"
        1@2 "{\n \"a\":]\n }\n{\n}"
    "#]],
    );
}

#[test]
fn json_arrays() {
    let check = |input, expected| check(&Framing::JsonDocuments, input, expected);
    check("[]", expect![[""]]);
    check(
        " [ {\"a\":[1,2]} ,\n\"]\",3,\n[4]\n]\n",
        expect![[r#"
        1@3 "{\"a\":[1,2]}"
        2@17 "\"]\""
        2@21 "3"
        3@24 "[4]"
    "#]],
    );
    check(
        "[1,,2]",
        expect![[r#"
        1@1 "1"
        1@3 ! expected an element between the array's commas, found `,`
        1@4 "2"
    "#]],
    );
    check(
        "[,1 2,]",
        expect![[r#"
        1@1 ! expected an element between the array's commas, found `,`
        1@2 "1"
        1@4 ! expected a comma or `]` behind the array's element, found `2`
        1@4 "2"
        1@6 ! expected an element behind the array's last comma, found `]`
    "#]],
    );
    check(
        "[1]x[2] ",
        expect![[r#"
        1@1 "1"
        1@3 ! expected nothing behind the array, found `x`
        1@3 "x[2]"
    "#]],
    );
    check(
        "[1,{",
        expect![[r#"
        1@1 "1"
        1@3 "{"
        1@4 ! expected `]` at the end of the array, found the end of the input
    "#]],
    );
    check(
        "[1,}:2",
        expect![[r#"
        1@1 "1"
        1@3 "}:2"
        1@6 ! expected `]` at the end of the array, found the end of the input
    "#]],
    );
    // A broken element is given up where the next one begins at its indentation, or where the array ends.
    check(
        "[\n {\"a\":[1},\n {\"b\":2}\n]",
        expect![[r#"
        2@3 "{\"a\":[1}"
        3@14 "{\"b\":2}"
    "#]],
    );
    check(
        "[\n {\"b\":2},\n {\"a\":\"\n]",
        expect![[r#"
        2@3 "{\"b\":2}"
        3@13 "{\"a\":\""
    "#]],
    );
}

#[test]
fn records_over_the_limit_are_reported_and_passed_over() {
    let check = |framing, input: &str, expected| check_limited(&framing, 4, input.as_bytes(), &expected);
    check(
        Framing::Lines,
        "1234\r\n12345\nab\n1234567",
        expect![[r#"
            1@0 "1234"
            2@6 ! more than 4 bytes
            3@12 "ab"
            4@15 ! more than 4 bytes
        "#]],
    );
    check(
        Framing::Whole,
        "12345678",
        expect![[r#"
        1@0 ! more than 4 bytes
    "#]],
    );
    check(
        Framing::Csv(dialect()),
        "\"\n\"\n\"\n\n\n\n\n\"\nab\n",
        expect![[r#"
        1@0 "\"\n\""
        3@4 ! more than 4 bytes
        9@12 "ab"
    "#]],
    );
    check(
        Framing::JsonDocuments,
        "{}\n{\"a\":1}\n{}",
        expect![[r#"
        1@0 "{}"
        2@3 ! more than 4 bytes
        3@11 "{}"
    "#]],
    );
    check(
        Framing::JsonDocuments,
        "[1,{\"a\":[2,3]},4]",
        expect![[r#"
        1@1 "1"
        1@3 ! more than 4 bytes
        1@15 "4"
    "#]],
    );
}

#[test]
fn a_header_over_the_limit_ends_everything() {
    let header = CsvFraming { has_header: true, comment: Some(b'#'), skip_lines: 1, ..dialect() };
    let check = |input: &str, expected| check_limited(&Framing::Csv(header.clone()), 4, input.as_bytes(), &expected);
    check(
        "skipped\n#comment\nabcde\n1\n2\n",
        expect![[r#"
        3@17 !! option `max_record_bytes` = '4': expected room for the CSV header: the header is longer; raise the limit, or look for a quote in the header that is never closed
    "#]],
    );
    check(
        "\n\"a\nb\"\n1\n",
        expect![[r#"
        2@1 !! option `max_record_bytes` = '4': expected room for the CSV header: the header is longer; raise the limit, or look for a quote in the header that is never closed
    "#]],
    );
    check(
        "\nabcdefghi",
        expect![[r#"
        2@1 !! option `max_record_bytes` = '4': expected room for the CSV header: the header is longer; raise the limit, or look for a quote in the header that is never closed
    "#]],
    );
    check(
        "\nabcd\r\n12345\n2\n",
        expect![[r#"
        3@7 ! more than 4 bytes
        4@13 "2"
        preamble "abcd"
    "#]],
    );
}

#[test]
fn messagepack_values_delimit_themselves() {
    let check = |limit, input: &[u8], expected: Expect| check_limited(&Framing::MsgPack, limit, input, &expected);
    // Scalars of every length, an empty map, a map of a list, text with a line feed in it, an extension.
    check(
        100,
        b"\x01\xcd01\xcb12345678\x80\x81\xa1a\x92\x01\xc0\xd9\x02\n\n\xd6A2345\xc7\x03Axyz\xc4\x00\xdd\0\0\0\x01z",
        expect![[r#"
            0@0 "\u{1}"
            0@1 "�01"
            0@4 "�12345678"
            0@13 "�"
            0@14 "��a�\u{1}�"
            0@20 "�\u{2}\n\n"
            0@24 "�A2345"
            0@30 "�\u{3}Axyz"
            0@36 "�\0"
            0@38 "�\0\0\0\u{1}z"
        "#]],
    );
    // What begins no value is a record of its own, or part of one; a value that the end cuts off is the last record.
    check(
        100,
        b"\xc1\x01\x91\xc1\x92\x01",
        expect![[r#"
        0@0 "�"
        0@1 "\u{1}"
        0@2 "��"
        0@4 "�\u{1}"
    "#]],
    );
    check(
        100,
        b"a\xda\x01",
        expect![[r#"
        0@0 "a"
        0@1 "�\u{1}"
    "#]],
    );
    check(100, b"", expect![[""]]);
    check(
        100,
        b"a\xdf\xff\xff\xff\xffabc",
        expect![[r#"
        0@0 "a"
        0@1 "�����abc"
    "#]],
    );
    // Records over the limit are passed over, also where their length is in their head.
    check(
        4,
        b"a\xa4bcdef\x94ghijk\xa3lmn",
        expect![[r#"
        0@0 "a"
        0@1 ! more than 4 bytes
        0@6 "f"
        0@7 ! more than 4 bytes
        0@12 "k"
        0@13 "�lmn"
    "#]],
    );
    check(
        4,
        b"a\xdb\xff\xff\xff\xffbcdefgh",
        expect![[r#"
        0@0 "a"
        0@1 ! more than 4 bytes
    "#]],
    );
}

#[test]
fn delimited() {
    let check = |limit, input: &[u8], expected: Expect| check_limited(&Framing::Delimited, limit, input, &expected);
    check(100, b"", expect![[""]]);
    check(
        100,
        b"\x01a\x00\x03bcd",
        expect![[r#"
        0@1 "a"
        0@3 ""
        0@4 "bcd"
    "#]],
    );
    // A length of two bytes, and one of more bytes than it needs.
    check(
        200,
        &[&b"\x80\x01"[..], &[b'x'; 128], b"\x81\x00y"].concat(),
        expect![[r#"
        0@2 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        0@132 "y"
    "#]],
    );
    // Cut off within a record, and within a length.
    check(
        100,
        b"\x01a\x03bc",
        expect![[r#"
            0@1 "a"
            0@3 ! expected the rest of a record, as its length says, found the end of the input "bc"
        "#]],
    );
    check(
        100,
        b"\x01a\x80",
        expect![[r#"
            0@1 "a"
            0@2 ! expected the rest of a record, as its length says, found the end of the input "�"
        "#]],
    );
    // Too large, and passed over.
    check(
        3,
        b"\x05abcde\x01f",
        expect![[r#"
        0@1 ! more than 3 bytes
        0@7 "f"
    "#]],
    );
    check(
        3,
        b"\xff\xff\xff\xff\x0fabcde",
        expect![[r#"
        0@5 ! more than 3 bytes
        0@10 ! expected the rest of a record, as its length says, found the end of the input
    "#]],
    );
    // No length at all.
    check(
        100,
        b"\x01a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01bcd",
        expect![[r#"
        0@1 "a"
        0@2 ! expected the length of a record, a varint of at most 64 bits, found byte 0xff
    "#]],
    );
}
