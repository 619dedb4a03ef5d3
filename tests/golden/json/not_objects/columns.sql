value DOUBLE
