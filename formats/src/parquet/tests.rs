//! Files written here and read here. Against other writers and readers: `tests/tests/formats/parquet_*.rs`.
