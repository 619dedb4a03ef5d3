//! Answers about subjects, their versions, and what may follow them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    http::Request,
    reply::{self, Handled, Reply},
    store::{Store, StoredSchema, StoredVersion, context_of, qualified},
    validity,
};

/// A schema that is sent, with the id that a registry in the mode IMPORT takes.
#[derive(Deserialize)]
struct Sent {
    #[serde(flatten)]
    schema: StoredSchema,
    id: Option<u32>,
}

pub(super) fn handled(endpoint: &str, parts: &[&str], request: &Request, store: &mut Store) -> Handled {
    let subject = qualified(".", parts.get(1).copied().unwrap_or_default());
    let with_deleted = request.flag("deleted");
    match endpoint {
        "GET /subjects" => Ok(list(request, store)),
        "POST /subjects/{subject}" => lookup(&subject, request, store),
        "DELETE /subjects/{subject}" => delete(&subject, None, request.flag("permanent"), store),
        "POST /subjects/{subject}/versions" => register(&subject, request, store),
        "GET /subjects/{subject}/versions" => {
            let known = store.subjects.get(&subject).ok_or_else(|| reply::no_subject(&subject))?;
            let versions = known.versions.iter().filter(|version| with_deleted || !version.is_deleted);
            let versions: Vec<u32> = versions.map(|version| version.version).collect();
            if versions.is_empty() { Err(reply::no_subject(&subject)) } else { Ok(json!(versions)) }
        }
        "DELETE /subjects/{subject}/versions/{version}" => {
            let found = version(&subject, parts[3], true, store)?;
            delete(&subject, Some(found), request.flag("permanent"), store)
        }
        _ => {
            let found = version(&subject, parts[3], with_deleted, store)?;
            let schema = store.schema_of(&subject, &found).ok_or_else(|| reply::no_version(parts[3]))?;
            Ok(match parts.get(4).copied() {
                Some("schema") => serde_json::from_str(&schema.schema).unwrap_or_else(|_| schema.schema.clone().into()),
                Some(_) => json!(store.referring(&subject, found.version)),
                None => described(&subject, &found, schema),
            })
        }
    }
}

pub(super) fn compatibility(parts: &[&str], request: &Request, store: &Store) -> Handled {
    let subject = qualified(".", parts[2]);
    let sent = sent(request)?;
    validity::check(store, &subject, &sent.schema).map_err(|e| reply::invalid_schema(&e))?;
    let against = match parts.get(4) {
        Some(word) => vec![version(&subject, word, false, store)?],
        None => store.subjects.get(&subject).map(|known| known.live().copied().collect()).unwrap_or_default(),
    };
    let messages = store.objections(&subject, &sent.schema, &against);
    let is_compatible = messages.is_empty();
    Ok(if request.flag("verbose") {
        json!({ "is_compatible": is_compatible, "messages": messages })
    } else {
        json!({ "is_compatible": is_compatible })
    })
}

fn sent(request: &Request) -> Result<Sent, Reply> {
    serde_json::from_slice(&request.body).map_err(|e| reply::error(422, format!("Unprocessable: {e}")))
}

fn described(subject: &str, version: &StoredVersion, schema: &StoredSchema) -> Value {
    let mut value = json!(schema);
    value["subject"] = subject.into();
    value["id"] = version.id.into();
    value["version"] = version.version.into();
    value
}

fn list(request: &Request, store: &Store) -> Value {
    let (with_deleted, only_deleted) = (request.flag("deleted"), request.flag("deletedOnly"));
    // Confluent's default prefix is that of all contexts.
    let prefix = request.parameter("subjectPrefix").unwrap_or(":*:");
    let wanted = |subject: &&String| match prefix.strip_prefix(":*:") {
        Some(_) => true,
        None => subject.starts_with(prefix) && context_of(subject) == context_of(prefix),
    };
    let subjects = store.subjects.iter().filter(|(subject, known)| {
        let is_live = known.live().next().is_some();
        wanted(subject) && if only_deleted { !is_live } else { is_live || with_deleted }
    });
    subjects.map(|(subject, _)| subject.clone()).collect()
}

fn version(subject: &str, word: &str, with_deleted: bool, store: &Store) -> Result<StoredVersion, Reply> {
    let known = store.subjects.get(subject).filter(|known| with_deleted || known.live().next().is_some());
    let known = known.ok_or_else(|| reply::no_subject(subject))?;
    let found = match word {
        "latest" | "-1" => known.live().next_back(),
        _ => {
            let number: u32 = word.parse().ok().filter(|number| *number > 0).ok_or_else(|| {
                let message = format!("The specified version '{word}' is not a valid version id.");
                reply::error(42202, message)
            })?;
            known.versions.iter().find(|v| v.version == number && (with_deleted || !v.is_deleted))
        }
    };
    found.copied().ok_or_else(|| reply::no_version(word))
}

fn lookup(subject: &str, request: &Request, store: &Store) -> Handled {
    let sent = sent(request)?;
    let with_deleted = request.flag("deleted");
    let known = store.subjects.get(subject).filter(|known| with_deleted || known.live().next().is_some());
    known.ok_or_else(|| reply::no_subject(subject))?;
    let found = store.find(subject, &sent.schema, with_deleted);
    let found = found.ok_or_else(|| reply::error(40403, "Schema not found"))?;
    let schema = store.schema_of(subject, &found).ok_or_else(|| reply::error(40403, "Schema not found"))?;
    Ok(described(subject, &found, schema))
}

fn register(subject: &str, request: &Request, store: &mut Store) -> Handled {
    let Sent { schema, id: wanted } = sent(request)?;
    let mode = store.mode(subject).to_owned();
    if mode.starts_with("READONLY") {
        return Err(reply::error(42205, format!("Subject {subject} is in read-only mode")));
    }
    if wanted.is_some() != (mode == "IMPORT") {
        return Err(reply::error(42205, format!("Subject {subject} is not in import mode, or the id is missing")));
    }
    validity::check(store, subject, &schema).map_err(|e| reply::invalid_schema(&e))?;
    if let Some(known) = store.find(subject, &schema, false) {
        return Ok(json!({ "id": known.id }));
    }
    let live: Vec<_> = store.subjects.get(subject).map(|known| known.live().copied().collect()).unwrap_or_default();
    let messages = store.objections(subject, &schema, &live);
    if !messages.is_empty() && mode != "IMPORT" {
        let details = messages.join("; ");
        let message = format!(
            "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{details}]"
        );
        return Err(reply::error(409, message));
    }
    Ok(json!({ "id": store.add(subject, schema, wanted) }))
}

/// Deletes a version, or all of a subject.
fn delete(subject: &str, one: Option<StoredVersion>, is_permanent: bool, store: &mut Store) -> Handled {
    let known = store.subjects.get(subject).ok_or_else(|| reply::no_subject(subject))?;
    let meant = |v: &StoredVersion| one.is_none_or(|one| one.version == v.version);
    let versions: Vec<StoredVersion> = known.versions.iter().filter(|v| meant(v)).copied().collect();
    let is_deleted = versions.iter().all(|version| version.is_deleted);
    let number = one.map_or(0, |one| one.version);
    match (is_permanent, is_deleted, one.is_some()) {
        (false, true, false) => {
            let message = format!("Subject '{subject}' was soft deleted. Set permanent=true to delete permanently");
            return Err(reply::error(40404, message));
        }
        (true, false, false) => {
            return Err(reply::error(
                40405,
                format!("Subject '{subject}' was not deleted first before being permanently deleted"),
            ));
        }
        (false, true, true) => {
            let message = format!(
                "Subject '{subject}' Version {number} was soft deleted. Set permanent=true to delete permanently"
            );
            return Err(reply::error(40406, message));
        }
        (true, false, true) => {
            let message =
                format!("Subject '{subject}' Version {number} was not deleted first before being permanently deleted");
            return Err(reply::error(40407, message));
        }
        _ => {}
    }
    if let Some(used) = versions.iter().find(|v| !store.referring(subject, v.version).is_empty()) {
        let message =
            format!("One or more references exist to the schema {{subject={subject},version={}}}", used.version);
        return Err(reply::error(42206, message));
    }
    let concerned = |v: &StoredVersion| versions.iter().any(|one| one.version == v.version);
    let Some(known) = store.subjects.get_mut(subject) else { return Err(reply::no_subject(subject)) };
    let numbers: Vec<u32> = versions.iter().filter(|v| is_permanent || !v.is_deleted).map(|v| v.version).collect();
    if is_permanent {
        known.versions.retain(|v| !concerned(v));
        store.sweep();
    } else {
        known.versions.iter_mut().filter(|v| concerned(v)).for_each(|v| v.is_deleted = true);
    }
    Ok(if one.is_some() { json!(number) } else { json!(numbers) })
}
