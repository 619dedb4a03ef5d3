//! Derive macros of laminar-schema
