//! The whole API, against the stand-in, and against a real registry where `LAMINAR_TEST_REGISTRY` has its URL.

use laminar_registry::{
    ClientOptions, Compatibility, Deleted, Deletion, Mode, Normalize, Reference, RegistryClient, SchemaText, Version,
};
use laminar_schema::{CompatibilityMode, RegistryError, RegistrySchemaType};
use laminar_tests::registry::{Checker, StandInOptions, StandInRegistry};

use crate::{client, config, quick, record};

const PLAIN: Normalize = Normalize::AsConfigured;
const LIVE: Deleted = Deleted::Without;

/// Subjects of this run alone: a real registry keeps those of earlier ones.
fn unique(name: &str) -> String {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    format!("laminar-{nanos}-{name}")
}

fn is_not_found<T: std::fmt::Debug>(result: Result<T, RegistryError>, expected: &str) {
    match result {
        Err(RegistryError::NotFound { what }) => assert_eq!(what, expected),
        other => panic!("expected no {expected}, found {other:?}"),
    }
}

/// Subjects, versions and ids, from the first registration to the last deletion.
async fn subjects(client: &RegistryClient) {
    let subject = &unique("a");
    is_not_found(client.versions(subject, LIVE).await, &format!("subject `{subject}`"));
    is_not_found(client.latest(subject).await, &format!("subject `{subject}`"));

    let (first, second) = (record("A", &["x"]), record("A", &[]));
    let first_id = client.register(subject, &first, PLAIN).await.unwrap();
    assert_eq!(
        client.register(subject, &first, PLAIN).await.unwrap(),
        first_id,
        "registering twice is registering once"
    );
    let second_id = client.register(subject, &second, Normalize::Yes).await.unwrap();
    assert_ne!(first_id, second_id);

    assert!(client.subjects(subject, LIVE).await.unwrap().contains(subject));
    assert_eq!(client.versions(subject, LIVE).await.unwrap(), [1, 2]);
    let version = client.version(subject, Version::Number(1), LIVE).await.unwrap();
    assert_eq!((version.id, version.version, &version.subject), (first_id, 1, subject));
    assert_eq!(version.text.schema_type, RegistrySchemaType::Avro);
    let latest = client.version(subject, Version::Latest, LIVE).await.unwrap();
    assert_eq!((latest.id, latest.version), (second_id, 2));
    is_not_found(client.version(subject, Version::Number(9), LIVE).await, &format!("version 9 of subject `{subject}`"));

    assert_eq!(*client.schema_by_id(first_id).await.unwrap(), *version.text);
    is_not_found(client.schema_by_id(2_000_000_000).await, "schema with id 2000000000");
    let users = client.versions_of_id(first_id, LIVE).await.unwrap();
    assert!(users.iter().any(|user| user.subject == *subject && user.version == 1), "{users:?}");

    let found = client.lookup(subject, &first, PLAIN, LIVE).await.unwrap();
    assert_eq!((found.id, found.version), (first_id, 1));
    let what = format!("version of subject `{subject}` with this schema");
    is_not_found(client.lookup(subject, &record("A", &["z"]), PLAIN, LIVE).await, &what);

    let broken = SchemaText::new(RegistrySchemaType::Avro, r#"{"type": "nonsense"}"#);
    let refused = client.register(subject, &broken, PLAIN).await;
    assert!(matches!(refused, Err(RegistryError::InvalidSchema { .. })), "{refused:?}");

    assert_eq!(client.delete_version(subject, Version::Number(1), Deletion::Soft).await.unwrap(), 1);
    assert_eq!(client.versions(subject, LIVE).await.unwrap(), [2]);
    assert_eq!(client.versions(subject, Deleted::With).await.unwrap(), [1, 2]);
    assert!(client.version(subject, Version::Number(1), LIVE).await.is_err());
    assert_eq!(client.version(subject, Version::Number(1), Deleted::With).await.unwrap().id, first_id);
    assert_eq!(client.delete_version(subject, Version::Number(1), Deletion::Permanent).await.unwrap(), 1);
    assert_eq!(client.versions(subject, Deleted::With).await.unwrap(), [2]);

    let what = format!("subject `{subject}` in a state that can be deleted so");
    is_not_found(client.delete_subject(subject, Deletion::Permanent).await, &what);
    assert_eq!(client.delete_subject(subject, Deletion::Soft).await.unwrap(), [2]);
    assert!(!client.subjects(subject, LIVE).await.unwrap().contains(subject));
    assert!(client.subjects(subject, Deleted::With).await.unwrap().contains(subject));
    assert_eq!(client.delete_subject(subject, Deletion::Permanent).await.unwrap(), [2]);
    is_not_found(client.delete_subject(subject, Deletion::Soft).await, &format!("subject `{subject}`"));
}

/// All three languages, with references.
async fn languages(client: &RegistryClient) {
    let types = client.schema_types().await.unwrap();
    assert!(types.iter().any(|word| word == "AVRO"), "{types:?}");
    let city = r#"{"type": "record", "name": "City", "namespace": "geo", "fields": [{"name": "n", "type": "string"}]}"#;
    let order = r#"{"type": "record", "name": "Order", "fields": [{"name": "to", "type": "geo.City"}]}"#;
    let place = "syntax = \"proto3\";\nmessage Place { string n = 1; }\n";
    let trip = "syntax = \"proto3\";\nimport \"place.proto\";\nmessage Trip { Place to = 1; }\n";
    let size = r#"{"type": "integer"}"#;
    let item = r#"{"type": "object", "properties": {"size": {"$ref": "size.json"}}}"#;
    for (schema_type, name, inner, outer) in [
        (RegistrySchemaType::Avro, "geo.City", city, order),
        (RegistrySchemaType::Protobuf, "place.proto", place, trip),
        (RegistrySchemaType::JsonSchema, "size.json", size, item),
    ] {
        let (inner_subject, outer_subject) = (unique("inner"), unique("outer"));
        client.register(&inner_subject, &SchemaText::new(schema_type, inner), PLAIN).await.unwrap();
        let references = [Reference::new(name, &inner_subject, 1)];
        let text = SchemaText::new(schema_type, outer).with_references(references);
        let id = client.register(&outer_subject, &text, PLAIN).await.unwrap();
        assert_eq!(client.referenced_by(&inner_subject, Version::Number(1)).await.unwrap(), [id]);
        let latest = client.latest(&outer_subject).await.unwrap().schema;
        assert_eq!(latest.text.references, text.references);
        assert_eq!(latest.text.schema_type, schema_type);
        let all = client.with_references(&latest).await.unwrap();
        assert_eq!(all.referenced.len(), 1);
        assert_eq!(all.referenced[0].0, name);
        // What others refer to stays.
        let refused = client.delete_subject(&inner_subject, Deletion::Soft).await;
        assert!(matches!(refused, Err(RegistryError::Refused { status: 422, .. })), "{refused:?}");
    }
    let missing =
        SchemaText::new(RegistrySchemaType::Avro, order).with_references([Reference::new("geo.City", "none", 1)]);
    let refused = client.register(&unique("missing"), &missing, PLAIN).await;
    assert!(matches!(refused, Err(RegistryError::InvalidSchema { .. })), "{refused:?}");
}

/// Rules: of the registry, and of a subject over it.
async fn rules(client: &RegistryClient) {
    let subject = &unique("rules");
    client.register(subject, &record("R", &[]), PLAIN).await.unwrap();
    let global = client.compatibility_mode(None).await.unwrap();
    assert_eq!(client.compatibility_mode(Some(subject)).await.unwrap(), global, "the registry's rule applies");
    for (_, mode) in CompatibilityMode::NAMES {
        assert_eq!(client.set_compatibility_mode(Some(subject), mode).await.unwrap(), mode);
        assert_eq!(client.compatibility_mode(Some(subject)).await.unwrap(), mode);
    }
    assert_eq!(client.delete_compatibility_mode(subject).await.unwrap(), CompatibilityMode::FullTransitive);
    assert_eq!(client.compatibility_mode(Some(subject)).await.unwrap(), global);
    for against in [None, Some(Version::Latest), Some(Version::Number(1))] {
        let answer = client.compatibility(subject, against, &record("R", &[]), PLAIN).await.unwrap();
        assert!(answer.is_compatible, "{answer:?}");
    }
}

/// What a subject lets be done.
async fn modes(client: &RegistryClient) {
    let subject = &unique("modes");
    assert_eq!(client.mode(None).await.unwrap(), Mode::ReadWrite);
    assert_eq!(client.set_mode(Some(subject), Mode::ReadOnly).await.unwrap(), Mode::ReadOnly);
    assert_eq!(client.mode(Some(subject)).await.unwrap(), Mode::ReadOnly);
    let refused = client.register(subject, &record("M", &["x"]), PLAIN).await;
    assert!(matches!(refused, Err(RegistryError::Refused { status: 422, .. })), "{refused:?}");
    assert_eq!(client.delete_mode(subject).await.unwrap(), Mode::ReadOnly);
    client.register(subject, &record("M", &["x"]), PLAIN).await.unwrap();
}

async fn whole_api(url: &str) {
    let client = client(url);
    subjects(&client).await;
    languages(&client).await;
    rules(&client).await;
    modes(&client).await;
}

#[tokio::test]
async fn the_whole_api_of_the_stand_in() {
    let registry = StandInRegistry::start().await;
    whole_api(&registry.url()).await;
}

#[tokio::test]
async fn the_whole_api_below_a_path_as_apicurio_has_it() {
    let options = StandInOptions { prefix: "/apis/ccompat/v7".to_owned(), ..StandInOptions::default() };
    let registry = StandInRegistry::with(options).await;
    whole_api(&registry.url()).await;
    whole_api(&format!("{}/", registry.url())).await;
}

#[tokio::test]
async fn the_whole_api_of_a_real_registry() {
    match std::env::var("LAMINAR_TEST_REGISTRY") {
        Ok(url) => whole_api(&url).await,
        Err(_) => println!("skipped: LAMINAR_TEST_REGISTRY has no URL of a registry"),
    }
}

#[tokio::test]
async fn contexts_keep_subjects_and_ids_apart() {
    let registry = StandInRegistry::start().await;
    let default = client(&registry.url());
    let options = ClientOptions { context: Some(".eu".to_owned()), ..quick() };
    let eu = RegistryClient::new(&config(&registry.url(), None), options).unwrap();
    assert_eq!(default.register("s", &record("Here", &["x"]), PLAIN).await.unwrap(), 1);
    assert_eq!(eu.register("s", &record("There", &["x"]), PLAIN).await.unwrap(), 1);
    assert!(default.schema_by_id(1).await.unwrap().schema.contains("Here"));
    assert!(eu.schema_by_id(1).await.unwrap().schema.contains("There"));
    assert_eq!(eu.latest("s").await.unwrap().schema.subject, ":.eu:s");
    // A subject with its context, asked for by a client of another one, leaves that one's ids alone.
    assert!(default.latest(":.eu:s").await.unwrap().schema.text.schema.contains("There"));
    assert!(default.schema_by_id(1).await.unwrap().schema.contains("Here"));
    assert_eq!(eu.subjects("", LIVE).await.unwrap(), [":.eu:s"]);
    assert_eq!(default.subjects("", LIVE).await.unwrap(), ["s"]);
    assert_eq!(default.contexts().await.unwrap(), [".", ".eu"]);
    assert_eq!(eu.set_mode(None, Mode::ReadOnly).await.unwrap(), Mode::ReadOnly);
    assert_eq!(default.mode(None).await.unwrap(), Mode::ReadWrite);
}

#[tokio::test]
async fn subjects_may_have_any_name() {
    let registry = StandInRegistry::start().await;
    let client = client(&registry.url());
    for subject in ["a/b", "a b", "100%", "größe?x=1#y", "a+b"] {
        client.register(subject, &record("N", &["x"]), PLAIN).await.unwrap();
        assert_eq!(client.versions(subject, LIVE).await.unwrap(), [1], "{subject}");
    }
    for subject in ["", ".", ".."] {
        let error = client.versions(subject, LIVE).await.unwrap_err();
        assert!(matches!(error, RegistryError::Misconfigured { setting: "subject", .. }), "{error}");
    }
}

#[tokio::test]
async fn what_the_checker_says_reaches_the_client() {
    let checker = Checker::new(|mode, new, earlier| {
        let grew = earlier.iter().any(|old| new.schema.len() > old.schema.len());
        if grew { vec![format!("it grew, which {mode} forbids")] } else { Vec::new() }
    });
    let registry = StandInRegistry::with(StandInOptions { checker: Some(checker), ..StandInOptions::default() }).await;
    let client = client(&registry.url());
    client.register("s", &record("S", &["x"]), PLAIN).await.unwrap();
    let larger = record("S", &["x", "y"]);
    let message = "it grew, which BACKWARD forbids".to_owned();
    let answer = client.compatibility("s", Some(Version::Latest), &larger, PLAIN).await.unwrap();
    assert_eq!(answer, Compatibility { is_compatible: false, messages: vec![message] });
    let error = client.register("s", &larger, PLAIN).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Incompatible { subject, .. } if subject == "s"), "{error}");
    assert!(error.to_string().contains("it grew"), "{error}");
    client.set_compatibility_mode(Some("s"), CompatibilityMode::None).await.unwrap();
    client.register("s", &larger, PLAIN).await.unwrap();
}
