//! Whom the registry lets in.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::http::Request;

/// What a request has to bring along.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// Nothing.
    #[default]
    None,
    /// HTTP basic authentication with this name and password.
    Basic(String, String),
    /// This bearer token.
    Bearer(String),
}

impl Auth {
    pub(super) fn admits(&self, request: &Request) -> bool {
        let expected = match self {
            Self::None => return true,
            Self::Basic(name, password) => format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}"))),
            Self::Bearer(token) => format!("Bearer {token}"),
        };
        request.header("authorization") == Some(&expected)
    }
}
