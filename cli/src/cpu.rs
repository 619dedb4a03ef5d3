//! The CPU features that this binary was built for, and whether the machine has them.
//!
//! [`machine_has_what_is_compiled_in`] runs before anything else, on machines that lack what the rest of the binary
//! uses: code of its own that the compiler might turn into such instructions must not creep in, not even a copied
//! struct. Integer tests against constants are safe, and so are functions of the standard library that are not
//! generic, which were compiled for the lowest level. `tests/cli/old_cpu.rs` runs it where QEMU is installed.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use crate::error::USAGE;

/// A feature of x86-64, where CPUID tells of it, and whether the compiler was told to use it.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) is_compiled_in: bool,
    register: Register,
    bit: u32,
}

/// A register that CPUID fills with features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Register {
    /// Leaf 1, ECX.
    Basic,
    /// Leaf 7, EBX.
    Extended,
    /// Leaf 0x8000_0001, ECX.
    Amd,
}

macro_rules! features {
    ($($name:literal = $register:ident $bit:literal),* $(,)?) => {
        [$(Feature {
            name: $name,
            is_compiled_in: cfg!(target_feature = $name),
            register: Register::$register,
            bit: $bit,
        }),*]
    };
}

/// Features that compilers use when told to.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID.
pub(crate) static FEATURES: [Feature; 22] = ALL;

/// The same for constants, which cannot read a static.
const ALL: [Feature; 22] = features![
    "cmpxchg16b" = Basic 13,
    "popcnt" = Basic 23,
    "sse3" = Basic 0,
    "ssse3" = Basic 9,
    "sse4.1" = Basic 19,
    "sse4.2" = Basic 20,
    "avx" = Basic 28,
    "avx2" = Extended 5,
    "bmi1" = Extended 3,
    "bmi2" = Extended 8,
    "f16c" = Basic 29,
    "fma" = Basic 12,
    "lzcnt" = Amd 5,
    "movbe" = Basic 22,
    "pclmulqdq" = Basic 1,
    "aes" = Basic 25,
    "sha" = Extended 29,
    "avx512f" = Extended 16,
    "avx512bw" = Extended 30,
    "avx512cd" = Extended 28,
    "avx512dq" = Extended 17,
    "avx512vl" = Extended 31,
];

/// The bits of `register` that this binary needs.
const fn needed(register: Register) -> u32 {
    let (mut mask, mut i) = (0, 0);
    let features = &ALL;
    while i < features.len() {
        if features[i].is_compiled_in && features[i].register as u8 == register as u8 {
            mask |= 1 << features[i].bit;
        }
        i += 1;
    }
    mask
}

const NEEDED_BASIC: u32 = needed(Register::Basic);
const NEEDED_EXTENDED: u32 = needed(Register::Extended);
const NEEDED_AMD: u32 = needed(Register::Amd);

/// What CPUID says in `register`; every bit where there is no CPUID, for then nothing is known to be missing.
///
/// `is_x86_feature_detected!` does not do: it answers yes, without looking, for whatever was compiled in.
#[inline(always)]
fn machine(register: Register) -> u32 {
    #[cfg(target_arch = "x86_64")]
    return match register {
        Register::Basic => std::arch::x86_64::__cpuid(1).ecx,
        Register::Extended if std::arch::x86_64::__cpuid(0).eax < 7 => 0,
        Register::Extended => std::arch::x86_64::__cpuid_count(7, 0).ebx,
        Register::Amd if std::arch::x86_64::__cpuid(0x8000_0000).eax < 0x8000_0001 => 0,
        Register::Amd => std::arch::x86_64::__cpuid(0x8000_0001).ecx,
    };
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = register;
        u32::MAX
    }
}

/// Whether the machine has every feature that this binary uses.
#[inline(never)]
pub(crate) fn machine_has_what_is_compiled_in() -> bool {
    (machine(Register::Basic) & NEEDED_BASIC) == NEEDED_BASIC
        && (machine(Register::Extended) & NEEDED_EXTENDED) == NEEDED_EXTENDED
        && (machine(Register::Amd) & NEEDED_AMD) == NEEDED_AMD
}

impl Feature {
    /// Whether this machine has it.
    #[inline(never)]
    pub(crate) fn is_here(&self) -> bool {
        machine(self.register) & (1 << self.bit) != 0
    }
}

/// Says which features are missing. Nothing is formatted: that is generic code, compiled for the level that is missing.
#[cold]
#[inline(never)]
pub(crate) fn refuse() -> ExitCode {
    let mut err = io::stderr();
    let mut say = |text: &str| drop(err.write_all(text.as_bytes()));
    say("error: this binary was built for CPUs with these features, which this machine lacks:");
    let mut i = 0;
    while i < FEATURES.len() {
        let feature = &FEATURES[i];
        if feature.is_compiled_in && !feature.is_here() {
            say(" ");
            say(feature.name);
        }
        i += 1;
    }
    say("\nhelp: build it with a lower `-Ctarget-cpu`, as docs/linking.md says\n");
    ExitCode::from(USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpuid_agrees_with_the_standard_library() {
        #[cfg(target_arch = "x86_64")]
        for (name, detected) in [
            ("sse4.2", is_x86_feature_detected!("sse4.2")),
            ("aes", is_x86_feature_detected!("aes")),
            ("sha", is_x86_feature_detected!("sha")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
            ("avx512vl", is_x86_feature_detected!("avx512vl")),
        ] {
            let feature = FEATURES.iter().find(|f| f.name == name).unwrap();
            assert_eq!(feature.is_here(), detected, "{name}");
        }
    }

    #[test]
    fn the_machine_that_runs_this_has_what_it_was_built_for() {
        assert!(machine_has_what_is_compiled_in());
        assert!(FEATURES.iter().all(|f| !f.is_compiled_in || f.is_here()));
    }
}
