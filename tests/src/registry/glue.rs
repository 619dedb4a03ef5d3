//! AWS Glue's schema registry in this process: a stand-in, over real HTTP on 127.0.0.1, with a store of its own.
//!
//! Actions, bodies and exceptions are those of AWS's API reference, not of our client. It looks at how a request is signed, and does not
//! check the signature, for which AWS has published cases. A version that is registered is first `PENDING`, as it is with AWS.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use super::{
    http::{Connection, Request},
    locked,
    reply::Reply,
};

/// The access key that it lets in.
pub const ACCESS_KEY: &str = "AKIDSTANDIN";

/// A running stand-in for the registry `orders` of the region `eu-central-1`; it stops when it is dropped.
#[derive(Debug)]
pub struct StandInGlue {
    address: SocketAddr,
    shared: Arc<Mutex<Store>>,
    server: AbortHandle,
}

#[derive(Debug, Default)]
struct Store {
    versions: Vec<Version>,
    counts: BTreeMap<String, usize>,
    /// Requests that are throttled before any other is answered.
    throttled: usize,
    /// What another is to create just before the next schema is.
    rival: Option<String>,
}

#[derive(Debug)]
struct Version {
    id: String,
    name: String,
    number: usize,
    format: String,
    definition: String,
    /// Times that it is still said to be checked.
    pending: usize,
    status: &'static str,
}

impl StandInGlue {
    /// Starts one.
    ///
    /// # Panics
    /// No port of 127.0.0.1 can be listened on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of 127.0.0.1");
        let address = listener.local_addr().expect("a socket that listens has an address");
        let shared: Arc<Mutex<Store>> = Arc::default();
        let server = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Self { address, shared, server }
    }

    /// Its endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a version of a schema into it, and yields its id, as messages have it.
    pub fn plant(&self, name: &str, format: &str, definition: &str) -> u128 {
        let mut store = locked(&self.shared);
        let at = store.add(name, format, definition, 0);
        u128::from_str_radix(&store.versions[at].id.replace('-', ""), 16).expect("a UUID")
    }

    /// Number of requests for an action.
    pub fn count(&self, action: &str) -> usize {
        locked(&self.shared).counts.get(action).copied().unwrap_or_default()
    }

    /// Throttles the next `times` requests.
    pub fn throttle(&self, times: usize) {
        locked(&self.shared).throttled = times;
    }

    /// Has another create the next schema that is to be created, with `definition`, just before.
    pub fn outrun(&self, definition: &str) {
        locked(&self.shared).rival = Some(definition.to_owned());
    }

    /// The latest definition of a schema.
    pub fn latest(&self, name: &str) -> Option<String> {
        locked(&self.shared).versions.iter().rev().find(|v| v.name == name).map(|v| v.definition.clone())
    }
}

impl Drop for StandInGlue {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Mutex<Store>>) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        open.spawn(async move {
            let mut connection = Connection::new(stream);
            while connection.wait().await.is_ok() {
                let Ok(request) = connection.request().await else { return };
                let answer = locked(&shared).answer(&request);
                let reply = answer.map_or_else(|error| error, |value| Reply::json(&value));
                if connection.reply(reply).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn exception(status: u16, name: &str, message: &str) -> Reply {
    Reply::new(status, json!({ "__type": name, "Message": message }).to_string())
}

impl Store {
    fn add(&mut self, name: &str, format: &str, definition: &str, pending: usize) -> usize {
        let at = self.versions.len();
        let number = self.versions.iter().filter(|version| version.name == name).count() + 1;
        let id = format!("5f7b1c2{:x}-0000-4000-8000-{at:012x}", at % 16);
        let (name, format, definition) = (name.to_owned(), format.to_owned(), definition.to_owned());
        self.versions.push(Version { id, name, number, format, definition, pending, status: "AVAILABLE" });
        at
    }

    fn answer(&mut self, request: &Request) -> Result<Value, Reply> {
        let target = request.header("x-amz-target").unwrap_or_default();
        let action = target.strip_prefix("AWSGlue.").unwrap_or_default().to_owned();
        *self.counts.entry(action.clone()).or_default() += 1;
        self.admit(request)?;
        if self.throttled > 0 {
            self.throttled -= 1;
            return Err(exception(400, "ThrottlingException", "Rate exceeded"));
        }
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|_| exception(400, "SerializationException", ""))?;
        let registry = body["SchemaId"]["RegistryName"].as_str().or(body["RegistryId"]["RegistryName"].as_str());
        if registry.is_some_and(|registry| registry != "orders") {
            return Err(exception(400, "EntityNotFoundException", "Registry is not found."));
        }
        let not_found = || exception(400, "EntityNotFoundException", "Schema is not found.");
        let name = body["SchemaId"]["SchemaName"].as_str().or(body["SchemaName"].as_str()).unwrap_or_default();
        let definition = body["SchemaDefinition"].as_str().unwrap_or_default();
        let last = self.versions.iter().rposition(|version| version.name == name);
        let at = match action.as_str() {
            "GetSchemaVersion" => match body["SchemaVersionId"].as_str() {
                Some(id) => self.versions.iter().position(|version| version.id == id),
                None if body["SchemaVersionNumber"]["LatestVersion"] == true => last,
                None => return Err(exception(400, "InvalidInputException", "SchemaVersionNumber")),
            },
            "GetSchemaByDefinition" => {
                self.versions.iter().position(|version| version.name == name && version.definition == definition)
            }
            "RegisterSchemaVersion" => {
                let format = self.versions[last.ok_or_else(not_found)?].format.clone();
                let at = self.add(name, &format, definition, 1);
                // Stands for the service's own check of compatibility.
                if definition.contains("incompatible") {
                    self.versions[at].status = "FAILURE";
                }
                Some(at)
            }
            "CreateSchema" if last.is_some() => return Err(exception(400, "AlreadyExistsException", name)),
            "CreateSchema" => {
                let format = body["DataFormat"].as_str().unwrap_or_default();
                if let Some(rival) = self.rival.take() {
                    self.add(name, format, &rival, 0);
                    return Err(exception(400, "AlreadyExistsException", name));
                }
                Some(self.add(name, format, definition, 0))
            }
            _ => return Err(exception(400, "UnknownOperationException", &action)),
        };
        let version = &mut self.versions[at.ok_or_else(not_found)?];
        let status = if version.pending > 0 { "PENDING" } else { version.status };
        if action == "GetSchemaVersion" {
            version.pending = version.pending.saturating_sub(1);
        }
        Ok(json!({
            "SchemaVersionId": version.id,
            "SchemaArn": format!("arn:aws:glue:eu-central-1:000000000000:schema/orders/{}", version.name),
            "SchemaDefinition": version.definition,
            "DataFormat": version.format,
            "VersionNumber": version.number,
            "Status": status,
        }))
    }

    /// Whether the request is one that AWS would look at further.
    fn admit(&self, request: &Request) -> Result<(), Reply> {
        let denied = |why: &str| Err(exception(400, "UnrecognizedClientException", why));
        if request.method != "POST" || request.header("content-type") != Some("application/x-amz-json-1.1") {
            return denied("expected a POST of application/x-amz-json-1.1");
        }
        let date = request.header("x-amz-date").unwrap_or_default();
        if date.len() != 16 || !date.ends_with('Z') {
            return denied("x-amz-date");
        }
        let token = request.header("x-amz-security-token").map_or("", |_| "x-amz-security-token;");
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{}/eu-central-1/glue/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;{token}x-amz-target, Signature=",
            &date[..8]
        );
        match request.header("authorization").and_then(|signed| signed.strip_prefix(&expected)) {
            Some(signature) if signature.len() == 64 => Ok(()),
            _ => denied("the security token included in the request is invalid"),
        }
    }
}
