//! Files, globs and standard streams as laminar-schema source and sink
