# What scripts/compare_* need: a Python environment with the peers, and the release build. Sourced by them.
folder=target/compare
mkdir -p "$folder"
if ! [ -x "$folder/venv/bin/python" ]; then
    python3 -m venv "$folder/venv" || { echo "skipped: python3 has no venv"; exit 0; }
fi
if ! "$folder/venv/bin/python" -c 'import duckdb, polars' 2>/dev/null; then
    "$folder/venv/bin/pip" install --quiet duckdb polars || { echo "skipped: duckdb and polars cannot be installed"; exit 0; }
fi
cargo build --release --quiet --package laminar-cli
