//! Streams in other character encodings than UTF-8, turned into it before anything is cut.

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};
use laminar_schema::format::Encoding;

/// What stands for bytes that are no text in their encoding: a byte that UTF-8 never has.
///
/// U+FFFD would pass for text that somebody wrote. With this byte the record is no UTF-8, so its decoder rejects it by
/// name and place as it does any such record, and its neighbours are read.
pub const NOT_TEXT: u8 = 0xFF;

/// Bytes of UTF-8 that are made room for at least, so that every call gets on.
const MIN_ROOM: usize = 1024;

/// Turns a stream of text into UTF-8, chunk by chunk; a byte order mark is dropped.
///
/// What comes out does not depend on where the chunks end.
///
/// ```
/// use laminar_formats::framing::Transcoder;
/// use laminar_schema::format::Encoding;
///
/// let mut text = Vec::new();
/// let mut transcoder = Transcoder::new(Encoding::Utf16).ok_or("UTF-8 needs none")?;
/// transcoder.push(&[0xFE, 0xFF, 0x00], &mut text);
/// transcoder.push(&[0xE9], &mut text);
/// transcoder.end(&mut text);
/// assert_eq!(text, "é".as_bytes());
/// # Ok::<(), &str>(())
/// ```
///
/// Source: WHATWG Encoding Standard, "decode" and "BOM sniff".
pub struct Transcoder(Decoder);

impl std::fmt::Debug for Transcoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Transcoder").field(&self.0.encoding().name()).finish()
    }
}

impl Transcoder {
    /// A transcoder at the start of a stream; `None` where the stream is UTF-8 already.
    pub fn new(from: Encoding) -> Option<Self> {
        Some(Self(match from {
            Encoding::Utf8 => return None,
            Encoding::Utf16 => UTF_16LE.new_decoder(),
            Encoding::Utf16Le => UTF_16LE.new_decoder_with_bom_removal(),
            Encoding::Utf16Be => UTF_16BE.new_decoder_with_bom_removal(),
            Encoding::Latin1 => WINDOWS_1252.new_decoder_without_bom_handling(),
        }))
    }

    /// Appends the text of `bytes`; an unfinished character at their end waits for the next ones.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.transcode(bytes, out, false);
    }

    /// Says that nothing follows. Not to be called again, nor [`Transcoder::push`] behind it.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        self.transcode(&[], out, true);
    }

    fn transcode(&mut self, mut bytes: &[u8], out: &mut Vec<u8>, is_last: bool) {
        loop {
            let start = out.len();
            let room = self.0.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0).max(MIN_ROOM);
            out.resize(start + room, 0);
            let (result, read, written) = self.0.decode_to_utf8_without_replacement(bytes, &mut out[start..], is_last);
            out.truncate(start + written);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.push(NOT_TEXT),
            }
        }
    }
}

/// The text of the first bytes of a stream as UTF-8, for whoever looks at them; borrowed where they are UTF-8.
///
/// An unfinished character at their end is left out unless they are the whole stream.
pub fn text_of_head(bytes: &[u8], is_whole: bool, encoding: Encoding) -> std::borrow::Cow<'_, [u8]> {
    let Some(mut transcoder) = Transcoder::new(encoding) else { return bytes.into() };
    let mut text = Vec::new();
    transcoder.push(bytes, &mut text);
    if is_whole {
        transcoder.end(&mut text);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    /// Every split of the input in two, and byte by byte, gives `expected`.
    fn check(encoding: Encoding, input: &[u8], expected: &[u8]) {
        let read = |chunks: &[&[u8]]| {
            let (mut transcoder, mut text) = (Transcoder::new(encoding).unwrap(), Vec::new());
            for chunk in chunks {
                transcoder.push(chunk, &mut text);
            }
            transcoder.end(&mut text);
            text
        };
        let shown = |text: Vec<u8>| text.escape_ascii().to_string();
        for at in 0..=input.len() {
            let (front, back) = input.split_at(at);
            assert_eq!(shown(read(&[front, back])), shown(expected.to_vec()), "{encoding:?} split at {at}");
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(shown(read(&bytes)), shown(expected.to_vec()), "{encoding:?} byte by byte");
    }

    #[test]
    fn text_of_every_encoding_becomes_utf_8() {
        let text = "id,naïve\n1,日本 𝄞\n";
        let marked = format!("\u{feff}{text}");
        check(Encoding::Utf16, &utf16(text, u16::to_le_bytes), text.as_bytes());
        check(Encoding::Utf16, &utf16(&marked, u16::to_le_bytes), text.as_bytes());
        check(Encoding::Utf16, &utf16(&marked, u16::to_be_bytes), text.as_bytes());
        check(Encoding::Utf16Le, &utf16(text, u16::to_le_bytes), text.as_bytes());
        check(Encoding::Utf16Le, &utf16(&marked, u16::to_le_bytes), text.as_bytes());
        check(Encoding::Utf16Be, &utf16(text, u16::to_be_bytes), text.as_bytes());
        check(Encoding::Utf16Be, &utf16(&marked, u16::to_be_bytes), text.as_bytes());
        check(Encoding::Latin1, b"na\xefve \x80 \xff", "naïve € ÿ".as_bytes());
        for encoding in [Encoding::Utf16, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Latin1] {
            check(encoding, b"", b"");
        }
    }

    #[test]
    fn what_is_no_text_is_not_passed_off_as_some() {
        // Half a pair of surrogates, in front of more and at the end; half a unit at the end.
        check(Encoding::Utf16Le, b"\x00\xd8a\x00", b"\xffa");
        check(Encoding::Utf16Le, b"a\x00\x00\xdcb\x00", b"a\xffb");
        check(Encoding::Utf16Be, b"\x00a\xd8\x00", b"a\xff");
        check(Encoding::Utf16Le, b"a\x00b", b"a\xff");
    }

    #[test]
    fn every_byte_is_a_character_of_latin_1() {
        let all: Vec<u8> = (0..=255).collect();
        let text = text_of_head(&all, true, Encoding::Latin1);
        assert_eq!(std::str::from_utf8(&text).unwrap().chars().count(), 256);
    }

    #[test]
    fn a_head_ends_before_an_unfinished_character() {
        assert_eq!(&*text_of_head(b"a\x00b", false, Encoding::Utf16Le), b"a");
        assert_eq!(&*text_of_head(b"a\x00b", true, Encoding::Utf16Le), b"a\xff");
        assert!(matches!(text_of_head(b"a", true, Encoding::Utf8), std::borrow::Cow::Borrowed(b"a")));
    }
}
