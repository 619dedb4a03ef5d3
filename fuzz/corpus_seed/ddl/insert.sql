CREATE SINK IF NOT EXISTS big INTO FILE (path = 'out/big.parquet') FORMAT PARQUET;
INSERT INTO big SELECT symbol, t.price AS p, a + (1 * b[2]) AS "c d", * FROM t WHERE price > 100 -- end
