//! CRC-64-AVRO, the Rabin fingerprint by which Avro names schemas.
//!
//! It is taken of a schema's parsing canonical form, and is no defence against somebody who wants two schemas to share one.
//!
//! Source: Avro 1.12, "Schema Fingerprints".

/// The fingerprint of no bytes, and the polynomial.
const EMPTY: u64 = 0xc15d_213a_a4d7_a795;

/// What one more byte does to a fingerprint.
const TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut entry = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            entry = (entry >> 1) ^ (EMPTY & (entry & 1).wrapping_neg());
            bit += 1;
        }
        table[byte] = entry;
        byte += 1;
    }
    table
};

/// The fingerprint of `bytes`.
///
/// Cost: O(bytes), one table look-up each.
///
/// ```
/// use laminar_formats::wire::rabin;
///
/// assert_eq!(rabin::fingerprint(br#""int""#), 0x7275_d51a_3f39_5c8f);
/// ```
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(EMPTY, |hash, byte| {
        let [low, ..] = hash.to_le_bytes();
        (hash >> 8) ^ TABLE[usize::from(low ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(canonical: &str, expected: i64) {
        assert_eq!(fingerprint(canonical.as_bytes()) as i64, expected, "{canonical}");
    }

    #[test]
    fn fingerprints_are_those_of_avro() {
        // `share/test/data/schema-tests.txt` of the Avro project, which gives them as signed numbers.
        check(r#""null""#, 7_195_948_357_588_979_594);
        check(r#""boolean""#, -6_970_731_678_124_411_036);
        check(r#"{"name":"foo","type":"fixed","size":15}"#, 1_756_455_273_707_447_556);
        check(
            r#"{"name":"PigValue","type":"record","fields":[{"name":"value","type":["null","int","long","PigValue"]}]}"#,
            -1_759_257_747_318_642_341,
        );
        // The schema of `share/test/data/messageV1`, whose message names it so.
        check(
            r#"{"name":"org.apache.avro.TestMessage","type":"record","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"tags","type":{"type":"array","items":"string"}}]}"#,
            i64::from_le_bytes([0xa9, 0x2d, 0xe1, 0xf8, 0xa2, 0x42, 0xf5, 0x3d]),
        );
        check("", EMPTY as i64);
    }
}
