//! Schemas that refer to others: what is fetched, in which order, how far, and the columns of it all.

use laminar_formats::protobuf::{ProtobufDecoder, ProtobufOptions};
use laminar_registry::{ClientOptions, ReferencedSchemas, RegistryClient};
use laminar_schema::{
    ConnectorConfig, FormatDecoder, Options, RawBatch, RegistryError, RegistrySchemaType, SchemaRegistryAware,
    format::{WriterSchema, WriterSchemaId},
};
use laminar_tests::registry::{StandInRegistry, StoredSchema};

use crate::{client, config, quick};

async fn all_of(client: &RegistryClient, subject: &str) -> Result<ReferencedSchemas, RegistryError> {
    let latest = client.latest(subject).await?;
    client.with_references(&latest.schema).await
}

fn avro(name: &str, fields: &[(&str, &str)]) -> StoredSchema {
    let fields: Vec<_> = fields.iter().map(|(name, of)| serde_json::json!({ "name": name, "type": of })).collect();
    StoredSchema::avro(serde_json::json!({ "type": "record", "name": name, "fields": fields }).to_string())
}

#[tokio::test]
async fn avro_types_of_other_subjects_become_columns() {
    let registry = StandInRegistry::start().await;
    registry.plant("country", avro("geo.Country", &[("code", "string")]));
    registry.plant("city", avro("geo.City", &[("in", "geo.Country")]).with_reference("geo.Country", "country", 1));
    let trade = avro("shop.Trade", &[("from", "geo.City"), ("to", "geo.City"), ("tax", "geo.Country")]);
    let trade = trade.with_reference("geo.City", "city", 1).with_reference("geo.Country", "country", 1);
    let id = registry.plant("trades-value", trade);
    let client = client(&registry.url());
    let all = all_of(&client, "trades-value").await.unwrap();
    let order: Vec<_> = all.referenced.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(order, ["geo.Country", "geo.City"], "each after those that it refers to, and once");
    let registered = client.fetch_schema(&config(&registry.url(), None)).await.unwrap();
    let columns: Vec<_> =
        registered.schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
    assert_eq!(columns.len(), 3);
    assert!(columns[1].contains("code"), "{columns:?}");
    assert_eq!(registered.schema_id, id.into());
    // The definition that a decoder gets needs no other.
    let raw = std::str::from_utf8(&registered.raw_schema).unwrap();
    apache_avro::Schema::parse_str(raw).unwrap();
    assert_eq!(laminar_formats::avro::arrow_schema_of(raw).unwrap(), registered.schema);
}

#[tokio::test]
async fn protobuf_imports_become_columns() {
    let registry = StandInRegistry::start().await;
    let place = "syntax = \"proto3\";\npackage geo;\nmessage Place { string name = 1; }\n";
    let trip = "syntax = \"proto3\";\nimport \"geo/place.proto\";\nimport \"google/protobuf/timestamp.proto\";\n\
        message Trip { geo.Place to = 1; google.protobuf.Timestamp at = 2; }\nmessage Other { int32 x = 1; }\n";
    registry.plant("place", StoredSchema::avro(place).of_type("PROTOBUF"));
    let trip = StoredSchema::avro(trip).of_type("PROTOBUF").with_reference("geo/place.proto", "place", 1);
    registry.plant("trips-value", trip);
    let client = client(&registry.url());
    let all = all_of(&client, "trips-value").await.unwrap();
    let columns =
        |message| all.arrow_schema(message).unwrap().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
    assert_eq!(columns(None), ["to", "at"], "the first message of the file");
    assert_eq!(columns(Some("Other")), ["x"]);
    // What is registered is a definition that the decoder of messages with ids takes, imports and all.
    let registered = client.fetch_schema_by_id(&config(&registry.url(), None), 2.into()).await.unwrap();
    let options = ProtobufOptions::from_options(&Options::from_pairs([
        ("wire_format", "confluent".to_owned()),
        ("message", "Trip".to_owned()),
    ]))
    .unwrap();
    let writer = WriterSchema { id: WriterSchemaId(2), raw: registered.raw_schema };
    let mut decoder = ProtobufDecoder::with_writers(registered.schema, &options, &[writer]).unwrap();
    // Magic byte, id 2, the first message; then `to { name: "Rome" }`.
    let record = b"\0\0\0\0\x02\0\x0a\x06\x0a\x04Rome";
    let decoded = decoder.decode(&RawBatch::from_values([record])).unwrap();
    assert_eq!((decoded.batch.num_rows(), decoded.rejected.len(), decoded.needs), (1, 0, None));
    let error = all.arrow_schema(Some("Missing")).unwrap_err().to_string();
    assert!(error.contains("Missing"), "{error}");
}

#[tokio::test]
async fn files_that_confluent_brings_along_need_no_reference() {
    let registry = StandInRegistry::start().await;
    let price = "syntax = \"proto3\";\nimport \"confluent/meta.proto\";\nimport \"confluent/type/decimal.proto\";\n\
        message Price { string who = 1 [(confluent.field_meta).tags = \"PII\"]; confluent.type.Decimal amount = 2; }\n";
    registry.plant("prices-value", StoredSchema::avro(price).of_type("PROTOBUF"));
    let all = all_of(&client(&registry.url()), "prices-value").await.unwrap();
    assert!(all.referenced.is_empty());
    let schema = all.arrow_schema(None).unwrap();
    assert_eq!(schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["who", "amount"]);
    // The definition is one that a decoder can be built of.
    let options =
        ProtobufOptions::from_options(&Options::from_pairs([("wire_format", "confluent".to_owned())])).unwrap();
    let writer = WriterSchema { id: WriterSchemaId(1), raw: all.self_contained().unwrap() };
    ProtobufDecoder::with_writers(schema, &options, &[writer]).unwrap();
}

#[tokio::test]
async fn json_schemas_come_with_what_they_refer_to() {
    let registry = StandInRegistry::start().await;
    registry.plant("size", StoredSchema::avro(r#"{"type": "integer"}"#).of_type("JSON"));
    let item = StoredSchema::avro(r#"{"properties": {"s": {"$ref": "size.json"}}}"#).of_type("JSON");
    registry.plant("items-value", item.with_reference("size.json", "size", -1));
    let client = client(&registry.url());
    let all = all_of(&client, "items-value").await.unwrap();
    assert_eq!(all.text.schema_type, RegistrySchemaType::JsonSchema);
    assert_eq!((all.referenced[0].0.as_str(), all.referenced[0].1.version), ("size.json", 1));
    let columns = all.arrow_schema(None).unwrap();
    let field = arrow_schema::Field::new("s", arrow_schema::DataType::Int64, true);
    assert_eq!(*columns, arrow_schema::Schema::new(vec![field]));
}

#[tokio::test]
async fn a_circle_names_its_subjects() {
    let registry = StandInRegistry::start().await;
    registry.plant("a", avro("A", &[("b", "B")]).with_reference("B", "b", 1));
    registry.plant("b", avro("B", &[("c", "C")]).with_reference("C", "c", 1));
    registry.plant("c", avro("C", &[("b", "B")]).with_reference("B", "b", -1));
    let error = all_of(&client(&registry.url()), "a").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "schemas refer to each other in a circle: b version 1 → c version 1 → b version 1; break it in the registry"
    );
}

#[tokio::test]
async fn depth_and_number_have_bounds() {
    let registry = StandInRegistry::start().await;
    registry.plant("s0", avro("R0", &[]));
    for i in 1..6 {
        let (name, before) = (format!("R{i}"), format!("R{}", i - 1));
        let schema = avro(&name, &[("f", &before)]).with_reference(&before, &format!("s{}", i - 1), 1);
        registry.plant(&format!("s{i}"), schema);
    }
    let bounded = |max_reference_depth, max_references| {
        let options = ClientOptions { max_reference_depth, max_references, ..quick() };
        RegistryClient::new(&config(&registry.url(), None), options).unwrap()
    };
    assert_eq!(all_of(&bounded(5, 5), "s5").await.unwrap().referenced.len(), 5);
    for (depth, number, expected) in [(4, 9, "at most 4 schemas in a chain"), (9, 4, "at most 4 schemas")] {
        let error = all_of(&bounded(depth, number), "s5").await.unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("`s5`"), "{error}");
    }
    let options = ClientOptions { max_response_bytes: 300, ..quick() };
    let short = RegistryClient::new(&config(&registry.url(), None), options).unwrap();
    let error = all_of(&short, "s5").await.unwrap_err().to_string();
    assert!(error.contains("at most 300 bytes of text"), "{error}");
}

#[tokio::test]
async fn references_stay_in_their_context_and_outlive_deletion() {
    let registry = StandInRegistry::start().await;
    registry.plant("city", avro("City", &[("wrong", "long")]));
    registry.plant(":.eu:city", avro("City", &[("right", "long")]));
    registry.plant(":.eu:trips", avro("Trip", &[("to", "City")]).with_reference("City", "city", 1));
    let client = client(&registry.url());
    let all = all_of(&client, ":.eu:trips").await.unwrap();
    assert_eq!(all.referenced[0].1.subject, ":.eu:city");
    assert!(String::from_utf8(all.self_contained().unwrap()).unwrap().contains("right"));
    let before = registry.total();
    all_of(&client, ":.eu:trips").await.unwrap();
    assert_eq!(registry.total(), before, "a version never changes its schema");
}

#[tokio::test]
async fn columns_are_registered_and_come_back() {
    use arrow_schema::{DataType, Field, Schema};
    let registry = StandInRegistry::start().await;
    let client = client(&registry.url());
    let schema = std::sync::Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("note", DataType::Utf8, true),
    ]));
    for schema_type in [RegistrySchemaType::Avro, RegistrySchemaType::Protobuf, RegistrySchemaType::JsonSchema] {
        let subject = format!("{schema_type:?}-value");
        let config = laminar_schema::RegistryConfig {
            schema_type,
            subject: Some(subject.clone()),
            ..config(&registry.url(), None)
        };
        let registered = client.register_schema(&config, &schema).await.unwrap();
        assert_eq!((registered.version, &registered.subject), (1, &subject));
        let fetched = client.fetch_schema(&config).await.unwrap();
        assert_eq!(fetched.schema_id, registered.schema_id);
        let names: Vec<_> = fetched.schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, ["id", "note"]);
        assert!(client.check_compatibility(&config, &fetched, &schema).await.unwrap());
    }
}
