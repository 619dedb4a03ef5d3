//! Every change under every mode, against the table of docs/evolution.md.
