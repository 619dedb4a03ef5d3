//! One question over HTTP: address, credentials, time, size, repetitions.

use std::{borrow::Cow, error::Error, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use laminar_schema::{RegistryConfig, RegistryCredentials, RegistryError};
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::Value;

use crate::{ClientOptions, RetryPolicy, answer, tls};

/// The API's own media type; Apicurio and Karapace take it too.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// A question: method, path below the base URL, parameters, body.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    pub(crate) path: Vec<&'a str>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    /// What there is not, where the registry says that something is not there.
    pub(crate) subject: Option<&'a str>,
    pub(crate) what: String,
}

impl<'a> Question<'a> {
    pub(crate) fn new(method: Method, path: impl IntoIterator<Item = &'a str>, what: impl Into<String>) -> Self {
        let (path, what) = (path.into_iter().collect(), what.into());
        Self { method, path, query: Vec::new(), body: None, subject: None, what }
    }

    pub(crate) fn about(mut self, subject: &'a str) -> Self {
        self.subject = Some(subject);
        self
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    /// Adds a flag of the query where it is set.
    pub(crate) fn flag(self, key: &'static str, is_set: bool) -> Self {
        if is_set { self.with(key, true) } else { self }
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// The way to one registry. `Debug` shows no credentials: [`RegistryCredentials`] hides them itself.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    base: Url,
    credentials: Option<RegistryCredentials>,
    retry: RetryPolicy,
    max_response_bytes: usize,
}

impl Http {
    /// Prepares the way; nothing is sent.
    ///
    /// # Errors
    /// A base URL that is none or has credentials in it; certificates that are none.
    pub(crate) fn new(config: &RegistryConfig, options: &ClientOptions) -> Result<Self, RegistryError> {
        let base = base_url(&config.url)?;
        let client = client(options, base.scheme() == "https")?;
        let max_response_bytes = options.max_response_bytes;
        Ok(Self { client, base, credentials: config.credentials.clone(), retry: options.retry, max_response_bytes })
    }

    /// The base URL, as errors name it.
    pub(crate) fn base(&self) -> &str {
        self.base.as_str()
    }

    /// Asks, again where that may help, and yields the answer's JSON and the address that was asked.
    ///
    /// # Errors
    /// That of the last try.
    pub(crate) async fn ask(&self, question: &Question<'_>) -> Result<(Value, String), RegistryError> {
        let url = self.url(question)?;
        let mut tries = 1;
        loop {
            let (error, asked_for) = match self.ask_once(&url, question).await {
                Ok(answer) => return Ok((answer, url.into())),
                Err(failure) => failure,
            };
            tries += 1;
            match self.retry.pause_before(tries, asked_for) {
                Some(pause) if error.is_retryable() => tokio::time::sleep(pause).await,
                _ => return Err(error),
            }
        }
    }

    fn url(&self, question: &Question<'_>) -> Result<Url, RegistryError> {
        let mut url = self.base.clone();
        // A path's `.` and `..` go up, and an empty part makes another path: none of them names a subject.
        if let Some(found) = question.path.iter().find(|part| matches!(**part, "" | "." | "..")) {
            let expected = "a name other than ``, `.` and `..`";
            return Err(RegistryError::Misconfigured { setting: "subject", expected, found: format!("`{found}`") });
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&question.path);
        }
        if !question.query.is_empty() {
            url.query_pairs_mut().extend_pairs(question.query.iter().map(|(key, value)| (*key, value.as_str())));
        }
        Ok(url)
    }

    async fn ask_once(&self, url: &Url, question: &Question<'_>) -> Result<Value, Failure> {
        let mut request = self.client.request(question.method.clone(), url.clone()).header(ACCEPT, MEDIA_TYPE);
        if let Some(body) = &question.body {
            request = request.header(CONTENT_TYPE, MEDIA_TYPE).body(body.to_string());
        }
        request = match &self.credentials {
            Some(RegistryCredentials::Basic { username, password }) => {
                request.basic_auth(username, Some(password.expose()))
            }
            Some(RegistryCredentials::Bearer(token)) => request.bearer_auth(token.expose()),
            None => request,
        };
        let response = request.send().await.map_err(|e| (self.unreachable(e), None))?;
        let status = response.status();
        let asked_for = retry_after(&response);
        let body = self.body(url, response).await.map_err(|e| (e, None))?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|_| (answer::no_json(url.as_str(), &self.without_secret(&body)), None));
        }
        Err((answer::refusal(self.base(), status.as_u16(), &self.without_secret(&body), question), asked_for))
    }

    /// An answer that an error may show: what repeats the request's credentials does so in stars.
    fn without_secret<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let spellings = match &self.credentials {
            Some(RegistryCredentials::Basic { username, password }) => {
                let pair = format!("{username}:{}", password.expose());
                vec![BASE64_STANDARD.encode(pair), password.expose().to_owned()]
            }
            Some(RegistryCredentials::Bearer(token)) => vec![token.expose().to_owned()],
            None => return Cow::Borrowed(body),
        };
        let mut text = String::from_utf8_lossy(body).into_owned();
        for secret in spellings.iter().filter(|secret| !secret.is_empty()) {
            // In JSON a quote in it is spelled otherwise.
            let in_json = Value::from(secret.as_str()).to_string();
            text = text.replace(&in_json[1..in_json.len() - 1], "***").replace(secret, "***");
        }
        Cow::Owned(text.into_bytes())
    }

    /// The answer's bytes, which are counted while they come: the length that it announces may be wrong.
    async fn body(&self, url: &Url, mut response: Response) -> Result<Vec<u8>, RegistryError> {
        let limit = self.max_response_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unreachable(e))? {
            if chunk.len() > limit - body.len() {
                return Err(RegistryError::TooLarge { url: url.to_string(), limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    #[cold]
    fn unreachable(&self, error: reqwest::Error) -> RegistryError {
        RegistryError::Unreachable { url: self.base.to_string(), reason: reason_of(error) }
    }
}

/// What went wrong, and how long the registry asks to be left alone.
type Failure = (RegistryError, Option<Duration>);

/// The client of HTTP that the options ask for.
///
/// # Errors
/// Certificates that are none.
pub(crate) fn client(options: &ClientOptions, is_https: bool) -> Result<Client, RegistryError> {
    let tls = tls::client_config(&options.tls, is_https)?;
    // A redirect could carry the credentials elsewhere; a registry answers where it is asked.
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .connect_timeout(options.connect_timeout)
        .timeout(options.request_timeout)
        .user_agent(concat!("laminar-registry/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| RegistryError::Misconfigured {
            setting: "tls",
            expected: "settings that an HTTP client can be built of",
            found: reason_of(e),
        })
}

/// The error's chain in one line, without the address, which the error has already.
pub(crate) fn reason_of(error: reqwest::Error) -> String {
    let is_timeout = error.is_timeout();
    let error = error.without_url();
    let mut reason = if is_timeout { "no answer in time".to_owned() } else { error.to_string() };
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !reason.contains(&text) {
            reason.push_str(": ");
            reason.push_str(&text);
        }
        cause = inner.source();
    }
    reason
}

fn retry_after(response: &Response) -> Option<Duration> {
    let is_busy = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let seconds = response.headers().get(RETRY_AFTER).filter(|_| is_busy)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Reads a base URL, which may have a path, as Apicurio's `/apis/ccompat/v7`.
pub(crate) fn base_url(text: &str) -> Result<Url, RegistryError> {
    const EXPECTED: &str = "an http or https URL without credentials, such as http://localhost:8081";
    let wrong =
        |found: &str| RegistryError::Misconfigured { setting: "url", expected: EXPECTED, found: found.to_owned() };
    // The text is not shown before it is known to hold no credentials.
    let url = Url::parse(text).map_err(|e| wrong(&e.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("credentials in it; give them as `credentials`"));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(&format!("the scheme `{}`", url.scheme())));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("a query or a fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_shows_no_credentials_and_has_none() {
        for (url, expected) in [
            ("http://me:hunter2@localhost", "credentials in it"),
            ("hunter2", "relative URL"),
            ("ftp://localhost", "the scheme `ftp`"),
            ("http://localhost?key=hunter2", "a query"),
        ] {
            let error = base_url(url).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
        }
        assert!(base_url("https://host/apis/ccompat/v7/").is_ok());
    }
}
