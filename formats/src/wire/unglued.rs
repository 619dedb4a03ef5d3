//! Payloads of AWS Glue's serializers: unpacked, and under numbers instead of UUIDs.

use std::collections::HashMap;

use flate2::{Decompress, FlushDecompress, Status};
use laminar_schema::{DecodeError, WriterSchemaId};

use super::{
    WireError, confluent,
    glue::{self, Compression},
};

/// Largest payload where no option says how large a record may be: zlib makes a thousandfold of what there is.
const MAX_PAYLOAD_BYTES: usize = 64 << 20;

/// Takes headers off messages of AWS Glue's serializers.
///
/// A decoder that looks schemas up by their id gets messages with a header of Confluent's instead, with a number for each UUID:
/// so it costs that decoder nothing that there are two kinds of ids. Once warm nothing is allocated per record.
#[derive(Debug)]
pub(crate) struct Unglued {
    /// The numbers of ids that were met, where they are wanted.
    numbers: Option<HashMap<u128, u32>>,
    max_bytes: usize,
    inflate: Decompress,
    unpacked: Vec<u8>,
}

impl Unglued {
    /// Yields payloads alone.
    pub(crate) fn documents(max_record_bytes: Option<usize>) -> Self {
        let max_bytes = max_record_bytes.unwrap_or(MAX_PAYLOAD_BYTES);
        Self { numbers: None, max_bytes, inflate: Decompress::new(true), unpacked: Vec::new() }
    }

    /// Yields messages with a header of Confluent's, in which the ids of `known` have their places from 1 on as numbers.
    pub(crate) fn messages(known: impl Iterator<Item = WriterSchemaId>, max_record_bytes: Option<usize>) -> Self {
        let numbers = known.map(|id| id.0).zip(1..).collect();
        Self { numbers: Some(numbers), ..Self::documents(max_record_bytes) }
    }

    /// The id that a number stands for.
    pub(super) fn id_of(&self, number: WriterSchemaId) -> Option<WriterSchemaId> {
        let mut known = self.numbers.iter().flatten();
        known.find(|(_, of)| WriterSchemaId::from(**of) == number).map(|(id, _)| WriterSchemaId(*id))
    }

    /// What the decoder gets for a message.
    ///
    /// # Errors
    /// It has no header; its payload is not what its compression promises, or too large.
    pub(crate) fn payload<'a>(&'a mut self, message: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        let (id, compression, payload) = glue::split(message)?;
        if self.numbers.is_none() && compression == Compression::None {
            return Ok(payload);
        }
        self.unpacked.clear();
        if let Some(numbers) = &mut self.numbers {
            let next = numbers.len() as u32 + 1;
            confluent::write(*numbers.entry(id).or_insert(next), &mut self.unpacked);
        }
        match compression {
            Compression::None => self.unpacked.extend_from_slice(payload),
            Compression::Zlib => self.inflate(payload)?,
        }
        Ok(&self.unpacked)
    }

    fn inflate(&mut self, payload: &[u8]) -> Result<(), DecodeError> {
        let before = self.unpacked.len();
        self.inflate.reset(true);
        loop {
            let (read, size) = (self.inflate.total_in(), self.unpacked.len() - before);
            self.unpacked.reserve((4 * payload.len()).clamp(256, 64 << 10));
            let rest = usize::try_from(read).ok().and_then(|read| payload.get(read..)).unwrap_or_default();
            let status = self.inflate.decompress_vec(rest, &mut self.unpacked, FlushDecompress::Finish);
            let status = status.map_err(|_| WireError::Damaged)?;
            // Behind each step, the last one too: how much one gives depends on the room that records before have left.
            let grown = self.unpacked.len() - before;
            if grown > self.max_bytes {
                return Err(DecodeError::TooLarge { size: grown, limit: self.max_bytes });
            }
            match status {
                Status::StreamEnd if self.inflate.total_in() == payload.len() as u64 => return Ok(()),
                Status::StreamEnd => return Err(WireError::Damaged.into()),
                // Neither took nor gave anything, with room: it is cut off.
                _ if self.inflate.total_in() == read && grown == size => {
                    return Err(WireError::Damaged.into());
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression as Level, write::ZlibEncoder};

    use super::*;

    fn zipped(id: u128, payload: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        glue::write(id, &mut message);
        message[1] = 5;
        let mut zip = ZlibEncoder::new(message, Level::default());
        zip.write_all(payload).unwrap();
        zip.finish().unwrap()
    }

    #[test]
    fn payloads_are_unpacked_under_numbers() {
        let mut unglued = Unglued::messages([WriterSchemaId(7 << 80)].into_iter(), None);
        let mut plain = Vec::new();
        glue::write(9 << 80, &mut plain);
        plain.extend(b"abc");
        for (message, expected) in [
            (zipped(7 << 80, b"xyz"), &b"\0\0\0\0\x01xyz"[..]),
            (plain, b"\0\0\0\0\x02abc"),
            (zipped(9 << 80, b""), b"\0\0\0\0\x02"),
        ] {
            assert_eq!(unglued.payload(&message), Ok(expected));
        }
        assert_eq!(unglued.id_of(WriterSchemaId(2)), Some(WriterSchemaId(9 << 80)));
        assert_eq!(unglued.id_of(WriterSchemaId(3)), None);
    }

    #[test]
    fn what_is_damaged_or_a_bomb_is_an_error() {
        let long = vec![b'a'; 300_000];
        let message = zipped(1, &long);
        assert_eq!(Unglued::documents(None).payload(&message), Ok(&long[..]));
        // What ends within the room of one step is too large all the same.
        let mut noise = 1_u32;
        let noisy: Vec<u8> = (0..20_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .collect();
        let in_one_step = Unglued::documents(Some(1000)).payload(&zipped(1, &noisy)).map(<[u8]>::len);
        assert_eq!(in_one_step, Err(DecodeError::TooLarge { size: 20_000, limit: 1000 }));
        let limited = Unglued::documents(Some(1000)).payload(&message).map(<[u8]>::len);
        assert!(matches!(limited, Err(DecodeError::TooLarge { limit: 1000, size }) if size < 200_000), "{limited:?}");
        let mut unglued = Unglued::documents(None);
        for end in glue::HEADER_BYTES..message.len() {
            assert!(unglued.payload(&message[..end]).is_err(), "{end}");
        }
        let behind = [&message[..], b"x"].concat();
        assert!(unglued.payload(&behind).is_err());
        assert!(unglued.payload(&message).is_ok(), "it goes on behind an error");
    }
}
