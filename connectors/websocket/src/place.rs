//! Which end of a WebSocket we are, and whether the options of a connection agree.

use laminar_schema::{SchemaResult, config::ConfigError};
use tokio_tungstenite::tungstenite::http::Uri;

use crate::config::LinkOptions;

/// The server that a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
    /// The URL without what stands behind a `?`, which may be a key: for people.
    pub(crate) about: String,
}

/// Which end of a WebSocket we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A client of that server.
    Client(Target),
    /// A server at that address.
    Server(String),
}

impl Place {
    /// What is read or written, for people and as a partition.
    pub(crate) fn about(&self, link: &LinkOptions) -> String {
        match self {
            Self::Client(target) => target.about.clone(),
            Self::Server(address) => {
                let scheme = if link.tls_certificate.is_some() { "wss" } else { "ws" };
                format!("{scheme}://{address}{}", link.path)
            }
        }
    }

    /// Checks the options of a connection against each other. Does no I/O.
    ///
    /// # Errors
    /// What a person must change.
    pub(crate) fn of(link: &LinkOptions) -> SchemaResult<Self> {
        let wrong =
            |key: &str, expected: &str, reason: &str| Err(ConfigError::invalid(key, "", expected, reason).into());
        if link.user.is_some() != link.password.is_some() {
            let (missing, given) = if link.user.is_some() { ("password", "user") } else { ("user", "password") };
            return wrong(missing, &format!("a value beside `{given}`"), "");
        }
        if link.token.is_some() && link.user.is_some() {
            return wrong("token", "no `user` beside it", "one is enough");
        }
        if link.tls_certificate.is_some() != link.tls_key.is_some() {
            return wrong("tls_certificate", "a file, with `tls_key`", "a certificate is shown with its key");
        }
        if link.ping_interval.is_zero() || link.ping_interval >= link.idle_timeout {
            return wrong(
                "ping_interval",
                "less than `idle_timeout`",
                "an answer keeps a connection from counting as lost",
            );
        }
        match (&link.url, &link.listen) {
            (None, None) => wrong(
                "url",
                "ws://host:port/path, or `listen` to be a server",
                "it says where messages come from and go to",
            ),
            (Some(_), Some(address)) => {
                Err(ConfigError::invalid("listen", address, "no `url` beside it", "one is enough").into())
            }
            (Some(_), None) if link.path != "/" => {
                let (expected, reason) =
                    ("`listen` in place of `url`", "it says what clients ask for; a URL has its own");
                Err(ConfigError::invalid("path", &link.path, expected, reason).into())
            }
            (Some(url), None) => Ok(Self::Client(target(url)?)),
            (None, Some(_)) if !link.path.starts_with('/') => {
                wrong("path", "a path such as /feed", "it begins with a slash")
            }
            (None, Some(_)) if link.headers.is_some() || link.login.is_some() => wrong(
                "headers",
                "`url` in place of `listen`",
                "headers and `login` are for servers that are connected to",
            ),
            (None, Some(_)) if link.tls_ca.is_some() && link.tls_certificate.is_none() => {
                wrong("tls_certificate", "a file", "a server needs one before it can ask its clients for theirs")
            }
            (None, Some(address)) => match address.rsplit_once(':') {
                Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                    Ok(Self::Server(address.clone()))
                }
                _ => Err(ConfigError::invalid("listen", address, "host:port", "such as 127.0.0.1:9001").into()),
            },
        }
    }
}

fn target(url: &str) -> SchemaResult<Target> {
    // What stands before an `@` or behind a `?` may be a password, and is not repeated.
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let wrong =
        |found: &str, reason: &str| ConfigError::invalid("url", found, "ws://host:port/path or wss://…", reason);
    if shown.contains('@') {
        let reason = "credentials do not belong into an address, which is shown; use `user` and `password`, or `token`";
        return Err(wrong("***", reason).into());
    }
    let uri: Uri = url.parse().map_err(|_| wrong(shown, "it is no URL"))?;
    let is_tls = match uri.scheme_str() {
        Some("ws") => false,
        Some("wss") => true,
        _ => return Err(wrong(shown, "it begins neither with ws:// nor with wss://").into()),
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return Err(wrong(shown, "it names no host").into());
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    Ok(Target { host, port, is_tls, about: shown.to_owned(), uri })
}

#[cfg(test)]
mod tests {
    use laminar_schema::{ConnectorConfig, Options};

    use super::*;

    fn place(pairs: &[(&str, &str)]) -> Result<Place, String> {
        let link = LinkOptions::from_options(&Options::from_pairs(pairs.iter().copied())).map_err(|e| e.to_string())?;
        Place::of(&link).map_err(|e| e.to_string())
    }

    #[test]
    fn urls_name_servers() {
        let check = |url: &str, host: &str, port: u16, is_tls: bool, about: &str| {
            let Ok(Place::Client(target)) = place(&[("url", url)]) else { panic!("{url} is refused") };
            assert_eq!((&*target.host, target.port, target.is_tls, &*target.about), (host, port, is_tls, about));
        };
        check("ws://a.b/c?token=hunter2", "a.b", 80, false, "ws://a.b/c");
        check("wss://a", "a", 443, true, "wss://a");
        check("ws://[::1]:9/", "::1", 9, false, "ws://[::1]:9/");
    }

    #[test]
    fn options_that_contradict_each_other_are_told_by_name() {
        let fails = |pairs: &[(&str, &str)], expected: &str| {
            let error = place(pairs).err().unwrap_or_default();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{pairs:?}: {error}");
        };
        let url = ("url", "ws://a/");
        fails(&[], "or `listen` to be a server");
        fails(&[url, ("listen", "a:1")], "no `url` beside it");
        fails(&[url, ("path", "/feed")], "`listen` in place of `url`");
        fails(&[("url", "ws://u:hunter2@a/")], "use `user` and `password`");
        fails(&[("url", "http://a/?k=hunter2")], "neither with ws://");
        fails(&[("url", "a b")], "it is no URL");
        fails(&[url, ("user", "u")], "`password`");
        fails(&[url, ("password", "hunter2")], "`user`");
        fails(&[url, ("user", "u"), ("password", "hunter2"), ("token", "hunter2")], "no `user` beside it");
        fails(&[url, ("tls_key", "k.pem")], "tls_certificate");
        fails(&[url, ("ping_interval", "1m")], "less than `idle_timeout`");
        fails(&[("listen", "9001")], "127.0.0.1:9001");
        fails(&[("listen", "a:9001"), ("path", "feed")], "begins with a slash");
        fails(&[("listen", "a:9001"), ("login", "hunter2")], "`url` in place of `listen`");
        fails(&[("listen", "a:9001"), ("tls_ca", "a.pem")], "tls_certificate");
    }
}
