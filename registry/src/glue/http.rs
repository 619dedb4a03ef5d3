//! One question to AWS Glue: a signed POST, its time, size and repetitions.

use std::time::Duration;

use chrono::Utc;
use laminar_schema::{RegistryConfig, RegistryCredentials, RegistryError, config::Secret, registry::GlueConnection};
use reqwest::{Client, Url, header::CONTENT_TYPE};
use serde_json::Value;

use super::sign::{Signer, amz_date};
use crate::{
    ClientOptions, RetryPolicy,
    http::{base_url, client, reason_of},
};

/// The protocol of the API.
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// The way to the registry of one region.
#[derive(Debug)]
pub(super) struct GlueHttp {
    client: Client,
    endpoint: Url,
    region: String,
    access_key: String,
    secret_key: Secret,
    session_token: Option<Secret>,
    retry: RetryPolicy,
    max_response_bytes: usize,
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// What the service says, by the name of its exception.
    Exception {
        name: String,
        message: String,
        status: u16,
    },
    Other(RegistryError),
}

impl GlueHttp {
    /// Prepares the way; nothing is sent.
    ///
    /// # Errors
    /// No region or credentials, neither in the configuration nor in the environment; an endpoint that is none.
    pub(super) fn new(
        config: &RegistryConfig,
        glue: &GlueConnection,
        options: &ClientOptions,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, RegistryError> {
        let missing = |setting: &'static str, expected: &'static str| RegistryError::Misconfigured {
            setting,
            expected,
            found: "none".to_owned(),
        };
        let region =
            glue.region.clone().or_else(|| environment("AWS_REGION")).or_else(|| environment("AWS_DEFAULT_REGION"));
        let region =
            region.ok_or_else(|| missing("region", "the region of AWS Glue, or AWS_REGION in the environment"))?;
        // It becomes part of a host's name, and of what is signed.
        if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            let expected = "a region of letters, digits and `-`, such as eu-central-1";
            return Err(RegistryError::Misconfigured { setting: "region", expected, found: format!("`{region}`") });
        }
        let (access_key, secret_key, session_token) = match &config.credentials {
            Some(RegistryCredentials::Basic { username, password }) => {
                (username.clone(), password.clone(), glue.session_token.clone())
            }
            Some(RegistryCredentials::Bearer(_)) => {
                return Err(missing("access_key_id", "an access key of AWS, and no bearer token"));
            }
            None => {
                let (key, secret) = (environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"));
                let expected =
                    "an access key of AWS, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment";
                let (key, secret) = key.zip(secret).ok_or_else(|| missing("access_key_id", expected))?;
                let token = || environment("AWS_SESSION_TOKEN").map(Secret::new);
                (key, Secret::new(secret), glue.session_token.clone().or_else(token))
            }
        };
        let endpoint = match config.url.as_str() {
            // Regions of China have a domain of their own.
            "" if region.starts_with("cn-") => base_url(&format!("https://glue.{region}.amazonaws.com.cn/"))?,
            "" => base_url(&format!("https://glue.{region}.amazonaws.com/"))?,
            url => base_url(url)?,
        };
        let client = client(options, endpoint.scheme() == "https")?;
        let (retry, max_response_bytes) = (options.retry, options.max_response_bytes);
        Ok(Self { client, endpoint, region, access_key, secret_key, session_token, retry, max_response_bytes })
    }

    pub(super) fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// Asks, again where that may help: where the service is unreachable, broken or asks for fewer questions.
    pub(super) async fn ask(&self, action: &str, question: &Value) -> Result<Value, Failure> {
        let mut tries = 1;
        loop {
            let failure = match self.ask_once(action, question.to_string()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            tries += 1;
            match self.retry.pause_before(tries, None::<Duration>) {
                Some(pause) if failure.is_retryable() => tokio::time::sleep(pause).await,
                _ => return Err(failure),
            }
        }
    }

    async fn ask_once(&self, action: &str, body: String) -> Result<Value, Failure> {
        let unreachable = |e| {
            let (url, reason) = (self.endpoint.to_string(), self.without_secret(&reason_of(e)));
            Failure::Other(RegistryError::Unreachable { url, reason })
        };
        let (target, now) = (format!("AWSGlue.{action}"), Utc::now());
        let date = amz_date(now);
        let host = match (self.endpoint.host_str().unwrap_or_default(), self.endpoint.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        let token = self.session_token.as_ref().map(Secret::expose);
        let mut headers = vec![("content-type", MEDIA_TYPE), ("host", host.as_str()), ("x-amz-date", date.as_str())];
        headers.extend(token.map(|token| ("x-amz-security-token", token)));
        headers.push(("x-amz-target", target.as_str()));
        let signer = Signer {
            access_key: &self.access_key,
            secret_key: self.secret_key.expose(),
            region: &self.region,
            service: "glue",
        };
        let signed = signer.authorization("POST", self.endpoint.path(), &headers, body.as_bytes(), now);
        let mut request = self.client.post(self.endpoint.clone()).header(CONTENT_TYPE, MEDIA_TYPE);
        for (name, value) in headers.into_iter().filter(|(name, _)| name.starts_with("x-amz-")) {
            request = request.header(name, value);
        }
        let mut response = request.header("authorization", signed).body(body).send().await.map_err(unreachable)?;
        let (status, mut answer) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if chunk.len() > self.max_response_bytes - answer.len() {
                let (url, limit) = (self.endpoint.to_string(), self.max_response_bytes);
                return Err(Failure::Other(RegistryError::TooLarge { url, limit }));
            }
            answer.extend_from_slice(&chunk);
        }
        let value: Option<Value> = serde_json::from_slice(&answer).ok();
        match value {
            Some(value) if status.is_success() => Ok(value),
            // Some services put the exception's namespace in front of its name.
            Some(value) if value["__type"].is_string() => {
                let name =
                    value["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default().to_owned();
                let message = value["Message"].as_str().or(value["message"].as_str()).unwrap_or_default();
                Err(Failure::Exception { name, message: self.without_secret(message), status: status.as_u16() })
            }
            _ => {
                let text = self.without_secret(&String::from_utf8_lossy(&answer));
                let found = laminar_schema::error::cut(&text).to_string();
                let url = self.endpoint.to_string();
                Err(Failure::Other(match status.is_success() {
                    true => RegistryError::Malformed { url, expected: "JSON", found },
                    false => RegistryError::Refused { url, status: status.as_u16(), reason: found },
                }))
            }
        }
    }

    /// A text that an error may show.
    fn without_secret(&self, text: &str) -> String {
        let secrets = [Some(&self.secret_key), self.session_token.as_ref()];
        let secrets = secrets.into_iter().flatten().map(Secret::expose).filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl Failure {
    fn is_retryable(&self) -> bool {
        match self {
            // Registering the same again yields the same version, so that two who register at once may both try again.
            Self::Exception { name, status, .. } => {
                *status >= 500 || name.contains("Throttl") || name == "ConcurrentModificationException"
            }
            Self::Other(error) => error.is_retryable(),
        }
    }

    /// Whether there is no such thing.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Exception { name, .. } if name == "EntityNotFoundException")
    }

    /// Whether there was to be none.
    pub(super) fn is_there_already(&self) -> bool {
        matches!(self, Self::Exception { name, .. } if name == "AlreadyExistsException")
    }

    /// The error about `what`.
    pub(super) fn about(self, endpoint: &str, what: &str) -> RegistryError {
        match self {
            Self::Other(error) => error,
            failure if failure.is_not_found() => RegistryError::NotFound { what: what.to_owned() },
            Self::Exception { name, message, status } => {
                RegistryError::Refused { url: endpoint.to_owned(), status, reason: format!("{name}: {message}") }
            }
        }
    }
}
