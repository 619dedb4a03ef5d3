//! `laminar doctor`

use std::fmt::Write as _;

use laminar_schema::{DecoderSet, EncoderSet, SinkSet, SourceSet};
use serde_json::json;

use crate::{
    cpu::{FEATURES, Feature},
    engine::{CliDecoder, CliEncoder, CliSinks, CliSources},
    error::{CommandResult, DONE},
    output::{print, print_json},
};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How simd-json, the parser under the JSON decoder, was told to pick its implementation.
fn json_dispatch() -> (&'static str, &'static str) {
    if cfg!(all(target_feature = "avx2", target_feature = "pclmulqdq")) {
        ("static AVX2", "chosen when this was compiled: the fast path")
    } else if cfg!(feature = "runtime-detection") {
        ("run time", "chosen on this machine, through a pointer per record")
    } else {
        ("scalar", "several times slower: build with the flags of docs/linking.md, or the feature `runtime-detection`")
    }
}

/// Prints what this binary was built with and what the machine has.
pub(crate) fn run(args: &Args) -> CommandResult {
    let names = |wanted: fn(&&Feature) -> bool| FEATURES.iter().filter(wanted).map(|f| f.name).collect::<Vec<_>>();
    let compiled = names(|f| f.is_compiled_in);
    let missing = names(|f| f.is_compiled_in && !f.is_here());
    let unused = names(|f| !f.is_compiled_in && f.is_here());
    let (dispatch, meaning) = json_dispatch();
    let sources: Vec<&str> = CliSources::MEMBERS.iter().map(|m| m.name).collect();
    let sinks: Vec<&str> = CliSinks::MEMBERS.iter().map(|m| m.name).collect();
    if args.json {
        print_json(&json!({
            "version": env!("CARGO_PKG_VERSION"), "target": std::env::consts::ARCH, "debug": cfg!(debug_assertions),
            "cpu": { "compiled_in": compiled, "available_unused": unused, "missing": missing },
            "json_dispatch": dispatch, "sources": sources, "sinks": sinks,
            "formats_read": CliDecoder::FORMATS, "formats_written": CliEncoder::FORMATS,
        }))?;
        return Ok(DONE);
    }
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(" ") };
    let mut out = String::new();
    let build =
        if cfg!(debug_assertions) { "debug build, many times slower than a release build" } else { "release build" };
    let _ = writeln!(out, "laminar {} ({}, {build})", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let _ = writeln!(out, "CPU features compiled in:     {}", list(&compiled));
    let _ = writeln!(out, "  of them this machine lacks:  {}", list(&missing));
    let _ = writeln!(out, "  it has beyond them:          {}", list(&unused));
    let _ = writeln!(out, "JSON parser dispatch:         {dispatch}: {meaning}");
    let _ = writeln!(out, "sources:                      {}", list(&sources));
    let _ = writeln!(out, "sinks:                        {}", list(&sinks));
    let _ = writeln!(out, "formats read:                 {}", list(CliDecoder::FORMATS));
    let _ = writeln!(out, "formats written:              {}", list(CliEncoder::FORMATS));
    print(&out)?;
    Ok(DONE)
}
