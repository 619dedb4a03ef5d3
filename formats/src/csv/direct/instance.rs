//! The closed set of instruction sets that the fast way is compiled for.
#![allow(unsafe_code, reason = "calls into functions that are compiled for an instruction set")]

use super::{Direct, Run, fill};
use crate::{
    csv::column::CsvColumn,
    json::compiled,
    scan::{Isa, Portable},
};

/// An instruction set that the fast way is compiled for. What is compiled is everything between two records or two columns,
/// with the set's operations inlined.
pub(super) trait Instance: Isa {
    /// [`super::rows`].
    fn rows(self, direct: &mut Direct, columns: &mut [CsvColumn], run: Run<'_>) -> usize;

    /// [`fill::column`].
    fn fill(self, column: &mut CsvColumn, rows: &fill::Rows<'_>, field: usize, scratch: &mut fill::Scratch) -> usize;
}

/// Writes the instance of one instruction set.
macro_rules! instance {
    ($isa:ty $(, #[$feature:meta])?) => {
        impl Instance for $isa {
            compiled!($isa, [$($feature)?], rows, super::rows,
                (direct: &mut Direct, columns: &mut [CsvColumn], run: Run<'_>) -> usize);
            compiled!($isa, [$($feature)?], fill, fill::column,
                (column: &mut CsvColumn, rows: &fill::Rows<'_>, field: usize, scratch: &mut fill::Scratch) -> usize);
        }
    };
}

instance!(Portable);
#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
instance!(crate::scan::Avx2, #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]);
