# The command line's debug build at target/debug/laminar, made as the workspace's tests make it: alone it would resolve other
# features of what it depends on, and half of the tree would be built a second time. Sourced.
cargo test --quiet --workspace --locked --no-run --test cli
