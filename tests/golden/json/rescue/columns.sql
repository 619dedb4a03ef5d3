id BIGINT, price DOUBLE, at STRUCT(city VARCHAR), _rescued JSON
