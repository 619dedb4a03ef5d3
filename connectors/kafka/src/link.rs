//! What every client of ours brings along: librdkafka's complaints, which the errors of calls do not tell, and tokens for
//! brokers that want some.

use std::{
    error::Error,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use laminar_schema::{SchemaError, SchemaResult, Secret};
use rdkafka::{
    ClientConfig, ClientContext,
    client::OAuthToken,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
};

use crate::{
    config::SecurityOptions,
    error::{self, KafkaFault},
};

/// How long a token is used that does not say when it ends.
const TOKEN_LIFETIME: Duration = Duration::from_secs(300);

/// How long to wait for librdkafka to ask for a token.
const TOKEN_PATIENCE: Duration = Duration::from_secs(5);

/// How often to ask librdkafka for a complaint that it may not have.
const LISTENINGS: usize = 50;

/// Characters of a complaint that are shown: librdkafka names the broker, the call of OpenSSL and its reason.
const MAX_COMPLAINT_CHARS: usize = 300;

/// A client's context, by itself or as a part of one.
pub(crate) struct Link {
    /// Why a broker cannot be reached, as librdkafka said last.
    complaint: Mutex<Option<String>>,
    token: Option<Token>,
    was_asked: AtomicBool,
}

/// Where tokens come from.
enum Token {
    Given(Secret),
    /// Read again each time one is needed.
    File(PathBuf),
}

/// A context that has a link.
pub(crate) trait Linked: ConsumerContext {
    fn link(&self) -> &Link;
}

impl Link {
    pub(crate) fn new(options: &SecurityOptions) -> Self {
        let token = match (&options.token, &options.token_file) {
            (Some(token), _) => Some(Token::Given(token.clone())),
            (None, Some(path)) => Some(Token::File(path.clone())),
            (None, None) => None,
        };
        Self { complaint: Mutex::new(None), token, was_asked: AtomicBool::new(false) }
    }

    /// An error of a call, with what librdkafka complained of meanwhile.
    #[cold]
    pub(crate) fn failed(&self, action: &'static str, target: impl ToString, source: KafkaError) -> SchemaError {
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner).take();
        KafkaFault::Client { target: target.to_string(), source, complaint }.during(action)
    }

    fn text(&self) -> Result<String, Box<dyn Error>> {
        match &self.token {
            None => Err("no token is given: write 'sasl.oauthbearer.token' or 'sasl.oauthbearer.token_file'".into()),
            Some(Token::Given(token)) => Ok(token.expose().to_owned()),
            Some(Token::File(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|e| format!("the token cannot be read from {}: {e}", path.display()))?;
                Ok(text.trim().to_owned())
            }
        }
    }
}

impl ClientContext for Link {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn error(&self, error: KafkaError, reason: &str) {
        // That none is left says less than why the last one was lost.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            *self.complaint.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown(reason));
        }
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.was_asked.store(true, Ordering::Relaxed);
        let token = self.text()?;
        let claims = Claims::of(&token);
        Ok(OAuthToken { principal_name: claims.subject, lifetime_ms: claims.expires_ms, token })
    }
}

impl ConsumerContext for Link {}

impl Linked for Link {
    fn link(&self) -> &Link {
        self
    }
}

/// Makes a consumer, and sees that it has a token where brokers want one: calls that wait for brokers do not serve the
/// callback that fetches it.
pub(crate) fn consumer<C: Linked>(config: &ClientConfig, brokers: &str, context: C) -> SchemaResult<BaseConsumer<C>> {
    let consumer: BaseConsumer<C> =
        config.create_with_context(context).map_err(|e| error::client("make a consumer", brokers, e))?;
    let link = consumer.context().link();
    if link.token.is_some() {
        let deadline = Instant::now() + TOKEN_PATIENCE;
        while !link.was_asked.load(Ordering::Relaxed) && Instant::now() < deadline {
            // Nothing is assigned yet, so that no record can come.
            let _ = consumer.poll(Duration::from_millis(10));
        }
    }
    Ok(consumer)
}

/// What is shown of a complaint: brokers choose parts of its text.
fn shown(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_control()).take(MAX_COMPLAINT_CHARS).collect()
}

/// Lets a consumer that nobody polls hear what librdkafka has to say. Not one with a reader: what is heard here is only kept as a
/// complaint.
pub(crate) fn listen<C: Linked>(consumer: &BaseConsumer<C>) {
    let link = consumer.context().link();
    // A poll serves one event, and the first ones tell less than the later ones.
    for _ in 0..LISTENINGS {
        if link.complaint.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return;
        }
        let _ = consumer.poll(Duration::from_millis(1));
    }
}

/// What a token says of itself, as far as it is a JWT (RFC 7519).
struct Claims {
    subject: String,
    expires_ms: i64,
}

impl Claims {
    fn of(token: &str) -> Self {
        let payload = token.split('.').nth(1).and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let payload = payload.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        let claim = |name: &str| payload.as_ref().and_then(|payload| payload.get(name));
        let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TOKEN_LIFETIME;
        Self {
            subject: claim("sub").and_then(|sub| sub.as_str()).unwrap_or_default().to_owned(),
            expires_ms: match claim("exp").and_then(serde_json::Value::as_f64) {
                Some(seconds) => (seconds * 1000.0) as i64,
                None => i64::try_from(soon.as_millis()).unwrap_or(i64::MAX),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_say_whose_they_are_and_until_when() {
        let jwt = |claims: &str| format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims));
        let check = |token: &str, subject: &str, expires_ms: Option<i64>| {
            let claims = Claims::of(token);
            assert_eq!(claims.subject, subject, "{token}");
            match expires_ms {
                Some(expected) => assert_eq!(claims.expires_ms, expected, "{token}"),
                None => assert!(claims.expires_ms > 1_700_000_000_000, "{token}"),
            }
        };
        check(&jwt(r#"{"sub":"ann","exp":1800000000}"#), "ann", Some(1_800_000_000_000));
        check(&jwt(r#"{"sub":7}"#), "", None);
        check("opaque", "", None);
        check("a.%%%.c", "", None);
    }
}
