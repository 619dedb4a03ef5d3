//! The CPU features that this binary was built for, and whether the machine has them.

/// A feature of the target, its name in Linux's `/proc/cpuinfo`, and whether the compiler was told to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    linux_name: &'static str,
    pub(crate) is_compiled_in: bool,
}

macro_rules! features {
    ($($name:literal = $linux:literal),* $(,)?) => {
        [$(Feature { name: $name, linux_name: $linux, is_compiled_in: cfg!(target_feature = $name) }),*]
    };
}

/// Features of x86-64 that compilers use when told to, by the levels that bring them.
pub(crate) const FEATURES: [Feature; 22] = features![
    "cmpxchg16b" = "cx16",
    "popcnt" = "popcnt",
    "sse3" = "pni",
    "ssse3" = "ssse3",
    "sse4.1" = "sse4_1",
    "sse4.2" = "sse4_2",
    "avx" = "avx",
    "avx2" = "avx2",
    "bmi1" = "bmi1",
    "bmi2" = "bmi2",
    "f16c" = "f16c",
    "fma" = "fma",
    "lzcnt" = "abm",
    "movbe" = "movbe",
    "pclmulqdq" = "pclmulqdq",
    "aes" = "aes",
    "sha" = "sha_ni",
    "avx512f" = "avx512f",
    "avx512bw" = "avx512bw",
    "avx512cd" = "avx512cd",
    "avx512dq" = "avx512dq",
    "avx512vl" = "avx512vl",
];

/// The names that Linux gives the CPU's features; `None` where it cannot be asked.
///
/// `is_x86_feature_detected!` does not do: it answers yes, without looking, for whatever was compiled in.
pub(crate) fn machine_features() -> Option<Vec<String>> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return None;
    }
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let flags = text.lines().find_map(|line| line.strip_prefix("flags")?.split_once(':').map(|(_, flags)| flags))?;
    Some(flags.split_ascii_whitespace().map(str::to_owned).collect())
}

impl Feature {
    /// Whether the machine, which has the features `machine`, has this one.
    pub(crate) fn is_in(&self, machine: &[String]) -> bool {
        machine.iter().any(|name| name == self.linux_name)
    }
}

/// Features that the binary uses and the machine lacks.
pub(crate) fn missing_features() -> Vec<Feature> {
    machine_features().map(|machine| missing_from(&FEATURES, &machine)).unwrap_or_default()
}

fn missing_from(features: &[Feature], machine: &[String]) -> Vec<Feature> {
    features.iter().copied().filter(|f| f.is_compiled_in && !f.is_in(machine)).collect()
}

/// What to say when features are missing.
pub(crate) fn built_above(missing: &[Feature]) -> String {
    let names: Vec<&str> = missing.iter().map(|f| f.name).collect();
    format!(
        "error: this binary was built for CPUs with {}, which this machine lacks\n\
         help: build it for this machine, as docs/linking.md says, with a lower `-Ctarget-cpu`",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_compiled_in_can_be_missing() {
        let feature = |name, is_compiled_in| Feature { name, linux_name: name, is_compiled_in };
        let features = [feature("avx2", true), feature("fma", true), feature("aes", false)];
        let missing = missing_from(&features, &["fma".to_owned()]);
        assert_eq!(missing, [features[0]]);
        let text = built_above(&missing);
        assert!(text.contains("CPUs with avx2, which this machine lacks"), "{text}");
    }

    #[test]
    fn the_machine_that_runs_this_has_what_it_was_built_for() {
        assert_eq!(missing_features(), []);
    }
}
