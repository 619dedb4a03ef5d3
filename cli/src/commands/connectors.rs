//! `laminar connectors`: what is linked, from the connectors' and formats' own declarations.

use laminar_schema::{
    Capability, ConnectorInfo, DecoderSet, EncoderSet, FormatInfo, SinkSet, SourceSet,
    config::{ConfigKey, ENVELOPE_OPTION, did_you_mean},
};
use serde_json::{Value, json};

use super::config_schema::config_schema;
use crate::{
    engine::{CliDecoder, CliEncoder, CliSinks, CliSources},
    error::{CliError, CommandResult, DONE},
    output::{print, print_json},
    table::Table,
};

/// Arguments of `connectors`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A connector or format, to show its options
    name: Option<String>,
    /// Print Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print a JSON Schema of the options of each connector and format
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    json_schema: bool,
}

/// A connector in one of its roles.
struct Linked {
    role: &'static str,
    info: &'static ConnectorInfo,
    options: &'static [ConfigKey],
}

fn connectors() -> Vec<Linked> {
    let source = |info: &'static ConnectorInfo| {
        let options = CliSources::config_schema(info.name).map_or(&[][..], |s| s.keys);
        Linked { role: "source", info, options }
    };
    let sink = |info: &'static ConnectorInfo| {
        let options = CliSinks::config_schema(info.name).map_or(&[][..], |s| s.keys);
        Linked { role: "sink", info, options }
    };
    CliSources::MEMBERS.iter().map(source).chain(CliSinks::MEMBERS.iter().map(sink)).collect()
}

/// Every format that is linked, for reading or writing.
pub(super) fn formats() -> Vec<FormatInfo> {
    let read = CliDecoder::FORMATS.iter().filter_map(|name| CliDecoder::format_info(name));
    let only_written = CliEncoder::FORMATS.iter().filter(|name| !CliDecoder::FORMATS.contains(name));
    read.chain(only_written.filter_map(|name| CliEncoder::format_info(name))).collect()
}

/// Prints the capability matrix, or one entry of it with its options.
pub(crate) fn run(args: &Args) -> CommandResult {
    match &args.name {
        Some(name) => print_one(name, args)?,
        None if args.json_schema => print_json(&schemas(|_| true))?,
        None if args.json => {
            let connectors: Vec<Value> = connectors().iter().map(connector_json).collect();
            let formats: Vec<Value> = formats().iter().map(format_json).collect();
            print_json(&json!({ "connectors": connectors, "formats": formats }))?;
        }
        None => {
            let (matrix, formats) = (matrix(), format_table());
            print(&if args.markdown {
                let sections = sections(&connectors(), &self::formats(), envelope_options(), true).join("\n");
                format!("{}\n{}\n{sections}", matrix.to_markdown(), formats.to_markdown())
            } else {
                format!("{}\n{}", matrix.to_text(), formats.to_text())
            })?;
        }
    }
    Ok(DONE)
}

/// One row per connector and role: the formats for which it has each capability.
pub(super) fn matrix() -> Table<8> {
    let mut table =
        Table::new(["connector", "role", "formats", "provider", "inferable", "registry", "evolvable", "description"]);
    for Linked { role, info, .. } in connectors() {
        let cell = |capability| match (info.capabilities.contains(capability), info.formats_of(capability)) {
            (false, _) => "-".to_owned(),
            (true, []) => "yes".to_owned(),
            (true, formats) => formats.join(" "),
        };
        let formats = if info.formats.is_empty() { "its own".to_owned() } else { info.formats.join(" ") };
        table.push([
            info.name.to_owned(),
            role.to_owned(),
            formats,
            cell(Capability::Provider),
            cell(Capability::Inferable),
            cell(Capability::Registry),
            cell(Capability::Evolvable),
            info.doc.to_owned(),
        ]);
    }
    table
}

fn format_table() -> Table<4> {
    let mut table = Table::new(["format", "read", "written", "description"]);
    for info in formats() {
        let known = |names: &[&str]| if names.contains(&info.name) { "yes" } else { "no" }.to_owned();
        table.push([info.name.to_owned(), known(CliDecoder::FORMATS), known(CliEncoder::FORMATS), info.doc.to_owned()]);
    }
    table
}

fn print_one(name: &str, args: &Args) -> Result<(), CliError> {
    let connectors: Vec<Linked> = connectors().into_iter().filter(|c| c.info.name.eq_ignore_ascii_case(name)).collect();
    let formats: Vec<FormatInfo> = formats().into_iter().filter(|f| f.name.eq_ignore_ascii_case(name)).collect();
    let envelope = envelope_options().filter(|_| name.eq_ignore_ascii_case(ENVELOPE_OPTION));
    if connectors.is_empty() && formats.is_empty() && envelope.is_none() {
        return Err(unknown(name));
    }
    if args.json_schema {
        return print_json(&schemas(|known| known.eq_ignore_ascii_case(name)));
    }
    if args.json {
        let envelope = envelope.map(|options| json!({ "envelope": null, "options": options }));
        let all = connectors.iter().map(connector_json).chain(formats.iter().map(format_json)).chain(envelope);
        let all: Vec<Value> = all.collect();
        return print_json(&Value::Array(all));
    }
    print(&sections(&connectors, &formats, envelope, args.markdown).join("\n"))
}

/// One section for each, with its options.
fn sections(
    connectors: &[Linked],
    formats: &[FormatInfo],
    envelope: Option<&'static [ConfigKey]>,
    is_markdown: bool,
) -> Vec<String> {
    let mut out = Vec::new();
    for Linked { role, info, options } in connectors {
        let formats = if info.formats.is_empty() { "its own columns".to_owned() } else { info.formats.join(", ") };
        let lines = format!("{}\n\nformats: {formats}\ncapabilities: {}\n", info.doc, info.capabilities);
        out.push(section(&format!("{role} {}", info.name), &lines, options, is_markdown));
    }
    for info in formats {
        out.push(section(&format!("format {}", info.name), &format!("{}\n", info.doc), info.options.keys, is_markdown));
    }
    if let Some(options) = envelope {
        let lines = "Change data around rows of any format that is read: FORMAT … ENVELOPE kind (…).\n";
        out.push(section("envelope", lines, options, is_markdown));
    }
    out
}

/// JSON Schema of the options of everything that `is_wanted` by its name, under `$defs`.
fn schemas(is_wanted: impl Fn(&str) -> bool) -> Value {
    let mut all = serde_json::Map::new();
    let mut add = |title: String, doc: &str, options: &[ConfigKey]| {
        all.insert(title.replace(' ', "."), config_schema(&title, doc, options));
    };
    for Linked { role, info, options } in connectors().iter().filter(|c| is_wanted(c.info.name)) {
        add(format!("{role} {}", info.name), info.doc, options);
    }
    for info in formats().iter().filter(|f| is_wanted(f.name)) {
        add(format!("format {}", info.name), info.doc, info.options.keys);
    }
    if let Some(options) = envelope_options().filter(|_| is_wanted(ENVELOPE_OPTION)) {
        add("envelope".to_owned(), "Change data around rows of any format that is read.", options);
    }
    json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": all })
}

/// Options of an envelope, the same around every format.
fn envelope_options() -> Option<&'static [ConfigKey]> {
    CliDecoder::FORMATS.iter().find_map(|format| CliDecoder::wrapping_options(format))
}

fn section(title: &str, lines: &str, keys: &[ConfigKey], is_markdown: bool) -> String {
    let options = option_table(keys);
    if is_markdown {
        // In Markdown, lines that follow each other are one paragraph.
        let lines = lines.trim_end().replace('\n', "\n\n").replace("\n\n\n\n", "\n\n");
        let options = if options.is_empty() { "No options.\n".to_owned() } else { options.to_markdown() };
        return format!("## {title}\n\n{lines}\n\n{options}");
    }
    let options = if options.is_empty() { "no options\n".to_owned() } else { options.to_text() };
    format!("{title}\n{lines}\n{options}")
}

fn option_table(keys: &[ConfigKey]) -> Table<4> {
    let mut table = Table::new(["option", "value", "default", "meaning"]);
    for key in keys {
        let names: Vec<&str> = [key.key].into_iter().chain(key.aliases.iter().copied()).collect();
        let default = match (key.default, key.required) {
            (Some(default), _) => format!("'{default}'"),
            (None, true) => "required".to_owned(),
            (None, false) => "none".to_owned(),
        };
        table.push([names.join(", "), key.type_name.to_owned(), default, key.doc.to_owned()]);
    }
    table
}

fn unknown(name: &str) -> CliError {
    let known: Vec<&str> = connectors().iter().map(|c| c.info.name).chain(formats().iter().map(|f| f.name)).collect();
    let help = match did_you_mean(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let mut distinct = known;
            distinct.sort_unstable();
            distinct.dedup();
            format!("linked are: {}", distinct.join(", "))
        }
    };
    CliError::usage(format!("no connector or format `{name}` is linked into this binary"), help)
}

fn connector_json(linked: &Linked) -> Value {
    let Linked { role, info, options } = linked;
    let capabilities: serde_json::Map<String, Value> =
        info.capabilities.iter().map(|c| (c.word().to_owned(), json!(info.formats_of(c)))).collect();
    json!({
        "connector": info.name, "role": role, "formats": info.formats, "capabilities": capabilities,
        "description": info.doc, "options": options,
    })
}

fn format_json(info: &FormatInfo) -> Value {
    json!({
        "format": info.name, "read": CliDecoder::FORMATS.contains(&info.name),
        "written": CliEncoder::FORMATS.contains(&info.name), "description": info.doc, "options": info.options.keys,
    })
}
