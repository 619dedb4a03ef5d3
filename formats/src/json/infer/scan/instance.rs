//! The closed set of instruction sets that the scanner is compiled for.
#![allow(unsafe_code, reason = "calls into functions that are compiled for an instruction set")]

use super::{Run, State, parse};
use crate::{
    json::direct::{Instance, compiled, glue},
    scan::{Cursor, Portable},
};

/// An instruction set that the scanner is compiled for. As with [`Instance`], these are where it recurses and where it
/// leaves its fast path.
pub(super) trait Scan: Instance {
    /// [`parse::records`].
    fn records(self, state: &mut State<'_>, run: Run<'_>) -> usize;

    /// [`parse::object`].
    fn members<'a>(self, state: &mut State<'_>, object: u32, level: usize, start: Cursor<'a>) -> Option<Cursor<'a>>;

    /// [`parse::map`].
    fn entries<'a>(self, state: &mut State<'_>, values: u32, level: usize, start: Cursor<'a>) -> Option<Cursor<'a>>;

    /// [`parse::items`].
    fn elements<'a>(self, state: &mut State<'_>, place: u32, level: usize, start: Cursor<'a>) -> Option<Cursor<'a>>;

    /// [`parse::key`].
    fn next_key<'a>(
        self,
        state: &mut State<'_>,
        object: u32,
        before: glue::State,
        start: Cursor<'a>,
    ) -> Option<(glue::State, Cursor<'a>)>;
}

/// Writes the instance of one instruction set.
macro_rules! instance {
    ($isa:ty $(, #[$feature:meta])?) => {
        impl Scan for $isa {
            compiled!($isa, [$($feature)?], records, parse::records, (state: &mut State<'_>, run: Run<'_>) -> usize);
            compiled!($isa, [$($feature)?], members, parse::object,
                (state: &mut State<'_>, object: u32, level: usize, start: Cursor<'a>) -> Option<Cursor<'a>>);
            compiled!($isa, [$($feature)?], entries, parse::map,
                (state: &mut State<'_>, values: u32, level: usize, start: Cursor<'a>) -> Option<Cursor<'a>>);
            compiled!($isa, [$($feature)?], elements, parse::items,
                (state: &mut State<'_>, place: u32, level: usize, start: Cursor<'a>) -> Option<Cursor<'a>>);
            compiled!($isa, [$($feature)?], next_key, parse::key,
                (state: &mut State<'_>, object: u32, before: glue::State, start: Cursor<'a>)
                    -> Option<(glue::State, Cursor<'a>)>);
        }
    };
}

instance!(Portable);
#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
instance!(crate::scan::Avx2, #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]);
