//! Options that are one word of several.

use laminar_schema::option_words;

option_words! {
    /// What to do when messages come faster than they are taken and the buffer is full.
    OnOverflow, "block, drop_oldest or fail", Block {
        /// Read no more until there is room: TCP makes the peer wait.
        Block = "block",
        /// Drop the oldest message of the buffer, and count it.
        DropOldest = "drop_oldest",
        /// End with an error.
        Fail = "fail",
    }
}
option_words! {
    /// What to do about a number that does not follow the one before it.
    OnGap, "warn or fail", Warn {
        /// Count it, and go on.
        Warn = "warn",
        /// End with an error.
        Fail = "fail",
    }
}
option_words! {
    /// What to do about a connection whose peer sent what cannot be read: too large a message, text that is no UTF-8.
    OnFault, "fail or reconnect", Fail {
        /// End with an error.
        Fail = "fail",
        /// Connect again, and go on with what comes then.
        Reconnect = "reconnect",
    }
}
option_words! {
    /// Where a bounded read ends.
    ReadUntil, "close", Close {
        /// Where the server closes the connection as one does that has no more to say.
        Close = "close",
    }
}
option_words! {
    /// What to do for a client that takes rows more slowly than they come, when its buffer is full.
    OnSlow, "disconnect, drop_oldest, drop_newest or block", Disconnect {
        /// Close its connection.
        Disconnect = "disconnect",
        /// Drop the oldest row of its buffer, and count it.
        DropOldest = "drop_oldest",
        /// Drop the row that came last, and count it.
        DropNewest = "drop_newest",
        /// Wait for it, and let all others wait too.
        Block = "block",
    }
}
option_words! {
    /// Which kind of message a row becomes.
    MessageKind, "auto, text or binary", Auto {
        /// Text for JSON and CSV, binary for all others.
        Auto = "auto",
        /// Text, which is UTF-8.
        Text = "text",
        /// Bytes.
        Binary = "binary",
    }
}

#[cfg(test)]
mod tests {
    use laminar_schema::config::FromConfigValue;

    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_nothing_else_is() {
        assert_eq!(OnOverflow::from_value(" Drop_Oldest "), Ok(OnOverflow::DropOldest));
        assert_eq!(OnSlow::from_value("BLOCK"), Ok(OnSlow::Block));
        assert_eq!(MessageKind::from_value("bytes"), Err(String::new()));
        assert_eq!(ReadUntil::from_value("close"), Ok(ReadUntil::Close));
    }
}
