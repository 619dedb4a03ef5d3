//! Dictionary-encoded VARCHAR columns.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use arrow_array::{
    ArrayRef, DictionaryArray, PrimitiveArray, StringArray, downcast_integer, types::ArrowDictionaryKeyType,
};
use arrow_buffer::{ArrowNativeType, ScalarBuffer};
use arrow_schema::DataType;

use super::{
    ColumnOps, Mismatch, Scalar,
    storage::{ByteRows, NullRows},
    text::as_text,
};

/// Most values that are found by their number.
const MAX_NUMBERED: usize = 1 << 10;

/// Builds a dictionary column with integer keys and Utf8 values. Each batch has a dictionary of its own.
#[derive(Debug)]
pub struct DictionaryColumn {
    key_type: DataType,
    max_values: usize,
    keys: Vec<u32>,
    nulls: NullRows,
    values: ByteRows<i32>,
    /// Per value: the row that brought it, and its hash.
    origins: Vec<(usize, u64)>,
    /// Open addressing: index of a value + 1, or 0.
    slots: Vec<u32>,
    /// By the number that a format has for a value, the index that it had last.
    numbered: Vec<u32>,
    hasher: RandomState,
}

impl DictionaryColumn {
    /// A builder with keys of `key_type`, an integer type.
    pub fn new(key_type: DataType) -> Self {
        let max_values = match &key_type {
            DataType::Int8 => 1 << 7,
            DataType::UInt8 => 1 << 8,
            DataType::Int16 => 1 << 15,
            DataType::UInt16 => 1 << 16,
            _ => i32::MAX as usize,
        };
        Self {
            key_type,
            max_values,
            keys: Vec::new(),
            nulls: NullRows::default(),
            values: ByteRows::default(),
            origins: Vec::new(),
            slots: vec![0; 64],
            numbered: Vec::new(),
            hasher: RandomState::new(),
        }
    }

    /// The slot that holds `text`, or the empty one where it belongs.
    fn find(&self, text: &[u8], hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                0 => return at,
                index if self.values.row(index as usize - 1) == text => return at,
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// The slot of a value that is in the table.
    fn find_index(&self, index: usize, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != index as u32 + 1 {
            at = (at + 1) & mask;
        }
        at
    }

    fn intern(&mut self, text: &str) -> Result<u32, Mismatch> {
        let hash = self.hasher.hash_one(text);
        let at = self.find(text.as_bytes(), hash);
        if self.slots[at] != 0 {
            return Ok(self.slots[at] - 1);
        }
        let index = self.origins.len();
        if index >= self.max_values || !self.values.push(text.as_bytes()) {
            return Err(Mismatch::Range);
        }
        self.origins.push((self.keys.len(), hash));
        self.slots[at] = index as u32 + 1;
        if self.origins.len() * 2 > self.slots.len() {
            self.grow();
        }
        Ok(index as u32)
    }

    /// Appends a value that the format knows by a small number, which mostly finds it without a hash.
    ///
    /// # Errors
    /// The dictionary is full; the column is as before.
    #[inline]
    pub(crate) fn push_numbered(&mut self, number: usize, text: &str) -> Result<(), Mismatch> {
        match self.numbered(number, text) {
            Some(index) => self.keys.push(index),
            None => self.push_unseen(number, text)?,
        }
        Ok(())
    }

    /// Appends a row for each place, of the value whose number `read` yields and which `text` knows, or null where `read` says so.
    /// False where one of them yields nothing or the dictionary is full; the rows must then be taken back.
    #[inline(always)]
    pub(crate) fn push_each_numbered<'t>(
        &mut self,
        places: &mut [usize],
        text: impl Fn(usize) -> Option<&'t str>,
        mut read: impl FnMut(&mut usize) -> Option<(usize, bool)>,
    ) -> bool {
        // Which of the first numbers were looked at: the value that one has had in these rows it keeps.
        let mut known = 0_u64;
        for place in places {
            match read(place) {
                None => return false,
                Some((_, true)) => self.push_null(),
                Some((number, _)) if number < 64 && known >> number & 1 == 1 => self.keys.push(self.numbered[number]),
                Some((number, _)) => {
                    if text(number).is_none_or(|text| self.push_numbered(number, text).is_err()) {
                        return false;
                    }
                    known |= u64::from(number < 64) << (number % 64);
                }
            }
        }
        true
    }

    /// The key of a value that the format knows by a small number, if it is a value that was seen.
    #[inline]
    fn numbered(&self, number: usize, text: &str) -> Option<u32> {
        let index = *self.numbered.get(number)?;
        ((index as usize) < self.origins.len() && self.values.row(index as usize) == text.as_bytes()).then_some(index)
    }

    #[inline(never)]
    fn push_unseen(&mut self, number: usize, text: &str) -> Result<(), Mismatch> {
        let index = self.intern(text)?;
        self.keys.push(index);
        // Formats number few values; whatever has more of them is found by its hash.
        if number < MAX_NUMBERED {
            if self.numbered.len() <= number {
                self.numbered.resize(number + 1, u32::MAX);
            }
            self.numbered[number] = index;
        }
        Ok(())
    }

    fn grow(&mut self) {
        let slots = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(slots, 0);
        // In order of insertion, so that `truncate` can take values out in the opposite order.
        for (index, (_, hash)) in self.origins.iter().enumerate() {
            let mut at = *hash as usize & (slots - 1);
            while self.slots[at] != 0 {
                at = (at + 1) & (slots - 1);
            }
            self.slots[at] = index as u32 + 1;
        }
    }

    fn finish_keys<K: ArrowDictionaryKeyType>(&mut self) -> PrimitiveArray<K> {
        let nulls = self.nulls.finish(self.keys.len());
        // `intern` keeps indices below what the key type holds.
        let keys = self.keys.drain(..).map(|k| K::Native::usize_as(k as usize));
        PrimitiveArray::new(ScalarBuffer::from_iter(keys), nulls)
    }

    fn finish_as<K: ArrowDictionaryKeyType>(&mut self) -> ArrayRef {
        let keys = self.finish_keys::<K>();
        let values: StringArray = self.values.finish();
        self.origins.clear();
        self.slots.fill(0);
        Arc::new(DictionaryArray::new(keys, Arc::new(values)))
    }
}

impl ColumnOps for DictionaryColumn {
    fn num_rows(&self) -> usize {
        self.keys.len()
    }

    fn push_null(&mut self) {
        self.nulls.push(self.keys.len());
        self.keys.push(0);
    }

    fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Mismatch> {
        let key = self.intern(as_text(scalar)?)?;
        self.keys.push(key);
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        self.keys.truncate(rows);
        self.nulls.truncate(rows);
        // Values of rejected rows must not use up a small key type. Taking out the value that came last leaves the
        // table as it was before it came: no later value can have been pushed along by it.
        while let Some((row, hash)) = self.origins.last().copied() {
            if row < rows {
                break;
            }
            let index = self.origins.len() - 1;
            let at = self.find_index(index, hash);
            self.slots[at] = 0;
            self.origins.pop();
            self.values.truncate(index);
        }
    }

    fn finish(&mut self) -> ArrayRef {
        macro_rules! finish {
            ($key:ty) => {
                self.finish_as::<$key>()
            };
        }
        downcast_integer! {
            self.key_type => (finish),
            // `Column::new` makes a dictionary builder for integer keys only.
            _ => unreachable!("dictionary keys are integers")
        }
    }
}
