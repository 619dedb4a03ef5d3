//! Our decoder against prost-reflect's dynamic messages, on messages that are mutated.

use laminar_tests::fuzz_bodies;

/// Mutated messages per definition; `PROTOBUF_MUTATIONS` sets another number.
const MUTATIONS: usize = 3_000;

#[test]
fn mutated_messages_are_what_prost_says() {
    let mutations = std::env::var("PROTOBUF_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTATIONS);
    let seed = std::env::var("PROTOBUF_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    println!("{}", fuzz_bodies::protobuf_mutations(mutations, seed));
}
