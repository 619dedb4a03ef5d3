#!/usr/bin/env bash
# Builds and runs the third party's engine from a copy outside the tree, so that our .cargo/config.toml does not help it.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$root/tests/downstream/." "$copy/"
cp "$root/Cargo.lock" "$copy/"
sed -i "s#\"../../#\"$root/#" "$copy/Cargo.toml"
cd "$copy"
# No flags of ours: the copy is built as anybody would build it, less what only a debugger reads.
env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$root/target/downstream" cargo build --quiet
mkdir out
"$root/target/downstream/debug/downstream-engine" out
