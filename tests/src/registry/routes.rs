//! Which request is for what, and the answers that are about no subject.

use serde_json::{Value, json};

use super::{
    http::Request,
    reply::{self, Handled, Reply},
    store::{Store, context_of, qualified},
    subjects,
};

/// The endpoint of a request, as the documentation writes it.
pub(super) fn endpoint(request: &Request, prefix: &str) -> Option<&'static str> {
    let parts = below(request, prefix)?;
    let get = request.method == "GET";
    Some(match (request.method.as_str(), &parts[..]) {
        ("GET", ["schemas", "types"]) => "GET /schemas/types",
        ("GET", ["schemas", "ids", _]) => "GET /schemas/ids/{id}",
        ("GET", ["schemas", "ids", _, "schema"]) => "GET /schemas/ids/{id}/schema",
        ("GET", ["schemas", "ids", _, "subjects"]) => "GET /schemas/ids/{id}/subjects",
        ("GET", ["schemas", "ids", _, "versions"]) => "GET /schemas/ids/{id}/versions",
        ("GET", ["contexts"]) => "GET /contexts",
        ("GET", ["subjects"]) => "GET /subjects",
        ("POST", ["subjects", _]) => "POST /subjects/{subject}",
        ("DELETE", ["subjects", _]) => "DELETE /subjects/{subject}",
        ("GET", ["subjects", _, "versions"]) => "GET /subjects/{subject}/versions",
        ("POST", ["subjects", _, "versions"]) => "POST /subjects/{subject}/versions",
        ("GET", ["subjects", _, "versions", _]) => "GET /subjects/{subject}/versions/{version}",
        ("DELETE", ["subjects", _, "versions", _]) => "DELETE /subjects/{subject}/versions/{version}",
        ("GET", ["subjects", _, "versions", _, "schema"]) => "GET /subjects/{subject}/versions/{version}/schema",
        ("GET", ["subjects", _, "versions", _, "referencedby"]) => {
            "GET /subjects/{subject}/versions/{version}/referencedby"
        }
        ("POST", ["compatibility", "subjects", _, "versions"]) => "POST /compatibility/subjects/{subject}/versions",
        ("POST", ["compatibility", "subjects", _, "versions", _]) => {
            "POST /compatibility/subjects/{subject}/versions/{version}"
        }
        ("GET" | "PUT", ["config"]) => {
            if get {
                "GET /config"
            } else {
                "PUT /config"
            }
        }
        ("GET", ["config", _]) => "GET /config/{subject}",
        ("PUT", ["config", _]) => "PUT /config/{subject}",
        ("DELETE", ["config", _]) => "DELETE /config/{subject}",
        ("GET" | "PUT", ["mode"]) => {
            if get {
                "GET /mode"
            } else {
                "PUT /mode"
            }
        }
        ("GET", ["mode", _]) => "GET /mode/{subject}",
        ("PUT", ["mode", _]) => "PUT /mode/{subject}",
        ("DELETE", ["mode", _]) => "DELETE /mode/{subject}",
        _ => return None,
    })
}

/// Answers a request for an endpoint.
pub(super) fn answer(endpoint: &str, request: &Request, prefix: &str, store: &mut Store) -> Reply {
    let parts = below(request, prefix).unwrap_or_default();
    handled(endpoint, &parts, request, store).map_or_else(|error| error, |value| Reply::json(&value))
}

/// The parts of the path below the API's prefix.
fn below<'r>(request: &'r Request, prefix: &str) -> Option<Vec<&'r str>> {
    let mut parts = request.path.iter().map(String::as_str);
    let is_below = prefix.split('/').filter(|part| !part.is_empty()).all(|part| parts.next() == Some(part));
    is_below.then(|| parts.collect())
}

fn handled(endpoint: &str, parts: &[&str], request: &Request, store: &mut Store) -> Handled {
    let setting = |store: &mut Store, setting: Setting| setting.handled(parts.get(1).copied(), request, store);
    match (parts[0], endpoint) {
        ("config", _) => setting(store, LEVEL),
        ("mode", _) => setting(store, MODE),
        ("contexts", _) => Ok(json!(store.contexts())),
        (_, "GET /schemas/types") => Ok(json!(["JSON", "PROTOBUF", "AVRO"])),
        ("schemas", _) => by_id(parts, request, store),
        ("compatibility", _) => subjects::compatibility(parts, request, store),
        _ => subjects::handled(endpoint, parts, request, store),
    }
}

/// What there is about an id, in the context of the parameter `subject`.
fn by_id(parts: &[&str], request: &Request, store: &Store) -> Handled {
    let context = context_of(request.parameter("subject").unwrap_or_default());
    let found = parts[2].parse().ok().and_then(|id| Some((id, store.schema(context, id)?)));
    let (id, schema) = found.ok_or_else(|| reply::no_schema(parts[2]))?;
    let with_deleted = request.flag("deleted");
    let versions = store.subjects.iter().filter(|(subject, _)| context_of(subject) == context);
    let versions = versions.flat_map(|(subject, all)| all.versions.iter().map(move |version| (subject, version)));
    let versions = versions.filter(|(_, version)| version.id == id && (with_deleted || !version.is_deleted));
    Ok(match parts.get(3).copied() {
        None => json!(schema),
        Some("schema") => serde_json::from_str(&schema.schema).unwrap_or_else(|_| schema.schema.clone().into()),
        Some("subjects") => versions.map(|(subject, _)| subject.clone()).collect(),
        _ => versions.map(|(subject, v)| json!({ "subject": subject, "version": v.version })).collect(),
    })
}

/// A rule of the registry or of a subject.
struct Setting {
    /// Key in the body of a PUT and of its answer.
    set_key: &'static str,
    /// Key in the answer of a GET.
    get_key: &'static str,
    words: &'static [&'static str],
    /// Code of a word that is none, with its message.
    unknown: (u32, &'static str),
    /// Code for a subject that has none of its own.
    absent: u32,
    of: fn(&mut Store) -> &mut std::collections::BTreeMap<String, String>,
}

const LEVEL: Setting = Setting {
    set_key: "compatibility",
    get_key: "compatibilityLevel",
    words: &["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"],
    unknown: (42203, "Invalid compatibility level"),
    absent: 40408,
    of: |store| &mut store.levels,
};

const MODE: Setting = Setting {
    set_key: "mode",
    get_key: "mode",
    words: &["READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT"],
    unknown: (42204, "Invalid mode"),
    absent: 40409,
    of: |store| &mut store.modes,
};

impl Setting {
    fn handled(&self, subject: Option<&str>, request: &Request, store: &mut Store) -> Handled {
        let subject = subject.map(|subject| qualified(".", subject)).unwrap_or_default();
        let values = (self.of)(store);
        let absent = || {
            let message = format!("Subject '{subject}' does not have subject-level {} configured", self.set_key);
            reply::error(self.absent, message)
        };
        match request.method.as_str() {
            "PUT" => {
                let body: Value =
                    serde_json::from_slice(&request.body).map_err(|e| reply::error(400, e.to_string()))?;
                let word = body[self.set_key].as_str().filter(|word| self.words.contains(word));
                let word = word.ok_or_else(|| reply::error(self.unknown.0, self.unknown.1))?;
                values.insert(subject, word.to_owned());
                Ok(json!({ self.set_key: word }))
            }
            "DELETE" => values.remove(&subject).map(|word| json!({ self.get_key: word })).ok_or_else(absent),
            _ => {
                let own = values.get(&subject);
                let global = values.get("").filter(|_| request.flag("defaultToGlobal"));
                own.or(global).map(|word| json!({ self.get_key: word })).ok_or_else(absent)
            }
        }
    }
}
