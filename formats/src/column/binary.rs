//! BLOB and UUID columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeBinaryArray, OffsetSizeTrait, types::GenericBinaryType};
use arrow_buffer::Buffer;
use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{
    BinaryEncoding, ColumnOps, Mismatch, Scalar,
    storage::{ByteRows, NullRows, take},
};

/// Standard alphabet; padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Appends the bytes that a value stands for; on a mismatch some may have been appended.
#[inline]
fn append(out: &mut Vec<u8>, scalar: Scalar<'_>, encoding: BinaryEncoding) -> Result<(), Mismatch> {
    match scalar {
        Scalar::Bytes(bytes) => out.extend_from_slice(bytes),
        Scalar::Str(text) | Scalar::Text(text) => match encoding {
            BinaryEncoding::Utf8 => out.extend_from_slice(text.as_bytes()),
            BinaryEncoding::Hex => append_hex(out, text.as_bytes())?,
            BinaryEncoding::Base64 => BASE64.decode_vec(text, out).map_err(|_| Mismatch::Type)?,
        },
        _ => return Err(Mismatch::Type),
    }
    Ok(())
}

fn append_hex(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Mismatch> {
    let (pairs, odd) = text.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(Mismatch::Type);
    }
    for pair in pairs {
        let (high, low) = (hex_digit(pair[0])?, hex_digit(pair[1])?);
        out.push(high << 4 | low);
    }
    Ok(())
}

fn hex_digit(byte: u8) -> Result<u8, Mismatch> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(Mismatch::Type),
    }
}

/// Builds a Binary or LargeBinary column.
#[derive(Debug)]
pub struct BinaryColumn<O: OffsetSizeTrait> {
    rows: ByteRows<O>,
    encoding: BinaryEncoding,
}

impl<O: OffsetSizeTrait> BinaryColumn<O> {
    /// A builder that reads text in `encoding`.
    pub fn new(encoding: BinaryEncoding) -> Self {
        Self { rows: ByteRows::default(), encoding }
    }

    /// Appends a row of these bytes; false when the column is full, and then it is as before.
    #[inline]
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> bool {
        self.rows.push(bytes)
    }

    /// Puts rows into another order: of each of them, where it is.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        self.rows.reorder(order);
    }

    /// Appends a row for each place in `bytes`, as [`TextColumn::push_each`](super::TextColumn::push_each).
    #[inline(always)]
    pub(crate) fn push_each(
        &mut self,
        bytes: &[u8],
        places: &mut [usize],
        most: usize,
        read: impl FnMut(&mut usize) -> Option<(usize, bool)>,
    ) -> bool {
        self.rows.push_each_or_null(bytes, places, most, read)
    }
}

impl<O: OffsetSizeTrait> ColumnOps for BinaryColumn<O> {
    #[inline]
    fn num_rows(&self) -> usize {
        self.rows.num_rows()
    }

    #[inline]
    fn push_null(&mut self) {
        self.rows.push_null();
    }

    #[inline]
    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        if let Err(mismatch) = append(&mut self.rows.data, scalar, self.encoding) {
            self.rows.abandon();
            return Err(mismatch);
        }
        if self.rows.end_row() { Ok(()) } else { Err(Mismatch::Range) }
    }

    fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.rows.finish::<GenericBinaryType<O>>())
    }
}

/// Rows of a fixed number of bytes.
#[derive(Debug)]
struct FixedRows {
    data: Vec<u8>,
    width: usize,
    rows: usize,
    nulls: NullRows,
}

impl FixedRows {
    fn new(width: usize) -> Self {
        Self { data: Vec::new(), width, rows: 0, nulls: NullRows::default() }
    }

    fn push_null(&mut self) {
        self.nulls.push(self.rows);
        self.rows += 1;
        self.data.resize(self.rows * self.width, 0);
    }

    /// Ends a row whose bytes were appended to `data`; drops them if they are not as many as they must be.
    fn end_row(&mut self, appended: Result<(), Mismatch>) -> Result<(), Mismatch> {
        let end = (self.rows + 1) * self.width;
        let ended = appended.and(if self.data.len() == end { Ok(()) } else { Err(Mismatch::Range) });
        match ended {
            Ok(()) => self.rows += 1,
            Err(_) => self.data.truncate(self.rows * self.width),
        }
        ended
    }

    fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        self.data.truncate(self.rows * self.width);
        self.nulls.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        let rows = std::mem::take(&mut self.rows);
        let nulls = self.nulls.finish(rows);
        let data = Buffer::from_vec(take(&mut self.data));
        // A width of 0 leaves the number of rows to the validity alone, which only this constructor takes.
        if self.width == 0 {
            return Arc::new(FixedSizeBinaryArray::new_null(0, rows));
        }
        Arc::new(FixedSizeBinaryArray::new(self.width as i32, data, nulls))
    }
}

/// Builds a FixedSizeBinary column; a value of another length is out of range.
#[derive(Debug)]
pub struct FixedBinaryColumn {
    rows: FixedRows,
    encoding: BinaryEncoding,
}

impl FixedBinaryColumn {
    /// A builder of `width` bytes a row that reads text in `encoding`.
    pub fn new(width: i32, encoding: BinaryEncoding) -> Self {
        Self { rows: FixedRows::new(usize::try_from(width).unwrap_or(0)), encoding }
    }
}

impl ColumnOps for FixedBinaryColumn {
    fn num_rows(&self) -> usize {
        self.rows.rows
    }

    fn push_null(&mut self) {
        self.rows.push_null();
    }

    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let appended = append(&mut self.rows.data, scalar, self.encoding);
        self.rows.end_row(appended)
    }

    fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        self.rows.finish()
    }
}

/// Builds a UUID column from `6ba7b810-9dad-11d1-80b4-00c04fd430c8`, hyphens optional, or from 16 bytes.
#[derive(Debug)]
pub struct UuidColumn(FixedRows);

impl Default for UuidColumn {
    fn default() -> Self {
        Self(FixedRows::new(16))
    }
}

impl UuidColumn {
    fn append(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let text = match scalar {
            Scalar::Bytes(bytes) => {
                self.0.data.extend_from_slice(bytes);
                return Ok(());
            }
            Scalar::Str(text) | Scalar::Text(text) => text.as_bytes(),
            _ => return Err(Mismatch::Type),
        };
        let groups: &[(usize, usize)] = match text.len() {
            32 => &[(0, 32)],
            36 if [8, 13, 18, 23].iter().all(|at| text[*at] == b'-') => {
                &[(0, 8), (9, 13), (14, 18), (19, 23), (24, 36)]
            }
            _ => return Err(Mismatch::Type),
        };
        groups.iter().try_for_each(|(from, to)| append_hex(&mut self.0.data, &text[*from..*to]))
    }
}

impl ColumnOps for UuidColumn {
    fn num_rows(&self) -> usize {
        self.0.rows
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let appended = self.append(scalar);
        self.0.end_row(appended)
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }

    fn finish(&mut self) -> ArrayRef {
        self.0.finish()
    }
}
