//! Counting allocations, where the test binary has installed the counter.

use std::{alloc::System, fs, hint::black_box};

pub use stats_alloc::INSTRUMENTED_SYSTEM;
use stats_alloc::StatsAlloc;

/// The allocator that [`count_allocations!`](crate::count_allocations) installs.
pub type CountingAllocator = StatsAlloc<System>;

/// Calls of the allocator by the whole process so far.
pub(crate) fn calls() -> usize {
    let stats = INSTRUMENTED_SYSTEM.stats();
    stats.allocations + stats.reallocations
}

/// Bytes that the whole process holds now.
pub(crate) fn live_bytes() -> usize {
    let stats = INSTRUMENTED_SYSTEM.stats();
    // What a reallocation adds or takes away is part of these two.
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// Whether this binary counts.
pub(crate) fn are_counted() -> bool {
    let before = calls();
    black_box(Box::new(before));
    calls() > before
}

/// Memory that the system has given to this process: what libraries outside of Rust hold is part of it. `None` where
/// the system does not say.
pub(crate) fn resident_bytes() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<usize>().ok()? * 1024)
}

/// Lets the checks of this test binary count allocations. Once in a binary, at its top level.
///
/// Without it, the checks that count say that they were skipped.
#[macro_export]
macro_rules! count_allocations {
    () => {
        #[global_allocator]
        static __LAMINAR_COUNTED: &$crate::CountingAllocator = &$crate::INSTRUMENTED_SYSTEM;
    };
}
