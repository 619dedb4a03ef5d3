#!/usr/bin/env bash
# Builds and tests what authors start from, outside the tree and with the target folder and the lock of run.sh: the crate that
# `laminar new connector` writes, and the code of docs/authoring.md as printed.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# No flags of ours: everything is built as anybody would build it, less what only a debugger reads.
cargo_outside() { env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$root/target/downstream" cargo "$@"; }

# The binary is there after the tests of the workspace; building it alone would build half of it again.
laminar=$root/target/debug/laminar
if [ ! -x "$laminar" ] || [ -n "$(find "$root/cli/src" "$root/cli/templates" -newer "$laminar" -print -quit)" ]; then
    (cd "$root" && source scripts/debug_build.sh)
fi
cd "$copy"
"$laminar" new connector my-queue --laminar-path "$root" >/dev/null
cp "$root/Cargo.lock" my-queue/
cd my-queue
rustfmt --edition 2024 --check src/lib.rs tests/conformance.rs
cargo_outside test --quiet -- --show-output
echo "laminar new connector: what is written passes"

mkdir "$copy/authoring"
cd "$copy/authoring"
# A block belongs to the file that the line above it names, in the folder of the walk-through that it is part of.
awk 'BEGIN { folder = "source/" }
     /^## A format of your own/ { folder = "format/" }
     /^`[A-Za-z_\/]+\.(toml|rs|txt)`$/ { file = folder substr($0, 2, length($0) - 2); next }
     /^```/ && file && !open { system("mkdir -p \"$(dirname " file ")\""); printf "" > file; open = 1; next }
     /^```$/ && open { close(file); open = 0; file = ""; next }
     open { print > file }' "$root/docs/authoring.md"
ls {source,format}/{Cargo.toml,src/lib.rs,src/main.rs,expected.txt} source/tests/conformance.rs >/dev/null
# Stands in for the registry, where nothing is published yet.
mkdir .cargo
cat >.cargo/config.toml <<END
[patch.crates-io]
laminar-connector-file = { path = "$root/connectors/file" }
laminar-formats = { path = "$root/formats" }
laminar-schema = { path = "$root/laminar-schema" }
laminar-testkit = { path = "$root/testkit" }
END
for walk in source format; do
    cp "$root/Cargo.lock" "$walk/"
    (cd "$walk" && cargo_outside run --quiet | diff expected.txt -)
done
(cd source && cargo_outside test --quiet -- --show-output)
echo "docs/authoring.md: compiles, runs and passes as printed"
