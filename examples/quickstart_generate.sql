-- Makes a million orders as NDJSON, one in a thousand of them malformed. The same bytes on every machine.
-- Run it from the repository's root: laminar run examples/quickstart_generate.sql

-- FORMAT RAW moves records as they are: a malformed one could not be decoded and encoded again.
CREATE SOURCE orders
FROM GENERATOR (workload = 'orders', rows = 1000000, bad_rate = 0.001, seed = 7)
FORMAT RAW;

CREATE SINK orders_file
INTO FILE (path = 'target/quickstart/orders.ndjson')
FORMAT RAW;

INSERT INTO orders_file SELECT * FROM orders;
