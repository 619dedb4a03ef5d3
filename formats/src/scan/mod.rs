//! Looks at many bytes at once: the leaf modules that a fast parser is made of.
//!
//! Lives here: instruction sets behind one trait ([`Isa`]), a cursor that cannot leave its record ([`Cursor`]), numbers
//! ([`number`]), string bodies ([`string`]), and separators with or without regard to quotes ([`structure`], [`marks`]). Does not
//! live here: anything that knows a schema.
//!
//! Most of the crate's `unsafe` is here: wide loads, and calls into functions that are compiled for an instruction set.
//! Every operation of [`Avx2`] has its twin in [`Portable`], which is safe code; tests hold each against the other.

mod cursor;
mod isa;
pub(crate) mod marks;
pub(crate) mod number;
mod portable;
mod powers;
pub(crate) mod string;
pub(crate) mod structure;
pub(crate) mod word;
#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
mod x86;

pub(crate) use cursor::{Cursor, Utf8Span};
pub(crate) use isa::{Isa, Pattern, WINDOW, low_bits};
pub(crate) use portable::Portable;
#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
pub(crate) use x86::Avx2;

#[cfg(test)]
mod tests;
