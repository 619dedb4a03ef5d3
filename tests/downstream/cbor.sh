#!/usr/bin/env bash
# Builds and tests the stranger's format and registry kind outside the tree, with the target folder and the lock of run.sh.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$root/tests/downstream/cbor/." "$copy/"
cp "$root/Cargo.lock" "$copy/"
sed -i "s#\"../../../#\"$root/#" "$copy/Cargo.toml"
cd "$copy"
# No flags of ours: the copy is built as anybody would build it, less what only a debugger reads.
env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$root/target/downstream" cargo test --quiet -- --show-output
