//! What an answer says: its JSON in our words, and refusals by their code.

use laminar_schema::RegistryError;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::http::Question;

/// An error as the API documents it.
#[derive(Deserialize)]
struct ErrorBody {
    error_code: u32,
    #[serde(default)]
    message: String,
}

/// Reads an answer.
///
/// # Errors
/// [`RegistryError::Malformed`] where it has another shape.
pub(crate) fn read<T: DeserializeOwned>(
    (value, url): (Value, String),
    expected: &'static str,
) -> Result<T, RegistryError> {
    T::deserialize(&value).map_err(|_| RegistryError::Malformed { url, expected, found: cut(&value.to_string()) })
}

/// An answer that is no JSON at all.
#[cold]
pub(crate) fn no_json(url: &str, body: &[u8]) -> RegistryError {
    let found = cut(&String::from_utf8_lossy(body));
    RegistryError::Malformed { url: url.to_owned(), expected: "JSON", found }
}

/// The error that an answer with a status other than 2xx is.
#[cold]
pub(crate) fn refusal(base: &str, status: u16, body: &[u8], question: &Question<'_>) -> RegistryError {
    let (url, subject) = (base.to_owned(), question.subject.unwrap_or_default().to_owned());
    let Ok(ErrorBody { error_code, message }) = serde_json::from_slice(body) else {
        // Something else than a registry has answered: a proxy, or a wrong path.
        return RegistryError::Refused { url, status, reason: shown(body) };
    };
    let reason = clean(&message);
    match (status, error_code) {
        (404, 40401) if question.subject.is_some() => RegistryError::NotFound { what: format!("subject `{subject}`") },
        (404, 40401..=40499) => RegistryError::NotFound { what: question.what.clone() },
        (409, _) => RegistryError::Incompatible { subject, reason },
        (422, 42201) => RegistryError::InvalidSchema { subject, reason },
        _ => RegistryError::Refused { url, status, reason: format!("{reason} (code {error_code})") },
    }
}

fn shown(body: &[u8]) -> String {
    if body.is_empty() { "no body".to_owned() } else { cut(&String::from_utf8_lossy(body)) }
}

/// A message in one line; registries put whole schemas into theirs.
fn clean(message: &str) -> String {
    let mut text: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    truncate(&mut text, 512);
    text
}

/// A text for an error, cut at 64 bytes.
fn cut(text: &str) -> String {
    let mut text: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    truncate(&mut text, 64);
    format!("`{text}`")
}

fn truncate(text: &mut String, most: usize) {
    if text.len() > most {
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;

    fn check(status: u16, body: &str, expected: &str) {
        let question = Question::new(Method::GET, ["subjects"], "version 3 of subject `s`").about("s");
        assert_eq!(refusal("http://h/", status, body.as_bytes(), &question).to_string(), expected);
    }

    #[test]
    fn refusals_are_told_apart_by_their_code() {
        check(404, r#"{"error_code": 40401, "message": "no"}"#, "the schema registry has no subject `s`");
        check(404, r#"{"error_code": 40402, "message": "no"}"#, "the schema registry has no version 3 of subject `s`");
        check(404, "<html>", "the schema registry at http://h/ answered with status 404: `<html>`");
        check(
            422,
            r#"{"error_code": 42203, "message": "bad\n level"}"#,
            "the schema registry at http://h/ answered with status 422: bad level (code 42203)",
        );
        let body = r#"{"error_code": 42201, "message": "x"}"#;
        check(422, body, "the schema registry takes what was sent to subject `s` for no schema: x");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(100)), format!("`{}…`", "é".repeat(32)));
    }
}
