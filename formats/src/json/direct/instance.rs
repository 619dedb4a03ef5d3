//! The closed set of instruction sets that the parser is compiled for.
#![allow(unsafe_code, reason = "calls into functions that are compiled for an instruction set")]

use super::{Run, Walk, glue::State, object, skip, value};
use crate::{
    column::{Column, StructColumn},
    scan::{Cursor, Isa, Portable},
};

/// An instruction set that the parser is compiled for.
///
/// The parser is written once, in functions that are always inlined into these: only a function that is itself compiled
/// for an instruction set can have that set's operations inlined. They are where the parser recurses, and where it
/// leaves its fast path.
pub(crate) trait Instance: Isa {
    /// [`super::records`].
    fn records(self, walk: &mut Walk, root: &mut StructColumn, run: Run<'_>) -> usize;

    /// [`object::object`].
    fn object<'a>(self, walk: &mut Walk, row: &mut StructColumn, start: Cursor<'a>) -> Option<Cursor<'a>>;

    /// [`object::key`].
    fn key<'a>(
        self,
        walk: &mut Walk,
        row: &mut StructColumn,
        state: State,
        start: Cursor<'a>,
    ) -> Option<(State, Cursor<'a>)>;

    /// [`value::any_value`].
    fn value<'a>(
        self,
        walk: &mut Walk,
        column: &mut Column,
        nullable: bool,
        row: usize,
        at: Cursor<'a>,
    ) -> Option<Cursor<'a>>;

    /// [`value::items`].
    fn items<'a>(self, walk: &mut Walk, column: &mut Column, nullable: bool, start: Cursor<'a>) -> Option<Cursor<'a>>;

    /// [`object::field_value`].
    fn field<'a>(self, walk: &mut Walk, row: &mut StructColumn, index: usize, at: Cursor<'a>) -> Option<Cursor<'a>>;

    /// [`skip::container`].
    fn skip_container<'a>(self, walk: &mut Walk, start: Cursor<'a>) -> Option<Cursor<'a>>;
}

/// Writes one function of an instance: `compiled!(Avx2, [target_feature(enable = "avx2")], object, object::object, …)` gives
///
/// ```text
/// fn object(self, walk, row, start) -> Option<Cursor> {
///     #[target_feature(enable = "avx2")]
///     fn compiled(isa: Avx2, walk, row, start) -> Option<Cursor> { object::object(isa, walk, row, start) }
///     unsafe { compiled(self, walk, row, start) }
/// }
/// ```
macro_rules! compiled {
    ($isa:ty, [], $name:ident, $body:path, ($($arg:ident: $ty:ty),*) -> $out:ty) => {
        #[inline(never)]
        fn $name<'a>(self, $($arg: $ty),*) -> $out {
            $body(self, $($arg),*)
        }
    };
    ($isa:ty, [$feature:meta], $name:ident, $body:path, ($($arg:ident: $ty:ty),*) -> $out:ty) => {
        #[inline(always)]
        fn $name<'a>(self, $($arg: $ty),*) -> $out {
            #[$feature]
            #[inline(never)]
            fn compiled<'a>(isa: $isa, $($arg: $ty),*) -> $out {
                $body(isa, $($arg),*)
            }
            // SAFETY: `self` proves that the machine has what the function is compiled for.
            unsafe { compiled(self, $($arg),*) }
        }
    };
}

pub(crate) use compiled;

/// Writes the instance of one instruction set.
macro_rules! instance {
    ($isa:ty $(, #[$feature:meta])?) => {
        impl Instance for $isa {
            compiled!($isa, [$($feature)?], records, super::records,
                (walk: &mut Walk, root: &mut StructColumn, run: Run<'_>) -> usize);
            compiled!($isa, [$($feature)?], object, object::object,
                (walk: &mut Walk, row: &mut StructColumn, start: Cursor<'a>) -> Option<Cursor<'a>>);
            compiled!($isa, [$($feature)?], key, object::key,
                (walk: &mut Walk, row: &mut StructColumn, state: State, start: Cursor<'a>) -> Option<(State, Cursor<'a>)>);
            compiled!($isa, [$($feature)?], value, value::any_value,
                (walk: &mut Walk, column: &mut Column, nullable: bool, row: usize, at: Cursor<'a>) -> Option<Cursor<'a>>);
            compiled!($isa, [$($feature)?], field, object::field_value,
                (walk: &mut Walk, row: &mut StructColumn, index: usize, at: Cursor<'a>) -> Option<Cursor<'a>>);
            compiled!($isa, [$($feature)?], items, value::items,
                (walk: &mut Walk, column: &mut Column, nullable: bool, start: Cursor<'a>) -> Option<Cursor<'a>>);
            compiled!($isa, [$($feature)?], skip_container, skip::container,
                (walk: &mut Walk, start: Cursor<'a>) -> Option<Cursor<'a>>);
        }
    };
}

instance!(Portable);
#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
instance!(crate::scan::Avx2, #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]);
