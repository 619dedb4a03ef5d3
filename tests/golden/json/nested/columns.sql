id BIGINT, customer STRUCT(name VARCHAR, address STRUCT(city VARCHAR, "zip code" VARCHAR)), items STRUCT(sku VARCHAR, qty INTEGER)[], tags VARCHAR[], totals MAP(VARCHAR, DECIMAL(9,2))
