use serde_json::Value;

use super::{Defect, MAX_COLUMNS, Workload, WorkloadGenerator};

const SEED: u64 = 42;

fn records(mut generator: WorkloadGenerator, count: u64) -> Vec<Vec<u8>> {
    (0..count)
        .map(|_| {
            let mut record = Vec::new();
            generator.write_record(&mut record);
            record
        })
        .collect()
}

fn parse(record: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(record)
}

/// FNV-1a over the records, a line feed after each.
fn checksum(records: &[Vec<u8>]) -> u64 {
    let bytes = records.iter().flat_map(|record| record.iter().copied().chain([b'\n']));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// A changed checksum changes the meaning of every recorded benchmark: bless it only together with new numbers.
#[test]
fn bytes_are_pinned() {
    let expected = [
        (Workload::Trades, 0x61ED_4DB6_14B9_F9F3),
        (Workload::Wide, 0x3230_7E19_0E7D_FC0D),
        (Workload::Nested, 0xC1AA_0AE7_CEE3_4001),
        (Workload::Projected, 0x3230_7E19_0E7D_FC0D),
        (Workload::Escapes, 0x60DA_43C8_FB3E_048B),
        (Workload::Floats, 0xA654_55DE_F75C_829C),
        (Workload::Orders, 0x09CA_B9CA_161A_F361),
    ];
    let found = Workload::ALL.map(|workload| (workload, checksum(&records(workload.generator(SEED), 1000))));
    assert_eq!(found.as_slice(), expected.as_slice(), "found {found:#x?}");
}

#[test]
fn bytes_of_variants_are_pinned() {
    let shuffled = Workload::Wide.generator(SEED).with_shuffled_keys().with_missing_rate(0.05);
    let bad = Workload::Orders.generator(SEED).with_bad_rate(0.1);
    let found = [checksum(&records(shuffled, 1000)), checksum(&records(bad, 1000))];
    assert_eq!(found, [0x8D35_364E_590C_24EB, 0xD758_1ABD_D5AB_0046], "found {found:#x?}");
}

#[test]
fn sizes_are_within_a_tenth() {
    for workload in Workload::ALL {
        let bytes: usize = records(workload.generator(SEED), 4000).iter().map(Vec::len).sum();
        let (mean, nominal) = (bytes as f64 / 4000.0, workload.mean_record_bytes() as f64);
        assert!((mean / nominal - 1.0).abs() < 0.1, "{workload:?}: {mean:.1} bytes on average, {nominal} stated");
    }
}

#[test]
fn seeking_equals_reading_on() {
    for workload in Workload::ALL {
        let generator = || workload.generator(SEED).with_shuffled_keys().with_missing_rate(0.05).with_bad_rate(0.1);
        let all = records(generator(), 200);
        for start in [0, 1, 7, 199] {
            let mut resumed = generator();
            resumed.seek(start);
            assert_eq!(records(resumed, 200 - start), all[start as usize..], "{workload:?} from {start}");
        }
    }
}

#[test]
fn good_records_are_objects_of_the_schema() {
    for workload in Workload::ALL {
        let schema = workload.schema();
        for record in records(workload.generator(SEED), 1000) {
            assert!(!record.contains(&b'\n'));
            let parsed = parse(&record).unwrap_or_else(|error| panic!("{error}: {}", record.escape_ascii()));
            let object = parsed.as_object().expect("a good record is an object");
            assert!(object.keys().all(|key| workload == Workload::Projected || schema.field_with_name(key).is_ok()));
        }
    }
}

#[test]
fn shuffling_changes_the_order_alone() {
    for workload in Workload::ALL {
        let plain = records(workload.generator(SEED), 200);
        let shuffled = records(workload.generator(SEED).with_shuffled_keys(), 200);
        assert_ne!(plain, shuffled);
        for (plain, shuffled) in plain.iter().zip(&shuffled) {
            assert_eq!(parse(plain).expect("valid JSON"), parse(shuffled).expect("valid JSON"));
        }
    }
}

#[test]
fn missing_rate_drops_that_share_of_the_keys() {
    let count_keys = |generator| -> usize {
        let parsed = records(generator, 1000).into_iter().map(|record| parse(&record).expect("valid JSON"));
        parsed.map(|record| record.as_object().map_or(0, serde_json::Map::len)).sum()
    };
    let all = count_keys(Workload::Wide.generator(SEED));
    let kept = count_keys(Workload::Wide.generator(SEED).with_missing_rate(0.05));
    assert_eq!(all, 40_000);
    assert!((37_500..38_500).contains(&kept), "{kept} of {all} keys kept");
    assert_eq!(count_keys(Workload::Wide.generator(SEED).with_missing_rate(1.0)), 0);
}

#[test]
fn bad_rate_spoils_that_share_and_nothing_else() {
    for workload in Workload::ALL {
        let plain = records(workload.generator(SEED), 4000);
        let generator = workload.generator(SEED).with_bad_rate(0.1);
        let spoilt = records(generator.clone(), 4000);
        let mut counts = [0; Defect::ALL.len()];
        for (i, (plain, spoilt)) in plain.iter().zip(&spoilt).enumerate() {
            match generator.defect_at(i as u64) {
                None => assert_eq!(plain, spoilt, "{workload:?} record {i}"),
                Some(defect) => {
                    counts[defect as usize] += 1;
                    assert!(!spoilt.contains(&b'\n'));
                    assert_eq!(
                        parse(spoilt).is_err(),
                        defect.is_syntax(),
                        "{workload:?} record {i}, {defect:?}: {}",
                        spoilt.escape_ascii()
                    );
                }
            }
        }
        assert!(counts.iter().all(|&count| (25..85).contains(&count)), "{workload:?}: {counts:?}");
    }
}

#[test]
fn type_mismatches_strike_a_wanted_column() {
    for workload in Workload::ALL {
        let generator = workload.generator(SEED).with_bad_rate(1.0);
        let schema = workload.schema();
        for (i, record) in records(generator.clone(), 1000).iter().enumerate() {
            if generator.defect_at(i as u64) == Some(Defect::TypeMismatch) {
                let parsed = parse(record).expect("a type mismatch is valid JSON");
                let wanted = schema.fields().iter().filter(|field| parsed[field.name()] == "n/a");
                assert_eq!(wanted.count(), 1, "{workload:?} record {i}: {parsed}");
            }
        }
    }
}

#[test]
fn seeds_differ_and_columns_fit() {
    for workload in Workload::ALL {
        assert!(workload.columns().len() <= MAX_COLUMNS);
        assert_ne!(records(workload.generator(1), 10), records(workload.generator(2), 10));
    }
}

#[test]
fn names_parse_back() {
    assert_eq!(Workload::names(), ["trades", "wide", "nested", "projected", "escapes", "floats", "orders"]);
    for workload in Workload::ALL {
        assert_eq!(Workload::parse(workload.name()), Some(workload));
    }
    assert_eq!(Workload::parse("Trades"), None);
}

#[test]
fn projection_names_columns_of_wide() {
    assert_eq!(Workload::Wide.schema().fields().len(), 40);
    let names: Vec<_> = Workload::Projected.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, super::catalogue::PROJECTION);
}
