CREATE SOURCE IF NOT EXISTS trades (
    symbol VARCHAR NOT NULL, price DOUBLE DEFAULT -0.5, "the ""volume""" int8 null, d DATE DEFAULT DATE '2026-01-01',
    s STRUCT(a BIGINT, b VARCHAR[], c MAP(VARCHAR, DECIMAL(10,2)[3])), j JSONB, u UUID, z TIMESTAMP WITH TIME ZONE,
    * PREFIX 'extra_',
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
)
FROM KAFKA ( brokers = 'localhost:9092', topic = trades, group.id = 'g1', 'max.poll' = 500, n = -1.5e3 )
FORMAT JSON ( unknown_fields = 'ignore' )
USING SCHEMA REGISTRY ( url = 'http://localhost:8081', subject = 'trades-value', username = 'me', password = 'x' )
INFER SCHEMA ( sample_size = 1_000, sample_timeout = '5s', array_strategy = 'union', null_type = 'BIGINT' )
INCLUDE KEY AS k, TIMESTAMP AS ts, PARTITION, OFFSET AS "from", HEADERS AS h
ON ERROR DEAD LETTER TO bad
ON SCHEMA CHANGE EVOLVE;
