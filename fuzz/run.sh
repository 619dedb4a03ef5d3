#!/usr/bin/env bash
# Runs fuzz targets and says what they found.
#
# usage: fuzz/run.sh SECONDS [TARGET…]      every target for SECONDS each; CI takes 15, a release 600
#
# Runs on the pinned compiler, without a sanitizer: coverage alone needs nothing unstable, and our own code has no
# `unsafe`. FUZZ_SANITIZER=address checks dependencies' too, at half the speed. Installs cargo-fuzz into target/tools
# the first time. New inputs stay in fuzz/corpus/ (not committed). A finding goes to fuzz/artifacts/: fix it, then move
# it to fuzz/corpus_seed/, where `cargo test` keeps it fixed. Exit code: 0 clean, 1 finding, 2 wrong usage or no fuzzer.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

seconds=${1:-}
[[ $seconds =~ ^[0-9]+$ ]] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    targets=()
    for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
    targets+=(json_engines)
fi

sanitizer=${FUZZ_SANITIZER:-none}
# Sanitizers are unstable; this lets the pinned compiler have them.
[ "$sanitizer" = none ] || export RUSTC_BOOTSTRAP=1
# cargo-fuzz sets RUSTFLAGS, which hides the flags of .cargo/config.toml; without them simd-json would be another parser.
export RUSTFLAGS="${RUSTFLAGS:-} $(sed -n 's/^rustflags = \[\(.*\)\]/\1/p' .cargo/config.toml | tr -d '",')"
tools=${CARGO_TARGET_DIR:-$PWD/target}/tools
export PATH="$tools/bin:$PATH"
if ! command -v cargo-fuzz >/dev/null; then
    cargo install cargo-fuzz --version 0.13.2 --locked --root "$tools" || exit 2
fi

# Says what one target found; exits with 0 clean, 1 finding.
fuzz() {
    local target=$1 before after log status executions coverage
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    before=$(find "fuzz/artifacts/$target" -type f | wc -l)
    log=$(mktemp)
    cargo fuzz run --sanitizer "$sanitizer" "$target" "fuzz/corpus/$target" "fuzz/corpus_seed/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 >"$log" 2>&1
    status=$?
    after=$(find "fuzz/artifacts/$target" -type f | wc -l)
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
    if [ $status = 0 ] && [ "$before" = "$after" ]; then
        status=0
        echo "$target: clean, ${executions:-?} executions in ${seconds}s, ${coverage:-cov: ?}"
    else
        echo "$target: FINDING after ${executions:-?} executions (exit code $status)"
        status=1
        tail -40 "$log"
    fi
    rm -f "$log"
    return $status
}

found=0
libfuzzer=()
for target in "${targets[@]}"; do
    if [ "$target" = json_engines ]; then
        # Not libFuzzer's: it mutates by itself, and instrumented it would be ten times slower.
        env -u RUSTFLAGS bash scripts/fuzz_json "${seconds}s" "$RANDOM"
        case $? in 0) ;; 1) found=1 ;; *) exit 2 ;; esac
        continue
    fi
    # Built apart, so that the time given is fuzzing time.
    cargo fuzz build --sanitizer "$sanitizer" "$target" || exit 2
    libfuzzer+=("$target")
done

# As many at once as there are processors.
running=()
for target in "${libfuzzer[@]}"; do
    if [ ${#running[@]} -ge "$(nproc)" ]; then
        wait "${running[0]}" || found=1
        running=("${running[@]:1}")
    fi
    fuzz "$target" &
    running+=($!)
done
for process in "${running[@]}"; do
    wait "$process" || found=1
done
exit $found
