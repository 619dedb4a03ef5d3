-- Reads a million orders from NDJSON, finds their schema, and writes some of their columns as CSV. Malformed records
-- go to a file of their own, with their bytes and the reason. Made by examples/quickstart_generate.sql.

-- What is nested is wanted as the text it comes as, so it is declared JSON: nothing inside it is decoded. `*` brings
-- in every other field, with the type that a sample shows.
CREATE SOURCE orders (
    order_id BIGINT NOT NULL,
    customer JSON,
    items    JSON,
    coupon   VARCHAR DEFAULT 'none',
    *
)
FROM FILE (path = 'target/quickstart/orders.ndjson')
FORMAT JSON
ON ERROR DEAD LETTER TO bad_orders;

CREATE SINK orders_csv
INTO FILE (path = 'target/quickstart/orders.csv')
FORMAT CSV;

CREATE SINK bad_orders
INTO FILE (path = 'target/quickstart/bad_orders.ndjson')
FORMAT JSON;

INSERT INTO orders_csv
SELECT order_id AS id, placed_at, status, total AS amount, currency, coupon, express, customer, items
FROM orders;
