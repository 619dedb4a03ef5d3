"""Reads a topic of Avro with Confluent's own client and deserializer, and checks that every id is there once.

usage: check_kafka.py BROKERS TOPIC REGISTRY COUNT
"""

import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

brokers, topic, registry, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
deserialize = AvroDeserializer(SchemaRegistryClient({"url": registry}))
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "check-kafka", "enable.auto.commit": False})
partitions = consumer.list_topics(topic, 10).topics[topic].partitions
consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
seen = []
while len(seen) < count:
    message = consumer.poll(20)
    if message is None:
        sys.exit(f"{topic}: {len(seen)} of {count} messages came")
    if message.error():
        sys.exit(str(message.error()))
    row = deserialize(message.value(), SerializationContext(topic, MessageField.VALUE))
    if row["name"] != f"n{row['id']}" or message.key() != row["name"].encode():
        sys.exit(f"{topic}: {row} with key {message.key()}")
    seen.append(row["id"])
if sorted(seen) != list(range(count)):
    sys.exit(f"{topic}: ids are missing or there twice")
print(f"confluent-kafka: {count} messages of {topic} read with its Avro deserializer")
consumer.close()
