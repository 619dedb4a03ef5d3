//! Options that are one word of several.

use laminar_schema::option_words;

option_words! {
    /// Who assigns partitions to a source.
    Assignment, "group or manual", Group {
        /// The group, which shares them among its members.
        Group = "group",
        /// Nobody: the source takes all of them, where its checkpoint says.
        Manual = "manual",
    }
}
option_words! {
    /// Which records of transactions are read.
    Isolation, "read_committed or read_uncommitted", Committed {
        /// Those of committed ones.
        Committed = "read_committed",
        /// All.
        Uncommitted = "read_uncommitted",
    }
}
option_words! {
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
option_words! {
    /// Where samples are taken.
    SampleFrom, "head or tail", Head {
        /// From the oldest records.
        Head = "head",
        /// From the newest records.
        Tail = "tail",
    }
}
option_words! {
    /// How a record's partition follows from its key.
    Partitioner, "murmur2_random, murmur2, consistent_random, consistent, fnv1a_random, fnv1a or random", Murmur2 {
        /// As Java clients do; records without a key go anywhere.
        Murmur2 = "murmur2_random",
        /// As Java clients do; records without a key go where an empty key goes.
        Murmur2Always = "murmur2",
        /// By CRC32; records without a key go anywhere.
        Consistent = "consistent_random",
        /// By CRC32; records without a key go where an empty key goes.
        ConsistentAlways = "consistent",
        /// By FNV-1a; records without a key go anywhere.
        Fnv1a = "fnv1a_random",
        /// By FNV-1a; records without a key go where an empty key goes.
        Fnv1aAlways = "fnv1a",
        /// Anywhere.
        Random = "random",
    }
}
option_words! {
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
option_words! {
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
