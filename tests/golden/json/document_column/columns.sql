id BIGINT, doc JSON
