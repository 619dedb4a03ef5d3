value JSON
