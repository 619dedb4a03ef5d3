//! Options that are one word of several.

use laminar_schema::config::FromConfigValue;

macro_rules! words {
    ($(#[$doc:meta])* $ty:ident, $names:literal, $default:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $ty { $($(#[$variant_doc])* $variant),* }

        impl $ty {
            /// The word that stands for it in options.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl Default for $ty {
            fn default() -> Self {
                Self::$default
            }
        }

        impl FromConfigValue for $ty {
            const TYPE_NAME: &'static str = $names;

            fn from_value(text: &str) -> Result<Self, String> {
                let text = text.trim();
                $(if text.eq_ignore_ascii_case($word) { return Ok(Self::$variant); })*
                Err(String::new())
            }
        }
    };
}

words! {
    /// Who assigns partitions to a source.
    Assignment, "group or manual", Group {
        /// The group, which shares them among its members.
        Group = "group",
        /// Nobody: the source takes all of them, where its checkpoint says.
        Manual = "manual",
    }
}
words! {
    /// Which records of transactions are read.
    Isolation, "read_committed or read_uncommitted", Committed {
        /// Those of committed ones.
        Committed = "read_committed",
        /// All.
        Uncommitted = "read_uncommitted",
    }
}
words! {
    /// What to do when the next offset is not in the log any more.
    OnOffsetLost, "fail, earliest or latest", Fail {
        /// Stop with an error.
        Fail = "fail",
        /// Go on at the oldest record.
        Earliest = "earliest",
        /// Go on behind the newest record.
        Latest = "latest",
    }
}
words! {
    /// Where samples are taken.
    SampleFrom, "head or tail", Head {
        /// From the oldest records.
        Head = "head",
        /// From the newest records.
        Tail = "tail",
    }
}
words! {
    /// How a record's partition follows from its key.
    Partitioner, "murmur2_random, consistent_random, fnv1a_random or random", Murmur2 {
        /// As Java clients do; records without a key go anywhere.
        Murmur2 = "murmur2_random",
        /// By CRC32; records without a key go anywhere.
        Consistent = "consistent_random",
        /// By FNV-1a; records without a key go anywhere.
        Fnv1a = "fnv1a_random",
        /// Anywhere.
        Random = "random",
    }
}
words! {
    /// Compression of a batch of records.
    Compression, "none, gzip, snappy, lz4 or zstd", None {
        /// None.
        None = "none",
        /// gzip.
        Gzip = "gzip",
        /// Snappy.
        Snappy = "snappy",
        /// LZ4.
        Lz4 = "lz4",
        /// Zstandard.
        Zstd = "zstd",
    }
}
words! {
    /// How the connection to a broker is protected.
    Protocol, "plaintext, ssl, sasl_plaintext or sasl_ssl", Plaintext {
        /// Not at all.
        Plaintext = "plaintext",
        /// Encrypted.
        Ssl = "ssl",
        /// Not encrypted, with a log-in.
        SaslPlaintext = "sasl_plaintext",
        /// Encrypted, with a log-in.
        SaslSsl = "sasl_ssl",
    }
}
