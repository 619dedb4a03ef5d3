//! Options of `FORMAT PARQUET (…)`, for reading and writing.

use arrow_schema::TimeUnit;
use laminar_schema::{ConnectorConfig, config::FromConfigValue};
use parquet::{
    basic::{BrotliLevel, Compression as Codec, GzipLevel, ZstdLevel},
    file::properties::{EnabledStatistics, WriterVersion},
};

use crate::policy::{NoContent, TypeMismatch, UnknownFields, words};

/// Options of the Parquet reader and writer.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct ParquetOptions {
    /// Unit of INT96 timestamps, which have nanoseconds: `us` cuts their last three digits off, `ns` holds the years 1677 to 2262 only
    #[config(default = "us")]
    pub int96: Int96Unit,
    /// What to do with a file's columns that the schema lacks: `ignore` leaves them unread, `reject` refuses the file, `rescue` keeps their values in the column `_rescued`
    #[config(default = "ignore")]
    pub unknown_fields: UnknownFields,
    /// What to do with values that do not turn into their column's type without loss: `reject` refuses the file, `null` makes them null, `rescue` makes them null and keeps them in the column `_rescued`
    #[config(default = "reject")]
    pub type_mismatch: TypeMismatch,
    /// What to do with a message without a value
    #[config(default = "reject")]
    pub tombstones: NoContent,
    /// Longest message that is taken for a file, in bytes
    #[config(default = 268_435_456)]
    pub max_record_bytes: usize,
    /// Whether reading may skip what the statistics of row groups and pages rule out
    #[config(default = true)]
    pub prune: bool,
    /// Rows of a row group that is written, at most
    #[config(default = 1_048_576)]
    pub row_group_rows: usize,
    /// Bytes of a row group that is written, about; it is in memory until it is complete
    #[config(default = 134_217_728)]
    pub row_group_bytes: usize,
    /// Compression of pages: `none`, `snappy`, `zstd`, `gzip`, `lz4_raw` or `brotli`, a level in parentheses: `zstd(3)`
    #[config(default = "snappy")]
    pub compression: Compression,
    /// Whether columns with few values are written with a dictionary
    #[config(default = true)]
    pub dictionary: bool,
    /// Columns to write bloom filters for, comma-separated; `*` means all
    #[config(default = "")]
    pub bloom_filters: Vec<String>,
    /// Statistics to write: `none`, `chunk` per row group, or `page` with a page index too
    #[config(default = "page")]
    pub statistics: Statistics,
    /// Bytes of a page that is written, about
    #[config(default = 1_048_576)]
    pub data_page_bytes: usize,
    /// Version of the pages: `1`, which everything reads, or `2`
    #[config(default = "1")]
    pub version: Version,
    /// Entries of the file's own metadata, comma-separated: `origin=laminar`
    #[config(default = "")]
    pub metadata: Vec<String>,
}

/// Unit that INT96 timestamps are read in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Int96Unit {
    /// Microseconds.
    #[default]
    Micros,
    /// Nanoseconds.
    Nanos,
}
words! { Int96Unit: "us or ns", "us" => Micros, "ns" => Nanos }

impl Int96Unit {
    pub(super) fn unit(self) -> TimeUnit {
        match self {
            Self::Micros => TimeUnit::Microsecond,
            Self::Nanos => TimeUnit::Nanosecond,
        }
    }
}

/// How many statistics are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Statistics {
    /// None.
    None,
    /// Of each column in each row group.
    Chunk,
    /// Of each page too, in the page index.
    #[default]
    Page,
}
words! { Statistics: "none, chunk or page", "none" => None, "chunk" => Chunk, "page" => Page }

impl From<Statistics> for EnabledStatistics {
    fn from(statistics: Statistics) -> Self {
        match statistics {
            Statistics::None => Self::None,
            Statistics::Chunk => Self::Chunk,
            Statistics::Page => Self::Page,
        }
    }
}

/// Version of the data pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Version {
    /// Version 1.
    #[default]
    V1,
    /// Version 2.
    V2,
}
words! { Version: "1 or 2", "1" => V1, "2" => V2 }

impl From<Version> for WriterVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::V1 => Self::PARQUET_1_0,
            Version::V2 => Self::PARQUET_2_0,
        }
    }
}

/// Compression of pages, with its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression(pub(super) Codec);

impl FromConfigValue for Compression {
    const TYPE_NAME: &'static str = "none, snappy, zstd, gzip, lz4_raw or brotli; a level in parentheses: zstd(3)";

    fn from_value(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let (word, level) = match text.split_once('(') {
            None => (text.as_str(), None),
            Some((word, rest)) => {
                let level = rest.strip_suffix(')').ok_or_else(|| "the level's parenthesis is not closed".to_owned())?;
                (word.trim_end(), Some(level.trim().parse::<u32>().map_err(|e| format!("its level: {e}"))?))
            }
        };
        let failed = |e: parquet::errors::ParquetError| e.to_string();
        let codec = match (word, level) {
            ("none" | "uncompressed", None) => Codec::UNCOMPRESSED,
            ("snappy", None) => Codec::SNAPPY,
            ("lz4_raw" | "lz4", None) => Codec::LZ4_RAW,
            ("zstd", None) => Codec::ZSTD(ZstdLevel::default()),
            ("gzip", None) => Codec::GZIP(GzipLevel::default()),
            ("brotli", None) => Codec::BROTLI(BrotliLevel::default()),
            ("zstd", Some(level)) => {
                let level = i32::try_from(level).map_err(|e| e.to_string())?;
                Codec::ZSTD(ZstdLevel::try_new(level).map_err(failed)?)
            }
            ("gzip", Some(level)) => Codec::GZIP(GzipLevel::try_new(level).map_err(failed)?),
            ("brotli", Some(level)) => Codec::BROTLI(BrotliLevel::try_new(level).map_err(failed)?),
            ("none" | "uncompressed" | "snappy" | "lz4_raw" | "lz4", Some(_)) => {
                return Err(format!("{word} has no levels"));
            }
            _ => return Err(String::new()),
        };
        Ok(Self(codec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressions_and_their_levels() {
        let check = |text: &str, expected: Result<Codec, &str>| {
            let found = Compression::from_value(text).map(|c| c.0);
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        };
        check("none", Ok(Codec::UNCOMPRESSED));
        check("Snappy", Ok(Codec::SNAPPY));
        check("zstd", Ok(Codec::ZSTD(ZstdLevel::default())));
        check("zstd( 7 )", Ok(Codec::ZSTD(ZstdLevel::try_new(7).unwrap())));
        check("gzip(9)", Ok(Codec::GZIP(GzipLevel::try_new(9).unwrap())));
        check("snappy(1)", Err("snappy has no levels"));
        check("zstd(7", Err("the level's parenthesis is not closed"));
        check("zip", Err(""));
        assert!(Compression::from_value("zstd(99)").is_err());
    }
}
