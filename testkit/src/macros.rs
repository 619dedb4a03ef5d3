//! One line for all checks.

/// One `#[test]` for each check of a source. `source_conformance!(MyHarness)` puts them into a module
/// `source_conformance`; with several harnesses in a file, `source_conformance!(MyHarness as my_source)` names it.
#[macro_export]
macro_rules! source_conformance {
    ($harness:ty) => {
        $crate::source_conformance!($harness as source_conformance);
    };
    ($harness:ty as $module:ident) => {
        $crate::__conformance! {
            $harness, $module, source, SourceHarness,
            reads_everything_once: false,
            resumes_exactly: false,
            bounds_what_it_buffers: true,
            loses_nothing_when_cancelled: false,
            samples_without_consuming: false,
            tells_all_config_errors: false,
            keeps_secrets: false,
            has_the_capabilities_it_declares: false,
            reconnects: false,
            allocates_nothing_per_record: true,
            stops_in_time: false,
        }
    };
}

/// One `#[test]` for each check of a sink, in a module `sink_conformance`, or one that `as` names.
#[macro_export]
macro_rules! sink_conformance {
    ($harness:ty) => {
        $crate::sink_conformance!($harness as sink_conformance);
    };
    ($harness:ty as $module:ident) => {
        $crate::__conformance! {
            $harness, $module, sink, SinkHarness,
            shows_a_commit_once: false,
            abort_leaves_nothing: false,
            recovers_after_each_step: false,
            names_row_and_column: false,
            tells_all_config_errors: false,
            keeps_secrets: false,
            stops_in_time: false,
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance {
    ($harness:ty, $module:ident, $kind:ident, $trait:ident, $($check:ident: $measures:literal,)*) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $check() {
                    $crate::run(
                        stringify!($check),
                        $measures,
                        <$harness as $crate::$trait>::setup(),
                        $crate::$kind::$check::<$harness>,
                    );
                }
            )*
        }
    };
}
