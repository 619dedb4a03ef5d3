//! Answers, and errors with the codes of Confluent's documentation.

use serde_json::{Value, json};

/// A status and a body.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// What a handler yields: an answer's JSON, or an error.
pub(super) type Handled = Result<Value, Reply>;

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(super) fn json(value: &Value) -> Self {
        Self::new(200, value.to_string())
    }
}

/// An error as the API spells it; its status is in the first three digits of its code.
pub(super) fn error(code: u32, message: impl Into<String>) -> Reply {
    let status = if code < 1000 { code } else { code / 100 };
    let body = json!({ "error_code": code, "message": message.into() });
    Reply::new(u16::try_from(status).expect("a code of three or five digits"), body.to_string())
}

pub(super) fn no_such_path() -> Reply {
    error(404, "HTTP 404 Not Found")
}

pub(super) fn unauthorized() -> Reply {
    error(401, "Unauthorized")
}

pub(super) fn no_subject(subject: &str) -> Reply {
    error(40401, format!("Subject '{subject}' not found."))
}

pub(super) fn no_version(version: &str) -> Reply {
    error(40402, format!("Version {version} not found."))
}

pub(super) fn no_schema(id: &str) -> Reply {
    error(40403, format!("Schema {id} not found"))
}

pub(super) fn invalid_schema(details: &str) -> Reply {
    error(42201, format!("Invalid schema: {details}"))
}
