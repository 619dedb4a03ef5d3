//! Options that are one word of several.

use laminar_schema::option_words;

option_words! {
    /// Which of NATS's two ways records take.
    Mode, "jetstream or core", JetStream {
        /// Streams, which keep records: read again where a checkpoint says, and acknowledged when written.
        JetStream = "jetstream",
        /// Plain subjects, which keep nothing: at most once.
        Core = "core",
    }
}
option_words! {
    /// How a durable consumer is told what is safe.
    Acks, "explicit or all", Explicit {
        /// Each record by itself.
        Explicit = "explicit",
        /// All records up to one at once: a single message for each checkpoint.
        All = "all",
    }
}
option_words! {
    /// What to do when records are gone before they were read.
    OnLost, "fail or continue", Fail {
        /// End with an error.
        Fail = "fail",
        /// Go on with what there is.
        Continue = "continue",
    }
}
option_words! {
    /// Where samples are taken.
    SampleFrom, "head or tail", Head {
        /// The oldest records.
        Head = "head",
        /// The newest ones.
        Tail = "tail",
    }
}
option_words! {
    /// Where a bounded read ends.
    ReadUntil, "latest", Latest {
        /// Behind what the stream holds when the source starts.
        Latest = "latest",
    }
}

#[cfg(test)]
mod tests {
    use laminar_schema::config::FromConfigValue;

    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_nothing_else_is() {
        assert_eq!(Mode::from_value(" Core "), Ok(Mode::Core));
        assert_eq!(Acks::from_value("ALL"), Ok(Acks::All));
        assert_eq!(OnLost::from_value("ignore"), Err(String::new()));
        assert_eq!(ReadUntil::from_value("latest"), Ok(ReadUntil::Latest));
    }
}
