//! SPEC.md §8, the composition matrix, against the constants that the derive compiled. Its rows for Iceberg, RabbitMQ, Delta Lake
//! and Postgres wait for their connectors.

use laminar_connector_file::FileSource;
use laminar_connector_kafka::KafkaSource;
use laminar_connector_nats::NatsSource;
use laminar_connector_rabbitmq::RabbitMqSource;
use laminar_connector_websocket::WebSocketSource;
use laminar_formats::AnyDecoder;
use laminar_schema::{Capability, StaticConnector};

/// What the matrix says of a source with a format: provider, inferable, registry, evolvable.
#[derive(Clone, Copy)]
enum Cell {
    /// ✅
    Yes,
    /// ❌
    No,
    /// ❌ there, and ours can: the specification's later parts, or its issues, ask for it.
    Beyond,
}

use Cell::{Beyond, No, Yes};

fn check<S: StaticConnector>(format: &str, expected: [Cell; 4]) {
    let info = S::INFO;
    // FormatDecoder: every row has it.
    assert!(info.formats.contains(&format), "{} reads no {format}", info.name);
    for (capability, cell) in Capability::ALL.into_iter().zip(expected) {
        let is_there = info.supports(capability, format);
        let wanted = matches!(cell, Yes | Beyond);
        assert_eq!(is_there, wanted, "{} with {format}: {}", info.name, capability.word());
    }
}

#[test]
fn every_source_composes_as_the_matrix_says() {
    use Capability::{Evolvable, Inferable, Provider, Registry};
    // The columns of the table below.
    assert_eq!(Capability::ALL, [Provider, Inferable, Registry, Evolvable]);
    type Kafka = KafkaSource<AnyDecoder>;
    type File = FileSource<AnyDecoder>;
    check::<Kafka>("json", [No, Yes, Beyond, Yes]);
    check::<Kafka>("csv", [No, Yes, No, Beyond]);
    check::<Kafka>("avro", [No, Beyond, Yes, Yes]);
    check::<Kafka>("protobuf", [No, Beyond, Yes, Yes]);
    check::<WebSocketSource<AnyDecoder>>("json", [No, Yes, No, No]);
    check::<File>("csv", [No, Yes, No, Beyond]);
    check::<File>("parquet", [Yes, Yes, No, Beyond]);
    check::<RabbitMqSource<AnyDecoder>>("json", [No, Yes, No, Beyond]);
    check::<NatsSource<AnyDecoder>>("json", [No, Yes, No, Beyond]);
    check::<NatsSource<AnyDecoder>>("avro", [No, Beyond, No, Beyond]);
}
