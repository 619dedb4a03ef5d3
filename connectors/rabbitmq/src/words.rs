//! Options that are one word of several.

use laminar_schema::option_words;

option_words! {
    /// What kind of queue the server keeps.
    QueueType, "classic, quorum or stream", Classic {
        /// On one node; records are gone once they are acknowledged.
        Classic = "classic",
        /// On several nodes; records are gone once they are acknowledged.
        Quorum = "quorum",
        /// A log, which keeps records whoever has read them.
        Stream = "stream",
    }
}
option_words! {
    /// What to do when records of a stream queue are gone before they were read.
    OnLost, "fail or continue", Fail {
        /// End with an error.
        Fail = "fail",
        /// Go on with what there is.
        Continue = "continue",
    }
}
option_words! {
    /// Where a bounded read ends.
    ReadUntil, "latest", Latest {
        /// Behind what the queue holds when the source starts.
        Latest = "latest",
    }
}

#[cfg(test)]
mod tests {
    use laminar_schema::config::FromConfigValue;

    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_nothing_else_is() {
        assert_eq!(QueueType::from_value(" Quorum "), Ok(QueueType::Quorum));
        assert_eq!(OnLost::from_value("ignore"), Err(String::new()));
        assert_eq!(ReadUntil::from_value("LATEST"), Ok(ReadUntil::Latest));
    }
}
